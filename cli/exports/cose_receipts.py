"""Write the entries of an order, each with a receipt that tools of others check (RFC 9942), into a folder.

READ-ME.txt             what a receipt says and does not say, in English and German
log-key.cbor            the key of the log as a COSE_Key; log-key.pem is the same key
entries/N.dsse.json     the signed bytes of entry N of the log
entries/N.receipt       its receipt
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.exit_codes import Stop
from cli.exports.formats import ExportRequest
from cli.terminal import output
from cli.terminal.file_format import check_folder_name
from ledger.messages import LANGUAGES

if TYPE_CHECKING:
    from ledger.application.export.cose_receipts import CoseReceipts

KEY, PEM = "log-key.cbor", "log-key.pem"


def receipts(wanted: ExportRequest) -> None:
    """Write the folder whole, or not at all."""
    from cli.handover.evidence_bundle import role_of
    from cli.session.open_ledger import find, writing
    from cli.terminal.file_io import write_all
    from ledger.adapters.folders.new_folder import new_folder
    from ledger.application.export.cose_receipts import cose_receipts

    if wanted.handed.audience is None:
        raise click.UsageError("--audience ROLE: who is going to read it?")
    if wanted.file == "-":
        raise Stop("receipts are a folder", hint="comity export ORDER --format cose-receipts -o DIR")
    check_folder_name(wanted.file, "what holds the receipts")
    if wanted.reveal or wanted.as_of is not None or wanted.handed.documents is not None:
        says = "receipts are of entries as they are signed, under the newest root"
        raise Stop(says, hint="leave out --reveal, --as-of and --documents")
    reader = role_of(wanted.handed.audience)
    with writing() as journal, new_folder(wanted.file) as making:
        made = cose_receipts(journal, find(journal, wanted.one), reader, with_linked=wanted.handed.linked)
        write_all(making, files(made, test=journal.folder.test))
    count = output.counted(len(made.entries), "entry", "entries")
    under = f"under the root of a log of {made.signed.size}"
    output.tell(f"{wanted.file}: {count} with receipts, {under}; sealed values stay sealed")
    output.tell("NO-WITNESS: a receipt is the word of the log's key alone; the evidence bundle carries the witnesses")


def files(made: CoseReceipts, *, test: bool) -> dict[str, bytes]:
    """Return every file of the folder by its name; `test` is true of a ledger that is no evidence."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from cli.reports.court_folder import READ_ME, receipts_read_me
    from ledger.tlog.cose_receipt import cose_key

    text = "\n\n".join(receipts_read_me(made, (KEY, PEM), test=test, lang=lang) for lang in LANGUAGES)
    key = Ed25519PublicKey.from_public_bytes(made.signed.public)
    return {
        READ_ME: text.encode(),
        KEY: cose_key(made.signed.public),
        PEM: key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        **{f"entries/{index}.dsse.json": raw for index, raw, _ in made.entries},
        **{f"entries/{index}.receipt": receipt for index, _, receipt in made.entries},
    }
