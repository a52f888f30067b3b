"""A copy behind another one has what changed since, by content, and the size that was published."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import tarfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.folders.ledger_folder import ENTRIES_DB, HEADS_DB, read_folder
from ledger.adapters.folders.received_files import FilesIn
from ledger.adapters.storage.postgres import Address
from ledger.application.backup import copy_ledger
from ledger.application.backup.copied_files import MACHINE
from ledger.application.backup.copy_ledger import (
    CHECKPOINT,
    _add,
    _add_files,
    _add_shared,
    _add_tiles,
    _databases,
    _size_of,
    back_up,
    work_folder,
)
from ledger.application.backup.manifest import (
    LATER,
    NAME,
    CopiedFile,
    Manifest,
    format_manifest,
    read_manifest,
    state_of,
)
from ledger.errors import LedgerError
from ledger.tlog.note import EMPTY_ROOT
from ledger.tlog.tile import tile_path, tiles_for
from tests.support.cli import ledger_of
from tests.support.files.system_calls import open_below, synced, synced_sizes
from tests.support.memory_ledger import small


def packed() -> tuple[tarfile.TarFile, io.BytesIO]:
    data = io.BytesIO()
    return tarfile.open(fileobj=data, mode="w"), data


def names_of(tar: tarfile.TarFile) -> list[str]:
    nothing = (0o600, 0, 0, 0, "", "")
    assert {(e.mode, e.uid, e.gid, e.mtime, e.uname, e.gname) for e in tar.getmembers()} <= {nothing}
    return [each.name for each in tar.getmembers()]


def base_of(files: dict[str, CopiedFile], published: int = 7) -> Manifest:
    return Manifest(origin="x", since=0, since_root="", size=9, root="", published=published, files=files)


def test_behind_a_base_only_changed_files_are_added_and_all_are_listed(tmp_path: Path) -> None:
    ledger, _ = small()
    files = {CHECKPOINT: ledger.checkpoint(3), "TEST": b"test", "trust/policy": b"policy"}
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    paths = [tmp_path / name for name in files]
    tar, _ = packed()
    whole, published = _add_files(tar, tmp_path, paths, None)
    assert (names_of(tar), published) == (list(files), 3)
    assert whole == {
        name: CopiedFile(sha256(content).hexdigest(), state_of((tmp_path / name).stat()))
        for name, content in files.items()
    }
    tar, _ = packed()
    assert _add_files(tar, tmp_path, paths, base_of(whole)) == (whole, 7)
    assert names_of(tar) == []
    (tmp_path / "TEST").write_bytes(b"best")
    (tmp_path / CHECKPOINT).write_bytes(ledger.checkpoint(4))
    tar, _ = packed()
    later, published = _add_files(tar, tmp_path, paths, base_of(whole))
    assert (names_of(tar), published, later["trust/policy"]) == ([CHECKPOINT, "TEST"], 4, whole["trust/policy"])
    assert later["TEST"].sha256 == sha256(b"best").hexdigest()


def test_a_damaged_checkpoint_has_published_nothing() -> None:
    ledger, _ = small()
    assert [_size_of(note) for note in (ledger.checkpoint(2), b"", b"x\n\n", b"\xff")] == [2, 0, 0, 0]


def test_what_was_received_into_a_database_is_added_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = replace(read_folder(ledger_of("S1", tmp_path)), shared=True)
    kept = FilesIn(tmp_path / "rows")
    kept.keep({"foreign/a": b"A", "foreign/b": b"B", "registers/r/1": b"1"})
    monkeypatch.setattr(copy_ledger, "received_files", lambda ledger, store: kept)
    tar, _ = packed()
    local = replace(folder, shared=False)
    assert (_add_shared(tar, local, None), names_of(tar)) == ({}, [])
    whole = _add_shared(tar, folder, None)
    assert names_of(tar) == list(whole) == ["foreign/a", "foreign/b", "registers/r/1"]
    assert whole["foreign/a"] == CopiedFile(sha256(b"A").hexdigest(), (1, 0, 0, 0))
    kept.keep({"foreign/a": b"other", "foreign/c": b"C"}, replacing=True)
    tar, _ = packed()
    assert list(_add_shared(tar, folder, base_of(whole))) == ["foreign/a", "foreign/b", "foreign/c", "registers/r/1"]
    assert names_of(tar) == ["foreign/a", "foreign/c"]


def test_the_small_databases_are_those_of_the_machine_and_the_heads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = ledger_of("S1", tmp_path)
    folder = read_folder(ledger)
    (ledger / "others").mkdir(exist_ok=True)
    others = [f"{n}{n}" for n in (3, 1, 5, 2, 4, 0)]
    for name in (*(f"{other}.db" for other in others), "aa.txt"):
        (ledger / "others" / name).touch()
    assert [name for name, _ in _databases(folder)][-7:] == [*(f"others/{o}.db" for o in sorted(others)), "heads.db"]
    for name in MACHINE:
        (ledger / name).touch()
    assert [name for name, _ in _databases(folder)][: len(MACHINE)] == list(MACHINE)

    class Heads:
        def __init__(self, place: Address, *, writable: bool, log: str) -> None:
            assert not writable
            opened.append(log)

        def copy(self, path: Path) -> None:
            opened.append(str(path))

        def close(self) -> None:
            opened.append("closed")

    opened: list[str] = []
    monkeypatch.setattr(copy_ledger, "CheckpointStore", Heads)
    monkeypatch.setattr(copy_ledger, "other_logs", lambda place: ["aa"])
    shared: Any = replace(folder, store="postgresql://user@127.0.0.1:1/base", shared=True)
    made = list(_databases(shared))[-2:]
    assert [name for name, _ in made] == ["others/aa.db", "heads.db"]
    made[0][1](Path("there"))
    assert opened == ["aa", "closed", "", "closed", "there"]


def test_tiles_that_are_there_are_added_and_missing_ones_are_made_again_from_entries(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    size = len(list((ledger / "log" / "tile").rglob("*")))
    tar, _ = packed()
    _add_tiles(tar, ledger, 0, 300)
    assert size > 0
    assert names_of(tar) == []  # no tree of that size was published
    published = int((ledger / "log" / "checkpoint").read_text().split("\n")[1])
    _add_tiles(tar, ledger, 0, published)
    assert names_of(tar)
    assert all(os.path.isfile(ledger / name) for name in names_of(tar))
    tar, _ = packed()
    _add_tiles(tar, ledger, published, published)
    assert names_of(tar) == []


def test_a_copy_is_durable_with_its_name_and_never_overwritten(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path / "led")
    with synced() as names:
        made = back_up(ledger, str(tmp_path / "copy.tar"))
    assert names[-2:] == ["tar", tmp_path.name]
    assert (made.since, made.size > 0) == (0, True)
    assert (tmp_path / "copy.tar").stat().st_mode & 0o777 == 0o600
    with tarfile.open(tmp_path / "copy.tar") as tar:
        assert len(tar.getnames()) == made.files + 1
    before = (tmp_path / "copy.tar").read_bytes()
    with pytest.raises(LedgerError, match="PATH-TAKEN"):
        back_up(ledger, str(tmp_path / "copy.tar"))
    assert (tmp_path / "copy.tar").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.tar", "led"]
    assert open_below(tmp_path) == []
    later = back_up(ledger, str(tmp_path / "later.tar"), str(tmp_path / "copy.tar"))
    assert (later.since, later.size) == (made.size, made.size)
    whole, behind = read_manifest(str(tmp_path / "copy.tar")), read_manifest(str(tmp_path / "later.tar"))
    assert (whole.since_root, behind.since_root) == (EMPTY_ROOT.hex(), whole.root)
    assert whole.published == behind.published > 0
    with tarfile.open(tmp_path / "copy.tar") as one, tarfile.open(tmp_path / "later.tar") as two:
        assert {ENTRIES_DB, HEADS_DB, CHECKPOINT} <= set(names_of(one)) - {LATER}
        assert {f"log/{tile_path(tile)}" for tile in tiles_for(0, whole.published)} <= set(names_of(one))
        assert (names_of(two)[-2:], {ENTRIES_DB, CHECKPOINT}.isdisjoint(names_of(two))) == ([LATER, NAME], True)
        assert [name for name in names_of(two) if name.startswith("log/tile")] == []
    with tarfile.open(tmp_path / "elsewhere.tar", "w") as tar:
        _add(tar, NAME, format_manifest(replace(whole, origin="ledger.test/elsewhere")))
    with pytest.raises(
        LedgerError, match=f"COPY-FORMAT.* is a copy of ledger.test/elsewhere, and this is {whole.origin}"
    ):
        back_up(ledger, str(tmp_path / "third.tar"), str(tmp_path / "elsewhere.tar"))
    assert not (tmp_path / "third.tar").exists()


def test_a_checkpoint_that_claims_more_than_there_is_counts_for_the_entries_that_there_are(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path / "led")
    for number, claimed in enumerate((3, 1 << 12)):
        (ledger / CHECKPOINT).write_text(f"ledger.test/x\n{claimed}\n{'A' * 43}=\n\n")
        made = back_up(ledger, str(tmp_path / f"{number}.tar"))
        assert read_manifest(str(tmp_path / f"{number}.tar")).published == min(claimed, made.size)


def test_a_copy_is_whole_when_it_is_synced(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path / "led")
    with synced_sizes() as sizes:
        back_up(ledger, str(tmp_path / "copy.tar"))
    assert ("tar", (tmp_path / "copy.tar").stat().st_size) in sizes


# -- the folder in which a copy is made --------------------------------------------------------------------------------


def test_one_process_at_a_time_makes_a_file_in_an_empty_folder_for_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "copy.tar"
    (tmp_path / ".copy.tar.part").mkdir()
    (tmp_path / ".copy.tar.part" / "left").touch()
    with work_folder(file) as work:
        assert (work.parent, list(work.iterdir())) == (tmp_path, [])
        with pytest.raises(LedgerError, match=f"another process makes {file} now") as found, work_folder(file):
            pass
        assert found.value.code == "BUSY"
        assert open_below(tmp_path) == [str(work)]
        with work_folder(tmp_path / "other.tar") as other:
            assert other != work
            assert other.stat().st_mode & 0o777 == 0o700
        (work / "tar").touch()
    assert list(tmp_path.iterdir()) == []
    assert open_below(tmp_path) == []


@pytest.mark.parametrize("again", [False, True])
def test_a_folder_that_another_process_removed_in_this_moment_is_made_again(
    again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / ".copy.tar.part"
    lock = fcntl.flock
    locked: list[int] = []

    def late(fd: int, how: int) -> None:
        if not locked:
            shutil.rmtree(work)
            if again:
                (tmp_path / "room").mkdir()  # else the new folder may get the number of the old one
                work.mkdir()
        locked.append(fd)
        lock(fd, how)

    monkeypatch.setattr("fcntl.flock", late)
    with work_folder(tmp_path / "copy.tar") as made:
        assert made == work
        assert os.path.samestat(work.stat(), os.fstat(locked[-1]))
        assert len(locked) == 2
    assert open_below(tmp_path) == []


def test_a_missing_folder_is_named_and_no_file_in_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as found, work_folder(tmp_path / "none" / "copy.tar"):
        pass
    assert found.value.filename in (tmp_path / "none", str(tmp_path / "none"))
