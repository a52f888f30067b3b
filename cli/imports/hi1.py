"""ETSI TS 103 120 (HI-1): write the exchange with the provider as a message, and import messages."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import click

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.options import AS, KEY, ROLE
from cli.terminal import file_io, output
from ledger.errors import LedgerError, RecordError

if TYPE_CHECKING:
    from cli.exports.formats import ExportRequest
    from ledger.application.journal import Journal
    from ledger.entries.envelope import OpenedEntry


def write(wanted: ExportRequest) -> bytes:
    """Return the message of one order for `comity export --format hi1`; name on stderr what it leaves out."""
    from cli.access.recorded_access import revealed
    from cli.session.ledger_reader import reading_anywhere
    from projections.exchange.hi1_writer import hi1

    with reading_anywhere() as reader:
        case = reader.case(wanted.one)
    revealed([case.order], "export", wanted.reveal, wanted.handed.stated, wanted.handed.actor, "SP")
    message, lossy = hi1(case if wanted.as_of is None else case.known(wanted.as_of), reveal=wanted.reveal)
    if not message:
        raise Stop(f"{wanted.one} was never issued, so there is nothing to send", code=Exit.REFUSED)
    output.tell(f"what HI-1 does not carry ({len(lossy)}; in the message under comity:lossy):")
    for lost in lossy:
        output.tell(f"  {lost.kind}{f'.{lost.field}' if lost.field else ''}: {lost.why}")
    return message


@command(
    "comity import hi1 warrant.json --as skylark --dry-run",
    "comity import hi1 warrant.xml --as skylark --dry-run",
    "comity import hi1 tasks.json --as skylark --instrument 2AP-7",
)
@click.argument("file")
@AS
@ROLE
@KEY
@click.option("--instrument", metavar="CODE", help="What the order is made under, where the message does not say it.")
@click.option("--unregistered", is_flag=True, help="It may name offices and Parties that no register knows.")
@click.option("--dry-run", is_flag=True, help="Say what would be recorded; record nothing.")
def take(
    file: str,
    actor: str | None,
    role: str | None,
    key_file: str | None,
    instrument: str | None,
    unregistered: bool,
    dry_run: bool,
) -> Exit:
    """Record the facts of an HI-1 message: orders, approvals and notifications, all or none.

    What the message states in words of other dictionaries is reported and left out. A message taken twice is recorded
    once.
    """
    return import_message(file, actor, role, key_file, instrument, unregistered=unregistered, dry_run=dry_run)


def import_message(
    file: str,
    actor: str | None,
    role: str | None,
    key_file: str | None,
    instrument: str | None,
    *,
    unregistered: bool = False,
    dry_run: bool,
) -> Exit:
    """Import a message as the table of its facts."""
    from cli.imports.hi1_xml import as_json, is_xml
    from cli.imports.import_report import ImportOptions
    from cli.imports.import_run import import_table
    from projections.exchange.hi1_reader import NoMessage, rows_of

    data = file_io.read(file)
    try:
        rows, unread = rows_of(as_json(data, file) if is_xml(data) else data, instrument)
    except NoMessage as error:
        hint = "XML, or JSON as in TS 103 120 from V1.14 on"
        raise Stop(f"{file}: {error}", hint=hint, code=Exit.UNDECIDABLE) from None
    for what in dict.fromkeys(unread):
        output.tell(f"not understood, and left out: {what}")
    if not rows:
        raise Stop(f"{file}: the message tells no fact", code=Exit.UNDECIDABLE)
    if any(not row["instrument"] for row in rows):
        raise Stop(f"{file}: under what instrument is the order made?", hint="--instrument CODE, as 2AP-7 or EPOC")
    more = {"unregistered": "yes"} if unregistered else {}
    rows = _new(rows)
    table = io.BytesIO(b"".join(json.dumps({**row, **more}, ensure_ascii=False).encode() + b"\n" for row in rows))
    options = ImportOptions(file, "jsonl", actor, role, key_file, None, None, 20, tuple(row["kind"] for row in rows))
    return import_table(table, options, dry_run=dry_run)


def _new(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that are not on record here; those of an exported entry are named by its leaf hash.

    A row is on record if that entry is in the order that the row names, and says what the row says in public.
    """
    from cli.session.open_ledger import writing

    new = []
    with writing() as journal:
        for row in rows:
            entry = _on_record(journal, row)
            if entry is None:
                new.append(row)
            else:
                output.tell(f"on record already: {entry.payload.kind}, entry #{entry.payload.seq} of {row['order']}")
    return new


def _on_record(journal: Journal, row: dict[str, Any]) -> OpenedEntry | None:
    from cli.session.open_ledger import find
    from ledger.entries.case import instant
    from ledger.entries.envelope import open_

    label = row.get("label")
    stored = None
    if isinstance(label, str) and re.fullmatch("[0-9a-f]{64}", label):
        stored = journal.store.by_leaf(bytes.fromhex(label))
    if stored is None:
        return None
    opened = open_(stored[1], verify=False)
    p = opened.payload
    try:
        same = find(journal, str(row["order"])) == p.order and instant(str(row["occurred"])) == instant(p.on)
    except (RecordError, LedgerError, Stop, ValueError):
        return None
    stated = {name: value for name, value in row.items() if name in p.public}
    return opened if same and row["kind"] == p.kind and all(p.public[n] == v for n, v in stated.items()) else None
