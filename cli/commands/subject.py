"""Whose data the sealed values of an entry are: `--subject` wherever something is recorded, and `comity subject`.

Names of data subjects are kept in keys.db alone; no entry states them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from cli.exit_codes import Exit, Stop
from cli.terminal import output
from ledger.adapters.storage.subject_keys import HOLDER, TARGET, check_name

if TYPE_CHECKING:
    from ledger.adapters.storage.subject_keys import Drawer
    from ledger.application.journal import Journal

SUBJECT = click.option(
    "--subject",
    "subjects",
    multiple=True,
    metavar="[FIELD=]NAME",
    help="Whose data the sealed values hold, or one field; repeatable.",
)
_FEW = 10


def subject_name(said: str, find: Callable[[str], str]) -> str:
    """The name of a data subject as keys.db has it; `target of ORDER` by any name of an order, which `find` finds."""
    try:
        name = check_name(said)
    except ValueError as error:
        raise Stop(str(error)) from None
    return f"{TARGET}{find(name.removeprefix(TARGET))}" if name.startswith(TARGET) else name


def subjects_of(said: Sequence[str], kind: str, sealed: Iterable[str], find: Callable[[str], str]) -> dict[str, str]:
    """The data subject of each sealed field of an entry, from `NAME` for all of them and `FIELD=NAME` for one.

    `sealed` are the sealed fields that the entry states; `Stop` for another field, or one that is named twice.
    """
    from ledger.facts import WHY, kind_of

    fields = kind_of(kind).fields()
    stated = list(dict.fromkeys(sealed))
    every: str | None = None
    single: dict[str, str] = {}
    for text in said:
        field, mark, name = text.partition("=")
        field = field.strip().replace("-", "_")
        if not mark or not (field in fields or field == WHY.name):
            if every is not None:
                raise Stop("the data subject of all fields is said twice", hint="--subject FIELD=NAME is for one field")
            every = _data_subject(text, find)
        elif field not in stated:
            why = "is not sealed" if field in fields and not fields[field].sealed else "is not stated in this entry"
            raise Stop(f"{field} {why}, so it belongs to no data subject")
        elif field in single:
            raise Stop(f"the data subject of {field} is said twice")
        else:
            single[field] = _data_subject(name, find)
    if every is not None and not stated:
        raise Stop("nothing is sealed in this entry, so it belongs to no data subject")
    return {**({} if every is None else dict.fromkeys(stated, every)), **single}


def _data_subject(said: str, find: Callable[[str], str]) -> str:
    name = subject_name(said, find)
    if name.startswith(HOLDER):
        raise Stop(f"{name!r} is how the log of accesses calls a person, and no data subject", hint="another name")
    return name


def known_elsewhere(journal: Journal, names: Iterable[str], order: str) -> list[str]:
    """A sentence for each of these names that is used in other orders as well: there it means the same person."""
    told = []
    for name in dict.fromkeys(names):
        others = set(journal.drawer.keys_of(name).values()) - {order, ""} if journal.drawer else set()
        if others:
            places = ", ".join(called(journal, other) for other in sorted(others)[:_FEW])
            told.append(f"{name!r} is the same person here as in {places}")
    return told


def near(journal: Journal, name: str) -> list[str]:
    """A sentence for each data subject whose name is nearly this one: here they are two persons."""
    others = journal.drawer.near(name) if journal.drawer else []
    return [f"{other!r} is another person here than {name!r}" for other in others]


def called(journal: Journal, order: str) -> str:
    """An order as people call it: a story's label, its reference, else the beginning of its id."""
    from cli.session.open_ledger import labels

    if order == journal.registry:
        return "the register"
    label = next((label for label, known in labels(journal).items() if known == order), None)
    issued = next((o for _, o in journal.cases.opened(order) if o.payload.kind == "order-issued"), None)
    return label or (issued.payload.public.get("reference") if issued else None) or order[:8]


# -- comity subject ----------------------------------------------------------------------------------------------------


@output.command(
    "comity subject same 'witness 3' 'target of PPO-2026-124'",
    "comity subject same 'target of PPO-2026-123' 'target of PPO-2026-124'",
)
@click.argument("name")
@click.argument("other")
def same(name: str, other: str) -> Exit:
    """State that NAME and OTHER are one person. Kept in keys.db until that person's last key is destroyed."""
    from cli.session.open_ledger import find, writing

    with writing() as journal:
        drawer = _drawer(journal)
        one, two = (drawer.spelt(subject_name(each, lambda order: find(journal, order))) for each in (name, other))
        _apart(journal, one, two)
        drawer.join(one, two)
        _emit(journal, "same", one)
    return Exit.DONE


@output.command("comity subject other 'witness 3' PPO-2026-124 'witness 3 of 124'")
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
        was = _drawer(journal).spelt(was)
        _apart(journal, was, now)
        _drawer(journal).part(was, find(journal, order), now)
        _emit(journal, "other", now)
    return Exit.DONE


def _apart(journal: Journal, *names: str) -> None:
    """`Stop` with REFUSED if one of these is a person whom register and log of accesses speak of."""
    for name in names:
        office = name.removeprefix(HOLDER) if name.startswith(HOLDER) else None
        if office in journal.keyring.offices or journal.logged(journal.covered(name)):
            says = f"{name!r} is a person whom the log of accesses names, and no data subject"
            hint = "that log is kept (LED art. 25), so nobody in it is erased as somebody else"
            raise Stop(says, hint=hint, code=Exit.REFUSED)


def _drawer(journal: Journal) -> Drawer:
    from ledger.errors import LedgerFault

    if journal.drawer is None:
        raise LedgerFault("KEYS-MISSING", "keys.db is missing: it holds who is who", "put its own backup back")
    return journal.drawer


def _emit(journal: Journal, did: str, name: str) -> None:
    orders = sorted(set(_drawer(journal).keys_of(name).values()))
    document = {"did": did, "name": name, "orders": [order for order in orders if order]}
    places = ", ".join(called(journal, order) for order in orders if order)
    output.emit(
        "subject", document, ("name", "orders"), [(name, places)], text=lambda: f"{name!r}: one person in {places}"
    )
