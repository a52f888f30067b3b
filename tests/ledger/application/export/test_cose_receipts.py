"""Receipts are of the entries under the signed root, in the order of the log, of the orders that the reader gets."""

from __future__ import annotations

import pytest

from ledger.application.export.cose_receipts import CoseReceipts, cose_receipts
from ledger.application.journal import Journal
from ledger.facts import build
from tests.ledger.application.test_journal import ORDER, OTHER, ilves, issued, journal, sent, sought
from tests.ledger.tlog.test_cose_receipt import accepts

__all__ = ("journal",)  # a fixture


def indices(made: CoseReceipts) -> list[int]:
    """Return the log indices; every receipt verifies."""
    assert all(accepts(receipt, raw, made.signed.public) for _, raw, receipt in made.entries)
    return [index for index, _, _ in made.entries]


def test_an_entry_recorded_behind_the_signed_root_has_no_receipt(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = journal.record(issued(), ORDER, ilves(journal)).index
    signed = journal.log.sign_root()
    assert signed.size == first + 1
    journal.record(sent(), ORDER, ilves(journal))
    monkeypatch.setattr(journal.log, "sign_root", lambda: signed)
    assert indices(cose_receipts(journal, ORDER, "CT", with_linked=False)) == [first]


def test_entries_of_an_order_and_its_companion_are_in_the_order_of_the_log(journal: Journal) -> None:
    recorded = [journal.record(fact, ORDER, ilves(journal)).index for fact in (issued(), sought(), sent())]
    assert indices(cose_receipts(journal, ORDER, "CT", with_linked=False)) == recorded


def test_linked_orders_are_added_where_they_are_wanted(journal: Journal) -> None:
    prior = journal.record(issued(), ORDER, ilves(journal)).index
    public = {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV", "reference": "PPO-2", "prior_order": ORDER}
    later = build("order-issued", public, {"identifiers": ["kestrel@skylark.example"]})
    index = journal.record(later, OTHER, ilves(journal)).index
    assert indices(cose_receipts(journal, OTHER, "CT", with_linked=False)) == [index]
    assert indices(cose_receipts(journal, OTHER, "CT", with_linked=True)) == [prior, index]
