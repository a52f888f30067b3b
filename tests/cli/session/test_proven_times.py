"""When an entry was signed is said as far as something outside of the ledger proves it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cli.session import proven_times
from cli.session.ledger_reader import LedgerReader
from cli.session.proven_times import brackets, spelled

A, B = datetime(2027, 3, 1, 9, 30, 5, tzinfo=UTC), datetime(2027, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("bracket", "words"),
    [
        ((A, B), "proven: after 2027-03-01 09:30:05, by 2027-03-02 10:00:00"),
        ((A, None), "proven: after 2027-03-01 09:30:05"),
        ((None, B), "proven: by 2027-03-02 10:00:00"),
        ((None, None), ""),
    ],
)
def test_each_side_that_is_proven_is_said(bracket: tuple[datetime | None, datetime | None], words: str) -> None:
    assert spelled(bracket) == words


def test_the_times_of_a_bundle_are_those_of_its_verification() -> None:
    proven = (
        SimpleNamespace(index=3, not_before=A, not_after=None),
        SimpleNamespace(index=5, not_before=A, not_after=B),
    )
    reader: Any = SimpleNamespace(bundle=SimpleNamespace(report=SimpleNamespace(brackets=proven)))
    assert brackets(reader, ["order"]) == {3: (A, None), 5: (A, B)}
    served: Any = SimpleNamespace(bundle=None)
    assert brackets(served, ["order"]) == {}


@pytest.mark.parametrize("proves", [False, True])
def test_the_entries_of_all_orders_have_a_bracket(proves: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: dict[str, list[tuple[int, Any]]] = {"one": [(1, "a"), (4, "b")], "two": [(2, "c")]}
    cases: Any = SimpleNamespace(opened=lambda order: opened[order])
    anything: Any = None
    reader = LedgerReader(anything, anything, cases, {}, None)
    times = SimpleNamespace(not_before=lambda entry: f"before {entry}", not_after=lambda index: f"after {index}")

    def times_of(of: Any, entries: Any, trust: Any) -> Any:
        assert (of, entries, trust) == (reader, {1: "a", 4: "b", 2: "c"}, "trust")
        return times if proves else None

    monkeypatch.setattr(proven_times, "times_of", times_of)
    trust: Any = "trust"
    found: Any = brackets(reader, ["one", "two"], trust)
    if proves:
        assert found == {1: ("before a", "after 1"), 4: ("before b", "after 4"), 2: ("before c", "after 2")}
    else:
        assert found == dict.fromkeys((1, 4, 2), (None, None))
