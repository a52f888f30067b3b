"""Orders under an agreement of 18 U.S.C. 2523: the periods of the United Kingdom, and none of other States."""

from __future__ import annotations

import pytest

from ledger.law.terms.rule import ClockVerdict
from tests.support.judging import finds, finds_not
from tests.support.scenarios import Office, Party, Story, by_issuer, by_provider, corrected, disclosed, issued, received

PARTIES = {"GB": Party("Europe/London"), "AU": Party("Australia/Sydney"), "US": Party("America/Los_Angeles")}


def under(party: str, on: str, *, served: str | None = None, **fields: str) -> Story:
    """Make an order of a State to a provider in the United States."""
    order = issued(on, "COA", from_party=party, to_party="US", **fields)
    facts = (order, received(served)) if served else (order,)
    offices = {"ilves": Office(party, ("ISS",)), "orn": Office(party, ("RET",)), "skylark": Office("US", ("SP",))}
    return Story(facts, parties=PARTIES, offices=offices)


@pytest.mark.parametrize(
    ("on", "end"),
    [
        ("2026-10-05T09:00Z", "2027-01-05T00:00Z"),
        ("2026-10-31T09:00Z", "2027-01-31T00:00Z"),
        ("2026-03-01T09:00Z", "2026-05-31T23:00Z"),  # the clocks have changed
        ("2026-12-01T09:00Z", "2027-03-01T00:00Z"),
        ("2026-11-28T09:00Z", "2027-02-28T00:00Z"),
        ("2026-11-29T09:00Z", "2027-03-01T00:00Z"),  # February has no 29th
        ("2026-11-30T09:00Z", "2027-03-01T00:00Z"),
    ],
)
def test_an_order_of_the_united_kingdom_is_served_within_three_months_beginning_with_its_day(on: str, end: str) -> None:
    under("GB", on).then("OPO-9-SERVICE", ClockVerdict.OPEN, end)
    under("GB", on).asked_at(end).then("OPO-9-SERVICE", ClockVerdict.MISSED, end)


def test_an_order_that_was_not_served_in_time_is_treated_as_quashed() -> None:
    story = under("GB", "2026-10-05T09:00Z")
    finds_not(story.asked_at("2027-01-04T23:59:59Z"), "V-OPO-9-NOT-SERVED")
    finds(story.asked_at("2027-01-05T00:00:00Z"), "V-OPO-9-NOT-SERVED", A4="CONTRADICTED")
    finds_not(under("GB", "2026-10-05T09:00Z", served="2027-01-04T23:59:59Z"), "V-OPO-9-NOT-SERVED")
    finds(under("GB", "2026-10-05T09:00Z", served="2027-01-05T00:00:00Z"), "V-OPO-9-NOT-SERVED")


def test_the_data_are_produced_within_seven_days_beginning_with_the_day_of_service() -> None:
    story = under("GB", "2026-10-05T09:00Z", served="2026-10-12T09:00Z")  # the last day is the 18th, in summer time
    story.then("OPO-5-PRODUCE", ClockVerdict.OPEN, "2026-10-18T23:00Z")
    produced = disclosed("2026-10-18T22:59:59Z")
    story.when(produced).then("OPO-5-PRODUCE", ClockVerdict.MET)
    late = story.when(produced.moved("2026-10-18T23:00:00Z"))
    late.then("OPO-5-PRODUCE", ClockVerdict.MISSED)
    finds(late, "W-OPO-5-LATE", A6="GAP")
    none = by_provider("no-data-held", "2026-10-13T09:00Z")
    story.when(none).then("OPO-5-PRODUCE", ClockVerdict.MET)


def test_the_time_that_the_order_states_goes_before_the_seven_days() -> None:
    story = under("GB", "2026-10-05T09:00Z", served="2026-10-12T09:00Z", return_timeframe="P14D")
    story.then("OPO-5-PRODUCE", ClockVerdict.OPEN, "2026-10-26T00:00Z")


def test_an_order_that_was_withdrawn_before_the_end_needs_no_service_and_no_answer() -> None:
    withdrawn = by_issuer("order-withdrawn", "2026-10-15T09:00Z", reason="no-longer-needed", data_handling="none-held")
    unserved = under("GB", "2026-10-05T09:00Z").when(withdrawn).asked_at("2027-02-01T00:00Z")
    unserved.then("OPO-9-SERVICE", ClockVerdict.NOT_RUNNING)
    finds_not(unserved, "V-OPO-9-NOT-SERVED")
    served = under("GB", "2026-10-05T09:00Z", served="2026-10-12T09:00Z").when(withdrawn)
    served.asked_at("2027-02-01T00:00Z").then("OPO-5-PRODUCE", ClockVerdict.NOT_RUNNING)


@pytest.mark.parametrize("party", ["AU", "US"])
def test_the_periods_of_another_state_could_not_be_read_and_have_no_clock(party: str) -> None:
    story = under(party, "2026-10-05T09:00Z", served="2026-10-12T09:00Z")
    story.then_not_listed("OPO-9-SERVICE")
    story.then_not_listed("OPO-5-PRODUCE")


def test_a_correction_does_not_undo_the_service_of_an_order_of_the_united_kingdom() -> None:
    served = under("GB", "2026-10-05T09:00Z", served="2026-10-12T09:00Z")
    correction = corrected("2027-01-20T09:00Z", "c", elements_sought=["name"])
    for story in (served.when(correction), served.when(correction, received("2027-01-21T09:00Z", "r2", about="c"))):
        story.asked_at("2027-02-01T00:00Z").then("OPO-9-SERVICE", ClockVerdict.MET)
        finds_not(story.asked_at("2027-02-01T00:00Z"), "V-OPO-9-NOT-SERVED")
