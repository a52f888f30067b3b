"""What is remembered of checked entries is the same in memory, in rows of segments, and in the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
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


# -- where entries are remembered --------------------------------------------------------------------------------------


@pytest.fixture
def tables() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as c:
        for statement in SCHEMA:
            c.execute(statement)
        yield c


def remembered(c: sqlite3.Connection, where: str, *runs: Run) -> CheckedEntries:
    """Remember runs in memory, in rows of segments that are read again, or in the tables."""
    checked = CheckedEntries(c)
    for number, run in enumerate(runs):
        checked.add(number * 100, run)
    checked.added(runs)
    if where == "tables":
        checked.settle()
        checked.settled()
    return checked if where == "memory" else CheckedEntries(c)


def found(checked: CheckedEntries, *runs: Run) -> list[tuple[str, str, str]]:
    return [
        (each.code, each.where, each.says) for each in checked.compare((n * 100, run) for n, run in enumerate(runs))
    ]


WHERE = pytest.mark.parametrize("where", ["memory", "rows", "tables"])


@WHERE
@pytest.mark.parametrize("again", [1, 2, 3])
def test_each_id_that_was_checked_is_known_again(tables: sqlite3.Connection, where: str, again: int) -> None:
    checked = remembered(tables, where, run_of([1, 2], {}, 0), run_of([3], {}, 1))
    says = "1 of these entries have the id of an entry before them, which was checked"
    assert found(checked, run_of([again, 9], {}, 2)) == [("CTX-REPLAY", "entries 0 to 1", says)]
    assert found(checked, run_of([8, 9], {}, 2)) == []
    assert checked.lag == (0 if where == "tables" else 2)


@WHERE
def test_an_order_goes_on_from_its_newest_entry_and_from_no_other(tables: sqlite3.Connection, where: str) -> None:
    first, second = Link(1, "0 a", None), Link(2, "1 a", None)
    checked = remembered(tables, where, run_of([1], {"a": None}, 0), run_of([2], {"a": first}, 1))
    assert found(checked, run_of([3], {"a": second, "b": None}, 2)) == []
    for other in (first, None, Link(2, "other", None), Link(3, "1 a", None)):
        assert [code for code, *_ in found(checked, run_of([3], {"a": other}, 2))] == ["CTX-CHAIN"]
    assert [where for _, where, _ in found(checked, run_of([3], {"b": first}, 2))] == ["#200"]


def test_runs_that_are_compared_together_go_on_from_each_other(tables: sqlite3.Connection) -> None:
    checked = CheckedEntries(tables)
    going = [run_of([1], {"a": None}, 0), run_of([2], {"a": Link(1, "0 a", None)}, 1)]
    assert found(checked, *going, run_of([3], {"a": Link(2, "1 a", None)}, 2)) == []
    assert [code for code, *_ in found(checked, *going, going[1])] == ["CTX-CHAIN", "CTX-REPLAY"]


def test_ids_that_were_used_before_are_counted_wherever_they_were(tables: sqlite3.Connection) -> None:
    remembered(tables, "tables", run_of([1], {}, 0))
    checked = remembered(tables, "memory", run_of([2], {}, 1))
    (problem,) = found(checked, run_of([3], {}, 2), run_of([1, 2, 3, 4, 4, 5], {}, 3))
    assert problem[1:] == (
        "entries 100 to 105",
        "4 of these entries have the id of an entry before them, which was checked",
    )


def test_what_is_in_the_tables_is_in_no_row_of_a_segment(tables: sqlite3.Connection) -> None:
    remembered(tables, "tables", run_of([1, 2], {"a": None}, 0))
    query = "SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM entry), (SELECT count(*) FROM head)"
    assert tables.execute(query).fetchone() == (0, 2, 1)
    again = remembered(tables, "tables", run_of([3], {"a": Link(1, "0 a", None)}, 1))
    assert (again.lag, found(again, run_of([4], {"a": Link(2, "1 a", None)}, 2))) == (0, [])


def test_nothing_is_known_after_all_was_forgotten(tables: sqlite3.Connection) -> None:
    checked = remembered(tables, "tables", run_of([1], {"a": None}, 0))
    checked.added([run_of([2], {}, 1)])
    tables.executescript("DELETE FROM head; DELETE FROM entry; DELETE FROM added")
    checked.forget()
    assert (checked.lag, found(checked, run_of([1, 2], {"a": None}, 0))) == (0, [])


@pytest.mark.parametrize("many", [500, 501, 1_000, 1_001])
def test_more_ids_and_orders_than_one_statement_takes_are_all_known(tables: sqlite3.Connection, many: int) -> None:
    before: dict[str, Link | None] = {f"order {n}": None for n in range(many)}
    checked = remembered(tables, "tables", run_of(list(range(many)), before, 0))
    later: dict[str, Link | None] = {order: Link(1, f"0 {order}", None) for order in before}
    (problem,) = found(checked, run_of(list(range(many)), later, 1))
    assert problem[2].startswith(f"{many} of these entries")
    assert len(found(checked, run_of([many + 1], before, 1))) == many
