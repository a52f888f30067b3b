"""Given, when, then, over facts only: no keys, no log, no disk.

Two ways lead to a `Case`. A test says what happened, `given(issued(...), received(...)).when(disclosed(...))`,
and then what the law makes of it: `.then("D-7-7", Verdict.MET, due="...")`. Or a story file is read as the
player reads it: `case_from_story(tomllib.loads(...))`. Leaf hashes are invented: the digest of the order and
the label. Moments are written as on the wire, or without seconds, or with an offset.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from msgspec import Struct, field
from msgspec.structs import replace

from ledger.entries.case import Case, Entry, Unread, wire
from ledger.facts import KINDS
from ledger.law import read_order
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.rule import Clock, ClockVerdict

DAY = timedelta(days=1)
LABELS: dict[str, str] = {}  # leaf -> label, as they are made up


def moment(text: str) -> datetime:
    """Return an instant from text: `2027-03-02T09:00Z`, `2026-09-01T08:00+02:00`, seconds if they matter."""
    found = datetime.fromisoformat(text)
    assert found.tzinfo is not None, f"{text} needs Z or an offset"
    return found.astimezone(UTC)


def leaf(label: str, order: str = "main") -> str:
    """Return the leaf hash of the entry with this label."""
    made = hashlib.sha256(f"{order}/{label}".encode()).hexdigest()
    LABELS[made] = label
    return made


def order_id(name: str) -> str:
    """Return the id of the order with this name."""
    return str(uuid5(NAMESPACE_URL, name))


def labels(*entries: Entry | None) -> list[str]:
    """Return the labels of these entries; only tests that label what they look at can ask."""
    return [LABELS[e.leaf] for e in entries if e is not None]


def named(reading: OrderReading, label: str) -> Entry:
    """Return the entry with this label."""
    return reading.entries.by_leaf[leaf(label)]


# -- facts -------------------------------------------------------------------------------------------------------------


class Fact(Struct, frozen=True):
    """One event before it is an entry: `fields` by name, public or sealed; events named by label."""

    kind: str
    on: datetime
    by: str
    role: str
    at: datetime
    speaks: str = "act"
    whose: str | None = None
    on_source: str = "own-act"
    label: str | None = None
    replaces: str | None = None
    fields: Mapping[str, Any] = {}
    audience: Mapping[str, Any] = {}
    held: bool = True

    def moved(self, on: str) -> Fact:
        """Return the same fact, happening and recorded at another moment."""
        return replace(self, on=moment(on), at=moment(on))

    def changed(self, **fields: Any) -> Fact:
        """Return the same fact with other fields; None takes a field away."""
        stated = {name: value for name, value in {**self.fields, **fields}.items() if value is not None}
        return replace(self, fields=stated)


def fact(
    kind: str,
    on: str,
    by: str,
    role: str,
    *,
    at: str | None = None,
    label: str | None = None,
    speaks: str = "act",
    whose: str | None = None,
    on_source: str = "own-act",
    replaces: str | None = None,
    **fields: Any,
) -> Fact:
    """Return any fact; recorded when it happened unless `at` says otherwise."""
    return Fact(
        kind=kind,
        on=moment(on),
        by=by,
        role=role,
        at=moment(at or on),
        speaks=speaks,
        whose=whose,
        on_source=on_source,
        label=label,
        replaces=replaces,
        fields=fields,
    )


def issued(on: str, instrument: str = "2AP-7", *elements: str, by: str = "ilves", **fields: Any) -> Fact:
    """Return the order, for name and address unless other elements are named, from XO to XV."""
    fields.setdefault("elements_sought", list(elements or ("name", "postal-address")))
    fields.setdefault("data_categories", ["subscriber"])
    fields.setdefault("providers", ["skylark"])
    role, label = fields.pop("role", "ISS"), fields.pop("label", "issued")
    envelope = {name: fields.pop(name) for name in ("at", "speaks", "whose", "on_source") if name in fields}
    parties = {"from_party": "XO", "to_party": "XV"}
    return fact("order-issued", on, by, role, label=label, instrument=instrument, **envelope, **{**parties, **fields})


def sent(on: str, **fields: Any) -> Fact:
    """Return that the issuing authority sends the order to the provider."""
    return fact("order-transmitted", on, "ilves", "ISS", addressee="skylark", channel="provider-portal", **fields)


def received(on: str, label: str = "receipt", by: str = "skylark", role: str = "SP", **fields: Any) -> Fact:
    """Return that the provider stamps the arrival of the order."""
    return fact("order-received", on, by, role, label=label, **fields)


def disclosed(on: str, *elements: str, partial: bool = False, label: str | None = None, **fields: Any) -> Fact:
    """Return that the provider hands over elements: name and address if none are named."""
    elements = elements or ("name", "postal-address")
    files = fields.pop("files", [{"name": "return.json", "size": 1, "sha256": leaf("-".join(elements), "file")}])
    fields.setdefault("manifest", {"elements": list(elements), "files": files})
    fields.setdefault("channel", "provider-portal")
    by, role = fields.pop("by", "skylark"), fields.pop("role", "SP")
    return fact("data-disclosed", on, by, role, label=label or f"disclosed {on}", partial=partial, **fields)


def corrected(on: str, label: str, *, material: bool = True, corrects: str = "issued", **fields: Any) -> Fact:
    """Return that the issuing authority corrects the order."""
    fields.setdefault("changed_fields", ["elements_sought"])
    return fact("order-corrected", on, "ilves", "ISS", label=label, material=material, corrects=corrects, **fields)


def by_provider(kind: str, on: str, **fields: Any) -> Fact:
    """Return an act of the provider."""
    return fact(kind, on, "skylark", "SP", **fields)


def by_issuer(kind: str, on: str, **fields: Any) -> Fact:
    """Return an act of the issuing authority."""
    return fact(kind, on, "ilves", "ISS", **fields)


def by_authority(kind: str, on: str, **fields: Any) -> Fact:
    """Return an act of the notified, in EU terms the enforcing, authority."""
    return fact(kind, on, "ncco", "NOT", **fields)


# -- the register ------------------------------------------------------------------------------------------------------


class Party(Struct, frozen=True):
    """A Party as a test or a story gives it. `holidays` None: those of the pinned package."""

    zone: str
    holidays: tuple[str, ...] | None = ()
    declarations: tuple[str, ...] = ()
    terms: Mapping[str, Any] = {}
    verified: bool = True
    in_force: tuple[str, ...] = ()
    not_bound_by: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


class Office(Struct, frozen=True):
    """An office as a test or a story gives it."""

    party: str
    roles: tuple[str, ...]
    designations: tuple[str, ...] = ()
    name: str = ""
    valid_until: str | None = None
    languages: tuple[str, ...] = ()


PARTIES = {
    "XO": Party("Atlantic/Reykjavik", in_force=("2AP=2027-01-01",)),
    "XV": Party("Europe/Stockholm", in_force=("2AP=2027-01-01",)),
}
OFFICES = {
    "ilves": Office("XO", ("ISS", "VAL")),
    "orn": Office("XO", ("RET",)),
    "central": Office("XO", ("CAR",)),
    "judge": Office("XO", ("CT",)),
    "skylark": Office("XV", ("SP",)),
    "ncco": Office("XV", ("NOT", "CAQ", "DPA14")),
}


def registry(parties: Mapping[str, Party], offices: Mapping[str, Office], begins: datetime, valid: date) -> list[Fact]:
    """Return what a story takes for granted, as entries of the register: recorded at `begins`, valid from `valid`."""
    facts: list[Fact] = []

    def add(kind: str, **fields: Any) -> None:
        stated = {name: value for name, value in fields.items() if value is not None}
        facts.append(Fact(kind, begins, "registrar", "ADM", begins, label=f"{kind} {len(facts)}", fields=stated))

    for code, party in parties.items():
        add(
            "party-registered",
            party=code,
            zone=party.zone,
            holidays=None if party.holidays is None else list(party.holidays),
            declarations_verified=party.verified,
            in_force=list(party.in_force) or None,
            not_bound_by=list(party.not_bound_by) or None,
            languages=list(party.languages) or None,
        )
        for declaration in party.declarations:
            terms = party.terms.get(declaration)
            add(
                "declaration-recorded",
                party=code,
                declaration=declaration,
                terms=terms if isinstance(terms, str) else None,
                named_circumstances=terms if isinstance(terms, list) else None,
                verified=party.verified,
                valid_from=valid.isoformat(),
            )
    for actor, office in offices.items():
        add(
            "authority-registered",
            actor=actor,
            party=office.party,
            roles=list(office.roles),
            names={"en": office.name} if office.name else None,
            designations=list(office.designations) or None,
            valid_from=valid.isoformat(),
            valid_until=office.valid_until,
            languages=list(office.languages) or None,
        )
    return facts


# -- entries -----------------------------------------------------------------------------------------------------------


def entry(source: Fact, index: int, order: str, instrument: str | None, parties: Mapping[str, str]) -> Entry:
    """Return a fact as an entry at a place in the log: fields sorted into public and sealed, labels as leaves."""
    known = KINDS[source.kind].fields() if source.kind in KINDS else {}
    sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for name, value in source.fields.items():
        of = known.get(name)
        plain = _resolved(value, of.type if of else "", order)
        sides[bool(of and of.sealed)][name] = plain
    public = sides[0]
    proven = source.kind == "counterparty-record-received" and public.get("proof_check") == "verifies"
    return Entry(
        leaf=leaf(source.label or f"entry {index}", order),
        index=index,
        order=order_id(order),
        seq=index + 1,
        kind=source.kind,
        instrument=instrument,
        by=source.by,
        role=source.role,
        party=parties.get(source.by, "XO"),
        key=hashlib.sha256(source.by.encode()).hexdigest(),
        speaks=source.speaks,
        on=source.on,
        at=source.at,
        on_source=source.on_source,
        whose=source.whose,
        replaces=None if source.replaces is None else leaf(source.replaces, order),
        public=public,
        sealed=sides[1],
        audience={name: tuple(roles) for name, roles in source.audience.items()},
        proves=public.get("backs") if proven else None,  # in a story, the kind means the whole act
        held=source.held,
    )


def _resolved(value: Any, type: str, order: str) -> Any:
    """Return a value as on the wire: events by leaf, orders by id, days and moments as text."""
    if isinstance(value, Unread):
        return value
    if isinstance(value, list):
        return [_resolved(item, type.removeprefix("list[").removesuffix("]"), order) for item in value]
    if isinstance(value, datetime):
        return wire(value)
    if isinstance(value, date):
        return value.isoformat()
    if type == "event":
        return leaf(value, order)
    return order_id(value) if type == "order" else value


def case(
    facts: Iterable[Fact],
    instrument: str,
    *,
    parties: Mapping[str, Party] = PARTIES,
    offices: Mapping[str, Office] = OFFICES,
    register: Iterable[Fact] = (),
    order: str = "main",
) -> Case:
    """Return a case made of facts, in the order in which they were recorded; the register first."""
    facts, register = tuple(facts), tuple(register)
    said = (*facts, *register)
    begins = min(f.at for f in said) - DAY
    valid = (min(f.on for f in said) - DAY).date()
    homes = {actor: office.party for actor, office in offices.items()}
    ground = [*registry(parties, offices, begins, valid), *register]
    rows = [entry(f, i, "registry", None, homes) for i, f in enumerate(ground)]
    own = [entry(f, len(rows) + i, order, instrument, homes) for i, f in enumerate(facts)]
    return Case(order_id(order), instrument, tuple(own), tuple(rows), order)


# -- given, when, then -------------------------------------------------------------------------------------------------


class Story(Struct, frozen=True):
    """The facts so far, and the Parties and offices; `.when` adds, `.then` asks the law."""

    facts: tuple[Fact, ...]
    parties: Mapping[str, Party] = field(default_factory=lambda: PARTIES)
    offices: Mapping[str, Office] = field(default_factory=lambda: OFFICES)
    register: tuple[Fact, ...] = ()
    asked: datetime | None = None

    def when(self, *facts: Fact) -> Story:
        """Add facts."""
        return replace(self, facts=(*self.facts, *facts))

    def where(self, code: str, **changes: Any) -> Story:
        """Change a Party: its zone, holidays, declarations, terms."""
        return replace(self, parties={**self.parties, code: replace(self.parties[code], **changes)})

    def among(self, **offices: Office) -> Story:
        """Register these offices too, or otherwise."""
        return replace(self, offices={**self.offices, **offices})

    def registered(self, *facts: Fact) -> Story:
        """Add these facts to the register."""
        return replace(self, register=(*self.register, *facts))

    def asked_at(self, text: str) -> Story:
        """Ask at this moment; without it, when the last fact was recorded."""
        return replace(self, asked=moment(text))

    @property
    def instrument(self) -> str:
        """Return the instrument that the order names; 2AP-7 where none was issued."""
        return next((f.fields["instrument"] for f in self.facts if "instrument" in f.fields), "2AP-7")

    @property
    def case(self) -> Case:
        """Return the case these facts make."""
        return case(self.facts, self.instrument, parties=self.parties, offices=self.offices, register=self.register)

    @property
    def reading(self) -> OrderReading:
        """Return how the law reads it at the moment asked about."""
        return read_order(self.case, self.asked or max(f.at for f in self.facts))

    def clocks(self, id: str) -> list[Clock]:
        """Return the clocks of this id, rolled twins included."""
        return [clock for clock in self.reading.deadlines.clocks if clock.id == id]

    def then(self, id: str, verdict: ClockVerdict, due: str | None = None) -> Story:
        """Assert that the clock of this id is listed once (a twin aside), with this verdict and, if given, this end."""
        found = [clock for clock in self.clocks(id) if not clock.policy.endswith("+ROLL")]
        assert [clock.verdict for clock in found] == [verdict], [
            (c.id, c.verdict, c.due) for c in self.reading.deadlines.clocks
        ]
        if due is not None:
            assert found[0].due == moment(due)
        return self

    def then_unwound(self, id: str) -> Story:
        """Assert that the clock of this id is listed and could not be started."""
        self.then(id, ClockVerdict.UNDETERMINED)
        assert self.clocks(id)[0].due is None
        return self

    def then_not_listed(self, *ids: str) -> Story:
        """Assert that no clock of these ids is listed."""
        assert not [clock.id for clock in self.reading.deadlines.clocks if clock.id in ids]
        return self


def given(*facts: Fact) -> Story:
    """Begin with these facts."""
    return Story(facts)


# -- story files -------------------------------------------------------------------------------------------------------


def case_from_story(source: Mapping[str, Any]) -> dict[str, Case]:
    """Return the orders of a story file by name, each with all the register, in the order of recording."""
    instruments = source["orders"]
    force = tuple(f"{treaty}={day.isoformat()}" for treaty, day in source.get("assume_in_force", {}).items())
    parties = {
        code: Party(
            zone=p["zone"],
            holidays=tuple(day.isoformat() for day in p["holidays"]) if "holidays" in p else None,
            declarations=tuple(p.get("declarations", ())),
            terms=p.get("terms", {}),
            verified=p["declarations_verified"],
            in_force=force,
            not_bound_by=tuple(p.get("not_bound_by", ())),
            languages=tuple(p.get("languages", ())),
        )
        for code, p in source["parties"].items()
    }
    designated = [(actor, code) for p in source["parties"].values() for code, actor in p.get("designates", {}).items()]
    offices = {
        name: Office(
            party=a["party"],
            roles=tuple(a["roles"]),
            designations=tuple(code for actor, code in designated if actor == name),
            name=a["office"],
            languages=tuple(a.get("languages", ())),
        )
        for name, a in source["actors"].items()
    }
    homes = {name: office.party for name, office in offices.items()}
    begins = min(f.get("at", f["on"]) for f in source["facts"]) - DAY
    valid = (min(f["on"] for f in source["facts"]) - DAY).date()
    ground = registry(parties, offices, begins, valid)
    rows = [entry(f, i, "registry", None, homes) for i, f in enumerate(ground)]
    found: dict[str, list[Entry]] = {name: [] for name in instruments}
    for index, f in enumerate(source["facts"], len(rows)):
        order = f.get("order")
        fields = {**f.get("public", {}), **f.get("sealed", {})}
        if f["type"] == "order-issued":
            o = instruments[order]
            fields = {"instrument": o["instrument"], "from_party": o["from"], "to_party": o["to"], **fields}
        one = Fact(
            kind=f["type"],
            on=f["on"],
            by=f["by"],
            role=f["as"],
            at=f.get("at", f["on"]),
            speaks=f.get("kind", "act"),
            whose=f.get("whose"),
            on_source=f.get("on_source", "own-act"),
            label=f.get("label"),
            replaces=f.get("replaces"),
            fields=fields,
            audience=f.get("audience", {}),
        )
        instrument = instruments[order]["instrument"] if order else None
        (found[order] if order else rows).append(entry(one, index, order or "registry", instrument, homes))
    return {
        name: Case(order_id(name), instruments[name]["instrument"], tuple(entries), tuple(rows), name)
        for name, entries in found.items()
    }
