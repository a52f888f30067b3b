"""Check the store of files against its links: every kept file has its object, every object its file."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack, closing
from hashlib import sha256

from msgspec import Struct

from ledger.adapters.folders.ledger_folder import Folder
from ledger.errors import LedgerError
from server.access import Access
from server.files.erasure import stated_place
from server.files.keeping import Keeping, Known, delete_gone
from server.files.links import Link, open_links
from server.files.record import FileRecord
from server.files.settings import FileSettings

Progress = Callable[[int, int], None]


class StoreState(Struct, frozen=True):
    """How many files are whole, how many are not yet, and the names of objects with which something is wrong.

    `damaged` are not what was stored, `locked` are under a key that is neither here nor destroyed here, `orphans` have
    no link.
    """

    kept: int
    unfinished: int
    damaged: list[str]
    locked: list[str]
    orphans: list[str]


class StoreCheck:
    """The store of one ledger, opened for a check."""

    def __init__(self, folder: Folder) -> None:
        """Open the links, the keys and the store; `LedgerError` FILES-PLACE, KEYS-MISSING."""
        with ExitStack() as opened:
            self._links = opened.enter_context(closing(open_links(folder)))
            record = opened.enter_context(closing(FileRecord(folder)))
            self._place = stated_place(self._links, folder)
            access = Access(folder.origin, folder.registrar.party)
            self._keeping = Keeping(record, self._links, self._place, FileSettings(), access)
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Close the files."""
        self._opened.close()

    def check(self, *, digests: bool = False, progress: Progress = lambda done, total: None) -> StoreState:
        """Compare the store with its links; with `digests` every file is decrypted and its digest compared."""
        stored = list(self._place.names())  # before the links: a link is durable before its object
        links = self._links.every()
        gone = set(self._links.gone())
        damaged, locked = [], []
        destroyed = self._keeping.record.destroyed(self._links.keys())
        whole = [link for link in links if link.kept]
        for done, link in enumerate(whole):
            progress(done, len(whole))
            known = self._keeping.known(link)
            if known is None:
                locked += [] if link.key_id in destroyed else [link.object]
            elif not self._is_whole(link, known, digests=digests):
                damaged.append(link.object)
        orphans = sorted({*stored} - {link.object for link in links} - gone)
        return StoreState(len(whole), len(links) - len(whole), damaged, locked, orphans)

    def _is_whole(self, link: Link, known: Known, *, digests: bool) -> bool:
        """Return True if the last piece of a file, or all of it, is what was stored."""
        try:
            if not digests:
                return any(True for _ in self._keeping.pieces(link, known, link.pieces - 1)) and all(
                    self._place.has(link.object, number) for number in range(link.pieces)
                )
            digest = sha256()
            for data in self._keeping.pieces(link, known):
                digest.update(data)
            return digest.hexdigest() == known.sha256
        except LedgerError as fault:
            if fault.code != "FILES-DAMAGED":
                raise
            return False

    def collect(self, names: Collection[str]) -> int:
        """Delete objects that no link names, and objects of removed links; return their number."""
        linked = {link.object for link in self._links.every()}
        for name in (left := [each for each in names if each not in linked]):
            self._place.delete(name)
        return len(left) + self.delete_gone()

    def delete_gone(self) -> int:
        """Delete the objects that are to be deleted; return their number."""
        return delete_gone(self._links, self._place)
