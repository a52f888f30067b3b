"""A folder of another party is read as plain files: no link, no pipe, nothing over its limit, nothing left open."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from ledger.adapters.folders import handed_folder
from ledger.adapters.folders.handed_folder import HandedFolder, read_named, read_whole
from ledger.errors import RecordError
from tests.support.files.system_calls import open_below


@pytest.fixture
def handed(tmp_path: Path) -> Path:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "file").write_bytes(b"seven b")
    (tmp_path / "top").write_bytes(b"top")
    return tmp_path


def refused(call: Callable[..., object], *given: object) -> tuple[str, str, str | None]:
    with pytest.raises(RecordError) as raised:
        call(*given)
    return raised.value.code, raised.value.says, raised.value.where


def test_a_file_is_read_up_to_its_limit_and_one_byte_more_is_refused(handed: Path) -> None:
    folder = HandedFolder(handed)
    assert (folder.read("in/deep/file", 7), folder.read("top", 3)) == (b"seven b", b"top")
    code, says, where = refused(folder.read, "in/deep/file", 6)
    assert (code, says, where) == (
        "NOT-A-FILE",
        "larger than the 6 bytes that such a file may have",
        str(handed / "in/deep/file"),
    )


def test_of_a_file_larger_than_the_memory_no_more_is_read_than_its_limit(handed: Path) -> None:
    os.truncate(handed / "top", 1 << 42)  # without blocks on the disk
    code, says, _ = refused(HandedFolder(handed).read, "top", 6)
    assert (code, says) == ("NOT-A-FILE", "larger than the 6 bytes that such a file may have")


def test_the_limits_are_those_of_the_reference() -> None:
    limits = handed_folder.TRUST_FILE, handed_folder.NOTE, handed_folder.FOREIGN, handed_folder.NAMED
    assert limits == (1024 * 1024, 64 * 1024, 128 * 1024, 640 * 1024 * 1024)  # docs/reference/verification.md
    assert handed_folder.MOST_NAMES == 100_000


def test_what_is_missing_is_none_and_no_error(handed: Path) -> None:
    folder = HandedFolder(handed)
    missing = ("none", "in/none", "none/file")
    assert [folder.read(path, 9) for path in missing] == [None, None, None]
    assert [folder.has(path) for path in missing] == [False, False, False]
    assert [folder.has(path) for path in ("top", "in", "in/deep/file")] == [True, True, True]
    assert (folder.names("none"), folder.names("in"), folder.names(".")) == ([], ["deep"], ["in", "top"])


def test_no_link_pipe_or_folder_is_read_as_a_file(handed: Path) -> None:
    (handed / "link").symlink_to(handed / "top")
    (handed / "around").symlink_to(handed / "in")
    (handed / "broken").symlink_to(handed / "nothing")
    os.mkfifo(handed / "pipe")
    folder = HandedFolder(handed)
    for path in ("link", "broken", "pipe", "in"):
        assert refused(folder.read, path, 99)[:2] == ("NOT-A-FILE", "no regular file")
        assert folder.has(path)
    for call in (folder.names, folder.has, partial(folder.read, most=99)):
        code, says, _ = refused(call, "around/deep")
        assert (code, says) == ("NOT-A-FILE", "not below a folder, but below 'around'")
        assert refused(call, "top/deep")[1] == "not below a folder, but below 'top'"
    assert refused(folder.names, "around")[2] == str(handed / "around")


def test_a_file_that_becomes_a_pipe_after_it_was_looked_at_is_refused(
    handed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(handed / "pipe")
    first = (handed / "top").stat()
    monkeypatch.setattr("os.stat", lambda *_, **__: first)
    assert refused(HandedFolder(handed).read, "pipe", 99)[:2] == ("NOT-A-FILE", "no regular file")
    assert open_below(handed) == []


def test_a_folder_of_too_many_names_is_refused(handed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = HandedFolder(handed)
    monkeypatch.setattr(handed_folder, "MOST_NAMES", 2)
    assert folder.names(".") == ["in", "top"]
    (handed / "third").touch()
    code, says, where = refused(folder.names, ".")
    assert (code, says, where) == ("NOT-A-FILE", "a folder of more than 2 files", f"{handed}/.")


def test_names_are_sorted_whatever_the_order_of_the_disk(handed: Path) -> None:
    names = [f"{n:02x}" for n in (7, 3, 9, 1, 8, 0, 4)]
    (handed / "many").mkdir()
    for name in names:
        (handed / "many" / name).touch()
    assert HandedFolder(handed).names("many") == sorted(names)


def test_an_error_of_the_disk_is_no_statement_about_the_folder(handed: Path) -> None:
    folder = HandedFolder(handed)
    with pytest.raises(OSError, match="File name too long"):
        folder.read(f"{'n' * 300}/file", 9)


def test_nothing_that_was_opened_stays_open(handed: Path) -> None:
    folder = HandedFolder(handed)
    (handed / "link").symlink_to(handed / "in")
    folder.read("in/deep/file", 9)
    folder.read("in/deep/none", 9)
    folder.names("in/deep")
    folder.has("in/deep/file")
    for path in ("link/deep/file", "top/file", "in"):
        refused(folder.read, path, 9)
    assert open_below(handed) == []


def test_a_named_file_is_read_whole_up_to_its_limit(handed: Path) -> None:
    assert (read_named(handed / "top"), read_named(handed / "top", 3)) == (b"top", b"top")
    code, says, where = refused(read_named, handed / "top", 2)
    assert (code, says, where) == (
        "NOT-A-FILE",
        "larger than the 0 MiB of any file that is read here",
        str(handed / "top"),
    )
    (handed / "large").write_bytes(bytes((1 << 20) + 1))
    assert refused(read_named, handed / "large", 1 << 20)[1] == "larger than the 1 MiB of any file that is read here"


class Dripping(io.BytesIO):
    """A stream that gives three bytes at a time, and counts how often it is asked."""

    asked = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.asked += 1
        return super().read(min(3, 3 if size is None or size < 0 else size))


def test_a_stream_is_read_to_its_end_or_a_little_over_the_limit() -> None:
    assert read_whole(Dripping(b""), 9) == b""
    assert read_whole(Dripping(b"ab"), 9) == b"ab"
    assert read_whole(Dripping(b"abcdefgh"), 8) == b"abcdefgh"
    assert read_whole(Dripping(b"abcdefghi"), 9) == b"abcdefghi"
    endless = Dripping(b"x" * 100)
    assert (read_whole(endless, 9), endless.asked) == (b"x" * 12, 4)
