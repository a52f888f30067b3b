"""The keeping period of a European Preservation Order."""

from __future__ import annotations

import pytest

from ledger.law.deadlines.e_evidence_preservation import extension_in_time, keeping_end
from ledger.law.terms.rule import ClockVerdict
from tests.support.scenarios import (
    Fact,
    by_issuer,
    by_provider,
    corrected,
    given,
    issued,
    moment,
    received,
    sent,
)

# Received on Monday 7 September 2026: sixty days end on Friday 6 November, ninety on Sunday 6 December.
KEPT = given(issued("2026-09-04T07:00Z", "EPOC-PR"), sent("2026-09-07T07:00Z"), received("2026-09-07T08:00Z"))
SIXTY, NINETY = "2026-11-06T23:00Z", "2026-12-07T23:00Z"


def extended(on: str, by: str = "P30D") -> Fact:
    return by_issuer("preservation-extended", on, extends_by=by)


PRODUCED = by_issuer("production-request-confirmed", "2026-12-01T09:00Z", production_kind="EPOC")


def test_data_are_kept_for_sixty_days() -> None:
    given(KEPT.facts[0], sent("2026-09-07T07:00Z")).then_unwound("E-11-1")
    KEPT.then("E-11-1", ClockVerdict.OPEN, SIXTY)
    KEPT.when(PRODUCED).then("E-11-1", ClockVerdict.MISSED, SIXTY)
    KEPT.when(PRODUCED.moved("2026-11-06T22:59:59Z")).then("E-11-1", ClockVerdict.MET, SIXTY)


def test_the_first_extension_in_time_makes_one_period_of_both_that_rolls_once() -> None:
    KEPT.when(extended("2026-11-03T09:00Z")).then("E-11-1", ClockVerdict.OPEN, NINETY)
    KEPT.when(extended("2026-11-03T09:00Z"), PRODUCED).then("E-11-1", ClockVerdict.MET, NINETY)
    KEPT.when(extended("2026-11-03T09:00Z"), extended("2026-11-04T09:00Z")).then("E-11-1", ClockVerdict.OPEN, NINETY)
    KEPT.when(extended("2026-11-06T22:59:59Z")).then("E-11-1", ClockVerdict.OPEN, NINETY)


@pytest.mark.parametrize("stated", ["P300D", "P1D", "P1M", "P30D", "PT720H"])
def test_an_extension_lasts_thirty_days_whatever_length_it_states(stated: str) -> None:
    KEPT.when(extended("2026-11-03T09:00Z", stated)).then("E-11-1", ClockVerdict.OPEN, NINETY)


def test_an_extension_after_the_sixty_days_moves_nothing() -> None:
    story = KEPT.when(extended("2026-11-06T23:00:00Z"))
    story.then("E-11-1", ClockVerdict.MISSED, SIXTY)
    reading = story.reading
    assert extension_in_time(reading, reading.entries.of("preservation-extended")[0]) is False
    assert keeping_end(reading) == moment(SIXTY)


def test_no_new_end_can_be_set_for_keeping() -> None:
    moved = by_issuer("deadline-extended", "2026-10-01T09:00Z", deadline="E-11-1", new_due="2027-01-01T00:00:00Z")
    KEPT.when(moved).then("E-11-1", ClockVerdict.OPEN, SIXTY)


@pytest.mark.parametrize(
    "over",
    [
        by_issuer("order-withdrawn", "2026-10-01T09:00Z", data_handling="delete"),
        by_provider("preservation-ceased", "2026-10-01T09:00Z", cause="released-by-issuer"),
        by_provider("preservation-refused", "2026-10-01T09:00Z", ground="other"),
        by_provider("no-data-held", "2026-10-01T09:00Z", elements=["name", "postal-address"]),
    ],
    ids=lambda f: f.kind,
)
def test_what_ends_keeping_before_its_time_leaves_nobody_bound(over: Fact) -> None:
    KEPT.when(over).then("E-11-1", ClockVerdict.NOT_RUNNING, SIXTY)
    after = over.moved(SIXTY)
    KEPT.when(after).then("E-11-1", ClockVerdict.MISSED, SIXTY)


def test_a_provider_that_preserves_after_its_refusal_is_bound_again() -> None:
    refused = by_provider("preservation-refused", "2026-10-01T09:00Z", ground="other")
    kept = by_provider("preservation-confirmed", "2026-10-08T09:00Z")
    KEPT.when(refused, kept).then("E-11-1", ClockVerdict.OPEN, SIXTY)
    KEPT.when(kept.moved("2026-09-30T09:00Z"), refused).then("E-11-1", ClockVerdict.NOT_RUNNING, SIXTY)


def test_without_clarification_in_five_days_the_provider_is_exempt() -> None:
    """Referred back on Monday 14 September: five days end on Saturday 19, so Monday 21 September in Reykjavik."""
    back = by_provider("order-referred-back", "2026-09-14T09:00Z", label="back", reason_codes=["incomplete"])
    story = KEPT.when(back)
    story.then("E-11-5", ClockVerdict.OPEN, "2026-09-22T00:00Z").then("E-11-1", ClockVerdict.OPEN, SIXTY)
    silent = story.asked_at("2026-09-22T00:00Z")
    silent.then("E-11-5", ClockVerdict.MISSED).then("E-11-1", ClockVerdict.NOT_RUNNING, SIXTY)
    answer = by_issuer("additional-information-provided", "2026-09-18T09:00Z", answers="back")
    story.when(answer).asked_at("2026-09-22T00:00Z").then("E-11-5", ClockVerdict.MET).then("E-11-1", ClockVerdict.OPEN)


def test_a_material_correction_winds_keeping_again() -> None:
    story = KEPT.when(extended("2026-09-10T09:00Z"), corrected("2026-09-14T09:00Z", "c1"))
    story.then_unwound("E-11-1")
    story = story.when(received("2026-09-15T09:00Z", "receipt-2", about="c1"))
    story.then(
        "E-11-1", ClockVerdict.OPEN, "2026-11-16T23:00Z"
    )  # Saturday 14 November; the extension belongs to the other version


def test_that_a_part_of_the_data_is_not_held_releases_nobody_from_keeping_the_rest() -> None:
    kept = given(issued("2026-10-01T07:00Z", "EPOC-PR"), received("2026-10-01T09:30Z"))
    part = by_provider("no-data-held", "2026-10-02T09:00Z", elements=["name"])
    kept.when(part).then("E-11-1", ClockVerdict.OPEN)
    kept.when(part.changed(elements=["name", "postal-address"])).then("E-11-1", ClockVerdict.NOT_RUNNING)
    kept.when(part.changed(elements=None)).then("E-11-1", ClockVerdict.NOT_RUNNING)
