"""Run the root command: every error becomes one or two lines, one document under --json, and an exit code."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NoReturn

import click

from cli.click_extensions import Group
from cli.exit_codes import Exit, Stop, code_of, exit_of, lines_of, sentence_of, where_of
from cli.invocation import Invocation
from cli.terminal import output
from ledger.messages import pattern_of, values_of


class Comity(Group):
    """The root command: an error becomes one or two lines on stderr and an exit code.

    A traceback is shown with --debug only.
    """

    def main(self, args: Sequence[str] | None = None, *_: Any, **more: Any) -> NoReturn:
        invocation = Invocation()
        more |= {"prog_name": "comity", "standalone_mode": False, "obj": invocation}
        try:
            _check_time()
            code = super().main(args, **more)
        except SystemExit as error:  # from click: after completion, and with 1 if the output pipe was closed
            code = Exit.PIPE_CLOSED if error.code == 1 else error.code
        except BaseException as error:  # every error gets an exit code here
            code = _end(error, invocation)
            if not invocation.answered and _wants_json(invocation, sys.argv[1:] if args is None else args):
                _answer_error(error, code)
        sys.exit(int(code) if isinstance(code, int) else Exit.DONE)


def _check_time() -> None:
    try:
        time.time()
    except OverflowError:  # 64 bits of nanoseconds end here; `datetime` would return a wrong time
        says = "the clock of this machine is beyond the year 2262, which no program here can count to"
        raise Stop(says, hint="set the clock; nothing was done", code=Exit.UNDECIDABLE) from None


def _end(error: BaseException, running: Invocation) -> Exit:
    code = exit_of(error, running.refused)
    if isinstance(error, OSError) and error.filename is None:
        output.forget_what_is_unwritten(sys.stdout)
    if running.debug:
        import traceback

        output.tell_lines("".join(traceback.format_exception(error)).splitlines(), error=True)
    if isinstance(error, click.UsageError) and error.ctx is not None:
        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            output.tell_lines(error.ctx.get_help().split("\n"), error=True)
            return code
        usage = error.ctx.get_usage().replace("  ", " ")  # two blanks where a group itself is the command
        output.tell_lines(usage.split("\n"), error=True)
    for number, line in enumerate(lines_of(error)):
        output.tell(line if number else f"comity: {line}", error=True)
    return code


def _wants_json(running: Invocation, args: Sequence[str]) -> bool:
    """Return True if JSON was asked for, even on a command line that could not be parsed."""
    return running.format == "json" or any(
        word in ("--json", "--format=json") or (before, word) == ("--format", "json")
        for before, word in pairwise(("", *args))
    )


def _answer_error(error: BaseException, code: Exit) -> None:
    """Print the error as the answer of the command; nothing if standard output itself failed."""
    from cli.terminal.answer import ErrorAnswer

    says, hint = sentence_of(error)
    said = getattr(error, "says", says)
    message, place = " ".join(str(said).split()), where_of(error)
    try:
        output.show_json(ErrorAnswer(code_of(error, code), message, place, hint, pattern_of(said), values_of(said)))
        sys.stdout.flush()
    except OSError:
        output.forget_what_is_unwritten(sys.stdout)
