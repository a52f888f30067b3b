"""Programs of others over signed papers and containers: Poppler's pdfsig, OpenSSL, qpdf, outloud, PDFBox Preflight."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typst
from asn1crypto import cms

from cli.reports.order_report import ReportRequest, order_report
from cli.reports.pdf import folders
from cli.session.ledger_reader import reading
from ledger.adapters.document_signatures.cms_signature import detached
from ledger.adapters.document_signatures.pdf_signature import sign_pdf
from ledger.entries.case import instant
from projections.render import pdf
from tests.interop.conftest import TOOLS, Ask
from tests.interop.test_interop_paper import DESTINATION, JARS, JAVA, MISTAKEN, MOMENT, said
from tests.support.cli import ledger_of
from tests.support.signatures.certificates import NOW, issuer, pem
from tests.support.signatures.signed_papers import CASES, LABEL, authority, case, key

pytestmark = pytest.mark.interop

SIGNED = ("signed", "signed with ECDSA", "signed with a time stamp")
CONTENTS = re.compile(rb"/Contents <([0-9A-Fa-f]+)>")


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database of NSS that trusts the issuer of the test certificates."""
    folder = tmp_path_factory.mktemp("nss")
    (folder / "issuer.pem").write_bytes(pem(issuer()))
    said("certutil", "-N", "-d", f"sql:{folder}", "--empty-password")
    said("certutil", "-A", "-d", f"sql:{folder}", "-n", "issuer", "-t", "CT,C,C", "-i", folder / "issuer.pem", "-a")
    return folder


def pdfsig(paper: bytes, trusting: Path, folder: Path) -> list[str]:
    (folder / "paper.pdf").write_bytes(paper)
    return said("pdfsig", "-nssdir", trusting, folder / "paper.pdf").splitlines()


@pytest.mark.parametrize("name", SIGNED)
def test_pdfsig_finds_a_valid_signature_over_the_whole_file_by_a_trusted_certificate(
    name: str, trusting: Path, tmp_path: Path
) -> None:
    lines = [line.strip(" -") for line in pdfsig(case(name)[0], trusting, tmp_path)]
    assert "Signature Validation: Signature is Valid." in lines
    assert "Certificate Validation: Certificate is Trusted." in lines
    assert "Total document signed" in lines
    assert "Signature Type: ETSI.CAdES.detached" in lines
    assert "Signer Certificate Common Name: Dina Ilves" in lines


def test_pdfsig_accepts_both_signatures_of_a_paper_that_was_signed_twice(trusting: Path, tmp_path: Path) -> None:
    lines = pdfsig(case("signed twice")[0], trusting, tmp_path)
    assert sum("Signature is Valid." in line for line in lines) == 2
    assert [line.strip(" -") for line in lines if "document signed" in line] == [
        "Not total document signed",
        "Total document signed",
    ]


@pytest.mark.parametrize("name", [name for name, (_, found) in CASES.items() if not found])
def test_pdfsig_says_that_something_was_added_after_a_signature(name: str, trusting: Path, tmp_path: Path) -> None:
    assert any("Not total document signed" in line for line in pdfsig(case(name)[0], trusting, tmp_path))


def test_pdfsig_refuses_a_changed_byte(trusting: Path, tmp_path: Path) -> None:
    changed = bytearray(case("signed")[0])
    changed[changed.index(b"/Title(") + len(b"/Title(")] ^= 1
    lines = pdfsig(bytes(changed), trusting, tmp_path)
    assert not any("Signature is Valid." in line for line in lines)
    assert any("Digest Mismatch" in line for line in lines)


@pytest.mark.parametrize("name", SIGNED)
def test_openssl_verifies_the_signature_of_a_paper_over_its_byte_ranges(name: str, ask: Ask, tmp_path: Path) -> None:
    paper = case(name)[0]
    found = [*CONTENTS.finditer(paper)][-1]
    made = cms.ContentInfo.load(bytes.fromhex(found[1].decode())).dump()
    (tmp_path / "signature").write_bytes(made)
    content = paper[: found.start(1) - 1] + paper[found.end(1) + 1 :]
    assert verified(ask, content, tmp_path)
    assert not verified(ask, content.replace(b"/Lang", b"/lang", 1), tmp_path)


def verified(ask: Ask, content: bytes, folder: Path) -> bool:
    """Return True if OpenSSL accepts the file `signature` as a CAdES signature over bytes."""
    (folder / "content").write_bytes(content)
    (folder / "ca.pem").write_bytes(pem(issuer()))
    asked = ("cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", folder / "signature")
    return ask(
        *("openssl", *asked, "-content", folder / "content", "-CAfile", folder / "ca.pem"),
        *("-purpose", "any", "-out", folder / "out"),
    ).agrees


@pytest.mark.parametrize("kind", ["rsa", "p256", "p384"])
def test_openssl_verifies_a_detached_signature_and_its_time_stamp(kind: str, ask: Ask, tmp_path: Path) -> None:
    made = detached(b"the manifest", key(kind), NOW, authority().stamp)
    (tmp_path / "signature").write_bytes(made)
    assert verified(ask, b"the manifest", tmp_path)
    assert not verified(ask, b"the manifold", tmp_path)
    (info,) = cms.ContentInfo.load(made)["content"]["signer_infos"]
    (stamped,) = info["unsigned_attrs"]
    (tmp_path / "token").write_bytes(stamped["values"][0].dump())
    (tmp_path / "root.pem").write_bytes(authority().root)
    for data, holds in ((info["signature"].native, True), (b"another signature", False)):
        (tmp_path / "data").write_bytes(data)
        asked = ("ts", "-verify", "-data", tmp_path / "data", "-in", tmp_path / "token", "-token_in")
        assert ask("openssl", *asked, "-CAfile", tmp_path / "root.pem").agrees is holds


@pytest.mark.parametrize("name", [*SIGNED, "signed twice", "signed, then a DocTimeStamp"])
def test_a_signed_paper_is_whole_and_can_be_read_aloud_as_before(name: str, tmp_path: Path) -> None:
    file = tmp_path / "paper.pdf"
    file.write_bytes(case(name)[0])
    assert "No syntax or stream encoding errors found" in said("qpdf", "--check", file)
    program = TOOLS / "python" / "bin" / "outloud"
    if not program.exists():
        pytest.skip("needs outloud; `make interop` installs it")
    if name in SIGNED:
        said(program, "--skip", ",".join(MISTAKEN), "--fail-on", "warning", file)


def test_set_as_a_1b_and_signed_it_satisfies_preflight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jars = [JAVA / f"{name}.jar" for name in JARS]
    if not shutil.which("java") or not all(jar.exists() for jar in jars):
        pytest.skip("needs PDFBox Preflight; `make interop` installs it")
    monkeypatch.setattr(pdf, "STANDARDS", ["a-1b"])
    with reading(ledger_of("S1", tmp_path)) as reader:
        made = order_report(reader, ReportRequest("custody"), reader.case("main"), instant(MOMENT), None)
    plain = pdf.paper(made, typst.Fonts(include_system_fonts=False, font_paths=list(folders())))
    file = tmp_path / "a-1b.pdf"
    file.write_bytes(sign_pdf(plain, key(), NOW, authority().stamp, LABEL))
    checker = "org.apache.pdfbox.preflight.Validator_A1b"
    command = ["java", "-cp", ":".join(map(str, jars)), checker, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.startswith(f"The file {file.name} is ") or "valid PDF/A-1b" in done.stdout
    found = [line for line in done.stdout.splitlines() if " : " in line]
    assert [line for line in found if not line.startswith(DESTINATION)] == []
