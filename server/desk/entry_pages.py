"""The pages on which a person states an entry: the kinds to choose from, and the form of one kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import Response

from ledger.entries.case import Case
from ledger.entries.keyring import REGISTRY_ONLY, REGISTRY_TOO
from ledger.entries.placement import registry_of
from ledger.entries.replacement import readers
from ledger.errors import RecordError
from ledger.facts import KINDS, WHY, kind_of
from ledger.facts.vocabulary import GROUPS, INSTRUMENTS
from ledger.facts.words.data import ELEMENT_WORDS
from ledger.facts.words.kind_words import in_few_words
from ledger.formats.time_zones import zone as time_zone
from ledger.law import judge
from ledger.messages import Message
from projections.reports.entry_numbers import numbers
from projections.reports.front_page import Subject, remarks, subject
from projections.reports.history import value_in_words
from projections.sentences.field_words import field_label
from projections.sentences.names import names_of
from projections.sentences.values import Worded
from server.api.drafts import Examined
from server.desk.forms.controls import Control
from server.desk.forms.entry_form import REQUIRED, EntryForm, Person, Stated
from server.desk.forms.typed import EXPECTED, MOST_ROWS, Errors, Typed, rows
from server.desk.gate import Gate, Visitor
from server.desk.site import Frame, page
from server.desk.steps import common_kinds, forms_of, record_address, recordable
from server.documents import Draft, DraftCheck
from server.guests.acts import may_state
from server.problems import text_of

SCRIPT_TEXTS = ("step_", "SIGN-", "refused_says", "unsure_says")  # how the names of texts begin that the script shows
# The pages to which entries of the register lead, by their kinds.
AFTER = dict.fromkeys(("key-registered", "key-rotated", "key-revoked", "key-compromised"), "/keys/requests")
_ROW = re.compile(r"(.+)\.([0-9]{1,6})")


class Fault(Struct, frozen=True):
    """One error of a form: the control that it is about, by name and label (empty for none), and what is wrong."""

    name: str
    label: str
    says: str


class Line(Struct, frozen=True):
    """One value of a draft in words."""

    label: str
    words: str
    sealed: bool


class EntryPages:
    """The pages of one server on which entries are stated."""

    def __init__(self, gate: Gate) -> None:
        self._services = gate.services
        self._registry = registry_of(self._services.view.origin)

    # -- which kind ---------------------------------------------------------------------------------------------------

    def kinds(self, visitor: Visitor) -> Response:
        """Return the kinds that a person may record in an order, or without one: a new order, and the register."""
        order = visitor.path.get("order")
        frame, roles = visitor.frame, visitor.caller.roles
        mine = [k for k, fact in KINDS.items() if recordable(k) and not roles.isdisjoint(fact.signers)]
        if order is None:
            fitting = [k for k in mine if k in REGISTRY_ONLY | REGISTRY_TOO or "instrument" in KINDS[k].fields()]
            case = None
        else:
            fitting = [k for k in mine if k not in REGISTRY_ONLY]
            case = self._services.view.case(visitor.caller, order)
        groups = [
            (group.says, [(k, KINDS[k].says, _address(order, k)) for k in fitting if KINDS[k].group == name])
            for name, group in GROUPS.items()
        ]
        return page(
            "kinds.html.j2",
            frame,
            frame.text["record_which"],
            "/record",
            case=case,
            about=None if case is None else _subject(case, self._services.view.moment()),
            common=[(k, _address(order, k)) for k in common_kinds(roles) if k in fitting],
            groups=[(says, some) for says, some in groups if some],
        )

    # -- one form -----------------------------------------------------------------------------------------------------

    def form(self, visitor: Visitor) -> Response:
        """Return the form of a kind; where it was sent, with what is wrong or what would be signed."""
        kind = visitor.path["kind"]
        if not recordable(kind):
            kind_of(kind)
            raise RecordError("API-KIND", Message("{0} is recorded where the ledger is", kind), where=kind)
        typed = dict(visitor.form if visitor.sends else visitor.query)
        typed.pop("lang", None)
        order = self._order(visitor, kind, typed)
        case = self._case(visitor, order, typed)
        if visitor.caller.guest and not may_state(visitor.caller, case, kind):
            raise RecordError(
                "API-DENIED", Message("a guest of this office does not state {0} in this order", kind), where=kind
            )
        begins = "instrument" in KINDS[kind].fields() and not case.entries and not visitor.sends
        if begins and not _first(typed, "f.instrument"):
            title = visitor.frame.translation.words(in_few_words(kind))
            instruments = INSTRUMENTS.items()
            return page("instrument.html.j2", visitor.frame, title, "/record", kind=kind, instruments=instruments)
        caller = visitor.caller
        person = Person(caller.actor, caller.party, sorted(caller.roles), visitor.frame.zone)
        frame = visitor.frame
        form = EntryForm(kind, person, case, frame.text, frame.translation.say, reserved=order == self._registry)
        now = self._services.view.now()
        if not visitor.sends:
            typed = form.begun(typed, now.astimezone(time_zone(person.zone) if person.zone else UTC).date())
            return self._page(visitor, form, order, typed, None)
        changed = rows_changed(typed)
        if changed is not None:
            typed, focus = changed
            return self._page(visitor, form, order, typed, None, focus=focus)
        return self._checked(visitor, form, order, typed)

    def _checked(self, visitor: Visitor, form: EntryForm, order: str, typed: Typed) -> Response:
        stated = form.state(typed, order, self._services.view.now())
        if stated.draft is None:
            return self._page(visitor, form, order, typed, stated)
        draft = self._with_readers(visitor, stated.draft)
        try:
            sent = DraftCheck(draft, "", stated.unregistered, stated.lookalike)
            examined = self._services.drafting.examine(visitor.caller, sent)
        except RecordError as error:
            stated.errors.add(form.place_of(error), error_of(visitor.frame, error))
            return self._page(visitor, form, order, typed, stated)
        return self._page(visitor, form, order, typed, stated, draft=draft, examined=examined)

    def _with_readers(self, visitor: Visitor, draft: Draft) -> Draft:
        """Add the roles that may read why an entry is replaced."""
        if draft.replaces is None:
            return draft
        old = self._services.view.payload(visitor.caller, draft.order, draft.replaces)
        return draft if old is None else replace(draft, audience={WHY.name: readers(old)})

    def _page(
        self,
        visitor: Visitor,
        form: EntryForm,
        order: str,
        typed: Typed,
        stated: Stated | None,
        *,
        draft: Draft | None = None,
        examined: Examined | None = None,
        focus: str = "",
    ) -> Response:
        frame, kind = visitor.frame, form.kind
        errors = Errors() if stated is None else stated.errors
        sections = form.sections(typed, errors)
        labels = {c.name: c.label for section in sections for c in _all(section.controls)}
        faults = [Fault(n, labels.get(n, ""), says_of(frame, says)) for n, says in errors.by_name.items()]
        in_order = form.case.instrument and form.case.entries
        return page(
            "record.html.j2",
            frame,
            frame.translation.words(in_few_words(kind.kind)),
            "/orders" if form.case.entries else "/record",
            status=422 if faults else 200,
            fact=kind,
            order=order,
            about=frame.translation.of(_subject(form.case, self._services.view.moment())) if in_order else None,
            sections=sections,
            faults=faults,
            choices=form.choices,
            elements=ELEMENT_WORDS.items(),
            away=dict.fromkeys(numbers(form.case).values(), f"/orders/{order}"),
            script_texts={name: says for name, says in frame.text.items() if name.startswith(SCRIPT_TEXTS)},
            says=says_of,
            focus=focus,
            check=None if examined is None else shown(frame, form, examined),
            recording=None if draft is None or stated is None else recording_of(draft, stated),
            roles=form.roles,
            after=f"/orders/{order}" if order != self._registry else AFTER.get(kind.kind, "/"),
        )

    def _order(self, visitor: Visitor, kind: str, typed: dict[str, Sequence[str]]) -> str:
        """Return the order of a form: that of its address, the register, or a new one, whose id the form keeps."""
        named = visitor.path.get("order")
        if named is not None:
            return named
        if kind in REGISTRY_ONLY | REGISTRY_TOO:
            return self._registry
        chosen = _first(typed, "order")
        return chosen if re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", chosen) else str(uuid4())

    def _case(self, visitor: Visitor, order: str, typed: Typed) -> Case:
        view = self._services.view
        if order == self._registry:
            register = view.registered()
            return Case(order, "", register, register)
        if visitor.path.get("order") is None and view.is_new(order):
            return Case(order, _first(typed, "f.instrument"), (), view.registered())
        return view.case(visitor.caller, order)


def _address(order: str | None, kind: str) -> str:
    return f"/record/{kind}" if order is None else record_address(order, kind)


def _first(typed: Typed, name: str) -> str:
    return next(iter(typed.get(name, ())), "")


def _subject(case: Case, moment: datetime) -> Subject:
    return subject(case, judge(case, moment))


def _all(controls: Iterable[Control]) -> Iterable[Control]:
    for each in controls:
        yield each
        yield from _all(each.parts)


def error_of(frame: Frame, error: RecordError) -> Markup:
    """Return what an error says in the language of the page, and in English what a translation leaves out."""
    said = text_of(error, frame.lang)
    english = Markup(' <span class="soft small" lang="en">{}</span>').format(said.english) if said.english else ""
    return Markup("{}{}").format(said.whole, english)


def says_of(frame: Frame, says: str) -> str:
    """Return an error in words; a form that the catalogue does not have is in English."""
    if isinstance(says, Markup):
        return says
    if says == REQUIRED:
        return frame.text["needed"]
    words = frame.translation.words
    if isinstance(says, Message) and says.id == EXPECTED:
        return frame.text["expected"].format(*map(words, says.values))
    return words(says)


def rows_changed(typed: Mapping[str, Sequence[str]]) -> tuple[dict[str, Sequence[str]], str] | None:
    """Return the texts with a row more or less, and the control to go to; None if the form asks for something else."""
    act, _, name = _first(typed, "do").partition(":")
    kept = {each: texts for each, texts in typed.items() if each != "do"}
    if act == "add":
        row = max(rows(kept, name), default=0) + 1
        if len(rows(kept, name)) < MOST_ROWS:
            first = {} if rows(kept, name) else {f"{name}.0": [""]}
            kept |= {**first, f"{name}.{row}": [""]}
        return kept, f"{name}.{row}"
    if act == "remove" and (row_of := _ROW.fullmatch(name)):
        gone = (f"{name}.", f"{name}@")
        return {n: t for n, t in kept.items() if n != name and not n.startswith(gone)}, f"{row_of[1]}.add"
    return None


def shown(frame: Frame, form: EntryForm, x: Examined) -> dict[str, Any]:
    """Return what a page shows of a draft that may be signed."""
    language, names = frame.translation, names_of(x.case)
    known, times = numbers(x.case), names.times(form.person.actor)
    fields = form.kind.fields()
    values = {**x.entry.public, **{n: v for n, v in x.entry.sealed.items() if n != WHY.name}}
    lines = []
    for name, value in values.items():
        words = value_in_words(value, fields[name].form, known, names, times)
        said = words.in_(language.values) if isinstance(words, Worded) else words
        lines.append(Line(Message(field_label(name)), said, fields[name].sealed))
    findings = remarks(x.findings, x.case)
    settling = {f.code: forms_of(x.steps.of_finding(f), x.case) for f in x.findings} if x.steps else {}
    return {
        "sentence": x.sentence.in_(language.values),
        "on": x.entry.on,
        "role": x.entry.role,
        "lines": lines,
        "findings": language.of(findings),
        "settling": settling,
        "missing": language.of(x.missing),
        "clocks": x.clocks,
        "judged": x.after is not None,
    }


def recording_of(draft: Draft, stated: Stated) -> str:
    """Return what the script of the page records, as JSON."""
    plain = msgspec.to_builtins(draft)
    permits = {"unregistered": stated.unregistered, "lookalike": stated.lookalike}
    return msgspec.json.encode({"draft": plain, "permits": permits}).decode()
