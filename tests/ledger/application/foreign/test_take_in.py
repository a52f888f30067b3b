"""What arrives from another log is wrapped once, in its order, and a peer acknowledges each entry that it was sent."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.foreign import receipts, take_in
from ledger.application.foreign.receipts import check_receipts, to_acknowledge
from ledger.application.foreign.receive import Arrival, WrapperPlace
from ledger.entries.envelope import open_
from ledger.entries.wrapped_entry import KIND
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import open_checkpoint
from ledger.tlog.tree import leaf_hash
from tests.support.memory_ledger import NOW, ORDER, small

OTHER = "22222222-2222-4222-8222-222222222222"


class Desk:
    """A ledger that receives entries, by stand-ins; `done` is what was asked of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.theirs, self.ilves = small()
        self.done: list[Any] = []
        self.known: dict[bytes, int] = {}
        self.newest: Any = None
        self.companions: set[str] = set()
        self.refused = ""
        keys = SimpleNamespace(main_of=lambda order: "main" if order in self.companions else None)
        self.journal: Any = SimpleNamespace(
            received="received",
            folder=SimpleNamespace(evidence=Path("evidence")),
            store=SimpleNamespace(newest=lambda order: self.newest, size=lambda: 9),
            cases="cases",
            origin="here",
            subject_keys=keys,
            now=lambda: NOW,
            record_batch=self.record,
        )
        stand_ins = SimpleNamespace(
            wanted=lambda arrivals, store, origin: arrivals,
            place_of=lambda arrival, place, store, key, received, evidence: WrapperPlace(
                f"id in {place}", self.known.get(arrival.raw)
            ),
            check_counts=self.count,
            draft_of=lambda arrival, origin, signer, now, check, *, order, backs, entry: (order, backs, entry, check),
            keep_files=lambda fresh, received: self.done.append(("kept", len(fresh))),
            check_instrument=lambda arrival, instrument: self.done.append(("instrument", instrument)),
        )
        monkeypatch.setattr(take_in, "receive", stand_ins)
        monkeypatch.setattr(take_in, "trust_in_log", lambda journal, origin: origin)
        monkeypatch.setattr(take_in, "signed_by", lambda trust, note: None)

    def count(self, arrival: Arrival, cases: object, size: int) -> None:
        self.done.append(("counted", size))
        if self.refused:
            raise RecordError(self.refused, "not proven")

    def record(self, drafts: Any) -> list[Any]:
        self.done.append(("recorded", drafts))
        return [SimpleNamespace(index=20 + n, already=n == 1) for n, _ in enumerate(drafts)]

    def arrivals(self, count: int) -> list[Arrival]:
        sent = {"addressee": "skylark", "channel": "mail"}
        made = [self.theirs.record(self.ilves, "order-transmitted", sent, order=ORDER) for _ in range(count)]
        return [Arrival(self.theirs.entries[index], self.theirs.proof(index)) for index in made]

    def take(self, arrivals: list[Arrival], **more: Any) -> list[take_in.Taken]:
        return take_in.take_in(self.journal, arrivals, None, "verifies", **more)  # type: ignore[arg-type]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def test_new_arrivals_are_kept_before_they_are_recorded_and_those_that_are_here_keep_their_places(desk: Desk) -> None:
    one, two, three = desk.arrivals(3)
    desk.known = {two.raw: 4}
    taken = desk.take([one, two, three])
    assert [(each.arrival, each.index, each.already) for each in taken] == [
        (two, 4, True),
        (one, 20, False),
        (three, 21, True),
    ]
    drafts = [(ORDER, None, f"id in {ORDER}", "verifies")] * 2
    assert desk.done[-2:] == [("kept", 2), ("recorded", drafts)]
    assert taken[1].opened.raw == one.raw
    desk.done.clear()
    desk.known = {each.raw: n for n, each in enumerate((one, two, three))}
    assert [each.index for each in desk.take([one, two, three])] == [0, 1, 2]
    assert desk.done == [("kept", 0)]


def test_an_entry_of_another_order_or_one_that_would_not_count_is_taken_only_anyway(desk: Desk) -> None:
    (one,) = desk.arrivals(1)
    with pytest.raises(RecordError, match=f"CTX-ORDER.*it is about the order {ORDER}"):
        desk.take([one], order=OTHER)
    (taken,) = desk.take([one], order=OTHER, anyway=True)
    assert (taken.index, desk.done[-1][1][0][0]) == (20, OTHER)
    assert [each for each in desk.done if each[0] == "counted"] == []
    desk.refused = "KEY-UNKNOWN"
    with pytest.raises(RecordError, match="KEY-UNKNOWN"):
        desk.take([one])
    assert ("counted", 9) in desk.done
    assert len(desk.take([one], anyway=True)) == 1


def test_the_entry_that_an_arrival_supports_is_asked_for_by_its_order(desk: Desk) -> None:
    (one,) = desk.arrivals(1)
    desk.take([one], backs=lambda order: f"leaf in {order}")
    assert desk.done[-1] == ("recorded", [(ORDER, f"leaf in {ORDER}", f"id in {ORDER}", "verifies")])


def test_the_instrument_is_compared_with_the_order_here_and_a_companion_takes_nothing_in(desk: Desk) -> None:
    (one,) = desk.arrivals(1)
    desk.take([one])
    desk.newest = (3, one.raw)
    desk.take([one])
    instruments = [each[1] for each in desk.done if each[0] == "instrument"]
    assert instruments == [None, open_(one.raw).payload.instrument]
    desk.companions = {ORDER}
    with pytest.raises(RecordError, match="CTX-ORDER"):
        desk.take([one])
    desk.journal.subject_keys = None
    assert len(desk.take([one])) == 1


# -- receipts ----------------------------------------------------------------------------------------------------------


class Peer:
    """A peer whose log acknowledges entries 3 and 5 of ours."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log, self.by = small()
        self.said: list[str] = []
        self.unproven: list[int] = []
        self.held: list[int] = []
        self.journal: Any = SimpleNamespace(
            origin="here", now=lambda: NOW, folder=SimpleNamespace(others=None, evidence=None)
        )
        trust = SimpleNamespace(policy=SimpleNamespace(logs=self.log.trust().policy.logs))
        monkeypatch.setattr(receipts, "trust_in_log", lambda journal, origin: trust)
        monkeypatch.setattr(receipts, "signed_by", lambda trust, note: None)
        monkeypatch.setattr(receipts, "followed", lambda others, origin: SimpleNamespace(close=lambda: None))
        monkeypatch.setattr(receipts, "hold_against", self.hold)
        self.indexes = [self.acknowledge(3), self.acknowledge(5)]

    def hold(self, seen: object, key: object, head: Any, *_: object) -> Any:
        self.held.append(head.checkpoint.size)
        return SimpleNamespace(unproven=self.unproven)

    def acknowledge(self, index: int, origin: str = "here") -> int:
        said = {"origin": origin, "index": index, "leaf": "ab" * 32, "envelope": "cd" * 32, "proof_check": "verifies"}
        return self.log.record(self.by, KIND, said, order=ORDER)

    def receipt(self, index: int, size: int | None = None) -> tuple[bytes, bytes]:
        return self.log.entries[index], self.log.proof(index, self.log.checkpoint(size))

    def check(self, *given: tuple[bytes, bytes], expected: tuple[int, ...] = (3, 5), origin: str = "") -> str:
        places = [(index, "ab" * 32) for index in expected]
        try:
            check_receipts(self.journal, origin or self.log.origin, places, given, self.said.append)
        except (RecordError, LedgerError) as refused:
            return f"{refused.code} {refused.says}"
        return ""


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Peer:
    return Peer(monkeypatch)


def test_each_entry_that_was_sent_is_acknowledged_under_a_head_that_is_held_against_those_before(peer: Peer) -> None:
    one, two = peer.indexes
    assert peer.check(peer.receipt(one), peer.receipt(two)) == ""
    assert (peer.held, peer.said) == ([7], [])
    assert peer.check(peer.receipt(two), expected=(5,)) == ""
    assert peer.check(expected=()) == ""
    peer.unproven = [2, 4]
    assert peer.check(peer.receipt(one), peer.receipt(two)) == ""
    connects = f"{peer.log.origin}: nothing connects its head of 7 entries with that of"
    assert peer.said == [f"{connects} 2", f"{connects} 4"]


def test_heads_of_several_receipts_are_held_by_size(peer: Peer) -> None:
    one, two = peer.indexes
    older = peer.receipt(one, 6)
    assert peer.check(peer.receipt(two), older) == ""
    assert peer.held == [6, 7]


def test_a_receipt_that_is_missing_of_another_log_or_of_nothing_is_no_receipt(peer: Peer) -> None:
    one, _ = peer.indexes
    lacks = f"EXCHANGE-RECEIPT {peer.log.origin} does not acknowledge"
    assert peer.check(peer.receipt(one)) == f"{lacks} 1 entries, the first 5"
    assert peer.check() == f"{lacks} 2 entries, the first 3"
    assert peer.held == []
    nothing = f"EXCHANGE-RECEIPT entry 0 of {peer.log.origin} acknowledges no entry of ours"
    assert peer.check(peer.receipt(0)) == nothing
    elsewhere = peer.acknowledge(3, "elsewhere")
    assert peer.check(peer.receipt(elsewhere)).endswith(
        f"entry {elsewhere} of {peer.log.origin} acknowledges no entry of ours"
    )
    assert peer.check(peer.receipt(one), origin="ledger.test/other").startswith("EXCHANGE-RECEIPT it is an entry of")


def test_a_receipt_under_a_head_that_the_log_has_not_signed_or_at_another_place_is_refused(peer: Peer) -> None:
    one, two = peer.indexes
    raw, proof = peer.receipt(one)
    assert peer.check((raw, peer.receipt(two)[1])).startswith("PRF-")
    spoiled = proof[:-10] + b"AAAAAAAA" + proof[-2:]
    assert peer.check((raw, spoiled)).partition(" ")[0] in ("CP-SIG", "CP-FORMAT")


def test_entries_about_orders_are_acknowledged_and_acknowledgements_and_the_register_are_not() -> None:
    ledger, ilves = small()
    said = {"origin": "other.test/log", "index": 3, "leaf": "ab" * 32, "envelope": "cd" * 32, "proof_check": "verifies"}
    ledger.record(ilves, KIND, said, order=ORDER)
    sent = ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    contents: Any = SimpleNamespace(
        origin=ledger.origin, entries=[(n, raw, None) for n, raw in enumerate(ledger.entries)]
    )
    about = [
        n for n, raw in enumerate(ledger.entries) if open_(raw).payload.order == ORDER and n not in (sent - 1, sent)
    ]
    assert about != []
    assert to_acknowledge(contents) == [(n, ledger.leaf(n)) for n in (*about, sent)]


def test_the_signature_of_our_entry_is_not_verified_again_before_it_is_acknowledged() -> None:
    ledger, _ = small()
    envelope = json.loads(ledger.entries[4])
    envelope["signatures"][0]["sig"] = json.loads(ledger.entries[0])["signatures"][0]["sig"]
    raw = json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode()
    contents: Any = SimpleNamespace(origin=ledger.origin, entries=[(4, raw, b"proof")])
    assert to_acknowledge(contents) == [(4, leaf_hash(raw).hex())]


def test_a_head_of_several_receipts_is_verified_once(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[bytes] = []
    real = open_checkpoint

    def counted(note: bytes, *given: Any, **more: Any) -> Any:
        opened.append(note)
        return real(note, *given, **more)

    monkeypatch.setattr(receipts, "open_checkpoint", counted)
    one, two = peer.indexes
    assert peer.check(peer.receipt(one), peer.receipt(two)) == ""
    assert opened == [peer.log.checkpoint()]
