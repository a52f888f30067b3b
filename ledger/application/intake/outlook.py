"""Foresee what a table would change: the deadlines that its orders would have, and what the law would find.

The orders are judged with the entries of the rows added, by the rules that count when the entries are on record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ledger.entries.case import Case, Entry
from ledger.law import judge, read_order
from ledger.law.terms.rule import Finding

MOST_ORDERS: Final = 2_000  # that are judged; of a longer table the first ones


class ClockCount(Struct, frozen=True):
    """A deadline by its id in findings.md 3, its verdict, and how many orders would have it so."""

    id: str
    verdict: str
    orders: int


class FindingCount(Struct, frozen=True):
    """A finding that the law would make in so many orders and does not make now; `first_row` shows one of them."""

    code: str
    level: str
    says: str
    orders: int
    first_row: int


class NoClockCount(Struct, frozen=True):
    """Orders that would have no deadline, for one reason; `first_row` shows one of them."""

    says: str
    orders: int
    first_row: int


class Outlook(Struct, frozen=True):
    """What would change: deadlines and findings; `judged` of so many `orders`.

    `without` are the orders that would have no deadline, by reason.
    """

    clocks: list[ClockCount]
    without: list[NoClockCount]
    findings: list[FindingCount]
    judged: int
    orders: int


class OutlookCount:
    """Collect the new entries of a table by order, and judge them; `register` are the entries of the register."""

    def __init__(self, register: Iterable[Entry]) -> None:
        self._register = tuple(register)
        self._orders: dict[str, tuple[Case | None, list[Entry], int]] = {}
        self._seen: set[str] = set()

    def add(self, entry: Entry, row: int, case: Case | None = None) -> None:
        """Add an entry that is not on record, from a row.

        `case` is its order as it is on record, if it is: of the first entry of the order.
        """
        self._seen.add(entry.order)
        if entry.order not in self._orders:
            if len(self._orders) >= MOST_ORDERS:
                return
            self._orders[entry.order] = (case, [], row)
        case, entries, _ = self._orders[entry.order]
        number = (len(case.entries) if case else 0) + len(entries)
        leaf = f"{len(self._orders):032x}{number:032x}"  # each leaf is another one, and no hash
        place = max((e.index for e in case.entries), default=0) + 1 if case else 1_000_000
        entries.append(replace(entry, leaf=leaf, seq=number, index=place + len(entries)))

    @property
    def full(self) -> bool:
        """Return True if no further order will be judged, so that its case need not be read."""
        return len(self._orders) >= MOST_ORDERS

    def has(self, order: str) -> bool:
        """Return True if an entry of this order was added."""
        return order in self._orders

    def result(self, now: datetime) -> Outlook:
        """Return what would change, the most frequent first; `now` is the moment of the judgement."""
        clocks: Counter[tuple[str, str]] = Counter()
        without: dict[str, tuple[int, int]] = {}
        findings: Counter[str] = Counter()
        first: dict[str, tuple[Finding, int]] = {}
        for order, (case, entries, row) in self._orders.items():
            before = case or Case(order, entries[0].instrument or "", (), self._register)
            after = replace(before, entries=(*before.entries, *entries))
            had = {f.code for f in judge(before, now).findings} if case else set()
            judged = judge(after, now)
            clocks.update({(clock.id, clock.verdict.value) for clock in judged.deadlines})
            if not judged.deadlines:
                says = why_none(after, now)
                many, row_of = without.get(says, (0, row))
                without[says] = (many + 1, row_of)
            for found in judged.findings:
                if found.code not in had:
                    findings[found.code] += 1
                    first.setdefault(found.code, (found, row))
        return Outlook(
            [ClockCount(id, verdict, count) for (id, verdict), count in sorted(clocks.items())],
            [
                NoClockCount(says, many, row)
                for says, (many, row) in sorted(without.items(), key=lambda each: -each[1][0])
            ],
            list(_found(findings, first)),
            len(self._orders),
            len(self._seen),
        )


def why_none(case: Case, now: datetime) -> str:
    """Return why an order has no deadline at `now`: what of it is missing, or counts for nothing."""
    r = read_order(case, now)
    issues = [e for e in r.entries.current if e.kind == "order-issued"]
    if r.order.issued is None:
        if not issues:
            return "no row says who issued the order (order-issued)"
        return f"{_reported(issues[-1])} holds no role in the register in which it can issue an order"
    receipts = [e for e in r.entries.current if e.kind == "order-received"]
    if not receipts:
        return "no row says when the order arrived (order-received)"
    if lacks := r.receipts.lacks_as_trigger(receipts[-1]):
        return "; ".join(lack.says for lack in lacks)
    return f"under {case.instrument} nothing that is in the table starts a deadline"


def _reported(e: Entry) -> str:
    """Return whose act an entry reports, without a name: rows of several offices are counted together."""
    return "the office that is said to have issued the order" if e.whose else "the office that signs"


def _found(findings: Counter[str], first: dict[str, tuple[Finding, int]]) -> Iterator[FindingCount]:
    for code, count in findings.most_common():
        found, row = first[code]
        yield FindingCount(code, found.level.value, found.says, count, row)
