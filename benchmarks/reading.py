"""The cost of reading a ledger: all of it, or one order of it."""

from __future__ import annotations

import contextlib
import io
import resource
import shutil
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context, set_start_method
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.data.generate import ORIGIN, registrar
from benchmarks.data.ledgers import REFERENCE
from benchmarks.measure import CORES, Figure, cpu_seconds, in_turn, say, seconds
from benchmarks.peers.raw import SAMPLE, Cost, Yardstick
from benchmarks.split.auditing import split_of_audit
from benchmarks.split.steps import among_processes
from cli.app import comity
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.integrity.audit import audit
from ledger.application.integrity.kept_verdicts import SEGMENT

_T = TypeVar("_T")
ROUNDS = 3


@dataclass(frozen=True)
class Audited:
    """Hold one audit: its cost, and the most memory it held (the process and a worker for each core), in MiB."""

    cost: Cost
    memory: float


def audit_figure(small: Path, large: Path) -> Figure:
    """Measure entries audited in a second against raw verifications; memory, large against small."""
    say("auditing")
    little = alone(_audit, small).memory
    runs: list[Audited] = []

    def run() -> Cost:
        runs.append(alone(_audit, large))
        return runs[-1].cost

    with Yardstick(_sample(large)) as raw:
        found = raw.against(run, ROUNDS)
    much = max(audited.memory for audited in runs)
    cpu = statistics.median(audited.cost.cpu for audited in runs)
    return Figure(
        found.least,
        {
            **found.made_of(),
            "memory_mib": round(much),
            "memory_ratio": round(much / little, 2),
            "memory_ratio_at_most": 1.5,
        },
        at_least=0.85,
        split=among_processes(alone(split_of_audit, large), cpu),
    )


def one_order_figure(small: Path, large: Path, folder: Path) -> Figure:
    """Measure show, judge and export of an order of thirty entries: the slowest, large ledger against small."""
    say("asking about one order")
    invented = ["--person", "Dina Ilves"]
    questions: dict[str, list[str]] = {
        "show": ["show", REFERENCE],
        "judge": ["judge", REFERENCE, "--as-of", "2024-06-01T00:00:00Z"],
        "export": ["export", REFERENCE, "--audience", "COURT", "--unwitnessed", *invented, "-o"],
    }
    made_of: dict[str, Any] = {}
    worst = 0.0
    for name, words in questions.items():
        asked = [_command(path, words, folder / f"{name}-{path.name}.zip") for path in (small, large)]
        for ask in asked:
            ask()  # once for what is read only once
        in_small, in_large = in_turn(asked, 9)
        made_of[f"{name}_ms"] = [round(in_small * 1000, 1), round(in_large * 1000, 1)]
        worst = max(worst, in_large / in_small)
    return Figure(worst, made_of, at_most=1.3)


def continued_figure(large: Path, folder: Path) -> Figure:
    """Measure `comity fsck` behind the verdicts of an auditor, from nothing to the second run; and without verdicts."""
    say("continuing an audit")
    name, state = "auditor.example/bench", folder / "auditor"
    shutil.rmtree(state, ignore_errors=True)
    _run(["audit", "new", name, "--state", str(state)])()
    fsck = ["fsck", "--ledger", str(large)]
    words = [*fsck, "--auditor", name, "--state", str(state)]
    whole, plain = in_turn([_run([*words, "--all"]), _run(fsck)], 1)
    (again,) = in_turn([_run(words)], ROUNDS)
    with closing(EntryReader(large / "entries.db")) as store:
        size = store.size()
    made_of = {"seconds": round(again, 2), "read": size % SEGMENT, "of": size}
    made_of |= {"all_seconds": round(whole, 2), "without_verdicts_seconds": round(plain, 2)}
    made_of["state_bytes_per_entry"] = round(sum(f.stat().st_size for f in state.rglob("verdicts.db")) / size, 1)
    return Figure(again / whole, made_of, at_most=0.2)


def _command(ledger: Path, words: list[str], out: Path) -> Callable[[], None]:
    last = [str(out)] if words[-1] == "-o" else []
    run = _run([words[0], "--ledger", str(ledger), *words[1:], *last])

    def anew() -> None:
        out.unlink(missing_ok=True)
        run()

    return anew


def _run(words: list[str]) -> Callable[[], None]:
    def run() -> None:
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
                comity.main(words)
        except SystemExit as end:
            if end.code not in (0, 3):
                raise RuntimeError(f"comity {words[0]}: {said.getvalue()}") from end

    return run


def _audit(path: Path) -> Audited:
    # This process was spawned, and would spawn its workers too; those of a command are forked where forking is the
    # default. A spawned one imports everything, which costs as much as 6,000 entries.
    set_start_method(None, force=True)
    entries = 0

    def read() -> None:
        nonlocal entries
        report = audit(path / "entries.db", ORIGIN, registrar())
        if report.problems:
            raise RuntimeError(f"{report.problems[0]}")
        entries = report.size

    before = cpu_seconds()
    taken = seconds(read)
    own, workers = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cost = Cost(entries / taken, (cpu_seconds() - before) / entries)
    return Audited(cost, (own + CORES * workers) / 1024)


def _sample(path: Path) -> list[bytes]:
    with closing(EntryReader(path / "entries.db")) as store:
        return [raw for _, raw in store.page(store.size() // 2, SAMPLE)]


def alone(work: Callable[[Path], _T], path: Path) -> _T:
    """Run it in a separate process, so that memory is counted from nothing."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, path).result()
