"""Options of a letter fit a letter alone, and what records that it was sent is a command that can be typed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import click
import pytest

from cli.exit_codes import Exit
from cli.reports.letter_report import ACCESS_PARTS, PARTS, LetterOptions, recording_words, tell_missing, tell_recording


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        (LetterOptions(), "custody", None),
        (LetterOptions("notice"), "custody", "are of a letter"),
        (LetterOptions(omit="grounds"), "custody", "are of a letter"),
        (LetterOptions(), "letter", "a letter is --kind notice|access|erasure"),
        (LetterOptions("notice"), "letter", None),
        (LetterOptions("notice", addressee=("Dina Ilves", "Road 1")), "letter", None),
        (LetterOptions("notice", addressee=("Dina", "a\nb")), "letter", "--addressee is one line of text"),
        (LetterOptions("notice", addressee=("a\u202eb",)), "letter", "--addressee is one line of text"),
        (LetterOptions("notice", enclosures=("a\x1bb",)), "letter", "--enclosure is one line of text"),
        (LetterOptions("notice", enclosures=("a\udcffb",)), "letter", "--enclosure is one line of text"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: LetterOptions, kind: str, says: str | None) -> None:
    if says is None:
        options.check(kind)
        return
    with pytest.raises(click.UsageError) as refused:
        options.check(kind)
    assert says in refused.value.message


def letter(kind: str, **more: Any) -> Any:
    return SimpleNamespace(
        **{"letter": kind, "sources": ("a",), "restricted": False, "answers": 7, "missing": (), **more}
    )


@pytest.mark.parametrize(
    ("made", "file", "words"),
    [
        (letter("notice"), "-", [f"comity notify-customer 'PPO 1' --channel letter --includes {PARTS}", "--as ilves"]),
        (
            letter("notice"), "a//b c.pdf",
            [
                f"comity notify-customer 'PPO 1' --channel letter --includes {PARTS}", "--notice", "'a/b c.pdf'",
                "--as ilves",
            ],
        ),
        (
            letter("access"), "-",
            [f"comity record access-granted 'PPO 1' -f 'answers=#7' -f includes={ACCESS_PARTS} --as ilves"],
        ),
        (letter("access", sources=()), "-", []),
        (letter("access", restricted=True), "-", []),
        (letter("erasure"), "-", []),
    ],
)  # fmt: skip
def test_what_records_that_it_was_sent_fits_the_letter(
    made: Any, file: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert [*recording_words(made, "PPO 1", file, "ilves")] == words
    tell_recording(made, "PPO 1", file, "ilves")
    said = capsys.readouterr().err.strip()
    none = "the answer is on record: sending it records nothing"
    assert said == (f"when it is sent: {' '.join(words)}" if words else none)


def test_what_a_letter_lacks_is_said_and_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell_missing(letter("notice")) is Exit.DONE
    lacks = (SimpleNamespace(says="no remedy", cite=("LED art. 13", "LED art. 14"), add="which court"),)
    assert tell_missing(letter("notice", missing=lacks)) is Exit.FINDINGS
    assert capsys.readouterr().err == "MISSING: no remedy (LED art. 13, LED art. 14); add: which court\n"
