"""Findings on articles 4(5), 11(7) and 12(5): an order without validation, reasons against preservation, a waiver."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.entries.case import Unread
from ledger.facts import KINDS
from tests.support.judging import codes, finds, finds_not
from tests.support.scenarios import Fact, Story, by_authority, by_issuer, by_provider, given, issued, received, sent

ON = "2027-03-03T09:00Z"

BOTH: dict[str, Any] = {"not_obtainable_in_time": True, "possible_in_domestic_case": True}


def unvalidated(pending: Any = True, **stated: Any) -> Story:
    """Make an order of the police in an emergency, for which validation is sought after the fact."""
    order = issued(
        "2027-03-01T09:00Z", "EPOC", emergency=True, issuing_capacity="other-authority", validation_pending=pending
    )
    return given(order, by_issuer("ex-post-validation-sought", "2027-03-01T10:00Z", asked_of="ilves", **stated))


def test_an_order_without_validation_states_that_it_could_not_be_had_and_is_possible_in_a_domestic_case() -> None:
    finds_not(unvalidated(**BOTH), "W-4-5-CONDITIONS")
    for name in BOTH:
        finds(unvalidated(**{**BOTH, name: None}), "W-4-5-CONDITIONS", A4="GAP")
        finds_not(unvalidated(**{**BOTH, name: None}), "V-4-COMPETENCE")


@pytest.mark.parametrize("name", BOTH)
def test_an_order_without_validation_that_could_have_been_validated_is_not_competent(name: str) -> None:
    denied = unvalidated(**{**BOTH, name: False})
    finds(denied, "V-4-COMPETENCE", A4="CONTRADICTED")
    finds_not(denied, "W-4-5-CONDITIONS")
    finds_not(unvalidated(**BOTH), "V-4-COMPETENCE")


@pytest.mark.parametrize("value", [False, *Unread])
def test_who_may_not_read_that_validation_is_pending_learns_nothing_of_its_conditions(value: Any) -> None:
    finds_not(unvalidated(value), "W-4-5-CONDITIONS")


@pytest.mark.parametrize(
    ("ground", "found"),
    [("service-not-covered", False), ("immunity-or-press", False), ("other", False), ("BC:29(5)(a)", True)],
)
def test_a_preservation_order_is_refused_for_a_reason_of_the_form(ground: str, found: bool) -> None:
    story = given(issued("2027-03-01T09:00Z", "EPOC-PR"), by_provider("preservation-refused", ON, ground=ground))
    assert ("W-11-7-GROUND" in codes(story)) is found
    if found:
        assert finds(story, "W-11-7-GROUND").effects == ()
    finds_not(
        given(issued("2027-03-01T09:00Z", "BC-29"), by_provider("preservation-refused", ON, ground=ground)),
        "W-11-7-GROUND",
    )


def test_the_vocabulary_takes_a_reason_of_the_form_as_the_ground_of_a_refusal_to_preserve() -> None:
    grounds = KINDS["preservation-refused"].fields()["ground"].one_of
    assert {"immunity-or-press", "de-facto-impossibility", "BC:29(5)(a)", "2AP:9", "other"} <= set(grounds)


def test_a_ground_that_rests_on_a_waived_immunity_is_to_be_looked_at() -> None:
    order = issued("2027-03-01T09:00Z", "EPOC", issuing_capacity="judge", data_categories=["content"])
    served = given(order, sent("2027-03-01T10:00Z"), received("2027-03-01T10:00Z"))
    waived = by_authority("waiver-decided", "2027-03-03T10:00Z", decision="waived")

    def ground(*grounds: str) -> Fact:
        fields = {"scope": "all", "issuer_contacted_first": True}
        return by_authority("ground-for-refusal-raised", "2027-03-04T10:00Z", grounds=list(grounds), **fields)

    privilege = ground("EPOC:12(1)(a)")
    assert finds(served.when(waived, privilege), "W-12-5-WAIVED").effects == ()
    finds_not(served.when(privilege, waived.moved("2027-03-05T10:00Z")), "W-12-5-WAIVED")
    finds_not(served.when(waived, ground("EPOC:12(1)(a)", "EPOC:12(1)(c)")), "W-12-5-WAIVED")
    kept = by_authority("waiver-decided", "2027-03-03T10:00Z", decision="not-waived")
    finds_not(served.when(kept, privilege), "W-12-5-WAIVED")
    finds_not(served.when(waived, kept.moved("2027-03-03T11:00Z"), privilege), "W-12-5-WAIVED")
    finds(served.when(kept, waived.moved("2027-03-03T11:00Z"), privilege), "W-12-5-WAIVED")
    denied = by_authority("recognition-decided", "2027-03-04T10:00Z", decision="denied", grounds=["EPOC:16(4)(f)"])
    finds(served.when(waived, denied), "W-12-5-WAIVED")


def test_a_ground_may_rest_on_every_waived_privilege_at_once() -> None:
    order = issued("2027-03-01T09:00Z", "EPOC", issuing_capacity="judge", data_categories=["content"])
    waived = by_authority("waiver-decided", "2027-03-03T10:00Z", decision="waived")
    every = ["EPOC:12(1)(a)", "EPOC:16(4)(f)", "EPOC:16(5)(e)"]
    denied = by_authority("recognition-decided", "2027-03-04T10:00Z", decision="denied", grounds=every)
    finds(given(order, waived, denied), "W-12-5-WAIVED")
    finds_not(given(order, waived, denied.changed(grounds=[])), "W-12-5-WAIVED")
