"""Recording a fact gives a receipt; all steps between happen or none."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import SeedKey
from ledger.adapters.storage.entry_recorder import REFERENCES
from ledger.adapters.storage.entry_store import Conflict, EntryStore
from ledger.application import create_ledger
from ledger.application import journal as module
from ledger.application.journal import Journal
from ledger.application.write.draft import Draft, holder_of, target_of
from ledger.application.write.group_commit import REFERENCE
from ledger.application.write.receipt import Receipt
from ledger.application.write.write_position import PendingBatch
from ledger.entries.case import Entry, Unread
from ledger.entries.envelope import Circumstances, EntryPlace, Signer, open_, seal
from ledger.entries.keyring import Registrar
from ledger.entries.placement import registry_of
from ledger.errors import LedgerError, RecordError
from ledger.facts import build
from ledger.formats.canonical_json import canonical
from ledger.formats.dsse import EVENT_TYPE, open_bytes, seal_bytes
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import cosign, open_checkpoint, parse_vkey, witness_vkey
from ledger.tlog.tree import check_inclusion, leaf_hash, parse_proof
from tests.ledger.adapters.storage.test_entry_store import row

ORIGIN = "ledger.example/xo/karsk"
ORDER = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
ADM = SeedKey(bytes([1] * 32))
ILVES = SeedKey(bytes([2] * 32))
SKYLARK = SeedKey(bytes([3] * 32))
REGISTRAR = Registrar("adm", "XO", ADM.public.hex())
OFFICES = {"ilves": ("XO", ILVES, ["ISS", "VAL"]), "skylark": ("XV", SKYLARK, ["SP"])}
NOON = datetime(2027, 3, 1, 12, 0, 0, tzinfo=UTC)
HOLDER = "Dina Ilves in person"


class Clock:
    """A clock that advances a second at each call."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def made(path: Path, **given: Any) -> Journal:
    """Make a ledger with a registrar and two offices that may sign, with all files inside its folder."""
    journal = Journal.create(path, ORIGIN, REGISTRAR, home=Home.inside(path), now=Clock(), **given)
    enrol(journal)
    return journal


def enrol(journal: Journal) -> None:
    adm = journal.signer("adm", "ADM", ADM)
    for actor, (party, key, roles) in OFFICES.items():
        office = {"actor": actor, "party": party, "roles": roles, "valid_from": "2027-01-01"}
        journal.record(build("authority-registered", office, {}), journal.registry, adm)
        registered = {"actor": actor, "key": key.public.hex(), "roles": roles}
        journal.record(build("key-registered", registered, {"holder": HOLDER}), journal.registry, adm)
        holder = journal.signer(actor, roles[0], key)
        journal.record(build("key-accepted", {"key": key.public.hex()}, {}), journal.registry, holder)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = made(tmp_path / "ledger")
    yield journal
    journal.close()


def issued(reference: str = "PPO-2026-123", **sealed: Any) -> Any:
    public = {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV", "reference": reference}
    return build("order-issued", public, {"identifiers": ["kestrel@skylark.example"], **sealed})


def sent() -> Any:
    return build("order-transmitted", {"addressee": "skylark", "channel": "provider-portal"}, {})


def ilves(journal: Journal) -> Signer:
    return journal.signer("ilves", "ISS", ILVES)


def entries(journal: Journal, order: str = ORDER, **given: Any) -> tuple[Entry, ...]:
    return journal.case(order, **given).entries


def code(error: pytest.ExceptionInfo[Any]) -> str:
    return str(error.value.code)


def sealed_for(journal: Journal, fact: Any, signer: Signer, **place: Any) -> bytes:
    """Seal an entry outside the journal, by default for the next place of its order."""
    order, said = place.pop("order", ORDER), place.pop("said", Circumstances(NOON, NOON))
    salt = random.Random(place.pop("salt", 1)).randbytes
    past = [open_(raw) for _, raw in journal.store.order(order)]
    at = EntryPlace(
        **{
            "log": ORIGIN,
            "order": order,
            "seq": len(past) + 1,
            "prev": past[-1].leaf if past else None,
            "instrument": "2AP-7",
            **place,
        }
    )
    entry = random.Random(place.get("seed", repr(at))).randbytes(16).hex()
    return seal(fact, at, signer, said, entry, salt).raw


def test_a_recorded_fact_comes_back_as_it_was_told(journal: Journal) -> None:
    receipt = journal.record(issued(), ORDER, ilves(journal))
    (entry,) = entries(journal)
    assert (entry.leaf, entry.index, entry.order, entry.seq) == (receipt.leaf, receipt.index, ORDER, 1)
    assert (entry.kind, entry.by, entry.role, entry.party) == ("order-issued", "ilves", "ISS", "XO")
    assert entry.public["reference"] == "PPO-2026-123"
    assert entry.sealed == {
        "identifiers": ["kestrel@skylark.example"],
        "circumstances": None,
        "validation_pending": None,
    }
    assert set(entry.digests) == set(entry.sealed)
    assert journal.case(ORDER).instrument == "2AP-7"
    assert {e.kind for e in journal.case(ORDER).registry} == {"authority-registered", "key-registered", "key-accepted"}


def test_a_receipt_is_a_proof_that_needs_nothing_of_ours(journal: Journal) -> None:
    receipt = journal.record(issued(), ORDER, ilves(journal))
    proof = parse_proof(receipt.proof)
    head = open_checkpoint(proof.note, ORIGIN, journal.folder.key, ())
    check_inclusion(proof.index, head.checkpoint.size, bytes.fromhex(receipt.leaf), proof.path, head.checkpoint.root)
    assert receipt.leaf == leaf_hash(journal.store.at(receipt.index) or b"").hex()


def traces(folder: Path, secret: bytes) -> list[Path]:
    """Return the files with the secret: plain, or in base64 of either alphabet, at any offset of a longer text."""
    inside = [
        encode(bytes(n) + secret)[(0, 2, 3)[n] : (n + len(secret)) * 8 // 6]
        for encode in (b64encode, urlsafe_b64encode)
        for n in range(3)
    ]
    files = (p for p in folder.rglob("*") if p.is_file())
    return [p for p in files if any(spelt in p.read_bytes() for spelt in (secret, *inside))]


def test_sealed_values_stand_nowhere_in_the_clear(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    journal.close()
    assert traces(journal.folder.path, b"PPO-2026-123"), "a public value is found, else this test proves nothing"
    for secret in (b"kestrel", HOLDER.encode()):
        assert traces(journal.folder.path, secret) == []


def test_without_reveal_no_sealed_value_is_opened(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    (entry,) = entries(journal, reveal=False)
    assert set(entry.sealed.values()) == {Unread.WITHHELD}
    assert all(v is Unread.WITHHELD for e in journal.case(ORDER, reveal=False).registry for v in e.sealed.values())


def test_entries_of_an_order_are_chained_and_keep_its_instrument(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    journal.record(sent(), ORDER, ilves(journal))
    first, second = (open_(raw).payload for _, raw in journal.store.order(ORDER))
    assert (second.seq, second.instrument) == (2, "2AP-7")
    assert second.prev == entries(journal)[0].leaf
    assert first.prev is None


def test_an_order_without_an_instrument_is_refused_and_nothing_is_written(journal: Journal) -> None:
    size = journal.store.size()
    with pytest.raises(RecordError) as refused:
        journal.record(sent(), ORDER, ilves(journal))
    assert code(refused) == "CTX-INSTRUMENT"
    assert journal.store.size() == size
    assert journal.record(sent(), ORDER, ilves(journal), instrument="2AP-7").seq == 1


def test_the_same_id_and_the_same_fact_is_already_recorded(journal: Journal) -> None:
    entry = "ab" * 16
    first = journal.record(issued(), ORDER, ilves(journal), entry=entry)
    again = journal.record(issued(), ORDER, ilves(journal), entry=entry)
    assert not first.already
    assert again.already
    assert (again.index, again.leaf, again.entry) == (first.index, first.leaf, entry)
    assert len(journal.store.order(ORDER)) == 1


@pytest.mark.parametrize(
    "other",
    [
        (issued("PPO-2026-124"), ORDER, "ISS"),
        (issued(identifiers=["somebody.else@skylark.example"]), ORDER, "ISS"),
        (issued(offences=["one more"]), ORDER, "ISS"),
        (issued(), OTHER, "ISS"),
        (issued(), ORDER, "VAL"),
    ],
)
def test_the_same_id_and_another_fact_is_a_conflict(journal: Journal, other: tuple[Any, str, str]) -> None:
    entry = "ab" * 16
    journal.record(issued(), ORDER, ilves(journal), entry=entry)
    size = journal.store.size()
    fact, order, role = other
    with pytest.raises(Conflict):
        journal.record(fact, order, journal.signer("ilves", role, ILVES), entry=entry)
    assert journal.store.size() == size


def test_another_moment_that_somebody_named_makes_another_fact(journal: Journal) -> None:
    def at(hour: int) -> Circumstances:
        return Circumstances(NOON.replace(hour=hour), journal.now())

    journal.record(issued(), ORDER, ilves(journal), at(9), entry="ab" * 16)
    assert journal.record(issued(), ORDER, ilves(journal), at(9), entry="ab" * 16).already
    with pytest.raises(Conflict):
        journal.record(issued(), ORDER, ilves(journal), at(10), entry="ab" * 16)


def test_an_entry_id_that_is_none_is_refused(journal: Journal) -> None:
    for entry in ("ab", "AB" * 16, "xy" * 16):
        with pytest.raises(RecordError) as refused:
            journal.record(issued(), ORDER, ilves(journal), entry=entry)
        assert code(refused) == "JSON-MEMBER"


def test_our_own_stale_seal_is_sealed_again(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    with Journal.open(journal.folder.path, now=Clock()) as second:
        second.record(sent(), ORDER, ilves(second))
        journal.record(sent(), ORDER, ilves(journal))
        second.record(sent(), ORDER, ilves(second))
    assert [e.seq for e in entries(journal)] == [1, 2, 3, 4]


def test_a_key_revoked_by_another_process_may_sign_no_more(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    signer = ilves(journal)
    with Journal.open(journal.folder.path, now=Clock()) as second:
        revoked = build("key-revoked", {"actor": "ilves", "cause": "left-office"}, {})
        second.record(revoked, second.registry, second.signer("adm", "ADM", ADM))
    size = journal.store.size()
    with pytest.raises(RecordError) as refused:
        journal.record(sent(), ORDER, signer)
    assert code(refused) == "KEY-ENDED"
    assert journal.store.size() == size


def test_a_key_nobody_enrolled_may_not_sign(journal: Journal) -> None:
    stranger = SeedKey(bytes([9] * 32))
    with pytest.raises(RecordError) as refused:
        journal.record(issued(), ORDER, journal.signer("ilves", "ISS", stranger))
    assert code(refused) == "KEY-UNKNOWN"
    with pytest.raises(RecordError) as refused:
        journal.signer("nobody", "ISS", stranger)
    assert code(refused) == "KEY-UNKNOWN"


def test_a_batch_is_recorded_whole_or_not_at_all(journal: Journal) -> None:
    said = Circumstances(NOON, NOON)
    good = [Draft(issued(), ORDER, ilves(journal), said), Draft(sent(), ORDER, ilves(journal), said)]
    stranger = replace(ilves(journal), public=SKYLARK.public, sign=SKYLARK.sign)
    size = journal.store.size()
    with pytest.raises(RecordError):
        journal.record_batch([*good, Draft(sent(), ORDER, stranger, said)])
    assert journal.store.size() == size
    receipts = journal.record_batch([*good, Draft(issued("PPO-7"), OTHER, ilves(journal), said)])
    assert [(r.order, r.seq, r.index - size) for r in receipts] == [(ORDER, 1, 0), (ORDER, 2, 1), (OTHER, 1, 2)]


def test_a_batch_may_enrol_a_key_and_use_it(journal: Journal) -> None:
    key, said = SeedKey(bytes([7] * 32)), Circumstances(NOON, NOON)
    office = {"actor": "ncco", "party": "XV", "roles": ["NOT"], "valid_from": "2027-01-01"}
    adm = journal.signer("adm", "ADM", ADM)
    ncco = Signer("ncco", "NOT", "XV", key.public, key.sign)
    registered = {"actor": "ncco", "key": key.public.hex(), "roles": ["NOT"]}
    drafts = [
        Draft(build("authority-registered", office, {}), journal.registry, adm, said),
        Draft(build("key-registered", registered, {}), journal.registry, adm, said),
        Draft(build("key-accepted", {"key": key.public.hex()}, {}), journal.registry, ncco, said),
        Draft(issued(), ORDER, ncco, said),
    ]
    with pytest.raises(RecordError):
        journal.record_batch([*drafts[:2], drafts[3]])
    assert len(journal.record_batch(drafts)) == 4
    journal.record(sent(), ORDER, ncco)


def test_without_its_guard_nothing_is_recorded(journal: Journal) -> None:
    journal.close()
    shutil.rmtree(journal.home.state)
    journal.home.state.mkdir()
    said: list[str] = []
    with Journal.open(journal.folder.path, say=said.append) as again:
        assert "GUARD-MISSING" in said[0]
        size = again.store.size()
        with pytest.raises(LedgerError) as fault:
            again.record(issued(), ORDER, again.signer("ilves", "ISS", ILVES))
        assert code(fault) == "GUARD-MISSING"
        assert again.store.size() == size


def test_an_older_shelf_put_under_an_open_ledger_takes_nothing_in(tmp_path: Path) -> None:
    journal = made(tmp_path / "ledger")
    shelf, older = journal.folder.path / "entries.db", tmp_path / "older.db"
    journal.record(issued(), ORDER, ilves(journal))
    with closing(sqlite3.connect(shelf)) as now, closing(sqlite3.connect(older)) as then:
        now.backup(then)
    journal.record(sent(), ORDER, ilves(journal))
    with closing(sqlite3.connect(shelf)) as now, closing(sqlite3.connect(older)) as then:
        then.backup(now)
        size = now.execute("SELECT count(*) FROM stored_events").fetchone()
    for _ in range(2):
        with pytest.raises(LedgerError) as fault:
            journal.record(sent(), ORDER, ilves(journal))
        assert code(fault) == "LOG-ROLLBACK"
    with closing(sqlite3.connect(shelf)) as now:
        assert now.execute("SELECT count(*) FROM stored_events").fetchone() == size, "nothing was written behind it"
    with pytest.raises(LedgerError):
        journal.close()  # the signed head can no longer be published


def test_a_ledger_opened_read_only_takes_nothing(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    journal.close()
    with Journal.open(journal.folder.path, writable=False, now=Clock()) as reader:
        assert len(entries(reader)) == 1
        with pytest.raises(LedgerError) as fault:
            reader.record(sent(), ORDER, ilves(reader))
        assert code(fault) == "READ-ONLY"


def test_what_a_crash_left_unacknowledged_is_acknowledged_first_at_the_next_opening(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(journal.log), "acknowledge", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        journal.record(issued(), ORDER, ilves(journal))
    monkeypatch.undo()
    with Journal.open(journal.folder.path, now=Clock()) as again:
        assert list(again.caught_up) == [again.store.size() - 1]
        head = again.log.files.head()
        assert head is not None
        assert head.checkpoint.size == again.store.size()
    with Journal.open(journal.folder.path, now=Clock()) as again:
        assert list(again.caught_up) == []


def test_what_was_recorded_is_published_on_closing(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    size = journal.store.size()
    journal.close()
    note = (journal.folder.log / "checkpoint").read_bytes()
    assert open_checkpoint(note, ORIGIN, journal.folder.key, ()).checkpoint.size == size


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_a_closed_ledger_keeps_no_file_open(tmp_path: Path) -> None:
    def held() -> set[str]:
        names = [os.readlink(fd) for fd in Path("/proc/self/fd").iterdir() if fd.exists()]
        return {Path(name).name for name in names if name.startswith(str(tmp_path))}

    journal = made(tmp_path / "ledger")
    journal.record(issued(), ORDER, ilves(journal))
    assert held() >= {"heads.db", "keys.db", "guard.db"}
    journal.close()
    assert held() == set()


def test_a_cosigned_head_is_what_the_next_entry_has_seen(journal: Journal) -> None:
    seed = bytes([5] * 32)
    witness = parse_vkey(witness_vkey("witness.example/fr-y", public_key(seed)))
    policy = journal.folder.path / "trust" / "policy"
    policy.write_text(policy.read_text().replace("quorum none", f"witness y {witness.text}\nquorum y"))
    with Journal.open(journal.folder.path, now=Clock()) as again:
        bare = again.log.publish()
        kept = again.log.publish(bare.note + cosign(bare.note, witness.name, seed, 1_800_000_000).encode())
        again.record(issued(), ORDER, ilves(again))
        ((_, raw),) = again.store.order(ORDER)
        seen = open_(raw).payload.seen
        assert seen is not None
        assert (seen.origin, seen.size, seen.note) == (ORIGIN, kept.size, kept.digest)


# -- entries sealed elsewhere ------------------------------------------------------------------------------------------


def test_entries_sealed_elsewhere_are_stored_as_they_came(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    raw = sealed_for(journal, sent(), journal.signer("skylark", "SP", SKYLARK))
    (receipt,) = journal.receive_sealed([raw])
    assert journal.store.at(receipt.index) == raw
    (again,) = journal.receive_sealed([raw])
    assert (again.already, again.index) == (True, receipt.index)


def test_disclosures_that_came_along_can_be_read_afterwards(journal: Journal) -> None:
    signer = ilves(journal)
    place = EntryPlace(ORIGIN, ORDER, 1, None, "2AP-7")
    sealed = seal(issued(), place, signer, Circumstances(NOON, NOON), "cd" * 16, random.Random(1).randbytes)
    texts = [d.text for d in sealed.disclosures]
    with pytest.raises(RecordError) as refused:
        journal.receive_sealed([sealed.raw], [[*texts, texts[0]]])
    assert code(refused) == "SD-DUP"
    journal.receive_sealed([sealed.raw], [texts])
    assert entries(journal)[0].get("identifiers") == ["kestrel@skylark.example"]


def test_an_entry_without_its_disclosures_is_withheld_here(journal: Journal) -> None:
    place = EntryPlace(ORIGIN, ORDER, 1, None, "2AP-7")
    sealed = seal(issued(), place, ilves(journal), Circumstances(NOON, NOON), "cd" * 16, random.Random(1).randbytes)
    journal.receive_sealed([sealed.raw])
    assert entries(journal)[0].sealed["identifiers"] is Unread.WITHHELD


def test_many_entries_are_received_in_their_order(journal: Journal) -> None:
    signer, said = ilves(journal), Circumstances(NOON, NOON)
    raws, prev = [], None
    for n in range(1203):
        fact = issued() if n == 0 else sent()
        sealed = seal(fact, EntryPlace(ORIGIN, ORDER, n + 1, prev, "2AP-7"), signer, said, f"{n:032x}", bytes)
        raws.append(sealed.raw)
        prev = sealed.leaf
    receipts = journal.receive_sealed(raws)
    assert [journal.store.at(r.index) for r in receipts] == raws
    assert [r.seq for r in receipts] == list(range(1, 1204))
    assert all(r.already for r in journal.receive_sealed(raws))


BAD: list[tuple[str, dict[str, Any]]] = [
    ("CTX-LOG", {"log": "ledger.example/xv/other"}),
    ("CTX-CHAIN", {"seq": 3}),
    ("CTX-CHAIN", {"seq": 1}),
    ("CTX-CHAIN", {"prev": "ab" * 32}),
    ("CTX-INSTRUMENT", {"instrument": "EPOC"}),
]


@pytest.mark.parametrize(("expected", "place"), BAD)
def test_an_entry_sealed_for_another_place_is_refused_and_nothing_is_written(
    journal: Journal, expected: str, place: dict[str, Any]
) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    raw = sealed_for(journal, sent(), ilves(journal), **place)
    size = journal.store.size()
    with pytest.raises(RecordError) as refused:
        journal.receive_sealed([raw])
    assert code(refused) == expected
    assert "entry 0" in refused.value.where
    assert journal.store.size() == size


def test_a_changed_entry_is_refused_by_its_signature(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    good = sealed_for(journal, sent(), ilves(journal))
    bad = good.replace(b'"sig":"', b'"sig":"A', 1)
    bad = bad[: -len('=="}]}') - 1] + b'=="}]}'
    size = journal.store.size()
    with pytest.raises(RecordError) as refused:
        journal.receive_sealed([bad])
    assert code(refused) in ("SIG-BAD", "ENV-NONCANON")
    assert journal.store.size() == size


def test_a_kind_or_field_the_vocabulary_does_not_have_is_refused(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    good = sealed_for(journal, sent(), ilves(journal))
    for change, expected in (({"kind": "order-dreamt-of"}, "FACT-KIND"), ({"public": {"channel": "pigeon"}}, "FACT")):
        value, _ = open_bytes(good, EVENT_TYPE)
        raw = seal_bytes(canonical({**value, **change}), EVENT_TYPE, ILVES.public, ILVES.sign)
        with pytest.raises(RecordError) as refused:
            journal.receive_sealed([raw])
        assert code(refused) == expected


@pytest.mark.parametrize("text", ["a\U0001e08f\u0323", "KA\u200b", "KA\u200d"])
def test_a_text_that_nobody_may_sign_any_more_is_refused_and_nothing_is_written(journal: Journal, text: str) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    size = journal.store.size()
    signer, said = ilves(journal), Circumstances(NOON, NOON, refs=(text,))
    loose = msgspec.structs.replace(issued(), case_ref=text)
    hidden = msgspec.structs.replace(issued(), identifiers=[text])
    taken = seal(
        hidden, EntryPlace(ORIGIN, OTHER, 1, None, "2AP-7"), signer, Circumstances(NOON, NOON), "cd" * 16, bytes
    )
    for attempt in (
        lambda: journal.record(sent(), ORDER, signer, said),
        lambda: journal.receive_sealed([sealed_for(journal, loose, signer)]),
        lambda: journal.receive_sealed([taken.raw], [[d.text for d in taken.disclosures]]),
    ):
        with pytest.raises(RecordError) as refused:
            attempt()
        assert code(refused) == "JSON-CHAR"
    assert journal.store.size() == size


def test_a_reason_for_a_replacement_holds_nothing_that_is_not_assigned(journal: Journal) -> None:
    first = journal.record(issued(), ORDER, ilves(journal))
    said = Circumstances(NOON, NOON, replaces=first.leaf, why="a\U0001e08f\u0323")
    with pytest.raises(RecordError) as refused:
        journal.record(issued(), ORDER, ilves(journal), said)
    assert code(refused) == "JSON-CHAR"


def test_a_commitment_that_its_order_has_already_is_not_taken_from_another(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    ((_, raw),) = journal.store.order(ORDER)
    digests = open_(raw).sd
    signer = ilves(journal)
    good = sealed_for(journal, issued(), signer)
    value, _ = open_bytes(good, EVENT_TYPE)
    value["public"]["_sd"] = digests
    copied = seal_bytes(canonical(value), EVENT_TYPE, ILVES.public, ILVES.sign)
    size = journal.store.size()
    with pytest.raises(RecordError) as refused:
        journal.receive_sealed([copied])
    assert code(refused) == "SD-DUP"
    assert journal.store.size() == size
    journal.receive_sealed([good])


def test_a_commitment_is_not_taken_twice_whoever_stored_the_first(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    signer = ilves(journal)
    ((_, first),) = journal.store.order(ORDER)
    here = sealed_for(journal, issued(), signer)
    journal.receive_sealed([here])  # the journal remembers all commitments from now on

    def copied(raw: bytes) -> bytes:
        value, _ = open_bytes(sealed_for(journal, issued(), signer), EVENT_TYPE)
        value["public"]["_sd"] = open_(raw).sd
        return seal_bytes(canonical(value), EVENT_TYPE, ILVES.public, ILVES.sign)

    def assert_refused(raw: bytes) -> None:
        size = journal.store.size()
        for _ in range(2):  # the journal forgets the remembered commitments after a refused page
            with pytest.raises(RecordError) as refused:
                journal.receive_sealed([raw])
            assert code(refused) == "SD-DUP"
        assert journal.store.size() == size

    assert_refused(copied(first))
    assert_refused(copied(here))
    with Journal.open(journal.folder.path, journal.home, now=journal.now) as another:
        there = sealed_for(another, issued(), signer, salt=2)
        another.receive_sealed([there])
    assert journal.read_keyring().keys  # read again, as are the entries of the other journal
    assert_refused(copied(there))
    journal.receive_sealed([sealed_for(journal, sent(), signer)])
    assert_refused(copied(there))


def test_the_same_entry_id_twice_is_refused(journal: Journal) -> None:
    signer, said = ilves(journal), Circumstances(NOON, NOON)
    one = seal(issued(), EntryPlace(ORIGIN, ORDER, 1, None, "2AP-7"), signer, said, "cd" * 16, bytes)
    two = seal(issued(), EntryPlace(ORIGIN, OTHER, 1, None, "2AP-7"), signer, said, "cd" * 16, bytes)
    with pytest.raises(RecordError) as refused:
        journal.receive_sealed([one.raw, two.raw])
    assert code(refused) == "CTX-REPLAY"
    journal.receive_sealed([one.raw])
    with pytest.raises(Conflict):
        journal.receive_sealed([two.raw])


def test_a_bad_entry_keeps_its_whole_page_out(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    good = sealed_for(journal, sent(), ilves(journal))
    bad = sealed_for(journal, issued("PPO-9"), ilves(journal), order=OTHER, seq=2)
    size = journal.store.size()
    with pytest.raises(RecordError) as refused:
        journal.receive_sealed([good, bad])
    assert "entry 1" in refused.value.where
    assert journal.store.size() == size


# -- companions, access, finding --------------------------------------------------------------------------------------


def sought() -> Any:
    return build("ex-post-validation-sought", {"asked_of": "ilves"}, {})


def test_the_link_from_a_companion_to_its_order_is_no_value_of_a_person_that_stays(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    receipt = journal.record(sought(), ORDER, ilves(journal))
    case = journal.case(ORDER)
    assert next(e for e in case.entries if e.leaf == receipt.leaf).get("main_order") == ORDER
    assert not [fields for fields in journal.erasure.stays(ORDER, ()).values() if "main_order" in fields]


def test_what_not_everybody_may_know_of_stands_in_a_companion_order(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    receipt = journal.record(sought(), ORDER, ilves(journal))
    assert receipt.order not in (ORDER, OTHER)
    assert len(journal.store.order(ORDER)) == 1
    granted = {"about": receipt.leaf, "capacity": "court"}
    second = journal.record(
        build("ex-post-validation-granted", granted, {}), ORDER, journal.signer("ilves", "VAL", ILVES)
    )
    assert second.order == receipt.order
    assert [e.kind for e in entries(journal)] == [
        "order-issued",
        "ex-post-validation-sought",
        "ex-post-validation-granted",
    ]
    assert entries(journal)[1].get("main_order") == ORDER
    assert entries(journal)[1].instrument == "2AP-7"


def test_a_companion_is_linked_but_never_listed(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    companion = journal.record(sought(), ORDER, ilves(journal)).order
    assert list(journal.orders()) == [ORDER]
    with pytest.raises(LedgerError) as fault:
        journal.find(companion[:8])
    assert code(fault) == "ORDER-UNKNOWN"
    raw = b"".join(raw for _, raw in journal.store.order(companion))
    assert ORDER.encode() not in open_(raw).raw


def test_the_link_to_the_companion_outlives_the_erasure_of_the_targets_data(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    journal.record(sought(), ORDER, ilves(journal))
    journal.erasure.erase(target_of(ORDER), ilves(journal), cause="retention-ended")
    case = journal.case(ORDER)
    assert "ex-post-validation-sought" in [e.kind for e in case.entries]
    assert next(e for e in case.entries if e.kind == "ex-post-validation-sought").get("main_order") == ORDER


def test_orders_are_found_as_people_name_them(journal: Journal) -> None:
    journal.record(issued("PPO-2026-123"), ORDER, ilves(journal))
    journal.record(issued("PPO-2026-124"), OTHER, ilves(journal))
    assert journal.find("PPO-2026-124") == OTHER
    assert journal.find("1111") == ORDER
    assert journal.find(OTHER) == OTHER
    assert journal.find(journal.registry) == registry_of(ORIGIN)
    third = "1111aaaa-0000-4000-8000-000000000000"
    journal.record(issued("PPO-2026-123"), third, ilves(journal))
    for name, expected in (("1111", "ORDER-AMBIGUOUS"), ("PPO-2026-123", "ORDER-AMBIGUOUS"), ("", "ORDER-UNKNOWN")):
        with pytest.raises(LedgerError) as fault:
            journal.find(name)
        assert code(fault) == expected
    assert set(journal.orders()) == {ORDER, OTHER, third}
    with pytest.raises(LedgerError):
        journal.case("33333333-3333-4333-8333-333333333333")


def test_who_opened_what_and_why_stands_in_the_access_order(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    receipt = journal.note_access(
        [ORDER], ilves(journal), view="timeline", purpose="prosecution", because="trial on Monday", person="Dina Ilves"
    )
    assert receipt.order == journal.access
    (entry,) = entries(journal, journal.access)
    assert entry.public == {"view": "timeline", "purpose_code": "prosecution", "orders": [ORDER]}
    assert (entry.get("justification"), entry.get("person")) == ("trial on Monday", "Dina Ilves")
    assert set(entry.sealed) == {"justification", "person"}
    assert entry.instrument is None
    assert list(journal.orders()) == [ORDER]


def test_a_preview_is_the_entry_to_be_and_writes_nothing(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    size = journal.store.size()
    entry = journal.preview(sent(), ORDER, ilves(journal))
    assert journal.store.size() == size
    journal.record(sent(), ORDER, ilves(journal))
    real = entries(journal)[-1]
    for member in ("index", "order", "seq", "kind", "instrument", "by", "role", "party", "key", "public", "sealed"):
        assert getattr(entry, member) == getattr(real, member), member


# -- erasure ----------------------------------------------------------------------------------------------------------


def secret_of(journal: Journal, subject: str) -> bytes:
    c = sqlite3.connect(str(journal.folder.subject_keys))
    (secret,) = c.execute(
        "SELECT secret FROM subject_key JOIN subject_name USING (subject) WHERE name = ?", (subject,)
    ).fetchone()
    c.close()
    assert isinstance(secret, bytes)
    return secret


def test_erasure_leaves_no_trace_of_the_key_in_any_file_of_the_ledger(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    journal.record(issued("PPO-7"), OTHER, ilves(journal))
    secret = secret_of(journal, target_of(ORDER))
    assert traces(journal.folder.path, secret), "else this test proves nothing"
    journal.erasure.erase(target_of(ORDER), ilves(journal), cause="retention-ended")
    assert traces(journal.folder.path, secret) == []
    journal.close()
    assert traces(journal.folder.path, secret) == []


def test_an_erased_value_is_not_a_withheld_one_and_not_one_never_stated(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    journal.record(issued("PPO-7"), OTHER, ilves(journal))
    (receipt,) = journal.erasure.erase(target_of(ORDER), ilves(journal), cause="retention-ended")
    before = entries(journal)[0]
    assert set(before.sealed.values()) == {Unread.ERASED}
    assert before.erased("identifiers")
    assert "offences" not in before.sealed
    assert entries(journal, OTHER)[0].get("identifiers") == ["kestrel@skylark.example"]
    destroyed = entries(journal)[1]
    assert (destroyed.kind, destroyed.index) == ("payload-key-destroyed", receipt.index)
    assert sorted(destroyed.public["digests"]) == sorted(before.digests.values())
    assert destroyed.public["entries"] == [before.leaf]
    assert destroyed.public["cause"] == "retention-ended"


def test_what_is_sealed_after_an_erasure_can_be_read(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    journal.erasure.erase(target_of(ORDER), ilves(journal), cause="retention-ended")
    journal.record(issued("PPO-8"), ORDER, ilves(journal))
    assert [e.get("identifiers") for e in entries(journal)] == [None, None, ["kestrel@skylark.example"]]


def test_encrypted_values_left_over_from_an_erasure_keep_nobody_from_sealing(journal: Journal) -> None:
    """An older copy of the database was restored: it has the values, and an entry says that their key is destroyed."""
    journal.record(issued(), ORDER, ilves(journal))
    with closing(sqlite3.connect(journal.folder.path / "entries.db")) as c, c:
        c.execute("CREATE TEMP TABLE old AS SELECT * FROM ciphertext")
        journal.erasure.erase(target_of(ORDER), ilves(journal), cause="retention-ended")
        c.execute("DELETE FROM ciphertext")
        c.execute("INSERT INTO ciphertext SELECT * FROM old")
    assert journal.store.newest_sealed()
    journal.record(issued("PPO-8"), ORDER, ilves(journal))
    assert [e.get("identifiers") for e in entries(journal)][-1] == ["kestrel@skylark.example"]


def test_every_signature_and_leaf_still_verifies_after_an_erasure(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    journal.erasure.erase(target_of(ORDER), ilves(journal), cause="erasure-granted")
    for page in journal.store.pages():
        for _, raw in page:
            open_(raw)
    assert journal.log.derive().root() == journal.log.signed().root


def test_a_value_may_belong_to_somebody_else_and_be_erased_alone(journal: Journal) -> None:
    fact = issued(offences=["fraud"])
    journal.record(fact, ORDER, ilves(journal), subjects={"identifiers": "the neighbour"})
    journal.erasure.erase("the neighbour", ilves(journal), cause="out-of-scope")
    entry = entries(journal)[0]
    assert entry.sealed["identifiers"] is Unread.ERASED
    assert entry.get("offences") == ["fraud"]


def test_a_person_in_the_register_can_be_erased_and_the_register_still_holds(journal: Journal) -> None:
    assert journal.case(journal.registry).registry[1].get("holder") == HOLDER
    (receipt,) = journal.erasure.erase(holder_of("ilves"), ilves(journal), cause="erasure-granted")
    assert receipt.order == journal.access
    assert [e.sealed["holder"] for e in journal.case(journal.registry).registry if e.kind == "key-registered"] == [
        Unread.ERASED,
        HOLDER,
    ]
    journal.record(issued(), ORDER, ilves(journal))


def test_an_erasure_that_may_not_be_recorded_destroys_nothing(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    stranger = replace(ilves(journal), public=SKYLARK.public, sign=SKYLARK.sign)
    with pytest.raises(RecordError):
        journal.erasure.erase(target_of(ORDER), stranger, cause="retention-ended")
    assert entries(journal)[0].get("identifiers") == ["kestrel@skylark.example"]


def test_an_erasure_that_was_cut_short_is_finished_by_the_same_call(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    monkeypatch.setattr(Journal, "record_batch", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        journal.erasure.erase(target_of(ORDER), ilves(journal), cause="retention-ended")
    monkeypatch.undo()
    said: list[str] = []
    with Journal.open(journal.folder.path, now=Clock(), say=said.append) as again:
        assert "repeat the erasure" in said[0]
        assert entries(again)[0].sealed["identifiers"] is Unread.WITHHELD, "the record does not say so yet"
        (receipt,) = again.erasure.erase(target_of(ORDER), ilves(again), cause="retention-ended")
        assert entries(again)[0].sealed["identifiers"] is Unread.ERASED
        assert receipt.seq == 2
        (repeated,) = again.erasure.erase(target_of(ORDER), ilves(again), cause="retention-ended")
        assert (repeated.already, repeated.index) == (True, receipt.index)


# -- what is asked of the group ---------------------------------------------------------------------------------------


def requests_of(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Answer every request to store, and note it."""
    asked: list[Any] = []

    def commit(request: Any) -> list[Any]:
        asked.append(request)
        return [f"receipt {n}" for n in range(request.size)]

    monkeypatch.setattr(journal._group, "commit", commit)
    return asked


def test_requests_that_issue_orders_share_the_references_and_one_that_checks_them_is_alone(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, signer, said = requests_of(journal, monkeypatch), ilves(journal), Circumstances(NOON, NOON)
    plain, order = Draft(sent(), ORDER, signer, said), Draft(issued(), ORDER, signer, said)
    wrapped = Draft(sent(), ORDER, signer, said, reference="PPO-9")
    named = Draft(sent(), ORDER, signer, said, entry="ab" * 16)
    for drafts, check in (([plain], None), ([plain, order], None), ([wrapped], None), ([named, order], print)):
        receipts: list[Any] = [*journal.record_batch(drafts, check)]
        assert receipts == [f"receipt {n}" for n in range(len(drafts))]
    nothing: frozenset[str] = frozenset()
    assert [(request.alone, request.shared) for request in asked] == [
        (set(), nothing),
        (set(), REFERENCE),
        (set(), REFERENCE),
        ({"ab" * 16} | REFERENCE, REFERENCE),
    ]
    assert [request.size for request in asked] == [1, 2, 1, 2]


def test_references_are_checked_before_each_sealing_and_have_to_be_the_same_when_it_is_stored(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer, said, checked = ilves(journal), Circumstances(NOON, NOON), list[int]()
    journal.record(issued("PPO-1"), OTHER, signer)
    known = journal.record(issued(), ORDER, signer, said, entry="ab" * 16)
    asked = requests_of(journal, monkeypatch)

    def check() -> None:
        checked.append(journal.store.reference_count())

    drafts = [Draft(issued(), ORDER, signer, said, entry="ab" * 16), Draft(sent(), ORDER, signer, said)]
    journal.record_batch(drafts[:1], check)
    journal.record_batch(drafts, check)
    journal.record_batch(drafts[1:])
    stills = []
    for request in asked:
        batch = PendingBatch(journal._past)
        rows = request.make(batch)
        assert len(rows) == (1 if request is not asked[0] else 0)
        stills.append(batch.still.get(REFERENCES))
    assert (stills, checked) == ([None, 2, None], [2]), "nothing is checked where all is recorded already"
    assert journal.has("ab" * 16)
    assert not journal.has("cd" * 16)
    assert journal.recorded(drafts[0]) == known.leaf
    assert journal.recorded(drafts[1]) is None


def test_receipts_of_stored_entries_come_in_the_order_of_the_log(journal: Journal) -> None:
    signer = ilves(journal)
    first, *more = [journal.record(fact, ORDER, signer) for fact in (issued(), sent(), sent())]
    found = journal._receipts_of({more[1].index, first.index, more[0].index})
    assert [each.index for each in found] == [first.index, more[0].index, more[1].index]
    assert [(each.leaf, each.already) for each in found] == [(each.leaf, True) for each in (first, *more)]
    found = journal._receipts_of(iter([more[1].index, first.index]))
    assert [each.index for each in found] == [first.index, more[1].index]


def test_a_thread_signs_under_the_lock_of_the_group(journal: Journal) -> None:
    assert journal.signing() is journal._group.signing
    assert journal.seconds_to_store(1) == journal._group.seconds_to_store(1) >= 1


def test_a_repeated_fact_names_the_same_subjects(journal: Journal) -> None:
    signer, said = ilves(journal), Circumstances(NOON, NOON)
    fact = issued(offences=["fraud"])
    draft = Draft(fact, ORDER, signer, said, entry="ab" * 16, subjects={"identifiers": "witness 3"})
    journal.record_batch([draft])
    for subjects, same in (
        ({}, True),
        ({"identifiers": "witness 3"}, True),
        ({"identifiers": "witness 4"}, False),
        ({"offences": "witness 3"}, False),
        ({"offences": target_of(ORDER)}, True),
        ({"none": "witness 4"}, True),
    ):
        again = Draft(fact, ORDER, signer, said, entry="ab" * 16, subjects=subjects)
        if same:
            assert journal.recorded(again) is not None
        else:
            with pytest.raises(Conflict):
                journal.recorded(again)


def test_entries_sealed_elsewhere_are_received_in_pages_unless_all_are_wanted_or_none(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("receive", "receive_whole"):
        monkeypatch.setattr(journal._receiver, name, lambda *given, name=name: (name, *given))
    received: list[Any] = [
        journal.receive_sealed([b"one"]),
        journal.receive_sealed([b"one"], [["two"]]),
        journal.receive_sealed([b"one"], [["two"]], whole=True),
    ]
    assert received == [
        ("receive", [b"one"], None),
        ("receive", [b"one"], [["two"]]),
        ("receive_whole", [b"one"], [["two"]]),
    ]


@pytest.mark.parametrize(
    ("sealing", "existing", "elsewhere", "openable", "asked"),
    [
        ([], [], ["k9"], True, 0),
        (["k1", "k2"], ["k2"], ["k1"], True, 0),
        (["k1"], [], [], True, 1),
        (["k1"], [], ["k1"], False, 1),
    ],
)
def test_orders_of_which_nothing_could_be_opened_are_not_opened(
    journal: Journal,
    monkeypatch: pytest.MonkeyPatch,
    sealing: list[str],
    existing: list[str],
    elsewhere: list[str],
    openable: bool,
    asked: int,
) -> None:
    orders, sought = list[Any](), list[Any]()

    def sealed(around: list[str]) -> list[str]:
        orders.append(around)
        return sealing

    def others(*given: Any) -> list[str]:
        sought.append(given[-1])
        return elsewhere

    monkeypatch.setattr(journal.store, "sealing_keys", sealed)
    monkeypatch.setattr(journal.subject_keys, "existing", lambda keys: {*existing})
    monkeypatch.setattr(module, "elsewhere", others)
    monkeypatch.setattr(module, "where", lambda store, keys: "one value")
    if openable:
        journal.check_openable([ORDER, OTHER])
    else:
        with pytest.raises(LedgerError, match="KEYS-OTHER: one value are under keys that are not in this keys"):
            journal.check_openable([ORDER, OTHER])
    assert (orders, sought) == ([[ORDER, OTHER]], [[ORDER, OTHER]] * asked)


def test_keys_that_are_not_of_this_ledger_are_not_prepared(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert journal.subject_keys is not None
    journal.prepare([("witness 3", ORDER)])
    before = journal.subject_keys.subjects()
    assert ("witness 3", ORDER) in before

    def other(*_: object) -> None:
        raise LedgerError("KEYS-OTHER", "they are those of another ledger")

    monkeypatch.setattr(module, "check_bound", other)
    with pytest.raises(LedgerError, match="KEYS-OTHER"):
        journal.prepare([("witness 4", ORDER)])
    assert journal.subject_keys.subjects() == before
    monkeypatch.setattr(journal, "subject_keys", None)
    journal.prepare([("witness 4", ORDER)])
    with pytest.raises(LedgerError, match="KEYS-MISSING"):
        journal._keys()


# -- new ledgers -------------------------------------------------------------------------------------------------------


def test_a_ledger_is_never_made_over_another(journal: Journal) -> None:
    with pytest.raises(LedgerError) as fault:
        Journal.create(journal.folder.path, ORIGIN, REGISTRAR, home=journal.home)
    assert code(fault) == "LEDGER-EXISTS"


def test_a_log_that_has_signed_is_not_begun_again_elsewhere(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as fault:
        Journal.create(tmp_path / "second", ORIGIN, REGISTRAR, home=journal.home)
    assert code(fault) == "GUARD-EXISTS"
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize("entries", [0, 1, 2])
def test_a_folder_with_entries_and_no_policy_is_not_vacant(tmp_path: Path, entries: int) -> None:
    create_ledger.check_vacant(tmp_path)
    with closing(EntryStore.create(tmp_path / "entries.db")) as store:
        store.append([row(ORDER, n + 1) for n in range(entries)])
    assert create_ledger._has_entries(tmp_path) == (entries > 0)
    if entries:
        with pytest.raises(LedgerError, match="LEDGER-EXISTS"):
            create_ledger.check_vacant(tmp_path)
        return
    create_ledger.check_vacant(tmp_path)
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "policy").touch()
    with pytest.raises(LedgerError, match="LEDGER-EXISTS"):
        create_ledger.check_vacant(tmp_path)
    (tmp_path / "entries.db").write_bytes(b"no database")
    assert create_ledger._has_entries(tmp_path), "it may have some"


def test_the_key_of_a_log_is_made_once_and_its_public_file_is_written_if_it_is_missing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = create_ledger._log_key(state, bytes)
    assert state.stat().st_mode & 0o777 == 0o700
    public = (state / "log.key.pub").read_bytes()
    (state / "log.key.pub").unlink()
    assert create_ledger._log_key(state, os.urandom).public == first.public
    assert (state / "log.key.pub").read_bytes() == public


def test_a_ledger_in_databases_has_no_files_of_their_content_and_says_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, object]] = []

    def created(name: str) -> Any:
        def create(place: object, *more: object) -> Any:
            made.append((name, place))
            return SimpleNamespace(close=lambda: None)

        return SimpleNamespace(create=create)

    for name in ("EntryStore", "CheckpointStore", "SubjectKeyStore"):
        monkeypatch.setattr(create_ledger, name, created(name))
    there = "postgresql://user@127.0.0.1:1/base"
    guards: list[object] = []

    def guarded(place: object, first: object) -> object:
        guards.append(place)
        return first

    monkeypatch.setattr(create_ledger, "_guard", guarded)
    shared = "etcd://one.example:2379"
    places_of: list[dict[str, Any]] = [{}, {"store": there}, {"keys_store": there}, {"guard": shared}]
    for number, given in enumerate(places_of):
        path = tmp_path / str(number)
        made.clear()
        home = Home.inside(tmp_path / f"home {number}")
        create_ledger.found(path, f"{ORIGIN}{number}", REGISTRAR, home, NOON, **given)
        assert [name for name, _ in made] == [
            "EntryStore",
            *([] if "store" in given else ["CheckpointStore"]),
            "SubjectKeyStore",
        ]
        places = {name: str(place) for name, place in made}
        assert places["EntryStore"] == given.get("store", str(path / "entries.db"))
        assert places["SubjectKeyStore"] == given.get("keys_store", str(path / "keys.db"))
        assert not (path / "TEST").exists()
        state = home.log(f"{ORIGIN}{number}")
        assert str(guards.pop()) == given.get("guard", str(state / "guard.db"))
        assert (state / "guard").exists() == ("guard" in given)
        for file, name in (("store", "store"), ("keys-store", "keys_store")):
            assert (path / file).exists() == (name in given)
            assert name not in given or (path / file).read_text() == f"{there}\n"


def test_what_an_interrupted_beginning_left_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    with closing(EntryStore.create(private(path) / "entries.db")):
        pass
    left = ("entries.db-wal", "store", "heads.db", "keys.db", "keys-store", "TEST")
    for name in left:
        (path / name).write_bytes(b"left")
    (path / "trust").mkdir()
    (path / "trust" / "registrar").write_bytes(b"left")
    (path / "notes.txt").write_bytes(b"kept")
    with made(path) as journal:
        assert not journal.folder.test
        assert journal.folder.registrar == REGISTRAR
    assert (path / "notes.txt").read_bytes() == b"kept"
    assert not any((path / name).exists() for name in ("store", "keys-store", "TEST"))


def private(path: Path) -> Path:
    path.mkdir(mode=0o700)
    return path


@pytest.mark.parametrize("origin", ["https://ledger.example/x", "ledger.example/X", "ledger.example/", "a b"])
def test_an_origin_that_is_none_makes_no_ledger(tmp_path: Path, origin: str) -> None:
    with pytest.raises(RecordError) as refused:
        Journal.create(tmp_path / "ledger", origin, REGISTRAR, home=Home.inside(tmp_path))
    assert code(refused) == "CP-ORIGIN"
    assert list(tmp_path.iterdir()) == []


def test_a_registrars_key_that_others_could_sign_for_makes_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(RecordError) as refused:
        Journal.create(tmp_path / "ledger", ORIGIN, Registrar("adm", "XO", "00" * 32), home=Home.inside(tmp_path))
    assert code(refused) == "KEY-POINT"
    assert list(tmp_path.iterdir()) == []


def test_every_file_of_a_ledger_is_for_its_owner_only(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    journal.close()
    for path in (journal.folder.path, *journal.folder.path.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_test_ledger_says_so(tmp_path: Path) -> None:
    with made(tmp_path / "ledger", test=True) as journal:
        assert journal.folder.test
    assert b"test ledger" in (tmp_path / "ledger" / "TEST").read_bytes()
    with made(tmp_path / "real") as journal:
        assert not journal.folder.test
    assert not (tmp_path / "real" / "TEST").exists()


def test_what_is_no_ledger_says_so(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as fault:
        Journal.open(tmp_path)
    assert code(fault) == "NO-LEDGER"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "text"), [("policy", "log nonsense\nquorum none\n"), ("registrar", "adm XO 00\n")])
def test_damaged_trust_is_named(journal: Journal, name: str, text: str) -> None:
    journal.close()
    (journal.folder.path / "trust" / name).write_text(text)
    with pytest.raises(LedgerError) as fault:
        Journal.open(journal.folder.path)
    assert code(fault) == "TRUST"


def test_the_users_own_folders_are_used_where_nothing_else_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with Journal.create(tmp_path / "ledger", ORIGIN, REGISTRAR) as journal:
        enrol(journal)
    with Journal.open(tmp_path / "ledger") as journal:
        journal.record(issued(), ORDER, ilves(journal))
        assert journal.home == Home(tmp_path / "state" / "comity", tmp_path / "config" / "comity" / "keys")
    assert not (tmp_path / "ledger" / "state").exists()


WRITER = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from ledger.application.journal import Journal
from tests.ledger.application.test_journal import *
with Journal.open(Path(sys.argv[1]), now=lambda: datetime(2027, 3, 2, tzinfo=UTC)) as journal:
    signer = ilves(journal)
    for n in range(int(sys.argv[2])):
        receipt = journal.record(sent(), ORDER, signer)
        print(json.dumps([receipt.index, receipt.leaf]), flush=True)
"""


def test_two_processes_that_record_in_one_order_lose_nothing(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    command = [sys.executable, "-c", WRITER, str(journal.folder.path), "20"]
    both = [
        subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    destroyed = [json.loads(line) for process in both for line in process.communicate()[0].splitlines()]
    assert [process.returncode for process in both] == [0, 0]
    assert len(destroyed) == 40
    stored = {e.index: e.leaf for e in entries(journal)}
    assert all(stored[index] == leaf for index, leaf in destroyed)
    assert [e.seq for e in entries(journal)] == list(range(1, 42))
    assert journal.log.signed().size == journal.store.size()


def test_a_receipt_does_not_change_when_asked_twice(journal: Journal) -> None:
    receipt: Receipt = journal.record(issued(), ORDER, ilves(journal))
    assert receipt.proof == receipt.proof
