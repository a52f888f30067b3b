"""The JSON Schema of a kind accepts what `build` accepts and refuses what `build` refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from cli.session.ledger_reader import reading
from ledger.facts import KINDS, about, json_schema
from ledger.facts.value_forms import LINES
from tests.support.cli import ledger_of
from tests.support.facts import REFUSALS, StatedFact, facts, in_full


@given(facts())
def test_the_schema_takes_what_build_takes(stated_fact: StatedFact) -> None:
    assert fits(json_schema(stated_fact.kind), {"public": stated_fact.public, "sealed": stated_fact.sealed})


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_schema_takes_a_fact_that_states_every_field(kind: str) -> None:
    _, public, sealed = in_full(kind)
    assert fits(json_schema(kind), {"public": public, "sealed": sealed})


def test_a_fact_has_public_and_sealed_fields_and_nothing_else() -> None:
    schema, sides = json_schema("order-closed"), {"public": {"outcome": "answered"}, "sealed": {}}
    assert fits(schema, sides)
    assert not fits(schema, {**sides, "kind": "order-closed"})
    assert not fits(schema, {"public": sides["public"]})


def test_the_schema_refuses_what_build_refuses() -> None:
    for stated_fact, _ in REFUSALS:
        if stated_fact.kind in KINDS:
            assert not fits(
                json_schema(stated_fact.kind), {"public": stated_fact.public, "sealed": stated_fact.sealed}
            ), stated_fact


def test_what_the_schema_cannot_say_stands_beside_it() -> None:
    said = about(KINDS["ex-post-validation-refused"])
    assert json.loads(json.dumps(said)) == said
    assert said["shown_to"] == ["ISS", "VAL", "CT", "SA", "DPO", "AUD"]
    assert said["basis"] == ["EPOC:4(5)"]
    readers = ["ISS", "VAL", "CT", "DPO", "SA"]
    assert said["fields"]["reasons"] == {"type": "text", "sealed": True, "readers": readers, "always": False}
    schema = json_schema("ex-post-validation-refused")
    assert json.loads(json.dumps(schema)) == schema
    assert schema["properties"]["sealed"]["properties"]["reasons"] == {
        "description": "Why.",
        "type": "string",
        "pattern": f"^{LINES}$",
    }
    assert about(KINDS["order-issued"])["fields"]["validation_pending"]["always"] is True


def test_one_name_is_enough_for_an_office_and_none_is_too_few() -> None:
    names = json_schema("authority-registered")["properties"]["public"]["properties"]["names"]
    assert [fits(names, value) for value in ({}, {"en": "Court"})] == [False, True]


# Keywords of JSON Schema 2020-12 that a validator in strict mode (Ajv) accepts without a plug-in, so without `format`.
# The formats are a plug-in.
KEYWORDS = {
    *("$schema", "title", "description", "type", "enum", "anyOf", "pattern", "minimum", "maximum", "items"),
    *("properties", "required", "additionalProperties", "propertyNames", "minProperties"),
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_schema_uses_no_keyword_but_those_of_json_schema(kind: str) -> None:
    def walk(schema: Any) -> None:
        assert schema.keys() <= KEYWORDS, schema.keys() - KEYWORDS
        for name in ("items", "propertyNames", "additionalProperties"):
            if isinstance(schema.get(name), dict):
                walk(schema[name])
        for inner in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
            walk(inner)

    walk(json_schema(kind))


@pytest.mark.parametrize("field", ["circumstances", "validation_pending"])
def test_a_value_that_is_always_committed_to_may_be_null(field: str) -> None:
    _, public, sealed = in_full("order-issued")
    schema = json_schema("order-issued")
    assert fits(schema, {"public": public, "sealed": {**sealed, field: None}})
    assert not fits(schema, {"public": public, "sealed": {**sealed, "summary_of_facts": None}})


@pytest.mark.parametrize("story", ["S1", "S6"])
def test_the_schema_takes_every_fact_of_a_record_as_its_disclosures_open_it(story: str, tmp_path: Path) -> None:
    null = 0
    with reading(ledger_of(story, tmp_path)) as reader:
        for case in reader.all():
            for e in case.entries:
                public = {name: value for name, value in e.public.items() if name != "_sd"}
                assert fits(json_schema(e.kind), {"public": public, "sealed": dict(e.sealed)}), e.kind
                null += list(e.sealed.values()).count(None)
    assert null


def test_the_schema_takes_the_reason_of_a_replacement() -> None:
    _, public, sealed = in_full("evidence-received")
    assert fits(json_schema("evidence-received"), {"public": public, "sealed": {**sealed, "why": "A slip of the pen."}})


def test_the_schema_knows_the_days_that_exist_without_a_format() -> None:
    """Every day of years of all kinds, and dates that no year has."""
    found = json_schema("customer-notification-delayed")["properties"]["public"]["properties"]["review_on"]
    for year in (1, 4, 100, 400, 1900, 1996, 2000, 2023, 2024, 2100, 9999):
        for month in range(14):
            for day in range(33):
                text = f"{year:04}-{month:02}-{day:02}"
                assert fits(found, text) is _is_date(text), text
    assert not fits(found, "0000-01-01")


# A reader of JSON Schema as far as our schemas go, written from its specification and independent of our code.
def fits(schema: Mapping[str, Any], value: Any) -> bool:
    if "enum" in schema:
        return value in schema["enum"]
    if "anyOf" in schema and not any(fits({"type": "object", **part}, value) for part in schema["anyOf"]):
        return False
    if "type" not in schema:
        return True
    match schema["type"]:
        case "string":
            return isinstance(value, str) and re.search(schema["pattern"], value) is not None
        case "null":
            return value is None
        case "integer":
            return type(value) is int and schema["minimum"] <= value <= schema["maximum"]
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list) and all(fits(schema["items"], item) for item in value)
    assert schema["type"] == "object"
    known = schema.get("properties", {})
    other = schema.get("additionalProperties", True)
    return (
        isinstance(value, dict)
        and len(value) >= schema.get("minProperties", 0)
        and value.keys() >= set(schema.get("required", []))
        and all(fits(schema["propertyNames"], name) for name in value if "propertyNames" in schema)
        and all(
            fits(known[name], item) if name in known else other if isinstance(other, bool) else fits(other, item)
            for name, item in value.items()
        )
    )


def _is_date(text: str) -> bool:
    try:
        return bool(datetime.strptime(text, "%Y-%m-%d"))  # noqa: DTZ007
    except ValueError:
        return False


def test_a_file_of_a_manifest_has_a_digest_and_no_other_member() -> None:
    manifest = json_schema("evidence-received")["properties"]["sealed"]["properties"]["manifest"]

    def fit(**members: object) -> bool:
        return fits(manifest, {"elements": [], "files": [{"name": "x", "size": 1, **members}]})

    assert fit(sha256="6a" * 32)
    assert fit(sha512="6a" * 64)
    assert fit(digest="sha3-512:00")
    assert not fit()
    assert not fit(sha256="6a" * 32, colour="red")
    assert not fits(manifest, {"files": []})


def test_the_reason_of_a_replacement_is_sealed_and_every_reader_of_a_public_field_is_meant() -> None:
    sides = json_schema("evidence-received")["properties"]
    assert ["why" in sides[side]["properties"] for side in ("public", "sealed")] == [False, True]
    fields = about(KINDS["evidence-received"])["fields"]
    assert (fields["check"]["readers"], fields["check"]["sealed"]) == (None, False)
    assert "CT" in fields["manifest"]["readers"]
