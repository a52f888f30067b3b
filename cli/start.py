"""Start the console script; Ctrl-C during the imports ends it without a message."""

from __future__ import annotations

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Import the program, then run it.

    Ctrl-C during the import ends the process as SIGINT does, without a traceback.
    """
    answered = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # otherwise the caller ignores the signal
    if answered:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from cli.app import comity

    if answered:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    comity.main()
