"""The place of an entry: log, order, number, previous entry and instrument, each place used once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from nacl.signing import SigningKey

from ledger.entries.envelope import Circumstances, EntryPlace, OpenedEntry, Signer, open_, seal
from ledger.entries.placement import Chains, access_of, at_odds, registry_of
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
