"""Copy the entries of a published log into an event store of the auditor, to be verified as those of a ledger are.

Only new entries are fetched. They are stored in steps, so that an interrupted copy continues. Nothing in the copy is
believed before it is verified: if it does not make the tree that the log has signed, it is fetched once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from ledger.adapters.folders.user_folders import private_folder
from ledger.adapters.log.published_log import Fetch, entries_of
from ledger.adapters.storage.entry_recorder import EntryRow
from ledger.adapters.storage.entry_store import EntryStore
from ledger.application.write.encrypt import row_of
from ledger.entries.envelope import open_each
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Checkpoint
from ledger.tlog.tile import FULL, bundles_for
from ledger.tlog.tree import root

ENTRIES = "entries.db"
STEP = 16  # bundles that are stored together


def copy_entries(folder: Path, fetch: Fetch, head: Checkpoint) -> Path:
    """Bring the copy in `folder` up to a head whose signature was checked, and return its event store.

    `LedgerError` LOG-UNREACHABLE if an entry is not published, LOG-CORRUPT if the published entries do not make the
    signed tree; `RecordError` if one of them has not the form of an entry.
    """
    path = private_folder(folder) / ENTRIES
    for attempt in range(2):
        if not path.exists():
            EntryStore.create(path).close()
        if _brought_up(path, fetch, head):
            return path
        if attempt == 0:
            for old in folder.glob(f"{ENTRIES}*"):
                old.unlink()
    raise LedgerError("LOG-CORRUPT", f"the published entries do not make the signed tree of {head.size}")


def _brought_up(path: Path, fetch: Fetch, head: Checkpoint) -> bool:
    """Fetch the entries that the copy lacks; return False if the copy is of another tree."""
    with closing(EntryStore(path)) as store:
        if store.size() > head.size:
            return False
        pages = _pages(fetch, store.size(), head.size)
        while some := list(islice(pages, STEP)):
            store.append_pages(some, expected={})
        return root(head.size, store.hashes) == head.root


def _pages(fetch: Fetch, start: int, size: int) -> Iterator[list[EntryRow]]:
    for bundle in bundles_for(start, size):
        first = bundle.n * FULL
        raws = entries_of(fetch, bundle.n, bundle.width)[max(start - first, 0) :]
        rows = []
        for number, opened in enumerate(open_each(raws, verify=False), max(start, first)):
            if isinstance(opened, RecordError):
                raise RecordError(opened.code, opened.says, where=f"#{number}")
            rows.append(row_of(opened))
        yield rows
