"""A clock that is wrong, or jumps between two readings of it by one command.

The n-th fault is at the n-th reading: from there on the clock is hours behind or years ahead, or it is so for
that one reading alone. At the first reading it is wrong for the whole command. Afterwards it is right again. A
log that was signed by a clock ahead goes on in the documented way: `comity log clock`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults.commands import COMMANDS, pristine, put
from tests.faults.folder import PendingBatch, acknowledged, asked, copied, environment, leaves, unclear
from tests.faults.strike import Ended, Process
from tests.support.cli import House

FAULTS = {
    "behind": (timedelta(hours=-2), False),
    "ahead": (timedelta(days=1000), False),
    "behind once": (timedelta(hours=-2), True),
    "ahead once": (timedelta(days=1000), True),
    "a second behind": (timedelta(seconds=-1), False),
}
SIGNING = (  # the commands that sign or keep a time
    *("record", "issue", "sealed", "import", "receive", "counterparty add", "reveal", "report", "erase", "key enrol"),
    *(
        "key rotate",
        "key revoke",
        "rotate-log",
        "add-log",
        "checkpoint",
        "publish",
        "export",
        "init",
        "succeed",
        "log clock",
    ),
    *("remake-guard", "trust new", "witness add", "witness pull", "witness take", "monitor", "backup", "restore"),
)
READING = "reading"  # what a reading of the clock is called among the calls


def lacks() -> str:
    """Return what is missing, as in `folder`."""
    return ""


def names() -> list[str]:
    """Return the commands, as in `folder`."""
    return list(SIGNING)


def trials(command: str) -> list[PendingBatch]:
    """Return the faults, as in `folder`."""
    with tempfile.TemporaryDirectory() as place:
        house, file = copied(pristine(command), Path(place)), Path(place) / "readings"
        done = _typed(house, command, partial(shift, lambda number: _told(file, number)))
        if done.code not in (0, 3):
            raise RuntimeError(f"{command}: {done.code} {done.stderr}")
        readings = int(file.read_text()) if file.exists() else 0
    return [PendingBatch(command, READING, number, kind) for number in range(1, readings + 1) for kind in FAULTS]


def tried(trial: PendingBatch) -> list[str]:
    """Try one fault, as in `folder`."""
    by, once = FAULTS[trial.fault]

    def wrong_by(number: int) -> timedelta:
        return by if number == trial.number or (number > trial.number and not once) else timedelta(0)

    with tempfile.TemporaryDirectory() as place:
        house = copied(pristine(trial.command), Path(place))
        before = leaves(house)
        done = _typed(house, trial.command, partial(shift, wrong_by))
        recorded = acknowledged(done.stdout)
        for ledger in {"ledger", COMMANDS[trial.command].goes_on}:
            house.ledger = house.folder / ledger
            if (house.ledger / "trust" / "policy").exists():
                house.run("log", "clock", "--clock-is-right")
        house.ledger = house.folder / "ledger"
        return unclear(done, killed=False) + asked(house, COMMANDS[trial.command], before, recorded)


def _told(file: Path, number: int) -> timedelta:
    file.write_text(str(number))
    return timedelta(0)


def _typed(house: House, command: str, first: Callable[[], None]) -> Ended:
    known = COMMANDS[command]
    return Process((*put(house, known.words), *known.form), environment(house), first=first).ended()


def shift(by: Callable[[int], timedelta]) -> None:
    """Shift every reading of the clock by this program by the error of its number, from 1 on."""
    true, count = datetime, [0]

    class OfThis(type):
        def __instancecheck__(cls, thing: object) -> bool:
            return isinstance(thing, true)

    class Shifted(true, metaclass=OfThis):  # type: ignore[misc, valid-type]
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            count[0] += 1
            return true.now(tz) + by(count[0])

    import cli.app  # noqa: F401 -- a module that is imported later is not reached

    for name, module in list(sys.modules.items()):
        if name.startswith(("cli.", "ledger.")) and vars(module).get("datetime") is true:
            vars(module)["datetime"] = Shifted
