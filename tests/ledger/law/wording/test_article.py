"""An article of an act with the words that rules quote, by provision."""

from __future__ import annotations

from ledger.law.wording.article import Article, article, quoted


def test_a_single_quotation_may_be_given_as_text_and_several_in_any_order_are_kept_as_given() -> None:
    assert quoted(
        "10", "Execution", {"10(2)": "within 10 days", "10(4)": ("8 hours", "96 hours")}, "Item 1."
    ) == Article(
        number="10",
        title="Execution",
        words={"10(2)": ("within 10 days",), "10(4)": ("8 hours", "96 hours")},
        without="Item 1.",
    )


def test_nothing_is_left_out_of_an_article_unless_it_says_so() -> None:
    assert quoted("10", "Execution", {}).without == ""
    assert article("1", "Subject", "A definition.") == Article("1", "Subject", {}, "A definition.")
    assert article("1", "Subject") == Article("1", "Subject", {}, "")
