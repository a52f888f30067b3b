"""The Budapest Convention (ETS 185): reasons, grounds, formal confirmation, copies, preservation at risk."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.law.terms.rule import ClockVerdict
from tests.support.judging import finds, finds_not, state
from tests.support.scenarios import DAY, Fact, Office, Story, by_issuer, by_provider, fact, given, issued, leaf

OFFICES = {"caq": Office("XV", ("CAQ", "POC")), "poc": Office("XO", ("POC",))}
CONFIRMED = fact("preservation-confirmed", "2027-03-02T09:00Z", "caq", "CAQ")


def order(instrument: str = "BC-29", **fields: Any) -> Fact:
    """Make a request to the other State."""
    return issued("2027-03-01T09:00Z", instrument, **fields)


def by_state(kind: str, on: str, **fields: Any) -> Fact:
    """Make an act of the requested State."""
    return fact(kind, on, "caq", "CAQ", **fields)


def story_of(*facts: Fact) -> Story:
    """Make a story with the offices of both States."""
    return given(*facts).among(**OFFICES)


# -- article 17: traffic data within a State ---------------------------------------------------------------------------


def test_traffic_data_in_part_show_the_provider_in_the_path() -> None:
    for instrument, role in (("BC-16", "skylark"), ("BC-29", "caq")):
        part = fact("traffic-data-partially-disclosed", "2027-03-03T09:00Z", role, "SP" if role == "skylark" else "CAQ")
        finds(story_of(order(instrument), CONFIRMED, part), "W-17-PATH", A5="GAP")
        for stated in ({"path": "By way of Norholm."}, {"other_provider_party": "XN"}):
            finds_not(story_of(order(instrument), CONFIRMED, part.changed(**stated)), "W-17-PATH")


def test_traffic_data_that_were_kept_at_home_are_disclosed_in_part() -> None:
    kept = by_provider("preservation-confirmed", "2027-03-02T09:00Z", elements=["connection-log"])
    ceased = by_provider("preservation-ceased", "2027-06-02T09:00Z", cause="period-ended")
    finds_not(story_of(order("BC-16"), kept), "W-17-NOT-DISCLOSED")
    finds(story_of(order("BC-16"), kept, ceased), "W-17-NOT-DISCLOSED", A5="GAP")
    part = by_provider("traffic-data-partially-disclosed", "2027-03-03T09:00Z", path="By way of Norholm.")
    finds_not(story_of(order("BC-16"), kept, part, ceased), "W-17-NOT-DISCLOSED")
    names = by_provider("preservation-confirmed", "2027-03-02T09:00Z", elements=["name"])
    finds_not(story_of(order("BC-16"), names, ceased), "W-17-NOT-DISCLOSED")
    finds_not(story_of(order("BC-29"), kept, ceased), "W-17-NOT-DISCLOSED")


def test_the_order_says_which_data_are_kept_where_the_confirmation_does_not() -> None:
    kept = by_provider("preservation-confirmed", "2027-03-02T09:00Z")
    ceased = by_provider("preservation-ceased", "2027-06-02T09:00Z", cause="period-ended")
    for elements, found in (
        (["connection-log#1"], True),
        (["name"], False),
        (["no-such-element"], False),
        (None, False),
    ):
        story = story_of(order("BC-16", elements_sought=elements), kept, ceased)
        (finds if found else finds_not)(story, "W-17-NOT-DISCLOSED")
    finds_not(story_of(replace(order("BC-16"), role="SP"), kept, ceased), "W-17-NOT-DISCLOSED")
    asked = by_issuer("production-request-confirmed", "2027-04-02T09:00Z", production_kind="MLA")
    traffic = order("BC-16", elements_sought=["connection-log"])
    finds_not(story_of(traffic, kept, asked, ceased), "W-17-NOT-DISCLOSED")


# -- article 25(3): formal confirmation --------------------------------------------------------------------------------

SENT = fact(
    "order-transmitted",
    "2027-03-01T10:00Z",
    "central",
    "CAR",
    label="sent",
    addressee="caq",
    channel="fax",
    confirmation_required=True,
)


def test_a_request_by_expedited_means_is_confirmed_formally_where_the_other_party_requires_it() -> None:
    finds_not(story_of(order(), SENT), "V-25-3-NOT-CONFIRMED")
    kept = story_of(order(), SENT, CONFIRMED)
    finds(kept, "V-25-3-NOT-CONFIRMED", A5="CONTRADICTED")
    confirmed = by_issuer("request-confirmed-in-writing", "2027-03-05T09:00Z", confirms="sent")
    finds_not(kept.when(confirmed), "V-25-3-NOT-CONFIRMED")
    finds_not(story_of(order(), SENT.changed(confirmation_required=None), CONFIRMED), "V-25-3-NOT-CONFIRMED")
    finds_not(story_of(order(), SENT.changed(channel="courier"), CONFIRMED), "V-25-3-NOT-CONFIRMED")


def test_a_request_that_was_closed_without_data_was_to_be_confirmed_too() -> None:
    closed = by_issuer("order-closed", "2027-03-09T09:00Z", outcome="withdrawn")
    withdrawn = by_issuer("order-withdrawn", "2027-03-08T09:00Z", reason="no-longer-needed", data_handling="none-held")
    story = story_of(order(), SENT, withdrawn)
    finds_not(story, "V-25-3-NOT-CONFIRMED")
    assert state(story.when(closed)) == "CLOSED"
    assert len(finds(story.when(closed), "V-25-3-NOT-CONFIRMED").entries) == 1


def test_each_request_by_expedited_means_is_confirmed() -> None:
    confirmed = by_issuer("request-confirmed-in-writing", "2027-03-05T09:00Z", confirms="sent")
    again = replace(SENT.moved("2027-03-01T11:00Z"), label="again")
    found = finds(story_of(order(), SENT, again, CONFIRMED, confirmed), "V-25-3-NOT-CONFIRMED")
    assert leaf("again") in found.entries
    assert leaf("sent") not in found.entries


# -- article 27: without a treaty --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["request-refused", "execution-postponed"])
@pytest.mark.parametrize("instrument", ["BC-29", "BC-31", "2AP-10"])
def test_a_state_that_refuses_or_postpones_says_why(kind: str, instrument: str) -> None:
    fields = {"ground": "BC:29(5)(b)"} if kind == "request-refused" else {}
    silent = by_state(kind, "2027-03-02T09:00Z", **fields)
    finds(story_of(order(instrument), silent), "V-27-7-NO-REASONS", A5="GAP")
    finds_not(story_of(order(instrument), silent.changed(reasons="An inquiry of its own.")), "V-27-7-NO-REASONS")


def test_where_a_treaty_is_in_force_the_duty_to_give_reasons_is_not_known() -> None:
    silent = by_state("request-refused", "2027-03-02T09:00Z", ground="BC:25(4)")
    under_a_treaty = story_of(order("BC-31", treaty="ETS 30"), silent)
    finds_not(under_a_treaty, "V-27-7-NO-REASONS")
    finds(under_a_treaty, "G-27-1-REASONS", A5="GAP")
    finds_not(story_of(order("BC-31"), silent), "G-27-1-REASONS")
    finds_not(story_of(order("BC-31", treaty="ETS 30"), silent.changed(reasons="Why.")), "G-27-1-REASONS")


def test_an_urgent_request_between_judicial_authorities_is_copied_to_the_central_authority() -> None:
    direct = by_issuer("order-transmitted", "2027-03-01T10:00Z", addressee="caq", channel="fax")
    finds(story_of(order("BC-31"), direct), "W-27-9-a-COPY", A5="GAP")
    finds_not(story_of(order("BC-31"), direct.changed(copy_to_central_authority=True)), "W-27-9-a-COPY")
    at_the_same_time = SENT.changed(confirmation_required=None)
    finds_not(story_of(order("BC-31"), direct, at_the_same_time), "W-27-9-a-COPY")
    finds_not(story_of(order("BC-31"), direct, at_the_same_time), "W-27-9-a-SAME-DAY")
    that_day = story_of(order("BC-31"), direct, at_the_same_time.moved("2027-03-01T10:00:01Z"))
    finds_not(that_day, "W-27-9-a-COPY")
    assert "with 1 s between the two" in finds(that_day, "W-27-9-a-SAME-DAY").says
    finds(story_of(order("BC-31"), direct, at_the_same_time.moved("2027-03-02T10:00Z")), "W-27-9-a-COPY")
    finds_not(story_of(order("BC-31", treaty="ETS 30"), direct), "W-27-9-a-COPY")
    finds_not(story_of(order("BC-31"), at_the_same_time), "W-27-9-a-COPY")


# -- article 28(4): explaining the use ---------------------------------------------------------------------------------


def test_a_state_that_accepted_a_condition_explains_the_use_if_the_other_requires_it() -> None:
    imposed = by_state(
        "condition-imposed",
        "2027-03-02T09:00Z",
        label="condition",
        condition_code="this-case-only",
        explanation_required=True,
    )
    accepted = by_issuer("condition-accepted", "2027-03-03T09:00Z", about="condition")
    used = by_issuer("use-recorded", "2027-03-09T09:00Z", purpose="criminal-proceedings", case_ref="KA-2027-0311")
    explained = by_issuer("use-explained", "2027-03-10T09:00Z", about="condition")
    story = story_of(order("BC-31"), imposed, accepted)
    finds_not(story, "W-28-4-NOT-EXPLAINED")
    finds(story.when(used), "W-28-4-NOT-EXPLAINED", A5="GAP", A7="GAP")
    finds_not(story.when(used, explained), "W-28-4-NOT-EXPLAINED")
    finds_not(story.when(used, explained.changed(about=None)), "W-28-4-NOT-EXPLAINED")
    finds_not(story_of(order("BC-31"), imposed, used), "W-28-4-NOT-EXPLAINED")
    finds_not(
        story_of(order("BC-31"), imposed.changed(explanation_required=None), accepted, used), "W-28-4-NOT-EXPLAINED"
    )


# -- article 29: preservation ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["preservation-refused", "request-refused"])
@pytest.mark.parametrize(
    ("ground", "found"),
    [
        ("BC:25(4)", True),
        ("other", True),
        ("2AP:9", True),
        ("BC:29(5)(a)", False),
        ("BC:29(5)(b)", False),
        ("BC:27(4)(a)", False),
        ("BC:29(4)", False),
        ("BC:30(2)(a)", True),
    ],
)
def test_preservation_is_refused_on_the_grounds_of_the_article_alone(kind: str, ground: str, found: bool) -> None:
    refused = story_of(order(), by_state(kind, "2027-03-02T09:00Z", ground=ground, reasons="Why."))
    (finds if found else finds_not)(refused, "V-29-GROUND")
    if found:
        finds(refused, "V-29-GROUND", A5="GAP")


def test_grounds_of_the_convention_do_not_bind_a_domestic_order() -> None:
    finds_not(
        story_of(order("BC-16"), by_provider("preservation-refused", "2027-03-02T09:00Z", ground="other")),
        "V-29-GROUND",
    )


def test_traffic_data_of_a_request_that_was_executed_may_be_withheld() -> None:
    withheld = by_state("request-refused", "2027-03-03T09:00Z", ground="BC:30(2)(b)", reasons="Why.")
    finds_not(story_of(order(), CONFIRMED, withheld), "V-29-GROUND")
    finds(story_of(order(), withheld), "V-29-GROUND")


@pytest.mark.parametrize(("kind", "ground"), [("preservation-refused", "BC:30(2)(a)"), ("request-refused", "other")])
def test_nothing_else_is_withheld_of_a_request_that_was_executed(kind: str, ground: str) -> None:
    refused = by_state(kind, "2027-03-03T09:00Z", ground=ground, reasons="Why.")
    finds(story_of(order(), CONFIRMED, refused), "V-29-GROUND")


def test_a_refusal_for_lack_of_dual_criminality_needs_a_reservation() -> None:
    refused = by_state("preservation-refused", "2027-03-02T09:00Z", ground="BC:29(4)", reasons="No offence here.")
    finds(story_of(order(), refused), "G-29-4-RESERVATION", A5="GAP")
    finds_not(story_of(order(), refused).where("XV", declarations=("R-29-4",)), "G-29-4-RESERVATION")
    finds(story_of(order(), refused).where("XO", declarations=("R-29-4",)), "G-29-4-RESERVATION")


def test_a_warning_that_preservation_is_a_risk_is_answered() -> None:
    warned = by_state("preservation-risk-reported", "2027-03-02T09:00Z", label="warned", risk="availability")
    story = story_of(order(), warned)
    finds(story, "W-29-6-UNDECIDED", A5="GAP")
    assert state(story) == "REQUESTED"
    maintained = by_issuer("order-maintained", "2027-03-02T12:00Z", answers="warned")
    finds_not(story.when(maintained), "W-29-6-UNDECIDED")
    finds_not(story.when(maintained), "W-OUT-OF-SEQUENCE")
    withdrawn = by_issuer("order-withdrawn", "2027-03-02T12:00Z", reason="no-longer-needed", data_handling="none-held")
    finds_not(story.when(withdrawn), "W-29-6-UNDECIDED")


def test_sixty_days_without_a_request_for_what_is_kept_are_looked_at() -> None:
    story = story_of(order("BC-29"), by_state("preservation-confirmed", "2027-03-02T09:00Z"))
    finds_not(story.asked_at("2027-05-01T23:59:59Z"), "W-29-7")
    finds(story.asked_at("2027-05-02T00:00:00Z"), "W-29-7", A6="GAP")
    asked = by_issuer("production-request-confirmed", "2027-04-02T09:00Z", production_kind="MLA")
    finds_not(story.when(asked).asked_at("2027-06-02T00:00:00Z"), "W-29-7")


def test_data_are_kept_for_sixty_days_and_until_the_request_for_them_is_decided() -> None:
    ceased = by_state("preservation-ceased", "2027-05-01T23:59:59Z", cause="period-ended")
    finds(story_of(order(), CONFIRMED, ceased), "V-29-7-CEASED", A5="GAP")
    finds_not(story_of(order(), CONFIRMED, ceased.moved("2027-05-02T00:00:00Z")), "V-29-7-CEASED")
    asked = by_issuer("production-request-confirmed", "2027-04-02T09:00Z", production_kind="MLA")
    finds(story_of(order(), CONFIRMED, asked, ceased.moved("2027-05-02T00:00:00Z")), "V-29-7-CEASED")
    finds_not(story_of(order(), CONFIRMED, asked, ceased.changed(cause="produced")), "V-29-7-CEASED")
    finds_not(
        story_of(order("BC-16"), by_provider("preservation-confirmed", "2027-03-02T09:00Z"), ceased), "V-29-7-CEASED"
    )


def test_a_domestic_preservation_is_renewed_by_ninety_days_at_most() -> None:
    kept = story_of(order("BC-16"), by_provider("preservation-confirmed", "2027-03-02T09:00Z"))

    def renewed(by: str) -> Story:
        return kept.when(by_issuer("preservation-extended", "2027-05-01T09:00Z", extends_by=by))

    for length in ("P91D", "P1Y", "P4M"):
        finds(renewed(length), "W-16-2-LENGTH")
        renewed(length).then("B-16-90", ClockVerdict.OPEN, "2027-08-30T00:00Z")
    for length in ("P90D", "P2M"):
        finds_not(renewed(length), "W-16-2-LENGTH")
    finds(
        story_of(order("BC-16"), by_issuer("preservation-requested", "2027-03-02T09:00Z", period="P1Y")),
        "W-16-2-LENGTH",
    )


def test_a_period_whose_end_is_not_known_was_not_ended_too_early() -> None:
    late = replace(CONFIRMED, at=CONFIRMED.on + 3 * DAY)
    ceased = by_state("preservation-ceased", "2027-03-20T09:00Z", cause="period-ended")
    story = story_of(order(), late, ceased)
    story.then_unwound("B-29-60")
    finds_not(story, "V-29-7-CEASED")
    finds_not(story_of(order(), ceased), "V-29-7-CEASED")


def test_a_treaty_is_known_from_the_order_or_from_the_way_that_it_went_on() -> None:
    silent = by_state("request-refused", "2027-03-02T09:00Z", ground="BC:25(4)")
    went_on = by_issuer("escalated-to-mutual-assistance", "2027-03-03T09:00Z", new_order="second", treaty="ETS 30")
    finds(story_of(order("BC-31"), silent, went_on), "G-27-1-REASONS")
    finds_not(story_of(order("BC-31"), silent, went_on.changed(treaty=None)), "G-27-1-REASONS")
    finds_not(story_of(silent), "G-27-1-REASONS")
