"""Which entries leave a date: what may start a clock or has started it, in doubt that a further fact would cure."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.law.next_steps import alternatives
from ledger.law.next_steps.clocks import rule_of

START = rule_of("D-7-7").winds[0]
DAY = datetime(2027, 3, 1, tzinfo=UTC)
LACKS = {
    "all": ("on_source", "proof_kind", "proper_addressee"),
    "late": ("on_source",),
    "uncured": ("on_source", "signer"),
    "whole": (),
    "trigger": ("proof_kind",),
}


def entry(leaf: str, kind: str = START, **fields: str) -> Any:
    return SimpleNamespace(kind=kind, leaf=leaf, number=leaf, on=DAY, get=fields.get)


def says(*entries: Any, disputes: dict[str, list[Any]] | None = None) -> list[tuple[str, tuple[str, ...]]]:
    """Return the statements about a clock that `trigger` has started, with the entries of each."""
    reading: Any = SimpleNamespace(
        entries=SimpleNamespace(current=entries),
        reliability=SimpleNamespace(open_disputes=disputes or {}),
        receipts=SimpleNamespace(lacks_as_trigger=lambda e: [SimpleNamespace(column=c) for c in LACKS[e.leaf]]),
    )
    case: Any = SimpleNamespace()
    clock: Any = SimpleNamespace(id="D-7-7", trigger="trigger")
    return [(one.says, one.entries) for one in alternatives._ends(case, reading, clock)]


@pytest.fixture(autouse=True)
def ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each moment but the first of 2028 lead to an end."""
    monkeypatch.setattr(alternatives, "_due", lambda case, r, clock, e, on: on if on.year < 2028 else None)


def test_the_entry_that_started_a_clock_leaves_a_date_though_its_kind_starts_none() -> None:
    assert says(entry("trigger", "evidence-sealed"), entry("late", "evidence-sealed")) == [
        ("if #trigger evidence-sealed is right: 2027-03-01T00:00:00Z", ("trigger",))
    ]


def test_an_entry_in_no_doubt_or_in_one_that_no_fact_cures_leaves_no_date() -> None:
    assert says(entry("late"), entry("uncured"), entry("whole")) == [
        (f"if #late {START} is right: 2027-03-01T00:00:00Z", ("late",))
    ]
    assert says(entry("all")) == [(f"if #all {START} is right: 2027-03-01T00:00:00Z", ("all",))]


def test_a_dispute_leaves_the_date_it_claims_if_it_claims_one_that_ends_the_clock() -> None:
    disputed = [
        entry("d1", "event-disputed", claimed_on="2027-03-04T10:00:00Z"),
        entry("d2", "event-disputed"),
        entry("d3", "event-disputed", claimed_on="2028-01-01T00:00:00Z"),
    ]
    assert says(entry("whole"), disputes={"whole": disputed}) == [
        (f"if #whole {START} is right: 2027-03-01T00:00:00Z", ("whole",)),
        ("if #d1 event-disputed is right: 2027-03-04T10:00:00Z", ("whole", "d1")),
    ]
    assert says(entry("uncured"), disputes={"uncured": disputed}) == []
