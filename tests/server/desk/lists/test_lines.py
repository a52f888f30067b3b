"""The lines of orders are kept until they may have changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from msgspec.structs import replace

from ledger.adapters.keys.open_key import open_key
from ledger.entries.case import Case
from ledger.errors import LedgerError
from server.access import Caller
from server.desk.lists import lines as modules
from server.desk.lists import query
from server.desk.lists.board import board
from server.desk.lists.choice import Choice, Marks
from server.desk.lists.lines import OrderLines
from server.desk.lists.order_line import OLD, OrderLine, line_of
from server.desk.lists.store import Judged
from tests.server.desk.desk import person
from tests.server.desk.lists.test_choice import asked, kept
from tests.server.office import Office, serving, submission
from tests.support.cli import House
from tests.support.story_files import cases


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    house = House(tmp_path_factory.mktemp("board")).furnished()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.env.items():
            patch.setenv(name, value)
        with serving(house.ledger) as served:
            yield served


@pytest.fixture
def lines(office: Office) -> Iterator[OrderLines]:
    with closing(OrderLines(office.running.view)) as made:
        yield made


def ilves(office: Office) -> Caller:
    return office.running.view.keyring.person("", "ilves", (), frozenset())


def read(lines: OrderLines, office: Office, budget: float = 60.0) -> tuple[list[OrderLine], int]:
    lines.follow(ilves(office), budget)
    found, _ = lines.page(ilves(office), Choice(), "", Marks())
    return found, lines.numbers(ilves(office))[1]


def recorded(office: Office) -> str:
    """Record the first entry of a new order, and return its id."""
    key = open_key(str(office.journal.home.keys / "ilves"))
    reply = office.ask(key, "/v1/entries", submission(key))
    assert reply.status == 200, reply.body
    return str(reply.json["receipts"][0]["order"])


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list to which each order is added that is judged."""
    orders: list[str] = []
    judge = line_of

    def noted(case: Case, now: datetime) -> OrderLine:
        orders.append(case.order)
        return judge(case, now)

    monkeypatch.setattr(modules, "line_of", noted)
    return orders


def test_an_order_is_judged_once_until_an_entry_of_it_is_recorded(
    office: Office, lines: OrderLines, judged: list[str]
) -> None:
    before, left = read(lines, office)
    assert left == 0
    assert sorted(judged) == sorted(line.order for line in before)
    assert read(lines, office)[0] == before
    assert len(judged) == len(before)
    begun = recorded(office)
    assert {line.order for line in read(lines, office)[0]} == {begun, *(line.order for line in before)}
    assert judged[len(before) :] == [begun]


def test_a_request_without_time_says_how_many_orders_are_to_be_judged(office: Office, lines: OrderLines) -> None:
    found, left = read(lines, office, budget=-1.0)
    assert (found, left) == ([], len(office.running.view.orders_since(0)[1]))


def test_an_order_that_changed_while_it_was_judged_is_judged_again(office: Office, lines: OrderLines) -> None:
    (line, *_), _ = read(lines, office)
    judge = line_of
    changed: list[str] = []

    def changes(case: Case, now: datetime) -> OrderLine:
        made = judge(case, now)
        if not changed:
            changed.append(case.order)
            lines._store().follow(lines._view.head().size + 1, 0, "", [], [case.order], frozenset())
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modules, "line_of", changes)
        lines.judge(ilves(office), [line.order], knows=True)
    assert lines._store().stale(knows=True, name=None, limit=9) == [line.order]


def test_a_line_of_an_earlier_log_takes_the_place_of_no_later_one(office: Office, lines: OrderLines) -> None:
    (line, *_), _ = read(lines, office)
    late = Judged(False, line.order, replace(line, name="late"), 0, frozenset())
    lines._store().put([late], office.running.view.now())
    assert lines.some(ilves(office), [line.order]) == {line.order: line}


def test_an_office_gets_the_lines_of_the_orders_that_name_it_and_no_wrong_row_shows_another_one(
    office: Office, lines: OrderLines
) -> None:
    begun = recorded(office)
    read(lines, office)
    view = office.running.view
    for actor in ("ilves", "registrar", "nowhere"):
        caller = Caller("", actor, "XO", frozenset(("SP",)), account="a")
        lines.follow(caller, 60.0)
        seen = {order for order in view.orders_since(0)[1] if view.may_see(caller, order)}
        found, number = lines.page(caller, Choice(), "", Marks())
        assert {line.order for line in found} == set(lines.some(caller, sorted(seen))) == seen
        assert number == len(seen)
        assert lines.numbers(caller) == (len(seen), 0)
    stranger = Caller("", "stranger", "XV", frozenset(("SP",)), account="a")
    lines._store().put_names([(begun, frozenset(("stranger",)))])
    lines.follow(stranger, 60.0)
    assert lines.page(stranger, Choice(), "", Marks())[0] == []
    assert lines.some(stranger, [begun]) == {}
    assert list(lines.every(stranger, Choice(), "", Marks())) == []
    assert (
        lines.board(stranger).mine.turns == lines.board(stranger).others.turns == lines.board(stranger).old.turns == []
    )


def test_a_list_whose_rows_are_made_anew_while_it_is_read_is_refused_and_not_shorter(
    office: Office, lines: OrderLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(office)
    recorded(office)
    monkeypatch.setattr(query, "TOGETHER", 1)
    for damaged in (0, 1):  # the question for the rows, and the one for the lines
        found, _ = read(lines, office)
        assert list(lines.every(ilves(office), Choice(), "", Marks())) == found
        some = lines.every(ilves(office), Choice(), "", Marks())
        if damaged:
            next(some)
        with lines._store()._writer as c:
            c.execute(("UPDATE body SET body = x'00'", "DROP TABLE body")[damaged])
        with pytest.raises(LedgerError, match="made anew"):
            list(some)


def test_who_sees_some_orders_is_not_told_in_how_many_others_something_happened(
    office: Office, lines: OrderLines
) -> None:
    recorded(office)
    recorded(office)
    caller = Caller("", "elsewhere", "XV", frozenset(("SP",)), account="a")
    lines.follow(caller, -1.0)
    assert len(lines._store().unnamed(9)) > 1
    assert lines.numbers(caller) == (0, 1)
    lines.follow(caller, 60.0)
    assert lines.numbers(caller) == (0, 0)


def test_a_caller_without_a_role_gets_no_line_and_no_number(office: Office, lines: OrderLines) -> None:
    read(lines, office)
    caller = replace(ilves(office), roles=frozenset())
    lines.follow(caller)
    found = lines.board(caller)
    assert (lines.page(caller, Choice(), "", Marks()), lines.numbers(caller)) == (([], 0), (0, 0))
    assert (found.mine.count, found.others.count, found.old.count, found.resting) == (0, 0, 0, 0)
    assert set(map(len, lines.counted(caller).values())) == {0}


# -- the register ------------------------------------------------------------------------------------------------------


def register(office: Office, *words: str) -> None:
    from tests.support.cli import run

    named = [each for word in words[1:] for each in ("-f", word)]
    done = run("record", words[0], *named, "--as", "registrar", ledger=office.ledger)
    assert done.exit_code == 0, done.output
    account = person(office, f"Person {words[0]}", "ilves", key=False)
    assert account.get(f"/record?seen={office.running.view.size()}").status == 200


def test_what_the_register_says_of_others_judges_nothing_again_and_of_an_office_its_orders(
    office: Office, lines: OrderLines, judged: list[str]
) -> None:
    before, _ = read(lines, office)
    judged.clear()
    register(office, "authority-registered", "actor=somewhere-else", "party=XO", "roles=ISS", "valid_from=2020-01-01")
    assert read(lines, office) == (before, 0)
    assert judged == []
    register(office, "authority-changed", "actor=ilves", "valid_from=2020-01-01", "roles=ISS,VAL")
    found, left = read(lines, office, budget=-1.0)
    assert found == before, "the earlier lines are shown meanwhile"
    assert left == len(before)
    assert read(lines, office)[1] == 0
    assert sorted(judged) == sorted(line.order for line in before)


def test_a_closed_order_and_one_that_ran_out_long_ago_are_not_on_top() -> None:
    case = max(cases("S2").values(), key=lambda case: len(case.entries))
    now = max(e.at for e in case.entries)
    caller, line = Caller("", "ilves", "XO", frozenset(("ISS",))), line_of(case, now)
    with kept([line], now=now) as store, store.reading() as c:
        (turn,) = board(c, asked(store, caller, now=now)).mine.turns
    end = turn.open.clock.due
    assert end is not None
    for here, when in ((replace(line, ended=True), now), (line, end + OLD + timedelta(days=1))):
        with kept([here], now=when) as store, store.reading() as c:
            found = board(c, asked(store, caller, now=when))
        assert (found.mine.count, found.others.count, found.old.count) == (0, 0, 1)
