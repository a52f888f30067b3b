"""Deadlines of European orders: Regulation (EU) 2023/1543 art. 10, 12(1), 17(2); what suspends and extends them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.law.deadlines.e_evidence import objection_in_time
from ledger.law.terms.rule import ClockVerdict
from tests.support.scenarios import (
    Fact,
    by_authority,
    by_issuer,
    by_provider,
    corrected,
    disclosed,
    fact,
    given,
    issued,
    leaf,
    moment,
    named,
    received,
    sent,
)

# Received on Thursday 1 October 2026 in Stockholm: the tenth day is Sunday 11 October, so Monday 12 October.
END = "2026-10-12T22:00Z"
NAMES = issued("2026-10-01T07:00Z", "EPOC")
CONTENT = issued("2026-10-01T07:00Z", "EPOC", "message-content#1", "message-content#2", data_categories=["content"])
SENT = sent("2026-10-01T08:00Z")
RECEIVED = received("2026-10-01T09:30Z")
NOTIFIED = by_authority("notification-received", "2026-10-01T09:30Z")
PLAIN = given(NAMES, SENT, RECEIVED)  # E-10-3
REVIEWED = given(CONTENT, SENT, RECEIVED, NOTIFIED)  # E-10-2
CONFIRMED = by_authority("no-ground-confirmed", "2026-10-05T09:00Z")


def ground(on: str, scope: str, *elements: str) -> Fact:
    stated = {"elements": list(elements)} if elements else {}
    return by_authority("ground-for-refusal-raised", on, grounds=["EPOC:12(1)(a)"], scope=scope, **stated)


def all_of(on: str, **fields: Any) -> Fact:
    return disclosed(on, "message-content#1", "message-content#2", **fields)


# -- ten days ----------------------------------------------------------------------------------------------------------


def test_ten_days_stand_once_the_order_was_sent_and_which_ten_depends_on_the_notification() -> None:
    given(NAMES).then_not_listed("E-10-2", "E-10-3", "E-10-4")
    given(NAMES, SENT).then_unwound("E-10-3")
    PLAIN.then("E-10-3", ClockVerdict.OPEN, END).then_not_listed("E-10-2", "E-10-4")
    REVIEWED.then("E-10-2", ClockVerdict.OPEN, END).then_not_listed("E-10-3", "E-10-4")


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (disclosed("2026-10-12T21:59:59Z"), ClockVerdict.MET),
        (disclosed("2026-10-12T22:00:00Z"), ClockVerdict.MISSED),
        (disclosed("2026-10-05T09:00Z", "name", partial=True, withheld=["postal-address"],
                   withheld_reason="technical"), ClockVerdict.OPEN),
        (by_provider("no-data-held", "2026-10-05T09:00Z"), ClockVerdict.MET),
        (by_provider("no-data-held", "2026-10-05T09:00Z", elements=["name"]), ClockVerdict.OPEN),
    ],
)  # fmt: skip
def test_what_answers_an_order_without_notification(answer: Fact, verdict: ClockVerdict) -> None:
    PLAIN.when(answer).then("E-10-3", verdict, END)


@pytest.mark.parametrize(
    ("spoken", "disclosed_on", "verdict"),
    [
        ([], "2026-10-12T22:00:00Z", ClockVerdict.MET),
        ([], "2026-10-13T21:59:59Z", ClockVerdict.MET),
        ([], "2026-10-13T22:00:00Z", ClockVerdict.MISSED),
        ([CONFIRMED], "2026-10-12T21:59:59Z", ClockVerdict.MET),
        ([CONFIRMED], "2026-10-12T22:00:00Z", ClockVerdict.MISSED),
        ([ground("2026-10-05T09:00Z", "conditions")], "2026-10-12T22:00:00Z", ClockVerdict.MISSED),
        ([by_authority("no-ground-confirmed", "2026-10-12T22:00:00Z")], "2026-10-13T09:00:00Z", ClockVerdict.MET),
    ],
    ids=["at the end", "a day later", "too late", "confirmed", "confirmed and late", "conditions", "confirmed late"],
)
def test_after_an_authority_silent_to_the_end_the_provider_has_24_hours_and_the_end_shown_stays(
    spoken: list[Fact], disclosed_on: str, verdict: ClockVerdict
) -> None:
    REVIEWED.when(*spoken, all_of(disclosed_on)).then("E-10-2", verdict, END)


def test_while_those_24_hours_run_the_clock_is_open() -> None:
    REVIEWED.asked_at("2026-10-13T21:59:59Z").then("E-10-2", ClockVerdict.OPEN, END)
    REVIEWED.asked_at("2026-10-13T22:00:00Z").then("E-10-2", ClockVerdict.MISSED, END)
    REVIEWED.when(CONFIRMED).asked_at("2026-10-12T22:00:00Z").then("E-10-2", ClockVerdict.MISSED, END)


@pytest.mark.parametrize(
    ("spoken", "verdict"),
    [
        ("2026-10-05T09:00Z", ClockVerdict.MET),
        ("2026-10-06T08:59:59Z", ClockVerdict.MET),
        ("2026-10-06T09:00Z", ClockVerdict.MISSED),
        ("2026-10-16T21:59:59Z", ClockVerdict.MISSED),
    ],
)
def test_an_authority_that_spoke_of_an_earlier_version_alone_is_silent_on_the_one_in_force(
    spoken: str, verdict: ClockVerdict
) -> None:
    again = (corrected("2026-10-06T09:00Z", "c1"), received("2026-10-06T10:00Z", "again", about="c1"))
    story = REVIEWED.when(*again, CONFIRMED.moved(spoken), all_of("2026-10-17T09:00Z"))
    story.then("E-10-2", verdict, "2026-10-16T22:00Z")


def test_what_a_ground_in_time_bars_is_not_asked_of_the_provider() -> None:
    first = disclosed("2026-10-07T09:00Z", "message-content#1", partial=True)
    REVIEWED.when(first).then("E-10-2", ClockVerdict.OPEN)
    REVIEWED.when(ground("2026-10-05T09:00Z", "part", "message-content#2"), first).then("E-10-2", ClockVerdict.MET)
    late = ground("2026-10-12T22:00Z", "part", "message-content#2")
    REVIEWED.when(first, late).asked_at("2026-10-20T00:00Z").then("E-10-2", ClockVerdict.MISSED)


def test_a_tenth_day_before_two_holidays_ends_after_them() -> None:
    story = PLAIN.where("XV", holidays=("2026-10-12", "2026-10-13"))
    story.then("E-10-3", ClockVerdict.OPEN, "2026-10-14T22:00Z")


# -- eight hours -------------------------------------------------------------------------------------------------------

URGENT = given(replace(NAMES, fields={**NAMES.fields, "emergency": True}), SENT, RECEIVED)
URGENT_CONTENT = given(replace(CONTENT, fields={**CONTENT.fields, "emergency": True}), SENT, RECEIVED, NOTIFIED)
EIGHT = "2026-10-01T18:00Z"  # from ten o'clock


def reassessed(effective: str, outcome: str = "downgraded") -> Fact:
    at = f"{moment(effective):%Y-%m-%dT%H:%M:%SZ}"
    return by_issuer("emergency-reassessed", effective, label="r", outcome=outcome, effective_at=at)


def test_in_an_emergency_there_are_eight_hours_instead_with_notification_and_without() -> None:
    for story in (URGENT, URGENT_CONTENT):
        story.then("E-10-4", ClockVerdict.OPEN, EIGHT).then_not_listed("E-10-2", "E-10-3")
    URGENT.when(disclosed("2026-10-01T17:59:59Z")).then("E-10-4", ClockVerdict.MET)
    URGENT.when(disclosed("2026-10-01T18:00:00Z")).then("E-10-4", ClockVerdict.MISSED)


def test_an_emergency_declared_after_the_receipt_does_not_shorten_the_ten_days() -> None:
    declared = by_issuer("emergency-declared", "2026-10-01T10:00Z", threat="life", emergency_reasons="x")
    PLAIN.when(declared).then("E-10-3", ClockVerdict.OPEN, END).then_not_listed("E-10-4")
    before = declared.moved("2026-10-01T09:30Z")
    PLAIN.when(before).then("E-10-4", ClockVerdict.OPEN, EIGHT)


def test_an_order_sent_in_an_emergency_and_not_received_waits_for_its_eight_hours() -> None:
    given(URGENT.facts[0], SENT).then_unwound("E-10-4").then_not_listed("E-10-3")


@pytest.mark.parametrize("outcome", ["ended", "downgraded"])
def test_an_emergency_that_ends_before_the_answer_gives_ten_days_from_then(outcome: str) -> None:
    over = reassessed("2026-10-02T09:00Z", outcome)  # after the eight hours: no effect
    URGENT.when(over).then("E-10-4", ClockVerdict.MISSED, EIGHT).then_not_listed("E-10-3")
    over = reassessed(EIGHT, outcome)  # with the last of them: no effect
    URGENT.when(over).then("E-10-4", ClockVerdict.MISSED, EIGHT).then_not_listed("E-10-3")
    over = reassessed("2026-10-01T17:59:59Z", outcome)
    story = URGENT.when(over)
    story.then("E-10-4", ClockVerdict.NOT_RUNNING, EIGHT).then("E-10-3", ClockVerdict.OPEN, END)
    assert story.clocks("E-10-3")[0].trigger == leaf("r")
    story.when(disclosed("2026-10-06T09:00Z")).then("E-10-4", ClockVerdict.NOT_RUNNING).then("E-10-3", ClockVerdict.MET)
    answered = URGENT.when(disclosed("2026-10-01T12:00Z"), over)
    answered.then("E-10-4", ClockVerdict.MET, EIGHT).then_not_listed("E-10-3")
    URGENT_CONTENT.when(over).then("E-10-2", ClockVerdict.OPEN, END)


def test_an_end_of_the_emergency_that_lies_ahead_changes_nothing_yet() -> None:
    ahead = reassessed("2026-10-01T16:00Z").moved("2026-10-01T12:00Z")
    URGENT.when(ahead).asked_at("2026-10-01T15:59:59Z").then("E-10-4", ClockVerdict.OPEN).then_not_listed("E-10-3")
    URGENT.when(ahead).asked_at("2026-10-01T16:00:00Z").then("E-10-4", ClockVerdict.NOT_RUNNING)


def test_an_emergency_that_ends_at_the_moment_of_the_answer_ended_before_it() -> None:
    at_once = reassessed("2026-10-01T12:00Z")
    URGENT.when(at_once, disclosed("2026-10-01T12:00Z")).then("E-10-4", ClockVerdict.NOT_RUNNING, EIGHT)
    URGENT.when(at_once, disclosed("2026-10-01T11:59:59Z")).then("E-10-4", ClockVerdict.MET, EIGHT)


def test_the_earliest_end_of_an_emergency_counts_whichever_was_recorded_first() -> None:
    late = replace(reassessed("2026-10-01T15:00Z"), label="late").moved("2026-10-01T11:00Z")
    early = replace(reassessed("2026-10-01T12:00Z"), label="early")
    for facts in ((late, early), (early, late)):
        (clock,) = URGENT.when(*facts).asked_at("2026-10-01T16:00Z").clocks("E-10-3")
        assert clock.trigger == leaf("early")


def test_an_end_of_the_emergency_that_lies_ahead_of_an_order_that_was_not_received_starts_nothing() -> None:
    ahead = reassessed("2026-10-01T16:00Z").moved("2026-10-01T08:30Z")
    story = given(URGENT.facts[0], SENT).when(ahead).asked_at("2026-10-01T09:00Z")
    story.then_unwound("E-10-4").then_not_listed("E-10-2", "E-10-3")


def test_an_emergency_upheld_is_one() -> None:
    URGENT.when(reassessed("2026-10-01T12:00Z", "upheld")).then("E-10-4", ClockVerdict.OPEN, EIGHT)


# -- referred back -----------------------------------------------------------------------------------------------------


def back(on: str, label: str = "back") -> Fact:
    return by_provider("order-referred-back", on, label=label, reason_codes=["incomplete"])


def answered(on: str, to: str = "back") -> Fact:
    return by_issuer("additional-information-provided", on, answers=to)


def test_while_an_order_is_referred_back_the_ten_days_stand_still_and_the_old_end_stays_on_view() -> None:
    story = PLAIN.when(back("2026-10-05T09:00Z"))
    story.asked_at("2026-10-30T00:00Z").then("E-10-3", ClockVerdict.NOT_RUNNING, END)
    story.when(disclosed("2026-10-07T09:00Z")).then("E-10-3", ClockVerdict.MET, END)


@pytest.mark.parametrize(
    "clarified",
    [
        answered("2026-10-08T09:00Z"),
        by_issuer("order-maintained", "2026-10-08T09:00Z", answers="back"),
        corrected("2026-10-08T09:00Z", "typo", material=False),
    ],
    ids=lambda f: f.kind,
)
def test_the_last_day_moves_by_the_days_between_and_then_rolls(clarified: Fact) -> None:
    """Sunday 11 October and three days: Wednesday 14 October."""
    PLAIN.when(back("2026-10-05T09:00Z"), clarified).then("E-10-3", ClockVerdict.OPEN, "2026-10-14T22:00Z")


def test_the_days_between_are_those_of_the_calendar_there() -> None:
    """In Stockholm 23:30 and 00:30 are an hour and a day apart; half a day within one date is no day."""
    night = PLAIN.when(back("2026-10-05T21:30Z"), answered("2026-10-05T22:30Z"))
    night.then("E-10-3", ClockVerdict.OPEN, END)  # Sunday and one day: Monday
    twice = night.when(back("2026-10-06T05:00Z", "again"), answered("2026-10-06T20:00Z", "again"))
    twice.then("E-10-3", ClockVerdict.OPEN, END)
    third = twice.when(back("2026-10-07T05:00Z", "third"), answered("2026-10-08T05:00Z", "third"))
    third.then("E-10-3", ClockVerdict.OPEN, "2026-10-13T22:00Z")


def test_two_referrals_at_once_stop_the_clock_once() -> None:
    story = PLAIN.when(
        back("2026-10-05T09:00Z"),
        back("2026-10-06T09:00Z", "b"),
        corrected("2026-10-08T09:00Z", "typo", material=False),
    )
    story.then("E-10-3", ClockVerdict.OPEN, "2026-10-14T22:00Z")


def test_an_answer_to_another_question_does_not_clarify_and_a_referral_after_the_end_stops_nothing() -> None:
    PLAIN.when(back("2026-10-05T09:00Z"), answered("2026-10-08T09:00Z", "other")).then(
        "E-10-3", ClockVerdict.NOT_RUNNING
    )
    PLAIN.when(back("2026-10-12T22:00Z")).then("E-10-3", ClockVerdict.MISSED, END)


def test_eight_hours_move_by_the_time_between_rounded_up_to_full_hours() -> None:
    story = URGENT.when(back("2026-10-01T11:00Z"))
    story.asked_at("2026-10-02T00:00Z").then("E-10-4", ClockVerdict.NOT_RUNNING, EIGHT)
    story.when(answered("2026-10-01T13:00:00Z")).then("E-10-4", ClockVerdict.OPEN, "2026-10-01T20:00Z")
    story.when(answered("2026-10-01T13:00:01Z")).then("E-10-4", ClockVerdict.OPEN, "2026-10-01T21:00Z")


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (
            answered("2026-10-12T21:59:59Z"),
            ClockVerdict.MET,
        ),  # five days end on Saturday, so Monday 12 October in Reykjavik
        (by_issuer("order-withdrawn", "2026-10-08T09:00Z", data_handling="none-held"), ClockVerdict.MET),
        (corrected("2026-10-08T09:00Z", "c1"), ClockVerdict.MET),
        (answered("2026-10-13T00:00:00Z"), ClockVerdict.MISSED),
        (answered("2026-10-08T09:00Z", "other"), ClockVerdict.OPEN),
    ],
)
def test_the_issuing_authority_clarifies_within_five_days(answer: Fact, verdict: ClockVerdict) -> None:
    PLAIN.when(back("2026-10-05T09:00Z"), answer).then("E-10-6", verdict, "2026-10-13T00:00Z")


def test_the_day_the_order_is_referred_back_does_not_count_and_the_last_one_rolls() -> None:
    PLAIN.when(back("2026-10-06T09:00Z")).then("E-10-6", ClockVerdict.OPEN, "2026-10-13T00:00Z")
    PLAIN.when(back("2026-10-02T09:00Z")).then("E-10-6", ClockVerdict.OPEN, "2026-10-08T00:00Z")


# -- the addressee is no longer bound ----------------------------------------------------------------------------------

OBJECTED = by_provider("reasoned-objection-filed", "2026-10-07T09:00Z", label="o", conflicting_law_party="US")
REASONS = by_provider("reasons-for-non-execution-given", "2026-10-07T09:00Z", reason_codes=["third-country-law"])
WITHDRAWN = by_issuer("order-withdrawn", "2026-10-07T09:00Z", data_handling="none-held")
REFUSED = fact("ex-post-validation-refused", "2026-10-07T09:00Z", "ilves", "VAL", about="x", capacity="judge")


def until(due: str, on: str = "2026-10-20T09:00Z", clock: str = "E-10-3") -> Fact:
    return by_issuer("deadline-extended", on, deadline=clock, new_due=f"{moment(due):%Y-%m-%dT%H:%M:%SZ}")


@pytest.mark.parametrize(
    ("stops", "late"),
    [(OBJECTED, "2026-10-13T00:00Z"), (REASONS, END), (WITHDRAWN, END), (REFUSED, END)],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_who_is_stopped_in_time_is_not_late(stops: Fact, late: str) -> None:
    PLAIN.when(stops).asked_at("2026-10-08T00:00Z").then("E-10-3", ClockVerdict.NOT_RUNNING, END)
    PLAIN.when(stops).asked_at("2026-11-08T00:00Z").then("E-10-3", ClockVerdict.NOT_RUNNING, END)
    PLAIN.when(stops, disclosed("2026-10-30T09:00Z")).then("E-10-3", ClockVerdict.NOT_RUNNING, END)
    PLAIN.when(stops, disclosed("2026-10-09T09:00Z")).then("E-10-3", ClockVerdict.MET, END)
    PLAIN.when(stops.moved(late)).asked_at("2026-11-08T00:00Z").then("E-10-3", ClockVerdict.MISSED, END)


@pytest.mark.parametrize("stops", [OBJECTED, REASONS], ids=lambda f: f.kind)
def test_a_new_end_set_after_an_objection_or_reasons_binds_again(stops: Fact) -> None:
    upheld = fact("court-review-decided", "2026-10-19T09:00Z", "judge", "CT", decision="upheld")
    story = PLAIN.when(stops, upheld)
    story.then("E-10-3", ClockVerdict.NOT_RUNNING, END)
    again = story.when(until("2026-10-25T10:00Z"))
    again.then("E-10-3", ClockVerdict.OPEN, "2026-10-25T10:00Z")
    again.asked_at("2026-10-25T10:00Z").then("E-10-3", ClockVerdict.MISSED, "2026-10-25T10:00Z")
    other = story.when(until("2026-10-25T10:00Z", clock="E-10-2"))
    other.then("E-10-3", ClockVerdict.NOT_RUNNING, END)


def test_an_end_set_before_the_objection_does_not_take_its_force() -> None:
    story = PLAIN.when(until("2026-10-16T10:00Z", "2026-10-06T09:00Z"), OBJECTED)
    story.asked_at("2026-11-08T00:00Z").then("E-10-3", ClockVerdict.NOT_RUNNING, "2026-10-16T10:00Z")


def test_a_ground_for_all_in_time_leaves_nobody_bound_and_one_too_late_does_not() -> None:
    in_time, late = ground("2026-10-12T21:59:59Z", "all"), ground("2026-10-12T22:00:00Z", "all")
    REVIEWED.when(in_time).asked_at("2026-11-08T00:00Z").then("E-10-2", ClockVerdict.NOT_RUNNING, END)
    REVIEWED.when(late).asked_at("2026-11-08T00:00Z").then("E-10-2", ClockVerdict.MISSED, END)


def test_a_material_correction_winds_the_ten_days_again_and_leaves_referrals_before_it_behind() -> None:
    story = PLAIN.when(back("2026-10-05T09:00Z"), corrected("2026-10-08T09:00Z", "c1"))
    story.then_unwound("E-10-3")
    story = story.when(received("2026-10-09T09:00Z", "receipt-2", about="c1"))
    story.then("E-10-3", ClockVerdict.OPEN, "2026-10-19T22:00Z")


# -- refusal and objection ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoken", "asked", "verdict"),
    [
        (None, "2026-10-12T21:59:59Z", ClockVerdict.OPEN),
        (None, "2026-10-12T22:00:00Z", ClockVerdict.NOT_RUNNING),
        (CONFIRMED, "2026-10-20T00:00Z", ClockVerdict.MET),
        (ground("2026-10-12T21:59:59Z", "part", "message-content#2"), "2026-10-20T00:00Z", ClockVerdict.MET),
        (ground("2026-10-12T22:00:00Z", "all"), "2026-10-20T00:00Z", ClockVerdict.MISSED),
    ],
)
def test_the_enforcing_authority_has_ten_days_from_its_own_receipt(
    spoken: Fact | None, asked: str, verdict: ClockVerdict
) -> None:
    REVIEWED.when(*([spoken] if spoken else [])).asked_at(asked).then("E-12-1", verdict, END)


def test_in_an_emergency_it_has_96_hours_and_a_later_change_does_not_touch_them() -> None:
    URGENT_CONTENT.then("E-12-1", ClockVerdict.OPEN, "2026-10-05T10:00Z")
    URGENT_CONTENT.when(reassessed("2026-10-01T12:00Z")).then("E-12-1", ClockVerdict.OPEN, "2026-10-05T10:00Z")
    declared = by_issuer("emergency-declared", "2026-10-01T10:00Z", threat="life", emergency_reasons="x")
    REVIEWED.when(declared).then("E-12-1", ClockVerdict.OPEN, END)


def test_without_an_arrival_there_is_no_window_and_with_a_disputed_one_no_end() -> None:
    given(CONTENT, SENT, RECEIVED).then_not_listed("E-12-1")
    notified = replace(NOTIFIED, label="n")
    disputed = by_issuer("event-disputed", "2026-10-02T09:00Z", about="n")
    given(CONTENT, SENT, RECEIVED, notified, disputed).then_unwound("E-12-1")


def test_a_second_arrival_changes_nothing_and_a_new_version_gives_the_time_again() -> None:
    second = by_authority("notification-received", "2026-10-06T09:30Z")
    REVIEWED.when(second).then("E-12-1", ClockVerdict.OPEN, END)
    REVIEWED.when(CONFIRMED.moved("2026-10-01T06:59:59Z")).then("E-12-1", ClockVerdict.OPEN, END)  # before the order
    anew = REVIEWED.when(CONFIRMED, corrected("2026-10-06T09:00Z", "c1"), second)
    anew.then("E-12-1", ClockVerdict.OPEN, "2026-10-16T22:00Z")
    anew.when(CONFIRMED.moved("2026-10-06T08:59:59Z")).then("E-12-1", ClockVerdict.OPEN)
    anew.when(CONFIRMED.moved("2026-10-06T09:00:00Z")).then("E-12-1", ClockVerdict.MET)


def test_an_order_without_effect_gives_no_time_to_carry_it_out() -> None:
    powerless = replace(CONTENT, held=False)
    urgent = by_issuer("emergency-declared", "2026-10-01T07:30Z", threat="life", emergency_reasons="x")
    clocks = ("E-10-2", "E-10-3", "E-10-4")
    given(powerless, SENT, RECEIVED, NOTIFIED).then_not_listed(*clocks)
    given(powerless, urgent, SENT, RECEIVED, NOTIFIED).then_not_listed(*clocks)
    given(CONTENT, urgent, SENT, RECEIVED, NOTIFIED).then("E-10-4", ClockVerdict.OPEN)


def test_an_end_set_for_the_window_is_the_end_for_grounds_too() -> None:
    story = REVIEWED.when(until("2026-10-20T10:00Z", "2026-10-06T09:00Z", "E-12-1"), ground("2026-10-19T09:00Z", "all"))
    story.then("E-12-1", ClockVerdict.MET, "2026-10-20T10:00Z").then("E-10-2", ClockVerdict.NOT_RUNNING)


def test_the_days_to_object_are_counted_at_home_and_stand_once_an_objection_is_filed() -> None:
    """In Reykjavik the period ends on Monday 12 October, after Sunday 11, two hours later than in Stockholm."""
    PLAIN.then_not_listed("E-17-2")
    PLAIN.when(OBJECTED).then("E-17-2", ClockVerdict.MET, "2026-10-13T00:00Z")
    late = OBJECTED.moved("2026-10-13T00:00:00Z")
    PLAIN.when(late).then("E-17-2", ClockVerdict.MISSED, "2026-10-13T00:00Z")
    holiday = PLAIN.where("XO", holidays=("2026-10-12",)).when(OBJECTED)
    holiday.then("E-17-2", ClockVerdict.MET, "2026-10-14T00:00Z").then("E-10-3", ClockVerdict.NOT_RUNNING, END)
    given(NAMES, SENT, OBJECTED).then_unwound("E-17-2")


def test_an_objection_is_in_time_while_the_receipt_of_the_order_is_not_known() -> None:
    reading = given(issued("2026-10-01T07:00Z", "EPOC"), OBJECTED).reading
    assert objection_in_time(reading, named(reading, "o"))
