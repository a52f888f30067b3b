"""Options of a letter fit a letter alone, and what records that it was sent is a command that can be typed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cli.access.recorded_access import Stated
from cli.exit_codes import Exit, Stop
from cli.reports import letter_report
from cli.reports.letter_report import (
    ACCESS_PARTS,
    PARTS,
    PERSON,
    VIEW,
    LetterOptions,
    _of_person,
    _request,
    letter_options,
    made_letter,
    recording_words,
    tell_missing,
    tell_recording,
)
from projections.reports.letters.context import LetterRequest
from projections.reports.letters.letter import LetterRefused
from projections.reports.letters.make import DESTROYED


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


# -- making ------------------------------------------------------------------------------------------------------------

NOW, BEFORE = datetime(2027, 6, 1, tzinfo=UTC), datetime(2027, 5, 1, tzinfo=UTC)
ACCESS = LetterOptions("access")
WHY = Stated("the person asks", "rights-request", None)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return in turn what is done for a letter; the first one that is made may be refused."""
    done: list[Any] = []

    def made(request: Any, case: Any, making: Any) -> Any:
        done.append(("letter", request, case, making))
        if request == "refused":
            raise LetterRefused("the order is secret", "wait")
        return "the letter"

    monkeypatch.setattr("projections.reports.letters.make.letter", made)
    monkeypatch.setattr(letter_report, "_signer", lambda actor, stated: f"signer {actor}")
    monkeypatch.setattr(letter_report, "_request", lambda asked, signer, lang: asked.subject or (signer, lang))
    monkeypatch.setattr(letter_report, "_of_person", lambda reader, subject, case: case)
    monkeypatch.setattr(letter_report, "revealed", lambda *said: done.append(("revealed", *said)))
    monkeypatch.setattr("cli.reports.order_report.making", lambda reader, *said, **more: (*said, more))
    return done


class Record:
    """The record of an order that begins in June; each look at the clock is a day later."""

    order, days = "order-1", 0

    def now(self) -> datetime:
        self.days += 1
        return NOW + timedelta(days=self.days)

    def known(self, moment: datetime) -> Any:
        return SimpleNamespace(entries=("e",) if moment >= NOW else (), at=moment)


def make(asked: LetterOptions = ACCESS, as_of: datetime | None = None, **more: Any) -> Any:
    record: Any = Record()
    said: dict[str, Any] = {"stated": WHY, "actor": "orn", "lang": "de", "trust": "trust", **more}
    return made_letter(record, asked, record, as_of, **said)


def test_a_letter_is_made_without_opened_values_first_and_opens_them_after_its_entry(steps: list[Any]) -> None:
    assert make() == "the letter"
    first, entry, last = steps
    assert first[1] == ("signer orn", "de")
    assert first[3] == ("order-1", NOW + timedelta(days=1), "trust", {})
    assert entry == ("revealed", ["order-1"], VIEW, True, WHY, "orn", PERSON)
    assert last[3] == ("order-1", NOW + timedelta(days=2), "trust", {"reveal": True})
    assert last[2].at == NOW + timedelta(days=2), "the entry of the access is older than the letter"


def test_a_letter_as_of_a_moment_is_of_that_moment(steps: list[Any]) -> None:
    assert make(as_of=NOW) == "the letter"
    assert [step[2].at for step in steps if step[0] == "letter"] == [NOW, NOW]
    with pytest.raises(Stop) as stopped:
        make(as_of=BEFORE)
    assert stopped.value.message == "nothing of this order was on record at 2027-05-01T00:00:00Z"
    assert (stopped.value.hint, len(steps)) == ("a later --as-of", 3)


def test_a_letter_that_the_law_forbids_opens_nothing(steps: list[Any]) -> None:
    with pytest.raises(Stop) as stopped:
        make(LetterOptions("notice", subject="refused"))
    assert (stopped.value.message, stopped.value.hint, stopped.value.code) == (
        "no notice letter: the order is secret", "wait", Exit.REFUSED,
    )  # fmt: skip
    assert [step[0] for step in steps] == ["letter"]


@pytest.mark.parametrize(
    "more", [{"stated": Stated()}, {"stated": Stated("  ")}, {"actor": None}, {"actor": ""}, {"stated": Stated("")}]
)
def test_a_letter_needs_a_reason_and_a_person(more: dict[str, Any], steps: list[Any]) -> None:
    with pytest.raises(Stop) as stopped:
        make(**more)
    assert stopped.value.message == "a letter opens sealed values: it needs a reason and a person"
    assert (stopped.value.hint, steps) == ("--because TEXT --as ACTOR", [])


def test_a_letter_is_asked_for_with_its_lines() -> None:
    asked = LetterOptions("access", "Dina", ("Road 1",), ("copy",), None)
    signer: Any = SimpleNamespace(actor="orn", role="DPO")
    made = _request(asked, signer, "fr")
    assert made == LetterRequest("access", "orn", "DPO", "fr", ("Road 1",), ("copy",), "")
    assert _request(LetterOptions("access", omit="grounds"), signer, "fr").omit == "grounds"


# -- whose values ------------------------------------------------------------------------------------------------------


class Keys:
    """The keys of data subjects of `order-1`: which are found and erased by name, and what each encrypts."""

    def __init__(self, keys: tuple[str, ...] = (), erased: tuple[str, ...] = ()) -> None:
        self.keys, self.erased, self.asked = keys, erased, list[str]()

    def stored_name(self, name: str) -> str:
        return f"stored {name}"

    def erased_keys(self, name: str, orders: list[str]) -> tuple[str, ...]:
        assert orders == ["order-1"]
        self.asked.append(name)
        return self.erased


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that says whose values a letter shows: (values, keys of others), and the name asked for."""

    def of(keys: Keys | None, subject: str | None = None) -> Any:
        values = {"erased": [(8, "id", "b", "")], "other": [(9, "id", "c", "")]}
        store = SimpleNamespace(encrypted_with=lambda key: values.get(key, []))
        covered = SimpleNamespace(keys=keys and keys.keys, values=[(7, "id", "a", "")])
        monkeypatch.setattr("ledger.application.erasure_scope.covered", lambda *said: covered)
        monkeypatch.setattr("cli.session.subjects.subject_name", lambda name, find: f"named {name}")
        monkeypatch.setattr("ledger.application.write.draft.target_of", lambda order: f"target of {order}")
        monkeypatch.setattr("projections.reports.letters.make.of_subject", lambda case, *said: said)
        entries = [
            SimpleNamespace(kind=kind, get={"key_ref": key}.get)
            for kind, key in ((DESTROYED, "erased"), (DESTROYED, "other"), (DESTROYED, "gone"), ("order-issued", "x"))
        ]
        case: Any = SimpleNamespace(order="order-1", entries=entries)
        reader: Any = SimpleNamespace(subject_keys=keys, store=store, find=None)
        return _of_person(reader, subject, case)

    return of


def test_a_letter_shows_the_values_of_the_target_unless_another_person_is_named(person: Any) -> None:
    assert person(None) == ((),)
    target = Keys()
    assert person(target) == ([(7, "a")], {"erased", "other"})
    assert target.asked == ["stored target of order-1"]
    named = Keys(("k",), ("erased",))
    assert person(named, "Dina") == ([(7, "a"), (8, "b")], {"other"})
    assert named.asked == ["stored named Dina"]
    assert person(Keys(erased=("erased",)), "Dina")[0] == [(7, "a"), (8, "b")]


def test_a_person_of_whom_nothing_is_here_is_refused(person: Any) -> None:
    with pytest.raises(Stop) as stopped:
        person(Keys(), "Dina")
    assert stopped.value.message == "no data subject of this order is called 'Dina' here"
    assert stopped.value.hint == "without --subject: the target of the order"


def test_the_options_of_a_letter_are_one_value_of_its_command() -> None:
    got: list[Any] = []
    command = click.command()(letter_options(lambda letters: got.append(letters)))
    words = ["--kind", "access", "--subject", "Dina", "--addressee", "a", "--addressee", "b", "--enclosure", "c"]
    runner = CliRunner()
    assert runner.invoke(command, [*words, "--omit", "grounds"]).exit_code == 0
    assert runner.invoke(command, []).exit_code == 0
    assert runner.invoke(command, ["--omit", "all"]).exit_code == 2
    assert got == [LetterOptions("access", "Dina", ("a", "b"), ("c",), "grounds"), LetterOptions()]
    assert [option.opts[0] for option in command.params] == [
        "--kind", "--subject", "--addressee", "--enclosure", "--omit",
    ]  # fmt: skip
