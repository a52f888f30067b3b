"""Committing heads while other processes write, and from another copy."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.integrity.audit import audit
from ledger.entries.envelope import open_
from ledger.entries.placement import committed_by, map_of
from ledger.tlog.map_of_heads import MapOfHeads
from tests.support.cli import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


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
