"""`comity init`: create a ledger, with its registrar, its log key and its guard."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path

import click
from msgspec import UNSET, Struct, UnsetType

from cli.click_extensions import command
from cli.exit_codes import Stop
from cli.offices.address_book import BookRow, read_book
from cli.offices.enrolment import check_new, enrol_all, lines
from cli.offices.enrolment_plan import OfficeItem
from cli.session import ledger_choice
from cli.session.key_files import PASSPHRASE, checked_name, passphrase
from cli.session.ledger_choice import is_ledger
from cli.session.open_ledger import hand, opened, writing
from cli.session.options import GUARD, KEY, KEYS_STORE, STORE
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from cli.terminal.next_commands import at_ledger, tell_next
from ledger.adapters.folders.ledger_folder import Folder, read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.guard.guard_place import SharedPlace, place_in
from ledger.adapters.keys import key_files
from ledger.adapters.keys.key_files import Key
from ledger.adapters.keys.open_key import is_elsewhere
from ledger.application.commit_heads import enrol_heads_key
from ledger.application.create_ledger import check_vacant
from ledger.application.journal import Journal
from ledger.command_line import quoted
from ledger.entries.keyring import Registrar
from ledger.tlog.names import check_origin


class RegistrarItem(Struct, frozen=True):
    """Who keeps the register: office, Party, public key (hex), and the file of the private key."""

    actor: str
    party: str
    key: str
    file: str


class InitAnswer(CommandAnswer, tag="comity.init/1"):
    """The new ledger: its log key (a vkey), its registrar, the folder or address of the guard, and the offices."""

    ledger: str
    origin: str
    test: bool
    store: str | None
    log_key: str
    registrar: RegistrarItem
    guard: str
    offices: list[OfficeItem] | UnsetType = UNSET


@command(
    "comity init ledger/ --guided                                    (asks one question after the other)",
    "comity init ledger/ --origin ledger.example/xo/karsk --offices offices.csv",
    "comity init test/ --origin ledger.example/xo/try --test",
    "comity init ledger/ --origin ledger.example/xo/karsk --store postgresql://db.example/karsk",
    "comity init ledger/ --origin ledger.example/xo/karsk --store postgresql://db.example/karsk "
    "--keys-store postgresql://keys.example/karsk_keys --guard etcd://one.example:2379",
)
@click.argument("folder", metavar="DIR")
@click.option("--origin", metavar="O", help="The log's name, a lower-case URL without its scheme.")
@click.option("--guided", is_flag=True, help="Ask for what is needed, one question after the other, and explain it.")
@click.option("--offices", "book", metavar="FILE", help="Register these Parties and offices too: comity offices add.")
@click.option("--test", is_flag=True, help="A test ledger: it says TEST on everything it makes.")
@click.option("--registrar", default="registrar", metavar="NAME", help="Who keeps the register.")
@click.option("--party", metavar="PARTY", help="Whose; else the second part of the origin, as in ledger.example/xo/...")
@STORE
@GUARD
@KEYS_STORE
@KEY
@PASSPHRASE
def init(
    folder: str,
    origin: str | None,
    guided: bool,
    book: str | None,
    test: bool,
    registrar: str,
    party: str | None,
    store: str,
    guard: str,
    keys_store: str,
    key_file: str | None,
    passphrase_fd: int | None,
) -> None:
    """Begin a ledger in DIR, with its registrar, log key and guard.

    Log key and guard are kept outside DIR, in your state folder; the registrar's key in your configuration folder.
    DIR/trust is what you hand to those who will verify. With --store, DIR/store keeps the address of the entries.
    With --guard and --keys-store, several machines can write to one log: in places other than the entries.
    With --offices the command can be repeated: it continues with a ledger of this name that is there already.
    """
    rows: list[BookRow] = []
    key: Key | None = None
    name = book or ""
    if guided:
        from cli.offices.guided import ask

        asked = ask(folder, origin=origin, book=book, party=party)
        origin, rows, name = asked.origin, asked.rows, "your answers"
    if origin is None:
        raise Stop("which name has the log?", hint="--origin ledger.example/xo/karsk; or --guided, on a terminal")
    if book is not None:
        with open(book, "rb") as stream:
            rows = read_book(stream, book)
    path, home = Path(folder), Home.user()
    secret = cache(lambda: passphrase(passphrase_fd))  # one for all keys that are made
    if rows and (made := _made_before(path, origin)) is not None:
        output.tell(f"the ledger {origin} is there already; going on with its offices")
        who, file = made.registrar, key_file or ""
        opening: AbstractContextManager[Journal] = writing(path)
    else:
        check_origin(origin)
        check_vacant(path)
        if not re.fullmatch(r"[a-z0-9_.-]{1,200}", registrar):
            hint = "lower-case letters, digits, dot, dash, underscore"
            raise Stop(f"{registrar!r} is no name for an office", hint=hint)
        whose, file = _party(origin, party, test), key_file or _key_file(origin, registrar)
        if rows:
            check_new(origin, registrar, whose, Path(file), rows, name)
        key = _registrars_key(file, secret)
        who = Registrar(registrar, whose, key.public.hex())
        opening = Journal.create(
            path,
            origin,
            who,
            home=home,
            test=test,
            store=store,
            guard=guard,
            keys_store=keys_store,
            now=ledger_choice.now,
        )
    with opening as journal:
        items = enrol_all(journal, rows, name, file or None, secret) if rows else []
        signer = (
            journal.signer(who.actor, "ADM", key)
            if key
            else hand(journal, "key-registered", who.actor, "ADM", file or None)
        )
        enrol_heads_key(journal, signer)
        journal.publish()
        answer = InitAnswer(
            ledger=folder,
            origin=origin,
            test=journal.folder.test,
            store=store or None,
            log_key=journal.folder.key.text,
            registrar=RegistrarItem(who.actor, who.party, who.key, file),
            guard=str(place) if isinstance(place := place_in(home.log(origin)), SharedPlace) else str(home.log(origin)),
            offices=items if rows else UNSET,
        )
        next_lines = _next(journal, folder, rows)

    def text() -> str:
        shown = [
            f"{'TEST ledger' if answer.test else 'ledger'} {origin} in {folder}",
            f"  log key    {answer.log_key}",
            f"  registrar  {who.actor} of {who.party}{f', key {file}' if file else ''}",
            f"  guard      {answer.guard}",
            *([f"  entries    {store}"] if store else []),
            *([f"  keys       {keys_store}"] if keys_store else []),
        ]
        return "\n".join([*shown, *lines(items)])

    output.emit(answer, ("ledger", "origin", "log_key"), [answer], text=text)
    output.tell("anyone who can read the log key can sign a checkpoint; only witnesses stop a fork")
    tell_next(*next_lines, ledger="")


def registrar_of(
    origin: str, name: str, party: str | None, key_file: str | None, passphrase_fd: int | None
) -> Registrar:
    """Return the registrar of a new log, whose key is made if its file is not there."""
    check_origin(origin)
    if not re.fullmatch(r"[a-z0-9_.-]{1,200}", name):
        raise Stop(f"{name!r} is no name for an office", hint="lower-case letters, digits, dot, dash, underscore")
    whose, file = _party(origin, party, False), key_file or _key_file(origin, name)
    key = _registrars_key(file, cache(lambda: passphrase(passphrase_fd)))
    return Registrar(name, whose, key.public.hex())


def _next(journal: Journal, folder: str, rows: list[BookRow]) -> tuple[str, ...]:
    """Return the commands that come next: an address book, or the template of the first order."""
    if not rows:
        template = "comity offices add --template > offices.csv"
        return template, at_ledger("comity offices add offices.csv", folder)
    bound = any(part.startswith("2AP=") for row in rows for part in row.in_force)
    return (at_ledger(f"comity issue --template {quoted('2AP-7' if bound else 'EPOC')} > order.json", folder),)


def _made_before(path: Path, origin: str) -> Folder | None:
    """Return the ledger of this name in a folder; None if the folder holds none, or one of another name."""
    if not is_ledger(str(path)):
        return None
    folder = read_folder(path)
    return folder if folder.origin == origin else None


def _key_file(origin: str, registrar: str) -> str:
    """Return the file of the key of a registrar that gives none."""
    return str(Home.user().keys / checked_name(f"{registrar}.{origin.replace('/', '.')}"[:80]))


def _registrars_key(file: str, passphrase: Callable[[], bytes | None]) -> Key:
    """Return the key of the registrar of a new ledger, which is made if its file is not there."""
    exists = is_elsewhere(file) or key_files.exists(Path(file))
    key = opened(file) if exists else key_files.new(Path(file), passphrase=passphrase())
    if not is_elsewhere(file):
        key_files.finish(Path(file), key.public)
    return key


def _party(origin: str, said: str | None, test: bool) -> str:
    """Return the registrar's Party: as given, else from the second part of the origin, else XX in a test ledger."""
    parts = origin.split("/")
    party = said or (parts[1].upper() if len(parts) > 2 and re.fullmatch("[a-z]{2,3}", parts[1]) else "")
    if not party and test:
        return "XX"
    if not re.fullmatch("[A-Z][A-Z0-9-]{1,31}", party):
        says = f"{said!r} is no code of a Party" if said else "whose registrar is it?"
        raise Stop(says, hint="--party XO, a code of capital letters")
    return party
