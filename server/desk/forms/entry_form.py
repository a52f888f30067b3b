"""The form of one entry: the fields of its kind and its circumstances, as controls; and the draft that it states."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, Final, get_args

from msgspec import Struct
from msgspec.structs import replace

from ledger.entries.case import Case, Entry, instant, wire
from ledger.errors import RecordError
from ledger.facts import Fact, kind_of
from ledger.facts.kind import WHY, Field
from ledger.facts.value_forms import ABSENT, BooleanForm, Form, TextForm
from ledger.facts.value_types import INSTANT, NAME
from ledger.facts.vocabulary import INSTRUMENTS, OnSource, Speaks
from ledger.facts.words.kind_words import explanation, in_few_words
from ledger.law.rules.order_contents import CONTENTS
from ledger.messages import Message
from projections.sentences.field_words import field_label
from projections.sentences.names import Names
from server.desk.forms.controls import Choices, Control, Made, control
from server.desk.forms.typed import Errors, Typed, read, write
from server.documents import Draft

REQUIRED: Final = "required"  # the name of the text that says so
EVENT: Final = TextForm("event", Message("an earlier entry of this order"))


class Section(Struct, frozen=True):
    """A part of a form: the name of its title among the texts, its controls, and whether it is open at first."""

    title: str
    controls: Sequence[Control]
    open: bool = True


class Stated(Struct, frozen=True):
    """What a form states: the fields that could be read, the draft if there is no error, and the errors by control."""

    fields: Mapping[str, Any]
    draft: Draft | None
    errors: Errors
    unregistered: bool = False
    lookalike: bool = False


class Person(Struct, frozen=True):
    """The office for which a person signs: its id, Party, the roles that the person may take, and its time zone."""

    actor: str
    party: str
    roles: Sequence[str]
    zone: str


class EntryForm:
    """The form of an entry of a kind in an order; `case` is the order so far, without entries for a new one.

    `text` has the texts of the desk in a language, and `say` puts the words of the vocabulary into it. `reserved` says
    that the order is the register, which has no instrument; its entries are acts.
    """

    def __init__(
        self,
        kind: str,
        person: Person,
        case: Case,
        text: Mapping[str, str],
        say: Callable[[str], str] = str,
        *,
        reserved: bool = False,
    ) -> None:
        self.kind: type[Fact] = kind_of(kind)
        self.person = person
        self.case = case
        self.reserved = reserved
        self._text = text
        names = Names(case.registry, case.entries, case.order)
        self._choices = Choices(
            entries=[(e.leaf, _entry_words(e, names, say)) for e in sorted(case.entries, key=lambda e: -e.index)],
            offices=[(actor, names.office(actor)) for actor in sorted(_named(case.registry, "actor"))],
            parties=[(party, names.party(party)) for party in sorted(_named(case.registry, "party"))],
            zone=person.zone,
        )

    @property
    def choices(self) -> Choices:
        """Return what may be chosen: entries, offices, Parties."""
        return self._choices

    @property
    def roles(self) -> list[str]:
        """Return the roles of the person in which the kind has effect."""
        return [role for role in self.kind.signers if role in self.person.roles]

    def begun(self, typed: Typed, today: date) -> dict[str, Sequence[str]]:
        """Return the texts that a form begins with: those given, and what is known of the person and the order."""
        given = {name: values for name, values in typed.items() if name != "again"}
        again = next(iter(typed.get("again", ())), "")
        entry = next((e for e in self.case.entries if e.leaf == again), None)
        known = dict(self._known(today)) if entry is None else self._texts(entry.public)
        if entry is not None and entry.kind == self.kind.kind:
            known |= {"c.replaces": [entry.leaf], **self._moment(wire(entry.on)), "c.on_source": [entry.on_source]}
            known |= {"c.speaks": [entry.speaks]} | ({"c.whose": [entry.whose]} if entry.whose else {})
        if (moment := next(iter(given.get("c.on", ())), "")) and moment.endswith("Z"):
            given |= self._moment(moment)
        return {**known, **given}

    def sections(self, typed: Typed, errors: Errors) -> list[Section]:
        """Return the controls in their parts: what has to be stated, what else may be, and the circumstances."""
        made = Made(typed, errors, self._choices)
        asked = asked_by(next(iter(typed.get("f.instrument", ())), "")) if self.kind.kind == "order-issued" else {}
        controls = [_control(field, made, asked.get(name, "")) for name, field in self.kind.fields().items()]
        first = [c for c in controls if c.required or c.asked or c.stated or c.faulty]
        rest = [c for c in controls if c not in first]
        short = len(controls) <= 10
        return [
            Section("part_fields", controls if short else first),
            *([Section("part_more", rest, open=not first)] if rest and not short else []),
            Section("part_circumstances", list(self._circumstances(made))),
        ]

    def state(self, typed: Typed, order: str, now: datetime) -> Stated:
        """Return what the form states at `now`, with an error at each text that has not the form of its field."""
        errors = Errors()
        fields = {}
        for name, field in self.kind.fields().items():
            place = f"f.{name}"
            value = read(field.form, typed, place, errors)
            if value is not ABSENT:
                fields[name] = value
            elif field.required and not any(each.split(".")[:2] == place.split(".") for each in errors.by_name):
                errors.add(place, REQUIRED)
        said = self._said(typed, errors)
        flags = {name: bool(next(iter(typed.get(f"c.{name}", ())), "")) for name in ("unregistered", "lookalike")}
        draft = None if errors.by_name else self._draft(fields, said, order, now)
        return Stated(fields, draft, errors, **flags)

    def place_of(self, error: RecordError) -> str:
        """Return the name of the control that an error of the whole entry is about; empty for none."""
        where = error.where.removeprefix(f"{self.kind.kind}.")
        name = where.split(".")[0].split("[")[0]
        if name in self.kind.fields():
            return f"f.{name}"
        circumstances = {"FORM-WHY": "c.why", "FORM-REPLACES": "c.replaces", "FORM-DATE": "c.on", "KEY-ROLE": "c.role"}
        return "c.whose" if where == "whose" else circumstances.get(error.code, "")

    # -- parts --------------------------------------------------------------------------------------------------------

    def _circumstances(self, made: Made) -> Iterator[Control]:
        for name, form in circumstances_of(self.case, self.roles, reserved=self.reserved).items():
            made_here = control(
                form, f"c.{name}", self._text[f"c_{name}"], made, says=self._text.get(f"c_{name}_says", ""),
                required=name == "role", sealed=name == "why",
            )  # fmt: skip
            if isinstance(form, BooleanForm):
                made_here = replace(made_here, widget="tick")
            elif name in ("on_source", "speaks"):
                made_here = replace(made_here, choices=[(code, self._text[code]) for code, _ in made_here.choices])
            yield made_here

    def _said(self, typed: Typed, errors: Errors) -> dict[str, Any]:
        said = {}
        for name, form in circumstances_of(self.case, self.roles, reserved=self.reserved).items():
            value = read(form, typed, f"c.{name}", errors)
            if value is not ABSENT:
                said[name] = value
        if "role" not in said:
            errors.add("c.role", REQUIRED)
        if ("replaces" in said) != ("why" in said):
            errors.add("c.replaces" if "why" in said else "c.why", REQUIRED)
        return said

    def _draft(self, fields: dict[str, Any], said: Mapping[str, Any], order: str, now: datetime) -> Draft:
        instrument = self.case.instrument or fields.get("instrument") or said.get("instrument")
        return Draft(
            kind=self.kind.kind,
            order=order,
            fields=fields,
            role=said["role"],
            actor=self.person.actor,
            party=self.person.party,
            on=instant(said["on"]) if "on" in said else now,
            instrument=None if self.reserved else instrument,
            on_source=said.get("on_source", "own-act"),
            speaks=said.get("speaks", "act"),
            whose=said.get("whose"),
            replaces=said.get("replaces"),
            why=said.get("why"),
        )

    def _known(self, today: date) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield what the person and the order say of the fields of a new entry."""
        fields = self.kind.fields()
        if not self.reserved:
            yield "c.on_source", ["own-act"]
            yield "c.speaks", ["act"]
        if len(self.roles) == 1:
            yield "c.role", self.roles
        if self.kind.kind == "order-issued":
            yield "f.issuing_authority", [self.person.actor]
            yield "f.from_party", [self.person.party]
            yield "f.date_issued", [today.isoformat()]
        for name, field in fields.items():
            if field.type == "event" and field.required and (about := self._about()):
                yield f"f.{name}", [about]

    def _about(self) -> str:
        """Return the entry that an entry of this kind is most often about; empty if none is on record."""
        kinds = _ABOUT.get(self.kind.kind, ("order-issued",))
        found = [e for e in self.case.entries if e.kind in kinds]
        return max(found, key=lambda e: e.index).leaf if found else ""

    def _texts(self, public: Mapping[str, Any]) -> dict[str, Sequence[str]]:
        texts: dict[str, list[str]] = {}
        for name, value in public.items():
            field = self.kind.fields().get(name)
            if field is not None and not field.sealed:
                for place, text in write(field.form, value, f"f.{name}", self.person.zone):
                    texts.setdefault(place, []).append(text)
        return dict(texts)

    def _moment(self, moment: str) -> dict[str, Sequence[str]]:
        return {name: [text] for name, text in write(INSTANT, moment, "c.on", self.person.zone)}


# The kinds of the entries that entries of a kind are about, where that is not the order.
_ABOUT: Final = {
    "consultation-concluded": ("consultation-opened",),
    "notification-received": ("notification-sent",),
    "no-ground-confirmed": ("notification-sent", "notification-received"),
    "instruction-reasons-given": ("non-disclosure-instructed",),
    "instruction-lifted": ("non-disclosure-instructed",),
    "additional-information-provided": ("additional-information-requested", "order-referred-back"),
    "withdrawal-confirmed": ("order-withdrawn",),
    "receipt-disputed": ("order-received",),
    "condition-accepted": ("condition-imposed",),
    "condition-declined": ("condition-imposed",),
    "evidence-received": ("data-disclosed", "data-transmitted-by-state"),
    "waiver-decided": ("waiver-requested",),
    "reason-given": ("reason-requested",),
    "court-review-decided": ("court-review-requested",),
    "access-granted": ("access-requested",),
    "access-restricted": ("access-requested",),
    "incident-notified-to-authority": ("security-incident-detected",),
    "incident-assessed": ("security-incident-detected",),
}


def circumstances_of(case: Case, roles: Sequence[str], *, reserved: bool) -> dict[str, Form]:
    """Return the forms of the circumstances that a form asks for, by name."""
    role = TextForm("role", Message("the role in which the signer acts"), values=tuple(roles))
    if reserved:
        return {"role": role, "on": INSTANT}
    sources = TextForm("on-source", Message("how the time is known"), values=get_args(OnSource))
    speaks = TextForm("speaks", Message("whose act it is"), values=get_args(Speaks))
    forms: dict[str, Form] = {"role": role, "on": INSTANT, "on_source": sources, "speaks": speaks, "whose": NAME}
    if case.entries:
        forms |= {"replaces": EVENT, "why": WHY.form}
    elif not case.instrument:
        forms |= {"instrument": TextForm("instrument", Message("an instrument"), values=tuple(INSTRUMENTS))}
    return forms | {"unregistered": BooleanForm(), "lookalike": BooleanForm()}


@cache
def asked_by(instrument: str) -> Mapping[str, str]:
    """Return the provisions by which an instrument asks for the fields of an order, by field."""
    asked: dict[str, str] = {}
    for point in CONTENTS.get(instrument, ()):
        for name in point.fields:
            asked.setdefault(name, point.cite)
    return asked


def _control(field: Field, made: Made, asked: str) -> Control:
    label, says = Message(field_label(field.name)), explanation(field.says)
    return control(
        field.form, f"f.{field.name}", label, made, says=says, required=field.required, sealed=field.sealed, asked=asked
    )


def _entry_words(e: Entry, names: Names, say: Callable[[str], str]) -> str:
    return f"#{e.number} {say(in_few_words(e.kind))}, {names.office(e.actor)}, {wire(e.on)[:16].replace('T', ' ')}"


def _named(registry: Sequence[Entry], what: str) -> set[str]:
    kinds = {"actor": ("authority-registered",), "party": ("party-registered",)}[what]
    return {e.public[what] for e in registry if e.kind in kinds and what in e.public}
