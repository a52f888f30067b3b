"""`make bench`: every figure of the table, reported on stderr; the last line on stdout is one JSON object.

BENCH_FULL=1 measures ledgers of a million entries instead of a hundred thousand. BENCH_DIR names a folder on
the disk to be measured, by default build/bench; the ledgers are kept there for the next run.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from benchmarks.browser import browser_figures
from benchmarks.data.ledgers import filled
from benchmarks.importing import import_figures
from benchmarks.judging import judge_figure
from benchmarks.lists import counting_figure, list_figures
from benchmarks.map_of_heads import map_figures
from benchmarks.measure import Figure, machine, say
from benchmarks.paper import paper_figures
from benchmarks.postgres import postgres_figures
from benchmarks.reading import audit_figure, continued_figure, one_order_figure
from benchmarks.servers.crowd import people_figures
from benchmarks.servers.desk import desk_figure
from benchmarks.servers.office import serving_figure
from benchmarks.startup import startup_figures
from benchmarks.views import view_figure
from benchmarks.writing import concurrent_figures, git_figures, later_copy_figure, receive_figure, record_figure

LARGE = 1_000_000 if os.environ.get("BENCH_FULL") else 100_000


def main() -> None:
    """Measure every figure, report it and print the table as JSON; --help measures nothing."""
    argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__).parse_args()
    folder = Path(os.environ.get("BENCH_DIR") or "build/bench").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Figure] = {"record": record_figure(folder), "receive": receive_figure(folder)}
    figures["serve"] = serving_figure(folder)
    tiny, small, large = (filled(folder, size) for size in (1_000, 10_000, LARGE))
    figures["audit"] = audit_figure(small, large)
    figures["audit_continued"] = continued_figure(large, folder)
    figures["later_copy"] = later_copy_figure(large, folder)
    figures["one_order"] = one_order_figure(tiny, large, folder)
    figures["views"] = view_figure(large)
    figures["judge"] = judge_figure(large)
    figures["desk"] = desk_figure(large)
    figures |= list_figures(small, large)
    figures["statistics"] = counting_figure(large)
    figures |= map_figures()
    figures |= people_figures(large)
    figures |= startup_figures(tiny)
    figures |= paper_figures(folder)
    figures |= browser_figures(folder)
    figures |= import_figures(folder)
    figures |= postgres_figures(folder)
    figures |= concurrent_figures(folder)
    figures |= git_figures(folder, figures["record"], figures["audit"])
    result: dict[str, Any] = {"machine": machine(folder), "entries": LARGE}
    for name, figure in figures.items():
        bound = f"at least {figure.at_least}" if figure.at_least is not None else f"at most {figure.at_most}"
        say(f"{name:<18} {figure.ratio:8.2f}  {bound:<14} {'reached' if figure.reached else 'NOT REACHED'}")
        for step, microseconds in figure.split.items():
            say(f"    {step:<60} {microseconds:6.1f} us")
        result[name] = figure.json()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
