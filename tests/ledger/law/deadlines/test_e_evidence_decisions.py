"""What an authority has to decide or to say at once, in seven days."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.law.terms.rule import ClockVerdict
from tests.support.judging import finds, finds_not, state
from tests.support.scenarios import (
    Fact,
    Office,
    Story,
    by_authority,
    by_issuer,
    by_provider,
    disclosed,
    fact,
    given,
    issued,
    moment,
    received,
    sent,
)

# Received on Tuesday 2 March 2027; seven days from Monday 8 March end with 15 March in Reykjavik.
SEVEN = "2027-03-16T00:00Z"
ON = "2027-03-08T10:00Z"
BOTH = pytest.mark.parametrize("instrument", ["EPOC", "EPOC-PR"])


def order(instrument: str = "EPOC", *elements: str, **fields: Any) -> Story:
    """Make an order of a judge that was received and of which the enforcing authority was notified."""
    fields = {"issuing_capacity": "judge", "data_categories": ["content"], **fields}
    served = given(issued("2027-03-01T09:00Z", instrument, *elements, **fields), sent("2027-03-02T10:00Z"))
    notice = by_authority("notification-received", "2027-03-02T10:00Z")
    return served.when(received("2027-03-02T10:00Z"), *([notice] if instrument == "EPOC" else []))


def reasons(*codes: str) -> Fact:
    """Make a fact: the addressee explains on the form why it does not execute."""
    return by_provider("reasons-for-non-execution-given", ON, label="reasons", reason_codes=list(codes))


def in_seven_days(story: Story, clock: str, answer: Fact) -> None:
    """Assert that the clock has seven days, and that the answer meets it before their end and not at it."""
    story.then(clock, ClockVerdict.OPEN, SEVEN)
    story.when(answer.moved("2027-03-15T23:59:59Z")).then(clock, ClockVerdict.MET)
    story.when(answer.moved(SEVEN)).then(clock, ClockVerdict.MISSED)
    story.asked_at(SEVEN).then(clock, ClockVerdict.MISSED)


WITHDRAWN = by_issuer("order-withdrawn", ON, data_handling="none-held")
ADAPTED = by_issuer("order-adapted", ON, adapts="issued", elements_sought=["name"])
MAINTAINED = by_issuer("order-maintained", ON, answers="reasons")
IMPOSSIBLE = by_issuer("impossibility-concluded", ON, about="reasons")
EXTENDED = by_issuer("deadline-extended", ON, deadline="E-10-2", new_due="2027-04-01T00:00:00Z")


# -- reasons of the addressee: arts 10(5), 10(7), 10(8), 11(4), 11(6), 11(7) -------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("code", "clock", "answers"),
    [
        ("immunity-or-press", "E-10-5", [WITHDRAWN, ADAPTED, MAINTAINED]),
        ("de-facto-impossibility", "E-10-7", [IMPOSSIBLE, WITHDRAWN, ADAPTED, MAINTAINED, EXTENDED]),
        ("data-not-held", "E-10-7", [IMPOSSIBLE]),
        ("service-not-covered", "E-10-8", [EXTENDED, WITHDRAWN, ADAPTED, MAINTAINED]),
        ("third-country-law", "E-10-8", [MAINTAINED]),
        ("other", "E-10-8", [EXTENDED]),
    ],
)
def test_each_reason_has_the_decision_of_its_paragraph(
    instrument: str, code: str, clock: str, answers: list[Fact]
) -> None:
    story = order(instrument).when(reasons(code))
    for answer in answers:
        in_seven_days(story, clock, answer)
    story.then_not_listed(*({"E-10-5", "E-10-7", "E-10-8"} - {clock}))


@BOTH
def test_a_new_end_is_no_decision_on_an_immunity_and_a_conclusion_none_on_another_reason(instrument: str) -> None:
    order(instrument).when(reasons("immunity-or-press"), EXTENDED.moved("2027-03-09T10:00Z")).then(
        "E-10-5", ClockVerdict.OPEN
    )
    order(instrument).when(reasons("other"), IMPOSSIBLE.moved("2027-03-09T10:00Z")).then("E-10-8", ClockVerdict.OPEN)


@pytest.mark.parametrize(
    ("ground", "clock"), [("immunity-or-press", "E-10-5"), ("data-not-held", "E-10-7"), ("other", "E-10-8")]
)
def test_a_refusal_to_preserve_is_decided_on_like_reasons(ground: str, clock: str) -> None:
    refused = order("EPOC-PR").when(by_provider("preservation-refused", ON, label="reasons", ground=ground))
    in_seven_days(refused, clock, MAINTAINED)
    enforce = by_issuer("enforcement-requested", ON, enforcing_authority="ncco")
    in_seven_days(refused, clock, enforce)
    finds(refused.asked_at(SEVEN), "W-10-5-UNDECIDED" if clock == "E-10-5" else "W-10-8-UNDECIDED")
    of_assistance = by_provider("preservation-refused", ON, ground="BC:29(5)(a)")
    order("EPOC-PR").when(of_assistance).then_not_listed("E-10-5", "E-10-7", "E-10-8")


def test_a_form_with_two_reasons_needs_two_decisions_and_one_that_asks_for_clarification_none() -> None:
    both = order().when(reasons("immunity-or-press", "other"))
    both.then("E-10-5", ClockVerdict.OPEN).then("E-10-8", ClockVerdict.OPEN)
    order().when(reasons("incomplete", "manifest-errors", "insufficient-information")).then_not_listed(
        "E-10-5", "E-10-7", "E-10-8"
    )


def test_a_decision_on_other_reasons_is_none_on_these() -> None:
    objection = by_provider("reasoned-objection-filed", ON, label="objection", conflicting_law_party="XX")
    about = by_issuer("order-maintained", "2027-03-10T09:00Z", answers="objection")
    order().when(reasons("other"), objection, about).then("E-10-8", ClockVerdict.OPEN)


def test_an_order_that_was_withdrawn_before_needs_no_decision() -> None:
    before = WITHDRAWN.moved("2027-03-05T10:00Z")
    for code, clock in (("immunity-or-press", "E-10-5"), ("data-not-held", "E-10-7"), ("other", "E-10-8")):
        order().when(before, reasons(code)).asked_at(SEVEN).then(clock, ClockVerdict.MET)
    order().when(before, ground()).asked_at(SEVEN).then("E-12-2", ClockVerdict.MET)


def test_the_issuing_authority_does_not_lengthen_its_own_seven_days() -> None:
    for code, clock in (("immunity-or-press", "E-10-5"), ("other", "E-10-8")):
        own = by_issuer("deadline-extended", ON, deadline=clock, new_due="2028-01-01T00:00:00Z")
        story = order().when(
            replace(own, on=moment("2027-03-02T11:00Z"), at=moment("2027-03-02T11:00Z")), reasons(code)
        )
        story.then(clock, ClockVerdict.OPEN, SEVEN)


def test_the_decision_on_reasons_runs_from_the_receipt_of_the_form() -> None:
    arrival = fact("form-received", "2027-03-10T09:00Z", "orn", "RET", about="reasons")
    order().when(reasons("other"), arrival).then("E-10-8", ClockVerdict.OPEN, "2027-03-18T00:00Z")


def test_what_is_not_decided_is_to_be_looked_at() -> None:
    finds(order().when(reasons("immunity-or-press")).asked_at(SEVEN), "W-10-5-UNDECIDED", A5="GAP")
    assert finds(order().when(reasons("other")).asked_at(SEVEN), "W-10-8-UNDECIDED").effects == ()
    finds(order("EPOC-PR").when(reasons("data-not-held")).asked_at(SEVEN), "W-10-8-UNDECIDED")
    finds_not(order().when(reasons("other")), "W-10-8-UNDECIDED")


@pytest.mark.parametrize(("instrument", "clock"), [("EPOC", "E-10-2"), ("EPOC-PR", "E-11-1")])
def test_nobody_is_bound_by_an_order_that_is_impossible_to_execute(instrument: str, clock: str) -> None:
    story = order(instrument).when(reasons("de-facto-impossibility"), IMPOSSIBLE.moved("2027-03-09T10:00Z"))
    assert state(story) == "EXEMPT"
    story.asked_at("2027-06-01T00:00Z").then(clock, ClockVerdict.NOT_RUNNING)


# -- no longer necessary: arts 10(9), 11(3) ----------------------------------------------------------------------------

RELEASED = by_issuer("preservation-released", "2027-03-09T10:00Z")
CLOSED = by_issuer("order-closed", "2027-03-10T10:00Z", outcome="replaced")


@pytest.mark.parametrize(("instrument", "clock"), [("EPOC", "E-10-2"), ("EPOC-PR", "E-11-1")])
def test_a_provider_that_is_told_that_data_need_not_be_kept_is_released(instrument: str, clock: str) -> None:
    story = order(instrument).when(RELEASED)
    story.asked_at("2027-06-01T00:00Z").then(clock, ClockVerdict.NOT_RUNNING)
    by_the_authority = by_authority("preservation-released", "2027-03-09T10:00Z", cause="enforcement-denied")
    order(instrument).when(by_the_authority).asked_at("2027-06-01T00:00Z").then(clock, ClockVerdict.NOT_RUNNING)
    assert state(story) == ("CEASED" if instrument == "EPOC-PR" else "UNDER_STATE_REVIEW")


@BOTH
def test_a_file_is_not_closed_while_the_provider_keeps_the_data_and_was_not_told(instrument: str) -> None:
    assert finds(order(instrument).when(CLOSED), "W-10-9-NOT-RELEASED").effects == ()
    for over in (RELEASED, WITHDRAWN, IMPOSSIBLE):
        finds_not(order(instrument).when(over, CLOSED), "W-10-9-NOT-RELEASED")


def test_data_that_came_or_are_not_there_need_no_release() -> None:
    for answer in (disclosed("2027-03-09T10:00Z"), by_provider("no-data-held", "2027-03-09T10:00Z")):
        finds_not(order().when(answer, CLOSED), "W-10-9-NOT-RELEASED")
    part = disclosed("2027-03-09T10:00Z", "name", partial=True)
    finds(order().when(part, CLOSED), "W-10-9-NOT-RELEASED")
    confirmed = by_issuer("production-request-confirmed", "2027-03-09T10:00Z", production_kind="EIO")
    finds_not(order("EPOC-PR").when(confirmed, CLOSED), "W-10-9-NOT-RELEASED")
    edge = order("EPOC-PR").when(CLOSED.moved("2027-05-03T21:59:59Z"))
    finds(edge, "W-10-9-NOT-RELEASED")
    finds(edge.asked_at("2027-06-01T00:00Z"), "W-10-9-NOT-RELEASED")
    after = order("EPOC-PR").when(CLOSED.moved("2027-05-03T22:00Z"))  # sixty days, to the end of a working day
    finds_not(after, "W-10-9-NOT-RELEASED")


@pytest.mark.parametrize(("decision", "bound"), [("lifted", False), ("upheld", True)])
def test_an_order_that_a_court_lifted_needs_no_release_and_one_that_it_upheld_does(decision: str, bound: bool) -> None:
    story = order().when(fact("court-review-decided", "2027-03-09T10:00Z", "judge", "CT", decision=decision), CLOSED)
    (finds if bound else finds_not)(story, "W-10-9-NOT-RELEASED")


# -- a ground against the whole order: art. 12(2) ----------------------------------------------------------------------


def ground(scope: str = "all", on: str = ON, **fields: Any) -> Fact:
    """Make a fact: the enforcing authority raises a ground."""
    return by_authority("ground-for-refusal-raised", on, grounds=["EPOC:12(1)(a)"], scope=scope, **fields)


def test_an_order_is_withdrawn_after_a_ground_against_all_of_it() -> None:
    in_seven_days(order().when(ground()), "E-12-2", WITHDRAWN)
    finds(order().when(ground()).asked_at(SEVEN), "V-12-2-NOT-WITHDRAWN", A5="CONTRADICTED")
    finds_not(order().when(ground()), "V-12-2-NOT-WITHDRAWN")


def test_grounds_against_parts_that_leave_nothing_are_one_against_all() -> None:
    first, second = ground("part", "2027-03-05T10:00Z", elements=["name"]), ground("part", elements=["postal-address"])
    order().when(first).then_not_listed("E-12-2")
    story = order().when(first, second)
    in_seven_days(story, "E-12-2", WITHDRAWN)
    assert state(story) == "REFUSED_BY_STATE"
    story.asked_at("2027-06-01T00:00Z").then("E-10-2", ClockVerdict.NOT_RUNNING)


def test_conditions_a_late_ground_and_one_after_all_data_ask_for_no_withdrawal() -> None:
    order().when(ground("conditions")).then_not_listed("E-12-2")
    order().when(ground(on="2027-03-13T10:00Z")).then_not_listed("E-12-2")
    order().when(disclosed("2027-03-05T10:00Z"), ground()).then_not_listed("E-12-2")
    order().when(disclosed("2027-03-05T10:00Z", "name", partial=True), ground()).then("E-12-2", ClockVerdict.OPEN)


def test_a_part_that_a_ground_barred_before_completes_what_was_sent_before_the_ground_against_all() -> None:
    part = ground("part", "2027-03-04T10:00Z", elements=["postal-address"])
    sent_rest = disclosed("2027-03-05T10:00Z", "name", partial=True)
    order().when(part, sent_rest, ground()).then_not_listed("E-12-2")


def test_a_ground_or_an_objection_after_the_eight_hours_excuses_nobody() -> None:
    """Received at 10:00 UTC, eight hours end at 19:00; the ground and the objection come later and are in time."""
    urgent = order(emergency=True)
    objection = by_provider("reasoned-objection-filed", "2027-03-02T19:00Z", conflicting_law_party="XX")
    for late in (ground(on="2027-03-02T19:00Z"), objection):
        urgent.when(late).then("E-10-4", ClockVerdict.MISSED, "2027-03-02T19:00Z")
        urgent.when(late.moved("2027-03-02T18:59:59Z")).then("E-10-4", ClockVerdict.NOT_RUNNING)


# -- validation refused: art. 4(5) -------------------------------------------------------------------------------------

SOUGHT = by_issuer("ex-post-validation-sought", "2027-03-02T09:00Z", label="sought", asked_of="ilves")
REFUSED = fact("ex-post-validation-refused", ON, "ilves", "VAL", about="sought", capacity="judge")


@BOTH
def test_an_order_that_is_not_validated_is_withdrawn(instrument: str) -> None:
    pending = order(instrument, validation_pending=True, data_categories=["subscriber"]).when(SOUGHT, REFUSED)
    in_seven_days(pending, "E-4-5-WITHDRAWAL", WITHDRAWN)
    finds(pending.asked_at(SEVEN), "V-4-5-NOT-WITHDRAWN", A4="CONTRADICTED")
    assert state(pending) != "WITHDRAWN"
    assert state(pending.when(WITHDRAWN.moved("2027-03-09T10:00Z"))) == "WITHDRAWN"
    order(instrument).when(SOUGHT, REFUSED).then_not_listed("E-4-5-WITHDRAWAL")


def test_an_order_that_is_withdrawn_because_it_is_not_validated_is_withdrawn_also_after_the_data_came() -> None:
    pending = order(validation_pending=True, data_categories=["subscriber"]).when(disclosed("2027-03-03T10:00Z"))
    assert state(pending.when(WITHDRAWN)) == "DISCLOSED"
    assert state(pending.when(SOUGHT, REFUSED)) == "DISCLOSED"
    assert state(pending.when(SOUGHT, REFUSED, WITHDRAWN.moved("2027-03-09T10:00Z"))) == "WITHDRAWN"


# -- decisions that others must know: arts 16(8), 17(10) ---------------------------------------------------------------


def notified(about: str, *recipients: str, by: str = "ncco", role: str = "NOT") -> Fact:
    """Make a fact: a decision is notified."""
    return fact("decision-notified", ON, by, role, about=about, recipients=list(recipients))


@BOTH
def test_a_decision_on_enforcement_is_notified_to_both_sides(instrument: str) -> None:
    decision = by_authority("recognition-decided", ON, label="decision", decision="recognised")
    story = order(instrument).when(decision)
    end = "2027-03-15T23:00Z"  # in Stockholm
    story.then("E-16-8", ClockVerdict.OPEN, end)
    assert finds(story.asked_at(end), "W-16-8-NOT-NOTIFIED").effects == ()
    story.when(notified("decision", "ilves", "skylark")).then("E-16-8", ClockVerdict.MET)
    story.when(notified("decision", "orn").moved("2027-03-09T10:00Z")).then("E-16-8", ClockVerdict.OPEN)
    apart = (notified("decision", "orn"), notified("decision", "skylark").moved("2027-03-15T22:59:59Z"))
    story.when(*apart).then("E-16-8", ClockVerdict.MET)
    story.when(apart[0], apart[1].moved(end)).then("E-16-8", ClockVerdict.MISSED)
    demand = by_authority("compliance-ordered", ON, label="demand", new_due="2027-04-01T00:00:00Z")
    order(instrument).when(demand, notified("demand", "ilves")).then("E-16-8", ClockVerdict.MET)


def test_the_enforcing_authority_learns_the_outcome_of_a_review() -> None:
    outcome = fact("court-review-decided", ON, "judge", "CT", label="outcome", decision="upheld")
    story = order().when(outcome)
    in_seven_days(story, "E-17-10", notified("outcome", "ncco", by="ilves", role="ISS"))
    story.when(notified("outcome", "skylark", by="judge", role="CT")).then("E-17-10", ClockVerdict.OPEN)
    assert finds(story.asked_at(SEVEN), "W-17-10-NOT-NOTIFIED").effects == ()


@BOTH
def test_a_decision_is_notified_to_the_two_sides_of_this_order(instrument: str) -> None:
    decision = by_authority("recognition-decided", ON, label="decision", decision="recognised")
    others = {"other": Office("XV", ("SP",)), "foreign": Office("XX", ("ISS",))}
    story = order(instrument).among(**others).when(decision)
    for recipients in (("ilves", "other"), ("foreign", "skylark"), ("ilves", "nobody")):
        story.when(notified("decision", *recipients)).asked_at(SEVEN).then("E-16-8", ClockVerdict.MISSED)


@BOTH
def test_a_decision_is_notified_to_any_provider_of_the_order(instrument: str) -> None:
    decision = by_authority("recognition-decided", ON, label="decision", decision="recognised")
    second = {"second": Office("XV", ("SP",))}
    two = order(instrument, providers=["skylark", "second"]).among(**second).when(decision)
    one = order(instrument).among(**second).when(decision)
    for provider in ("skylark", "second"):
        two.when(notified("decision", "ilves", provider)).asked_at(SEVEN).then("E-16-8", ClockVerdict.MET)
    one.when(notified("decision", "ilves", "second")).asked_at(SEVEN).then("E-16-8", ClockVerdict.MISSED)


@BOTH
def test_a_provider_that_received_an_order_takes_part_though_the_order_names_another(instrument: str) -> None:
    decision = by_authority("recognition-decided", ON, label="decision", decision="recognised")
    story = order(instrument, providers=["second"]).among(second=Office("XV", ("SP",))).when(decision)
    for provider in ("skylark", "second"):
        story.when(notified("decision", "ilves", provider)).asked_at(SEVEN).then("E-16-8", ClockVerdict.MET)


@BOTH
def test_a_new_end_for_another_act_is_no_decision_on_reasons(instrument: str) -> None:
    for code, clock in (("data-not-held", "E-10-7"), ("other", "E-10-8")):
        story = order(instrument).when(reasons(code))
        for other in ("E-16-7", "E-12-1", "E-10-6"):
            story.when(EXTENDED.changed(deadline=other).moved("2027-03-09T10:00Z")).then(clock, ClockVerdict.OPEN)


@BOTH
def test_the_receipt_of_a_form_by_an_authority_of_another_state_starts_nothing(instrument: str) -> None:
    elsewhere = fact("form-received", "2027-03-10T10:00Z", "foreign", "ISS", about="reasons")
    story = order(instrument).among(foreign=Office("XX", ("ISS",))).when(reasons("other"))
    story.when(elsewhere).then("E-10-8", ClockVerdict.OPEN, SEVEN)


def test_a_notification_of_a_decision_that_was_recorded_late_leaves_it_open_whether_it_was_in_time() -> None:
    decision = by_authority("recognition-decided", ON, label="decision", decision="recognised")
    late = replace(notified("decision", "ilves", "skylark"), at=moment("2027-03-20T10:00Z"))
    story = order().when(decision, late).asked_at("2027-04-01T00:00Z")
    story.then("E-16-8", ClockVerdict.UNDETERMINED)
    story.when(notified("decision", "orn", "skylark")).then("E-16-8", ClockVerdict.MET)
