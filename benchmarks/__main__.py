"""`make bench`: every figure of the table, reported on stderr; the last line on stdout is one JSON object.

With names of groups, the figures of these alone: `python -m benchmarks office` is the reach of an office server.

BENCH_FULL=1 measures ledgers of a million entries instead of a hundred thousand. BENCH_DIR names a folder on
the disk to be measured, by default build/bench; the ledgers are kept there for the next run.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from functools import cache, partial
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
from benchmarks.peers.engines import archive_figure
from benchmarks.postgres import postgres_figures
from benchmarks.reading import audit_figure, continued_figure, one_order_figure
from benchmarks.servers.crowd import people_figures
from benchmarks.servers.desk import desk_figure
from benchmarks.servers.office import serving_figure
from benchmarks.startup import startup_figures
from benchmarks.views import view_figure
from benchmarks.writing import concurrent_figures, git_figures, later_copy_figure, receive_figure, record_figure

LARGE = 1_000_000 if os.environ.get("BENCH_FULL") else 100_000


OFFICE = ("serve", "people", "writers")  # the reach of an office server


def _groups(folder: Path) -> dict[str, Callable[[], dict[str, Figure]]]:
    """Return what measures each group of figures, by the name of the group; a ledger is made when it is needed."""
    of = cache(partial(filled, folder))
    tiny, small, large = (partial(of, size) for size in (1_000, 10_000, LARGE))
    return {
        "record": lambda: {"record": record_figure(folder)},
        "receive": lambda: {"receive": receive_figure(folder)},
        "serve": lambda: {"serve": serving_figure(folder)},
        "audit": lambda: {"audit": audit_figure(small(), large())},
        "audit_continued": lambda: {"audit_continued": continued_figure(large(), folder)},
        "archive": lambda: {"archive": archive_figure(large(), folder)},
        "later_copy": lambda: {"later_copy": later_copy_figure(large(), folder)},
        "one_order": lambda: {"one_order": one_order_figure(tiny(), large(), folder)},
        "views": lambda: {"views": view_figure(large())},
        "judge": lambda: {"judge": judge_figure(large())},
        "desk": lambda: {"desk": desk_figure(large())},
        "lists": lambda: list_figures(small(), large()),
        "statistics": lambda: {"statistics": counting_figure(large())},
        "map": map_figures,
        "people": lambda: people_figures(large()),
        "startup": lambda: startup_figures(tiny()),
        "paper": lambda: paper_figures(folder),
        "browser": lambda: browser_figures(folder),
        "import": lambda: import_figures(folder),
        "postgres": lambda: postgres_figures(folder),
        "writers": lambda: concurrent_figures(folder),
    }


def main() -> None:
    """Measure every figure or those of some groups, report them, and print the table as JSON."""
    folder = Path(os.environ.get("BENCH_DIR") or "build/bench").resolve()
    groups = _groups(folder)
    names = [*groups, "git"]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"only these: office, {', '.join(names)}")
    asked = parser.parse_args().groups or names
    chosen = [each for name in asked for each in (OFFICE if name == "office" else (name,))]
    if unknown := set(chosen) - set(names):
        parser.error(f"there is no group {', '.join(sorted(unknown))}")
    chosen += [each for each in ("record", "audit") if "git" in chosen and each not in chosen]
    folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Figure] = {}
    for name, measure in groups.items():
        figures |= measure() if name in chosen else {}
    if "git" in chosen:
        figures |= git_figures(folder, figures["record"], figures["audit"])
    result: dict[str, Any] = {"machine": machine(folder), "entries": LARGE, "load_average": os.getloadavg()[0]}
    for name, figure in figures.items():
        bound = f"at least {figure.at_least}" if figure.at_least is not None else f"at most {figure.at_most}"
        say(f"{name:<18} {figure.ratio:8.2f}  {bound:<14} {'reached' if figure.reached else 'NOT REACHED'}")
        for step, microseconds in figure.split.items():
            say(f"    {step:<60} {microseconds:6.1f} us")
        result[name] = figure.json()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
