"""Offer an imported order and an order that arrived as a bundle as one, and join them when a person confirms it.

Two orders are offered as one if they have the same reference, the same issuing office and near dates, under one
instrument. They are never joined without an entry. The order that arrived keeps its id, which both ledgers use; the
entry in it names the imported order (docs/adr/0139).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.case_reader import CaseReader
from ledger.application.counterparties import registers
from ledger.entries.case import JOINING, Case, Entry, is_import_of, wire
from ledger.entries.envelope import open_
from ledger.entries.form import plain
from ledger.errors import RecordError
from ledger.facts import Fact, build

NEAR: Final = timedelta(days=31)  # between the dates of two orders that may be one [design]
_DATED: Final = ("order-issued", "order-transmitted", "order-received")


class SameOrder(Struct, frozen=True):
    """An imported order and one that arrived, which may be one; `days` are between their dates."""

    order: str
    imported: str
    reference: str
    office: str
    issued_on: datetime
    imported_on: datetime

    @property
    def days(self) -> int:
        """Return the days between the issue of the order and the date nearest to it that the import states."""
        return abs(self.imported_on - self.issued_on).days


class SameOrders:
    """Find the orders of one ledger that may be one."""

    def __init__(self, cases: CaseReader, store: EntryReader) -> None:
        self._cases = cases
        self._store = store
        self._offices: dict[str, set[str]] | None = None

    def offered(self) -> Iterator[SameOrder]:
        """Yield every pair that may be one and is not joined, by reference; reads all references of the ledger."""
        by_reference: dict[str, set[str]] = {}
        for reference, order in self._store.references():
            by_reference.setdefault(plain(reference), set()).add(order)
        for _, orders in sorted(by_reference.items()):
            yield from self._pairs(orders)

    def offered_for(self, orders: Iterable[str]) -> Iterator[SameOrder]:
        """Yield the pairs with one of these orders whose references are written alike."""
        references = {reference for order in orders for reference in self._cases.references(order)}
        for reference in sorted(references):
            yield from self._pairs(self._store.referenced(reference))

    def _pairs(self, orders: Collection[str]) -> Iterator[SameOrder]:
        if len(orders) < 2:
            return
        cases = [self._cases.case(o, reveal=False) for o in sorted(orders) if not self._cases.joins.joined_into(o)]
        pairs = (self.pair(whole, part) for whole in cases for part in cases if whole is not part)
        yield from (pair for pair in pairs if pair is not None)

    def pair(self, whole: Case, part: Case) -> SameOrder | None:
        """Return the pair if an order that arrived and an imported one may be one; None if they are not."""
        arrived = next((e for e in whole.entries if e.kind == "order-issued" and e.received), None)
        issued = next((e for e in part.entries if _is_imported(e)), None)
        if arrived is None or issued is None or whole.instrument != part.instrument:
            return None
        if plain(str(arrived.get("reference"))) != plain(str(issued.get("reference"))):
            return None
        office = str(issued.get("issuing_authority") or issued.actor)
        if not self._is_one_office(str(arrived.get("issuing_authority") or arrived.by), office):
            return None
        near = min((e.on for e in part.entries if e.kind in _DATED), key=lambda on: abs(on - arrived.on))
        if abs(near - arrived.on) > NEAR:
            return None
        return SameOrder(whole.order, part.order, str(issued.get("reference")), office, arrived.on, near)

    def _is_one_office(self, one: str, other: str) -> bool:
        """Return True for one id, or for two ids under which registers here and elsewhere have one name."""
        return one == other or not self._names(one).isdisjoint(self._names(other))

    def _names(self, actor: str) -> set[str]:
        if self._offices is None:
            self._offices = {}
            for public in (*self._own(), *self._foreign()):
                names = {" ".join(name.casefold().split()) for name in (public.get("names") or {}).values()}
                self._offices.setdefault(str(public.get("actor")), set()).update(names)
        return self._offices.get(actor, set())

    def _own(self) -> Iterator[Mapping[str, Any]]:
        yield from (e.public for e in self._cases.register(reveal=False) if e.kind.startswith("authority-"))

    def _foreign(self) -> Iterator[Mapping[str, Any]]:
        for entries in registers(self._cases.received).values():
            for raw, _ in entries.values():
                payload = open_(raw, verify=False).payload
                if payload.kind.startswith("authority-"):
                    yield payload.public


def alone(pairs: Sequence[SameOrder]) -> list[SameOrder]:
    """Return the pairs whose orders are in no other pair: of all others a person has to say which orders are one."""
    often = Counter(order for each in pairs for order in (each.order, each.imported))
    return [each for each in pairs if often[each.order] == often[each.imported] == 1]


def joining_fact(whole: Case, part: Case, by: str, reader: CaseReader) -> Fact:
    """Return the fact, for the office `by` to sign, that an order which arrived and one that it has imported are one.

    `RecordError` ORDERS-NOT-ONE for two instruments, an order that another office recorded or that was not imported, an
    order without a receipt, or one that is joined already.
    """
    if whole.order == part.order:
        raise _refused("they are one order on this record already")
    if whole.instrument != part.instrument:
        raise _refused(f"one is under {whole.instrument}, the other under {part.instrument}")
    if reader.joins.parts_of(part.order):
        raise _refused("another order is joined with the second one", "name them the other way round")
    begun = next(e for e in part.entries if e.order == part.order and e.seq == 1 and e.received is None)
    if not is_import_of(begun, by, whole.instrument):
        recorded = f" but recorded by {begun.by}" * (begun.by != by)
        raise _refused(f"the second one was not imported by {by}{recorded}", "an office joins what it has imported")
    first = next((e for kind in reversed(_DATED) for e in part.entries if e.kind == kind), None)
    if first is None:
        raise _refused("nothing in the second one says that it was issued, sent or received")
    came = min((e.received for e in whole.entries if e.received), default=None) or _began(whole)
    public = {"first": first.leaf, "second_on": wire(came), "first_order": part.order}
    return build(JOINING, public, {})


def _is_imported(e: Entry) -> bool:
    return e.kind == "order-issued" and e.speaks == "import" and e.received is None


def _began(case: Case) -> datetime:
    return min(e.at for e in case.entries)


def _refused(says: str, hint: str = "`comity order join` lists orders that may be one") -> RecordError:
    return RecordError("ORDERS-NOT-ONE", says, where=JOINING, hint=hint)
