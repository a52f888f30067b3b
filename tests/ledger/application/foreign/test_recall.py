"""What was received of another log earlier counts again if its log showed it: with a proof under a signed head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest

from ledger.adapters.folders.received_files import FOREIGN
from ledger.application.foreign.recall import Received, recalled
from ledger.entries.wrapped_entry import PROOF, wrapping
from ledger.tlog.note import Vkey, parse_vkey
from tests.support.memory_ledger import ORDER, Ledger, hand, small

THERE = "ledger.test/xv/skylark"


@dataclass
class Store:
    """Entries of orders here and received files, in memory."""

    entries: dict[str, list[bytes]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def order(self, order: str) -> list[tuple[int, bytes]]:
        return list(enumerate(self.entries.get(order, [])))

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)


def key_of(ledger: Ledger) -> Vkey:
    return parse_vkey(ledger.policy().decode().split()[1])


def shown(
    register: Mapping[int, Received],
    there: Ledger,
    *keys: Vkey,
    store: Store | None = None,
    orders: tuple[str, ...] = (),
) -> list[tuple[bytes, bytes, Vkey]]:
    held: Any = store or Store()
    earlier = recalled(there.origin, orders, held, held, keys or (key_of(there),), register)
    assert earlier.origin == there.origin
    return [(each.raw, each.proof, each.log) for each in earlier.entries]


@pytest.fixture
def there() -> Ledger:
    return small(origin=THERE)[0]


def test_each_entry_of_a_register_is_recalled_with_its_proof_and_the_key_of_its_head(there: Ledger) -> None:
    register = there.register()
    assert len(register) > 1
    assert shown(register, there) == [(raw, proof, key_of(there)) for raw, proof in register.values()]


def test_the_key_that_signed_the_head_is_found_among_several(there: Ledger) -> None:
    other = small(origin=THERE, log=hand("an earlier log"))[0]
    register = there.register()
    expected = [(raw, proof, key_of(there)) for raw, proof in register.values()]
    assert shown(register, there, key_of(other), key_of(there)) == expected
    assert shown(register, there, key_of(other)) == [], "its head is signed by no key of the log"


def test_a_head_of_another_log_shows_nothing_of_this_one(there: Ledger) -> None:
    elsewhere = small(origin="ledger.test/xw/fjord")[0]
    assert shown(elsewhere.register(), there, key_of(elsewhere)) == []


def test_an_entry_whose_proof_leads_to_another_entry_or_nowhere_is_left_out_and_the_others_stay(there: Ledger) -> None:
    good = there.register()
    (first, (raw, proof)), (second, (other, other_proof)), *_ = good.items()
    for wrong in (other_proof, b"no proof", proof[:-9], b""):
        left = shown({**good, first: (raw, wrong)}, there)
        assert raw not in [each[0] for each in left]
        assert len(left) == len(good) - 1
    assert shown({first: (other, proof), second: (raw, other_proof)}, there) == []


def test_a_leaf_of_the_log_that_is_no_sealed_entry_is_left_out(there: Ledger) -> None:
    at = there.append(b"{}")
    assert shown({at: (b"{}", there.proof(at))}, there) == []


def test_an_entry_that_was_shown_twice_is_recalled_once(there: Ledger) -> None:
    raw, proof = there.register()[0]
    again = there.proof(0, there.checkpoint(2))
    assert [each[0] for each in shown({0: (raw, proof), 7: (raw, again)}, there)] == [raw]


# -- what is wrapped in orders here ------------------------------------------------------------------------------------


def arrived(there: Ledger, *indexes: int) -> Store:
    """Return a store here whose order holds a wrapper of each of these entries of the other log."""
    here, ilves = small()
    store = Store({ORDER: list(here.entries)})
    for index in indexes:
        raw, proof = there.entries[index], there.proof(index)
        fact, other = wrapping(raw, proof, "verifies")
        public = {name: getattr(fact, name) for name in ("origin", "index", "leaf", "envelope", "proof_check")}
        at = here.record(ilves, fact.kind, public, order=ORDER, other=other)
        store.entries[ORDER].append(here.entries[at])
        name = sha256(raw).hexdigest()
        store.files |= {f"{FOREIGN}/{name}": raw, f"{FOREIGN}/{name}{PROOF}": proof}
    return store


def test_what_an_order_here_wraps_is_recalled_once_however_often_the_order_is_named(there: Ledger) -> None:
    store = arrived(there, 4, 3)
    found = shown({}, there, store=store, orders=(ORDER, ORDER))
    assert [each[0] for each in found] == [there.entries[4], there.entries[3]]
    assert shown({}, there, store=store, orders=("another",)) == []
    both = shown({4: (there.entries[4], there.proof(4))}, there, store=store, orders=(ORDER,))
    assert [each[0] for each in both] == [there.entries[4], there.entries[3]]


def test_what_was_wrapped_of_another_log_is_not_of_this_one(there: Ledger) -> None:
    elsewhere = small(origin="ledger.test/xw/fjord")[0]
    assert shown({}, there, store=arrived(elsewhere, 4), orders=(ORDER,)) == []


@pytest.mark.parametrize("ending", ["", PROOF])
def test_a_kept_file_that_is_lost_or_was_changed_is_left_out(there: Ledger, ending: str) -> None:
    whole = arrived(there, 4)
    name = f"{FOREIGN}/{sha256(there.entries[4]).hexdigest()}{ending}"
    lost = Store(whole.entries, {file: data for file, data in whole.files.items() if file != name})
    changed = Store(whole.entries, whole.files | {name: there.entries[3] if not ending else there.proof(3)})
    for store in (lost, changed):
        assert shown({}, there, store=store, orders=(ORDER,)) == []
