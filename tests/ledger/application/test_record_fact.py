"""A caller of the library prepares a fact, reads the findings, and then records it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application import record_fact as module
from ledger.application.record_fact import issued_reference, newest_foreign, prepare, record, reference_check
from ledger.application.write.draft import Draft
from ledger.entries.envelope import Circumstances
from ledger.entries.wrapped_entry import KIND
from ledger.errors import RecordError
from ledger.facts import build
from tests.ledger.application.test_journal import ADM, NOON, ORDER, ilves, issued, made, sent


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


def test_a_signer_has_seen_the_entry_of_another_log_that_arrived_last() -> None:
    first, last = object(), object()
    wrappers = [(KIND, first), (KIND, last), (KIND, None), ("order-closed", object())]
    asked: list[str] = []

    def opened(order: str) -> list[tuple[int, Any]]:
        asked.append(order)
        return [(n, SimpleNamespace(payload=SimpleNamespace(kind=k, other=o))) for n, (k, o) in enumerate(wrappers)]

    journal: Any = SimpleNamespace(cases=SimpleNamespace(opened=opened))

    def case(*received: bool) -> Any:
        return SimpleNamespace(entries=[SimpleNamespace(received=each) for each in received])

    assert newest_foreign(journal, ORDER, None) is newest_foreign(journal, ORDER, case(False, False)) is None
    assert asked == [], "nothing has arrived"
    assert newest_foreign(journal, ORDER, case(False, True)) is last
    wrappers[:] = [(KIND, None), ("order-closed", object())]
    assert newest_foreign(journal, ORDER, case(True)) is None
    assert asked == [ORDER, ORDER]


def test_only_the_fact_that_issues_an_order_has_a_reference_to_check(tmp_path: Path) -> None:
    with made(tmp_path / "ledger") as journal:
        order = Draft(issued("PPO-1"), ORDER, ilves(journal), Circumstances(NOON, NOON))
        unquotable = Draft(issued("ilves/PPO-1"), ORDER, ilves(journal), Circumstances(NOON, NOON))
        later = Draft(sent(), ORDER, ilves(journal), Circumstances(NOON, NOON))
        assert issued_reference(order, ["ilves"]) == ("PPO-1", "ilves")
        assert issued_reference(later, ["ilves"]) is None
        assert reference_check(journal, None, later, lookalike=False) is None
        plan = prepare(journal, order, None)
        assert plan.check_again is not None
        plan.check_again()
        record(journal, plan)
        with pytest.raises(RecordError, match="does not begin as OFFICE/REFERENCE"):
            prepare(journal, unquotable, None)
        journal.record(unquotable.fact, ORDER, ilves(journal))  # by a program that did not check it
        assert not prepare(journal, unquotable, journal.case(ORDER)).recorded, "an order may state its own again"


def test_an_office_that_the_order_names_already_needs_no_register(tmp_path: Path) -> None:
    stranger = build("order-transmitted", {"addressee": "elsewhere", "channel": "provider-portal"}, {})
    with made(tmp_path / "ledger") as journal:
        draft = Draft(stranger, ORDER, ilves(journal), Circumstances(NOON, NOON))
        with pytest.raises(RecordError, match="OFFICE-UNKNOWN"):
            prepare(journal, draft, None)
        assert not prepare(journal, draft, None, unregistered=True).recorded
        journal.record(issued(), ORDER, ilves(journal))
        with pytest.raises(RecordError, match="OFFICE-UNKNOWN"):
            prepare(journal, draft, journal.case(ORDER))
        journal.record(stranger, ORDER, ilves(journal))
        assert not prepare(journal, draft, journal.case(ORDER)).recorded


def test_another_fact_with_a_reference_is_no_new_order() -> None:
    signer: Any = SimpleNamespace(actor="ilves")
    formal = build("emergency-request-formalised", {"channel": "provider-portal", "reference": "N-1"}, {})
    for fact, found in ((formal, None), (issued("N-1"), ("N-1", "ilves"))):
        assert issued_reference(Draft(fact, ORDER, signer, Circumstances(NOON, NOON)), ["ilves"]) == found


def test_a_new_order_is_judged_under_its_instrument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[Any] = []

    def noted(case: Any, entry: Any, now: object) -> list[Any]:
        judged.append((case.order, case.instrument, case.entries, len(case.registry), entry.kind))
        return []

    monkeypatch.setattr(module, "new_findings", noted)
    with made(tmp_path / "ledger") as journal:
        register = len(journal.cases.register())
        for fact, instrument in ((issued("PPO-1"), "2AP-7"), (sent(), "")):
            prepare(journal, Draft(fact, ORDER, ilves(journal), Circumstances(NOON, NOON)), None)
            assert judged.pop() == (ORDER, instrument, (), register, fact.kind)


def test_the_register_is_not_judged(tmp_path: Path) -> None:
    with made(tmp_path / "ledger") as journal:
        office = build(
            "authority-registered", {"actor": "court", "party": "XO", "roles": ["CT"], "valid_from": "2027-01-01"}, {}
        )
        draft = Draft(office, journal.registry, journal.signer("adm", "ADM", ADM), Circumstances(NOON, NOON))
        plan = prepare(journal, draft, None)
        assert (plan.findings, plan.recorded, plan.check_again) == ((), False, None)
