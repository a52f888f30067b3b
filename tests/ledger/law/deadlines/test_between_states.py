"""Deadlines between two States: CETS 224 arts 8 and 9, Budapest Convention arts 16 and 29."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.facts.vocabulary import ELEMENTS
from ledger.law.deadlines.between_states import _speaks_of
from ledger.law.terms.rule import ClockVerdict
from tests.support.scenarios import (
    Fact,
    Story,
    by_issuer,
    by_provider,
    disclosed,
    fact,
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


REQUEST = issued("2027-03-01T09:00Z", "2AP-8")
ACCEPTED = fact(
    "request-accepted", "2027-03-08T15:00Z", "ncco", "CAQ", label="accepted", complete_at="2027-03-08T10:00:00Z"
)


def test_a_request_must_be_served_45_days_from_when_it_was_complete() -> None:
    given(REQUEST).then_not_listed("D-8-6-SERVICE")
    given(REQUEST, ACCEPTED).then("D-8-6-SERVICE", ClockVerdict.OPEN, "2027-04-22T22:00Z")
    given(REQUEST, ACCEPTED, received("2027-04-22T21:59:59Z")).then("D-8-6-SERVICE", ClockVerdict.MET)
    given(REQUEST, ACCEPTED, received("2027-04-22T22:00:00Z")).then("D-8-6-SERVICE", ClockVerdict.MISSED)
    by_mail = received("2027-03-20T09:00Z", by="ilves", role="ISS", proof_kind="portal-log")
    given(REQUEST, ACCEPTED, by_mail).then("D-8-6-SERVICE", ClockVerdict.OPEN)


@pytest.mark.parametrize(
    ("categories", "due"), [(["subscriber"], "2027-05-05T22:00Z"), (["traffic"], "2027-05-30T22:00Z")]
)
def test_the_return_is_due_twenty_days_from_service_and_45_with_traffic_data(categories: list[str], due: str) -> None:
    order = issued("2027-03-01T09:00Z", "2AP-8", data_categories=categories)
    given(order).then_not_listed("D-8-6-RETURN")
    served = given(order, received("2027-04-15T09:00Z"))
    served.then("D-8-6-RETURN", ClockVerdict.OPEN, due)
    served.when(disclosed("2027-04-20T09:00Z", "name", partial=True)).then("D-8-6-RETURN", ClockVerdict.MET)
    served.when(by_provider("no-data-held", "2027-04-20T09:00Z", elements=["name"])).then(
        "D-8-6-RETURN", ClockVerdict.MET
    )


def returns(story: Story) -> list[tuple[str, ClockVerdict]]:
    """Return the two periods of a mixed order: what each is for, and its verdict."""
    clocks = [c for c in story.reading.deadlines.counting if c.id == "D-8-6-RETURN"]
    return [(c.steps[-1], c.verdict) for c in clocks]


def test_a_mixed_order_has_a_period_for_each_kind_of_data() -> None:
    mixed = issued(
        "2027-03-01T09:00Z",
        "2AP-8",
        data_categories=["subscriber", "traffic"],
        elements_sought=["name", "connection-log"],
    )
    served = given(mixed, received("2027-04-15T09:00Z"))
    of_subscriber, of_traffic = "for subscriber information", "for traffic data"
    open_, met, missed = ClockVerdict.OPEN, ClockVerdict.MET, ClockVerdict.MISSED
    assert returns(served) == [(of_subscriber, open_), (of_traffic, open_)]
    ends = {c.due for c in served.reading.deadlines.counting if c.id == "D-8-6-RETURN"}
    assert ends == {moment("2027-05-05T22:00Z"), moment("2027-05-30T22:00Z")}
    name = disclosed("2027-05-05T21:59:59Z", "name", partial=True)
    assert returns(served.when(name)) == [(of_subscriber, met), (of_traffic, open_)]
    late = disclosed("2027-05-05T22:00:00Z", "name", partial=True)
    assert returns(served.when(late)) == [(of_subscriber, missed), (of_traffic, open_)]
    log = disclosed("2027-05-30T21:59:59Z", "connection-log", partial=True)
    assert returns(served.when(name, log)) == [(of_subscriber, met), (of_traffic, met)]
    assert returns(served.when(log)) == [(of_subscriber, missed), (of_traffic, met)]
    none = by_provider("no-data-held", "2027-04-20T09:00Z")
    assert returns(served.when(none)) == [(of_subscriber, met), (of_traffic, met)]


@pytest.mark.parametrize("instrument", ["2AP-10", "BC-31"])
def test_other_requests_between_states_have_no_such_clocks(instrument: str) -> None:
    story = given(issued("2027-03-01T09:00Z", instrument), ACCEPTED, received("2027-04-15T09:00Z"))
    assert story.reading.deadlines.clocks == ()


def test_an_emergency_request_is_sent_again_within_the_time_declared() -> None:
    passed_on = fact(
        "data-transmitted-by-state",
        "2027-07-03T23:31Z",
        "ncco",
        "CAQ",
        channel="contact-point-24-7",
        manifest={"files": []},
    )
    story = given(issued("2027-07-03T22:05Z", "2AP-9"), passed_on)
    story.then_not_listed("D-9-5")
    declared = story.where("XV", declarations=("D-9-5",), terms={"D-9-5": "P14D"})
    declared.then("D-9-5", ClockVerdict.OPEN, "2027-07-18T00:00Z")
    formal = by_issuer("emergency-request-formalised", "2027-07-14T09:00Z", channel="mail")
    declared.when(formal).then("D-9-5", ClockVerdict.MET)
    again = passed_on.moved("2027-07-10T09:00Z")
    declared.when(again).then("D-9-5", ClockVerdict.OPEN, "2027-07-18T00:00Z")
    story.where("XV", declarations=("D-9-5",)).then_not_listed("D-9-5")


def kept(instrument: str, *facts: Fact) -> Story:
    order = issued("2027-01-10T09:00Z", instrument)
    receipt = (
        received("2027-01-12T09:00Z", by="ncco", role="CAQ") if instrument == "BC-29" else received("2027-01-12T09:00Z")
    )
    return given(order, receipt, *facts)


CONFIRMED = by_provider("preservation-confirmed", "2027-01-15T09:00Z")
FOLLOWED = by_issuer("production-request-confirmed", "2027-03-10T09:00Z", production_kind="MLA")


def test_data_are_kept_for_sixty_days_from_the_confirmation_and_without_one_from_the_receipt() -> None:
    kept("BC-29").then("B-29-60", ClockVerdict.OPEN, "2027-03-14T00:00Z")
    kept("BC-29", CONFIRMED).then("B-29-60", ClockVerdict.OPEN, "2027-03-17T00:00Z")
    kept("BC-29", CONFIRMED, FOLLOWED).then("B-29-60", ClockVerdict.MET)
    kept("BC-29", CONFIRMED).asked_at("2027-03-17T00:00Z").then("B-29-60", ClockVerdict.MISSED)
    given(issued("2027-01-10T09:00Z", "BC-29")).then_not_listed("B-29-60")


@pytest.mark.parametrize("kind", ["order-withdrawn", "preservation-ceased"])
def test_what_is_withdrawn_or_given_up_before_the_end_needs_no_follow_up(kind: str) -> None:
    before = by_issuer(kind, "2027-03-16T23:59:59Z", data_handling="none-held", cause="withdrawn")
    kept("BC-29", CONFIRMED, before).asked_at("2027-04-01T00:00Z").then("B-29-60", ClockVerdict.NOT_RUNNING)
    after = before.moved("2027-03-17T00:00Z")
    kept("BC-29", CONFIRMED, after).asked_at("2027-04-01T00:00Z").then("B-29-60", ClockVerdict.MISSED)


def test_each_extension_in_time_lengthens_the_ninety_days() -> None:
    def extended(on: str, by: str) -> Fact:
        return by_issuer("preservation-extended", on, extends_by=by)

    kept("BC-16", CONFIRMED).then("B-16-90", ClockVerdict.OPEN, "2027-04-16T00:00Z")
    first, second = extended("2027-04-15T23:59:59Z", "P90D"), extended("2027-07-01T09:00Z", "P30D")
    kept("BC-16", CONFIRMED, first).then("B-16-90", ClockVerdict.OPEN, "2027-07-15T00:00Z")
    kept("BC-16", CONFIRMED, first, second).then("B-16-90", ClockVerdict.OPEN, "2027-08-14T00:00Z")
    late = extended("2027-04-16T00:00Z", "P90D")
    kept("BC-16", CONFIRMED, late).then("B-16-90", ClockVerdict.MISSED, "2027-04-16T00:00Z")


TRAFFIC = next(name for name, element in ELEMENTS.items() if element.category == "traffic")
OTHER = next(name for name, element in ELEMENTS.items() if element.category == "subscriber")


@pytest.mark.parametrize(
    ("kind", "named", "returned", "of_traffic", "of_other"),
    [
        ("no-data-held", (TRAFFIC,), (OTHER,), True, False),
        ("no-data-held", (f"{OTHER}#2",), (TRAFFIC,), False, True),
        ("no-data-held", (TRAFFIC, OTHER), (), True, True),
        ("no-data-held", None, (TRAFFIC,), True, True),
        ("no-data-held", ("unknown",), (TRAFFIC,), True, True),
        ("data-disclosed", (TRAFFIC,), (OTHER,), False, True),
        ("data-disclosed", (OTHER,), (f"{TRAFFIC}#1",), True, False),
        ("data-disclosed", (OTHER,), (), True, True),
    ],
)
def test_an_answer_speaks_of_the_kinds_of_data_that_it_names(
    kind: str, named: tuple[str, ...] | None, returned: tuple[str, ...], of_traffic: bool, of_other: bool
) -> None:
    e: Any = SimpleNamespace(kind=kind, get={"elements": named}.get)
    r: Any = SimpleNamespace(substance=SimpleNamespace(returned_by=lambda entry: returned))
    assert (_speaks_of(r, e, traffic=True), _speaks_of(r, e, traffic=False)) == (of_traffic, of_other)
