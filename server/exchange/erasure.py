"""Find the bundles that an erasure has to reach: bundles that wait for a peer, and bundles in quarantine."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec import Struct

from ledger.bundle.archive import unpack
from ledger.bundle.layout import MANIFEST, Arranged, arrange
from ledger.bundle.manifest import Manifest, open_manifest
from ledger.entries.envelope import open_
from ledger.entries.wrapped_entry import VALUES
from ledger.errors import LedgerError, RecordError
from ledger.formats.selective_disclosure import parse_disclosure
from server.exchange.documents import ExchangeAnswer, Refusal
from server.exchange.store import ExchangeStore, IncomingItem, OutgoingItem

DELETED = "EXCHANGE-DELETED"

Value = tuple[int, str]  # the log index of an entry, and the name of a sealed field


class Reach(Struct, frozen=True):
    """The bundles here that open values of an erasure, or may open them, and the bundles that peers have already."""

    waiting: tuple[OutgoingItem, ...]
    quarantined: tuple[IncomingItem, ...]
    given: tuple[OutgoingItem, ...]


def reach(store: ExchangeStore, values: Collection[Value], orders: Collection[str]) -> Reach:
    """Return the bundles with these values of our log, and the bundles of these orders (ids) of other logs.

    Which values of ours are in a bundle of another log is not known: each bundle of the quarantine counts that opens
    something of one of the orders, or that cannot be read.
    """
    sent = store.sent()
    waiting = [item for item in sent if item.state in ("waiting", "quarantined") and _opens(store, item, values)]
    given = [item for item in sent if item.state == "acknowledged" and item.order in orders]
    held = [item for item in store.received() if item.answer.state == "quarantined"]
    return Reach(tuple(waiting), tuple(item for item in held if _is_about(store, item, orders)), tuple(given))


def delete(store: ExchangeStore, found: Reach, origin: str) -> None:
    """Delete bundles that wait, and refuse those in quarantine; `origin` is the name of our log."""
    for waiting in found.waiting:
        store.delete(waiting, Refusal(DELETED, "values in it are erased; comity exchange send makes another bundle"))
    for held in found.quarantined:
        reason = Refusal(DELETED, "values in it were erased here before anybody decided about it")
        store.settle(held.peer, held.size, ExchangeAnswer(origin, held.digest, "refused", [], reason))


def _opens(store: ExchangeStore, item: OutgoingItem, values: Collection[Value]) -> bool:
    try:
        parts, _ = _parts(store.content(item))
    except (LedgerError, RecordError):
        return False  # the file is gone or damaged: nothing of it is handed over
    return any(value in values for value in _opened(parts))


def _opened(parts: Arranged) -> Iterator[Value]:
    """Yield the values that a bundle opens, those of entries of other logs under the index of their wrapper."""
    for index, content in parts.disclosures.items():
        for text in content.decode().splitlines():
            yield index, parse_disclosure(text).name
    for index, raw in parts.entries.items():
        name = open_(raw, verify=False).payload.public.get("envelope")
        for text in parts.foreign.get(f"{name}{VALUES}", b"").decode().splitlines():
            yield index, parse_disclosure(text).name


def _is_about(store: ExchangeStore, item: IncomingItem, orders: Collection[str]) -> bool:
    try:
        parts, manifest = _parts(store.held(item.digest)[1])
        about = not manifest.heads.keys().isdisjoint(orders)
        return about and (bool(parts.disclosures) or any(name.endswith(VALUES) for name in parts.foreign))
    except (LedgerError, RecordError):
        return True


def _parts(data: bytes) -> tuple[Arranged, Manifest]:
    files = unpack(data)
    if MANIFEST not in files:
        raise RecordError("BND-MANIFEST", "a bundle without it is none", where=MANIFEST)
    manifest = open_manifest(files[MANIFEST], verify=False)
    return arrange(files, manifest.log, manifest.v), manifest
