"""Tests of the folder that test runs write to."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests import temporary_folder as module
from tests.temporary_folder import LOCK, YOUNG, remove_abandoned, temporary_folder


def of_a_run(folder: Path, age: float = 3600) -> Path:
    """Make the folder of a run that began `age` seconds ago."""
    folder.mkdir()
    (folder / LOCK).touch()
    os.utime(folder / LOCK, (time.time() - age,) * 2)
    return folder


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "MEMORY", tmp_path)
    monkeypatch.setattr(module, "ROOM", 0)
    return tmp_path


def test_what_a_killed_run_has_left_is_deleted_by_the_next(memory: Path) -> None:
    left, other = of_a_run(memory / "c-left"), memory / "c-other"
    other.mkdir()
    with temporary_folder() as folder:
        assert folder.parent == memory
        assert not left.exists()
    assert list(memory.iterdir()) == [other]


def test_the_folder_of_a_run_that_goes_on_stays(memory: Path) -> None:
    with temporary_folder() as folder:
        os.utime(folder / LOCK, (time.time() - 3600,) * 2)
        remove_abandoned(memory)
        assert folder.exists()


def test_the_folder_of_a_run_that_has_just_begun_stays(memory: Path) -> None:
    young = of_a_run(memory / "c-young", YOUNG / 2)
    remove_abandoned(memory)
    assert young.exists()


def test_what_is_behind_a_link_stays(memory: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    there = of_a_run(tmp_path_factory.mktemp("elsewhere") / "c-there")
    (memory / "c-link").symlink_to(there)
    remove_abandoned(memory)
    assert (there / LOCK).exists()
