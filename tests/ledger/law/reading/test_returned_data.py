"""Which data were returned, when that was all of the scope, and what a ground or the passing of time leaves of it."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.entries.case import Unread
from tests.support.scenarios import (
    Fact,
    by_authority,
    by_issuer,
    by_provider,
    corrected,
    disclosed,
    fact,
    given,
    issued,
    labels,
    leaf,
    moment,
    named,
)

ISSUED = issued("2027-03-01T09:00Z")
NAME, ADDRESS = "name", "postal-address"
FIRST = disclosed("2027-03-03T09:00Z", NAME, label="first")
SECOND = disclosed("2027-03-05T09:00Z", ADDRESS, label="second")

# -- scope -------------------------------------------------------------------------------------------------------------


def barred(on: str, label: str, kind: str = "non-disclosure-instructed", **fields: Any) -> Fact:
    """Make an instruction against a part."""
    return by_authority(kind, on, label=label, ground="G-7-i", **{"scope": "part", "elements": [NAME], **fields})


def test_entries_left_out_of_account_bar_no_part_supply_no_change_and_lack_no_data() -> None:
    facts = (
        barred("2027-03-02T09:00Z", "bar"),
        by_provider("no-data-held", "2027-03-03T09:00Z", label="none", elements=[ADDRESS]),
        corrected("2027-03-04T09:00Z", "c", elements_sought=[NAME, ADDRESS, "email-address"]),
    )
    substance = given(ISSUED, *facts).reading.substance
    at = moment("2027-03-05T09:00Z")
    assert substance.scope(at) == {"email-address"}
    assert substance.scope(at, frozenset({leaf("bar")})) == {NAME, "email-address"}
    assert substance.scope(at, frozenset({leaf("none")})) == {ADDRESS, "email-address"}
    assert substance.scope(at, frozenset({leaf("c")})) == frozenset()


def test_a_ground_bars_a_part_from_when_it_is_raised_and_a_bar_on_conditions_or_without_elements_bars_none() -> None:
    order = issued("2026-10-01T09:00Z", "EPOC", NAME, ADDRESS, data_categories=["content"])
    ground = barred("2026-10-05T09:00Z", "bar", "ground-for-refusal-raised")
    substance = given(order, ground).reading.substance
    assert substance.scope(moment("2026-10-05T08:59:59Z")) == {NAME, ADDRESS}
    assert substance.scope(moment("2026-10-05T09:00:00Z")) == {ADDRESS}
    for changed in (ground.changed(scope="conditions"), ground.changed(elements=None)):
        assert given(order, changed).reading.substance.scope(moment("2026-10-06T09:00Z")) == {NAME, ADDRESS}


def test_an_adapted_order_seeks_what_it_was_adapted_to_and_a_correction_of_other_fields_changes_nothing() -> None:
    adapted = by_issuer("order-adapted", "2027-03-03T09:00Z", label="adapted", elements_sought=[NAME])
    other = corrected("2027-03-04T09:00Z", "c", changed_fields=["case_ref"])
    substance = given(ISSUED, adapted, other).reading.substance
    assert substance.scope(moment("2027-03-02T09:00Z")) == {NAME, ADDRESS}
    assert substance.scope(moment("2027-03-04T09:00Z")) == {NAME}


# -- what was received -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "elements"),
    [
        ({"manifest": {"elements": ["email-address"]}, "about": "first"}, {"email-address"}),
        ({"about": "first"}, {NAME}),
        ({"about": "hidden"}, {NAME, ADDRESS}),
        ({"about": "passed on"}, {ADDRESS}),
        ({"about": "closed"}, set()),  # of what a State passed on, nothing is known that cannot be read
        ({"about": "nothing"}, set()),
        ({}, set()),
    ],
)
def test_received_is_what_the_receipt_lists_else_what_the_entry_it_names_returned(
    fields: dict[str, Any], elements: set[str]
) -> None:
    def by_state(label: str, manifest: Any) -> Fact:
        return fact(
            "data-transmitted-by-state", "2027-03-04T09:00Z", "ncco", "CAQ",
            label=label, channel="mail", manifest=manifest,
        )  # fmt: skip

    facts = (
        FIRST,
        disclosed("2027-03-03T10:00Z", label="hidden", manifest=Unread.WITHHELD),
        by_state("passed on", {"elements": [ADDRESS]}),
        by_state("closed", Unread.WITHHELD),
        fact("evidence-received", "2027-03-05T09:00Z", "orn", "RET", label="got", check="equal", **fields),
    )
    reading = given(ISSUED, *facts).reading
    assert reading.substance.received_elements(named(reading, "got")) == elements


def test_a_disclosure_without_a_list_returned_no_element() -> None:
    reading = given(ISSUED, disclosed("2027-03-03T09:00Z", label="bare", manifest=None)).reading
    assert reading.substance.returned_by(named(reading, "bare")) == frozenset()
    assert reading.substance.complete() is None


# -- complete ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "without", "complete"),
    [
        (None, (), ["second"]),
        ("2027-03-02T09:00Z", (), ["second"]),
        ("2027-03-05T09:00Z", (), ["second"]),
        ("2027-03-05T09:00:01Z", (), ["third"]),
        (None, ("second",), ["third"]),
        (None, ("first",), ["third"]),
        (None, ("second", "third"), []),
        (None, ("first", "second", "third"), []),
    ],
)
def test_an_order_is_complete_with_the_entry_that_returned_the_last_element_since_a_moment_and_without_some(
    since: str | None, without: tuple[str, ...], complete: list[str]
) -> None:
    third = disclosed("2027-03-07T09:00Z", NAME, ADDRESS, label="third")
    substance = given(ISSUED, FIRST, SECOND, third).reading.substance
    found = substance.complete(moment(since) if since else None, frozenset(map(leaf, without)))
    assert labels(found) == complete


def test_data_returned_before_a_version_complete_it_when_it_begins() -> None:
    whole = disclosed("2027-03-03T09:00Z", NAME, ADDRESS, label="whole")
    narrowed = corrected("2027-03-06T09:00Z", "c", elements_sought=[NAME])
    reading = given(ISSUED, whole, narrowed).reading
    assert labels(reading.substance.complete()) == ["whole"]
    assert labels(reading.substance.complete(reading.order.since)) == ["c"]


def test_what_no_longer_has_to_be_returned_completes_an_order_only_after_a_first_disclosure() -> None:
    none = by_provider("no-data-held", "2027-03-04T09:00Z", label="none", elements=[ADDRESS])
    assert labels(given(ISSUED, FIRST, none).reading.substance.complete()) == ["none"]
    early = by_provider("no-data-held", "2027-03-02T09:00Z", label="none", elements=[NAME, ADDRESS])
    assert labels(given(ISSUED, early, FIRST).reading.substance.complete()) == ["first"]


# -- grounds and ends --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "bars_all"),
    [
        ([barred("2026-10-05T09:00Z", "g", "ground-for-refusal-raised", scope="all", elements=None)], True),
        ([barred("2026-10-05T09:00Z", "g", "ground-for-refusal-raised", scope="conditions")], False),
        ([barred("2026-10-05T09:00Z", "g", "ground-for-refusal-raised")], False),
        ([barred("2026-10-05T09:00Z", "g", "ground-for-refusal-raised", elements=[NAME, ADDRESS])], True),
        (
            [
                barred("2026-10-04T09:00Z", "before", "ground-for-refusal-raised", elements=[ADDRESS]),
                barred("2026-10-05T09:00Z", "g", "ground-for-refusal-raised"),
            ],
            True,
        ),
        (
            [
                barred("2026-10-05T09:00Z", "g", "ground-for-refusal-raised"),
                barred("2026-10-06T09:00Z", "after", "ground-for-refusal-raised", elements=[ADDRESS]),
            ],
            False,
        ),
        (
            [
                by_provider("no-data-held", "2026-10-04T09:00Z", elements=[ADDRESS]),
                barred("2026-10-05T09:00Z", "g", "ground-for-refusal-raised"),
            ],
            False,  # that data are not held is no ground
        ),
    ],
    ids=["all", "conditions", "a part", "every part", "the rest", "the rest later", "the rest not held"],
)
def test_a_ground_is_against_all_data_if_it_says_so_or_leaves_nothing(facts: list[Fact], bars_all: bool) -> None:
    order = issued("2026-10-01T09:00Z", "EPOC", NAME, ADDRESS, data_categories=["content"])
    reading = given(order, *facts).reading
    assert reading.substance.bars_all(named(reading, "g")) is bars_all


def test_a_ground_against_a_part_of_an_order_that_names_no_elements_is_not_against_all() -> None:
    order = issued("2026-10-01T09:00Z", "EPOC", data_categories=["content"], elements_sought=[])
    reading = given(order, barred("2026-10-05T09:00Z", "g", "ground-for-refusal-raised")).reading
    assert not reading.substance.bars_all(named(reading, "g"))


@pytest.mark.parametrize(
    ("facts", "gone"),
    [
        ([("data-destroyed", "2027-03-06T09:00Z", "all")], True),
        ([("data-returned", "2027-03-06T09:00Z", "all")], True),
        ([("data-destroyed", "2027-03-06T09:00Z", "part")], False),
        ([("data-destroyed", "2027-03-02T09:00Z", "all")], False),
        ([("data-destroyed", "2027-03-02T09:00Z", "all"), ("data-returned", "2027-03-06T09:00Z", "all")], True),
        ([], False),
    ],
)
def test_data_are_gone_if_all_were_destroyed_or_returned_after_the_last_arrival(
    facts: list[tuple[str, str, str]], gone: bool
) -> None:
    ends = (fact(kind, on, "orn", "RET", scope=scope) for kind, on, scope in facts)
    assert given(ISSUED, FIRST, SECOND, *ends).reading.substance.gone is gone
