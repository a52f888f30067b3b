"""Judge many orders for the list of orders, on every core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from cli.lists.judged_row import shown
from ledger.adapters.storage.views import ViewRow

if TYPE_CHECKING:
    from cli.session.ledger_reader import LedgerReader

CORES = os.cpu_count() or 1
TOGETHER = 50  # orders that a process judges at a time

Judge = Callable[[Iterable[str], datetime], dict[str, ViewRow]]


def judged(reader: LedgerReader, orders: Iterable[str], moment: datetime) -> dict[str, ViewRow]:
    """Return the rows of main orders at a moment, judged in this process."""
    return {
        order: shown(reader.cases.case(order, label=reader.label(order)), moment) for order in dict.fromkeys(orders)
    }


@contextmanager
def judge_pool(reader: LedgerReader) -> Iterator[Judge]:
    """Yield `judged` for one ledger by a process on each core. If one of them is killed, this process goes on alone."""
    # spawned: a forked process would share the connections of this one
    with ProcessPoolExecutor(CORES, get_context("spawn"), _open, (reader.folder.path,)) as pool:

        def judge(orders: Iterable[str], moment: datetime) -> dict[str, ViewRow]:
            every = list(dict.fromkeys(orders))
            try:
                going: list[Future[dict[str, ViewRow]]] = [
                    pool.submit(_judged, every[start : start + TOGETHER], moment)
                    for start in range(0, len(every), TOGETHER)
                ]
                return {order: row for some in going for order, row in some.result().items()}
            except BrokenProcessPool:
                return judged(reader, every, moment)

        yield judge


_opened = ExitStack()  # in a process of the pool, until it ends
_reader: list[LedgerReader] = []


def _open(path: Path) -> None:
    from cli.session.ledger_reader import reading

    _reader.append(_opened.enter_context(reading(path)))


def _judged(orders: Sequence[str], moment: datetime) -> dict[str, ViewRow]:
    return judged(_reader[-1], orders, moment)
