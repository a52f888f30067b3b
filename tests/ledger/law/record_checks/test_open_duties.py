"""A7 is never demonstrated while a duty is open: `judge` and `register` read one list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.entries.case import Case
from ledger.law import FINDING_RULES, Judgement, judge
from ledger.law.terms.rule import CriterionState
from projections.reports.data_protection.dpo_questions import BROKEN, register
from tests.projections.views.test_views import HELD
from tests.support.cli import ledger_of, reply, run
from tests.support.scenarios import Fact, Story, by_issuer, fact, given
from tests.support.story_files import STORY_NAMES, cases, source

SETTLED = (
    fact("customer-notified", "2027-03-12T09:00Z", "orn", "RET", channel="letter"),
    by_issuer("retention-rule-set", "2027-03-12T09:00Z", review_on="2028-03-12"),
)
INCIDENT = by_issuer(
    "security-incident-detected",
    "2027-03-12T09:00Z",
    label="loss",
    aware_at="2027-03-12T09:00:00Z",
    incident_kind="loss",
    regime="other",
)


def moments(name: str) -> Iterator[tuple[Case, datetime]]:
    """Yield every order of a story, at its expected moments and after each of its last six entries."""
    for expect in source(name).get("expect", ()):
        yield cases(name)[expect["order"]], expect["as_of"].astimezone(UTC)
    for case in cases(name).values():
        for e in case.entries[-6:]:
            yield case, e.at


@pytest.mark.parametrize("name", STORY_NAMES)
def test_no_story_demonstrates_data_protection_beside_an_open_duty(name: str) -> None:
    for case, at in moments(name):
        judgement = judge(case, at)
        answers = register(case.known(at), judgement)
        if any(answer.open for answer in answers):
            assert judgement.criteria["A7"].state is not CriterionState.DEMONSTRATED, (case.label, at)
        assert {duty.question for duty in judgement.duties} <= {a.number for a in answers if a.open}
        pulled = [f.code for f in judgement.findings if "A7" in f.criteria and f.code != "G-DISPUTED"]
        assert any(a.open for a in answers) is bool(pulled or judgement.duties), (case.label, at, pulled)


def test_every_finding_on_data_protection_belongs_to_a_question_of_the_register() -> None:
    asked = {code for codes in BROKEN.values() for code in codes}
    on_a7 = {rule.code for rule in FINDING_RULES if any(criterion == "A7" for criterion, _ in rule.effects)}
    assert asked - {"G-CLOCK-UNDETERMINED"} == on_a7, (
        "a line of BROKEN in projections/reports/data_protection/dpo_questions.py"
    )


def test_judge_and_register_of_s1_agree_on_the_retention_that_is_open(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    judged = reply("judge", "main", ledger=ledger)
    assert judged["criteria"]["A7"]["state"] == "GAP"
    assert judged["criteria"]["A7"]["lacks"] == ["Data are held, and no retention rule is on record."]
    assert [duty["question"] for duty in judged["duties"]] == [6]
    asked = run("register", "main", "--format", "jsonl", ledger=ledger)
    assert asked.exit_code == 3
    assert '"number": 6' in next(line for line in asked.stdout.splitlines() if '"open": true' in line)


def of(*more: Fact, without: str = "") -> Judgement:
    story: Story = given(*HELD, *(f for f in SETTLED if f.kind != without), *more)
    return judge(story.case, max(f.at for f in story.facts))


def test_with_every_duty_done_data_protection_is_demonstrated() -> None:
    judgement = of()
    assert judgement.duties == ()
    assert judgement.criteria["A7"].state is CriterionState.DEMONSTRATED


@pytest.mark.parametrize(
    ("opens", "closes", "question"),
    [
        (by_issuer("access-requested", "2027-03-13T09:00Z", label="ask"),
         by_issuer("access-granted", "2027-03-14T09:00Z", answers="ask"), 10),
        (by_issuer("erasure-requested", "2027-03-13T09:00Z", label="ask"),
         by_issuer("erasure-decided", "2027-03-14T09:00Z", answers="ask", decision="refused"), 10),
        (by_issuer("rectification-requested", "2027-03-13T09:00Z", label="ask"),
         by_issuer("rectification-made", "2027-03-14T09:00Z", about="issued"), 10),
        (fact("condition-imposed", "2027-03-13T09:00Z", "ncco", "NOT", condition_code="this-case-only", label="cond"),
         by_issuer("condition-accepted", "2027-03-14T09:00Z", about="cond"), 8),
        (INCIDENT, by_issuer("incident-assessed", "2027-03-14T09:00Z", about="loss", risk="none"), 9),
        (INCIDENT,
         by_issuer("incident-notified-to-authority", "2027-03-14T09:00Z", about="loss", notified_authority="a"), 9),
    ],
)  # fmt: skip
def test_an_open_duty_is_a_gap_until_it_is_done(opens: Fact, closes: Fact, question: int) -> None:
    waiting = of(opens)
    assert [duty.question for duty in waiting.duties] == [question]
    assert waiting.criteria["A7"].state is CriterionState.GAP
    assert waiting.criteria["A7"].lacks == tuple(duty.says for duty in waiting.duties)
    assert of(opens, closes).criteria["A7"].state is CriterionState.DEMONSTRATED


@pytest.mark.parametrize("risk", ["risk", "high-risk", "not-known"])
def test_an_incident_that_was_assessed_with_a_risk_is_still_to_be_notified(risk: str) -> None:
    assessed = by_issuer("incident-assessed", "2027-03-14T09:00Z", about="loss", risk=risk)
    assert [duty.question for duty in of(INCIDENT, assessed).duties] == [9]


@pytest.mark.parametrize(("kind", "question"), [("retention-rule-set", 6), ("customer-notified", 4)])
def test_retention_and_notice_are_owed_until_they_are_on_record(kind: str, question: int) -> None:
    if kind == "retention-rule-set":
        assert [duty.question for duty in of(without=kind).duties] == [question]
        return
    delay = by_issuer(
        "customer-notification-delayed", "2027-03-13T09:00Z", review_on="2027-09-01", grounds=["LED:13(3)(a)"]
    )
    assert [duty.question for duty in of(delay, without=kind).duties] == [question]
    lifted = by_issuer("customer-notification-delay-lifted", "2027-03-14T09:00Z")
    assert [duty.question for duty in of(delay, lifted, without=kind).duties] == [question]
    done = fact("customer-notified", "2027-03-15T09:00Z", "orn", "RET", channel="letter")
    assert of(delay, lifted, done, without=kind).duties == ()


def test_data_that_are_gone_need_no_retention_rule() -> None:
    gone = fact("data-destroyed", "2027-03-13T09:00Z", "orn", "RET", scope="all", method="overwritten")
    assert of(gone, without="retention-rule-set").duties == ()


DESTROYED = fact("data-destroyed", "2027-03-15T09:00Z", "orn", "RET", scope="all", method="overwritten")
RULE = by_issuer("retention-rule-set", "2027-03-12T10:00Z", label="rule", review_on="2028-03-12")
ASKED = by_issuer("erasure-requested", "2027-03-13T09:00Z", label="ask")


@pytest.mark.parametrize(
    ("decided", "question", "done"),
    [
        ((by_issuer("retention-expired", "2027-03-14T09:00Z", about="rule"),), 6, DESTROYED),
        ((by_issuer("retention-reviewed", "2027-03-14T09:00Z", about="rule", decision="erase"),), 6, DESTROYED),
        ((by_issuer("retention-reviewed", "2027-03-14T09:00Z", about="rule", decision="restrict"),), 6,
         by_issuer("processing-restricted", "2027-03-15T09:00Z", cause="kept-as-evidence")),
        ((ASKED, by_issuer("erasure-decided", "2027-03-14T09:00Z", answers="ask", decision="erased")), 10, DESTROYED),
    ],
)  # fmt: skip
def test_a_decision_about_the_data_is_an_open_duty_until_it_is_carried_out(
    decided: tuple[Fact, ...], question: int, done: Fact
) -> None:
    assert [duty.question for duty in of(RULE, *decided).duties] == [question]
    assert of(RULE, *decided, done).duties == ()


def test_an_erasure_that_was_refused_leaves_no_duty() -> None:
    refused = by_issuer("erasure-decided", "2027-03-14T09:00Z", answers="ask", decision="refused", reasons="x")
    assert of(ASKED, refused).duties == ()
