"""One fault: where it strikes, and what has to hold afterwards."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from cli.exit_codes import Exit
from tests.faults.commands import MAY_BE_CUT, MAY_BE_DONE, registered, words_of
from tests.support.cli import House

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-c", "from cli.app import main; main()")
CALLS = ("pwrite64", "write", "fsync", "fdatasync", "rename", "link", "unlink", "ftruncate", "mkdir")
FAULTS = {"kill": "signal=SIGKILL", "EIO": "error=EIO", "ENOSPC": "error=ENOSPC"}
FORM: dict[str, tuple[str, ...]] = {"export": ()}  # whose --format is that of its file
SPOKEN = "write"  # the process's own streams too, so it is only killed there


class Trial(NamedTuple):
    """A command that meets a fault at the `number`-th of its calls of this name."""

    command: str
    call: str
    number: int
    fault: str


def counted(pristine: Path, command: str) -> dict[str, int]:
    """How often a whole run of a command makes each call."""
    with tempfile.TemporaryDirectory() as place:
        house, trace = _copied(pristine, Path(place)), Path(place) / "trace"
        done = _typed(house, command, "-e", f"trace={','.join(CALLS)}", "-o", str(trace))
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stderr}")
        made = re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE)
    return {call: made.count(call) for call in CALLS}


def trials(command: str, calls: dict[str, int]) -> list[Trial]:
    """Every fault that a command can meet."""
    return [
        Trial(command, call, number, fault)
        for call, count in calls.items()
        for number in range(1, count + 1)
        for fault in FAULTS
        if call != SPOKEN or fault == "kill"
    ]


def tried(pristine: Path, trial: Trial) -> list[str]:
    """Let a command meet a fault, then ask; what is wrong, in sentences."""
    with tempfile.TemporaryDirectory() as place:
        house = _copied(pristine, Path(place))
        before = _leaves(house)
        inject = f"inject={trial.call}:{FAULTS[trial.fault]}:when={trial.number}"
        done = _typed(house, trial.command, "-e", f"trace={trial.call}", "-e", inject, "-o", os.devnull)
        wrong = []
        if trial.fault != "kill" and done.returncode in (1, 70):
            wrong.append(f"ends with {done.returncode}: {done.stderr.strip()[-300:]}")
        return wrong + asked(house, trial.command, before | _acknowledged(done.stdout))


def asked(house: House, command: str, leaves: set[str]) -> list[str]:
    """What is wrong with a ledger after a fault: it is whole, has these leaves, and goes on."""
    wrong = _whole(house, leaves, "after the fault", MAY_BE_CUT.get(command, "\0"))
    again = house.run(*words_of(command, house))
    if again.exit_code and MAY_BE_DONE.get(command, "\0") not in again.output:
        wrong.append(f"repeated, it ends with {again.exit_code}: {again.output.strip()[-300:]}")
    more = house.run("record", "party-registered", *registered("XN"))
    if more.exit_code:
        wrong.append(f"the next command ends with {more.exit_code}: {more.output.strip()[-300:]}")
    return wrong + _whole(house, leaves, "in the end")


def _whole(house: House, leaves: set[str], when: str, cut: str = "\0") -> list[str]:
    found = house.run("fsck")
    lost = leaves - _leaves(house)
    bad = found.exit_code and not (found.exit_code == Exit.FINDINGS and cut in found.output)
    wrong = [f"{when}, fsck ends with {found.exit_code}: {found.output.strip()[-300:]}"] if bad else []
    return [*wrong, *([f"{when}, {len(lost)} acknowledged entries are lost"] if lost else [])]


def _leaves(house: House) -> set[str]:
    return {row["leaf"] for row in house.told("log", "-n", "1000000")["log"]}


def _acknowledged(answer: str) -> set[str]:
    """The leaves of an answer in JSON; none of one that never came."""
    try:
        told = json.loads(answer)
    except ValueError:
        return set()
    return {told["leaf"]} if isinstance(told, dict) and "leaf" in told else set()


def _copied(pristine: Path, place: Path) -> House:
    shutil.copytree(pristine, place / "house")
    return House(place / "house")


def _typed(house: House, command: str, *strace: str) -> subprocess.CompletedProcess[str]:
    told = {**os.environ, **house.env, "COMITY_LEDGER": str(house.ledger), "COMITY_PERSON": "Ilves"}
    line = ["strace", "-f", "-qq", *strace, *PROGRAM, *words_of(command, house), *FORM.get(command, ("--json",))]
    return subprocess.run(
        line, cwd=ROOT, env=told, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
