"""A person is found by an identifier, without an order being opened; each search is an entry before its answer."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.application.journal import Journal
from tests.support.cli import House, ledger_of, reply, run, size
from tests.support.import_tables import sheet_of
from tests.support.story_files import story

WHY = ("--because", "request of 3 May", "--purpose", "rights-request", "--as", "orn")
MAIL = "lena.voss@skylark.example"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return ledger_of("one-person-two-orders", tmp_path)


def found(ledger: Path, value: str, *why: str) -> Any:
    return reply("subject", "find", value, *(why or WHY), ledger=ledger)


def test_a_person_is_found_in_both_orders_in_another_spelling(two: Path) -> None:
    answer = found(two, MAIL.upper())
    assert sorted(item["reference"] for item in answer["found"]) == ["hosting", "mail"]
    assert {item["how"] for item in answer["found"]} == {"value"}
    assert answer["elsewhere"] == 0


def test_a_search_is_an_entry_with_purpose_person_and_reason_also_if_nothing_is_found(two: Path) -> None:
    before = size(two)
    answer = found(two, "somebody.else@skylark.example")
    assert answer["found"] == []
    assert (size(two), answer["entry"]) == (before + 1, before)
    with Journal.open(two, writable=False) as journal:
        entry = journal.case(journal.access).entries[-1]
    assert (entry.kind, entry.public["purpose_code"]) == ("record-accessed", "rights-request")
    sealed = entry.sealed
    assert sealed["justification"].endswith("request of 3 May")
    assert sealed["person"]
    assert "somebody.else" not in json.dumps(sealed)


def test_the_value_itself_is_nowhere_in_the_folder(two: Path) -> None:
    found(two, "nowhere.at.all@skylark.example")
    for file in two.rglob("*"):
        assert not file.is_file() or b"nowhere.at.all" not in file.read_bytes(), file


def test_a_search_without_reason_office_or_purpose_is_refused_and_not_recorded(two: Path) -> None:
    before = size(two)
    for why in (
        (),
        ("--because", "x"),
        ("--as", "orn"),
        ("--because", " ", "--as", "orn"),
        ("--because", "x", "--as", "orn"),
    ):
        assert run("subject", "find", MAIL, *why, ledger=two).exit_code in (Exit.USAGE, Exit.REFUSED)
    for value in ("?!", "\udcff bad"):
        assert run("subject", "find", value, *WHY, ledger=two).exit_code == Exit.USAGE
    assert size(two) == before


def test_an_erased_person_is_not_found_and_the_rows_are_gone(two: Path) -> None:
    found(two, MAIL)
    rows = count(two)
    done = run("erase", "mail", "--cause", "erasure-granted", "--as", "orn", "--yes", ledger=two)
    assert done.exit_code == Exit.DONE, done.output
    assert [item["reference"] for item in found(two, MAIL)["found"]] == ["hosting"]
    assert 0 < count(two) < rows
    assert run("subject", "reindex", ledger=two).exit_code == Exit.DONE
    assert [item["reference"] for item in found(two, MAIL)["found"]] == ["hosting"]


def count(ledger: Path) -> int:
    with closing(sqlite3.connect(ledger / "keys.db")) as c:
        rows: int = c.execute("SELECT count(*) FROM indexed_value").fetchone()[0]
    return rows


def test_the_index_is_filled_when_entries_are_recorded_and_made_again_by_a_command(tmp_path: Path) -> None:
    house = House(tmp_path).furnished()
    words = ("record", "customer-notification-delayed", "PPO-1", "-f", "reasons=Secret of Jaan Tamm, jaan@x.example")
    done = house.run(*words, "-f", "review_on=2099-01-01", "--subject", "witness 3", "--as", "ilves", "--yes")
    assert done.exit_code == Exit.DONE, done.output
    rows = count(house.ledger)
    assert rows > 0
    why = ("--because", "request of 3 May", "--purpose", "rights-request", "--as", "ilves")
    for value, how in (("Tamm, Jaan", "name"), ("JAAN@X.EXAMPLE", "value"), ("Witness  3", "called")):
        answer = house.reply("subject", "find", value, *why)
        assert [(i["reference"], i["names"], i["how"]) for i in answer["found"]] == [("PPO-1", ["witness 3"], how)]
    with closing(sqlite3.connect(house.ledger / "keys.db")) as c:
        c.execute("DELETE FROM indexed_value")
        c.commit()
    assert house.reply("subject", "reindex")["entries"] > 0
    assert count(house.ledger) == rows


def test_what_was_imported_is_found(two: Path, tmp_path: Path) -> None:
    tale = story("one-person-two-orders")
    table = tmp_path / "sheet.csv"
    table.write_bytes(sheet_of(tale).encode("utf-8-sig"))
    reply("import", str(table), ledger=two)
    assert sorted(item["reference"] for item in found(two, MAIL)["found"]) == [
        "again-hosting",
        "again-mail",
        "hosting",
        "mail",
    ]


def test_keys_of_version_2_get_an_index_and_a_reader_leaves_them_as_they_are(two: Path) -> None:
    file = two / "keys.db"
    with closing(sqlite3.connect(file)) as c:
        c.executescript("DROP TABLE indexed_value; DROP TABLE index_position; PRAGMA user_version = 2;")
    assert run("timeline", "mail", ledger=two).exit_code == Exit.DONE
    with closing(sqlite3.connect(file)) as c:
        assert c.execute("PRAGMA user_version").fetchone() == (2,)
    assert len(found(two, MAIL)["found"]) == 2


def test_values_under_the_keys_of_another_file_make_the_answer_undecided(two: Path, tmp_path: Path) -> None:
    found(two, MAIL)
    other = ledger_of("S1", tmp_path / "other")
    with closing(sqlite3.connect(two / "keys.db")) as c:
        c.execute("DELETE FROM subject_key WHERE key_id = (SELECT key_id FROM indexed_value LIMIT 1)")
        c.commit()
    done = run("subject", "find", MAIL, *WHY, "--json", ledger=two)
    assert done.exit_code == Exit.UNDECIDABLE
    assert json.loads(done.stdout)["elsewhere"] == 1
    shutil.rmtree(other)


def test_the_log_of_accesses_and_the_register_are_not_searched(two: Path) -> None:
    found(two, MAIL)
    assert found(two, "Somebody Invented")["found"] == []


def test_the_official_who_used_data_is_not_found(two: Path) -> None:
    words = ("record", "use-recorded", "mail", "-f", "case_ref=XO-71", "-f", "purpose_code=investigation")
    done = run(*words, "-f", "person=Pavel Orn", "--as", "orn", "--yes", ledger=two)
    assert done.exit_code == Exit.DONE, done.output
    assert found(two, "Pavel Orn")["found"] == []
