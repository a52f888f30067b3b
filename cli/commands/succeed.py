"""`comity succeed`: create a log that replaces one that cannot continue."""

from __future__ import annotations

from pathlib import Path

import click

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.session.open_ledger import writing
from cli.session.options import KEY, STORE
from cli.session.record_target import FolderTarget
from cli.terminal import file_io, output
from cli.terminal.receipt import tell
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import Key, listed
from ledger.adapters.keys.open_key import open_key
from ledger.application.commit_heads import enrol_heads_key
from ledger.application.counterparties import origin_of, read_counterparty
from ledger.application.journal import Journal
from ledger.application.successor import keep_predecessor, last_head, retire, signs, succession
from ledger.entries.envelope import Circumstances, open_
from ledger.entries.keyring import Registrar
from ledger.facts import build
from ledger.tlog.names import check_origin

CAUSES = ("lost-storage", "restored-backup", "split-view", "key-compromise", "planned", "other")


@command(
    "comity succeed old-ledger/ ledger/ --origin ledger.example/xo/karsk/2 --cause restored-backup",
    "comity succeed trust/ ledger/ --origin ledger.example/xo/karsk/2 --cause lost-storage --head karsk.note",
)
@click.argument("old", metavar="OLD")
@click.argument("folder", metavar="DIR")
@click.option("--origin", required=True, metavar="O", help="The new log's name; the old one is never used again.")
@click.option("--cause", required=True, type=click.Choice(CAUSES), help="Why the old log cannot go on.")
@click.option("--head", metavar="FILE", help="The last head of the old log that others saw, if nothing here has it.")
@click.option("--lost", multiple=True, type=int, metavar="INDEX", help="A place of the old log known to be lost.")
@STORE
@KEY
def succeed(
    old: str,
    folder: str,
    origin: str,
    cause: str,
    head: str | None,
    lost: tuple[int, ...],
    store: str,
    key_file: str | None,
) -> None:
    """Begin a ledger in DIR that takes the place of OLD: what is left of a ledger, or only its trust folder.

    The witnesses of the old log, what it published, or --head say how far it had come. The first entry of the new
    register names that head; the registrar is the same, and signs with the same key. What the old log still holds can
    be read and verified as before; what it lost comes back as counterparties' records: comity receive.
    """
    check_origin(origin)
    ledger = Path(old) if ledger_choice.is_ledger(old) else None
    trust, files = read_counterparty(Path(old) / "trust" if ledger else Path(old))
    registrar = trust.registrar
    if registrar is None:
        raise AssertionError("a trust folder without a registrar was refused")
    if origin == origin_of(trust):
        raise Stop(f"{origin} is the old log", hint="a successor has another name, such as the same with /2 behind it")
    note = last_head(trust, ledger, file_io.read(head) if head else None)
    public, document = succession(note, cause, lost)
    home = Home.user()
    key = _registrars(home, registrar, key_file)
    test = bool(ledger) and (Path(old) / "TEST").exists()
    with (
        writing(Path(folder))
        if _begun(Path(folder), origin, registrar, home, public["predecessor"])
        else Journal.create(Path(folder), origin, registrar, home=home, test=test, store=store, now=ledger_choice.now)
    ) as journal:
        keep_predecessor(journal.folder.path, journal.received, note, trust, files)
        signer = journal.signer(registrar.actor, "ADM", key)
        if not journal.store.size():
            now = journal.now()
            circumstances = Circumstances(now, now, documents=(document,))
            receipt = journal.record(build("log-succeeded", public, {}), journal.registry, signer, circumstances)
            tell(FolderTarget(journal), "log-succeeded", receipt)
        enrol_heads_key(journal, signer)
    if retire(home, public["predecessor"]):
        output.tell(f"the guard of {public['predecessor']} is retired: here it signs nothing more")
    output.tell(
        f"{public['predecessor']} is frozen at {public['size']} entries; hand {folder}/trust to everyone who verifies"
    )
    output.tell(
        "witnesses know the new log once you ask them: comity witness add; then register offices and keys again"
    )


def _begun(folder: Path, origin: str, registrar: Registrar, home: Home, predecessor: str) -> bool:
    """Return True for the ledger of an interrupted succession; False if there is none, or if it is complete."""
    from cli.session.ledger_reader import reading

    if not (folder / "trust" / "policy").exists():
        return False
    with reading(folder) as reader:
        if (reader.folder.origin, reader.folder.registrar) != (origin, registrar):
            return False
        entries = reader.store.order(reader.cases.registry)
    if not entries:
        return True
    first = open_(entries[0][1], verify=False).payload
    of_this = (first.kind, first.public.get("predecessor")) == ("log-succeeded", predecessor)
    return of_this and signs(home, predecessor)


def _registrars(home: Home, registrar: Registrar, key_file: str | None) -> Key:
    mine = next((name for name, key in listed(home.keys).items() if key.hex() == registrar.key), None)
    if key_file is None and mine is None:
        raise Stop(f"the key of {registrar.actor} is not here", hint="--key FILE", code=Exit.UNDECIDABLE)
    key = open_key(key_file or str(home.keys / str(mine)))
    if key.public.hex() != registrar.key:
        raise Stop(f"{key_file} is not the key of {registrar.actor}", code=Exit.REFUSED)
    return key
