"""A command that has another process sign: that process, and the socket to it, meet the fault."""

from __future__ import annotations

import shutil
import signal
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.faults.commands import COMMANDS, does, put, with_second_key
from tests.faults.commands import pristine as commanded
from tests.faults.folder import PendingBatch, acknowledged, asked, copied, environment, leaves, unclear
from tests.faults.strike import Ended, Process, counted, counting, fault
from tests.support.cli import House

DISK = ("pwrite64", "fsync", "fdatasync", "unlink", "ftruncate")
SOCKET = ("accept4", "recvfrom", "sendto", "connect", "socket", "bind", "listen")
SPOKEN = "write"
NAMES = {  # what waits for the signature; who meets the fault
    "record, signer": ("record", True),
    "record, caller": ("record", False),
    "checkpoint, signer": ("checkpoint", True),
    "checkpoint, caller": ("checkpoint", False),
    "import, caller": ("import", False),
    "receipts, signer": ("export receipts", True),
    "receipts, caller": ("export receipts", False),
    "record by two keys, signer": ("record", True),
    "record by two keys, caller": ("record", False),
    "use --move": ("use", False),
}


class Done(NamedTuple):
    """How the command ended, and how the process that signs for it."""

    caller: Ended
    signer: Ended | None


def lacks() -> str:
    """Return what is missing, as in `folder`."""
    return ""


def names() -> list[str]:
    """Return the commands, as in `folder`."""
    return list(NAMES)


def trials(name: str) -> list[PendingBatch]:
    """Return the faults, as in `folder`."""
    with tempfile.TemporaryDirectory() as place:
        house, trace = _copied(name, Path(place)), Path(place) / "trace"
        done = _done(house, name, *counting((*DISK, *SOCKET, SPOKEN, "rename"), trace))
        if done.caller.code:
            raise RuntimeError(f"{name}: {done.caller.stderr}")
        calls = counted((*DISK, *SOCKET, SPOKEN, "rename"), trace)
    return [
        PendingBatch(name, call, number, kind)
        for call, count in calls.items()
        for number in range(1, count + 1)
        for kind in ("kill", *(() if call == SPOKEN else ("ECONNRESET",) if call in SOCKET else ("EIO", "ENOSPC")))
    ]


def tried(trial: PendingBatch) -> list[str]:
    """Try one fault, as in `folder`."""
    command, far = NAMES[trial.command]
    with tempfile.TemporaryDirectory() as place:
        house = _copied(trial.command, Path(place))
        with Serving(house):
            before = leaves(house)
        done = _done(house, trial.command, *fault(trial.call, trial.number, trial.fault))
        wrong = unclear(done.caller, killed=trial.fault == "kill" and not far)
        if done.signer is not None:
            wrong += unclear(done.signer, killed=trial.fault == "kill")
        if command == "use":
            again = house.run(*put(house, USE))
            wrong += [f"repeated, it ends with {again.exit_code}: {again.output[-300:]}"] * bool(again.exit_code)
        with Serving(house) as signer:
            known = COMMANDS["checkpoint"] if command == "use" else COMMANDS[command]
            wrong += asked(house, known, before, acknowledged(done.caller.stdout))
            if not signer.lives():
                wrong.append("the process that signs does not live on")
        return wrong


USE = ("signer", "use", "HOUSE/s", "--move", "HOUSE/signing")


@cache
def pristine(name: str) -> Path:
    """Return a ledger whose guard and keys have been moved away; not yet where that is what is tried."""
    house = House(Path(shutil.copytree(commanded("record"), Path(tempfile.mkdtemp()) / "house")))
    if "two keys" in name:
        with_second_key(house)
    if NAMES[name][0] != "use":
        does(house, *USE)
    return house.folder


def _copied(name: str, place: Path) -> House:
    house = copied(pristine(name), place)
    if NAMES[name][0] != "use":
        does(house, "signer", "use", "HOUSE/s")
    return house


class Serving:
    """The process that signs, where its files have been moved; it ends with the block."""

    def __init__(self, house: House, *trace: str) -> None:
        words = ("signer", "serve", "HOUSE/signing", "--socket", "HOUSE/s")
        self._process = Process(put(house, words), environment(house), *trace)
        self.ended: Ended | None = None

    def __enter__(self) -> Process:
        self._process.said("signing for ")
        return self._process

    def __exit__(self, *_: object) -> None:
        self._process.send(signal.SIGTERM)
        self.ended = self._process.ended()


def _done(house: House, name: str, *trace: str) -> Done:
    """Run what is tried, under strace, from the beginning to the end of the process that meets the fault."""
    command, far = NAMES[name]
    if command == "use":
        return Done(Process(put(house, USE), environment(house), *trace).ended(), None)
    known = COMMANDS[command]
    with (serving := Serving(house, *(trace if far else ()))):
        words = (*put(house, known.words), *known.form)
        caller = Process(words, environment(house), *(() if far else trace)).ended()
    return Done(caller, serving.ended)
