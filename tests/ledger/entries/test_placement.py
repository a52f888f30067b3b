"""The place of an entry: log, order, number, previous entry and instrument, each place used once."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from msgspec.structs import replace
from nacl.signing import SigningKey

from ledger.entries.envelope import Circumstances, EntryPlace, OpenedEntry, Signer, open_, seal
from ledger.entries.placement import (
    Chains,
    access_of,
    at_odds,
    check_reserved,
    committed_by,
    map_of,
    order_begun_by,
    registry_of,
    reserved_of,
)
from ledger.errors import RecordError
from ledger.facts import build
from tests.support.memory_ledger import resealed, small

ORIGIN = "ledger.example/xo/karsk"
ORDER = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"
KEY = SigningKey(b"\x02" * 32)
NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
ISSUER = Signer("ilves", "ISS", "XO", bytes(KEY.verify_key), lambda m: KEY.sign(m).signature)


def entry(
    seq: int,
    prev: str | None,
    *,
    entry: int | None = None,
    order: str = ORDER,
    log: str = ORIGIN,
    instrument: str | None = "2AP-7",
) -> OpenedEntry:
    fact = build("order-closed", {"outcome": "answered"}, {})
    place = EntryPlace(log, order, seq, prev, instrument)
    name = f"{seq if entry is None else entry:032x}"
    return open_(seal(fact, place, ISSUER, Circumstances(NOW, NOW), name, lambda n: b"\0" * n).raw)


def refused(code: str, chains: Chains, opened: OpenedEntry) -> None:
    with pytest.raises(RecordError) as found:
        chains.follow(opened)
    assert found.value.code == code


@pytest.fixture
def chains() -> Chains:
    return Chains(ORIGIN)


def test_an_order_begins_with_number_one_and_no_entry_before(chains: Chains) -> None:
    refused("CTX-CHAIN", chains, entry(2, "ab" * 32))
    refused("CTX-CHAIN", chains, entry(1, "ab" * 32))
    chains.follow(entry(1, None))


def test_every_entry_names_the_one_before_it(chains: Chains) -> None:
    first = entry(1, None)
    chains.follow(first)
    refused("CTX-CHAIN", chains, entry(2, "ab" * 32))
    refused("CTX-CHAIN", chains, entry(3, first.leaf))
    chains.follow(entry(2, first.leaf))


def test_two_entries_never_hold_one_number(chains: Chains) -> None:
    first = entry(1, None)
    chains.follow(first)
    chains.follow(entry(2, first.leaf))
    refused("CTX-CHAIN", chains, entry(2, first.leaf, entry=77))


def test_an_entry_is_not_replayed_into_another_log(chains: Chains) -> None:
    refused("CTX-LOG", chains, entry(1, None, log="ledger.example/xv/lindmark"))


def test_an_entry_is_not_replayed_into_another_order(chains: Chains) -> None:
    first = entry(1, None)
    chains.follow(first)
    chains.follow(entry(1, None, order=OTHER, entry=50))
    refused("CTX-CHAIN", chains, entry(2, first.leaf, order=OTHER, entry=51))


def test_an_entry_id_is_used_once_in_a_log(chains: Chains) -> None:
    chains.follow(entry(1, None))
    refused("CTX-REPLAY", chains, entry(1, None, order=OTHER, entry=1))


def test_an_order_keeps_its_instrument(chains: Chains) -> None:
    first = entry(1, None)
    chains.follow(first)
    refused("CTX-INSTRUMENT", chains, entry(2, first.leaf, instrument="EPOC"))


@pytest.mark.parametrize("order", [registry_of(ORIGIN), access_of(ORIGIN)])
def test_the_registry_and_the_access_order_have_no_instrument_and_every_other_order_has_one(
    chains: Chains, order: str
) -> None:
    refused("CTX-INSTRUMENT", chains, entry(1, None, order=order))
    refused("CTX-INSTRUMENT", chains, entry(1, None, instrument=None))
    chains.follow(entry(1, None, order=order, instrument=None))


@pytest.mark.parametrize(("member", "odds"), [({"schema": 1}, "MAP-SPLIT"), ({"schema": 2}, None)])
def test_two_roots_of_one_size_are_at_odds_in_the_schema_that_says_what_they_are(
    member: dict[str, int], odds: str | None
) -> None:
    ledger, _ = small()
    node = ledger.enrol("node", "XO", "SYS")
    one, two = ledger.commit(node, 5), ledger.commit(node, 6)
    other = resealed(ledger.entries[two], lambda said: (said.update(member), said["public"].update(size=5)), node)
    broken = at_odds(open_(ledger.entries[one]), one, open_(other), two)
    assert (broken and broken.code) == odds


def stating(
    size: object,
    root: object,
    *,
    order: str,
    instrument: str | None,
    seq: int = 5,
    number: int = 5,
    log: str = ORIGIN,
    role: str = "SYS",
) -> OpenedEntry:
    """Return an entry that states a size and a root over the heads, anywhere."""
    one = entry(seq, "ab" * 32, entry=number, order=order, log=log, instrument=instrument)
    public = {"size": size, "map_root": root}
    signer = replace(one.payload.signer, role=role)
    return replace(one, payload=replace(one.payload, kind="heads-committed", schema=1, public=public, signer=signer))


def odds(one: OpenedEntry, two: OpenedEntry) -> str | None:
    broken = [at_odds(one, 3, two, 9), at_odds(two, 9, one, 3)]
    codes = {None if each is None else each.code for each in broken}
    assert len(codes) == 1, "it does not matter which one is asked first"
    return codes.pop()


def test_only_what_stands_in_one_order_without_an_instrument_commits_the_map() -> None:
    root, other = "11" * 32, "22" * 32
    place = map_of(ORIGIN)
    one = stating(7, root, order=place, instrument=None)
    assert odds(one, stating(7, other, order=place, instrument=None, seq=8, number=8)) == "MAP-SPLIT"
    assert odds(one, stating(7, root, order=place, instrument=None, seq=8, number=8)) is None
    assert odds(one, stating(8, other, order=place, instrument=None, seq=8, number=8)) is None
    assert odds(one, stating(7, other, order=ORDER, instrument=None, seq=8, number=8)) is None
    in_order = stating(7, root, order=ORDER, instrument="2AP-7")
    assert odds(in_order, stating(7, other, order=ORDER, instrument="2AP-7", seq=8, number=8)) is None
    for size, said in (("7", other), (True, other), (7, "22"), (7, None)):
        assert odds(one, stating(size, said, order=place, instrument=None, seq=8, number=8)) is None
    assert committed_by(one.payload) == (7, bytes.fromhex(root))
    assert committed_by(in_order.payload) is None
    provider = stating(7, other, order=place, instrument=None, seq=8, number=8, role="SP")
    assert (odds(one, provider), committed_by(provider.payload)) == (None, None)
    assert committed_by(stating(True, root, order=place, instrument=None).payload) is None


def test_two_entries_of_one_log_are_at_odds_by_number_chain_or_id_and_those_of_two_logs_are_not() -> None:
    first = entry(1, None)
    second, other = entry(2, first.leaf), entry(2, "cd" * 32, entry=7)
    assert odds(first, second) is None
    assert odds(first, other) == "SPLIT-ORDER"  # it continues another entry 1
    assert odds(second, other) == "SPLIT-ORDER"  # two entries 2
    assert odds(second, entry(2, first.leaf, order=OTHER, entry=7)) is None
    assert odds(second, entry(3, "cd" * 32, order=OTHER, entry=7)) is None
    assert odds(second, entry(4, "cd" * 32, entry=2)) == "CTX-REPLAY"
    assert odds(second, entry(4, "cd" * 32, entry=4)) is None
    for there in (entry(2, "cd" * 32, log="ledger.example/xv"), entry(4, "cd" * 32, entry=2, log="ledger.example/xv")):
        assert odds(second, there) is None
    assert at_odds(second, 3, second, 3) is None
    again = at_odds(second, 3, second, 9)
    assert again is not None
    assert again.code == "CTX-REPLAY"


def test_only_accesses_and_committed_heads_are_written_to_their_orders() -> None:
    for kind in ("record-accessed", "report-issued", "payload-key-destroyed"):
        check_reserved(ORIGIN, access_of(ORIGIN), kind)
    check_reserved(ORIGIN, map_of(ORIGIN), "heads-committed")
    for order in (ORDER, registry_of(ORIGIN), access_of("ledger.example/other"), map_of("ledger.example/other")):
        check_reserved(ORIGIN, order, "order-closed")
    for order, kind in (
        (access_of(ORIGIN), "heads-committed"),
        (access_of(ORIGIN), "order-closed"),
        (map_of(ORIGIN), "record-accessed"),
    ):
        with pytest.raises(RecordError, match=f"{kind} belongs to an order") as refused:
            check_reserved(ORIGIN, order, kind)
        assert refused.value.code == "CTX-ORDER"


def test_the_reserved_orders_of_a_log_are_those_of_no_other_log() -> None:
    mine, theirs = reserved_of(ORIGIN), reserved_of("ledger.example/other")
    assert mine == {registry_of(ORIGIN), access_of(ORIGIN), map_of(ORIGIN)}
    assert len(mine | theirs) == 6


def test_an_order_that_is_begun_again_with_one_entry_id_has_one_id() -> None:
    ids = [order_begun_by(ORIGIN, "ab" * 16), order_begun_by(ORIGIN, "cd" * 16), order_begun_by("other", "ab" * 16)]
    assert ids[0] == order_begun_by(ORIGIN, "ab" * 16)
    assert len({*ids, *reserved_of(ORIGIN)}) == 6
    assert {UUID(each).version for each in ids} == {5}
