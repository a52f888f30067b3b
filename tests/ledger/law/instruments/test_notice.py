"""Notification of the person, confidentiality, delay, and the final state."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.law.terms.rule import Mark
from tests.support.judging import codes, finds, finds_not, judged, region
from tests.support.scenarios import (
    Fact,
    Office,
    by_authority,
    by_issuer,
    by_provider,
    disclosed,
    fact,
    given,
    issued,
    received,
)

REQUEST, ORDER = "W-NOTICE-CONTRARY-TO-REQUEST", "V-NOTICE-CONTRARY-TO-ORDER"
ISSUED = issued("2027-03-01T09:00Z")
ASKING = issued("2027-03-01T09:00Z", special_instructions=["confidentiality"])


def informed(on: str, by: str = "skylark", role: str = "SP") -> Fact:
    """Make a fact: the customer is notified."""
    return fact("customer-notified", on, by, role, channel="e-mail")


def asked(on: str, **fields: Any) -> Fact:
    """Make a fact: the issuing side requests that the customer not be notified."""
    return by_issuer("confidentiality-requested", on, **fields)


def ordered(on: str, **fields: Any) -> Fact:
    """Make a fact: the law or a court forbids the notification of the customer."""
    return by_authority("confidentiality-ordered", on, confidentiality_basis="provider-law", **fields)


def delayed(on: str, kind: str = "delayed", **fields: Any) -> Fact:
    """Make a fact: the notification is delayed until 1 June."""
    fields = {"grounds": ["LED:13(3)(a)"], "review_on": "2027-06-01", **fields}
    return by_issuer(f"customer-notification-{kind}", on, **fields)


# -- confidentiality ---------------------------------------------------------------------------------------------------


def test_telling_the_customer_against_a_request_is_a_warning() -> None:
    for story in (given(ASKING), given(ISSUED, asked("2027-03-01T10:00Z"))):
        finds(story.when(informed("2027-03-02T09:00Z")), REQUEST, A7="GAP")
        finds_not(story.when(informed("2027-03-02T09:00Z")), ORDER)
        finds_not(story.when(informed("2027-03-02T09:00Z", "orn", "RET")), REQUEST)
    finds_not(given(ISSUED, informed("2027-03-02T09:00Z")), REQUEST)
    finds_not(given(ISSUED, informed("2027-03-02T09:00Z"), asked("2027-03-03T10:00Z")), REQUEST)


@pytest.mark.parametrize("by", [("skylark", "SP"), ("ilves", "ISS")])
def test_the_word_of_either_side_shows_it(by: tuple[str, str]) -> None:
    said = fact("customer-notified-contrary-to-confidentiality", "2027-03-02T09:00Z", *by, admitted=True)
    finds(given(ASKING, said), REQUEST)
    finds_not(given(ISSUED, said), REQUEST)


def test_telling_the_customer_against_an_order_or_a_law_is_a_violation() -> None:
    story = given(ASKING, ordered("2027-03-01T12:00Z"), informed("2027-03-02T09:00Z"))
    finds(story, ORDER, A7="CONTRADICTED")
    finds_not(story, REQUEST)
    finds_not(given(ISSUED, informed("2027-03-02T09:00Z"), ordered("2027-03-02T12:00Z")), ORDER)


def test_under_a_european_production_order_the_provider_never_tells() -> None:
    finds(given(issued("2027-03-01T09:00Z", "EPOC"), informed("2027-03-02T09:00Z")), ORDER)
    by_issuer_first = (informed("2027-03-02T09:00Z", "ilves", "ISS"), informed("2027-03-03T09:00Z"))
    finds(given(issued("2027-03-01T09:00Z", "EPOC"), *by_issuer_first), ORDER)
    finds_not(given(issued("2027-03-01T09:00Z", "EPOC"), informed("2027-03-02T09:00Z")), "W-NOTICE-OF-PRESERVATION")


def test_a_provider_that_tells_of_a_preservation_order_breaks_confidentiality_and_no_section_h() -> None:
    kept = issued("2027-03-01T09:00Z", "EPOC-PR")
    story = given(kept, informed("2027-03-02T09:00Z"))
    found = finds(story, "W-NOTICE-OF-PRESERVATION", A7="GAP")
    assert found.mark is Mark.DESIGN
    finds_not(story, ORDER)
    assert region(story, "customer_notice") == "NOTIFIED_EARLY"
    requested = given(kept, asked("2027-03-01T10:00Z"), informed("2027-03-02T09:00Z"))
    finds(requested, REQUEST)
    finds_not(requested, "W-NOTICE-OF-PRESERVATION")
    finds(given(kept, ordered("2027-03-01T10:00Z"), informed("2027-03-02T09:00Z")), ORDER)
    finds_not(given(kept, informed("2027-03-02T09:00Z", "ilves", "ISS")), "W-NOTICE-OF-PRESERVATION")


def test_the_person_is_told_of_the_remedies() -> None:
    produced = issued("2027-03-01T09:00Z", "EPOC")

    def notice(*parts: str, on: str = "2027-03-02T09:00Z", by: str = "ilves", role: str = "ISS") -> Fact:
        return fact("customer-notified", on, by, role, channel="letter", includes=list(parts))

    finds(given(produced, notice("purpose")), "W-13-3-NO-REMEDIES", A7="GAP")
    finds(given(produced, informed("2027-03-02T09:00Z", "orn", "RET")), "W-13-3-NO-REMEDIES")
    finds_not(given(produced, notice("purpose", "remedies")), "W-13-3-NO-REMEDIES")
    finds_not(given(produced, notice("purpose"), notice("remedies", on="2027-03-05T09:00Z")), "W-13-3-NO-REMEDIES")
    finds_not(given(produced, informed("2027-03-02T09:00Z")), "W-13-3-NO-REMEDIES")  # the provider owes no notice
    finds_not(given(issued("2027-03-01T09:00Z", "EPOC-PR"), notice("purpose")), "W-13-3-NO-REMEDIES")
    finds_not(given(ISSUED, notice("purpose")), "W-13-3-NO-REMEDIES")


def test_confidentiality_ends_with_its_day_in_the_zone_of_its_signer() -> None:
    until = {"until": "2027-03-10"}
    finds(given(ISSUED, asked("2027-03-01T10:00Z", **until), informed("2027-03-10T23:59:59Z")), REQUEST)
    finds_not(given(ISSUED, asked("2027-03-01T10:00Z", **until), informed("2027-03-11T00:00:00Z")), REQUEST)
    finds(given(ISSUED, ordered("2027-03-01T10:00Z", **until), informed("2027-03-10T22:59:59Z")), ORDER)
    finds_not(given(ISSUED, ordered("2027-03-01T10:00Z", **until), informed("2027-03-10T23:00:00Z")), ORDER)


def test_a_request_ends_when_the_delay_is_lifted_or_the_issuing_side_tells() -> None:
    lifted = by_issuer("customer-notification-delay-lifted", "2027-03-05T09:00Z", about="delay")
    for end in (lifted, informed("2027-03-05T09:00Z", "orn", "RET")):
        finds_not(given(ASKING, end, informed("2027-03-06T09:00Z")), REQUEST)
        finds(given(ASKING, informed("2027-03-04T09:00Z"), end), REQUEST)
        finds(given(ASKING, end, asked("2027-03-05T12:00Z"), informed("2027-03-06T09:00Z")), REQUEST)
    finds(given(ASKING, ordered("2027-03-02T09:00Z"), lifted, informed("2027-03-06T09:00Z")), ORDER)


def test_a_request_is_not_over_because_the_provider_told_before_and_is_over_where_a_court_lifts_the_delay() -> None:
    twice = given(ASKING, informed("2027-03-04T09:00Z"), informed("2027-03-06T09:00Z"))
    assert len(finds(twice, REQUEST).entries) == 2
    lifted = fact("customer-notification-delay-lifted", "2027-03-05T09:00Z", "judge", "CT", about="delay")
    finds_not(given(ASKING, lifted, informed("2027-03-06T09:00Z")), REQUEST)


# -- delay -------------------------------------------------------------------------------------------------------------

DELAY = delayed("2027-03-01T10:00Z", label="delay")
LIFTED = by_issuer("customer-notification-delay-lifted", "2027-05-20T10:00Z", about="delay")


def test_a_review_date_that_passes_with_nothing_decided_is_overdue() -> None:
    story = given(ISSUED, DELAY)
    finds_not(story.asked_at("2027-06-01T23:59:59Z"), "V-NOTICE-OVERDUE")
    finds(story.asked_at("2027-06-02T00:00:00Z"), "V-NOTICE-OVERDUE", A7="CONTRADICTED")
    finds(story.when(informed("2027-06-02T00:00:00Z", "orn", "RET")), "V-NOTICE-OVERDUE")
    finds_not(
        story.when(informed("2027-06-01T23:59:59Z", "orn", "RET")).asked_at("2027-07-01T00:00Z"), "V-NOTICE-OVERDUE"
    )


def test_a_delay_ordered_anew_or_lifted_after_its_review_date_does_not_cure_the_days_between() -> None:
    for_good = {"review_on": "2027-12-01"}
    late = given(ISSUED, DELAY, delayed("2027-06-02T00:00:00Z", **for_good)).asked_at("2027-07-01T00:00Z")
    finds(late, "V-NOTICE-OVERDUE", A7="CONTRADICTED")
    assert region(late, "customer_notice") == "DELAYED"
    in_time = given(ISSUED, DELAY, delayed("2027-06-01T23:59:59Z", **for_good))
    finds_not(in_time.asked_at("2027-07-01T00:00Z"), "V-NOTICE-OVERDUE")
    lifted = by_issuer("customer-notification-delay-lifted", "2027-06-02T00:00:00Z", about="delay")
    again = given(
        ISSUED, DELAY, lifted, delayed("2027-06-03T10:00Z", **for_good), informed("2027-06-20T10:00Z", "orn", "RET")
    )
    finds(again.asked_at("2027-07-01T00:00Z"), "V-NOTICE-OVERDUE")


def test_a_notice_of_the_provider_is_no_decision_on_a_delay_and_a_lifting_by_a_court_is_one() -> None:
    late = delayed("2027-06-02T00:00:00Z", review_on="2027-12-01")
    for_nothing = given(ISSUED, DELAY, informed("2027-03-05T09:00Z"), late)
    finds(for_nothing.asked_at("2027-07-01T00:00Z"), "V-NOTICE-OVERDUE")
    lifted = fact("customer-notification-delay-lifted", "2027-05-05T09:00Z", "judge", "CT", about="delay")
    in_time = given(ISSUED, DELAY, lifted, late, informed("2027-06-03T09:00Z", "orn", "RET"))
    finds_not(in_time.asked_at("2027-07-01T00:00Z"), "V-NOTICE-OVERDUE")


def test_after_a_delay_is_lifted_the_person_is_told_within_thirty_days() -> None:
    story = given(ISSUED, DELAY, LIFTED)
    finds_not(story.asked_at("2027-06-19T23:59:59Z"), "V-NOTICE-OVERDUE")
    finds(story.asked_at("2027-06-20T00:00:00Z"), "V-NOTICE-OVERDUE")
    finds_not(story.when(informed("2027-06-01T09:00Z", "orn", "RET")).asked_at("2027-07-20T00:00Z"), "V-NOTICE-OVERDUE")


@pytest.mark.parametrize("kind", ["delayed", "delay-extended", "omitted"])
def test_not_telling_has_a_ground(kind: str) -> None:
    fields = {"about": "delay", "reassessed": True} if kind == "delay-extended" else {}
    finds(
        given(ISSUED, delayed("2027-03-02T10:00Z", kind, grounds=None, **fields)),
        "V-DELAY-NO-GROUND",
        A7="CONTRADICTED",
    )
    finds(given(ISSUED, delayed("2027-03-02T10:00Z", kind, grounds=[], **fields)), "V-DELAY-NO-GROUND")
    finds_not(given(ISSUED, delayed("2027-03-02T10:00Z", kind, **fields)), "V-DELAY-NO-GROUND")


def extended(on: str, *, reassessed: bool = True, review_on: str = "2027-09-01") -> Fact:
    """Make a fact: the delay is extended."""
    return delayed(on, "delay-extended", about="delay", reassessed=reassessed, review_on=review_on)


def test_a_delay_prolonged_without_fresh_examination_has_no_ground() -> None:
    finds(given(ISSUED, DELAY, extended("2027-05-01T10:00Z", reassessed=False)), "V-DELAY-NO-GROUND")


def test_a_delay_prolonged_after_it_ran_out_counts_and_stays_a_breach() -> None:
    story = given(ISSUED, DELAY, extended("2027-06-02T00:00:00Z"))
    finds(story.asked_at("2027-07-01T00:00Z"), "V-DELAY-EXTENDED-AFTER-EXPIRY", A7="CONTRADICTED")
    finds_not(story.asked_at("2027-07-01T00:00Z"), "V-NOTICE-OVERDUE")
    assert region(story.asked_at("2027-07-01T00:00Z"), "customer_notice") == "DELAYED"
    finds_not(given(ISSUED, DELAY, extended("2027-06-01T23:59:59Z")), "V-DELAY-EXTENDED-AFTER-EXPIRY")
    finds_not(given(ISSUED, extended("2027-06-02T00:00:00Z")), "V-DELAY-EXTENDED-AFTER-EXPIRY")


def test_every_extension_is_measured_by_the_one_before_it() -> None:
    twice = (extended("2027-05-01T10:00Z"), extended("2027-08-01T10:00Z", review_on="2027-12-01"))
    finds_not(given(ISSUED, DELAY, *twice), "V-DELAY-EXTENDED-AFTER-EXPIRY")


# -- the final state ---------------------------------------------------------------------------------------------------

UNSETTLED = "G-NOTICE-UNSETTLED"
RECEIVED = received("2027-03-02T08:30Z")
DATA = disclosed("2027-03-05T09:00Z")
DOCUMENT = {"code": "notice", "media": "text/html", "size": 1, "sha256": "0" * 64}


@pytest.mark.parametrize(
    "word",
    [
        informed("2027-03-06T09:00Z"),
        informed("2027-03-06T09:00Z", "orn", "RET"),
        delayed("2027-03-06T09:00Z"),
        delayed("2027-03-06T09:00Z", "omitted"),
        by_provider("customer-notified-contrary-to-confidentiality", "2027-03-06T09:00Z", admitted=True),
    ],
    ids=lambda word: f"{word.kind}-{word.role}",
)
def test_once_data_have_come_the_record_shows_whether_the_person_was_told(word: Fact) -> None:
    finds(given(ISSUED, RECEIVED, DATA), UNSETTLED, A7="GAP")
    finds_not(given(ISSUED, RECEIVED, DATA, word), UNSETTLED)
    finds_not(given(ISSUED, RECEIVED), UNSETTLED)


def test_under_a_european_order_only_the_issuing_authority_discharges_the_duty_to_inform() -> None:
    story = given(issued("2027-03-01T09:00Z", "EPOC"), RECEIVED, DATA)
    leak = by_provider("customer-notified-contrary-to-confidentiality", "2027-03-06T09:00Z", admitted=True)
    for word in (informed("2027-03-06T09:00Z"), leak):
        finds(story.when(word), UNSETTLED, A7="GAP")
    finds_not(story.when(informed("2027-03-06T09:00Z", "orn", "RET")), UNSETTLED)
    lifted = story.when(DELAY, LIFTED)
    told = informed("2027-06-01T09:00Z")
    finds(lifted.when(told).asked_at("2027-07-20T00:00Z"), "V-NOTICE-OVERDUE")
    by_court = informed("2027-06-01T09:00Z", "orn", "RET")
    finds_not(lifted.when(by_court).asked_at("2027-07-20T00:00Z"), "V-NOTICE-OVERDUE")


@pytest.mark.parametrize(
    ("instrument", "issuer", "category", "owed"),
    [
        ("SCA", "US", "subscriber", False),
        ("SCA", "US", "content", True),
        ("BC-18", "US", "subscriber", False),
        ("COA", "GB", "content", False),
        ("BC-18", "DE", "subscriber", True),
        ("BC-18", "XO", "subscriber", True),
        ("2AP-7", "US", "subscriber", True),
    ],
)
def test_no_duty_of_union_law_is_asked_of_an_office_that_it_does_not_bind(
    instrument: str, issuer: str, category: str, owed: bool
) -> None:
    order = issued("2027-03-01T09:00Z", instrument, from_party=issuer, data_categories=[category])
    evidence = by_issuer("evidence-received", "2027-03-06T09:00Z", check="equal")
    offices = {"ilves": Office(issuer, ("ISS",)), "skylark": Office("XV", ("SP",))}
    story = given(order, RECEIVED, DATA, evidence).among(**offices)
    assert (UNSETTLED in codes(story)) is owed
    retention = "Data are held, and no retention rule is on record."
    assert (retention in [duty.says for duty in judged(story).duties]) is (owed and instrument != "SCA")


@pytest.mark.parametrize(
    ("kind", "scope", "found"),
    [("data-destroyed", "all", False), ("data-returned", "all", False), ("data-destroyed", "part", True)],
)
def test_nobody_need_be_told_of_data_that_are_gone(kind: str, scope: str, found: bool) -> None:
    method = {"method": "overwritten"} if kind == "data-destroyed" else {}
    gone = fact(kind, "2027-03-06T09:00Z", "orn", "RET", scope=scope, **method)
    assert (UNSETTLED in codes(given(ISSUED, RECEIVED, DATA, gone))) is found
    finds(given(ISSUED, RECEIVED, DATA, gone, disclosed("2027-03-07T09:00Z")), UNSETTLED)


def test_a_general_notice_of_the_issuing_party_settles_it_but_never_for_a_european_order() -> None:
    def published(by: str = "office", valid_from: str = "2027-01-01") -> Fact:
        return fact("notice-published", "2027-03-01T08:00Z", by, "DPO", document=DOCUMENT, valid_from=valid_from)

    offices = {"office": Office("XO", ("DPO",)), "abroad": Office("XV", ("DPO",))}
    story = given(ISSUED, RECEIVED, DATA).among(**offices)
    finds_not(story.registered(published()), UNSETTLED)
    finds_not(story.when(published()), UNSETTLED)
    finds(story.registered(published("abroad")), UNSETTLED)
    finds(story.registered(published(valid_from="2027-04-01")), UNSETTLED)
    european = given(issued("2027-03-01T09:00Z", "EPOC"), RECEIVED, DATA).among(**offices)
    finds(european.registered(published()), UNSETTLED)


@pytest.mark.parametrize(("valid_from", "settled"), [("2027-03-05", True), ("2027-03-06", False)])
def test_a_general_notice_settles_it_from_its_first_day_in_the_zone_of_its_party(
    valid_from: str, settled: bool
) -> None:
    at = "2027-03-01T08:00Z"
    published = fact("notice-published", at, "office", "DPO", document=DOCUMENT, valid_from=valid_from)
    story = given(ISSUED, RECEIVED, DATA).among(office=Office("XO", ("DPO",))).registered(published)
    assert (UNSETTLED not in codes(story.asked_at("2027-03-05T23:59:59Z"))) is settled


def test_data_on_their_way_through_a_state_have_not_come_yet() -> None:
    order = issued("2027-03-01T09:00Z", "2AP-8")
    finds_not(given(order, RECEIVED, DATA), UNSETTLED)
    passed_on = by_authority("data-transmitted-by-state", "2027-03-06T09:00Z", channel="mail", manifest={})
    finds(given(order, RECEIVED, DATA, passed_on), UNSETTLED)
