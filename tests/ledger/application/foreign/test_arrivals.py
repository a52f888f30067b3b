"""The consistency proofs of a bundle connect the heads that they are for, and no others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.foreign import arrivals
from ledger.application.foreign.arrivals import _proofs, from_bundle, from_entry
from ledger.application.foreign.receive import Arrival
from ledger.entries.envelope import open_
from ledger.errors import RecordError
from ledger.verify.report import Reason, Verdict
from tests.support.memory_ledger import NOW, ORDER, small


def test_a_proof_of_a_bundle_is_for_its_two_sizes_and_an_entry_alone_has_none(monkeypatch: Any) -> None:
    monkeypatch.setattr("ledger.application.foreign.arrivals.hashes", lambda proof: [proof])
    parts: Any = SimpleNamespace(consistency={(2, 5): b"proof"})
    prove = _proofs(parts)
    assert prove(2, 5) == ([b"proof"], None)
    assert prove(5, 2) is prove(2, 4) is None
    assert _proofs(None)(2, 5) is None


@pytest.mark.parametrize("known", [True, False])
def test_an_entry_alone_is_compared_with_what_was_seen_if_its_proof_leads_to_a_head(
    monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    ledger, _ = small(origin="ledger.test/xv")
    opened, proof = open_(ledger.entries[4]), ledger.proof(4)
    report = SimpleNamespace(reasons=[Reason("KEY-UNKNOWN", "", "whose key")], verdict=Verdict.INDETERMINATE)
    report.head = object() if known else None
    held: list[str] = []
    monkeypatch.setattr(arrivals, "trust_in_log", lambda journal, origin: "trust")
    monkeypatch.setattr(arrivals, "verify_entry", lambda *_, **__: report)
    monkeypatch.setattr(arrivals, "_hold", lambda *_: held.append("head"))
    monkeypatch.setattr(arrivals, "_hold_entry", lambda *_: held.append("entry"))
    keyring = SimpleNamespace(keys={}, holds=lambda *_: False)
    journal: Any = SimpleNamespace(now=lambda: NOW, read_keyring=lambda: keyring, store=SimpleNamespace(size=lambda: 9))
    assert from_entry(journal, opened, proof, print, anyway=True) == ([Arrival(opened.raw, proof)], "not-checked")
    assert held == (["head", "entry"] if known else [])
    with pytest.raises(RecordError, match="KEY-UNKNOWN") as refused:
        from_entry(journal, opened, proof, print, anyway=False)
    assert "--anyway" in refused.value.hint
    report.reasons = [Reason("CP-ORIGIN", "", "You gave the trust of another log.")]
    with pytest.raises(RecordError, match="CP-ORIGIN") as other:
        from_entry(journal, opened, proof, print, anyway=True)
    assert other.value.hint == ""
    report.reasons, report.verdict = [Reason("KEY-UNKNOWN", "", "whose key")], Verdict.FAILED
    with pytest.raises(RecordError, match="KEY-UNKNOWN") as failed:
        from_entry(journal, opened, proof, print, anyway=True)
    assert failed.value.hint == ""


@pytest.mark.parametrize(
    ("changes", "confirmed"),
    [
        ({}, True),
        ({"actor": "another"}, False),
        ({"accepted": None}, False),
        ({"ended": 7}, False),
        ({"holds": False}, False),
        ({"key": "another"}, False),
        ({"codes": ["KEY-UNKNOWN", "NO-QUORUM"]}, False),  # our register takes away one doubt alone
    ],
)
def test_our_register_confirms_the_key_of_an_entry_that_came_without_its_own(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], confirmed: bool
) -> None:
    ledger, _ = small(origin="ledger.test/xv")
    opened, proof = open_(ledger.entries[4]), ledger.proof(4)
    signer = opened.payload.signer
    doubts = [Reason(code, "", "x") for code in changes.get("codes", ["KEY-UNKNOWN"])]
    report = SimpleNamespace(reasons=doubts, verdict=Verdict.INDETERMINATE, head=None)
    monkeypatch.setattr(arrivals, "trust_in_log", lambda journal, origin: "trust")
    monkeypatch.setattr(arrivals, "verify_entry", lambda *_, **__: report)
    said = {"actor": signer.actor, "accepted": 3, "ended": None, "holds": True, "key": signer.key, **changes}
    enrolled = SimpleNamespace(actor=said["actor"], accepted=said["accepted"], ended=said["ended"])
    keyring = SimpleNamespace(keys={said["key"]: enrolled}, holds=lambda *_: said["holds"])
    journal: Any = SimpleNamespace(now=lambda: NOW, read_keyring=lambda: keyring, store=SimpleNamespace(size=lambda: 9))
    if confirmed:
        assert from_entry(journal, opened, proof, print, anyway=False) == ([Arrival(opened.raw, proof)], "verifies")
    else:
        with pytest.raises(RecordError):
            from_entry(journal, opened, proof, print, anyway=False)


@pytest.mark.parametrize(("order", "asked"), [(None, []), ("our order", ["our order"])])
def test_a_bundle_is_compared_with_what_was_received_of_its_orders_and_of_the_one_it_is_for(
    monkeypatch: pytest.MonkeyPatch, order: str | None, asked: list[str]
) -> None:
    ledger, ilves = small(origin="ledger.test/xv")
    data = ledger.bundle(ilves)
    known: list[list[str]] = []
    report = SimpleNamespace(reasons=[], verdict=Verdict.PASSED, exhibit=None, head=None, case=None)
    monkeypatch.setattr(arrivals, "trust_in_log", lambda journal, origin: "trust")
    monkeypatch.setattr(arrivals, "verify", lambda *_, **__: report)
    for name in ("_hold", "_compare_ours", "keep_register"):
        monkeypatch.setattr(arrivals, name, lambda *_: None)
    monkeypatch.setattr(arrivals, "_known", lambda journal, trust, origin, orders: known.append(list(orders)))
    journal: Any = SimpleNamespace(origin="ledger.test/xo", now=lambda: NOW, received=None)
    found, check = from_bundle(journal, data, order, print)
    assert known == [[*known[0][: len(known[0]) - len(asked)], *asked]]
    assert set(known[0]) - set(asked) == {ledger.registry, ORDER}
    assert (check, len(found)) == ("verifies", 2)
    with pytest.raises(RecordError, match=r"CTX-LOG.*and not of ledger\.test/xw"):
        from_bundle(journal, data, order, print, origin="ledger.test/xw")
    assert from_bundle(journal, data, order, print, origin="ledger.test/xv")[1] == "verifies"
    journal.origin = "ledger.test/xv"
    with pytest.raises(RecordError, match="of this very ledger"):
        from_bundle(journal, data, order, print)


def test_a_container_of_files_without_a_manifest_is_no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "unpack", lambda data: {})
    journal: Any = SimpleNamespace(origin="ledger.test/xo")
    with pytest.raises(RecordError, match="a bundle without it is none"):
        from_bundle(journal, b"", None, print)
