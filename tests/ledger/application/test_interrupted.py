"""A command that was killed finishes, or begins anew, when it is repeated; a disk that fails proves nothing bad."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tarfile
from functools import partial
from pathlib import Path

import pytest

from cli.exit_codes import Exit, exit_of
from ledger.adapters.storage import sqlite
from ledger.tlog.policy import parse_policy
from tests.support.cli import ORIGIN, House
from tests.support.killed_command import killed

CALLS = ("open", "link", "fsync", "mkdir", "replace")
INIT = ("--origin", ORIGIN)


@pytest.mark.parametrize("call", CALLS)
def test_a_ledger_whose_beginning_was_killed_is_begun_by_the_same_command(tmp_path: Path, call: str) -> None:
    for number in range(1, 100):
        (tmp_path / str(number)).mkdir()
        house = House(tmp_path / str(number))
        if not killed(call, number, partial(house.run, "init", str(house.ledger), *INIT)):
            break
        again = house.run("init", str(house.ledger), *INIT)
        if again.exit_code:
            assert "LEDGER-EXISTS" in again.stderr, again.output
        assert house.run("checkpoint").exit_code == 0
        if number % 4 == 1:
            house.with_office("ilves", "ISS").order()
            assert house.run("fsck").exit_code == 0
    assert number > 1


def test_entries_without_a_policy_are_no_beginning(tmp_path: Path) -> None:
    house = House(tmp_path).begun().with_office("ilves", "ISS")
    (house.ledger / "trust" / "policy").unlink()
    done = house.run("init", str(house.ledger), *INIT)
    assert (done.exit_code, "LEDGER-EXISTS" in done.stderr) == (Exit.REFUSED, True)
    (house.ledger / "entries.db").write_bytes(b"no database")
    assert house.run("init", str(house.ledger), *INIT).exit_code == Exit.REFUSED


@pytest.mark.parametrize("call", ["open", "link", "fsync"])
def test_a_key_whose_making_was_killed_is_made_by_the_same_command(tmp_path: Path, call: str) -> None:
    house = House(tmp_path).begun()
    for number in range(1, 100):
        name = f"office-{number}"
        if not killed(call, number, partial(house.run, "key", "new", name)):
            break
        again = house.run("key", "new", name)
        assert again.exit_code == 0 or "is there already" in again.stderr, again.output
        assert house.run("key", "enrol", name, "--role", "ISS", "--party", "XO", "--office", "O").exit_code == 0
        assert house.run("key", "accept", name).exit_code == 0
    assert number > 1


def test_a_key_that_is_there_is_never_made_again(tmp_path: Path) -> None:
    house = House(tmp_path).begun()
    house.told("key", "new", "ilves")
    before = (house.keys / "ilves").read_bytes()
    assert house.run("key", "new", "ilves").exit_code == Exit.REFUSED
    (house.keys / "ilves.pub").unlink()
    done = house.run("key", "new", "ilves")
    assert (done.exit_code, "complete now" in done.stderr) == (0, True)
    assert (house.keys / "ilves").read_bytes() == before


@pytest.mark.parametrize("call", ["rename", "unlink", "open", "link", "replace"])
def test_a_change_of_the_logs_key_that_was_killed_is_finished_by_the_same_command(tmp_path: Path, call: str) -> None:
    begun = House(tmp_path / "begun")
    begun.folder.mkdir()
    begun.begun().with_office("ilves", "ISS")
    for number in range(1, 100):
        folder = tmp_path / str(number)
        shutil.copytree(begun.folder, folder)
        house = House(folder)
        if not killed(call, number, partial(house.run, "key", "rotate-log", "--yes")):
            break
        house.order()  # somebody signs meanwhile, with whichever key is in force
        done = house.run("key", "rotate-log", "--yes")
        assert done.exit_code == 0, done.output
        assert len(parse_policy((house.ledger / "trust" / "policy").read_bytes()).logs) >= 2
        assert house.run("fsck").exit_code == 0


@pytest.mark.parametrize("call", ["open", "fsync", "link", "unlink"])
def test_a_copy_whose_making_was_killed_is_made_by_the_same_command(tmp_path: Path, call: str) -> None:
    house = House(tmp_path).begun()
    for number in range(1, 100):
        file = tmp_path / f"copy-{number}.tar"
        if not killed(call, number, partial(house.run, "backup", str(house.ledger), "-o", str(file))):
            break
        file.unlink(missing_ok=True)
        assert house.run("backup", str(house.ledger), "-o", str(file)).exit_code == 0
        with tarfile.open(file) as tar:
            assert "entries.db" in tar.getnames()
        assert file.stat().st_mode & 0o077 == 0
        assert not [path for path in tmp_path.iterdir() if "part" in path.name], "nothing is left beside it"
    assert number > 1


def test_two_processes_do_not_make_one_copy(tmp_path: Path) -> None:
    house = House(tmp_path).begun()
    place = tmp_path / ".copy.tar.part"
    place.mkdir()
    lock = os.open(place, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    done = house.run("backup", str(house.ledger), "-o", str(tmp_path / "copy.tar"))
    os.close(lock)
    assert (done.exit_code, "another process makes" in done.stderr) == (Exit.BUSY, True)
    assert place.exists()


# -- the disk ----------------------------------------------------------------------------------------------------------


def said_by_sqlite(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize("name", ["SQLITE_IOERR", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_SHMSIZE"])
def test_an_error_of_the_disk_proves_nothing_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    fault = sqlite.fault_of(said_by_sqlite(name), tmp_path / "entries.db")
    assert (fault.code, exit_of(fault)) == ("DISK-ERROR", Exit.UNDECIDABLE)
    monkeypatch.setattr(sqlite, "_ROOM", 1 << 62)  # as on a disk with no room
    assert sqlite.fault_of(said_by_sqlite(name), tmp_path / "entries.db").code == "DISK-FULL"
    assert sqlite.fault_of(said_by_sqlite("SQLITE_CORRUPT"), tmp_path / "entries.db").code == "LOG-CORRUPT"


def test_fsck_of_a_ledger_whose_disk_fails_finds_nothing_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path).begun()

    def failing(*_: object, **__: object) -> None:
        raise said_by_sqlite("SQLITE_IOERR_READ")

    monkeypatch.setattr(sqlite3, "connect", failing)
    for words in (("fsck",), ("orders",), ("due",)):
        done = house.run(*words)
        assert (done.exit_code, "DISK-ERROR" in done.stderr) == (Exit.UNDECIDABLE, True), done.output


# -- what others may read ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ledger/keys.db", "state/comity/*/guard.db"])
def test_fsck_mentions_what_others_can_read(tmp_path: Path, name: str) -> None:
    house = House(tmp_path).begun()
    assert "others can get at" not in house.run("fsck").output
    (path,) = tmp_path.glob(name)
    path.chmod(0o644)
    done = house.run("fsck")
    assert (done.exit_code, f"others can get at {path}" in " ".join(done.output.split())) == (0, True), done.output
