"""The entry of a destruction has an id that follows from what it says, so that two processes record it once."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.subject_keys.names import COMPANION
from ledger.application import erasure_scope
from ledger.application.case_reader import DESTROYED
from ledger.application.erasure_scope import _entry_id, stated, stays, unstated

SAID = ("payload-key-destroyed", "order", "k1", "digest")


def id_of(*said: str) -> str:
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def test_the_first_free_id_is_the_digest_of_the_content_and_then_of_a_number_behind_it() -> None:
    taken: set[str] = set()
    store: Any = SimpleNamespace(by_entry=lambda entry: b"" if entry.hex() in taken else None)
    for expected in (id_of(*SAID), id_of(*SAID, "1"), id_of(*SAID, "2")):
        assert _entry_id(store, SAID) == expected
        taken.add(expected)


def test_what_stays_readable_is_named_by_person_with_its_fields_in_order_and_of_these_orders_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = {
        "k1": [(3, "main", "reason", "d1"), (1, "main", "account", "d2"), (2, "other", "name", "d3")],
        "k2": [(4, "side", "grounds", "d4")],
        "k3": [(5, "main", "hidden", "d5")],
        "k4": [(6, "main", "erased", "d6")],
        "k5": [(7, "other", "name", "d7")],
        "k6": [(8, "main", "unnamed", "d8")],
    }
    names = {"k1": "witness 3", "k2": "witness 3", "k3": f"{COMPANION}x", "k4": "erased", "k5": "elsewhere", "k6": None}
    store: Any = SimpleNamespace(sealing_keys=lambda around: [*said])
    keys: Any = SimpleNamespace(existing=set, name_of=names.get)
    monkeypatch.setattr(erasure_scope, "_said", lambda store, keys, ids: [row for each in ids for row in said[each]])
    left = stays(store, keys, ["k4"], ["main", "side"])
    assert left == {"witness 3": ["account", "grounds", "reason"]}


def test_a_destruction_is_stated_by_its_kind_its_key_and_a_custodian(monkeypatch: pytest.MonkeyPatch) -> None:
    def entry(kind: str, key: str, custodian: bool = True) -> Any:
        payload = SimpleNamespace(kind=kind, public={"key_ref": key, "digests": [f"{kind} {key}"]})
        return SimpleNamespace(payload=payload, custodian=custodian)

    recorded = [entry(DESTROYED, "k1"), entry("order-issued", "k1"), entry(DESTROYED, "k2")]
    recorded.append(entry(DESTROYED, "k1", False))
    opened = {"main": list(enumerate(recorded)), "access": [(7, entry(DESTROYED, "k1"))]}
    cases: Any = SimpleNamespace(
        registry="registry", access="access", keyring=lambda: None, opened=lambda order: opened[order]
    )
    store: Any = SimpleNamespace(encrypted_with=lambda key: [(0, "main", "name", "d"), (1, "registry", "name", "e")])
    monkeypatch.setattr(erasure_scope, "is_custodian", lambda o, index, keyring: o.custodian)
    assert stated(store, cases, "k1") == {7: [f"{DESTROYED} k1"], 0: [f"{DESTROYED} k1"]}
    assert stated(store, cases, "k3") == {}
    assert unstated(store, cases, "k1") == {"main": [(0, "d")], "access": [(1, "e")]}
