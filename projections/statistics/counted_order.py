"""One order as statistics count it: from whom to whom, its outcome, the time it took, the costs; no personal data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from ledger.entries.case import Case, Entry
from ledger.law import Judgement
from ledger.law.instruments.costs import amount
from projections.views.replaced import replaced
from projections.views.timeline import office_names

GRAVEST_FIRST = ("content", "traffic", "identification", "subscriber", "domain-registration")
BRINGS = ("data-disclosed", "data-transmitted-by-state")
KEEPS = ("EPOC-PR", "BC-16", "BC-29", "UNCC-42")  # what they ask for is that data be kept
REFUSALS = ("ground-for-refusal-raised", "non-disclosure-instructed", "request-refused")
OVER = frozenset(
    "CEASED CLOSED DECLINED ENFORCEMENT_DENIED EXEMPT LAPSED NO_ANSWER NO_DATA NON_COMPLIANT REFUSED_BY_STATE "
    "REPUDIATED RETURNED WITHDRAWN INSTRUCTED_NOT_TO_DISCLOSE".split()
)
Amounts: TypeAlias = tuple[tuple[str, Decimal], ...]  # currency and amount


@dataclass(frozen=True, slots=True)
class CountedOrder:
    """Hold one order as statistics see it, without personal data.

    `outcome` is one of "fulfilled", "in part", "not fulfilled", "open". `took` runs from issue to the data
    obtained (for a preservation: to the request for production that followed). `grounds` are those on which it
    was refused.
    """

    instrument: str
    issued_on: datetime
    from_party: str
    to_party: str
    addressee: str
    category: str
    emergency: bool
    outcome: str
    took: timedelta | None
    notified: bool
    grounds: tuple[str, ...]
    enforced: bool
    remedy: bool
    sought_after: bool
    refused_after: bool
    informed: str
    received: bool = False
    claimed: Amounts = ()
    reimbursed: Amounts = ()
    remedy_in: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Choose the orders that are counted; None means any.

    Issued from `since` (included) until `until` (excluded), between Parties one of which is `party`, to a
    provider.
    """

    since: datetime | None = None
    until: datetime | None = None
    party: str | None = None
    provider: str | None = None

    def takes(self, order: CountedOrder) -> bool:
        """Return True if the order is counted."""
        return (
            (self.since is None or order.issued_on >= self.since)
            and (self.until is None or order.issued_on < self.until)
            and self.takes_offices(order)
        )

    def takes_offices(self, order: CountedOrder) -> bool:
        """Return True if an order is counted whose moment of issue is in the time asked for."""
        return (self.party is None or self.party in (order.from_party, order.to_party)) and (
            self.provider is None or order.addressee == self.provider
        )


def counted_order(case: Case, judgement: Judgement) -> CountedOrder | None:
    """Return the outcome of an order as known at the judgement's moment; None where nothing was issued by then."""
    case = case.happened(judgement.as_of)
    replacements = replaced(case, judgement.as_of)
    entries = [e for e in case.acting if e.leaf not in replacements]
    if not entries:
        return None
    issued = next((e for e in entries if e.kind == "order-issued"), entries[0])
    kinds = {e.kind for e in entries}
    names = office_names(case.registry)
    providers = [names.get(p, p) for p in issued.get("providers", ())]
    categories = set(issued.get("data_categories", ()))
    return CountedOrder(
        instrument=case.instrument,
        issued_on=issued.on,
        from_party=issued.get("from_party") or "not stated",
        to_party=issued.get("to_party") or "not stated",
        addressee=providers[0] if len(providers) == 1 else "several" if providers else "not stated",
        category=next((c for c in GRAVEST_FIRST if c in categories), "not stated"),
        emergency=bool(issued.get("emergency")) or "emergency-declared" in kinds,
        outcome=_outcome(case.instrument, entries, judgement.state),
        took=_took(case.instrument, entries, issued),
        notified="notification-sent" in kinds,
        grounds=tuple(dict.fromkeys(g for e in entries if e.kind in REFUSALS for g in _grounds(e))),
        enforced="enforcement-requested" in kinds,
        remedy="remedy-sought" in kinds,
        sought_after="ex-post-validation-sought" in kinds,
        refused_after="ex-post-validation-refused" in kinds,
        informed=_informed(kinds),
        received=_received_for_enforcement(entries),
        claimed=_amounts(entries, "costs-claimed"),
        reimbursed=_amounts(entries, "costs-reimbursed"),
        remedy_in=frozenset(e.get("in_party") or "" for e in entries if e.kind == "remedy-sought") - {""},
    )


def _outcome(instrument: str, entries: Sequence[Entry], state: str) -> str:
    kinds = {e.kind for e in entries}
    if instrument in KEEPS:
        done = "preservation-confirmed" in kinds
    else:
        brought = [e for e in entries if e.kind in BRINGS]
        if brought and all(e.get("partial") for e in brought):
            return "in part"
        done = bool(brought)
    if done:
        return "fulfilled"
    return "not fulfilled" if state in OVER else "open"


def _took(instrument: str, entries: Sequence[Entry], issued: Entry) -> timedelta | None:
    ends = ("production-request-confirmed",) if instrument in KEEPS else ("evidence-received",)
    since = [e for e in entries if e.on >= issued.on]  # what is dated before the order took no time to answer it
    reached = [e.on for e in since if e.kind in ends] or [
        e.on for e in since if e.kind in BRINGS and instrument not in KEEPS
    ]
    return min(reached) - issued.on if reached and issued.kind == "order-issued" else None


def _grounds(e: Entry) -> Iterable[str]:
    return e.get("grounds") or ([e.get("ground")] if e.get("ground") else ["not stated"])


def _received_for_enforcement(entries: Sequence[Entry]) -> bool:
    """Return True if the enforcing State has the order: it says so, or has decided on it."""
    sent = {e.leaf for e in entries if e.kind == "enforcement-requested"}
    named = any(e.kind == "form-received" and e.get("about") in sent for e in entries)
    return bool(sent) and (named or any(e.kind in ("recognition-decided", "compliance-ordered") for e in entries))


def _amounts(entries: Sequence[Entry], kind: str) -> Amounts:
    """Return what was claimed or reimbursed, by currency; nothing for an amount of 0."""
    found: dict[str, Decimal] = {}
    for e in entries:
        if e.kind == kind and (of_entry := amount(e)):
            found[e.get("currency")] = found.get(e.get("currency"), Decimal()) + of_entry
    return tuple(sorted(found.items()))


def _informed(kinds: set[str]) -> str:
    """Return what the record shows on informing the person, the most final first."""
    if "customer-notified" in kinds:
        return "informed"
    if "customer-notification-omitted" in kinds:
        return "left out"
    return "put off" if "customer-notification-delayed" in kinds else "nothing on record"
