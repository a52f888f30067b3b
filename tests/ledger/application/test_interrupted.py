"""A killed command completes or starts anew when it is repeated; a failing disk is no proof of tampering."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tarfile
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit, exit_of
from ledger.adapters.storage import sqlite
from ledger.adapters.witness import followed_entries
from ledger.tlog.policy import parse_policy
from tests.support.cli import ORIGIN, House
from tests.support.killed_command import killed

pytestmark = pytest.mark.slow

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
    house.reply("key", "new", "ilves")
    before = (house.keys / "ilves").read_bytes()
    assert house.run("key", "new", "ilves").exit_code == Exit.REFUSED
    (house.keys / "ilves.pub").unlink()
    done = house.run("key", "new", "ilves")
    assert (done.exit_code, "complete now" in done.stderr) == (0, True)
    assert (house.keys / "ilves").read_bytes() == before


@pytest.mark.parametrize("change", ["rotate-log", "add-log"])
@pytest.mark.parametrize("call", ["rename", "unlink", "open", "link", "replace", "fsync"])
def test_a_change_of_the_logs_key_that_was_killed_is_finished_by_the_same_command(
    tmp_path: Path, call: str, change: str
) -> None:
    begun = House(tmp_path / "begun")
    begun.folder.mkdir()
    begun.begun().with_office("ilves", "ISS")
    for number in range(1, 100):
        folder = tmp_path / str(number)
        shutil.copytree(begun.folder, folder)
        house = House(folder)
        if not killed(call, number, partial(house.run, "key", change, "--yes")):
            break
        house.order()  # another process signs meanwhile, with the key in force
        done = house.run("key", change, "--yes")
        assert done.exit_code == 0 or "signs already" in done.output, done.output
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


def test_a_witness_whose_making_was_killed_is_made_by_the_same_command(tmp_path: Path) -> None:
    house = House(tmp_path)
    for call in ("open", "link", "fsync", "replace"):
        for number in range(1, 100):
            state = tmp_path / f"{call}-{number}"
            words = ("witness", "new", "witness.example/xo", "--state", str(state))
            if not killed(call, number, partial(house.run, *words)):
                break
            again = house.run(*words)
            assert again.exit_code == 0 or "never made twice" in again.stderr, again.output
            made = {file.name for file in state.iterdir()} - {"witness.db-wal", "witness.db-shm"}
            assert made == {"witness.key", "witness.key.pub", "witness.db"}
        assert number > 1
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")], "nothing is left beside them"


def test_a_stick_whose_making_was_killed_is_made_by_the_same_command(tmp_path: Path) -> None:
    house = House(tmp_path).begun()
    house.reply("key", "new", "ada")
    policy, ada = tmp_path / "policy", house.keys / "ada.pub"
    made = ("trust", "new", str(policy), "--from", str(house.ledger), "--root", f"ada={ada}", "--threshold", "1")
    assert house.run(*made).exit_code == 0
    assert house.run("trust", "sign", str(policy), "--key", "ada").exit_code == 0
    for number in range(1, 100):
        words = ("trust", "stick", str(policy), str(tmp_path / f"stick-{number}"))
        if not killed("replace", number, partial(house.run, *words)):
            break
        again = house.run(*words)
        assert again.exit_code == 0 or "is not empty" in again.stderr, again.output
        assert (tmp_path / f"stick-{number}" / "SHA256SUMS").exists()
    assert number > 1


@pytest.mark.parametrize("call", ["replace", "rename"])
def test_a_succession_that_was_killed_is_finished_by_the_same_command(tmp_path: Path, call: str) -> None:
    begun = House(tmp_path / "begun")
    begun.folder.mkdir()
    begun.begun().with_office("ilves", "ISS")
    for number in range(1, 100):
        shutil.copytree(begun.folder, tmp_path / str(number))
        house = House(tmp_path / str(number))
        words = (
            "succeed",
            str(house.ledger),
            str(house.folder / "heir"),
            "--origin",
            f"{ORIGIN}/2",
            "--cause",
            "other",
        )
        if not killed(call, number, partial(house.run, *words)):
            break
        again = house.run(*words)
        assert again.exit_code == 0 or "LEDGER-EXISTS" in again.stderr, again.output
        assert house.run("checkpoint").exit_code == Exit.UNDECIDABLE, "the old log signs nothing more"
        house.ledger = house.folder / "heir"
        own = ["key-accepted", "key-registered", "authority-registered"]  # the key that commits heads
        assert [row["kind"] for row in house.reply("log")["log"]] == [*own, "log-succeeded"]
        assert house.run("fsck").exit_code == 0
    assert number > 1


@pytest.mark.parametrize("call", ["rename", "replace"])
def test_a_guard_whose_move_was_killed_is_moved_by_the_same_command(tmp_path: Path, call: str) -> None:
    for number in range(1, 100):
        house = House(tmp_path / str(number)).furnished()
        words = ("signer", "use", str(house.folder / "s"), "--move", str(house.folder / "signing"))
        if not killed(call, number, partial(house.run, *words)):
            break
        assert house.run(*words).exit_code == 0
        assert {"guard.db", "log.key", "log.key.pub"} <= {file.name for file in (house.folder / "signing").iterdir()}
        other = House(tmp_path / f"other-{number}").furnished()
        assert other.run("init", str(other.folder / "x"), "--origin", "ledger.example/xo/x").exit_code == 0
        other.ledger = other.folder / "x"
        taken = other.run(*words)
        assert (taken.exit_code, "not empty" in taken.stderr) == (Exit.REFUSED, True), "the guard of another log"
    assert number > 1


def test_what_was_left_of_a_key_half_made_goes_with_the_next_attempt(tmp_path: Path) -> None:
    house = House(tmp_path).begun()
    ended = os.fork()
    if not ended:
        os._exit(0)
    os.waitpid(ended, 0)
    for name in ("ilves", "ilves.pub"):
        (house.keys / f".{name}.{ended}").write_bytes(b"half a key")
        (house.keys / f".{name}.1").write_bytes(b"of a process that lives")
    house.reply("key", "new", "ilves")
    assert sorted(f.name for f in house.keys.iterdir() if f.name.startswith(".")) == [".ilves.1", ".ilves.pub.1"]


# -- the disk ----------------------------------------------------------------------------------------------------------


def said_by_sqlite(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize("name", ["SQLITE_IOERR", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_SHMSIZE"])
def test_an_error_of_the_disk_proves_nothing_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    fault = sqlite.ledger_error(said_by_sqlite(name), tmp_path / "entries.db")
    assert (fault.code, exit_of(fault)) == ("DISK-ERROR", Exit.UNDECIDABLE)
    monkeypatch.setattr(sqlite, "_FREE_BYTES", 1 << 62)  # as on a disk with no room
    assert sqlite.ledger_error(said_by_sqlite(name), tmp_path / "entries.db").code == "DISK-FULL"
    assert sqlite.ledger_error(said_by_sqlite("SQLITE_CORRUPT"), tmp_path / "entries.db").code == "LOG-CORRUPT"


def test_a_new_file_has_everything_in_it_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite writes a WAL back when the file is closed and reports no error then, so the file must not depend on it."""
    real: Any = sqlite3.connect
    beside: list[sqlite3.Connection] = []

    def watched(file: Path, **options: Any) -> Any:
        beside.append(real(file))  # while another connection is open, closing writes nothing back
        beside[-1].execute("PRAGMA user_version")
        return real(file, **options)

    monkeypatch.setattr(sqlite3, "connect", watched)
    sqlite.create(tmp_path / "x.db", ("CREATE TABLE kept (n INTEGER) STRICT",))
    for line in beside:
        line.close()
    with closing(real(f"file:{tmp_path / 'x.db'}?immutable=1", uri=True)) as c:
        assert c.execute("SELECT name FROM sqlite_schema").fetchall() == [("kept",)]
    assert (tmp_path / "x.db").read_bytes()[18:20] == b"\x02\x02", "in WAL mode"


def test_a_monitor_whose_disk_fails_finds_nothing_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path).begun()
    assert house.run("log", "publish", str(tmp_path / "out")).exit_code == 0
    words = ("monitor", str(tmp_path / "out"), "--trust", str(house.ledger / "trust"), "--state", str(tmp_path / "w"))
    assert house.run(*words, "--entries").exit_code == 0
    real = sqlite.connect

    class Failing:
        def __init__(self, path: Path, **options: Any) -> None:
            self.close = real(path, **options).close

        def execute(self, *_: object) -> None:
            raise said_by_sqlite("SQLITE_IOERR_READ")

    monkeypatch.setattr(followed_entries, "connect", Failing)
    done = house.run(*words, "--entries")
    assert (done.exit_code, "DISK-ERROR" in done.output) == (Exit.UNDECIDABLE, True), done.output


def test_fsck_of_a_ledger_whose_disk_fails_finds_nothing_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path).begun()

    def failing(*_: object, **__: object) -> None:
        raise said_by_sqlite("SQLITE_IOERR_READ")

    monkeypatch.setattr(sqlite3, "connect", failing)
    for words in (("fsck",), ("orders",), ("due",)):
        done = house.run(*words)
        assert (done.exit_code, "DISK-ERROR" in done.stderr) == (Exit.UNDECIDABLE, True), done.output


# -- permissions of files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ledger/keys.db", "state/comity/*/guard.db", "state/comity/*"])
def test_who_writes_is_told_what_everybody_can_read(tmp_path: Path, name: str) -> None:
    house = House(tmp_path).begun()
    (path,) = tmp_path.glob(name)
    path.chmod(0o750)
    assert "can get at" not in house.run("checkpoint").output
    path.chmod(0o757)
    done = house.run("checkpoint")
    assert (done.exit_code, f"everybody on this machine can get at {path}" in done.stderr) == (0, True), done.output


@pytest.mark.parametrize("name", ["ledger", "config/comity/keys"])
def test_fsck_mentions_a_folder_into_which_others_can_put_files(tmp_path: Path, name: str) -> None:
    house = House(tmp_path).begun()
    (tmp_path / name).chmod(0o755)
    assert "others can get at" not in house.run("fsck").output
    (tmp_path / name).chmod(0o777)
    done = house.run("fsck")
    assert (done.exit_code, f"others can get at {tmp_path / name}" in " ".join(done.output.split())) == (0, True)


@pytest.mark.parametrize("name", ["ledger/keys.db", "state/comity/*/guard.db"])
def test_fsck_mentions_what_others_can_read(tmp_path: Path, name: str) -> None:
    house = House(tmp_path).begun()
    assert "others can get at" not in house.run("fsck").output
    (path,) = tmp_path.glob(name)
    path.chmod(0o644)
    done = house.run("fsck")
    assert (done.exit_code, f"others can get at {path}" in " ".join(done.output.split())) == (0, True), done.output
