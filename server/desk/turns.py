"""Whose turn it is: which people a deadline waits for, by the words of its rule and the Parties of the order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from msgspec import Struct

from ledger.entries.case import Case
from ledger.law import Clock
from ledger.law.deadlines.table import REGISTER
from ledger.law.terms.rule import Deadline
from server.access import Caller

ISSUING: Final = frozenset(("ISS", "VAL", "SEEK", "RET", "CAR", "POC"))
REQUESTED: Final = frozenset(("NOT", "CAQ", "POC"))
PROVIDER: Final = frozenset(("SP", "REG"))
# Who acts, by the words of the rules: the provider, a side of the order, or the side of the signer of the trigger.
SIDES: Final[Mapping[str, str]] = {
    "the provider": "provider",
    "the provider, by the calendar of the issuing Party": "provider",
    "the issuing Party": "issuing",
    "the issuing authority": "issuing",
    "the requested Party": "requested",
    "the enforcing authority": "requested",
    "the notifying authority": "requested",
    "the Party of the signer of the trigger": "trigger",
    "the Party of the office that took the request": "trigger",
    "the Party of the office that took the request; the issuing Party if counsel made it": "trigger",
}


@cache
def rules() -> Mapping[str, Deadline]:
    """Return the deadlines by their ids."""
    return {deadline.id: deadline for deadline in REGISTER}


class Waits(Struct, frozen=True):
    """For whom a deadline waits: one of these offices, or any office of a Party (empty: any), in one of these roles."""

    roles: frozenset[str]
    party: str = ""
    offices: tuple[str, ...] = ()

    def is_for(self, caller: Caller) -> bool:
        """Return True if the office of a caller has to act."""
        fits = caller.actor in self.offices if self.offices else self.party in ("", caller.party)
        return fits and not self.roles.isdisjoint(caller.roles)


NOBODY: Final = Waits(frozenset())


def waits_for(clock: Clock, case: Case) -> Waits:
    """Return for whom a deadline of an order waits; `NOBODY` where the record does not say it."""
    rule = rules().get(clock.id)
    side = "" if rule is None else SIDES.get(rule.acts, "")
    issued = next((e for e in reversed(case.entries) if e.kind == "order-issued"), None)
    started = next((e for e in case.entries if e.leaf == clock.trigger), None)
    if side == "trigger" and started is not None:
        return Waits(frozenset((started.role,)), started.party)
    if issued is None:
        return NOBODY
    match side:
        case "provider":
            return Waits(PROVIDER, offices=tuple(issued.get("providers") or ()))
        case "issuing":
            return Waits(ISSUING, issued.get("from_party") or "-")
        case "requested":
            return Waits(REQUESTED, issued.get("to_party") or "-")
    return NOBODY
