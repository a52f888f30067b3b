"""Data sought, barred and returned; notification, emergency. findings.md 1."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Unread
from ledger.law.reading.substance import covered
from tests.support.scenarios import (
    Fact,
    Office,
    Story,
    by_authority,
    by_issuer,
    by_provider,
    corrected,
    disclosed,
    fact,
    given,
    issued,
    labels,
    moment,
    named,
    received,
    sent,
)

ISSUED = issued("2027-03-01T09:00Z")
SENT = sent("2027-03-02T08:00Z")
RECEIVED = received("2027-03-02T08:30Z")


def complete_at(story: Story) -> datetime | None:
    complete = story.reading.substance.complete()
    return complete.on if complete else None


# -- scope and answer --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "covers"),
    [
        ("name", "name", True),
        ("message-content", "message-content#mailbox-1", True),
        ("message-content#mailbox-1", "message-content", False),
        ("message-content#mailbox-1", "message-content#mailbox-2", False),
        ("message", "message-content", False),
    ],
)
def test_an_element_covers_itself_and_without_label_every_labelled_one(a: str, b: str, covers: bool) -> None:
    assert covered(b, (a,)) is covers


def test_the_scope_is_what_was_last_sought_less_what_is_barred_or_not_held() -> None:
    part = {"scope": "part", "elements": ["name"]}
    story = given(
        issued("2027-03-01T09:00Z", "2AP-7", "name", "postal-address", "email-address", "telephone-number"),
        by_authority("non-disclosure-instructed", "2027-03-03T09:00Z", label="a", ground="G-7-i", **part),
        by_provider("no-data-held", "2027-03-04T09:00Z", elements=["telephone-number"]),
        by_authority("instruction-lifted", "2027-03-05T09:00Z", about="a"),
        corrected("2027-03-06T09:00Z", "c1", material=False, elements_sought=["name", "email-address"]),
    )
    reading = story.reading
    every = {"name", "postal-address", "email-address", "telephone-number"}
    assert reading.substance.scope(moment("2027-03-02T09:00Z")) == every
    assert reading.substance.scope(moment("2027-03-03T09:00Z")) == every - {"name"}
    assert reading.substance.scope(moment("2027-03-04T09:00Z")) == {"postal-address", "email-address"}
    assert reading.substance.scope(moment("2027-03-05T09:00Z")) == {"name", "postal-address", "email-address"}
    assert reading.substance.scope(moment("2027-03-06T09:00Z")) == {"name", "email-address"}


def test_an_order_is_complete_from_the_moment_all_that_is_left_of_it_was_returned() -> None:
    story = given(ISSUED, disclosed("2027-03-03T09:00Z", "name", label="a", partial=True))
    assert complete_at(story) is None
    assert complete_at(story.when(disclosed("2027-03-04T09:00Z", "postal-address"))) == moment("2027-03-04T09:00Z")
    none = by_provider("no-data-held", "2027-03-05T09:00Z", elements=["postal-address"])
    assert complete_at(story.when(none)) == moment("2027-03-05T09:00Z")
    assert complete_at(given(ISSUED, none)) is None  # there is no disclosure yet


def test_a_returned_element_without_label_answers_every_labelled_one_but_not_the_other_way_round() -> None:
    two = issued("2027-03-01T09:00Z", "EPOC", "message-content#1", "message-content#2")
    assert complete_at(given(two, disclosed("2027-03-03T09:00Z", "message-content"))) is not None
    one = issued("2027-03-01T09:00Z", "EPOC", "message-content")
    assert complete_at(given(one, disclosed("2027-03-03T09:00Z", "message-content#1"))) is None


@pytest.mark.parametrize("unread", Unread)
@pytest.mark.parametrize(
    ("fields", "returned"),
    [
        ({}, {"name", "postal-address"}),
        ({"partial": True, "withheld": ["name"], "withheld_reason": "technical"}, {"postal-address"}),
        ({"partial": True}, set()),
    ],
    ids=["whole", "part named", "part not named"],
)
def test_a_manifest_nobody_can_read_was_one_and_the_public_words_tell_what_it_held(
    unread: Unread, fields: dict[str, Any], returned: set[str]
) -> None:
    reading = given(ISSUED, disclosed("2027-03-03T09:00Z", label="a", manifest=unread, **fields)).reading
    (disclosure,) = reading.substance.disclosures
    assert reading.substance.returned_by(disclosure) == returned


def _no_data_for_all(*facts: Fact) -> bool:
    reading = given(*facts).reading
    return any(map(reading.substance.is_no_data_for_all, reading.entries.of("no-data-held")))


def test_no_data_for_all_is_without_elements_or_with_all_that_was_left() -> None:
    none = by_provider("no-data-held", "2027-03-05T09:00Z")
    one = by_provider("no-data-held", "2027-03-05T09:00Z", elements=["name"])
    other = by_provider("no-data-held", "2027-03-06T09:00Z", elements=["postal-address"])
    assert _no_data_for_all(ISSUED, none)
    assert not _no_data_for_all(ISSUED, one)
    assert _no_data_for_all(ISSUED, one, other)


def test_surplus_is_what_no_order_and_no_correction_sought() -> None:
    reading = given(
        issued("2027-03-01T09:00Z", "EPOC", "message-content#1", "name"),
        corrected("2027-03-03T09:00Z", "c1", elements_sought=["connection-log"]),
    ).reading
    elements = (
        "name",
        "connection-log",
        "connection-log#9",
        "message-content#1",
        "message-content#2",
        "postal-address",
    )

    def surplus(on: str) -> list[str]:
        return [e for e in elements if reading.substance.not_sought(e, moment(on))]

    assert surplus("2027-03-02T09:00Z") == ["message-content#2", "postal-address"]
    assert surplus("2027-03-03T09:00Z") == ["name", "message-content#1", "message-content#2", "postal-address"]


@pytest.mark.parametrize(
    ("instrument", "reached"),
    [("2AP-7", True), ("EPOC", True), ("VOL", True), ("2AP-8", False), ("2AP-9", False), ("BC-31", False)],
)
def test_a_disclosure_reaches_the_issuing_side_only_where_no_authority_stands_between(
    instrument: str, reached: bool
) -> None:
    story = given(issued("2027-03-01T09:00Z", instrument), disclosed("2027-03-03T09:00Z"))
    assert bool(story.reading.substance.reaching) is reached
    passed_on = by_authority("data-transmitted-by-state", "2027-03-04T09:00Z", channel="mail", manifest={"files": []})
    assert story.when(replace(passed_on, role="CAQ")).reading.substance.reaching
    disowned = by_issuer("order-repudiated", "2027-03-05T09:00Z", finding="never-issued")
    assert story.when(disowned).reading.substance.reaching == ()


# -- instruction, ground, emergency ------------------------------------------------------------------------------------


def test_an_instruction_is_valid_from_the_designated_office_and_from_any_if_none_is_designated() -> None:
    instructed = by_authority("non-disclosure-instructed", "2027-03-03T09:00Z", label="a", ground="G-7-i", scope="all")
    story = given(ISSUED, instructed)
    assert labels(*story.reading.instructions.valid) == ["a"]
    other = story.among(other=Office("XV", ("NOT",), ("C-7-5-e",)))
    assert other.reading.instructions.valid == ()
    itself = story.among(ncco=Office("XV", ("NOT",), ("C-7-5-e",)), other=Office("XV", ("NOT",)))
    assert labels(*itself.reading.instructions.valid) == ["a"]
    gone = story.among(other=Office("XV", ("NOT",), ("C-7-5-e",), valid_until="2027-03-01"))
    assert labels(*gone.reading.instructions.valid) == ["a"]


def test_an_instruction_is_in_force_until_it_is_lifted() -> None:
    reading = given(
        ISSUED,
        by_authority("non-disclosure-instructed", "2027-03-03T09:00Z", label="a", ground="G-7-i", scope="all"),
        by_authority("instruction-lifted", "2027-03-05T09:00Z", about="a"),
    ).reading
    assert reading.instructions.in_force(moment("2027-03-03T08:59:59Z")) == ()
    assert labels(*reading.instructions.in_force(moment("2027-03-03T09:00:00Z"))) == ["a"]
    assert labels(*reading.instructions.in_force(moment("2027-03-05T08:59:59Z"))) == ["a"]
    assert reading.instructions.in_force(moment("2027-03-05T09:00:00Z")) == ()


def test_an_emergency_ends_from_when_the_reassessment_has_effect() -> None:
    declared = by_issuer("emergency-declared", "2026-10-01T10:00Z", threat="life", emergency_reasons="x")
    ended = by_issuer(
        "emergency-reassessed", "2026-10-01T13:00Z", outcome="downgraded", effective_at="2026-10-01T12:00:00Z"
    )
    upheld = by_issuer(
        "emergency-reassessed", "2026-10-01T11:00Z", outcome="upheld", effective_at="2026-10-01T11:00:00Z"
    )
    reading = given(issued("2026-10-01T09:00Z", "EPOC"), declared, upheld, ended).reading
    held = [reading.emergency.lasts(moment(f"2026-10-01T{t}Z")) for t in ("09:59:59", "10:00", "11:59:59", "12:00")]
    assert held == [False, True, True, False]


def test_the_notification_suspends_a_european_order_outside_emergencies() -> None:
    content = issued("2026-10-01T09:00Z", "EPOC", "message-content", data_categories=["content"])
    reading = given(
        content, by_issuer("emergency-declared", "2026-10-01T10:00Z", threat="life", emergency_reasons="x")
    ).reading
    assert reading.review.suspends(moment("2026-10-01T09:30Z"))
    assert not reading.review.suspends(moment("2026-10-01T10:00Z"))
    assert not given(issued("2026-10-01T09:00Z", "EPOC")).reading.review.suspends(moment("2026-10-01T09:30Z"))


@pytest.mark.parametrize(
    ("raised", "notified", "in_time"),
    [
        ("2026-10-12T21:59:59Z", "2026-10-02T09:00Z", True),  # ten days end on Monday 12 October in Stockholm
        ("2026-10-12T22:00:00Z", "2026-10-02T09:00Z", False),
        ("2026-10-30T09:00:00Z", None, True),
    ],
)
def test_a_ground_is_in_time_before_the_end_of_the_authoritys_days_or_while_that_is_not_known(
    raised: str, notified: str | None, in_time: bool
) -> None:
    order = issued("2026-10-01T09:00Z", "EPOC", "message-content", data_categories=["content"])
    ground = by_authority("ground-for-refusal-raised", raised, label="ground", grounds=["EPOC:12(1)(a)"], scope="all")
    arrived = [by_authority("notification-received", notified)] if notified else []
    reading = given(order, *arrived, ground).reading
    assert reading.review.ground_in_time(named(reading, "ground")) is in_time


@pytest.mark.parametrize(
    ("scope", "elements", "touches", "bars"),
    [
        ("all", [], True, True),
        ("conditions", [], True, False),
        ("part", ["message-content"], True, True),
        ("part", ["message-content#2"], False, False),
    ],
)
def test_a_ground_touches_a_disclosure_it_covers(scope: str, elements: list[str], touches: bool, bars: bool) -> None:
    reading = given(
        issued("2026-10-01T09:00Z", "EPOC", "message-content", data_categories=["content"]),
        disclosed("2026-10-05T09:00Z", "message-content#1", label="a"),
        by_authority(
            "ground-for-refusal-raised", "2026-10-06T09:00Z", label="ground", grounds=["EPOC:12(1)(a)"], scope=scope,
            elements=elements,
        ),
    ).reading  # fmt: skip
    assert reading.substance.touches(named(reading, "ground"), named(reading, "a")) is touches
    assert reading.substance.bars(named(reading, "ground"), named(reading, "a")) is bars


# -- notification ------------------------------------------------------------------------------------------------------


def test_notification_is_required_where_declared_and_for_a_named_circumstance_only_if_it_is_stated() -> None:
    plain = given(ISSUED, RECEIVED)
    assert not plain.reading.review.required
    assert plain.where("XV", declarations=("N-7-5-a",)).reading.review.required
    named_only = plain.where("XV", declarations=("N-7-5-a",), terms={"N-7-5-a": ["minor"]})
    assert not named_only.reading.review.required
    consulted = fact(
        "consultation-opened", "2027-03-03T09:00Z", "skylark", "SP", consulted="ncco", circumstances=["minor"]
    )
    assert not named_only.when(consulted).reading.review.required
    recognised = received("2027-03-02T08:30Z", "b", circumstances=["other", "minor"])
    assert named_only.when(recognised).reading.review.required
    in_order = Story((issued("2027-03-01T09:00Z", circumstances=["minor"]),), parties=named_only.parties)
    assert in_order.reading.review.required


@pytest.mark.parametrize("unread", Unread)
def test_a_circumstance_nobody_can_read_is_no_evidence_of_one(unread: Unread) -> None:
    story = given(issued("2027-03-01T09:00Z", circumstances=unread))
    story = story.where("XV", declarations=("N-7-5-b",), terms={"N-7-5-b": ["minor"]})
    assert not story.reading.parties.declaration_applies("N-7-5-b")


@pytest.mark.parametrize(
    ("categories", "test", "required"),
    [
        (["content"], "required", True),
        (["subscriber", "traffic"], None, True),
        (["content"], "not-required-8-2", False),
        (["subscriber", "identification"], "required", False),
    ],
)
def test_under_the_regulation_traffic_and_content_are_notified_unless_all_is_at_home(
    categories: list[str], test: str | None, required: bool
) -> None:
    stated = {} if test is None else {"notification_test": test}
    order = issued("2026-10-01T09:00Z", "EPOC", data_categories=categories, **stated)
    assert given(order).reading.review.required is required


# -- access to transferred data ----------------------------------------------------------------------------------------


def extension(on: str, until: str | None, about: str = "a") -> Fact:
    return by_provider("access-extended", on, label=f"at {on}", about=about, access_until=until)


@pytest.mark.parametrize(
    ("extensions", "counted", "end"),
    [
        ([], 0, "2027-03-20T09:00Z"),
        ([extension("2027-03-19T09:00Z", "2027-03-30T09:00:00Z")], 1, "2027-03-30T09:00Z"),
        ([extension("2027-03-19T09:00Z", "2027-03-30T09:00:00Z", "b")], 0, "2027-03-20T09:00Z"),
        ([extension("2027-03-20T09:00Z", "2027-03-30T09:00:00Z")], 0, "2027-03-20T09:00Z"),
        ([extension("2027-03-19T09:00Z", None)], 0, "2027-03-20T09:00Z"),
        (
            [
                extension("2027-03-18T09:00Z", "2027-03-30T09:00:00Z"),
                extension("2027-03-19T09:00Z", "2027-03-19T10:00:00Z"),  # no extension shortens the access
                extension("2027-03-29T09:00Z", "2027-04-05T09:00:00Z"),
            ],
            3,
            "2027-04-05T09:00Z",
        ),
    ],
)
def test_access_is_extended_by_what_is_said_of_this_transfer_before_its_end(
    extensions: list[Fact], counted: int, end: str
) -> None:
    def data(label: str) -> Fact:
        until: dict[str, Any] = {"channel": "link", "access_until": "2027-03-20T09:00:00Z"}
        return disclosed("2027-03-10T09:00Z", "name", label=label, **until)

    reading = given(ISSUED, RECEIVED, data("a"), data("b"), *extensions).reading
    transfer = named(reading, "a")
    assert len(reading.substance.access_extensions(transfer)) == counted
    assert reading.substance.accessible_until(transfer) == moment(end)


def test_access_without_a_stated_end_has_the_end_of_its_extensions() -> None:
    open_ended = disclosed("2027-03-10T09:00Z", "name", label="a", channel="provider-portal")
    reading = given(ISSUED, RECEIVED, open_ended).reading
    assert reading.substance.accessible_until(named(reading, "a")) is None
    reading = given(ISSUED, RECEIVED, open_ended, extension("2027-03-19T09:00Z", "2027-03-30T09:00:00Z")).reading
    assert reading.substance.accessible_until(named(reading, "a")) == moment("2027-03-30T09:00Z")
