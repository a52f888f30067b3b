"""The questions of a guided start: what an empty answer takes, what is asked again, and what is made of the answers."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from cli.exit_codes import Stop
from cli.offices.address_book import NEW, BookRow
from cli.offices.guided import Asked, ask

LOG = "ledger.example/no/oslo"


@pytest.fixture(autouse=True)
def attended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.terminal.prompts.attended", lambda: True)


def answered(
    *answers: str, origin: str | None = LOG, party: str | None = None, folder: str = "Karsk"
) -> tuple[Asked | None, Result]:
    """Give these answers; return what was made of them, and what was printed."""
    made: list[Asked] = []

    @click.command()
    def guided() -> None:
        made.append(ask(folder, origin=origin, book=None, party=party))

    done = CliRunner().invoke(guided, input="".join(f"{each}\n" for each in answers))
    return (made[0] if made else None), done


def rows(*answers: str, origin: str | None = LOG, party: str | None = None) -> list[BookRow]:
    asked, done = answered(*answers, origin=origin, party=party)
    assert asked is not None, done.output
    return asked.rows


DEFAULTS = [""] * 6  # Party, zone, office, its full name, roles, person


def test_empty_answers_take_the_values_in_brackets() -> None:
    asked, done = answered(*DEFAULTS, "n", "-", "")
    assert asked == Asked(
        LOG,
        [
            BookRow(0, "NO", zone="Europe/Oslo"),
            BookRow(0, "NO", "office", names={"en": "office"}, roles=("ISS", "RET"), key=NEW, holder=""),
        ],
    )
    assert "name of the log" not in done.output, "it was given"
    assert "  NO  zone Europe/Oslo\n" in done.output
    assert "  NO  office: office, ISS, RET\n" in done.output
    assert f"A ledger {LOG} is made in Karsk, with 2 Parties and offices:" in done.output


@pytest.mark.parametrize(
    ("origin", "party", "first"),
    [
        (LOG, None, "NO"),
        (LOG, "XV", "XV"),
        ("ledger.example/karsk", None, "XO"),
        ("ledger.example/de/a/b", None, "DE"),
    ],
)
def test_the_party_in_brackets_is_the_one_that_was_given_or_that_the_log_is_named_after(
    origin: str, party: str | None, first: str
) -> None:
    assert rows(*DEFAULTS, "n", "-", "", origin=origin, party=party)[0].party == first


def test_the_log_is_named_after_its_folder_and_the_name_is_asked_for_until_it_is_one() -> None:
    asked, done = answered("https://no name", "", *DEFAULTS, "n", "-", "", origin=None)
    assert asked is not None
    assert asked.origin == "ledger.example/xo/karsk"
    assert asked.rows[0].party == "XO"
    assert done.output.count("name of the log [ledger.example/xo/karsk]") == 2


def test_each_office_of_the_party_and_the_provider_with_its_party_is_a_row() -> None:
    office = ["ilves", "Staatsanwaltschaft Köln", "court, issuing authority, CT", "Jürgen Weiß-Öztürk"]
    made = rows(
        "DE", "Europe/Berlin", *office, "y", "rett", "", "SP", "-", "n", "XV", "Europe/Dublin", "sky", "Sky Ä", ""
    )
    assert made == [
        BookRow(0, "DE", zone="Europe/Berlin"),
        BookRow(0, "DE", "ilves", names={"en": "Staatsanwaltschaft Köln"}, roles=("CT", "ISS"), key=NEW,
                holder="Jürgen Weiß-Öztürk"),
        BookRow(0, "DE", "rett", names={"en": "rett"}, roles=("SP",), key=NEW),
        BookRow(0, "XV", zone="Europe/Dublin"),
        BookRow(0, "XV", "sky", names={"en": "Sky Ä"}, roles=("SP",)),
    ]  # fmt: skip


def test_a_second_office_has_no_name_in_brackets() -> None:
    made, done = answered(*DEFAULTS, "y", "", "second", "", "", "", "n", "-", "")
    assert made is not None
    assert [row.actor for row in made.rows] == ["", "office", "second"]
    assert done.output.count("short name of the office [office]") == 1
    assert done.output.count("short name of the office:") == 2


def test_a_provider_of_the_same_party_has_its_time_zone() -> None:
    made = rows(*DEFAULTS, "n", "NO", "", "", "")
    assert [(row.party, row.actor, row.zone, row.key) for row in made] == [
        ("NO", "", "Europe/Oslo", ""),
        ("NO", "office", "", NEW),
        ("NO", "provider", "", ""),
    ]
    assert made[-1].names == {"en": "provider"}


@pytest.mark.parametrize(
    ("at", "wrong", "says"),
    [
        (0, "norway", "expected"),
        (1, "Oslo", "expected a time zone by its IANA name"),
        (2, "Karsk Office", "expected"),
        (4, "ISS, judge of sorts", "'judge of sorts' is no role"),
        (4, "judge of sorts, ISS", "'judge of sorts' is no role"),
        (5, "ilves", "is not the name of a person; --person 'Dina Ilves'"),
        (7, "norway", "expected"),
    ],
)
def test_an_answer_that_does_not_fit_is_explained_and_asked_again(at: int, wrong: str, says: str) -> None:
    answers = [*DEFAULTS, "n", "-", ""]
    plain, _ = answered(*answers)
    made, done = answered(*answers[:at], wrong, *answers[at:])
    assert made == plain
    (line,) = [line for line in done.output.splitlines() if says in line and line.startswith("  ")]
    assert not line.endswith(("; ", ";"))


def test_nothing_is_returned_where_the_last_question_is_answered_no() -> None:
    made, done = answered(*DEFAULTS, "n", "-", "n")
    assert made is None
    assert done.exit_code == 1
    assert answered(*DEFAULTS, "n", "-", "")[1].output.count("begin the ledger? [Y/n]") == 1


def test_two_ways_to_say_which_offices_there_are_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="both say which offices there are"):
        ask(str(tmp_path), origin=LOG, book="offices.csv", party=None)


def test_without_a_terminal_nothing_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.terminal.prompts.attended", lambda: False)
    for book in (None, "offices.csv"):
        with pytest.raises(Stop, match="asks a person at a terminal") as stop:
            ask(str(tmp_path), origin=LOG, book=book, party=None)
        assert "--offices FILE" in stop.value.hint
