"""The pages of the office server's desk with many orders and many people: the 95th percentile of each page.

    python -m benchmarks.servers.crowd --entries 100000 --people 50 --seconds 120

Each person signs in once, asks for a page, thinks for two seconds on average, and asks for the next one. Meanwhile an
entry is recorded every few seconds, so that lists change. The server is a separate process, as `comity serve` is. A
page is asked for over a new connection: the server ends one that is silent for as long as a person thinks.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock, Thread
from time import monotonic, perf_counter, sleep
from typing import Any

from benchmarks.data.ledgers import ASKER, filled
from benchmarks.measure import Figure, as_installed, say
from benchmarks.scale.watch import Memory
from benchmarks.servers.office import PATH, entry_requests
from ledger.adapters.folders.ledger_folder import read_folder
from server.identity.accounts import Accounts
from server.identity.callers import SESSION
from server.identity.database import open_database
from server.identity.sessions import Sessions

LIMIT = 0.2  # seconds
RECORDING = 0.5  # seconds
MIB = 300 * 10**6 / 2**20  # memory of a server
PEOPLE = 50
SECONDS = 60.0  # of work, in `make bench`
THINKS = 2.0  # seconds between two pages of one person, on average
RECORDS = 5.0  # seconds between two entries
PAGES = {  # and how often each is asked for
    "/": 4,
    "/orders": 3,
    "/orders?scope=mine": 3,
    "/orders?name=ppo+2025": 2,
    "/orders?time=late&sort=due": 1,
    "/orders?state=disclosed&day=made&since=2025-01-01": 1,
    "/orders?scope=assigned": 1,
    "/notices": 1,
    "/persons": 1,
    "order": 6,
}


class Crowd:
    """People who ask for pages; `taken` has the seconds of each answer, by page."""

    def __init__(self, port: int, tokens: list[str], orders: list[str]) -> None:
        self._port = port
        self._tokens = tokens
        self._orders = orders
        self._lock = Lock()
        self.taken: dict[str, list[float]] = {}
        self.failed: dict[int, int] = {}

    def work(self, seconds: float) -> None:
        """Let every person work for some seconds."""
        end = monotonic() + seconds
        people = [Thread(target=self._person, args=(n, token, end)) for n, token in enumerate(self._tokens)]
        for person in people:
            person.start()
        for person in people:
            person.join()

    def _person(self, number: int, token: str, end: float) -> None:
        choose = random.Random(number)
        sleep(choose.random() * THINKS)
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as connection:
            while monotonic() < end:
                (page,) = choose.choices(list(PAGES), list(PAGES.values()))
                path = f"/orders/{choose.choice(self._orders)}" if page == "order" else page
                begun = perf_counter()
                status, _ = get(connection, path, token)
                took = perf_counter() - begun
                with self._lock:
                    if status == 200:
                        self.taken.setdefault(page, []).append(took)
                    else:
                        self.failed[status] = self.failed.get(status, 0) + 1
                sleep(choose.expovariate(1 / THINKS))


def get(connection: http.client.HTTPConnection, path: str, token: str) -> tuple[int, bytes]:
    """Return status and body of a page as a person gets it."""
    connection.request("GET", path, headers={"cookie": f"{SESSION}={token}", "sec-fetch-site": "same-origin"})
    reply = connection.getresponse()
    content = reply.read()
    connection.close()  # the next request opens it again
    return reply.status, content


@contextmanager
def served(ledger: Path) -> Iterator[tuple[int, int]]:
    """Serve a ledger on a free port of this machine; yield the port and the process id."""
    command = [str(Path(sys.executable).with_name("comity")), "serve", "--ledger", str(ledger)]
    command += ["--listen", "127.0.0.1:0", "--rate", "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=as_installed()) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().split()[1]
            yield int(url.rpartition(":")[2].strip("/")), process.pid
        finally:
            process.terminate()


def sign_in(ledger: Path, people: int) -> list[str]:
    """Make people of the asking office, each with a session; return the sessions."""
    with closing(open_database(read_folder(ledger))) as database:
        accounts = Accounts(database)
        known = {each.name: each for each in accounts.all()}
        sessions = Sessions(database, accounts)
        names = [f"Person {n}" for n in range(people)]
        made = [known.get(name) or accounts.add(name, ASKER) for name in names]
        return [sessions.begin(each.id, "passkey") for each in made]


def until_complete(port: int, token: str) -> tuple[float, list[str], int]:
    """Return how many seconds the list of orders takes to be complete, some orders, and how many there are."""
    begun = perf_counter()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=600)) as connection:
        while True:
            status, body = get(connection, "/orders.csv", token)
            if status == 200:
                break
            sleep(0.2)
        took = perf_counter() - begun
        rows = body.decode("utf-8-sig").splitlines()[1:]
    orders = [found[1] for row in rows if (found := re.match("([0-9a-f-]{36}),", row))]
    return took, orders, len(orders)


def once(port: int, token: str, order: str) -> dict[str, float]:
    """Return the milliseconds of the first answer of each page: then its template and its lists are made."""
    taken = {}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for page in PAGES:
            begun = perf_counter()
            get(connection, f"/orders/{order}" if page == "order" else page, token)
            taken[page] = round(1_000 * (perf_counter() - begun), 1)
    return taken


def record_now_and_then(port: int, seconds: float, pause: float) -> list[float]:
    """Record an entry again and again, for some seconds; return the seconds of each."""
    end, taken = monotonic() + seconds, []
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        while monotonic() < end:
            (made,) = entry_requests(f"http://127.0.0.1:{port}", 1)
            begun = perf_counter()
            connection.request("POST", PATH, made.body, made.headers)
            reply = connection.getresponse()
            content = reply.read()
            taken.append(perf_counter() - begun)
            connection.close()
            if reply.status != 200:
                raise ValueError(f"{reply.status}: {content[:300]!r}")
            sleep(pause)
    return taken


def processor(pid: int) -> float:
    """Return the processor seconds of a process (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(taken: list[float], part: float) -> float:
    """Return a percentile of some seconds, in milliseconds."""
    return round(1_000 * sorted(taken)[min(int(len(taken) * part), len(taken) - 1)], 1)


def measured(folder: Path, entries: int, people: int, seconds: float, pause: float) -> dict[str, Any]:
    """Return the figures of one run over a ledger of so many entries."""
    return measured_on(filled(folder, entries), people, seconds, pause) | {"entries": entries}


def people_figures(large: Path) -> dict[str, Figure]:
    """Measure 50 people at the desk of the office server over a copy of a ledger: pages, recordings, memory."""
    say("50 people at the desk of the office server")
    with tempfile.TemporaryDirectory(dir=large.parent) as place:
        found = measured_on(Path(shutil.copytree(large, Path(place) / "ledger")), PEOPLE, SECONDS, RECORDS)
    pages = {page: p95 for page, (_, p95, _) in found["p50_p95_p99_ms"].items()}
    slowest = max(pages, key=lambda page: pages[page])
    shown = ("orders", "pages", "failed", "first_ms", "processor_ms_per_page", "processor_share", "load_average")
    made_of = {"slowest": slowest, "p95_ms": pages, **{name: found[name] for name in shown}}
    recording = {"p95_ms": found["recording_p95_ms"], "recorded": found["recorded"]}
    memory = {"mib": found["mib"], "mib_while_lists_are_made": found["mib_while_lists_are_made"]}
    return {
        "people": Figure(pages[slowest] / (1_000 * LIMIT), made_of, at_most=1),
        "people_recording": Figure(found["recording_p95_ms"] / (1_000 * RECORDING), recording, at_most=1),
        "replica_memory": Figure(max(memory.values()) / MIB, memory, at_most=1),
    }


def measured_on(ledger: Path, people: int, seconds: float, pause: float) -> dict[str, Any]:
    """Return the figures of one run; people, sessions and entries are added to the ledger."""
    for kept in ledger.glob("state/**/lines.db*"):
        kept.unlink()
    tokens = sign_in(ledger, people)
    say("a server that has judged nothing yet")
    with served(ledger) as (port, pid), Memory(pid) as making:
        cold, orders, count = until_complete(port, tokens[0])
        cold_processor = processor(pid)
        sleep(3)
    say("and once more")
    recordings: list[float] = []
    with served(ledger) as (port, pid), Memory(pid) as memory:
        warm, _, _ = until_complete(port, tokens[0])
        first = once(port, tokens[0], orders[0])
        before = processor(pid)
        crowd = Crowd(port, tokens, random.Random(0).sample(orders, min(500, len(orders))))
        recorder = Thread(target=lambda: recordings.extend(record_now_and_then(port, seconds, pause)), daemon=True)
        if pause:
            recorder.start()
        crowd.work(seconds)
        if pause:
            recorder.join()
        used = processor(pid) - before
    every = [each for some in crowd.taken.values() for each in some]
    return {
        "orders": count,
        "people": people,
        "pages": len(every),
        "failed": crowd.failed,
        "cold_list_seconds": round(cold, 1),
        "cold_processor_seconds": round(cold_processor, 1),
        "list_after_a_restart_seconds": round(warm, 2),
        "first_ms": first,
        "processor_ms_per_page": round(1_000 * used / max(len(every), 1), 1),
        "processor_share": round(used / seconds, 2),
        "load_average": round(os.getloadavg()[0], 1),
        "p95_ms": percentile(every, 0.95),
        "recorded": len(recordings),
        "recording_p95_ms": percentile(recordings, 0.95) if recordings else 0.0,
        "mib": round(memory.mib),
        "mib_while_lists_are_made": round(making.mib),
        "p50_p95_p99_ms": {
            page: [percentile(some, part) for part in (0.5, 0.95, 0.99)] for page, some in crowd.taken.items()
        },
        "limit_ms": 1_000 * LIMIT,
        "reached": percentile(every, 0.95) < 1_000 * LIMIT,
    }


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers.crowd", description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000, help="of the ledger; an order has about six of them")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--pause", type=float, default=RECORDS, help="seconds between two entries; 0: none")
    asked = parser.parse_args()
    folder = Path(os.environ.get("BENCH_DIR") or "build/bench").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    print(json.dumps(measured(folder, asked.entries, asked.people, asked.seconds, asked.pause)))


if __name__ == "__main__":
    main()
