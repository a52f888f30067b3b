"""The oracle of `make cluster` finds what was lost, and what was forked."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from comity.remote.recording import RecordedEntry
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.read_trust import read_trust_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.journal import Journal
from ledger.entries.envelope import open_
from tests.cluster.oracle import Found, compare
from tests.support.cli import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "one").furnished()


def receipts(house: House) -> list[RecordedEntry]:
    """Return the receipts of all entries of a ledger, with the head that it has now."""
    given = []
    home = Home(house.folder / "state" / "comity", house.keys)
    with Journal.open(house.ledger, home) as journal, EntryReader(read_folder(house.ledger).entries) as reader:
        for page in reader.pages():
            for index, raw in page:
                o = open_(raw)
                p = o.payload
                given.append(RecordedEntry(index, o.leaf, p.entry, p.order, p.seq, False, journal.log.receipt(index)))
    return given


def compared(
    house: House, given: list[RecordedEntry], on_record: Sequence[str] = (), notes: Sequence[bytes] = ()
) -> Found:
    trust = read_trust_folder(str(house.ledger / "trust"))
    return compare(read_folder(house.ledger).entries, trust, given, on_record, notes)


def note(given: list[RecordedEntry]) -> bytes:
    """Return the head of a receipt."""
    return given[-1].proof.partition(b"\n\n")[2]


def test_a_log_that_has_what_its_receipts_say_is_whole(house: House) -> None:
    given = receipts(house)
    found = compared(house, given, [given[0].entry], [note(given)])
    assert (found.size, found.lost, found.forks, found.holes) == (len(given), [], [], [])


def test_an_entry_that_is_not_at_its_index_is_lost(house: House) -> None:
    given = receipts(house)
    for wrong in (replace(given[1], leaf=given[2].leaf), replace(given[-1], index=len(given))):
        assert len(compared(house, [*given, wrong]).lost) == 1
    assert compared(house, given, ["0" * 32]).lost == ["entry " + "0" * 32]


def test_a_second_history_of_the_log_is_found_by_its_receipts_and_its_heads(house: House, tmp_path: Path) -> None:
    other = House(tmp_path / "two")
    shutil.copytree(house.folder, other.folder)  # with the guard, which never is copied
    for each, reference in ((house, "PPO-2"), (other, "PPO-3")):
        issued = ("issue", "--unregistered", "--instrument", "2AP-7", "--to", "XV", "--reference", reference)
        assert each.run(*issued, "--as", "ilves").exit_code == 0
    elsewhere = receipts(other)
    found = compared(house, elsewhere, [], [note(elsewhere)])
    assert found.lost == [f"index {elsewhere[-1].index}, entry {elsewhere[-1].entry}"]
    assert found.forks[-1] == f"a head has another root of {len(elsewhere)} entries"
    assert len(found.forks) == len(elsewhere), "each receipt but the lost one, and the head"
