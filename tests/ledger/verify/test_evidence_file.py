"""The first bytes of a file decide its type; the rest of its content does not."""

from __future__ import annotations

import pytest

from ledger.errors import RecordError
from ledger.verify.evidence_file import FileKind, read_evidence, verify_file
from ledger.verify.report import Verdict
from tests.support.memory_ledger import NOW, small


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
