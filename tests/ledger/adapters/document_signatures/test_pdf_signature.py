"""Signed papers: pyHanko's validator accepts them, and the bundle inside is found as before."""

from __future__ import annotations

from io import BytesIO

import pytest
from cryptography.x509 import load_pem_x509_certificate
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_timestamp

from ledger.adapters.document_signatures.pdf_signature import sign_pdf
from ledger.bundle.pdf_attachment import bundle_inside
from ledger.errors import RecordError
from ledger.verify.evidence_file import EvidenceFile, FileKind, read_evidence
from tests.support.signatures.certificates import NOW, trusted_by_pyhanko
from tests.support.signatures.signed_papers import (
    CASES,
    LABEL,
    accepted,
    authority,
    case,
    judged,
    key,
    paper,
    signed,
    with_document_time_stamp,
)

UNTOUCHED = {"signed", "signed with ECDSA", "signed with a time stamp"}


@pytest.mark.parametrize("name", sorted(UNTOUCHED))
def test_a_signed_paper_is_intact_whole_and_trusted_by_pyhanko(name: str) -> None:
    (status,) = judged(case(name)[0])
    assert (status.intact, status.valid, status.trusted, status.bottom_line) == (True, True, True, True)
    assert status.coverage.name == "ENTIRE_FILE"
    assert status.signing_cert.subject.native["common_name"] == "Dina Ilves"
    stamped = status.timestamp_validity
    assert (stamped is not None) is (name == "signed with a time stamp")
    assert stamped is None or (stamped.intact and stamped.valid and stamped.trusted)


def test_the_claimed_time_of_signing_is_the_one_given() -> None:
    assert judged(signed())[0].signer_reported_dt == NOW


def test_the_bytes_of_a_paper_stay_as_they_are_and_its_signature_follows() -> None:
    assert signed().startswith(paper()[0])
    assert signed(stamped=True).startswith(paper()[0])


def test_rsa_without_a_time_stamp_makes_the_same_file_each_time() -> None:
    assert sign_pdf(paper()[0], key("rsa"), NOW, None, LABEL) == signed()


def test_of_two_signatures_the_second_covers_the_file_and_the_first_still_holds() -> None:
    first, second = judged(case("signed twice")[0])
    assert (first.bottom_line, first.modification_level) == (True, ModificationLevel.FORM_FILLING)
    assert second.bottom_line
    assert second.coverage.name == "ENTIRE_FILE"


def test_a_document_time_stamp_added_afterwards_leaves_the_signature_as_it_was() -> None:
    pdf = with_document_time_stamp(signed(stamped=True))
    (status,) = judged(pdf)
    assert status.bottom_line
    assert status.modification_level == ModificationLevel.LTA_UPDATES
    trusted = trusted_by_pyhanko([load_pem_x509_certificate(authority().root)])
    (stamp,) = PdfFileReader(BytesIO(pdf)).embedded_timestamp_signatures
    later = validate_pdf_timestamp(stamp, validation_context=trusted)
    assert (later.intact, later.valid, later.trusted) == (True, True, True)


@pytest.mark.parametrize("name", [name for name, (_, found) in CASES.items() if not found])
def test_what_is_attached_after_a_signature_is_no_longer_what_was_signed(name: str) -> None:
    assert not accepted(case(name)[0])


@pytest.mark.parametrize("name", list(CASES))
def test_the_bundle_of_a_signed_paper_is_the_one_it_was_made_with_or_none(name: str) -> None:
    pdf, inside = case(name)
    assert bundle_inside(pdf) == inside
    if inside is None:
        with pytest.raises(RecordError, match="BND-NONE"):
            read_evidence(pdf)
    else:
        assert read_evidence(pdf) == EvidenceFile(FileKind.BUNDLE, inside, from_pdf=True)


@pytest.mark.parametrize("word", [b"/Title", b"/Outlines", b"EmbeddedFile"])
def test_a_changed_byte_is_refused(word: bytes) -> None:
    pdf = signed(stamped=True)
    place = pdf.rindex(word) + len(word) - 1
    changed = pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]
    assert accepted(pdf)
    assert not accepted(changed)


def test_metadata_stay_and_the_field_is_tagged_and_has_a_name() -> None:
    added = signed()[len(paper()[0]) :]
    assert b"/Type /Metadata" not in added
    assert b"/Producer" not in added
    reader = PdfFileReader(BytesIO(signed()))
    field = reader.root["/AcroForm"]["/Fields"][0]
    assert str(field["/TU"]) == LABEL
    assert field["/F"] & 0b110 == 0b100, "printed, and not hidden"
    numbers = reader.root["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    at = [*numbers].index(field["/StructParent"])
    element = numbers[at + 1]
    assert (element["/S"], element["/K"]["/Obj"]["/TU"]) == ("/Form", field["/TU"])
    assert element["/P"]["/K"].raw_get(-1).reference == numbers.raw_get(at + 1).reference
    assert reader.root["/StructTreeRoot"]["/ParentTreeNextKey"] == field["/StructParent"] + 1
    assert field["/P"]["/Tabs"] == "/S"


def test_the_identifier_of_the_file_keeps_its_first_part() -> None:
    before, after = (PdfFileReader(BytesIO(pdf)).trailer["/ID"] for pdf in (paper()[0], signed()))
    assert (after[0], after[1] != before[1]) == (before[0], True)
