"""`comity log move-guard`: keep the guard of a log at another place, which several machines may share."""

from __future__ import annotations

from pathlib import Path

import click

from cli.click_extensions import command
from cli.commands.log_key import STATE
from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.guard.guard_place import GUARD_DB, Place, shared_place
from ledger.adapters.guard.move_guard import use_guard
from ledger.adapters.log.remote_signer import POINTER


class MoveGuardAnswer(CommandAnswer, tag="comity.move-guard/1"):
    """Where the guard of a log is from now on, where it was (none on a machine that joins), and its last head."""

    origin: str
    guard: str
    before: str | None
    size: int
    root: str


@command(
    "comity log move-guard etcd://one.example:2379,two.example:2379,three.example:2379",
    "comity log move-guard postgresql://clerk@guard.example/guards",
    "comity log move-guard file             (back into the state folder of this machine)",
)
@click.argument("to", metavar="ADDRESS|file")
@STATE
def move_guard(to: str, state: str | None) -> None:
    """Keep the guard of this log at ADDRESS from now on; at the place where it was, nothing is signed any more.

    On another machine, which has a copy of the log's key and no guard, it uses the guard at ADDRESS. Repeated, it
    finishes what was interrupted. A guard is never put back from a copy: comity log remake-guard asks the witnesses.
    """
    path = Path(ledger_choice.ledger_folder())
    origin = read_folder(path).origin
    own = Home.of(path).log(origin)
    folder = Path(state) if state else own
    if state is None and (own / POINTER).exists():
        hint = "--state DIR names its folder; stop the process first, and start it again afterwards"
        raise Stop("another process holds the guard of this log", hint=hint, code=Exit.REFUSED)
    place: Place = folder / GUARD_DB if to == "file" else shared_place(to, origin)
    before, signed = use_guard(folder, place)
    answer = MoveGuardAnswer(
        origin, str(place), None if before is None else str(before), signed.size, signed.root.hex()
    )
    says = f"guard of {origin} at {signed.size} entries: {place}"
    output.emit(answer, ("origin", "guard", "size"), [answer], text=lambda: says)
