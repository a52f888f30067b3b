"""The first bytes of a file decide its type; the rest of its content does not."""

from __future__ import annotations

import pytest

from ledger.errors import RecordError
from ledger.verify.evidence_file import FileKind, read_evidence, verify_file
from ledger.verify.report import Verdict
from tests.ledger.bundle.test_pdf_attachment import paper
from tests.ledger.verify.completeness.test_absence import committing, proven
from tests.ledger.verify.test_exhibits import SPLIT
from tests.support.memory_ledger import LINKED, NOW, small


def test_a_bundle_is_recognised_and_verified() -> None:
    ledger, ilves = small()
    file = read_evidence(ledger.bundle(ilves))
    assert (file.kind, file.from_pdf) == (FileKind.BUNDLE, False)
    assert verify_file(file, ledger.trust(), None, NOW).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'{"payload":"', FileKind.ENTRY),
        (b'{"format":"comity.split-view/1"', FileKind.EXHIBIT),
        (b'{"format":"comity.absence/1"', FileKind.ABSENCE),
        (b"{}", FileKind.UNKNOWN),
        (b"", FileKind.UNKNOWN),
    ],
)
def test_the_first_bytes_decide(data: bytes, kind: FileKind) -> None:
    assert read_evidence(data).kind is kind


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"no file of ours"])
def test_a_file_of_no_known_kind_has_no_verdict(data: bytes) -> None:
    with pytest.raises(RecordError, match="BND-NONE"):
        verify_file(read_evidence(data), None, None, NOW)


@pytest.mark.parametrize(("data", "begins"), [(b"no file of ours", "it begins with b'no file '"), (b"", "it is empty")])
def test_an_unknown_file_is_refused_with_its_first_bytes_or_as_empty(data: bytes, begins: str) -> None:
    assert begins in read_evidence(data).unknown().says


def test_a_bundle_in_a_pdf_is_verified_and_another_archive_there_is_refused() -> None:
    ledger, ilves = small()
    data = ledger.bundle(ilves)
    file = read_evidence(paper(data))
    assert (file.kind, file.data, file.from_pdf) == (FileKind.BUNDLE, data, True)
    for other, says in (
        (paper(b"text"), "it carries no evidence bundle"),
        (paper(b"PK\5\6" + bytes(18)), "not an evid"),
    ):
        with pytest.raises(RecordError, match=f"BND-NONE.*{says}"):
            read_evidence(other)


def test_an_entry_an_exhibit_and_a_proof_of_absence_are_verified_by_their_own_rules() -> None:
    ledger, _ = small()
    entry = verify_file(read_evidence(ledger.entries[4]), ledger.trust(), None, NOW, proof=ledger.proof(4))
    assert (entry.entries, [reason.code for reason in entry.reasons]) == (1, ["KEY-UNKNOWN"])
    exhibit = verify_file(read_evidence(SPLIT), None, None, NOW)
    assert [reason.code for reason in exhibit.reasons] == ["NO_TRUST_ANCHOR", "SPLIT-VIEW"]
    ledger, at = committing()
    absence = verify_file(read_evidence(proven(ledger, at)), ledger.trust(), None, NOW)
    assert LINKED in absence.says
