"""Further deadlines of European orders: preservation, enforcement, validation, grounds after disclosure, links."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Unread
from ledger.law.deadlines.e_evidence_authorities import extension_in_time, keeping_end
from ledger.law.terms.rule import ClockVerdict
from tests.support.scenarios import (
    Fact,
    Office,
    Story,
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
    received,
    sent,
)

# -- preservation: art. 11 ---------------------------------------------------------------------------------------------

# Received on Monday 7 September 2026: sixty days end on Friday 6 November, ninety on Sunday 6 December.
KEPT = given(issued("2026-09-04T07:00Z", "EPOC-PR"), sent("2026-09-07T07:00Z"), received("2026-09-07T08:00Z"))
SIXTY, NINETY = "2026-11-06T23:00Z", "2026-12-07T23:00Z"


def extended(on: str, by: str = "P30D") -> Fact:
    return by_issuer("preservation-extended", on, extends_by=by)


PRODUCED = by_issuer("production-request-confirmed", "2026-12-01T09:00Z", production_kind="EPOC")


def test_data_are_kept_for_sixty_days() -> None:
    given(KEPT.facts[0], sent("2026-09-07T07:00Z")).then_unwound("E-11-1")
    KEPT.then("E-11-1", ClockVerdict.OPEN, SIXTY)
    KEPT.when(PRODUCED).then("E-11-1", ClockVerdict.MISSED, SIXTY)
    KEPT.when(PRODUCED.moved("2026-11-06T22:59:59Z")).then("E-11-1", ClockVerdict.MET, SIXTY)


def test_the_first_extension_in_time_makes_one_period_of_both_that_rolls_once() -> None:
    KEPT.when(extended("2026-11-03T09:00Z")).then("E-11-1", ClockVerdict.OPEN, NINETY)
    KEPT.when(extended("2026-11-03T09:00Z"), PRODUCED).then("E-11-1", ClockVerdict.MET, NINETY)
    KEPT.when(extended("2026-11-03T09:00Z"), extended("2026-11-04T09:00Z")).then("E-11-1", ClockVerdict.OPEN, NINETY)
    KEPT.when(extended("2026-11-06T22:59:59Z")).then("E-11-1", ClockVerdict.OPEN, NINETY)


def test_an_extension_after_the_sixty_days_moves_nothing() -> None:
    story = KEPT.when(extended("2026-11-06T23:00:00Z"))
    story.then("E-11-1", ClockVerdict.MISSED, SIXTY)
    reading = story.reading
    assert extension_in_time(reading, reading.entries.of("preservation-extended")[0]) is False
    assert keeping_end(reading) == moment(SIXTY)


def test_no_new_end_can_be_set_for_keeping() -> None:
    moved = by_issuer("deadline-extended", "2026-10-01T09:00Z", deadline="E-11-1", new_due="2027-01-01T00:00:00Z")
    KEPT.when(moved).then("E-11-1", ClockVerdict.OPEN, SIXTY)


@pytest.mark.parametrize(
    "over",
    [
        by_issuer("order-withdrawn", "2026-10-01T09:00Z", data_handling="delete"),
        by_provider("preservation-ceased", "2026-10-01T09:00Z", cause="released-by-issuer"),
        by_provider("preservation-refused", "2026-10-01T09:00Z", ground="other"),
        by_provider("no-data-held", "2026-10-01T09:00Z", elements=["name"]),
    ],
    ids=lambda f: f.kind,
)
def test_what_ends_keeping_before_its_time_leaves_nobody_bound(over: Fact) -> None:
    KEPT.when(over).then("E-11-1", ClockVerdict.NOT_RUNNING, SIXTY)
    after = over.moved(SIXTY)
    KEPT.when(after).then("E-11-1", ClockVerdict.MISSED, SIXTY)


def test_without_clarification_in_five_days_the_provider_is_exempt() -> None:
    """Referred back on Monday 14 September: five days end on Saturday 19, so Monday 21 September in Reykjavik."""
    back = by_provider("order-referred-back", "2026-09-14T09:00Z", label="back", reason_codes=["incomplete"])
    story = KEPT.when(back)
    story.then("E-11-5", ClockVerdict.OPEN, "2026-09-22T00:00Z").then("E-11-1", ClockVerdict.OPEN, SIXTY)
    silent = story.asked_at("2026-09-22T00:00Z")
    silent.then("E-11-5", ClockVerdict.MISSED).then("E-11-1", ClockVerdict.NOT_RUNNING, SIXTY)
    answer = by_issuer("additional-information-provided", "2026-09-18T09:00Z", answers="back")
    story.when(answer).asked_at("2026-09-22T00:00Z").then("E-11-5", ClockVerdict.MET).then("E-11-1", ClockVerdict.OPEN)


def test_a_material_correction_winds_keeping_again() -> None:
    story = KEPT.when(extended("2026-09-10T09:00Z"), corrected("2026-09-14T09:00Z", "c1"))
    story.then_unwound("E-11-1")
    story = story.when(received("2026-09-15T09:00Z", "receipt-2", about="c1"))
    story.then(
        "E-11-1", ClockVerdict.OPEN, "2026-11-16T23:00Z"
    )  # Saturday 14 November; the extension belongs to the other version


# -- enforcement: art. 16 ----------------------------------------------------------------------------------------------

ORDER = issued("2026-10-01T07:00Z", "EPOC")
SERVED = given(ORDER, sent("2026-10-01T08:00Z"), received("2026-10-01T09:30Z"))
ENFORCE = by_issuer("enforcement-requested", "2026-10-16T09:00Z", enforcing_authority="ncco")  # a Friday


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
