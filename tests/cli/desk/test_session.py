"""The desk reads an order once while the log stays as it is, and its frame says how far the record was read."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from cli.desk import session
from cli.desk.session import AT_ONCE, Desk
from projections.render.desk_pages import UTC_ALONE

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)


class Sitting:
    """A desk over a log of `size` entries, `read` of them on the board, and what it asked in turn."""

    def __init__(self, size: int = 5, read: int = 5, signer: str | None = "ilves") -> None:
        self.size, self.asked = size, list[Any]()
        by: dict[str, Any] = {"role": "ADM", "party": "XO"}
        party = SimpleNamespace(kind="party-registered", get=lambda name: {"party": "XO"}.get(name), **by)
        office = SimpleNamespace(
            kind="authority-registered",
            **by,
            get=lambda name: None,
            public={"actor": "ilves", "party": "XO", "names": {"en": "Office Karsk"}},
        )
        party.public = {"party": "XO", "names": {}, "zone": "Europe/Tallinn"}
        reader: Any = SimpleNamespace(
            folder=SimpleNamespace(path=Path("ledger"), origin="ledger.example/xo", test=True),
            store=SimpleNamespace(size=lambda: self.size),
            cases=SimpleNamespace(
                forget=lambda: self.asked.append("forgotten"), register=lambda *, reveal: [party, office]
            ),
            now=lambda: NOW,
            case=self.case,
        )
        view: Any = View(read)
        named: Any = None if signer is None else SimpleNamespace(actor=signer)
        self.desk = Desk(reader, view, named, click.Context(click.Command("desk")))

    def case(self, order: str) -> str:
        self.asked.append(order)
        return f"case {order} at {self.size}"

    def frame(self, cookies: dict[str, str] | None = None, *, follow: bool = True) -> Any:
        request: Any = SimpleNamespace(cookies=cookies or {})
        return self.desk.frame(request, follow=follow)


class View:
    """An index of 7 orders that has `size` entries."""

    def __init__(self, size: int) -> None:
        self.size = size

    def numbers(self, now: datetime) -> tuple[int, int]:
        assert now == NOW
        return 7, 3

    def stale_count(self, now: datetime) -> int:
        assert now == NOW
        return 2

    def row(self, order: str) -> Any:
        return {"known": SimpleNamespace(case_ref="KA-1", ref="PPO-1", label="main", order="known")}.get(order)


# -- the order that was read last --------------------------------------------------------------------------------------


def test_an_order_is_read_once_until_the_log_grows_or_another_is_asked_for() -> None:
    here = Sitting()

    async def ask() -> list[Any]:
        found = [here.desk.case("a"), here.desk.case("a")]
        here.size = 6
        found += [here.desk.case("a"), here.desk.case("a"), here.desk.case("b"), here.desk.case("b")]
        return [*found, here.desk.case("a")]

    found = asyncio.run(ask())
    assert here.asked == ["a", "a", "b", "a"]
    assert found == [f"case {said}" for said in ("a at 5", "a at 5", "a at 6", "a at 6", "b at 6", "b at 6", "a at 6")]


@pytest.mark.parametrize(("seconds", "again"), [(0.0, True), (60.0, False)])
def test_an_order_is_forgotten_when_its_time_is_over(
    seconds: float, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.KEPT == 60.0
    monkeypatch.setattr(session, "KEPT", seconds)
    here = Sitting()

    async def ask() -> None:
        here.desk.case("a")
        await asyncio.sleep(0.01)
        here.desk.case("a")

    asyncio.run(ask())
    assert here.asked == ["a"] * (1 + again)


# -- the frame ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def brought(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect what is judged before a response."""
    said: list[Any] = []
    monkeypatch.setattr(session, "bring_up", lambda reader, view, now, *, most: said.append((view.size, now, most)))
    return said


@pytest.mark.parametrize(
    ("behind", "follow", "judged"),
    [(0, True, True), (1, True, True), (12, True, True), (13, True, False), (-1, True, False), (3, False, False)],
)
def test_a_few_new_entries_are_judged_before_a_page(
    behind: int, follow: bool, judged: bool, brought: list[Any]
) -> None:
    here = Sitting(100, 100 - behind)
    frame = here.frame(follow=follow)
    assert brought == [(100 - behind, NOW, AT_ONCE)] * judged
    assert (frame.size, frame.read) == (100, min(100 - behind, 100))


def test_what_was_read_is_forgotten_when_the_log_has_grown(brought: list[Any]) -> None:
    here = Sitting()
    here.frame()
    here.frame()
    assert (here.asked, here.desk.known_size) == (["forgotten"], 5)
    here.size = 6
    here.frame()
    here.frame()
    assert (here.asked, here.desk.known_size) == (["forgotten"] * 2, 6)


def test_the_frame_names_the_ledger_who_sits_there_and_what_is_on_the_board(brought: list[Any]) -> None:
    frame = Sitting().frame()
    assert (frame.origin, frame.test, frame.who, frame.now) == ("ledger.example/xo", True, "ilves", NOW)
    assert (frame.doubtful, frame.orders, frame.overdue, frame.keys) == (2, 7, 3, True)
    assert frame.times is not UTC_ALONE
    nobody = Sitting(signer=None).frame()
    assert (nobody.who, nobody.times) == (None, UTC_ALONE)


@pytest.mark.parametrize(("kept", "on"), [(None, True), ("on", True), ("", True), ("off", False)])
def test_single_keys_work_until_they_are_switched_off(kept: str | None, on: bool, brought: list[Any]) -> None:
    assert Sitting().frame({} if kept is None else {"comity-keys": kept}).keys is on
    assert Sitting().frame({"other": "off"}).keys is True


def test_offices_and_parties_have_the_names_of_the_register_and_an_order_that_of_its_case() -> None:
    desk = Sitting().desk
    assert desk.names() == {"ilves": "Office Karsk"}
    assert desk.states() == {"XO": "Party XO"}
    assert (desk.name("known"), desk.name("0123456789")) == ("KA-1", "01234567")
