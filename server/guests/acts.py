"""Which entries a guest may sign in an order: by role, by the instrument, and by what is on record already.

The tables decide what a page offers. They refuse nothing: what a role may sign is in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Literal

from msgspec import Struct

from ledger.entries.case import Case
from ledger.facts import KINDS
from server.access import Caller

Aim = Literal["acknowledge", "ask", "answer", "refuse", "lift"]
AIMS: Final[tuple[Aim, ...]] = ("acknowledge", "ask", "answer", "refuse", "lift")
# The instruments of these acts offer the kinds that cite the act; others offer each kind of the role.
CITED: Final[Mapping[str, tuple[str, ...]]] = {"2AP": ("2AP",), "BC": ("BC",), "EPOC": ("EPOC", "2025/1550")}
ENDS: Final = frozenset(("order-withdrawn", "order-repudiated", "order-closed"))  # after them nothing is to be answered


class Act(Struct, frozen=True):
    """One kind that a guest may sign, and to which end.

    It is a next step when one of `after` is on record (empty: always), none of `until`, and, with `once`, no entry of
    this kind by the guest's office.
    """

    kind: str
    aim: Aim
    after: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    once: bool = True


ANSWERS: Final = ("data-disclosed", "no-data-held", "disclosure-declined")
REFUSES: Final = ("request-accepted", "request-refused")
# Of a provider, or of an entity that registers domain names.
PROVIDER: Final = (
    Act("order-received", "acknowledge"),
    Act("withdrawal-confirmed", "acknowledge", after=("order-withdrawn",)),
    Act("order-referred-back", "ask", until=ANSWERS, once=False),
    Act("additional-information-requested", "ask", until=ANSWERS, once=False),
    Act("authenticity-questioned", "ask", until=ANSWERS, once=False),
    Act("receipt-disputed", "ask", after=("order-received",)),
    Act("event-disputed", "ask", once=False),
    Act("data-disclosed", "answer", until=("no-data-held",), once=False),
    Act("no-data-held", "answer", until=ANSWERS),
    Act("preservation-confirmed", "answer"),
    Act("traffic-data-partially-disclosed", "answer"),
    Act("disclosure-declined", "refuse", until=ANSWERS),
    Act("reasons-for-non-execution-given", "refuse", until=("data-disclosed",), once=False),
    Act("reasoned-objection-filed", "refuse", until=("data-disclosed",)),
    Act("preservation-refused", "refuse", until=("preservation-confirmed",)),
    Act("addressee-objected", "refuse", after=("enforcement-requested", "recognition-decided")),
)
# Of an authority that is notified of an order, or enforces it.
NOTIFIED: Final = (
    Act("notification-received", "acknowledge", after=("notification-sent",)),
    Act("form-received", "acknowledge", after=("order-referred-back", "reasons-for-non-execution-given"), once=False),
    Act("withdrawal-confirmed", "acknowledge", after=("order-withdrawn",)),
    Act("additional-information-requested", "ask", once=False),
    Act("consultation-opened", "ask"),
    Act("authenticity-questioned", "ask", once=False),
    Act("event-disputed", "ask", once=False),
    Act("no-ground-confirmed", "answer", until=("ground-for-refusal-raised",)),
    Act("consultation-concluded", "answer", until=("non-disclosure-instructed",)),
    Act("recognition-decided", "answer", after=("enforcement-requested",)),
    Act("waiver-decided", "answer", after=("waiver-requested",)),
    Act("ground-for-refusal-raised", "refuse", until=("no-ground-confirmed",), once=False),
    Act("non-disclosure-instructed", "refuse"),
    Act("instruction-reasons-given", "refuse", after=("non-disclosure-instructed",)),
    Act("condition-imposed", "refuse", once=False),
    Act("instruction-lifted", "lift", after=("non-disclosure-instructed",)),
)
# Of a central authority that gives effect to the order of another Party.
REQUESTED: Final = (
    Act("order-received", "acknowledge"),
    Act("withdrawal-confirmed", "acknowledge", after=("order-withdrawn",)),
    Act("additional-information-requested", "ask", once=False),
    Act("consultation-opened", "ask"),
    Act("event-disputed", "ask", once=False),
    Act("request-accepted", "answer", until=REFUSES),
    Act("preservation-confirmed", "answer"),
    Act("data-transmitted-by-state", "answer", once=False),
    Act("determination-given", "answer"),
    Act("request-refused", "refuse", until=REFUSES),
    Act("execution-postponed", "refuse", once=False),
    Act("preservation-refused", "refuse", until=("preservation-confirmed",)),
    Act("condition-imposed", "refuse", once=False),
)
ACTS: Final[Mapping[str, tuple[Act, ...]]] = {"SP": PROVIDER, "REG": PROVIDER, "NOT": NOTIFIED, "CAQ": REQUESTED}


def acts_of(roles: Collection[str], instrument: str) -> list[Act]:
    """Return what guests in these roles may sign under an instrument, each kind once."""
    every = {act.kind: act for role, acts in ACTS.items() if role in roles for act in acts if _signs(act.kind, roles)}
    return [act for act in every.values() if _cites(act.kind, instrument)]


def next_acts(caller: Caller, case: Case) -> list[Act]:
    """Return what is to be signed next in an order, by what is on record."""
    recorded = {e.kind for e in case.entries}
    own = {e.kind for e in case.entries if e.by == caller.actor}
    return [
        act
        for act in acts_of(caller.roles, case.instrument)
        if (not act.after or not recorded.isdisjoint(act.after))
        and recorded.isdisjoint(act.until)
        and not (act.once and act.kind in own)
        and (act.aim == "acknowledge" or recorded.isdisjoint(ENDS))
    ]


def may_state(caller: Caller, case: Case, kind: str) -> bool:
    """Return True if a guest gets the form of a kind in an order."""
    return any(act.kind == kind for act in acts_of(caller.roles, case.instrument))


def _signs(kind: str, roles: Collection[str]) -> bool:
    return not set(roles).isdisjoint(KINDS[kind].signers)


def _cites(kind: str, instrument: str) -> bool:
    cited = CITED.get(instrument.partition("-")[0])
    basis = KINDS[kind].basis
    return cited is None or not basis or any(text.partition(":")[0] in cited for text in basis)
