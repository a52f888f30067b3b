"""`python -m benchmarks.dpo`: time and lines of the questions of a data protection officer over 10,000 orders.

Each question is one command, started as a user starts it. BENCH_DIR as in `benchmarks`. The first command after
recording brings the view of orders up to date; it is reported alone.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from time import perf_counter

from benchmarks.data.ledgers import ASKER, filled
from benchmarks.measure import cpu_seconds, say
from benchmarks.startup import PROGRAM
from cli.reports.register_summary import ABOUT

ENTRIES = 100_000  # about 10,000 orders
MOST_SECONDS = 5.0  # for one question
MOST_LINES = 45  # of one screen
WHY = ("--because", "request of 3 May", "--purpose", "rights-request", "--as", ASKER, "--person", "Dina Invented")
ASKED = {
    "everything on one screen": ("register",),
    "what is open": ("register", "--open"),
    "what is kept until when": ("register", "--kept-until", "2027-12-31"),
    "where is this person": ("subject", "find", "ACCT-0000123", *WHY),
    **{f"{number}. {about}": ("register", "--question", str(number)) for number, about in ABOUT.items()},
}


def main() -> int:
    """Print a row for each question; return 1 if one takes too long or fills more than a screen."""
    folder = Path(os.environ.get("BENCH_DIR") or "build/bench").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    ledger = filled(folder, ENTRIES)
    _, first, _, _ = _timed(ledger, ("register",))
    say(f"the first command after recording: {first:.1f} s")
    print(f"{'question':<28}{'wall s':>8}{'CPU s':>8}{'lines':>7}{'exit':>6}")
    failed = False
    for question, words in ASKED.items():
        code, wall, cpu, lines = _timed(ledger, words)
        failed |= wall > MOST_SECONDS or lines > MOST_LINES or code not in (0, 3)
        print(f"{question:<28}{wall:>8.2f}{cpu:>8.2f}{lines:>7}{code:>6}")
    return int(failed)


def _timed(ledger: Path, words: tuple[str, ...]) -> tuple[int, float, float, int]:
    """Return exit code, seconds on the wall, seconds of processor time and lines printed by one command."""
    env = {**os.environ, "COMITY_LEDGER": str(ledger)}
    before, start = cpu_seconds(), perf_counter()
    done = subprocess.run([*PROGRAM, *words], env=env, capture_output=True, text=True, check=False)
    return done.returncode, perf_counter() - start, cpu_seconds() - before, len(done.stdout.splitlines())


if __name__ == "__main__":
    raise SystemExit(main())
