"""Costs of execution: Regulation (EU) 2023/1543, art. 14(1); 18 U.S.C. 2706."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.facts import FactError, build
from tests.support.judging import codes, finds, finds_not, judged
from tests.support.scenarios import Fact, by_issuer, by_provider, disclosed, fact, given, issued, moment, received

NO_LAW = "G-14-1-NO-NATIONAL-LAW"
DIFFER = "W-COSTS-DIFFER"
ANSWERED = given(
    issued("2027-03-01T09:00Z", "EPOC", issuing_capacity="judge"),
    received("2027-03-01T10:00Z"),
    disclosed("2027-03-03T09:00Z", channel="decentralised-it-system"),
)


def claimed(amount: str = "120.50", **fields: Any) -> Fact:
    """Return that the provider claims its costs."""
    return by_provider(
        "costs-claimed", "2027-03-04T09:00Z", label="claim", amount=amount, **{"currency": "EUR", **fields}
    )


def paid(amount: str, on: str = "2027-03-09T09:00Z", **fields: Any) -> Fact:
    """Return that the issuing authority pays, or does not."""
    return by_issuer("costs-reimbursed", on, claim="claim", amount=amount, **{"currency": "EUR", **fields})


def test_a_claim_of_costs_rests_on_the_national_law_of_the_issuing_state() -> None:
    finds(ANSWERED.when(claimed()), NO_LAW)
    finds_not(ANSWERED.when(claimed(national_law="JVEG 23")), NO_LAW)
    finds(ANSWERED.when(claimed(), paid("100")), NO_LAW)
    finds_not(ANSWERED.when(claimed(), paid("100", national_law="JVEG 23")), NO_LAW)
    assert codes(ANSWERED.when(claimed(national_law="JVEG 23"))) == codes(ANSWERED)


def test_a_claim_that_is_declined_needs_no_law_that_allows_it() -> None:
    finds_not(ANSWERED.when(claimed(), paid("0")), NO_LAW)


@pytest.mark.parametrize(
    ("amounts", "found"), [(("120.50",), False), (("120.51",), True), (("100", "20.50"), False), (("100", "21"), True)]
)
def test_no_more_is_reimbursed_than_was_claimed(amounts: tuple[str, ...], found: bool) -> None:
    payments = (paid(amount, f"2027-03-{9 + n:02}T09:00Z") for n, amount in enumerate(amounts))
    assert (DIFFER in codes(ANSWERED.when(claimed(), *payments))) is found


def test_costs_are_reimbursed_in_the_currency_of_the_claim() -> None:
    finds(ANSWERED.when(claimed(), paid("1300", currency="SEK")), DIFFER)


def test_a_part_that_is_paid_in_another_currency_is_a_difference_beside_a_part_in_the_currency_of_the_claim() -> None:
    other = paid("3", "2027-03-10T09:00Z", currency="SEK")
    finds(ANSWERED.when(claimed(), paid("20.50"), other), DIFFER)


def test_a_dispute_about_costs_weakens_no_criterion() -> None:
    disputed = by_issuer("event-disputed", "2027-03-10T09:00Z", about="claim")
    record = ANSWERED.when(claimed(national_law="JVEG 23"))
    finds(record.when(disputed), "G-DISPUTED")
    assert judged(record.when(disputed)).criteria == judged(record).criteria


@pytest.mark.parametrize("amount", ["-1", "1,50", "01", "1.23456", "1e3", ""])
def test_an_amount_is_a_plain_number(amount: str) -> None:
    with pytest.raises(FactError, match=r"costs-claimed\.amount"):
        build("costs-claimed", {"amount": amount, "currency": "EUR"}, {})


def test_a_claim_that_was_replaced_keeps_the_law_that_its_answer_names() -> None:
    again = fact("costs-claimed", "2027-03-04T09:00Z", "skylark", "SP", replaces="claim", amount="110", currency="EUR")
    answer = paid("100", national_law="JVEG 23")
    finds_not(ANSWERED.when(claimed(), answer, replace(again, at=moment("2027-03-10T09:00Z"))), NO_LAW)


def test_a_claim_that_is_declined_is_in_no_other_currency() -> None:
    finds_not(ANSWERED.when(claimed(), paid("0", currency="SEK")), DIFFER)


def test_one_payment_in_another_currency_among_others_is_enough() -> None:
    foreign = paid("1", "2027-03-10T09:00Z", currency="SEK")
    finds(ANSWERED.when(claimed(), paid("10"), foreign), DIFFER)
    finds_not(ANSWERED.when(claimed(), paid("10"), paid("1", "2027-03-10T09:00Z")), DIFFER)


def test_each_claim_is_compared_with_its_own_reimbursement() -> None:
    other = replace(claimed("10"), label="other")
    found = finds(ANSWERED.when(claimed("100"), other, paid("50")), NO_LAW)
    assert len(found.entries) == 2
    finds_not(ANSWERED.when(claimed("100"), other, paid("50")), DIFFER)
    assert len(finds(ANSWERED.when(claimed("100"), other, paid("101")), DIFFER).entries) == 2
    refused = paid("0").changed(claim="other")
    assert len(finds(ANSWERED.when(claimed("100"), other, refused), NO_LAW).entries) == 1
