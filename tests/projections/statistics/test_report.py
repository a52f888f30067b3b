"""The report on both statistical forms: its first page, its charts, its bytes, and where it is recorded."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cli.exit_codes import Exit
from cli.session.ledger_reader import reading
from projections.statistics.report import suppressed
from tests.projections.render.test_html import Page
from tests.projections.render.test_pdf import printed, streams
from tests.support.cli import ledger_of, run

AT = ("--as-of", "2027-09-02T00:00:00Z")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S1", tmp_path_factory.mktemp("counting"))


def page(ledger: Path, *more: str) -> Page:
    return Page(run("report", "statistics", *AT, *more, ledger=ledger).stdout)


def test_the_report_has_both_forms_their_charts_and_the_published_figures_beside_ours(ledger: Path) -> None:
    found = page(ledger)
    for says in (
        "Statistics under Regulation (EU) 2023/1543, article 28(2)",
        "Transparency report",
        "Published figures: Google",
        "What these tables cannot know",
    ):
        assert says in found.words
    drawn = [svg for svg in found.all("svg") if svg.get("role") == "img"]
    assert drawn == []  # one order: its number is withheld, so nothing is drawn
    assert "Published figures" not in page(ledger, "--beside", "none").words
    assert "Published figures: Twitter" in page(ledger, "--beside", "twitter").words


def test_the_first_page_says_what_is_withheld_what_was_checked_and_how_to_count_again(ledger: Path) -> None:
    words = page(ledger, "--from", "2027-01-01").words
    first, _, annex = words.partition("Annex: how to check this paper Integrity")
    assert "Orders issued from 2027-01-01T00:00:00Z." in first
    assert "numbers are withheld in these tables (x)." in first
    assert "only the office's own keys vouch" in first
    assert "INDETERMINATE NO_TRUST_ANCHOR" in annex
    assert "Orders are counted here; what was found in each stands in the reports on it." in annex
    again = "comity report statistics --as-of 2027-09-02T00:00:00Z --from 2027-01-01T00:00:00Z"
    assert f"{again} --json" in annex
    assert f"{again} | sha256sum" in annex


def test_the_command_on_the_first_page_makes_the_same_bytes(ledger: Path) -> None:
    more = ("--party", "XO", "--provider", "Skylark Mail AS")
    made = run("report", "statistics", *AT, *more, "--lang", "de", ledger=ledger).stdout
    (command,) = re.findall(r">comity (report statistics .*?--lang de) \| sha256sum<", made)
    assert "--provider &#39;Skylark Mail AS&#39; --lang de" in command
    assert run("report", "statistics", *AT, *more, "--lang", "de", ledger=ledger).stdout == made


def test_the_same_ledger_and_moment_give_the_same_paper_in_both_languages(ledger: Path, tmp_path: Path) -> None:
    for lang in ("en", "de"):
        first, second = (printed(ledger, tmp_path, "statistics", *AT, "--lang", lang) for _ in range(2))
        assert first == second
        assert any(b"<pdfuaid:part>1<" in part for part in (first, *streams(first)))


def test_json_holds_no_number_from_one_to_four(ledger: Path) -> None:
    document = json.loads(run("report", "statistics", *AT, "--json", ledger=ledger).stdout)
    assert document["format"] == "comity.report-statistics/1"
    assert [part["form"]["name"] for part in document["parts"]] == ["art28", "transparency"]
    cells = [n for p in document["parts"] for t in p["form"]["tables"] for r in t["rows"] for n in r["cells"]]
    assert None in cells
    assert not [n for n in cells if isinstance(n, int) and 0 < n < 5]


@pytest.mark.parametrize("kind", ["custody", "evidence-chain", "dpo", "order-form"])
def test_every_report_on_an_order_is_there_as_case_and_the_same_as_the_export(kind: str, ledger: Path) -> None:
    done = run("report", kind, "main", *AT, "--format", "case", ledger=ledger)
    assert done.exit_code == Exit.FINDINGS, done.output
    assert done.stdout == run("export", "main", "--format", "case", *AT, "-o", "-", ledger=ledger).stdout


@pytest.mark.parametrize("kind", ["statistics", "audit"])
def test_a_report_on_the_whole_ledger_is_recorded_beside_who_read_what(kind: str, tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    file = tmp_path / "report.html"
    done = run("report", kind, "-o", str(file), "--record", "--as", "ilves", ledger=ledger)
    assert done.exit_code == Exit.FINDINGS, done.output
    with reading(ledger) as reader:
        entry = reader.accesses()[-1]
    assert (entry.kind, entry.get("report"), entry.instrument) == ("report-issued", kind, None)
    assert entry.get("document")["size"] == file.stat().st_size
    assert run("verify", str(ledger), "--trust", str(ledger / "trust")).exit_code == Exit.DONE
    assert Page(run("report", "dpo", "main", ledger=ledger).stdout).words  # which reads the access order


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("statistics", "main"), "statistics is of the whole ledger"),
        (("statistics", "--reveal"), "opens nothing"),
        (("custody", "main", "--party", "XO"), "are of statistics"),
        (("audit", "--as-of", "2027-09-02T00:00:00Z"), "as it is"),
        (("statistics", "--lang", "de", "--json"), "JSON is in English always"),
        (("statistics", "--format", "case"), "CASE is of one ORDER"),
    ],
)
def test_what_makes_no_sense_is_usage(ledger: Path, asked: tuple[str, ...], says: str) -> None:
    done = run("report", *asked, ledger=ledger)
    assert done.exit_code == Exit.USAGE
    assert says in done.stderr


@pytest.mark.parametrize(
    ("withheld", "says"),
    [
        (0, "No number had to be withheld in these tables."),
        (1, "1 number is withheld in these tables (x)."),
        (2, "2 numbers are withheld in these tables (x)."),
    ],
)
def test_how_many_numbers_are_withheld_is_said_in_a_sentence(withheld: int, says: str) -> None:
    assert suppressed(withheld) == says
