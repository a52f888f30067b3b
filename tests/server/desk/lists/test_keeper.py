"""Lines that were judged are kept between two runs of a server, for the same log and the same rules alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from msgspec.structs import replace

from ledger.adapters.keys.open_key import open_key
from server.access import Caller
from server.desk.lists import keeper as modules
from server.desk.lists.choice import Choice, Marks
from server.desk.lists.keeper import LineKeeper
from server.desk.lists.lines import OrderLines
from server.desk.lists.order_line import OrderLine
from server.desk.lists.store import NAME
from tests.server.office import Office, serving, submission
from tests.support.cli import House


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    house = House(tmp_path_factory.mktemp("kept")).furnished()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.env.items():
            patch.setenv(name, value)
        with serving(house.ledger) as served:
            yield served


def caller(office: Office) -> Caller:
    return office.running.view.keyring.person("", "ilves", (), frozenset())


def read(office: Office, lines: OrderLines, budget: float) -> tuple[dict[str, OrderLine], int]:
    """Return the lines, each without the moment at which it is judged again, and how many orders are to be judged."""
    lines.follow(caller(office), budget)
    found, _ = lines.page(caller(office), Choice(), "", Marks())
    return {line.order: replace(line, until=line.last_on) for line in found}, lines.numbers(caller(office))[1]


def kept(office: Office, place: Path) -> dict[str, OrderLine]:
    """Judge every order, and keep the lines."""
    with closing(OrderLines(office.running.view, place)) as lines:
        found, left = read(office, lines, 60.0)
    assert left == 0
    return found


def taken(office: Office, place: Path) -> tuple[dict[str, OrderLine], int]:
    """Return what another run has of the file before it judges anything."""
    with closing(OrderLines(office.running.view, place)) as lines:
        return read(office, lines, -1.0)


def test_lines_are_kept_and_taken_by_another_run(office: Office, tmp_path: Path) -> None:
    assert taken(office, tmp_path) == ({}, len(office.running.view.orders_since(0)[1]))
    assert taken(office, tmp_path)[0] == {}
    whole = kept(office, tmp_path)
    assert taken(office, tmp_path) == (whole, 0)


def test_an_order_that_changed_meanwhile_is_judged_again(office: Office, tmp_path: Path) -> None:
    kept(office, tmp_path)
    key = open_key(str(office.journal.home.keys / "ilves"))
    begun = office.ask(key, "/v1/entries", submission(key)).json["receipts"][0]["order"]
    found, left = taken(office, tmp_path)
    assert begun not in found
    assert left == 1


@pytest.mark.parametrize("column", ["by", "leaf", "size", "register"])
def test_lines_of_other_rules_of_another_log_or_of_a_longer_one_are_not_taken(
    office: Office, tmp_path: Path, column: str
) -> None:
    kept(office, tmp_path)
    with closing(sqlite3.connect(tmp_path / NAME)) as c, c:
        c.execute(f"UPDATE made SET {column} = 7000")  # noqa: S608
    assert taken(office, tmp_path)[0] == {}
    assert len(kept(office, tmp_path)) == len(office.running.view.orders_since(0)[1])


def test_a_file_that_is_no_database_or_has_damaged_lines_stops_no_server(office: Office, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"no database" * 100)
    assert taken(office, tmp_path)[0] == {}
    for damage in ("UPDATE body SET body = x'c1'", "DROP TABLE clock", "UPDATE waits SET said = 'x'"):
        whole = kept(office, tmp_path)
        with closing(sqlite3.connect(tmp_path / NAME)) as c, c:
            c.execute(damage)
        with closing(OrderLines(office.running.view, tmp_path)) as lines:
            lines.board(caller(office))
            read(office, lines, -1.0)
            assert read(office, lines, 60.0) == (whole, 0)


def test_the_background_makes_a_damaged_file_anew(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modules, "LOOK", 0.01)
    whole = kept(office, tmp_path)
    with closing(sqlite3.connect(tmp_path / NAME)) as c, c:
        c.execute("UPDATE body SET body = x'c1'")
        c.execute("INSERT INTO stale SELECT knows, n, 3, 0 FROM line")
    lines = OrderLines(office.running.view, tmp_path)
    keeper = LineKeeper(lines)
    lines.follow(caller(office), -1.0)
    keeper.start()
    for _ in range(1_000):
        if read(office, lines, -1.0) == (whole, 0):
            break
        keeper._stopped.wait(0.01)
    assert read(office, lines, -1.0) == (whole, 0)
    keeper.close()


def test_a_file_that_another_server_keeps_is_left_to_it(office: Office, tmp_path: Path) -> None:
    with closing(OrderLines(office.running.view, tmp_path)) as first:
        whole, _ = read(office, first, 60.0)
        with closing(OrderLines(office.running.view, tmp_path)) as second:
            assert read(office, second, -1.0)[0] == {}
            assert read(office, second, 60.0)[0] == whole
    assert sorted(each.name for each in tmp_path.iterdir()) == [NAME, f"{NAME}.lock"]


def test_a_folder_that_cannot_be_written_stops_no_server(office: Office, tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    found, left = taken(office, tmp_path)
    assert (found, left) == ({}, len(office.running.view.orders_since(0)[1]))
    assert taken(office, tmp_path / "none")[1] == left


def test_the_background_judges_what_no_request_has_judged(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modules, "LOOK", 0.01)
    lines = OrderLines(office.running.view)
    keeper = LineKeeper(lines)
    _, left = read(office, lines, -1.0)
    assert left
    keeper.start()
    for _ in range(1_000):
        if not lines.numbers(caller(office))[1]:
            break
        keeper._stopped.wait(0.01)
    assert lines.numbers(caller(office)) == (left, 0)
    keeper.close()
