"""The words of the vocabulary are those of its table, and the facts of the stories can be built."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args
from uuid import NAMESPACE_URL, uuid5

import pytest

from ledger.facts import KINDS, Fact, Field, build, check_audience, public_of, sealed_of
from ledger.facts.vocabulary import ELEMENTS, GROUNDS, GROUPS, INSTRUMENTS, OFFICES, ROLES, SIGNERS, OnSource, Speaks

SHARED = Path(__file__).parents[4] / "shared"


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    return _read("vocabulary.toml")


def test_every_type_of_the_table_is_used(table: dict[str, Any]) -> None:
    used = {field.type.removeprefix("list[").removesuffix("]") for cls in KINDS.values() for field in _fields(cls)}
    assert used >= table["vocabulary"]["types"].keys()


def test_roles_instruments_grounds_and_elements_are_the_same(table: dict[str, Any]) -> None:
    words = table["vocabulary"]
    assert words["roles"] == ROLES
    assert words["instruments"].items() <= INSTRUMENTS.items()
    assert words["groups"].keys() - GROUPS.keys() == set()
    assert words["grounds"] == {code: ground._asdict() for code, ground in GROUNDS.items()}
    assert words["elements"] == {
        code: {k: v for k, v in element._asdict().items() if v is not False} for code, element in ELEMENTS.items()
    }


def test_who_speaks_and_what_a_time_rests_on_are_the_same(table: dict[str, Any]) -> None:
    envelope = table["vocabulary"]["envelope"]
    assert envelope["kind"]["one_of"] == list(get_args(Speaks))
    assert envelope["on_source"]["one_of"] == list(get_args(OnSource))


def test_every_fact_of_every_story_can_be_built_and_comes_back_as_told() -> None:
    stories = sorted((SHARED / "stories").glob("*.toml"))
    if not stories:
        pytest.skip("needs ../shared, which stands beside the project")
    for path in stories:
        story = tomllib.loads(path.read_text())
        for step in story["facts"]:
            kind = step["type"]
            public = {**_heading(story, step), **_wire(KINDS[kind], step.get("public", {}))}
            sealed = _wire(KINDS[kind], step.get("sealed", {}))
            fact = build(kind, public, sealed)
            check_audience(kind, step.get("audience", {}))
            assert (public_of(fact), sealed_of(fact)) == (public, sealed), (path.name, kind)


def _read(name: str) -> dict[str, Any]:
    path = SHARED / name
    if not path.exists():
        pytest.skip("needs ../shared, which stands beside the project")
    return tomllib.loads(path.read_text())


def _fields(cls: type[Fact]) -> list[Field]:
    return list(cls.fields().values())


def _heading(story: Mapping[str, Any], step: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `order-issued` that a story states in its table of orders instead."""
    if step["type"] != "order-issued":
        return {}
    order = story["orders"][step["order"]]
    return {"instrument": order["instrument"], "from_party": order["from"], "to_party": order["to"]}


def _wire(cls: type[Fact], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the wire values of a story: labels become hashes and UUIDs, times of TOML become strings."""

    def one(value: Any, kind: str) -> Any:
        if isinstance(value, list):
            return [one(item, kind.removeprefix("list[").removesuffix("]")) for item in value]
        if isinstance(value, datetime):
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if isinstance(value, date):
            return value.isoformat()
        if kind == "event":
            return sha256(value.encode()).hexdigest()
        if kind == "order":
            return str(uuid5(NAMESPACE_URL, value))
        return value

    return {name: one(value, cls.fields()[name].type) for name, value in values.items()}


def test_the_elements_that_a_party_may_exclude_as_access_numbers_are_the_two_addresses() -> None:
    """CETS 224, art. 7(9)(b)."""
    assert {code for code, element in ELEMENTS.items() if element.access_number} == {"registration-ip", "login-ip"}


def test_the_person_the_registrar_and_the_program_are_no_offices() -> None:
    assert set(ROLES) - set(OFFICES) == {"CUST", "ADM", "SYS"}
    assert set(ROLES) - set(SIGNERS) == {"CUST"}
