"""The table of a run in Markdown, and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from benchmarks.scale.fit import LARGER, Law, fit
from benchmarks.scale.outcome import Outcome
from benchmarks.scale.run import FILES, FILL
from benchmarks.scale.steps import STEPS

START = "start: --version"
_SMALLEST = {"cpu": 0.1, "mib": 8.0, "grown": 100_000.0}  # differences that are not noise
_UNITS = ((86_400 * 365, "years"), (86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))

Results = Mapping[int, Mapping[str, Outcome]]  # by size, by step


def table(results: Results) -> str:
    """Return the costs of every step by size, the fitted slopes, and what they say of larger ledgers."""
    sizes = sorted(results)
    head = ["", *(f"{size:,}" for size in sizes), "slope", *(f"{size:.0e}".replace("e+0", "e") for size in LARGER)]
    rows = [head, ["---"] * len(head)]
    for step in _steps():
        laws = _laws(results, step)
        cells = [_cell(results[size].get(step)) for size in sizes]
        rows.append([step, *cells, _slopes(laws), *(_larger(laws, size) for size in LARGER)])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, "", *_files(results), *_servers(results), "", *_reasons(results)])


def as_json(results: Results, machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that was measured, and every fitted law, as JSON values."""
    steps = {}
    for step in (*_steps(), FILES):
        laws = {} if step == FILES else _laws(results, step)
        measured = {str(n): msgspec.to_builtins(results[n][step]) for n in sorted(results) if step in results[n]}
        fitted = {
            what: {
                "slope": round(law.slope, 3),
                "base": round(law.base, 3),
                **{f"{n:.0e}".replace("e+0", "e"): round(law.at(n), 1) for n in LARGER},
            }
            for what, law in laws.items()
        }
        steps[step] = {"measured": measured, "fitted": fitted}
    return {"machine": dict(machine), "steps": steps}


def _steps() -> list[str]:
    return [FILL, *(step.name for step in STEPS if not step.plain)]


def _laws(results: Results, step: str) -> dict[str, Law]:
    """Return the laws of processor time, memory and growth of a step, as far as two sizes have them."""
    laws = {}
    for what, least in _SMALLEST.items():
        bases = [getattr(each[START], what) for each in results.values() if START in each]
        base = 0.0 if step == FILL or what == "grown" or not bases else min(bases)
        costs = {
            size: float(getattr(each[step], what))
            for size, each in results.items()
            if step in each and not each[step].reason
        }
        if (law := fit(costs, base, least)) is not None:
            laws[what] = law
    return laws


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    if outcome.reason:
        return "failed" if outcome.failed else "left out"
    memory = f", {outcome.mib:.0f} MiB" if outcome.mib else ""
    grown = f", {in_bytes(outcome.grown)}" if outcome.grown >= _SMALLEST["grown"] else ""
    return f"{outcome.seconds:.2f} s ({outcome.cpu:.2f}){memory}{grown}"


def _slopes(laws: Mapping[str, Law]) -> str:
    named = {"cpu": "", "mib": "memory ", "grown": "bytes "}
    said = [f"{named[what]}{law.slope:.2f}" for what, law in laws.items() if what == "cpu" or law.slope]
    return ", ".join(said)


def _larger(laws: Mapping[str, Law], size: int) -> str:
    forms: dict[str, Callable[[float], str]] = {
        "cpu": duration,
        "mib": lambda mib: in_bytes(mib * (1 << 20)),
        "grown": in_bytes,
    }
    said = [forms[what](law.at(size)) for what, law in laws.items() if what == "cpu" or law.slope]
    return ", ".join(said) if laws else ""


def _servers(results: Results) -> Iterable[str]:
    for size in sorted(results):
        for step in ("desk", "serve"):
            if (outcome := results[size].get(step)) is not None and not outcome.reason:
                yield f"- {size:,}, {step}: {json.dumps(outcome.more)}"


def _files(results: Results) -> Iterable[str]:
    for size in sorted(results):
        if (files := results[size].get(FILES)) is not None:
            entries = files.more["entries"]
            sized = ((name, count) for name, count in files.more.items() if name not in ("entries", "tiles"))
            each = (f"{name} {count / entries:,.0f}" for name, count in sorted(sized))
            yield f"- {size:,}: bytes for each entry: {', '.join(each)}; {files.more['tiles']:,} files in log/"


def _reasons(results: Results) -> Iterable[str]:
    for size in sorted(results):
        for step in _steps():
            if (outcome := results[size].get(step)) is not None and outcome.reason:
                yield f"- {size:,}, {step}: {outcome.reason}"


def duration(seconds: float) -> str:
    """Return seconds in the largest unit that leaves at least two of it, or in seconds."""
    length, unit = next((each for each in _UNITS if seconds >= 2 * each[0]), _UNITS[-1])
    return f"{seconds / length:.1f} {unit}"


def in_bytes(count: float) -> str:
    """Return a number of bytes in kB, MB, GB or TB (powers of ten)."""
    units: Sequence[str] = ("B", "kB", "MB", "GB", "TB", "PB")
    power = next((n for n in range(len(units)) if abs(count) < 1_000 ** (n + 1)), len(units) - 1)
    count, unit = count / 1_000**power, units[power]
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
