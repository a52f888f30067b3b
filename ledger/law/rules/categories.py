"""Findings on which data an order is for: its elements against the categories that it states and its article reaches.

Regulation (EU) 2023/1543 art. 3(9) to (12); CETS 224 arts 6 to 8. Each element has its place in
`ledger.facts.vocabulary.ELEMENTS`.
"""

from __future__ import annotations

from collections.abc import Iterable

from ledger.facts.vocabulary import ELEMENTS
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding
from ledger.law.terms.rule import Mark

SCOPE = {  # instrument -> the categories of CETS 224 that its article reaches
    "2AP-6": {"domain-registration"},
    "2AP-7": {"subscriber"},
    "2AP-8": {"subscriber", "traffic"},
}


@finding(
    "W-3-CATEGORY",
    cite="EPOC:3(9)-(12), EPOC:5(5)(d), EPOC:6(4)(d)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="order-issued order-corrected",
    gap="A5",
    says="The order asks for data of a category that it does not state; the stricter category governs it.",
)
def category_not_stated(r: OrderReading) -> Matches:
    """Find elements of another category. An IP address is traffic data if it does not serve to identify alone."""
    stated = r.order.categories
    if r.order.issued is None or not stated:
        return None
    return [e for e in r.order.asking if not _of(e.get("elements_sought") or ()) <= _reached(stated)]


@finding(
    "W-3-DISCLOSED",
    cite="EPOC:3(9)-(12)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="data-disclosed",
    gap="A5",
    says="Data of a category were handed over for which the order was not made.",
)
def category_not_ordered(r: OrderReading) -> Matches:
    ordered = _reached(r.order.governing)
    return [d for d in r.substance.disclosures if ordered and not _of(r.substance.returned_by(d)) <= ordered]


@finding(
    "V-2AP-SCOPE",
    cite="2AP:6(1), 2AP:7(1), 2AP:8(1)",
    mark=Mark.KNOWN,
    under="2AP-6 2AP-7 2AP-8",
    kinds="order-issued order-corrected",
    contradicts="A5",
    says="The order asks for data that its article does not reach.",
)
def beyond_the_article(r: OrderReading) -> Matches:
    """Find an element, or a stated category, that the article does not reach; content is reached by none of them."""
    reached = SCOPE[r.instrument]
    return [
        e
        for e in r.order.asking
        if not _of(e.get("elements_sought") or (), union=False) <= reached
        or not _known(e.get("data_categories") or ()) <= reached
    ]


def _of(elements: Iterable[str], *, union: bool = True) -> frozenset[str]:
    """Return the categories of elements, in the law of the Union or in the Convention and its Protocol."""
    known = (ELEMENTS[name] for e in elements if (name := e.partition("#")[0]) in ELEMENTS)
    return frozenset(element.eu if union else element.category for element in known)


def _reached(stated: frozenset[str]) -> frozenset[str]:
    return stated | {"identification"} if "traffic" in stated else stated


def _known(categories: Iterable[str]) -> frozenset[str]:
    """Return the categories that the Protocol knows; identification is one of the Union alone, and subscriber here."""
    return frozenset("subscriber" if c == "identification" else c for c in categories)
