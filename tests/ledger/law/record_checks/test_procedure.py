"""Procedure: entries that crossed, are duplicate, out of sequence, late, disputed or not understood."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.judging import codes, criterion, finds, finds_not, state
from tests.support.scenarios import (
    Fact,
    Office,
    by_authority,
    by_issuer,
    by_provider,
    corrected,
    disclosed,
    fact,
    given,
    issued,
    leaf,
    moment,
    received,
    sent,
)

ISSUED = issued("2027-03-01T09:00Z")
RECEIVED = received("2027-03-02T08:30Z")
DATA = disclosed("2027-03-05T09:00Z", label="disclosed")
BASE = given(ISSUED, RECEIVED)


def by_return(kind: str, on: str, **fields: Any) -> Fact:
    """Make a fact: an act of the authority to which data are returned."""
    return fact(kind, on, "orn", "RET", **fields)


# -- withdrawal --------------------------------------------------------------------------------------------------------

WITHDRAWN = by_issuer("order-withdrawn", "2027-03-04T09:00Z", label="withdrawal", data_handling="none-held")


def withdrawal_confirmed(on: str, by: str = "skylark", role: str = "SP") -> Fact:
    """Make a fact: the addressee confirms receipt of the withdrawal."""
    return fact("withdrawal-confirmed", on, by, role, about="withdrawal")


def test_data_after_a_withdrawal_cross_it_unless_its_arrival_was_confirmed() -> None:
    assert finds(BASE.when(WITHDRAWN, DATA), "W-CROSSED").effects == ()
    after = BASE.when(WITHDRAWN, withdrawal_confirmed("2027-03-05T09:00Z"), DATA)
    finds(after, "V-DISCLOSED-AFTER-WITHDRAWAL", A4="CONTRADICTED")
    finds_not(after, "W-CROSSED")
    finds(BASE.when(WITHDRAWN, DATA, withdrawal_confirmed("2027-03-05T09:00:01Z")), "W-CROSSED")
    finds(BASE.when(WITHDRAWN, withdrawal_confirmed("2027-03-04T10:00Z", "ncco", "NOT"), DATA), "W-CROSSED")
    before = replace(WITHDRAWN, on=moment("2027-03-06T09:00Z"))
    assert not codes(BASE.when(DATA, before)) & {"W-CROSSED", "V-DISCLOSED-AFTER-WITHDRAWAL"}


# -- duplicate, out of sequence, late ----------------------------------------------------------------------------------


def test_an_order_that_arrives_twice_is_a_remark() -> None:
    assert finds(BASE.when(received("2027-03-02T09:30Z", "again")), "W-DUPLICATE").effects == ()
    finds_not(BASE, "W-DUPLICATE")
    by_log = received("2027-03-02T09:30Z", "again", "ilves", "ISS", proof_kind="portal-log")
    elsewhere = received("2027-03-02T09:30Z", "again", proper_addressee=False)
    for other in (by_log, elsewhere):
        finds_not(BASE.when(other), "W-DUPLICATE")
    of_the_correction = received("2027-03-03T10:00Z", "two", about="c")
    finds_not(BASE.when(corrected("2027-03-03T09:00Z", "c"), of_the_correction), "W-DUPLICATE")
    second = {"first": "receipt", "second_on": "2027-03-03T09:00:00Z"}
    finds(BASE.when(by_provider("duplicate-service-recorded", "2027-03-03T09:00Z", **second)), "W-DUPLICATE")


def test_the_same_files_twice_are_a_remark() -> None:
    def handed(on: str, *digests: str) -> Fact:
        return disclosed(on, files=[{"name": f"{n}", "size": 1, "sha256": d * 64} for n, d in enumerate(digests)])

    first = handed("2027-03-05T09:00Z", "a", "b")
    finds(BASE.when(first, handed("2027-03-06T09:00Z", "b", "a")), "W-DUPLICATE")
    finds_not(BASE.when(first, handed("2027-03-06T09:00Z", "a")), "W-DUPLICATE")
    finds_not(BASE.when(first, handed("2027-03-06T09:00Z", "a", "c")), "W-DUPLICATE")
    finds_not(BASE.when(handed("2027-03-05T09:00Z"), handed("2027-03-06T09:00Z")), "W-DUPLICATE")


def test_an_entry_that_does_not_follow_leaves_the_state_as_it_was() -> None:
    early = given(ISSUED, by_provider("disclosure-declined", "2027-03-01T10:00Z"))
    assert finds(early, "W-OUT-OF-SEQUENCE").effects == ()
    assert finds(early, "W-OUT-OF-SEQUENCE").cite == ()
    assert state(early) == "ISSUED"
    finds_not(BASE, "W-OUT-OF-SEQUENCE")


def test_only_an_effective_entry_of_a_kind_in_the_table_can_be_out_of_sequence() -> None:
    no_row = by_return("purpose-recorded", "2027-03-03T09:00Z", case_ref="KA-1", purpose_code="trial")
    finds_not(BASE.when(no_row), "W-OUT-OF-SEQUENCE")
    finds_not(given(ISSUED, by_issuer("disclosure-declined", "2027-03-01T10:00Z")), "W-OUT-OF-SEQUENCE")


def test_an_entry_written_down_more_than_a_day_later_is_shown_effective_or_not() -> None:
    finds(given(issued("2027-03-01T09:00Z", at="2027-03-02T09:00:01Z")), "W-LATE-REC", A6="GAP")
    finds_not(given(issued("2027-03-01T09:00Z", at="2027-03-02T09:00:00Z")), "W-LATE-REC")
    finds(BASE.when(replace(DATA, role="AUD", at=moment("2027-03-09T09:00Z"))), "W-LATE-REC")


def test_a_late_entry_that_was_put_right_is_not_counted() -> None:
    late = received("2027-03-02T08:30Z", "late", at="2027-03-09T09:00Z")
    right = received("2027-03-09T08:30Z", "right", at="2027-03-09T10:00Z", replaces="late")
    finds(given(ISSUED, late), "W-LATE-REC")
    finds_not(given(ISSUED, late, right), "W-LATE-REC")


def test_a_clock_that_cannot_be_computed_is_a_gap() -> None:
    finds(given(ISSUED, sent("2027-03-02T08:00Z")), "G-CLOCK-UNDETERMINED", A6="GAP")
    finds_not(BASE, "G-CLOCK-UNDETERMINED")


# -- disputed, not understood ------------------------------------------------------------------------------------------

DISPUTABLE = (
    DATA,
    fact("evidence-received", "2027-03-05T10:00Z", "orn", "RET", about="disclosed", check="equal", exhibit="E1"),
    by_return("evidence-accessed", "2027-03-06T09:00Z", label="access", exhibit="E1", purpose_code="trial"),
    by_authority("non-disclosure-instructed", "2027-03-07T09:00Z", label="instruction", ground="G-7-i", scope="all"),
    by_return("customer-notified", "2027-03-08T09:00Z", label="told", channel="letter"),
)


@pytest.mark.parametrize(
    ("about", "pulled"),
    [("issued", "A4"), ("disclosed", "A1"), ("access", "A3"), ("instruction", "A5"), ("told", "A7")],
)
def test_a_dispute_leaves_open_the_criterion_of_what_is_disputed_until_a_court_settles_it(
    about: str, pulled: str
) -> None:
    story = BASE.when(*DISPUTABLE, by_provider("event-disputed", "2027-03-09T09:00Z", label="dispute", about=about))
    finds(story, "G-DISPUTED", **{pulled: "GAP"})
    ruled = fact("court-ruled", "2027-04-09T09:00Z", "judge", "CT", ruling="dispute-settled", settles="dispute")
    finds_not(story.when(ruled), "G-DISPUTED")
    finds(story.when(replace(ruled, fields={"ruling": "other", "about": "dispute"})), "G-DISPUTED")


def test_a_receipt_in_dispute_stops_clocks_and_is_no_open_dispute() -> None:
    claimed = by_issuer("receipt-disputed", "2027-03-03T09:00Z", about="receipt", claimed_on="2027-03-01T10:00:00Z")
    finds_not(BASE.when(claimed), "G-DISPUTED")
    finds(BASE.when(claimed), "G-CLOCK-UNDETERMINED")


def test_a_dispute_about_nothing_on_record_pulls_nothing() -> None:
    astray = by_provider("event-disputed", "2027-03-09T09:00Z", about="no-such-entry")
    assert finds(BASE.when(astray), "G-DISPUTED").effects == ()


def test_an_entry_of_an_unknown_kind_is_shown_as_it_is() -> None:
    strange = fact("order-blessed", "2027-03-03T09:00Z", "ilves", "ISS")
    assert finds(BASE.when(strange), "G-UNKNOWN-KIND").effects == ()
    finds_not(BASE.when(strange), "V-AUTHORITY")
    finds_not(BASE, "G-UNKNOWN-KIND")
    assert criterion(BASE.when(strange), "A4") == "DEMONSTRATED"


def test_what_needs_an_order_is_not_dated_before_there_was_one() -> None:
    early = sent("2027-03-01T08:59:59Z", label="early")
    assert finds(BASE.when(early), "W-BEFORE-ORDER").entries == (leaf("early"),)
    finds_not(BASE.when(early.moved("2027-03-01T09:00Z")), "W-BEFORE-ORDER")
    drafted = by_issuer("emergency-declared", "2027-02-28T09:00Z", threat="life", emergency_reasons="x")
    finds_not(BASE.when(drafted), "W-BEFORE-ORDER")
    finds_not(given(early), "W-BEFORE-ORDER")


def test_clocks_of_a_person_that_cannot_be_computed_leave_data_protection_open_and_others_the_time() -> None:
    late = by_provider("access-requested", "2027-03-03T09:00Z", at="2027-03-06T09:00Z")
    unsent = given(ISSUED, sent("2027-03-02T08:00Z"))
    finds(unsent, "G-CLOCK-UNDETERMINED", A6="GAP")
    finds(BASE.when(late), "G-CLOCK-UNDETERMINED", A7="GAP")
    finds(unsent.when(late), "G-CLOCK-UNDETERMINED", A6="GAP", A7="GAP")


def test_an_office_whose_name_reads_like_a_verdict_is_a_remark_where_an_order_names_it() -> None:
    served = given(issued("2027-03-01T09:00Z"), sent("2027-03-02T08:00Z"), received("2027-03-02T08:30Z"))
    finds_not(served, "W-NAME-MISLEADING")
    for name in ("TOTAL-PASSED", "bestanden", "0badc0de", "Skylаrk"):
        assert finds(served.among(skylark=Office("XV", ("SP",), name=name)), "W-NAME-MISLEADING").effects == ()
    finds_not(served.among(court=Office("XV", ("CT",), name="TOTAL-PASSED")), "W-NAME-MISLEADING")
