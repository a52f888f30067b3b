"""An office whose name reads like words of this program is refused when it is registered, and shown as a name after."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exit_codes import Exit
from ledger.application.journal import Journal
from tests.support.cli import House

HEAD = "party,zone,actor,name,name_de,roles,key,holder\n"
OFFICE = ("party=XO", "roles=CT", "valid_from=2026-01-01")
VERDICT = ("names=en=Supreme Court", "names=de=TOTAL-PASSED")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


def size(house: House) -> int:
    return int(house.reply("checkpoint")["size"])


def recorded(house: House, kind: str, *fields: str) -> tuple[str, ...]:
    return ("record", kind, *(part for field in fields for part in ("-f", field)), "--as", "registrar", "--yes")


@pytest.mark.parametrize("name", ["TOTAL-PASSED", "nicht bestanden", "0badc0de", "District Cоurt"])
def test_every_way_to_register_an_office_refuses_a_misleading_name(house: House, name: str) -> None:
    before, book = size(house), house.folder / "offices.csv"
    book.write_text(f"{HEAD}XO,Europe/Oslo,court,Supreme Court,{name},CT,,\n")
    names = ("names=en=Supreme Court", f"names=de={name}")
    house.reply("key", "new", "court")
    ways = [
        recorded(house, "authority-registered", "actor=court", *names, *OFFICE),
        recorded(house, "authority-changed", "actor=ilves", *names, "valid_from=2026-01-01"),
        recorded(house, "party-registered", "party=XW", *names, "zone=UTC", "declarations_verified=false"),
        ("offices", "add", str(book)),
        ("key", "enrol", "court", "--role", "CT", "--party", "XO", "--office", name),
    ]
    for words in ways:
        done = house.run(*words)
        said = " ".join(done.stderr.split())
        assert (done.exit_code, "a reader takes it for" in said) == (Exit.REFUSED, True), (words, done.output)
        assert "names_reason" in said
    assert size(house) == before


def test_an_id_of_an_office_is_its_name_too(house: House) -> None:
    words = recorded(house, "authority-registered", "actor=total-passed", *OFFICE)
    done = house.run(*words)
    assert (done.exit_code, "NAME-MISLEADING" in done.stderr) == (Exit.REFUSED, True), done.output


def test_the_registrar_registers_the_name_with_a_reason_that_is_on_record(house: House) -> None:
    facts = ("actor=court", *VERDICT, *OFFICE)
    assert house.run(*recorded(house, "authority-registered", *facts, "names_reason=because")).exit_code == Exit.REFUSED
    done = house.run(*recorded(house, "authority-registered", *facts, "names_reason=by-law"))
    assert done.exit_code == Exit.DONE, done.output
    with Journal.open(house.ledger, writable=False) as journal:
        (court,) = (e for e in journal.cases.register() if e.get("actor") == "court")
    assert court.get("names_reason") == "by-law"


def test_words_of_every_day_and_the_names_of_persons_are_never_refused(house: House) -> None:
    for n, name in enumerate(("Court", "May", "Richter", "Суд", "東京地方検察庁")):
        words = ("key", "enrol", f"office{n}", "--role", "CT", "--party", "XO", "--office", name)
        house.reply("key", "new", f"office{n}")
        assert house.run(*words, "--holder", "Total Passed").exit_code == Exit.DONE
