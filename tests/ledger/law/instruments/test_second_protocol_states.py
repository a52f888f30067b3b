"""Between States: CETS 224 articles 8 and 9, ETS 185; the day on which an instrument enters into force."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.judging import codes, criterion, finds, finds_not, state
from tests.support.scenarios import Fact, Office, Story, by_issuer, disclosed, fact, given, issued, moment, received

OFFICES = {"caq": Office("XV", ("CAQ", "POC")), "poc": Office("XO", ("POC",))}


def order(instrument: str = "2AP-8", **fields: Any) -> Fact:
    """Make a request to the other State."""
    return issued("2027-03-01T09:00Z", instrument, **fields)


def by_state(kind: str, on: str, **fields: Any) -> Fact:
    """Make an act of the requested State."""
    return fact(kind, on, "caq", "CAQ", **fields)


def transmitted(on: str, **fields: Any) -> Fact:
    """Make a fact: the requested State transmits the data."""
    return by_state("data-transmitted-by-state", on, channel="mail", manifest={}, **fields)


def story_of(*facts: Fact) -> Story:
    """Make a story with the offices of both States."""
    return given(*facts).among(**OFFICES)


# -- entry into force --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instrument", "on", "found"),
    [
        ("2AP-7", "2026-12-31T23:59:59Z", True),
        ("2AP-7", "2027-01-01T00:00:00Z", False),
        ("EPOC", "2026-08-17T23:59:59Z", True),
        ("EPOC-PR", "2026-08-18T00:00:00Z", False),
        ("BC-29", "2004-06-30T12:00:00Z", True),
        ("BC-16", "2004-07-01T12:00:00Z", False),
        ("VOL", "1999-07-01T12:00:00Z", False),
        ("SCA", "1999-07-01T12:00:00Z", False),
    ],
)
def test_an_order_is_made_under_an_instrument_in_force(instrument: str, on: str, found: bool) -> None:
    assert ("V-NOT-IN-FORCE" in codes(given(issued(on, instrument)))) is found
    if found:
        finds(given(issued(on, instrument)), "V-NOT-IN-FORCE", A5="CONTRADICTED")


def test_the_day_is_that_of_the_issuing_party() -> None:
    eve = given(issued("2026-12-31T23:30:00Z", "2AP-7"))
    finds(eve, "V-NOT-IN-FORCE")
    finds_not(eve.where("XO", zone="Europe/Helsinki"), "V-NOT-IN-FORCE")


def test_a_treaty_nobody_takes_to_be_in_force_is_not() -> None:
    nowhere = given(order()).where("XO", in_force=()).where("XV", in_force=())
    finds(nowhere, "V-NOT-IN-FORCE")


def test_conditions_nobody_has_read_cannot_be_shown_to_be_met() -> None:
    unread = given(order()).where("XV", verified=False)
    finds(unread, "G-DECLARATIONS-UNVERIFIED", A4="GAP", A5="GAP")
    finds_not(given(order()).where("XO", verified=False), "G-DECLARATIONS-UNVERIFIED")
    finds_not(given(order("BC-31")).where("XV", verified=False), "G-DECLARATIONS-UNVERIFIED")
    finds(given(issued("2027-03-01T09:00Z", "2AP-9", to_party="XX")), "G-DECLARATIONS-UNVERIFIED")


# -- article 8 ---------------------------------------------------------------------------------------------------------


def test_a_provider_is_asked_first_where_that_is_declared_or_it_is_said_why_not() -> None:
    declared = {"declarations": ("D-7-8",)}
    finds(story_of(order()).where("XV", **declared), "V-7-8-NOT-TRIED", A5="CONTRADICTED")
    finds_not(story_of(order(prior_order="first")).where("XV", **declared), "V-7-8-NOT-TRIED")
    finds_not(story_of(order(prior_attempts="None would answer.")).where("XV", **declared), "V-7-8-NOT-TRIED")
    finds_not(story_of(order(data_categories=["traffic"])).where("XV", **declared), "V-7-8-NOT-TRIED")
    finds_not(story_of(order()), "V-7-8-NOT-TRIED")


def test_traffic_data_may_be_reserved() -> None:
    reserved = {"declarations": ("R-8-13",)}
    finds(story_of(order(data_categories=["traffic"])).where("XV", **reserved), "V-8-13-RESERVED", A5="CONTRADICTED")
    finds_not(story_of(order()).where("XV", **reserved), "V-8-13-RESERVED")
    finds_not(story_of(order(data_categories=["traffic"])), "V-8-13-RESERVED")


def test_the_central_authority_sends_where_that_is_declared_and_again_if_another_did() -> None:
    def sent(on: str, by: str, role: str) -> Fact:
        return fact("order-transmitted", on, by, role, addressee="caq", channel="mail")

    central = sent("2027-03-03T09:00Z", "central", "CAR")
    declared = story_of(order()).where("XV", declarations=("D-8-11",))
    for by, role in (("ilves", "ISS"), ("poc", "POC")):
        wrong = sent("2027-03-02T09:00Z", by, role)
        finds(declared.when(wrong), "V-8-11-SENDER", A5="CONTRADICTED")
        finds(declared.when(wrong, central), "V-8-11-SENDER", A5="GAP")
    no_other = declared.when(sent("2027-03-02T09:00Z", "ilves", "ISS"), sent("2027-03-02T10:00Z", "caq", "CAQ"))
    finds(no_other, "V-8-11-SENDER", A5="CONTRADICTED")
    finds_not(declared.when(central), "V-8-11-SENDER")
    finds_not(declared.when(sent("2027-03-02T09:00Z", "caq", "CAQ")), "V-8-11-SENDER")
    finds_not(story_of(order(), sent("2027-03-02T09:00Z", "ilves", "ISS")), "V-8-11-SENDER")


def test_another_authority_that_was_mutually_determined_may_send_the_request() -> None:
    sent = fact("order-transmitted", "2027-03-02T09:00Z", "ilves", "ISS", addressee="caq", channel="mail")
    declared = story_of(order(), sent).where("XV", declarations=("D-8-11",))
    finds(declared, "V-8-11-SENDER")
    finds_not(declared.among(ilves=Office("XO", ("ISS",), ("D-8-11",))), "V-8-11-SENDER")
    finds(declared.among(ilves=Office("XO", ("ISS",), ("C-7-5-e",))), "V-8-11-SENDER")


ACCEPTED = by_state("request-accepted", "2027-03-02T09:00Z", complete_at="2027-03-02T09:00:00Z")  # 45 days: 16 April


def test_service_after_the_45_days_is_looked_at() -> None:
    finds(story_of(order(), ACCEPTED, received("2027-04-16T22:00:00Z")), "W-8-6-SERVICE", A6="GAP")
    finds_not(story_of(order(), ACCEPTED, received("2027-04-16T21:59:59Z")), "W-8-6-SERVICE")


def test_a_return_after_its_time_is_looked_at_and_the_policy_is_named() -> None:
    served = received("2027-03-03T09:00Z")  # 20 days: 23 March
    found = finds(story_of(order(), ACCEPTED, served, disclosed("2027-03-23T23:00:00Z")), "W-8-6-RETURN", A6="GAP")
    assert found.says == "The return came after the time; counted by 2AP-CAL."
    finds_not(story_of(order(), ACCEPTED, served, disclosed("2027-03-23T22:59:59Z")), "W-8-6-RETURN")


@pytest.mark.parametrize("instrument", ["2AP-8", "2AP-9"])
def test_the_protocol_asks_for_no_reasons_of_a_refusal(instrument: str) -> None:
    refused = by_state("request-refused", "2027-03-02T09:00Z", ground="other")
    finds_not(story_of(order(instrument), refused), "V-27-7-NO-REASONS")


# -- article 9 ---------------------------------------------------------------------------------------------------------

ORAL = fact(
    "oral-request-made", "2027-03-01T08:00Z", "poc", "POC", label="oral", spoke_to="caq", confirmation_demanded=True
)
YES = by_state("determination-given", "2027-03-01T10:00Z", result="yes")
NO = by_state("determination-given", "2027-03-01T10:00Z", result="no")
CONFIRMED = fact("request-confirmed-in-writing", "2027-03-01T12:00Z", "poc", "POC", confirms="oral")


def test_a_party_may_refuse_emergency_requests_for_subscriber_information_alone() -> None:
    declared = {"declarations": ("D-9-1-b",)}
    finds(story_of(order("2AP-9")).where("XV", **declared), "V-9-1b", A5="CONTRADICTED")
    finds_not(story_of(order("2AP-9", data_categories=["subscriber", "traffic"])).where("XV", **declared), "V-9-1b")
    finds_not(story_of(order("2AP-9")), "V-9-1b")


def test_an_oral_request_is_confirmed_before_the_data_are_all_there_is_of_it() -> None:
    story = story_of(order("2AP-9"), ORAL, YES)
    finds_not(story, "V-9-4")
    finds(story.when(transmitted("2027-03-01T11:00Z")), "V-9-4", A5="CONTRADICTED")
    finds(story.when(disclosed("2027-03-01T11:00Z")), "V-9-4")
    finds_not(story.when(transmitted("2027-03-01T11:00Z"), CONFIRMED), "V-9-4")
    closed = by_issuer("order-closed", "2027-03-02T10:00Z", outcome="refused")
    finds(story_of(order("2AP-9"), ORAL, NO, closed), "V-9-4")
    undemanded = fact(
        "oral-request-made", "2027-03-01T08:00Z", "poc", "POC", spoke_to="caq", confirmation_demanded=False
    )
    finds_not(story_of(order("2AP-9"), undemanded, YES, transmitted("2027-03-01T11:00Z")), "V-9-4")


def test_an_executed_request_is_sent_again_in_the_declared_form_in_time() -> None:
    declared = {"declarations": ("D-9-5",), "terms": {"D-9-5": "P14D"}}
    story = story_of(order("2AP-9"), YES, transmitted("2027-03-01T11:00Z")).where("XV", **declared)
    assert state(story) == "EXECUTED_PENDING_FORMALISATION"
    finds_not(story.asked_at("2027-03-15T23:59:59Z"), "V-9-5-OVERDUE")
    finds(story.asked_at("2027-03-16T00:00:00Z"), "V-9-5-OVERDUE", A5="CONTRADICTED")
    formalised = by_issuer("emergency-request-formalised", "2027-03-10T11:00Z", channel="mail")
    finds_not(story.when(formalised).asked_at("2027-06-16T00:00:00Z"), "V-9-5-OVERDUE")


def test_a_refusal_is_no_finding_in_itself() -> None:
    refused = by_state("request-refused", "2027-03-02T09:00Z", ground="other", reasons=".")
    assert (
        state(
            story_of(
                order(),
                fact("order-transmitted", "2027-03-01T10:00Z", "central", "CAR", addressee="caq", channel="mail"),
                refused,
            )
        )
        == "REFUSED_BY_STATE"
    )
    assert criterion(story_of(order(), refused), "A4") == "DEMONSTRATED"
    assert moment("2027-03-02T09:00Z") == refused.on
