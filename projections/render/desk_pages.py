"""The pages of the desk: the board of deadlines, orders, one order, the law; in the style of the reports, with a frame.

Every page is complete without script. The one script moves the focus by keys. The policy names it by its
digest, as it names the style. The frame of a page says how far the record was read for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from markupsafe import Markup

from ledger.law.deadlines.table import REGISTER
from ledger.law.provisions import Provision, rules_digest
from ledger.law.terms.rule import Deadline
from projections.render.html import based, built, digest, environment, source
from projections.sentences.local_time import LocalTimes
from projections.views.rulebook import HEADINGS, MARKS, quoted, rulebook

ENDED = "closed"  # the state of an order with which nothing is to be done any more
PLACES = (("/", "Due", "d"), ("/orders", "Orders", "o"), ("/law", "Law", "l"), ("/keys", "Keys and help", "h"))


UTC_ALONE: Final = LocalTimes("")


@dataclass(frozen=True, slots=True)
class Frame:
    """Hold the frame of a page: the ledger, who uses the desk, and how far the record was read.

    `size` entries are in the log, `read` of them are on the board, `doubtful` orders have yet to be judged
    again; `now` is the moment (UTC) that everything is compared with. There are `orders`, and of them `overdue` with an
    open deadline that is over. `keys`: single keys work. `times` is the time at the office that uses the desk.
    """

    origin: str
    test: bool
    who: str | None
    now: datetime
    size: int
    read: int
    doubtful: int
    orders: int
    overdue: int
    keys: bool = True
    times: LocalTimes = UTC_ALONE

    def ending(self, end: datetime) -> str:
        """Return the end of a period at the office that uses the desk; empty where that is the time in UTC."""
        return self.times.ending(end)

    @property
    def counts(self) -> dict[str, int]:
        """Return the numbers in the navigation, by place."""
        return {"/": self.overdue, "/orders": self.orders}


@dataclass(frozen=True, slots=True)
class BoardRow:
    """Hold one line of the board: a deadline of an order and the time left; `over` once it has run out.

    `name` is what people call the order, `number` its own number where that is another one.
    """

    order: str
    name: str
    number: str | None
    instrument: str
    state: str
    provider: str
    clock: str
    cite: str
    due: datetime | None
    left: str
    over: bool

    @property
    def acts(self) -> str:
        """Return who must act before it ends."""
        return _register()[self.clock].acts if self.clock in _register() else ""

    @property
    def met_by(self) -> str:
        """Return what meets it, in the words of the rule."""
        return _register()[self.clock].met_by if self.clock in _register() else ""


@cache
def _register() -> Mapping[str, Deadline]:
    return {deadline.id: deadline for deadline in REGISTER}


@dataclass(frozen=True, slots=True)
class BoardSection:
    """Hold a part of the board: its lines, how many there are in all, and where the others are."""

    id: str
    title: str
    says: str
    lines: Sequence[BoardRow]
    total: int
    more: str | None


@dataclass(frozen=True, slots=True)
class OrderListRow:
    """Hold one line of the list of orders; `left` is the time left of its first open deadline, which ends at `due`."""

    order: str
    name: str
    number: str | None
    instrument: str
    state: str
    between: str
    provider: str
    issued_on: datetime | None
    last_on: datetime | None
    due: datetime | None
    left: str
    over: bool

    @property
    def ended(self) -> bool:
        """Return True for an order that is closed."""
        return self.state == ENDED


@dataclass(frozen=True, slots=True)
class Sorts:
    """Hold how the list of orders is sorted, in a key and in words, and the addresses of the same list otherwise."""

    by: str
    says: str
    links: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Chapter:
    """Hold the rules of one kind."""

    id: str
    title: str
    rules: tuple[Provision, ...]


def desk_page(template: str, frame: Frame, title: str, here: str, **values: Any) -> str:
    """Return a page of the desk as HTML; `here` is the place of the frame it belongs to."""
    return (
        environment("en")
        .get_template(template)
        .render(
            frame=frame,
            title=title,
            here=here,
            places=PLACES,
            style=Markup(style()),  # noqa: S704 - our own files
            plain=not built("desk"),
            script=Markup(source("desk.js")) if frame.keys else "",  # noqa: S704
            **values,
        )
    )


@cache
def law(instrument: str | None) -> Markup:
    """Return the rules in force, all or those of an instrument, as the middle of a page."""
    rules = rulebook(instrument)
    template = environment("en").get_template("desk_rules.html.j2")
    markup = template.render(
        count=len(rules), digest=rules_digest(), marks=MARKS, quoted=quoted, chapters=_chapters(rules)
    )
    return Markup(markup)  # noqa: S704 - the template escaped what is in it


def _chapters(rules: Sequence[Provision]) -> list[Chapter]:
    by_kind = ((kind, title, tuple(r for r in rules if r.kind == kind)) for kind, title in HEADINGS.items())
    return [Chapter(kind, title, some) for kind, title, some in by_kind if some]


@cache
def policy() -> str:
    """Return what a page of the desk may do (Content-Security-Policy): its style and script, and forms to the desk."""
    return (
        f"default-src 'none'; style-src '{digest(style())}'; script-src '{digest(source('desk.js'))}'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


@cache
def style() -> str:
    """Return the style of every page of a desk."""
    return based("desk") + source("picture.css") + source("desk.css")
