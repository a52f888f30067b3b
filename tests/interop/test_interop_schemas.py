"""npm's ajv, in its default strict mode, validates the facts of a ledger against our JSON Schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.session.ledger_reader import reading
from ledger.facts import KINDS, json_schema
from tests.interop.conftest import Ask, Invocation
from tests.support.cli import ledger_of
from tests.support.facts import in_full

pytestmark = pytest.mark.interop


def hold(ask: Ask, folder: Path, facts: list[dict[str, Any]]) -> Invocation:
    (folder / "schemas.json").write_text(json.dumps({kind: json_schema(kind) for kind in KINDS}))
    (folder / "facts.json").write_text(json.dumps(facts))
    return ask("ajv", folder / "schemas.json", folder / "facts.json")


def test_ajv_compiles_every_schema_and_takes_a_fact_that_states_every_field(ask: Ask, tmp_path: Path) -> None:
    facts = [
        {"kind": kind, "fact": {"public": filled.public, "sealed": filled.sealed}}
        for kind in sorted(KINDS)
        for filled in [in_full(kind)]
    ]
    said = hold(ask, tmp_path, facts)
    assert said.agrees, said.text
    assert f"{len(KINDS)} schemas, {len(KINDS)} facts" in said.text


@pytest.mark.parametrize("story", ["S1", "S2", "S6"])
def test_ajv_takes_every_fact_of_a_record_as_its_disclosures_open_it(story: str, ask: Ask, tmp_path: Path) -> None:
    with reading(ledger_of(story, tmp_path)) as reader:
        entries = [e for case in reader.all() for e in case.entries]
    facts = [
        {
            "kind": e.kind,
            "fact": {"public": {n: v for n, v in e.public.items() if n != "_sd"}, "sealed": dict(e.sealed)},
        }
        for e in entries
    ]
    said = hold(ask, tmp_path, facts)
    assert said.agrees, said.text


def test_ajv_refuses_a_day_that_does_not_exist(ask: Ask, tmp_path: Path) -> None:
    filled = in_full("customer-notification-delayed")
    fact = {"public": {**filled.public, "review_on": "2027-02-29"}, "sealed": filled.sealed}
    said = hold(ask, tmp_path, [{"kind": filled.kind, "fact": fact}])
    assert not said.agrees
    assert "review_on" in said.text
