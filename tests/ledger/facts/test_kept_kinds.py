"""Entries of earlier versions keep their meaning: every kind, field and code of then is still there, as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ledger.facts import KINDS, Field

KEPT: dict[str, Any] = json.loads((Path(__file__).parents[3] / "fixtures" / "kept" / "kinds.json").read_text("utf-8"))


def test_no_kind_went_away() -> None:
    assert KEPT.keys() - KINDS.keys() == set()


def test_a_kind_keeps_its_group_and_its_signers_and_gets_others_behind_them() -> None:
    kept = {kind: len(then["signers"]) for kind, then in KEPT.items()}
    now = {kind: (KINDS[kind].group, list(KINDS[kind].signers)[: kept[kind]]) for kind in KEPT}
    assert now == {kind: (then["group"], then["signers"]) for kind, then in KEPT.items()}
    more = {kind: KINDS[kind].signers[kept[kind] :] for kind in KEPT if len(KINDS[kind].signers) > kept[kind]}
    assert more == {"counterparty-record-received": ("LAB", "DPO", "ADM", "SYS")}  # docs/adr/0109, 0142


def test_a_kind_keeps_its_fields_in_their_order() -> None:
    now = {kind: [name for name in KINDS[kind].fields() if name in then["fields"]] for kind, then in KEPT.items()}
    assert now == {kind: [*then["fields"]] for kind, then in KEPT.items()}


def test_a_field_keeps_its_type_its_readers_and_its_codes() -> None:
    for kind, then in KEPT.items():
        fields = KINDS[kind].fields()
        now = {name: _as_kept(fields[name], kept) for name, kept in then["fields"].items()}
        assert now == then["fields"], kind


def test_an_entry_without_a_field_that_was_added_later_keeps_its_form() -> None:
    added = [
        (kind, f) for kind, then in KEPT.items() for f in KINDS[kind].fields().values() if f.name not in then["fields"]
    ]
    assert added
    assert [(kind, field.name) for kind, field in added if field.required or field.always] == []


def _as_kept(field: Field, kept: dict[str, Any]) -> dict[str, Any]:
    """Return a field as the table has it; of its codes those of then."""
    now: dict[str, Any] = {"type": field.type}
    now |= {"required": True} if field.required else {}
    now |= {"always": True} if field.always else {}
    now |= {"readers": list(field.audience)} if field.sealed else {}
    return now | ({"one_of": [c for c in field.one_of if c in kept["one_of"]]} if "one_of" in kept else {})
