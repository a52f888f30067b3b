"""The provider of an order is who signed its governing receipt as provider, else the first one that it names."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.law.reading.order_parties import OrderParties


def parties(governing: Any, issued: dict[str, Any] | None, offices: dict[str, str] | None = None) -> OrderParties:
    made = OrderParties.__new__(OrderParties)
    made._order = SimpleNamespace(states=(issued or {}).get)  # type: ignore[assignment]
    made._receipts = SimpleNamespace(governing=governing)  # type: ignore[assignment]
    known = {actor: SimpleNamespace(party=party) for actor, party in (offices or {}).items()}
    made._register = SimpleNamespace(office=known.get)  # type: ignore[assignment]
    return made


ISSUED = {"from_party": "XO", "to_party": "XV", "providers": ["skylark", "other"]}


@pytest.mark.parametrize(
    ("role", "provider"), [("SP", "signer"), ("REG", "signer"), ("NOT", "skylark"), ("ISS", "skylark")]
)
def test_only_a_provider_or_a_registry_that_signs_the_receipt_is_the_provider(role: str, provider: str) -> None:
    receipt = SimpleNamespace(role=role, actor="signer")
    assert parties(receipt, ISSUED).provider == provider
    assert parties(receipt, None).provider == ("signer" if provider == "signer" else None)


def test_without_a_receipt_it_is_the_first_one_named_and_its_party_is_that_of_the_register() -> None:
    assert parties(None, ISSUED).provider == "skylark"
    assert parties(None, {"to_party": "XV"}).provider is None
    assert parties(None, None).provider is None
    assert parties(None, ISSUED, {"skylark": "XW"}).provider_party == "XW"
    assert parties(None, ISSUED).provider_party == "XV"
    assert parties(None, {"to_party": "XV"}, {"skylark": "XW"}).provider_party == "XV"
    here = parties(None, ISSUED)
    assert (here.from_party, here.to_party) == ("XO", "XV")
    assert (parties(None, None).from_party, parties(None, None).to_party) == (None, None)


def test_declarations_count_as_of_issue_before_it_as_of_the_first_entry_and_before_that_as_of_now() -> None:
    issue, first, now = (datetime(2027, 3, day, tzinfo=UTC) for day in (2, 1, 9))
    for issued, entries, moment in (
        (SimpleNamespace(on=issue), (SimpleNamespace(on=first),), issue),
        (None, (SimpleNamespace(on=first), SimpleNamespace(on=issue)), first),
        (None, (), now),
    ):
        made = OrderParties.__new__(OrderParties)
        made._order = SimpleNamespace(issued=issued)  # type: ignore[assignment]
        made._entries = SimpleNamespace(current=entries)  # type: ignore[assignment]
        made._at = now
        assert made.issued_on == moment
