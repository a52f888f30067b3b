"""The clock of this machine, doubted before anything is written by it; and the way on after one was ahead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.exit_codes import Exit, Stop
from cli.terminal import output
from ledger.adapters import system_clock
from ledger.adapters.folders.ledger_folder import Folder, read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.errors import LedgerFault

if TYPE_CHECKING:
    from ledger.adapters.log.sign_once_guard import Signed
    from ledger.adapters.witness.client import Asked
    from ledger.application.journal import Journal


def doubted(fault: LedgerFault | None) -> None:
    """Raise a doubt about the clock; with --clock-is-right say that it is gone against."""
    if fault is None:
        return
    if not output.said().clock_is_right:
        raise fault
    output.tell(f"{fault.code}: {fault.says.removesuffix('; nothing was signed')}; --clock-is-right was given")


def simulated(folder: Folder) -> bool:
    """True for the ledger of a story, which has a clock of its own."""
    return folder.test and "clock" in output.story_of(str(folder.path))


def check_clock(folder: Folder, home: Home) -> None:
    """Doubt the clock if it is 31 days ahead of the newest head: CLOCK-AHEAD. Before anything is signed by it."""
    if simulated(folder):
        return
    newest = _newest(folder, home)
    if newest is not None:
        doubted(system_clock.ahead(output.now(str(folder.path)), newest))


def _newest(folder: Folder, home: Home) -> datetime | None:
    """The time of the newest head: the guard's, else of the newest that was kept. What else is wrong is said later."""
    from ledger.adapters.log.checkpoints import Heads
    from ledger.adapters.log.signer_process import signatory

    try:
        with closing(signatory(folder.keys, home.log(folder.origin))) as hand:
            return hand.last().at
    except LedgerFault:
        if not folder.heads.exists():
            return None
    with closing(Heads(folder.heads, writable=False)) as heads:
        kept = heads.newest()
    return kept.at if kept else None


def check_heard(journal: Journal, asked: Sequence[Asked]) -> None:
    """Doubt the clock if it is ten minutes away from what witnesses say: CLOCK-AHEAD, before their lines are kept."""
    if not simulated(journal.folder):
        doubted(system_clock.away(journal.now(), _given(asked), journal.folder.policy.faults() or 0))


def _given(asked: Sequence[Asked]) -> Iterator[tuple[str, datetime]]:
    """One time of each witness that gave one."""
    for answer in asked:
        if answer.times:
            yield (
                f"witness {', '.join(answer.names)}",
                datetime.fromtimestamp(min(max(answer.times), 253_402_300_799), UTC),
            )


# -- the way on ------------------------------------------------------------------------------------------------------


@output.command("comity log clock", "comity log clock --clock-is-right")
def set_back() -> Exit:
    """Go on at the true time, after the log signed a head by a clock that was ahead (CLOCK-BACK).

    The witnesses of the policy, or a time-stamp authority, say what time it is; where none can, --clock-is-right does.
    What was signed stays as it is; only the guard notes another time beside it. Entries that say they were signed later
    than now are listed: put them right with `--replaces` and `--why`.
    """
    from ledger.adapters.log.sign_once_guard import LATENESS, Guard
    from ledger.adapters.log.signer_process import POINTER

    path = Path(output.ledger_folder())
    folder, home = read_folder(path), Home.of(path)
    state = home.log(folder.origin)
    if (state / POINTER).exists():
        hint = "start it again with --clock-is-right: comity signer serve DIR --socket PATH --clock-is-right"
        raise Stop("another process holds the guard of this log", hint=hint, code=Exit.REFUSED)
    now = output.now(str(path))
    with closing(Guard(state / "guard.db")) as guard:
        last = guard.last()
        if now >= last.at - LATENESS:
            output.tell(f"the last head was signed at {output.plain(last.at)}: nothing is to be set back")
            return Exit.DONE
        by = _says_so(folder, home, last, now)
        if not guard.set_back(last, now):
            raise Stop("something was signed meanwhile", hint="try again", code=Exit.REFUSED)
    later = _signed_later(path, now)
    columns = ("origin", "size", "signed_at", "now", "by")
    row = (folder.origin, last.size, last.at, now, by)
    dated = f"its head of {last.size} entries is dated {output.plain(last.at)}"
    says = f"{folder.origin} goes on at {output.plain(now)}, by {by}; {dated}"
    document = {**dict(zip(columns, row, strict=True)), "later": later}
    output.emit("clock", document, columns, [row], text=lambda: says)
    if later:
        told = output.counted(len(later), "entry says that it was", "entries say that they were")
        output.tell(f"{told} signed later than now: log index {', '.join(map(str, later[:20]))}")
        output.tell("record each again with its true date, --replaces and --why; both stay")
    return Exit.DONE


def _says_so(folder: Folder, home: Home, last: Signed, now: datetime) -> str:
    """Who says that the clock is right: a quorum of witnesses, a time-stamp authority, or the person who runs this."""
    from ledger.application.journal import Journal

    with Journal.open(folder.path, home, writable=False, now=lambda: now) as journal:
        asked = _asked(journal, last, now)
    stamped = _stamped(folder, last, now)
    policy = folder.policy
    doubted(system_clock.away(now, _given(asked), policy.faults() or 0))
    near = [a for a in asked if any(abs(now - at) <= system_clock.AWAY for _, at in _given([a]))]
    if policy.quorum != "none" and policy.met({name for a in near for name in a.names}):
        return "a quorum of witnesses"
    if stamped:
        return f"time-stamp authority {stamped[0]}"
    if not output.said().clock_is_right:
        says = (
            "no quorum of witnesses and no time-stamp authority says what time it is; "
            f"the clock says {output.plain(now)}"
        )
        raise LedgerFault("CLOCK-BACK", says, system_clock.HINT)
    return "--clock-is-right"


def _asked(journal: Journal, last: Signed, now: datetime) -> list[Asked]:
    """What the witnesses of the policy say to the head that was signed last."""
    from ledger.adapters.keys import mldsa
    from ledger.adapters.witness.client import ask_witnesses
    from ledger.tlog.note import open_checkpoint

    policy, log = journal.folder.policy, journal.log
    if not any(key in policy.urls for key in policy.witnesses.values()):
        return []
    head = open_checkpoint(last.note, log.origin, log.key, (), mldsa=mldsa.verify)
    asked = ask_witnesses(policy, log.key, head, log.consistency, now=int(now.timestamp()))
    for answer in asked:
        if answer.fault:
            output.tell(f"{', '.join(answer.names)}: {answer.fault}")
    return asked


def _stamped(folder: Folder, last: Signed, now: datetime) -> list[str]:
    """The time-stamp authorities that stamp the last head now, by name; CLOCK-AHEAD if one gives another time."""
    from ledger.adapters.timestamps.rfc3161 import authorities, need, obtain, trusted

    tsa, found = folder.path / "trust" / "tsa", []
    for name, url in authorities(tsa).items():
        try:
            need()
            obtain(url, last.note, trusted(tsa), now)
        except LedgerFault as fault:
            if fault.code == "CLOCK-AHEAD":
                doubted(fault)
            else:
                output.tell(f"{name}: {fault}")
        else:
            found.append(name)
    return found


def _signed_later(path: Path, now: datetime) -> list[int]:
    """The entries that say they were signed later than now, by log index."""
    from cli.session.ledger_reader import reading
    from ledger.entries.case import DRIFT, wire
    from ledger.entries.envelope import open_

    end = wire(now + DRIFT)
    with reading(path) as reader:
        entries = ((index, open_(raw, verify=False)) for page in reader.store.pages() for index, raw in page)
        return [index for index, opened in entries if opened.payload.signed_at > end]
