"""Recognise a file by its first bytes, and verify it."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct

from ledger.bundle.archive_kind import holds_bundle
from ledger.bundle.pdf_attachment import bundle_inside
from ledger.entries.absence import is_absence
from ledger.entries.exhibits import form_of
from ledger.errors import RecordError
from ledger.tlog.note import MlDsa
from ledger.trust.held import Came, parse_held
from ledger.trust.trust_folder import Trust
from ledger.verify.completeness.absence import verify_absence
from ledger.verify.earlier_bundles import EarlierEntries
from ledger.verify.evidence_bundle import verify
from ledger.verify.exhibits import verify_exhibit
from ledger.verify.report import Report
from ledger.verify.single_entry import verify_entry
from ledger.verify.timestamps import ReadStamp


class FileKind(Enum):
    """The kind of a file by its first bytes; the file need not be complete."""

    BUNDLE = "bundle"  # also an ASiC-E container with a bundle
    ENTRY = "entry"
    EXHIBIT = "exhibit"
    ABSENCE = "absence"  # the proof that a log has no order of an id
    UNKNOWN = "unknown"


class EvidenceFile(Struct, frozen=True):
    """A recognised file: its kind, the bytes to verify, and whether they were attached to a PDF report."""

    kind: FileKind
    data: bytes
    from_pdf: bool = False

    def unknown(self) -> RecordError:
        """Return the error for a file that has no verdict."""
        begins = f"it begins with {self.data[:8]!r}" if self.data else "it is empty"
        says = f"it is neither a bundle, nor a sealed entry, nor an exhibit, nor a proof of absence ({begins})"
        return RecordError("BND-NONE", says, hint="`comity export` makes bundles; a folder is verified as a ledger")


def read_evidence(data: bytes) -> EvidenceFile:
    """Recognise a file by its first bytes, and extract the bundle from a PDF report.

    Raises `RecordError` BND-NONE for a PDF without a bundle and for any other ZIP archive.
    """
    if data.startswith(b"%PDF-"):
        attached = bundle_inside(data)
        if attached is None:
            hint = "`pdfdetach -saveall FILE` takes out what is in it"
            raise RecordError("BND-NONE", "it carries no evidence bundle that is read here", where="PDF", hint=hint)
        return EvidenceFile(FileKind.BUNDLE if holds_bundle(attached) else FileKind.UNKNOWN, attached, from_pdf=True)
    if holds_bundle(data):
        return EvidenceFile(FileKind.BUNDLE, data)
    if data.startswith(b'{"payload":'):
        return EvidenceFile(FileKind.ENTRY, data)
    if is_absence(data):
        return EvidenceFile(FileKind.ABSENCE, data)
    return EvidenceFile(FileKind.EXHIBIT if form_of(data) else FileKind.UNKNOWN, data)


def verify_file(
    file: EvidenceFile,
    trust: Trust | None,
    anchor: bytes | None,
    now: datetime,
    *,
    proof: bytes = b"",
    mldsa: MlDsa | None = None,
    stamps: ReadStamp | None = None,
    elsewhere: EarlierEntries | None = None,
    came: Came | None = None,
    typed_as_printed: bool = False,
) -> Report:
    """Verify a file by its kind; `proof` is the tlog-proof of a single entry, the rest is as in `verify`.

    Raises `RecordError` BND-NONE for a file of unknown kind.
    """
    match file.kind:
        case FileKind.BUNDLE:
            return verify(
                file.data,
                trust,
                anchor,
                now,
                mldsa=mldsa,
                stamps=stamps,
                elsewhere=elsewhere,
                came=came,
                typed_as_printed=typed_as_printed,
            )
        case FileKind.ENTRY:
            held = parse_held(anchor, typed_as_printed=typed_as_printed)
            return verify_entry(file.data, proof, trust, held, now, mldsa=mldsa, came=came)
        case FileKind.EXHIBIT:
            return verify_exhibit(file.data, trust)
        case FileKind.ABSENCE:
            held = parse_held(anchor, typed_as_printed=typed_as_printed)
            return verify_absence(file.data, trust, held, now, mldsa=mldsa, came=came)
        case FileKind.UNKNOWN:
            raise file.unknown()
