"""The pages of one step in several orders: one form with common values, and one entry for each order, signed alone.

The common form does not ask for what an entry is about and what it corrects: these are entries of its order. The form
of each order begins with the entry that it would begin with alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any, Final

from msgspec import Struct
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ledger.entries.case import Case
from ledger.entries.placement import reserved_of
from ledger.errors import RecordError
from ledger.facts import KINDS
from ledger.facts.words.data import ELEMENT_WORDS
from ledger.facts.words.kind_words import in_few_words
from ledger.formats.time_zones import zone as time_zone
from ledger.messages import Message
from projections.views.state import name_of
from server.desk.entry_pages import SCRIPT_TEXTS, Fault, error_of, recording_of, rows_changed, says_of, shown
from server.desk.forms.entry_form import EntryForm, Person, Section
from server.desk.forms.typed import Errors, Typed
from server.desk.gate import Gate, Visitor
from server.desk.lists.lines import OrderLines
from server.desk.site import HEADERS, page
from server.desk.steps import bulk_kinds
from server.documents import DraftCheck

MOST: Final = 50  # orders in one form
OF_ORDER: Final = ("c.replaces", "c.why")  # circumstances that name an entry of an order


class Item(Struct, frozen=True):
    """One order of a form: its id and name, what would be signed or what is wrong, and what the script records."""

    order: str
    name: str
    check: dict[str, Any] | None = None
    faults: Sequence[Fault] = ()
    recording: str | None = None


class BulkPages:
    """The pages of one server on which a person states one step for several orders."""

    def __init__(self, gate: Gate, lines: OrderLines) -> None:
        self._gate = gate
        self._lines = lines
        self._services = gate.services

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        return [self._gate.route("/bulk", self._form, sends=True)]

    def _form(self, visitor: Visitor) -> Response:
        """Return the common form; where it was sent, with one draft for each order."""
        typed = dict(visitor.form if visitor.sends else visitor.query)
        orders = list(dict.fromkeys(typed.pop("o", ())))
        kind = next(iter(typed.pop("kind", ())), "")
        if not orders or not kind:
            return RedirectResponse("/orders", 303, HEADERS)
        if kind not in bulk_kinds(visitor.caller.roles):
            raise RecordError("API-KIND", Message("this step is not recorded in several orders at once"), where="kind")
        if len(orders) > MOST:
            raise RecordError("API-REQUEST", Message("one form takes at most {0} orders", MOST), where="o")
        if any(order in reserved_of(self._services.view.origin) for order in orders):
            raise RecordError("API-MISSING", Message("this is not an order people ask about"))
        cases = [self._services.view.case(visitor.caller, order) for order in orders]
        forms = [self._of(visitor, kind, case) for case in cases]
        common = self._of(visitor, kind, Case("", cases[0].instrument, (), cases[0].registry))
        asked = {name: values for name, values in typed.items() if not name.startswith(("lang", *_of_orders(kind)))}
        zone = visitor.frame.zone
        today = self._services.view.now().astimezone(time_zone(zone) if zone else UTC).date()
        focus, checks = "", False
        if not visitor.sends:
            asked = common.begun(asked, today)
        elif (changed := rows_changed(asked)) is not None:
            asked, focus = changed
        else:
            checks = True
        known = {line.order: line.name for line in self._lines.some(visitor.caller, orders).values()}
        names = {form.case.order: known.get(form.case.order, name_of(form.case)) for form in forms}
        items = [Item(order, name) for order, name in names.items()]
        if checks:
            items = [
                self._checked(visitor, form, {**_own(form, today), **asked}, names[form.case.order]) for form in forms
            ]
        return page(
            "bulk.html.j2",
            visitor.frame,
            visitor.frame.translation.words(in_few_words(kind)),
            "/orders",
            status=422 if any(item.faults for item in items) else 200,
            fact=KINDS[kind],
            sections=_common(common.sections(asked, Errors()), kind),
            items=items,
            checked=checks,
            ready=sum(item.recording is not None for item in items),
            choices=common.choices,
            elements=ELEMENT_WORDS.items(),
            roles=common.roles,
            focus=focus or ("checked-title" if checks else ""),
            script_texts={n: says for n, says in visitor.frame.text.items() if n.startswith((*SCRIPT_TEXTS, "bulk_"))},
        )

    def _of(self, visitor: Visitor, kind: str, case: Case) -> EntryForm:
        by, frame = visitor.caller, visitor.frame
        person = Person(by.actor, by.party, sorted(by.roles), frame.zone)
        return EntryForm(kind, person, case, frame.text, frame.translation.say)

    def _checked(self, visitor: Visitor, form: EntryForm, typed: Typed, name: str) -> Item:
        """Return what would be signed in one order; an error of it leaves the other orders as they are."""
        order, frame = form.case.order, visitor.frame
        stated = form.state(typed, order, self._services.view.now())
        if stated.draft is not None:
            try:
                sent = DraftCheck(stated.draft, "", stated.unregistered, stated.lookalike)
                examined = self._services.drafting.examine(visitor.caller, sent)
                check = shown(frame, form, examined)
                return Item(order, name, check, (), recording_of(stated.draft, stated))
            except RecordError as error:
                stated.errors.add(form.place_of(error), error_of(frame, error))
        labels = {c.name: c.label for section in form.sections(typed, stated.errors) for c in section.controls}
        faults = [Fault(n, labels.get(n, ""), says_of(frame, says)) for n, says in stated.errors.by_name.items()]
        return Item(order, name, None, faults)


def _of_orders(kind: str) -> tuple[str, ...]:
    """Return how the names of the controls begin that name an entry of an order."""
    events = tuple(f"f.{name}" for name, field in KINDS[kind].fields().items() if "event" in field.type)
    return (*OF_ORDER, *events)


def _own(form: EntryForm, today: Any) -> dict[str, Sequence[str]]:
    """Return what the form of one order begins with and the common form does not ask for."""
    begun = form.begun({}, today)
    return {name: values for name, values in begun.items() if name.startswith(_of_orders(form.kind.kind))}


def _common(sections: Sequence[Section], kind: str) -> list[Section]:
    """Return the parts of a form without the controls that name an entry of an order."""
    left = _of_orders(kind)
    kept = [(s, [c for c in s.controls if not c.name.startswith(left)]) for s in sections]
    return [Section(section.title, controls, section.open) for section, controls in kept if controls]
