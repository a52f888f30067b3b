"""The steps of an audited and of a received entry are measured on a real ledger, and add up to the whole."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.data.generate import entries, registry
from benchmarks.data.ledgers import new, receive
from benchmarks.split import auditing, receiving
from benchmarks.split.steps import RAW, SEVERAL, adding_up, among_processes, in_microseconds
from ledger.entries.envelope import Sealed


def test_what_the_steps_do_not_explain_is_named_too() -> None:
    split = among_processes({RAW: 40.0, "payload": 15.0}, 60e-6)
    assert split == {RAW: 40.0, "payload": 15.0, SEVERAL: pytest.approx(5.0)}


def test_the_calls_of_a_function_are_added_up_and_the_function_is_put_back() -> None:
    spent: dict[str, float] = {}
    owner = SimpleNamespace(work=lambda n: sum(range(n)))
    before: Callable[[int], int] = owner.work
    with adding_up(spent, "work", owner, "work"):
        assert owner.work(300_000) == sum(range(300_000))
        first = spent["work"]
        owner.work(300_000)
    assert spent["work"] > first > 0
    assert owner.work is before


@pytest.mark.slow
def test_every_step_of_an_audit_is_measured_and_they_add_up_to_the_whole_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new(tmp_path / "ledger") as journal:
        receive(journal, registry())
        receive(journal, islice(entries(60), 60))
    taken: dict[str, float] = {}

    def measured(steps: dict[str, Callable[[], object]], count: int) -> dict[str, float]:
        taken.update(in_microseconds(steps, count))
        return dict(taken)

    monkeypatch.setattr(auditing, "in_microseconds", measured)
    split = auditing.split_of_audit(tmp_path / "ledger")
    assert sum(split.values()) == pytest.approx(taken["whole"])
    assert min(taken.values()) > 0


@pytest.mark.slow
def test_every_step_of_receiving_is_measured_and_they_add_up_to_openers_and_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: dict[str, float] = {}

    def measured(steps: dict[str, Callable[[], object]], count: int) -> dict[str, float]:
        parts.update(in_microseconds(steps, count))
        return dict(parts)

    def received(folder: Path, sealed: list[Sealed]) -> tuple[dict[str, float], float]:
        spent, whole = taken(folder, sealed)
        parts["writer"] = whole - spent[receiving._OPEN]
        return spent, whole

    taken = receiving._received
    monkeypatch.setattr(receiving, "in_microseconds", measured)
    monkeypatch.setattr(receiving, "_received", received)
    split = receiving.split_of_receiving(tmp_path, list(entries(60)))
    assert sum(split.values()) == pytest.approx(parts[receiving._OPEN] + parts["writer"])
    assert min(parts.values()) > 0
    assert [name for name, each in split.items() if name.startswith("writer") and each <= 0] == []
