"""Write a report to its file, and record that it was issued."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from cli.exit_codes import Stop
from cli.reports.report_files import MEDIA
from cli.terminal import output

if TYPE_CHECKING:
    from cli.handover.paper_signer import PaperSigner
    from ledger.entries.envelope import Signer


def put(file: str, data: bytes, signer: PaperSigner | None = None) -> None:
    """Write bytes to a new file, or to standard output for `-`; say who signed them."""
    from cli.terminal.file_io import write_new

    if file == "-":
        click.echo(data, nl=False)
    else:
        try:
            write_new(file, data)
        except Stop as there:
            raise Stop(there.message, hint="a report is never overwritten; choose another name") from None
        page = data.startswith(b"<")
        wrote = "open it in any browser; it needs no network" if page else f"written, {len(data)} bytes"
        output.tell(f"{file}: {wrote}")
    if signer is not None:
        signer.tell()


def recording(actor: str | None, order: str | None = None) -> Signer:
    """Return the signer of a report, before its values are opened: a wrong office or role is refused first."""
    from cli.session.open_ledger import hand, writing

    with writing() as journal:
        return hand(journal, "report-issued", actor, None, None, order)


def record_report(kind: str, order: str, as_of: datetime, data: bytes, medium: str, signer: Signer) -> None:
    """Record `report-issued` with the kind of a report, its moment, its digest, and the digest of the rules.

    `order` is the order that the report is about; a report on the whole ledger goes into the access
    order. The document's code names the renderer and its version, because another version makes other
    bytes.
    """
    from hashlib import sha256

    from cli.reports.pdf import renderer
    from cli.session.open_ledger import writing
    from ledger.entries.case import wire
    from ledger.facts import build
    from ledger.law.provisions import rules_digest

    document = {
        "code": f"{kind}{renderer(medium)}",
        "media": MEDIA[medium],
        "size": len(data),
        "sha256": sha256(data).hexdigest(),
    }
    fields = {"report": kind, "as_of": wire(as_of), "document": document, "rules_digest": rules_digest()}
    with writing() as journal:
        receipt = journal.record(build("report-issued", fields, {}), order, signer)
    output.tell(f"recorded as entry {receipt.index} of the log")
