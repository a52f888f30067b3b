"""The pages about orders: the board, the list, and one order with what is due, what to do next, and its timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from ledger.entries.case import linked
from ledger.entries.keyring import REGISTRY_ONLY
from ledger.entries.placement import reserved_of
from ledger.errors import RecordError
from ledger.law import judge
from ledger.law.next_steps.lookup import NextSteps
from projections.render.desk_pages import ENDED
from projections.reports.front_page import only_for, remarks, subject
from projections.reports.history import history
from projections.views.due import due
from projections.views.state import name_of
from server.access import Caller
from server.desk.board import SHOWN, OrderLine, OrderLines, Turn, board, open_clock
from server.desk.gate import Gate, Visitor
from server.desk.site import HEADERS, page
from server.desk.steps import common_kinds, forms_of, record_address, recordable

PAGE: Final = 50  # lines of the list
PICKED: Final = ("state", "provider", "instrument", "party")
LEVELS: Final = {"violation": "V", "remark": "W", "gap": "G"}


class OrderPages:
    """The pages of one server about orders."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._view = gate.services.view
        self._lines = OrderLines(self._view)

    def board(self, visitor: Visitor) -> Response:
        """Return what is due, the person's own turns first."""
        lines, to_judge = self._lines.read(visitor.caller)
        found = board(lines, to_judge, visitor.caller, self._view.now())
        every = max(map(len, (found.mine, found.others, found.old)), default=0)
        whole = visitor.asked("all")
        shown = {name: every if whole == name else SHOWN for name in ("mine", "others", "old")}
        return page("board.html.j2", visitor.frame, visitor.frame.text["board_title"], "/", b=found, shown=shown)

    def orders(self, visitor: Visitor) -> Response:
        """Return the orders that a person may see, filtered, the newest first, page by page."""
        asked = {name: visitor.asked(name).strip()[:200] for name in ("name", *PICKED, "mine")}
        lines, to_judge = self._lines.read(visitor.caller)
        found = [line for line in lines if _fits(line, asked, visitor.caller)]
        if len(found) == 1 and asked["name"] and not any(asked[name] for name in PICKED):
            return RedirectResponse(f"/orders/{found[0].order}", 303, HEADERS)
        found.sort(key=lambda line: (line.issued_on or line.last_on, line.order), reverse=True)
        begin = int(stated) if (stated := visitor.asked("from")).isdecimal() and len(stated) < 8 else 0
        kept = [(name, value) for name, value in asked.items() if value]
        following = begin + PAGE
        return page(
            "orders.html.j2",
            visitor.frame,
            visitor.frame.text["orders"],
            "/orders",
            lines=found[begin:following],
            total=len(found),
            every=len(lines),
            to_judge=to_judge,
            asked=asked,
            narrowed=bool(kept),
            picks=[(name, visitor.frame.text[name], _counted(lines, name)) for name in PICKED],
            more=f"/orders?{urlencode([*kept, ('from', following)])}" if following < len(found) else "",
            first=f"/orders?{urlencode(kept)}" if begin else "",
        )

    def order(self, visitor: Visitor) -> Response:
        """Return one order as of now: its state, what is due and for whom, what to do, and what happened."""
        frame, order = visitor.frame, visitor.path["order"]
        if order in reserved_of(self._view.origin):
            raise RecordError("API-MISSING", "this is not an order people ask about")
        case, now = self._view.case(visitor.caller, order), self._view.now()
        judgement = judge(case, now)
        language, steps = frame.translation, NextSteps(case, judgement, name_of(case))
        about = subject(case, judgement)
        duties = [(d, open_clock(d.clock, case, judgement)) for d in due(judgement, now)]
        turns = [Turn(None, each, d.left, each.waits.is_for(visitor.caller)) for d, each in duties]
        findings = remarks(judgement.findings, case)
        return page(
            "order.html.j2",
            frame,
            about.request.called or about.name,
            "/orders",
            a=language.of(about),
            places=[(place.href.format(order), place.text) for place in self._gate.order_places],
            ended=about.state == ENDED,
            only_for=only_for(case.entries),
            turns=turns,
            next=next((turn for turn in turns if turn.left is not None), None),
            common=[(k, record_address(order, k)) for k in _common(visitor.caller)],
            findings=language.of(findings),
            levels={level: {f.code for f in findings if f.level == level} for level in LEVELS},
            settling={f.code: forms_of(steps.of_finding(f), case) for f in judgement.findings},
            story=language.of(history(case, judgement, reveal=False)),
            own={e.leaf for e in case.entries if e.by == visitor.caller.actor and recordable(e.kind)},
            linked=[o for o in linked(case.entries) if self._view.may_see(visitor.caller, o)],
            script_texts={name: frame.text[name] for name in ("news_one", "news_load")},
        )


def _common(caller: Caller) -> list[str]:
    return [kind for kind in common_kinds(caller.roles) if kind not in REGISTRY_ONLY]


def _values(line: OrderLine, name: str) -> Sequence[str]:
    values: Mapping[str, Sequence[str]] = {
        "state": (line.state,),
        "provider": (line.provider,),
        "instrument": (line.instrument,),
        "party": (line.from_party, line.to_party),
    }
    return [value for value in values[name] if value]


def _fits(line: OrderLine, asked: Mapping[str, str], caller: Caller) -> bool:
    words = asked["name"].casefold().split()
    text = " ".join((line.name, line.reference, line.order, line.provider, line.from_party, line.to_party)).casefold()
    return (
        all(word in text for word in words)
        and all(not asked[name] or asked[name] in _values(line, name) for name in PICKED)
        and (not asked["mine"] or any(each.waits.is_for(caller) for each in line.open))
    )


def _counted(lines: Iterable[OrderLine], name: str) -> list[tuple[str, int]]:
    return sorted(Counter(value for line in lines for value in _values(line, name)).items())
