"""Print the command that probably comes next, as it can be typed."""

from __future__ import annotations

import os
import shlex

from cli.invocation import said
from cli.terminal import output


def at_ledger(command: str, ledger: str | None = None) -> str:
    """Return a command line with `--ledger`, if the ledger is neither this folder nor that of COMITY_LEDGER.

    A redirection stays at the end of the line.
    """
    folder = said().ledger if ledger is None else ledger
    if " --ledger " in command or not folder or folder == "." or folder == os.environ.get("COMITY_LEDGER"):
        return command
    words, mark, file = command.partition(" > ")
    return f"{words} --ledger {shlex.quote(folder)}{mark}{file}"


def tell_next(*commands: str, ledger: str | None = None, heading: str = "next:") -> None:
    """Print commands as the next ones, below a heading, on standard error."""
    if commands:
        output.tell(heading)
        for command in commands:
            output.tell_line(f"  {at_ledger(command, ledger)}")
