"""The format of a file that a command writes: --format, else the ending of its name, and never both of two kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exit_codes import Exit
from tests.support.cli import ledger_of, reply, run

BEGINS = {".html": b"<!doctype html>", ".pdf": b"%PDF", ".json": b"{", ".jsonld": b"{", ".ics": b"BEGIN:VCALENDAR"}
ALLOWED = (Exit.DONE, Exit.FINDINGS)


@pytest.mark.parametrize("ending", [".html", ".htm", ".HTML", ".pdf", ".json", ".jsonld"])
def test_a_report_is_written_in_the_format_of_its_file(ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"custody{ending}"
    done = run("report", "custody", "main", "-o", str(file), ledger=ledger_of("S1", tmp_path))
    assert done.exit_code in ALLOWED, done.output
    begins = BEGINS.get(ending.lower(), BEGINS[".html"])
    assert file.read_bytes()[: len(begins)].lower() == begins.lower()


@pytest.mark.parametrize("name", ["custody", "custody.2027-03-01", "-"])
def test_a_name_that_says_no_format_is_a_page(name: str, tmp_path: Path) -> None:
    done = run(
        "report",
        "custody",
        "main",
        "-o",
        name if name == "-" else str(tmp_path / name),
        ledger=ledger_of("S1", tmp_path),
    )
    assert done.exit_code in ALLOWED, done.output
    text = done.stdout if name == "-" else (tmp_path / name).read_text("utf-8")
    assert text.lower().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "name", "says"),
    [
        (("report", "custody", "main", "--format", "html"), "x.pdf", "--format html writes no .pdf file"),
        (("report", "custody", "main", "--format", "pdf"), "x.html", "or choose a name that ends in .pdf"),
        (("report", "custody", "main", "--json"), "x.pdf", "--format json writes no .pdf file"),
        (("report", "hearing", "main"), "x.html", "a hearing bundle is one paper: --format pdf, or json"),
        (("report", "letter", "main", "--kind", "notice"), "x.jsonld", "a letter is a page, a PDF or JSON"),
        (("export", "main", "--format", "ics"), "x.zip", "--format ics writes no .zip file"),
        (("export", "main", "--audience", "COURT", "--format", "asic-e"), "x.ics", "ends in .asice or .sce"),
        (("export", "main"), "x.csv", "a file that ends in .csv may be --format timeline-csv or custody-csv: name one"),
        (("export", "main"), "x.json", "a file that ends in .json may be --format case or hi1: name one"),
        (("report", "custody", "main"), "x.docx", "nothing here is written as .docx; these are: .html, .htm, .pdf"),
        (("report", "statistics"), "x.csv", "nothing here is written as .csv"),
        (("report", "custody", "main", "--format", "html"), ".pdf", "--format html writes no .pdf file"),
        (("stats", "--art28", "--format", "html"), "x.csv", "--format html writes no .csv file"),
        (("stats", "--art28"), "x.csv", "-o FILE is for --format html; other forms can be sent on: > FILE"),
    ],
)
def test_a_name_that_contradicts_the_format_is_refused_and_nothing_is_written(
    words: tuple[str, ...], name: str, says: str, tmp_path: Path
) -> None:
    done = run(*words, "-o", str(tmp_path / name), ledger=ledger_of("S1", tmp_path))
    assert done.exit_code == Exit.USAGE
    assert says in " ".join(done.stderr.split())
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("words", "name", "says"),
    [
        (("replay", "main", "--html"), "x.pdf", "nothing here is written as .pdf; these are: .html, .htm"),
        (("replay", "main", "--json", "--html"), "x.pdf", "nothing here is written as .pdf"),
        (("law", "--html"), "rules.pdf", "nothing here is written as .pdf; these are: .html, .htm"),
        (("law", "--edition"), "rules.xml", "nothing here is written as .xml; these are: .json"),
        (("report", "processing", "--template", "-o"), "p.pdf", "nothing here is written as .pdf; these are: .json"),
        (("backup", "ledger", "-o"), "copy.zip", "nothing here is written as .zip; these are: .tar"),
        (("export", "main", "--audience", "COURT", "--format", "cose-receipts", "-o"), "x.zip", "without .zip"),
        (("export", "main", "--audience", "COURT", "--format", "cose-receipts", "-o"), "x.asice", "without .asice"),
        (("file", "main", "--audience", "COURT", "-o"), "court.zip", "what is filed is a folder: a name without .zip"),
    ],
)
def test_an_ending_of_another_kind_of_file_is_refused_and_nothing_is_written(
    words: tuple[str, ...], name: str, says: str, tmp_path: Path
) -> None:
    ledger = ledger_of("S1", tmp_path)
    before = reply("checkpoint", ledger=ledger)["size"]
    done = run(*words, str(tmp_path / name), ledger=ledger)
    assert done.exit_code == Exit.USAGE, done.output
    assert says in " ".join(done.stderr.split())
    assert not (tmp_path / name).exists()
    assert reply("checkpoint", ledger=ledger)["size"] == before


def test_an_export_is_written_in_the_format_of_its_file(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    for name in ("main.jsonld", "main.ics"):
        done = run("export", "main", "-o", str(tmp_path / name), ledger=ledger)
        assert done.exit_code == Exit.DONE, done.output
        assert (tmp_path / name).read_bytes().startswith(BEGINS[Path(name).suffix])


def test_statistics_in_a_file_of_html_are_a_page(tmp_path: Path) -> None:
    file = tmp_path / "art28.html"
    done = run("stats", "--art28", "-o", str(file), ledger=ledger_of("S1", tmp_path))
    assert done.exit_code == Exit.DONE, done.output
    assert file.read_text("utf-8").lower().startswith("<!doctype html>")


def test_a_format_that_a_command_does_not_have_is_refused_as_that(tmp_path: Path) -> None:
    done = run("export", "main", "--json", "-o", str(tmp_path / "x.zip"), ledger=ledger_of("S1", tmp_path))
    assert done.exit_code == Exit.USAGE
    assert "an export is a file, never json" in " ".join(done.output.split())
