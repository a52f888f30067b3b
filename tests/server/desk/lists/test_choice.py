"""A list has the orders that its address asks for, sorted as it says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.law import Clock, ClockVerdict
from ledger.law.terms.rule import Mark
from server.access import Caller
from server.desk.lists.choice import COLUMNS, SCOPES, SIDES, TIMES, Choice, Marks, chosen, counted
from server.desk.lists.lines import OLD, OpenClock, OrderLine, Snapshot
from server.desk.steps import FormLink
from server.desk.turns import Waits

NOW = datetime(2027, 4, 1, 12, 0, tzinfo=UTC)
ILVES = Caller("", "ilves", "XO", frozenset(("ISS",)), account="a")
FORM = (FormLink("", "order-closed", "/orders/x/record/order-closed"),)
DAY = timedelta(days=1)


def clock(due: datetime | None, side: str = "issuing", forms: tuple[FormLink, ...] = FORM) -> OpenClock:
    waits = Waits(frozenset(("ISS",)), "XO") if side == "issuing" else Waits(frozenset(("SP",)), offices=("sky",))
    made = Clock("D-7-7", "policy", ClockVerdict.OPEN, due, (), next(iter(Mark)))
    return OpenClock(made, "who", "what", forms, waits, side)


def line(name: str, *clocks: OpenClock, **values: object) -> OrderLine:
    whole = {
        "order": f"order {name}", "name": name, "reference": "", "provider": "Skylark", "instrument": "2AP-7",
        "state": "issued", "ended": False, "from_party": "XO", "to_party": "XV", "issued_on": NOW - 10 * DAY,
        "last_on": NOW - DAY, "codes": (), "levels": (0, 0, 0), "open": clocks, "until": NOW + DAY,
        "words": name.casefold(),
    }  # fmt: skip
    return OrderLine(**{**whole, **values})  # type: ignore[arg-type]


LINES = (
    line("late", clock(NOW - DAY)),
    line("gone", clock(NOW - OLD - DAY)),
    line("unmeetable", clock(NOW - DAY, forms=())),
    line("runs", clock(NOW + DAY)),
    line("theirs", clock(NOW + 2 * DAY, "provider")),
    line("unknown", clock(None)),
    line("rests", state="disclosed", levels=(1, 0, 2), codes=("V-1", "G-1")),
    line("closed", clock(NOW + DAY), ended=True, state="closed"),
)


NONE = Marks()


def names(choice: Choice, marks: Marks = NONE, lines: Sequence[OrderLine] = LINES) -> list[str]:
    return [each.name for each in chosen(Snapshot(tuple(lines), 0, {}), choice, ILVES, NOW, "Europe/Oslo", marks)]


def test_what_cannot_be_met_any_more_comes_behind_what_can_in_both_directions() -> None:
    for down, first in (("0", ["late", "runs", "theirs"]), ("1", ["theirs", "runs", "late"])):
        found = names(Choice(sort="due", down=down))
        assert found[:4] == [*first, "unknown"]
        assert set(found[4:]) == {"unmeetable", "gone", "closed", "rests"}


def test_the_orders_in_which_a_person_has_to_act_leave_out_what_cannot_be_met_any_more() -> None:
    assert names(Choice.of({"scope": ["mine"]})) == ["late", "runs", "unknown"]
    assert Choice.of({"mine": ["1"]}) == Choice.of({"scope": ["mine"]}), "an address of an earlier version"


@pytest.mark.parametrize(
    ("time", "found"),
    [
        ("open", {"runs", "theirs", "unknown"}),
        ("late", {"late"}),
        ("gone", {"gone", "unmeetable", "closed"}),
        ("none", {"rests"}),
    ],
)
def test_a_list_is_picked_by_how_the_next_deadline_is(time: str, found: set[str]) -> None:
    assert set(names(Choice(time=time))) == found


def test_each_order_is_in_the_list_of_exactly_one_time() -> None:
    every = [name for time in TIMES for name in names(Choice(time=time))]
    assert sorted(every) == sorted(each.name for each in LINES)


def test_a_list_is_picked_by_who_acts_and_by_findings_of_a_level_or_a_code() -> None:
    assert names(Choice(acts="provider")) == ["theirs"]
    for finding in ("violation", "gap", "V-1"):
        assert names(Choice(finding=finding)) == ["rests"]
    assert names(Choice(finding="remark")) == []


def test_a_list_is_picked_by_marks_of_the_person() -> None:
    marks = Marks(frozenset(("order late",)), frozenset(("order runs",)), frozenset(("order late", "order runs")))
    assert names(Choice(scope="assigned"), marks) == ["late"]
    assert names(Choice(scope="watched"), marks) == ["runs"]
    assert "late" not in names(Choice(scope="unassigned"), marks)
    assert "closed" not in names(Choice(scope="unassigned"), marks)


def test_days_of_a_list_are_those_of_the_office_and_a_deadline_at_midnight_ends_with_the_day_before() -> None:
    midnight = datetime(2027, 3, 9, 23, 0, tzinfo=UTC)  # 10 March begins in Oslo
    made, due = line("made", issued_on=midnight), line("due", clock(midnight))
    day = {"since": ["2027-03-10"], "till": ["2027-03-10"]}
    assert names(Choice.of({"day": ["made"], **day}), lines=[made, due]) == ["made"]
    assert names(Choice.of({"day": ["due"], **day}), lines=[made, due]) == []
    day = {"since": ["2027-03-09"], "till": ["2027-03-09"]}
    assert names(Choice.of({"day": ["due"], **day}), lines=[made, due]) == ["due"]


def test_a_date_that_is_none_is_named_and_limits_nothing() -> None:
    choice = Choice.of({"since": ["31.12.2027"], "till": ["9999-12-31"]})
    assert choice.faults() == ["since", "till"]
    assert len(names(choice)) == len(LINES)


def test_a_value_that_no_list_has_is_dropped() -> None:
    assert Choice.of({"scope": ["x"], "sort": ["drop table"], "down": ["2"], "time": ["y"]}) == Choice()


def test_counts_name_a_party_once_for_each_order() -> None:
    own = replace(LINES[0], to_party="XO")
    assert counted(Snapshot((own, LINES[1]), 0, {}), "party") == [("XO", 2), ("XV", 1)]


WORDS = st.text(max_size=12)


@given(
    st.builds(
        dict,
        name=WORDS, state=WORDS, scope=st.sampled_from(("", *SCOPES)), acts=st.sampled_from(("", *SIDES)),
        sort=st.sampled_from(("", *COLUMNS)), down=st.sampled_from(("", "0", "1")), since=WORDS, till=WORDS,
    )
)  # fmt: skip
def test_the_address_of_a_list_leads_to_the_same_list(values: dict[str, str]) -> None:
    from urllib.parse import parse_qs

    choice = Choice.of({name: [value] for name, value in values.items()})
    assert Choice.of(parse_qs(choice.query, keep_blank_values=True)) == choice


@given(st.sampled_from(COLUMNS), st.sampled_from(("", "0", "1")))
def test_a_second_click_on_a_column_turns_the_list_round(column: str, down: str) -> None:
    from urllib.parse import parse_qs

    choice = Choice(sort=column, down=down)
    turned = Choice.of(parse_qs(choice.sorted_by(column).partition("?")[2]))
    assert turned.column == column
    assert turned.falling is not choice.falling
    if column not in ("due", "acts"):
        assert sorted(names(turned)) == sorted(names(choice))
