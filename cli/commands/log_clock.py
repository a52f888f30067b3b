"""`comity log clock`: go on at the true time, after a head was signed by a clock that was ahead."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.invocation import said
from cli.session import ledger_choice
from cli.session.clock_check import doubted, times_given
from cli.session.ledger_reader import reading
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time
from ledger.adapters import system_clock
from ledger.adapters.folders.ledger_folder import Folder, read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.guard.guard_place import place_in
from ledger.adapters.guard.sign_once_guard import LATENESS, Guard
from ledger.adapters.guard.signed_state import Signed
from ledger.adapters.keys import mldsa
from ledger.adapters.log.remote_signer import POINTER
from ledger.entries.case import DRIFT, wire
from ledger.entries.envelope import open_
from ledger.errors import LedgerError
from ledger.tlog.note import open_checkpoint

if TYPE_CHECKING:
    from ledger.adapters.witness.client import WitnessResult
    from ledger.application.journal import Journal


class ClockAnswer(CommandAnswer, tag="comity.clock/1"):
    """The time at which a log goes on, by whose word; `later` are the positions of entries signed later than now."""

    origin: str
    size: int
    signed_at: Time
    now: Time
    by: str
    later: list[int]


@command("comity log clock", "comity log clock --clock-is-right")
def set_back() -> Exit:
    """Go on at the true time, after the log signed a head by a clock that was ahead (CLOCK-BACK).

    The witnesses of the policy, or a time-stamp authority, say what time it is; where none can, --clock-is-right does.
    What was signed stays as it is; the guard notes the other time. Entries that state a later signature than now are
    listed: correct them with `--replaces` and `--why`.
    """
    path = Path(ledger_choice.ledger_folder())
    folder, home = read_folder(path), Home.of(path)
    state = home.log(folder.origin)
    if (state / POINTER).exists():
        hint = "start it again with --clock-is-right: comity signer serve DIR --socket PATH --clock-is-right"
        raise Stop("another process holds the guard of this log", hint=hint, code=Exit.REFUSED)
    now = ledger_choice.now(str(path))
    with closing(Guard(place_in(state))) as guard:
        last = guard.last()
        if now >= last.at - LATENESS:
            output.tell(f"the last head was signed at {output.plain(last.at)}: nothing is to be set back")
            return Exit.DONE
        by = _says_so(folder, home, last, now)
        if not guard.set_back(last, now):
            raise Stop("something was signed meanwhile", hint="try again", code=Exit.REFUSED)
    later = _signed_later(path, now)
    answer = ClockAnswer(folder.origin, last.size, last.at, now, by, later)
    dated = f"its head of {last.size} entries is dated {output.plain(last.at)}"
    says = f"{folder.origin} goes on at {output.plain(now)}, by {by}; {dated}"
    output.emit(answer, ("origin", "size", "signed_at", "now", "by"), [answer], text=lambda: says)
    if later:
        entries = output.counted(len(later), "entry says that it was", "entries say that they were")
        output.tell(f"{entries} signed later than now: log index {', '.join(map(str, later[:20]))}")
        output.tell("record each again with its true date, --replaces and --why; both stay")
    return Exit.DONE


def _says_so(folder: Folder, home: Home, last: Signed, now: datetime) -> str:
    """Return who confirms the clock: a quorum of witnesses, a time-stamp authority, or --clock-is-right.

    Raises `LedgerError` CLOCK-BACK if no one does, CLOCK-AHEAD if one of them contradicts.
    """
    from ledger.application.journal import Journal

    with Journal.open(folder.path, home, writable=False, now=lambda: now) as journal:
        answers = _asked(journal, last, now)
    stamped = _stamped(folder, last, now)
    policy = folder.policy
    doubted(system_clock.away(now, times_given(answers), policy.faults() or 0))
    near = [a for a in answers if any(abs(now - at) <= system_clock.AWAY for _, at in times_given([a]))]
    if policy.quorum != "none" and policy.met({name for a in near for name in a.names}):
        return "a quorum of witnesses"
    if stamped:
        return f"time-stamp authority {stamped[0]}"
    if not said().clock_is_right:
        says = (
            "no quorum of witnesses and no time-stamp authority says what time it is; "
            f"the clock says {output.plain(now)}"
        )
        raise LedgerError("CLOCK-BACK", says, system_clock.HINT)
    return "--clock-is-right"


def _asked(journal: Journal, last: Signed, now: datetime) -> list[WitnessResult]:
    """Return the answers of the policy's witnesses to the newest signed head."""
    from ledger.adapters.witness.client import ask_witnesses

    policy, log = journal.folder.policy, journal.log
    if not any(key in policy.urls for key in policy.witnesses.values()):
        return []
    head = open_checkpoint(last.note, log.origin, log.key, (), mldsa=mldsa.verify)
    answers = ask_witnesses(policy, log.key, head, log.consistency, now=int(now.timestamp()))
    for answer in answers:
        if answer.fault:
            output.tell(f"{', '.join(answer.names)}: {answer.fault}")
    return answers


def _stamped(folder: Folder, last: Signed, now: datetime) -> list[str]:
    """Return the names of the time-stamp authorities that stamp the newest head now; CLOCK-AHEAD if one contradicts."""
    from ledger.adapters.timestamps.rfc3161 import authorities, need, obtain, trusted

    tsa, names = folder.path / "trust" / "tsa", []
    for name, url in authorities(tsa).items():
        try:
            need()
            obtain(url, last.note, trusted(tsa), now)
        except LedgerError as fault:
            if fault.code == "CLOCK-AHEAD":
                doubted(fault)
            else:
                output.tell(f"{name}: {fault}")
        else:
            names.append(name)
    return names


def _signed_later(path: Path, now: datetime) -> list[int]:
    """Return the log index of every entry that states a signing time after `now`."""
    end = wire(now + DRIFT)
    with reading(path) as reader:
        entries = ((index, open_(raw, verify=False)) for page in reader.store.pages() for index, raw in page)
        return [index for index, opened in entries if opened.payload.signed_at > end]
