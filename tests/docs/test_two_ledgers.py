"""The program still does what docs/tutorial/two-ledgers.md shows: two Parties, two ledgers, one order, files alone."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from ledger.entries.case import Case
from ledger.law import Judgement, judge
from tests.docs.sessions import run, type_page
from tests.support.memory_ledger import played

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial" / "two-ledgers.md"


@pytest.mark.slow
def test_the_page_is_typed_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def both_read_the_same(command: str, env: dict[str, dict[str, str]]) -> None:
        if command.startswith("comity disclose "):  # entries of several logs in one second are not in the order typed
            time.sleep(1)
        if command.startswith("sed "):  # by this line both offices have read all entries
            ours, theirs = (judged(tmp_path / office, env[office], monkeypatch) for office in ("karsk", "skylark"))
            assert ours == theirs
            assert ours["state"] == "DISCLOSED"

    assert type_page(PAGE, tmp_path, monkeypatch, before=both_read_the_same) > 40
    exhibits = sorted(path.name for path in (tmp_path / "karsk" / "ledger" / "evidence").iterdir())
    assert [name.partition(".")[2] for name in exhibits].count("split-view.json") == 1


def judged(folder: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    monkeypatch.chdir(folder)
    code, said = run("comity judge E-7 --as-of 2100-01-01T00:00:00Z --json", env)
    assert code == 0, said
    outcome: dict[str, object] = json.loads(said)
    return {name: outcome[name] for name in ("instrument", "state", "regions", "deadlines", "findings", "criteria")}


@pytest.mark.parametrize("name", ["S1", "S2", "S3", "S4", "S6", "S9", "holding-the-data", "instructions"])
def test_what_others_did_counts_the_same_wherever_in_our_record_it_arrived(name: str) -> None:
    ledger, orders, _ = played(name)
    registry = tuple(e for _, e in ledger.seen_by([ledger.registry]))
    for order in orders.values():
        entries = tuple(e for _, e in ledger.seen_by([order]))
        ours = next(e.party for e in entries if e.kind == "order-issued")
        last = max(e.at for e in (*entries, *registry))
        late = (e if e.party == ours else replace(e, index=e.index + 1000, received=last) for e in entries)
        arrived = tuple(sorted(late, key=lambda e: e.index))
        here, there = (judge(Case(order, entries[0].instrument or "", es, registry), last) for es in (entries, arrived))
        assert outcome(here) == outcome(there)


def outcome(judgement: Judgement) -> tuple[object, ...]:
    clocks = {(clock.id, clock.due, clock.verdict) for clock in judgement.deadlines}
    findings = {(finding.code, frozenset(finding.entries)) for finding in judgement.findings}
    criteria = {name: (c.state, frozenset(c.rests_on)) for name, c in judgement.criteria.items()}
    return judgement.state, judgement.regions, clocks, findings, criteria
