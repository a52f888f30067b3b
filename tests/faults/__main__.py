"""Try faults; exit 1 if anything was lost, forked or stuck. The last line is one JSON object."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.faults import PARTS, parts
from tests.faults.folder import PendingBatch
from tests.temporary_folder import temporary_folder


def main() -> int:
    ask = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    ask.add_argument("--seed", type=int, default=0, help="which sample")
    ask.add_argument("--count", type=int, default=COUNT, help="how many faults of all there are; 0 is all")
    ask.add_argument("--keep", type=Path, help="what was tried and held, so that the next run goes on")
    ask.add_argument("--part", choices=PARTS, action="append", help="this part; repeatable")
    ask.add_argument("--only", action="append", metavar="COMMAND", help="this command; repeatable")
    asked = ask.parse_args()
    if shutil.which("strace") is None:
        say("faults are made by strace, which is not here: apt-get install strace")
        return 2
    started = time.monotonic()
    with temporary_folder(), ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as pool:
        every = _every(pool, asked.part or PARTS, asked.only)
        chosen = sampled(every, asked.count, asked.seed)
        kept = _kept(asked.keep)
        left = [trial for trial in chosen if trial not in kept]
        count = sum(map(len, every.values()))
        say(f"{count} faults; {len(chosen)} are tried, {len(chosen) - len(left)} of them held before")
        wrong = _run(pool, left, asked.keep)
    summary = {"faults": count, "tried": len(chosen), "held": len(chosen) - len(wrong), "seed": asked.seed}
    sys.stdout.write(f"{json.dumps({**summary, 'seconds': round(time.monotonic() - started)})}\n")
    return 1 if wrong else 0


def _every(
    pool: Executor, wanted: Sequence[str], only: Sequence[str] | None
) -> dict[tuple[str, str], list[PendingBatch]]:
    """Return the faults of every command of every part that can be tried on this machine."""
    found = []
    for name, part in parts(wanted):
        if lacks := part.lacks():
            say(f"{name}: not tried, {lacks}")
        else:
            found += [(name, command) for command in part.names() if not only or command in only]
    return dict(zip(found, pool.map(_trials, found), strict=True))


def _trials(of: tuple[str, str]) -> list[PendingBatch]:
    ((_, part),) = parts([of[0]])
    return [trial._replace(part=of[0]) for trial in part.trials(of[1])]


def _tried(trial: PendingBatch) -> list[str]:
    ((_, part),) = parts([trial.part])
    try:
        return list(part.tried(trial))
    except Exception as error:
        return [f"could not be tried: {type(error).__name__}: {error}"]


def sampled(every: dict[tuple[str, str], list[PendingBatch]], count: int, seed: int) -> list[PendingBatch]:
    """Return so many faults, in turn one of each command, so that none is left out; all of them for 0."""
    chance = random.Random(seed)
    decks = [chance.sample(trials, len(trials)) for trials in every.values()]
    turns = [deck[turn] for turn in range(max(map(len, decks), default=0)) for deck in decks if turn < len(deck)]
    return turns[: count or None]


def _run(pool: Executor, left: list[PendingBatch], keep: Path | None) -> list[PendingBatch]:
    wrong: list[PendingBatch] = []
    done: Counter[str] = Counter()
    for trial, found in zip(left, pool.map(_tried, left), strict=True):
        done[f"{trial.part} {trial.command}"] += 1
        if found:
            wrong.append(trial)
            say(f"{trial.part} {trial.command}: {trial.fault} at {trial.call} {trial.number}: " + "; ".join(found))
        elif keep is not None:
            with keep.open("a") as file:
                file.write(json.dumps(trial) + "\n")
    say(", ".join(f"{command} {count}" for command, count in sorted(done.items())))
    return wrong


def _kept(keep: Path | None) -> set[PendingBatch]:
    if keep is None:
        return set()
    keep.parent.mkdir(parents=True, exist_ok=True)
    return set(_read(keep)) if keep.exists() else set()


def _read(keep: Path) -> Iterator[PendingBatch]:
    """Return the faults that held; lines of another form, or cut lines, are ignored."""
    for line in keep.read_text().splitlines():
        try:
            yield PendingBatch(*json.loads(line))
        except (TypeError, ValueError):
            continue


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


COUNT = 400

if __name__ == "__main__":
    sys.exit(main())
