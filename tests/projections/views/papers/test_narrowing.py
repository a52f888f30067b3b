"""Page one of a paper says what narrowed the order, by whom, and what therefore was not handed over."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ledger.law import judge
from projections.render.html import page
from projections.reports.custody_report import custody_report
from projections.reports.evidence_chain_report import evidence_chain_report
from projections.reports.front_page import IntegrityResult, Provenance
from projections.reports.hearing.hearing_bundle import hearing
from projections.views.papers.narrowing import narrowings
from tests.support.scenarios import Story, by_authority, by_issuer, by_provider, disclosed, given, issued, moment

AT = moment("2027-05-01T00:00Z")
ASKED = issued("2027-03-01T09:00Z", "EPOC", "name", "connection-log", "message-content")
GROUND = {"grounds": ["EPOC:12(1)(b)"], "scope": "part", "elements": ["connection-log"]}
RAISED = by_authority("ground-for-refusal-raised", "2027-03-02T09:00Z", **GROUND)
ADAPTED = by_issuer("order-adapted", "2027-03-03T09:00Z", adapts="issued", elements_sought=["name", "message-content"])


def found(*facts: Any) -> list[tuple[str, tuple[str, ...]]]:
    return [(n.entry.kind, n.absent) for n in narrowings(given(ASKED, *facts).case, AT)]


def test_an_order_that_nothing_narrowed_has_no_line() -> None:
    assert found(disclosed("2027-03-05T09:00Z", "name")) == []


def test_a_ground_a_narrowing_and_a_partial_disclosure_say_what_each_took_away() -> None:
    withheld = disclosed("2027-03-05T09:00Z", "name", partial=True, withheld=["message-content"])
    assert found(RAISED, ADAPTED, withheld) == [
        ("ground-for-refusal-raised", ("connection-log",)),
        ("order-adapted", ("connection-log",)),
        ("data-disclosed", ("message-content",)),
    ]


def test_what_was_handed_over_all_the_same_is_not_said_to_be_absent() -> None:
    later = disclosed("2027-03-05T09:00Z", "name", "connection-log")
    assert [absent for _, absent in found(RAISED, later)] == [()]


def test_a_ground_against_all_data_takes_away_all_that_was_asked_for() -> None:
    all_data = by_authority("ground-for-refusal-raised", "2027-03-02T09:00Z", grounds=["EPOC:12(1)(a)"], scope="all")
    assert found(all_data)[0][1] == ("name", "connection-log", "message-content")
    assert found(by_provider("no-data-held", "2027-03-02T09:00Z", elements=["name"]))[0][1] == ("name",)


def test_an_instruction_that_was_lifted_narrows_nothing() -> None:
    instructed = by_authority(
        "non-disclosure-instructed", "2027-03-02T09:00Z", label="stop", ground="other", scope="all"
    )
    lifted = by_authority("instruction-lifted", "2027-03-03T09:00Z", about="stop")
    assert [kind for kind, _ in found(instructed)] == ["non-disclosure-instructed"]
    assert found(instructed, lifted) == []


def told(story: Story, make: Any, lang: str, *more: Any) -> str:
    integrity = IntegrityResult("TOTAL-PASSED", "All.", (), ())
    making = Provenance(AT, "comity 0", "0" * 16, None, integrity, reveal=True)
    report = make(story.case, judge(story.case, AT), making, (), *more)
    if more:
        return str([(n.says, n.absent) for n in report.face.subject.narrowed])
    body = page(report, lang).split("<main")[1].split("<nav")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", body))


@pytest.mark.parametrize("make", [custody_report, evidence_chain_report])
def test_page_one_says_who_narrowed_the_order_and_what_is_not_there(make: Any) -> None:
    text = told(given(ASKED, RAISED, ADAPTED), make, "en")
    assert "raised a ground for refusal against part of the data (logs of connections)" in text
    assert "narrowed the order" in text
    assert text.count("Not to be expected for that reason: logs of connections.") == 2
    german = told(given(ASKED, RAISED, ADAPTED), make, "de")
    assert german.count("Deshalb nicht zu erwarten: ") == 2


def test_the_summary_of_a_hearing_has_the_same_lines() -> None:
    assert "logs of connections" in told(given(ASKED, RAISED, ADAPTED), hearing, "en", "simple")
