"""Check the receipts of a peer for entries of ours: entries of its log that name them, with their proofs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing

from ledger.adapters.keys import mldsa
from ledger.adapters.witness.followed_logs import followed, hold_against
from ledger.application.foreign.arrivals import signed_by, trust_in_log
from ledger.application.journal import Journal
from ledger.bundle.contents import Contents
from ledger.entries.envelope import open_
from ledger.entries.placement import reserved_of
from ledger.entries.wrapped_entry import KIND, acknowledges
from ledger.errors import RecordError
from ledger.tlog.note import Head, open_checkpoint
from ledger.tlog.tree import check_inclusion, leaf_hash, parse_proof

Place = tuple[int, str]  # the index of an entry in its log, and its leaf hash


def to_acknowledge(contents: Contents) -> list[Place]:
    """Return the entries of a bundle that its receiver acknowledges, each by its place in our log.

    Entries of the register are about no order. An acknowledgement need not be acknowledged.
    """
    places = []
    for index, raw, _ in contents.entries:
        opened = open_(raw, verify=False)
        if opened.payload.kind != KIND and opened.payload.order not in reserved_of(contents.origin):
            places.append((index, opened.leaf))
    return places


def check_receipts(
    journal: Journal,
    origin: str,
    expected: Iterable[Place],
    receipts: Iterable[tuple[bytes, bytes]],
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Check that the log `origin` has acknowledged each expected entry; `receipts` are entries of it with their proofs.

    Each receipt verifies under the key that our registrar pinned. The newest head among them is compared with those
    seen before, and kept. `RecordError` EXCHANGE-RECEIPT if one is missing, ENV-*, SIG-BAD, PRF-*, CP-* if one does
    not verify; `LedgerError` SPLIT-VIEW if the log contradicts itself.
    """
    trust = trust_in_log(journal, origin)
    lacking = set(expected)
    heads: dict[bytes, Head] = {}
    for raw, proof in receipts:
        opened, parsed = open_(raw), parse_proof(proof)
        if opened.payload.log != origin:
            raise RecordError("EXCHANGE-RECEIPT", f"it is an entry of {opened.payload.log}, not of {origin}")
        if parsed.note not in heads:
            heads[parsed.note] = open_checkpoint(parsed.note, origin, trust.policy.logs, (), mldsa=mldsa.verify)
        head = heads[parsed.note].checkpoint
        check_inclusion(parsed.index, head.size, leaf_hash(raw), parsed.path, head.root)
        place = acknowledges(opened, journal.origin)
        if place is None:
            raise RecordError("EXCHANGE-RECEIPT", f"entry {parsed.index} of {origin} acknowledges no entry of ours")
        lacking.discard(place)
    if lacking:
        index = min(lacking)[0]
        raise RecordError(
            "EXCHANGE-RECEIPT", f"{origin} does not acknowledge {len(lacking)} entries, the first {index}"
        )
    for head_ in sorted(heads.values(), key=lambda each: each.checkpoint.size):
        key = signed_by(trust, head_.note)
        with closing(followed(journal.folder.others, origin)) as seen:
            held = hold_against(seen, key, head_, lambda m, n: None, journal.now(), journal.folder.evidence)
        for size in held.unproven:
            say(f"{origin}: nothing connects its head of {head_.checkpoint.size} entries with that of {size}")
