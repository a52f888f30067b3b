"""An export that was cut short is continued under its entry id, by one process at a time, and never after its end."""

from __future__ import annotations

import errno
import fcntl
from itertools import count
from pathlib import Path

import pytest

from ledger.adapters.folders.pending_exports import begin
from tests.support.files.system_calls import open_below, synced

ASKED, OTHER = "a" * 64, "b" * 64
IDS = [f"{n:032x}" for n in range(9)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pending"


def test_an_export_is_continued_under_its_id_until_it_ends(folder: Path) -> None:
    numbers = count()

    def new_id() -> str:
        return IDS[next(numbers)]

    first = begin(folder, ASKED, new_id)
    assert (first.entry, folder.stat().st_mode & 0o777) == (IDS[0], 0o700)
    first.release()
    again = begin(folder, ASKED, new_id)
    assert again.entry == IDS[0]
    other = begin(folder, OTHER, new_id)
    assert other.entry == IDS[1]
    again.end()
    again.release()
    other.release()
    assert [path.name for path in folder.iterdir()] == [f"{OTHER}-{IDS[1]}"]
    later = begin(folder, ASKED, new_id)
    assert later.entry == IDS[2]
    later.end()
    later.end()  # it is gone already
    later.release()


def test_of_two_at_once_each_has_a_separate_id_and_the_first_that_is_free_is_continued(folder: Path) -> None:
    one, two = begin(folder, ASKED, lambda: IDS[1]), begin(folder, ASKED, lambda: IDS[2])
    assert (one.entry, two.entry) == (IDS[1], IDS[2])
    two.release()
    three = begin(folder, ASKED, lambda: IDS[3])
    assert three.entry == IDS[2]
    for each in (one, three):
        each.release()
    assert begin(folder, ASKED, lambda: IDS[3]).entry == IDS[1]


def test_an_id_that_is_a_file_already_is_not_begun_again(folder: Path) -> None:
    one = begin(folder, ASKED, lambda: IDS[1])
    with pytest.raises(FileExistsError):
        begin(folder, ASKED, lambda: IDS[1])
    one.release()


def test_the_name_of_an_export_is_durable_when_it_begins_and_when_it_ends(folder: Path) -> None:
    with synced() as names:
        one = begin(folder, ASKED, lambda: IDS[1])
    assert names == ["pending"]
    with synced() as names:
        one.end()
    assert names == ["pending"]
    one.release()


def test_an_export_that_ends_between_its_listing_and_its_lock_is_not_continued(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(folder, ASKED, lambda: IDS[1]).release()
    original = fcntl.flock

    def lock(fd: int, how: int) -> None:
        (folder / f"{ASKED}-{IDS[1]}").unlink(missing_ok=True)  # the other process ends it
        original(fd, how)

    monkeypatch.setattr("fcntl.flock", lock)
    again = begin(folder, ASKED, lambda: IDS[2])
    assert again.entry == IDS[2]
    again.release()
    assert open_below(folder) == []


def test_a_lock_that_fails_for_another_reason_is_no_other_process(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(fd: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr("fcntl.flock", broken)
    with pytest.raises(OSError, match="no locks"):
        begin(folder, ASKED, lambda: IDS[1])
