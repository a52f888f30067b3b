"""Papers say in the annex of the evidence-chain report how sure a rule is; no other paper says it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from ledger.entries.case import Case
from ledger.law import Judgement, judge
from ledger.law.rules.order_contents import CONTENTS
from projections.render.html import Report, page
from projections.reports.certificates import RULES, certificate
from projections.reports.custody_report import custody_report
from projections.reports.data_protection.processing_record import processing_record
from projections.reports.evidence_chain_report import evidence_chain_report, used_rules
from projections.reports.front_page import MARKS, IntegrityResult, Provenance
from projections.reports.order_form.make import addressee, order_form
from tests.projections.render.test_html import Page, made
from tests.support.cli import ledger_of
from tests.support.story_files import STORY_NAMES, cases

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "projections" / "templates"
CATALOGUE = ROOT / "projections" / "locale" / "de" / "LC_MESSAGES" / "comity.po"
FORBIDDEN = re.compile(
    r"not at hand|lag nicht vor|\[(?:text|known|likely|design)\b|the rule is known|believed right|how sure",
    re.IGNORECASE,
)
GERMAN = ("anhand des Wortlauts geprüft", "nicht anhand des Wortlauts geprüft")


def every_case() -> Iterator[Case]:
    for story in STORY_NAMES:
        yield from cases(story).values()


def judged(case: Case) -> Judgement:
    return judge(case, max(e.at for e in case.entries) + timedelta(days=400))


def papers(case: Case, judgement: Judgement) -> Iterator[tuple[str, Report]]:
    """Yield every paper on an order by its kind."""
    making = Provenance(judgement.as_of, "comity 0", "0" * 64, None, IntegrityResult("INDETERMINATE", "", (), ()))
    yield "custody", custody_report(case, judgement, making, ())
    yield "evidence-chain", evidence_chain_report(case, judgement, making, ())
    yield "dpo", processing_record(case, judgement, making, (), (), ())
    for form in RULES:
        yield form, certificate(form, case, judgement, making)
    for role in dict.fromkeys((addressee(case.instrument), "ISS", "NOT")):
        yield f"order-form for {role}", order_form(case, judgement, making, role)


def texts(value: object) -> Iterator[str]:
    """Yield every text of a report, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from texts(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts(getattr(value, field.name))


def test_no_paper_of_any_story_says_that_a_text_was_not_at_hand() -> None:
    said = [
        f"{case.order[:8]} {kind}: {text}"
        for case in every_case()
        for kind, report in papers(case, judged(case))
        for text in texts(report)
        if FORBIDDEN.search(text)
    ]
    assert said == []


@pytest.mark.parametrize("lang", ["en", "de"])
def test_a_mark_stands_in_words_in_the_annex_only(lang: str) -> None:
    case = cases("S2")["main"]
    words = [*MARKS.values()] if lang == "en" else list(GERMAN)
    for kind, report in papers(case, judged(case)):
        whole = page(report, lang)
        body, _, annex = whole.partition('<section aria-labelledby="rules">')
        assert not [w for w in words if f">{w}<" in body or f"; {w}]" in body], kind
        assert bool(annex) is (kind == "evidence-chain")
        assert not annex or any(w in annex for w in words)
        assert FORBIDDEN.search(whole) is None, kind


def test_the_annex_names_every_rule_of_the_findings_and_periods_once_with_its_citation() -> None:
    for case in every_case():
        j = judged(case)
        used = used_rules(j)
        assert [u.code for u in used] == sorted({f.code for f in j.findings} | {c.id for c in j.deadlines})
        assert all(u.mark in MARKS.values() for u in used)


@pytest.mark.parametrize("kind", ["audit", "statistics", "replay"])
def test_no_page_on_a_whole_ledger_prints_a_mark(kind: str, tmp_path: Path) -> None:
    assert FORBIDDEN.search(Page(made(ledger_of("S2", tmp_path), kind, tmp_path)).words) is None


def test_no_template_of_a_paper_and_no_message_in_german_says_so() -> None:
    files = [file for file in TEMPLATES.iterdir() if file.is_file()]
    papers_only = [file for file in files if not file.name.startswith(("rulebook", "coverage", "desk_"))]
    said = {file.name: FORBIDDEN.search(file.read_text("utf-8")) for file in papers_only}
    assert {name for name, found in said.items() if found} == set()
    with CATALOGUE.open("rb") as file:
        found = [m.id for m in read_po(file, locale="de") if FORBIDDEN.search(f"{m.id} {m.string}")]
    assert found == []


def test_no_sentence_of_a_report_says_so() -> None:
    files = (f for folder in ("reports", "statistics") for f in (ROOT / "projections" / folder).rglob("*.py"))
    assert [f"{f.name}: {said}" for f in files for said in sentences(f) if FORBIDDEN.search(said)] == []


def sentences(file: Path) -> Iterator[str]:
    """Yield every text in a file of Python but the docstrings."""
    tree = ast.parse(file.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                child.value.value = None


def test_a_finding_on_paper_cites_its_provision_and_not_its_mark() -> None:
    for template in ("words.html.j2", "paper.typ"):
        assert "f.mark" not in (TEMPLATES / template).read_text("utf-8")


def test_the_forms_cite_the_paragraphs_and_annexes_without_a_mark() -> None:
    assert {point.cite.partition(":")[0] for points in CONTENTS.values() for point in points} == {"2AP", "BC", "EPOC"}
    assert not [rule.cite for rule in RULES.values() if "[" in rule.cite]
