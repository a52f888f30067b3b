"""Compare the clock of this machine with the newest head, the witnesses and the time stamps before writing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cli.invocation import said
from cli.session import ledger_choice
from cli.terminal import output
from ledger.adapters import system_clock
from ledger.adapters.folders.ledger_folder import Folder
from ledger.adapters.folders.user_folders import Home
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from ledger.adapters.witness.client import WitnessResult
    from ledger.application.journal import Journal


def doubted(fault: LedgerError | None) -> None:
    """Raise a doubt about the clock; with --clock-is-right report the doubt on stderr and continue."""
    if fault is None:
        return
    if not said().clock_is_right:
        raise fault
    output.tell(f"{fault.code}: {fault.says.removesuffix('; nothing was signed')}; --clock-is-right was given")


def simulated(folder: Folder) -> bool:
    """Return True for the ledger of a story, which has a simulated clock."""
    return folder.test and "clock" in ledger_choice.story_of(str(folder.path))


def check_clock(folder: Folder, home: Home) -> None:
    """Raise CLOCK-AHEAD if the clock is 31 days ahead of the newest head; call this before anything is signed."""
    if simulated(folder):
        return
    newest = _newest(folder, home)
    if newest is not None:
        doubted(system_clock.ahead(ledger_choice.now(str(folder.path)), newest))


def _newest(folder: Folder, home: Home) -> datetime | None:
    """Return the time of the newest head: from the guard, else from the kept heads; None if there is none.

    An error of the guard is not reported here: the caller meets it again when the ledger is opened.
    """
    from ledger.adapters.log.checkpoints import CheckpointStore
    from ledger.adapters.log.remote_signer import signatory

    try:
        with closing(signatory(folder.keys, home.log(folder.origin))) as hand:
            return hand.last().at
    except LedgerError:
        if not folder.has_heads:
            return None
    with closing(CheckpointStore(folder.heads, writable=False, moved=True)) as heads:
        head = heads.newest()
    return head.at if head else None


def check_heard(journal: Journal, asked: Sequence[WitnessResult]) -> None:
    """Raise CLOCK-AHEAD if the clock differs by ten minutes from the witnesses; call it before keeping their lines."""
    if not simulated(journal.folder):
        doubted(system_clock.away(journal.now(), times_given(asked), journal.folder.policy.faults() or 0))


def times_given(asked: Sequence[WitnessResult]) -> Iterator[tuple[str, datetime]]:
    """Yield (names, latest time in UTC) for each witness that answered with a time."""
    for answer in asked:
        if answer.times:
            yield (
                f"witness {', '.join(answer.names)}",
                datetime.fromtimestamp(min(max(answer.times), 253_402_300_799), UTC),
            )
