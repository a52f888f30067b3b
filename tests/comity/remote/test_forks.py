"""A server that shows one client another record than another, or leaves something out, gets no entry signed by it."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from comity.remote.ledger import RemoteLedger
from ledger.adapters.keys.open_key import open_key
from ledger.errors import RecordError
from ledger.tlog.note import Checkpoint, b64
from ledger.tlog.tree import Frontier, prove_consistency
from tests.comity.remote.test_tampering import dishonest, office, order, signed, writable
from tests.server.office import Office, serving
from tests.support.cli import House

__all__ = ("office", "order", "writable")  # the fixtures

SENT = {"addressee": "harbor", "channel": "mail"}


def never_sent(path: str, *_: object) -> None:
    raise AssertionError(f"an entry was signed and sent to {path}")


def test_no_entry_is_signed_behind_an_older_one_than_was_verified(
    writable: Office, order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = writable.ask("ilves", f"/v1/orders/{order}/entries").json["entries"][-2]

    def earlier(d: Any) -> None:
        d.update(newest=older, seq=d["seq"] - 1, prev=older["leaf"])

    with writable.connect("ilves", tmp_path) as ledger, dishonest(ledger, "/place", earlier):
        monkeypatch.setattr(ledger._connection, "post", never_sent)
        with pytest.raises(RecordError, match=r"CTX-CHAIN.*was verified before"):
            ledger.record("order-transmitted", SENT, order)


def test_no_entry_is_signed_behind_one_that_the_order_is_shown_without(
    writable: Office, order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        writable.connect("ilves", tmp_path) as ledger,
        dishonest(ledger, order, lambda d: d["entries"].pop()),
        dishonest(ledger, "/entries", lambda d: d["entries"].pop()),
    ):
        monkeypatch.setattr(ledger._connection, "post", never_sent)
        monkeypatch.setattr(RemoteLedger, "order", lambda self, name: type("Named", (), {"id": name}))
        with pytest.raises(RecordError, match=r"API-FALSE.*without its newest entry"):
            ledger.record("order-transmitted", SENT, order)


def test_nothing_shows_that_an_order_is_whole_without_a_register_that_is(
    office: Office, order: str, tmp_path: Path
) -> None:
    with office.connect("ilves", tmp_path / "a") as ledger:
        assert ledger.proven(order) > 0
    with (
        office.connect("ilves", tmp_path / "b") as ledger,
        dishonest(ledger, "/v1/register", lambda d: d.update(committed=None)),
    ):
        assert ledger.proven(order) == 0, "the end of a key may be left out"


def test_a_list_of_orders_ends(office: Office, tmp_path: Path) -> None:
    pages = count(10**6)

    def on(d: Any) -> None:
        d.update(orders=[], next=next(pages))
        assert d["next"] < 10**6 + 5, "the client asks for one page after another"

    with (
        office.connect("ilves", tmp_path) as ledger,
        dishonest(ledger, "/v1/orders", on),
        pytest.raises(RecordError, match="API-FALSE"),
    ):
        list(ledger.orders())


def test_an_order_is_judged_within_the_calendar(office: Office, order: str, tmp_path: Path) -> None:
    for change in (lambda d: d.update(as_of="9999-12-31T23:59:59Z"), lambda d: d.update(as_of="0001-01-01T00:00:00Z")):
        with (
            office.connect("ilves", tmp_path) as ledger,
            dishonest(ledger, order, change),
            pytest.raises(RecordError, match="API-FALSE"),
        ):
            ledger.order(order)


@pytest.mark.parametrize(("status", "media"), [(200, "application/json"), (422, "application/problem+json")])
def test_an_answer_that_is_nested_without_end_is_none(office: Office, status: int, media: str, tmp_path: Path) -> None:
    nested = b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with office.connect("ilves", tmp_path) as ledger, pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger._connection, "_send", lambda *_: (status, media, nested))
        with pytest.raises(RecordError, match="API-FALSE"):
            ledger.size()


def test_a_fork_that_is_shown_to_one_of_two_processes_is_found(writable: Office, order: str, tmp_path: Path) -> None:
    with writable.connect("ilves", tmp_path) as one, writable.connect("ilves", tmp_path) as two:
        size = two.size()
        shown = writable.ask("ilves", "/v1/entries?limit=500").json["entries"]
        assert len(shown) == size == one.size()
        for _ in range(2):
            one.record("order-transmitted", SENT, order)
        fork, stored = Frontier(), []
        for leaf in [*(bytes.fromhex(each["leaf"]) for each in shown), b"\x01" * 32]:
            stored += fork.add(leaf)
        note = signed(writable, Checkpoint(two.origin, size + 1, fork.root()))
        path = [b64(each) for each in prove_consistency(size, size + 1, lambda at: [stored[i] for i in at])]
        with (
            dishonest(two, "/v1/head", lambda d: d["head"].update(note=note, size=size + 1)),
            dishonest(two, "/v1/consistency", lambda d: d.update(path=path)),
            pytest.raises(RecordError, match="CP-CONSISTENCY"),
        ):
            two.size()


def test_a_process_that_was_answered_earlier_than_another_one_goes_on(
    writable: Office, order: str, tmp_path: Path
) -> None:
    with writable.connect("ilves", tmp_path) as one, writable.connect("ilves", tmp_path) as two:
        two.size()
        one.record("order-transmitted", SENT, order)
        earlier = writable.ask("ilves", "/v1/head").json["head"]
        one.record("order-transmitted", SENT, order)
        with dishonest(two, "/v1/head", lambda d: d.update(head=earlier)):
            assert two.size() == earlier["size"]
        assert two.size() == earlier["size"] + 1


def test_a_companion_is_of_one_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path).begun().with_office("ilves", "ISS").with_office("valdis", "VAL")
    first = house.order()
    sought = ("record", "ex-post-validation-sought", first, "-f", "asked_of=valdis")
    assert house.away(*sought, "--as", "ilves", "--ledger", str(house.ledger)).exit_code == 0
    for name, value in house.env.items():
        monkeypatch.setenv(name, value)
    with serving(house.ledger) as office:
        key = open_key(str(house.keys / "ilves"))
        with office.connect(key, tmp_path / "state") as ledger:
            fields = {"instrument": "VOL", "from_party": "XO", "to_party": "XO", "reference": "PPO-2"}
            second = ledger.record("order-issued", fields).order
            entries = office.ask(key, f"/v1/orders/{first}/entries").json["entries"]
            (apart,) = [each for each in entries if json.loads(payload(each["entry"]))["order"] != first]
            assert len(ledger.order(first).timeline()) == 2
            with (
                dishonest(ledger, "/entries", lambda d: d["entries"].insert(0, apart)),
                pytest.raises(RecordError, match=r"API-FALSE.*companion of another order"),
            ):
                ledger.order(second).timeline()


def payload(line: str) -> bytes:
    from base64 import b64decode

    return b64decode(json.loads(line)["payload"])
