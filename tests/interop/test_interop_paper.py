"""Programs of other projects read our PDF reports: poppler, qpdf, PDFBox Preflight, outloud and a QR code reader.

veraPDF, the reference checker of PDF/A-3, comes from neither Debian nor PyPI nor npm. Preflight knows PDF/A-1b, so it
checks the same templates set as A-1b; outloud checks PDF/UA-1.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typst

from cli.exit_codes import Exit
from cli.reports.order_report import ReportRequest, order_report
from cli.reports.pdf import folders
from cli.session.ledger_reader import reading
from cli.stories.model import read_story
from cli.stories.player import play_story
from ledger.entries.case import instant
from projections.render import pdf
from projections.render.translation import translation
from tests.generate.messages import left_in_english
from tests.interop.conftest import TOOLS
from tests.support.cli import STORIES, ledger_of, run

pytestmark = pytest.mark.interop

MOMENT = "2028-06-01T00:00:00Z"
JAVA = Path("/usr/share/java")
JARS = "preflight pdfbox2 fontbox2 xmpbox commons-logging javax.activation jaxb-api".split()
DESTINATION = "1.2.3 : Body Syntax error, Error: can't convert to Destination"  # for indirect destinations
STORY_NAMES = ("S1", "S2", "S6", "landmark-yahoo-belgium")
REPORTS = (
    ("custody",),
    ("evidence-chain",),
    ("dpo",),
    ("audit",),
    ("certificate", "--form", "fre-902-14"),
    ("order-form",),
    ("statistics",),
)
# Rules of outloud 0.2.1 that are mistaken here; `pdfinfo -struct-text` shows the structure.
MISTAKEN = (
    "TBL-014",  # the file has Table, TR and TH
    "ORD-001",  # a line with many links is read in order, link after link
    "PAG-001",  # lines that recur on every page of a replay, because little changed, are no running head
)
NAMES = {  # an office of S1, and the name of an office in other stories
    "Prosecutor's Office Karsk": "Εισαγγελία Πειραιά",
    "Cyber Unit Karsk": "Прокуратура Київської області",
    "Karsk Forensic Laboratory": "東京地方検察庁",
    "Skylark Mail AS": "محمد بن سلمان للبريد",
    "National Cyber Cooperation Office, Lindmark": "राजेश कुमार",
}


def said(*command: str | Path) -> str:
    """Run a program that must succeed, and return its output."""
    if not shutil.which(str(command[0])):
        pytest.skip(f"needs {command[0]}; `make interop` installs it")
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def printed(ledger: Path, kind: str, *more: str) -> Path:
    file = ledger.parent / f"{kind}.pdf"
    file.unlink(missing_ok=True)
    named = {"audit": (), "statistics": ("--as-of", MOMENT)}.get(kind, ("main", "--as-of", MOMENT))
    done = run("report", kind, *named, *more, "--format", "pdf", "-o", str(file), ledger=ledger)
    assert done.exit_code in (Exit.DONE, Exit.FINDINGS), done.output
    return file


@pytest.fixture(scope="module", params=[(story, lang) for story in STORY_NAMES for lang in ("en", "de")], ids="-".join)
def papers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    story, lang = request.param
    ledger = ledger_of(story, tmp_path_factory.mktemp(f"{story}-{lang}"))
    return [printed(ledger, *asked, "--lang", lang) for asked in REPORTS]


def test_every_paper_is_whole_tagged_and_of_its_parts_by_qpdf_and_poppler(papers: list[Path]) -> None:
    for file in papers:
        assert "No syntax or stream encoding errors found" in said("qpdf", "--check", file)
        about = said("pdfinfo", file)
        assert "Tagged:          yes" in about
        assert "A4" in about
        assert "JavaScript:      no" in about
        assert all("yes yes yes" in line for line in said("pdffonts", file).splitlines()[2:])


def test_every_paper_can_be_read_aloud_by_outloud(papers: list[Path]) -> None:
    program = TOOLS / "python" / "bin" / "outloud"
    if not program.exists():
        pytest.skip("needs outloud; `make interop` installs it")
    said(program, "--skip", ",".join(MISTAKEN), "--fail-on", "warning", *papers)


def test_the_first_page_of_a_report_is_one_page(papers: list[Path]) -> None:
    begins = {"custody": "Custody record", "evidence-chain": "The eight criteria", "audit": "What was checked"}
    spoken = translation("de" if "-de" in papers[0].parent.name else "en")
    for kind, first in begins.items():
        file = next(p for p in papers if p.stem == kind)
        pages = [said("pdftotext", "-layout", "-f", str(n), "-l", str(n), file, "-") for n in (1, 2)]
        assert spoken.say("Signature") in pages[0]
        lines = [line.strip() for line in pages[1].splitlines() if line.strip()]
        firsts = [first, "Disputed entries", "Timeline"] if kind == "custody" else [first]  # without data, no custody
        assert lines[1] in map(spoken.say, firsts)  # after the running head


def test_no_english_sentence_of_the_catalogue_is_left_in_a_german_paper(papers: list[Path]) -> None:
    if "-de" in papers[0].parent.name:
        for file in papers:
            assert left_in_english(said("pdftotext", file, "-"), "de") == [], file.name
            assert '"/Lang": "u:de"' in said("qpdf", "--json", file)


def test_the_first_page_stays_one_page_where_much_was_found(tmp_path: Path) -> None:
    ledger = ledger_of("wrong-on-every-count", tmp_path)
    labels = [line.split("\t")[1] for line in run("orders", ledger=ledger).stdout.splitlines()]
    for label in labels:
        file = tmp_path / f"{label}.pdf"
        run("report", "evidence-chain", label, "--format", "pdf", "-o", str(file), ledger=ledger)
        first, second = (said("pdftotext", "-f", n, "-l", n, file, "-") for n in ("1", "2"))
        assert "Not signed electronically." in first
        assert "The eight criteria" in second


def test_the_square_says_the_checkpoint_at_a_hundred_dots_an_inch(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    file = printed(ledger, "custody")
    if not shutil.which("zbarimg"):
        pytest.skip("needs zbarimg; `make interop` installs it")
    last = re.findall(r"Pages: +(\d+)", said("pdfinfo", file))[0]
    said("pdftoppm", "-r", "100", "-png", "-f", last, "-l", last, "-singlefile", file, tmp_path / "last")
    done = subprocess.run(
        ["zbarimg", "-q", "--raw", str(tmp_path / "last.png")], capture_output=True, text=True, check=True, timeout=60
    )
    head = run("checkpoint", ledger=ledger).stdout.splitlines()
    assert done.stdout.splitlines()[0] == head[0].split()[-1]
    anchor = tmp_path / "anchor"
    anchor.write_text(done.stdout.rstrip("\n") + "\n", encoding="utf-8")
    bundle = tmp_path / "b.evidence.zip"
    run("export", "main", "--audience", "COURT", "--unwitnessed", "--as", "ilves", "-o", str(bundle), ledger=ledger)
    verdict = run("verify", str(bundle), "--trust", str(ledger / "trust"), "--anchor", str(anchor))
    assert verdict.exit_code == Exit.DONE, verdict.output


def test_the_bundle_comes_out_of_the_paper_and_verifies(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    bundle = tmp_path / "court.evidence.zip"
    run("export", "main", "--audience", "COURT", "--unwitnessed", "--as", "ilves", "-o", str(bundle), ledger=ledger)
    file = printed(ledger, "custody", "--attach", str(bundle))
    out = tmp_path / "out"
    out.mkdir()
    said("pdfdetach", "-saveall", "-o", out, file)
    assert (out / bundle.name).read_bytes() == bundle.read_bytes()
    assert "/Data" in said("qpdf", "--json", file)
    verdict = run("verify", str(out / bundle.name), "--trust", str(ledger / "trust"))
    assert verdict.exit_code == Exit.DONE, verdict.output


def test_set_as_a_1b_it_satisfies_preflight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jars = [JAVA / f"{name}.jar" for name in JARS]
    if not shutil.which("java") or not all(jar.exists() for jar in jars):
        pytest.skip("needs PDFBox Preflight; `make interop` installs it")
    monkeypatch.setattr(pdf, "STANDARDS", ["a-1b"])
    with reading(ledger_of("S1", tmp_path)) as reader:
        made = order_report(reader, ReportRequest("custody"), reader.case("main"), instant(MOMENT), None)
    file = tmp_path / "a-1b.pdf"
    file.write_bytes(pdf.paper(made, typst.Fonts(include_system_fonts=False, font_paths=list(folders()))))
    checker = "org.apache.pdfbox.preflight.Validator_A1b"
    command = ["java", "-cp", ":".join(map(str, jars)), checker, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.startswith(f"The file {file.name} is ") or "valid PDF/A-1b" in done.stdout
    found = [line for line in done.stdout.splitlines() if " : " in line]
    assert [line for line in found if not line.startswith(DESTINATION)] == []


def test_every_letter_of_names_in_every_writing_can_be_taken_out_of_the_paper(tmp_path: Path) -> None:
    text = (STORIES / "S1.toml").read_text(encoding="utf-8")
    for here, there in NAMES.items():
        text = text.replace(here, there)
    ledger = play_story(read_story(text.encode(), "everywhere"), tmp_path / "everywhere").path
    out = said("pdftotext", printed(ledger, "custody"), "-")
    for name in NAMES.values():
        assert set(name) <= set(out), name  # compare letters: poppler splits words that are joined from right to left


def test_paper_is_the_same_in_another_time_zone_and_another_home(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    made = []
    for n, (zone, home) in enumerate((("UTC", tmp_path), ("Asia/Tokyo", Path("/")))):
        file = tmp_path / f"{n}.pdf"
        command = [sys.executable, "-m", "cli.app", "report", "custody", "main", "--as-of", MOMENT]
        command += ["--ledger", str(ledger), "--format", "pdf", "-o", str(file)]
        environment = {**os.environ, "TZ": zone, "HOME": str(home), "LC_ALL": "C"}
        subprocess.run(command, env=environment, cwd=STORIES.parents[1], check=False, capture_output=True, timeout=120)
        made.append(file.read_bytes())
    assert made[0] == made[1]
