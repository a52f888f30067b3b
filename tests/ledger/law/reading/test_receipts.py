"""What keeps an entry from starting a clock: each lack with the value that would supply it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.scenarios import Fact, by_authority, given, issued, named, received


def lacks(instrument: str, seen: Fact) -> list[tuple[str, str]]:
    """Return the columns that an entry lacks, each with the value that would supply it."""
    reading = given(issued("2027-03-01T09:00Z", instrument), seen).reading
    return [(lack.column, lack.value) for lack in reading.receipts.lacks_as_trigger(named(reading, "receipt"))]


@pytest.mark.parametrize(
    ("instrument", "role", "fields", "lacking"),
    [
        ("2AP-7", "SP", {}, []),
        ("2AP-7", "SP", {"proper_addressee": True}, []),
        ("2AP-7", "SP", {"proper_addressee": False}, [("proper_addressee", "true, if that is so")]),
        ("2AP-7", "CAQ", {"proof_kind": "portal-log"}, [("role", "SP or REG, or ISS with proof")]),
        ("2AP-7", "ISS", {}, [("proof_kind", "delivery-receipt or portal-log or courier-receipt")]),
        ("2AP-7", "ISS", {"proof_kind": "portal-log"}, []),
        ("2AP-8", "ISS", {"proof_kind": "portal-log"}, [("role", "SP or REG")]),
        ("2AP-9", "ISS", {"proof_kind": "portal-log"}, [("role", "CAQ or POC or SP")]),
        ("2AP-9", "CAQ", {}, []),
    ],
)
def test_a_receipt_that_starts_no_clock_lacks_what_the_instrument_asks_for(
    instrument: str, role: str, fields: dict[str, Any], lacking: list[tuple[str, str]]
) -> None:
    by = {"SP": "skylark", "CAQ": "ncco", "ISS": "ilves"}[role]
    assert lacks(instrument, received("2027-03-02T08:30Z", by=by, role=role, **fields)) == lacking


def test_an_entry_lacks_an_office_that_may_do_so_and_a_time_at_once() -> None:
    of_no_office = received("2027-03-02T08:30Z", speaks="observation", whose="nobody", at="2027-03-04T08:30Z")
    assert [column for column, _ in lacks("2AP-7", of_no_office)] == ["actor", "on_source"]


def test_only_a_receipt_lacks_an_addressee() -> None:
    notified = by_authority("notification-received", "2027-03-02T08:30Z", label="receipt")
    assert lacks("EPOC", notified) == []


def test_a_time_after_the_signature_is_lacking_and_a_stamp_supplies_that_of_a_late_entry() -> None:
    ahead = received("2027-03-02T08:36Z", at="2027-03-02T08:30Z")
    assert lacks("2AP-7", ahead) == [("occurred", "when it happened")]
    assert lacks("2AP-7", ahead.moved("2027-03-02T08:35Z")) == []
    late = received("2027-03-02T08:30Z", at="2027-03-04T08:30Z")
    assert lacks("2AP-7", late) == [("on_source", "receipt-stamp")]
    reading = given(issued("2027-03-01T09:00Z"), late).reading
    (lack,) = reading.receipts.lacks_as_trigger(named(reading, "receipt"))
    assert lack.says == "it is recorded more than 24 hours after it happened"
    assert lacks("2AP-7", received("2027-03-02T08:30Z", at="2027-03-04T08:30Z", on_source="receipt-stamp")) == []
