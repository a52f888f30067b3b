"""The quoted words stand in the acts, and the lists of articles are whole."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from ledger.law.provisions import RULES
from ledger.law.wording import TEXTS, article_of, quotations

ACTS = os.environ.get("COMITY_ACTS", "")
# The files of a folder of acts, by act: first the whole text, then an extract, which need not hold every quotation.
FILES: dict[str, tuple[tuple[str, bool], ...]] = {
    "EPOC": (("32023R1543.md", True), ("2023-1543.md", False)),
    "2025/1550": (("32025R1550.md", True), ("2025-1550.md", False)),
    "1182/71": (("31971R1182.md", True),),
    "UNCC": (("UNCC.md", False),),
    "LED": (("32016L0680.md", True),),
    "GDPR": (("32016R0679.md", True),),
    "BC": (("ETS185.md", True),),
    "SCA": (("title-18.md", True), ("USC18.md", False)),
    "FRE": (("USC18.md", True),),
    "OPO": (("ukpga-2019-5.md", True),),
    "2AP": (("CETS224.md", True), ("CETS224-fragments.md", True)),
}
ARTICLES = {
    "EPOC": [*map(str, range(1, 35)), *(f"Annex {n}" for n in ("I", "II", "III", "IV", "V", "VI"))],
    "2AP": [*map(str, range(1, 26))],
    "BC": [*map(str, range(2, 37))],
    "SCA": ["2523", *map(str, range(2702, 2714))],
    "1182/71": [*map(str, range(1, 7))],
    "2025/1550": [*map(str, range(1, 9))],
}
MOST = 45  # words: a rule rests on few


def bare(text: str) -> str:
    """Return a text in one line, without the marks of Markdown."""
    return " ".join(re.sub(r"[*_`]|\[\^[^\]]*\]", "", text).split())


@pytest.mark.parametrize("code", TEXTS)
def test_every_quotation_stands_word_for_word_in_its_act(code: str) -> None:
    quoted = [(p, words) for a in TEXTS[code].articles for p, all_ in a.words.items() for words in all_]
    if not quoted:
        pytest.skip(f"nothing of {code} is quoted")
    found = next(((Path(ACTS, name), whole) for name, whole in FILES[code] if ACTS and Path(ACTS, name).exists()), None)
    if found is None:
        pytest.skip(f"{FILES[code][0][0]} is not here; COMITY_ACTS names the folder of the acts")
    file, whole = found
    text = bare(file.read_text("utf-8"))
    missing = [f"{code}:{p}: {words}" for p, words in quoted if words not in text]
    assert not missing or (not whole and len(missing) < len(quoted)), missing


def test_it_is_said_of_which_acts_the_whole_text_could_not_be_read() -> None:
    assert {code for code, text in TEXTS.items() if not text.read} == {"2AP", "FRE", "UNCC"}


@pytest.mark.parametrize("code", ARTICLES)
def test_the_list_of_articles_is_whole_and_in_order(code: str) -> None:
    assert [a.number for a in TEXTS[code].articles] == ARTICLES[code]
    assert all(a.title for a in TEXTS[code].articles)


def test_a_quotation_is_of_few_words_and_of_a_provision_of_its_article() -> None:
    for text in TEXTS.values():
        for a in text.articles:
            assert all(0 < len(words.split()) <= MOST for all_ in a.words.values() for words in all_)
            assert {article_of(f"{text.code}:{p}") for p in a.words} <= {a.number}


def test_every_article_has_a_rule_or_says_why_it_has_none() -> None:
    cited = {(c.partition(":")[0], article_of(c)) for rule in RULES for c in rule.cite}
    silent = [
        f"{text.code}:{a.number}"
        for text in TEXTS.values()
        for a in text.articles
        if (text.code, a.number) not in cited and not a.without
    ]
    assert silent == []


def test_no_rule_cites_an_article_that_its_act_does_not_have() -> None:
    held = {(text.code, a.number) for text in TEXTS.values() for a in text.articles}
    cited = {(c.partition(":")[0], article_of(c)) for rule in RULES for c in rule.cite if article_of(c)}
    assert {c for c in cited - held if c[0] in ARTICLES} == set()


@pytest.mark.parametrize(
    ("cite", "words"),
    [
        ("EPOC:8(1)", ("at the same time as it transmits the EPOC to the addressee",)),
        ("EPOC:16(3)(a)", ("the deadline for compliance or objection",)),  # of the paragraph that contains it
        ("EPOC:4(1)-(3)", 2),  # paragraphs 1 and 3 have the same words
        ("GDPR:33", 1),  # a whole article with few words
        ("EPOC:10", ()),  # one with many
        ("2AP:7(7)", ()),
        ("ISO27037:6.1", ()),
    ],
)
def test_a_citation_has_the_words_of_its_provision_or_of_the_one_that_contains_it(cite: str, words: object) -> None:
    found = tuple(said for _, said in quotations(cite))
    assert (len(found) if isinstance(words, int) else found) == words


def test_a_quotation_comes_with_the_provision_that_it_is_taken_from() -> None:
    assert [p for p, _ in quotations("EPOC:10(2)-(3)")] == ["EPOC:10(2)", "EPOC:10(2)", "EPOC:10(3)"]


@pytest.mark.parametrize(
    ("cite", "number"),
    [("EPOC:10(2)-(4)", "10"), ("EPOC:AnnexI(H)", "Annex I"), ("2025/1550:3.3.3(b)", "3"), ("SCA:2703(h)(2)", "2703"),
     ("none", ""), ("Pub. L. 99-508", "")],
)  # fmt: skip
def test_the_article_of_a_citation(cite: str, number: str) -> None:
    assert article_of(cite) == number
