"""The entry point of the console script: an interrupt before anything has begun ends it without a word."""

from __future__ import annotations

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Import the program, then run it. Ctrl-C meanwhile ends the process as SIGINT does, with no traceback."""
    answered = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else the caller has it ignored
    if answered:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from cli.app import comity

    if answered:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    comity.main()
