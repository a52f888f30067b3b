"""Print the command that probably comes next, as it can be typed."""

from __future__ import annotations

import os
import shlex
import shutil
import sys

from cli.invocation import said
from cli.terminal import output
from ledger.command_line import quoted, quoted_path


def program() -> str:
    """Return how the program is started here: `comity` if PATH finds it, else the path by which it was started."""
    started = sys.argv[0]
    if os.path.basename(started) != "comity" or shutil.which("comity"):
        return "comity"
    return quoted_path(started)


def at_ledger(command: str, ledger: str | None = None) -> str:
    """Return a command line with `--ledger`, if the ledger is neither this folder nor that of COMITY_LEDGER.

    A redirection stays at the end of the line.
    """
    folder = said().ledger if ledger is None else ledger
    parts = shlex.split(command)
    if "--ledger" in parts or not folder or folder == "." or folder == os.environ.get("COMITY_LEDGER"):
        return command
    words, mark, file = command.rpartition(" > ") if ">" in parts else (command, "", "")
    return f"{words} --ledger {quoted(folder)}{mark}{file}"


def tell_next(*commands: str, ledger: str | None = None, heading: str = "next:") -> None:
    """Print commands as the next ones, below a heading, on standard error."""
    if commands:
        output.tell(heading)
        for command in commands:
            output.tell_line(f"  {at_ledger(command, ledger)}")
