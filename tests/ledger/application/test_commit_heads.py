"""Heads are committed once for the same entries, while other processes write, and from another copy."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.open_key import open_key
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.commit_heads import OFFICE, ROLE, commit_heads, enrol_heads_key, heads_signer, last_commit
from ledger.application.integrity.audit import audit
from ledger.application.journal import Journal
from ledger.application.write import write_position
from ledger.application.write.receipt import Receipt
from ledger.entries.envelope import Signer, open_
from ledger.entries.placement import access_of, committed_by, map_of
from ledger.errors import LedgerError, RecordError
from ledger.facts import build
from ledger.tlog.map_of_heads import MapOfHeads
from tests.ledger.application.test_journal import ADM, ORDER, ilves, issued, journal, sent
from tests.support.cli import House

__all__ = ["journal"]  # the fixture


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


def home(house: House) -> Home:
    return Home(house.folder / "state" / "comity", house.keys)


def commits(house: House) -> list[tuple[int, int, bytes]]:
    """Return index, size and root of each committed map of heads."""
    folder = read_folder(house.ledger)
    with closing(EntryReader(folder.entries)) as store:
        rows = store.order(map_of(folder.origin))
    found = ((index, committed_by(open_(raw).payload)) for index, raw in rows)
    return [(index, *commit) for index, commit in found if commit is not None]


def test_processes_that_commit_and_record_at_once_commit_to_what_is_there(house: House) -> None:
    note = ["record", "order-transmitted", "PPO-1", "-f", "addressee=skylark", "-f", "channel=courier"]
    loop = (
        "from cli.app import main\nfor n in range(6):\n    try:\n        main()\n"
        "    except SystemExit as end:\n        assert not end.code, end.code\n"
    )
    env = {**house.env, "COMITY_LEDGER": str(house.ledger), "PATH": "/usr/bin:/bin", "HOME": str(house.folder)}
    tasks = [["log", "commit"], ["log", "commit"], [*note, "--as", "ilves", "--yes", "--unregistered"]]
    running = [subprocess.Popen([sys.executable, "-c", loop, *task], env=env, text=True) for task in tasks]
    assert [process.wait() for process in running] == [0, 0, 0]
    folder = read_folder(house.ledger)
    with closing(EntryReader(folder.entries)) as store:
        entries = list(store.leaves_between(0, store.size()))
    made = commits(house)
    assert made
    for index, size, root in made:
        assert size <= index
        assert MapOfHeads(entries[:size]).tree.root() == root
    assert audit(folder.entries, folder.origin, folder.registrar).problems == []


def test_a_copy_of_the_folder_with_an_older_map_commits_to_its_own_entries(house: House) -> None:
    house.reply("log", "commit")
    older = (house.ledger / "map.db").read_bytes()
    house.with_office("aspen", "ISS")
    house.reply("log", "commit")
    (house.ledger / "map.db").write_bytes(older)
    for tail in ("-wal", "-shm"):
        (house.ledger / f"map.db{tail}").unlink(missing_ok=True)
    house.with_office("orn", "RET")
    house.reply("log", "commit")
    assert house.run("fsck").exit_code == 0


@pytest.mark.parametrize("committed", [False, True])
def test_an_entry_that_commits_to_nothing_does_not_stop_commits(
    house: House, committed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions before this one took any entry into the order of committed heads."""
    if committed:
        house.reply("log", "commit")
    with monkeypatch.context() as before, Journal.open(house.ledger, home(house)) as journal:
        before.setattr(write_position, "check_reserved", lambda *_: None)
        signer = journal.signer("ilves", "ISS", open_key(str(house.keys / "ilves")))
        fact = build("order-transmitted", {"addressee": "skylark", "channel": "mail"}, {})
        journal.record(fact, map_of(journal.origin), signer, instrument=None)
    made = house.reply("log", "commit")
    assert commits(house)[-1][0] == made["index"]
    assert house.run("fsck").exit_code == 0


@pytest.mark.parametrize("reserved", [map_of, access_of])
def test_no_entry_of_an_order_is_recorded_among_committed_heads_and_accesses(
    house: House, reserved: Callable[[str], str]
) -> None:
    with Journal.open(house.ledger, home(house)) as journal:
        signer = journal.signer("ilves", "ISS", open_key(str(house.keys / "ilves")))
        fact = build("order-transmitted", {"addressee": "skylark", "channel": "mail"}, {})
        with pytest.raises(RecordError, match="CTX-ORDER"):
            journal.record(fact, reserved(journal.origin), signer, instrument=None)


# -- the key of the ledger, and when it commits again ------------------------------------------------------------------


def adm(journal: Journal) -> Signer:
    return journal.signer("adm", "ADM", ADM)


def kinds(journal: Journal, receipts: list[Receipt]) -> list[str]:
    stored = dict(journal.store.order(journal.registry))
    return [open_(stored[receipt.index]).payload.kind for receipt in receipts]


def registered(journal: Journal, kind: str, **fields: Any) -> None:
    journal.record(build(kind, fields, {}), journal.registry, adm(journal))


def test_a_ledger_is_enrolled_with_an_office_a_key_and_its_acceptance_once(journal: Journal) -> None:
    with pytest.raises(LedgerError, match="KEY-MISSING"):
        heads_signer(journal)
    receipts = enrol_heads_key(journal, adm(journal))
    assert kinds(journal, receipts) == ["authority-registered", "key-registered", "key-accepted"]
    assert enrol_heads_key(journal, adm(journal)) == []
    signer = heads_signer(journal)
    assert (signer.actor, signer.role, signer.party) == (OFFICE, ROLE, "XO")
    office = journal.read_keyring().offices[OFFICE]
    assert (office.party, list(office.roles)) == ("XO", [ROLE])


def test_a_key_that_is_not_in_the_register_commits_nothing(journal: Journal) -> None:
    journal.log.signatory.heads_key(make=True)
    with pytest.raises(LedgerError, match="is not in its register") as found:
        commit_heads(journal)
    assert found.value.code == "KEY-MISSING"
    assert len(enrol_heads_key(journal, adm(journal))) == 3, "the key that there is is enrolled"
    assert commit_heads(journal).fresh


def test_a_registered_key_is_accepted_and_not_registered_twice(journal: Journal) -> None:
    key = journal.log.signatory.heads_key(make=True)
    registered(journal, "authority-registered", actor="house", party="XO", roles=[ROLE], valid_from="2027-01-01")
    registered(journal, "key-registered", actor="house", key=key.public.hex(), roles=[ROLE])
    assert kinds(journal, enrol_heads_key(journal, adm(journal))) == ["key-accepted"]
    assert heads_signer(journal).actor == "house"


def test_a_key_that_has_ended_is_followed_by_another_of_the_same_office(journal: Journal) -> None:
    enrol_heads_key(journal, adm(journal), "house")
    first = heads_signer(journal).public
    registered(journal, "key-revoked", actor="house", cause="left-office")
    assert kinds(journal, enrol_heads_key(journal, adm(journal))) == ["key-registered", "key-accepted"]
    second = heads_signer(journal)
    assert (second.actor, second.public != first) == ("house", True)
    assert commit_heads(journal).fresh


def test_another_office_of_this_name_does_not_become_the_ledger(journal: Journal) -> None:
    with pytest.raises(RecordError, match="KEY-ROLE"):
        enrol_heads_key(journal, adm(journal), "ilves")


def test_heads_are_committed_again_only_when_another_entry_was_added(journal: Journal) -> None:
    assert last_commit(journal) is None
    enrol_heads_key(journal, adm(journal))
    journal.record(issued(), ORDER, ilves(journal))
    size = journal.store.size()
    first = commit_heads(journal, [ORDER])
    assert (first.fresh, first.index, first.heads.size) == (True, size, size)
    again = commit_heads(journal, [ORDER])
    assert (again.fresh, again.index, again.heads) == (False, size, first.heads)
    assert journal.store.size() == size + 1
    journal.record(sent(), ORDER, ilves(journal))
    later = commit_heads(journal)
    assert (later.fresh, later.heads.size) == (True, size + 2)
    assert later.heads.root != first.heads.root
    found = last_commit(journal)
    assert found is not None
    assert (found[0], committed_by(found[1].payload)) == (later.index, (later.heads.size, later.heads.root))
    assert found[1].payload.order == map_of(journal.origin)


def test_heads_are_committed_anew_where_the_kept_map_is_another_one(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_heads_key(journal, adm(journal))
    first = commit_heads(journal)
    journal.folder.map.unlink()
    second = commit_heads(journal)
    assert second.fresh
    assert second.index > first.index


# -- a store that somebody has changed ---------------------------------------------------------------------------------


def changed(journal: Journal, statement: str, index: int) -> None:
    """Change the row of an entry as one who can write the file."""
    with closing(sqlite3.connect(journal.folder.path / "entries.db")) as c:
        for (name,) in c.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            c.execute(f"DROP TRIGGER {name}")
        c.execute(statement, (index + 1,))
        c.commit()


DELETE = "DELETE FROM stored_events WHERE rowid = ?"
MOVE = "UPDATE stored_events SET originator_id = '00000000-0000-4000-8000-000000000001' WHERE rowid = ?"


@pytest.mark.parametrize("kept", [True, False])
def test_heads_are_not_committed_while_an_entry_is_missing(journal: Journal, kept: bool) -> None:
    enrol_heads_key(journal, adm(journal))
    if kept:
        commit_heads(journal)
    deleted = journal.record(issued(), ORDER, ilves(journal)).index
    journal.record(sent(), ORDER, ilves(journal))
    before = journal.store.size()
    changed(journal, DELETE, deleted)
    with pytest.raises(RecordError, match=r"1 of \d+ entries are missing") as found:
        commit_heads(journal)
    assert (found.value.code, journal.store.size()) == ("LOG-CORRUPT", before)


def test_a_map_that_is_made_again_and_differs_from_the_last_commit_is_not_committed(journal: Journal) -> None:
    enrol_heads_key(journal, adm(journal))
    moved = journal.record(issued(), ORDER, ilves(journal)).index
    commit_heads(journal)
    changed(journal, MOVE, moved)
    journal.folder.map.unlink()
    with pytest.raises(RecordError, match="not those whose heads this ledger committed") as found:
        commit_heads(journal)
    assert found.value.code == "LOG-CORRUPT"


def test_heads_are_not_committed_while_the_register_lacks_the_key_of_the_last_commit(house: House) -> None:
    with Journal.open(house.ledger, home(house)) as journal:
        accepted = next(key.accepted for key in journal.read_keyring().keys.values() if key.actor == OFFICE)
        last = commit_heads(journal).index
        assert accepted is not None
        later = [index for index, _ in journal.store.order(journal.registry) if index >= accepted]
    with Journal.open(house.ledger, home(house)) as journal:
        for index in reversed(later):
            changed(journal, DELETE, index)
    missing = pytest.raises(RecordError, match="an entry of the register is missing")
    with Journal.open(house.ledger, home(house)) as journal, missing as found:
        commit_heads(journal)
    assert (found.value.code, found.value.where) == ("LOG-CORRUPT", f"#{last}")
