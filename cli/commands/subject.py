"""`comity subject`: state which names of data subjects mean one person; only keys.db stores the names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.subjects import called, subject_name
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from ledger.adapters.subject_keys.names import HOLDER

if TYPE_CHECKING:
    from ledger.adapters.subject_keys.key_store import SubjectKeyStore
    from ledger.application.journal import Journal


class SubjectAnswer(CommandAnswer, tag="comity.subject/1"):
    """What was done about a name (`same` or `other`), and the orders in which something is sealed for that person."""

    did: str
    name: str
    orders: list[str]


@command(
    "comity subject same 'witness 3' 'target of PPO-2026-124'",
    "comity subject same 'target of PPO-2026-123' 'target of PPO-2026-124'",
)
@click.argument("name")
@click.argument("other")
def same(name: str, other: str) -> Exit:
    """State that NAME and OTHER are one person. Kept in keys.db until that person's last key is destroyed."""
    from cli.session.open_ledger import find, writing

    with writing() as journal:
        subject_keys = _subject_keys(journal)
        one, two = (
            subject_keys.stored_name(subject_name(each, lambda order: find(journal, order))) for each in (name, other)
        )
        _apart(journal, one, two)
        subject_keys.merge(one, two)
        _emit(journal, "same", one)
    return Exit.DONE


@command("comity subject other 'witness 3' PPO-2026-124 'witness 3 of 124'")
@click.argument("name")
@click.argument("order")
@click.argument("new")
def other(name: str, order: str, new: str) -> Exit:
    """State that NAME means another person in ORDER than in other orders. There it is NEW from now on."""
    from cli.session.open_ledger import find, writing

    with writing() as journal:
        was, now = (subject_name(each, lambda order: find(journal, order)) for each in (name, new))
        if was == now:
            raise Stop("both names are the same", hint="give the other person another name")
        was = _subject_keys(journal).stored_name(was)
        _apart(journal, was, now)
        _subject_keys(journal).split(was, find(journal, order), now)
        _emit(journal, "other", now)
    return Exit.DONE


def _apart(journal: Journal, *names: str) -> None:
    """Raise `Stop` with REFUSED if one of the names is a person in the register or in the log of accesses."""
    for name in names:
        office = name.removeprefix(HOLDER) if name.startswith(HOLDER) else None
        if office in journal.read_keyring().offices or journal.erasure.logged(journal.erasure.covered(name)):
            says = f"{name!r} is a person whom the log of accesses names, and no data subject"
            hint = "that log is kept (LED art. 25), so nobody in it is erased as somebody else"
            raise Stop(says, hint=hint, code=Exit.REFUSED)


def _subject_keys(journal: Journal) -> SubjectKeyStore:
    from ledger.errors import LedgerError

    if journal.subject_keys is None:
        raise LedgerError("KEYS-MISSING", "keys.db is missing: it holds who is who", "put its own backup back")
    return journal.subject_keys


def _emit(journal: Journal, did: str, name: str) -> None:
    orders = sorted(set(_subject_keys(journal).keys_of(name).values()))
    answer = SubjectAnswer(did, name, [order for order in orders if order])
    places = ", ".join(called(journal, order) for order in answer.orders)
    output.emit(answer, ("name", "orders"), [(name, places)], text=lambda: f"{name!r}: one person in {places}")
