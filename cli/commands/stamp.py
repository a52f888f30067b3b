"""`comity stamp`: name time-stamp authorities, and have all of them stamp the state of the log (RFC 3161)."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.session.options import AS, KEY
from cli.terminal import file_io, output
from cli.terminal.answer import CommandAnswer
from ledger.errors import LedgerError, RecordError

if TYPE_CHECKING:
    from ledger.adapters.log.checkpoints import TimeStampToken
    from ledger.application.journal import Journal
    from ledger.entries.envelope import Signer


class StampItem(Struct, frozen=True):
    """One kept time stamp; `at` says why it does not hold, where it does not."""

    authority: str
    at: str
    accuracy: str
    size: int | None
    head: str
    digest: str


class StampAnswer(CommandAnswer, tag="comity.stamp/1"):
    """The time stamps over the newest checkpoint of a log; `head` is the digest of the checkpoint."""

    origin: str
    size: int
    head: str
    tokens: list[StampItem]


class AuthorityAnswer(CommandAnswer, tag="comity.authority/1"):
    """A new time-stamp authority, and the subjects of its certificates."""

    name: str
    url: str
    certificates: list[str]


class StampsAnswer(CommandAnswer, tag="comity.stamps/1"):
    """Every time stamp that a ledger keeps."""

    tokens: list[StampItem]


COLUMNS = StampItem.__struct_fields__


@command("comity stamp", "comity stamp --as clock --json")
@AS
@KEY
def stamp(actor: str | None, key_file: str | None) -> Exit:
    """Have the newest checkpoint stamped (RFC 3161) by every authority this ledger names; exit 3 if one did not.

    The raw answers are kept with the checkpoint for ever and travel in bundles. With --as, an office of the role SYS
    records them in the register as well. Once a day, and before an export, is what a reader expects.
    """
    from cli.session.clock_check import doubted
    from cli.session.open_ledger import hand, writing
    from ledger.adapters.log.checkpoints import TimeStampToken
    from ledger.adapters.timestamps.rfc3161 import authorities, need, obtain, trusted
    from ledger.application.export.witnessed_head import published_head
    from ledger.tlog.note import note_digest

    need()
    with writing() as journal:
        tsa = journal.folder.path / "trust" / "tsa"
        urls = authorities(tsa)
        if not urls:
            raise Stop("this ledger names no time-stamp authority", hint="comity stamp add NAME URL --root FILE")
        # Find the signer first: an authority may charge for each time stamp.
        signer = None if actor is None else hand(journal, "timestamp-anchored", actor, "SYS", key_file)
        head = published_head(journal)
        digest, tokens = note_digest(head.note), []
        for number, (name, url) in enumerate(urls.items()):
            try:
                reply = obtain(url, head.note, trusted(tsa), ledger_choice.now(), sha512=number % 2 == 1)
            except LedgerError as fault:
                if fault.code == "CLOCK-AHEAD":
                    doubted(fault)
                else:
                    output.tell(f"{name}: {fault}")
                continue
            tokens.append(TimeStampToken(digest, name, reply, journal.now()))
        for token in tokens:  # store after all have answered: one of them may contradict our clock
            journal.heads.stamp(token)
        if signer is not None:
            for token in tokens:
                _record(journal, token, head.checkpoint.size, head.checkpoint.root.hex(), signer)
        rows = [row for row in _rows(journal.folder.path) if row.digest in {token.digest for token in tokens}]
    output.emit(StampAnswer(head.checkpoint.origin, head.checkpoint.size, digest, rows), COLUMNS, rows)
    if len(urls) == 1:
        output.tell("one authority alone can be wrong about the time: name a second one, of another operator")
    return Exit.DONE if len(tokens) == len(urls) else Exit.FINDINGS


@command(
    "comity stamp add karsk-tsa https://tsa.example/stamp --root karsk-root.pem",
    "comity stamp add fr-tsa https://tsa.example.fr --root fr-root.pem",
)
@click.argument("name")
@click.argument("url")
@click.option("--root", "root", required=True, metavar="FILE", help="Its root certificate; PEM or DER.")
def add(name: str, url: str, root: str) -> None:
    """Ask the time-stamp authority NAME at URL from now on; two of different operators are better than one.

    Its certificates go into trust/tsa. Verifiers need them from there: none inside a bundle is trusted.
    """
    from cli.session.key_files import checked_name
    from ledger.adapters.folders.user_folders import private_folder, replace_file
    from ledger.adapters.http_client import is_address
    from ledger.adapters.storage.sqlite import sync_folder
    from ledger.adapters.timestamps.rfc3161 import authorities, certificates, need

    need()
    if not is_address(url) or any(c.isspace() for c in url):
        raise Stop(f"{url!r} is not the address of an http server")
    file = file_io.read(root)
    certs = certificates(file)
    if not any(certificate.issuer == certificate.subject for certificate in certs):
        raise Stop(f"{root} holds no root certificate, only what stands below one", code=Exit.UNDECIDABLE)
    tsa = private_folder(Path(ledger_choice.ledger_folder()) / "trust" / "tsa")
    urls = authorities(tsa)
    if checked_name(name) in urls:
        raise Stop(f"there is an authority {name} already")
    urls[name] = url
    replace_file(tsa / f"{name}{'.pem' if b'-----BEGIN' in file else '.der'}", file)
    replace_file(tsa / "authorities", "".join(f"{n} {u}\n" for n, u in urls.items()).encode())
    sync_folder(tsa)
    output.emit(AuthorityAnswer(name, url, [c.subject.rfc4514_string() for c in certs]))
    output.tell("comity stamp asks it; hand trust/tsa to everyone who verifies")


@command("comity stamp list", "comity stamp list --json", refused=Exit.UNDECIDABLE)
def list_() -> None:
    """Every time stamp this ledger keeps, judged again at the moment it gives."""
    rows = _rows(Path(ledger_choice.ledger_folder()))
    output.emit(StampsAnswer(rows), COLUMNS, rows)


def _rows(path: Path) -> list[StampItem]:
    """Return the kept time stamps; for an invalid one, `at` is the error."""
    from ledger.adapters.folders.ledger_folder import read_folder
    from ledger.adapters.log.checkpoints import CheckpointStore
    from ledger.adapters.timestamps.rfc3161 import read_stamp, trusted

    roots, rows = trusted(path / "trust" / "tsa"), []
    with closing(CheckpointStore(read_folder(path).heads, writable=False)) as heads:
        for token in heads.tokens():
            head = heads.get(token.head)
            size, note = (head.size, head.note) if head else (None, b"")
            try:
                stamp = read_stamp(token.reply, note, roots)
                at = output.plain(stamp.at)
                accuracy = f"{stamp.accuracy.total_seconds():g} s"
            except RecordError as wrong:
                at, accuracy = str(wrong), ""
            rows.append(StampItem(token.authority, at, accuracy, size, token.head, token.digest))
    return rows


def _record(journal: Journal, token: TimeStampToken, size: int, root: str, signer: Signer) -> None:
    from ledger.facts import build

    document = {
        "code": "timestamp",
        "media": "application/timestamp-reply",
        "size": len(token.reply),
        "sha256": hashlib.sha256(token.reply).hexdigest(),
    }
    fact = build("timestamp-anchored", {"tree_size": size, "root": root, "token": document}, {})
    receipt = journal.record(fact, journal.registry, signer)
    output.tell(f"recorded in the register as entry {receipt.index}")
