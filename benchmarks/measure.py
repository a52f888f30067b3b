"""Clocks and machines: how a figure is measured."""

from __future__ import annotations

import os
import platform
import resource
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class Figure:
    """Hold one row of the table: `ratio` as measured, its limit (`at_least` or `at_most`), its parts.

    `split` has the processor time of one entry in microseconds, by step.
    """

    ratio: float
    made_of: dict[str, Any]
    at_least: float | None = None
    at_most: float | None = None
    split: dict[str, float] = field(default_factory=dict)

    @property
    def reached(self) -> bool:
        """Return True if the ratio keeps its limit."""
        return (self.at_least is None or self.ratio >= self.at_least) and (
            self.at_most is None or self.ratio <= self.at_most
        )

    def json(self) -> dict[str, Any]:
        """Return the row as it is printed."""
        bounds = {"at_least": self.at_least, "at_most": self.at_most}
        return {
            "ratio": round(self.ratio, 3),
            **{name: bound for name, bound in bounds.items() if bound is not None},
            "reached": self.reached,
            **self.made_of,
            **({"microseconds": {name: round(each, 1) for name, each in self.split.items()}} if self.split else {}),
        }


def seconds(do: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = perf_counter()
    do()
    return perf_counter() - start


def cpu_seconds() -> float:
    """Return the processor time of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def median(do: Callable[[], object], times: int = 5) -> float:
    """Return the median of several runs, in seconds."""
    return statistics.median(seconds(do) for _ in range(times))


def in_turn(dos: Sequence[Callable[[], object]], times: int) -> list[float]:
    """Return medians in seconds of calls to be compared, run in turn so that a busy moment affects all of them."""
    taken = [[seconds(do) for do in dos] for _ in range(times)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def as_installed() -> dict[str, str]:
    """Return the environment of an installed program: it may keep its bytecode."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def say(line: str) -> None:
    """Report on stderr what is being measured."""
    print(line, file=sys.stderr, flush=True)


def machine(folder: Path) -> dict[str, Any]:
    """Describe the machine of the figures; `folder` is on the disk that was used."""
    return {
        "processor": _processor(),
        "cores": CORES,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in ("pynacl", "eventsourcing", "orjson", "msgspec")},
        "fdatasync_us": round(_sync(folder) * 1e6),
    }


def _processor() -> str:
    try:
        lines: Iterable[str] = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _sync(folder: Path) -> float:
    with tempfile.TemporaryFile(dir=folder) as file:

        def write() -> None:
            os.pwrite(file.fileno(), b"x" * 4096, 0)
            os.fsync(file.fileno())

        return median(write, 50)
