"""The index of orders: pages by cursor, correct at every moment, and rebuilt from its own rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from cli.lists.docket import board, bring_up
from cli.session.ledger_reader import reading
from ledger.adapters.storage.orders.order_index import MOST_COUNTED, OrderIndex
from ledger.adapters.storage.orders.order_query import SORTS, OrderQuery, position
from ledger.adapters.storage.orders.order_row import Due, OrderRow
from ledger.adapters.storage.views import View, ViewRow
from ledger.entries.case import instant, wire
from ledger.errors import LedgerError
from tests.support.cli import ledger_of, run
from tests.support.files.system_calls import open_below
from tests.support.samples import examples

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def row(number: int, *ends: datetime | None, **said: Any) -> OrderRow:
    due = [Due("D-7-7", None if end is None else wire(end), "2AP-CAL", "OPEN", "2AP:7(7)", []) for end in ends]
    fields = {"ref": f"PPO-2027-{number:03}", "label": None, "instrument": "2AP-7", "state": "TRANSMITTED", **said}
    return OrderRow(order=f"{number:08x}-0000-4000-8000-000000000000", due=due, number=number, **fields)


def put(view: OrderIndex, *rows: OrderRow) -> None:
    view.apply({one.order: ViewRow(msgspec.json.encode(one)) for one in rows})


@pytest.fixture
def view(tmp_path: Path) -> Iterator[OrderIndex]:
    with closing(OrderIndex(tmp_path / "views.db", "docket")) as opened:
        yield opened


def numbers(rows: Sequence[OrderRow]) -> list[int]:
    return [one.number for one in rows]


def pages(view: OrderIndex, asked: OrderQuery, now: datetime, limit: int, sort: str = "made") -> list[int]:
    """Return the number of every order on all pages in turn."""
    found: list[OrderRow] = []
    while page := view.orders(asked, now, position(found[-1], sort) if found else None, limit, sort):
        assert len(page) <= limit
        found += page
    return numbers(found)


def test_every_order_is_on_one_page_newest_first(view: OrderIndex) -> None:
    put(view, *(row(n) for n in range(7)))
    assert pages(view, OrderQuery(), NOON, 3) == [6, 5, 4, 3, 2, 1, 0]


def test_the_newest_order_is_the_one_that_was_made_last_whatever_was_recorded_last(view: OrderIndex) -> None:
    made = {1: NOON, 2: NOON - 900 * DAY, 3: NOON - DAY, 4: None, 5: NOON}
    put(view, *(row(n, issued_on=None if on is None else wire(on)) for n, on in made.items()))
    assert pages(view, OrderQuery(), NOON, 2) == [5, 1, 3, 2, 4]
    assert pages(view, OrderQuery("ppo"), NOON, 2) == [5, 1, 3, 2, 4]


@pytest.mark.parametrize(("sort", "order"), [("last", [2, 3, 1, 4]), ("due", [4, 1, 3, 2])])
@pytest.mark.parametrize("asked", [OrderQuery(), OrderQuery("ppo", {"instrument": "2AP-7"})])
def test_orders_are_sorted_by_their_last_entry_or_their_next_deadline(
    view: OrderIndex, sort: str, order: list[int], asked: OrderQuery
) -> None:
    ends = {1: (NOON + DAY,), 2: (), 3: (NOON + 9 * DAY, NOON + 2 * DAY), 4: (NOON - 99 * DAY, None)}
    last = {1: NOON, 2: NOON + 2 * DAY, 3: NOON + DAY, 4: None}
    put(view, *(row(n, *ends[n], last_on=None if last[n] is None else wire(last[n])) for n in ends))  # type: ignore[arg-type]
    assert [pages(view, asked, NOON, limit, sort) for limit in (1, 2, 9)] == [order] * 3
    assert set(SORTS) == {"made", "last", "due"}


def test_what_ran_out_last_comes_first_where_it_is_asked_for(view: OrderIndex) -> None:
    put(view, *(row(n, NOON - n * DAY, NOON - n * DAY) for n in range(4)))
    seen: list[int] = []
    at = None
    while page := view.due(None, NOON, at, 3, newest=True):
        seen += [one.row.number for one in page]
        at = page[-1].at
    assert seen == [0, 0, 1, 1, 2, 2, 3, 3]


def test_an_order_that_comes_while_pages_are_turned_moves_none_of_the_others(view: OrderIndex) -> None:
    put(view, *(row(n) for n in range(4)))
    first = view.orders(OrderQuery(), NOON, None, 2)
    put(view, row(9))
    assert numbers(view.orders(OrderQuery(), NOON, position(first[-1], "made"), 2)) == [1, 0]


def test_a_clock_is_overdue_from_its_end_on_and_not_a_second_before(view: OrderIndex) -> None:
    put(view, row(1, NOON))
    overdue = OrderQuery(overdue=True)
    assert view.orders(overdue, NOON - timedelta(seconds=1)) == []
    assert numbers(view.orders(overdue, NOON)) == [1]
    assert view.due(None, NOON - timedelta(seconds=1)) == []
    assert len(view.due(None, NOON)) == 1
    assert view.due(NOON, None) == []


def test_the_parts_of_the_board_hold_every_clock_once(view: OrderIndex) -> None:
    put(view, row(1, NOON - DAY, NOON), row(2, NOON + DAY), row(3, NOON + 30 * DAY, None), row(4))
    soon = NOON + 7 * DAY
    parts = [view.due(None, NOON), view.due(NOON, soon), view.due(soon, None), view.unknown()]
    assert [[one.row.number for one in part] for part in parts] == [[1, 1], [2], [3], [3]]
    tally = view.tally(NOON, soon, NOON - DAY)
    assert (tally.over, tally.old, tally.soon, tally.later, tally.unknown) == (1, 1, 1, 1, 1)
    assert view.numbers(NOON) == (tally.orders, tally.overdue) == (4, 1)


def test_orders_are_counted_by_a_value_that_some_of_them_have(view: OrderIndex) -> None:
    put(view, row(1), row(2), row(3, instrument="EPOC"))
    counts = [view.count(OrderQuery(picked={"instrument": value}), NOON) for value in ("2AP-7", "EPOC", "VOL")]
    assert counts == [2, 1, 0]
    assert view.count(OrderQuery(), NOON) == 3


def test_clocks_that_end_together_are_all_seen_when_pages_are_turned(view: OrderIndex) -> None:
    put(view, *(row(n, NOON, NOON, None) for n in range(5)))
    seen: list[tuple[int, int, int]] = []
    while page := view.due(None, NOON, seen[-1] if seen else None, 3):
        seen += [one.at for one in page]
    assert len(seen) == len(set(seen)) == 10
    unknown: list[tuple[int, int, int]] = []
    while page := view.unknown(unknown[-1] if unknown else None, 2):
        unknown += [one.at for one in page]
    assert len(unknown) == len(set(unknown)) == 5


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("PPO-2027-001", [1]),
        ("ppo 2027", [2, 1]),
        ("001", [1]),
        ("Skylark", [2]),
        ("sky", [2]),
        ("lark", []),
        ("s", []),
        ("KA-77", [2]),
        ("00000002", [2]),
        ('"', [2, 1]),
        ("NEAR(", []),
        ("words:x OR 1", []),
        ("ppo AND 001", []),
        ("\0", [2, 1]),
        ("éco", [1]),
        ("-", []),
    ],
)
def test_words_are_found_at_their_beginnings_and_are_never_a_query(
    view: OrderIndex, words: str, found: list[int]
) -> None:
    put(view, row(1, label="École"), row(2, names=["Skylark Mail"], case_ref="KA-77"))
    assert numbers(view.orders(OrderQuery(words), NOON)) == found


def test_values_are_picked_whole_and_together(view: OrderIndex) -> None:
    put(
        view,
        row(1, from_party="XO", to_party="XV", providers=["skylark"]),
        row(2, from_party="XV", to_party="XO", providers=["sky", "fjord"], state="DISCLOSED"),
    )
    assert numbers(view.orders(OrderQuery(picked={"party": "XO"}), NOON)) == [2, 1]
    assert numbers(view.orders(OrderQuery(picked={"provider": "sky"}), NOON)) == [2]
    assert numbers(view.orders(OrderQuery(picked={"party": "XO", "state": "TRANSMITTED"}), NOON)) == [1]
    assert numbers(view.orders(OrderQuery("ppo", {"party": "XO"}), NOON)) == [2, 1]
    assert view.orders(OrderQuery(picked={"provider": "sk"}), NOON) == []
    assert view.orders(OrderQuery(picked={"state": 'x" OR "y'}), NOON) == []


def test_choices_count_the_orders_that_have_them_and_forget_those_that_none_has(view: OrderIndex) -> None:
    put(view, row(1), row(2))
    put(view, row(2, state="DISCLOSED"))
    assert view.choices()["state"] == [("DISCLOSED", 1), ("TRANSMITTED", 1)]
    put(view, row(1, state="DISCLOSED"))
    assert view.choices()["state"] == [("DISCLOSED", 2)]


def test_what_matches_is_counted_up_to_a_bound(view: OrderIndex) -> None:
    put(view, *(row(n, NOON) for n in range(MOST_COUNTED + 5)))
    assert view.count(OrderQuery(), NOON) == MOST_COUNTED + 5
    assert view.count(OrderQuery(picked={"instrument": "2AP-7"}), NOON) == MOST_COUNTED + 5
    assert view.count(OrderQuery("ppo"), NOON) == MOST_COUNTED + 1
    assert view.count(OrderQuery(overdue=True), NOON) == MOST_COUNTED + 1
    assert view.count(OrderQuery("ppo", overdue=True), NOON - DAY) == 0


row_strategy = st.builds(
    lambda number, ends, state, party: row(number, *ends, state=state, from_party=party),
    st.integers(0, 6),
    st.lists(st.one_of(st.none(), st.integers(-3, 3).map(lambda n: NOON + n * DAY)), max_size=3),
    st.sampled_from(["TRANSMITTED", "DISCLOSED", "CLOSED"]),
    st.sampled_from([None, "XO", "XV"]),
)


@examples(12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(row_strategy, max_size=4, unique_by=lambda one: one.number), max_size=5))
def test_the_index_says_what_its_rows_say_whatever_came_before(tmp_path: Path, batches: list[list[OrderRow]]) -> None:
    path = tmp_path / "views.db"
    for file in tmp_path.iterdir():
        file.unlink()
    with closing(OrderIndex(path, "docket")) as view:
        for batch in batches:
            put(view, *batch)
        stands = {one.number: one for batch in batches for one in batch}
        for state in ("TRANSMITTED", "DISCLOSED", "CLOSED"):
            having = sorted((n for n, one in stands.items() if one.state == state), reverse=True)
            assert pages(view, OrderQuery(picked={"state": state}), NOON, 2) == having
            assert view.values("state", state) == len(having)
        ends = sorted((instant(d.due), n) for n, one in stands.items() for d in one.due if d.due is not None)
        assert [(instant(str(o.clock.due)), o.row.number) for o in view.due(None, None)] == ends
        assert view.tally(NOON, NOON, NOON).overdue == sum(
            any(d.due is not None and instant(d.due) <= NOON for d in one.due) for one in stands.values()
        )


def test_the_index_is_made_again_from_the_rows_where_it_belongs_to_others(view: OrderIndex) -> None:
    put(view, row(1, NOON), row(2))
    with closing(OrderIndex(view.path, "other")) as other:
        assert other.orders(OrderQuery(), NOON) == []
    with closing(OrderIndex(view.path, "docket")) as again:
        assert numbers(again.orders(OrderQuery("ppo"), NOON)) == [2, 1]
        assert len(again.due(None, NOON)) == 1


def answers(ledger: Path) -> list[Any]:
    """Return every answer of the index for a ledger."""
    with reading(ledger) as reader, closing(board(reader)) as view:
        now = reader.now()
        bring_up(reader, view, now)
        return [
            view.size,
            view.orders(OrderQuery(), now),
            [(one.row, one.clock, one.at) for one in (*view.unknown(), *view.due(None, None))],
            view.tally(now, now + 7 * DAY, now - DAY),
            view.choices(),
        ]


def test_a_board_that_is_deleted_and_made_again_says_the_same(tmp_path: Path) -> None:
    ledger = ledger_of("S3", tmp_path)
    before = answers(ledger)
    (ledger / "views.db").unlink()
    assert answers(ledger) == before
    with closing(sqlite3.connect(ledger / "views.db")) as c:
        c.execute("DROP TABLE board_of")
        c.commit()
    assert answers(ledger) == before


def test_a_board_that_followed_the_log_is_the_one_made_at_once(tmp_path: Path) -> None:
    ledger = ledger_of("S2", tmp_path)
    answers(ledger)
    said = ("record", "order-closed", "main", "-f", "outcome=answered", "--as", "ilves", "--role", "ISS")
    assert run(*said, ledger=ledger).exit_code == 0
    followed = answers(ledger)
    assert followed[1][0].state == "CLOSED"
    (ledger / "views.db").unlink()
    assert answers(ledger) == followed


def test_when_the_register_grows_every_order_is_judged_again_or_known_to_be_in_doubt(tmp_path: Path) -> None:
    ledger = ledger_of("S3", tmp_path)
    with reading(ledger) as reader, closing(board(reader)) as view:
        now = reader.now()
        bring_up(reader, view, now)
        view.mark_all_stale()
        assert view.stale_count(now) == len(list(reader.cases.orders())) == 2
        bring_up(reader, view, now, most=1)
        assert view.stale_count(now) == 2
        bring_up(reader, view, now)
        assert view.stale_count(now) == 0


def test_the_docket_holds_no_sealed_value(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    with reading(ledger) as reader, closing(board(reader)) as view:
        bring_up(reader, view, reader.now())
        kept = b"".join(body for _, body in view.rows()).decode()
        sealed = [v for case in reader.all() for e in case.entries for v in e.sealed.values() if isinstance(v, str)]
    assert len(sealed) > 3
    assert [value for value in sealed if value in kept] == []


def test_the_row_of_an_order_is_found_by_its_id(view: OrderIndex) -> None:
    put(view, *(row(n) for n in range(3)))
    listed = view.orders(OrderQuery(), NOON)
    assert len(listed) == 3
    assert [view.row(one.order) for one in listed] == listed
    assert view.row("no order") is None


def test_rows_that_rest_on_a_changed_name_are_judged_again_and_no_others(view: OrderIndex) -> None:
    put(view, row(1, rests_on=["XO", "ilves"]), row(2, rests_on=["XV"]), row(3, rests_on=["XO"]), row(4))
    assert view.stale_count(NOON) == 0
    view.mark_stale(["none"])
    assert view.stale_count(NOON) == 0
    view.mark_stale(["ilves", "XV"])
    with closing(OrderIndex(view.path, view.name)) as other:
        assert sorted(other.stale(NOON)) == [row(n).order for n in (1, 2)]
    put(view, row(1, rests_on=["XV"]))
    assert view.stale(NOON) == [row(2).order]
    view.mark_stale(["XO"])
    assert sorted(view.stale(NOON)) == [row(n).order for n in (2, 3)]


def test_an_index_that_cannot_be_made_leaves_no_file_open(tmp_path: Path) -> None:
    with closing(View(tmp_path / "views.db", "docket")) as rows:
        rows.apply({"order": ViewRow(b"no row")})
    with pytest.raises(LedgerError, match=r"views\.db has a row that is none") as found:
        OrderIndex(tmp_path / "views.db", "docket")
    assert found.value.code == "LOG-CORRUPT"
    assert open_below(tmp_path) == []


def test_orders_with_two_values_are_those_with_both(view: OrderIndex) -> None:
    put(view, row(1, state="ISSUED"), row(2), row(3, instrument="EPOC"))
    asked = OrderQuery("", {"instrument": "2AP-7", "state": "TRANSMITTED"})
    assert (view.count(asked, NOON), numbers(view.orders(asked, NOON))) == (1, [2])


def test_a_cleared_view_has_no_order_left(view: OrderIndex) -> None:
    put(view, row(1, NOON, None, rests_on=["XO"]), row(2))
    view.clear()
    assert (view.orders(OrderQuery(), NOON), list(view.rows()), view.row(row(1).order)) == ([], [], None)
    assert (view.count(OrderQuery(), NOON), view.values("state", "TRANSMITTED")) == (0, 0)
    assert (view.due(None, None), view.unknown(), view.numbers(NOON)) == ([], [], (0, 0))
    assert not any(view.choices().values())
    put(view, row(1))
    assert numbers(view.orders(OrderQuery("ppo"), NOON)) == [1]


def test_deadlines_end_after_the_first_moment_and_not_after_the_last_one(view: OrderIndex) -> None:
    second = timedelta(seconds=1)
    put(view, *(row(n, NOON + n * second) for n in range(4)), row(9, None))
    assert [each.row.number for each in view.due(NOON, NOON + 2 * second)] == [1, 2]
    assert [each.row.number for each in view.due(NOON, NOON + 2 * second, newest=True)] == [2, 1]
    assert [each.row.number for each in view.due(None, None)] == [0, 1, 2, 3]
    assert [each.row.number for each in view.unknown()] == [9]
