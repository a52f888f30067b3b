"""Name the person who opens sealed values: `record-accessed` has the office in clear and the person sealed.

The name comes from `--person` or COMITY_PERSON, else from the name set on this machine for the key
(`comity key person`), else from the `holder` that the register has for the key. A name that is set
stays on this machine, in one file for each public key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

import click

from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.terminal import output, prompts
from ledger.command_line import quoted

if TYPE_CHECKING:
    from ledger.adapters.folders.user_folders import Home
    from ledger.application.journal import Journal
    from ledger.entries.case import Entry
    from ledger.entries.envelope import Signer

PERSON = click.option(
    "--person",
    metavar="TEXT",
    envvar="COMITY_PERSON",
    help="The person who opens them; sealed. By default who holds the key: comity key person.",
)
FOLDER = "persons"


def person_of(journal: Journal, signer: Signer, said: str | None) -> str:
    """Return the name of the person who opens values with the key of `signer`; `said` comes from the command.

    A person at a terminal is asked, once for each key. Raises `Stop` with REFUSED without a name and a
    terminal.
    """

    def known() -> str | None:
        return holder(journal.cases.register(), signer.public) or _invented(journal, signer)

    return _person(journal.home, lambda: journal.cases.register(reveal=False), signer, said, known)


def person_at_server(register: Sequence[Entry], signer: Signer, said: str | None) -> str:
    """Return the name of the person who opens values at an office server, as `person_of` does.

    The server shows the name of no holder: they are sealed.
    """
    from ledger.adapters.folders.user_folders import Home

    return _person(Home.user(), lambda: register, signer, said, lambda: None)


def _person(
    home: Home,
    register: Callable[[], Sequence[Entry]],
    signer: Signer,
    said: str | None,
    known: Callable[[], str | None],
) -> str:
    if said is not None:
        return checked(said, register())
    person = remembered(home, signer.public) or known()
    if person:
        return person
    if not prompts.attended():
        raise Stop(
            f"the record does not know which person opens values for {signer.actor}; nothing was opened or recorded",
            hint=f"comity key person {quoted(signer.actor)} 'Name Surname'; or --person TEXT, or COMITY_PERSON",
            code=Exit.REFUSED,
        )
    answer = click.prompt(f"Which person opens values for {signer.actor}? Name (recorded, sealed)", err=True)
    name = checked(answer, register())
    remember(home, signer.public, name)
    output.tell(f"kept for this key; another name: comity key person {quoted(signer.actor)} 'Name Surname'")
    return name


def checked(text: str, registry: Sequence[Entry]) -> str:
    """Return a name as entries take it, with single spaces; `Stop` if it is not the name of a person."""
    from ledger.facts.value_forms import FormError, check, check_before_signing
    from ledger.facts.value_types import STR
    from projections.views.timeline import office_names

    name = " ".join(normalize("NFC", text).split())
    try:
        check(STR, name)
        check_before_signing(STR, name)
    except FormError as unfit:
        raise Stop(f"the name of a person: {unfit}", hint="--person 'Dina Ilves'", code=Exit.REFUSED) from None
    if not any(c.isalpha() for c in name) or len(name) > 200 or _is_function(name):
        says = f"{name[:40]!r} is not the name of a person"
        hint = "--person 'Dina Ilves'; a name begins with a capital where its script has any, and is no office's"
        raise Stop(says, hint=hint, code=Exit.REFUSED)
    offices = office_names(registry)
    if name.casefold() in {text.casefold() for pair in offices.items() for text in pair}:
        says = f"{name!r} is the name of an office, not of a person"
        raise Stop(says, hint="--person 'Dina Ilves'", code=Exit.REFUSED)
    return name


def _is_function(name: str) -> bool:
    """Return True for a function such as `the duty officer`: no capital letter, or an article before it."""
    return name == name.lower() != name.upper() or name.casefold().startswith("the ")


def remembered(home: Home, public: bytes) -> str | None:
    """Return the name that was set on this machine for a raw public key."""
    try:
        return _file(home, public).read_text("utf-8").strip() or None
    except FileNotFoundError:
        return None
    except ValueError:
        says = f"{_file(home, public)} is not a name in UTF-8"
        raise Stop(says, hint="comity key person sets it anew", code=Exit.UNDECIDABLE) from None


def remember(home: Home, public: bytes, name: str) -> None:
    """Store a name for a raw public key; it replaces the one before."""
    from ledger.adapters.folders.user_folders import private_folder, replace_file

    file = _file(home, public)
    private_folder(file.parent)
    replace_file(file, f"{name}\n".encode())


def _file(home: Home, public: bytes) -> Path:
    return home.keys / FOLDER / f"{public.hex()}.txt"


def holder(registry: Iterable[Entry], public: bytes) -> str | None:
    """Return the `holder` of a raw public key from the register; None if there is none, or it cannot be opened here."""
    entry = next((e for e in registry if e.kind == "key-registered" and e.get("key") == public.hex()), None)
    name = None if entry is None else entry.get("holder")
    return name if isinstance(name, str) else None


def _invented(journal: Journal, signer: Signer) -> str | None:
    """Return the invented person of an office in the ledger of a story; None in any other ledger."""
    from projections.views.timeline import office_names

    if not journal.folder.test or not ledger_choice.story_of(str(journal.folder.path)):
        return None
    office = office_names(journal.cases.register(reveal=False)).get(signer.actor, signer.actor)
    return f"an invented person of {office}"
