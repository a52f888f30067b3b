"""An entry of another log is wrapped once: only a wrapper of the same bytes in the same order is the one it has."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.folders.received_files import FOREIGN
from ledger.application.foreign.receive import Arrival, place_of
from ledger.entries.wrapped_entry import KIND, PROOF, wrapper_id
from ledger.errors import LedgerError
from ledger.tlog.note import Vkey, parse_vkey
from tests.support.memory_ledger import ORDER, Ledger, hand, resealed, small, two_histories

THERE = "ledger.test/xv"


class Here:
    """Entries by their ids, and received files."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[int, bytes]] = {}
        self.files: dict[str, bytes] = {}

    def by_entry(self, entry: bytes) -> tuple[int, bytes] | None:
        return self.rows.get(entry.hex())

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def keep(self, raw: bytes, proof: bytes) -> None:
        name = f"{FOREIGN}/{sha256(raw).hexdigest()}"
        self.files |= {name: raw, f"{name}{PROOF}": proof}


def key_of(ledger: Ledger) -> Vkey:
    return parse_vkey(ledger.policy().decode().split()[1])


def wrapped(raw: bytes, order: str = ORDER, kind: str = KIND) -> bytes:
    """Return an entry of ours that wraps these bytes in an order."""
    ours, by = small()
    said = {"origin": THERE, "index": 4, "leaf": "ab" * 32, "envelope": sha256(raw).hexdigest()}
    if kind != KIND:
        return ours.entries[4]
    index = ours.record(by, KIND, {**said, "proof_check": "not-checked"}, order=order)
    return ours.entries[index]


@pytest.fixture(scope="module")
def there() -> Ledger:
    return small(origin=THERE, log=hand("log xv"))[0]


def asked(here: Here, there: Ledger, arrival: Arrival, evidence: Path, order: str = ORDER) -> tuple[str, int | None]:
    held: Any = here
    place = place_of(arrival, order, held, key_of(there), held, evidence)
    return place.entry, place.index


def test_an_entry_is_wrapped_at_the_first_id_that_no_entry_has(there: Ledger, tmp_path: Path) -> None:
    raw, proof = there.entries[4], there.proof(4)
    arrival, here = Arrival(raw, proof), Here()
    first, second, third = (wrapper_id(THERE, 4, attempt) for attempt in range(3))
    assert asked(here, there, arrival, tmp_path) == (first, None)
    here.rows[first] = 17, wrapped(raw)
    assert asked(here, there, arrival, tmp_path) == (second, None), "its bytes were never received"
    here.keep(raw, proof)
    assert asked(here, there, arrival, tmp_path) == (first, 17)
    assert asked(here, there, arrival, tmp_path, "another order") == (second, None)
    here.rows[first] = 17, wrapped(raw, kind="another kind")
    assert asked(here, there, arrival, tmp_path) == (second, None)
    here.rows[second] = 18, wrapped(raw)
    assert asked(here, there, arrival, tmp_path) == (second, 18)
    for path in (f"{FOREIGN}/{sha256(raw).hexdigest()}", f"{FOREIGN}/{sha256(raw).hexdigest()}{PROOF}"):
        kept = here.files.pop(path)
        assert asked(here, there, arrival, tmp_path) == (third, None)
        here.files[path] = kept
        assert asked(here, there, arrival, tmp_path) == (second, 18)
    here.files[f"{FOREIGN}/{sha256(raw).hexdigest()}"] = b"damaged"
    assert asked(here, there, arrival, tmp_path) == (third, None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("change", [{"kind": "order-transmitted"}, {"envelope": 7}, {"envelope": None}])
def test_what_is_no_wrapper_of_these_bytes_is_passed_over(
    change: dict[str, Any], there: Ledger, tmp_path: Path
) -> None:
    raw, proof = there.entries[4], there.proof(4)
    here = Here()
    here.keep(raw, proof)

    def changed(payload: dict[str, Any]) -> None:
        payload.update({name: value for name, value in change.items() if name == "kind"})
        payload["public"].update({name: value for name, value in change.items() if name == "envelope"})

    here.rows[wrapper_id(THERE, 4)] = 17, resealed(wrapped(raw), changed, hand("ilves"))
    assert asked(here, there, Arrival(raw, proof), tmp_path) == (wrapper_id(THERE, 4, 1), None)


def test_two_entries_at_one_place_of_a_log_are_kept_with_the_exhibit_that_proves_it(tmp_path: Path) -> None:
    one, _, _ = two_histories(origin=THERE, log=hand("log xv"))
    two = Ledger(origin=THERE, log=hand("log xv"))
    for index, raw in enumerate(one.entries):
        two.append(one.entries[-1] if index == 4 else raw)
    here = Here()
    here.keep(one.entries[4], one.proof(4))
    here.rows[wrapper_id(THERE, 4)] = 17, wrapped(one.entries[4])
    arrival = Arrival(two.entries[4], two.proof(4))
    with pytest.raises(LedgerError, match="has shown two entries at its place 4") as split:
        asked(here, one, arrival, tmp_path / "evidence")
    assert split.value.code == "SPLIT-VIEW"
    kept = [path.name.partition(".")[2] for path in (tmp_path / "evidence").iterdir()]
    assert (len(kept), kept.count("dsse.json"), kept.count("omission.json")) == (5, 2, 1)
    unproven = Arrival(two.entries[4], one.proof(4))
    assert asked(here, one, unproven, tmp_path / "none") == (wrapper_id(THERE, 4, 1), None)
    assert not (tmp_path / "none").exists()
