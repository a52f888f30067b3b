"""Every acknowledged entry is covered by a checkpoint whose size was signed only once."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.folders.user_folders import Home
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.guard.signed_state import Signed
from ledger.adapters.keys.key_files import SeedKey, write
from ledger.adapters.log.checkpoint_signer import LocalSigner
from ledger.adapters.log.checkpoints import CheckpointStore, TimeStampToken
from ledger.adapters.log.log import Log, first_note
from ledger.adapters.storage.copy_entries import copy
from ledger.adapters.storage.entry_store import EntryStore
from ledger.errors import LedgerError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import LogKey, Vkey, cosign, log_vkey, open_checkpoint, parse_vkey, witness_vkey
from ledger.tlog.tile import unpack_entries
from ledger.tlog.tree import check_consistency, check_inclusion, leaf_hash, parse_proof
from tests.ledger.adapters.storage.test_entry_store import ORDER, OTHER, row

ORIGIN = "ledger.example/xo/karsk"
SEED = bytes(range(32))
KEY = parse_vkey(log_vkey(ORIGIN, public_key(SEED)))
WITNESS_SEED = bytes(range(1, 33))
WITNESS = parse_vkey(witness_vkey("witness.example/fr-y", public_key(WITNESS_SEED)))
NOON = datetime(2027, 3, 1, 12, 0, 0, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "ledger"
    (folder / "log").mkdir(parents=True)
    EntryStore.create(folder / "entries.db").close()
    CheckpointStore.create(folder / "heads.db").close()
    state = Home(tmp_path / "state", tmp_path / "keys").log(ORIGIN)
    write(state / "log.key", SeedKey(SEED))
    Guard.create(state / "guard.db", first_note(KEY, SEED, NOON)).close()
    return folder


def opened(
    folder: Path,
    clock: Clock,
    said: list[str] | None = None,
    witnesses: tuple[Vkey, ...] = (),
    key: LogKey = KEY,
) -> Log:
    state = Home(folder.parent / "state", folder.parent / "keys").log(ORIGIN)
    store, heads = EntryStore(folder / "entries.db"), CheckpointStore(folder / "heads.db")
    say = (said if said is not None else []).append
    return Log(key, store, heads, folder / "log", state, witnesses=witnesses, now=clock, say=say)


def closed(log: Log) -> None:
    log.close()
    log.heads.close()
    log.store.close()


@pytest.fixture
def log(folder: Path, clock: Clock) -> Iterator[Log]:
    log = opened(folder, clock, witnesses=(WITNESS,))
    yield log
    closed(log)


def store(log: Log, count: int, order: str = ORDER) -> int:
    start = log.store.head(order)
    return log.store.append([row(order, start + n + 1) for n in range(count)])[-1].index


def code(do: object, *args: object) -> str:
    with pytest.raises(LedgerError) as fault:
        do(*args)  # type: ignore[operator]
    return fault.value.code


def published(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_receipt_proves_the_entry_under_a_checkpoint_the_log_signed(log: Log) -> None:
    store(log, 300)
    for index in (0, 17, 255, 256, 299):
        proof = parse_proof(log.receipt(index))
        head = open_checkpoint(proof.note, ORIGIN, KEY, ())
        raw = log.store.at(index)
        assert raw is not None
        check_inclusion(proof.index, head.checkpoint.size, leaf_hash(raw), proof.path, head.checkpoint.root)
        assert (proof.index, head.checkpoint.size) == (index, 300)


def test_one_acknowledgement_covers_every_entry_before_it(log: Log) -> None:
    last = store(log, 5)
    signed = log.acknowledge(last)
    assert signed.size == 5
    assert log.acknowledge(0) == signed
    assert log.signatory.last() == signed


def test_the_guard_holds_the_note_before_anybody_sees_it(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    store(log, 1)
    monkeypatch.setattr(Guard, "advance", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        log.acknowledge(0)
    monkeypatch.undo()
    assert log.signatory.last().size == 0


def test_two_processes_that_acknowledge_at_once_both_end_covered(folder: Path, clock: Clock) -> None:
    one, two = opened(folder, clock), opened(folder, clock)
    first = store(one, 1)
    second = store(two, 1, OTHER)
    assert two.acknowledge(second).size == 2
    assert one.acknowledge(first) == two.acknowledge(second)
    third = store(one, 1)
    assert one.acknowledge(third).size == 3
    assert two.acknowledge(second).size == 2, "what covers an entry covers it for ever"
    assert two.signed().size == 3
    for log in (one, two):
        closed(log)


def test_an_entry_of_an_earlier_page_is_proved_by_the_stored_hashes(log: Log) -> None:
    store(log, 3)
    store(log, 2)
    for index in range(5):
        proof = parse_proof(log.receipt(index))
        head = open_checkpoint(proof.note, ORIGIN, KEY, ())
        raw = log.store.at(index)
        assert raw is not None
        check_inclusion(index, 5, leaf_hash(raw), proof.path, head.checkpoint.root)


def test_catching_up_signs_publishes_and_mends_what_a_crash_left(
    log: Log, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mended: list[object] = []
    mend = log.files.mend

    def noted(read: Any) -> None:
        mended.append(read)
        mend(read)

    monkeypatch.setattr(log.files, "mend", noted)
    assert log.catch_up().size == 0
    store(log, 3)
    assert log.catch_up().size == 3
    head = log.files.head()
    assert head is not None
    assert (head.checkpoint.size, log.heads.newest()) == (3, log.publish())
    assert mended == [log.store.hashes] * 2


def test_a_log_that_catches_up_compares_its_store_again_and_takes_no_other_tree_from_then_on(log: Log) -> None:
    store(log, 3)
    log._checked = Signed(99, bytes(32), b"", NOON)  # of what was put in the place of the store meanwhile
    signed = log.catch_up()
    assert signed.size == 3
    assert log.store.recorder.signed == (3, signed.root)
    store(log, 1)
    after = log.acknowledge(3)
    assert log.store.recorder.signed == (4, after.root)


def test_a_guard_that_knows_less_than_is_published_is_a_rollback(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    store(log, 3)
    log.catch_up()
    for size, rolled_back in ((2, False), (3, False), (4, True)):
        published = SimpleNamespace(checkpoint=SimpleNamespace(size=size))
        monkeypatch.setattr(log.files, "head", lambda published=published: published)
        monkeypatch.setattr(log, "_checked", None)
        if rolled_back:
            with pytest.raises(LedgerError, match="LOG-ROLLBACK: size 4 is published, the guard knows 3"):
                log.signed()
        else:
            assert log.signed().size == 3


def test_what_is_published_is_read_before_the_first_comparison_alone(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    store(log, 3)
    log.catch_up()
    monkeypatch.setattr(log.files, "head", None)
    assert log.signed().size == 3
    store(log, 1)
    assert log.acknowledge(3).size == log.signed().size == 4
    monkeypatch.setattr(log, "_checked", None)
    with pytest.raises(TypeError):
        log.signed()


def test_the_guard_is_asked_once_where_one_process_signs(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    last = log.signatory.last

    def counted() -> Signed:
        asked.append(len(asked))
        return last()

    monkeypatch.setattr(log.signatory, "last", counted)
    for count in range(1, 4):
        index = store(log, 2)
        assert log.acknowledge(index).size == log.acknowledge(index - 1).size == 2 * count
        assert len(asked) == 1
    with pytest.raises(ValueError, match="entry 6 is not stored"):
        log.acknowledge(6)


def test_the_tree_that_was_just_stored_is_signed_without_asking_the_store(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(log, 3)
    committed = log.store.recorder.committed
    assert committed is not None
    log.signed()
    monkeypatch.setattr(log.store, "tree_covering", None)
    monkeypatch.setattr(log.store, "known_inclusion_path", None)
    signed = log.acknowledge(2, committed)
    assert (signed.size, signed.root) == (3, committed.frontier.root())
    for index in range(3):
        proof = parse_proof(log.receipt_by(signed, committed, index))
        raw = log.store.at(index)
        assert raw is not None
        check_inclusion(index, 3, leaf_hash(raw), proof.path, signed.root)
        assert (proof.index, proof.note) == (index, signed.note)
    with pytest.raises(TypeError):
        log.acknowledge(3, committed)  # it does not have this entry


def test_a_receipt_by_another_tree_than_the_signed_one_is_made_by_the_store(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(log, 3)
    early = log.store.recorder.committed
    store(log, 2)
    late = log.store.recorder.committed
    signed = log.acknowledge(4)
    monkeypatch.setattr(log, "receipt", lambda index: b"of the store: %d" % index)
    assert early is not None
    assert late is not None
    for committed, index in ((None, 4), (early, 1), (late, 2), (late, 5)):
        assert log.receipt_by(signed, committed, index) == b"of the store: %d" % index
    for index in (3, 4):
        assert parse_proof(log.receipt_by(signed, late, index)).index == index


@pytest.mark.parametrize("wrong", ["size", "root"])
def test_the_root_of_other_entries_is_not_signed_for_receipts(
    log: Log, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    store(log, 3)
    log.acknowledge(2)
    signed = log.sign_root()
    assert (signed.size, signed.root) == (3, log.signed().root)
    other = replace(signed, size=4) if wrong == "size" else replace(signed, root=bytes(32))
    monkeypatch.setattr(log.signatory, "sign_root", lambda: other)
    with pytest.raises(LedgerError, match=r"LOG-CORRUPT.*not those signed for receipts"):
        log.sign_root()


def test_a_cosigned_head_is_published_until_there_is_a_larger_one(log: Log) -> None:
    store(log, 3)
    log.catch_up()
    first = log.publish()
    assert (first.note, first.cosigned, first.at) == (log.signed().note, None, log.signed().at)
    cosigned = first.note + cosign(first.note, WITNESS.name, WITNESS_SEED, 7).encode()
    assert log.publish(cosigned).cosigned == 7
    assert log.publish().note == cosigned, "it is not replaced by one without cosignatures"
    store(log, 1)
    log.acknowledge(3)
    assert log.publish().size == 4


def test_the_loser_of_a_race_for_the_guard_looks_again(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    store(log, 1)
    real, tries = Guard.advance, []

    def lose_once(guard: Guard, before: object, after: object) -> bool:
        tries.append(after)
        return len(tries) > 1 and real(guard, before, after)  # type: ignore[arg-type]

    monkeypatch.setattr(Guard, "advance", lose_once)
    assert log.acknowledge(0).size == 1
    assert len(tries) == 2


def test_without_its_guard_a_log_signs_nothing(folder: Path, clock: Clock) -> None:
    log = opened(folder, clock)
    store(log, 1)
    shutil.rmtree(folder.parent / "state")
    for do in (lambda: log.acknowledge(0), log.publish, log.catch_up, log.ready, lambda: log.receipt(0)):
        assert code(do) == "GUARD-MISSING"
    assert published(folder / "log") == {}
    closed(log)


def test_a_guard_is_never_made_twice(folder: Path) -> None:
    state = Home(folder.parent / "state", folder.parent / "keys").log(ORIGIN)
    with pytest.raises(FileExistsError):
        Guard.create(state / "guard.db", first_note(KEY, SEED, NOON))


def test_a_guard_and_its_key_are_for_their_owner_only(folder: Path) -> None:
    state = Home(folder.parent / "state", folder.parent / "keys").log(ORIGIN)
    for name in ("guard.db", "log.key"):
        assert stat.S_IMODE((state / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_a_restored_older_database_is_a_rollback_and_nothing_is_signed(folder: Path, clock: Clock) -> None:
    log = opened(folder, clock)
    log.acknowledge(store(log, 3))
    copy(log.store.location, folder.parent / "backup.db")
    signed = log.acknowledge(store(log, 2))
    closed(log)
    for file in folder.glob("entries.db*"):
        file.unlink()
    shutil.copy(folder.parent / "backup.db", folder / "entries.db")
    log = opened(folder, clock)
    store(log, 1, OTHER)
    for do in (lambda: log.acknowledge(3), log.publish, log.catch_up, log.ready):
        assert code(do) == "LOG-ROLLBACK"
    assert log.signatory.last() == signed
    closed(log)


def test_a_restored_database_that_grew_differently_is_corrupt_and_nothing_is_signed(folder: Path, clock: Clock) -> None:
    log = opened(folder, clock)
    log.acknowledge(store(log, 3))
    copy(log.store.location, folder.parent / "backup.db")
    log.acknowledge(store(log, 2))
    closed(log)
    for file in folder.glob("entries.db*"):
        file.unlink()
    shutil.copy(folder.parent / "backup.db", folder / "entries.db")
    log = opened(folder, clock)
    last = store(log, 4, OTHER)
    assert code(log.acknowledge, last) == "LOG-CORRUPT"
    assert code(log.catch_up) == "LOG-CORRUPT"
    closed(log)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE guard SET size = 1",
        "UPDATE guard SET root = zeroblob(32)",
        "UPDATE guard SET size = 9, signed_at = '2000-01-01T00:00:00Z'",
        "DELETE FROM guard",
        "INSERT OR REPLACE INTO guard VALUES (1, 0, zeroblob(32), x'', '2099-01-01T00:00:00Z')",
    ],
)
def test_the_guard_moves_only_forward(log: Log, change: str) -> None:
    log.acknowledge(store(log, 2))
    assert isinstance(log.signatory, LocalSigner)
    c = sqlite3.connect(str(log.signatory.guard.place), isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError):
        c.execute(change)
    c.close()


def test_a_clock_far_behind_the_last_signature_signs_nothing(log: Log, clock: Clock) -> None:
    signed = log.acknowledge(store(log, 1))
    last = store(log, 1)
    clock.now = NOON - timedelta(minutes=5, seconds=1)
    assert code(log.acknowledge, last) == "CLOCK-BACK"
    assert code(log.ready) == "CLOCK-BACK"
    assert log.signatory.last() == signed


def test_a_clock_a_little_behind_is_mentioned_and_time_does_not_run_backwards(folder: Path, clock: Clock) -> None:
    said: list[str] = []
    log = opened(folder, clock, said)
    clock.now = NOON - timedelta(minutes=4)
    assert log.acknowledge(store(log, 1)).at == NOON
    assert said == ["the clock is 240 s behind the last signature"]
    closed(log)


def test_another_key_than_the_policys_signs_nothing(folder: Path, clock: Clock) -> None:
    state = Home(folder.parent / "state", folder.parent / "keys").log(ORIGIN)
    for name in ("log.key", "log.key.pub"):
        (state / name).unlink()
    write(state / "log.key", SeedKey(WITNESS_SEED))
    log = opened(folder, clock)
    last = store(log, 1)
    assert code(log.acknowledge, last) == "KEY-FORMAT"
    assert log.signatory.last().size == 0
    closed(log)


# -- publishing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(1,), (1, 2, 3), (255, 256, 257), (200, 300), (512, 600), (70, 70)])
def test_published_files_are_those_of_the_size_however_the_log_grew(
    folder: Path, tmp_path: Path, clock: Clock, sizes: tuple[int, ...]
) -> None:
    log = opened(folder, clock)
    for size in sizes:
        if size > log.store.size():
            store(log, size - log.store.size())
            log.acknowledge(size - 1)
        log.publish()
    size = sizes[-1]
    there = published(folder / "log")
    full, rest = divmod(size, 256)
    last = [f"tile/0/{full:03}.p/{rest}"] * (rest > 0) + [f"tile/1/000.p/{full}"] * (full > 0)
    assert set(there) >= {"checkpoint", *(f"tile/0/{n:03}" for n in range(full)), *last}
    head = open_checkpoint(there["checkpoint"], ORIGIN, KEY, ())
    assert head.checkpoint.size == size
    leaves = b"".join(leaf_hash(raw) for page in log.store.pages() for _, raw in page)
    assert there["tile/0/000" if full else f"tile/0/000.p/{rest}"] == leaves[:8192]
    assert not any(name.startswith(f"tile/0/{n:03}.p") for n in range(full) for name in there), (
        "full tiles replace partial"
    )
    closed(log)


def test_rebuilt_tiles_are_the_same_bytes(log: Log, folder: Path) -> None:
    log.acknowledge(store(log, 300))
    log.publish()
    before = published(folder / "log")
    shutil.rmtree(folder / "log" / "tile" / "1")
    (folder / "log" / "tile" / "0" / "000").write_bytes(before["tile/0/000"][:100])
    log.rebuild_tiles()
    assert published(folder / "log") == before


def test_a_full_length_tile_that_differs_is_corrupt(log: Log, folder: Path) -> None:
    log.acknowledge(store(log, 10))
    log.publish()
    tile = folder / "log" / "tile" / "0" / "000.p" / "10"
    tile.write_bytes(bytes(320))
    assert code(log.rebuild_tiles) == "LOG-CORRUPT"
    assert tile.read_bytes() == bytes(320), "evidence is not overwritten"


def test_a_flipped_bit_in_a_stored_entry_is_found_when_the_tree_is_derived_again(log: Log) -> None:
    log.acknowledge(store(log, 600))
    assert log.derive().root() == log.signed().root
    assert isinstance(log.store.location, Path)
    c = sqlite3.connect(log.store.location, isolation_level=None)
    c.execute("DROP TRIGGER stored_events_update")
    c.execute("UPDATE stored_events SET state = CAST(state || x'00' AS BLOB) WHERE rowid = 501")
    c.close()
    with pytest.raises(LedgerError) as fault:
        log.rebuild_tiles()
    assert fault.value.code == "LOG-CORRUPT"
    assert "entry 500" in fault.value.says


def test_every_published_head_is_kept_by_its_digest(log: Log, clock: Clock) -> None:
    heads = []
    for n in range(3):
        clock.now = NOON + timedelta(hours=n)
        log.acknowledge(store(log, 1))
        heads.append(log.publish())
        assert log.publish() == heads[-1], "publishing twice is publishing once"
    assert log.heads.all() == heads
    assert [log.heads.get(h.digest) for h in heads] == heads
    assert [h.size for h in heads] == [1, 2, 3]
    assert log.heads.known_at(NOON + timedelta(minutes=90)) == heads[1]
    assert log.heads.known_at(NOON - timedelta(seconds=1)) is None
    assert log.heads.newest() == heads[2]
    assert log.heads.newest_cosigned() is None


def test_a_cosigned_head_is_kept_published_and_not_replaced_by_the_bare_one(log: Log, folder: Path) -> None:
    log.acknowledge(store(log, 2))
    bare = log.publish()
    note = bare.note + cosign(bare.note, WITNESS.name, WITNESS_SEED, 1_900_000_000).encode()
    kept = log.publish(note)
    assert kept.cosigned == 1_900_000_000
    assert log.heads.newest_cosigned() == kept
    assert log.publish() == kept
    assert (folder / "log" / "checkpoint").read_bytes() == note
    assert log.heads.get(bare.digest) == bare
    proof = parse_proof(log.receipt(1, note))
    assert proof.note == note


def test_a_head_is_dated_by_its_cosignature_where_it_has_one(log: Log) -> None:
    log.acknowledge(store(log, 2))
    bare = log.publish()
    late = int((NOON + timedelta(days=1)).timestamp())
    log.publish(bare.note + cosign(bare.note, WITNESS.name, WITNESS_SEED, late).encode())
    found = log.heads.known_at(NOON + timedelta(hours=1))
    assert found == bare
    found = log.heads.known_at(NOON + timedelta(days=2))
    assert found is not None
    assert found.cosigned == late


def test_the_earliest_of_two_cosignatures_dates_a_head(folder: Path, clock: Clock) -> None:
    seed = bytes(range(2, 34))
    other = parse_vkey(witness_vkey("witness.example/fr-z", public_key(seed)))
    log = opened(folder, clock, witnesses=(WITNESS, other))
    log.acknowledge(store(log, 2))
    note = log.publish().note
    note += cosign(note, WITNESS.name, WITNESS_SEED, 1_900_000_000).encode()
    assert log.publish(note + cosign(note, other.name, seed, 1_900_000_060).encode()).cosigned == 1_900_000_000
    closed(log)


def test_a_head_of_another_tree_is_not_published(log: Log) -> None:
    from ledger.tlog.note import Checkpoint, format_checkpoint, sign_note

    log.acknowledge(store(log, 2))
    foreign = sign_note(format_checkpoint(Checkpoint(ORIGIN, 2, bytes(32))), ORIGIN, SEED).encode()
    assert code(log.publish, foreign) == "LOG-CORRUPT"
    larger = sign_note(format_checkpoint(Checkpoint(ORIGIN, 3, bytes(32))), ORIGIN, SEED).encode()
    assert code(log.publish, larger) == "LOG-CORRUPT"


def test_a_published_checkpoint_that_is_not_ours_is_corrupt(log: Log, folder: Path) -> None:
    log.acknowledge(store(log, 2))
    (folder / "log" / "checkpoint").write_bytes(b"anything\n")
    assert code(log.publish) == "LOG-CORRUPT"


def test_catching_up_twice_is_catching_up_once(log: Log, folder: Path) -> None:
    store(log, 260)
    signed = log.catch_up()
    before = published(folder / "log")
    assert signed.size == 260
    assert log.catch_up() == signed
    assert published(folder / "log") == before


def test_a_log_says_that_it_begins_with_what_it_was(log: Log) -> None:
    small = log.acknowledge(store(log, 70))
    large = log.acknowledge(store(log, 200))
    check_consistency(70, 270, small.root, large.root, log.consistency(70, 270))


def test_those_who_may_read_get_every_entry_in_bundles(log: Log, tmp_path: Path) -> None:
    log.acknowledge(store(log, 256))
    log.publish_entries(tmp_path / "out")
    log.acknowledge(store(log, 4))
    log.publish_entries(tmp_path / "out")
    there = published(tmp_path / "out")
    entries = unpack_entries(there["tile/entries/000"]) + unpack_entries(there["tile/entries/001.p/4"])
    assert entries == [raw for page in log.store.pages() for _, raw in page]
    assert {n for n in there if "entries" not in n} == set(published(log.files.folder))
    assert not any("entries" in n for n in published(log.files.folder))


def test_what_another_process_publishes_meanwhile_is_no_rollback(
    log: Log, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = opened(folder, clock, witnesses=(WITNESS,))
    reads = log.signatory.last

    def last() -> Signed:
        seen = reads()
        other.acknowledge(store(other, 1, OTHER))
        other.publish()
        return seen

    log.acknowledge(store(log, 1))
    with monkeypatch.context() as patch:
        patch.setattr(log.signatory, "last", last)
        log.publish()
    assert (head := log.files.head()) is not None
    assert head.checkpoint.size == 2, "the larger head stays"
    closed(other)


def test_what_another_process_publishes_while_a_log_is_looked_at_first_is_no_rollback(
    folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, other = opened(folder, clock), opened(folder, clock)
    other.acknowledge(store(other, 1, OTHER))
    other.publish()
    reads = log.signatory.last

    def last() -> Signed:
        seen = reads()
        other.acknowledge(store(other, 1, OTHER))
        other.publish()
        return seen

    with monkeypatch.context() as patch:
        patch.setattr(log.signatory, "last", last)
        assert log.signed().size == 1
    closed(log)
    closed(other)


RECORDER = """
import sys
from pathlib import Path
from tests.ledger.adapters.log.test_log import Clock, closed, opened, store
log = opened(Path(sys.argv[1]), Clock())
for n in range(25):
    print(log.acknowledge(store(log, 1, sys.argv[2])).size)
    log.publish()
closed(log)
"""


def test_two_processes_that_record_and_publish_lose_nothing(folder: Path, clock: Clock) -> None:
    both = [
        subprocess.Popen([sys.executable, "-c", RECORDER, folder, order], cwd=Path(__file__).parents[4])
        for order in (ORDER, OTHER)
    ]
    assert [p.wait() for p in both] == [0, 0]
    log = opened(folder, clock)
    assert log.signed().size == 50
    head = log.files.head()
    assert head is not None
    assert head.checkpoint.root == log.derive().root()
    closed(log)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_one_record_is_durable_with_two_syncs(folder: Path, clock: Clock, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.ledger.adapters.log.test_log import *\n"
        "log = opened(Path(sys.argv[1]), Clock()); log.acknowledge(store(log, 1))\n"
        "mark = lambda: os.path.exists('/mark')\n"
        "mark(); log.acknowledge(store(log, 1)); mark(); closed(log)\n"
    )
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,sync_file_range,syncfs,stat,newfstatat,access,faccessat"
    command = ["strace", "-f", "-e", calls, "-o", str(trace), sys.executable, "-c", script, str(folder)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[4], env={**os.environ, "PYTHONPATH": "."})
    _, between, _ = trace.read_text().split('"/mark"')
    assert between.count("sync(") == 2


def test_a_ledger_begun_before_there_were_time_stamps_has_none_and_takes_one(tmp_path: Path) -> None:
    path = tmp_path / "heads.db"
    with closing(CheckpointStore.create(path)):
        pass
    with closing(sqlite3.connect(path)) as c:
        c.execute("DROP TABLE token")
    with closing(CheckpointStore(path)) as heads:
        assert heads.tokens() == []
        assert heads.dating([0], [], 1) == []
        heads.stamp(TimeStampToken("ab", "tsa", b"reply", NOON))
        assert [token.reply for token in heads.tokens()] == [b"reply"]
