"""Further deadlines of European orders: clarification, validation, grounds after disclosure, links."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Unread
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
    leaf,
    received,
    sent,
)

ORDER = issued("2026-10-01T07:00Z", "EPOC")
SERVED = given(ORDER, sent("2026-10-01T08:00Z"), received("2026-10-01T09:30Z"))

# -- clarification: arts 10(6), 11(5) ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("instrument", "clock"), [("EPOC", "E-10-6"), ("EPOC-PR", "E-11-5")])
def test_the_five_days_for_a_clarification_run_from_the_receipt_of_the_form(instrument: str, clock: str) -> None:
    """Sent on Friday 2 October, received on Monday 5 October 2026: to Wednesday 7 and to Monday 12 October."""
    order = issued("2026-10-01T07:00Z", instrument)
    back = by_provider("order-referred-back", "2026-10-02T22:00Z", label="back", reason_codes=["incomplete"])
    arrival = fact("form-received", "2026-10-05T08:00Z", "orn", "RET", about="back")
    story = given(order, sent("2026-10-01T08:00Z"), received("2026-10-01T09:30Z"), back)
    story.then(clock, ClockVerdict.OPEN, "2026-10-08T00:00Z")
    assert story.clocks(clock)[0].notes == (NOT_SHOWN,)
    story.when(arrival).then(clock, ClockVerdict.OPEN, "2026-10-13T00:00Z")
    story.when(by_authority("form-received", "2026-10-05T08:00Z", about="back")).then(
        clock, ClockVerdict.OPEN, "2026-10-08T00:00Z"
    )
    answer = by_issuer("additional-information-provided", "2026-10-12T23:59:59Z", answers="back")
    story.when(arrival, answer).then(clock, ClockVerdict.MET)
    story.when(arrival, answer.moved("2026-10-13T00:00Z")).then(clock, ClockVerdict.MISSED)


# -- validation after issue: art. 4(5) ---------------------------------------------------------------------------------


def pending(value: Any = True, instrument: str = "EPOC") -> Story:
    order = issued("2026-10-24T22:05Z", instrument, emergency=True, validation_pending=value)
    return given(order, sent("2026-10-24T23:00Z"), received("2026-10-24T23:20Z"))


SOUGHT = by_issuer("ex-post-validation-sought", "2026-10-26T09:00Z", label="sought", asked_of="ilves")
REFUSED = fact("ex-post-validation-refused", "2026-10-27T15:00Z", "ilves", "VAL", about="sought", capacity="judge")
DESTROYED = fact("data-destroyed", "2026-10-28T10:00Z", "orn", "RET", scope="all", method="overwritten")


@pytest.mark.parametrize("instrument", ["EPOC", "EPOC-PR"])
def test_validation_is_sought_in_48_hours(instrument: str) -> None:
    pending(instrument=instrument).then("E-4-5", ClockVerdict.OPEN, "2026-10-26T23:00Z")
    pending(instrument=instrument).when(SOUGHT).then("E-4-5", ClockVerdict.MET)
    late = SOUGHT.moved("2026-10-26T23:00Z")
    pending(instrument=instrument).when(late).then("E-4-5", ClockVerdict.MISSED)


@pytest.mark.parametrize("value", [False, *Unread])
def test_who_may_not_read_that_validation_is_pending_sees_no_clock_of_it(value: Any) -> None:
    pending(value).when(SOUGHT, REFUSED, disclosed("2026-10-25T07:41Z")).then_not_listed("E-4-5", "E-4-5-DATA")


def test_after_a_refusal_data_are_destroyed_or_locked_in_seven_days_from_when_there_are_both() -> None:
    pending().when(SOUGHT, REFUSED).then_not_listed("E-4-5-DATA")
    before = pending().when(disclosed("2026-10-25T07:41Z"), SOUGHT, REFUSED)
    before.then("E-4-5-DATA", ClockVerdict.OPEN, "2026-11-04T00:00Z")
    before.when(DESTROYED).then("E-4-5-DATA", ClockVerdict.MET)
    part = replace(DESTROYED, fields={**DESTROYED.fields, "scope": "part"})
    before.when(part).asked_at("2026-11-04T00:00Z").then("E-4-5-DATA", ClockVerdict.MISSED)
    after = pending().when(SOUGHT, REFUSED, disclosed("2026-10-29T07:41Z"))
    after.then("E-4-5-DATA", ClockVerdict.OPEN, "2026-11-06T00:00Z")


def test_eight_hours_end_at_the_same_instant_on_the_night_the_clocks_go_back() -> None:
    story = pending().where("XV", zone="Europe/Dublin").when(disclosed("2026-10-25T07:41Z"))
    story.then("E-10-4", ClockVerdict.MET, "2026-10-25T08:00Z")


# -- a ground after disclosure: art. 10(4) -----------------------------------------------------------------------------


def ground(scope: str, *elements: str) -> Fact:
    return by_authority(
        "ground-for-refusal-raised",
        "2026-10-03T09:00Z",
        grounds=["EPOC:12(1)(a)"],
        scope=scope,
        elements=list(elements),
    )


URGENT = given(
    issued("2026-10-01T07:00Z", "EPOC", "message-content#1", data_categories=["content"], emergency=True),
    received("2026-10-01T09:30Z"),
    by_authority("notification-received", "2026-10-01T09:30Z"),
)
GIVEN = disclosed("2026-10-01T12:00Z", "message-content#1")


def test_data_a_ground_touches_are_dealt_with_in_seven_days() -> None:
    story = URGENT.when(GIVEN, ground("all"))
    story.then("E-10-4-DATA", ClockVerdict.OPEN, "2026-10-11T00:00Z")
    URGENT.when(GIVEN, ground("part", "message-content")).then("E-10-4-DATA", ClockVerdict.OPEN)
    URGENT.when(GIVEN, ground("part", "message-content#2")).then_not_listed("E-10-4-DATA")
    URGENT.when(ground("all")).then_not_listed("E-10-4-DATA")
    late = ground("all").moved("2026-10-05T10:00Z")  # after the 96 hours
    URGENT.when(GIVEN, late).then_not_listed("E-10-4-DATA")
    for done in (
        fact("data-destroyed", "2026-10-05T09:00Z", "orn", "RET", scope="part", method="overwritten"),
        fact("use-restricted", "2026-10-02T09:00Z", "orn", "RET", scope="all"),
        by_issuer("condition-accepted", "2026-10-05T09:00Z", about="x"),
    ):
        story.when(done).then("E-10-4-DATA", ClockVerdict.MET)


# -- a link: 2025/1550 -------------------------------------------------------------------------------------------------


def test_data_behind_a_link_are_fetched_while_it_is_open() -> None:
    link = disclosed("2026-10-05T09:00Z", label="link", access_until="2026-10-29T18:00:00Z")
    story = SERVED.when(link)
    story.then("E-2025-3.3.3(b)", ClockVerdict.OPEN, "2026-10-29T18:00Z")
    story.asked_at("2026-10-29T18:00Z").then("E-2025-3.3.3(b)", ClockVerdict.MISSED)
    fetched = fact("evidence-received", "2026-10-06T09:00Z", "orn", "RET", about="link", check="equal")
    story.when(fetched).then("E-2025-3.3.3(b)", ClockVerdict.MET)
    story.when(replace(fetched, fields={"about": "other", "check": "equal"})).then("E-2025-3.3.3(b)", ClockVerdict.OPEN)
    SERVED.when(disclosed("2026-10-05T09:00Z")).then_not_listed("E-2025-3.3.3(b)")
    twice = story.when(disclosed("2026-10-06T09:00Z", label="b", access_until="2026-10-30T18:00:00Z"))
    assert [clock.trigger for clock in twice.clocks("E-2025-3.3.3(b)")] == [leaf("link"), leaf("b")]


# -- what counts as done -----------------------------------------------------------------------------------------------


def test_only_a_withdrawal_after_the_referral_answers_it_and_the_first_answer_counts() -> None:
    back = by_provider("order-referred-back", "2026-10-02T22:00Z", label="back", reason_codes=["incomplete"])
    withdrawn = by_issuer("order-withdrawn", "2026-10-05T09:00Z", label="withdrawn", data_handling="none-held")
    SERVED.when(back, withdrawn).then("E-10-6", ClockVerdict.MET)
    SERVED.when(withdrawn.moved("2026-10-02T21:00Z"), back).then("E-10-6", ClockVerdict.OPEN)
    answer = by_issuer("additional-information-provided", "2026-10-04T09:00Z", label="answer", answers="back")
    for facts in ((answer, withdrawn), (answer.moved("2026-10-06T09:00Z"), withdrawn)):
        first = min(facts, key=lambda f: f.on)
        (clock,) = SERVED.when(back, *facts).clocks("E-10-6")
        assert clock.met_by == (leaf(first.label or ""),)


def test_data_that_were_locked_before_they_came_or_before_the_ground_was_accepted_are_not_dealt_with() -> None:
    locked = fact("use-restricted", "2026-10-01T11:59:59Z", "orn", "RET", scope="all")
    accepted = by_issuer("condition-accepted", "2026-10-03T08:59:59Z", about="x")
    for early in (locked, accepted):
        URGENT.when(GIVEN, ground("all"), early).then("E-10-4-DATA", ClockVerdict.OPEN)
    pended = pending().when(locked.moved("2026-10-25T07:00Z"), disclosed("2026-10-25T07:41Z"), SOUGHT, REFUSED)
    pended.then("E-4-5-DATA", ClockVerdict.OPEN)


def test_a_form_that_arrived_before_it_was_sent_or_at_another_state_starts_no_days() -> None:
    back = by_provider("order-referred-back", "2026-10-02T22:00Z", label="back", reason_codes=["incomplete"])
    sent_on = "2026-10-08T00:00Z"
    for wrong in (
        fact("form-received", "2026-10-02T21:59:59Z", "orn", "RET", about="back"),
        fact("form-received", "2026-10-05T08:00Z", "abroad", "RET", about="back"),
        fact("form-received", "2026-10-05T08:00Z", "orn", "RET", about="issued"),
        fact("form-received", "2026-10-05T08:00Z", "seeker", "SEEK", about="back"),
    ):
        story = SERVED.among(abroad=Office("XW", ("RET",)), seeker=Office("XO", ("SEEK",))).when(back, wrong)
        story.then("E-10-6", ClockVerdict.OPEN, sent_on)
        assert story.clocks("E-10-6")[0].notes == (NOT_SHOWN,)
