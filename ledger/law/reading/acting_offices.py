"""In which role, and for which Party, an entry was done: of an act its signer's, else the reported office's."""

from __future__ import annotations

from ledger.entries.case import Entry
from ledger.facts import KINDS
from ledger.law.parties.party_register import Register


class ActingOffices:
    """The roles and the Party behind an entry, by the register."""

    def __init__(self, register: Register) -> None:
        self.register = register

    def held(self, e: Entry) -> frozenset[str]:
        """Return the roles of the office that an observation or import reports; without `whose` the signed one too."""
        roles = self.register.roles(e.actor, e.on)
        if e.whose is None and not self.register.ended(e.by, e.on):
            roles |= {e.role}
        return roles

    def roles(self, e: Entry) -> frozenset[str]:
        """Return the roles in which it was done: of an act the role it is signed in; else those of the acting office.

        An office that holds several roles acted in one that may do such a thing, if it holds one.
        """
        if e.speaks == "act":
            return frozenset((e.role,))
        roles, kind = self.held(e), KINDS.get(e.kind)
        return (roles & frozenset(kind.signers) if kind else roles) or roles

    def is_by(self, e: Entry, *roles: str) -> bool:
        """Return True if it was done in one of these roles."""
        return not self.roles(e).isdisjoint(roles)

    def party(self, e: Entry) -> str:
        """Return the Party of the signer, or of the office that an observation or import speaks for."""
        office = self.register.office(e.whose) if e.whose else None
        return office.party if office else e.party
