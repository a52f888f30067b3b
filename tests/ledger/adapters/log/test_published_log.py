"""A published log is read by its files: each tile once, and nothing that is larger than it may be."""

from __future__ import annotations

import os
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.http_client import Reply
from ledger.adapters.log import published_log
from ledger.adapters.log.published_log import Fetch, entries_of, from_folder, from_url, place_of, reader, source
from ledger.errors import LedgerError, RecordError
from ledger.tlog.tile import ENTRIES, FULL, LARGEST_BUNDLE, Tile, pack_entries, tile_bytes, tile_path, tiles_for
from ledger.tlog.tree import Frontier, leaf_hash, root, stored_count, stored_index


def stored(size: int) -> list[bytes]:
    frontier, found = Frontier(), list[bytes]()
    for n in range(size):
        found += frontier.add(leaf_hash(b"%d" % n))
    return found


HASHES = stored(70_000)


class Files:
    """The files of a log, which counts what is asked."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: Counter[tuple[str, int]] = Counter()

    def __call__(self, path: str, most: int) -> bytes:
        self.asked[path, most] += 1
        if path not in self.files:
            raise LedgerError("LOG-UNREACHABLE", path)
        return self.files[path]


def tiles(size: int, *, full: bool = False) -> Files:
    """Return the tiles of a tree; with `full` only the full ones."""
    found = [tile for tile in tiles_for(0, size) if not full or tile.width == FULL]
    return Files({tile_path(tile): tile_bytes(tile, lambda places: [HASHES[n] for n in places]) for tile in found})


@pytest.mark.parametrize("index", [0, 1, 2, 3, 4, 6, 7, 8, 254, 255, 509, 510, 511, 512, 1_000_000, 1 << 40])
def test_a_stored_hash_has_its_level_and_number(index: int) -> None:
    level, n = place_of(index)
    assert stored_index(level, n) == index


def test_the_first_stored_hashes_are_those_of_the_first_leaves() -> None:
    assert [place_of(n) for n in range(8)] == [(0, 0), (0, 1), (1, 0), (0, 2), (0, 3), (1, 1), (2, 0), (0, 4)]


@pytest.mark.parametrize("size", [1, 2, 7, 255, 256, 257, 511, 600, 66_000])
def test_every_stored_hash_is_read_from_tiles_that_are_fetched_once(size: int) -> None:
    files = tiles(size)
    read, count = reader(files, size), stored_count(size)
    places = list(range(count)) if size < 1_000 else [0, 1, 2, 510, 511, count // 2, count - 2, count - 1, 130_815]
    assert read(places) == [HASHES[n] for n in places]
    assert read(places) == [HASHES[n] for n in places]
    assert set(files.asked.values()) == {1}
    assert root(size, read) == root(size, lambda positions: [HASHES[n] for n in positions])


def test_a_tile_has_as_many_bytes_as_it_has_hashes_in_a_tree_of_this_size() -> None:
    files = tiles(600)
    reader(files, 600)([0, stored_index(0, 599), stored_index(8, 0), stored_index(8, 1)])
    assert files.asked == {("tile/0/000", 8_192): 1, ("tile/0/002.p/88", 2_816): 1, ("tile/1/000.p/2", 64): 1}


def test_a_partial_tile_that_is_gone_is_cut_from_the_full_one() -> None:
    files, place = tiles(600, full=True), stored_index(0, 599)
    with pytest.raises(LedgerError, match="LOG-UNREACHABLE"):
        reader(files, 600)([place])
    files.files |= {path: data for path, data in tiles(768).files.items() if path == "tile/0/002"}
    assert reader(files, 600)([place]) == [HASHES[place]]
    assert files.asked["tile/0/002", 8_192] == 2
    del files.files["tile/0/000"]
    files.asked.clear()
    with pytest.raises(LedgerError, match="LOG-UNREACHABLE"):
        reader(files, 600)([0])
    assert files.asked.total() == 1, "there is no larger one"


@pytest.mark.parametrize("change", [-1, 1, -32, 32])
def test_a_tile_of_another_length_is_refused(change: int) -> None:
    files = tiles(300)
    data = files.files["tile/0/001.p/44"]
    files.files["tile/0/001.p/44"] = data[:change] if change < 0 else data + bytes(change)
    with pytest.raises(RecordError, match="LOG-TILE") as refused:
        reader(files, 300)([stored_index(0, 256)])
    assert refused.value.where == "tile/0/001.p/44"


@pytest.mark.parametrize(("level", "n"), [(0, 300), (0, 512), (1, 150), (3, 37), (8, 1), (9, 0), (16, 0)])
def test_a_hash_beyond_the_end_of_a_tree_is_refused(level: int, n: int) -> None:
    with pytest.raises(RecordError, match="LOG-TILE"):
        reader(tiles(300), 300)([stored_index(level, n)])


def bundles(*widths: int) -> Files:
    return Files(
        {tile_path(Tile(ENTRIES, 3, width)): pack_entries([b"%d" % n for n in range(width)]) for width in widths}
    )


@pytest.mark.parametrize(("there", "width", "asked"), [((7,), 7, 1), ((256,), 7, 2), ((256,), 256, 1), ((7, 9), 9, 1)])
def test_entries_are_read_from_their_bundle_or_from_the_full_one(
    there: tuple[int, ...], width: int, asked: int
) -> None:
    files = bundles(*there)
    assert entries_of(files, 3, width) == [b"%d" % n for n in range(width)]
    assert files.asked.total() == asked
    assert {most for _, most in files.asked} == {LARGEST_BUNDLE}


@pytest.mark.parametrize(("width", "asked"), [(7, 2), (256, 1)])
def test_a_bundle_that_is_not_there_is_not_read(width: int, asked: int) -> None:
    files = bundles(8)
    with pytest.raises(LedgerError, match="LOG-UNREACHABLE"):
        entries_of(files, 3, width)
    assert files.asked.total() == asked


def test_a_bundle_with_too_few_entries_is_refused_and_more_are_cut_off() -> None:
    files = bundles(7)
    (path,) = files.files
    for count in (6, 7, 8):
        files.files[path] = pack_entries([b"%d" % n for n in range(count)])
        if count < 7:
            with pytest.raises(RecordError, match="LOG-TILE") as refused:
                entries_of(files, 3, 7)
            assert refused.value.where == path
        else:
            assert len(entries_of(files, 3, 7)) == 7


def code(fetch: Fetch, path: str, most: int) -> str:
    with pytest.raises(LedgerError) as refused:
        fetch(path, most)
    return refused.value.code


def test_a_file_of_a_folder_is_read_whole_or_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(b"12345")
    os.mkfifo(tmp_path / "pipe")
    fetch = from_folder(tmp_path)
    assert [fetch("checkpoint", most) for most in (5, 6)] == [b"12345"] * 2
    with pytest.raises(RecordError, match=r"LOG-TILE.*: more than 4 bytes") as refused:
        fetch("checkpoint", 4)
    assert refused.value.where == "checkpoint"
    assert [code(fetch, path, 9) for path in ("none", "pipe", ".")] == ["LOG-UNREACHABLE"] * 3
    assert source(str(tmp_path))("checkpoint", 5) == b"12345"


def test_no_more_of_a_file_is_read_than_shows_that_it_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "checkpoint").write_bytes(b"123456789")
    monkeypatch.setattr(published_log, "_whole", lambda data, most, path: data)
    assert [from_folder(tmp_path)("checkpoint", most) for most in (4, 0, 9)] == [b"12345", b"1", b"123456789"]


@pytest.mark.parametrize("where", ["http://log.example/x", "https://log.example/x///"])
def test_a_file_of_a_server_is_asked_for_below_the_prefix_and_read_if_it_is_there(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    replies = [Reply(200, "", b"12345"), Reply(200, "", b"123456"), Reply(404, "", b"12345"), Reply(206, "", b"12345")]

    async def ask(*given: Any) -> Reply:
        asked.append(given)
        return replies.pop(0)

    monkeypatch.setattr(published_log, "ask", ask)
    fetch = source(where)
    assert fetch("tile/0/000", 5) == b"12345"
    with pytest.raises(RecordError, match=r"LOG-TILE.*: more than 5 bytes"):
        fetch("tile/0/000", 5)
    assert [code(from_url(where), "checkpoint", 5) for _ in range(2)] == ["LOG-UNREACHABLE"] * 2
    prefix = where.rstrip("/")
    assert asked == [(f"{prefix}/{path}", 5, 10.0) for path in ["tile/0/000"] * 2 + ["checkpoint"] * 2]


def test_a_note_has_64_kib_at_most() -> None:
    assert published_log.LARGEST_NOTE == 65_536
    assert len(HASHES) == stored_count(70_000)
    assert HASHES[0] == sha256(b"\x00" + b"0").digest()
