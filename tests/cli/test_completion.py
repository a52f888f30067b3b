"""A shell completes what begins as it was typed; an error prints nothing into the line that a person types."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from cli import completion
from cli.completion import VALUES, values
from ledger.facts import KINDS
from ledger.facts.vocabulary import ROLES


@pytest.fixture(autouse=True)
def _ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def reading() -> Iterator[Any]:
        keyring = SimpleNamespace(offices={"ilves": 1, "orn": 2})
        yield SimpleNamespace(cases=SimpleNamespace(keyring=lambda: keyring), now=lambda: None)

    rows = [("PPO-2", "main", "aaaaaaaa-1"), (None, "main", "bbbbbbbb-1"), (None, None, "cccccccc-1")]
    docket = [SimpleNamespace(ref=ref, label=label, order=order) for ref, label, order in rows]
    monkeypatch.setattr("cli.session.ledger_reader.reading", reading)
    monkeypatch.setattr("cli.lists.docket.docket", lambda reader, now: docket)


@pytest.mark.parametrize(
    ("name", "typed", "found"),
    [
        ("order", "", ["PPO-2", "cccccccc", "main"]),
        ("order", "P", ["PPO-2"]),
        ("actor", "", ["ilves", "orn"]),
        ("whose", "o", ["orn"]),
        ("role", "IS", ["ISS"]),
        ("audience", "x", []),
        ("kind", "order-iss", ["order-issued"]),
    ],
)
def test_what_begins_as_it_was_typed_is_offered(name: str, typed: str, found: list[str]) -> None:
    assert values(name, typed) == found


def test_every_kind_role_rule_and_word_is_offered() -> None:
    assert values("kinds", "") == sorted(KINDS)
    assert values("roles", "") == sorted(ROLES)
    assert {"lists", "roles", "order-issued"} <= {*values("term", "")}
    assert "D-7-7" in values("about", "D-")
    assert all(isinstance(values(name, ""), list) for name in VALUES)


@pytest.mark.parametrize("error", [RuntimeError("x"), LookupError("y")])
def test_an_error_offers_nothing(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> list[str]:
        raise error

    monkeypatch.setitem(completion.VALUES, "order", fails)
    assert values("order", "") == []
    assert values("no-such-parameter", "") == []
