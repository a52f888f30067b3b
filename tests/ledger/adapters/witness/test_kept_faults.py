"""What a monitor keeps of a fault that it finds: the entry, its proof, and an exhibit where one convicts."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.witness import followed_entries
from ledger.entries.envelope import EntryPlace
from ledger.entries.split_view import check_order
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import log_vkey, open_checkpoint, parse_vkey
from ledger.tlog.tree import check_inclusion, leaf_hash, parse_proof
from tests.ledger.adapters.witness.test_followed_entries import SENT, Watch
from tests.support.memory_ledger import ORDER, Hand, Ledger, hand, small

OTHER = "22222222-2222-4333-8444-555555555555"


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)


def kept(watch: Watch, ledger: Ledger) -> list[int]:
    """Return the places of the entries that were kept, each with a proof under a head that the log signed."""
    key = parse_vkey(log_vkey(ledger.origin, public_key(ledger.log.seed)))
    places = []
    for file in (watch.state / "evidence").glob("*.dsse.json"):
        raw = file.read_bytes()
        name = sha256(raw).hexdigest()
        assert file.name == f"{name}.dsse.json"
        proof = parse_proof(file.with_name(f"{name}.tlog-proof").read_bytes())
        head = open_checkpoint(proof.note, ledger.origin, key, ()).checkpoint
        check_inclusion(proof.index, head.size, leaf_hash(raw), proof.path, head.root)
        places.append(proof.index)
    return sorted(places)


def exhibits(watch: Watch) -> int:
    return len(list((watch.state / "evidence").glob("*.split-order.json")))


def split(ledger: Ledger, ilves: Hand, order: str, seq: int, previous: int) -> int:
    """Record an entry as number `seq` of an order that has that number already; return its place."""
    place = EntryPlace(ledger.origin, order, seq, ledger.leaf(previous), "2AP-7")
    return ledger.record(ilves, "order-transmitted", SENT, order=order, place=place)


def grown(orders: tuple[str, ...] = (ORDER, OTHER)) -> tuple[Ledger, Hand, dict[str, list[int]]]:
    """Return a ledger with some entries in each of these orders, and their places."""
    ledger, ilves = small()
    places = {
        order: [ledger.record(ilves, "order-transmitted", SENT, order=order) for _ in range(4)] for order in orders
    }
    return ledger, ilves, places


def test_a_fault_without_another_half_is_kept_with_its_proof_and_convicts_by_no_exhibit(watch: Watch) -> None:
    ledger, ilves = small()
    wrong = [
        ledger.append(b"neither"),
        ledger.record(hand("ilves", key="other"), "order-transmitted", SENT, order=ORDER),
        ledger.record(ilves, "order-transmitted", SENT, order=ORDER, role="CT"),
    ]
    assert watch.codes(ledger) == ["ENV-NONCANON", "KEY-UNKNOWN", "V-ROLE-NOT-HELD"]
    assert kept(watch, ledger) == wrong
    assert {file.name.partition(".")[2] for file in (watch.state / "evidence").iterdir()} == {"dsse.json", "tlog-proof"}


def test_one_exhibit_convicts_so_the_first_halves_of_further_faults_are_not_searched(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[Any] = []
    first = followed_entries._first

    def counted(*asked: Any) -> int | None:
        searched.append(asked)
        return first(*asked)

    monkeypatch.setattr(followed_entries, "_first", counted)
    ledger, ilves, places = grown()
    assert watch.codes(ledger) == []
    wrong = [split(ledger, ilves, order, 3, places[order][1]) for order in (ORDER, OTHER)]
    assert watch.codes(ledger) == ["SPLIT-ORDER"] * 2
    assert (len(searched), exhibits(watch)) == (1, 1)
    third = "33333333-2222-4333-8444-555555555555"
    more = [ledger.record(ilves, "order-transmitted", SENT, order=third) for _ in range(3)]
    wrong.append(split(ledger, ilves, third, 2, more[0]))
    assert watch.codes(ledger) == ["SPLIT-ORDER"] * 3
    assert (len(searched), exhibits(watch)) == (1, 1), "the exhibit of an earlier look convicts too"
    assert kept(watch, ledger) == wrong


def test_where_the_first_half_is_at_hand_each_fault_has_its_exhibit(watch: Watch) -> None:
    ledger, ilves, places = grown()
    wrong = [split(ledger, ilves, order, len(places[order]) + 2 * (order == ORDER), places[order][-2])
             for order in (ORDER, OTHER)]  # fmt: skip
    assert watch.codes(ledger) == ["SPLIT-ORDER"] * 2
    key = parse_vkey(log_vkey(ledger.origin, public_key(ledger.log.seed)))
    files = (watch.state / "evidence").glob("*.split-order.json")
    found = sorted(check_order(file.read_bytes(), [key]).places for file in files)
    assert found == [(places[ORDER][-1], wrong[0]), (places[OTHER][-1], wrong[1])]


def test_as_many_faults_are_kept_as_are_remembered_over_all_looks(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_entries, "MOST", 3)
    ledger, _ = small()
    first = [ledger.append(b"1"), ledger.append(b"2")]
    assert len(watch.codes(ledger)) == 2
    assert kept(watch, ledger) == first
    more = [ledger.append(b"3"), ledger.append(b"4")]
    assert len(watch.codes(ledger)) == 3
    assert kept(watch, ledger) == [*first, more[0]]
    ledger.append(b"5")
    assert len(watch.codes(ledger)) == 3
    assert kept(watch, ledger) == [*first, more[0]]
