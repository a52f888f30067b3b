"""The hashes that are stored with the entries of a segment are those of its tree, neither more nor fewer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.archive.check_segment import _Run
from ledger.tlog.tree import leaf_hash, node_hash

LEAVES = [leaf_hash(bytes([n])) for n in range(4)]
LOW, HIGH = node_hash(LEAVES[0], LEAVES[1]), node_hash(LEAVES[2], LEAVES[3])
NODES = [b"", LOW, b"", HIGH + node_hash(LOW, HIGH)]


def problems(*nodes: bytes) -> list[str]:
    run: Any = SimpleNamespace(problems=[], peaks=None, upper=None)
    rows: Any = [SimpleNamespace(index=n, nodes=each) for n, each in enumerate(nodes)]
    one: Any = SimpleNamespace(run=run)
    _Run._check_hashes(one, rows, LEAVES[: len(nodes)])
    if not run.problems:
        assert run.peaks[0] == len(nodes)
    return [f"{each.code} {each.where}" for each in run.problems]


def test_a_row_has_the_hashes_that_its_entry_completes() -> None:
    for count in range(5):
        assert problems(*NODES[:count]) == []


@pytest.mark.parametrize(
    ("at", "nodes"),
    [(0, LOW), (1, b""), (1, LOW + bytes(32)), (1, bytes(32)), (1, LOW[:-1]), (3, HIGH), (3, NODES[3] + bytes(32))],
)
def test_one_hash_more_or_fewer_or_another_is_damage_at_its_entry(at: int, nodes: bytes) -> None:
    changed = [*NODES[:at], nodes, *NODES[at + 1 :]]
    assert problems(*changed) == [f"LOG-CORRUPT #{at}"]
