"""A folder is made whole or not at all, also by two at once and after one that was killed."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.adapters.folders.new_folder import check_free, new_folder
from ledger.errors import LedgerError
from tests.support.files.system_calls import open_below, synced


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def code(call: Callable[..., object], *given: object) -> str:
    with pytest.raises(LedgerError) as raised:
        call(*given)
    return raised.value.code


def test_a_folder_is_there_with_its_content_once_the_block_ends_and_its_name_is_durable(tmp_path: Path) -> None:
    with synced() as names:
        with new_folder(str(tmp_path / "led")) as making:
            (making / "file").write_text("x")
            assert making.parent == tmp_path
            assert not (tmp_path / "led").exists()
        assert names == [tmp_path.name]
    assert (left(tmp_path), left(tmp_path / "led")) == (["led"], ["file"])
    assert open_below(tmp_path) == []


def test_nothing_is_left_of_a_block_that_fails(tmp_path: Path) -> None:
    def stopped() -> None:
        with new_folder(str(tmp_path / "led")) as making:
            (making / "file").write_text("x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert left(tmp_path) == []
    assert open_below(tmp_path) == []


def test_without_a_name_the_folder_is_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with new_folder(None) as making:
        assert (making.name, making.parent.parent) == ("ledger", tmp_path)
        making.mkdir()
    assert left(tmp_path) == []


def test_what_is_there_and_not_empty_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    for name in ("full", "file"):
        assert code(new_folder(str(tmp_path / name)).__enter__) == "PATH-TAKEN"
        assert code(check_free, str(tmp_path / name)) == "PATH-TAKEN"
    for name in ("empty", "none", "far/away"):
        assert check_free(str(tmp_path / name)) == tmp_path / name
    with new_folder(str(tmp_path / "empty")) as making:
        (making / "mine").touch()
    assert left(tmp_path / "empty") == ["mine"]


@pytest.mark.parametrize("taken", ["a folder", "a file"])
def test_what_takes_the_place_meanwhile_stays_and_the_new_folder_goes(tmp_path: Path, taken: str) -> None:
    place = tmp_path / "led"

    def make() -> None:
        with new_folder(str(place)) as making:
            (making / "mine").touch()
            place.mkdir() if taken == "a folder" else place.touch()
            if taken == "a folder":
                (place / "theirs").touch()

    assert code(make) == "PATH-TAKEN"
    assert left(tmp_path) == ["led"]


def test_an_error_of_the_disk_is_not_said_to_be_a_taken_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="no room"), new_folder(str(tmp_path / "led")):
        pass
    assert left(tmp_path) == []


KILLED = """
import os, signal, sys
from ledger.adapters.folders.new_folder import new_folder
with new_folder(sys.argv[1]) as making:
    (making / "half").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_remains_of_a_killed_process_are_removed_and_those_of_a_running_one_stay(tmp_path: Path) -> None:
    place = str(tmp_path / "led[1]")
    subprocess.run([sys.executable, "-c", KILLED, place], check=False)
    (remains,) = left(tmp_path)
    assert remains.startswith(".led[1].making-")
    with new_folder(place) as mine:
        assert left(tmp_path) == [mine.name]
        assert open_below(tmp_path) == [str(mine)]  # its lock, and none of the remains
        with new_folder(str(tmp_path / "led[1]2")) as other:  # its remains have another prefix
            assert left(tmp_path) == sorted([mine.name, other.name])
        try:
            with new_folder(place) as second:
                assert {mine.name, second.name} < set(left(tmp_path))
                raise ValueError
        except ValueError:
            assert left(tmp_path) == sorted([mine.name, "led[1]2"])
    assert left(tmp_path) == ["led[1]", "led[1]2"]


def test_a_link_with_the_name_of_remains_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    (tmp_path / ".led.making-x").symlink_to(tmp_path / "mine")
    with new_folder(str(tmp_path / "led")):
        pass
    assert left(tmp_path / "mine") == ["file"]
    assert os.path.islink(tmp_path / ".led.making-x")
    assert open_below(tmp_path) == []


def test_a_folder_that_is_removed_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    original = tempfile.mkdtemp

    def make(**more: str) -> str:
        path: str = original(**more)
        made.append(Path(path))
        if len(made) == 1:  # another process takes it for remains
            os.rmdir(path)
        return path

    monkeypatch.setattr("tempfile.mkdtemp", make)
    with new_folder(str(tmp_path / "led")) as making:
        assert making == made[1]


def test_a_folder_that_is_replaced_while_it_is_locked_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[int] = []
    original = fcntl.flock

    def lock(fd: int, how: int) -> None:
        original(fd, how)
        turns.append(fd)
        if len(turns) == 1:
            path = os.readlink(f"/proc/self/fd/{fd}")
            os.rmdir(path)
            os.mkdir(path)

    monkeypatch.setattr("fcntl.flock", lock)
    with new_folder(str(tmp_path / "led")):
        assert len(turns) == 2
        assert len(open_below(tmp_path)) == 1
