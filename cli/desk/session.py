"""One ledger at one desk: its signer, the frame of every page, and the order that was read last."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import click
from starlette.requests import Request

from cli.desk.background_jobs import BackgroundReports
from cli.desk.responses import called
from cli.desk.security import Sessions
from cli.lists.docket import bring_up
from cli.session.ledger_reader import LedgerReader
from ledger.adapters.storage.orders.order_index import OrderIndex
from ledger.entries.case import Case
from ledger.entries.envelope import Signer
from projections.render.desk_pages import UTC_ALONE, Frame
from projections.reports.request import state
from projections.sentences.names import Names

KEPT = 60.0  # seconds
AT_ONCE = 12  # entries or orders that are judged before a response; the background follower judges more


@dataclass
class Desk:
    """One ledger at one desk. `signer` is the office that uses it and `person` its natural person; both may be None.

    `context` is the click context of the running command.
    """

    reader: LedgerReader
    view: OrderIndex
    signer: Signer | None
    context: click.Context
    person: str | None = None
    sessions: Sessions = field(default_factory=Sessions)
    known_size: int = 0  # entries of the log at the last request
    background: BackgroundReports = field(init=False)
    _kept: tuple[str, int, Case] | None = None

    def __post_init__(self) -> None:
        self.background = BackgroundReports(self.reader.folder.path)

    def frame(self, request: Request, *, follow: bool = True) -> Frame:
        """Return the frame of a page as of now; with `follow` a few changed orders are judged first."""
        now = self.reader.now()
        size = self.reader.store.size()
        if size != self.known_size:
            self.reader.cases.forget()  # a key may have been destroyed
            self.known_size = size
        if follow and 0 <= size - self.view.size <= AT_ONCE:
            bring_up(self.reader, self.view, now, most=AT_ONCE)
        orders, overdue = self.view.numbers(now)
        return Frame(
            origin=self.reader.folder.origin,
            test=self.reader.folder.test,
            who=None if self.signer is None else self.signer.actor,
            now=now,
            size=size,
            read=min(self.view.size, size),
            doubtful=self.view.stale_count(now),
            orders=orders,
            overdue=overdue,
            keys=request.cookies.get("comity-keys") != "off",
            times=UTC_ALONE if self.signer is None else self._names().times(self.signer.actor),
        )

    def names(self) -> Mapping[str, str]:
        """Return the names of offices."""
        return self._names().offices

    def states(self) -> dict[str, str]:
        """Return the names of Parties, by code."""
        parties = [e for e in self.reader.cases.register(reveal=False) if e.kind == "party-registered"]
        return {code: named.name for code in {e.get("party") for e in parties} if (named := state(code, parties))}

    def _names(self) -> Names:
        return Names(self.reader.cases.register(reveal=False))

    def name(self, order: str) -> str:
        """Return what people call an order, as the list of orders does."""
        row = self.view.row(order)
        return called(row) if row else order[:8]

    def case(self, order: str) -> Case:
        """Return the case of an order. The case of the last order is cached until the log grows.

        The cache ends after a minute, because sealed values are open in it.
        """
        size = self.reader.store.size()
        if self._kept is None or self._kept[:2] != (order, size):
            self._kept = (order, size, self.reader.case(order))
            asyncio.get_running_loop().call_later(KEPT, self._forget)
        return self._kept[2]

    def _forget(self) -> None:
        self._kept = None
