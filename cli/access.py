"""Who opens sealed values says why, and that is itself an entry: the access order takes it before anything is shown."""

from __future__ import annotations

from pathlib import Path

from cli import ui
from cli.exits import Exit, Stop
from ledger.order import Case
from ledger.world.home import Home
from ledger.world.journal import Journal
from ledger.world.keys import Key, listed, load

# Of the views of `record-accessed`, the one each command shows.
PURPOSE = "investigation"


def record_access(path: Path, case: Case, view: str, because: str, actor: str, purpose: str = PURPOSE) -> None:
    """Record `record-accessed` for one order; raises `Stop` if the actor has no key here, `Refused` if it may not sign.

    A ledger that cannot be written reveals nothing.
    """
    moment = ui.now(str(path))
    with Journal.open(path, now=lambda: moment) as journal:
        office = journal.keyring.offices.get(actor)
        if office is None:
            raise Stop(f"{actor} is not in the register", hint="`comity key list` shows who is", code=Exit.REFUSED)
        signer = journal.signer(actor, office.roles[0], key_of(journal, actor))
        journal.note_access([case.order], signer, view=view, purpose=purpose, because=because)


def key_of(journal: Journal, actor: str) -> Key:
    """The key file with which an actor signs: the one whose public key is in the register now."""
    held = {k.public for k in journal.keyring.current(actor)}
    home: Home = journal.home
    for name, public in listed(home.keys).items():
        if public.hex() in held:
            return load(home.keys / name)
    raise Stop(
        f"no key of {actor} here that may sign now",
        hint=f"--key FILE names it; {home.keys} was looked through",
        code=Exit.UNDECIDABLE,
    )
