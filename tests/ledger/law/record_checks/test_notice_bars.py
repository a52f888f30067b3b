"""What forbids to tell the person now, for each side, and what ends it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ledger.law.judge import read_order
from ledger.law.record_checks.notice_bars import bar_of_notice
from tests.support.scenarios import Fact, by_issuer, by_provider, case, fact, issued, moment

ORDER = issued("2027-03-01T09:00Z")
DELAY = by_issuer(
    "customer-notification-delayed",
    "2027-03-01T10:00Z",
    label="delay",
    grounds=["LED:13(3)(a)"],
    review_on="2027-06-01",
)
LIFTED = by_issuer("customer-notification-delay-lifted", "2027-05-20T10:00Z", about="delay")


def barred(role: str, at: str, *facts: Fact, instrument: str = "2AP-7") -> str | None:
    """Return what forbids an office in `role` to tell the person at a moment."""
    order = issued("2027-03-01T09:00Z", instrument, special_instructions=[])
    party = "XV" if role in ("SP", "NOT", "DPO") else "XO"
    bar = bar_of_notice(read_order(case((order, *facts), instrument), moment(at)), role, party)
    return None if bar is None else (bar.entry.kind if bar.entry is not None else "the act")


def test_a_delay_binds_the_issuing_side_until_it_is_lifted() -> None:
    assert barred("ISS", "2027-05-20T09:59:59Z", DELAY, LIFTED) == "customer-notification-delayed"
    assert barred("RET", "2027-05-20T10:00Z", DELAY, LIFTED) is None


def test_an_observation_that_a_delay_was_lifted_ends_it_where_the_issuing_side_made_it() -> None:
    def seen(who: str, role: str) -> Fact:
        report = fact("customer-notification-delay-lifted", "2027-05-20T10:00Z", who, role, about="delay")
        return replace(report, speaks="observation", whose="ilves")

    assert barred("ISS", "2027-05-21T10:00Z", DELAY, seen("orn", "RET")) is None
    assert barred("ISS", "2027-05-21T10:00Z", DELAY, seen("skylark", "SP")) == "customer-notification-delayed"


def test_a_review_date_that_passed_ends_no_delay() -> None:
    assert barred("ISS", "2027-06-02T00:00Z", DELAY) == "customer-notification-delayed"


def test_a_decision_not_to_tell_binds_the_issuing_side() -> None:
    omitted = by_issuer("customer-notification-omitted", "2027-03-02T09:00Z", grounds=["LED:13(3)(d)"])
    assert barred("ISS", "2027-03-03T09:00Z", omitted) == "customer-notification-omitted"


def test_who_told_the_person_already_may_write_again() -> None:
    notice = fact("customer-notified", "2027-03-02T09:00Z", "orn", "RET", channel="letter")
    assert barred("ISS", "2027-03-03T09:00Z", DELAY, notice) is None


@pytest.mark.parametrize("instrument", ["EPOC", "EPOC-PR"])
def test_only_the_issuing_side_tells_the_person_under_a_european_order(instrument: str) -> None:
    for role in ("SP", "NOT", "DPO"):
        assert barred(role, "2030-01-01T00:00Z", instrument=instrument) == "the act"
    assert barred("ISS", "2030-01-01T00:00Z", instrument=instrument) is None


def test_a_request_of_confidentiality_binds_the_provider_until_its_date_or_the_end_of_the_delay() -> None:
    asked = by_issuer("confidentiality-requested", "2027-03-01T11:00Z", until="2027-04-01")
    assert barred("SP", "2027-04-01T23:59:59Z", asked) == "confidentiality-requested"
    assert barred("SP", "2027-04-02T00:00Z", asked) is None
    forever = by_issuer("confidentiality-requested", "2027-03-01T11:00Z")
    assert barred("SP", "2027-05-20T09:59:59Z", DELAY, forever, LIFTED) == "confidentiality-requested"
    assert barred("SP", "2027-05-20T10:00Z", DELAY, forever, LIFTED) is None


def test_a_notice_of_the_provider_does_not_end_the_request_that_forbade_it() -> None:
    forever = by_issuer("confidentiality-requested", "2027-03-01T11:00Z")
    notice = by_provider("customer-notified", "2027-03-02T09:00Z", channel="e-mail")
    assert barred("SP", "2027-03-03T09:00Z", forever, notice) == "confidentiality-requested"


def test_a_notice_of_the_issuing_side_ends_its_request() -> None:
    forever = by_issuer("confidentiality-requested", "2027-03-01T11:00Z")
    for by, role in (("orn", "RET"), ("ilves", "ISS")):
        notice = fact("customer-notified", "2027-03-02T09:00Z", by, role, channel="letter")
        assert barred("SP", "2027-03-03T09:00Z", forever, notice) is None


def test_a_bar_says_whether_telling_is_put_off_or_was_decided_against() -> None:
    def said(*facts: Fact) -> str:
        order = issued("2027-03-01T09:00Z")
        bar = bar_of_notice(read_order(case((order, *facts), "2AP-7"), moment("2027-05-01T00:00Z")), "ISS", "XO")
        assert bar is not None
        return bar.says

    omitted = by_issuer("customer-notification-omitted", "2027-03-02T09:00Z", grounds=["LED:13(3)(d)"])
    assert said(DELAY) == "Telling the person is put off, and the delay was not lifted."
    assert said(DELAY, omitted) == "It was decided that the person is not told."


def test_the_order_itself_may_ask_that_the_person_is_not_told() -> None:
    order = issued("2027-03-01T09:00Z", special_instructions=["confidentiality"])
    bar = bar_of_notice(read_order(case((order,), "2AP-7"), moment("2027-05-01T00:00Z")), "SP", "XV")
    assert bar is not None
    assert bar.entry is not None
    assert bar.entry.kind == "order-issued"


def test_what_the_provider_told_contrary_to_confidentiality_ends_no_delay() -> None:
    notice = by_provider("customer-notified-contrary-to-confidentiality", "2027-03-02T09:00Z", admitted=True)
    early = by_provider("customer-notified", "2027-03-02T10:00Z", channel="e-mail")
    assert barred("ISS", "2027-03-03T09:00Z", DELAY, notice, early) == "customer-notification-delayed"


def test_another_office_of_the_providers_state_is_bound_as_the_provider_is() -> None:
    asked = by_issuer("confidentiality-requested", "2027-03-01T11:00Z")
    assert barred("DPO", "2027-03-02T09:00Z", asked) == "confidentiality-requested"
    assert barred("NOT", "2027-03-02T09:00Z", asked) == "confidentiality-requested"


def test_a_court_order_of_silence_binds_the_provider_and_not_the_issuing_side() -> None:
    ordered = fact("confidentiality-ordered", "2027-03-01T11:00Z", "judge", "CT", confidentiality_basis="court-order")
    assert barred("SP", "2027-03-02T09:00Z", ordered) == "confidentiality-ordered"
    assert barred("ISS", "2027-03-02T09:00Z", ordered) is None


EXTENDED = by_issuer(
    "customer-notification-delay-extended",
    "2027-05-10T10:00Z",
    label="extended",
    about="delay",
    review_on="2027-09-01",
)
AGAIN = by_issuer(
    "customer-notification-delay-extended",
    "2027-05-12T10:00Z",
    label="again",
    about="extended",
    review_on="2027-12-01",
)


def lifted(about: str) -> Fact:
    return by_issuer("customer-notification-delay-lifted", "2027-05-20T10:00Z", about=about)


@pytest.mark.parametrize("about", ["delay", "extended", "again"])
def test_a_lifting_ends_a_delay_with_all_its_extensions_whichever_it_names(about: str) -> None:
    assert barred("ISS", "2027-05-21T00:00Z", DELAY, EXTENDED, AGAIN) == "customer-notification-delay-extended"
    assert barred("ISS", "2027-05-21T00:00Z", DELAY, EXTENDED, AGAIN, lifted(about)) is None


def test_extensions_that_name_each_other_or_themselves_prolong_no_delay_and_do_not_hang_the_reader() -> None:
    first = EXTENDED.changed(about="again")
    bound = "customer-notification-delay-extended"
    assert barred("ISS", "2027-05-21T00:00Z", DELAY, first, AGAIN, lifted("delay")) == bound
    assert barred("ISS", "2027-05-21T00:00Z", DELAY, first, AGAIN, lifted("again")) is None
    assert barred("ISS", "2027-05-21T00:00Z", EXTENDED.changed(about="extended"), lifted("extended")) is None


def test_a_lifting_ends_the_delays_before_the_one_that_it_names_and_no_later_one() -> None:
    second = by_issuer(
        "customer-notification-delayed",
        "2027-05-15T10:00Z",
        label="second",
        grounds=["LED:13(3)(a)"],
        review_on="2027-08-01",
    )
    at = "2027-05-21T00:00Z"
    assert barred("ISS", at, DELAY, EXTENDED, second, lifted("delay")) == "customer-notification-delayed"
    assert barred("ISS", at, DELAY, EXTENDED, second, lifted("extended")) == "customer-notification-delayed"
    assert barred("ISS", at, DELAY, EXTENDED, second, lifted("second")) is None
    assert barred("ISS", "2027-05-19T00:00Z", DELAY, EXTENDED, second, lifted("second")) is not None


def test_a_decision_not_to_tell_ends_with_the_lifting_of_a_delay() -> None:
    omitted = by_issuer("customer-notification-omitted", "2027-03-02T09:00Z", grounds=["LED:13(3)(d)"])
    at = "2027-05-21T00:00Z"
    assert barred("ISS", at, omitted, DELAY, lifted("delay")) is None


def test_a_lifting_of_a_delay_that_is_not_on_record_ends_only_a_decision_not_to_tell() -> None:
    omitted = by_issuer("customer-notification-omitted", "2027-03-02T09:00Z", grounds=["LED:13(3)(d)"])
    at = "2027-05-21T00:00Z"
    assert barred("ISS", at, DELAY, lifted("nothing")) == "customer-notification-delayed"
    assert barred("ISS", at, omitted, lifted("nothing")) is None


@pytest.mark.parametrize(
    ("speaks", "by", "ends"),
    [
        ("act", "ISS", True),
        ("import", "ISS", True),
        ("observation", "ISS", True),
        ("observation", "SP", False),
        ("import", "SP", False),
    ],
)
def test_what_another_side_says_of_a_lifting_ends_no_delay(speaks: str, by: str, ends: bool) -> None:
    make = by_issuer if by == "ISS" else by_provider
    said = make("customer-notification-delay-lifted", "2027-05-20T10:00Z", about="delay", speaks=speaks)
    assert (barred("ISS", "2027-05-21T00:00Z", DELAY, said) is None) is ends
