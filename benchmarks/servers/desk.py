"""The time the desk takes to answer: every kind of page, on the large ledger, against a tenth of a second."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, sleep

import click
from starlette.types import Message, Scope

from benchmarks.data.ledgers import LONG_REFERENCE, REFERENCE
from benchmarks.measure import Figure, say, seconds
from benchmarks.reading import alone
from cli.desk.routes import app
from cli.desk.security import Gate
from cli.desk.session import Desk
from cli.invocation import Invocation
from cli.lists.docket import board, bring_up
from cli.session.ledger_reader import reading

HOST = "127.0.0.1:7370"
LIMIT = 0.1  # seconds of server time
TIMES = 40
LISTS = {
    "board": "/",
    "overdue": "/due/over",
    "later": "/due/later?after=1790000000.0.0",
    "orders": "/orders",
    "words": "/orders?q=ppo+2025",
    "one_word": "/orders?q=2",
    "picked": "/orders?state=DISCLOSED&provider=sp-1&party=XO",
    "none_found": "/orders?q=ppo&state=DISCLOSED&overdue=1",
    "overdue_orders": "/orders?overdue=1&provider=sp-3",
    "law": "/law",
    "keys": "/keys",
}
OF_ONE = {"order": "", "entries": "/entries"}
PAPERS = {
    "replay": "/replay",
    "custody": "/custody.html",
    "evidence_chain": "/evidence-chain.html",
    "processing": "/dpo.html",
}
FETCHED = 4  # times that a paper of the long order is asked for until it is there
LOOK = 0.25  # seconds between two looks whether it is


@dataclass(frozen=True)
class Taken:
    """Hold the seconds that a kind of page took: the 95th percentile, the median processor time, the first.

    A busy machine does not change processor time. `beside` is how long a background job took to make the page.
    """

    p95: float
    busy: float
    first: float
    beside: float


def desk_figure(ledger: Path) -> Figure:
    """Return the 95th percentile of the slowest page, divided by the limit; the desk has a separate process.

    The pages are lists, an order of thirty entries, one of a thousand, and their papers. Where a background job
    makes a paper, each answer until it is ready counts as one.
    """
    say("a desk over it")
    return alone(_desk, ledger)


def _desk(ledger: Path) -> Figure:
    context = click.Context(click.Command("desk"), obj=Invocation(ledger=str(ledger)))
    with reading(ledger) as reader, closing(board(reader)) as view:
        made = seconds(lambda: bring_up(reader, view, reader.now()))
        desk = Desk(reader, view, None, context)
        with closing(desk.background):
            gate = app(desk, [HOST])
            gc.freeze()  # as `comity desk` does
            visit = partial(_ask, gate, f"{gate.cookie}={desk.sessions.enter(desk.sessions.link)}")
            taken = {name: _taken(partial(visit, url)) for name, url in LISTS.items()}
            for of, reference in (("", REFERENCE), ("long_", LONG_REFERENCE)):
                own = f"/orders/{reader.find(reference)}"
                taken |= {of + name: _taken(partial(visit, own + rest)) for name, rest in OF_ONE.items()}
                times = FETCHED if of else TIMES
                taken |= {of + name: _taken(partial(visit, own + rest), times) for name, rest in PAPERS.items()}
    slowest = max(taken, key=lambda name: taken[name].p95)
    say(f"slowest page: {slowest}, {_ms(taken[slowest].p95)} ms")
    return Figure(
        taken[slowest].p95 / LIMIT,
        {
            "slowest": slowest,
            "p95_processor_first_ms": {n: [_ms(t.p95), _ms(t.busy), _ms(t.first)] for n, t in taken.items()},
            "made_beside_seconds": {n: round(t.beside, 1) for n, t in taken.items() if t.beside},
            "board_made_seconds": round(made, 1),
        },
        at_most=1,
    )


def _ms(taken: float) -> float:
    return round(1_000 * taken, 1)


def _taken(ask: Callable[[], bool], times: int = TIMES) -> Taken:
    wall: list[float] = []
    busy: list[float] = []
    beside = 0.0
    for _ in range(times + 1):  # once for what is read only once
        asked, there = perf_counter(), False
        while not there:
            begun, processor = perf_counter(), process_time()
            there = ask()
            wall.append(perf_counter() - begun)
            busy.append(process_time() - processor)
            if not there:
                sleep(LOOK)
                beside = perf_counter() - asked
    return Taken(sorted(wall[1:])[ceil(0.95 * len(wall[1:])) - 1], median(busy), wall[0], beside)


def _ask(gate: Gate, cookie: str, url: str) -> bool:
    """Ask for a page; False where the answer is that it is being made."""
    path, _, query = url.partition("?")
    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", HOST.encode()), (b"cookie", cookie.encode())],
    }
    answered: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answered.append(message)

    asyncio.run(gate(scope, receive, send))
    if [answer["status"] for answer in answered] != [200]:
        raise RuntimeError(f"{url}: {answered}")
    return b"refresh" not in dict(answered[0]["headers"])
