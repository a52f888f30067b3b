"""Papers that were really signed, and what others did to them afterwards."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from asn1crypto import tsp
from cryptography.x509 import Certificate, load_pem_x509_certificate
from pyhanko.pdf_utils.embed import EmbeddedFileObject, FileSpec, embed_file
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import validate_pdf_signature

from ledger.adapters.document_signatures.certificate_key import CertificateKey, open_certificate_key
from ledger.adapters.document_signatures.pdf_signature import sign_pdf
from tests.support.cli import ledger_of, run
from tests.support.memory_ledger import small
from tests.support.signatures.certificates import NOW, sealed, trusted_by_pyhanko
from tests.support.time_stamp_authority import Authority

LABEL = "Electronic signature"
OTHER = b"PK\x03\x04 another archive"


@cache
def paper() -> tuple[bytes, bytes]:
    """Return the custody report on S1 as a PDF without a signature, and the bundle inside it."""
    folder = Path(mkdtemp(prefix="comity-test-"))
    ledger, bundle, file = ledger_of("S1", folder), folder / "court.evidence.zip", folder / "custody.pdf"
    run("export", "main", "--audience", "COURT", "--unwitnessed", "--as", "ilves", "-o", str(bundle), ledger=ledger)
    done = run(
        *("report", "custody", "main", "--format", "pdf", "--attach", str(bundle), "-o", str(file)), ledger=ledger
    )
    assert file.exists(), done.output
    return file.read_bytes(), bundle.read_bytes()


@cache
def authority() -> Authority:
    """Return a time-stamp authority."""
    return Authority(Path(mkdtemp(prefix="comity-test-")) / "tsa")


@cache
def key(kind: str = "rsa") -> CertificateKey:
    """Return a key with its certificate, read from a file."""
    return open_certificate_key(sealed(kind).p12(Path(mkdtemp(prefix="comity-test-"))), None, NOW, lambda _: b"word")


@cache
def signed(kind: str = "rsa", *, stamped: bool = False) -> bytes:
    """Return the paper with one signature."""
    return sign_pdf(paper()[0], key(kind), NOW, authority().stamp if stamped else None, LABEL)


def signed_again(pdf: bytes) -> bytes:
    """Return a paper with one more signature, by another key."""
    return sign_pdf(pdf, key("p256"), NOW, None, LABEL)


class Stamps(TimeStamper):
    """Ask the authority of the tests on behalf of pyHanko."""

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(authority().reply(req.dump()))


def with_document_time_stamp(pdf: bytes) -> bytes:
    """Return a paper to which pyHanko added a DocTimeStamp."""
    out = BytesIO()
    update = IncrementalPdfFileWriter(BytesIO(pdf))
    PdfTimeStamper(Stamps(), field_name="Archive").timestamp_pdf(update, "sha256", output=out)
    return out.getvalue()


def with_attachment(pdf: bytes, name: str = "other.evidence.zip") -> bytes:
    """Return a paper to which a later revision adds another archive as an embedded file."""
    update, out = IncrementalPdfFileWriter(BytesIO(pdf)), BytesIO()
    data = EmbeddedFileObject.from_file_data(update, data=OTHER, mime_type="application/zip")
    embed_file(update, FileSpec(name, embedded_data=data, file_name=name))
    update.write(out)
    return out.getvalue()


def with_other_bundle(pdf: bytes, other: bytes = OTHER) -> bytes:
    """Return a paper in which a later revision puts other bytes into the embedded file."""
    update, out = IncrementalPdfFileWriter(BytesIO(pdf)), BytesIO()
    spec = update.root["/Names"]["/EmbeddedFiles"]["/Names"][1]
    data = EmbeddedFileObject.from_file_data(update, data=other, mime_type="application/zip")
    for name in list(spec["/EF"]):
        spec["/EF"][name] = data.ef_stream_ref
    update.update_container(spec)
    update.write(out)
    return out.getvalue()


def genuine() -> bytes:
    """Return a bundle of another ledger."""
    ledger, maker = small()
    return ledger.bundle(maker)


@cache
def judged(pdf: bytes, *roots: Certificate) -> list[Any]:
    """Return what pyHanko's validator says of each signature of a paper; it trusts the issuer, and `roots`."""
    trusted = trusted_by_pyhanko([load_pem_x509_certificate(authority().root), *roots])
    return [
        validate_pdf_signature(one, signer_validation_context=trusted)
        for one in PdfFileReader(BytesIO(pdf)).embedded_regular_signatures
    ]


def accepted(pdf: bytes, *roots: Certificate) -> bool:
    """Return True if pyHanko reads a paper, finds signatures, and accepts every one."""
    try:
        found = judged(pdf, *roots)
    except PdfReadError:
        return False
    return bool(found) and all(status.bottom_line for status in found)


CASES: dict[str, tuple[Callable[[], bytes], bool]] = {  # what was done to it, and whether its bundle is found
    "signed": (signed, True),
    "signed with ECDSA": (lambda: signed("p256"), True),
    "signed with a time stamp": (lambda: signed(stamped=True), True),
    "signed twice": (lambda: signed_again(signed()), True),
    "signed, then a DocTimeStamp": (lambda: with_document_time_stamp(signed(stamped=True)), True),
    "signed, then another archive attached": (lambda: with_attachment(signed()), False),
    "signed, then another of the same name": (lambda: with_attachment(signed(), "court.evidence.zip"), False),
    "signed, then other bytes in the bundle": (lambda: with_other_bundle(signed()), False),
    "signed, then a genuine bundle in its place": (lambda: with_other_bundle(signed(), genuine()), False),
    "signed, a genuine bundle in its place, signed again": (
        lambda: signed_again(with_other_bundle(signed(), genuine())),
        False,
    ),
    "signed, another attached, signed again": (lambda: signed_again(with_attachment(signed())), False),
}


@cache
def case(name: str) -> tuple[bytes, bytes | None]:
    """Return a paper by what was done to it, and the bundle that program and page find in it."""
    make, found = CASES[name]
    return make(), paper()[1] if found else None
