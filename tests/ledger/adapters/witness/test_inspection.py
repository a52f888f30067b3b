"""A reader of a log stores only entries that make the signed tree, and follows each order to its first fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.log.published_log import from_folder
from ledger.adapters.witness import followed_entries
from ledger.adapters.witness.followed_entries import Inspection
from ledger.entries.envelope import EntryPlace
from ledger.entries.keyring import Registrar
from ledger.errors import LedgerError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import Checkpoint, Head, log_vkey, parse_vkey
from ledger.tlog.tile import bundles_for, pack_entries, tile_bytes, tile_path, tiles_for
from ledger.tlog.tree import root
from tests.support.hash_log import HashLog
from tests.support.memory_ledger import ORDER, Hand, Ledger, hand, small

OTHER = "22222222-2222-4333-8444-555555555555"
SENT = {"addressee": "skylark", "channel": "post"}


class Reader:
    """The state of reading one log, and the folder of its evidence."""

    def __init__(self, folder: Path, registrar: Registrar) -> None:
        self.path, self.evidence = folder / "log.entries.db", folder / "evidence"
        self.state = Inspection(self.path, "ledger.test/xo/karsk", registrar)

    def read(self, ledger: Ledger, shown: bytes | None = None) -> list[str]:
        """Read the entries of a ledger under its head, or under one with another root; return all codes so far."""
        files = {tile_path(tile): tile_bytes(tile, ledger.read) for tile in tiles_for(0, ledger.size)}
        for bundle in bundles_for(0, ledger.size):
            first = bundle.n * 256
            files[tile_path(bundle)] = pack_entries(ledger.entries[first : first + bundle.width])
        signed = Checkpoint(ledger.origin, ledger.size, shown or root(ledger.size, ledger.read))
        log = parse_vkey(log_vkey(ledger.origin, public_key(ledger.log.seed)))
        head = Head(signed, ledger.checkpoint(root=signed.root), ())

        def fetch(path: str, most: int) -> bytes:
            assert len(files[path]) <= most
            return files[path]

        self.state.read(fetch, log, head, self.evidence)
        return [found.code for found in self.state.found()]

    def exhibits(self) -> int:
        return len(list(self.evidence.glob("*.split-order.json")))


def registrar_of(ledger: Ledger) -> Registrar:
    return Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    made = Reader(tmp_path, registrar_of(Ledger()))
    yield made
    made.state.close()


def sent(ledger: Ledger, by: Hand, seq: int, prev: str | None, order: str = ORDER, instrument: str = "2AP-7") -> int:
    """Append an entry at any place of an order."""
    place = EntryPlace(ledger.origin, order, seq, prev, instrument)
    return ledger.record(by, "order-transmitted", SENT, order=order, place=place)


def refused(call: Callable[..., Any], *args: Any) -> LedgerError:
    with pytest.raises(LedgerError) as error:
        call(*args)
    return error.value


def test_a_log_that_publishes_other_entries_than_before_is_corrupt_and_none_of_them_is_stored(reader: Reader) -> None:
    ledger, _ = small()
    assert reader.read(ledger) == []
    other, ilves = small()
    other.entries.pop()
    again = Ledger()
    for raw in (*other.entries, b"another entry in its place", b"more"):
        again.append(raw)
    error = refused(reader.read, again)
    assert (error.code, "are not those that were read before" in error.says) == ("LOG-CORRUPT", True)
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
    assert reader.read(ledger) == []


@pytest.mark.parametrize("step", [256, 4_096], ids=["within the log", "at its end"])
def test_entries_that_do_not_make_the_signed_tree_are_not_stored(
    reader: Reader, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_entries, "STEP", step)
    monkeypatch.setattr(followed_entries, "MOST", 1)
    ledger = Ledger()
    for n in range(260):
        ledger.append(b"%d" % n)
    error = refused(reader.read, ledger, bytes(32))
    assert (error.code, error.says) == ("LOG-CORRUPT", "the entries published do not make the signed tree of 260")
    assert reader.state.found() == []


def test_a_head_of_fewer_entries_than_were_read_gives_nothing_to_read(reader: Reader) -> None:
    ledger, _ = small()
    assert reader.read(ledger) == []
    shorter = Ledger()
    shorter.append(ledger.entries[0])
    assert reader.read(shorter) == []
    assert reader.read(ledger) == []


def test_the_entries_of_a_log_are_not_continued_under_another_registrar(reader: Reader, tmp_path: Path) -> None:
    ledger, _ = small()
    keys = registrar_of(ledger)
    error = refused(Inspection, reader.path, ledger.origin, Registrar(keys.actor, keys.party, "00" * 32))
    assert (error.code, "another registrar" in error.says) == ("TRUST", True)
    again = Inspection(reader.path, ledger.origin, keys)
    assert again.found() == []
    again.close()
    assert "closed" in refused(again.found).says


@pytest.mark.parametrize("apart", [False, True])
def test_an_order_is_followed_to_its_first_fault_and_no_further(reader: Reader, apart: bool) -> None:
    ledger, ilves = small()
    sent(ledger, ilves, 3, "00" * 32)
    if apart:
        assert reader.read(ledger) == ["SPLIT-ORDER"]
    sent(ledger, ilves, 9, "11" * 32)
    sent(ledger, hand("ilves", key="other"), 10, ledger.leaf(ledger.size - 1))
    assert reader.read(ledger) == ["SPLIT-ORDER"]


def test_an_entry_has_one_fault_which_is_that_of_its_place(reader: Reader) -> None:
    ledger, _ = small()
    sent(ledger, hand("ilves", key="other"), 3, "00" * 32)
    assert reader.read(ledger) == ["SPLIT-ORDER"]


def test_an_entry_that_is_published_again_is_a_replay_and_changes_nothing_in_its_order(reader: Reader) -> None:
    ledger, ilves = small()
    ledger.append(ledger.entries[4])
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
    assert reader.read(ledger) == ["CTX-REPLAY"]


@pytest.mark.parametrize(
    ("seq", "code", "exhibits"),
    [
        (1, "SPLIT-ORDER", 1),
        (2, "SPLIT-ORDER", 1),
        (3, "SPLIT-ORDER", 1),
        (4, "CTX-CHAIN", 0),
        (5, "CTX-CHAIN", 0),
    ],
)
def test_an_entry_up_to_the_next_place_of_its_order_is_a_second_history_and_a_later_one_a_gap(
    reader: Reader, seq: int, code: str, exhibits: int
) -> None:
    ledger, ilves = small()
    sent(ledger, ilves, seq, None if seq == 1 else "00" * 32)
    assert reader.read(ledger) == [code]
    assert reader.exhibits() == exhibits


def test_an_entry_under_another_instrument_is_no_second_history(reader: Reader) -> None:
    ledger, ilves = small()
    sent(ledger, ilves, 3, ledger.leaf(4), instrument="EPOC")
    assert (reader.read(ledger), reader.exhibits()) == (["CTX-INSTRUMENT"], 0)


def test_a_log_without_a_register_enrols_no_key(reader: Reader) -> None:
    ledger = Ledger()
    sent(ledger, hand("ilves"), 1, None)
    assert reader.read(ledger) == ["KEY-UNKNOWN"]


def test_the_search_for_a_first_history_runs_although_other_faults_are_known(reader: Reader) -> None:
    ledger, ilves = small()
    sent(ledger, hand("ilves", key="other"), 1, None, OTHER)
    assert reader.read(ledger) == ["KEY-UNKNOWN"]
    sent(ledger, ilves, 1, None)
    assert reader.read(ledger) == ["KEY-UNKNOWN", "SPLIT-ORDER"]
    assert reader.exhibits() == 1


def test_findings_on_roles_leave_room_for_faults_of_the_same_look(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_entries, "MOST", 2)
    ledger, ilves = small()
    for _ in range(4):
        ledger.record(ilves, "order-transmitted", SENT, order=ORDER, role="CT")
    for order in (OTHER, OTHER.replace("2", "3"), OTHER.replace("2", "4")):
        sent(ledger, hand("ilves", key="other"), 1, None, order)
    assert reader.read(ledger) == ["V-ROLE-NOT-HELD"] * 2 + ["KEY-UNKNOWN"] * 2


def test_the_first_entry_of_a_place_is_found_behind_the_first_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = HashLog(size=300)
    fetch = from_folder(log.publish(tmp_path, 300))

    def opened(raw: bytes) -> Any:
        return SimpleNamespace(payload=SimpleNamespace(order=raw, seq=1))

    monkeypatch.setattr(followed_entries, "open_each", lambda raws, verify: map(opened, raws))
    assert [followed_entries._first(fetch, 300, opened(log.entries[n])) for n in (0, 255, 256, 299)] == [
        0,
        255,
        256,
        299,
    ]
    assert followed_entries._first(fetch, 300, opened(b"none")) is None
