"""Deadlines of any order: surplus data, notification of the person, security incidents."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ledger.law.terms.rule import ClockVerdict
from tests.support.scenarios import DAY, Fact, Office, by_issuer, by_provider, fact, given, issued, received, sent

ISSUED = issued("2027-03-01T09:00Z")
SENT = sent("2027-03-02T08:00Z")
RECEIVED = received("2027-03-02T08:30Z")  # in Stockholm thirty days end with 1 April, a Thursday
END = "2027-04-01T22:00Z"
SERVED = given(ISSUED, SENT, RECEIVED)


def test_surplus_found_in_a_receipt_or_said_to_be_there_is_to_be_dealt_with_in_thirty_days() -> None:
    arrived = fact(
        "evidence-received", "2027-03-10T09:00Z", "orn", "RET", check="equal",
        manifest={"elements": ["name", "email-address"], "files": []},
    )  # fmt: skip
    said = fact("out-of-scope-data-identified", "2027-03-12T09:00Z", "orn", "RET", elements=["email-address"])
    done = fact("data-destroyed", "2027-03-20T09:00Z", "orn", "RET", scope="out-of-scope", method="overwritten")
    SERVED.when(arrived).then("D-14-2b", ClockVerdict.OPEN, "2027-04-10T00:00Z")
    SERVED.when(arrived, said).then("D-14-2b", ClockVerdict.OPEN, "2027-04-10T00:00Z")
    SERVED.when(said).then("D-14-2b", ClockVerdict.OPEN, "2027-04-12T00:00Z")
    SERVED.when(said, done).then("D-14-2b", ClockVerdict.MET)
    part = replace(done, fields={**done.fields, "scope": "part"})
    SERVED.when(said, part).then("D-14-2b", ClockVerdict.OPEN)
    asked_for = replace(arrived, fields={**arrived.fields, "manifest": {"elements": ["name"], "files": []}})
    SERVED.when(asked_for).then_not_listed("D-14-2b")


DELAYED = by_issuer("customer-notification-delayed", "2027-03-03T09:00Z", label="a", review_on="2027-06-01")


@pytest.mark.parametrize(
    ("decision", "verdict"),
    [
        (None, ClockVerdict.OPEN),
        (by_issuer("customer-notification-delay-lifted", "2027-05-20T09:00Z", about="a"), ClockVerdict.MET),
        (by_issuer("customer-notification-omitted", "2027-05-20T09:00Z"), ClockVerdict.MET),
        (by_issuer("customer-notified", "2027-05-20T09:00Z", channel="letter"), ClockVerdict.MET),
        (by_provider("customer-notified", "2027-05-20T09:00Z", channel="letter"), ClockVerdict.OPEN),
        (by_issuer("customer-notified", "2027-03-03T08:59:59Z", channel="letter"), ClockVerdict.OPEN),
        (by_issuer("customer-notification-omitted", "2027-06-02T00:00Z"), ClockVerdict.MISSED),
    ],
)
def test_a_delay_is_looked_at_again_by_the_end_of_its_day(decision: Fact | None, verdict: ClockVerdict) -> None:
    SERVED.when(DELAYED, *([decision] if decision else [])).then("NOTICE-REVIEW", verdict, "2027-06-02T00:00Z")


def test_a_delay_that_states_its_day_of_review_has_that_end_however_late_it_is_written_down() -> None:
    late = replace(DELAYED, at=DELAYED.on + 9 * DAY)
    SERVED.when(late).then("NOTICE-REVIEW", ClockVerdict.OPEN, "2027-06-02T00:00Z")
    again = replace(late.changed(review_on="2027-06-03"), replaces="a", label="again")
    SERVED.when(DELAYED, again).then("NOTICE-REVIEW", ClockVerdict.OPEN, "2027-06-04T00:00Z")


def test_of_several_delays_only_the_last_is_listed_even_one_after_expiry() -> None:
    extended = by_issuer(
        "customer-notification-delay-extended", "2027-06-10T09:00Z", about="a", reassessed=True, review_on="2027-09-01"
    )
    SERVED.when(DELAYED, extended).then("NOTICE-REVIEW", ClockVerdict.OPEN, "2027-09-02T00:00Z")
    moved = by_issuer(
        "deadline-extended", "2027-05-20T09:00Z", deadline="NOTICE-REVIEW", new_due="2027-12-01T00:00:00Z"
    )
    SERVED.when(DELAYED, moved).then("NOTICE-REVIEW", ClockVerdict.OPEN, "2027-06-02T00:00Z")


def test_the_day_of_review_ends_in_the_zone_of_the_party_of_its_signer() -> None:
    by_court = fact("customer-notification-delayed", "2027-03-03T09:00Z", "court", "CT", review_on="2027-06-01")
    SERVED.among(court=Office("XV", ("CT",))).when(by_court).then(
        "NOTICE-REVIEW", ClockVerdict.OPEN, "2027-06-01T22:00Z"
    )


def test_once_the_delay_is_lifted_the_person_is_to_be_told_in_thirty_days_by_whomever() -> None:
    lifting = by_issuer("customer-notification-delay-lifted", "2027-05-20T10:00Z", about="a")
    story = SERVED.when(DELAYED, lifting)
    story.then("NOTICE-DUE", ClockVerdict.OPEN, "2027-06-20T00:00Z")
    story.when(by_provider("customer-notified", "2027-06-19T09:00Z", channel="letter")).then(
        "NOTICE-DUE", ClockVerdict.MET
    )
    story.asked_at("2027-06-20T00:00Z").then("NOTICE-DUE", ClockVerdict.MISSED)


@pytest.mark.parametrize(
    ("regime", "listed"), [("GDPR:33", True), ("LED:30", True), ("2AP:14(7)", False), (None, False)]
)
def test_seventy_two_hours_run_from_awareness_under_two_regimes(regime: str | None, listed: bool) -> None:
    stated = {"regime": regime} if regime else {}
    incident = by_provider(
        "security-incident-detected", "2026-12-13T10:00Z", label="a", aware_at="2026-12-13T09:30:00Z",
        incident_kind="forged-order", **stated,
    )  # fmt: skip
    story = given(issued("2026-12-12T18:00Z"), incident)
    if not listed:
        story.then_not_listed("DP-72H")
        return
    story.then("DP-72H", ClockVerdict.OPEN, "2026-12-16T10:00Z")
    notification = by_provider(
        "incident-notified-to-authority", "2026-12-15T11:00Z", about="a", notified_authority="ncco"
    )
    story.when(notification).then("DP-72H", ClockVerdict.MET)
    harmless = by_provider("incident-assessed", "2026-12-14T11:00Z", about="a", risk="none")
    story.when(harmless).then("DP-72H", ClockVerdict.NOT_RUNNING)
    story.when(harmless, notification).then("DP-72H", ClockVerdict.MET)
    story.when(replace(harmless, fields={"about": "a", "risk": "low"})).then("DP-72H", ClockVerdict.OPEN)
    other = replace(notification, fields={**notification.fields, "about": "b"})
    story.when(other).asked_at("2026-12-16T10:00Z").then("DP-72H", ClockVerdict.MISSED)
