"""Proper receipts of an order, and why an entry starts no clock. findings.md 1, "governing receipt", [design]."""

from __future__ import annotations

from functools import cached_property

from ledger.entries.case import Entry
from ledger.law.reading.effective_entries import EffectiveEntries
from ledger.law.reading.reliability import Lack, lack_of_time
from ledger.law.reading.versions import OrderVersions
from ledger.messages import Message, either

STAMPED = ("delivery-receipt", "portal-log", "courier-receipt")  # proof by which the issuing side may record arrival

# Whose signature makes an arrival a proper receipt, where it is not SP, REG or, with proof, ISS.
_BY_PROVIDER = dict.fromkeys(("2AP-8", "2AP-10", "BC-31", "UNCC-44"), ("SP", "REG"))
_BY_STATE = dict.fromkeys(("2AP-9", "BC-29", "UNCC-42"), ("CAQ", "POC", "SP"))
ADDRESSEES = {**_BY_PROVIDER, **_BY_STATE}


def lack_of_receipt(e: Entry, instrument: str) -> Lack | None:
    """Return why an `order-received` is no proper receipt under an instrument; None for a proper one."""
    if e.get("proper_addressee") is False:
        return Lack(
            Message("no proper receipt: it arrived at a wrong place"),
            "proper_addressee",
            Message("true, if that is so"),
        )
    roles = ADDRESSEES.get(instrument, ("SP", "REG"))
    if e.role in roles:
        return None
    if instrument in ADDRESSEES:
        return Lack(Message("no proper receipt: it is signed as {0}", e.role), "role", either(roles))
    if e.role != "ISS":
        says = Message("no proper receipt: it is signed as {0}", e.role)
        return Lack(says, "role", Message("SP or REG, or ISS with proof"))
    if e.get("proof_kind") in STAMPED:
        return None
    return Lack(
        Message("no proper receipt: it is signed as ISS and names no proof that counts"), "proof_kind", either(STAMPED)
    )


class Receipts:
    """The receipts of an order under its instrument."""

    def __init__(self, instrument: str, entries: EffectiveEntries, order: OrderVersions) -> None:
        self._instrument = instrument
        self._entries = entries
        self._order = order

    @cached_property
    def proper(self) -> tuple[Entry, ...]:
        """Every order-received at the right place, signed in a role that may say so under this instrument.

        "Signed" literally: also an observation counts, if it is itself signed in one of these roles.
        """
        return tuple(e for e in self._entries.of("order-received") if lack_of_receipt(e, self._instrument) is None)

    @cached_property
    def governing(self) -> Entry | None:
        """The receipt that counts: the first proper one of the last version, the addressee's own before that of ISS."""
        order = self._order
        of_last = [e for e in self.proper if order.version_of(e) is order.last_version] if order.versions else []
        return min(of_last, key=lambda e: e.role == "ISS", default=None)

    def lacks_as_trigger(self, e: Entry) -> tuple[Lack, ...]:
        """Return why an entry of a kind that starts clocks starts none, each with the value that is missing.

        It goes by `known_trigger` and `proper`, without disputes and without entries of others at the same moment.
        """
        lacks = []
        if not self._entries.would_count(e):
            lacks.append(
                Lack(
                    Message("{0} holds no role in which {1} counts", e.actor, e.kind),
                    "actor",
                    Message(
                        "an office that the register knows in such a role, or nothing, if it is the signer's own act"
                    ),
                )
            )
        if e.kind == "order-received" and (lack := lack_of_receipt(e, self._instrument)) is not None:
            lacks.append(lack)
        if (lack := lack_of_time(e)) is not None:
            lacks.append(lack)
        return tuple(lacks)
