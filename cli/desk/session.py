"""One ledger at one desk: who sits there, the frame of every page, and the order that was read last."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click
from starlette.requests import Request

from cli.desk.background_jobs import Beside
from cli.desk.security import Sessions
from cli.session.docket import bring_up
from cli.session.ledger_reader import Reader
from ledger.adapters.storage.order_index import OrderIndex
from ledger.entries.case import Case
from projections.render.desk_pages import Frame
from projections.views.timeline import office_names

if TYPE_CHECKING:
    from ledger.entries.envelope import Signer

KEPT = 60.0  # seconds
AT_ONCE = 12  # entries or orders that are judged before an answer; more are left to the follower


@dataclass
class Desk:
    """One ledger at one desk. `signer` is the office that sits there and `person` its natural person, None for nobody.

    `context` is the command that runs.
    """

    reader: Reader
    view: OrderIndex
    signer: Signer | None
    context: click.Context
    person: str | None = None
    sessions: Sessions = field(default_factory=Sessions)
    known: int = 0  # entries the log had when it was last asked
    beside: Beside = field(init=False)
    _kept: tuple[str, int, Case] | None = None

    def __post_init__(self) -> None:
        self.beside = Beside(self.reader.folder.path)

    def frame(self, request: Request, *, follow: bool = True) -> Frame:
        """The ledger as of now; what moved a moment ago is judged before it is shown, if the page should `follow`."""
        now = self.reader.now()
        size = self.reader.store.size()
        if size != self.known:
            self.reader.cases.forget()  # somebody may have destroyed a key
            self.known = size
        if follow and 0 <= size - self.view.size <= AT_ONCE:
            bring_up(self.reader, self.view, now, most=AT_ONCE)
        return Frame(
            origin=self.reader.folder.origin,
            test=self.reader.folder.test,
            who=None if self.signer is None else self.signer.actor,
            now=now,
            size=size,
            read=min(self.view.size, size),
            doubtful=self.view.stale_count(now),
            keys=request.cookies.get("comity-keys") != "off",
        )

    def names(self) -> Mapping[str, str]:
        """What offices are called."""
        return office_names(self.reader.cases.register(reveal=False))

    def name(self, order: str) -> str:
        """What people call an order."""
        row = self.view.row(order)
        return (row and (row.ref or row.label)) or order[:8]

    def case(self, order: str) -> Case:
        """All that may be asked about an order; who stays with one has it read again only when something was recorded.

        It is forgotten after a minute, because sealed values are open in it.
        """
        size = self.reader.store.size()
        if self._kept is None or self._kept[:2] != (order, size):
            self._kept = (order, size, self.reader.case(order))
            asyncio.get_running_loop().call_later(KEPT, self._forget)
        return self._kept[2]

    def _forget(self) -> None:
        self._kept = None
