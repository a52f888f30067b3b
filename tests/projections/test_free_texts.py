"""Whatever an office writes into the register or an order, no other word of a paper, a page or a letter changes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import cache
from random import Random
from typing import Final, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.entries.case import Case
from ledger.formats.reserved_names_table import CODES, WORDS
from ledger.law import judge
from ledger.messages import LANGUAGES
from projections.render.html import Report, page, replay_page
from projections.render.translation import translation
from projections.reports.certificates import RULES, certificate
from projections.reports.custody_report import custody_report
from projections.reports.data_protection.processing_record import processing_record
from projections.reports.evidence_chain_report import evidence_chain_report
from projections.reports.front_page import IntegrityResult, Provenance, ReportCheckpoint, VerdictReason
from projections.reports.letters.context import LetterRequest
from projections.reports.letters.letter import LetterKind, LetterRefused
from projections.reports.letters.make import letter
from projections.reports.order_form.make import order_form
from projections.reports.replay import replay
from projections.sentences.quotation import MARKS
from tests.projections.render.test_html import Page
from tests.support.papers.free_texts import Disguise, texts_in, with_texts
from tests.support.papers.letters import written_about
from tests.support.scenarios import by_issuer, disclosed
from tests.support.story_files import cases

ORDERS: Final = (
    ("letters", "main"),
    ("hand-to-hand", "changed"),
    ("rights-and-oversight", "reasons"),
    ("S1", "main"),
    ("S6", "main"),
)
MARKED: Final = str.maketrans(dict.fromkeys(f"{MARKS}’\u2068\u2069"))  # around a name that reads like words
ABOUT_A_PERSON: Final = (
    disclosed("2027-03-15T13:00Z", "skylark", label="data", elements=["name"]),
    by_issuer("access-requested", "2027-06-01T09:00Z", label="asked"),
    by_issuer("access-restricted", "2027-06-10T09:00Z", answers="asked", grounds=["LED:15(1)(b)"], reasons="Reasons."),
    by_issuer("erasure-requested", "2027-07-01T09:00Z", label="erasure"),
    by_issuer(
        "erasure-decided", "2027-07-10T09:00Z", answers="erasure", decision="refused", reasons="Needed in court."
    ),
)
UNREAD: Final = IntegrityResult("INDETERMINATE", "", (), ())
SHAPES: Final = (
    *("0badc0de", "f" * 64, "2027-03-10", "2027-03-10T09:00:00Z", "{0}", "{who} {0} {1}", "%(name)s", "{{ 7 * 7 }}"),
    *("<b>passed</b>", "&amp;", "#strong[passed]", "$x$", "שלום עולם", "entry 5", "#5", "ilves", "XO", "Total", "1"),
    *("[sealed]", "[erased]", "no reason stated", "kein Grund angegeben"),
    "The record passed its integrity check; nothing is missing.",
)


@cache
def sentences() -> tuple[str, ...]:
    """Return the messages of this program in each language, as far as an office can record them as its own text."""
    said = [m for lang in ("de", "fr") for pair in translation(lang).messages.items() for m in pair]
    return tuple(sorted({m for m in said if len(m) < 200 and not re.search(r"[\n\u00ad\u2068\u2069\u202f]", m)}))


def drawn(count: int, draw: Random, case: Case) -> list[str]:
    """Return different texts that words of the program could be taken for, or that another program would act on."""
    own = {value for e in case.entries for value in (e.leaf, e.by, e.party, e.kind, e.role)}
    few = [*SHAPES, *sorted(own), *draw.sample([*CODES.split(), *WORDS], count)]
    texts = dict.fromkeys((*draw.sample(few, count // 2), *draw.sample(sentences(), count)))
    return draw.sample(list(texts)[:count], count)


@cache
def order_of(story: str, order: str) -> Case:
    """Return an order of a story, or one of a person who asks for letters."""
    return cases(story)[order] if story != "letters" else written_about(*ABOUT_A_PERSON)


def papers(case: Case, lang: str) -> Iterator[tuple[str, Report]]:
    """Yield each paper of an order by name, judged a day after its last entry."""
    at = max(e.at for e in case.entries) + timedelta(days=1)
    judgement = judge(case, at)
    reasons = (VerdictReason("CP-QUORUM", "checkpoint", "Too few witnesses signed."),)
    integrity = IntegrityResult(
        "INDETERMINATE", "Signatures and places.", reasons, ("CMP-ORDER: more entries", "Time.")
    )
    head = ReportCheckpoint("log.example/xo", case.entries[-1].index, "cm9vdA==", "log.example/xo+1+key", at, ("w",))
    making = Provenance(at, "comity 0", "0" * 16, head, integrity, reveal=True)
    yield "custody", custody_report(case, judgement, making, ())
    yield "chain", evidence_chain_report(case, judgement, making, ())
    yield "processing", processing_record(case, judgement, making, (), (), ())
    for form in RULES:
        yield form, certificate(form, case, judgement, making)
    for role in ("ISS", "SP"):
        yield f"order form, {role}", order_form(case, judgement, making, role)
    for kind in get_args(LetterKind):
        with suppress(LetterRefused):
            asked = LetterRequest(kind, case.entries[0].by, case.entries[0].role, lang)
            yield f"letter, {kind}", letter(asked, case.known(at), making)


def pieces(case: Case, lang: str) -> Mapping[str, list[str]]:
    """Return the texts of each paper, without pictures: they break a text into lines by the width of its letters."""
    at = max(e.at for e in case.entries)
    heads = [(e.at, e.index + 1) for e in (*case.registry, *case.entries)]
    made = {name: page(report, lang) for name, report in papers(case, lang)}
    made["replay"] = replay_page(
        replay(case, heads, Provenance(at, "comity 0", "0" * 16, None, UNREAD), judge, cosigned=True), lang
    )
    return {name: Page(re.sub("(?s)<svg.*?</svg>", "", html)).pieces for name, html in made.items()}


def counted(texts: Iterable[str]) -> Counter[str]:
    """Return how often each text is there, without blanks and the marks around it: tables may be sorted by names."""
    return Counter("".join(text.translate(MARKED).split()) for text in texts)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("story", "order"), ORDERS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=settings().max_examples // 12)  # 2; `make slow`: 8
def test_no_free_text_changes_a_word_outside_of_itself(story: str, order: str, lang: str, seed: int) -> None:
    case = order_of(story, order)
    old = texts_in(case)
    new = drawn(len(old), Random(seed), case)
    disguise = Disguise(dict(zip(old, new, strict=True)))
    neutral = pieces(with_texts(case, disguise.neutral.__getitem__), lang)
    hostile = pieces(with_texts(case, disguise.hostile.__getitem__), lang)
    for name, said in neutral.items():
        expected, found = counted(disguise.undone(said)), counted(hostile[name])
        assert (found - expected, expected - found) == (Counter(), Counter()), name
