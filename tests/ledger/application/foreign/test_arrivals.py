"""The consistency proofs of a bundle connect the heads that they are for, and no others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ledger.application.foreign.arrivals import _proofs


def test_a_proof_of_a_bundle_is_for_its_two_sizes_and_an_entry_alone_has_none(monkeypatch: Any) -> None:
    monkeypatch.setattr("ledger.application.foreign.arrivals.hashes", lambda proof: [proof])
    parts: Any = SimpleNamespace(consistency={(2, 5): b"proof"})
    prove = _proofs(parts)
    assert prove(2, 5) == ([b"proof"], None)
    assert prove(5, 2) is prove(2, 4) is None
    assert _proofs(None)(2, 5) is None
