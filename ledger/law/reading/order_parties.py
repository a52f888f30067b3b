"""The Parties and the provider of an order: their calendars, and their declarations on the day of issue."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from ledger.law.parties.party_register import Declaration, Register
from ledger.law.reading.effective_entries import EffectiveEntries
from ledger.law.reading.receipts import Receipts
from ledger.law.reading.versions import OrderVersions
from ledger.law.terms.calendar import Days


class OrderParties:
    """The issuing Party, the addressed Party and the provider of one order."""

    def __init__(
        self, at: datetime, register: Register, entries: EffectiveEntries, order: OrderVersions, receipts: Receipts
    ) -> None:
        self._at = at
        self._register = register
        self._entries = entries
        self._order = order
        self._receipts = receipts

    @property
    def from_party(self) -> str | None:
        """The issuing or requesting Party."""
        party: str | None = self._order.states("from_party")
        return party

    @property
    def to_party(self) -> str | None:
        """The Party of the provider or of the requested authority."""
        party: str | None = self._order.states("to_party")
        return party

    @property
    def provider(self) -> str | None:
        """The office that signed the governing receipt as provider, else the first provider that the order names."""
        governing = self._receipts.governing
        if governing is not None and governing.role in ("SP", "REG"):
            return governing.actor
        providers = self._order.states("providers")
        return providers[0] if providers else None

    @property
    def provider_party(self) -> str | None:
        """The provider's own Party, by the register; else the one the order goes to."""
        office = self._register.office(self.provider or "")
        return office.party if office else self.to_party

    # -- calendars -----------------------------------------------------------------------------------------------------

    def days_of(self, party: str | None) -> Days:
        """Return zone and holidays of a Party; UTC without holidays for one the register does not know."""
        return self._register.days(party)

    @property
    def issuer_days(self) -> Days:
        """The calendar of the issuing Party."""
        return self.days_of(self.from_party)

    @property
    def provider_days(self) -> Days:
        """The calendar of the provider's own Party."""
        return self.days_of(self.provider_party)

    # -- declarations --------------------------------------------------------------------------------------------------

    @cached_property
    def issued_on(self) -> datetime:
        """The moment whose declarations count: of issue; while nothing is issued of the first entry, else now."""
        if self._order.issued is not None:
            return self._order.issued.on
        entries = self._entries.current
        return entries[0].on if entries else self._at

    def declared(self, code: str, party: str | None = None) -> Declaration | None:
        """Return a declaration of the addressed Party (or of `party`) in force on the day of issue, in its zone."""
        party = party or self.to_party
        return self._register.declaration(party, code, self.days_of(party).day(self.issued_on)) if party else None

    @cached_property
    def circumstances(self) -> frozenset[str]:
        """Declared circumstances stated in the order or in a receipt. Unreadable ones count as not stated."""
        stated = (*self._order.versions[:1], *self._entries.of("order-received"))
        return frozenset(code for e in stated for code in e.get("circumstances") or ())

    def declaration_applies(self, code: str) -> bool:
        """Return True if a Party made a declaration for every case, or for a circumstance that the order states."""
        declaration = self.declared(code)
        if declaration is None:
            return False
        return not declaration.circumstances or not self.circumstances.isdisjoint(declaration.circumstances)
