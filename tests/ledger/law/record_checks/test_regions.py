"""Regions next to the state: notification, notice to the person, conditions, custody, incident. findings.md 5."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.judging import judged, region
from tests.support.scenarios import (
    Fact,
    Office,
    by_authority,
    by_issuer,
    by_provider,
    fact,
    given,
    issued,
    moment,
    received,
    sent,
)

ISSUED = issued("2027-03-01T09:00Z")
BASE = given(ISSUED, sent("2027-03-02T08:00Z"), received("2027-03-02T08:30Z"))


def by_return(kind: str, on: str, **fields: Any) -> Fact:
    """Make a fact: an act of the authority to which data are returned."""
    return fact(kind, on, "orn", "RET", **fields)


def test_an_order_of_which_nothing_special_is_known_has_all_regions_at_rest() -> None:
    assert judged(BASE).regions == {}


# -- notification ------------------------------------------------------------------------------------------------------


def test_notification_is_due_where_required_then_sent_then_received() -> None:
    declared = BASE.where("XV", declarations=("N-7-5-a",))
    assert region(declared, "notification") == "DUE"
    record = declared.when(by_issuer("notification-sent", "2027-03-02T09:00Z", notified_authority="ncco"))
    assert region(record, "notification") == "SENT"
    arrived = by_authority("notification-received", "2027-03-02T10:00Z")
    assert region(record.when(arrived), "notification") == "RECEIVED"
    again = by_issuer("notification-sent", "2027-03-05T09:00Z", notified_authority="ncco")
    assert region(record.when(arrived, again), "notification") == "SENT"


def test_a_notification_nobody_required_is_shown_all_the_same() -> None:
    record = BASE.when(by_issuer("notification-sent", "2027-03-02T09:00Z", notified_authority="ncco"))
    assert region(record, "notification") == "SENT"


# -- notice to the person ----------------------------------------------------------------------------------------------

DELAY = by_issuer(
    "customer-notification-delayed",
    "2027-03-03T09:00Z",
    label="delay",
    grounds=["LED:13(3)(a)"],
    review_on="2027-06-01",
)
LIFTED = by_issuer("customer-notification-delay-lifted", "2027-05-01T09:00Z", about="delay")
NOTIFIED = by_return("customer-notified", "2027-05-10T09:00Z", channel="letter")
PUBLISHED = fact(
    "notice-published", "2027-02-01T09:00Z", "office", "DPO", valid_from="2027-02-01",
    document={"code": "n", "media": "text/html", "size": 1, "sha256": "0" * 64},
)  # fmt: skip


def notice(*facts: Fact, at: str | None = None) -> str | None:
    """Return the region of notice to the person after these facts."""
    story = BASE.when(*facts)
    return region(story.asked_at(at) if at else story, "customer_notice")


def test_the_last_word_on_telling_the_person_counts() -> None:
    omitted = by_issuer("customer-notification-omitted", "2027-04-01T09:00Z", grounds=["LED:13(3)(a)"])
    assert notice(DELAY) == "DELAYED"
    assert notice(DELAY, omitted) == "OMITTED"
    assert notice(DELAY, LIFTED) == "LIFTED"
    assert notice(DELAY, LIFTED, NOTIFIED) == "NOTIFIED"


def test_a_delay_is_overdue_by_its_date_even_where_its_clock_cannot_be_computed() -> None:
    late = replace(DELAY, at=moment("2027-03-30T09:00Z"))
    assert notice(late, at="2027-06-01T23:59:59Z") == "DELAYED"
    assert notice(late, at="2027-06-02T00:00:00Z") == "OVERDUE"


def test_a_delay_past_its_review_is_overdue_and_so_is_a_lifted_one_of_which_nobody_is_told() -> None:
    assert notice(DELAY, at="2027-06-01T23:59:59Z") == "DELAYED"
    assert notice(DELAY, at="2027-06-02T00:00:00Z") == "OVERDUE"
    assert notice(DELAY, LIFTED, at="2027-05-31T23:59:59Z") == "LIFTED"
    assert notice(DELAY, LIFTED, at="2027-06-01T00:00:00Z") == "OVERDUE"
    assert notice(DELAY, LIFTED, NOTIFIED.moved("2027-07-01T09:00Z")) == "NOTIFIED"


def test_a_customer_told_by_the_provider_against_confidentiality_is_told_early() -> None:
    early = by_provider("customer-notified", "2027-03-05T09:00Z", channel="e-mail")
    asked = by_issuer("confidentiality-requested", "2027-03-03T09:00Z")
    assert notice(early) == "NOTIFIED"
    assert notice(asked, early) == "NOTIFIED_EARLY"
    said = by_issuer("customer-notified-contrary-to-confidentiality", "2027-03-05T09:00Z", admitted=False)
    assert notice(said) == "NOTIFIED_EARLY"
    assert notice(asked, early, NOTIFIED) == "NOTIFIED"


def test_a_general_notice_is_shown_where_there_is_nothing_else() -> None:
    office = {"office": Office("XO", ("DPO",))}
    story = BASE.registered(PUBLISHED).among(**office)
    assert region(story, "customer_notice") == "PUBLISHED"
    assert region(story.when(DELAY), "customer_notice") == "DELAYED"
    later = replace(PUBLISHED, fields={**PUBLISHED.fields, "valid_from": "2027-04-01"})
    assert region(BASE.registered(later).among(**office), "customer_notice") is None
    european = given(issued("2027-03-01T09:00Z", "EPOC")).registered(PUBLISHED).among(**office)
    assert region(european, "customer_notice") is None


# -- conditions, custody, incident -------------------------------------------------------------------------------------


def test_a_condition_is_imposed_then_accepted_or_declined() -> None:
    imposed = by_authority("condition-imposed", "2027-03-05T09:00Z", label="condition", condition_code="handling")
    assert region(BASE.when(imposed), "conditions") == "IMPOSED"
    for kind, value in (("condition-accepted", "ACCEPTED"), ("condition-declined", "DECLINED")):
        answered = by_issuer(kind, "2027-03-06T09:00Z", about="condition")
        assert region(BASE.when(imposed, answered), "conditions") == value


@pytest.mark.parametrize(("result", "value"), [("yes", None), ("yes-with-conditions", "IMPOSED"), ("no", None)])
def test_a_determination_on_conditions_imposes_one(result: str, value: str | None) -> None:
    order = issued("2027-03-01T09:00Z", "2AP-9")
    said = fact("determination-given", "2027-03-02T09:00Z", "ncco", "CAQ", result=result)
    assert region(given(order, said), "conditions") == value


def test_a_ground_in_time_on_conditions_imposes_one() -> None:
    def ground(on: str, scope: str) -> Fact:
        return by_authority("ground-for-refusal-raised", on, grounds=["EPOC:12(1)(a)"], scope=scope)

    arrived = by_authority("notification-received", "2027-03-02T10:00Z")  # until 12 March
    order = given(issued("2027-03-01T09:00Z", "EPOC"), received("2027-03-02T10:00Z"), arrived)
    assert region(order.when(ground("2027-03-05T10:00Z", "conditions")), "conditions") == "IMPOSED"
    assert region(order.when(ground("2027-03-05T10:00Z", "all")), "conditions") is None
    assert region(order.when(ground("2027-03-13T10:00Z", "conditions")), "conditions") is None


EVIDENCE = by_return("evidence-received", "2027-03-05T10:00Z", check="equal")


@pytest.mark.parametrize(
    ("kind", "fields", "value"),
    [
        ("use-restricted", {"scope": "all"}, "RESTRICTED"),
        ("use-restricted", {"scope": "out-of-scope"}, "HELD"),
        ("processing-restricted", {"cause": "unlawful"}, "RESTRICTED"),
        ("data-returned", {"scope": "all"}, "RETURNED"),
        ("data-returned", {"scope": "part"}, "HELD"),
        ("data-destroyed", {"scope": "all", "method": "overwritten"}, "DESTROYED"),
    ],
)
def test_custody_follows_what_is_done_with_all_of_the_data(kind: str, fields: dict[str, str], value: str) -> None:
    assert region(BASE.when(EVIDENCE), "custody") == "HELD"
    assert region(BASE.when(EVIDENCE, by_return(kind, "2027-03-06T10:00Z", **fields)), "custody") == value


def test_a_lock_that_is_opened_leaves_the_data_held() -> None:
    locked = by_return("processing-restricted", "2027-03-06T10:00Z", label="lock", cause="unlawful")
    opened = by_return("restriction-released", "2027-03-07T10:00Z", about="lock")
    assert region(BASE.when(EVIDENCE, locked, opened), "custody") == "HELD"


@pytest.mark.parametrize("kind", ["incident-notified-to-authority", "incident-notified-to-transferring-party"])
def test_an_incident_is_open_until_somebody_is_told(kind: str) -> None:
    incident = by_return(
        "security-incident-detected", "2027-03-06T10:00Z", label="incident",
        aware_at="2027-03-06T10:00:00Z", incident_kind="loss",
    )  # fmt: skip
    assert region(BASE.when(incident), "incident") == "OPEN"
    record = by_return(kind, "2027-03-07T10:00Z", about="incident", notified_authority="ncco")
    assert region(BASE.when(incident, record), "incident") == "NOTIFIED"
