"""`comity export`: write the evidence bundle of an order for one audience."""

from __future__ import annotations

import os
import re
from datetime import datetime

import click

from cli.access.persons import PERSON
from cli.access.purposes import PURPOSE
from cli.access.recorded_access import Stated
from cli.click_extensions import command
from cli.exports.formats import ENDINGS, FORMATS, IN_THE_FOLDER, ExportRequest, write
from cli.handover.evidence_bundle import Handed, bundle
from cli.handover.paper_signer import SigningOptions, signing_options
from cli.remote.servers import chosen_url, only_in_a_folder
from cli.session import ledger_choice
from cli.session.local_time import MOMENT
from cli.session.open_ledger import secret, writing
from cli.session.options import AS, KEY, ROLE
from cli.terminal import output as ui
from cli.terminal.file_format import format_of
from cli.terminal.file_io import check_new, write_new
from ledger.command_line import quoted, quoted_path

UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@command(
    "comity export PPO-2026-123 --audience COURT -o court.evidence.zip",
    "comity export main --audience DEF --documents files/ -o defence.evidence.zip",
    "comity export main --audience CUST --because 'request of 3 May' --person 'Dina Ilves' -o request.evidence.zip",
    "comity export main --format case -o main.case.jsonld",
    "comity export --format ics -o deadlines.ics",
    "comity export main --audience COURT --format asic-e --sign seal.p12 -o court.asice",
    "comity export main --audience COURT --format cose-receipts -o receipts",
    "comity export --absent 1b4e28ba-2fa1-4f1d-883f-0016d3cca427 -o absent.json",
)
@click.argument("order", required=False)
@click.option("--audience", metavar="ROLE", help="Who reads it: a role, or COURT; every bundle has one.")
@click.option("-o", "--output", "file", required=True, metavar="FILE", help="Where it goes; - is standard output.")
@AS
@ROLE
@KEY
@PURPOSE
@click.option("--because", metavar="TEXT", help="Why values are opened; for a bundle by default its purpose. Recorded.")
@PERSON
@click.option("--basis", multiple=True, metavar="CITE", help="On which legal basis it is handed over; repeatable.")
@click.option("--documents", metavar="DIR", help="Add the documents that lie here and that the audience may see.")
@click.option("--linked", is_flag=True, help="Add the orders this one is linked with.")
@click.option("--unwitnessed", is_flag=True, help="Make it even if no quorum of witnesses saw the log.")
@click.option("--as-of", "as_of", type=MOMENT, help="A table or file as recorded at this moment (default: now).")
@click.option("--reveal", is_flag=True, help="Open sealed values in a table or file; recorded, with the reason.")
@click.option("--absent", metavar="ORDER-ID", help="Instead, the proof that the ledger has no order of this id.")
@click.option("--unsigned", is_flag=True, help="asic-e: leave the signature to a card; see docs/reference/exports.md.")
@signing_options
def export(
    order: str | None,
    audience: str | None,
    file: str,
    actor: str | None,
    role: str | None,
    key_file: str | None,
    purpose: str | None,
    person: str | None,
    basis: tuple[str, ...],
    documents: str | None,
    linked: bool,
    unwitnessed: bool,
    as_of: datetime | None,
    reveal: bool,
    because: str | None,
    absent: str | None,
    unsigned: bool,
    signing: SigningOptions,
) -> None:
    """Write the evidence bundle of ORDER for one audience: what it may read is opened, all else is proven closed.

    With --format the same record in somebody else's form, which is a convenience and no evidence: nothing sealed is
    opened in it but by --reveal; without --format the ending of FILE decides. Without ORDER it is of the whole ledger,
    where the form has room for that.

    --absent speaks of a full id, as a paper, a receipt or a link names it. It says nothing about a case number, a
    person or a request, which can be under another id.
    """
    if absent is not None:
        if chosen_url() is not None:
            raise only_in_a_folder("--absent")
        if order is not None or audience is not None:
            raise click.UsageError("--absent is of no order, and the same for every reader")
        _write_absence(absent, file, unwitnessed)
        return
    stated = Stated(because, purpose, person)
    handed = Handed(audience, actor, role, key_file, stated, basis, documents, linked, unwitnessed)
    if (form := format_of(file, ENDINGS, "table")) != "table":
        if chosen_url() is not None and (reveal or form in IN_THE_FOLDER):
            raise only_in_a_folder("--reveal" if reveal else f"--format {form}")
        write(form, ExportRequest(order, file, handed, as_of, reveal, signing, unsigned))
        return
    if signing.key is not None or unsigned:
        raise click.UsageError("--sign and --unsigned are of --format asic-e; the keys of the ledger sign a bundle")
    if order is None or as_of is not None or reveal:
        raise click.UsageError("a bundle is of one ORDER, as it is recorded now; --format makes other things")
    check_new(file, "a bundle")
    if (url := chosen_url()) is not None:
        from cli.handover.served_bundle import served_bundle

        write_new(file, served_bundle(url, secret, order, file, handed))
        return
    with bundle(order, file, handed) as evidence:
        if file != "-":
            write_new(file, evidence.data, evidence.close_access)
    if file == "-":  # after the block: with the first byte the bundle counts as handed out
        write_new(file, evidence.data)
    _tell_check(file)


def _tell_check(file: str) -> None:
    trust = os.path.join(ledger_choice.ledger_folder(), "trust")
    ui.tell(f"check it with: comity verify {quoted_path(file)} --trust {quoted(os.path.normpath(trust))}")


def _write_absence(order: str, file: str, unwitnessed: bool) -> None:
    from cli.handover.hand_over import witnesses
    from ledger.application.export.prove_absence import prove_absence

    if not UUID.fullmatch(order):
        says = f"{order!r} is no id of an order"
        raise click.UsageError(f"{says}: --absent takes all of its 36 characters, in lower case")
    check_new(file, "a proof")
    with writing() as journal:
        asked = witnesses(journal, "--unwitnessed leaves them out")
        proof = prove_absence(journal, order, asked, unwitnessed=unwitnessed)
    write_new(file, proof)
    _tell_check(file)


# The common --format has table formats; an export has its own.
next(p for p in export.params if "--format" in p.opts).type = click.Choice(tuple(FORMATS))
