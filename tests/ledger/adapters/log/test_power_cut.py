"""What is not synced when a log is published can be lost in a power cut, and the next writer derives it again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.guard.sqlite_guard import make_whole
from ledger.adapters.log.log import Log, first_note
from ledger.tlog.note import cosign, open_checkpoint
from ledger.tlog.tile import partial_tiles, tile_path
from tests.ledger.adapters.log.test_log import (
    KEY,
    NOON,
    ORIGIN,
    SEED,
    WITNESS,
    WITNESS_SEED,
    Clock,
    clock,
    closed,
    code,
    folder,
    log,
    opened,
    published,
    store,
)

__all__ = ["clock", "folder", "log"]  # fixtures

LOSSES: dict[str, Callable[[Path], object]] = {
    "the file is missing": Path.unlink,
    "the file is empty": lambda path: path.write_bytes(b""),
    "the file is all zero": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "the file is short": lambda path: path.write_bytes(path.read_bytes()[:32]),
}


def recorded(log: Log, size: int) -> None:
    store(log, size - log.store.size())
    log.acknowledge(size - 1)
    log.publish()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("size", [9, 300, 520])
def test_partial_tiles_that_a_power_cut_took_are_written_again_at_the_next_opening(
    folder: Path, clock: Clock, loss: str, size: int
) -> None:
    log = opened(folder, clock)
    recorded(log, size)
    closed(log)
    before = published(folder / "log")
    tiles = partial_tiles(size)
    for tile in tiles:
        if tile.width > 1 or loss != "the file is short":
            LOSSES[loss](folder / "log" / tile_path(tile))
    log = opened(folder, clock)
    log.catch_up()
    assert published(folder / "log") == before
    closed(log)


@pytest.mark.parametrize("loss", ["the file is missing", "the file is empty", "the file is all zero"])
def test_a_checkpoint_that_a_power_cut_took_is_written_again_at_the_next_opening(
    folder: Path, clock: Clock, loss: str
) -> None:
    log = opened(folder, clock)
    recorded(log, 300)
    closed(log)
    before = published(folder / "log")
    LOSSES[loss](folder / "log" / "checkpoint")
    log = opened(folder, clock)
    log.catch_up()
    assert published(folder / "log") == before
    closed(log)


def test_an_older_checkpoint_that_comes_back_in_a_power_cut_is_replaced(folder: Path, clock: Clock) -> None:
    log = opened(folder, clock)
    recorded(log, 255)
    older = (folder / "log" / "checkpoint").read_bytes()
    recorded(log, 257)
    closed(log)
    before = published(folder / "log")
    (folder / "log" / "checkpoint").write_bytes(older)
    shutil.rmtree(folder / "log" / "tile" / "1")
    log = opened(folder, clock)
    log.catch_up()
    assert published(folder / "log") == before
    closed(log)


def test_a_partial_tile_with_other_bytes_is_no_loss_but_corrupt(folder: Path, clock: Clock) -> None:
    log = opened(folder, clock)
    recorded(log, 9)
    tile = folder / "log" / "tile" / "0" / "000.p" / "9"
    tile.write_bytes(tile.read_bytes()[:-1] + b"?")
    assert code(log.catch_up) == "LOG-CORRUPT"
    closed(log)


def test_full_tiles_and_cosigned_checkpoints_are_synced_and_partial_ones_are_not(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    original = os.fsync

    def sync(fd: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{fd}")).name)
        original(fd)

    monkeypatch.setattr(os, "fsync", sync)
    recorded(log, 9)
    assert synced == []
    recorded(log, 256)
    assert synced[0] == ".000.new"
    assert set(synced) == {".000.new", "0", "tile", "log"}
    synced.clear()
    note = log.signed().note
    log.publish(note + cosign(note, WITNESS.name, WITNESS_SEED, 1_800_000_000).encode())
    assert synced == [".checkpoint.new", "log"]


def test_the_last_head_is_kept_again_where_a_power_cut_took_it(folder: Path, clock: Clock) -> None:
    log = opened(folder, clock)
    recorded(log, 3)
    head = log.heads.newest()
    closed(log)
    for tail in ("-wal", "-shm"):  # what was not synced
        (folder / f"heads.db{tail}").unlink()
    log = opened(folder, clock)
    assert log.heads.newest() != head
    log.catch_up()
    assert log.heads.newest() == head
    closed(log)


def test_a_guard_that_is_made_anew_has_nothing_of_a_deleted_one(folder: Path, clock: Clock) -> None:
    log = opened(folder, clock)
    recorded(log, 3)
    closed(log)
    (path,) = (folder.parent / "state").rglob("guard.db")
    assert path.with_name("guard.db-wal").stat().st_size > 0
    path.unlink()
    first = first_note(KEY, SEED, NOON)
    guard = Guard.create(path, first)
    assert guard.last() == first
    guard.close()


def test_the_guard_is_whole_whether_its_wal_was_kept_or_not(folder: Path, clock: Clock) -> None:
    for size in (1, 2, 3, 200):
        log = opened(folder, clock)
        recorded(log, size)
        closed(log)
    log = opened(folder, clock)
    signed = log.signatory.last()
    assert signed.size == 200
    assert open_checkpoint(signed.note, ORIGIN, KEY, (WITNESS,)).checkpoint.size == 200
    closed(log)


def test_a_guard_that_was_made_whole_is_one_file(folder: Path, clock: Clock) -> None:
    log = opened(folder, clock)
    recorded(log, 3)
    signed = log.signatory.last()
    closed(log)
    (path,) = (folder.parent / "state").rglob("guard.db")
    make_whole(path)
    assert not path.with_name("guard.db-wal").exists()
    guard = Guard(path)
    assert guard.last() == signed
    guard.close()
