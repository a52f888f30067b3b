"""The two pages of the book of rules: whole, without script, each link to a place that is there."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise

import pytest

from ledger.law.provisions import RULES, rules_digest
from projections.render.rulebook_pages import coverage_page, rulebook_page
from projections.views.rulebook import coverage, rulebook
from projections.views.rulebook import words as quoted
from tests.projections.render.test_html import Page

BOOK = rulebook_page(RULES, rules_digest(), "gaps.html")
GAPS = coverage_page(coverage(), rules_digest(), "book.html")


def ids(page: str) -> list[str]:
    return re.findall(r'\bid="([^"]+)"', page)


def links(page: str) -> list[str]:
    return re.findall(r'\bhref="([^"]+)"', page)


@pytest.mark.parametrize("page", [BOOK, GAPS], ids=["book", "gaps"])
def test_a_page_is_whole_runs_no_script_and_allows_its_own_style_alone(page: str) -> None:
    parsed = Page(page)
    assert (parsed.open, parsed.crossed) == ([], [])
    assert [len(parsed.all(tag)) for tag in ("html", "main", "h1", "nav", "style", "script")] == [1, 1, 1, 1, 1, 0]
    style = page.partition("<style>")[2].partition("</style>")[0]
    allowed = f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"
    assert f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'" in page
    assert parsed.all("meta")[-1] == {"name": "viewport", "content": "width=device-width, initial-scale=1"}
    assert "@media print" in style
    assert "max-width: 40rem" in style


@pytest.mark.parametrize("page", [BOOK, GAPS], ids=["book", "gaps"])
def test_every_link_of_a_page_leads_to_a_place_that_is_there(page: str) -> None:
    here, book = ids(page), set(ids(BOOK))
    assert len(set(here)) == len(here)
    assert [link for link in links(page) if link.startswith("#") and link[1:] not in here] == []
    assert [link for link in links(page) if link.startswith("book.html#") and link.partition("#")[2] not in book] == []


@pytest.mark.parametrize("page", [BOOK, GAPS], ids=["book", "gaps"])
def test_headings_go_down_one_level_at_a_time(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Page(page).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_book_prints_every_rule_with_its_words_citation_and_mark() -> None:
    words = Page(BOOK).words
    for rule in RULES:
        assert all(" ".join(said.split()) in words for said in (rule.says, *quoted(rule))), rule.id
        assert all(cite in words for cite in rule.cite), rule.id


def test_the_book_has_a_line_in_which_to_correct_each_rule_that_is_printed_whole() -> None:
    whole = [r for r in RULES if r.kind not in ("act", "element", "transition")]
    assert BOOK.count("Correction:") == len(whole)


def test_the_book_of_one_instrument_leads_to_no_other_page() -> None:
    page = rulebook_page(rulebook("EPOC"), rules_digest())
    assert "gaps.html" not in page
    assert [link for link in links(page) if not link.startswith(("#", "http"))] == []
    here = ids(page)
    assert [link for link in links(page) if link.startswith("#") and link[1:] not in here] == []


def test_the_page_of_what_has_no_rule_names_every_article_and_says_why() -> None:
    words = Page(GAPS).words
    articles = coverage()
    assert GAPS.count('class="article"') == len(articles)
    assert GAPS.count('class="none"') == sum(not a.rules for a in articles)
    assert all(" ".join(a.without.split()) in words for a in articles)
