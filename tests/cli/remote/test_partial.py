"""What an answer of a server leaves open is said with it: how far it is proven, and what no caller is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")

from cli.remote import remote_reader
from cli.remote.remote_reader import RemoteReader
from comity.remote.connection import Refused
from ledger.entries.wrapped_entry import KIND
from ledger.errors import LedgerError, RecordError

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


def test_only_an_order_that_is_not_shown_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = reader(monkeypatch, a=9)

    def slow(order: str) -> Any:
        raise Refused("API-SLOW", "later")

    monkeypatch.setattr(made._reader, "case", slow)
    with pytest.raises(Refused, match="API-SLOW"):
        made.holds("a")


def test_an_order_that_does_not_state_the_name_is_a_false_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    made, served = reader(monkeypatch, lied=9, a=9)
    with pytest.raises(RecordError) as found:
        made.find("LIED")
    assert (found.value.code, found.value.hint) == ("API-FALSE", "give the id of the order")
    with pytest.raises(RecordError, match="API-FALSE"):
        made.case("LIED")
    assert made.case("A").order == made.find("A") == "a"
    assert served.asked == ["lied", "a"]


def test_entries_of_the_log_are_a_list_and_their_sealed_values_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    made, served = reader(monkeypatch, a=9)
    made.case("a")
    sealed = (("x",), (), ("x", "y"))
    monkeypatch.setattr(
        served, "entries", lambda a, b: [SimpleNamespace(n=n, sealed=sealed[n]) for n in range(a, b)], raising=False
    )
    assert made.item().proven == 9
    assert [e.n for e in made.entries(0, 3)] == [0, 1, 2]
    item = made.item()
    assert (item.proven, item.withheld, item.size, item.log) == (None, 4 + 3, 40, "log.example")
    assert item.partial.startswith(MINE)


def test_a_list_that_is_read_says_so_from_its_first_order_on(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = reader(monkeypatch, a=9)
    made.case("a")
    next(made.all())
    assert made.item().proven is None


def test_the_head_and_the_companion_are_what_the_verifier_has(monkeypatch: pytest.MonkeyPatch) -> None:
    made, served = reader(monkeypatch, a=9)
    head = SimpleNamespace(checkpoint=SimpleNamespace(size=41))
    monkeypatch.setattr(served, "head", lambda: head, raising=False)
    monkeypatch.setattr(served.verifier, "main_of", {"companion": "a"}.get)
    assert (made.head(), made.size()) == (head, 41)
    assert (made.main_of("companion"), made.main_of("a"), made.bundle) == ("a", None, None)


def test_an_office_is_here_with_a_key_that_has_not_ended_and_the_registrar_is_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, served = reader(monkeypatch)
    mine = {name: bytes([n]) * 32 for n, name in enumerate(("ilves", "skylark", "orn"), 1)}
    monkeypatch.setattr("ledger.adapters.keys.key_files.listed", lambda folder: mine)
    held = [("ilves", "ilves", None), ("skylark", "skylark", 7), ("orn", "orn", None)]
    keys = [SimpleNamespace(actor=actor, public=mine[name].hex(), ended=ended) for actor, name, ended in held]
    keys.append(SimpleNamespace(actor="lind", public="ee" * 32, ended=None))
    offices = {name: f"office {name}" for name in ("ilves", "skylark", "orn", "lind")}
    served.verifier.keyring = SimpleNamespace(keys={key.public: key for key in keys}, offices=offices)
    served.verifier.registrar = SimpleNamespace(actor="orn")
    assert made.offices_here() == {"ilves": "office ilves"}
    assert made.keyring() is served.verifier.keyring
    assert served.asked == ["register"]
    served.verifier.registrar = SimpleNamespace(actor="elsewhere")
    assert list(made.offices_here()) == ["ilves", "orn"]


@pytest.mark.parametrize("describe", [True, False])
def test_what_was_verified_is_said_when_all_was_read(
    describe: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made, served = reader(monkeypatch, a=9)
    asked: list[Any] = []

    @contextmanager
    def connected(*said: Any) -> Iterator[Any]:
        asked.append(said)
        yield SimpleNamespace(reader=served, origin="log.example")

    monkeypatch.setattr(remote_reader, "connected", connected)
    secret: Any = "secret"
    with remote_reader.served("https://office.example", secret, describe=describe) as found:
        found.case("a")
        assert capsys.readouterr().err == ""
    assert asked == [("https://office.example", "secret")]
    made.case("a")
    assert capsys.readouterr().err.splitlines() == (list(made.describe()) if describe else [])
