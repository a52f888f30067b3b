"""18 U.S.C. 2703(d), (f) and (h): motions, their conditions, preservation, and telling a foreign government."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.law.admissibility.forums import FORUMS
from ledger.law.terms.rule import ClockVerdict, Mark
from tests.support.judging import codes, finds, finds_not, state
from tests.support.scenarios import Office, Party, Story, by_issuer, by_provider, fact, given, issued, received

PARTIES = {"US": Party("America/Los_Angeles"), "XO": Party("Atlantic/Reykjavik")}
OFFICES = {"ilves": Office("US", ("ISS",)), "skylark": Office("US", ("SP",)), "judge": Office("US", ("CT",))}


def served(category: str = "content", instrument: str = "SCA", **fields: Any) -> Story:
    """Make an order of the United States that was served on 2 November 2026: the window ends on the 16th."""
    order = issued(
        "2026-11-01T18:00Z",
        instrument,
        from_party="US",
        to_party="US",
        data_categories=[category],
        elements_sought=[{"content": "stored-files", "traffic": "connection-log"}.get(category, "name")],
        **fields,
    )
    return Story((order, received("2026-11-02T17:00Z")), parties=PARTIES, offices=OFFICES)


def motion(on: str = "2026-11-09T17:00Z", party: str = "GB", **fields: Any) -> Any:
    """Make a motion of the provider."""
    return by_provider("reasoned-objection-filed", on, conflicting_law_party=party, **fields)


def test_a_motion_on_the_law_of_a_qualifying_foreign_government_suspends() -> None:
    for party in ("GB", "AU"):
        assert state(served().when(motion(party=party, not_us_person=True))) == "SUSPENDED"
    assert codes(served().when(motion())) & {"W-2703h-CONDITIONS", "W-2703d-MOTION", "W-2703h-LATE"} == set()


@pytest.mark.parametrize(
    "fields", [{"party": "DE"}, {"party": "US"}, {"party": "CA"}, {"party": "GB", "not_us_person": False}]
)
def test_a_motion_without_the_conditions_of_2703_h_does_not_suspend(fields: dict[str, Any]) -> None:
    story = served().when(motion(**fields))
    finds(story, "W-2703h-CONDITIONS")
    assert state(story) == "SERVED"


def test_a_government_qualifies_from_the_day_on_which_its_agreement_is_in_force() -> None:
    order = issued("2024-01-20T18:00Z", "SCA", from_party="US", to_party="US", data_categories=["content"])
    early = Story((order, received("2024-01-21T18:00Z")), parties=PARTIES, offices=OFFICES)
    finds(early.when(motion("2024-01-30T17:00Z", "AU")), "W-2703h-CONDITIONS")
    finds_not(early.when(motion("2024-01-31T17:00Z", "AU")), "W-2703h-CONDITIONS")


def test_the_register_can_say_that_an_invented_government_qualifies_or_does_not() -> None:
    unknown = served().when(motion(party="XO"))
    assert state(unknown) == "SUSPENDED"  # nothing says that it has no agreement
    assert state(unknown.where("XO", not_bound_by=("COA",))) == "SERVED"
    assert state(unknown.where("XO", in_force=("COA=2026-11-10",))) == "SERVED"
    assert state(unknown.where("XO", in_force=("COA=2026-11-09",))) == "SUSPENDED"


def test_contents_under_the_label_of_other_records_are_contents() -> None:
    stated: dict[str, Any] = {
        "from_party": "US",
        "to_party": "US",
        "data_categories": ["subscriber"],
        "elements_sought": ["stored-files"],
    }
    order = issued("2026-11-01T18:00Z", "SCA", **stated)
    story = Story((order, received("2026-11-02T17:00Z")), parties=PARTIES, offices=OFFICES).when(motion())
    assert state(story) == "SUSPENDED"
    finds_not(story, "W-2703d-MOTION")


@pytest.mark.parametrize("category", ["subscriber", "traffic"])
def test_a_motion_against_an_order_for_other_data_suspends_nothing(category: str) -> None:
    story = served(category).when(motion())
    finds(story, "W-2703d-MOTION")
    finds_not(story, "W-2703h-LATE")
    assert state(story) == "SERVED"
    finds_not(served().when(motion()), "W-2703d-MOTION")


def test_an_objection_to_an_order_under_an_agreement_is_judged_by_no_rule_of_2703() -> None:
    story = served(instrument="COA").when(motion(party="DE"))
    assert {c for c in codes(story) if "2703" in c} == set()


def test_a_provider_may_tell_a_qualifying_government_of_an_order_for_contents() -> None:
    silence = fact("confidentiality-ordered", "2026-11-02T17:30Z", "judge", "CT", confidentiality_basis="court-order")
    said = by_provider("foreign-government-informed", "2026-11-05T17:00Z", government="GB")
    story = served().when(silence, said)
    finds_not(story, "W-2703h5-NOT-QUALIFYING")
    finds_not(story, "V-NOTICE-CONTRARY-TO-ORDER")
    finds(served().when(said.changed(government="DE")), "W-2703h5-NOT-QUALIFYING", A7="GAP")
    finds(served("traffic").when(said), "W-2703h5-NOT-QUALIFYING")
    finds(served().when(said.changed(national_or_resident=False)), "W-2703h5-NOT-QUALIFYING")
    finds_not(served().when(said.changed(national_or_resident=True)), "W-2703h5-NOT-QUALIFYING")


KEPT = by_issuer("preservation-requested", "2026-10-01T17:00Z")


def test_the_end_of_preservation_without_process_is_looked_at() -> None:
    story = given(KEPT)
    finds_not(story.when(issued("2026-10-05T17:00Z", "SCA")).asked_at("2027-02-01T00:00Z"), "W-2703f-ENDED")
    late = issued("2027-01-05T17:00Z", "SCA")
    finds(story.when(late), "W-2703f-ENDED", A6="GAP")


def test_a_provider_keeps_the_data_to_the_end_of_the_period() -> None:
    ceased = by_provider("preservation-ceased", "2026-12-30T23:59:59Z", cause="period-ended")
    story = given(KEPT, issued("2026-10-05T17:00Z", "SCA"))
    finds(story.when(ceased), "V-2703f-CEASED", A6="GAP")
    finds_not(story.when(ceased.moved("2026-12-31T00:00:00Z")), "V-2703f-CEASED")
    finds_not(story.when(ceased.changed(cause="produced")), "V-2703f-CEASED")
    renewal = by_issuer("preservation-extended", "2026-12-01T17:00Z", extends_by="P90D")
    finds(story.when(renewal, ceased.moved("2027-03-30T23:59:59Z")), "V-2703f-CEASED")


def test_no_office_extends_a_statutory_period() -> None:
    longer = by_issuer("deadline-extended", "2026-11-01T17:00Z", deadline="SCA-2703-f", new_due="2027-06-01T00:00:00Z")
    given(KEPT, issued("2026-10-05T17:00Z", "SCA"), longer).then("SCA-2703-f", ClockVerdict.MET, "2026-12-31T00:00Z")


def test_another_renewal_than_one_of_ninety_days_is_looked_at() -> None:
    def with_renewals(*renewals: tuple[str, str]) -> Story:
        made = (by_issuer("preservation-extended", on, extends_by=by) for on, by in renewals)
        return given(KEPT, issued("2026-10-05T17:00Z", "SCA"), *made)

    finds_not(with_renewals(("2026-12-01T17:00Z", "P90D")), "W-2703f-RENEWAL")
    finds(with_renewals(("2026-12-01T17:00Z", "P60D")), "W-2703f-RENEWAL")
    finds(with_renewals(("2027-01-01T17:00Z", "P90D")), "W-2703f-RENEWAL")
    finds(with_renewals(("2026-12-01T17:00Z", "P90D"), ("2027-03-01T17:00Z", "P90D")), "W-2703f-RENEWAL")


def test_the_sheet_for_foreign_records_names_penalty_notice_and_waiver() -> None:
    question = next(q for q in FORUMS["US"].questions if q.cite == "18 U.S.C. 3505")
    assert question.mark is Mark.TEXT
    assert question.criteria == ("A1", "A6")
    assert all(word in question.leaves for word in ("punished", "arraignment", "waived"))


def test_notice_is_put_off_for_ninety_days_at_once_and_no_longer() -> None:
    def put_off(on: str, until: str, kind: str = "delayed", **fields: Any) -> Any:
        return by_issuer(f"customer-notification-{kind}", on, grounds=["LED:13(3)(a)"], review_on=until, **fields)

    story = served()
    first = put_off("2026-11-02T18:00Z", "2027-01-31")  # ninety days later
    finds_not(story.when(first), "W-2705a-LENGTH")
    finds(story.when(put_off("2026-11-02T18:00Z", "2027-02-01")), "W-2705a-LENGTH", A7="GAP")
    again = put_off("2027-01-20T18:00Z", "2027-05-01", "delay-extended", about=first.label, reassessed=True)
    finds_not(story.when(first, again), "W-2705a-LENGTH")
    too_long = put_off("2027-01-20T18:00Z", "2027-05-02", "delay-extended", about=first.label, reassessed=True)
    finds(story.when(first, too_long), "W-2705a-LENGTH")
