"""The start, the answer and the verdict of a clock, whichever it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Entry
from ledger.law.deadlines.deadline_base import (
    RunningPeriod,
    answered,
    earliest,
    first_of,
    since,
    start_by_receipt,
    start_period,
    window,
    with_twin,
)
from ledger.law.deadlines.direct_cooperation import D_7_7
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.calendar import CountedPeriod, Days, calendar_days
from ledger.law.terms.computation import ComputationStep
from ledger.law.terms.rule import ClockVerdict
from tests.support.scenarios import (
    DAY,
    Fact,
    by_issuer,
    corrected,
    disclosed,
    fact,
    given,
    issued,
    labels,
    leaf,
    moment,
    named,
    received,
)

ISSUED, RECEIVED = issued("2027-03-01T09:00Z"), received("2027-03-02T08:30Z")
UTC_DAYS = Days("UTC")
DUE = moment("2027-03-13T00:00Z")  # ten days from 2 March in UTC


def ten_days(start: datetime) -> CountedPeriod:
    return calendar_days(start, 10, UTC_DAYS)


def read(*facts: Fact, at: str = "2027-04-01T09:00Z") -> OrderReading:
    return given(ISSUED, RECEIVED, *facts).asked_at(at).reading


def running(r: OrderReading, **options: Any) -> RunningPeriod:
    return start_period(r, D_7_7, named(r, "receipt"), ten_days, **options)


def entries(r: OrderReading) -> tuple[Entry, ...]:
    return r.entries.of("data-disclosed")


def answer(on: str, label: str = "answer", at: str | None = None, **more: Any) -> Fact:
    return disclosed(on, label=label, at=at, **more)


ARRIVED = fact("evidence-received", "2027-03-12T12:00Z", "orn", "RET", about="answer", check="equal")
LATE = answer("2027-03-11T09:00Z", at="2027-03-13T00:00Z")  # before the end, recorded at it and a day late

# -- verdicts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "at", "verdict", "met_by"),
    [
        ([], "2027-03-12T23:59:59Z", "OPEN", []),
        ([], "2027-03-13T00:00:00Z", "MISSED", []),
        ([answer("2027-03-12T23:59:59Z")], "2027-04-01T09:00Z", "MET", ["answer"]),
        ([answer("2027-03-13T00:00:00Z")], "2027-04-01T09:00Z", "MISSED", ["answer"]),
        ([answer("2027-03-10T09:00Z", "a"), answer("2027-03-09T09:00Z", "b")], "2027-04-01T09:00Z", "MET", ["b"]),
        ([LATE], "2027-04-01T09:00Z", "UNDETERMINED", ["answer"]),
        ([LATE, answer("2027-03-12T09:00Z", "again")], "2027-04-01T09:00Z", "MET", ["again"]),
        ([LATE, answer("2027-03-14T09:00Z", "again")], "2027-04-01T09:00Z", "UNDETERMINED", ["answer"]),
        ([LATE, ARRIVED], "2027-04-01T09:00Z", "MET", ["answer"]),
        ([replace(LATE, on_source="receipt-stamp")], "2027-04-01T09:00Z", "MET", ["answer"]),
        ([answer("2027-03-11T09:00Z", at="2027-03-12T23:59:59Z")], "2027-04-01T09:00Z", "MET", ["answer"]),
        ([answer("2027-03-12T09:00Z", at="2027-03-13T08:59Z")], "2027-04-01T09:00Z", "MET", ["answer"]),
        ([answer("2027-03-13T00:00Z", at="2027-03-15T08:59Z")], "2027-04-01T09:00Z", "MISSED", ["answer"]),
    ],
    ids=[
        "running",
        "over",
        "in the last second",
        "at the end",
        "the first that happened",
        "recorded after the end",
        "another one in time",
        "another one too late",
        "its arrival in time",
        "stamped",
        "recorded late before the end",
        "recorded within a day",
        "late in both",
    ],
)
def test_a_clock_is_met_by_an_answer_before_its_end_that_was_recorded_by_then_or_is_supported(
    facts: list[Fact], at: str, verdict: str, met_by: list[str]
) -> None:
    r = read(*facts, at=at)
    clock = answered(running(r), entries(r))
    assert (str(clock.verdict), clock.due) == (verdict, DUE)
    assert clock.met_by == tuple(map(leaf, met_by))
    assert clock.entries == (leaf("receipt"), *map(leaf, met_by))
    assert clock.trigger == leaf("receipt")


def test_a_clock_may_be_met_until_a_later_moment_than_the_end_that_it_shows() -> None:
    def verdict(at: str, *facts: Fact) -> str:
        r = read(*facts, at=at)
        return str(running(r).judged(first_of(entries(r)), entries(r), DUE + DAY)[0])

    assert verdict("2027-03-13T23:59:59Z") == "OPEN"
    assert verdict("2027-03-14T00:00:00Z") == "MISSED"
    assert verdict("2027-04-01T09:00Z", answer("2027-03-13T23:59:59Z")) == "MET"
    assert verdict("2027-04-01T09:00Z", answer("2027-03-14T00:00:00Z")) == "MISSED"
    assert verdict("2027-04-01T09:00Z", answer("2027-03-13T12:00:00Z", at="2027-03-16T09:00Z")) == "UNDETERMINED"


def test_a_clock_that_nothing_has_started_is_not_determined_and_names_the_first_answer() -> None:
    r = read(answer("2027-03-10T09:00Z"))
    for trigger in (
        None,
        named(given(ISSUED, received("2027-03-02T08:30Z", at="2027-03-09T09:00Z")).reading, "receipt"),
    ):
        w = start_period(r, D_7_7, trigger, ten_days)
        assert (w.due, w.count) == (None, None)
        assert not w.before(named(r, "answer"))
        clock = answered(w, entries(r))
        assert clock.verdict is ClockVerdict.UNDETERMINED
        assert clock.met_by == (leaf("answer"),)
        assert clock.trigger == (None if trigger is None else leaf("receipt"))


def test_an_entry_is_before_the_end_until_its_last_second() -> None:
    r = read(answer("2027-03-12T23:59:59Z", "in"), answer("2027-03-13T00:00Z", "out"))
    assert running(r).before(named(r, "in"))
    assert not running(r).before(named(r, "out"))


@pytest.mark.parametrize(
    ("facts", "at", "verdict"),
    [
        ([], "2027-03-12T23:59:59Z", "OPEN"),
        ([], "2027-03-13T00:00:00Z", "NOT-RUNNING"),
        ([answer("2027-03-14T00:00Z")], "2027-03-15T00:00Z", "MISSED"),
        ([answer("2027-03-10T00:00Z")], "2027-03-15T00:00Z", "MET"),
    ],
)
def test_a_window_that_closed_unused_does_not_run_and_one_used_too_late_was_missed(
    facts: list[Fact], at: str, verdict: str
) -> None:
    r = read(*facts, at=at)
    assert str(window(running(r), iter(entries(r))).verdict) == verdict


# -- ends that were set, and rolled ends -------------------------------------------------------------------------------

EXTENDED = by_issuer(
    "deadline-extended", "2027-03-05T09:00Z", label="extended", deadline="D-7-7", new_due="2027-03-20T00:00:00Z"
)


def test_an_end_that_was_set_counts_also_where_the_start_is_not_known() -> None:
    r = read(EXTENDED)
    assert running(r).due == moment("2027-03-20T00:00Z")
    assert start_period(r, D_7_7, None, ten_days).due == moment("2027-03-20T00:00Z")
    assert running(r, extendable=False).due == DUE
    clock = answered(running(r), ())
    assert clock.entries == (leaf("receipt"), leaf("extended"))
    (note,) = clock.notes
    assert isinstance(note, ComputationStep)
    assert (note.input, note.output, note.entries) == (
        "2027-03-13T00:00:00Z",
        "2027-03-20T00:00:00Z",
        (leaf("extended"),),
    )
    assert answered(running(read()), ()).notes == ()
    (unstarted,) = answered(start_period(r, D_7_7, None, ten_days), ()).notes
    assert isinstance(unstarted, ComputationStep)
    assert unstarted.input == ""


def test_an_end_set_for_an_earlier_version_does_not_bind_the_period_that_a_receipt_starts_again() -> None:
    r = read(EXTENDED, corrected("2027-03-06T09:00Z", "c"))
    assert running(r).due == moment("2027-03-20T00:00Z")
    assert running(r, versioned=True).due == DUE
    again = read(EXTENDED, corrected("2027-03-06T09:00Z", "c"), received("2027-03-07T09:00Z", "again", about="c"))
    assert start_by_receipt(again, D_7_7, ten_days).due == DUE + 5 * DAY
    assert start_by_receipt(read(EXTENDED), D_7_7, ten_days, extendable=False).due == DUE


def test_a_period_starts_at_the_moment_that_its_trigger_states_if_it_states_one() -> None:
    assert running(read(), start=moment("2027-03-04T09:00Z")).due == DUE + 2 * DAY


def test_only_an_end_on_a_free_day_that_was_not_set_has_a_rolled_twin() -> None:
    """The tenth day is Friday 12 March; the eleventh is a Saturday."""
    r = read()
    assert running(r).rolled() is None
    eleven = start_period(r, D_7_7, named(r, "receipt"), lambda on: calendar_days(on, 11, UTC_DAYS))
    twin = eleven.rolled()
    assert twin is not None
    assert (eleven.due, twin.due) == (DUE + DAY, DUE + 3 * DAY)
    assert start_period(r, D_7_7, None, ten_days).rolled() is None
    assert replace(eleven, extension=named(read(EXTENDED), "extended")).rolled() is None
    clocks = list(with_twin(eleven, lambda w: w.judged(first_of(()))))
    assert [(c.policy, c.due) for c in clocks] == [("2AP-CAL", DUE + DAY), ("2AP-CAL+ROLL", DUE + 3 * DAY)]
    assert [c.policy for c in with_twin(running(r), lambda w: w.judged(first_of(())))] == ["2AP-CAL"]


# -- answers -----------------------------------------------------------------------------------------------------------


def test_of_several_answers_the_earliest_counts_by_time_and_then_by_place() -> None:
    r = read(
        answer("2027-03-10T09:00Z", "later"), answer("2027-03-09T09:00Z", "first"), answer("2027-03-09T09:00Z", "next")
    )
    one, two, three = (first_of([named(r, label)]) for label in ("later", "next", "first"))
    none = first_of(())
    assert labels(earliest(one, two, three, none)(frozenset())) == ["first"]
    assert labels(earliest(one, two, three)(frozenset({leaf("first")}))) == ["next"]
    assert earliest(none)(frozenset()) is None
    assert labels(first_of(entries(r))(frozenset({leaf("first")}))) == ["next"]


def test_after_a_material_correction_only_what_comes_from_then_on_can_answer() -> None:
    facts = (answer("2027-03-05T08:59:59Z", "before"), answer("2027-03-05T09:00Z", "after"))
    assert labels(*since(read(*facts), "data-disclosed")) == ["before", "after"]
    assert labels(*since(read(*facts, corrected("2027-03-05T09:00Z", "c")), "data-disclosed")) == ["after"]


def test_a_clock_names_the_referral_back_that_it_waits_for_and_what_else_it_rests_on_once() -> None:
    back = fact("order-referred-back", "2027-03-05T09:00Z", "skylark", "SP", label="back", reason_codes=["other"])
    r = read(back, answer("2027-03-06T09:00Z"))
    w = replace(running(r), waiting=named(r, "back"))
    clock = w.clock(ClockVerdict.NOT_RUNNING, named(r, "answer"), named(r, "back"), None)
    assert clock.entries == (leaf("receipt"), leaf("back"), leaf("answer"))
    assert len(clock.notes) == 1
    assert clock.policy == "2AP-CAL"
    assert w.clock(ClockVerdict.OPEN, None, policy="OTHER").policy == "OTHER"
