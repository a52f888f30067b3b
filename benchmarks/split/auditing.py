"""Split the processor time of an audited entry into the steps of `check_run`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from itertools import repeat
from pathlib import Path

from benchmarks.data.generate import ORIGIN, registrar
from benchmarks.split.steps import RAW, each, in_microseconds, opened, verifications
from ledger.adapters.storage import statements
from ledger.adapters.storage.connection import ReadConnection, open_connection
from ledger.application.integrity.audit import RUN, begin
from ledger.application.integrity.check_run import _NOT_FOUND, TOGETHER, _before, _plainly_found, check_run, subtree
from ledger.application.worker_pool import without_cycles
from ledger.entries.envelope import OpenedEntry, _check_veils, _decode, _encode, open_each
from ledger.entries.keyring import Keyring
from ledger.entries.payload import Payload, well_formed
from ledger.entries.placement import Link, check_place, registry_of
from ledger.formats.canonical_json import plain, simple
from ledger.formats.dsse import EVENT_TYPE, parts
from ledger.tlog.tree import leaf_hash
from ledger.verify.field_forms import check_public

_WHOLE, _READ, _VERIFIED = "whole", "read", "verified"


def split_of_audit(ledger: Path) -> dict[str, float]:
    """Return the microseconds of each step of an audit: of one run in the middle of a ledger, in this process."""
    place = ledger / "entries.db"
    with without_cycles(), closing(open_connection(place)) as c:
        keyring = Keyring(registry_of(ORIGIN), registrar())
        size = begin(c, place, ORIGIN, keyring)[0].size
        start = size // 2 // RUN * RUN
        stop = min(start + RUN, size)
        rows = c.execute(statements.AUDITED_COLUMNS, (start, stop)).fetchall()
        steps = _steps(c, keyring, rows, start, stop)
        steps[_WHOLE] = lambda: check_run(place, ORIGIN, keyring, None, True, start, stop)
        taken = in_microseconds(steps, len(rows))
    whole, read, verified = (taken.pop(name) for name in (_WHOLE, _READ, _VERIFIED))
    split = {RAW: taken.pop(RAW)}
    split["signature: call, bytes to sign, cold caches"] = verified - read - split[RAW]
    split |= taken
    split["loop: columns compared, results"] = whole - sum(split.values())
    return split


def _steps(
    c: ReadConnection, keyring: Keyring, rows: Sequence[tuple[object, ...]], start: int, stop: int
) -> dict[str, Callable[[], object]]:
    raws = [bytes(row[4]) for row in rows]  # type: ignore[call-overload]
    pages = [raws[n : n + TOGETHER] for n in range(0, len(raws), TOGETHER)]
    entries = opened(raws)
    bodies = [cut[0] for raw in raws if (cut := parts(raw, EVENT_TYPE))]
    payloads = [entry.payload for entry in entries]
    leaves = [bytes.fromhex(entry.leaf) for entry in entries]
    places: dict[str, list[int]] = {}
    for index, p in enumerate(payloads, start):
        places.setdefault(p.order, [p.seq]).append(index)
    ours = [n for n, p in enumerate(payloads) if p.order != keyring.registry]  # as `check_run` does
    befores = list(_befores(c, entries, start))
    return {
        RAW: verifications(raws),
        _VERIFIED: each(open_each, pages),
        _READ: each(partial(open_each, verify=False), pages),
        "envelope: parsed, compared with its one spelling": each(partial(parts, payload_type=EVENT_TYPE), raws),
        "payload: parsed": each(_decode, bodies),
        "payload: canonical check": each(_canonical, payloads, bodies),
        "forms of texts, moments, digests": each(_formed, payloads),
        "forms of public fields": each(check_public, payloads),
        "SHA-256 of the leaf": each(leaf_hash, raws),
        "key look-up": each(keyring.check, [entries[n] for n in ours], [start + n for n in ours]),
        "chain": each(check_place, entries, repeat(ORIGIN), befores),
        "SQLite: rows": lambda: _read(c, start, stop),
        "SQLite: index by order and number": lambda: _plainly_found(c, places),
        "SQLite: index by entry id": lambda: c.execute(_NOT_FOUND["CTX-REPLAY"], (start, stop)).fetchone(),
        "inner hashes": lambda: subtree(leaves),
    }


def _canonical(payload: Payload, body: bytes) -> bool:
    return plain(body) and simple(payload.public) and _encode(payload) == body


def _formed(payload: Payload) -> None:
    well_formed(payload)
    datetime.fromisoformat(payload.on)
    datetime.fromisoformat(payload.signed_at)
    _check_veils(payload)


def _read(c: ReadConnection, start: int, stop: int) -> None:
    cursor = c.execute(statements.AUDITED_COLUMNS, (start, stop))
    while cursor.fetchmany(TOGETHER):
        pass


def _befores(c: ReadConnection, entries: Sequence[OpenedEntry], start: int) -> Iterator[Link | None]:
    """Yield, for each entry, the one before it in its order."""
    heads: dict[str, Link] = {}
    for index, entry in enumerate(entries, start):
        p = entry.payload
        yield heads.get(p.order) or _before(c, p.order, p.seq, index)
        heads[p.order] = Link(p.seq, entry.leaf, p.instrument)
