"""Decide who may see what: the one place where the server decides it.

    no signature      the head, the kinds, the vocabulary
    a registered key  also the register, the map order and consistency proofs
    an office         also the orders that name it; those of the ledger's own Party in a role of `WHOLE`: every order
    AUD, ADM, DPO     of the ledger's own Party: also the record of accesses
    ADM, signed in    of the ledger's own Party: also the requests of all persons for keys
    an issuing office of the ledger's own Party: also invites guests to the orders that it has issued
    a guest           the orders that name their office, and the register; nothing before a key of theirs may sign
    any, signed in    the notes, assignments and shared lists of the own office, in orders that the person may see

The entries of a kind with `shown_to` are shown to those roles alone. Sealed values are opened in one answer: in a
bundle for a caller who may see every order, after an entry that this caller has signed says so. Every other caller who
may see an order gets a bundle of it for a role of their own, with every sealed value closed. Kept files follow the same
rule; the office that has signed an entry sends the files that the entry states, and learns what of them is here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from msgspec import Struct
from msgspec.structs import replace

from ledger.bundle.audience import visible
from ledger.entries.keyring import Keyring
from ledger.entries.payload import SignedBy
from ledger.entries.placement import access_of, map_of, registry_of
from ledger.errors import RecordError
from ledger.messages import Message

# The roles of the side that keeps the ledger: in its own Party they see every order of it.
WHOLE = frozenset({"ISS", "VAL", "SEEK", "RET", "CAR", "CAQ", "POC", "DPO", "AUD", "ADM", "SYS"})
OVERSIGHT = frozenset({"AUD", "ADM", "DPO"})  # in its own Party they see who opened sealed values
INVITES = frozenset({"ISS", "CAR", "POC"})  # in the office that has issued an order, they invite guests to it
GUESTS = frozenset({"SP", "REG", "NOT", "CAQ"})  # the roles in which a guest may act
ACCEPTS = "key-accepted"  # the one kind that a guest records in the register


class Caller(Struct, frozen=True):
    """The sender of a request: the key (hex) that signed it, its office, Party, and the roles that both hold now.

    `accepted` is False for a key that is enrolled and that its holder has not accepted yet: it has no roles. A person
    who is known by a session or a certificate has an `account` (its id) and no key; entries of theirs are signed by
    keys of `own`. A `guest` was invited: the roles are those of the keys that the register has accepted, and `pending`
    those of keys that the guest may accept.
    """

    key: str
    actor: str
    party: str
    roles: frozenset[str]
    accepted: bool = True
    account: str = ""
    own: frozenset[str] = frozenset()
    guest: bool = False
    pending: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Return what tells this sender from all others."""
        return self.key or f"account {self.account}"

    def signs_with(self, key: str) -> bool:
        """Return True if a key (hex) is the caller's."""
        return key in self.own if self.account else key == self.key


def caller_of(keyring: Keyring, key: str, size: int) -> Caller:
    """Return the office of a key (hex) that signed a request, at this size of the log.

    `RecordError`: KEY-UNKNOWN, KEY-ENDED.
    """
    known = keyring.keys.get(key)
    office = keyring.offices.get(known.actor) if known else None
    if known is None or office is None:
        raise RecordError("KEY-UNKNOWN", Message("no key of the register has signed this request"))
    keyring.check_key(SignedBy(key, known.actor, "", office.party), size, accepts=True)
    if known.accepted is None:
        return Caller(key, known.actor, office.party, frozenset(), accepted=False)
    roles = frozenset(known.roles) & frozenset(office.roles_at(size))
    return Caller(key, known.actor, office.party, roles)


def caller_of_account(
    keyring: Keyring, account: str, actor: str, roles: Collection[str], own: frozenset[str], size: int
) -> Caller:
    """Return the person of an account at an office of the register, at this size of the log.

    The roles are the ones that the office holds now; with `roles`, only the ones in it. `RecordError` API-DENIED if the
    register has no such office.
    """
    office = keyring.offices.get(actor)
    if office is None:
        raise RecordError("API-DENIED", Message("the office of this account is not in the register"))
    held = frozenset(office.roles_at(size))
    return Caller("", actor, office.party, held & frozenset(roles) if roles else held, account=account, own=own)


def caller_of_guest(keyring: Keyring, account: str, actor: str, own: frozenset[str], size: int) -> Caller:
    """Return a guest at an office of the register, at this size of the log.

    The register alone gives a guest a role: by a key of theirs that it has, and for the roles of `GUESTS` that key and
    office hold. `RecordError` API-DENIED if the register has no such office.
    """
    office = keyring.offices.get(actor)
    if office is None:
        raise RecordError("API-DENIED", Message("the office of this account is not in the register"))
    held = GUESTS & frozenset(office.roles_at(size))
    known = [keyring.keys[key] for key in own if key in keyring.keys]
    valid = [key for key in known if key.actor == actor and key.ended is key.reported is None]
    roles, pending = (
        held & frozenset(role for key in valid if (key.accepted is not None) == accepted for role in key.roles)
        for accepted in (True, False)
    )
    return Caller("", actor, office.party, roles, account=account, own=own, guest=True, pending=pending)


def as_guest(caller: Caller) -> Caller:
    """Return the holder of a key as a guest, if the key is linked to the account of one."""
    return replace(caller, roles=caller.roles & GUESTS, guest=True)


class Access(Struct, frozen=True):
    """The rules of one ledger, by its origin and the Party that keeps it."""

    origin: str
    party: str

    def keeps(self, caller: Caller) -> bool:
        """Return True if a caller sees every order."""
        return not caller.guest and caller.party == self.party and not WHOLE.isdisjoint(caller.roles)

    def keeps_register(self, caller: Caller) -> bool:
        """Return True if a caller decides on requests for keys: a registrar of the ledger's own Party, as a person."""
        return bool(caller.account) and self.keeps(caller) and "ADM" in caller.roles

    def invites(self, caller: Caller, issuers: Collection[str]) -> bool:
        """Return True if a caller invites guests to an order that these offices have issued, and ends their access."""
        own = caller.actor in issuers and not INVITES.isdisjoint(caller.roles)
        return self.keeps(caller) and (own or self.keeps_register(caller))

    def states_policy(self, caller: Caller) -> bool:
        """Return True if a caller decides what their office asks of requesters: a person of one that answers them."""
        return bool(caller.account) and not self.keeps(caller) and not GUESTS.isdisjoint(caller.roles)

    def is_invited(self, party: str, roles: Collection[str]) -> bool:
        """Return True if people of an office, by its Party and roles, can be guests: it does not keep the ledger."""
        return not GUESTS.isdisjoint(roles) and (party != self.party or WHOLE.isdisjoint(roles))

    def records(self, caller: Caller, order: str, kind: str, *, begins: bool) -> bool:
        """Return True if a caller who may see an order records a kind in it; `begins` says that the order is new.

        A guest begins no order, and accepts keys of theirs in the register, as the only entry there.
        """
        return not caller.guest or (not begins and (order != registry_of(self.origin) or kind == ACCEPTS))

    def shares_work(self, caller: Caller, office: str) -> bool:
        """Return True if a caller shares the notes, assignments and lists of an office: a person of it, no guest."""
        return bool(caller.account) and not caller.guest and caller.actor == office

    def sees_order(self, caller: Caller, order: str, named: Callable[[], Collection[str]]) -> bool:
        """Return True if a caller may see an order; `named` returns the offices and Parties that its entries name."""
        if order in (registry_of(self.origin), map_of(self.origin)):
            return True
        if order == access_of(self.origin):
            return not caller.guest and caller.party == self.party and not OVERSIGHT.isdisjoint(caller.roles)
        if not caller.roles:
            return False
        names = self.sees_by(caller)
        return names is None or not names.isdisjoint(named())

    def sees_by(self, caller: Caller) -> frozenset[str] | None:
        """Return the names by which a caller sees orders: those whose entries name one of them. None: every order."""
        if self.keeps(caller):
            return None
        return frozenset((caller.actor,)) if caller.roles else frozenset()

    def makes_bundle(self, caller: Caller, audience: str) -> bool:
        """Return True if a caller may have a bundle of an order, which they may see, for an audience (a role)."""
        return self.keeps(caller) or audience in caller.roles

    def sends_file(self, caller: Caller, signer: str) -> bool:
        """Return True if a caller may send a file that an entry of an office (its id) states."""
        return bool(caller.roles) and caller.actor == signer

    def opens_files(self, caller: Caller) -> bool:
        """Return True if a caller may open kept files of every order, after an access entry."""
        return self.keeps(caller)

    def sees_kind(self, caller: Caller, kind: str) -> bool:
        """Return True if a caller may know of entries of a kind in an order that it may see."""
        return visible(kind, "") or any(visible(kind, role) for role in caller.roles)
