"""Who opens sealed values says why, and that is itself an entry: the access order takes it before anything is shown.

LED art. 25(1) and 2AP art. 14(8) want the justification, the date and the person of every consultation and disclosure;
LED art. 25(2) lets that log serve nothing but lawfulness, self-monitoring, integrity and criminal proceedings, so only
the data protection officer's views read it (tests/test_access.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from cli.exits import Stop

if TYPE_CHECKING:
    from ledger.bundle import Contents
    from ledger.envelope import Signer
    from ledger.world.journal import Journal, Receipt

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
) -> None:
    """Record `record-accessed`, signed by `actor` in the first role of the office that may."""
    signer = opener(journal, actor)
    journal.note_access(list(dict.fromkeys(orders)), signer, view=view, purpose=purpose, because=because)


def opener(journal: Journal, actor: str | None, role: str | None = None, key_file: str | None = None) -> Signer:
    """Who signs `record-accessed`: `actor` in `role`, else in the first role of the office that may."""
    from cli.writing import hand
    from ledger.facts import KINDS

    office = journal.keyring.offices.get(actor) if actor else None
    held = office.roles if office else ()
    fitting = role or next((r for r in held if r in KINDS["record-accessed"].signers), next(iter(held), None))
    return hand(journal, "record-accessed", actor, fitting, key_file)


@dataclass(frozen=True, slots=True)
class Opening:
    """Sealed values of `orders` that are opened in order to make a bundle: `purpose` is a code, `because` says why."""

    orders: tuple[str, ...]
    purpose: str
    because: str

    def record(self, journal: Journal, signer: Signer, entry: str) -> Receipt:
        """Record the access under an entry id; the entry that stands under that id already is left as it is."""
        return self._note(journal, signer, self.because, entry=entry)

    def came_to_nothing(self, journal: Journal, signer: Signer, access: Receipt, why: str) -> Receipt:
        """Record that nothing was handed out after an access: the same once more, in place of it, with what failed."""
        says = f"nothing was handed out after entry {access.index} of the log: {_plain(why)}"
        return self._note(journal, signer, says, replaces=access.leaf)

    def _note(self, journal: Journal, signer: Signer, because: str, **more: str) -> Receipt:
        return journal.note_access(self.orders, signer, view="export", purpose=self.purpose, because=because, **more)


def opening(journal: Journal, contents: Contents, because: str | None) -> Opening:
    """What the access entry of a bundle says: which values it opens for whom, and why, or at least what for."""
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
    orders = (about.order, *sorted(mains - {about.order, journal.registry}))
    why = f"to make a bundle for {about.audience} ({ROLES[about.audience]}): {because or about.purpose}"
    return Opening(orders, PURPOSES.get(about.audience, "investigation"), why)


def _plain(text: str) -> str:
    """Words of an error as any entry may state them: no path or name in them can be refused."""
    return re.sub("[^ -~]", "?", text)[:300]
