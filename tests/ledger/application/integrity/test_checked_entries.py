"""What is remembered of checked entries is the same in memory, in rows of segments, and in the tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from ledger.application.integrity.check_run import End, Noted, Run
from ledger.application.integrity.checked_entries import SCHEMA, CheckedEntries
from ledger.entries.placement import Link

ORDERS = ("a", "b", "c")
step = st.tuples(
    st.lists(st.integers(0, 40), min_size=1, max_size=5),  # ids
    st.dictionaries(st.sampled_from(ORDERS), st.integers(0, 1), min_size=1),  # 1: it follows another entry
    st.sampled_from(["go on", "settle", "open again"]),
)


def run_of(ids: list[int], before: dict[str, Link | None], number: int) -> Run:
    ends = {
        order: End(link, Link((link.seq if link else 0) + 1, f"{number} {order}", None))
        for order, link in before.items()
    }
    orders = {order: [number * 100] for order in before}
    return Run(0, 0, (len(ids), []), [], Noted(), orders, [], [each.to_bytes(16) for each in ids], ends)


@given(st.lists(step, max_size=12))
def test_exactly_what_does_not_follow_the_checked_entries_is_found(
    steps: list[tuple[list[int], dict[str, int], str]],
) -> None:
    heads: dict[str, Link] = {}
    seen: set[int] = set()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as c:
        for statement in SCHEMA:
            c.execute(statement)
        checked = CheckedEntries(c)
        for number, (ids, follows, then) in enumerate(steps):
            before = {
                order: Link(heads[order].seq if order in heads else 1, "other", None) if other else heads.get(order)
                for order, other in follows.items()
            }
            run = run_of(ids, before, number)
            codes = [problem.code for problem in checked.compare([(number * 100, run)])]
            repeated = len(set(ids)) < len(ids) or bool(seen & set(ids))
            assert codes == ["CTX-CHAIN"] * sum(follows.values()) + ["CTX-REPLAY"] * repeated
            if codes:
                continue
            checked.add(number * 100, run)
            checked.added([run])
            heads |= {order: end.last for order, end in run.ends.items()}
            seen |= set(ids)
            if then == "settle":
                checked.settle()
                checked.settled()
                assert checked.lag == 0
            elif then == "open again":  # as after a kill
                checked = CheckedEntries(c)


@given(st.lists(st.integers(0, 5), min_size=2, max_size=6))
def test_runs_are_compared_with_each_other_too_and_nothing_is_remembered(ids: list[int]) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as c:
        for statement in SCHEMA:
            c.execute(statement)
        checked = CheckedEntries(c)
        runs = [(n, run_of([each], {}, n)) for n, each in enumerate(ids)]
        for _ in range(2):
            found = list(checked.compare(runs))
            assert len(found) == len(ids) - len(set(ids))
