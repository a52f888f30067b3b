"""Who opens sealed values says why, and that is itself an entry: the access order takes it before anything is shown."""

from __future__ import annotations

from cli.writing import hand, writing
from ledger.order import Case


def record_access(case: Case, view: str, because: str, actor: str, purpose: str = "investigation") -> None:
    """Record `record-accessed` for one order, signed by `actor` in the first role it holds.

    Raises `Stop` if the actor has no key here, `Refused` if it may not sign; a ledger that cannot be written reveals
    nothing.
    """
    with writing() as journal:
        office = journal.keyring.offices.get(actor)
        role = office.roles[0] if office else None
        signer = hand(journal, "record-accessed", actor, role, None)
        journal.note_access([case.order], signer, view=view, purpose=purpose, because=because)
