"""Gather the entries, proofs and values of one order for one audience."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cli.exit_codes import Exit, Stop
from cli.session.field_values import digests
from ledger.adapters.keys import mldsa
from ledger.adapters.log.checkpoints import Kept, Token
from ledger.adapters.witness.followed_logs import newest_seen
from ledger.application.counterparties import registers
from ledger.application.journal import Journal
from ledger.bundle import About, Contents, readable, select, visible
from ledger.entries.case import Entry
from ledger.entries.envelope import Opened
from ledger.entries.wrapped_entry import KIND, PROOF, VALUES, as_counted
from ledger.errors import LedgerError
from ledger.formats.selective_disclosure import parse_disclosure
from ledger.law.provisions import rules_digest
from ledger.tlog.note import Head, note_digest, open_checkpoint, origin_hash
from ledger.tlog.tree import format_proof, prove_consistency, prove_inclusions
from projections.views.state import linked

RECENT = 64  # published heads from which a proof leads to the bundle's: any of them may be held by its reader


@dataclass(frozen=True, slots=True)
class Asked:
    """What a bundle is asked to be: of which order, for which role, made when and what for.

    `purpose` is a code of the vocabulary. Where none is said, `cli.handover.hand_over` chooses it.
    """

    order: str
    audience: str
    made_at: datetime
    tool: str
    purpose: str | None = None
    legal_basis: tuple[str, ...] = ()
    with_linked: bool = False
    documents: Mapping[str, Path] = field(default_factory=dict)


def gather(journal: Journal, asked: Asked, head: Head | None = None) -> Contents:
    """The contents of the bundle: the whole order, its companion where the audience may see it, the whole registry.

    All of it as of `head`, a published head; by default the newest. What came after it is left out.
    """
    head = head or published(journal)
    size = head.checkpoint.size
    covered = {
        order: [(index, o) for index, o in journal.cases.opened(order) if index < size]
        for order in [*_orders(journal, asked), journal.registry]
    }
    opened = {index: o for found in covered.values() for index, o in found}
    entries = [e for order, found in covered.items() for e in journal.cases.entries(order, found)]
    held = {
        index: [parse_disclosure(text) for text in texts]
        for order in covered
        for index, texts in journal.cases.disclosures(order).items()
    }
    carried, withheld = select(entries, held, asked.audience)
    tokens = journal.heads.tokens()
    cited = {o.payload.seen.note for o in opened.values() if o.payload.seen is not None}
    heads = journal.heads.dating(opened.keys(), cited, size)
    sizes = {kept.size for kept in (*heads, *journal.heads.all()[-RECENT:]) if 0 < kept.size < size}
    read = journal.store.hashes
    places = sorted(opened)
    return Contents(
        origin=journal.origin,
        about=About(
            order=asked.order,
            audience=asked.audience,
            purpose=asked.purpose or "other",
            made_at=asked.made_at,
            rules=rules_digest(),
            tool=asked.tool,
            legal_basis=asked.legal_basis,
            withheld=withheld,
            test=journal.folder.test,
        ),
        checkpoint=head.note,
        policy=(journal.folder.path / "trust" / "policy").read_bytes(),
        entries=[
            (index, opened[index].raw, format_proof(index, path, head.note))
            for index, path in zip(places, prove_inclusions(places, size, read), strict=True)
        ],
        heads={kept.digest: kept.note for kept in heads},
        consistency={
            (m, size): prove_consistency(m, size, read)
            for m in sorted(sizes)  # whoever holds one of them can connect it
        },
        disclosures=carried,
        documents=_named(asked.documents, entries, asked.audience),
        tokens=_tokens(tokens, note_digest(head.note), heads),
        foreign=_foreign(journal, covered, asked.audience) | _heads_seen(journal, opened.values()),
        others=_registers(journal, opened.values()),
    )


def published(journal: Journal) -> Head:
    """The newest published head, brought up to the newest entry; as it was, where nothing can be signed any more."""
    try:
        journal.publish()
    except LedgerError as fault:
        head = journal.log.files.head(journal.log.witnesses)
        if fault.code != "GUARD-MISSING" or head is None:
            raise
        return head
    kept = journal.heads.newest()
    if kept is None:
        raise AssertionError("publishing keeps a head")
    return opened_head(journal, kept.note)


def opened_head(journal: Journal, note: bytes) -> Head:
    """The head in a note of this log, with the cosignatures of its witnesses."""
    return open_checkpoint(note, journal.origin, journal.folder.keys, journal.log.witnesses, mldsa=mldsa.verify)


def witnessed(journal: Journal, head: Head) -> bool:
    """True if as many witnesses saw the head as the ledger's policy asks for."""
    policy = journal.folder.policy
    return policy.met(policy.names(key for key, _ in head.cosignatures))


def _orders(journal: Journal, asked: Asked) -> Iterable[str]:
    """The order, its companion for those who may know of it, and orders it is linked with if they are asked for."""
    yield asked.order
    companion = journal.drawer.companion_of(asked.order) if journal.drawer else None
    if companion is not None and all(
        visible(o.payload.kind, asked.audience) for _, o in journal.cases.opened(companion)
    ):
        yield companion
    if asked.with_linked:
        case = journal.case(asked.order)
        yield from (order for order in linked(case.entries) if order != asked.order and journal.store.head(order))


def _tokens(tokens: Iterable[Token], checkpoint: str, heads: Iterable[Kept]) -> dict[str, bytes]:
    """The time stamps over the notes that travel, each beside its note, numbered in the order in which they came."""
    places = {kept.digest: f"heads/{kept.digest}" for kept in heads} | {checkpoint: "checkpoint"}
    found: dict[str, bytes] = {}
    counts: Counter[str] = Counter()
    for token in tokens:
        if place := places.get(token.head):
            counts[place] += 1
            found[f"{place}.{counts[place]}.tsr"] = token.reply
    return found


def _named(documents: Mapping[str, Path], entries: Sequence[Entry], audience: str) -> dict[str, bytes]:
    """Of the documents at hand, those that an entry names where this audience may read it."""
    named = {d for entry in entries for name in readable(entry, audience) for d in _digests(entry.get(name))}
    return {digest: path.read_bytes() for digest, path in documents.items() if digest in named}


def _digests(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("sha256"), str):
            yield value["sha256"]
        for inner in value.values():
            yield from _digests(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _digests(inner)


def _foreign(journal: Journal, covered: Mapping[str, Sequence[tuple[int, Opened]]], audience: str) -> dict[str, bytes]:
    """The wrapped records of others, as they came, their proofs, and what opens the values this audience may read."""
    found: dict[str, bytes] = {}
    for order, opened in covered.items():
        for _, o in opened:
            digest = o.payload.public.get("envelope") if o.payload.kind == KIND else None
            for name in (digest, f"{digest}{PROOF}") if isinstance(digest, str) else ():
                path = journal.folder.foreign / name
                if path.is_file():
                    found[name] = path.read_bytes()
        for index, wrapper, inner, texts in journal.cases.arrived(order, opened):
            may = readable(as_counted(inner, wrapper, index), audience)
            if lines := [text for text in texts if parse_disclosure(text).name in may]:
                name = f"{wrapper.payload.public['envelope']}{VALUES}"
                found[name] = "".join(f"{line}\n" for line in lines).encode()
    return found


def _registers(journal: Journal, opened: Iterable[Opened]) -> dict[str, dict[int, tuple[bytes, bytes]]]:
    """The registers, as received, of the logs whose entries are wrapped here: they prove the keys of those entries."""
    origins = {str(o.payload.public.get("origin")) for o in opened if o.payload.kind == KIND}
    here = registers(journal.folder.registers)
    return {origin: here[name] for origin in sorted(origins) if (name := origin_hash(origin)) in here}


def _heads_seen(journal: Journal, opened: Iterable[Opened]) -> dict[str, bytes]:
    """The newest head seen of each log whose entries are wrapped here, and the last one of a log this one succeeds.

    Whoever keeps such a log compares it with what it is.
    """
    opened = list(opened)
    origins = {str(o.payload.public.get("origin")) for o in opened if o.payload.kind == KIND}
    seen = (newest_seen(journal.folder.others, origin) for origin in sorted(origins))
    found = {kept.digest: kept.note for kept in seen if kept is not None}
    for o in opened:
        for document in o.payload.documents if o.payload.kind == "log-succeeded" else ():
            path = journal.folder.foreign / document.sha256
            if path.is_file():
                found[document.sha256] = path.read_bytes()
    return found


def by_digest(folder: Path) -> dict[str, Path]:
    """The files of a folder by their SHA-256."""
    if not folder.is_dir():
        raise Stop(f"{folder}: no such folder", code=Exit.UNDECIDABLE)
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {sha256: path for path, (_, sha256, _) in zip(paths, digests([str(p) for p in paths]), strict=True)}
