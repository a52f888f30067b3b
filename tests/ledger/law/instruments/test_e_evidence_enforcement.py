"""Findings on the procedure for enforcement, art. 16."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.judging import codes, finds, finds_not, state
from tests.support.scenarios import Fact, Story, by_authority, by_issuer, by_provider, given, issued, received, sent


def served(instrument: str = "EPOC", category: str = "content") -> Story:
    """Make an order that was received and not answered, and that was sent for enforcement."""
    order = issued("2027-03-01T09:00Z", instrument, issuing_capacity="judge", data_categories=[category])
    enforce = by_issuer("enforcement-requested", "2027-03-20T09:00Z", label="enforce", enforcing_authority="ncco")
    return given(order, sent("2027-03-01T10:00Z"), received("2027-03-01T10:00Z"), enforce)


def denied(*grounds: str, on: str = "2027-03-24T09:00Z", **fields: Any) -> Fact:
    """Make a fact: the enforcing authority denies enforcement."""
    return by_authority("recognition-decided", on, decision="denied", grounds=list(grounds), **fields)


ASKED = by_authority("additional-information-requested", "2027-03-22T09:00Z", asked_of="ilves")
CODE = "V-16-4-GROUND"


@pytest.mark.parametrize(
    ("instrument", "grounds", "found"),
    [
        ("EPOC", ["EPOC:16(4)(d)"], False),
        ("EPOC", ["EPOC:16(4)(g)", "EPOC:16(4)(a)"], False),
        ("EPOC", [], True),
        ("EPOC", ["EPOC:16(5)(b)"], True),
        ("EPOC", ["EPOC:16(4)(d)", "EPOC:16(5)(b)"], True),
        ("EPOC-PR", ["EPOC:16(5)(f)"], False),
        ("EPOC-PR", ["EPOC:16(4)(a)"], True),
        ("EPOC-PR", [], True),
    ],
)
def test_enforcement_is_denied_on_a_listed_ground_alone(instrument: str, grounds: list[str], found: bool) -> None:
    story = served(instrument).when(ASKED, denied(*grounds))
    assert (CODE in codes(story)) is found
    if found:
        finds(story, "V-16-4-GROUND", A5="GAP")


def test_the_offences_of_article_5_4_are_no_ground_against_an_order_for_subscriber_data() -> None:
    ground = denied("EPOC:16(4)(b)")
    finds(served(category="subscriber").when(ASKED, ground), CODE)
    finds(served(category="identification").when(ASKED, ground), CODE)
    finds_not(served(category="traffic").when(ASKED, ground), CODE)


def test_a_recognition_needs_no_ground_and_no_consultation() -> None:
    recognised = by_authority("recognition-decided", "2027-03-24T09:00Z", decision="recognised")
    finds_not(served().when(recognised), CODE)
    finds_not(served().when(recognised), "W-16-7-NO-CONSULT")


@pytest.mark.parametrize("instrument", ["EPOC", "EPOC-PR"])
def test_the_issuing_authority_is_consulted_before_enforcement_is_denied(instrument: str) -> None:
    story = served(instrument)
    ground = "EPOC:16(4)(a)" if instrument == "EPOC" else "EPOC:16(5)(a)"
    assert finds(story.when(denied(ground)), "W-16-7-NO-CONSULT").effects == ()
    finds(story.when(denied(ground, issuer_consulted_first=False)), "W-16-7-NO-CONSULT")
    finds_not(story.when(denied(ground, issuer_consulted_first=True)), "W-16-7-NO-CONSULT")
    finds_not(story.when(ASKED, denied(ground)), "W-16-7-NO-CONSULT")
    opened = by_authority("consultation-opened", "2027-03-24T09:00Z", consulted="ilves")
    finds_not(story.when(opened, denied(ground)), "W-16-7-NO-CONSULT")
    finds(story.when(denied(ground), opened), "W-16-7-NO-CONSULT")
    finds(story.when(opened.moved("2027-03-19T09:00Z"), denied(ground)), "W-16-7-NO-CONSULT")
    by_the_other_side = by_issuer("consultation-opened", "2027-03-24T08:00Z", consulted="ncco")
    finds(story.when(by_the_other_side, denied(ground)), "W-16-7-NO-CONSULT")


def test_the_addressee_objects_on_a_listed_ground() -> None:
    def objected(*grounds: str) -> Fact:
        return by_provider("addressee-objected", "2027-03-25T09:00Z", grounds=list(grounds))

    assert finds(served().when(objected("EPOC:16(5)(a)")), "W-16-3-GROUND").effects == ()
    finds_not(served().when(objected("EPOC:16(4)(f)")), "W-16-3-GROUND")
    finds(served("EPOC-PR").when(objected("EPOC:16(4)(f)")), "W-16-3-GROUND")
    finds_not(served("EPOC-PR").when(objected("EPOC:16(5)(e)")), "W-16-3-GROUND")


@pytest.mark.parametrize("instrument", ["EPOC", "EPOC-PR"])
def test_neither_compliance_nor_objection_by_the_day_that_is_set_is_a_breach(instrument: str) -> None:
    demand = by_authority("compliance-ordered", "2027-03-24T09:00Z", new_due="2027-03-31T22:00:00Z")
    story = served(instrument).when(demand).asked_at("2027-03-31T22:00:00Z")
    finds(story, "V-16-3-OVERDUE", A6="CONTRADICTED")
    finds_not(story.asked_at("2027-03-31T21:59:59Z"), "V-16-3-OVERDUE")


def test_the_addressee_learns_that_it_may_object_and_what_penalties_there_are() -> None:
    def demand(*parts: str) -> Fact:
        return by_authority(
            "compliance-ordered", "2027-03-24T09:00Z", new_due="2027-03-31T22:00:00Z", includes=list(parts)
        )

    finds_not(served().when(demand("possibility-to-object", "penalties")), "W-16-3-NOT-INFORMED")
    for parts in ((), ("penalties",), ("possibility-to-object",)):
        assert finds(served("EPOC-PR").when(demand(*parts)), "W-16-3-NOT-INFORMED").effects == ()


def test_a_penalty_follows_a_recognition() -> None:
    penalty = by_authority("penalty-imposed", "2027-04-01T09:00Z")
    recognised = by_authority("recognition-decided", "2027-03-24T09:00Z", decision="recognised")
    assert finds(served().when(penalty), "W-16-10-NOT-RECOGNISED").effects == ()
    finds_not(served().when(recognised, penalty), "W-16-10-NOT-RECOGNISED")
    finds(served().when(penalty, recognised.moved("2027-04-02T09:00Z")), "W-16-10-NOT-RECOGNISED")
    finds(served().when(ASKED, denied("EPOC:16(4)(a)"), penalty), "W-16-10-NOT-RECOGNISED")


def test_a_preservation_order_is_enforced_recognised_and_obeyed() -> None:
    story = served("EPOC-PR")
    assert state(story) == "ENFORCEMENT"
    demand = by_authority("compliance-ordered", "2027-03-24T09:00Z", new_due="2027-03-31T22:00:00Z")
    kept = by_provider("preservation-confirmed", "2027-03-30T09:00Z")
    assert state(story.when(demand, kept)) == "PRESERVED"
    assert state(story.when(ASKED, denied("EPOC:16(5)(a)"))) == "ENFORCEMENT_DENIED"
    assert state(story.asked_at("2027-05-01T00:00Z")) == "CEASED"  # the sixty days are over


def test_reasons_that_are_not_accepted_lead_to_enforcement_once_the_time_is_over() -> None:
    """Ten days from 1 March 2027 end with Thursday 11 March in Stockholm."""
    order = issued("2027-03-01T09:00Z", "EPOC", issuing_capacity="judge")
    reasons = by_provider("reasons-for-non-execution-given", "2027-03-05T09:00Z", reason_codes=["service-not-covered"])
    story = given(order, sent("2027-03-01T10:00Z"), received("2027-03-01T10:00Z"), reasons)
    enforce = by_issuer("enforcement-requested", "2027-03-11T23:00:00Z", enforcing_authority="ncco")
    assert state(story.when(enforce)) == "ENFORCEMENT"
    finds_not(story.when(enforce), "W-OUT-OF-SEQUENCE")
    assert state(story.when(enforce.moved("2027-03-11T22:59:59Z"))) == "SERVED"
    nothing = by_provider("no-data-held", "2027-03-05T09:00Z")
    unanswered = given(order, sent("2027-03-01T10:00Z"), received("2027-03-01T10:00Z"))
    assert state(unanswered.when(nothing, enforce)) == "ENFORCEMENT"
    assert state(unanswered.when(enforce, nothing.moved("2027-03-20T09:00Z"))) == "NO_DATA"


def test_a_preservation_that_was_refused_may_be_enforced() -> None:
    order = issued("2027-03-01T09:00Z", "EPOC-PR")
    refused = by_provider("preservation-refused", "2027-03-02T09:00Z", ground="other")
    enforce = by_issuer("enforcement-requested", "2027-03-20T09:00Z", enforcing_authority="ncco")
    assert state(given(order, sent("2027-03-01T10:00Z"), refused, enforce)) == "ENFORCEMENT"


@pytest.mark.parametrize("instrument", ["EPOC", "EPOC-PR"])
def test_the_order_goes_with_its_form_in_a_language_that_is_accepted_and_the_addressee_is_informed(
    instrument: str,
) -> None:
    order = given(issued("2027-03-01T09:00Z", instrument), sent("2027-03-01T10:00Z"), received("2027-03-01T10:00Z"))

    def request(**fields: Any) -> Fact:
        return by_issuer("enforcement-requested", "2027-03-20T09:00Z", enforcing_authority="ncco", **fields)

    whole: dict[str, Any] = {"includes": ["order"], "languages": ["en"], "addressee_informed": True}
    finds_not(order.when(request(**whole)), "W-16-1-TRANSFER")
    assert finds(order.when(request()), "W-16-1-TRANSFER").effects == ()
    for name in whole:
        finds(order.when(request(**{**whole, name: None})), "W-16-1-TRANSFER")
    finds(order.when(request(**{**whole, "addressee_informed": False})), "W-16-1-TRANSFER")
    form = by_provider("reasons-for-non-execution-given", "2027-03-05T09:00Z", reason_codes=["other"])
    finds(order.when(form, request(**whole)), "W-16-1-TRANSFER")
    finds_not(order.when(form, request(**{**whole, "includes": ["order", "non-execution-form"]})), "W-16-1-TRANSFER")
