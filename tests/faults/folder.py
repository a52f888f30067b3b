"""One fault: its place, and what has to hold afterwards."""

from __future__ import annotations

import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

from cli.exit_codes import Exit
from tests.faults.commands import COMMANDS, NEXT, Command, pristine, put
from tests.faults.strike import ASKED_TO_END, HANGS, Ended, Process, counted, counting, fault
from tests.support.cli import House

CALLS = ("pwrite64", "write", "fsync", "fdatasync", "rename", "link", "unlink", "ftruncate", "mkdir")
SPOKEN = "write"  # the process's own streams too, so it is only killed there
SMALLEST = 0.9  # of the bytes that a file has in a whole run: it may tell of other times


class PendingBatch(NamedTuple):
    """A command that meets a fault at the `number`-th of its calls of this name."""

    command: str
    call: str
    number: int
    fault: str
    part: str = ""


def lacks() -> str:
    """Return what is missing on this machine to try anything; empty if nothing is."""
    return ""


def names() -> list[str]:
    """Return the commands that are tried here."""
    return list(COMMANDS)


def trials(command: str) -> list[PendingBatch]:
    """Return every fault that a command can meet."""
    with tempfile.TemporaryDirectory() as place:
        house, trace = copied(pristine(command), Path(place)), Path(place) / "trace"
        done = typed(house, command, *counting(CALLS, trace))
        if done.code not in (Exit.DONE, Exit.FINDINGS):
            raise RuntimeError(f"{command}: {done.code} {done.stderr}")
        calls = counted(CALLS, trace)
    return [
        PendingBatch(command, call, number, kind)
        for call, count in calls.items()
        for number in range(1, count + 1)
        for kind in kinds_of(call)
    ]


def kinds_of(call: str) -> tuple[str, ...]:
    """Return what can happen at a call to the disk; a full one stays full where data are written."""
    return ("kill",) if call == SPOKEN else ("kill", "EIO", "ENOSPC", *(("full",) if call == "pwrite64" else ()))


def tried(trial: PendingBatch) -> list[str]:
    """Let a command meet a fault, then check; return what is wrong, in sentences."""
    with tempfile.TemporaryDirectory() as place:
        house = copied(pristine(trial.command), Path(place))
        before = leaves(house)
        done = typed(house, trial.command, *fault(trial.call, trial.number, trial.fault))
        return unclear(done, killed=trial.fault == "kill") + asked(
            house, COMMANDS[trial.command], before, acknowledged(done.stdout)
        )


def unclear(done: Ended, *, killed: bool) -> list[str]:
    """Return what is wrong with the end of a command that met a fault: it hangs, or has another code than its kind."""
    bad = done.code in (Exit.PROVED_BAD, Exit.UNFORESEEN) or (done.code < 0 and done.code != ASKED_TO_END)
    wrong = done.code == HANGS or (not killed and bad)
    return [f"ends with {done.code}: {done.stderr.strip()[-300:]}"] if wrong else []


def asked(house: House, command: Command, before: set[str], recorded: set[str]) -> list[str]:
    """Return what is wrong with a ledger after a fault: it is whole, has the old and the new leaves, and goes on."""
    moved = command.goes_on != "ledger"
    wrong = whole(house, before if moved else before | recorded, "after the fault", command.cut)
    again = house.run(*put(house, command.words), *command.form)
    if again.exit_code and command.done not in again.output and again.exit_code != Exit.FINDINGS:
        wrong.append(f"repeated, it ends with {again.exit_code}: {again.output.strip()[-300:]}")
    if command.made:
        wrong += _lacking(house, command)
    house.ledger = house.folder / command.goes_on
    if not (house.ledger / "trust" / "policy").exists():
        return [*wrong, f"there is no ledger in {command.goes_on}"]
    wrong += [f"no {kind} in the end" for kind in command.holds if kind not in kinds(house)]
    return wrong + goes_on(house, (set() if moved else before) | recorded)


def goes_on(house: House, before: set[str]) -> list[str]:
    """Return what is wrong with a ledger in the end: the next command works, and nothing is lost."""
    more = house.run(*NEXT, "--as", "registrar")
    wrong = [f"the next command ends with {more.exit_code}: {more.output.strip()[-300:]}"] if more.exit_code else []
    return wrong + whole(house, before, "in the end", "LOG-UNREACHABLE")


def whole(house: House, before: set[str], when: str, cut: str = "\0") -> list[str]:
    """Return what `fsck` and the log say that should not be so."""
    found = house.run("fsck")
    lost = before - leaves(house)
    bad = found.exit_code and not (found.exit_code in (Exit.FINDINGS, Exit.UNDECIDABLE) and cut in found.output)
    wrong = [f"{when}, fsck ends with {found.exit_code}: {found.output.strip()[-300:]}"] if bad else []
    return [*wrong, *([f"{when}, {len(lost)} acknowledged entries are lost"] if lost else [])]


def _lacking(house: House, command: Command) -> list[str]:
    """Return what is missing of the files that a command makes."""
    here = _sizes(house.folder / command.made)
    short = [name for name, size in _made(command).items() if here.get(name, 0) < SMALLEST * size]
    left = [name for name in here if name not in _made(command)]
    return [f"{', '.join(short)} not whole in the end"] * bool(short) + [f"{', '.join(left)} left behind"] * bool(left)


@cache
def _made(command: Command) -> dict[str, int]:
    """Return the files that a command makes, and how large they are, by a whole run."""
    name = next(name for name, known in COMMANDS.items() if known == command)
    with tempfile.TemporaryDirectory() as place:
        house = copied(pristine(name), Path(place))
        done = house.run(*put(house, command.words))
        assert done.exit_code in (0, Exit.FINDINGS), done.output
        return _sizes(house.folder / command.made) if command.made else {}


def _sizes(place: Path) -> dict[str, int]:
    files = [place] if place.is_file() else [file for file in place.rglob("*") if file.is_file()]
    return {str(file.relative_to(place.parent)): file.stat().st_size for file in files if not _of_sqlite(file)}


def _of_sqlite(file: Path) -> bool:
    return file.name.endswith(("-wal", "-shm"))


def kinds(house: House) -> set[str]:
    """Return the kinds of all entries."""
    return {row["kind"] for row in house.reply("log", "-n", "1000000")["log"]}


def leaves(house: House) -> set[str]:
    """Return the leaves of every entry."""
    return {row["leaf"] for row in house.reply("log", "-n", "1000000")["log"]}


def acknowledged(answer: str) -> set[str]:
    """Return the leaves of an answer in JSON; none of one that never came."""
    try:
        recorded = json.loads(answer)
    except ValueError:
        return set()
    return {recorded["leaf"]} if isinstance(recorded, dict) and "leaf" in recorded else set()


def copied(folder: Path, place: Path) -> House:
    """Return a house with a copy of everything in it."""
    shutil.copytree(folder, place / "house")
    return House(place / "house")


def environment(house: House) -> dict[str, str]:
    """Return the environment of a process that works in a house."""
    return {**house.env, "COMITY_LEDGER": str(house.ledger), "COMITY_PERSON": "Dina Ilves"}


def warm(command: str) -> None:
    """Import what a command imports, so that no process that is forked has to."""
    _made(COMMANDS[command])


def typed(house: House, command: str, *trace: str) -> Ended:
    """Run a command as a separate process, under strace."""
    known = COMMANDS[command]
    warm(command)
    return Process((*put(house, known.words), *known.form), environment(house), *trace).ended()
