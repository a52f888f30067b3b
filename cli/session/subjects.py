"""Name the data subjects of sealed values: the option `--subject` of every command that records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from cli.exit_codes import Stop
from ledger.adapters.subject_keys.names import HOLDER, TARGET, check_name

if TYPE_CHECKING:
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
    """Return the name of a data subject as keys.db has it; `find` resolves the order in `target of ORDER`."""
    try:
        name = check_name(said)
    except ValueError as error:
        raise Stop(str(error)) from None
    return f"{TARGET}{find(name.removeprefix(TARGET))}" if name.startswith(TARGET) else name


def subjects_of(said: Sequence[str], kind: str, sealed: Iterable[str], find: Callable[[str], str]) -> dict[str, str]:
    """Return the data subject of each sealed field, from `NAME` for all fields and `FIELD=NAME` for one.

    `sealed` are the sealed fields that the entry states. Raises `Stop` for another field, or one that
    is named twice.
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
    """Return a sentence for each name that other orders use too: there it means the same person."""
    sentences = []
    for name in dict.fromkeys(names):
        others = set(journal.subject_keys.keys_of(name).values()) - {order, ""} if journal.subject_keys else set()
        if others:
            places = ", ".join(called(journal, other) for other in sorted(others)[:_FEW])
            sentences.append(f"{name!r} is the same person here as in {places}")
    return sentences


def near(journal: Journal, name: str) -> list[str]:
    """Return a sentence for each data subject with a similar name, which is another person."""
    others = journal.subject_keys.similar_names(name) if journal.subject_keys else []
    return [f"{other!r} is another person here than {name!r}" for other in others]


def called(journal: Journal, order: str) -> str:
    """Return the name of an order for people: a story's label, its reference, else the beginning of its id."""
    from cli.session.open_ledger import labels

    if order == journal.registry:
        return "the register"
    label = next((label for label, other in labels(journal).items() if other == order), None)
    return label or min(journal.cases.references(order) - {"None"}, default=order[:8])
