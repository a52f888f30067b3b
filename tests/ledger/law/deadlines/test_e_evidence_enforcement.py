"""The procedure for enforcement of both European orders."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ledger.law.deadlines.e_evidence_authorities import NOT_SHOWN
from ledger.law.terms.rule import ClockVerdict
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

ORDER = issued("2026-10-01T07:00Z", "EPOC")
SERVED = given(ORDER, sent("2026-10-01T08:00Z"), received("2026-10-01T09:30Z"))
KEPT = given(issued("2026-10-01T07:00Z", "EPOC-PR"), sent("2026-10-01T08:00Z"), received("2026-10-01T09:30Z"))
BOTH = pytest.mark.parametrize("served", [SERVED, KEPT], ids=["EPOC", "EPOC-PR"])

# On a Friday. Five working days of Stockholm end with Friday 23 October.
ENFORCE = by_issuer("enforcement-requested", "2026-10-16T09:00Z", label="enforce", enforcing_authority="ncco")


def test_the_enforcing_authority_decides_in_five_working_days_of_its_own() -> None:
    story = SERVED.when(ENFORCE)
    story.then("E-16-2", ClockVerdict.OPEN, "2026-10-23T22:00Z")
    story.where("XV", holidays=("2026-10-19",)).then("E-16-2", ClockVerdict.OPEN, "2026-10-26T23:00Z")
    decided = by_authority("recognition-decided", "2026-10-23T21:59:59Z", decision="recognised")
    story.when(decided).then("E-16-2", ClockVerdict.MET)
    story.among(ncco=Office("XO", ("NOT",))).then("E-16-2", ClockVerdict.OPEN, "2026-10-24T00:00Z")


def test_its_question_is_answered_in_five_working_days_if_it_comes_after_the_request() -> None:
    def asked(on: str, **by: str) -> Fact:
        question = by_authority("additional-information-requested", on, label="q", asked_of="orn")
        return replace(question, **by)

    reply = fact("additional-information-provided", "2026-10-23T23:59:59Z", "orn", "RET", answers="q")
    question = asked("2026-10-16T10:00Z")
    SERVED.when(ENFORCE, question).then("E-16-7", ClockVerdict.OPEN, "2026-10-24T00:00Z")
    SERVED.when(ENFORCE, question, reply).then("E-16-7", ClockVerdict.MET)
    SERVED.when(asked("2026-10-15T10:00Z"), ENFORCE).then_not_listed("E-16-7")
    SERVED.when(ENFORCE, asked("2026-10-16T10:00Z", by="skylark", role="SP")).then_not_listed("E-16-7")


def test_a_preservation_order_sent_for_enforcement_has_five_working_days() -> None:
    story = KEPT.when(ENFORCE)
    story.then("E-16-2", ClockVerdict.OPEN, "2026-10-23T22:00Z")
    question = by_authority("additional-information-requested", "2026-10-16T10:00Z", label="q", asked_of="orn")
    story.when(question).then("E-16-7", ClockVerdict.OPEN, "2026-10-24T00:00Z")
    decided = by_authority("recognition-decided", "2026-10-23T22:00:00Z", decision="recognised")
    story.when(decided).then("E-16-2", ClockVerdict.MISSED)


@BOTH
def test_the_five_working_days_run_from_the_receipt_of_the_order(served: Story) -> None:
    arrival = by_authority("form-received", "2026-10-19T08:00Z", about="enforce")
    story = served.when(ENFORCE)
    assert NOT_SHOWN in story.clocks("E-16-2")[0].notes
    story = story.when(arrival).then("E-16-2", ClockVerdict.OPEN, "2026-10-26T23:00Z")
    assert story.clocks("E-16-2")[0].notes == ()
    elsewhere = by_issuer("form-received", "2026-10-19T08:00Z", about="enforce")
    served.when(ENFORCE, elsewhere).then("E-16-2", ClockVerdict.OPEN, "2026-10-23T22:00Z")
    before = arrival.moved("2026-10-16T08:59:59Z")
    served.when(before, ENFORCE).then("E-16-2", ClockVerdict.OPEN, "2026-10-23T22:00Z")
    served.when(ENFORCE, replace(arrival, at=moment("2026-10-21T08:00Z"))).then_unwound("E-16-2")


@BOTH
def test_an_order_withdrawn_in_time_needs_no_recognition(served: Story) -> None:
    withdrawn = by_issuer("order-withdrawn", "2026-10-20T09:00Z", data_handling="none-held")
    served.when(ENFORCE, withdrawn).asked_at("2026-11-01T09:00Z").then("E-16-2", ClockVerdict.NOT_RUNNING)
    late = served.when(ENFORCE, withdrawn.moved("2026-10-23T22:00Z")).asked_at("2026-11-01T09:00Z")
    late.then("E-16-2", ClockVerdict.MISSED)


# -- the deadline for compliance or objection: art. 16(3)(c) -----------------------------------------------------------

DEMAND = by_authority("compliance-ordered", "2026-10-23T09:00Z", label="demand", new_due="2026-10-30T23:00:00Z")
OBJECTED = by_provider("addressee-objected", "2026-10-30T22:59:59Z", grounds=["EPOC:16(4)(c)"])


@BOTH
def test_the_addressee_complies_or_objects_by_the_day_that_is_set(served: Story) -> None:
    story = served.when(ENFORCE, DEMAND).then("E-16-3", ClockVerdict.OPEN, "2026-10-30T23:00Z")
    story.asked_at("2026-10-30T23:00Z").then("E-16-3", ClockVerdict.MISSED)
    story.when(OBJECTED).then("E-16-3", ClockVerdict.MET)
    story.when(OBJECTED.moved("2026-10-30T23:00Z")).then("E-16-3", ClockVerdict.MISSED)
    served.when(ENFORCE, OBJECTED.moved("2026-10-20T09:00Z"), DEMAND).then("E-16-3", ClockVerdict.OPEN)


@pytest.mark.parametrize(
    ("served", "answer"),
    [
        (SERVED, disclosed("2026-10-29T09:00Z")),
        (SERVED, by_authority("data-transmitted-by-state", "2026-10-29T09:00Z", channel="courier", manifest={})),
        (SERVED, by_provider("no-data-held", "2026-10-29T09:00Z")),
        (KEPT, by_provider("preservation-confirmed", "2026-10-29T09:00Z")),
    ],
)
def test_data_or_their_preservation_are_compliance(served: Story, answer: Fact) -> None:
    served.when(ENFORCE, DEMAND, answer).then("E-16-3", ClockVerdict.MET)
    served.when(ENFORCE, DEMAND, answer.moved("2026-10-30T23:00Z")).then("E-16-3", ClockVerdict.MISSED)


def test_a_part_of_the_data_is_no_compliance() -> None:
    part = disclosed("2026-10-29T09:00Z", "name", partial=True)
    SERVED.when(ENFORCE, DEMAND, part).then("E-16-3", ClockVerdict.OPEN)


@BOTH
def test_nobody_has_to_comply_once_enforcement_is_denied_or_the_order_withdrawn(served: Story) -> None:
    for over in (
        by_authority("recognition-decided", "2026-10-28T09:00Z", decision="denied"),
        by_issuer("order-withdrawn", "2026-10-28T09:00Z", data_handling="none-held"),
    ):
        served.when(ENFORCE, DEMAND, over).asked_at("2026-11-10T09:00Z").then("E-16-3", ClockVerdict.NOT_RUNNING)


OVER = "2026-10-30T23:00Z"


def test_keeping_the_data_is_no_compliance_with_a_demand_to_produce_them() -> None:
    kept = by_provider("preservation-confirmed", "2026-10-27T09:00Z", elements=["name", "postal-address"])
    SERVED.when(ENFORCE, DEMAND, kept).asked_at(OVER).then("E-16-3", ClockVerdict.MISSED)
    KEPT.when(ENFORCE, DEMAND, kept).asked_at(OVER).then("E-16-3", ClockVerdict.MET)


@pytest.mark.parametrize("kept", [None, ["name"], ["name", "postal-address"]])
def test_a_confirmation_after_the_demand_shows_that_the_data_are_kept_whatever_it_lists(kept: list[str] | None) -> None:
    confirmed = by_provider("preservation-confirmed", "2026-10-27T09:00Z", elements=kept)
    KEPT.when(ENFORCE, DEMAND, confirmed).asked_at(OVER).then("E-16-3", ClockVerdict.MET)
    KEPT.when(ENFORCE, confirmed.moved("2026-10-20T09:00Z"), DEMAND).asked_at(OVER).then("E-16-3", ClockVerdict.MISSED)


@BOTH
def test_that_a_part_of_the_data_is_not_held_is_no_answer_to_a_demand(served: Story) -> None:
    def none(*elements: str) -> Fact:
        return by_provider("no-data-held", "2026-10-27T09:00Z", elements=list(elements))

    demanded = served.when(ENFORCE, DEMAND)
    demanded.when(none("name")).asked_at(OVER).then("E-16-3", ClockVerdict.MISSED)
    demanded.when(none("name", "postal-address")).asked_at(OVER).then("E-16-3", ClockVerdict.MET)
    demanded.when(none()).asked_at(OVER).then("E-16-3", ClockVerdict.MET)


@BOTH
def test_where_the_enforcing_authority_is_not_named_it_is_one_of_the_state_asked(served: Story) -> None:
    unknown = by_issuer("enforcement-requested", "2026-10-16T09:00Z", label="enforce")
    story = served.when(unknown, by_authority("form-received", "2026-10-19T08:00Z", about="enforce"))
    story.then("E-16-2", ClockVerdict.OPEN, "2026-10-26T23:00Z")


def test_where_no_state_is_known_the_receipt_by_any_authority_starts_the_days() -> None:
    arrival = by_authority("form-received", "2026-10-19T08:00Z", about="enforce")
    story = given(replace(ORDER, kind="order-supervised"), ENFORCE.changed(enforcing_authority="nobody"), arrival)
    assert story.clocks("E-16-2")[0].notes == ()


@BOTH
def test_the_receipt_of_the_order_by_an_authority_of_another_state_starts_nothing(served: Story) -> None:
    elsewhere = replace(by_authority("form-received", "2026-10-19T08:00Z", about="enforce"), by="foreign")
    story = served.among(foreign=Office("XX", ("NOT",))).when(ENFORCE, elsewhere)
    story.then("E-16-2", ClockVerdict.OPEN, "2026-10-23T22:00Z")


def test_a_decision_that_the_order_is_recognised_releases_no_addressee() -> None:
    recognised = by_authority("recognition-decided", "2026-10-28T09:00Z", decision="recognised")
    SERVED.when(ENFORCE, DEMAND, recognised).asked_at("2026-11-10T09:00Z").then("E-16-3", ClockVerdict.MISSED)
