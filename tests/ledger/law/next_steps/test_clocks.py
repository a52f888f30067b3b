"""What starts a clock that nothing on record starts: the command that records the entry, if one of a kind would."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.law.deadlines.table import REGISTER
from ledger.law.next_steps import clocks
from ledger.law.next_steps.clocks import STARTS, _restated, _start, rule_of
from ledger.law.reading.reliability import Lack
from ledger.law.terms.rule import Deadline
from tests.support.scenarios import given, issued, named


def commands(rule: Deadline, instrument: str = "2AP-7") -> list[str | None]:
    """Return the commands for a clock of the order `main` that no entry starts."""
    reading: Any = SimpleNamespace(instrument=instrument)
    steps = list(_start(reading, rule, "main"))
    assert all(step.lacks.startswith(f"nothing on record starts it: {rule.wound_by}") for step in steps)
    return [step.command for step in steps]


@pytest.mark.parametrize("rule", REGISTER, ids=lambda rule: rule.id)
def test_each_clock_is_started_by_an_entry_of_one_of_its_kinds_or_says_what_starts_it(rule: Deadline) -> None:
    if not rule.winds:
        assert commands(rule) == [None]
    elif not STARTS.keys() & {*rule.winds}:
        assert commands(rule) == [f"comity record {rule.winds[0]} main --from FILE --on WHEN"]
    else:
        kinds = {command.split()[2] for command in commands(rule) if command}
        assert kinds == STARTS.keys() & {*rule.winds}


@pytest.mark.parametrize(("instrument", "ways"), [("2AP-7", 2), ("EPOC", 2), ("2AP-8", 1), ("BC-31", 1)])
def test_a_receipt_that_only_the_addressee_may_state_has_one_way(instrument: str, ways: int) -> None:
    receipts = commands(rule_of("D-7-7"), instrument)
    assert receipts[0] == "comity record order-received main -f proof_kind=own-stamp --on WHEN --as ADDRESSEE"
    assert len(receipts) == ways


def test_only_what_can_start_a_clock_or_has_started_it_is_stated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = rule_of("D-7-7")
    entries = [
        SimpleNamespace(kind=rule.winds[0], leaf="winds"),
        SimpleNamespace(kind=rule.winds[0], leaf="whole"),
        SimpleNamespace(kind="evidence-sealed", leaf="trigger"),
        SimpleNamespace(kind="evidence-sealed", leaf="other"),
    ]
    monkeypatch.setattr(clocks, "_restated", lambda e, lacks, order: f"{e.leaf} lacks {lacks}")
    monkeypatch.setattr(clocks, "SETTLED", SimpleNamespace(step=lambda order, dispute: f"settle {dispute}"))
    r: Any = SimpleNamespace(
        entries=SimpleNamespace(current=entries),
        reliability=SimpleNamespace(open_disputes={"winds": ["d1", "d2"], "other": ["d3"]}),
        receipts=SimpleNamespace(lacks_as_trigger=lambda e: "" if e.leaf == "whole" else "proof"),
    )
    clock: Any = SimpleNamespace(trigger="trigger")
    assert [str(step) for step in clocks._trigger(r, rule, clock, "main")] == [
        "settle d1",
        "settle d2",
        "winds lacks proof",
        "trigger lacks proof",
    ]


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        (("occurred",), "--on WHEN"),
        (("on_source",), "--on 2027-03-01T09:00:00Z --on-source receipt-stamp"),
        (("proof_kind",), "--on 2027-03-01T09:00:00Z -f proof_kind=delivery-receipt -f proof=FILE"),
        (("proof_kind", "occurred"), "-f proof_kind=delivery-receipt -f proof=FILE --on WHEN"),
    ],
)
def test_an_entry_is_stated_again_with_one_moment_and_with_all_that_it_lacks(
    columns: tuple[str, ...], options: str
) -> None:
    entry = named(given(issued("2027-03-01T09:00Z", label="issue")).reading, "issue")
    step = _restated(entry, tuple(Lack("it lacks one", column, "a value") for column in columns), "main")
    assert step.command is not None
    assert (options in step.command, step.command.count("--on ")) == (True, 1)


def test_what_was_late_is_stated_again_and_what_was_never_answered_is_explained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = SimpleNamespace(step=lambda order, e: f"{order} {e.leaf}")
    monkeypatch.setattr(clocks, "restate", lambda *words: told)
    entries = {leaf: SimpleNamespace(leaf=leaf, number="1", kind="data-disclosed") for leaf in ("a", "b")}
    r: Any = SimpleNamespace(entries=SimpleNamespace(by_leaf=entries))

    def steps(*leaves: str) -> list[Any]:
        clock: Any = SimpleNamespace(id="D-7-7", met_by=leaves)
        return list(clocks._answer(r, clock, "main"))

    assert steps("a", "gone", "b") == ["main a", "main b"]
    for leaves in ((), ("gone",)):
        first, second = steps(*leaves)
        assert (first.lacks.startswith("Nothing that can be recorded changes this"), first.command) == (True, None)
        assert second.command == "comity record deadline-extended main -f deadline=D-7-7 -f new_due=WHEN --as ISSUER"
