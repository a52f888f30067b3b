"""One order as statistics count it: its category, its addressee, its outcome, the time it took, its costs."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from projections.statistics.counted_group import grouped
from projections.statistics.counted_order import CountedOrder, counted_order
from projections.statistics.forms import article_28
from tests.projections.statistics.test_counting import ORDERS, number
from tests.support.judging import judged
from tests.support.scenarios import (
    Fact,
    Office,
    by_authority,
    by_issuer,
    by_provider,
    disclosed,
    given,
    issued,
    moment,
    received,
)


def order_of(*facts: Fact) -> CountedOrder:
    """Return what a statistic sees of an order when its last fact is recorded."""
    story = given(*facts)
    found = counted_order(story.case, judged(story))
    assert found is not None
    return found


ORDER = issued("2027-03-01T09:00Z", "EPOC", data_categories=["subscriber", "traffic"])


def test_an_order_is_counted_under_the_gravest_category_it_seeks() -> None:
    assert order_of(ORDER).category == "traffic"


def test_an_order_to_one_provider_is_counted_under_its_name() -> None:
    story = given(ORDER).among(skylark=Office("XV", ("SP",), name="Skylark Mail AS"))
    found = counted_order(story.case, judged(story))
    assert found is not None
    assert found.addressee == "Skylark Mail AS"
    assert number(article_28(grouped([found] * 6)), f"{ORDERS} by addressee", "Skylark Mail AS", "open") == "6"


def test_an_order_to_two_providers_is_to_several() -> None:
    assert order_of(issued("2027-03-01T09:00Z", "EPOC", providers=["skylark", "fjordlink"])).addressee == "several"


def test_an_answer_in_part_is_no_whole_one_until_the_rest_arrives() -> None:
    part, rest = disclosed("2027-03-03T09:00Z", partial=True), disclosed("2027-03-05T09:00Z")
    assert order_of(ORDER, received("2027-03-01T10:00Z"), part).outcome == "in part"
    assert order_of(ORDER, received("2027-03-01T10:00Z"), part, rest).outcome == "fulfilled"


def claimed(amount: str, currency: str = "EUR") -> Fact:
    return by_provider("costs-claimed", "2027-03-04T09:00Z", label="claim", amount=amount, currency=currency)


def paid(amount: str, currency: str = "EUR") -> Fact:
    return by_issuer("costs-reimbursed", "2027-03-09T09:00Z", claim="claim", amount=amount, currency=currency)


def test_costs_claimed_and_reimbursed_are_counted_and_added_up_by_currency() -> None:
    answered = (ORDER, received("2027-03-01T10:00Z"), disclosed("2027-03-03T09:00Z"), claimed("120.50"))
    some, none = order_of(*answered, paid("100")), order_of(*answered, paid("0"))
    form = article_28(grouped([some] * 6 + [none] * 5))
    assert number(form, ORDERS, "costs were claimed", "total") == "11"
    assert number(form, ORDERS, "costs were claimed: total", "total") == "1325.50"
    assert number(form, ORDERS, "costs were reimbursed", "traffic") == "6"
    assert number(form, ORDERS, "costs were reimbursed: total", "traffic") == "600.00"


def test_no_total_of_costs_rests_on_fewer_than_five_orders() -> None:
    answered = (ORDER, received("2027-03-01T10:00Z"), disclosed("2027-03-03T09:00Z"))
    kroner = order_of(*answered, claimed("900", "SEK"))
    form = article_28(grouped([order_of(*answered, claimed("120.50"))] * 6 + [kroner] * 4))
    totals = [row.unit for table in form.tables for row in table.rows if row.says == "costs were claimed: total"]
    assert totals == ["EUR"]
    few = article_28(grouped([kroner] * 4))
    assert not [row for table in few.tables for row in table.rows if row.says.endswith(": total")]


def test_remedies_are_counted_by_the_state_in_which_they_were_sought() -> None:
    def sought(**fields: str) -> CountedOrder:
        remedy = by_issuer("remedy-sought", "2027-03-20T09:00Z", forum="court", **fields)
        return order_of(ORDER, received("2027-03-01T10:00Z"), remedy)

    form = article_28(grouped([sought(in_party="XO")] * 6 + [sought(in_party="XV")] * 5 + [sought()] * 7))
    assert number(form, ORDERS, "a remedy was sought", "total") == "18"
    assert number(form, ORDERS, "in the issuing State", "total") == "6"
    assert number(form, ORDERS, "in the enforcing State", "total") == "5"


def test_an_order_sent_for_enforcement_is_received_once_the_enforcing_state_says_so() -> None:
    asked = by_issuer("enforcement-requested", "2027-03-20T09:00Z", label="asked", enforcing_authority="ncco")
    arrived = by_authority("form-received", "2027-03-21T09:00Z", about="asked")
    decided = by_authority("recognition-decided", "2027-03-22T09:00Z", decision="recognised")
    assert not order_of(ORDER, received("2027-03-01T10:00Z"), asked).received
    assert order_of(ORDER, received("2027-03-01T10:00Z"), asked, arrived).received
    assert order_of(ORDER, received("2027-03-01T10:00Z"), asked, decided).received


def test_what_nobody_answered_is_open_and_what_is_over_without_data_is_not_fulfilled() -> None:
    assert order_of(ORDER, received("2027-03-01T10:00Z")).outcome == "open"
    nothing = by_provider("no-data-held", "2027-03-02T09:00Z")
    assert order_of(ORDER, received("2027-03-01T10:00Z"), nothing).outcome == "not fulfilled"


def test_a_duration_runs_from_issue_to_the_data_obtained() -> None:
    arrived = by_issuer("evidence-received", "2027-03-05T21:00Z", check="equal")
    got = (received("2027-03-01T10:00Z"), disclosed("2027-03-04T09:00Z"))
    assert order_of(ORDER, *got).took == timedelta(days=3)
    assert order_of(ORDER, *got, arrived).took == timedelta(days=4, hours=12)


def test_a_preservation_is_fulfilled_by_its_confirmation_and_lasts_until_production_is_requested() -> None:
    order = issued("2027-03-01T09:00Z", "EPOC-PR")
    kept = by_provider("preservation-confirmed", "2027-03-02T09:00Z")
    asked = by_issuer("production-request-confirmed", "2027-03-11T09:00Z", production_kind="EPOC")
    assert order_of(order, received("2027-03-01T10:00Z"), kept).outcome == "fulfilled"
    assert order_of(order, received("2027-03-01T10:00Z"), kept).took is None
    assert order_of(order, received("2027-03-01T10:00Z"), kept, asked).took == timedelta(days=10)


def test_a_refusal_is_counted_with_its_grounds() -> None:
    said = by_authority("ground-for-refusal-raised", "2027-03-02T09:00Z", grounds=["EPOC:12(1)(b)"], scope="all")
    assert order_of(ORDER, received("2027-03-01T10:00Z"), said).grounds == ("EPOC:12(1)(b)",)


def test_each_ground_of_refusal_is_counted_once_and_the_lack_of_one_too() -> None:
    def refused(kind: str, day: int, **fields: object) -> Fact:
        return by_authority(kind, f"2027-03-{day:02}T09:00Z", **fields)

    two = refused("ground-for-refusal-raised", 2, grounds=["EPOC:12(1)(b)", "EPOC:12(1)(a)"], scope="all")
    one = refused("request-refused", 3, ground="EPOC:12(1)(b)")
    none = refused("request-refused", 4)
    got = received("2027-03-01T10:00Z")
    assert order_of(ORDER, got).grounds == ()
    assert order_of(ORDER, got, two, one).grounds == ("EPOC:12(1)(b)", "EPOC:12(1)(a)")
    assert order_of(ORDER, got, none, one, none).grounds == ("not stated", "EPOC:12(1)(b)")


def test_an_entry_that_was_put_right_counts_as_it_was_put_right() -> None:
    wrong = disclosed("2027-03-03T09:00Z", label="wrong")
    right = replace(disclosed("2027-03-03T09:00Z", partial=True), at=moment("2027-03-04T09:00Z"), replaces="wrong")
    assert order_of(ORDER, received("2027-03-01T10:00Z"), wrong, right).outcome == "in part"
