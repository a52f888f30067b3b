"""The versions of an order: who serves one, what the order states, what a correction supplies."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.scenarios import (
    Fact,
    Office,
    by_issuer,
    corrected,
    fact,
    given,
    issued,
    labels,
    leaf,
    moment,
    named,
    received,
    sent,
)

ISSUED = issued("2027-03-01T09:00Z")
SENT, LATER = sent("2027-03-03T08:00Z"), received("2027-03-04T08:30Z")
POC = {"poc": Office("XO", ("POC",))}


def by_role(role: str, by: str) -> Fact:
    """Make a fact: an office sends the order before the issuing authority does."""
    return replace(SENT, on=moment("2027-03-02T08:00Z"), at=moment("2027-03-02T08:00Z"), by=by, role=role)


@pytest.mark.parametrize(
    ("role", "by", "service", "served"),
    [
        ("ISS", "ilves", "2027-03-02T08:00Z", "2027-03-02T08:00Z"),
        ("CAR", "central", "2027-03-02T08:00Z", "2027-03-02T08:00Z"),
        ("POC", "poc", "2027-03-03T08:00Z", "2027-03-02T08:00Z"),
        ("CAQ", "ncco", "2027-03-03T08:00Z", "2027-03-03T08:00Z"),
    ],
)
def test_a_version_is_served_by_its_issuer_or_central_authority_and_an_order_also_by_a_point_of_contact(
    role: str, by: str, service: str, served: str
) -> None:
    order = given(ISSUED, by_role(role, by), SENT, LATER).among(**POC).reading.order
    assert order.issued is not None
    assert order.service(order.issued) == moment(service)
    assert order.served == moment(served)
    assert order.sent_or_received


def test_an_order_that_only_arrived_is_served_then_and_one_that_nothing_moved_is_not_served() -> None:
    arrived = given(ISSUED, LATER).reading.order
    assert arrived.served == LATER.on
    assert arrived.sent_or_received
    unsent = given(ISSUED, by_issuer("order-withdrawn", "2027-03-02T09:00Z")).reading.order
    assert unsent.served is None
    assert not unsent.sent_or_received


def test_without_an_order_on_record_there_is_no_version_of_anything() -> None:
    reading = given(LATER).reading
    order = reading.order
    assert (order.last_version, order.since, order.version_of(named(reading, "receipt"))) == (None, None, None)
    assert (order.categories, order.traffic_or_content) == (frozenset(), False)
    assert not order.lacks("dp_regime")
    assert not order.instructs("confidentiality")


def test_what_happens_before_the_order_is_of_the_order_as_issued() -> None:
    early = by_issuer("emergency-declared", "2027-02-28T09:00Z", label="early", threat="life")
    reading = given(ISSUED, corrected("2027-03-03T09:00Z", "c"), early).reading
    assert labels(reading.order.version_of(named(reading, "early"))) == ["issued"]
    assert labels(reading.order.last_version) == ["c"]


def test_a_notification_belongs_to_the_version_that_it_names() -> None:
    first = by_issuer("notification-sent", "2027-03-05T09:00Z", label="first")
    second = by_issuer("notification-sent", "2027-03-04T09:00Z", label="second", about="c")
    order = given(ISSUED, corrected("2027-03-03T09:00Z", "c"), first, second).reading.order
    assert [labels(order.notified(version)) for version in order.versions] == [["first"], ["second"]]
    unsent = given(ISSUED, first.changed(about="c")).reading.order
    assert labels(unsent.notified(unsent.versions[0])) == ["first"]  # it names no version
    assert given(ISSUED).reading.order.notified(order.versions[0]) is None


@pytest.mark.parametrize(
    ("categories", "found"),
    [(["traffic"], True), (["subscriber", "content"], True), (["subscriber", "identification"], False), (None, False)],
)
def test_traffic_and_content_are_what_the_order_states_as_categories(categories: list[str] | None, found: bool) -> None:
    stated = issued("2027-03-01T09:00Z", data_categories=categories)
    order = given(stated).reading.order
    assert order.categories == frozenset(categories or ())
    assert order.traffic_or_content is found


@pytest.mark.parametrize(
    ("fields", "supplied", "lacks"),
    [
        ({}, None, True),
        ({}, ["case_ref"], True),
        ({}, ["case_ref", "dp_regime"], False),
        ({"dp_regime": "GDPR"}, None, False),
        ({"dp_regime": ""}, None, True),
    ],
)
def test_an_order_lacks_what_it_leaves_empty_and_no_correction_supplies(
    fields: dict[str, Any], supplied: list[str] | None, lacks: bool
) -> None:
    order = issued("2027-03-01T09:00Z", case_ref="KA-1", **fields)
    reading = given(order, corrected("2027-03-03T09:00Z", "c", material=False, changed_fields=supplied)).reading
    assert reading.order.lacks("dp_regime") is lacks
    assert reading.order.lacks("case_ref", "dp_regime") is lacks
    assert not reading.order.lacks("case_ref")


def test_an_instruction_is_one_that_the_order_names() -> None:
    reading = given(issued("2027-03-01T09:00Z", special_instructions=["confidentiality"])).reading
    assert reading.order.instructs("confidentiality")
    assert not reading.order.instructs("expedited")
    assert not given(ISSUED).reading.order.instructs("confidentiality")


def test_a_correction_is_a_version_only_where_it_says_that_it_is_material() -> None:
    unsaid = fact("order-corrected", "2027-03-03T09:00Z", "ilves", "ISS", label="unsaid")
    assert labels(*given(ISSUED, unsaid).reading.order.versions) == ["issued"]
    assert given(ISSUED, unsaid).reading.order.since is None
    assert leaf("unsaid") in given(ISSUED, unsaid).reading.entries.by_leaf
