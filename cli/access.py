"""Who opens sealed values says why, and that is itself an entry: the access order takes it before anything is shown.

LED art. 25(1) and 2AP art. 14(8) want the justification, the date and the person of every consultation and disclosure;
LED art. 25(2) lets that log serve nothing but lawfulness, self-monitoring, integrity and criminal proceedings, so only
the data protection officer's views read it (tests/test_access.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from cli import ui
from cli.exits import Stop
from ledger.world.fault import LedgerFault

if TYPE_CHECKING:
    from ledger.bundle import Contents
    from ledger.world.journal import Journal

REVEAL = click.option("--reveal", is_flag=True, help="Open sealed values; recorded, with the reason.")
BECAUSE = click.option("--because", metavar="TEXT", help="Why they are opened.")
AS_ACTOR = click.option("--as", "actor", metavar="ACTOR", help="Who opens them.")


def revealed(orders: Iterable[str], view: str, reveal: bool, because: str | None, actor: str | None) -> None:
    """Record that somebody opens sealed values of these orders, before they are shown; `view` as in the vocabulary.

    Nothing without `reveal`. Raises `Stop` without a reason or a person, or if that person has no key here, `Refused`
    if it may not sign; a ledger that cannot be written reveals nothing.
    """
    if not reveal:
        if because:
            raise Stop("--because without --reveal: nothing is opened", hint="--reveal --because TEXT --as ACTOR")
        return
    if not because or not because.strip() or not actor:
        raise Stop("--reveal needs a reason and a person", hint="--reveal --because TEXT --as ACTOR")
    from cli.writing import writing

    with writing() as journal:
        note(journal, orders, view, because, actor)


def note(
    journal: Journal,
    orders: Iterable[str],
    view: str,
    because: str,
    actor: str | None,
    *,
    purpose: str = "investigation",
    role: str | None = None,
    key_file: str | None = None,
) -> None:
    """Record `record-accessed`, signed by `actor` in `role`, else in the first role of the office that may."""
    from cli.writing import hand
    from ledger.facts import KINDS

    office = journal.keyring.offices.get(actor) if actor else None
    held = office.roles if office else ()
    fitting = role or next((r for r in held if r in KINDS["record-accessed"].signers), next(iter(held), None))
    signer = hand(journal, "record-accessed", actor, fitting, key_file)
    journal.note_access(list(dict.fromkeys(orders)), signer, view=view, purpose=purpose, because=because)


def handing_over(
    journal: Journal,
    contents: Contents,
    because: str | None,
    actor: str | None,
    role: str | None = None,
    key_file: str | None = None,
) -> None:
    """Record that a bundle opens sealed values to its audience, before it is written; why, or at least what for.

    A copy without its guard can record nothing any more and may still be handed over; whoever does so is told.
    """
    from cli.gather import PURPOSES
    from ledger.envelope import open_
    from ledger.facts.vocabulary import ROLES

    if because is not None and not because.strip():
        raise Stop("--because is empty", hint="say why the values are handed over, or leave it out")
    about = contents.about
    opened = {
        open_(raw, verify=False).payload.order for index, raw, _ in contents.entries if index in contents.disclosures
    }
    mains = {journal.drawer.main_of(order) or order for order in opened} if journal.drawer else opened
    orders = [about.order, *sorted(mains - {about.order, journal.registry})]
    why = f"bundle for {about.audience} ({ROLES[about.audience]}): {because or about.purpose}"
    purpose = PURPOSES.get(about.audience, "investigation")
    try:
        note(journal, orders, "export", why, actor, purpose=purpose, role=role, key_file=key_file)
    except LedgerFault as fault:
        if fault.code != "GUARD-MISSING":
            raise
        ui.tell("this copy can record nothing any more, so who was given these values has to be noted elsewhere")
