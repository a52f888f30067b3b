"""Try faults; exit 1 if anything was lost, forked or stuck. The last line is one JSON object."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tests.faults.commands import COMMANDS, furnished
from tests.faults.trials import Trial, counted, trials, tried


def main() -> int:
    ask = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    ask.add_argument("--seed", type=int, default=0, help="which sample")
    ask.add_argument("--count", type=int, default=140, help="how many faults of all there are; 0 is all")
    ask.add_argument("--keep", type=Path, help="what was tried and held, so that the next run goes on")
    ask.add_argument("--only", choices=COMMANDS, action="append", help="this command; repeatable")
    asked = ask.parse_args()
    if shutil.which("strace") is None:
        say("faults are made by strace, which is not here: apt-get install strace")
        return 2
    with tempfile.TemporaryDirectory() as place:
        pristine = furnished(Path(place) / "house").folder
        every = [t for command in asked.only or COMMANDS for t in trials(command, counted(pristine, command))]
        chosen = every if not asked.count else random.Random(asked.seed).sample(every, min(asked.count, len(every)))
        kept = _kept(asked.keep)
        left = [trial for trial in chosen if trial not in kept]
        say(f"{len(every)} faults; {len(chosen)} are tried, {len(chosen) - len(left)} of them held before")
        wrong = _run(pristine, left, asked.keep)
    told = {"faults": len(every), "tried": len(chosen), "held": len(chosen) - len(wrong), "seed": asked.seed}
    sys.stdout.write(f"{json.dumps(told)}\n")
    return 1 if wrong else 0


def _run(pristine: Path, left: list[Trial], keep: Path | None) -> list[Trial]:
    wrong: list[Trial] = []
    done: Counter[str] = Counter()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for trial, found in zip(left, pool.map(partial(tried, pristine), left), strict=True):
            done[trial.command] += 1
            if found:
                wrong.append(trial)
                say(f"{trial.command}: {trial.fault} at {trial.call} {trial.number}: " + "; ".join(found))
            elif keep is not None:
                with keep.open("a") as file:
                    file.write(json.dumps(trial) + "\n")
    say(", ".join(f"{command} {count}" for command, count in sorted(done.items())))
    return wrong


def _kept(keep: Path | None) -> set[Trial]:
    if keep is None:
        return set()
    keep.parent.mkdir(parents=True, exist_ok=True)
    return {Trial(*json.loads(line)) for line in keep.read_text().splitlines()} if keep.exists() else set()


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
