"""What is due, the soonest first; and each deadline that was open once, with how often it changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec.structs import replace as with_fields

from ledger.entries.case import Case
from ledger.law import Judgement, read_order
from ledger.law.terms.rule import Clock, ClockVerdict
from projections.views.due import Duty, due, followed, soonest_first, with_end
from tests.support.judging import judged
from tests.support.scenarios import DAY, LABELS, Fact, disclosed, given, issued, moment, received

ISSUED = issued("2027-03-01T09:00Z")
RECEIVED = received("2027-03-02T08:30Z")
ANSWERED = disclosed("2027-03-10T09:00Z")


def clock_of(*facts: Fact, at: str) -> Clock:
    case = given(issued("2027-03-01T09:00Z"), *facts).case
    return next(c for c in read_order(case, moment(at)).deadlines.clocks if c.id == "D-7-7")


OPEN = clock_of(RECEIVED, at="2027-03-03T09:00Z")


def test_a_deadline_is_due_while_it_is_open_not_computed_or_missed_without_an_answer() -> None:
    judgement = judged(given(issued("2027-03-01T09:00Z"), RECEIVED))
    assert OPEN.due is not None
    asked = {
        (verdict, answers): [
            d.clock.verdict
            for d in due(_with(judgement, replace(OPEN, verdict=verdict, met_by=answers)), OPEN.due - DAY)
        ]
        for verdict in ClockVerdict
        for answers in ((), ("a" * 64,))
    }
    listed = {key for key, found in asked.items() if found}
    answered = ("a" * 64,)
    assert listed == {
        (ClockVerdict.OPEN, ()),
        (ClockVerdict.OPEN, answered),
        (ClockVerdict.UNDETERMINED, ()),
        (ClockVerdict.UNDETERMINED, answered),
        (ClockVerdict.MISSED, ()),
    }
    (one,) = due(_with(judgement, OPEN), OPEN.due - DAY)
    assert (one.left, one.over, one.order, one.state) == (DAY, False, judgement.order, judgement.state)
    assert due(_with(judgement, OPEN), OPEN.due)[0].over, "its end is no longer in time"
    assert not due(_with(judgement, OPEN), OPEN.due - timedelta(seconds=1))[0].over
    (unknown,) = due(_with(judgement, replace(OPEN, verdict=ClockVerdict.UNDETERMINED, due=None)), OPEN.due)
    assert (unknown.left, unknown.over) == (None, False)


def _with(judgement: Judgement, clock: Clock) -> Judgement:
    return with_fields(judgement, deadlines=(clock,))


def test_what_could_not_be_computed_comes_first_then_the_soonest() -> None:
    def duty(left: float | None, order: str = "a", id: str = "D-1") -> Duty:
        return Duty(order, None, "2AP-7", "SENT", replace(OPEN, id=id), None if left is None else left * DAY)

    wanted = [
        duty(None),
        duty(None, "b"),
        duty(-2),
        duty(0),
        duty(1, "a", "D-1"),
        duty(1, "a", "D-2"),
        duty(1, "b"),
        duty(3),
    ]
    assert soonest_first(reversed(wanted)) == wanted


def at(*facts: Fact, now: str) -> tuple[bool, int, object]:
    case = given(issued("2027-03-01T09:00Z"), *facts).case
    found = [one for one in followed(case, moment(now)) if one.clock.id == "D-7-7" and one.number == 0]
    assert len(found) == 1
    return found[0].open, found[0].changes, found[0].clock.due


def test_a_deadline_is_followed_from_its_opening_to_its_answer_and_each_change_is_counted() -> None:
    assert at(RECEIVED, now="2027-03-03T09:00Z") == (True, 0, OPEN.due)
    assert at(RECEIVED, ANSWERED, now="2027-03-09T09:00Z")[:2] == (True, 0), "as it was known then"
    assert at(RECEIVED, ANSWERED, now="2027-03-11T09:00Z")[:2] == (False, 1)
    assert at(RECEIVED, ANSWERED, now="2029-03-11T09:00Z")[:2] == (False, 1)


def test_nothing_is_followed_before_a_deadline_begins() -> None:
    case = given(issued("2027-03-01T09:00Z")).case
    assert [one for one in followed(case, moment("2027-03-01T10:00Z")) if one.clock.id == "D-7-7"] == []


def test_equal_deadlines_are_numbered_by_their_ends_and_those_without_an_end_left_out() -> None:
    assert OPEN.due is not None
    later, other = replace(OPEN, due=OPEN.due + DAY), replace(OPEN, id="D-8", due=OPEN.due + 2 * DAY)
    listed = list(with_end([other, later, replace(OPEN, due=None), OPEN]))
    assert listed == [
        ((OPEN.id, OPEN.trigger, 0), OPEN),
        ((OPEN.id, OPEN.trigger, 1), later),
        (("D-8", OPEN.trigger, 0), other),
    ]


@pytest.mark.parametrize("trigger", ["x", None])
def test_a_deadline_of_another_trigger_is_another_one(trigger: str | None) -> None:
    other = replace(OPEN, trigger=trigger)
    assert [key[2] for key, _ in with_end([OPEN, other])] == [0, 0]


def test_a_deadline_that_is_no_longer_listed_is_closed_by_one_change() -> None:
    again = received("2027-03-04T09:00Z", "again", replaces="receipt")
    case = given(ISSUED, RECEIVED, again).case
    found = [one for one in followed(case, moment("2027-03-06T09:00Z")) if one.clock.id == "D-7-7"]
    by_label = {LABELS[str(one.clock.trigger)]: (one.open, one.changes) for one in found}
    assert by_label == {"receipt": (False, 1), "again": (True, 0)}
    answered = given(ISSUED, RECEIVED, ANSWERED.moved("2027-03-03T09:00Z"), again).case
    assert at_trigger(answered, "receipt") == (False, 1), "it was closed by the answer before"


def at_trigger(case: Case, label: str) -> tuple[bool, int]:
    found = [one for one in followed(case, moment("2027-03-06T09:00Z")) if one.clock.id == "D-7-7"]
    return next((one.open, one.changes) for one in found if LABELS[str(one.clock.trigger)] == label)
