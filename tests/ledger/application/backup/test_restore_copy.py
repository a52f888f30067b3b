"""A copy unpacks files into its folder and nowhere else; of several copies those up to one size are put back."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from ledger.application.backup import restore_copy
from ledger.application.backup.manifest import NAME, Manifest, format_manifest
from ledger.application.backup.restore_copy import NEVER, _unpack, up_to
from ledger.errors import LedgerError
from tests.support.cli import ledger_of
from tests.support.memory_ledger import NOW


def packed(path: Path, *members: tuple[str, bytes]) -> str:
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return str(path)


def test_files_of_a_copy_are_unpacked_for_their_owner_alone(tmp_path: Path) -> None:
    file = packed(tmp_path / "a.tar", ("TEST", b"1"), ("trust/tsa/a.pem", b"2"), ("...", b"3"), ("a/keys", b"4"))
    folder = tmp_path / "folder"
    folder.mkdir()
    _unpack(file, folder)
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert {name: path.read_bytes() for name, path in found.items()} == {
        "TEST": b"1",
        "trust/tsa/a.pem": b"2",
        "...": b"3",
        "a/keys": b"4",
    }
    assert {path.stat().st_mode & 0o777 for path in found.values()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_dir()} <= {0o700, 0o755}
    with pytest.raises(FileExistsError):
        _unpack(file, folder)


@pytest.mark.parametrize(
    "name", ["", ".", "/etc/passwd", "../outside", "a/../../outside", *NEVER, *(f"{n}/a" for n in NEVER)]
)
def test_a_member_with_no_place_in_a_ledger_is_refused(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(LedgerError, match="has no place in a copy of a ledger") as found:
        _unpack(packed(tmp_path / "a.tar", (name, b"x")), folder)
    assert (found.value.code, [*folder.iterdir()]) == ("COPY-FORMAT", [])


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_only_files_have_a_place_in_a_copy(kind: bytes, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        member = tarfile.TarInfo("policy")
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(LedgerError, match="has no place"):
        _unpack(str(tmp_path / "a.tar"), tmp_path / "folder")


def test_a_file_that_is_no_archive_is_no_copy(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"text" * 500)
    with pytest.raises(LedgerError, match="not a copy of a ledger") as found:
        _unpack(str(tmp_path / "a.tar"), tmp_path)
    assert found.value.code == "COPY-FORMAT"
    with pytest.raises(FileNotFoundError):
        _unpack(str(tmp_path / "none.tar"), tmp_path)


def test_copies_up_to_a_size_are_put_back_and_a_size_that_none_has_is_refused(tmp_path: Path) -> None:
    def copy(size: int) -> str:
        root = "ab" * 32
        listed = Manifest(origin="o", since=0, since_root=root, size=size, root=root, published=0, files={})
        return packed(tmp_path / f"{size}.tar", (NAME, format_manifest(listed)))

    files = [copy(3), copy(7), copy(9)]
    assert [len(up_to(files, size)) for size in (3, 7, 9)] == [1, 2, 3]
    assert up_to(files, 7) == files[:2]
    for size in (0, 2, 8, 10):
        with pytest.raises(LedgerError, match=f"have 3, 7, 9 entries, and none has {size}") as found:
            up_to(files, size)
        assert found.value.code == "COPY-FORMAT"


@pytest.mark.parametrize("store", ["", "postgresql://user@127.0.0.1:1/base"])
@pytest.mark.parametrize("behind", [False, True])
def test_the_entries_of_a_copy_go_into_a_database_if_one_is_named_and_are_verified_there_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str, behind: bool
) -> None:
    said: list[str] = []

    def unpack(file: str, later: Any, making: Path) -> None:
        shutil.copytree(ledger_of("S1", tmp_path / "made"), making, dirs_exist_ok=True)
        (making / "entries.db-wal").touch()

    def verified(folder: Path, file: str, *_: Any) -> int:
        said.append(file)
        return 7

    def set_aside(making: Path) -> None:
        (making / "moved").mkdir()
        said.append("aside")

    monkeypatch.setattr(restore_copy, "_unpack_all", unpack)
    monkeypatch.setattr(restore_copy, "_verified_size", verified)
    monkeypatch.setattr(restore_copy, "_check_guard", lambda *_: said.append("guard"))
    monkeypatch.setattr(restore_copy, "mark_restored", lambda making: said.append("marked"))
    monkeypatch.setattr(restore_copy, "move_in", lambda file, place: said.append(f"{file.name} to {place}"))
    monkeypatch.setattr(restore_copy, "to_database", lambda making, place: said.append("heads"))
    monkeypatch.setattr(restore_copy, "set_aside", set_aside)
    settled: list[bool] = []
    target = tmp_path / "back"
    size, mirrored = restore_copy.restore_backup(
        "copy.tar", target, NOW, store=store, behind=behind, settle=lambda making: settled.append(target.exists())
    )
    assert (size, mirrored, settled) == (7, None, [False])
    begins = ["copy.tar", *([] if behind else ["guard", "marked"])]
    moved = [f"entries.db to {store}", "heads", "aside", store] if store else []
    assert said == [*begins, *moved]
    assert (target / "entries.db").exists() is not bool(store)
    assert (target / "entries.db-wal").exists() is not bool(store)
    assert not (target / "moved").exists()
    assert ((target / "store").read_text() if store else "") == (f"{store}\n" if store else "")
