"""When time alone changes a judgement: the ends of clocks, days that entries state, and entries still to come."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.law import judge
from ledger.law.turns import next_turn
from tests.support.scenarios import (
    Fact,
    Office,
    Story,
    by_issuer,
    by_provider,
    fact,
    given,
    issued,
    moment,
    received,
)

ISSUED, RECEIVED = issued("2027-03-01T09:00Z", "VOL"), received("2027-03-02T08:30Z")
NOW = "2027-03-03T00:00Z"


def turn(*facts: Fact, register: tuple[Fact, ...] = (), at: str = NOW, order: Fact = ISSUED) -> str | None:
    """Return the next turn after a moment, without its seconds."""
    story: Story = given(order, *facts).among(office=Office("XO", ("DPO",))).registered(*register)
    found = next_turn(story.case, judge(story.case, moment(at)), moment(at))
    return None if found is None else f"{found:%Y-%m-%dT%H:%M}"


def put(kind: str, on: str, **fields: Any) -> Fact:
    """Make an entry of the register, which was recorded before the moment that it is dated at."""
    return fact(kind, on, "registrar", "ADM", at="2027-03-01T09:00Z", **fields)


def test_an_order_without_clocks_and_stated_days_does_not_turn() -> None:
    assert turn(RECEIVED) is None


def test_a_clock_turns_at_its_end_and_a_day_later() -> None:
    order = issued("2027-03-01T09:00Z", "2AP-7")
    assert turn(RECEIVED, order=order) == "2027-04-01T22:00"
    assert turn(RECEIVED, order=order, at="2027-04-01T21:59:59Z") == "2027-04-01T22:00"
    assert turn(RECEIVED, order=order, at="2027-04-01T22:00Z") == "2027-04-02T22:00"
    assert turn(RECEIVED, order=order, at="2027-04-02T22:00Z") is None


def test_an_entry_turns_when_it_is_recorded_and_when_it_happens() -> None:
    later = by_provider("no-data-held", "2027-03-05T09:00Z", at="2027-03-04T09:00Z")
    assert turn(RECEIVED, later) == "2027-03-04T09:00"
    assert turn(RECEIVED, later, at="2027-03-04T09:00Z") == "2027-03-05T09:00"
    assert turn(RECEIVED, later, at="2027-03-05T09:00Z") is None


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (put("authority-changed", "2027-03-20T09:00Z", actor="skylark", valid_from="2027-03-20"), "2027-03-20T09:00"),
        (put("party-registered", "2027-03-20T09:00Z", party="XV", zone="UTC", holidays=[]), "2027-03-20T09:00"),
        (put("party-registered", "2027-03-20T09:00Z", party="XQ", zone="UTC", holidays=[]), None),
        (put("party-registered", "2027-03-02T09:00Z", party="XV", zone="UTC", holidays=[]), None),
        (put("transfers-suspended", "2027-03-20T09:00Z", from_party="XQ", to_party="XR"), "2027-03-20T09:00"),
    ],
    ids=["its office", "its Party", "another Party", "in force already", "what may reach any order"],
)
def test_an_entry_of_the_register_turns_the_orders_that_it_reaches_when_its_date_comes(
    entry: Fact, expected: str | None
) -> None:
    assert turn(RECEIVED, register=(entry,)) == expected


def delayed(kind: str = "delayed", **fields: Any) -> Fact:
    late = "2027-03-02T20:00Z"  # recorded more than a day late: it starts no clock
    return by_issuer(f"customer-notification-{kind}", "2027-03-01T10:00Z", at=late, grounds=["LED:13(3)(a)"], **fields)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((delayed(review_on="2027-06-01"),), "2027-06-02T00:00"),
        ((delayed("delay-extended", about="x", review_on="2027-06-01"),), "2027-06-02T00:00"),
        ((delayed("omitted", review_on="2027-06-01"),), None),
    ],
    ids=["a delay", "an extension", "no delay"],
)
def test_a_delay_turns_after_the_day_of_its_review(facts: tuple[Fact, ...], expected: str | None) -> None:
    assert turn(RECEIVED, *facts) == expected


@pytest.mark.parametrize(("valid_from", "expected"), [("2027-03-10", "2027-03-10T00:00"), ("2027-03-03", None)])
def test_a_general_notice_turns_at_the_beginning_of_its_first_day(valid_from: str, expected: str | None) -> None:
    notice = fact("notice-published", "2027-03-01T10:00Z", "office", "DPO", valid_from=valid_from)
    assert turn(RECEIVED, register=(notice,)) == expected
    assert turn(RECEIVED, notice) == expected
