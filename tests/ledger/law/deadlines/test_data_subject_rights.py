"""Deadlines of the rights of a person: requests, and the review of retention."""

from __future__ import annotations

import pytest

from ledger.law import judge
from ledger.law.terms.rule import ClockVerdict, CriterionState
from tests.support.judging import finds, finds_not
from tests.support.scenarios import Office, by_issuer, by_provider, fact, given, issued, moment

ISSUED = issued("2027-03-01T09:00Z")
ASKED = by_provider("access-requested", "2027-03-05T09:00Z", label="ask")  # a Friday, in Stockholm
END = "2027-04-05T22:00Z"  # a Monday
ANSWERS: dict[str, tuple[str, dict[str, object]]] = {
    "access-requested": ("access-granted", {"answers": "ask"}),
    "rectification-requested": ("rectification-refused", {"answers": "ask", "redress_info": True, "reasons": "x"}),
    "erasure-requested": ("erasure-decided", {"answers": "ask", "decision": "refused"}),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_provider_answers_a_request_within_one_month_of_its_receipt(kind: str) -> None:
    story = given(ISSUED, by_provider(kind, "2027-03-05T09:00Z", label="ask"))
    answer, fields = ANSWERS[kind]
    story.asked_at("2027-04-05T21:59:59Z").then("GDPR-12-3", ClockVerdict.OPEN, END)
    story.asked_at(END).then("GDPR-12-3", ClockVerdict.MISSED, END)
    story.when(by_provider(answer, "2027-04-05T21:59:59Z", **fields)).then("GDPR-12-3", ClockVerdict.MET, END)
    story.when(by_provider(answer, END, **fields)).then("GDPR-12-3", ClockVerdict.MISSED, END)
    story.then_not_listed("LED-12-3")


def test_a_month_that_ends_on_a_sunday_ends_with_the_monday() -> None:
    asked = by_provider("access-requested", "2027-03-04T09:00Z", label="ask")
    given(ISSUED, asked).then("GDPR-12-3", ClockVerdict.OPEN, END)


def test_a_month_from_the_31st_ends_with_the_last_day_of_the_next_month() -> None:
    asked = by_provider("access-requested", "2027-03-31T09:00Z", label="ask")
    given(ISSUED, asked).then("GDPR-12-3", ClockVerdict.OPEN, "2027-04-30T22:00Z")


@pytest.mark.parametrize(
    ("on", "verdict", "due"),
    [
        ("2027-04-05T21:59:59Z", ClockVerdict.OPEN, "2027-06-07T22:00Z"),  # 5 June is a Saturday
        (END, ClockVerdict.MISSED, END),
    ],
)
def test_a_period_extended_within_the_month_has_two_further_months(on: str, verdict: ClockVerdict, due: str) -> None:
    extended = by_provider("reply-period-extended", on, about="ask", grounds=["complexity"])
    given(ISSUED, ASKED, extended).asked_at("2027-04-06T00:00Z").then("GDPR-12-3", verdict, due)


def test_an_office_of_another_party_neither_answers_nor_extends_a_request() -> None:
    extended = by_issuer("reply-period-extended", "2027-03-20T09:00Z", about="ask", grounds=["complexity"])
    given(ISSUED, ASKED, extended).asked_at("2027-04-06T00:00Z").then("GDPR-12-3", ClockVerdict.MISSED, END)
    granted = by_issuer("access-granted", "2027-03-20T09:00Z", answers="ask")
    given(ISSUED, ASKED, granted).asked_at("2027-03-21T00:00Z").then("GDPR-12-3", ClockVerdict.OPEN, END)


def test_an_extension_after_the_month_or_a_second_one_has_no_effect_and_is_a_finding() -> None:
    first = by_provider("reply-period-extended", "2027-03-20T09:00Z", about="ask", grounds=["complexity"])
    finds_not(given(ISSUED, ASKED, first).asked_at("2027-04-10T00:00Z"), "W-GDPR-12-3-EXTENDED")
    finds(
        given(ISSUED, ASKED, first, first.moved("2027-03-25T09:00Z")).asked_at("2027-04-10T00:00Z"),
        "W-GDPR-12-3-EXTENDED",
    )
    finds(given(ISSUED, ASKED, first.moved(END)).asked_at("2027-04-10T00:00Z"), "W-GDPR-12-3-EXTENDED")


def test_an_authority_answers_without_undue_delay_which_this_project_counts_as_a_month() -> None:
    asked = by_issuer("access-requested", "2027-03-05T09:00Z", label="ask")
    given(ISSUED, asked).then("LED-12-3", ClockVerdict.OPEN, "2027-04-06T00:00Z")
    finds_not(given(ISSUED, asked).asked_at("2027-04-05T23:59:59Z"), "W-LED-12-3")
    finds(given(ISSUED, asked).asked_at("2027-04-06T00:00Z"), "W-LED-12-3")
    saturday = by_issuer("access-requested", "2027-03-10T09:00Z", label="ask")
    given(ISSUED, saturday).then("LED-12-3", ClockVerdict.OPEN, "2027-04-11T00:00Z")


def test_a_request_by_counsel_is_counted_where_the_issuing_authority_is() -> None:
    asked = fact("erasure-requested", "2027-03-05T09:00Z", "counsel", "DEF", label="ask")
    story = given(ISSUED, asked).among(counsel=Office("XV", ("DEF",)))
    story.then("LED-12-3", ClockVerdict.OPEN, "2027-04-06T00:00Z")


def test_a_request_answered_too_late_contradicts_data_protection() -> None:
    granted = by_provider("access-granted", END, answers="ask")
    finds(given(ISSUED, ASKED, granted).asked_at("2027-05-01T00:00Z"), "V-GDPR-12-3")
    finds(given(ISSUED, ASKED).asked_at(END), "V-GDPR-12-3")
    in_time = by_provider("access-restricted", "2027-04-05T21:59:59Z", answers="ask", grounds=["LED:15(1)(a)"],
                          redress_info=True, reasons="x")  # fmt: skip
    finds_not(given(ISSUED, ASKED, in_time).asked_at("2027-05-01T00:00Z"), "V-GDPR-12-3")


def test_each_request_has_a_clock_and_an_answer_to_another_request_does_not_count() -> None:
    other = by_provider("access-requested", "2027-03-06T09:00Z", label="other")
    granted = by_provider("access-granted", "2027-03-08T09:00Z", answers="ask")
    clocks = given(ISSUED, ASKED, other, granted).clocks("GDPR-12-3")
    assert [c.verdict for c in clocks] == [ClockVerdict.MET, ClockVerdict.OPEN]


def test_an_answer_to_a_request_that_was_replaced_answers_its_replacement() -> None:
    again = by_provider("access-requested", "2027-03-05T09:00Z", label="again", replaces="ask")
    granted = by_provider("access-granted", "2027-03-08T09:00Z", answers="ask")
    given(ISSUED, ASKED, again, granted).then("GDPR-12-3", ClockVerdict.MET, END)


def test_a_correction_of_another_entry_answers_no_request_about_this_one() -> None:
    asked = by_provider("rectification-requested", "2027-03-05T09:00Z", label="ask", about="issued")
    made = by_provider("rectification-made", "2027-03-06T09:00Z", about="ask", mode="correction")
    given(ISSUED, asked, made).then("GDPR-12-3", ClockVerdict.OPEN)
    given(
        ISSUED, asked, by_provider("rectification-made", "2027-03-06T09:00Z", about="issued", mode="correction")
    ).then("GDPR-12-3", ClockVerdict.MET)


RULE = by_issuer("retention-rule-set", "2027-03-06T09:00Z", label="rule", review_on="2027-06-01")


def test_retention_is_reviewed_by_the_end_of_the_stated_day() -> None:
    story = given(ISSUED, RULE)
    story.asked_at("2027-06-01T23:59:59Z").then("RETENTION-REVIEW", ClockVerdict.OPEN, "2027-06-02T00:00Z")
    story.asked_at("2027-06-02T00:00:00Z").then("RETENTION-REVIEW", ClockVerdict.MISSED)
    kept = by_issuer("retention-reviewed", "2027-06-01T23:59:59Z", about="rule", decision="keep")
    story.when(kept).then("RETENTION-REVIEW", ClockVerdict.MET)
    story.when(kept.moved("2027-06-02T00:00Z")).then("RETENTION-REVIEW", ClockVerdict.MISSED)


def test_a_review_that_states_the_next_date_starts_the_period_again() -> None:
    kept = by_issuer("retention-reviewed", "2027-05-06T09:00Z", about="rule", decision="keep", review_on="2027-09-01")
    given(ISSUED, RULE, kept).then("RETENTION-REVIEW", ClockVerdict.OPEN, "2027-09-02T00:00Z")


def test_data_that_are_gone_need_no_review() -> None:
    gone = by_issuer("data-destroyed", "2027-05-06T09:00Z", scope="all", method="overwritten")
    given(ISSUED, RULE, gone).asked_at("2027-07-01T00:00Z").then("RETENTION-REVIEW", ClockVerdict.NOT_RUNNING)


def test_a_rule_recorded_late_has_its_stated_date_all_the_same() -> None:
    late = by_issuer("retention-rule-set", "2027-03-06T09:00Z", at="2027-03-20T09:00Z", review_on="2027-06-01")
    given(ISSUED, late).then("RETENTION-REVIEW", ClockVerdict.OPEN, "2027-06-02T00:00Z")


def test_the_duties_to_the_person_stay_when_the_order_is_disowned() -> None:
    disowned = by_issuer("order-repudiated", "2027-03-10T09:00Z", finding="never-issued")
    clocks = given(ISSUED, ASKED, RULE, disowned).reading.deadlines.clocks
    assert [c.id for c in clocks] == ["GDPR-12-3", "RETENTION-REVIEW"]


def test_a_future_review_is_no_open_duty_and_an_overdue_one_is_a_gap() -> None:
    story = given(ISSUED, RULE)
    assert not [d for d in judge(story.case, moment("2027-05-01T00:00Z")).duties if d.question == 6]
    judgement = judge(story.case, moment("2027-06-02T00:00Z"))
    assert "W-14-5-OVERDUE" in {f.code for f in judgement.findings}
    assert judgement.criteria["A7"].state is not CriterionState.DEMONSTRATED
