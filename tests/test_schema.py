"""The JSON Schema of a kind: it takes what `build` takes and refuses what `build` refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given

from ledger.facts import KINDS, json_schema
from ledger.facts.wire import LINES
from tests.told import REFUSALS, Told, facts, in_full


@given(facts())
def test_the_schema_takes_what_build_takes(told: Told) -> None:
    assert fits(json_schema(told.kind), {"public": told.public, "sealed": told.sealed})


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_schema_takes_a_fact_that_states_every_field(kind: str) -> None:
    _, public, sealed = in_full(kind)
    assert fits(json_schema(kind), {"public": public, "sealed": sealed})


def test_the_schema_refuses_what_build_refuses() -> None:
    for told, _ in REFUSALS:
        if told.kind in KINDS:
            assert not fits(json_schema(told.kind), {"public": told.public, "sealed": told.sealed}), told


def test_what_the_schema_says_beyond_json_schema_is_what_the_class_says() -> None:
    schema = json_schema("ex-post-validation-refused")
    assert json.loads(json.dumps(schema)) == schema
    assert schema["x-shown-to"] == ["ISS", "VAL", "CT", "SA", "DPO", "AUD"]
    assert schema["x-basis"] == ["EPOC:4(5)"]
    assert schema["properties"]["sealed"]["properties"]["reasons"] == {
        "description": "Why.",
        "x-type": "text",
        "type": "string",
        "pattern": f"^{LINES}$",
        "x-audience": ["ISS", "VAL", "CT", "DPO", "SA"],
    }
    assert json_schema("order-issued")["properties"]["sealed"]["properties"]["validation_pending"]["x-always"] is True


# A reading of JSON Schema as far as ours go, written from its specification and not from our code.
def fits(schema: Mapping[str, Any], value: Any) -> bool:
    if "enum" in schema:
        return value in schema["enum"]
    if "anyOf" in schema and not any(fits({"type": "object", **part}, value) for part in schema["anyOf"]):
        return False
    match schema["type"]:
        case "string":
            if not isinstance(value, str) or re.search(schema["pattern"], value) is None:
                return False
            return schema.get("format") != "date" or _is_date(value)
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
