"""Committing heads while other processes write, and from another copy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.open_key import open_key
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.integrity.audit import audit
from ledger.application.journal import Journal
from ledger.application.write import write_position
from ledger.entries.envelope import open_
from ledger.entries.placement import access_of, committed_by, map_of
from ledger.errors import RecordError
from ledger.facts import build
from ledger.tlog.map_of_heads import MapOfHeads
from tests.support.cli import House


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
