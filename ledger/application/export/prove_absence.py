"""Prove that this ledger has no order of an id, as of now."""

from __future__ import annotations

from ledger.application.commit_heads import commit_heads
from ledger.application.export.witnessed_head import Witnesses
from ledger.application.journal import Journal
from ledger.entries.absence import Absence, ProvenLine, format_absence, sentence
from ledger.errors import LedgerError
from ledger.tlog.note import b64
from ledger.tlog.tree import prove_inclusions


def prove_absence(journal: Journal, order: str, witnesses: Witnesses, *, unwitnessed: bool = False) -> bytes:
    """Return the document (`ledger.entries.absence`) under a head that a quorum of witnesses has cosigned.

    `LedgerError` ORDER-EXISTS if there is such an order, UNWITNESSED, KEY-MISSING without a key that commits heads;
    what `commit_heads` raises.
    """
    if journal.store.first_kind(order) is not None:
        raise LedgerError("ORDER-EXISTS", f"this ledger has an order {order}", "comity export makes its bundle")
    committed = commit_heads(journal, [order, journal.registry])
    head = witnesses.witnessed_head(committed.index, unwitnessed=unwitnessed)
    size, proofs = head.checkpoint.size, committed.heads.proofs
    register = [(index, raw) for index, raw in journal.store.order(journal.registry) if index < size]
    places = [*(index for index, _ in register), committed.index]
    paths = dict(zip(places, prove_inclusions(places, size, journal.store.hashes), strict=True))

    def line(index: int, raw: bytes) -> ProvenLine:
        return ProvenLine(index, raw.decode("ascii"), [b64(node) for node in paths[index]])

    return format_absence(
        Absence(
            says=sentence(journal.origin, order, committed.heads.size),
            log=journal.origin,
            order=order,
            checkpoint=head.note.decode("utf-8"),
            absent=b64(proofs[order]),
            registered=b64(proofs[journal.registry]),
            commit=line(committed.index, journal.store.at(committed.index) or b""),
            register=[line(index, raw) for index, raw in register],
        )
    )
