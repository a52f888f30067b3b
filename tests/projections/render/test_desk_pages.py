"""The pages of the desk: what they show, and that they show it once."""

from __future__ import annotations

import re

import pytest

from projections.render.desk_pages import law
from projections.views.rulebook import rulebook


@pytest.mark.parametrize("instrument", [None, "2AP-7", "EPOC"])
def test_the_page_of_the_law_has_every_rule_once_under_the_heading_of_its_kind(instrument: str | None) -> None:
    chapters = re.split(r"<h2", law(instrument))[1:]
    rules = rulebook(instrument)
    assert sum(chapter.count("<tr") for chapter in chapters) == len(rules) + len(chapters)
    assert len(chapters) == len({rule.kind for rule in rules})


def test_the_page_of_the_law_quotes_the_words_of_the_provisions_and_never_says_that_a_text_was_not_at_hand() -> None:
    page = law("EPOC")
    assert "“at the latest within 10 days following receipt of the EPOC”" in page
    assert "at hand" not in page
