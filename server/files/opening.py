"""Open the kept files of one entry for a caller, after an access entry that the caller has sealed and signed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from ledger.bundle.audience import readable
from ledger.entries.placement import reserved_of
from ledger.errors import RecordError
from ledger.messages import Message
from ledger.tlog.tree import parse_proof
from server.access import Access, Caller
from server.access_entries import AccessClaim, access_place, check_claim, recorded_before
from server.documents import Head, ReceiptItem
from server.files.documents import (
    FileOffered,
    FilesAsked,
    KeptFilesAnswer,
    OpenedFile,
    OpenedFilesAnswer,
    UploadAnswer,
)
from server.files.keeping import Keeping, Known
from server.files.links import Link
from server.files.record import RecordedFile
from server.journal_turn import JournalTurn, OpenJournal

SECONDS = 600  # for which the files of an entry are open after an access entry
ABOUT = "files of entry {}: "  # the beginning of the reason, with the leaf hash of the entry


class View(Protocol):
    """What is known of a ledger and of what a caller may see of it (`server.api.reading.LedgerView`)."""

    origin: str
    access: Access

    @property
    def head(self) -> Callable[[], Head]:
        """Return what returns the signed state of the log."""
        ...

    def is_new(self, order: str) -> bool:
        """Return True if the ledger has no entry of an order."""
        ...

    def may_see(self, caller: Caller, order: str) -> bool:
        """Return True if a caller may see an order."""
        ...


class Files:
    """The kept files of one ledger for callers; `opened` opens the ledger for writing, as another process.

    `advance` takes the newest head of the log if it is smaller than a size.
    """

    def __init__(self, view: View, keeping: Keeping, opened: OpenJournal, advance: Callable[[int], None]) -> None:
        self.keeping = keeping
        self._view = view
        self._turn = JournalTurn(opened, "other files are opened now")
        self._advance = advance

    def listed(self, caller: Caller, order: str) -> KeptFilesAnswer:
        """Return of which entries of an order files are here; `RecordError` API-MISSING."""
        self._check(caller, order)
        place = None
        if self._view.access.opens_files(caller):
            with self._turn.journal() as journal:
                place = access_place(journal)
        return KeptFilesAnswer(self._view.head(), order, self.keeping.kept(caller, order), place)

    def begin(self, caller: Caller, order: str, offered: FileOffered) -> UploadAnswer:
        """Begin to take a file; see `Keeping.begin`."""
        self._check(caller, order)
        return self.keeping.begin(caller, order, offered)

    def upload(self, caller: Caller, order: str, name: str) -> UploadAnswer:
        """Return how much of a file is here; see `Keeping.upload`."""
        self._check(caller, order)
        return self.keeping.upload(caller, order, name)

    def open(self, caller: Caller, order: str, asked: FilesAsked) -> OpenedFilesAnswer:
        """Record the access and return the files of an entry that the caller's role may read.

        `RecordError`: API-MISSING, API-DENIED, API-REQUEST, CONFLICT, what recording raises; `LedgerError` BUSY.
        """
        self._check(caller, order)
        if not self._view.access.opens_files(caller):
            raise RecordError("API-DENIED", Message("kept files are opened by those who see every order"))
        links = [link for link in self.keeping.links.of_order(order) if link.entry == asked.entry and link.kept]
        if not links:
            raise RecordError("API-MISSING", Message("no file of this entry is here"), where="entry")
        claim = AccessClaim(
            [order], asked.purpose, asked.key, asked.role, asked.made_at, ABOUT.format(asked.entry)
        )  # fmt: skip
        with self._turn.journal() as journal:
            check_claim(journal, claim, caller)
            readable_files = [f for f in self.keeping.record.files(order, leaf=asked.entry) if _may(f, asked.role)]
            if not readable_files:
                says = Message("the role {0} may not read what this entry states of files", asked.role)
                raise RecordError("API-DENIED", says, where="role")
            recorded_before(journal, asked.access, claim, caller)
            journal.check_openable([order])
            line = asked.access.entry.encode()
            (receipt,) = journal.receive_sealed([line], [asked.access.disclosures], whole=True)
            proof = receipt.proof
        item = ReceiptItem(
            receipt.index, receipt.leaf, receipt.entry, receipt.order, receipt.seq, receipt.already, proof.decode()
        )
        self._advance(int(parse_proof(proof).note.split(b"\n")[1]))
        known = {link.object: self.keeping.known(link) for link in links}
        found = [
            OpenedFile(name, file.field, file.name, each.sha256, each.size)
            for name, each in known.items()
            if each is not None and (file := next((f for f in readable_files if f.sha256 == each.sha256), None))
        ]
        until = self.keeping.links.open(receipt.entry, [each.object for each in found], caller.name, SECONDS)
        fields = {each.field for each in found}
        texts = dict.fromkeys(f.disclosure for f in readable_files if f.field in fields and f.disclosure)
        return OpenedFilesAnswer(
            self._view.head(), order, asked.entry, datetime.fromtimestamp(until, UTC), list(texts), found, item
        )

    def name_of(self, order: str, link: Link, known: Known) -> str:
        """Return the name of a kept file as its entry states it; empty without one."""
        stated = (f for f in self.keeping.record.files(order, leaf=link.entry) if f.sha256 == known.sha256)
        return next((f.name for f in stated if f.name), "")

    def _check(self, caller: Caller, order: str) -> None:
        """Raise API-MISSING unless a caller may see an order, which is no companion and not the ledger's own."""
        hidden = order in reserved_of(self._view.origin) or self._view.is_new(order)
        if hidden or self.keeping.record.is_companion(order) or not self._view.may_see(caller, order):
            raise RecordError("API-MISSING", Message("there is no order that this caller may see"))


def _may(file: RecordedFile, role: str) -> bool:
    return file.field in readable(file.entry, role)
