"""Time the pages of a server over one ledger: `python -m benchmarks.scale.pages desk|serve LEDGER`; prints JSON.

The first answer of a page is counted: it is the one that a person waits for.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from benchmarks.measure import as_installed
from benchmarks.scale.watch import Memory
from benchmarks.servers.crowd import once, served, sign_in, until_complete
from benchmarks.startup import PROGRAM

PAGES = ("/", "/orders", "/orders?q=ppo+2024", "/due/over", "/law", "/keys")


def desk(ledger: Path) -> dict[str, Any]:
    """Return the seconds until the link is printed, and the milliseconds of the first answer of each page."""
    begun = perf_counter()
    command = [*PROGRAM, "desk", "--listen", "127.0.0.1:0", "--ledger", str(ledger)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=as_installed()) as process:
        assert process.stdout is not None
        try:
            link = urlsplit(process.stdout.readline().strip())
            ready = perf_counter() - begun
            cookie = _enter(link.netloc, f"/?{link.query}")
            taken = _milliseconds(PAGES, lambda page: _get(link.netloc, page, cookie))
        finally:
            process.terminate()
    return {"link_seconds": round(ready, 2), "first_ms": taken}


def serve(ledger: Path) -> dict[str, Any]:
    """Return how long the list of orders takes to be complete after a start, the pages, and the server's memory."""
    for kept in ledger.glob("state/**/lines.db*"):
        kept.unlink()
    (token,) = sign_in(ledger, 1)
    with served(ledger) as (port, pid), Memory(pid) as memory:
        cold, orders, count = until_complete(port, token)
        most = memory.mib
        first = once(port, token, orders[0])
        quiet = memory.now()
    with served(ledger) as (port, pid), Memory(pid) as memory:
        warm, _, _ = until_complete(port, token)
        again = once(port, token, orders[0])
        restarted = memory.now()
    return {
        "orders": count,
        "cold_list_seconds": round(cold, 1),
        "list_after_a_restart_seconds": round(warm, 2),
        "first_ms": first,
        "first_ms_after_a_restart": again,
        "mib_while_lists_are_made": round(most),
        "mib": round(quiet),
        "mib_after_a_restart": round(restarted),
    }


def _enter(place: str, link: str) -> str:
    with closing(http.client.HTTPConnection(place, timeout=600)) as connection:
        connection.request("GET", link, headers={"sec-fetch-site": "none"})
        reply = connection.getresponse()
        reply.read()
        return (reply.getheader("set-cookie") or "").partition(";")[0]


def _get(place: str, page: str, cookie: str) -> None:
    with closing(http.client.HTTPConnection(place, timeout=600)) as connection:
        connection.request("GET", page, headers={"cookie": cookie, "sec-fetch-site": "same-origin"})
        reply = connection.getresponse()
        reply.read()
        if reply.status != 200:
            raise RuntimeError(f"{page}: {reply.status}")


def _milliseconds(pages: Iterable[str], get: Callable[[str], None]) -> dict[str, float]:
    taken = {}
    for page in pages:
        begun = perf_counter()
        get(page)
        taken[page] = round(1_000 * (perf_counter() - begun), 1)
    return taken


if __name__ == "__main__":
    print(json.dumps({"desk": desk, "serve": serve}[sys.argv[1]](Path(sys.argv[2]))))
