"""What an answer of a server leaves open is said with it: how far it is proven, and what no caller is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")

from cli.remote import remote_reader
from cli.remote.remote_reader import RemoteReader
from comity.remote.connection import Refused
from ledger.entries.wrapped_entry import KIND
from ledger.errors import LedgerError

MINE = "only the server says that nothing is left out"


class Served:
    """What a server shows of its orders, by id: the entries and the number of entries that are proven."""

    registry = "registry"
    origin = "log.example"

    def __init__(self, **proven: int) -> None:
        self.shown = proven
        self.asked: list[str] = []
        self.verifier = SimpleNamespace(
            size=40, main_of=lambda order: None, register=["of the register"], registrar=SimpleNamespace(party="XO")
        )

    def find(self, name: str) -> str:
        if name == "closed":
            raise Refused("API-MISSING", "no such order")
        if name == "broken":
            raise Refused("API-SLOW", "later")
        return name.lower()

    def case(self, order: str) -> Any:
        self.asked.append(order)
        if order not in self.shown:
            raise Refused("API-MISSING", "no such order")
        kinds = ["order-issued", KIND] if order == "a" else ["order-issued"]
        entries = [SimpleNamespace(kind=kind, sealed=("x", "y")[: 1 + (order == "a")], public={}) for kind in kinds]
        return SimpleNamespace(order=order, entries=tuple(entries), known=lambda moment: f"known {order}")

    def proven(self, order: str) -> int:
        return self.shown[order]

    def register(self) -> tuple[str, ...]:
        self.asked.append("register")
        return ("registered",)

    def listed(self) -> list[Any]:
        return [self.case(order) for order in self.shown]

    def placed(self, order: str) -> list[Any]:
        return [(3, SimpleNamespace(leaf="leaf", raw=b"raw"))]


def reader(monkeypatch: pytest.MonkeyPatch, **proven: int) -> tuple[Any, Served]:
    served = Served(**proven)
    monkeypatch.setattr("comity.remote.reader.is_named", lambda name, case: name != "LIED")
    ledger: Any = SimpleNamespace(reader=served, origin="log.example")
    made: Any = RemoteReader("https://office.example", ledger)
    return made, served


def test_nothing_was_asked_and_nothing_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = reader(monkeypatch)
    item = made.item()
    assert (item.url, item.log, item.size, item.partial) == ("https://office.example", "log.example", 40, MINE)


@pytest.mark.parametrize(
    ("proven", "says"),
    [
        ({"b": 0}, "only the server says that no entry is left out: no committed heads show it"),
        ({"b": 9}, "no entry is left out below 9; only the server says that there is no later one"),
        ({"b": 9, "c": 4}, "no entry is left out below 4; only the server says that there is no later one"),
        ({"c": 4, "b": 9}, "no entry is left out below 4; only the server says that there is no later one"),
    ],
)
def test_the_order_that_is_proven_least_counts(
    proven: dict[str, int], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, served = reader(monkeypatch, **proven)
    for order in proven:
        made.case(order)
        made.case(order)
    assert served.asked == list(proven), "each is read once in a command"
    closed = len(proven)
    partial = made.item().partial
    assert partial.startswith(says)
    values = "1 sealed value is" if closed == 1 else f"{closed} sealed values are"
    assert f"; {values} shown to no caller" in partial
    assert "another log" not in partial
    assert made.orders_read() == set(proven)


def test_entries_of_other_logs_and_linked_orders_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = reader(monkeypatch, a=9)
    made.case("a")
    assert made.item().partial.endswith("; 1 entry of another log counts as what the wrapper says")
    assert "4 sealed values are shown to no caller" in made.item().partial
    monkeypatch.setattr(remote_reader, "linked_cases", lambda order, case, holds, linked: {order: case(order)})
    made._reader.linked = None
    assert list(made.around("a")) == ["a"]
    assert "; only the server says that no other order names this one;" in made.item().partial


def test_of_a_list_nothing_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = reader(monkeypatch, a=9, b=9)
    made.case("a")
    assert len(list(made.all())) == 2
    item = made.item()
    assert item.partial.startswith(MINE)
    assert item.withheld == 4 + 4 + 1
    assert list(made.describe())[1] == item.partial


def test_an_order_that_a_key_may_not_see_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = reader(monkeypatch, a=9)
    assert [made.holds(order) for order in ("a", "z")] == [True, False]
    with pytest.raises(LedgerError, match="ORDER-UNKNOWN"):
        made.find("closed")
    with pytest.raises(Refused, match="API-SLOW"):
        made.find("broken")
    assert made.find("A") == "a"


def test_the_register_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made, served = reader(monkeypatch, a=9)
    assert made.register() == made.register() == ("registered",)
    assert made.placed("registry") == ["of the register"]
    assert served.asked == ["register"]
    assert made.placed("a")[0][0] == 3
    assert made.signed_bytes(SimpleNamespace(order="a")) == {"leaf": b"raw"}
    assert (made.party(), made.names(), made.label("a"), list(made.dated())) == ("XO", {}, None, [])


def test_a_case_at_the_present_moment_is_the_whole_case(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = reader(monkeypatch, a=9)
    now = datetime(2027, 6, 1, 12, tzinfo=UTC)
    monkeypatch.setattr(RemoteReader, "now", lambda self: now)
    case = made.case("a")
    assert made.known(case, now) is made.known(case, now - timedelta(minutes=1)) is case
    assert made.known(case, now - timedelta(minutes=1, seconds=1)) == "known a"
