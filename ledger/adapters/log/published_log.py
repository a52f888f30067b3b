"""Read a published log: checkpoint and tiles, from a folder or over HTTP.

Nothing is verified here: the caller checks each proof made from the tiles against a signed root. Sizes are
limited before any read. Source: c2sp.org/tlog-tiles.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path

from ledger.adapters.http_client import ask
from ledger.errors import LedgerError, RecordError
from ledger.tlog.tile import FULL, LARGEST_BUNDLE, Tile, entry_bundle_path, tile_path, unpack_entries
from ledger.tlog.tree import Read, node_hash, stored_index

# Path below the prefix, most bytes -> content; `LedgerError` if it is missing, `RecordError` LOG-TILE if larger.
Fetch = Callable[[str, int], bytes]

LARGEST_NOTE = 65_536
SECONDS = 10.0  # for one file
_HASH = 32
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def source(where: str) -> Fetch:
    """Return the `Fetch` of the log published at `where`, a folder or an http(s) URL."""
    return from_url(where) if where.startswith(("http://", "https://")) else from_folder(Path(where))


def from_folder(folder: Path) -> Fetch:
    """Return a `Fetch` that reads a log from a folder."""

    def fetch(path: str, most: int) -> bytes:
        try:
            with open(os.open(folder / path, _FILE), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # a pipe or a device could block, or never end
                    raise LedgerError("LOG-UNREACHABLE", f"{folder / path}: no regular file")
                return _whole(file.read(most + 1), most, path)
        except OSError as error:
            raise LedgerError("LOG-UNREACHABLE", f"{folder / path}: {error.strerror}") from None

    return fetch


def from_url(prefix: str) -> Fetch:
    """Return a `Fetch` that reads a log over HTTP; redirects are not followed."""

    def fetch(path: str, most: int) -> bytes:
        url = f"{prefix.rstrip('/')}/{path}"
        reply = asyncio.run(ask(url, most, SECONDS))
        if reply.status != HTTPStatus.OK:
            raise LedgerError("LOG-UNREACHABLE", f"{url}: status {reply.status}")
        return _whole(reply.body, most, path)

    return fetch


def reader(fetch: Fetch, size: int) -> Read:
    """Return a reader of the stored hashes of a published tree of `size` entries; each tile is fetched once."""
    tiles: dict[tuple[int, int], list[bytes]] = {}

    def tile(level: int, n: int) -> list[bytes]:
        if (level, n) not in tiles:
            width = min(FULL, (size >> 8 * level) - n * FULL)
            if width <= 0:
                raise RecordError("LOG-TILE", f"a tree of {size} entries has no tile {level}/{n}")
            data = _tile(fetch, Tile(level, n, width))
            tiles[level, n] = [data[at : at + _HASH] for at in range(0, len(data), _HASH)]
        return tiles[level, n]

    def read_one(index: int) -> bytes:
        level, n = place_of(index)
        height = level % 8  # above the hashes of its tile
        first = n << height
        row = tile(level // 8, first // FULL)[first % FULL :][: 1 << height]
        if len(row) != 1 << height:
            raise RecordError("LOG-TILE", f"hash {n} of level {level} is not in a tree of {size} entries")
        while len(row) > 1:
            row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
        return row[0]

    def read(indexes: Sequence[int]) -> list[bytes]:
        return [read_one(index) for index in indexes]

    return read


def entries_of(fetch: Fetch, n: int, width: int) -> list[bytes]:
    """Return the first `width` entries of the published bundle `n`; `RecordError` LOG-TILE if it has fewer."""
    try:
        data = fetch(entry_bundle_path(n, width), LARGEST_BUNDLE)
    except LedgerError:
        if width == FULL:
            raise
        data = fetch(entry_bundle_path(n, FULL), LARGEST_BUNDLE)
    entries = unpack_entries(data)[:width]
    if len(entries) != width:
        raise RecordError("LOG-TILE", f"{len(entries)} entries instead of {width}", where=entry_bundle_path(n, width))
    return entries


def place_of(index: int) -> tuple[int, int]:
    """Return the level and the number of the complete subtree stored at `index`; the inverse of `stored_index`."""
    leaf = index // 2  # at or before the completing leaf, because fewer than two hashes are stored for each
    while stored_index(0, leaf + 1) <= index:
        leaf += 1
    level = index - stored_index(0, leaf)
    return level, leaf >> level


def _tile(fetch: Fetch, tile: Tile) -> bytes:
    size = tile.width * _HASH
    try:
        data = fetch(tile_path(tile), size)
    except LedgerError:
        if tile.width == FULL:
            raise
        data = fetch(tile_path(Tile(tile.level, tile.n, FULL)), FULL * _HASH)[:size]
    if len(data) != size:
        raise RecordError("LOG-TILE", f"{len(data)} bytes instead of {size}", where=tile_path(tile))
    return data


def _whole(data: bytes, most: int, path: str) -> bytes:
    if len(data) > most:
        raise RecordError("LOG-TILE", f"more than {most} bytes", where=path)
    return data
