"""Which data an order is for: the elements that it names decide, and the label is compared with them."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.facts.vocabulary import ELEMENTS
from tests.support.judging import codes, finds, finds_not
from tests.support.scenarios import Fact, Story, corrected, disclosed, fact, given, issued, received, sent

RECEIVED = received("2027-03-01T10:00Z")


def epoc(category: str, *elements: str, capacity: str = "public-prosecutor", **fields: Any) -> Fact:
    """Make a European order of a public prosecutor."""
    stated = {"issuing_capacity": capacity, "data_categories": [category], **fields}
    return issued("2027-03-01T09:00Z", "EPOC", *elements, **stated)


@pytest.mark.parametrize("name", ELEMENTS)
@pytest.mark.parametrize("category", ["subscriber", "identification", "traffic", "content"])
def test_the_stricter_of_label_and_elements_says_who_may_issue_whom_to_notify_and_for_which_offence(
    name: str, category: str
) -> None:
    heavy = ("traffic", "content")
    strict = category in heavy or ELEMENTS[name].eu in heavy
    found = codes(given(epoc(category, name, offence_threshold="below"), sent("2027-03-01T09:30Z")))
    assert ("V-4-COMPETENCE" in found) is strict
    assert ("V-5-4" in found) is strict
    assert ("V-8-MISSING" in found) is strict
    same = ELEMENTS[name].eu == category or (category == "traffic" and ELEMENTS[name].eu == "identification")
    assert ("W-3-CATEGORY" in found) is not same


def test_message_content_under_the_label_of_subscriber_data_is_no_order_that_a_prosecutor_may_issue() -> None:
    story = given(epoc("subscriber", "message-content"))
    finds(story, "W-3-CATEGORY", A5="GAP")
    finds(story, "V-4-COMPETENCE", A4="CONTRADICTED")
    finds_not(given(epoc("content", "message-content", capacity="judge")), "W-3-CATEGORY")


def test_a_correction_that_asks_for_more_is_compared_too() -> None:
    order = epoc("subscriber", "name")
    finds_not(given(order), "W-3-CATEGORY")
    wider = corrected("2027-03-02T09:00Z", "wider", elements_sought=["name", "connection-log"])
    finds(given(order, wider), "W-3-CATEGORY")


def test_data_of_a_category_that_was_not_ordered_are_found_in_the_disclosure() -> None:
    order = given(epoc("subscriber", "name"), RECEIVED)
    finds(order.when(disclosed("2027-03-05T09:00Z", "name", "message-content")), "W-3-DISCLOSED", A5="GAP")
    finds_not(order.when(disclosed("2027-03-05T09:00Z", "name", "postal-address")), "W-3-DISCLOSED")


@pytest.mark.parametrize(
    ("instrument", "category", "element", "reached"),
    [
        ("2AP-6", "domain-registration", "domain-holder", True),
        ("2AP-6", "traffic", "message-headers", False),
        ("2AP-7", "subscriber", "name", True),
        ("2AP-7", "subscriber", "login-ip", True),
        ("2AP-7", "identification", "login-ip", True),
        ("2AP-7", "subscriber", "message-content", False),
        ("2AP-7", "content", "name", False),
        ("2AP-8", "traffic", "connection-log", True),
        ("2AP-8", "subscriber", "name", True),
        ("2AP-8", "traffic", "stored-files", False),
    ],
)
def test_the_articles_of_the_protocol_reach_the_data_in_their_title_alone(
    instrument: str, category: str, element: str, reached: bool
) -> None:
    story = given(issued("2027-03-01T09:00Z", instrument, element, data_categories=[category]))
    assert ("V-2AP-SCOPE" not in codes(story)) is reached
    if not reached:
        finds(story, "V-2AP-SCOPE", A5="CONTRADICTED")


def test_what_is_no_longer_sought_is_surplus_if_it_was_sent_after_the_order_was_narrowed() -> None:
    narrowing: dict[str, Any] = {"adapts": "issued", "elements_sought": ["name"], "cause": "own-motion"}

    def received_of(on: str) -> Story:
        narrowed = fact("order-adapted", "2027-03-03T09:00Z", "ilves", "ISS", **narrowing)
        data = disclosed(on, "name", "postal-address", label="data")
        evidence = fact("evidence-received", "2027-03-08T09:00Z", "orn", "RET", check="equal", about="data")
        order = issued("2027-03-01T09:00Z", "EPOC", "name", "postal-address")
        return given(order, RECEIVED, narrowed, data, evidence).asked_at("2027-05-01T00:00Z")

    finds(received_of("2027-03-05T09:00Z"), "V-14-2b")
    finds_not(received_of("2027-03-02T09:00Z"), "V-14-2b")
