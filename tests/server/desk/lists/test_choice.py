"""A list has the orders that its address asks for, sorted as it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from ledger.messages import Message
from projections.render.translation import translation

pytest.importorskip("starlette", reason="needs the extra `server`")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.law import Clock, ClockVerdict
from ledger.law.terms.rule import Mark
from server.access import Caller
from server.desk.lists import query
from server.desk.lists.board import board
from server.desk.lists.choice import COLUMNS, DAYS, SCOPES, SIDES, TIMES, Choice, Marks
from server.desk.lists.line_rows import decoded, encoded, gone, micros, next_at
from server.desk.lists.order_line import LEVELS, OLD, PICKED, OpenClock, OrderLine
from server.desk.lists.query import Asked
from server.desk.lists.store import Judged, LineStore
from server.desk.steps import FormLink
from server.desk.turns import Waits
from tests.server.desk.lists import in_memory

NOW = datetime(2027, 4, 1, 12, 0, tzinfo=UTC)
ILVES = Caller("", "ilves", "XO", frozenset(("ISS",)), account="a")
FORM = (FormLink(Message(""), "order-closed", "/orders/x/record/order-closed"),)
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
OSLO = "Europe/Oslo"


def keep(store: LineStore, lines: Sequence[OrderLine], sees: frozenset[str], now: datetime, size: int = 1) -> None:
    """Keep the lines of orders that name some offices."""
    store.follow(size, 0, "", [each.order for each in lines], (), frozenset())
    store.ask(knows=False)
    store.put_names([(each.order, sees) for each in lines])
    store.put([Judged(False, each.order, each, size, frozenset()) for each in lines], now)


@contextmanager
def kept(lines: Sequence[OrderLine], sees: frozenset[str] = frozenset(), now: datetime = NOW) -> Iterator[LineStore]:
    with closing(LineStore(None, "")) as store:
        keep(store, lines, sees, now)
        yield store


@pytest.fixture(scope="module")
def store() -> Iterator[LineStore]:
    with kept(LINES) as made:
        yield made


def asked(store: LineStore, caller: Caller, names: frozenset[str] | None = None, now: datetime = NOW) -> Asked:
    return query.asked_by(caller, knows=False, names=names, now=now, waits=store.waits())


def listed(store: LineStore, choice: Choice, marks: Marks, by: Asked) -> list[OrderLine]:
    """Return the lines of a list, which has as many as are counted."""
    store.roll(by.now)
    with store.reading() as c:
        ids = query.chosen(c, by, choice, OSLO, marks)
        assert query.count(c, by, choice, OSLO, marks) == len(ids)
        assert query.chosen(c, by, choice, OSLO, marks, 1, 2) == ids[1:3]
        return list(query.lines(c, ids))


def names(choice: Choice, marks: Marks = NONE, lines: Sequence[OrderLine] = LINES) -> list[str]:
    with kept(lines) as store:
        return [each.name for each in listed(store, choice, marks, asked(store, ILVES))]


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


def test_any_number_of_short_words_reads_the_words_of_every_order_once(store: LineStore) -> None:
    said = " ".join(chr(97 + n % 26) * (1 + n // 26) for n in range(52))
    assert names(Choice(name="a te")) == names(Choice(name="a a te te A")) == ["late"]
    asks: list[str] = []
    choice = Choice.of({"name": [said]})
    with store.reading() as c:
        c.set_trace_callback(asks.append)
        query.count(c, asked(store, ILVES), choice, OSLO, NONE)
        c.set_trace_callback(None)
    assert [each.count("FROM text") for each in asks] == [1]


def test_counts_name_a_party_once_for_each_order() -> None:
    own = replace(LINES[0], to_party="XO")
    with kept([own, LINES[1]]) as store, store.reading() as c:
        for seen_by in (asked(store, ILVES), asked(store, ILVES, frozenset())):
            found = query.counted(c, seen_by)["party"]
            assert found == ([("XO", 2), ("XV", 1)] if seen_by.names is None else [])


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


# -- the same as in memory ---------------------------------------------------------------------------------------------

# often the same moment, one that is 30 days later, or the smallest time before or behind it
EDGES = [NOW + k * OLD / 2 + timedelta(microseconds=off) for k in range(-4, 5) for off in (-1, 0, 1)]
MOMENTS = st.builds(
    lambda half_months, off: NOW + half_months * OLD / 2 + timedelta(microseconds=off),
    st.integers(-4, 4),
    st.sampled_from((0, 0, 1, -1)),
)
CALLERS = (
    ILVES,
    Caller("", "sky", "XO", frozenset(("SP",))),
    Caller("", "prague", "XV", frozenset(("NOT", "ISS"))),
    Caller("", "none", "XO", frozenset()),
)
WAITS = st.builds(
    Waits,
    st.sets(st.sampled_from(("ISS", "SP", "NOT")), max_size=2).map(frozenset),
    st.sampled_from(("", "XO", "XV")),
    st.sampled_from(((), ("sky",), ("ilves", "sky"))),
)
CLOCKS = st.builds(
    lambda due, waits, side, forms: replace(clock(due, "issuing", forms), waits=waits, side=side, acts=f"the {side}"),
    st.one_of(st.none(), MOMENTS), WAITS, st.sampled_from(SIDES), st.sampled_from((FORM, ())),
)  # fmt: skip


@st.composite
def some_lines(draw: st.DrawFn) -> list[OrderLine]:
    found = []
    for n in range(draw(st.integers(0, 6))):
        soonest = sorted(
            draw(st.lists(CLOCKS, max_size=3)), key=lambda c: (c.clock.due is not None, c.clock.due or NOW)
        )
        name = draw(st.sampled_from(("Straße", "STRASSE", "Ägir 12", "a", "")))
        found.append(
            line(
                name, *soonest, order=f"order {n}", provider=draw(st.sampled_from(("", "Sky", "sky", "Ö"))),
                state=draw(st.sampled_from(("issued", "closed"))), ended=draw(st.booleans()),
                from_party=draw(st.sampled_from(("", "XO"))), to_party=draw(st.sampled_from(("XO", "XV"))),
                issued_on=draw(st.one_of(st.none(), MOMENTS)), last_on=draw(MOMENTS),
                levels=draw(st.tuples(*[st.integers(0, 2)] * 3)), codes=draw(st.sampled_from(((), ("V-1", "G-2")))),
                words=f"{name} {n}".casefold(),
            )
        )  # fmt: skip
    return found


PLACES = st.sets(st.integers(0, 6).map(lambda n: f"order {n}")).map(frozenset)
CHOICES = st.builds(
    Choice,
    name=st.sampled_from(("", "strasse", "ÄGIR 1", "a", "s", '"', "x y")), scope=st.sampled_from(("", *SCOPES)),
    state=st.sampled_from(("", "issued")), provider=st.sampled_from(("", "Sky")), party=st.sampled_from(("", "XO")),
    finding=st.sampled_from(("", *LEVELS, "V-1")), acts=st.sampled_from(("", *SIDES)),
    time=st.sampled_from(("", *TIMES)), day=st.sampled_from(("", *DAYS)),
    since=st.sampled_from(("", "2027-03-20", "x")), till=st.sampled_from(("", "2027-04-10")),
    sort=st.sampled_from(("", *COLUMNS)), down=st.sampled_from(("", "0", "1")),
)  # fmt: skip


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("forms", [FORM, ()])
@pytest.mark.parametrize("due", [None, NOW])
def test_the_row_of_a_deadline_says_from_when_it_cannot_be_met_and_until_when_it_is_the_next_one(
    due: datetime | None, forms: tuple[FormLink, ...], ended: bool
) -> None:
    each = line("any", clock(due, forms=forms), clock(NOW + OLD / 2), ended=ended)
    for now in map(micros, EDGES):
        worth, *_, turned, turns = next_at(each, now)
        assert turned <= now < turns
        for other in map(micros, EDGES):
            same = turned <= other < turns
            assert not same or next_at(each, other) == next_at(each, now)
        assert worth == in_memory.worth(each, moment(now))
        for other_clock in each.open:
            assert (gone(each, other_clock) <= now) == each.hopeless(other_clock, moment(now))


def moment(micros: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)


def test_a_question_about_a_moment_before_that_of_the_rows_gets_the_list_of_its_moment() -> None:
    two = line("two", clock(NOW - OLD - DAY), clock(NOW + DAY))
    with kept([two]) as store:
        earlier = asked(store, ILVES, now=NOW - 2 * DAY)
        assert listed(store, Choice(time="late"), NONE, earlier) == [two]
        assert listed(store, Choice(time="open"), NONE, earlier) == []
        assert listed(store, Choice(time="open"), NONE, asked(store, ILVES)) == [two]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(
    some_lines(), some_lines(), st.lists(CHOICES, min_size=1, max_size=12), st.builds(Marks, PLACES, PLACES, PLACES),
    st.sampled_from(CALLERS), st.lists(MOMENTS, min_size=1, max_size=3),
)  # fmt: skip
def test_a_list_of_the_file_is_the_list_in_memory_at_every_moment(
    first: list[OrderLine],
    later: list[OrderLine],
    choices: list[Choice],
    marks: Marks,
    caller: Caller,
    moments: list[datetime],
) -> None:
    with kept(first) as store:
        keep(store, later, frozenset(), NOW, 2)
        lines = list({each.order: each for each in [*first, *later]}.values())
        for now in moments:
            by = asked(store, caller, now=now)
            for choice in choices:
                expected = in_memory.chosen(lines, choice, caller, now, OSLO, marks)
                assert listed(store, choice, marks, by) == expected
            with store.reading() as c:
                shown = board(c, by)
                counts = query.counted(c, by)
            for part, expected_turns in zip(
                (shown.mine, shown.others, shown.old), in_memory.turns(lines, caller, now), strict=True
            ):
                opened = {each.order: each.open for each in lines}
                found = [(turn.line.order, turn.open) for turn in part.turns if turn.line]
                assert found == [(order, opened[order][place]) for order, place in expected_turns]
                assert part.count == len(expected_turns)
            assert (shown.orders, shown.resting) == (len(lines), sum(not each.open for each in lines))
            assert shown.late == sum(turn.over for turn in shown.mine.turns)
            assert counts == {name: in_memory.counted(lines, name) for name in PICKED}


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(some_lines(), some_lines(), st.lists(CHOICES, min_size=1, max_size=6), st.sampled_from(CALLERS))
def test_a_caller_who_sees_some_orders_gets_the_rows_of_these_alone(
    own: list[OrderLine], other: list[OrderLine], choices: list[Choice], caller: Caller
) -> None:
    others = [replace(each, order=f"other {each.order}") for each in other]
    with kept(own, frozenset((caller.actor, "XV"))) as store:
        keep(store, others, frozenset(("someone", "XO")), NOW, 2)
        for names, lines in ((frozenset((caller.actor,)), own), (frozenset[str](), []), (None, [*own, *others])):
            by = asked(store, caller, names)
            for choice in choices:
                assert listed(store, choice, NONE, by) == in_memory.chosen(lines, choice, caller, NOW, OSLO, NONE)
            with store.reading() as c:
                shown = board(c, by)
                assert query.counted(c, by) == {name: in_memory.counted(lines, name) for name in PICKED}
                assert len(query.ids_of(c, by, [each.order for each in [*own, *others]])) == len(lines)
            counts = [len(part) for part in in_memory.turns(lines, caller, NOW)]
            assert [part.count for part in (shown.mine, shown.others, shown.old)] == counts
            assert (shown.orders, shown.resting) == (len(lines), sum(not each.open for each in lines))


def test_a_step_that_a_line_keeps_is_said_in_the_language_of_its_reader() -> None:
    says = Message("#{0} {1} starts no clock: {2}", 4, "order-received", Message("it is dated after its signature"))
    kept = decoded(encoded(line("late", clock(None, forms=(FormLink(says, "order-received"),)))))
    said = translation("de").words(kept.open[0].forms[0].says)
    assert said == "#4 order-received setzt keine Frist in Gang: das Datum liegt nach der Unterschrift"
