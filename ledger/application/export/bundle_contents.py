"""Collect the entries, proofs and values of one order for one audience."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ledger.adapters.folders.received_files import FOREIGN
from ledger.adapters.log.checkpoints import PublishedHead, TimeStampToken
from ledger.adapters.witness.followed_logs import newest_seen
from ledger.application.auditing import audit_files
from ledger.application.commit_heads import CommittedHeads
from ledger.application.counterparties import registers
from ledger.application.export.witnessed_head import published_head
from ledger.application.journal import Journal
from ledger.bundle.audience import documents_named, readable, select, shown_to, visible
from ledger.bundle.contents import About, Contents
from ledger.bundle.findings import PATH, format_findings, stated
from ledger.entries.case import Entry, linked
from ledger.entries.envelope import OpenedEntry
from ledger.entries.wrapped_entry import KIND, PROOF, VALUES, as_counted
from ledger.formats.selective_disclosure import parse_disclosure
from ledger.law import judge
from ledger.law.provisions import rules_digest
from ledger.tlog.names import origin_hash
from ledger.tlog.note import Head, note_digest
from ledger.tlog.tree import format_proof, prove_consistency, prove_inclusions

RECENT = 64  # newest published heads with a consistency proof to the head of the bundle: a reader may hold any


@dataclass(frozen=True, slots=True)
class BundleRequest:
    """What a bundle is to hold: of which order, for which role, made when, for which purpose.

    `purpose` is a code of the vocabulary, `documents` are files by SHA-256 (hex). With `closed` no value is opened.
    """

    order: str
    audience: str
    made_at: datetime
    tool: str
    purpose: str | None = None
    legal_basis: tuple[str, ...] = ()
    with_linked: bool = False
    documents: Mapping[str, Path] = field(default_factory=dict)
    closed: bool = False


def bundle_contents(
    journal: Journal, request: BundleRequest, head: Head | None = None, committed: CommittedHeads | None = None
) -> Contents:
    """Return the contents of the bundle: the order, its companion where the audience may see it, and the register.

    All of it as of `head`, a published head (by default the newest); later entries are left out. `committed` has the
    proofs of these orders; it is left out if it lacks one, as of a companion that has begun since.
    """
    head = head or published_head(journal)
    size = head.checkpoint.size
    covered = {
        order: [(index, o) for index, o in journal.cases.opened(order) if index < size]
        for order in [*orders_of(journal, request.order, request.audience, request.with_linked), journal.registry]
    }
    opened = {index: o for group in covered.values() for index, o in group}
    entries = [
        e for order, group in covered.items() for e in journal.cases.entries(order, group, reveal=not request.closed)
    ]
    disclosures = {
        index: [parse_disclosure(text) for text in texts]
        for order in (() if request.closed else covered)
        for index, texts in journal.cases.disclosures(order).items()
    }
    carried, withheld = select(entries, disclosures, request.audience)
    tokens = journal.heads.tokens()
    cited = {o.payload.seen.note for o in opened.values() if o.payload.seen is not None}
    heads = journal.heads.dating(opened.keys(), cited, size)
    recent = [published for published in journal.heads.all() if published.size < size][-RECENT:]
    sizes = {published.size for published in (*heads, *recent) if 0 < published.size < size}
    read = journal.store.hashes
    places = sorted(opened)
    if committed is not None and covered.keys() - committed.heads.proofs.keys():
        committed = None
    case = shown_to(journal.case(request.order, reveal=not request.closed), request.audience, size)
    found = stated(
        case,
        judge(case, request.made_at),
        log=journal.origin,
        audience=request.audience,
        size=size,
        rules=rules_digest(),
    )
    return Contents(
        origin=journal.origin,
        about=About(
            order=request.order,
            audience=request.audience,
            purpose=request.purpose or "other",
            made_at=request.made_at,
            rules=found.rules,
            tool=request.tool,
            legal_basis=request.legal_basis,
            withheld=withheld,
            test=journal.folder.test,
        ),
        checkpoint=head.note,
        policy=(journal.folder.path / "trust" / "policy").read_bytes(),
        entries=[
            (index, opened[index].raw, format_proof(index, path, head.note))
            for index, path in zip(places, prove_inclusions(places, size, read), strict=True)
        ],
        heads={published.digest: published.note for published in heads},
        consistency={(m, size): prove_consistency(m, size, read) for m in sorted(sizes)},
        disclosures=carried,
        documents=_named(request.documents, entries, request.audience),
        tokens=_tokens(tokens, note_digest(head.note), heads),
        foreign=_foreign(journal, covered, request) | _heads_seen(journal, opened.values()),
        others=_registers(journal, opened.values()),
        views={PATH: format_findings(found)},
        commit=None if committed is None else _commit(journal, committed, head),
        map_proofs={} if committed is None else {order: committed.heads.proofs[order] for order in covered},
        audits=audit_files.carried(
            audit_files.files_in(journal.folder.log / audit_files.FOLDER), journal.origin, size, read
        ),
    )


def _commit(journal: Journal, committed: CommittedHeads, head: Head) -> tuple[bytes, bytes]:
    """Return the entry that commits heads, and its proof under a head that covers it."""
    index, size = committed.index, head.checkpoint.size
    (path,) = prove_inclusions([index], size, journal.store.hashes)
    return journal.store.at(index) or b"", format_proof(index, path, head.note)


def orders_of(journal: Journal, order: str, audience: str, with_linked: bool = False) -> Iterable[str]:
    """Yield the order, orders that are joined with it, companions for an audience that may know of them, linked orders.

    Linked orders only if they are wanted.
    """
    for each in (order, *journal.cases.joins.parts_of(order)):
        yield each
        companion = journal.subject_keys.companion_of(each) if journal.subject_keys else None
        if companion is not None and all(visible(o.payload.kind, audience) for _, o in journal.cases.opened(companion)):
            yield companion
    if with_linked:
        case = journal.case(order)
        yield from (other for other in linked(case.entries) if other != order and journal.store.head(other))


def _tokens(tokens: Iterable[TimeStampToken], checkpoint: str, heads: Iterable[PublishedHead]) -> dict[str, bytes]:
    """Return the time stamps over the notes of the bundle by path, numbered in the order of their arrival."""
    places = {head.digest: f"heads/{head.digest}" for head in heads} | {checkpoint: "checkpoint"}
    stamps: dict[str, bytes] = {}
    counts: Counter[str] = Counter()
    for token in tokens:
        if place := places.get(token.head):
            counts[place] += 1
            stamps[f"{place}.{counts[place]}.tsr"] = token.reply
    return stamps


def _named(documents: Mapping[str, Path], entries: Sequence[Entry], audience: str) -> dict[str, bytes]:
    """Return the given documents that an entry names in a field which this audience may read."""
    named = documents_named(entries, audience)
    return {digest: path.read_bytes() for digest, path in documents.items() if digest in named}


def _foreign(
    journal: Journal, covered: Mapping[str, Sequence[tuple[int, OpenedEntry]]], request: BundleRequest
) -> dict[str, bytes]:
    """Return the files of wrapped entries: the entry, its proof, and disclosures that this audience may read."""
    files: dict[str, bytes] = {}
    for order, opened in covered.items():
        for _, o in opened:
            digest = o.payload.public.get("envelope") if o.payload.kind == KIND else None
            for name in (digest, f"{digest}{PROOF}") if isinstance(digest, str) else ():
                if (content := journal.received.read(f"{FOREIGN}/{name}")) is not None:
                    files[name] = content
        for index, wrapper, inner, texts in () if request.closed else journal.cases.arrived(order, opened):
            may = readable(as_counted(inner, wrapper, index), request.audience)
            if lines := [text for text in texts if parse_disclosure(text).name in may]:
                name = f"{wrapper.payload.public['envelope']}{VALUES}"
                files[name] = "".join(f"{line}\n" for line in lines).encode()
    return files


def _registers(journal: Journal, opened: Iterable[OpenedEntry]) -> dict[str, dict[int, tuple[bytes, bytes]]]:
    """Return the received registers of the logs whose entries are wrapped here; they prove the keys of the entries."""
    origins = {str(o.payload.public.get("origin")) for o in opened if o.payload.kind == KIND}
    here = registers(journal.received)
    return {origin: here[name] for origin in sorted(origins) if (name := origin_hash(origin)) in here}


def _heads_seen(journal: Journal, opened: Iterable[OpenedEntry]) -> dict[str, bytes]:
    """Return the newest head seen of each log whose entries are wrapped here, and the last head of a predecessor.

    The keeper of such a log can compare the head with its own.
    """
    opened = list(opened)
    origins = {str(o.payload.public.get("origin")) for o in opened if o.payload.kind == KIND}
    seen = (newest_seen(journal.folder.others, origin) for origin in sorted(origins))
    notes = {head.digest: head.note for head in seen if head is not None}
    for o in opened:
        for document in o.payload.documents if o.payload.kind == "log-succeeded" else ():
            if (note := journal.received.read(f"{FOREIGN}/{document.sha256}")) is not None:
                notes[document.sha256] = note
    return notes
