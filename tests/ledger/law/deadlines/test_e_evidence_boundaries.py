"""What pauses, extends and stops the deadlines of European orders, at the moments where two of them meet."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ledger.law.terms.rule import ClockVerdict
from tests.ledger.law.deadlines.test_e_evidence import (
    CONFIRMED,
    CONTENT,
    EIGHT,
    END,
    NAMES,
    OBJECTED,
    PLAIN,
    REASONS,
    REVIEWED,
    SENT,
    URGENT,
    URGENT_CONTENT,
    answered,
    back,
    ground,
    reassessed,
    until,
)
from tests.support.scenarios import Fact, by_authority, corrected, disclosed, given, received

# -- an order that was referred back -----------------------------------------------------------------------------------


def test_a_referral_that_was_answered_during_an_earlier_one_takes_nothing_from_the_pause() -> None:
    story = PLAIN.when(
        back("2026-10-05T09:00Z"), back("2026-10-06T09:00Z", "b"),
        answered("2026-10-07T09:00Z", "b"), answered("2026-10-08T09:00Z"),
    )  # fmt: skip
    story.then("E-10-3", ClockVerdict.OPEN, "2026-10-14T22:00Z")
    (clock,) = story.clocks("E-10-3")
    assert len(clock.notes) == 1


def test_a_referral_that_was_answered_at_its_own_moment_is_no_pause() -> None:
    story = PLAIN.when(back("2026-10-05T09:00Z"), answered("2026-10-05T09:00Z"))
    story.then("E-10-3", ClockVerdict.OPEN, END)
    (clock,) = story.clocks("E-10-3")
    assert clock.notes == ()


def test_an_end_that_was_set_is_not_moved_by_a_pause_before_it() -> None:
    story = PLAIN.when(back("2026-10-05T09:00Z"), answered("2026-10-08T09:00Z"))
    story.when(until("2026-10-25T10:00Z", "2026-10-09T09:00Z")).then("E-10-3", ClockVerdict.OPEN, "2026-10-25T10:00Z")


def test_a_referral_of_an_order_that_did_not_arrive_leaves_its_deadline_without_an_end() -> None:
    given(NAMES, SENT).when(back("2026-10-05T09:00Z")).then_unwound("E-10-3")


def test_a_referral_pauses_the_period_of_the_version_that_it_is_about_and_no_other() -> None:
    again = (corrected("2026-10-08T09:00Z", "c1"), received("2026-10-09T09:00Z", "receipt-2", about="c1"))
    for before in ("2026-10-05T09:00Z", "2026-10-08T08:59:59Z"):
        PLAIN.when(back(before), *again).then("E-10-3", ClockVerdict.OPEN, "2026-10-19T22:00Z")
    after = PLAIN.when(*again, back("2026-10-12T09:00Z"))
    after.then("E-10-3", ClockVerdict.NOT_RUNNING, "2026-10-19T22:00Z")
    after.when(answered("2026-10-14T09:00Z")).then("E-10-3", ClockVerdict.OPEN, "2026-10-21T22:00Z")


# -- the end of an emergency -------------------------------------------------------------------------------------------


def test_the_ten_days_after_an_emergency_count_from_the_effect_of_its_end_and_not_from_the_entry() -> None:
    """Received on Sunday evening in Stockholm; the emergency ends on Monday, so the tenth day is Thursday."""
    story = given(replace(NAMES, fields={**NAMES.fields, "emergency": True}), SENT, received("2026-10-04T20:30Z"))
    over = reassessed("2026-10-05T00:30Z").moved("2026-10-04T21:00Z")
    story.when(over).asked_at("2026-10-05T09:00Z").then("E-10-3", ClockVerdict.OPEN, "2026-10-15T22:00Z")
    at_once = reassessed("2026-10-04T21:00Z")
    story.when(at_once).asked_at("2026-10-05T09:00Z").then("E-10-3", ClockVerdict.OPEN, "2026-10-14T22:00Z")


@pytest.mark.parametrize("stops", [OBJECTED, REASONS], ids=lambda fact: fact.kind)
def test_in_an_emergency_an_objection_or_reasons_after_the_eight_hours_are_no_excuse(stops: Fact) -> None:
    URGENT.when(stops.moved("2026-10-01T17:59:59Z")).asked_at("2026-10-30T00:00Z").then(
        "E-10-4", ClockVerdict.NOT_RUNNING, EIGHT
    )
    URGENT.when(stops.moved(EIGHT)).asked_at("2026-10-30T00:00Z").then("E-10-4", ClockVerdict.MISSED, EIGHT)


def test_in_an_emergency_a_ground_after_the_eight_hours_is_no_excuse_though_the_authority_has_96() -> None:
    in_time, late = ground("2026-10-01T17:59:59Z", "all"), ground(EIGHT, "all")
    URGENT_CONTENT.when(in_time).asked_at("2026-10-30T00:00Z").then("E-10-4", ClockVerdict.NOT_RUNNING, EIGHT)
    URGENT_CONTENT.when(late).asked_at("2026-10-30T00:00Z").then("E-10-4", ClockVerdict.MISSED, EIGHT)


# -- who is released ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stops", [OBJECTED, REASONS], ids=lambda fact: fact.kind)
def test_an_end_set_at_the_moment_of_an_objection_or_reasons_binds_again(stops: Fact) -> None:
    story = PLAIN.when(stops, until("2026-10-25T10:00Z", "2026-10-07T09:00Z"))
    story.then("E-10-3", ClockVerdict.OPEN, "2026-10-25T10:00Z")


def test_the_days_to_object_to_another_version_count_from_its_receipt() -> None:
    again = (corrected("2026-10-08T09:00Z", "c1"), received("2026-10-14T09:00Z", "receipt-2", about="c1"))
    late = OBJECTED.moved("2026-10-20T09:00Z")
    PLAIN.when(*again, late).then("E-17-2", ClockVerdict.MET, "2026-10-27T00:00Z")
    PLAIN.when(late).then("E-17-2", ClockVerdict.MISSED, "2026-10-13T00:00Z")
    extended = PLAIN.when(until("2026-10-30T10:00Z", "2026-10-06T09:00Z", "E-17-2"), late)
    extended.then("E-17-2", ClockVerdict.MET, "2026-10-30T10:00Z")
    extended.when(*again).then("E-17-2", ClockVerdict.MET, "2026-10-27T00:00Z")
    PLAIN.where("XO", holidays=()).when(received("2026-10-02T09:30Z", "later"), OBJECTED).then(
        "E-17-2", ClockVerdict.MET, "2026-10-13T00:00Z"
    )


def test_an_objection_to_an_order_that_did_not_arrive_is_in_time() -> None:
    story = given(NAMES, SENT, OBJECTED)
    story.then_unwound("E-17-2").then("E-10-3", ClockVerdict.UNDETERMINED)
    arrived = story.when(received("2026-10-08T09:30Z"))
    arrived.asked_at("2026-11-20T00:00Z").then("E-10-3", ClockVerdict.NOT_RUNNING)


# -- the enforcing authority -------------------------------------------------------------------------------------------


def test_what_the_authority_said_of_an_earlier_version_does_not_answer_the_new_one() -> None:
    second = by_authority("notification-received", "2026-10-06T09:30Z")
    anew = REVIEWED.when(CONFIRMED, corrected("2026-10-06T09:00Z", "c1"), second)
    anew.then("E-12-1", ClockVerdict.OPEN, "2026-10-16T22:00Z")
    for on in ("2026-10-06T09:00Z", "2026-10-07T09:00Z"):
        anew.when(CONFIRMED.moved(on)).then("E-12-1", ClockVerdict.MET, "2026-10-16T22:00Z")
    anew.when(CONFIRMED.moved("2026-10-06T08:59:59Z")).then("E-12-1", ClockVerdict.OPEN, "2026-10-16T22:00Z")


def test_of_the_first_version_the_authority_may_speak_before_it_notes_the_arrival() -> None:
    early = CONFIRMED.moved("2026-10-01T08:30Z")
    given(
        CONTENT, SENT, received("2026-10-01T09:30Z"), early, by_authority("notification-received", "2026-10-01T09:30Z")
    ).then("E-12-1", ClockVerdict.MET, END)


def test_data_that_were_handed_over_before_the_end_meet_it_whatever_stopped_it() -> None:
    for stops in (OBJECTED, REASONS):
        PLAIN.when(stops, disclosed("2026-10-12T21:59:59Z")).then("E-10-3", ClockVerdict.MET, END)
