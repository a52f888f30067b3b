"""`make scale`: build ledgers of these sizes, measure every command on each, and print the table and one line of JSON.

    python -m benchmarks.scale 1e5 1e6

Each outcome is kept in the folder, so a run that was stopped goes on where it ended, also within a ledger that is being
filled. What a run needs on disk is printed first; nothing is made if there is less.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path

from benchmarks.measure import machine, say
from benchmarks.scale.report import as_json, in_bytes, table
from benchmarks.scale.run import measure, outcomes, room_needed, room_used

SIZES = ("1e5", "1e6")


def main() -> int:
    """Measure what is missing and print what is known; return 2 if there is no room on the disk."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("sizes", nargs="*", metavar="SIZE", help=f"entries of a ledger (default: {' '.join(SIZES)})")
    parser.add_argument("--full", action="store_true", default=bool(os.environ.get("FULL")), help="bulky steps too")
    parser.add_argument("--dir", type=Path, default=Path(os.environ.get("BENCH_DIR") or "build/bench"))
    parser.add_argument("--again", action="append", default=[], metavar="WORDS", help="measure these steps once more")
    parser.add_argument("--known", action="store_true", help="measure nothing: print what is known")
    asked = parser.parse_args()
    sizes = sorted({int(float(size)) for size in asked.sizes or SIZES})
    folder = asked.dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if not asked.known:
        if not _has_room(folder, sizes, full=asked.full):
            return 2
        for size in sizes:
            measure(folder, size, full=asked.full, again=asked.again)
    results = {size: outcomes(folder, size) for size in sizes}
    print(table(results))
    print(json.dumps(as_json(results, machine(folder))))
    return 0


def _has_room(folder: Path, sizes: list[int], *, full: bool) -> bool:
    needed = sum(max(room_needed(size, full=full) - room_used(folder, size), 0) for size in sizes)
    free = shutil.disk_usage(folder).free
    say(f"room needed in {folder}: {in_bytes(needed)}; there are {in_bytes(free)}")
    if needed > free:
        say("not enough: name fewer sizes, or another folder with --dir (BENCH_DIR)")
    return needed <= free


if __name__ == "__main__":
    raise SystemExit(main())
