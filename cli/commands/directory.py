"""`comity directory`: a signed directory of ledgers, and a root log of their checkpoints."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.commands.init import registrar_of
from cli.exit_codes import Exit, Stop
from cli.handover.trust_folder import read_trust
from cli.session import ledger_choice
from cli.session.key_files import PASSPHRASE
from cli.session.options import KEY
from cli.terminal import file_io, output
from cli.terminal.answer import CommandAnswer, Time
from ledger.adapters.folders.read_trust import trust_files
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys import mldsa
from ledger.adapters.keys.key_files import listed
from ledger.adapters.keys.open_key import open_key
from ledger.application.root_log.reading import Directory, read_directory
from ledger.application.root_log.root_log import create_root_log, opened, published
from ledger.command_line import quoted_path
from ledger.errors import RecordError
from ledger.tlog.note import open_checkpoint, parse_checkpoint, split_note
from ledger.tlog.tree import check_inclusion, leaf_hash, parse_proof
from ledger.trust.ledger_directory import DirectoryEntry
from ledger.trust.trust_folder import Trust, parse_trust


class DirectoryAnswer(CommandAnswer, tag="comity.directory-new/1"):
    """A new directory of ledgers: its folder, its origin, the key of its log, the registrar who signs entries."""

    directory: str
    origin: str
    log_key: str
    registrar: str


class ListedAnswer(CommandAnswer, tag="comity.directory-add/1"):
    """The entry of a ledger in a directory: its index in the root log, and the size of the log."""

    log: str
    index: int
    size: int


class TakenItem(Struct, frozen=True):
    """What became of one ledger: the size taken now and before, or why nothing was; `proved` as a contradiction."""

    log: str
    taken: int | None
    before: int | None
    code: str
    says: str
    proved: bool


class TakeAnswer(CommandAnswer, tag="comity.directory-take/1"):
    """The checkpoints that were taken, and the size of the root log."""

    ledgers: list[TakenItem]
    size: int


class ListedItem(Struct, frozen=True):
    """One ledger of a directory; `size` is that of its newest checkpoint there, of `checkpoints` in all."""

    log: str
    holder: str
    address: str
    since: str
    until: str
    successor: str
    keys: list[str]
    size: int | None
    checkpoints: int


class ShownDirectoryAnswer(CommandAnswer, tag="comity.directory/1"):
    """The ledgers of a directory as its newest entries state them, at `moment`."""

    origin: str
    moment: Time
    ledgers: list[ListedItem]


class CheckedAnswer(CommandAnswer, tag="comity.directory-check/1"):
    """A checkpoint in the name of `log` that is in a root log, at `index`, under its head of `size` leaves.

    `signed` is true if its signature was checked with the keys of the ledger that the caller holds.
    """

    origin: str
    log: str
    index: int
    size: int
    signed: bool


@command("comity directory new directory/ --origin directory.example/xo/ledgers")
@click.argument("folder", metavar="DIR")
@click.option("--origin", required=True, metavar="O", help="The root log's name, a lower-case URL without its scheme.")
@click.option("--registrar", default="registrar", metavar="NAME", help="Who signs the entries.")
@click.option("--party", metavar="PARTY", help="Whose; else the second part of the origin, as in ledger.example/xo/...")
@KEY
@PASSPHRASE
def new(
    folder: str, origin: str, registrar: str, party: str | None, key_file: str | None, passphrase_fd: int | None
) -> None:
    """Make a directory of ledgers in DIR: a root log, with its log key and guard in your state folder.

    DIR/trust is what you hand to those who read it. DIR/published is what you publish.
    """
    who = registrar_of(origin, registrar, party, key_file, passphrase_fd)
    create_root_log(Path(folder), origin, who, Home.user(), ledger_choice.now())
    with opened(Path(folder), Home.user(), ledger_choice.now()) as root:
        root.publish()
        key = root.trust.policy.logs[0].text
    answer = DirectoryAnswer(folder, origin, key, f"{who.actor} {who.party} {who.key}")
    output.emit(answer, text=lambda: f"directory {origin} in {folder}")


@command(
    "comity directory add directory/ karsk-trust/ --at https://ledger.example/karsk --holder 'Prosecutor Karsk'",
    "comity directory add directory/ karsk-trust/ --holder 'Prosecutor Karsk' --until 2027-12-31 "
    "--successor ledger.example/xo/karsk/2028",
)
@click.argument("folder", metavar="DIR")
@click.argument("trust", metavar="TRUST")
@click.option("--holder", required=True, metavar="TEXT", help="Who keeps the ledger.")
@click.option("--at", "address", default="", metavar="URL|DIR", help="Where its log is published with its entries.")
@click.option("--since", metavar="DAY", help="From when on it is listed (default: today).")
@click.option("--until", default="", metavar="DAY", help="Its last day; behind it it is not read.")
@click.option("--successor", default="", metavar="O", help="The origin of the ledger that takes its place.")
@KEY
def add(
    folder: str,
    trust: str,
    holder: str,
    address: str,
    since: str | None,
    until: str,
    successor: str,
    key_file: str | None,
) -> None:
    """List the ledger of the trust folder TRUST in DIR, or replace what is listed; the registrar signs the entry.

    TRUST came to you by a way that you trust. An earlier entry stays in the log.
    """
    files = trust_files(str(Path(trust) / "trust") if ledger_choice.is_ledger(trust) else trust)
    if "policy" not in files or "registrar" not in files:
        raise Stop(f"{trust} has no policy and registrar", hint="it is the folder trust/ of the ledger")
    names = sorted({key.name for key in parse_trust(files).policy.logs})
    place = address if address.startswith(("http://", "https://")) or not address else str(Path(address).absolute())
    with opened(Path(folder), Home.user(), ledger_choice.now()) as root:
        registrar = root.trust.registrar
        if registrar is None:
            raise AssertionError("a directory has a registrar")
        key = open_key(key_file or _own_key(registrar.key))
        if key.public.hex() != registrar.key:
            raise Stop(f"this is not the key of {registrar.actor} of the directory", code=Exit.REFUSED)
        entry = DirectoryEntry(
            directory=root.origin,
            leaf=0,  # that of the next leaf is signed
            log=names[0],
            policy=files["policy"].decode(),
            registrar=files["registrar"].decode(),
            holder=holder,
            since=since or f"{datetime.now(UTC):%Y-%m-%d}",
            address=place.rstrip("/"),
            until=until,
            successor=successor,
        )
        index = root.add(entry, key.sign)
        size = root.publish()
    output.emit(ListedAnswer(entry.log, index, size), text=lambda: f"{entry.log} is listed, leaf {index} of {size}")


def _own_key(public: str) -> str:
    home = Home.user()
    name = next((name for name, key in listed(home.keys).items() if key.hex() == public), None)
    if name is None:
        raise Stop("the key of the registrar is not here", hint="--key FILE", code=Exit.UNDECIDABLE)
    return str(home.keys / name)


@command("comity directory take directory/", refused=Exit.UNDECIDABLE)
@click.argument("folder", metavar="DIR")
@click.option("--no-witnesses", is_flag=True, help="Do not ask the witnesses of the ledgers what they remember.")
def take(folder: str, no_witnesses: bool) -> Exit:
    """Take the newest checkpoint of each listed ledger into the root log, where it is new; made to run each hour.

    Each must follow the one taken before, by a proof from the ledger's own tiles. Exit 1 if a ledger contradicts
    itself: then nothing of it is taken, and the evidence is kept in DIR/evidence. Exit 4 if one cannot be read.
    """
    with opened(Path(folder), Home.user(), ledger_choice.now()) as root:
        results = root.take(ask=not no_witnesses)
        size = root.publish()
    items = [TakenItem(r.log, r.taken, r.before, r.code, r.says, r.proved) for r in results]
    columns = ("log", "taken", "before", "code", "says")
    output.emit(TakeAnswer(items, size), columns, [(i.log, i.taken, i.before, i.code, i.says) for i in items])
    if any(item.proved for item in items):
        return Exit.PROVED_BAD
    return Exit.UNDECIDABLE if any(item.code for item in items) else Exit.DONE


@command(
    "comity directory show directory/",
    "comity directory show https://directory.example/xo --trust directory-trust/ --json",
    refused=Exit.UNDECIDABLE,
)
@click.argument("where", metavar="DIR|URL")
@click.option("--trust", metavar="DIR|FILE", help="What you hold of the directory; else DIR is your own.")
@click.option("--state", metavar="DIR", help="What was seen of it (default: in your state folder).")
def show(where: str, trust: str | None, state: str | None) -> None:
    """Show the ledgers that a directory lists. Every leaf is read, every signature verified."""
    if trust is None:
        with opened(Path(where), Home.user(), ledger_choice.now()) as root:
            origin, directory = root.origin, root.directory()
    else:
        held = read_trust(trust)
        origin = held.policy.logs[0].name
        folder = Path(state) if state else Home.user().state / "directories"
        directory = read_directory(published(where), held, folder, ledger_choice.now())
    items = [_item(entry, directory) for entry in directory.current()]
    rows = [(i.log, i.holder, i.since, i.until, i.successor, i.size, i.checkpoints, i.address) for i in items]
    columns = ("log", "holder", "since", "until", "successor", "size", "checkpoints", "address")
    output.emit(ShownDirectoryAnswer(origin, ledger_choice.now(), items), columns, rows)


def _item(entry: DirectoryEntry, directory: Directory) -> ListedItem:
    newest = directory.newest(entry.log)
    return ListedItem(
        log=entry.log,
        holder=entry.holder,
        address=entry.address,
        since=entry.since,
        until=entry.until,
        successor=entry.successor,
        keys=[key.text for key in entry.trust().policy.logs],
        size=newest[1].checkpoint.size if newest else None,
        checkpoints=len(directory.checkpoints.get(entry.log, ())),
    )


@command("comity directory prove directory/ ledger.example/xo/karsk -o karsk")
@click.argument("folder", metavar="DIR")
@click.argument("log", metavar="ORIGIN")
@click.option("-o", "--output", "name", required=True, metavar="NAME", help="Writes NAME.note and NAME.tlog-proof.")
def prove(folder: str, log: str, name: str) -> None:
    """Write the newest checkpoint of a ledger that was taken, and the proof that it is in the root log."""
    for ending in (".note", ".tlog-proof"):
        file_io.check_new(name + ending, "a proof")
    with opened(Path(folder), Home.user(), ledger_choice.now()) as root:
        note, proof = root.prove(log)
    file_io.write_new(f"{name}.note", note)
    file_io.write_new(f"{name}.tlog-proof", proof)
    check = f"comity directory check {quoted_path(f'{name}.note')} --trust TRUST --of TRUST"
    output.tell(f"{name}.note, {name}.tlog-proof; {check}")


@command(
    "comity directory check karsk.note --trust directory-trust/ --of karsk-trust/",
    refused=Exit.PROVED_BAD,
)
@click.argument("file", metavar="NOTE")
@click.option("--trust", required=True, metavar="DIR|FILE", help="What you hold of the directory.")
@click.option("--of", "ledger", metavar="DIR|FILE", help="What you hold of the ledger: its signature is checked too.")
@click.option("--proof", metavar="FILE", help="The proof (default: NOTE with the ending .tlog-proof).")
def check(file: str, trust: str, ledger: str | None, proof: str | None) -> None:
    """Check offline that the checkpoint in NOTE is in the root log whose trust you hold.

    Without --of nothing says that the ledger signed it: the operator of the root log can add any note.
    """
    held: Trust = read_trust(trust)
    origin = held.policy.logs[0].name
    note = file_io.read(file)
    parsed = parse_proof(file_io.read(proof or f"{file.removesuffix('.note')}.tlog-proof"))
    witnesses = tuple(held.policy.witnesses.values())
    head = open_checkpoint(parsed.note, origin, held.policy.logs, witnesses, mldsa=mldsa.verify)
    if not held.policy.met(held.policy.names(key for key, _ in head.cosignatures)):
        raise RecordError("CP-QUORUM", "too few witnesses of your policy saw the head of the directory")
    checkpoint = head.checkpoint
    check_inclusion(parsed.index, checkpoint.size, leaf_hash(note), parsed.path, checkpoint.root)
    taken = parse_checkpoint(split_note(note)[0])  # a leaf may be an entry of the directory
    if ledger is not None:
        keys = tuple(key for key in read_trust(ledger).policy.logs if key.name == taken.origin)
        if not keys:
            raise RecordError("CP-ORIGIN", f"{ledger} has no key of {taken.origin}")
        open_checkpoint(note, taken.origin, keys, (), mldsa=mldsa.verify)
    answer = CheckedAnswer(origin, taken.origin, parsed.index, checkpoint.size, ledger is not None)
    at = f"leaf {parsed.index} of {checkpoint.size} in {origin}"
    signed = f"the checkpoint of {taken.origin}, which its keys signed, is {at}"
    unsigned = f"a checkpoint in the name of {taken.origin} is {at}; that this ledger signed it was not checked"
    output.emit(answer, text=lambda: signed if answer.signed else unsigned)
