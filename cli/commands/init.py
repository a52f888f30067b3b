"""`comity init`: create a ledger, with its registrar, its log key and its guard."""

from __future__ import annotations

import re
from pathlib import Path

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Stop
from cli.session.key_files import PASSPHRASE
from cli.session.options import KEY, STORE
from cli.terminal import output
from cli.terminal.answer import CommandAnswer


class RegistrarItem(Struct, frozen=True):
    """Who keeps the register: office, Party, public key (hex), and the file of the private key."""

    actor: str
    party: str
    key: str
    file: str


class InitAnswer(CommandAnswer, tag="comity.init/1"):
    """The new ledger: its log key (a vkey), its registrar, and the folder of the guard."""

    ledger: str
    origin: str
    test: bool
    store: str | None
    log_key: str
    registrar: RegistrarItem
    guard: str


@command(
    "comity init ledger/ --origin ledger.example/xo/karsk",
    "comity init test/ --origin ledger.example/xo/try --test",
    "comity init ledger/ --origin ledger.example/xo/karsk --store postgresql://db.example/karsk",
)
@click.argument("folder", metavar="DIR")
@click.option("--origin", required=True, metavar="O", help="The log's name, a lower-case URL without its scheme.")
@click.option("--test", is_flag=True, help="A test ledger: it says TEST on everything it makes.")
@click.option("--registrar", default="registrar", metavar="NAME", help="Who keeps the register.")
@click.option("--party", metavar="PARTY", help="Whose; else the second part of the origin, as in ledger.example/xo/...")
@STORE
@KEY
@PASSPHRASE
def init(
    folder: str,
    origin: str,
    test: bool,
    registrar: str,
    party: str | None,
    store: str,
    key_file: str | None,
    passphrase_fd: int | None,
) -> None:
    """Begin a ledger in DIR, with its registrar, log key and guard.

    Log key and guard are kept outside DIR, in your state folder; the registrar's key in your configuration folder.
    DIR/trust is what you hand to those who will verify. With --store, DIR/store keeps the address of the entries.
    """
    from cli.session.key_files import checked_name, passphrase
    from cli.session.open_ledger import opened
    from ledger.adapters.folders.user_folders import Home
    from ledger.adapters.keys import key_files
    from ledger.adapters.keys.open_key import is_elsewhere
    from ledger.application.create_ledger import check_vacant
    from ledger.application.journal import Journal
    from ledger.entries.keyring import Registrar
    from ledger.tlog.note import check_origin

    check_origin(origin)
    state = _party(origin, party, test)
    path, home = Path(folder), Home.user()
    check_vacant(path)
    if not re.fullmatch(r"[a-z0-9_.-]{1,200}", registrar):
        raise Stop(f"{registrar!r} is no name for an office", hint="lower-case letters, digits, dot, dash, underscore")
    mine = home.keys / checked_name(f"{registrar}.{origin.replace('/', '.')}"[:80])
    file = key_file or str(mine)
    exists = is_elsewhere(file) or key_files.exists(Path(file))
    key = opened(file) if exists else key_files.new(Path(file), passphrase=passphrase(passphrase_fd))
    if not is_elsewhere(file):
        key_files.finish(Path(file), key.public)
    who = Registrar(registrar, state, key.public.hex())
    with Journal.create(path, origin, who, home=home, test=test, store=store) as journal:
        journal.publish()
        answer = InitAnswer(
            ledger=folder,
            origin=origin,
            test=test,
            store=store or None,
            log_key=journal.folder.key.text,
            registrar=RegistrarItem(registrar, state, key.public.hex(), file),
            guard=str(home.log(origin)),
        )

    def text() -> str:
        lines = [
            f"{'TEST ledger' if test else 'ledger'} {origin} in {folder}",
            f"  log key    {answer.log_key}",
            f"  registrar  {registrar} of {state}, key {file}",
            f"  guard      {answer.guard}",
            *([f"  entries    {store}"] if store else []),
        ]
        return "\n".join(lines)

    output.emit(answer, ("ledger", "origin", "log_key"), [answer], text=text)
    output.tell("whoever can read the log key can sign a checkpoint; only witnesses stop a fork")
    output.tell(_NEXT.format(state))


_NEXT = """next, for each Party and for each office:
  comity record party-registered -f party={0} -f zone=AREA/CITY \\
    -f declarations_verified=false
  comity key new ACTOR
  comity key enrol ACTOR --role ROLE --party {0} --office NAME
  comity key accept ACTOR
  comity key person ACTOR 'Name Surname'"""


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
