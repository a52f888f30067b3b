"""What a ledger in memory publishes: its tiles and its entries, as a `Fetch` reads them, at any size."""

from __future__ import annotations

from collections.abc import Callable

from ledger.errors import LedgerError
from ledger.tlog.tile import bundles_for, pack_entries, tile_bytes, tile_path, tiles_for
from tests.support.memory_ledger import Ledger

Fetch = Callable[[str, int], bytes]


def files_of(ledger: Ledger, size: int | None = None) -> dict[str, bytes]:
    """Return the published files by path, without a checkpoint."""
    size = ledger.size if size is None else size
    files = {tile_path(tile): tile_bytes(tile, ledger.read) for tile in tiles_for(0, size)}
    for bundle in bundles_for(0, size):
        first = bundle.n * 256
        files[tile_path(bundle)] = pack_entries(ledger.entries[first : first + bundle.width])
    return files


def fetched(files: dict[str, bytes], asked: list[str] | None = None) -> Fetch:
    """Return what reads these files, and notes in `asked` which ones."""

    def fetch(path: str, most: int) -> bytes:
        if asked is not None:
            asked.append(path)
        if path not in files:
            raise LedgerError("LOG-UNREACHABLE", path)
        return files[path]

    return fetch
