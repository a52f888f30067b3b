"""Run a command, and measure time, processor time and memory of it and of every process that it starts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import NamedTuple

LOOK = 0.05  # seconds between two looks at the memory
_REPORT = 200  # looks between two reports
_KIB = 1024
_TICK = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """Seconds on the wall, processor seconds, the most memory in MiB, the exit code, and the end of what was said."""

    seconds: float
    cpu: float
    mib: float
    code: int
    said: str


def watched(
    command: Sequence[str],
    env: Mapping[str, str],
    output: Path,
    report: Callable[[float, float, float], None] = lambda seconds, cpu, mib: None,
) -> Cost:
    """Run a command to its end; `output` is the file that gets standard output and standard error.

    `report(seconds, processor seconds, most MiB)` is called every ten seconds with the cost so far.
    """
    begun = perf_counter()
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env)
        with Memory(process.pid, report) as memory:
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    taken = perf_counter() - begun
    said = output.read_bytes()[-400:].decode(errors="replace")
    return Cost(taken, used.ru_utime + used.ru_stime, memory.mib, process.returncode, said)


class Memory:
    """Looks at the memory of a process and its descendants while a block runs; pages that they share count once.

    `mib` is the most that it saw, or the peak of the process alone if that is more. (`ru_maxrss` of a child begins with
    the memory of its parent.)
    """

    def __init__(self, pid: int, report: Callable[[float, float, float], None] = lambda *_: None) -> None:
        self._pid, self._report = pid, report
        self._end = Event()
        self._thread = Thread(target=self._look, daemon=True)
        self.mib = 0.0

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def now(self) -> float:
        """Return the memory at this moment in MiB."""
        return sum(_field(each, "smaps_rollup", "Pss:") for each in _family(self._pid)) / _KIB

    def _look(self) -> None:
        begun, cpu = perf_counter(), 0.0
        for n in count(1):
            if self._end.wait(LOOK):
                return
            self.mib = max(self.mib, self.now(), _field(self._pid, "status", "VmHWM:") / _KIB)
            if n % _REPORT == 0:
                cpu = max(cpu, sum(map(_cpu, _family(self._pid))))  # of a process that has ended nothing is read
                self._report(perf_counter() - begun, cpu, self.mib)


def _family(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [pid, *(each for child in text.split() for each in _family(int(child)))]


def _cpu(pid: int) -> float:
    """Return the processor seconds of a process and of its children that have ended; 0 if it has ended itself."""
    try:
        numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, numbers[11:15])) / _TICK


def _field(pid: int, file: str, name: str) -> int:
    """Return a number of KiB that proc(5) has of a process; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
