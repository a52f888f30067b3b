"""Make receipts for the entries of an order that tools of others check: COSE Receipts, RFC 9942.

The entries are those of the bundle for the same audience, without the register. The signed bytes of an entry hold no
sealed value, so nothing is opened and no access is recorded, as for a bundle that opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.application.export.bundle_contents import orders_of
from ledger.application.journal import Journal
from ledger.tlog.cose_receipt import SignedRoot, receipt
from ledger.tlog.tree import prove_inclusions


@dataclass(frozen=True, slots=True)
class CoseReceipts:
    """The entries of one order with their receipts, under one signed root of the log `origin`.

    `entries` are (log index, signed bytes of the entry, its receipt), in the order of the log.
    """

    origin: str
    signed: SignedRoot
    entries: tuple[tuple[int, bytes, bytes], ...]


def cose_receipts(journal: Journal, order: str, audience: str, *, with_linked: bool) -> CoseReceipts:
    """Return a receipt for each entry of an order that this audience may know of, under the newest signed root.

    `LedgerError` GUARD-MISSING in a copy, which can sign nothing; KEY-*; NO-CBOR.
    """
    signed = journal.log.sign_root()
    raws = {
        index: opened.raw
        for each in orders_of(journal, order, audience, with_linked)
        for index, opened in journal.cases.opened(each)
        if index < signed.size
    }
    places = sorted(raws)
    paths = prove_inclusions(places, signed.size, journal.store.hashes)
    entries = (
        (index, raws[index], receipt(journal.origin, signed, index, path))
        for index, path in zip(places, paths, strict=True)
    )
    return CoseReceipts(journal.origin, signed, tuple(entries))
