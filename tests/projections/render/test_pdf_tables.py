"""Tables on paper: a row stays on one page, unless it is longer than a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typst

from cli.reports.pdf import folders
from projections.render.html import source
from tests.support.papers.pdf_text import pdf_text

DATA = b'{"messages": {}, "lang": "en", "rtl": false, "languages": {}, "long": false, "kind": "custody", "leaves": {}}'
TABLE = """
#import "paper.typ": *
#set page(paper: "a4", margin: (x: 18mm, top: 19mm, bottom: 18mm))
#set text(font: "Noto Sans", size: 9pt)
#grid-table((9mm, 27mm, COLUMN, 33mm), [Caption], ([No], [When], [What], [State]), (ROWS))
"""


def pages(folder: Path, column: str, *cells: str) -> list[str]:
    """Return the text of each page of a table with these cells in one column."""
    rows = "".join(f'([{n}], [2027-03-01], name("{cell}"), [open]),' for n, cell in enumerate(cells))
    files = {
        "main.typ": TABLE.replace("COLUMN", column).replace("ROWS", rows).encode(),
        "paper.typ": source("paper.typ").encode(),
        "report.json": DATA,
    }
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[*folders()])
    file = folder / "table.pdf"
    file.write_bytes(typst.compile(files, format="pdf", font_paths=fonts, ignore_system_fonts=True))  # type: ignore[call-overload]  # its stub forgets that files may be given by name
    return pdf_text(file, "-layout").split("\f")[:-1]


def words(row: int, count: int) -> str:
    return " ".join(f"r{row}w{n}" for n in range(count))


@pytest.mark.parametrize("column", ["1fr", "22mm", "8em"])
def test_no_row_is_cut_between_two_pages(column: str, tmp_path: Path) -> None:
    counts = [30 + 7 * n % 40 for n in range(60)]
    found = pages(tmp_path, column, *(words(n, count) for n, count in enumerate(counts)))
    assert len(found) > 2
    for row, count in enumerate(counts):
        here = [{int(n) for n in re.findall(rf"\br{row}w(\d+)\b", page)} for page in found]
        assert [numbers for numbers in here if numbers] == [{*range(count)}], row


@pytest.mark.parametrize("column", ["1fr", "22mm"])
def test_a_row_longer_than_a_page_goes_on_and_nothing_of_it_is_cut_off(column: str, tmp_path: Path) -> None:
    found = pages(tmp_path, column, words(0, 5), words(1, 1_500), words(2, 5))
    assert {int(n) for page in found for n in re.findall(r"\br1w(\d+)\b", page)} == {*range(1_500)}
    assert "r2w4" in found[-1]


@pytest.mark.parametrize("count", [*range(44, 80, 4), 120, 300, 700])
def test_a_row_of_any_length_is_whole(count: int, tmp_path: Path) -> None:
    found = pages(tmp_path, "16mm", words(0, 40), words(1, count))
    assert {int(n) for page in found for n in re.findall(r"\br1w(\d+)\b", page)} == {*range(count)}
