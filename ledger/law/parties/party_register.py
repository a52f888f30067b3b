"""The register as the law reads it: Parties, their declarations with validity and verification, offices and roles.

It is a fold over the entries of the registry order that are known at a moment. Each look-up is for a day or a moment of
the order; later entries are not part of it. Sources: CETS 224 arts 7, 8, 9, 14, 19; Reg. (EU) 2023/1543 art. 31. Which
entry of the register prevails is [design]: of several about one subject the last recorded one whose `valid_from` has
come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime
from functools import lru_cache

from msgspec import Struct

from ledger.entries.case import Entry, instant
from ledger.facts import KINDS
from ledger.formats.misleading_names import misleading
from ledger.law.terms.calendar import Days, public_holidays

NOWHERE = Days("UTC")  # for a Party the register does not know
WARNINGS = ("key-compromised",)  # in the register these count from when they are recorded, whatever `on` says


class Party(Struct, frozen=True):
    """A Party with its calendar.

    `in_force`: act -> the day from which it is assumed to bind the Party. `not_bound_by`: acts that do not.
    """

    code: str
    declarations_verified: bool
    in_force: Mapping[str, date]
    days: Days
    leaf: str
    not_bound_by: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()

    @property
    def zone(self) -> str:
        """Its time zone, by IANA name."""
        return self.days.zone


class Declaration(Struct, frozen=True):
    """A declaration, reservation or notification. `terms` are its terms as a code, `circumstances` those it names."""

    party: str
    code: str
    terms: str | None
    circumstances: tuple[str, ...]
    verified: bool
    valid_from: date
    valid_until: date | None
    leaf: str


class RegisteredOffice(Struct, frozen=True):
    """A registered office, person or company from `valid_from` on."""

    actor: str
    party: str
    roles: frozenset[str]
    names: Mapping[str, str]
    designations: frozenset[str]
    valid_from: date
    leaf: str
    languages: frozenset[str] = frozenset()
    origin: str | None = None  # the log whose register says so, if it is not the reader's own


class Compromise(Struct, frozen=True):
    """The time in which entries of an office cannot be trusted: from `since`, before `until` (None: no end yet).

    `key` is the suspected key, if known; `successor` is the key that replaced it.
    """

    actor: str
    since: datetime
    until: datetime | None
    key: str | None
    successor: str | None
    leaf: str


class Register(Struct):
    """The recorded content of the registry order. `fold` makes it; do not change it afterwards."""

    parties: dict[str, Party] = {}
    declarations: dict[tuple[str, str], list[Declaration]] = {}
    offices: dict[str, list[RegisteredOffice]] = {}
    ends: dict[str, date] = {}  # actor -> the last `valid_until` given
    compromises: list[Compromise] = []
    entries: dict[str, list[Entry]] = {}  # by kind, in order of entries
    withdrawn: list[tuple[Entry, tuple[Entry, ...]]] = []  # replaced suspicions, each with its replacements
    unknown: frozenset[str] = frozenset()  # offices that only the register of a log without a say about them knows
    assumed: frozenset[str] = frozenset()  # those of them that are taken as confirmed
    misleading: set[str] = set()  # offices with a name that reads like words of this program, here or in another log
    _ended: dict[str, datetime] = {}

    def days(self, party: str | None) -> Days:
        """Return the calendar of a Party; UTC without holidays for one that is not registered."""
        member = self.parties.get(party or "")
        return member.days if member else NOWHERE

    def of(self, *kinds: str) -> tuple[Entry, ...]:
        """Return the entries of these kinds, such as notice-published and transfers-suspended, in order of entries."""
        entries = (e for kind in kinds for e in self.entries.get(kind, ()))
        return tuple(sorted(entries, key=lambda e: (e.on, e.index)))

    def declaration(self, party: str, code: str, day: date) -> Declaration | None:
        """Return the declaration of a Party in force on a day, with the terms recorded last; None without one."""
        declarations = [d for d in self.declarations.get((party, code), ()) if d.valid_from <= day]
        last = declarations[-1] if declarations else None
        return None if last is None or (last.valid_until is not None and last.valid_until < day) else last

    def declared(self, party: str, day: date) -> dict[str, Declaration]:
        """Return every declaration of a Party in force on a day, by code."""
        codes = [code for of, code in self.declarations if of == party]
        return {code: d for code in codes if (d := self.declaration(party, code, day)) is not None}

    def office(self, actor: str, day: date | None = None) -> RegisteredOffice | None:
        """Return an office as of a day, or as recorded last; before its first day, as recorded first."""
        states = self.offices.get(actor)
        if not states:
            return None
        if day is None or len(states) == 1:
            return states[-1]
        return next((s for s in reversed(states) if s.valid_from <= day), states[0])

    def ended(self, actor: str, moment: datetime) -> bool:
        """Return True if an office has ended: its last `valid_until` is over, in the zone of its Party."""
        end = self._ended.get(actor)
        return end is not None and moment >= end

    def roles(self, actor: str, moment: datetime) -> frozenset[str]:
        """Return the roles of an office at a moment; none before its registration or after its end."""
        office = self._at(actor, moment)
        return frozenset() if office is None or self.ended(actor, moment) else office.roles

    def designated(self, party: str, code: str, moment: datetime) -> frozenset[str]:
        """Return the offices of a Party designated under a declaration at a moment, without ended offices."""
        offices = ((actor, self._at(actor, moment)) for actor in self.offices)
        return frozenset(
            actor
            for actor, office in offices
            if office and office.party == party and code in office.designations and not self.ended(actor, moment)
        )

    def name(self, actor: str, *languages: str) -> str:
        """Return the name of an office in the first of these languages that it has, else in any, else its id."""
        office = self.office(actor)
        names = office.names if office else {}
        return next((names[tag] for tag in (*languages, *names) if tag in names), actor)

    def compromised(self, actor: str, recorded: datetime) -> Compromise | None:
        """Return the suspicion on an entry that an office recorded at a moment; None without one."""
        windows = (c for c in self.compromises if c.actor == actor and c.since <= recorded)
        return next((c for c in windows if c.until is None or recorded < c.until), None)

    def _at(self, actor: str, moment: datetime) -> RegisteredOffice | None:
        states = self.offices.get(actor)
        if not states or len(states) == 1:
            return states[0] if states else None
        return self.office(actor, self.days(states[0].party).day(moment))


def register_at(registry: Iterable[Entry], at: datetime) -> Register:
    """Return the register as it was known at a moment, of the entries of the registry order recorded by then."""
    return fold(tuple(e for e in registry if e.on <= at or e.kind in WARNINGS))


@lru_cache(maxsize=8)  # all orders of one ledger are judged by one register
def fold(entries: tuple[Entry, ...]) -> Register:
    """Return the register after these entries of the registry order, in the order of the log."""
    register = Register()
    replaced = _replaced(entries)
    register.withdrawn = [
        (e, _after(e, entries)) for e in entries if e.leaf in replaced and e.kind == "key-compromised"
    ]
    keys: list[tuple[datetime, str, str]] = []  # recorded at, actor, key: every new key of an office
    for e in entries:
        if e.leaf in replaced or e.kind not in KINDS or e.role not in KINDS[e.kind].signers:
            continue
        register.entries.setdefault(e.kind, []).append(e)
        match e.kind:
            case "party-registered":
                party = _party(e)
                register.parties[party.code] = party
            case "declaration-recorded":
                declaration = _declaration(e)
                register.declarations.setdefault((declaration.party, declaration.code), []).append(declaration)
            case "authority-registered" | "authority-changed":
                _office(register, e)
            case "key-registered":
                keys.append((e.at, e.get("actor"), e.get("key")))
            case "key-rotated":
                keys.append((e.at, e.get("actor"), e.get("new_key")))
            case "key-compromised":
                register.compromises.append(_compromise(e, keys))
            case _:
                pass
    register.compromises = [_until(c, keys) for c in register.compromises]
    for actor, until in register.ends.items():
        office = register.office(actor)
        register._ended[actor] = register.days(office.party if office else None).end_of(until)
    return register


def _replaced(entries: Iterable[Entry]) -> frozenset[str]:
    signers: dict[str, str] = {}
    replaced = set()
    for e in entries:
        if e.replaces and signers.get(e.replaces) == e.by:
            replaced.add(e.replaces)
        signers[e.leaf] = e.by
    return frozenset(replaced)


def _after(old: Entry, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the entries by which a signer replaced an entry, one after the other."""
    chain = {old.leaf}
    replacements = []
    for e in entries:
        if e.replaces in chain and e.by == old.by:
            chain.add(e.leaf)
            replacements.append(e)
    return tuple(replacements)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _party(e: Entry) -> Party:
    code, listed = e.get("party"), e.public.get("holidays")
    holidays = public_holidays(code) if listed is None else frozenset(map(date.fromisoformat, listed))
    return Party(
        code=code,
        declarations_verified=e.get("declarations_verified") is True,
        in_force=_in_force(e.get("in_force") or ()),
        days=Days(e.get("zone"), holidays),
        leaf=e.leaf,
        not_bound_by=frozenset(e.get("not_bound_by") or ()),
        languages=frozenset(e.get("languages") or ()),
    )


def _in_force(texts: Iterable[str]) -> dict[str, date]:
    """Return treaty -> day, of texts such as 2AP=2027-01-01; a text without a valid day is left out."""
    days = {}
    for treaty, _, day in (text.partition("=") for text in texts):
        with suppress(ValueError):
            days[treaty] = date.fromisoformat(day)
    return days


def _declaration(e: Entry) -> Declaration:
    return Declaration(
        party=e.get("party"),
        code=e.get("declaration"),
        terms=e.get("terms"),
        circumstances=tuple(e.get("named_circumstances") or ()),
        verified=e.get("verified") is True,
        valid_from=date.fromisoformat(e.get("valid_from")),
        valid_until=_day(e.get("valid_until")),
        leaf=e.leaf,
    )


def _office(register: Register, e: Entry) -> None:
    """Add a state of an office; a change keeps the values that it does not name."""
    actor = e.get("actor")
    states = register.offices.setdefault(actor, [])
    before = states[-1] if states else None
    roles, designations = e.get("roles"), e.get("designations")
    states.append(
        RegisteredOffice(
            actor=actor,
            party=e.get("party") or (before.party if before else e.party),
            roles=frozenset(roles) if roles is not None else before.roles if before else frozenset(),
            names=e.get("names") or (before.names if before else {}),
            designations=frozenset(designations)
            if designations is not None
            else before.designations
            if before
            else frozenset(),
            valid_from=date.fromisoformat(e.get("valid_from")),
            leaf=e.leaf,
            languages=frozenset(e.get("languages") or (before.languages if before else ())),
        )
    )
    if any(map(misleading, (e.get("names") or {actor: actor}).values())):
        register.misleading.add(actor)
    if until := _day(e.get("valid_until")):
        register.ends[actor] = until


def _compromise(e: Entry, keys: list[tuple[datetime, str, str]]) -> Compromise:
    actor = e.get("actor")
    own_keys = [key for _, of, key in keys if of == actor]  # without a named key: the key of the office at that time
    return Compromise(
        actor,
        instant(e.get("suspected_since")),
        None,
        e.get("key") or (own_keys[-1] if own_keys else None),
        None,
        e.leaf,
    )


def _until(c: Compromise, keys: list[tuple[datetime, str, str]]) -> Compromise:
    """End a suspicion with the next key of the office, by the time of recording (decision 59)."""
    following = ((at, key) for at, actor, key in keys if actor == c.actor and at > c.since and key != c.key)
    until, successor = next(following, (None, None))
    return Compromise(c.actor, c.since, until, c.key, successor, c.leaf)
