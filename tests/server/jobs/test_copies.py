"""The jobs that copy: whole and later copies that can be restored, keys that expire, and a drill."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from cli.exit_codes import Exit
from ledger.application.backup.manifest import read_manifest
from ledger.errors import LedgerError
from server.jobs import run as running
from server.jobs.copies import chains, expire, moment_of, newest_chain, next_copy, prune
from server.jobs.run import run_job
from server.jobs.settings import JobSettings, Settings
from server.jobs.table import SCRATCH, Place
from tests.support.cli import House, run

DAY = 86_400
START = 1_900_000_000.0


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def issue(house: House, number: int) -> None:
    words = ("--unregistered", "--instrument", "2AP-7", "--to", "XV", "--as", "ilves")
    house.reply("issue", *words, "--reference", f"PPO-{number}")


def done(house: House, name: str, given: JobSettings, day: int) -> str:
    place = Place(house.ledger, house.folder / "serve.toml", START + DAY * day)
    return run_job(name, Settings({name: given}), place, {})


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    house = House(tmp_path).furnished()
    for name, value in house.env.items():
        monkeypatch.setenv(name, value)

    def called(words: list[str]) -> str:
        done = house.run(*words, "--json")
        return f"exit {done.exit_code} {running._code_of(done.stdout.encode())}" if done.exit_code else ""

    monkeypatch.setattr(running, "_called", called)  # in this process: a start of Python takes longer
    (tmp_path / "copies").mkdir()
    return house


def test_later_copies_follow_a_whole_one_and_a_new_whole_one_begins_the_next_chain(house: House) -> None:
    folder = house.folder / "copies"
    given = JobSettings(folder=str(folder), keep=2, later=2)
    for day in range(8):
        assert done(house, "backup", given, day) == ""
    days = [moment_of(START + DAY * day) for day in range(8)]
    expected = [f"ledger-{day}{'' if n % 3 == 0 else '.later'}.tar" for n, day in enumerate(days)]
    assert names(folder) == sorted(expected[3:])  # of the whole ones, two are kept with what follows them
    assert [len(chain) for chain in chains(folder)] == [3, 2]
    restored = house.folder / "restored"
    assert run("restore", *map(str, newest_chain(folder)), str(restored), "--behind").exit_code == 0


def test_a_chain_that_has_a_gap_or_a_damaged_copy_is_not_continued(house: House) -> None:
    folder = house.folder / "copies"
    given = JobSettings(folder=str(folder), later=9)
    for day in range(3):
        assert done(house, "backup", given, day) == ""
        issue(house, day + 2)
    assert next_copy(folder, 9, "x")[1] == newest_chain(folder)[-1]
    middle = newest_chain(folder)[1]
    content = middle.read_bytes()
    middle.unlink()
    assert next_copy(folder, 9, "x") == (folder / "ledger-x.tar", None)
    middle.write_bytes(content[:2_000])
    assert next_copy(folder, 9, "x") == (folder / "ledger-x.tar", None)
    middle.write_bytes(content)
    assert next_copy(folder, 2, "x") == (folder / "ledger-x.tar", None)  # enough of them
    assert read_manifest(str(middle)).since > 0


def test_an_entry_between_two_copies_of_one_second_is_in_the_second_copy(house: House) -> None:
    folder = house.folder / "copies"
    given = JobSettings(folder=str(folder), later=9)
    assert done(house, "backup", given, 0) == ""
    issue(house, 2)
    assert done(house, "backup", given, 0) == ""
    first, second = newest_chain(folder)
    assert names(folder) == [f"ledger-{moment_of(START)}.tar", f"ledger-{moment_of(START + 1)}.later.tar"]
    assert read_manifest(str(second)).size > read_manifest(str(first)).size


def test_only_copies_of_this_job_are_counted_and_deleted(tmp_path: Path) -> None:
    mine = ["ledger-20300101T000000Z.later.tar", "ledger-20300102T000000Z.tar", "ledger-20300103T000000Z.later.tar"]
    other = ["ledger.tar", "ledger-2030.tar", "keys-20300101T000000Z.db", "ledger-20300101T000000Z.tar.part"]
    for name in (*mine, *other):
        (tmp_path / name).touch()
    assert [[path.name for path in chain] for chain in chains(tmp_path)] == [mine[:1], mine[1:]]
    prune(tmp_path, 1)
    assert names(tmp_path) == sorted([*mine[1:], *other])
    for path in tmp_path.glob("ledger-20300102*"):
        path.unlink()
    with pytest.raises(LedgerError, match="no whole copy"):
        newest_chain(tmp_path)


# -- keys --------------------------------------------------------------------------------------------------------------


def test_keys_are_copied_and_a_copy_is_deleted_when_its_days_are_over(house: House) -> None:
    folder = house.folder / "copies"
    given = JobSettings(folder=str(folder), expire=2)
    for day in range(5):
        assert done(house, "keys", given, day) == ""
    assert names(folder) == [f"keys-{moment_of(START + DAY * day)}.db" for day in (3, 4)]
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    (house.ledger / "keys.db").unlink()
    assert done(house, "keys", given, 9) == "exit 4 KEYS-MISSING"
    assert names(folder) == []  # a job that fails still deletes


def test_an_expired_copy_is_deleted_at_its_second(tmp_path: Path) -> None:
    (tmp_path / f"keys-{moment_of(START)}.db").touch()
    expire(tmp_path, 1, START + DAY - 1)
    assert len(names(tmp_path)) == 1
    expire(tmp_path, 1, START + DAY)
    assert names(tmp_path) == []


def secrets(file: Path) -> list[bytes]:
    with closing(sqlite3.connect(file)) as c:
        return [secret for (secret,) in c.execute("SELECT secret FROM subject_key")]


def test_a_copy_of_keys_has_nothing_of_a_key_that_was_erased_before(house: House) -> None:
    before, after = house.folder / "before.db", house.folder / "after.db"
    done = house.reply("backup", str(house.ledger), "-o", str(before), "--keys")
    (secret,) = secrets(before)
    assert done["keys"] == 1
    assert house.run("erase", "PPO-1", "--cause", "erasure-granted", "--as", "ilves", "--yes").exit_code == 0
    assert house.reply("backup", str(house.ledger), "-o", str(after), "--keys")["keys"] == 0
    assert secrets(after) == []
    assert secret in before.read_bytes()
    assert secret not in after.read_bytes()


def test_keys_are_copied_alone_and_over_no_file(house: House) -> None:
    copy = house.folder / "keys.db"
    for words, code in (
        (("-o", str(copy), "--keys"), Exit.DONE),
        (("-o", str(copy), "--keys"), Exit.REFUSED),
        (("-o", str(house.folder / "keys.tar"), "--keys"), 2),
        (("-o", str(house.folder / "other.db"), "--keys", "--since", "x.tar"), 2),
    ):
        assert house.run("backup", str(house.ledger), *words).exit_code == code, words
    assert not (house.folder / "other.db").exists()


# -- drills ------------------------------------------------------------------------------------------------------------


def test_a_drill_restores_the_newest_copies_and_leaves_nothing(house: House) -> None:
    folder = house.folder / "copies"
    assert done(house, "drill", JobSettings(folder=str(folder)), 0) == "COPY-FORMAT"
    given = JobSettings(folder=str(folder), later=3)
    for day in range(2):
        assert done(house, "backup", given, day) == ""
    before = names(folder)
    (folder / SCRATCH).mkdir()  # of a killed run
    assert done(house, "drill", JobSettings(folder=str(folder)), 2) == ""
    assert sorted(path.name for path in folder.iterdir()) == before
    path = folder / before[0]
    content = bytearray(path.read_bytes())
    at = content.index(b'"payload":"') + 60  # in the first entry
    content[at] ^= 1
    path.write_bytes(content)
    assert done(house, "drill", JobSettings(folder=str(folder)), 3) != ""
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.slow
def test_a_later_copy_that_is_killed_is_made_by_the_next_run_and_restores(house: House) -> None:
    folder, config = house.folder / "copies", house.folder / "serve.toml"
    config.write_text(f'[jobs.backup]\nfolder = "{folder}"\nlater = 50\n', "utf-8")
    words = [*running.PROGRAM, "jobs", "run", "backup", "--config", str(config), "--ledger", str(house.ledger)]
    assert subprocess.run(words, check=False, capture_output=True).returncode == 0
    for n in range(8):
        issue(house, n + 10)
        process = subprocess.Popen(words, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.2 * (n + 1))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        time.sleep(1)
    assert subprocess.run(words, check=False, capture_output=True).returncode == 0
    (chain,) = chains(folder)
    assert len(chain) > 1
    restored = house.folder / "restored"
    assert run("restore", *map(str, chain), str(restored), "--behind").exit_code == 0
    assert run("fsck", ledger=house.ledger).exit_code == 0
    assert read_manifest(str(chain[-1])).size == house.reply("views")["size"]
