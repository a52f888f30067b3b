"""Take files piece by piece, compare their digests with the stated ones, hand them out again, and delete them.

A link is durable before the first piece. Pieces are settled on disk in groups, and all of them before a file counts as
kept, which is after its digest was compared. A crash in between leaves an upload that goes on, or that expires. After a
power cut it goes on from the first piece that is not whole.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from hashlib import sha256
from threading import Lock
from typing import Any

import msgspec
from msgspec import Struct

from ledger.errors import LedgerError, RecordError, TooManyRequests
from ledger.messages import Message
from server.access import Access, Caller
from server.files.documents import FileOffered, KeptItem, UploadAnswer
from server.files.links import Link, Links
from server.files.pieces import PIECE, length_of, open_piece, pieces_of, seal_piece
from server.files.places import Place
from server.files.record import FileRecord
from server.files.settings import FileSettings

MOST_UNFINISHED = 20  # uploads of one office
CAUGHT_UP = 32  # pieces that one request reads again to compute the digest of an upload that went on
SETTLED = 16  # pieces that are settled together: 64 MiB
_HASHED = 64  # uploads whose digests are computed while they come
_DAY = 86_400
_GONE = "no file is sent here under this name by this caller"


class Known(Struct, frozen=True):
    """What is known of a kept file: its key, its SHA-256 (hex) and its number of bytes."""

    key: bytes
    sha256: str
    size: int


class _Progress:
    """The digest of the first `pieces` pieces of an upload, and how many are known here to be settled."""

    def __init__(self) -> None:
        self.hash: Any = sha256()
        self.pieces = 0
        self.settled = 0
        self.lock = Lock()


class Keeping:
    """The files of one ledger; several threads may call it at once."""

    def __init__(self, record: FileRecord, links: Links, place: Place, settings: FileSettings, access: Access) -> None:
        self.record = record
        self.links = links
        self._place = place
        self._settings = settings
        self._access = access
        self._beginning = Lock()
        self._lock = Lock()
        self._progress: OrderedDict[str, _Progress] = OrderedDict()

    # -- uploads ------------------------------------------------------------------------------------------------------

    def begin(self, caller: Caller, order: str, offered: FileOffered) -> UploadAnswer:
        """Begin to take a file that an entry of the caller's office states, or return how much of it is here.

        `RecordError`: API-MISSING, API-LARGE; `LedgerError`: FILES-FULL, BUSY.
        """
        stated = [
            file
            for file in self.record.files(order, by=caller.actor)
            if file.sha256 == offered.sha256 and file.size in (None, offered.size)
            and self._access.sends_file(caller, file.entry.by)
        ]  # fmt: skip
        if not stated:
            says = Message("no entry of this order that this office has signed states a file with this digest and size")
            raise RecordError("API-MISSING", says, where="sha256")
        with self._beginning:
            entries = {file.entry.leaf for file in stated}
            for link in self.links.of_order(order):
                known = self.known(link) if link.entry in entries else None
                if known is not None and known.sha256 == offered.sha256:
                    return self._advanced(link, known)
            if offered.ask:
                known = Known(b"", offered.sha256, offered.size)
                link = Link("", order, stated[-1].entry.leaf, caller.actor, "", "", pieces_of(offered.size), 0, 0, 0)
                return _answer(link, known)
            if offered.size > self._settings.largest:
                raise RecordError(
                    "API-LARGE", Message("a file has at most {0} bytes here", self._settings.largest), where="size"
                )
            if (self.links.pieces() + pieces_of(offered.size)) * PIECE > self._settings.quota:
                raise LedgerError(
                    "FILES-FULL",
                    Message("there is no room for this file"),
                    Message("the office decides how much is kept"),
                )
            if len(self.links.unfinished(caller.actor)) >= MOST_UNFINISHED:
                raise TooManyRequests(f"{MOST_UNFINISHED} files of this office are not whole yet", 60)
            return self._begun(caller, order, stated[-1].entry.leaf, self.record.key_for(stated[-1]), offered)

    def _begun(self, caller: Caller, order: str, leaf: str, key_id: str, offered: FileOffered) -> UploadAnswer:
        name, known = os.urandom(16).hex(), Known(os.urandom(32), offered.sha256, offered.size)
        wrapped = self.record.wrap(key_id, msgspec.json.encode(known), _bound(name, order, leaf))
        if wrapped is None:
            raise RecordError("API-MISSING", _GONE)
        link = Link(name, order, leaf, caller.actor, key_id, wrapped.hex(), pieces_of(known.size), 0, 0, 0)
        self.links.begin(link)
        return _answer(link, known)

    def upload(self, caller: Caller, order: str, name: str) -> UploadAnswer:
        """Return how much of a file is here; `RecordError` API-MISSING, FILES-DIFFER."""
        return self._advanced(*self._own(caller, order, name))

    def put(self, caller: Caller, order: str, name: str, number: int, data: bytes) -> UploadAnswer:
        """Store a piece of a file, counted from 0, and compare the digest when the last one is here.

        A piece that is here already is not stored again. `RecordError`: API-MISSING, API-REQUEST, CONFLICT for a piece
        that is not the next one, FILES-DIFFER for a file with another digest, which is deleted; `LedgerError`: FILES-*.
        """
        link, known = self._own(caller, order, name)
        if not 0 <= number < link.pieces or len(data) != length_of(known.size, number):
            raise RecordError("API-REQUEST", "a piece of this file has another number or length", where="piece")
        progress = self._of(name)
        with progress.lock, self._place.alone(name):
            link = self.links.of(name) or link
            if number > link.received:
                says = Message("the next piece is number {0}, and this one is {1}", link.received, number)
                raise RecordError(
                    "CONFLICT", says, where="piece", hint=Message("ask how much is here, and go on from there")
                )
            if number == link.received and not link.kept:
                self._place.write(name, number, seal_piece(known.key, name, number, known.size, data))
                if not self.links.received(name, number):
                    if self.links.of(name) is None:  # it was erased meanwhile
                        self._place.delete(name)
                    else:  # this has replaced the piece of another server, which may have counted the file as kept
                        self._drop(name)
                    raise RecordError("CONFLICT", Message("another request has sent this piece, or deleted the file"))
                if progress.pieces == number:
                    progress.hash.update(data)
                    progress.pieces += 1
                if number + 1 - progress.settled >= SETTLED:
                    self._settle(name, progress, number + 1)
        return self._advanced(self.links.of(name) or link, known)

    def _advanced(self, link: Link, known: Known) -> UploadAnswer:
        """Compare the digest of an upload if all of it is here and was read; return how much is here."""
        if link.kept or link.received < link.pieces:
            return _answer(link, known)
        progress = self._of(link.object)
        with progress.lock:
            for _ in range(CAUGHT_UP):
                if progress.pieces == link.pieces:
                    break
                try:
                    data = self._piece(link, known, progress.pieces)
                except LedgerError as wrong:
                    if wrong.code != "FILES-DAMAGED" or progress.pieces < progress.settled:
                        raise
                    self.links.back(link.object, progress.pieces)  # a power cut took it before it was settled
                    return _answer(self.links.of(link.object) or link, known)
                progress.hash.update(data)
                progress.pieces += 1
            if progress.pieces < link.pieces:
                return _answer(link, known)
            self._settle(link.object, progress, link.pieces)
            with self._lock:
                self._progress.pop(link.object, None)
            if progress.hash.hexdigest() != known.sha256:
                self._drop(link.object)
                says = Message("the bytes are not those of the stated digest; they are deleted")
                raise RecordError("FILES-DIFFER", says, hint=Message("send the file that the entry states"))
            self.links.keep(link.object)
        now = self.links.of(link.object)
        if now is None:  # it was erased meanwhile
            raise RecordError("API-MISSING", _GONE)
        return _answer(now, known)

    def _settle(self, name: str, progress: _Progress, end: int) -> None:
        """Make the pieces before one durable."""
        self._place.settle(name, range(progress.settled, end))
        progress.settled = end

    def _own(self, caller: Caller, order: str, name: str) -> tuple[Link, Known]:
        link = self.links.of(name)
        known = None if link is None else self.known(link)
        if link is None or known is None or (link.order, link.office) != (order, caller.actor):
            raise RecordError("API-MISSING", _GONE)
        return link, known

    def _of(self, name: str) -> _Progress:
        with self._lock:
            progress = self._progress.pop(name, None) or _Progress()
            self._progress[name] = progress
            if len(self._progress) > _HASHED:
                self._progress.popitem(last=False)
            return progress

    # -- files that are here ------------------------------------------------------------------------------------------

    def kept(self, caller: Caller, order: str) -> list[KeptItem]:
        """Return of which entries of an order files are here, as far as a caller may know it."""
        counts: dict[str, list[int]] = {}
        for link in self.links.of_order(order):
            if self._access.opens_files(caller) or self._access.sends_file(caller, link.office):
                counts.setdefault(link.entry, [0, 0])[0 if link.kept else 1] += 1
        return [KeptItem(leaf, kept, unfinished) for leaf, (kept, unfinished) in counts.items()]

    def known(self, link: Link) -> Known | None:
        """Return what is known of a file; None if the key of its data subject is destroyed."""
        text = self.record.unwrap(link.key_id, bytes.fromhex(link.sealed), _bound(link.object, link.order, link.entry))
        return None if text is None else msgspec.json.decode(text, type=Known)

    def opened(self, caller: Caller, order: str, name: str) -> tuple[Link, Known]:
        """Return a file that an access entry lets a caller read now; `RecordError` API-MISSING."""
        link = self.links.of(name)
        known = None if link is None else self.known(link)
        allowed = self._access.opens_files(caller) and self.links.may_read(name, caller.name)
        if link is None or known is None or link.order != order or not link.kept or not allowed:
            says = Message("no file under this name was opened by this caller")
            raise RecordError(
                "API-MISSING", says, hint=Message("an access entry opens the files of an entry for ten minutes")
            )
        return link, known

    def pieces(self, link: Link, known: Known, first: int = 0) -> Iterator[bytes]:
        """Yield the pieces of a file from one on; `LedgerError` FILES-DAMAGED for one that is not what was stored."""
        for number in range(first, link.pieces):
            yield self._piece(link, known, number)

    def _piece(self, link: Link, known: Known, number: int) -> bytes:
        sealed = self._place.read(link.object, number)
        data = None if sealed is None else open_piece(known.key, link.object, number, known.size, sealed)
        if data is None:
            says = f"piece {number} of object {link.object} is not what was stored"
            raise LedgerError("FILES-DAMAGED", says, "comity files check names every such object")
        return data

    # -- deleting -----------------------------------------------------------------------------------------------------

    def tidy(self) -> None:
        """Delete uploads that have ended, files whose keys were destroyed here, and objects without a link."""
        self.links.remove([link.object for link in self.links.expired(self._settings.days * _DAY)])
        erase_links(self.links, self.record.destroyed(self.links.keys()))
        delete_gone(self.links, self._place)

    def _drop(self, name: str) -> None:
        self.links.remove([name])
        delete_gone(self.links, self._place)


def erase_links(links: Links, key_ids: set[str]) -> int:
    """Remove the links under some keys durably; return their number. Their objects are deleted by `delete_gone`."""
    names = [link.object for link in links.under(key_ids)]
    links.remove(names)
    return len(names)


def delete_gone(links: Links, place: Place) -> int:
    """Delete the objects that have no link any more; return their number. `LedgerError` FILES-PLACE."""
    names = links.gone()
    for name in names:
        place.delete(name)
        links.deleted(name)
    return len(names)


def _answer(link: Link, known: Known) -> UploadAnswer:
    return UploadAnswer(
        link.object, link.order, link.entry, known.size, PIECE, link.pieces, link.received, bool(link.kept)
    )


def _bound(name: str, order: str, leaf: str) -> str:
    return f"{name}\n{order}\n{leaf}"
