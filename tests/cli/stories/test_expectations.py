"""What a story expects and does not find, and what it finds and does not expect, is said line by line."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cli.stories import expectations
from cli.stories.expectations import _clock, _named, _readable, _sets, _view_differences
from ledger.entries.case import Unread


def entry(leaf: str, *public: str, **sealed: Any) -> Any:
    return SimpleNamespace(leaf=leaf, public=dict.fromkeys(public, "x"), sealed=sealed)


ENTRIES = (
    entry("a", "reference", reason=Unread.WITHHELD),
    entry("b", "channel", reason="a fraud", account=Unread.ERASED),
)
PLAYED: Any = SimpleNamespace(
    leaves={("main", "issued"): "a", ("main", "sent"): "b"}, story=SimpleNamespace(ends="end")
)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("reason", ["a", "b"]),
        ("issued.reason", ["a"]),
        ("sent.reason", ["b"]),
        ("gone.reason", []),
        ("reference", ["a"]),
        ("sent.reference", []),
        ("account", ["b"]),
        ("none", []),
    ],
)
def test_a_field_is_named_with_or_without_the_fact_that_states_it(name: str, found: list[str]) -> None:
    pairs = list(_named(ENTRIES, PLAYED, "main", name))
    assert [e.leaf for e, _ in pairs] == found
    assert {field for _, field in pairs} <= {name.rpartition(".")[2]}
    assert list(_named(ENTRIES, PLAYED, "other", "issued.reason")) == []


def test_a_field_is_readable_if_it_is_public_or_opened() -> None:
    assert [_readable(ENTRIES[0], field) for field in ("reference", "reason")] == [True, False]
    assert [_readable(ENTRIES[1], field) for field in ("reason", "account")] == [True, False]


def view(**asked: list[str]) -> Any:
    fields: dict[str, list[str]] = {"hidden_fields": [], "shown_fields": [], "hidden_events": []}
    return SimpleNamespace(order="main", **{**fields, **asked})


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, []),
        ({"hidden_fields": ["issued.reason", "account", "none"], "shown_fields": ["reason", "reference"]}, []),
        ({"hidden_fields": ["reason"]}, ["reason is readable, and should be hidden"]),
        ({"shown_fields": ["issued.reason"]}, ["issued.reason is hidden, and should be readable"]),
        ({"shown_fields": ["none"]}, ["none is hidden, and should be readable"]),
        ({"hidden_events": ["issued"]}, ["the entry issued is shown, and should be hidden"]),
        ({"hidden_events": ["gone"]}, ["gone: no fact of this order is called so"]),
    ],
)
def test_a_view_that_shows_something_else_is_said(
    asked: dict[str, list[str]], says: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expectations, "_verified", lambda view, journal, played, now: ENTRIES)
    journal: Any = None
    assert list(_view_differences(view(**asked), journal, PLAYED)) == says


def test_an_entry_that_is_not_shown_is_hidden_and_a_view_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    journal: Any = None
    monkeypatch.setattr(expectations, "_verified", lambda *_: ENTRIES[:1])
    assert list(_view_differences(view(hidden_events=["sent"]), journal, PLAYED)) == []
    monkeypatch.setattr(expectations, "_verified", lambda *_: "it does not verify")
    assert list(_view_differences(view(shown_fields=["none"]), journal, PLAYED)) == ["it does not verify"]


def test_what_is_lacking_and_what_is_more_is_said_as_often_as_it_is() -> None:
    assert list(_sets("finding", ["a", "b", "b"], ["b", "c", "c"])) == [
        "finding: lacks a",
        "finding: lacks b",
        "finding: has c, which is not expected",
        "finding: has c, which is not expected",
    ]
    assert list(_sets("finding", [], [])) == []


def test_a_deadline_is_compared_with_its_end_its_policy_and_its_verdict() -> None:
    made: Any = SimpleNamespace(id="D-7-7", policy="2AP-CAL", verdict="MET", due=None)
    assert _clock(made) == "D-7-7 no due 2AP-CAL MET"
    made.due = datetime(2027, 4, 1, 22, tzinfo=UTC)
    assert _clock(made) == "D-7-7 due 2027-04-01T22:00:00Z 2AP-CAL MET"
