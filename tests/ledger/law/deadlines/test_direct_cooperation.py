"""Deadlines of orders addressed to a provider: CETS 224 arts 6 and 7, 18 U.S.C. 2703(h)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.law.terms.rule import ClockVerdict
from tests.support.scenarios import (
    Fact,
    Office,
    Party,
    Story,
    by_authority,
    by_issuer,
    by_provider,
    corrected,
    disclosed,
    given,
    issued,
    moment,
    received,
    sent,
)

ISSUED = issued("2027-03-01T09:00Z")
SENT = sent("2027-03-02T08:00Z")
RECEIVED = received("2027-03-02T08:30Z")  # in Stockholm thirty days end with 1 April, a Thursday
END = "2027-04-01T22:00Z"
SERVED = given(ISSUED, SENT, RECEIVED)


# -- CETS 224, art. 7 --------------------------------------------------------------------------------------------------


def test_the_clock_of_art_7_stands_once_the_order_was_sent_and_runs_from_its_receipt() -> None:
    given(ISSUED).then_not_listed("D-7-7")
    given(ISSUED, SENT).then_unwound("D-7-7")
    SERVED.then("D-7-7", ClockVerdict.OPEN, END)


@pytest.mark.parametrize(
    ("asked", "due"),
    [("P20D", END), ("P45D", "2027-04-16T22:00Z"), ("P1M", "2027-04-02T22:00Z"), ("PT48H", END), ("soon", END)],
)
def test_the_longer_of_thirty_days_and_the_time_asked_for_counts(asked: str, due: str) -> None:
    order = issued("2027-03-01T09:00Z", return_timeframe=asked)
    given(order, SENT, RECEIVED).then("D-7-7", ClockVerdict.OPEN, due)


def test_the_days_are_those_of_the_providers_own_party() -> None:
    story = given(ISSUED, SENT, RECEIVED).where("XO").among(skylark=Office("XO", ("SP",)))
    story.then("D-7-7", ClockVerdict.OPEN, "2027-04-02T00:00Z")


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (disclosed("2027-03-03T09:00Z"), ClockVerdict.MET),
        (disclosed("2027-03-03T09:00Z", "name", partial=True), ClockVerdict.OPEN),
        (disclosed("2027-03-03T09:00Z", "name", partial=True, withheld=["postal-address"]), ClockVerdict.OPEN),
        (
            disclosed(
                "2027-03-03T09:00Z", "name", partial=True, withheld=["postal-address"], withheld_reason="technical"
            ),
            ClockVerdict.MET,
        ),
        (disclosed("2027-03-03T09:00Z", "name"), ClockVerdict.OPEN),
        (by_provider("disclosure-declined", "2027-03-03T09:00Z"), ClockVerdict.MET),
        (by_provider("no-data-held", "2027-03-03T09:00Z"), ClockVerdict.MET),
        (by_provider("no-data-held", "2027-03-03T09:00Z", elements=["name", "postal-address"]), ClockVerdict.MET),
        (by_provider("no-data-held", "2027-03-03T09:00Z", elements=["name"]), ClockVerdict.OPEN),
        (by_provider("order-referred-back", "2027-03-03T09:00Z", reason_codes=["incomplete"]), ClockVerdict.OPEN),
    ],
)
def test_what_answers_an_order_under_art_7(answer: Fact, verdict: ClockVerdict) -> None:
    SERVED.when(answer).then("D-7-7", verdict, END)


def test_a_rolled_twin_is_judged_by_its_own_end() -> None:
    story = given(ISSUED, SENT, received("2027-03-04T08:30Z"))  # Saturday 3 April, so Monday 5 April
    story = story.when(disclosed("2027-04-04T10:00Z"))
    twins = [(c.policy, c.due, c.verdict) for c in story.clocks("D-7-7")]
    assert twins == [
        ("2AP-CAL", moment("2027-04-03T22:00Z"), ClockVerdict.MISSED),
        ("2AP-CAL+ROLL", moment("2027-04-05T22:00Z"), ClockVerdict.MET),
    ]


INSTRUCTED = by_authority("non-disclosure-instructed", "2027-03-10T09:00Z", label="a", ground="G-7-i", scope="all")
PART = by_authority(
    "non-disclosure-instructed", "2027-03-10T09:00Z", label="a", ground="G-7-i", scope="part", elements=["name"]
)


def lifted(on: str, about: str = "a") -> Fact:
    return by_authority("instruction-lifted", on, about=about)


@pytest.mark.parametrize(
    ("facts", "asked", "verdict"),
    [
        ((INSTRUCTED,), "2027-03-20T00:00Z", ClockVerdict.NOT_RUNNING),
        ((INSTRUCTED,), "2027-05-01T00:00Z", ClockVerdict.NOT_RUNNING),
        ((INSTRUCTED, lifted("2027-03-20T09:00Z")), "2027-03-21T00:00Z", ClockVerdict.OPEN),
        ((INSTRUCTED, lifted("2027-03-20T09:00Z")), "2027-05-01T00:00Z", ClockVerdict.MISSED),
        ((INSTRUCTED, lifted("2027-04-01T21:59:59Z")), "2027-05-01T00:00Z", ClockVerdict.MISSED),
        ((INSTRUCTED, lifted("2027-04-01T22:00:00Z")), "2027-05-01T00:00Z", ClockVerdict.UNDETERMINED),
        ((INSTRUCTED, lifted("2027-04-01T22:00:00Z")), "2027-04-01T22:00:00Z", ClockVerdict.UNDETERMINED),
        ((INSTRUCTED, lifted("2027-04-20T09:00Z")), "2027-04-19T00:00Z", ClockVerdict.NOT_RUNNING),
        ((INSTRUCTED, lifted("2027-04-20T09:00Z")), "2027-05-01T00:00Z", ClockVerdict.UNDETERMINED),
        ((INSTRUCTED, disclosed("2027-03-12T09:00Z")), "2027-05-01T00:00Z", ClockVerdict.MET),
        ((INSTRUCTED, disclosed("2027-04-12T09:00Z")), "2027-05-01T00:00Z", ClockVerdict.NOT_RUNNING),
        ((PART,), "2027-05-01T00:00Z", ClockVerdict.MISSED),
        ((PART, disclosed("2027-03-12T09:00Z", "postal-address")), "2027-05-01T00:00Z", ClockVerdict.MET),
        ((INSTRUCTED.moved("2027-04-01T22:00Z"),), "2027-05-01T00:00Z", ClockVerdict.MISSED),
    ],
)
def test_an_instruction_for_all_that_stands_at_the_end_of_the_thirty_days_leaves_nobody_bound(
    facts: tuple[Fact, ...], asked: str, verdict: ClockVerdict
) -> None:
    SERVED.when(*facts).asked_at(asked).then("D-7-7", verdict, END)


@pytest.mark.parametrize(
    ("on", "verdict"), [("2027-04-01T21:59:59Z", ClockVerdict.NOT_RUNNING), ("2027-04-01T22:00Z", ClockVerdict.MISSED)]
)
def test_an_order_withdrawn_before_the_end_binds_nobody(on: str, verdict: ClockVerdict) -> None:
    SERVED.when(by_issuer("order-withdrawn", on, data_handling="none-held")).then("D-7-7", verdict, END)


def test_referring_an_order_back_does_not_stop_the_thirty_days() -> None:
    back = by_provider("order-referred-back", "2027-03-03T09:00Z", label="a", reason_codes=["incomplete"])
    answered = by_issuer("additional-information-provided", "2027-03-13T09:00Z", answers="a")
    SERVED.when(back, answered).asked_at("2027-05-01T00:00Z").then("D-7-7", ClockVerdict.MISSED, END)


def test_a_material_correction_winds_the_clock_again_from_its_own_receipt() -> None:
    story = SERVED.when(corrected("2027-03-10T09:00Z", "c1", elements_sought=["name", "email-address"]))
    story.then_unwound("D-7-7")
    story = story.when(received("2027-03-12T09:00Z", "receipt-2", about="c1"))
    story.then("D-7-7", ClockVerdict.OPEN, "2027-04-11T22:00Z")


def test_a_correction_that_is_not_material_changes_no_clock() -> None:
    SERVED.when(corrected("2027-03-10T09:00Z", "c1", material=False)).then("D-7-7", ClockVerdict.OPEN, END)


def test_only_what_happens_from_the_last_version_answers_a_clock_wound_again_but_all_returned_so_far_counts() -> None:
    declined = by_provider("disclosure-declined", "2027-03-04T09:00Z")
    part = disclosed("2027-03-05T09:00Z", "name", partial=True)
    again = (
        corrected("2027-03-10T09:00Z", "c1"),
        received("2027-03-12T09:00Z", "receipt-2", about="c1"),
    )
    story = SERVED.when(declined, part, *again)
    story.then("D-7-7", ClockVerdict.OPEN, "2027-04-11T22:00Z")
    story.when(disclosed("2027-03-20T09:00Z", "postal-address")).then("D-7-7", ClockVerdict.MET)


def test_what_was_returned_before_a_correction_answers_it_if_it_was_enough() -> None:
    story = SERVED.when(
        disclosed("2027-03-05T09:00Z", "name", partial=True),
        corrected("2027-03-10T09:00Z", "c1", elements_sought=["name"]),
        received("2027-03-12T09:00Z", "receipt-2", about="c1"),
    )
    story.then("D-7-7", ClockVerdict.MET, "2027-04-11T22:00Z")


def test_an_end_set_for_an_earlier_version_is_left_behind() -> None:
    story = SERVED.when(
        by_issuer("deadline-extended", "2027-03-05T09:00Z", deadline="D-7-7", new_due="2027-03-08T10:00:00Z"),
        corrected("2027-03-10T09:00Z", "c1"),
        received("2027-03-12T09:00Z", "receipt-2", about="c1"),
    )
    story.then("D-7-7", ClockVerdict.OPEN, "2027-04-11T22:00Z")


@pytest.mark.parametrize(
    ("given_on", "about", "verdict"),
    [
        ("2027-03-17T22:59:59Z", "a", ClockVerdict.MET),
        ("2027-03-17T23:00:00Z", "a", ClockVerdict.MISSED),
        ("2027-03-12T09:00:00Z", "b", ClockVerdict.OPEN),
    ],
)
def test_reasons_for_an_instruction_are_due_within_seven_days_there(
    given_on: str, about: str, verdict: ClockVerdict
) -> None:
    reasons = by_authority("instruction-reasons-given", given_on, about=about, reasons="x")
    SERVED.when(INSTRUCTED, reasons).then("D-7-5d", verdict, "2027-03-17T23:00Z")


def test_a_clock_stands_once_for_each_instruction_and_for_none_without_effect() -> None:
    second = replace(INSTRUCTED.moved("2027-03-11T09:00Z"), label="b")
    assert len(SERVED.when(INSTRUCTED, second).clocks("D-7-5d")) == 2
    other = SERVED.when(INSTRUCTED).among(other=Office("XV", ("NOT",), ("C-7-5-e",)))
    other.then_not_listed("D-7-5d")


# -- CETS 224, art. 6; 18 U.S.C. 2703(h) -------------------------------------------------------------------------------


def test_the_clock_of_art_6_runs_only_if_a_time_frame_is_stated() -> None:
    def served(**fields: Any) -> Story:
        order = issued("2027-03-01T09:00Z", "2AP-6", "domain-holder", domain_names=["x.example"], **fields)
        return given(order, SENT, received("2027-03-02T08:30Z", role="REG"))

    served().then_not_listed("D-6-3d")
    served(return_timeframe="P10D").then("D-6-3d", ClockVerdict.OPEN, "2027-03-12T23:00Z")
    served(return_timeframe="PT8H").then("D-6-3d", ClockVerdict.OPEN, "2027-03-02T16:30Z")
    declined = by_provider("disclosure-declined", "2027-03-05T09:00Z")
    served(return_timeframe="P10D").when(declined).then("D-6-3d", ClockVerdict.MET)
    order = issued("2027-03-01T09:00Z", "2AP-6", return_timeframe="P10D")
    given(order).then_not_listed("D-6-3d")
    given(order, SENT).then_unwound("D-6-3d")


US = Party("America/Los_Angeles", holidays=("2026-11-11",))
CONTENTS: dict[str, Any] = {"data_categories": ["content"], "elements_sought": ["stored-files"]}
WARRANT = given(issued("2026-11-01T18:00Z", "SCA", to_party="XV", **CONTENTS), received("2026-11-02T17:00Z"))


@pytest.mark.parametrize(
    ("filed", "asked", "verdict"),
    [
        (None, "2026-11-17T07:59:59Z", ClockVerdict.OPEN),
        (None, "2026-11-17T08:00:00Z", ClockVerdict.NOT_RUNNING),
        ("2026-11-17T07:59:59Z", "2026-12-01T00:00Z", ClockVerdict.MET),
        ("2026-11-17T08:00:00Z", "2026-12-01T00:00Z", ClockVerdict.MISSED),
    ],
)
def test_the_window_for_a_motion_closes_after_fourteen_days(
    filed: str | None, asked: str, verdict: ClockVerdict
) -> None:
    motion = [by_provider("reasoned-objection-filed", filed, conflicting_law_party="XO")] if filed else []
    story = WARRANT.where("XV", zone="America/Los_Angeles").when(*motion).asked_at(asked)
    story.then("SCA-2703-h", verdict, "2026-11-17T08:00Z")


def test_the_fourteenth_day_rolls_over_weekend_and_holiday_and_needs_a_receipt_to_stand() -> None:
    story = given(
        issued("2026-10-20T18:00Z", "SCA", **CONTENTS), received("2026-10-28T17:00Z")
    )  # ends on Wednesday 11 November
    story = story.where("XV", zone="America/Los_Angeles", holidays=("2026-11-11",))
    story.then("SCA-2703-h", ClockVerdict.OPEN, "2026-11-13T08:00Z")
    given(issued("2026-10-20T18:00Z", "SCA", **CONTENTS), SENT).then_not_listed("SCA-2703-h")
    disputed = by_issuer("event-disputed", "2026-11-03T09:00Z", about="receipt")
    WARRANT.when(disputed).then_unwound("SCA-2703-h")


@pytest.mark.parametrize("category", ["subscriber", "identification", "traffic"])
def test_there_is_no_motion_of_2703_h_against_an_order_for_other_data_than_contents(category: str) -> None:
    order = issued("2026-11-01T18:00Z", "SCA", data_categories=[category])
    given(order, received("2026-11-02T17:00Z")).then_not_listed("SCA-2703-h")
    both = issued("2026-11-01T18:00Z", "SCA", data_categories=[category, "content"])
    given(both, received("2026-11-02T17:00Z")).then("SCA-2703-h", ClockVerdict.OPEN)


def test_an_order_under_an_executive_agreement_is_no_process_under_2703() -> None:
    given(issued("2026-11-01T18:00Z", "COA", **CONTENTS), received("2026-11-02T17:00Z")).then_not_listed("SCA-2703-h")


# -- 18 U.S.C. 2703(f): preservation -----------------------------------------------------------------------------------

DRAFTED = by_issuer("order-drafted", "2026-09-30T17:00Z", instrument="SCA", to_party="XV")
PRESERVE = by_issuer("preservation-requested", "2026-10-01T17:00Z", label="kept")  # ninety days: 30 December 2026


def renewed(on: str, by: str = "P90D") -> Fact:
    """Make a renewed request."""
    return by_issuer("preservation-extended", on, extends_by=by)


def test_data_are_kept_for_ninety_days_from_the_request() -> None:
    story = given(DRAFTED, PRESERVE)
    story.asked_at("2026-12-30T23:59:59Z").then("SCA-2703-f", ClockVerdict.OPEN, "2026-12-31T00:00Z")
    story.asked_at("2026-12-31T00:00:00Z").then("SCA-2703-f", ClockVerdict.MISSED, "2026-12-31T00:00Z")
    process = issued("2026-12-30T23:59:59Z", "SCA", **CONTENTS)
    story.when(process).asked_at("2027-02-01T00:00Z").then("SCA-2703-f", ClockVerdict.MET)
    late = issued("2026-12-31T00:00:00Z", "SCA", **CONTENTS)
    story.when(late).asked_at("2027-02-01T00:00Z").then("SCA-2703-f", ClockVerdict.MISSED)


def test_a_renewed_request_within_the_ninety_days_adds_ninety_whatever_it_says() -> None:
    for by in ("P90D", "P30D", "P1Y"):
        story = given(DRAFTED, PRESERVE, renewed("2026-12-30T23:59:59Z", by))
        story.then("SCA-2703-f", ClockVerdict.OPEN, "2027-03-31T00:00Z")
    again = by_issuer("preservation-requested", "2026-12-01T17:00Z")
    given(DRAFTED, PRESERVE, again).then("SCA-2703-f", ClockVerdict.OPEN, "2027-03-31T00:00Z")


def test_a_renewal_at_the_end_or_a_second_one_adds_nothing() -> None:
    late = given(DRAFTED, PRESERVE, renewed("2026-12-31T00:00:00Z"))
    late.then("SCA-2703-f", ClockVerdict.MISSED, "2026-12-31T00:00Z")
    twice = given(DRAFTED, PRESERVE, renewed("2026-12-01T17:00Z"), renewed("2027-03-01T17:00Z"))
    twice.then("SCA-2703-f", ClockVerdict.OPEN, "2027-03-31T00:00Z")


def test_data_that_are_given_up_before_the_end_need_no_process() -> None:
    ceased = by_provider("preservation-ceased", "2026-11-01T17:00Z", cause="released-by-issuer")
    given(DRAFTED, PRESERVE, ceased).asked_at("2027-02-01T00:00Z").then("SCA-2703-f", ClockVerdict.NOT_RUNNING)


def test_a_preservation_that_was_given_up_after_its_end_ran_out_all_the_same() -> None:
    ceased = by_provider("preservation-ceased", "2026-12-31T00:00Z", cause="period-ended")
    given(DRAFTED, PRESERVE, ceased).asked_at("2027-02-01T00:00Z").then("SCA-2703-f", ClockVerdict.MISSED)
    in_time = ceased.moved("2026-12-30T23:59:59Z")
    given(DRAFTED, PRESERVE, in_time).asked_at("2027-02-01T00:00Z").then("SCA-2703-f", ClockVerdict.NOT_RUNNING)


def test_a_preservation_that_was_followed_by_process_is_met_although_it_was_given_up_then() -> None:
    process = issued("2026-11-01T09:00Z", "SCA", label="process")
    ceased = by_provider("preservation-ceased", "2026-12-01T00:00Z", cause="produced")
    given(PRESERVE, process, ceased).asked_at("2027-02-01T00:00Z").then("SCA-2703-f", ClockVerdict.MET)
