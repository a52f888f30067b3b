"""What was typed beside the running command itself: the ledger, the format, the colours."""

from __future__ import annotations

from dataclasses import dataclass

import click

from cli.exit_codes import Exit


@dataclass
class Invocation:
    """What the options common to all commands said; they may stand before the command or behind it."""

    ledger: str | None = None
    format: str = "table"
    color: str = "auto"  # auto | always | never
    debug: bool = False
    clock_is_right: bool = False
    answered: bool = False  # True once the command has printed an answer
    refused: Exit = Exit.REFUSED  # what a refusal means to the command that runs


def said() -> Invocation:
    """What the running command was told; defaults where no command runs."""
    ctx = click.get_current_context(silent=True)
    found = ctx.find_root().obj if ctx else None
    return found if isinstance(found, Invocation) else Invocation()
