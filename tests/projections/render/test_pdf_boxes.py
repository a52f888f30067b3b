"""Papers with long names in four writings, seconds in every time, a thousand entries: nothing overlaps or is cut."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typst
from msgspec.structs import replace

from cli.reports.pdf import folders
from cli.session.ledger_reader import reading
from ledger.entries.case import Case, Entry
from ledger.law import judge
from projections.render.html import Report
from projections.render.pdf import paper
from projections.reports.custody_report import custody_report
from projections.reports.evidence_chain_report import evidence_chain_report
from projections.reports.front_page import IntegrityResult, Provenance
from tests.projections.render.test_pdf import checked_words, printed
from tests.support.cli import ledger_of, ledger_of_long_names
from tests.support.papers.pdf_text import pdf_text

pytestmark = pytest.mark.slow

ENTRIES = 1_000
FILES = 40


@pytest.fixture(scope="module")
def writings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of_long_names(tmp_path_factory.mktemp("writings"))


@pytest.mark.parametrize("lang", ["en", "de", "fr"])
@pytest.mark.parametrize("kind", ["custody", "evidence-chain", "dpo", "order-form"])
def test_names_in_four_writings_overprint_nothing(kind: str, lang: str, writings: Path, tmp_path: Path) -> None:
    opened = ("--reveal", "--because", "trial", "--as", "ilves", *(("--purpose", "trial") if kind == "dpo" else ()))
    printed(writings, tmp_path, kind, "main", *opened, "--lang", lang)
    assert checked_words(tmp_path / "paper.pdf") > 150


@pytest.fixture(scope="module")
def long_case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Return S1 with forty files, and transfers up to a thousand entries, with seconds in their times."""
    with reading(ledger_of("S1", tmp_path_factory.mktemp("s1"))) as reader:
        case = reader.case("main")
    given = [_with_files(e) if e.kind in ("data-disclosed", "evidence-received") else e for e in case.entries]
    step = next(e for e in given if e.kind == "custody-transferred")
    later = (
        replace(step, seq=n, index=5_000 + n, leaf=f"{n:064x}", on=given[-1].on.replace(second=n % 60), at=given[-1].at)
        for n in range(len(given) + 1, ENTRIES + 1)
    )
    return replace(case, entries=(*given, *later))


def _with_files(e: Entry) -> Entry:
    files = [{"name": f"part-{n:02}.json", "size": 1_000 + n, "sha256": f"{n:064x}"} for n in range(FILES)]
    return replace(e, sealed={**e.sealed, "manifest": {"elements": [], "files": files}})


@pytest.mark.parametrize("make", [custody_report, evidence_chain_report])
def test_a_thousand_entries_overprint_nothing_and_long_lists_go_on(
    make: Callable[..., Report], long_case: Case, tmp_path: Path
) -> None:
    moment = max(e.at for e in long_case.entries)
    making = Provenance(moment, "comity 0", "0" * 64, None, IntegrityResult("INDETERMINATE", "", (), ()), reveal=True)
    report = make(long_case, judge(long_case, moment), making, ())
    file = tmp_path / "long.pdf"
    file.write_bytes(paper(report, typst.Fonts(include_system_fonts=False, font_paths=list(folders()))))
    assert checked_words(file) > 5_000
    pages = pdf_text(file, "-layout")
    assert not re.findall(r"\S*\.\.\s", pages)
    first, *others = pages.split("\f")
    more, place = re.findall(r"And (\d+) more exhibits, page (\d+)\.", first)[0]
    assert FILES - int(more) in range(1, 13)
    assert "part-39.json" in "".join(others[int(place) - 2 :])
    assert "Signature" in first
