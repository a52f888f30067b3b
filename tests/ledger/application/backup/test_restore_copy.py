"""A copy unpacks files into its folder and nowhere else; of several copies those up to one size are put back."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.folders.ledger_folder import ENTRIES_DB
from ledger.adapters.log.remote_signer import POINTER
from ledger.application.backup import restore_copy
from ledger.application.backup.manifest import LATER, NAME, CopiedFile, Manifest, format_manifest, parse_manifest
from ledger.application.backup.restore_copy import NEVER, _remove_older, _unpack, _unpack_all, up_to
from ledger.application.integrity.own_check import OwnCheck
from ledger.errors import LedgerError
from ledger.tlog.tile import tile_path, tiles_for
from ledger.verify.report import Reason
from tests.support.cli import ledger_of
from tests.support.files.system_calls import synced_sizes
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
    with synced_sizes() as sizes:
        _unpack(packed(tmp_path / "b.tar", ("b/long", b"x" * 5_000)), folder)
    assert sizes == [("long", 5_000)]
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_dir()} <= {0o700, 0o755}
    with pytest.raises(LedgerError, match=r"COPY-FORMAT.*'TEST' has no place in a copy"):
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


@pytest.mark.parametrize(
    "names",
    [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a" * 256,), ("a", "a/b/c"), (LATER, f"{LATER}/a")]
    + [(f"{name}/a",) for name in (ENTRIES_DB, NAME, LATER)],
)
def test_two_files_of_one_name_and_a_file_in_the_place_of_a_folder_make_no_copy(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(LedgerError, match=f"'{names[-1]}' has no place in a copy of a ledger") as found:
        _unpack(packed(tmp_path / "a.tar", *((name, b"x") for name in names)), folder)
    assert found.value.code == "COPY-FORMAT"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_only_files_have_a_place_in_a_copy(kind: bytes, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        member = tarfile.TarInfo("policy")
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(LedgerError, match="has no place"):
        _unpack(str(tmp_path / "a.tar"), tmp_path / "folder")


def test_a_file_of_a_terabyte_in_a_small_copy_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("entries.db")
        member.size = 1
        member.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(1 << 40)}  # all but one byte is a hole
        tar.addfile(member, io.BytesIO(b"x"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(LedgerError, match=r"'entries\.db' has no place") as found:
        _unpack(str(tmp_path / "a.tar"), tmp_path / "folder")
    assert (found.value.code, [*(tmp_path / "folder").iterdir()]) == ("COPY-FORMAT", [])


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


def test_what_is_in_a_backup_is_completed_by_a_mirror_and_without_a_backup_the_trust_files_are_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    mine, theirs = {"policy": b"mine"}, {"policy": b"in the backup"}

    def complete(making: Path, fetch: str, trust: object, now: object) -> str:
        said.append((fetch, trust))
        return "mirrored"

    def verified(folder: Path, file: str, *_: object) -> int:
        said.append(file)
        return 7

    monkeypatch.setattr(restore_copy, "_unpack_all", lambda file, later, making: said.append(file))
    monkeypatch.setattr(restore_copy, "lay_out", lambda making, files: said.append(("laid out", files)))
    monkeypatch.setattr(restore_copy, "plain_files", lambda folder: theirs)
    monkeypatch.setattr(restore_copy, "parse_trust", lambda files: files)
    monkeypatch.setattr(restore_copy, "source", lambda where: f"from {where}")
    monkeypatch.setattr(restore_copy, "complete_from_mirror", complete)
    monkeypatch.setattr(restore_copy, "_verified_size", verified)

    def restored(name: str, file: str, mirror: Any) -> tuple[list[Any], Any]:
        said.clear()
        made: Any = restore_copy.restore_backup(file, tmp_path / name, NOW, behind=True, mirror=mirror)
        return [*said], made

    mirror, bare = restore_copy.MirrorSource("https://m.example", mine), restore_copy.MirrorSource("m")
    assert restored("1", "a.tar", None) == (["a.tar", "a.tar"], (7, None))
    assert restored("2", "a.tar", mirror) == (["a.tar", ("from https://m.example", mine), "a.tar"], (7, "mirrored"))
    assert restored("3", "a.tar", bare) == (["a.tar", ("from m", theirs), "a.tar"], (7, "mirrored"))
    whole = [("laid out", mine), ("from https://m.example", mine), "https://m.example"]
    assert restored("4", "", mirror) == (whole, (7, "mirrored"))
    assert restored("5", "", None) == ([""], (7, None))


@pytest.mark.parametrize(("covered", "behind"), [(5, 0), (5, 3), (0, 2)])
def test_a_restored_ledger_has_all_its_entries_unless_one_thing_contradicts(
    covered: int, behind: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = OwnCheck(SimpleNamespace(entries=covered, not_covered=behind))  # type: ignore[arg-type]
    monkeypatch.setattr(restore_copy, "read_folder", lambda folder: folder)
    monkeypatch.setattr(restore_copy, "check_own", lambda *_: check)
    check.missing.append(Reason("CP-SIG", "log", "it is missing"))
    assert restore_copy._verified_size(Path("there"), "a.tar", NOW, lambda done, of: None) == covered + behind
    check.wrong += [Reason("LOG-CORRUPT", "#3", "an entry is missing"), Reason("SIG-BAD", "#4", "other")]
    with pytest.raises(LedgerError, match=r"LOG-CORRUPT.*a\.tar: #3: an entry is missing"):
        restore_copy._verified_size(Path("there"), "a.tar", NOW, lambda done, of: None)


class Guarded:
    """A ledger of five entries that is put back, with stand-ins for its guard and its witnesses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
        self.signed, self.guarded, self.fault, self.said = 5, True, "", list[str]()
        ledger = SimpleNamespace(origin="o", entries=None, keys=())
        home = SimpleNamespace(user=lambda: SimpleNamespace(log=lambda origin: state))
        store = SimpleNamespace(size=lambda: 5, hashes=None, close=lambda: None)
        hand = SimpleNamespace(last=lambda: SimpleNamespace(size=self.signed), close=lambda: None)
        for name, stand_in in (
            ("read_folder", lambda folder: ledger),
            ("Home", home),
            ("EntryReader", lambda entries: store),
            ("is_guarded", lambda state: self.guarded),
            ("signatory", lambda keys, state: hand),
            ("check_witnesses", self.ask),
        ):
            monkeypatch.setattr(restore_copy, name, stand_in)

    def ask(self, ledger: object, size: Any, hashes: object) -> None:
        assert size() == 5
        if self.fault:
            raise LedgerError(self.fault, "in its words")

    def code(self) -> str:
        try:
            restore_copy._check_guard(Path("there"), "a.tar", self.said.append)
        except LedgerError as fault:
            return f"{fault.code} {fault.says}"
        return ""


@pytest.mark.parametrize("by", ["guard", "signer"])
def test_a_backup_behind_what_was_signed_is_not_put_back(by: str, tmp_path: Path, monkeypatch: Any) -> None:
    here = Guarded(monkeypatch, tmp_path)
    here.guarded = by == "guard"
    if by == "signer":
        (tmp_path / POINTER).touch()
    assert here.code() == ""
    here.signed = 4
    assert here.code() == ""
    here.signed = 6
    assert here.code() == "LOG-ROLLBACK a.tar holds 5 entries, and o has signed 6"
    here.guarded = False
    (tmp_path / POINTER).unlink(missing_ok=True)
    assert here.code() == ""  # nothing was signed on this machine


@pytest.mark.parametrize(
    ("fault", "is_said"),
    [("LOG-UNREACHABLE", True), ("NO-HTTP", True), ("LOG-ROLLBACK", False), ("LOG-FORKED", False)],
)
def test_silent_witnesses_are_asked_later_and_witnesses_that_contradict_are_heard(
    fault: str, is_said: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Guarded(monkeypatch, tmp_path)
    here.fault = fault
    assert here.code() == ("" if is_said else f"{fault} in its words")
    assert here.said == (["in its words; they are asked again before anything is signed"] if is_said else [])


# -- several copies ----------------------------------------------------------------------------------------------------

LISTED = Manifest(origin="o", since=0, since_root="ab" * 32, size=3, root="ab" * 32, published=0, files={})
BOTH = replace(LISTED, size=5)


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Replace what is done with the files and entries of copies; return what was asked for."""
    asked: list[Any] = []

    def add(unpacked: Path, folder: Path, file: str) -> Manifest:
        asked.append(("added", file, sorted(path.name for path in unpacked.iterdir())))
        return parse_manifest((unpacked / NAME).read_bytes())

    monkeypatch.setattr(restore_copy, "add_later", add)
    monkeypatch.setattr(restore_copy, "check_files", lambda folder, listed, where: asked.append((listed.size, where)))
    monkeypatch.setattr(restore_copy, "_remove_older", lambda folder, listed: asked.append("older removed"))
    monkeypatch.setattr(restore_copy, "erase_destroyed", lambda folder: asked.append("erased"))
    return asked


def test_the_files_of_several_copies_are_those_that_the_last_one_lists(several: list[Any], tmp_path: Path) -> None:
    whole = packed(tmp_path / "a.tar", ("entries.db", b"e"), (NAME, format_manifest(LISTED)))
    later = packed(tmp_path / "b.tar", ("TEST", b"t"), (NAME, format_manifest(BOTH)))
    folder = tmp_path / "one"
    folder.mkdir()
    _unpack_all(whole, (), folder)
    assert several == [(3, whole)]
    assert [path.name for path in folder.iterdir()] == ["entries.db"]
    several.clear()
    folder = tmp_path / "two"
    folder.mkdir()
    _unpack_all(whole, (later, later), folder)
    added = ("added", later, ["TEST", NAME])
    assert several == [added, added, (5, later), "older removed", "erased"]
    assert [path.name for path in folder.iterdir()] == ["entries.db"]


def test_a_copy_of_an_earlier_program_has_no_list_to_compare_with(several: list[Any], tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    _unpack_all(packed(tmp_path / "a.tar", ("entries.db", b"e")), (), folder)
    assert several == []
    later = packed(tmp_path / "b.tar", (NAME, format_manifest(BOTH)))
    shutil.rmtree(folder)
    folder.mkdir()
    _unpack_all(str(tmp_path / "a.tar"), (later,), folder)
    assert several[1:] == [(5, later), "older removed", "erased"]


def test_the_first_copy_is_whole_and_the_others_are_of_the_same_log(several: list[Any], tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(LedgerError, match=r"COPY-FORMAT.*a\.tar is no whole copy of a ledger"):
        _unpack_all(packed(tmp_path / "a.tar", (NAME, format_manifest(LISTED))), (), folder)
    shutil.rmtree(folder)
    folder.mkdir()
    whole = packed(tmp_path / "b.tar", ("entries.db", b"e"), (NAME, format_manifest(LISTED)))
    other = packed(tmp_path / "c.tar", (NAME, format_manifest(replace(BOTH, origin="p"))))
    with pytest.raises(LedgerError, match=r"COPY-FORMAT.*c\.tar is a copy of p, not of o"):
        _unpack_all(whole, (other,), folder)


def test_files_that_the_last_copy_does_not_list_are_removed_without_tiles_of_its_tree(tmp_path: Path) -> None:
    tiles = [f"log/{tile_path(tile)}" for tile in tiles_for(0, 3)]
    names = ["TEST", "trust/old", *tiles, "log/tile/0/000.p/200", "exchange/outgoing/a", "exchange/outgoing/b"]
    for name in [*names, "entries.db", "heads.db", "others/a.db"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    kept = CopiedFile("ab" * 32, (0, 0, 0, 0))
    _remove_older(tmp_path, replace(LISTED, published=3, files={"TEST": kept, "exchange/outgoing/b": kept}))
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"TEST", *tiles, "exchange/outgoing/b", "entries.db", "heads.db", "others/a.db"}
