"""The order of recording that all ledgers of an order share."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.entries.case import Entry
from ledger.law.reading.record_order import ranked

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)


def entry(leaf: str, index: int, kind: str = "order-transmitted", **more: Any) -> Entry:
    return Entry(leaf, index, "o", 1, kind, "2AP-7", "a", "ISS", "XO", "aa", "act", NOW, NOW, **more)


def test_entries_of_one_log_keep_their_log_indexes() -> None:
    entries = (entry("b", 3), entry("a", 4))
    assert ranked(entries) is entries
    assert [e.position for e in entries] == [3, 4]


def test_what_is_sent_comes_before_its_arrival_of_the_same_second_in_both_ledgers() -> None:
    sent, arrived = entry("z", 9), entry("a", 12, "order-received", origin="b", place=7)
    assert [e.leaf for e in ranked((sent, arrived))] == ["z", "a"]
    there = (replace(sent, index=14, origin="a", place=9), replace(arrived, index=7, origin=None, place=None))
    assert [e.leaf for e in ranked(there)] == ["z", "a"]


def test_what_forbids_comes_after_an_act_of_the_same_second_in_another_ledger() -> None:
    told = entry("a", 3, "non-disclosure-instructed")
    given = entry("b", 4, "data-disclosed", origin="b", place=1)
    assert [e.leaf for e in ranked((told, given))] == ["b", "a"]


@given(st.lists(st.sampled_from(["order-received", "data-disclosed", "order-withdrawn"]), max_size=8), st.randoms())
def test_both_ledgers_put_the_entries_in_one_order_and_each_log_keeps_its_own(kinds: list[str], random: Random) -> None:
    log = [random.choice("ab") for _ in kinds]
    place = [log[:n].count(log[n]) for n in range(len(kinds))]

    def seen_from(own: str) -> tuple[Entry, ...]:
        arrivals = random.sample(range(100, 200), len(kinds))
        entries = [
            entry(f"{n}", place[n], kind) if log[n] == own
            else entry(f"{n}", arrivals[n], kind, origin=log[n], place=place[n])
            for n, kind in enumerate(kinds)
        ]  # fmt: skip
        return tuple(sorted(entries, key=lambda e: e.index))

    if {*log} == {"a", "b"}:
        one, other = ([e.leaf for e in ranked(seen_from(own))] for own in "ab")
        assert one == other
        for name in "ab":
            assert [leaf for leaf in one if log[int(leaf)] == name] == [
                str(n) for n in range(len(log)) if log[n] == name
            ]
