"""Read a ledger folder of another party as if its log were published with its entries.

Nothing in the folder is trusted or followed, and nothing is written into it. Checkpoint: log/checkpoint. Tiles and
entries: the event store.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ledger.adapters.folders.handed_folder import HandedFolder
from ledger.adapters.folders.ledger_folder import ENTRIES_DB
from ledger.adapters.log.published_log import Fetch, source
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.foreign_file import ForeignFile, file_state, without_wal
from ledger.adapters.storage.schema import SCHEMA
from ledger.errors import LedgerError
from ledger.tlog.tile import ENTRIES, FULL, pack_entries, parse_tile_path, tile_bytes


@contextmanager
def reading(where: str) -> Iterator[Fetch]:
    """Yield the `Fetch` of a log: of a ledger folder or a copy of one, of a published log in a folder, or of a URL.

    `LedgerError`: what opening a foreign event store raises; BUSY if the folder was written to meanwhile.
    """
    folder = HandedFolder(where)
    if where.startswith(("http://", "https://")) or not folder.has(ENTRIES_DB):
        yield source(where)
        return
    file = Path(where) / ENTRIES_DB
    before = file_state(file)
    with without_wal(file) as copy, closing(EntryReader(ForeignFile(copy, SCHEMA))) as store:
        yield _fetch(folder, store)
    if file_state(file) != before:
        raise LedgerError("BUSY", f"{where} was written to while it was read", "try again, or read a copy")


def _fetch(folder: HandedFolder, store: EntryReader) -> Fetch:
    def fetch(path: str, most: int) -> bytes:
        if path == "checkpoint":
            note = folder.read("log/checkpoint", most)
            if note is None:
                raise LedgerError("LOG-UNREACHABLE", f"{folder.folder} has no log/checkpoint", "comity checkpoint")
            return note
        tile = parse_tile_path(path)
        first = tile.n * FULL
        try:
            if tile.level != ENTRIES:
                return tile_bytes(tile, store.hashes)
            rows = store.page(first, tile.width, first + tile.width)
            if [index for index, _ in rows] != list(range(first, first + tile.width)):
                raise ValueError("an entry is missing")
            return pack_entries([raw for _, raw in rows])
        except (TypeError, ValueError) as error:
            raise LedgerError("LOG-CORRUPT", f"{path} cannot be made from {ENTRIES_DB}: {error}") from error

    return fetch
