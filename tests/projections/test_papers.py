"""Each report, export and view says of two orders what it said when somebody last read it."""

from __future__ import annotations

import pytest

from tests.projections.papers import FOLDER, ORDERS, PAPERS, file_of, text


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("paper", PAPERS)
def test_a_paper_says_what_it_said_when_it_was_last_read(paper: str, order: str) -> None:
    assert text(paper, order) == file_of(paper, order).read_text("utf-8"), "python -m tests.projections.papers"


def test_every_text_is_compared() -> None:
    assert {*FOLDER.rglob("*.txt")} == {file_of(paper, order) for paper in PAPERS for order in ORDERS}
