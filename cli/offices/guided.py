"""Ask for a new ledger and its offices at a terminal, one question after the other, with an explanation of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import click

from cli.exit_codes import Stop
from cli.imports.tables import Wrong
from cli.offices.address_book import NEW, BookRow, role_of
from cli.terminal import output, prompts
from ledger.errors import RecordError
from ledger.facts.value_forms import Form, FormError, check, check_before_signing
from ledger.facts.value_types import NAME, STATE, STR, Zone, form_of

INSTEAD = "comity init DIR --origin ledger.example/xo/karsk --offices FILE; comity offices add --template prints a FILE"


@dataclass
class Asked:
    """What a person answered: the name of the log, and a row for each Party and office."""

    origin: str
    rows: list[BookRow] = field(default_factory=list)


def ask(folder: str, *, origin: str | None, book: str | None, party: str | None) -> Asked:
    """Return what a person answers at the terminal; nothing is made meanwhile.

    `Stop` without a terminal, and if the person does not confirm the answers.
    """
    from ledger.tlog.names import check_origin

    if not prompts.attended():
        raise Stop("--guided asks a person at a terminal, and none is here", hint=INSTEAD)
    if book is not None:
        raise Stop("--guided and --offices both say which offices there are", hint="give one of them")
    output.tell("Nothing is made before the last question. An empty answer takes the value in brackets.")
    if origin is None:
        explain(
            "The log needs a name like a web address without https://. It need not exist on the internet. "
            "It never changes, and everything that is signed carries it."
        )
        origin = question("name of the log", f"ledger.example/xo/{Path(folder).resolve().name.lower()}", check_origin)
    parts = origin.split("/")
    explain("A Party is a State. Its code is in capital letters, as in NO or XO.")
    party = question("your Party", party or (parts[1].upper() if len(parts) > 2 else "XO"), of(STATE))
    asked = Asked(origin)
    asked.rows.append(BookRow(0, party, zone=_zone(party)))
    explain("An office signs. Its short name is typed in commands: small letters, digits, dot, dash, underscore.")
    while True:
        actor = question("short name of the office", "office" if len(asked.rows) == 1 else "", of(NAME))
        asked.rows.append(_office(party, actor))
        if not click.confirm("another office of your Party?", default=False, err=True):
            break
    explain("The provider whom you ask, and its Party. Answer - if you have none yet.")
    if other := question("Party of the provider", "-", _empty_or(of(STATE))).strip("-"):
        if other != party:
            asked.rows.append(BookRow(0, other, zone=_zone(other)))
        provider = question("short name of the provider", "provider", of(NAME))
        name = question("full name of the provider", provider, _written)
        asked.rows.append(BookRow(0, other, provider, names={"en": name}, roles=("SP",)))
    explain(f"A ledger {origin} is made in {folder}, with {len(asked.rows)} Parties and offices:")
    for row in asked.rows:
        says = f"{row.actor}: {row.names.get('en', '')}, {', '.join(row.roles)}" if row.actor else f"zone {row.zone}"
        output.tell(f"  {row.party}  {says}")
    click.confirm("begin the ledger?", default=True, abort=True, err=True)
    return asked


def _zone(party: str) -> str:
    explain(f"Deadlines end at midnight in the time zone of {party}. An IANA name, such as Europe/Oslo.")
    return question(f"time zone of {party}", "Europe/Oslo", of(form_of(Zone)))


def _office(party: str, actor: str) -> BookRow:
    name = question("its full name, as papers print it", actor, _written)
    explain(
        "What it does, as codes or in words: issuing authority (ISS), court (CT), service provider (SP), ... "
        "Several are divided by commas. `comity vocabulary roles` explains all."
    )
    roles = question("its roles", "ISS, RET", _roles)
    explain(
        "Each opening of sealed values names a person. The name is sealed in the register. Answer - to leave it out."
    )
    holder = question("the person who signs for it", "-", _empty_or(_person)).strip("-")
    codes = tuple(dict.fromkeys(role_of(part.strip()) for part in roles.split(",")))
    return BookRow(0, party, actor, names={"en": name}, roles=codes, key=NEW, holder=holder)


# -- questions ---------------------------------------------------------------------------------------------------------


def explain(text: str) -> None:
    """Print an explanation below an empty line."""
    output.tell("")
    output.tell(text)


def question(says: str, default: str, check_answer: Callable[[str], object]) -> str:
    """Ask until the answer passes the check, which raises an error that says what would be right."""
    while True:
        answer = str(click.prompt(says, default=default or None, err=True)).strip()
        try:
            check_answer(answer)
        except (Wrong, RecordError, ValueError, Stop) as error:
            hint = getattr(error, "hint", "")
            output.tell(f"  {error.message if isinstance(error, Stop) else error}{f'; {hint}' if hint else ''}")
        else:
            return answer


def of(form: Form) -> Callable[[str], object]:
    """Return the check of an answer against the form of a value."""

    def fits(answer: str) -> None:
        try:
            check(form, answer)
            check_before_signing(form, answer)
        except FormError as unfit:
            raise ValueError(f"expected {unfit.expected}") from None

    return fits


def _empty_or(check_answer: Callable[[str], object]) -> Callable[[str], object]:
    return lambda answer: answer == "-" or check_answer(answer)


def _roles(answer: str) -> None:
    for part in answer.split(","):
        role_of(part.strip())


def _written(answer: str) -> None:
    of(STR)(answer)


def _person(answer: str) -> None:
    from cli.access.persons import checked

    checked(answer, ())
