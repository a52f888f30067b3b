"""What one step cost, kept as a line of a file, so that a run that was stopped goes on where it ended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """The cost of one step on a ledger of `size` entries.

    `seconds` are those of the clock on the wall, `cpu` of all its processes together; `mib` is the most memory that
    they held, `grown` how many bytes the files of the ledger and of the step grew. `load` is the average of the last
    minute when the step ended. `reason` says why there is no cost: the step failed, or was left out.
    """

    size: int
    step: str
    seconds: float = 0.0
    cpu: float = 0.0
    mib: float = 0.0
    grown: int = 0
    load: float = 0.0
    at: str = ""
    commit: str = ""
    more: dict[str, Any] = {}
    failed: bool = False
    reason: str = ""


class Part(msgspec.Struct, frozen=True):
    """What a step has cost until its run was stopped; before it the files had `bytes`. Other names as in `Outcome`."""

    step: str
    bytes: int
    seconds: float = 0.0
    cpu: float = 0.0
    mib: float = 0.0

    def plus(self, seconds: float, cpu: float, mib: float) -> Part:
        """Return the part with the cost of a later one."""
        return Part(self.step, self.bytes, self.seconds + seconds, self.cpu + cpu, max(self.mib, mib))


class Kept:
    """The outcomes of one ledger, in a file of one line each. The last line of a step is the one that holds."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Outcome]:
        """Return the outcomes by step; a line that a killed process left unfinished is skipped."""
        return {each.step: each for each in self._lines()}

    def add(self, outcome: Outcome) -> None:
        """Add an outcome; it is durable on return."""
        torn = self._path.exists() and not self._path.read_bytes().endswith(b"\n")
        with self._path.open("ab") as file:
            file.write(b"\n" * torn + msgspec.json.encode(outcome) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _lines(self) -> Iterator[Outcome]:
        for line in self._path.read_bytes().splitlines() if self._path.exists() else ():
            try:
                yield msgspec.json.decode(line, type=Outcome)
            except msgspec.DecodeError:
                continue
