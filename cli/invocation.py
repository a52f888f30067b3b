"""Hold the options common to all commands, as given on the command line: the ledger, the format, the colours."""

from __future__ import annotations

from dataclasses import dataclass

import click

from cli.exit_codes import Exit


@dataclass
class Invocation:
    """The values of the options common to all commands, which may precede or follow the command name."""

    ledger: str | None = None
    format: str = "table"
    color: str = "auto"  # auto | always | never
    debug: bool = False
    quiet: bool = False  # True: no message but errors
    clock_is_right: bool = False
    answered: bool = False  # True once the command has printed an answer
    refused: Exit = Exit.REFUSED  # the exit code of a refusal in the running command


def said() -> Invocation:
    """Return the common options of the running command; the defaults if no command runs."""
    ctx = click.get_current_context(silent=True)
    invocation = ctx.find_root().obj if ctx else None
    return invocation if isinstance(invocation, Invocation) else Invocation()
