"""Make drafts of the facts of a table or a mail, by what a person may see and record; say what is on record already.

The values of cells are read as those of a form. The order of a reference is the one on record that the person may see,
else a new one, whose id follows from ledger and reference as in `comity import`.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct, field

from ledger.application.intake.expand import CellNote, FactRow
from ledger.application.intake.outlook import Outlook, OutlookCount
from ledger.application.intake.unstarted_deadlines import Clocks
from ledger.entries.case import Case, Entry, instant
from ledger.errors import RecordError
from ledger.facts import KINDS, Field, kind_of, public_of
from ledger.facts.value_forms import ABSENT, ListForm
from ledger.messages import Message
from server.access import Caller
from server.api.drafts import fact_of
from server.api.routes import Services
from server.desk.forms.typed import ZONE, Errors, is_ticked, read, write
from server.documents import Draft, DraftCheck

# Columns of `comity import` that are no field and that a draft of this page can have.
TAKEN: Final = ("order", "kind", "occurred", "actor", "role", "speaks", "on_source", "instrument", "unregistered",
                "lookalike", "id", "signer")  # fmt: skip
MOST_DRAFTS: Final = 5_000
HEADED: Final = "{0}: {1}"  # the message of a fault under a code, or under a kind and its field


class Taken(Struct):
    """What the facts of a file are: drafts in the order of the orders, those on record, faults, what would change.

    `unwound` are sentences about rows that start no deadline.
    """

    drafts: list[Draft] = field(default_factory=list)
    already: int = 0
    orders: int = 0
    new_orders: int = 0
    unregistered: bool = False
    lookalike: bool = False
    faults: list[CellNote] = field(default_factory=list)
    unwound: list[str] = field(default_factory=list)
    outlook: Outlook | None = None


class DraftMaker:
    """Makes drafts for one caller at one moment; `place` says where a row is."""

    def __init__(self, services: Services, caller: Caller) -> None:
        self._services, self._caller = services, caller
        self._view = services.view
        register = self._view.registered()
        self._outlook = OutlookCount(register)
        self._clocks = Clocks(register, self._view.now())
        self._orders: dict[str, str] = {}
        self._cases: dict[str, Case | None] = {}
        self._known: dict[str, Counter[str]] = {}
        self._begun: dict[str, str] = {}  # new orders -> instrument
        self._issued: set[str] = set()
        self._taken = Taken()

    def take(self, facts: Iterable[FactRow]) -> Taken:
        """Return the drafts of facts; each fault names the row and the column."""
        taken = self._taken
        for fact in facts:
            try:
                self._fact(fact)
            except RecordError as error:
                self._fault(fact, error.where.partition(".")[2] or error.where, error.says, error.hint)
            if len(taken.drafts) > MOST_DRAFTS:
                says = Message("more than {0} entries: split the table, or use `comity import`", MOST_DRAFTS)
                raise RecordError("API-LARGE", says)
        taken.orders, taken.new_orders = len(self._cases), len(self._begun)
        place = {order: number for number, order in enumerate(dict.fromkeys(d.order for d in taken.drafts))}
        taken.drafts.sort(key=lambda draft: place[draft.order])
        if not taken.faults:
            taken.outlook = self._outlook.result(self._view.now())
            found = self._clocks.found()
            taken.unwound = [unwound.sentence(rows, Message("row {0}", first[0])) for unwound, rows, first in found]
        return taken

    def order_of(self, reference: str) -> str:
        """Return the id of the order of a reference, or that of a new one; `RecordError` ORDER-AMBIGUOUS."""
        if reference not in self._orders:
            office, mark, own = reference.partition("/")
            name = own if mark and office == self._caller.actor else reference
            items = self._view.orders(self._caller, 0, 20, name=name).orders
            found = [item.order.order for item in items if item.order.ref in (name, reference)]
            if len(found) > 1:
                says = Message("{0} orders have the reference {1}", len(found), repr(reference))
                raise RecordError("ORDER-AMBIGUOUS", says, where="order")
            new = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._view.origin}/import/{reference}"))
            self._orders[reference] = found[0] if found else new
        return self._orders[reference]

    def case_of(self, order: str) -> Case | None:
        """Return an order on record as the caller may see it; None for a new one; `RecordError` API-MISSING."""
        if order not in self._cases:
            self._cases[order] = None if self._view.is_new(order) else self._view.case(self._caller, order)
        return self._cases[order]

    # -- one fact ------------------------------------------------------------------------------------------------------

    def _fact(self, fact: FactRow) -> None:
        cells, before = dict(fact.cells), len(self._taken.faults)
        kind, reference = kind_of(fact.kind), str(cells["order"])
        order = self.order_of(reference)
        case = self.case_of(order)
        instrument = case.instrument if case else str(cells.get("instrument", "")) or self._begun.get(order, "")
        if case is None and not instrument:
            self._fault(fact, "instrument", Message("a new order, and nothing says under which instrument"))
        own = kind.fields()
        for name in cells:
            if name not in TAKEN and name not in own:
                self._fault(fact, name, Message("is taken by `comity import` alone"))
        if cells.get("signer", self._caller.actor) != self._caller.actor:
            self._fault(fact, "signer", Message("here {0} signs, your office", self._caller.actor))
        if "instrument" in own and "instrument" not in cells:
            cells["instrument"] = instrument
        if fact.kind == "order-issued":
            office, mark, number = reference.partition("/")
            cells.setdefault("reference", number if mark and office == self._caller.actor else reference)
        fields = {name: value for name, cell in cells.items()
                  if name in own and (value := self._value(fact, own[name], cell)) is not ABSENT}  # fmt: skip
        if len(self._taken.faults) > before:
            return
        draft = self._draft(fact, cells, fields, order, instrument)
        if self._is_on_record(draft, case):
            self._taken.already += 1
            self._issued |= {order} if fact.kind == "order-issued" else set()
            return
        self._check(fact, draft, case, cells)

    def _draft(
        self, fact: FactRow, cells: Mapping[str, Any], fields: dict[str, Any], order: str, instrument: str
    ) -> Draft:
        whose = cells.get("actor")
        whose = None if whose == self._caller.actor else whose
        roles = self._caller.roles
        fitting = [role for role in KINDS[fact.kind].signers if role in roles] or sorted(roles)
        return Draft(
            kind=fact.kind,
            order=order,
            fields=fields,
            role=str(cells.get("role") or (fitting[0] if fitting else "")),
            actor=self._caller.actor,
            party=self._caller.party,
            on=instant(str(cells["occurred"])),
            instrument=instrument or None,
            on_source=cells.get("on_source") or ("other-party" if whose else "own-act"),
            speaks=cells.get("speaks") or "import",
            whose=whose,
        )

    def _check(self, fact: FactRow, draft: Draft, case: Case | None, cells: Mapping[str, Any]) -> None:
        unregistered, lookalike = (cells.get(name) == "yes" for name in ("unregistered", "lookalike"))
        issued = draft.order in self._issued or (case and any(e.kind == "order-issued" for e in case.entries))
        if draft.kind == "order-issued" and issued:
            says = Message("the order is issued already; `comity import` takes new versions")
            raise RecordError("REFERENCE-TAKEN", says, where="order-issued.order")
        _, entry, _ = self._services.drafting.formed(self._caller, DraftCheck(draft, "", unregistered, lookalike))
        if case is None:
            self._begun.setdefault(draft.order, draft.instrument or "")
        self._issued |= {draft.order} if draft.kind == "order-issued" else set()
        self._taken.unregistered |= unregistered
        self._taken.lookalike |= lookalike
        self._clocks.add(entry, draft.instrument or "", fact.number, fact.number, new=case is None)
        self._outlook.add(entry, fact.number, case)
        self._taken.drafts.append(draft)

    def _value(self, fact: FactRow, of: Field, cell: Any) -> Any:
        """Return the value of a field in wire JSON; `ABSENT` after a fault, which does not repeat a sealed value."""
        errors = Errors()
        name = f"f.{of.name}"
        if of.type in ("event", "list[event]", "order", "list[order]"):
            self._fault(fact, of.name, Message("names another entry or order: `comity import` takes such a field"))
            return ABSENT
        value = read(of.form, dict(_typed(of, cell, name)), name, errors)
        for says in errors.by_name.values():
            self._fault(fact, of.name, says)
        return value

    def _fault(self, fact: FactRow, column: str, says: str, hint: str = "") -> None:
        own = fact.columns.get(column.partition("[")[0], "")
        says = Message(HEADED, f"{fact.kind}.{column}", says) if column else says
        self._taken.faults.append(CellNote(fact.number, own, says, hint))

    # -- what is on record ---------------------------------------------------------------------------------------------

    def _is_on_record(self, draft: Draft, case: Case | None) -> bool:
        """Return True for a draft that equals an entry of the order in all that is public; each entry counts once."""
        if case is None:
            return False
        known = self._known.get(draft.order)
        if known is None:
            known = self._known[draft.order] = Counter(_key_of(e) for e in case.entries if e.by == draft.actor)
        key = _key(draft.kind, draft.on, draft.whose, draft.on_source, draft.speaks,
                   public_of(fact_of(draft.kind, draft.fields)))  # fmt: skip
        if known[key] <= 0:
            return False
        known[key] -= 1
        return True


def _key_of(e: Entry) -> str:
    return _key(e.kind, e.on, e.whose, e.on_source, e.speaks, {n: v for n, v in e.public.items() if n != "_sd"})


def _key(kind: str, on: datetime, whose: str | None, source: str, speaks: str, public: Mapping[str, Any]) -> str:
    stated: Sequence[Any] = (kind, on.isoformat(), whose, source, speaks, public)
    return json.dumps(stated, sort_keys=True, ensure_ascii=False)


def _typed(of: Field, cell: Any, name: str) -> Iterable[tuple[str, list[str]]]:
    """Yield the texts of a form that state a cell: lines of it are the items of a list."""
    if not isinstance(cell, str):
        yield from ((place, [text]) for place, text in write(of.form, cell, name, ""))
    elif isinstance(of.form, ListForm):
        lines = [line.strip() for line in cell.splitlines() if line.strip()]
        if is_ticked(of.form):
            yield name, lines
        else:
            yield from ((f"{name}.{number}", [line]) for number, line in enumerate(lines))
    elif of.type == "bool":
        yield name, [{"yes": "true", "no": "false"}.get(cell.lower(), cell)]
    elif of.type == "instant":
        yield name, [cell.removesuffix("Z")]
        yield name + ZONE, ["UTC"]
    else:
        yield name, [cell]
