"""The list of a copy has sound numbers and digests, and each file of a folder has its listed digest."""

from __future__ import annotations

import io
import tarfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.application.backup import manifest as listing
from ledger.application.backup.manifest import (
    NAME,
    CopiedFile,
    Manifest,
    check_files,
    format_manifest,
    parse_manifest,
    read_manifest,
    state_of,
)
from ledger.errors import LedgerError

ROOT, OTHER = "ab" * 32, "01" * 32
LIST = Manifest(
    origin="ledger.test/xo",
    since=2,
    since_root=OTHER,
    size=5,
    root=ROOT,
    published=5,
    files={"policy": CopiedFile(ROOT, (1, 2, 3, 4))},
)


def read_again(manifest: Manifest) -> object:
    """Return the list as it is read from its JSON, or the code of its refusal."""
    try:
        return parse_manifest(format_manifest(manifest))
    except LedgerError as fault:
        return fault.code


@pytest.mark.parametrize(
    ("changed", "is_refused"),
    [
        ({}, False),
        ({"since": 0, "published": 0, "files": {}}, False),
        ({"since": 5}, False),  # nothing is new
        ({"since": 6}, True),
        ({"since": -1}, True),
        ({"size": (1 << 63) - 1}, False),
        ({"size": 1 << 63}, True),
        ({"published": -1}, True),
        ({"published": 6}, True),
        ({"root": ROOT.upper()}, True),
        ({"since_root": OTHER[1:]}, True),
        ({"root": f"{ROOT}\n"}, True),
        ({"files": {"policy": CopiedFile("none", (1, 2, 3, 4))}}, True),
    ],
)
def test_a_list_has_sound_sizes_and_digests(changed: dict[str, Any], is_refused: bool) -> None:
    manifest = replace(LIST, **changed)
    assert read_again(manifest) == ("COPY-FORMAT" if is_refused else manifest)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"more":1,' + format_manifest(LIST)[1:],
        format_manifest(LIST).replace(b"ledger.test", b"ledger.\xff"),
    ],
)
def test_what_is_no_list_is_named_by_its_file(data: bytes) -> None:
    with pytest.raises(LedgerError, match=r"a\.tar: not the list of a copy") as found:
        parse_manifest(data, "a.tar")
    assert found.value.code == "COPY-FORMAT"


def packed(path: Path, *members: tuple[str, bytes, bytes]) -> str:
    with tarfile.open(path, "w") as tar:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type, member.size = kind, len(content)
            tar.addfile(member, io.BytesIO(content))
    return str(path)


def test_the_list_is_a_file_of_the_copy_by_its_name(tmp_path: Path) -> None:
    data = format_manifest(LIST)
    file = packed(tmp_path / "a.tar", ("first", tarfile.REGTYPE, b"x"), (NAME, tarfile.REGTYPE, data))
    assert read_manifest(file) == LIST
    for at, members in enumerate([[], [("other", tarfile.REGTYPE, data)], [(NAME, tarfile.DIRTYPE, b"")]]):
        with pytest.raises(LedgerError, match=r"has no backup\.json") as found:
            read_manifest(packed(tmp_path / f"{at}.tar", *members))
        assert (found.value.code, "without --since" in found.value.hint) == ("COPY-FORMAT", True)


def test_a_copy_with_a_faulty_list_is_refused_for_its_list(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as found:
        read_manifest(packed(tmp_path / "a.tar", (NAME, tarfile.REGTYPE, b"{}")))
    assert found.value.code == "COPY-FORMAT"
    assert found.value.says.startswith(f"{tmp_path / 'a.tar'}: not the list of a copy of a ledger: ")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_to_another_member_is_no_list(kind: bytes, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        other, link = tarfile.TarInfo("other"), tarfile.TarInfo(NAME)
        other.size = len(data := format_manifest(LIST))
        link.type, link.linkname = kind, "other"
        tar.addfile(other, io.BytesIO(data))
        tar.addfile(link)
    with pytest.raises(LedgerError, match=r"has no backup\.json"):
        read_manifest(str(tmp_path / "a.tar"))


def test_a_list_is_read_up_to_its_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = format_manifest(LIST)
    file = packed(tmp_path / "a.tar", (NAME, tarfile.REGTYPE, data))
    monkeypatch.setattr(listing, "LARGEST", len(data))
    assert read_manifest(file) == LIST
    monkeypatch.setattr(listing, "LARGEST", len(data) - 1)
    with pytest.raises(LedgerError, match=r"has no backup\.json"):
        read_manifest(file)


def test_a_file_that_is_no_archive_is_no_copy_and_one_that_is_not_there_is_an_error_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text")
    with pytest.raises(LedgerError, match="not a copy of a ledger"):
        read_manifest(str(tmp_path / "text"))
    with pytest.raises(FileNotFoundError):
        read_manifest(str(tmp_path / "none"))


def test_the_files_of_a_folder_are_those_that_are_listed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "trust").mkdir(parents=True)
    outside = tmp_path / "outside"
    for path in (folder / "policy", folder / "trust" / "tsa", outside):
        path.write_bytes(b"content")
    (folder / "link").symlink_to(outside)
    listed = CopiedFile(sha256(b"content").hexdigest(), (0, 0, 0, 0))

    def wrong(*names: str) -> str:
        try:
            check_files(folder, replace(LIST, files=dict.fromkeys(names, listed)), "a.tar")
        except LedgerError as fault:
            return f"{fault.code} {fault.says}"
        return ""

    assert wrong() == wrong("policy", "trust/tsa") == ""
    for name in ("../outside", "trust/../policy", "link", "trust", "none", str(outside), f"/{outside}", "a" * 256):
        assert wrong("policy", name) == f"COPY-FORMAT a.tar: {name!r} is in none of the copies"
    (folder / "policy").write_bytes(b"changed")
    assert wrong("trust/tsa", "policy") == "COPY-FORMAT a.tar: 'policy' is not the file that was copied"


def test_the_state_of_a_file_is_its_size_its_times_and_its_inode(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"four")
    status = (tmp_path / "file").stat()
    assert state_of(status) == (4, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
