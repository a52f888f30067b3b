"""Name, write and read the files in which a log is published: tiles of hashes and bundles of entries.

Source: c2sp.org/tlog-tiles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from ledger.errors import RecordError
from ledger.tlog.tree import Read, asked, stored_index

ENTRIES = -1  # the "level" of an entry bundle
FULL = 256  # hashes in a full tile, entries in a full bundle
_LARGEST_ENTRY = 65_535
LARGEST_BUNDLE = FULL * (2 + _LARGEST_ENTRY)  # bytes
_TILE = re.compile(r"tile/(entries|[1-5]?[0-9]|6[0-3])/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class Tile(Struct, frozen=True):
    """Part `n` (from 0) of the hashes at height 8 * `level`, or of the entries if `level` is ENTRIES.

    `width` is 256 for a full tile and 1..255 for the last one of a tree.
    """

    level: int
    n: int
    width: int


def tile_path(tile: Tile) -> str:
    """Return the path of a tile below the log's prefix, such as `tile/0/x001/067.p/3`."""
    *high, low = f"{tile.n:,}".split(",")
    n = "".join(f"x{group:0>3}/" for group in high) + f"{low:0>3}"
    level = "entries" if tile.level == ENTRIES else tile.level
    return f"tile/{level}/{n}" if tile.width == FULL else f"tile/{level}/{n}.p/{tile.width}"


def entry_bundle_path(n: int, width: int) -> str:
    """Return the path of the n-th bundle (from 0) of `width` entries."""
    return tile_path(Tile(ENTRIES, n, width))


def parse_tile_path(path: str) -> Tile:
    """Read the path of a tile or entry bundle; LOG-TILE unless it is exactly what `tile_path` writes."""
    parts = _TILE.fullmatch(path)
    if parts:
        level = ENTRIES if parts[1] == "entries" else int(parts[1])
        tile = Tile(level, int(parts[2].replace("x", "").replace("/", "")), int(parts[3] or FULL))
        if tile_path(tile) == path:  # refuses leading groups of zeros, and a "partial" tile of 256 or more
            return tile
    raise RecordError("LOG-TILE", "not the path of a tile", where=repr(path))


def tiles_for(old_size: int, new_size: int) -> list[Tile]:
    """Return the hash tiles that a log must publish when it grows from `old_size` to `new_size`, lowest level first."""
    tiles, level = [], 0
    while new := new_size >> 8 * level:
        old = old_size >> 8 * level
        if old != new:
            tiles += [Tile(level, n, FULL) for n in range(old // FULL, new // FULL)]
            if new % FULL:
                tiles.append(Tile(level, new // FULL, new % FULL))
        level += 1
    return tiles


def partial_tiles(size: int) -> list[Tile]:
    """Return the partial hash tiles of a tree of `size` entries, lowest level first."""
    return [tile for tile in tiles_for(0, size) if tile.width != FULL]


def bundles_for(old_size: int, new_size: int) -> list[Tile]:
    """Return the entry bundles that belong to the growth from `old_size` to `new_size`."""
    return [Tile(ENTRIES, tile.n, tile.width) for tile in tiles_for(old_size, new_size) if tile.level == 0]


def tile_bytes(tile: Tile, read: Read) -> bytes:
    """Return the content of a hash tile: `width` hashes of 32 bytes."""
    if tile.level == ENTRIES:
        raise ValueError("an entry bundle is packed from entries, not from hashes")
    first = tile.n * FULL
    return b"".join(asked(read, [stored_index(8 * tile.level, n) for n in range(first, first + tile.width)]))


def pack_entries(entries: Sequence[bytes]) -> bytes:
    """Return a bundle of 1 to 256 entries, each after its length in two bytes; ValueError if one does not fit."""
    if not 1 <= len(entries) <= FULL or not all(1 <= len(entry) <= _LARGEST_ENTRY for entry in entries):
        raise ValueError("a bundle holds 1 to 256 entries of 1 to 65,535 bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unpack_entries(bundle: bytes) -> list[bytes]:
    """Return the 1 to 256 entries of a bundle; LOG-TILE for another number, or a length of zero or beyond its end."""
    entries: list[bytes] = []
    at = 0
    while at < len(bundle):
        start = at + 2
        at = start + int.from_bytes(bundle[at:start], "big")
        if not start < at <= len(bundle):
            raise RecordError("LOG-TILE", "an entry is empty or cut short", where=f"entry {len(entries)} of the bundle")
        entries.append(bundle[start:at])
    if not 1 <= len(entries) <= FULL:
        raise RecordError("LOG-TILE", f"{len(entries)} entries, a bundle has 1 to 256")
    return entries
