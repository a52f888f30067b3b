"""The book of rules by act and article, and every article with or without a rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.law.provisions import RULES
from ledger.law.rules.acts import ACTS
from ledger.law.wording import TEXTS, article_of
from projections.views.rulebook import HEADINGS, MARKS, OWN, _also, _home, book, coverage, quoted, rulebook, words


def test_every_rule_is_in_the_book_once_and_every_act_has_its_own_row() -> None:
    acts = book(RULES)
    printed = [(r.rule.kind, r.rule.id) for act in acts for a in act.articles for r in a.rules]
    assert sorted(printed) == sorted((r.kind, r.id) for r in RULES if r.kind != "act")
    assert [act.act.id for act in acts if act.act] == [r.id for r in RULES if r.kind == "act"]
    anchors = [r.anchor for act in acts for a in act.articles for r in a.rules]
    assert len(set(anchors)) == len(anchors)


def test_a_rule_is_printed_under_the_article_of_its_first_citation_and_named_under_the_others() -> None:
    for act in book(RULES):
        for a in act.articles:
            code = act.act.id if act.act else ""
            assert all(article_of(r.rule.cite[0]) == a.number for r in a.rules if code)
    epoc = next(act for act in book(RULES) if act.act and act.act.id == "EPOC")
    eight = next(a for a in epoc.articles if a.number == "8")
    assert "V-10-2-BEFORE-RELEASE" in [code for _, code in eight.also]


def test_no_article_names_again_a_rule_that_is_printed_under_it_and_no_rule_twice() -> None:
    for act in book(RULES):
        for a in act.articles:
            named = [code for _, code in a.also]
            assert not {r.rule.id for r in a.rules} & set(named)
            assert len(named) == len(set(named))


def test_articles_are_in_the_order_of_the_act_and_rules_in_the_order_of_the_paragraphs() -> None:
    epoc = next(act for act in book(RULES) if act.act and act.act.id == "EPOC")
    order = [a.number for a in TEXTS["EPOC"].articles]
    numbers = [a.number for a in epoc.articles]
    assert numbers == sorted(numbers, key=order.index)
    ten = [r.rule.cite[0] for a in epoc.articles if a.number == "10" for r in a.rules]
    assert ten.index("EPOC:10(2)") < ten.index("EPOC:10(3)") < ten.index("EPOC:10(4)")


def test_rules_of_no_act_come_last_and_rest_on_no_provision_of_one() -> None:
    *_, last = book(RULES)
    assert last.title == OWN
    assert all(r.rule.cite == () or ":" not in r.rule.cite[0] for a in last.articles for r in a.rules)


def test_a_rule_has_the_words_of_each_of_its_provisions_once() -> None:
    (rule,) = rulebook("V-10-2-BEFORE-RELEASE")
    assert "at the end of that 10-day period" in words(rule)
    assert any("suspensive effect" in said for said in words(rule))
    assert all(len(set(words(r))) == len(words(r)) for r in RULES)
    assert words(next(r for r in RULES if r.id == "D-7-7")) == []  # the article was not read: no words are quoted


def test_words_that_were_read_in_another_document_say_so() -> None:
    (sender,) = rulebook("V-8-11-SENDER")
    assert [where for where, _ in quoted(sender)] == ["2AP:8(11), second hand"]
    (ten,) = rulebook("E-10-3")
    assert [where for where, _ in quoted(ten)] == ["EPOC:10(3)"]


def test_every_article_is_modelled_by_rules_or_says_why_it_is_not() -> None:
    articles = coverage()
    assert [(a.act, a.article) for a in articles] == [(t.code, a.number) for t in TEXTS.values() for a in t.articles]
    assert [a for a in articles if not a.rules and not a.without] == []
    known = {r.id for r in RULES}
    assert all(set(a.rules) <= known for a in articles)


def test_an_article_names_the_kinds_of_entries_that_record_it() -> None:
    penalties = next(a for a in coverage() if (a.act, a.article) == ("EPOC", "15"))
    assert penalties.rules == ()
    assert penalties.kinds
    assert "national law" in penalties.without


def test_no_mark_says_that_a_text_was_not_at_hand() -> None:
    assert not [says for says in MARKS.values() if "at hand" in says]


def test_an_article_names_the_rules_that_cite_it_and_are_printed_in_another_and_no_other() -> None:
    rules = rulebook()
    also = _also(rules)
    homes = {rule.id: _home(rule) for rule in rules if rule.kind != "act"}
    assert len(also) > 10
    for place, rows in also.items():
        assert place[0] in ACTS
        assert [id for _, id in rows if homes[id] == place] == []
    acts = {rule.id for rule in rules if rule.kind == "act"} - {*homes}
    assert not acts & {id for rows in also.values() for _, id in rows}
    cited = {(place, id) for place, rows in also.items() for _, id in rows}
    assert {id for _, id in cited} <= {*homes}


@pytest.mark.parametrize(
    ("about", "found"),
    [
        ("E-10-2", {"E-10-2"}),
        ("EPOC:10(2)", {"V-10-2-BEFORE-RELEASE", "W-CLOCK-GAP", "E-10-2"}),
        ("EPOC:10(", set()),
        ("EPOC:99", set()),
        ("", set()),
    ],
)
def test_rules_are_asked_for_by_their_id_or_by_a_provision_that_they_rest_on(about: str, found: set[str]) -> None:
    assert {r.id for r in rulebook(about)} == found


def test_an_article_has_the_rules_of_its_paragraphs_and_of_no_article_whose_number_begins_alike() -> None:
    one, ten = ({r.id for r in rulebook(about)} for about in ("EPOC:1", "EPOC:10"))
    assert {cite for r in rulebook("EPOC:1") for cite in r.cite if cite.startswith("EPOC:1")} >= {"EPOC:1(1)"}
    assert "E-10-2" in ten - one


def test_rules_of_an_instrument_are_its_own_and_those_of_every_instrument() -> None:
    found = rulebook("EPOC-PR")
    assert found == [r for r in RULES if not r.instruments or "EPOC-PR" in r.instruments]
    assert {bool(r.instruments) for r in found} == {True, False}
    assert rulebook() == rulebook(None) == list(RULES)


def test_an_act_has_the_words_on_the_day_from_which_it_applies_and_rules_of_no_act_have_none() -> None:
    by_title = {act.title: act.words for act in book(RULES)}
    assert by_title["Regulation (EU) 2023/1543"][0] == ("EPOC:34(2)", "It shall apply from 18 August 2026")
    assert by_title[OWN] == ()


def test_an_article_is_covered_by_findings_clocks_and_ways_of_counting_alone() -> None:
    kinds = {r.id: r.kind for r in RULES}
    assert {kinds[id] for a in coverage() for id in a.rules} == {"finding", "deadline", "policy"}


def test_an_act_is_named_under_no_article_and_a_rule_under_each_that_it_cites_except_its_own() -> None:
    act = next(r for r in RULES if r.id == "EPOC")
    (rule,) = rulebook("E-10-2")
    cites = ("EPOC:10(2)", "EPOC:10(3)", "EPOC:8(1)", "EPOC:8(2)", "ISO/IEC")
    also = _also([replace(act, cite=("EPOC:34(2)", "EPOC:1(1)")), replace(rule, cite=cites)])
    assert also == {("EPOC", "8"): (("deadline-E-10-2", "E-10-2"),)}


def test_details_of_a_rule_are_in_words() -> None:
    facts = {r.rule.id: r.facts for act in book(RULES) for a in act.articles for r in a.rules}
    assert facts["V-3-1-OWN-STATE"] == (
        ("Level", "violation"),
        ("Criterion A5", "contradicted"),
        ("Looks at", "order-issued"),
    )


def test_a_chapter_of_the_book_has_the_title_of_its_article_and_rules_of_no_act_have_headings() -> None:
    acts = {act.anchor: act for act in book(RULES)}
    ten = next(a for a in acts["EPOC"].articles if a.number == "10")
    assert (ten.anchor, ten.title) == ("EPOC-10", next(a.title for a in TEXTS["EPOC"].articles if a.number == "10"))
    headings = {a.title: {r.rule.kind for r in a.rules} for a in acts["own"].articles}
    moving = {title for title in headings if title.startswith("How the state of an order under ")}
    assert all(headings[title] == {"transition"} for title in moving)
    assert [title for title in headings if title not in moving and title not in HEADINGS.values()] == []
    assert all("transition" not in kinds for title, kinds in headings.items() if title not in moving)
    assert moving
    assert all(value for act in acts.values() for a in act.articles for r in a.rules for _, value in r.facts)
