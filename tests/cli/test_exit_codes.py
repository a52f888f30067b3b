"""Every error has an exit code, a code, the place that is wrong, a sentence, and a hint where one helps."""

from __future__ import annotations

from typing import Any

import click
import pytest

from cli.exit_codes import BY_CODE, OF_ENTRIES, Exit, Stop, code_of, exit_of, lines_of, sentence_of, where_of
from ledger.errors import LedgerError, RecordError


class OwnMissing(FileNotFoundError):
    """An error of a class that is derived from one with an exit code."""


class Conflict(Exception):
    """An error whose class is known by its name."""


FULL = OSError(28, "No space left on Device")
NAMED = FileNotFoundError(2, "No such file or directory", "a.json")


@pytest.mark.parametrize(
    ("error", "code", "text", "where"),
    [
        pytest.param(Stop("no"), Exit.USAGE, "USAGE", "", id="stop"),
        pytest.param(Stop("no", code=Exit.NO_LEDGER), Exit.NO_LEDGER, "NO-LEDGER", "", id="stop-with-a-code"),
        pytest.param(LedgerError("BUSY", "no", "h"), Exit.BUSY, "BUSY", "", id="known-code"),
        pytest.param(RecordError("LOG-FORKED", "no", where="#4"), Exit.PROVED_BAD, "LOG-FORKED", "#4", id="proved"),
        pytest.param(RecordError("DSSE-SIG", "no", where="#4"), Exit.UNDECIDABLE, "DSSE-SIG", "#4", id="other-code"),
        pytest.param(Conflict("no"), Exit.REFUSED, "REFUSED", "", id="conflict"),
        pytest.param(OwnMissing(2, "no", "a"), Exit.UNDECIDABLE, "UNDECIDABLE", "a", id="derived"),
        pytest.param(NAMED, Exit.UNDECIDABLE, "UNDECIDABLE", "a.json", id="missing-file"),
        pytest.param(FULL, Exit.UNDECIDABLE, "UNDECIDABLE", "", id="full-disk"),
        pytest.param(KeyboardInterrupt(), Exit.INTERRUPTED, "INTERRUPTED", "", id="ctrl-c"),
        pytest.param(click.Abort(), Exit.INTERRUPTED, "INTERRUPTED", "", id="declined"),
        pytest.param(click.UsageError("no"), Exit.USAGE, "USAGE", "", id="usage"),
        pytest.param(
            click.BadParameter("no", param=click.Option(["--on", "-o"])), Exit.USAGE, "USAGE", "--on/-o", id="option"
        ),
        pytest.param(click.BadParameter("no"), Exit.USAGE, "USAGE", "", id="no-option"),
        pytest.param(ZeroDivisionError("x"), Exit.UNFORESEEN, "UNFORESEEN", "", id="unforeseen"),
    ],
)
def test_an_error_has_its_exit_code_its_code_and_the_place_that_is_wrong(
    error: BaseException, code: Exit, text: str, where: str
) -> None:
    assert exit_of(error, Exit.UNDECIDABLE) is code
    assert code_of(error, code) == text
    assert where_of(error) == where


def test_a_refusal_without_an_exit_code_of_its_own_is_that_of_the_command() -> None:
    wrong = RecordError("DSSE-SIG", "no")
    assert "DSSE-SIG" not in BY_CODE
    assert (exit_of(wrong), exit_of(wrong, Exit.FINDINGS)) == (Exit.REFUSED, Exit.FINDINGS)
    assert (exit_of(Stop("no"), Exit.FINDINGS), Stop("no").hint) == (Exit.USAGE, "")


def context(*params: click.Parameter) -> click.Context:
    return click.Context(click.Command("show", params=list(params)), info_name="comity show")


WITH_HELP = click.Option(["--as", "-a"], metavar="ACTOR", help="Who signs.")
BARE = click.Option(["--flag"])
NEEDS = "Option '{}' requires an argument."


@pytest.mark.parametrize(
    ("error", "says", "hint"),
    [
        pytest.param(click.Abort(), "interrupted; nothing half-written is left", "", id="declined"),
        pytest.param(KeyboardInterrupt(), "interrupted; nothing half-written is left", "", id="ctrl-c"),
        pytest.param(
            click.exceptions.NoArgsIsHelpError(context()), "a command is missing", "comity show --help lists them",
            id="no-command",
        ),
        pytest.param(
            click.MissingParameter(ctx=context(WITH_HELP), param=WITH_HELP),
            "--as / -a ACTOR is missing: Who signs.", "comity show --help shows how it is used", id="missing-option",
        ),
        pytest.param(
            click.MissingParameter(ctx=context(BARE), param=BARE), "Missing option '--flag'.",
            "comity show --help shows how it is used", id="missing-option-without-help",
        ),
        pytest.param(
            click.MissingParameter(ctx=context(), param=click.Argument(["order"], metavar="ORDER")),
            "Missing argument 'ORDER'.", "comity show --help shows how it is used", id="missing-argument",
        ),
        *(
            pytest.param(
                click.BadOptionUsage(name, NEEDS.format(name)), NEEDS.format(name),
                f"in a shell # begins a comment: {name} 7, or '#7'", id=f"{name}-without-its-number",
            )
            for name in OF_ENTRIES
        ),
        pytest.param(
            click.BadOptionUsage("--as", NEEDS.format("--as")), NEEDS.format("--as"), "", id="another-without-its-value"
        ),
        pytest.param(
            click.BadOptionUsage("--replaces", "does not take a value"), "does not take a value", "",
            id="another-fault-of-it",
        ),
        pytest.param(Stop("no", hint="do this"), "no", "do this", id="stop"),
        pytest.param(click.ClickException("no"), "no", "", id="click"),
        pytest.param(NAMED, "a.json: no such file or directory", "", id="missing-file"),
        pytest.param(FULL, "what is written: no space left on device", "", id="full-disk"),
        pytest.param(OSError("odd"), "odd", "", id="without-a-reason"),
        pytest.param(RecordError("A-B", "no", where="#4", hint="h"), "A-B #4: no", "h", id="refusal"),
        pytest.param(Conflict(), "Conflict", "", id="without-words"),
        pytest.param(ValueError("a\n b"), "unforeseen: ValueError: a b", "--debug shows where", id="unforeseen"),
        pytest.param(ValueError(), "unforeseen: ValueError", "--debug shows where", id="unforeseen-without-words"),
    ],
)  # fmt: skip
def test_an_error_is_a_sentence_and_a_hint(error: Any, says: str, hint: str) -> None:
    assert sentence_of(error) == (says, hint)
    assert lines_of(error) == [says, *([f"hint: {hint}"] if hint else [])]


def test_an_error_of_blanks_alone_is_called_by_its_class() -> None:
    assert lines_of(Stop(" ")) == ["Stop"]


def test_exit_codes_are_the_released_ones() -> None:
    assert {code.name: int(code) for code in Exit} == {
        "DONE": 0, "PROVED_BAD": 1, "USAGE": 2, "FINDINGS": 3, "UNDECIDABLE": 4, "REFUSED": 5, "NO_LEDGER": 10,
        "BUSY": 11, "UNFORESEEN": 70, "INTERRUPTED": 130, "PIPE_CLOSED": 141,
    }  # fmt: skip
