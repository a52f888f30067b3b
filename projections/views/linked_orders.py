"""Linked orders: orders that name each other as before and after, whatever the instrument of each.

An article 7 order that was escalated and the article 8 request that followed, a preservation order and the
production order it was kept for, an emergency request and the formal one: the entries say so (`prior_order`,
`new_order`). An order of another ledger is named and not followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ledger.entries.case import Case
from ledger.law import Judgement
from projections.views.replaced import replaced
from projections.views.timeline import TimelineEntry, timeline

Pair = tuple[str, str]  # the order before, the order after


class LinkedOrder(Struct, frozen=True):
    """Hold one of several linked orders: its name, its case, its judgement at the common moment."""

    name: str
    case: Case
    judgement: Judgement


def pair(order: str, public: Mapping[str, Any]) -> Pair | None:
    """Return the two orders that an entry of `order` with these public fields links; None if it links none."""
    prior, new = public.get("prior_order"), public.get("new_order")
    if isinstance(prior, str) and prior != order:
        return prior, order
    if isinstance(new, str) and new != order:
        return order, new
    return None


def linked_cases(
    order: str, case: Callable[[str], Case], holds: Callable[[str], bool], named_by: Callable[[str], Iterable[str]]
) -> dict[str, Case]:
    """Return the cases of an order and of every order that links reach from it, in both directions.

    `case` reads an order, `holds` says of any other order than the first whether it can be read, and `named_by` returns
    the orders whose entries name one.
    """
    cases: dict[str, Case] = {}
    ahead = [order]
    while ahead:
        this = ahead.pop()
        if this in cases or (this != order and not holds(this)):
            continue
        cases[this] = found = case(this)
        ahead += [o for e in found.entries if (p := pair(this, e.public)) for o in p]
        ahead += named_by(this)
    return cases


def pairs(case: Case) -> list[Pair]:
    """Return the pairs that the entries of an order make; a replaced entry makes none."""
    replacements = replaced(case)
    links = (pair(case.order, e.public) for e in case.acting if e.leaf not in replacements)
    return list(dict.fromkeys(p for p in links if p is not None))


def connected(order: str, links: Iterable[Pair]) -> set[str]:
    """Return every order that can be reached from `order`, forwards and back."""
    neighbours: dict[str, set[str]] = {}
    for before, after in links:
        neighbours.setdefault(before, set()).add(after)
        neighbours.setdefault(after, set()).add(before)
    orders, ahead = {order}, [order]
    while ahead:
        new = neighbours.get(ahead.pop(), set()) - orders
        orders |= new
        ahead += new
    return orders


def merged(shares: Sequence[LinkedOrder], *, reveal: bool = False) -> list[tuple[LinkedOrder, TimelineEntry]]:
    """Return every entry of linked orders in the order in which it happened, then of the record."""
    lines = [(s, line) for s in shares for line in timeline(s.case, s.judgement.trail, reveal=reveal)]
    return sorted(lines, key=lambda one: (one[1].entry.on, one[1].entry.index))
