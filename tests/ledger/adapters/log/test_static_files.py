"""Published files are those of the signed head, are written once, and are written again only where they are missing."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.log.static_files import StaticLog
from ledger.errors import LedgerError
from ledger.tlog.note import Checkpoint
from ledger.tlog.tile import bundles_for, pack_entries, tile_bytes, tile_path, tiles_for
from tests.support.files.system_calls import open_below, synced
from tests.support.hash_log import HashLog


@pytest.fixture(scope="module")
def log() -> HashLog:
    return HashLog(size=520)


@pytest.fixture
def static(log: HashLog, tmp_path: Path) -> StaticLog:
    return StaticLog(tmp_path, log.key)


def publish(static: StaticLog, log: HashLog, size: int, *, entries: bool = False, durable: bool = True) -> None:
    def read(first: int, number: int) -> list[bytes]:
        return log.entries[first : first + number]

    head = Checkpoint(log.origin, size, log.root(size))
    static.publish(head, log.note(size), log.read, read if entries else None, durable=durable)


def there(static: StaticLog) -> dict[str, bytes]:
    files = {path for path in static.folder.rglob("*") if path.is_file()}
    return {path.relative_to(static.folder).as_posix(): path.read_bytes() for path in files}


def expected(log: HashLog, size: int, *, entries: bool = False) -> dict[str, bytes]:
    files = {tile_path(tile): tile_bytes(tile, log.read) for tile in tiles_for(0, size)}
    for bundle in bundles_for(0, size) if entries else ():
        files[tile_path(bundle)] = pack_entries(log.entries[bundle.n * 256 : bundle.n * 256 + bundle.width])
    return files | {"checkpoint": log.note(size)}


def code(call: Any, *given: Any, **more: Any) -> str:
    with pytest.raises(LedgerError) as refused:
        call(*given, **more)
    return str(refused.value.code)


@pytest.mark.parametrize("entries", [False, True])
@pytest.mark.parametrize("sizes", [(0,), (1,), (255, 256), (3, 5, 257, 519), (256, 512, 520)])
def test_the_files_of_a_head_are_its_tiles_and_no_partial_one_of_a_full_tile(
    sizes: tuple[int, ...], entries: bool, log: HashLog, static: StaticLog
) -> None:
    for size in sizes:
        publish(static, log, size, entries=entries)
    found, wanted = there(static), expected(log, sizes[-1], entries=entries)
    assert {name: found.get(name) for name in wanted} == wanted
    full = {name for name in found if ".p/" not in name}
    assert [name for name in found if ".p/" in name and name.partition(".p/")[0] in full] == []
    head = static.head()
    assert head is not None
    assert head.checkpoint.size == sizes[-1]
    assert open_below(static.folder) == []


def test_a_smaller_head_changes_nothing_and_another_note_of_the_same_size_is_shown(
    log: HashLog, static: StaticLog
) -> None:
    publish(static, log, 5)
    before = there(static)
    publish(static, log, 3)
    assert there(static) == before
    cosigned = log.note(5) + b"\xe2\x80\x94 w.example " + b"A" * 100 + b"\n"
    static.show(4, cosigned)
    assert there(static) == before
    static.show(5, cosigned)
    assert there(static)["checkpoint"] == cosigned


def test_a_file_that_has_its_bytes_is_not_written_again(log: HashLog, static: StaticLog) -> None:
    publish(static, log, 300)
    for name in there(static):
        os.utime(static.folder / name, (1, 1))
    with synced() as names:
        static.rebuild(300, log.read)
        static.show(300, log.note(300))
    assert names == []
    assert {(static.folder / name).stat().st_mtime for name in there(static)} == {1.0}


@pytest.mark.parametrize("note", [b"", b"\0" * 90])
def test_a_checkpoint_that_a_power_cut_took_is_none(note: bytes, log: HashLog, static: StaticLog) -> None:
    assert static.head() is None
    publish(static, log, 5)
    (static.folder / "checkpoint").write_bytes(note)
    assert static.head() is None
    publish(static, log, 5)
    assert there(static) == expected(log, 5)


def test_a_checkpoint_of_another_log_is_damage(log: HashLog, static: StaticLog) -> None:
    (static.folder / "checkpoint").write_bytes(HashLog(seed=bytes(32), size=3).note(3))
    assert code(static.head) == "LOG-CORRUPT"
    (static.folder / "checkpoint").write_bytes(b"no note")
    assert code(publish, static, log, 5) == "LOG-CORRUPT"


@pytest.mark.parametrize(
    ("change", "durable", "is_damage"),
    [
        (lambda data: data[:-1], True, False),
        (lambda data: b"", True, False),
        (lambda data: b"\0" * len(data), False, False),
        (lambda data: b"\0" * len(data), True, True),
        (lambda data: b"\0" * (len(data) + 1), True, True),
        (lambda data: b"x" + data[1:], True, True),
        (lambda data: b"x" + data[1:], False, True),
        (lambda data: data + b"x", False, True),
    ],
)
def test_a_short_or_torn_tile_is_written_again_and_other_bytes_are_damage(
    change: Any, durable: bool, is_damage: bool, log: HashLog, static: StaticLog
) -> None:
    publish(static, log, 5)
    (tile,) = tiles_for(0, 5)
    path = static.folder / tile_path(tile)
    spoiled = change(path.read_bytes())
    path.write_bytes(spoiled)
    (static.folder / "checkpoint").unlink()
    if is_damage:
        assert code(publish, static, log, 5, durable=durable) == "LOG-CORRUPT"
        assert path.read_bytes() == spoiled
    else:
        publish(static, log, 5, durable=durable)
        assert there(static) == expected(log, 5)


def test_a_full_tile_is_durable_whatever_is_asked(log: HashLog, static: StaticLog) -> None:
    publish(static, log, 255)
    path = static.folder / tile_path(tiles_for(0, 256)[0])
    path.write_bytes(b"\0" * 256 * 32)
    assert code(publish, static, log, 256, durable=False) == "LOG-CORRUPT"


def test_mending_writes_the_partial_tiles_of_the_published_head_again(log: HashLog, static: StaticLog) -> None:
    static.mend(log.read)
    assert there(static) == {}
    publish(static, log, 300, durable=False)
    before = there(static)
    for name in before:
        if ".p/" in name:
            (static.folder / name).unlink()
    static.mend(log.read)
    assert there(static) == before


def test_mending_replaces_a_tile_whose_bytes_a_power_cut_took(log: HashLog, static: StaticLog) -> None:
    publish(static, log, 5, durable=False)
    path = static.folder / tile_path(tiles_for(0, 5)[0])
    path.write_bytes(bytes(path.stat().st_size))
    static.mend(log.read)
    assert there(static) == expected(log, 5)


@pytest.mark.parametrize("size", [1, 300])
@pytest.mark.parametrize("entries", [False, True])
def test_all_files_of_a_size_can_be_written_again(size: int, entries: bool, log: HashLog, static: StaticLog) -> None:
    publish(static, log, size, entries=entries)
    before = there(static)
    for name in before:
        if name != "checkpoint":
            (static.folder / name).unlink()

    def read(first: int, number: int) -> list[bytes]:
        return log.entries[first : first + number]

    with synced() as names:
        static.rebuild(size, log.read, read if entries else None)
    assert names[-1] == static.folder.name, "what is written again is durable"
    assert there(static) == before


def test_what_cannot_be_derived_again_is_synced_with_its_folders(log: HashLog, static: StaticLog) -> None:
    with synced() as names:
        publish(static, log, 5, durable=False)
    assert names == []
    with synced() as names:
        publish(static, log, 6)
    tile = tile_path(tiles_for(5, 6)[0])
    folders = [static.folder.name, "tile", "0", Path(tile).parent.name]
    assert [name for name in names if name in folders] == [*reversed(folders), static.folder.name]  # the last: shown
    assert static.folder.parent.name not in names
    assert names[-1] == static.folder.name
    assert "checkpoint" in "".join(names)
    with synced() as names:
        publish(static, log, 256, durable=False)
    assert {"0", "tile", static.folder.name} <= set(names)  # the full tile
    assert "checkpoint" not in "".join(names)
    with synced() as names:
        publish(static, log, 256)
    assert names == []


def test_what_is_published_is_durable_unless_something_else_is_asked(log: HashLog, static: StaticLog) -> None:
    checkpoint = Checkpoint(log.origin, 3, log.root(3))
    calls: list[Callable[[], None]] = [
        lambda: static.prepare(2, log.read),
        lambda: static.show(2, log.note(2)),
        lambda: static.publish(checkpoint, log.note(3), log.read),
    ]
    for call in calls:
        with synced() as names:
            call()
        assert names


def test_one_process_writes_at_a_time(log: HashLog, static: StaticLog) -> None:
    free: list[bool] = []

    def read(places: Any) -> Any:
        fd = os.open(static.folder, os.O_RDONLY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free.append(True)
        except BlockingIOError:
            free.append(False)
        finally:
            os.close(fd)
        return log.read(places)

    static.prepare(3, read)
    static.rebuild(4, read)
    static.show(4, log.note(4))
    for path in (static.folder / "tile").rglob("*.p/*"):
        path.unlink()
    static.mend(read)
    assert len(free) >= 3
    assert not any(free)
