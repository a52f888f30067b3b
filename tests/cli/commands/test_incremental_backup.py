"""Copies that continue behind an earlier one: what they have, what restores them, and what does not."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.application.backup.manifest import parse_manifest
from ledger.errors import LedgerError
from ledger.tlog.tree import EMPTY_ROOT
from tests.ledger.application.integrity.test_audit import touch
from tests.support.cli import House, check_document

TABLES = ("stored_events", "log_leaf", "ciphertext", "order_reference", "order_link")
SEALED = ("-f", "until=2030-01-01", "-f", "reasons=others are being looked for")


class Office(House):
    """A house that copies its ledger, each copy behind the one before."""

    def copies(self) -> list[str]:
        return [str(path) for path in sorted(self.folder.glob("copy*.tar"))]

    def copy(self, *words: str, code: int = 0) -> dict[str, Any]:
        before = self.copies()
        since = ("--since", before[-1]) if before else ()
        file = self.folder / f"copy{len(before)}.tar"
        done = self.run("backup", str(self.ledger), "-o", str(file), *since, *words, "--json")
        assert done.exit_code == code, done.output
        return dict(json.loads(done.stdout)) if code == 0 else {"error": done.output}

    def keep(self) -> None:
        """Record an entry with sealed values, and publish."""
        words = ("record", "confidentiality-requested", "PPO-1", *SEALED, "--as", "ilves")
        assert self.run(*words).exit_code == 0
        assert self.run("checkpoint").exit_code == 0

    def back(self, *files: str, code: int = 0) -> str:
        back = self.folder / "back"
        shutil.rmtree(back, ignore_errors=True)
        done = self.run("restore", *(files or self.copies()), str(back))
        assert done.exit_code == code, done.output
        assert back.exists() is (code == 0)
        return str(done.output)


def rows(path: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(path)) as c:
        return {table: c.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}  # noqa: S608


def files(folder: Path) -> dict[str, bytes]:
    names = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and ".db" not in path.name)
    return {str(name): (folder / name).read_bytes() for name in names if name.parts[0] not in ("state", "keys")}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an office with three copies: a whole one, two entries behind it, and one more."""
    office = Office(tmp_path_factory.mktemp("office")).furnished()
    office.copy()
    office.keep()
    office.keep()
    office.copy()
    office.keep()
    office.copy()
    return office.folder


@pytest.fixture
def office(original: Path, tmp_path: Path) -> Office:
    shutil.copytree(original, tmp_path, dirs_exist_ok=True)
    return Office(tmp_path)


def test_copies_behind_one_another_restore_the_ledger_as_one_whole_copy_does(office: Office) -> None:
    whole = office.folder / "whole.tar"
    office.reply("backup", str(office.ledger), "-o", str(whole))
    office.back(str(whole))
    of_one = rows(office.folder / "back" / "entries.db"), files(office.folder / "back")
    office.back()
    assert (rows(office.folder / "back" / "entries.db"), files(office.folder / "back")) == of_one
    assert of_one[0] == rows(office.ledger / "entries.db")
    again = Office(office.folder)
    again.ledger = office.folder / "back"
    assert again.reply("fsck")["verdict"] == "CONSISTENT"


def test_a_later_copy_has_only_what_came_after_the_one_before(office: Office) -> None:
    with tarfile.open(office.copies()[1]) as tar:
        names = set(tar.getnames())
        tar.extract("later.db", office.folder, filter="data")
    assert {name for name in names if not name.startswith("log/tile/")} == {
        "log/checkpoint",
        "heads.db",
        "later.db",
        "backup.json",
    }
    sizes = [manifest(file) for file in office.copies()]
    assert [(each["since"], each["size"]) for each in sizes] == [(0, 7), (7, 9), (9, 10)]
    assert [row[0] for row in rows(office.folder / "later.db")["stored_events"]] == [8, 9]


def manifest(file: str) -> dict[str, Any]:
    with tarfile.open(file) as tar:
        stream = tar.extractfile("backup.json")
        assert stream is not None
        listed = dict(json.loads(stream.read()))
    check_document(listed)
    return listed


def test_nothing_new_is_a_copy_too(office: Office) -> None:
    office.copy()
    made = office.copy()
    assert (made["since"], made["size"], made["files"]) == (10, 10, 2)
    office.back()


@pytest.mark.parametrize("order", [(0, 2), (1, 0), (0, 1, 1), (0, 2, 1), (1,), (0, 1, 2, 0)])
def test_copies_that_do_not_follow_one_another_are_not_put_back(office: Office, order: tuple[int, ...]) -> None:
    copies = office.copies()
    assert "COPY-FORMAT" in office.back(*(copies[n] for n in order), code=Exit.UNDECIDABLE)


def test_a_ledger_is_put_back_to_the_size_of_a_copy(office: Office) -> None:
    for size in (7, 9):
        assert "LOG-ROLLBACK" in office.back(*office.copies(), "--size", str(size), code=Exit.PROVED_BAD)
    done = office.run("restore", *office.copies(), str(office.folder / "back"), "--size", "9", "--behind", "--json")
    assert json.loads(done.stdout)["size"] == 9
    assert json.loads(done.stdout)["later"] == office.copies()[1:2]
    assert "these copies have 7, 9, 10 entries, and none has 8" in office.back(
        *office.copies(), "--size", "8", code=Exit.UNDECIDABLE
    )


def test_an_erasure_reaches_the_values_that_an_earlier_copy_has(office: Office) -> None:
    words = ("erase", "PPO-1", "--cause", "retention-ended", "--as", "orn", "--yes")
    assert office.with_office("orn", "RET").run(*words).exit_code == 0
    office.copy()
    assert any(row[-1] is not None for row in rows_of(office.copies()[1], office.folder)["ciphertext"])
    office.back()
    assert rows(office.folder / "back" / "entries.db") == rows(office.ledger / "entries.db")
    assert all(row[-1] is None for row in rows(office.folder / "back" / "entries.db")["ciphertext"])


def rows_of(file: str, folder: Path) -> dict[str, list[Any]]:
    with tarfile.open(file) as tar:
        tar.extract("later.db", folder, filter="data")
    return rows(folder / "later.db")


def test_files_that_were_changed_or_removed_are_so_in_the_restored_ledger(office: Office) -> None:
    folder = office.ledger / "registers"
    folder.mkdir()
    (folder / "one").write_text("first")
    (folder / "two").write_text("kept")
    office.copy()
    (folder / "one").unlink()
    (folder / "two").write_text("more")
    office.copy()
    office.back()
    assert {path.name: path.read_text() for path in (office.folder / "back" / "registers").iterdir()} == {"two": "more"}


def test_a_faulty_new_entry_is_not_copied(office: Office) -> None:
    office.keep()
    changed = "UPDATE stored_events SET state = CAST(state || 'A' AS BLOB) WHERE rowid = 11"
    touch(office.ledger / "entries.db", changed)
    assert "LOG-CORRUPT" in office.copy(code=Exit.PROVED_BAD)["error"]
    assert len(office.copies()) == 3
    touch(office.ledger / "entries.db", "UPDATE log_leaf SET leaf = randomblob(32) WHERE idx = 10")
    assert "LOG-CORRUPT" in office.copy(code=Exit.PROVED_BAD)["error"]


def test_a_ledger_with_other_entries_than_the_copy_before_is_not_copied_behind_it(office: Office) -> None:
    other = Office(office.folder / "other").furnished()
    done = other.run("backup", str(other.ledger), "-o", str(other.folder / "x.tar"), "--since", office.copies()[2])
    assert (done.exit_code, "LOG-FORKED" in done.output) == (Exit.PROVED_BAD, True)
    assert not (other.folder / "x.tar").exists()


@pytest.mark.parametrize("table", ["stored_events", "log_leaf"])
def test_a_damaged_later_copy_is_not_put_back(office: Office, table: str) -> None:
    unpacked = office.folder / "unpacked"
    with tarfile.open(office.copies()[1]) as tar:
        tar.extractall(unpacked, filter="data")
    with closing(sqlite3.connect(unpacked / "later.db", isolation_level=None)) as c:
        c.execute(f"DELETE FROM {table} WHERE rowid = (SELECT max(rowid) FROM {table})")  # noqa: S608
    with tarfile.open(office.folder / "copy1.tar", "w") as tar:
        for path in sorted(unpacked.rglob("*")):
            if path.is_file():
                tar.add(path, path.relative_to(unpacked).as_posix())
    office.back(code=Exit.PROVED_BAD)


def test_a_file_that_differs_from_the_list_is_not_put_back(office: Office) -> None:
    data = Path(office.copies()[0]).read_bytes()
    policy = (office.ledger / "trust" / "policy").read_bytes()
    assert data.count(policy) == 1
    Path(office.copies()[0]).write_bytes(data.replace(policy, b"#" + policy[1:]))
    assert "'trust/policy' is not the file that was copied" in office.back(code=Exit.UNDECIDABLE)


def test_a_copy_of_an_earlier_program_is_put_back_and_not_continued(office: Office) -> None:
    old = office.folder / "old.tar"
    with tarfile.open(office.copies()[0]) as tar, tarfile.open(old, "w") as out:
        for member in tar:
            if member.name != "backup.json":
                out.addfile(member, tar.extractfile(member))
    office.back(str(old), *office.copies()[1:])
    done = office.run("backup", str(office.ledger), "-o", str(office.folder / "x.tar"), "--since", str(old))
    assert (done.exit_code, "make a whole copy first" in done.output) == (Exit.UNDECIDABLE, True)


def test_a_copy_that_another_log_continues_is_refused(office: Office) -> None:
    other = House(office.folder / "lorn")
    assert other.away("init", str(other.ledger), "--origin", "ledger.example/xv/lorn").exit_code == 0
    done = other.run("backup", str(other.ledger), "-o", str(office.folder / "x.tar"), "--since", office.copies()[0])
    assert (done.exit_code, "COPY-FORMAT" in done.output) == (Exit.UNDECIDABLE, True)


def test_a_checkpoint_that_claims_any_size_is_copied_as_it_is(office: Office) -> None:
    checkpoint = office.ledger / "log" / "checkpoint"
    checkpoint.write_bytes(checkpoint.read_bytes().replace(b"\n10\n", b"\n9000000000000000000\n"))
    office.copy()
    assert manifest(office.copies()[-1])["published"] == 10


def test_copies_of_two_logs_are_not_put_together(office: Office) -> None:
    other = Office(office.folder / "lorn")
    assert other.away("init", str(other.ledger), "--origin", "ledger.example/xv/lorn").exit_code == 0
    other.copy()
    listed = office.folder / "backup.json"
    empty = {**manifest(other.copies()[0]), "size": 0, "root": EMPTY_ROOT.hex(), "published": 0, "files": {}}
    listed.write_text(json.dumps(empty))
    with tarfile.open(office.folder / "empty.tar", "w") as tar:
        tar.add(listed, "backup.json")
    done = other.run("backup", str(other.ledger), "-o", str(office.folder / "x.tar"), "--since", str(tar.name))
    assert done.exit_code == 0
    assert "COPY-FORMAT" in office.back(office.copies()[0], str(office.folder / "x.tar"), code=Exit.UNDECIDABLE)


@pytest.mark.parametrize(
    ("name", "value"), [("published", 8), ("since", 9), ("since", -1), ("root", "00"), ("format", "comity.backup/1")]
)
def test_a_list_with_false_numbers_or_digests_is_refused(office: Office, name: str, value: Any) -> None:
    listed = json.dumps({**manifest(office.copies()[0]), name: value}).encode()
    with pytest.raises(LedgerError) as caught:
        parse_manifest(listed)
    assert caught.value.code == "COPY-FORMAT"
