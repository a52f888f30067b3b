"""Questions about a whole ledger: first pages of the lists, by size and after a new office, and statistics."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from benchmarks.data.generate import registrar, registrar_seed
from benchmarks.measure import Figure, as_installed, say
from benchmarks.startup import PROGRAM
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import SeedKey
from ledger.application.journal import Journal
from ledger.facts import build

QUESTIONS = {
    "due": ("due", "--limit", "50"),
    "orders": ("orders", "--limit", "50"),
    "orders_by_last_entry": ("orders", "--limit", "50", "--sort", "-last"),
    "orders_of_a_party": ("orders", "--limit", "50", "--party", "XV"),
}
TIMES = 7
LIMIT = 2.0  # seconds for the first page after one new office, and for a statistical form


class _Cost(NamedTuple):
    seconds: float
    mib: float


def list_figures(small: Path, large: Path) -> dict[str, Figure]:
    """Measure first pages, large ledger against small, and the first page after the register got one new office."""
    say("listing orders and deadlines")
    made_of: dict[str, object] = {}
    worst = memory = 0.0
    for name, words in QUESTIONS.items():
        for ledger in (small, large):
            _ask(ledger, words)  # the first time, every order is judged
        costs = [[_ask(ledger, words) for ledger in (small, large)] for _ in range(TIMES)]
        little, much = (
            _Cost(statistics.median(c.seconds for c in column), max(c.mib for c in column))
            for column in zip(*costs, strict=True)
        )
        made_of[f"{name}_ms"] = [round(little.seconds * 1000), round(much.seconds * 1000)]
        worst, memory = max(worst, much.seconds / little.seconds), max(memory, much.mib / little.mib)
    made_of |= {"memory_ratio": round(memory, 2), "memory_ratio_at_most": 1.2}
    taken = _after_a_new_office(large)
    return {
        "lists": Figure(worst, made_of, at_most=1.5),
        "new_office": Figure(taken / LIMIT, {"seconds": round(taken, 2), "limit_seconds": LIMIT}, at_most=1),
    }


def counting_figure(ledger: Path) -> Figure:
    """Measure a statistical form from the view against the limit; its peer is the same form with every order judged."""
    say("counting orders")
    words = ("stats", "--transparency", "--json")
    _tables(ledger, words)  # the first time, every order is judged
    from_view = [_tables(ledger, words) for _ in range(TIMES)]
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    folded, tables = _tables(ledger, (*words, "--as-of", now))
    if any(found != tables for _, found in from_view):
        raise RuntimeError("the view and the entries count differently")
    taken = statistics.median(spent for spent, _ in from_view)
    made_of = {"seconds": round(taken, 2), "judged_again_seconds": round(folded, 2), "limit_seconds": LIMIT}
    return Figure(taken / LIMIT, made_of, at_most=1)


def _tables(ledger: Path, words: tuple[str, ...]) -> tuple[float, object]:
    start = perf_counter()
    done = subprocess.run(
        [*PROGRAM, *words, "--ledger", str(ledger)], stdout=subprocess.PIPE, env=as_installed(), check=True
    )
    return perf_counter() - start, json.loads(done.stdout)["tables"]


def _after_a_new_office(ledger: Path) -> float:
    with tempfile.TemporaryDirectory(dir=ledger.parent) as place:
        copy = Path(shutil.copytree(ledger, Path(place) / "ledger"))
        keeper = registrar()
        with closing(Journal.open(copy, Home.inside(copy))) as journal:
            office = {"actor": "another-office", "party": keeper.party, "roles": ["ISS"], "valid_from": "2020-01-01"}
            signer = journal.signer(keeper.actor, "ADM", SeedKey(registrar_seed()))
            journal.record(build("authority-registered", office, {}), journal.registry, signer)
        return _ask(copy, QUESTIONS["due"]).seconds


def _ask(ledger: Path, words: tuple[str, ...]) -> _Cost:
    start = perf_counter()
    process = subprocess.Popen(
        [*PROGRAM, *words, "--ledger", str(ledger)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=as_installed(),
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise RuntimeError(f"comity {' '.join(words)} ended with {process.returncode}")
    return _Cost(perf_counter() - start, used.ru_maxrss / 1024)
