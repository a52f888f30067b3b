"""The formats of `comity export --format`, and the writer of each.

A writer takes the request and returns the bytes of one file. A writer that makes a folder, or discloses opened values,
writes its files itself and returns None. All formats but the bundle are conveniences: they open no sealed value without
a reason in --reveal, and they prove nothing. Two of them prove a part: `asic-e` holds the bundle, and `cose-receipts`
proves that entries are in the log, under the log's key alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import click

from cli.exit_codes import Stop
from cli.handover.paper_signer import SigningOptions

if TYPE_CHECKING:
    from cli.handover.evidence_bundle import Handed

FORMATS = {
    "table": ("", "the evidence bundle; what is meant where no form is named"),
    "case": ("cli.exports.writers:case", "CASE/UCO 1.5 as JSON-LD"),
    "ics": ("cli.exports.writers:ics", "deadlines as iCalendar, of one order or of all"),
    "timeline-csv": ("cli.exports.writers:timeline_csv", "the timeline as CSV"),
    "custody-csv": ("cli.exports.writers:custody_csv", "hand to hand as CSV"),
    "hi1": ("cli.imports.hi1:write", "the provider's leg as an ETSI TS 103 120 message in JSON"),
    "parquet": ("cli.exports.parquet:archive", "the whole ledger as a folder of Parquet files"),
    "cose-receipts": ("cli.exports.cose_receipts:receipts", "a folder of entries, each with a receipt of RFC 9942"),
    "asic-e": ("cli.exports.asic_container:asic", "the bundle in an ASiC-E container with an X.509 signature"),
}
# Made where the ledger is: of every entry that is stored, or with the key of the log.
IN_THE_FOLDER = frozenset({"parquet", "cose-receipts"})
ENDINGS = {
    ".zip": ("table",),
    ".jsonld": ("case",),
    ".json": ("case", "hi1"),
    ".ics": ("ics",),
    ".csv": ("timeline-csv", "custody-csv"),
    ".parquet": ("parquet",),
    ".asice": ("asic-e",),
    ".sce": ("asic-e",),
}


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """One request for an export: the order (None: all), the file, the moment of the record (None: now), opened values.

    For a container also: its bundle, how it is signed, and whether its signature is left out.
    """

    order: str | None
    file: str
    handed: Handed
    as_of: datetime | None = None
    reveal: bool = False
    signing: SigningOptions = field(default_factory=SigningOptions)
    unsigned: bool = False

    @property
    def one(self) -> str:
        """Return the order of an export that has exactly one; a usage error otherwise."""
        if self.order is None:
            raise Stop("this form is of one ORDER", hint="`comity orders` lists them")
        return self.order


def write(form: str, wanted: ExportRequest) -> None:
    """Write an export to a file that does not exist yet."""
    import importlib

    from cli.terminal.file_io import check_new, write_new

    if form not in FORMATS:  # --json, or --format before the command, which knows only tables
        raise click.UsageError(f"an export is a file, never {form}; --format is one of {', '.join(FORMATS)}")
    if form != "asic-e" and (wanted.signing.key is not None or wanted.unsigned):
        raise click.UsageError("--sign and --unsigned are of --format asic-e")
    check_new(wanted.file, "an export")
    module, _, name = FORMATS[form][0].partition(":")
    data: bytes | None = getattr(importlib.import_module(module), name)(wanted)
    if data is not None:
        write_new(wanted.file, data)
