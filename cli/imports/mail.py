"""`comity import mail`: record mails as evidence of a transmission, of a receipt, or of another step."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.local_time import MOMENT
from cli.session.options import AS, KEY, ROLE
from cli.terminal import output
from cli.terminal.answer import CommandAnswer

if TYPE_CHECKING:
    from ledger.application.intake.mail.authentication import KeyWord, ServerWord
    from ledger.application.intake.mail.mail_file import Mail
    from ledger.application.journal import Journal
    from ledger.entries.case import Case


class AttachedItem(Struct, frozen=True):
    """A file of a mail: its name as the mail states it, media type, bytes, SHA-256 in hex."""

    name: str
    media: str
    size: int
    sha256: str


class MailItem(Struct, frozen=True):
    """A mail: what its headers claim, its digest and those of its files, and sentences on what is more than a claim.

    `taken` is when the named server states that it took the mail, which stays its claim; `holds` whether a DKIM
    signature holds under the key that was handed in (null: none was). It does not where the mail has a signed header
    more often than it is signed, or a Content-Type that is not signed.
    """

    file: str
    sha256: str
    size: int
    sender: str
    to: list[str]
    subject: str
    message_id: str
    date: datetime | None
    taken: datetime | None
    holds: bool | None
    files: list[AttachedItem]
    says: list[str]


class MailsAnswer(CommandAnswer, tag="comity.mails/1"):
    """Mails as they are read; nothing was recorded."""

    mails: list[MailItem]


@command(
    "comity import mail receipt.eml --order PPO-2026-123 --as ilves",
    "comity import mail sent/*.eml --kind order-transmitted -f channel=mail --whose skylark --as ilves --dry-run",
    "comity import mail reply.eml --server mx.karsk.example --inspect",
    "comity import mail reply.eml --dkim s1._domainkey.skylark.example=key.txt --inspect",
)
@click.argument("files", nargs=-1, required=True)
@click.option("--order", metavar="ORDER", help="The order; else the subject, or a file's name, quotes its reference.")
@click.option("--kind", metavar="KIND", help="What the mails show; a delivery report reports a receipt.")
@click.option("--whose", metavar="ACTOR", help="Whose act they show; of a receipt and a transmission, the addressee.")
@click.option("--on", type=MOMENT, help="When; else a signed report, the server's stamp, or a claim: report or Date.")
@click.option("--server", metavar="HOST", help="Your own mail server: its stamp and results are read, of no other.")
@click.option("--dkim", metavar="NAME=FILE", help="Check DKIM under the key of NAME, whose record or PEM is in FILE.")
@click.option("--field", "-f", "fields", multiple=True, metavar="NAME=VALUE", help="A field they all share.")
@AS
@ROLE
@KEY
@click.option("--unregistered", is_flag=True, help="They may name offices that no register knows.")
@click.option("--inspect", is_flag=True, help="Say what the mails claim and what is shown; open no ledger.")
@click.option("--dry-run", is_flag=True, help="Check every mail; record nothing.")
def mail(
    files: tuple[str, ...],
    order: str | None,
    kind: str | None,
    whose: str | None,
    on: datetime | None,
    server: str | None,
    dkim: str | None,
    fields: tuple[str, ...],
    actor: str | None,
    role: str | None,
    key_file: str | None,
    unregistered: bool,
    inspect: bool,
    dry_run: bool,
) -> Exit:
    """Record FILES (.eml, .msg) as evidence in their orders, each by its digest, all or none; the mails stay there.

    What a header claims is not proven. The stamp and the results of --server are the claims of that server. A signature
    under the key of --dkim shows the headers that it signs, if the mail has none of them more often. A delivery report
    without stamp and signature is a claim.
    """
    from cli.imports.delivery import documents
    from cli.imports.import_report import ImportOptions
    from cli.imports.import_run import import_table
    from cli.imports.letters import pairs
    from cli.session.open_ledger import case, find, writing
    from ledger.application.intake.mail.mail_fact import attached_in, cells_of, doubts, fact_of

    read = [(file, *_read(file, server, dkim)) for file in files]
    if inspect:
        items = [_item(*each) for each in read]
        columns = ("file", "sha256", "sender", "subject", "date")
        output.emit(MailsAnswer(items), columns, items, text=lambda: _text(items))
        return Exit.DONE
    table, names = io.BytesIO(), []
    with writing() as journal:
        for file, message, word, signature in read:
            fact = fact_of(message, file, kind or "", word, on, signature)
            name = order or _named(journal, message, file)
            here = find(journal, name)
            record = case(journal, here)
            recorded = documents(record)
            if (entry := recorded.get(message.sha256)) is not None:
                output.tell(f"{file}: on record already, {entry.kind}, entry #{entry.seq}")
                continue
            for attached in attached_in(message, list(recorded)):
                output.tell(f"{file}: {attached} is a document on record in {name}, by digest")
            row = {**cells_of(message, fact, here), **_addressed(fact.kind, whose, record), **pairs(fields)}
            row |= {"unregistered": "yes"} if unregistered else {}
            table.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            names.append(file)
            for says in doubts(message, fact, signature):
                output.tell(f"{file}: {says}")
    options = ImportOptions("mails", "jsonl", actor, role, key_file, None, None, max(20, len(names)), tuple(names))
    return import_table(table, options, dry_run=dry_run)


def _read(file: str, server: str | None, dkim: str | None) -> tuple[Mail, ServerWord | None, KeyWord | None]:
    from cli.imports.intake.prepared import bytes_of
    from ledger.application.intake.mail.authentication import check_key, word_of_server
    from ledger.application.intake.mail.mail_file import read_mail

    message = read_mail(bytes_of(file), file)
    key = None
    if dkim is not None:
        name, mark, path = dkim.partition("=")
        if not mark:
            raise Stop(f"--dkim {dkim}: this is NAME=FILE", hint="as s1._domainkey.skylark.example=key.txt")
        key = check_key(message, bytes_of(path, 1 << 16).decode("ascii", "replace"), name)
    return message, word_of_server(message, server) if server else None, key


def _named(journal: Journal, message: Mail, file: str) -> str:
    """Return the one reference on record that a mail quotes; `Stop` for none and for several."""
    from ledger.application.intake.mail.mail_fact import orders_named

    known = dict.fromkeys(reference for reference, _ in journal.store.references())
    found = orders_named(message, known)
    found = [one for one in found if not any(one != other and one in other for other in found)]
    if len(found) != 1:
        says = f"quotes several orders: {', '.join(found[:5])}" if found else "quotes no order that is on record"
        raise Stop(f"{file} {says}", hint="--order names it", code=Exit.REFUSED)
    return found[0]


def _addressed(kind: str, whose: str | None, record: Case) -> dict[str, Any]:
    """Return whose act a row reports: a transmission by mail names its addressee, any other act its actor."""
    from cli.imports.delivery import addressee_of

    if kind == "order-transmitted":
        return {"addressee": whose or addressee_of(record), "channel": "mail"}
    if whose is None and kind == "order-received":
        whose = addressee_of(record)
    return {} if whose is None else {"actor": whose}


def _item(file: str, message: Mail, word: ServerWord | None, key: KeyWord | None) -> MailItem:
    from ledger.application.intake.mail.mail_fact import sentences

    return MailItem(
        file,
        message.sha256,
        message.size,
        message.sender,
        list(message.to),
        message.subject,
        message.message_id,
        message.date,
        word.taken if word is not None else None,
        key.holds if key is not None else None,
        [AttachedItem(each.name, each.media, each.size, each.sha256) for each in message.files],
        list(sentences(message, word, key)),
    )


def _text(items: Sequence[MailItem]) -> str:
    return "\n".join("\n".join([Path(item.file).name, *(f"  {says}" for says in item.says)]) for item in items)
