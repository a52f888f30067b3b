"""`comity migrate`: move a ledger between files and databases, forwards and back."""

from __future__ import annotations

from pathlib import Path

import click

from cli.click_extensions import command
from cli.session import ledger_choice
from cli.session.clock_check import check_clock
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.guard.guard_place import place_in
from ledger.adapters.storage.connection import Location
from ledger.application.migration.migrate import Places, migrate, remove_left
from server.files.links import MOVED as LINKS
from server.identity.move import ACCOUNTS, accounts_at, move_accounts


class MigrateAnswer(CommandAnswer, tag="comity.migrate/1"):
    """Where the parts of a ledger are now, and the files of its folder that were removed."""

    ledger: str
    entries: str
    keys: str
    guard: str
    removed: list[str]


@command(
    "comity migrate --store postgresql://owner@db.example/karsk --keys-store postgresql://owner@keys.example/karsk_keys",
    "comity migrate --guard etcd://one.example:2379,two.example:2379,three.example:2379",
    "comity migrate --store file --keys-store file --guard file                      (and back)",
    "comity migrate --remove                             (the files that were left in the folder)",
)
@click.option("--store", metavar="ADDRESS|file", help="Where the entries go, with heads and received bytes.")
@click.option("--keys-store", metavar="ADDRESS|file", help="Where the keys of data subjects go.")
@click.option("--guard", metavar="ADDRESS|file", help="Where the guard goes, as by comity log move-guard.")
@click.option("--remove", is_flag=True, help="Remove the files from the folder whose content has moved.")
def migrate_(store: str | None, keys_store: str | None, guard: str | None, remove: bool) -> None:
    """Move entries, keys of data subjects and guard of this ledger to other places, each verified there.

    Heads, time stamps, what was received from other logs, accounts and links of kept files go with the entries. The old
    place is closed first: nothing is written to it any more, also by a process that has it open. It is not deleted.
    Until keys.db is removed, it still has what is erased later. Repeated, the command finishes what was interrupted;
    with the places where the parts are, it takes a move back that has not copied anything yet.
    """
    if not remove and store is keys_store is guard is None:
        raise click.UsageError("--store, --keys-store, --guard: what is to be moved, and where? Or --remove")
    path = Path(ledger_choice.ledger_folder())
    folder, home = read_folder(path), Home.of(path)
    if not remove or store or keys_store or guard:
        check_clock(folder, home)
    if store is not None:
        for moved in (ACCOUNTS, LINKS):
            accounts_at(folder.entries, path, moved)  # what cannot be read is said before anything moves
    with prompts.progress("verifying") as progress:
        now = ledger_choice.now(str(path))

        def carry(here: Location, to: Location) -> None:
            for moved in (ACCOUNTS, LINKS):
                move_accounts(here, to, path, moved)

        folder = migrate(path, home, Places(store, keys_store, guard), now, progress, carry)
    removed = remove_left(path) if remove else []
    places = str(folder.entries), str(folder.subject_keys), str(place_in(home.log(folder.origin)))
    answer = MigrateAnswer(str(path), *places, removed)
    lines = [f"{name:<8} {place}" for name, place in zip(("entries", "keys", "guard"), places, strict=True)]
    lines += [f"removed  {name}" for name in removed]
    output.emit(answer, ("entries", "keys", "guard"), [answer], text=lambda: "\n".join(lines))
    if folder.keys_store and (path / "keys.db").exists():
        output.tell("keys.db is still here, with every key that is erased from now on: comity migrate --remove")
