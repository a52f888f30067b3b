"""The lines of orders are kept until they may have changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from msgspec.structs import replace

from ledger.adapters.keys.open_key import open_key
from ledger.entries.case import Case
from server.access import Caller
from server.desk.lists import lines as modules
from server.desk.lists.board import board
from server.desk.lists.lines import OLD, OrderLine, OrderLines, Snapshot, line_of
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


def read(lines: OrderLines, office: Office, budget: float = 60.0) -> tuple[list[OrderLine], int]:
    found = lines.read(office.running.view.person("", "ilves", (), frozenset()), budget)
    return list(found.lines), found.to_judge


def of(*lines: OrderLine) -> Snapshot:
    return Snapshot(lines, 0, {})


def test_an_order_is_judged_once_until_an_entry_of_it_is_recorded(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []
    judge = modules.line_of

    def noted(case: Case, now: datetime) -> OrderLine:
        judged.append(case.order)
        return judge(case, now)

    monkeypatch.setattr(modules, "line_of", noted)
    lines = OrderLines(office.running.view)
    (first,), left = read(lines, office)
    assert (left, judged) == (0, [first.order])
    assert read(lines, office)[0] == [first]
    assert judged == [first.order]
    key = open_key(str(office.journal.home.keys / "ilves"))
    reply = office.ask(key, "/v1/entries", submission(key))
    assert reply.status == 200, reply.body
    begun = reply.json["receipts"][0]["order"]
    assert {line.order for line in read(lines, office)[0]} == {first.order, begun}
    assert judged == [first.order, begun]


def test_a_request_without_time_says_how_many_orders_are_to_be_judged(office: Office) -> None:
    lines = OrderLines(office.running.view)
    found, left = read(lines, office, budget=-1.0)
    assert (found, left) == ([], len(office.running.view.orders_since(0)[1]))


def test_a_line_that_was_made_of_an_earlier_log_is_not_kept(office: Office) -> None:
    lines = OrderLines(office.running.view)
    (line, *_), _ = read(lines, office)
    caller = office.running.view.person("", "ilves", (), frozenset())
    lines._lines.clear()
    grown = lines._size + 1

    def grows(case: Case, now: datetime) -> OrderLine:
        lines._size = grown
        return line

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modules, "line_of", grows)
        lines.judge(caller, line.order, office.running.view.now(), knows=False)
    assert lines._lines == {}


def test_a_closed_order_and_one_that_ran_out_long_ago_are_not_on_top() -> None:
    case = max(cases("S2").values(), key=lambda case: len(case.entries))
    now = max(e.at for e in case.entries)
    caller, line = Caller("", "ilves", "XO", frozenset(("ISS",))), line_of(case, now)
    (turn,) = board(of(line), caller, now).mine
    end = turn.open.clock.due
    assert end is not None
    for here, when in ((replace(line, ended=True), now), (line, end + OLD + timedelta(days=1))):
        found = board(of(here), caller, when)
        assert (found.mine, found.others, len(found.old)) == ([], [], 1)
