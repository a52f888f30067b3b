"""The hearing bundle: one paper with cover, index, reports and the evidence bundle, in three depths."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import typst

from cli.exit_codes import Exit
from cli.reports.pdf import folders
from ledger.bundle.pdf_attachment import bundle_inside
from ledger.entries.case import Case
from ledger.law import judge
from projections.render.pdf import paper
from projections.reports.entry_numbers import number
from projections.reports.front_page import Exhibit, FindingLine, IntegrityResult, Provenance
from projections.reports.hearing.hearing_bundle import DOCUMENTS, Hearing, hearing
from tests.support.cli import ledger_of, run
from tests.support.papers.pdf_text import pdf_text
from tests.support.story_files import cases

PAGE_OF_A_DOCUMENT = re.compile(r"^ *\d +(\S.*?) {2,}A(\d+)$", re.M)


def text(file: Path, *more: str) -> str:
    """Return the text of a paper, page by page."""
    return pdf_text(file, "-layout", *more)


def of_story(ledger: Path, folder: Path, *more: str) -> Path:
    """Write the hearing bundle of a story's first order."""
    file = folder / "hearing.pdf"
    run("report", "hearing", "main", *more, "-o", str(file), ledger=ledger)
    return file


def leaves_of(ledger: Path) -> list[str]:
    """Return the leaves of the first order of a story."""
    return [x["leaf"] for x in json.loads(run("timeline", "main", "--json", ledger=ledger).stdout)["timeline"]]


def made(depth: str, story: str = "S1", order: str = "main") -> tuple[Hearing, Case]:
    """Return the values of a hearing bundle of an order of a story."""
    case = cases(story)[order]
    at = case.entries[-1].at
    provenance = Provenance(at, "comity", "0" * 16, None, IntegrityResult("TOTAL-PASSED", "", (), ()), reveal=True)
    return hearing(case, judge(case, at), provenance, (), depth), case  # type: ignore[arg-type]


def set_in_type(report: Hearing) -> bytes:
    return paper(report, typst.Fonts(include_system_fonts=False, font_paths=[*folders()]))


def test_the_index_leads_to_the_page_on_which_each_document_begins(tmp_path: Path) -> None:
    pages = text(of_story(ledger_of("S1", tmp_path), tmp_path)).split("\f")
    listed = PAGE_OF_A_DOCUMENT.findall(pages[0])
    assert [title for title, _ in listed] == [title for _, title, least in DOCUMENTS if least != "diagnostic"]
    for title, at in listed:
        assert title in pages[int(at) - 1], title
    for n, page in enumerate(pages[:-1], 1):
        assert f"Page A{n} of A{len(pages) - 1}" in page


def test_a_foot_names_the_entries_of_its_page_with_the_first_digits_of_their_leaves(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    pages = text(of_story(ledger, tmp_path)).split("\f")
    leaves = {str(n): leaf[:8] for n, leaf in enumerate(leaves_of(ledger), 1)}
    [custody] = [page for page in pages if "Custody and exhibits" in page and "Documents" not in page]
    foot = custody[custody.index("Entry and leaf") :]
    assert [f"{n} {leaves[n]}" in foot for n in ("10", "11", "12")] == [True, True, True]
    assert "Entry and leaf" not in pages[0]


def test_each_depth_has_the_documents_of_the_one_before_and_more() -> None:
    simple, detailed, diagnostic = (made(depth)[0] for depth in ("simple", "detailed", "diagnostic"))
    named = [{d.id for d in one.documents} for one in (simple, detailed, diagnostic)]
    assert named[0] < named[1] < named[2]
    assert named[2] == {id for id, _, _ in DOCUMENTS}
    assert simple.face == detailed.face == diagnostic.face


def test_values_of_a_document_that_a_depth_leaves_out_are_empty() -> None:
    def given(depth: str) -> set[str]:
        report, _ = made(depth)
        names = ("leaves", "held", "exhibits", "confirmed", "chain", "criteria", "periods", "rules")
        return {name for name in names if getattr(report, name)} | ({"story"} if report.story.events else set())

    assert given("simple") == {"exhibits"}
    assert given("diagnostic") - given("detailed") == {"rules"}
    assert given("detailed") == {"leaves", "held", "exhibits", "confirmed", "chain", "criteria", "periods", "story"}


def test_there_is_no_document_on_custody_where_nothing_was_disclosed() -> None:
    for order, there in (("first", True), ("second", False)):
        ids = {d.id for d in made("detailed", "landmark-microsoft-ireland", order)[0].documents}
        assert ("custody" in ids, "timeline" in ids) == (there, True)


def test_a_diagnostic_bundle_states_the_leaf_of_every_entry(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    said = re.sub(r"\s", "", text(of_story(ledger, tmp_path, "--depth", "diagnostic")))
    leaves = leaves_of(ledger)
    assert len(leaves) == 15
    assert [leaf for leaf in leaves if leaf not in said] == []


@pytest.mark.parametrize("depth", ["simple", "detailed"])
def test_what_page_one_leaves_out_is_listed_further_on(depth: str, tmp_path: Path) -> None:
    report, case = made(depth)
    entry = (number(case.entries[0], case),)
    finding = FindingLine("violation", "Something is not as the rule has it. " * 6, "V-X", ("X:1",), entry, "text")
    files = [Exhibit(n, ("X",), f"file-{n}.bin", 1, f"{n:064x}", None, None, entry) for n in range(1, 41)]
    face = replace(report.face, findings=(finding,) * 30, exhibits=tuple(files))
    file = tmp_path / "hearing.pdf"
    file.write_bytes(set_in_type(replace(report, face=face, exhibits=tuple(files))))
    said = text(file)
    assert said.count("V-X") == 30
    assert [f"file-{n}." in said for n in range(1, 41)] == [True] * 40


def test_the_evidence_bundle_is_inside(tmp_path: Path) -> None:
    ledger, bundle = ledger_of("S1", tmp_path), tmp_path / "court.evidence.zip"
    run("export", "main", "--audience", "COURT", "-o", str(bundle), ledger=ledger)
    paper = of_story(ledger, tmp_path, "--attach", str(bundle))
    assert bundle_inside(paper.read_bytes()) == bundle.read_bytes()


def test_the_documents_of_a_german_hearing_bundle_have_german_titles(tmp_path: Path) -> None:
    said = text(of_story(ledger_of("S1", tmp_path), tmp_path, "--depth", "diagnostic", "--lang", "de"))
    assert [title for _, title, _ in DOCUMENTS if title in said] == []


def test_a_bundle_gives_the_same_documents_as_the_ledger(tmp_path: Path) -> None:
    ledger, bundle = ledger_of("S1", tmp_path), tmp_path / "court.evidence.zip"
    run("export", "main", "--audience", "COURT", "-o", str(bundle), ledger=ledger)
    file = tmp_path / "of-bundle.pdf"
    run("report", "hearing", "--bundle", str(bundle), "--trust", str(ledger / "trust"), "-o", str(file))
    assert "Custody and exhibits" in text(file)


def test_a_filing_has_the_hearing_bundle_where_it_is_asked_for(tmp_path: Path) -> None:
    ledger, folder = ledger_of("S1", tmp_path), tmp_path / "filing"
    run("file", "main", "--audience", "COURT", "--hearing", "-o", str(folder), ledger=ledger)
    assert bundle_inside((folder / "hearing.pdf").read_bytes()) == (folder / "court.evidence.zip").read_bytes()
    assert "hearing.pdf" in (folder / "READ-ME.txt").read_text("utf-8")


def test_a_hearing_bundle_is_one_paper_and_no_page(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    page = run("report", "hearing", "main", "--format", "html", ledger=ledger)
    assert (page.exit_code, "one paper" in page.stderr) == (Exit.USAGE, True)
    other = run("report", "custody", "main", "--depth", "simple", ledger=ledger)
    assert (other.exit_code, "--depth is of a hearing" in other.stderr) == (Exit.USAGE, True)


@pytest.mark.parametrize("depth", ["detailed", "diagnostic"])
def test_no_document_has_its_title_twice_and_no_criterion_can_be_taken_for_a_page(depth: str, tmp_path: Path) -> None:
    report, _ = made(depth)
    (file := tmp_path / "hearing.pdf").write_bytes(set_in_type(report))
    printed = text(file)
    assert len(re.findall(r"^ *Timeline$", printed, re.M)) == 1
    assert re.search(r"The record shows \d of 8 criteria", report.face.answer)
    assert not re.search(r"\bA\d\b", report.face.answer)


@pytest.mark.parametrize("depth", ["detailed", "diagnostic"])
def test_a_shortened_value_is_said_to_be_whole_only_where_the_values_are(depth: str, tmp_path: Path) -> None:
    report, _ = made(depth)
    events = (replace(report.story.events[0], says="Somebody sealed exhibit “long…name”."), *report.story.events[1:])
    (file := tmp_path / "hearing.pdf").write_bytes(
        set_in_type(replace(report, story=replace(report.story, events=events)))
    )
    printed = text(file)
    assert "A sentence shortens a stated value" in printed
    assert ("The values of the entry have it whole." in printed) == (depth == "diagnostic")
