"""The answers of one order in short: what is on record on each question, and nothing where there is nothing."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.law import Judgement, judge
from projections.reports.data_protection.register_rows import kept_until, short_answers
from tests.support.scenarios import Fact, by_issuer, case, disclosed, fact, issued, moment, received

NOW = moment("2027-06-01T00:00Z")
ORDER = issued("2027-03-01T09:00Z", dp_regime="LED")
DELAY = by_issuer(
    "customer-notification-delayed", "2027-03-02T09:00Z", grounds=["LED:13(3)(a)"], review_on="2027-09-01"
)
LONGER = by_issuer(
    "customer-notification-delay-extended", "2027-04-02T09:00Z", grounds=["LED:13(3)(b)"], review_on="2027-09-01"
)
ACCESS = fact("access-requested", "2027-04-02T09:00Z", "orn", "RET", label="asks")


def answers(*facts: Fact, regions: dict[str, str] | None = None, order: Fact = ORDER, **more: Any) -> dict[str, Any]:
    """Return the short answers of an order, whose regions are as judged, or as given."""
    found = case((order, *facts), "2AP-7")
    judgement = judge(found, NOW)
    changed = replace(judgement, regions=judgement.regions if regions is None else regions, **more)
    return short_answers(found, changed)


def test_the_ground_of_an_order_is_its_regime_or_that_none_is_stated() -> None:
    assert answers()["1"] == ["LED"]
    assert answers(order=issued("2027-03-01T09:00Z"))["1"] == ["no regime stated"]


def test_each_version_of_an_order_states_its_ground_and_no_other_entry_does() -> None:
    later = issued("2027-03-02T09:00Z", dp_regime="GDPR", label="second", replaces="issued")
    given = (received("2027-03-03T09:00Z"), disclosed("2027-03-10T09:00Z", recipient="orn"), DELAY)
    assert answers(*given)["1"] == ["LED"]
    assert answers(later, *given)["1"] == ["LED", "GDPR"]


def test_who_received_data_is_named_once() -> None:
    given = (disclosed(on, recipient="orn") for on in ("2027-03-10T09:00Z", "2027-03-11T09:00Z"))
    assert answers(received("2027-03-02T09:00Z"), *given)["2"] == ["orn"]
    assert "2" not in answers()


@pytest.mark.parametrize(
    ("state", "facts", "says"),
    [
        ("DELAYED", [DELAY], ["delayed on LED:13(3)(a)"]),
        ("OVERDUE", [DELAY], ["delayed on LED:13(3)(a)"]),
        ("DELAYED", [DELAY, LONGER], ["delayed on LED:13(3)(b)"]),
        ("DELAYED", [DELAY.changed(grounds=None)], ["delayed on no ground"]),
        ("DELAYED", [], None),
        ("NOTIFIED", [DELAY], None),
        ("", [DELAY], None),
    ],
)
def test_the_ground_of_a_delay_is_the_last_one_while_the_notice_is_delayed(
    state: str, facts: list[Fact], says: list[str] | None
) -> None:
    assert answers(*facts, regions={"customer_notice": state} if state else {}).get("5") == says


@pytest.mark.parametrize(("question", "region"), [("4", "customer_notice"), ("8", "conditions"), ("9", "incident")])
def test_a_region_at_rest_is_no_answer(question: str, region: str) -> None:
    assert answers(regions={region: "OPEN"})[question] == ["OPEN"]
    assert question not in answers(regions={})


@pytest.mark.parametrize(
    ("custody", "says"),
    [("HELD", ["HELD, no retention rule"]), ("RESTRICTED", ["RESTRICTED, no retention rule"]),
     ("DESTROYED", ["DESTROYED"]), (None, None)],
)  # fmt: skip
def test_data_that_are_held_have_a_review_or_no_rule(custody: str | None, says: list[str] | None) -> None:
    regions = {"custody": custody} if custody else {}
    assert answers(regions=regions, deadlines=()).get("6") == says


def test_data_that_are_held_are_reviewed_on_a_day() -> None:
    rule = by_issuer("retention-rule-set", "2027-03-12T09:00Z", period="P5Y", review_on="2027-09-12")
    facts = (ORDER, disclosed("2027-03-10T09:00Z", recipient="orn"), rule)
    judgement: Judgement = judge(case(facts, "2AP-7"), NOW)
    day = kept_until(replace(judgement, regions={"custody": "HELD"}))
    assert day == "2027-09-12"
    assert answers(*facts[1:], regions={"custody": "HELD"})["6"] == [f"HELD, reviewed by {day}"]
    assert kept_until(replace(judgement, regions={"custody": "RETURNED"})) is None


def test_who_got_data_onward_is_the_state() -> None:
    onward = fact("onward-transferred", "2027-04-01T09:00Z", "orn", "RET", recipient_party="XN", purpose="trial")
    assert answers(onward)["7"] == ["XN"]
    assert "7" not in answers()


def test_a_request_of_a_person_is_answered_or_not() -> None:
    assert answers(ACCESS)["10"] == ["access-requested, not answered"]
    assert answers(ACCESS, duties=())["10"] == ["access-requested, answered"]
    assert "10" not in answers()


def test_flagged_data_are_a_surplus() -> None:
    flagged = fact("sensitive-data-flagged", "2027-04-01T09:00Z", "orn", "RET")
    assert len(answers(flagged)["3"]) == 1
    assert "3" not in answers()
