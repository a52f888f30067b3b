"""The time before a command does anything, against an interpreter that does nothing.

The first run, which may have to write bytecode, is not counted.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.data.ledgers import REFERENCE
from benchmarks.measure import Figure, as_installed, in_turn, say

TIMES = 15
PROGRAM = [sys.executable, "-c", "from cli.app import main; main()"]  # what the console script does


def startup_figures(ledger: Path) -> dict[str, Figure]:
    """Measure `comity --help` and `comity show` against `python -c pass`, run in turn."""
    say("starting")
    bare = _run([sys.executable, "-c", "pass"])
    helped = _run([*PROGRAM, "--help"])
    shown = _run([*PROGRAM, "show", "--ledger", str(ledger), REFERENCE])
    nothing, help_, show = in_turn([bare, helped, shown], TIMES)
    return {
        "help": Figure(help_ / nothing, {"ms": round(help_ * 1000), "bare_ms": round(nothing * 1000)}, at_most=8),
        "show": Figure(show / nothing, {"ms": round(show * 1000), "bare_ms": round(nothing * 1000)}, at_most=15),
    }


def _run(command: list[str]) -> Callable[[], object]:
    def run() -> None:
        done = subprocess.run(command, capture_output=True, check=False, env=as_installed())
        if done.returncode:
            raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr.decode()}")

    run()
    return run
