"""What a writer has read is read once, and entries that are not stored yet count in their own batch alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.application.write import write_position
from ledger.application.write.write_position import PendingBatch, WritePosition
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.keyring import Registrar
from ledger.entries.placement import HEADS_COMMITTED, map_of
from ledger.errors import RecordError
from tests.support.memory_ledger import Ledger, small


class Store:
    """The entries of a ledger in memory, up to `stop`; `asked` has the orders that were looked up."""

    def __init__(self, ledger: Ledger, stop: int) -> None:
        self.opened = [open_(raw) for raw in ledger.entries[:stop]]
        self.raw = ledger.entries[:stop]
        self.asked: list[set[str]] = []

    def newest_of(self, orders: set[str]) -> list[bytes]:
        self.asked.append(set(orders))
        newest = {opened.payload.order: raw for opened, raw in zip(self.opened, self.raw, strict=True)}
        return [raw for order, raw in newest.items() if order in orders]

    def by_leaf(self, leaf: bytes) -> tuple[int, bytes] | None:
        places = {bytes.fromhex(opened.leaf): n for n, opened in enumerate(self.opened)}
        return (places[leaf], self.raw[places[leaf]]) if leaf in places else None

    def size(self) -> int:
        return len(self.raw)


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return small()[0]


def position(ledger: Ledger, stop: int) -> tuple[WritePosition, Store]:
    store = Store(ledger, stop)
    register = [(n, opened) for n, opened in enumerate(store.opened) if opened.payload.order == ledger.registry]
    cases: Any = SimpleNamespace(
        registry=ledger.registry, opened_registry=lambda: register, values=lambda index, opened: {"index": index}
    )
    registrar = Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)
    return WritePosition(ledger.origin, registrar, cases, store), store  # type: ignore[arg-type]


def last_two(ledger: Ledger) -> tuple[OpenedEntry, OpenedEntry]:
    first, second = (open_(raw) for raw in ledger.entries[-2:])
    assert (first.payload.seq, second.payload.seq, first.payload.order) == (1, 2, second.payload.order)
    return first, second


def test_the_newest_entry_of_an_order_is_read_once_and_again_when_it_is_forgotten(ledger: Ledger) -> None:
    past, store = position(ledger, len(ledger.entries))
    _, second = last_two(ledger)
    order = second.payload.order
    for _ in range(2):
        head = past.head(order)
        assert head is not None
        assert (head.seq, head.leaf, head.instrument) == (2, second.leaf, second.payload.instrument)
        assert past.head("none") is None
    assert store.asked == [{order}, {"none"}]
    past.look_up({order, "more", "none"})
    assert store.asked[2:] == [{"more"}]
    assert past.versions([order, "more"]) == {order: 2, "more": 0}
    assert len(store.asked) == 3
    past.forget()
    assert past.head(order) is not None
    assert store.asked[3:] == [{order}]


def test_as_many_orders_are_remembered_as_the_limit_says(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_position, "_MOST_ORDERS", 2)
    past, store = position(ledger, 1)
    for order in ("a", "b", "b"):
        past.head(order)
    assert store.asked == [{"a"}, {"b"}]
    past.head("c")
    past.head("c")
    past.head("a")
    assert store.asked[2:] == [{"c"}, {"a"}], "with c, all others were forgotten"


def test_an_entry_that_is_not_stored_is_followed_in_its_batch_and_nowhere_else(ledger: Ledger) -> None:
    past, _ = position(ledger, len(ledger.entries) - 2)
    first, second = last_two(ledger)
    order = first.payload.order
    group = PendingBatch(past)
    part = PendingBatch(group)
    assert (group.group, part.group) == (group, group)
    begins = part.next_index
    part.admit(first, {"value": 1})
    part.admit(second, {})
    assert part.next_index == begins + 2
    assert [batch.head(order) for batch in (group, past)] == [None, None]
    head = part.head(order)
    assert head is not None
    assert head.leaf == second.leaf
    assert part.entry(first.leaf) == (first, {"value": 1})
    assert group.entry(first.leaf) is None
    group.adopt(part)
    assert (group.head(order), group.next_index) == (head, begins + 2)
    assert group.entry(first.leaf) == (first, {"value": 1})
    assert past.head(order) is None
    past.learn(group.heads)
    assert past.head(order) == head
    assert (group.size(), group.versions([order])) == (len(ledger.entries) - 2, {order: 2})


def test_a_stored_entry_is_found_with_the_values_that_can_be_opened(ledger: Ledger) -> None:
    past, _ = position(ledger, len(ledger.entries))
    _, second = last_two(ledger)
    assert PendingBatch(past).entry(second.leaf) == (second, {"index": len(ledger.entries) - 1})
    assert past.entry("ab" * 32) is None


def test_an_entry_that_does_not_follow_or_comes_twice_is_refused_and_leaves_the_batch_as_it_was(
    ledger: Ledger,
) -> None:
    past, _ = position(ledger, len(ledger.entries) - 2)
    first, second = last_two(ledger)
    batch = PendingBatch(past)
    with pytest.raises(RecordError, match="CTX-"):
        batch.admit(second, {})
    assert (batch.heads, batch.entry(second.leaf)) == ({}, None)
    batch.admit(first, {})
    with pytest.raises(RecordError, match="CTX-REPLAY"):
        batch.admit(replace(second, payload=replace(second.payload, entry=first.payload.entry)), {})
    assert batch.heads.keys() == {first.payload.order}
    batch.admit(second, {})
    other = PendingBatch(batch)
    with pytest.raises(RecordError, match="CTX-"):
        other.admit(second, {})


def test_a_key_of_a_batch_that_is_refused_signs_nothing(ledger: Ledger) -> None:
    past, _ = position(ledger, 2)  # its acceptance is the third entry
    accepted = open_(ledger.entries[2])
    key = accepted.payload.signer.key
    batch = PendingBatch(past)
    assert batch.keyring is past.keyring
    batch.admit(accepted, {})
    assert past.keyring.keys[key].accepted is None
    assert batch.keyring.keys[key].accepted is not None
    copied = batch.keyring
    part = PendingBatch(batch)
    assert part.keyring is copied
    batch.adopt(part)
    assert batch.keyring is copied
    first, _ = last_two(ledger)
    with pytest.raises(RecordError, match="KEY-"):
        PendingBatch(past).admit(first, {})
    batch.admit(first, {})


def test_an_entry_in_a_role_that_its_key_has_not_or_in_a_reserved_order_is_refused(ledger: Ledger) -> None:
    past, _ = position(ledger, len(ledger.entries) - 2)
    first, _ = last_two(ledger)
    signer = first.payload.signer
    for payload, code in (
        (replace(first.payload, signer=replace(signer, role="SP")), "KEY-ROLE"),
        (replace(first.payload, order=map_of(ledger.origin), instrument=None), "CTX-ORDER"),
        (replace(first.payload, kind=HEADS_COMMITTED, order=map_of(ledger.origin), instrument=None), "KEY-ROLE"),
    ):
        batch = PendingBatch(past)
        with pytest.raises(RecordError) as refused:
            batch.admit(replace(first, payload=payload), {})
        assert (refused.value.code, batch.heads) == (code, {})


def test_an_entry_id_of_an_adopted_batch_comes_twice(ledger: Ledger) -> None:
    past, _ = position(ledger, len(ledger.entries) - 2)
    first, second = last_two(ledger)
    group = PendingBatch(past)
    part = PendingBatch(group)
    part.admit(first, {})
    group.adopt(part)
    with pytest.raises(RecordError, match="CTX-REPLAY"):
        group.admit(replace(second, payload=replace(second.payload, entry=first.payload.entry)), {})
