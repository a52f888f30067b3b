"""The emergency of an order and the review of the enforcing authority: from when until when, for which version."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.scenarios import (
    Fact,
    Office,
    by_authority,
    by_issuer,
    corrected,
    given,
    issued,
    labels,
    moment,
    named,
    received,
)

ORDER = issued("2026-10-01T09:00Z", "EPOC", "message-content", data_categories=["content"])
ARRIVED = by_authority("notification-received", "2026-10-02T09:00Z", label="arrived")
TEN_DAYS = "2026-10-12T22:00Z"  # they end on Monday 12 October in Stockholm

# -- emergency ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stated", [None, False, True])
def test_an_order_is_an_emergency_from_its_issue_only_if_it_says_so(stated: bool | None) -> None:
    reading = given(issued("2026-10-01T09:00Z", "EPOC", emergency=stated)).reading
    assert reading.emergency.lasts(moment("2026-10-01T09:00Z")) is (stated is True)
    assert not given(received("2026-10-01T09:00Z")).reading.emergency.lasts(moment("2026-10-01T09:00Z"))


@pytest.mark.parametrize(("outcome", "ends"), [("ended", True), ("downgraded", True), ("upheld", False)])
def test_an_emergency_ends_where_it_is_ended_or_downgraded(outcome: str, ends: bool) -> None:
    over = by_issuer("emergency-reassessed", "2026-10-01T13:00Z", outcome=outcome, effective_at="2026-10-01T12:00:00Z")
    emergency = given(issued("2026-10-01T09:00Z", "EPOC", emergency=True), over).reading.emergency
    assert emergency.lasts(moment("2026-10-01T11:59:59Z"))
    assert emergency.lasts(moment("2026-10-01T12:00Z")) is not ends


def test_of_several_ends_of_an_emergency_the_earliest_effect_comes_first() -> None:
    def over(on: str, effect: str) -> Fact:
        return by_issuer("emergency-reassessed", on, label=effect, outcome="ended", effective_at=effect)

    first, second = "2026-10-01T12:00:00Z", "2026-10-01T14:00:00Z"
    ends = given(
        ORDER, over("2026-10-01T13:00Z", second), over("2026-10-01T15:00Z", first)
    ).reading.emergency.reassessed
    assert [(at, *labels(e)) for at, e in ends] == [(moment(first), first), (moment(second), second)]


# -- notification ------------------------------------------------------------------------------------------------------


def test_no_authority_has_to_be_notified_of_an_order_that_is_not_on_record_or_not_for_production() -> None:
    def required(*facts: Fact, instrument: str = "EPOC") -> bool:
        return given(*facts, issued("2026-10-05T09:00Z", instrument, label="late", role="SP")).reading.review.required

    assert required(ORDER)
    assert not required(ARRIVED)
    kept = issued("2026-10-01T09:00Z", "EPOC-PR", data_categories=["content"])
    assert not given(kept).reading.review.required


@pytest.mark.parametrize(
    ("facts", "notification"),
    [
        ([ARRIVED], ["arrived"]),
        ([ARRIVED, by_authority("notification-received", "2026-10-03T09:00Z", label="again")], ["arrived"]),
        ([ARRIVED, corrected("2026-10-04T09:00Z", "c")], ["arrived"]),
        (
            [
                ARRIVED,
                corrected("2026-10-04T09:00Z", "c"),
                by_authority("notification-received", "2026-10-05T09:00Z", label="of c"),
                by_authority("notification-received", "2026-10-06T09:00Z", label="of c again"),
            ],
            ["of c"],
        ),
        ([], []),
    ],
    ids=["one", "a second arrival", "a version not notified", "a version notified again", "none"],
)
def test_the_time_of_the_authority_starts_with_the_first_arrival_of_the_last_version_that_arrived(
    facts: list[Fact], notification: list[str]
) -> None:
    assert labels(given(ORDER, *facts).reading.review.notification) == notification


def test_an_arrival_without_an_order_on_record_is_the_notification_of_no_version() -> None:
    assert labels(given(ARRIVED).reading.review.notification) == ["arrived"]


@pytest.mark.parametrize(
    ("order", "facts", "end"),
    [
        (ORDER, [ARRIVED], TEN_DAYS),
        (ORDER, [], None),
        (ORDER, [by_authority("notification-received", "2026-10-02T09:00Z", at="2026-10-04T09:00Z")], None),
        (ORDER.changed(instrument="EPOC-PR"), [ARRIVED], None),
        (ORDER.changed(emergency=True), [ARRIVED], "2026-10-06T10:00Z"),  # 96 hours from the next full hour
        (
            ORDER,
            [by_issuer("emergency-declared", "2026-10-02T09:00:01Z", threat="life", emergency_reasons="x"), ARRIVED],
            TEN_DAYS,
        ),
    ],
    ids=["ten days", "not arrived", "late", "preservation", "emergency", "an emergency later"],
)
def test_the_authority_has_ten_days_from_a_sure_arrival_and_in_an_emergency_96_hours(
    order: Fact, facts: list[Fact], end: str | None
) -> None:
    review = given(order, *facts).asked_at("2026-10-20T09:00Z").reading.review
    assert review.end == (moment(end) if end else None)
    assert (review.period is None) is (end is None)


def test_the_days_are_those_of_the_party_of_the_authority() -> None:
    elsewhere = {"ncco": Office("XO", ("NOT",))}
    assert given(ORDER, ARRIVED).among(**elsewhere).reading.review.end == moment("2026-10-13T00:00Z")


@pytest.mark.parametrize(
    ("facts", "end"),
    [([ARRIVED], "2026-10-20T00:00Z"), ([], None)],
    ids=["notified", "never notified"],
)
def test_an_extension_moves_the_end_only_of_a_period_that_began(facts: list[Fact], end: str | None) -> None:
    extension = by_issuer("deadline-extended", "2026-10-05T09:00Z", deadline="E-12-1", new_due="2026-10-20T00:00:00Z")
    assert given(ORDER, *facts, extension).reading.review.end == (moment(end) if end else None)


def raised(on: str, **more: Any) -> Fact:
    return by_authority("ground-for-refusal-raised", on, label="ground", grounds=["EPOC:12(1)(a)"], scope="all", **more)


def test_a_ground_in_time_is_raised_before_the_end_by_an_office_that_may() -> None:
    for ground, in_time in (
        (raised("2026-10-12T21:59:59Z"), True),
        (raised(TEN_DAYS), False),
        (raised("2026-10-05T09:00Z", speaks="observation", whose="nobody"), False),
    ):
        reading = given(ORDER, ARRIVED, ground).reading
        assert reading.review.ground_in_time(named(reading, "ground")) is in_time
        assert labels(*reading.review.grounds_in_time) == (["ground"] if in_time else [])
