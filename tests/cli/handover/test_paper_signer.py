"""Papers signed from the command line: whose signature it is, what the paper says of it, and when nothing is made."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import Result
from cryptography.x509 import load_pem_x509_certificate

from ledger.bundle.pdf_attachment import bundle_inside
from tests.support.cli import ledger_of, reply, run
from tests.support.papers.pdf_text import pdf_text
from tests.support.signatures.certificates import NOW, pem, sealed
from tests.support.signatures.signed_papers import accepted, judged
from tests.support.time_stamp_authority import Authority

pytestmark = pytest.mark.slow

FILED = ("--audience", "COURT", "--because", "trial", "--as", "ilves")
PLAIN = "--no-time-stamp"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return ledger_of("S1", tmp_path)


@pytest.fixture
def authority(ledger: Path, tmp_path: Path) -> Iterator[Authority]:
    """Serve an authority that the ledger names."""
    authority = Authority(tmp_path / "authority")
    (tmp_path / "root.pem").write_bytes(authority.root)
    with authority.served() as url:
        assert run("stamp", "add", "tsa", url, "--root", str(tmp_path / "root.pem"), ledger=ledger).exit_code == 0
        yield authority


def reported(ledger: Path, *args: str, file: str = "custody.pdf", **env: str) -> tuple[Result, Path]:
    to = ledger.parent / file
    return run("report", "custody", "main", "--format", "pdf", "-o", str(to), *args, ledger=ledger, **env), to


def words(pdf: Path) -> str:
    said = pdf_text(pdf)
    return " ".join(said.split())


def test_a_signed_paper_has_the_time_stamp_of_the_ledgers_authority_and_says_who_signed(
    ledger: Path, authority: Authority, tmp_path: Path
) -> None:
    done, file = reported(ledger, "--sign", sealed().p12(tmp_path, None))
    assert done.exit_code == 3, done.output
    assert "signed by Dina Ilves (CN=Dina Ilves,O=Prosecutor's Office Karsk); with a time stamp" in done.stderr
    (status,) = judged(file.read_bytes(), load_pem_x509_certificate(authority.root))
    assert status.bottom_line
    assert status.timestamp_validity.trusted
    assert len(authority.asked) == 1, "one question for one signature"
    text = words(file)
    assert "Signed electronically by Dina Ilves" in text
    assert "It proves nothing about what the file says." in text
    assert "Not signed electronically." not in text


def test_a_paper_without_a_signature_says_so(ledger: Path) -> None:
    _, file = reported(ledger)
    assert "Not signed electronically." in words(file)
    page = run("report", "custody", "main", ledger=ledger).stdout
    assert "Not signed electronically." in page


def test_without_a_time_stamp_command_and_paper_say_so(ledger: Path, tmp_path: Path) -> None:
    key, certificate = sealed("p256").pem(tmp_path)
    done, file = reported(ledger, PLAIN, "--sign", key, "--sign-cert", certificate)
    assert "no time stamp: no authority confirms when it was signed" in done.stderr
    assert accepted(file.read_bytes())
    assert "No time-stamp authority confirms when it was signed." in words(file)


def test_a_german_paper_names_its_signature_in_german(ledger: Path, tmp_path: Path) -> None:
    _, file = reported(ledger, PLAIN, "--sign", sealed().p12(tmp_path, None), "--lang", "de")
    assert "Elektronisch signiert von Dina Ilves" in words(file)
    assert b"/TU (Elektronische Signatur)" in file.read_bytes()


def test_the_passphrase_comes_from_a_descriptor(ledger: Path, tmp_path: Path) -> None:
    for word, ends in ((b"word\n", 3), (b"sword\n", 4)):
        read, write = os.pipe()
        os.write(write, word)
        os.close(write)
        done, file = reported(
            ledger, PLAIN, "--sign", sealed().p12(tmp_path), "--passphrase-fd", str(read), file=f"{ends}.pdf"
        )
        assert (done.exit_code, file.exists()) == (ends, ends == 3), done.output
    assert "KEY-LOCKED: the passphrase does not open" in done.stderr
    done, _ = reported(ledger, PLAIN, "--sign", sealed().p12(tmp_path), file="asked.pdf")
    assert (done.exit_code, "--passphrase-fd N" in done.stderr) == (4, True)


def test_an_expired_certificate_or_one_of_another_key_makes_no_paper(ledger: Path, tmp_path: Path) -> None:
    expired = sealed(begins=NOW - timedelta(days=9), ends=NOW - timedelta(days=1)).pem(tmp_path)
    (tmp_path / "other.pem").write_bytes(pem(sealed("p256").certificate))
    for certificate, code in ((expired[1], "CERT-TIME"), (str(tmp_path / "other.pem"), "CERT-KEY")):
        done, file = reported(ledger, PLAIN, "--sign", expired[0], "--sign-cert", certificate)
        assert (done.exit_code, code in done.stderr, file.exists()) == (4, True, False), done.output


def test_an_authority_that_does_not_answer_leaves_no_paper(ledger: Path, authority: Authority, tmp_path: Path) -> None:
    (ledger / "trust" / "tsa" / "authorities").write_text("one http://127.0.0.1:9/\n")
    done, file = reported(ledger, "--sign", sealed().p12(tmp_path, None))
    assert (done.exit_code, file.exists()) == (4, False)
    assert "TSA-REFUSED: no authority gave a time stamp; one: HTTP-SILENT" in done.stderr
    assert "hint: --no-time-stamp signs without one" in done.stderr


def test_the_next_authority_is_asked_where_the_first_is_silent(
    ledger: Path, authority: Authority, tmp_path: Path
) -> None:
    named = ledger / "trust" / "tsa" / "authorities"
    named.write_text("one http://127.0.0.1:9/\n" + named.read_text())
    done, file = reported(ledger, "--sign", sealed().p12(tmp_path, None))
    assert (done.exit_code, file.exists(), len(authority.asked)) == (3, True, 1), done.output


def test_a_ledger_that_names_no_authority_signs_only_without_a_time_stamp(ledger: Path, tmp_path: Path) -> None:
    done, file = reported(ledger, "--sign", sealed().p12(tmp_path, None))
    assert (done.exit_code, "TSA-UNNAMED" in done.stderr, file.exists()) == (4, True, False)


def test_without_the_extra_nothing_is_made_and_the_hint_names_it(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyhanko.sign", None)
    done, file = reported(ledger, PLAIN, "--sign", sealed().p12(tmp_path, None))
    assert (done.exit_code, file.exists()) == (4, False)
    assert "hint: pip install 'comity[sign]'" in done.stderr


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--format", "html", "--sign", "seal.p12"), "--sign signs a PDF: --format pdf"),
        (("--format", "json", "--sign", "seal.p12"), "--sign signs a PDF: --format pdf"),
        (("--format", "pdf", PLAIN), "are of --sign KEY"),
        (("--format", "pdf", "--passphrase-fd", "3"), "are of --sign KEY"),
    ],
)
def test_half_a_signature_is_usage(ledger: Path, args: tuple[str, ...], says: str) -> None:
    done = run("report", "custody", "main", *args, ledger=ledger)
    assert (done.exit_code, says in done.stderr) == (2, True), done.stderr


def test_the_library_opens_no_connection(
    ledger: Path, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import aiohttp

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection that nobody asked for")

    monkeypatch.setattr(aiohttp, "ClientSession", refuse)
    monkeypatch.setattr(aiohttp, "TCPConnector", refuse)
    done, _ = reported(ledger, "--sign", sealed().p12(tmp_path, None))
    assert done.exit_code == 3, done.output


def test_a_record_of_a_signed_paper_states_the_digest_of_the_signed_file(ledger: Path, tmp_path: Path) -> None:
    done, file = reported(ledger, PLAIN, "--sign", sealed().p12(tmp_path, None), "--record", "--as", "ilves")
    assert done.exit_code == 3, done.output
    entry = reply("timeline", "main", ledger=ledger)["timeline"][-1]
    assert entry["fields"]["document"]["sha256"] == sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("kind", [("audit",), ("statistics",), ("processing",), ("order-form", "main")])
def test_papers_of_every_kind_are_signed(kind: tuple[str, ...], ledger: Path, tmp_path: Path) -> None:
    file = tmp_path / "paper.pdf"
    signing = (PLAIN, "--sign", sealed().p12(tmp_path, None))
    done = run("report", *kind, "--format", "pdf", "-o", str(file), *signing, ledger=ledger)
    assert file.exists(), done.output
    assert accepted(file.read_bytes())
    assert "Signed electronically by Dina Ilves" in words(file)


def test_a_letter_is_signed_and_says_so(ledger: Path, tmp_path: Path) -> None:
    file = tmp_path / "letter.pdf"
    asked = ("letter", "main", "--kind", "notice", "--because", "the delay is lifted", "--as", "ilves")
    signing = (PLAIN, "--sign", sealed().p12(tmp_path, None))
    done = run("report", *asked, "--format", "pdf", "-o", str(file), *signing, ledger=ledger)
    assert file.exists(), done.output
    assert accepted(file.read_bytes())
    assert "Signed electronically by Dina Ilves" in words(file)


def test_every_paper_that_is_filed_is_signed_and_its_bundle_is_found(
    ledger: Path, authority: Authority, tmp_path: Path
) -> None:
    folder = tmp_path / "filing"
    more = ("--sign", sealed().p12(tmp_path, None), "--certificate", "fre-902-14")
    done = run("file", "main", *FILED, "-o", str(folder), *more, ledger=ledger)
    assert done.exit_code in (0, 3), done.output
    papers = sorted(folder.glob("*.pdf"))
    assert [p.stem for p in papers] == ["certificate-fre-902-14", "custody", "evidence-chain"]
    for paper in papers:
        assert accepted(paper.read_bytes(), load_pem_x509_certificate(authority.root)), paper
    inside = (folder / "court.evidence.zip").read_bytes()
    assert [bundle_inside(p.read_bytes()) for p in papers[1:]] == [inside, inside]
    assert len(authority.asked) == 3
    said = " ".join((folder / "READ-ME.txt").read_text("utf-8").split())
    assert "Each paper in PDF has an electronic signature. Signed electronically by Dina Ilves" in said


def test_a_filing_without_its_time_stamps_is_not_handed_out_and_the_record_says_so(
    ledger: Path, authority: Authority, tmp_path: Path
) -> None:
    (ledger / "trust" / "tsa" / "authorities").write_text("one http://127.0.0.1:9/\n")
    done = run("file", "main", *FILED, "-o", str(tmp_path / "f"), "--sign", sealed().p12(tmp_path, None), ledger=ledger)
    assert (done.exit_code, (tmp_path / "f").exists()) == (5, False), done.output
    opened, withdrawn = (reply("log", "-n", "2", ledger=ledger)["log"][n] for n in (1, 0))
    assert {opened["kind"], withdrawn["kind"]} == {"record-accessed"}


def test_a_wrong_key_is_found_before_a_filing_opens_anything(ledger: Path, tmp_path: Path) -> None:
    before = reply("log", "-n", "1", ledger=ledger)["log"]
    expired = sealed(begins=NOW - timedelta(days=9), ends=NOW - timedelta(days=1))
    for one, more, code in ((expired, (), 4), (sealed(), ("--html",), 2)):
        asked = ("-o", str(tmp_path / "f"), PLAIN, "--sign", one.p12(tmp_path, None), *more)
        assert run("file", "main", *FILED, *asked, ledger=ledger).exit_code == code
    assert reply("log", "-n", "1", ledger=ledger)["log"] == before
