"""How long the desk takes to answer: every kind of page, on the large ledger, against a tenth of a second."""

from __future__ import annotations

import asyncio
from contextlib import closing
from math import ceil
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import click
from starlette.types import Message, Scope

from benchmarks.ledgers import REFERENCE
from benchmarks.measure import Figure, say, seconds
from cli.commands import Said
from cli.desk_app import Desk, app
from cli.desk_gate import Gate
from cli.docket import board, bring_up
from cli.reading import reading

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
OF_ONE = {"order": "", "entries": "/entries", "replay": "/replay"}
PAPERS = {"custody": "/custody.html", "evidence_chain": "/evidence-chain.html", "processing": "/dpo.html"}


def desk_figure(ledger: Path) -> Figure:
    """The 95th percentile of the slowest page, to the limit; the papers, which are files to keep, stand beside it."""
    say("a desk over it")
    context = click.Context(click.Command("desk"), obj=Said(ledger=str(ledger)))
    with reading(ledger) as reader, closing(board(reader)) as view:
        made = seconds(lambda: bring_up(reader, view, reader.now()))
        desk = Desk(reader, view, None, context)
        gate = app(desk, [HOST])
        cookie = desk.sessions.enter(desk.sessions.link)
        own = f"/orders/{reader.find(REFERENCE)}"
        pages = LISTS | {name: own + rest for name, rest in (OF_ONE | PAPERS).items()}
        taken = {name: _p95(gate, url, f"{gate.cookie}={cookie}") for name, url in pages.items()}
    slowest = max(wall for name, (wall, _) in taken.items() if name not in PAPERS)
    told = {name: [round(1_000 * one, 1) for one in both] for name, both in taken.items()}
    return Figure(
        slowest / LIMIT,
        {
            "p95_and_processor_ms": {name: both for name, both in told.items() if name not in PAPERS},
            "papers_ms": {name: told[name] for name in PAPERS},
            "board_made_seconds": round(made, 1),
        },
        at_most=1,
    )


def _p95(gate: Gate, url: str, cookie: str) -> tuple[float, float]:
    """The 95th percentile of the time, and the median of the processor's time, which a busy machine does not change."""
    _ask(gate, url, cookie)  # once for what is read only once
    wall, busy = [], []
    for _ in range(TIMES):
        begun = process_time()
        wall.append(seconds(lambda: _ask(gate, url, cookie)))
        busy.append(process_time() - begun)
    return sorted(wall)[ceil(0.95 * TIMES) - 1], median(busy)


def _ask(gate: Gate, url: str, cookie: str) -> None:
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
    status: list[Any] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    asyncio.run(gate(scope, receive, send))
    if status != [200]:
        raise RuntimeError(f"{url}: {status}")
