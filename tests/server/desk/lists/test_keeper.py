"""Lines that were judged are kept between two runs of a server, for the same log and the same rules alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from ledger.adapters.keys.open_key import open_key
from server.desk.lists import keeper as modules
from server.desk.lists.keeper import NAME, LineKeeper
from server.desk.lists.lines import OrderLine, OrderLines
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


def read(office: Office, lines: OrderLines, budget: float) -> tuple[dict[str, OrderLine], int]:
    found = lines.read(office.running.view.person("", "ilves", (), frozenset()), budget)
    return {line.order: line for line in found.lines}, found.to_judge


def kept(office: Office, place: Path) -> None:
    """Judge every order, and keep the lines."""
    lines = OrderLines(office.running.view)
    keeper = LineKeeper(lines, office.running.view, place)
    keeper.start()
    read(office, lines, 60.0)
    keeper.close()


def taken(office: Office, place: Path) -> tuple[dict[str, OrderLine], int]:
    """Return what another run has of the file before it judges anything."""
    lines = OrderLines(office.running.view)
    keeper = LineKeeper(lines, office.running.view, place)
    keeper.start()
    keeper.close()
    return read(office, lines, -1.0)


def test_lines_are_kept_and_taken_by_another_run(office: Office, tmp_path: Path) -> None:
    whole, _ = read(office, OrderLines(office.running.view), 60.0)
    kept(office, tmp_path)
    found, left = taken(office, tmp_path)
    assert (found.keys(), left) == (whole.keys(), 0)
    assert [line.words for line in found.values()] == [line.words for line in whole.values()]


def test_an_order_that_changed_meanwhile_is_judged_again(office: Office, tmp_path: Path) -> None:
    kept(office, tmp_path)
    key = open_key(str(office.journal.home.keys / "ilves"))
    begun = office.ask(key, "/v1/entries", submission(key)).json["receipts"][0]["order"]
    found, left = taken(office, tmp_path)
    assert begun not in found
    assert left == 1


@pytest.mark.parametrize("column", ["by", "leaf", "register"])
def test_lines_of_other_rules_of_another_log_or_of_another_register_are_not_taken(
    office: Office, tmp_path: Path, column: str
) -> None:
    kept(office, tmp_path)
    with closing(sqlite3.connect(tmp_path / NAME)) as c, c:
        c.execute(f"UPDATE made SET {column} = 7")  # noqa: S608
    assert taken(office, tmp_path)[0] == {}
    with closing(sqlite3.connect(tmp_path / NAME)) as c:
        assert c.execute("SELECT count(*) FROM line").fetchone() != (0,)
    kept(office, tmp_path)  # and they are replaced
    assert taken(office, tmp_path)[1] == 0


def test_a_file_that_is_no_database_or_has_no_lines_stops_no_server(office: Office, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"no database" * 100)
    assert taken(office, tmp_path)[0] == {}
    place = tmp_path / "two"
    place.mkdir()
    kept(office, place)
    with closing(sqlite3.connect(place / NAME)) as c, c:
        c.execute("UPDATE line SET body = x'c1'")
    assert taken(office, place)[0] == {}


def test_the_background_judges_what_no_request_has_judged(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modules, "LOOK", 0.01)
    lines = OrderLines(office.running.view)
    keeper = LineKeeper(lines, office.running.view, None)
    _, left = read(office, lines, -1.0)
    assert left
    keeper.start()
    for _ in range(1_000):
        if not list(lines.stale(office.running.view.now())):
            break
        keeper._stopped.wait(0.01)
    keeper.close()
    assert not list(lines.stale(office.running.view.now()))
