"""What narrowed an order: by whom, when, and which of the elements asked for were not handed over for that reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ledger.entries.case import Case, Entry
from ledger.law import read_all
from ledger.law.reading.order_reading import OrderReading
from projections.views.papers.hand_over import GIVEN

VERSIONS = ("order-issued", "order-corrected", "order-adapted")
LIMITS = (
    "order-adapted",
    "ground-for-refusal-raised",
    "non-disclosure-instructed",
    "condition-imposed",
    "request-refused",
    "reasons-for-non-execution-given",
    "no-data-held",
    "data-disclosed",
    "traffic-data-partially-disclosed",
    "use-restricted",
    "order-withdrawn",
)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Hold an entry that narrowed an order, and the elements (codes) that the record has in no hand-over since."""

    entry: Entry
    absent: tuple[str, ...]


def narrowings(case: Case, at: datetime) -> list[Narrowing]:
    """Return what narrowed an order, as far as it counts at a moment, in the order in which it happened."""
    r = read_all(case, at)
    handed = {str(code) for e in r.entries.of(*GIVEN) for code in (e.get("manifest") or {}).get("elements") or ()}
    lifted = {e.get("about") for e in r.entries.of("instruction-lifted")}
    limits = [e for e in r.entries.of(*LIMITS) if _limits(e) and not lifted & {e.leaf, e.proves}]
    return [
        Narrowing(e, tuple(code for code in _barred(e, r) if not handed & {code, code.split("#")[0]})) for e in limits
    ]


def _limits(e: Entry) -> bool:
    """Return True for an entry that narrows: of a disclosure only one that is said not to be complete."""
    return e.kind != "data-disclosed" or bool(e.get("partial") or e.get("withheld"))


def _barred(e: Entry, r: OrderReading) -> Iterator[str]:
    """Yield the elements that an entry takes away from what was asked for."""
    asked = _asked(e, r)
    match e.kind:
        case "order-adapted":
            remain = set(e.get("elements_sought") or ())
            yield from (code for code in asked if code not in remain)
        case "ground-for-refusal-raised" | "non-disclosure-instructed" if e.get("scope") in ("all", "part"):
            yield from e.get("elements") or (asked if e.get("scope") == "all" else ())
        case "no-data-held":
            yield from e.get("elements") or asked
        case "data-disclosed":
            yield from e.get("withheld") or ()


def _asked(e: Entry, r: OrderReading) -> Iterable[str]:
    """Return the elements that the newest version of the order before an entry asks for."""
    versions = [v for v in r.entries.earlier(e, *VERSIONS) if v.get("elements_sought")]
    return versions[-1].get("elements_sought") if versions else ()
