"""`comity fsck --auditor`: what is read, what rests on earlier verdicts, and what is never said of the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.commands import fsck
from cli.exit_codes import Exit
from ledger.application.integrity import continued_audit, kept_verdicts
from tests.ledger.application.integrity.test_audit import touch
from tests.support.cli import House, ledger_of

pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")

NAME = "auditor.example/karsk"
WIDTH = 16  # entries of a segment in these tests


@pytest.fixture(scope="module", autouse=True)
def narrow() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        for module in (kept_verdicts, continued_audit, fsck):
            monkeypatch.setattr(module, "SEGMENT", WIDTH)
        monkeypatch.setattr(continued_audit, "_LEVEL", WIDTH.bit_length() - 1)
        yield


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Return the ledger of a story, 39 entries, with an auditor who has a key and no verdict yet."""
    house = House(tmp_path)
    house.ledger = ledger_of("S1", tmp_path)
    assert house.run("audit", "new", NAME).exit_code == 0
    return house


def check(house: House, *words: str, code: int = 0) -> dict[str, Any]:
    done = house.run("fsck", "--auditor", NAME, *words, "--json")
    assert done.exit_code == code, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_first_run_is_consistent_and_a_later_one_says_what_rests_on_earlier_verdicts(house: House) -> None:
    first = check(house)
    size = first["entries"]
    assert (first["verdict"], first["signatures"], first["continued"]["rests"]) == ("CONSISTENT", size, 0)
    assert first["continued"]["signed"] == size // WIDTH
    second = check(house)
    rests = size // WIDTH * WIDTH
    assert (second["verdict"], second["signatures"]) == ("CONTINUED", size - rests)
    assert (second["continued"]["rests"], second["continued"]["read"]) == (rests, size - rests)
    text = house.run("fsck", "--auditor", NAME).stdout
    assert text.startswith("Ledger: CONTINUED")
    assert "CONSISTENT" not in text
    assert f"{size - rests} of {size} entries read" in text
    assert f"Not read in this run: entries 0 to {rests - 1}. They rest on earlier verdicts of {NAME}" in text
    assert f"Not asked in this run, of entries 0 to {rests - 1}: their published tiles" in text


def test_all_is_consistent_again(house: House) -> None:
    check(house)
    assert check(house, "--all", "--spot", "1")["continued"]["seed"] is None
    assert (check(house, "--all")["verdict"], check(house)["verdict"]) == ("CONSISTENT", "CONTINUED")


def test_a_spot_check_names_its_segments_and_its_seed(house: House) -> None:
    check(house)
    spot = check(house, "--spot", "1", "--seed", "7")["continued"]
    assert [(each["end"] - each["start"], each["why"]) for each in spot["again"]] == [(WIDTH, "spot check")]
    assert spot == check(house, "--spot", "1", "--seed", str(spot["seed"]))["continued"]
    text = house.run("fsck", "--auditor", NAME, "--spot", "1").stdout
    assert "Read again: entries " in text
    assert "The spot check has seed " in text


DAMAGED = "UPDATE stored_events SET state = CAST(state || 'A' AS BLOB) WHERE "
ISSUED, NEWEST, FIRST = "topic = 'order-issued'", "rowid = (SELECT max(rowid) FROM stored_events)", "rowid = 1"


def test_a_fault_in_an_old_entry_is_found_when_it_is_asked_and_one_in_the_register_or_in_a_new_entry_always(
    house: House,
) -> None:
    check(house)
    entries = house.ledger / "entries.db"
    touch(entries, DAMAGED + ISSUED)
    assert check(house)["verdict"] == "CONTINUED"
    assert check(house, "--spot", "99", code=Exit.PROVED_BAD)["verdict"] == "INCONSISTENT"
    touch(entries, DAMAGED + NEWEST)
    found = check(house, code=Exit.PROVED_BAD)
    assert (found["verdict"], found["continued"]["read"]) == ("INCONSISTENT", 7)
    touch(entries, DAMAGED + FIRST)
    found = check(house, code=Exit.PROVED_BAD)
    assert (found["reasons"][0]["where"], found["continued"]["read"]) == ("#0", 0)


def test_erased_values_change_no_verdict(house: House) -> None:
    check(house)
    touch(house.ledger / "entries.db", "UPDATE ciphertext SET ciphertext = NULL")
    assert check(house, "--spot", "99")["verdict"] == "CONTINUED"


def test_a_published_tile_of_new_entries_is_compared(house: House) -> None:
    size = check(house)["entries"]
    tile = house.ledger / "log" / "tile" / "0" / "000.p" / str(size)
    tile.write_bytes(bytes(tile.stat().st_size))
    assert check(house, code=Exit.PROVED_BAD)["verdict"] == "INCONSISTENT"


def test_verdicts_that_do_not_hold_are_named_and_everything_is_read(house: House) -> None:
    size = check(house)["entries"]
    (state,) = (house.folder / "state").rglob("verdicts.db")
    touch(state, "UPDATE segment SET note = x'00'")
    answer = check(house)
    assert (answer["verdict"], answer["signatures"], answer["continued"]["refused"][:9]) == (
        "CONSISTENT",
        size,
        "CP-FORMAT",
    )


def test_options_of_an_auditor_need_one_and_its_key_and_its_state_are_outside_of_the_ledger(house: House) -> None:
    assert house.run("fsck", "--spot", "1").exit_code == Exit.USAGE
    assert house.run("fsck", "--auditor", NAME, "--seed", "1").exit_code == Exit.USAGE
    other = house.run("fsck", "--auditor", "auditor.example/lorn")
    assert other.exit_code != 0
    assert "comity audit new auditor.example/lorn" in other.output
    inside = str(house.ledger / "auditor")
    assert house.run("audit", "new", NAME, "--state", inside).exit_code == 0
    refused = house.run("fsck", "--auditor", NAME, "--state", inside)
    assert refused.exit_code == Exit.REFUSED
    assert "is in the folder that is judged" in refused.output
