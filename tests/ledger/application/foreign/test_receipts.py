"""A peer acknowledges each entry about an order, by entries of its log that verify under its pinned key."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.foreign import receipts as module
from ledger.application.foreign.receipts import check_receipts, to_acknowledge
from ledger.entries.placement import reserved_of
from ledger.entries.wrapped_entry import KIND
from ledger.errors import RecordError

THERE, HERE = "ledger.test/xv/skylark", "ledger.test/xo/karsk"


def test_entries_about_orders_are_acknowledged_and_acknowledgements_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    reserved = min(reserved_of(THERE))
    payloads = {
        b"first": ("order-issued", "order"),
        b"wrapped": (KIND, "order"),
        b"register": ("key-registered", reserved),
        b"both": (KIND, reserved),
        b"last": ("order-closed", "order"),
    }

    def opened(raw: bytes, *, verify: bool) -> Any:
        assert not verify
        kind, order = payloads[raw]
        return SimpleNamespace(leaf=f"leaf of {raw.decode()}", payload=SimpleNamespace(kind=kind, order=order))

    monkeypatch.setattr(module, "open_", opened)
    entries = [(4 + n, raw, ()) for n, raw in enumerate(payloads)]
    contents: Any = SimpleNamespace(entries=entries, origin=THERE)
    assert to_acknowledge(contents) == [(4, "leaf of first"), (8, "leaf of last")]


class Peer:
    """The log of a peer, whose entries acknowledge places and whose heads have sizes; `done` is what was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[Any] = []
        self.said: list[str] = []
        self.unproven: dict[int, list[int]] = {}
        self.places: dict[bytes, Any] = {}
        self.logs = {b"stranger": "ledger.test/else"}
        trust = SimpleNamespace(policy=SimpleNamespace(logs="keys of the log"))
        replaced: dict[str, Any] = {
            "trust_in_log": lambda journal, origin: trust,
            "open_": lambda raw: SimpleNamespace(raw=raw, payload=SimpleNamespace(log=self.logs.get(raw, THERE))),
            "parse_proof": lambda proof: SimpleNamespace(index=proof[0], note=proof[1:], path=["path"]),
            "open_checkpoint": self.opened,
            "check_inclusion": lambda index, size, leaf, path, root: self.done.append(("included", index, size, root)),
            "leaf_hash": lambda raw: raw,
            "acknowledges": lambda opened, origin: self.places.get(opened.raw),
            "signed_by": lambda trust, note: f"key of {note.decode()}",
            "followed": lambda others, origin: SimpleNamespace(close=lambda: self.done.append("closed")),
            "hold_against": self.held,
        }
        for name, value in replaced.items():
            monkeypatch.setattr(module, name, value)
        folder = SimpleNamespace(others="others", evidence="evidence")
        self.journal: Any = SimpleNamespace(origin=HERE, folder=folder, now=lambda: "now")

    def opened(self, note: bytes, origin: str, keys: object, witnesses: object, mldsa: object) -> Any:
        assert (origin, keys, witnesses) == (THERE, "keys of the log", ())
        self.done.append(("opened", note))
        return SimpleNamespace(note=note, checkpoint=SimpleNamespace(size=int(note), root=b"root of " + note))

    def held(self, seen: object, key: str, head: Any, prove: Any, now: object, evidence: object) -> Any:
        assert (prove(1, 2), now, evidence) == (None, "now", "evidence")
        self.done.append(("held", key, head.checkpoint.size))
        return SimpleNamespace(unproven=self.unproven.get(head.checkpoint.size, []))

    def check(self, expected: list[Any], *receipts: tuple[bytes, bytes]) -> None:
        check_receipts(self.journal, THERE, expected, receipts, self.said.append)


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Peer:
    return Peer(monkeypatch)


def test_each_receipt_is_included_and_each_head_is_opened_once_and_held_from_the_smallest(peer: Peer) -> None:
    peer.places = {b"one": (1, "a"), b"two": (2, "b"), b"three": (3, "c"), b"more": (9, "z")}
    peer.unproven = {30: [10, 20]}
    peer.check(
        [(1, "a"), (2, "b"), (3, "c")],
        (b"two", b"\x02" + b"30"),
        (b"one", b"\x01" + b"9"),
        (b"three", b"\x03" + b"30"),
        (b"more", b"\x04" + b"100"),
    )
    assert [each for each in peer.done if each[0] == "opened"] == [("opened", n) for n in (b"30", b"9", b"100")]
    assert [each for each in peer.done if each[0] == "included"] == [
        ("included", 2, 30, b"root of 30"),
        ("included", 1, 9, b"root of 9"),
        ("included", 3, 30, b"root of 30"),
        ("included", 4, 100, b"root of 100"),
    ]
    held = [each for each in peer.done if each[0] == "held" or each == "closed"]
    assert held == [step for size in (9, 30, 100) for step in (("held", f"key of {size}", size), "closed")]
    assert peer.said == [f"{THERE}: nothing connects its head of 30 entries with that of {size}" for size in (10, 20)]


@pytest.mark.parametrize(
    ("receipts", "says"),
    [
        ([(b"stranger", b"\x01" + b"9")], f"it is an entry of ledger.test/else, not of {THERE}"),
        ([(b"other", b"\x07" + b"9")], f"entry 7 of {THERE} acknowledges no entry of ours"),
        ([(b"one", b"\x01" + b"9")], f"{THERE} does not acknowledge 2 entries, the first 2"),
        ([], f"{THERE} does not acknowledge 3 entries, the first 1"),
    ],
)
def test_a_receipt_that_is_missing_or_of_another_log_is_refused_and_no_head_is_kept(
    peer: Peer, receipts: list[tuple[bytes, bytes]], says: str
) -> None:
    peer.places = {b"one": (1, "z"), b"stranger": (1, "z")}
    with pytest.raises(RecordError, match=f"EXCHANGE-RECEIPT.*{says}"):
        peer.check([(3, "a"), (2, "b"), (1, "z")], *receipts)
    assert not any(each[0] == "held" for each in peer.done)
