"""The page of one order: what it is, what is due and for whom, what to do, and all that happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace
from starlette.responses import Response

from ledger.entries.case import Case, linked
from ledger.entries.keyring import REGISTRY_ONLY
from ledger.entries.placement import reserved_of
from ledger.errors import RecordError
from ledger.facts.vocabulary import ROLES
from ledger.law import judge
from ledger.law.next_steps.lookup import NextSteps
from ledger.messages import Message
from projections.render.desk_pages import ENDED
from projections.reports.custody_report import custody_rows
from projections.reports.entry_numbers import number
from projections.reports.front_page import only_for, procedure, remarks, subject
from projections.reports.history import history
from projections.views.custody import custody
from projections.views.due import due
from projections.views.state import name_of
from server.access import Caller
from server.desk.accesses import AccessLog
from server.desk.gate import Gate, Visitor
from server.desk.lists.board import Turn
from server.desk.lists.lines import OrderLines
from server.desk.lists.order_line import open_clock
from server.desk.site import page
from server.desk.steps import common_kinds, forms_of, record_address, recordable
from server.work.office import OfficeWork

LEVELS: Final = {"violation": "V", "remark": "W", "gap": "G"}
HANDED: Final = ("bundle-issued", "defence-bundle-issued", "report-issued")  # the papers and bundles of the record
MOST_LINKED: Final = 50


class OrderPages:
    """The pages of one server about one order."""

    def __init__(self, gate: Gate, lines: OrderLines, work: OfficeWork) -> None:
        self._gate = gate
        self._work = work
        self._view = gate.services.view
        self._lines = lines
        self._accesses = AccessLog(self._view)

    def order(self, visitor: Visitor) -> Response:
        """Return one order as of now."""
        frame, order = visitor.frame, visitor.path["order"]
        if order in reserved_of(self._view.origin):
            raise RecordError("API-MISSING", Message("this is not an order people ask about"))
        case, now = self._view.case(visitor.caller, order), self._view.now()
        if visitor.caller.account:
            self._work.store.see(visitor.caller.account, order=order)
            frame = replace(frame, unseen=self._work.unseen(visitor.caller))
        judgement = judge(case, now)
        language, steps = frame.translation, NextSteps(case, judgement, name_of(case))
        about = subject(case, judgement)
        duties = [(d, open_clock(d.clock, case, judgement)) for d in due(judgement, now)]
        turns = [Turn(None, each, d.left, each.waits.is_for(visitor.caller)) for d, each in duties]
        findings = remarks(judgement.findings, case)
        hands = custody(case, now)
        return page(
            "order.html.j2",
            frame,
            about.request.called or about.name,
            "/orders",
            a=language.of(about),
            places=self._gate.order_places_of(visitor.caller, order),
            ended=about.state == ENDED,
            only_for=only_for(case.entries),
            turns=turns,
            next=next((turn for turn in turns if turn.left is not None), None),
            common=[(k, record_address(order, k)) for k in _common(visitor.caller)],
            findings=language.of(findings),
            procedure=frame.translation.words(procedure(judgement.findings)),
            levels={level: {f.code for f in findings if f.level == level} for level in LEVELS},
            settling={f.code: forms_of(steps.of_finding(f), case) for f in judgement.findings},
            held=language.of(custody_rows(hands, case, reveal=False)),
            story=language.of(history(case, judgement, reveal=False)),
            own={e.leaf for e in case.entries if e.by == visitor.caller.actor and recordable(e.kind)},
            handed=[(e, number(e, case)) for e in case.entries if e.kind in HANDED],
            audiences=[role for role in ROLES if self._view.access.makes_bundle(visitor.caller, role)],
            work=self._work.of(visitor.caller, order) if visitor.caller.account else None,
            me=visitor.caller.account,
            base=self._gate.base(visitor.request),
            accesses=self._accesses.of(visitor.caller, order),
            linked=self._linked(visitor.caller, case),
            script_texts={name: frame.text[name] for name in ("news_one", "news_held")},
        )

    def _linked(self, caller: Caller, case: Case) -> Sequence[tuple[str, str, str]]:
        """Return the orders that this one names and that name it, as (id, name, state), as far as the caller sees."""
        naming = self._view.orders(caller, 0, MOST_LINKED, linked=case.order).orders
        others = {o for o in linked(case.entries) if o != case.order and self._view.may_see(caller, o)}
        others |= {item.order.order for item in naming} - {case.order}
        if not others:
            return []
        lines = self._lines.some(caller, sorted(others))
        return [(o, lines[o].name, lines[o].state) if o in lines else (o, o, "") for o in sorted(others)]


def _common(caller: Caller) -> list[str]:
    return [kind for kind in common_kinds(caller.roles) if kind not in REGISTRY_ONLY]
