"""Find the kept files that an erasure reaches, and delete them once their key is destroyed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import msgspec

from ledger.adapters.folders.ledger_folder import Folder
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.errors import LedgerError
from server.files.keeping import delete_gone, erase_links
from server.files.links import Links, has_links, open_links
from server.files.places import Place, open_place
from server.files.settings import FileSettings


@dataclass
class ReachedFiles:
    """The kept files under some keys: their number, and how they are removed.

    `remove` removes their links durably: nothing of them can be found or opened any more. `delete` deletes what is left
    of them in the store and returns the number of objects; `LedgerError` FILES-PLACE leaves that to the server.
    """

    count: int
    remove: Callable[[], None]
    delete: Callable[[], int]


@contextmanager
def reached(folder: Folder, keys: SubjectKeyStore | None, key_ids: Collection[str]) -> Iterator[ReachedFiles | None]:
    """Yield the kept files under some keys, and under keys that an interrupted erasure has destroyed; else None."""
    if keys is None or not has_links(folder):
        yield None
        return
    with closing(open_links(folder)) as links:
        wanted = {*key_ids, *keys.destroyed(links.keys())}

        def remove() -> None:
            erase_links(links, {*wanted, *keys.destroyed(links.keys())})

        yield ReachedFiles(len(links.under(wanted)), remove, lambda: delete_gone(links, stated_place(links, folder)))


def stated_place(links: Links, folder: Folder) -> Place:
    """Open the place that the server has stated last; `LedgerError` FILES-PLACE."""
    stated = links.place()
    if stated is None:
        raise LedgerError("FILES-PLACE", "no server has stated where files are kept", "start the server once")
    return open_place(msgspec.json.decode(stated, type=FileSettings), folder.origin)
