"""A caller of the library prepares a fact, reads the findings, and then records it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ledger.application.record_fact import prepare, record
from ledger.application.write.draft import Draft
from ledger.entries.envelope import Circumstances
from ledger.errors import RecordError
from ledger.facts import build
from tests.ledger.application.test_journal import NOON, ORDER, ilves, issued, made, sent


def test_a_prepared_fact_shows_its_findings_and_is_recorded_afterwards(tmp_path: Path) -> None:
    with made(tmp_path / "ledger") as journal:
        journal.record(issued(), ORDER, ilves(journal))
        size = journal.store.size()
        earlier = NOON - timedelta(days=1)
        draft = Draft(sent(), ORDER, ilves(journal), Circumstances(earlier, NOON), entry="ab" * 16)
        plan = prepare(journal, draft, journal.case(ORDER))
        assert "W-BEFORE-ORDER" in {finding.code for finding in plan.findings}
        assert (plan.recorded, journal.store.size()) == (False, size)
        receipt = record(journal, plan)
        assert (receipt.index, receipt.already) == (size, False)
        again = prepare(journal, draft, journal.case(ORDER))
        assert (again.recorded, again.findings) == (True, ())
        assert record(journal, again).already


def test_a_wrong_form_is_refused_before_anything_is_signed(tmp_path: Path) -> None:
    with made(tmp_path / "ledger") as journal:
        journal.record(issued(), ORDER, ilves(journal))
        size = journal.store.size()
        unknown = build("order-transmitted", {"addressee": "nobody-here", "channel": "provider-portal"}, {})
        draft = Draft(unknown, ORDER, ilves(journal), Circumstances(NOON, NOON))
        with pytest.raises(RecordError, match="OFFICE-UNKNOWN"):
            prepare(journal, draft, journal.case(ORDER))
        taken = Draft(issued(), ORDER[:-1] + "2", ilves(journal), Circumstances(NOON, NOON))
        with pytest.raises(RecordError, match="REFERENCE-TAKEN"):
            prepare(journal, taken, None)
        assert journal.store.size() == size


def test_a_reference_that_looks_like_another_is_refused_unless_the_caller_means_it(tmp_path: Path) -> None:
    with made(tmp_path / "ledger") as journal:
        journal.record(issued("PPO-1"), ORDER, ilves(journal))
        alike = Draft(issued("РРО-1"), ORDER[:-1] + "2", ilves(journal), Circumstances(NOON, NOON))
        with pytest.raises(RecordError, match="REFERENCE-ALIKE"):
            prepare(journal, alike, None)
        assert not prepare(journal, alike, None, lookalike=True).recorded
