"""`comity subject`: find a person by an identifier, and state which names mean one person; keys.db has the names."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.access.persons import PERSON
from cli.access.purposes import PURPOSE
from cli.access.recorded_access import Stated, searched
from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.options import AS_ACTOR, BECAUSE
from cli.session.subjects import called, subject_name
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from ledger.adapters.subject_keys.names import HOLDER
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from ledger.adapters.subject_keys.key_store import SubjectKeyStore
    from ledger.application.journal import Journal


class SubjectAnswer(CommandAnswer, tag="comity.subject/1"):
    """What was done about a name (`same` or `other`), and the orders in which something is sealed for that person."""

    did: str
    name: str
    orders: list[str]


class FoundItem(Struct, frozen=True):
    """An order in which something is sealed for the person: its id, its reference, the subject's names, how found.

    `how` is `value` (the identifier as a whole), `phone`, `ending` (the last eight digits of a number), `name` (words
    of a name) or `called` (a name of the subject in keys.db).
    """

    order: str
    reference: str
    names: list[str]
    how: str


class SearchAnswer(CommandAnswer, tag="comity.subject-search/1"):
    """The orders found for an identifier, the log index of the entry of this search, and how many keys are elsewhere.

    Values under keys that are elsewhere were not searched.
    """

    entry: int
    found: list[FoundItem]
    elsewhere: int


HOW = {
    "value": "the identifier",
    "phone": "the number",
    "ending": "the end of a number",
    "name": "words of a name",
    "called": "a name in keys.db",
}


@command(
    "comity subject find lena@skylark.example --purpose rights-request --because 'request of 3 May' --as ilves",
    "comity subject find '+372 5123 4567' --because 'request of 3 May' --as dpo --json",
)
@click.argument("value")
@BECAUSE
@PURPOSE
@PERSON
@AS_ACTOR
def find(value: str, because: str | None, purpose: str | None, person: str | None, actor: str | None) -> Exit:
    """Find the orders in which something is sealed for the person with this account, address, number or name.

    Case, spaces and forms of a number do not matter. The search is recorded before its answer is shown, also if nothing
    is found; the entry has a keyed hash of VALUE. No order is opened. Exit 4 if some values could not be searched.
    """
    entry, items, missing = search(value, Stated(because, purpose, person), actor)
    rows = [(item.reference, ", ".join(item.names), HOW[item.how], item.order) for item in items]

    def text() -> str:
        lines = [f"{reference}  by {how}" + (f"; {names}" if names else "") for reference, names, how, _ in rows]
        return "\n".join(lines or ["Nothing is sealed for this identifier in any order."])

    if missing:
        output.tell(f"values under {missing} keys that are not in this keys.db were not searched")
    output.emit(SearchAnswer(entry, items, missing), ("reference", "names", "how", "order"), rows, text=text)
    return Exit.UNDECIDABLE if missing else Exit.DONE


def search(value: str, stated: Stated, actor: str | None) -> tuple[int, list[FoundItem], int]:
    """Record a search for an identifier, then return its log index, what is found, and how many keys are elsewhere."""
    from cli.session.open_ledger import writing
    from ledger.application.find_subject import find_subjects, index_values
    from ledger.application.subject_keys_binding import elsewhere

    if not stated.because or not stated.because.strip() or not actor:
        raise Stop("a search needs a reason and an office", hint="--because TEXT --as ACTOR")
    if not any(c.isalnum() for c in value):
        raise Stop("an identifier has a letter or a digit")
    if any(unicodedata.category(c) == "Cs" for c in value):
        raise Stop("the identifier is not UTF-8")
    with writing() as journal:
        subject_keys = _subject_keys(journal)
        receipt = searched(journal, value, stated, actor)
        index_values(journal.store, subject_keys, journal.cases.reserved)
        items = [
            FoundItem(one.order, called(journal, one.order), list(one.names), one.how)
            for one in find_subjects(journal.store, subject_keys, value)
        ]
        missing = len(elsewhere(journal.store, journal.cases, subject_keys))
    output.tell(f"recorded record-accessed, entry {receipt.index} of the log")
    return receipt.index, items, missing


class IndexAnswer(CommandAnswer, tag="comity.subject-index/1"):
    """How many entries the index of identifiers covers."""

    entries: int


@command("comity subject reindex")
def reindex() -> Exit:
    """Make the index of identifiers in keys.db again, from the values that can be opened; shows none of them."""
    from cli.session.open_ledger import writing
    from ledger.application.find_subject import rebuild_index

    with writing() as journal:
        subject_keys = _subject_keys(journal)
        rebuild_index(journal.store, subject_keys, journal.cases.reserved)
        answer = IndexAnswer(journal.store.size())
    output.emit(answer, ("entries",), [(answer.entries,)], text=lambda: f"{answer.entries} entries are in the index")
    return Exit.DONE


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
    if journal.subject_keys is None:
        raise LedgerError("KEYS-MISSING", "keys.db is missing: it holds who is who", "put its own backup back")
    return journal.subject_keys


def _emit(journal: Journal, did: str, name: str) -> None:
    orders = sorted(set(_subject_keys(journal).keys_of(name).values()))
    answer = SubjectAnswer(did, name, [order for order in orders if order])
    places = ", ".join(called(journal, order) for order in answer.orders)
    output.emit(answer, ("name", "orders"), [(name, places)], text=lambda: f"{name!r}: one person in {places}")
