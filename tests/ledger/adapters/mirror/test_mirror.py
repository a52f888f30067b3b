"""A mirror stores entries that are in a checkpoint, cosigns when all are durable, and never goes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from ledger.adapters.keys.key_files import SeedKey
from ledger.adapters.log.published_log import from_folder
from ledger.adapters.mirror.mirror import MOST_EXCESS, Mirror, Upload
from ledger.adapters.mirror.mirror_state import MOST_PENDING, MirrorState
from ledger.adapters.mirror.mirrored_files import MirroredFiles
from ledger.adapters.storage.sqlite import connect
from ledger.adapters.witness.monitor import check_entries
from ledger.adapters.witness.witness import WitnessReply, cosigners
from ledger.errors import LedgerError, RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.add_entries import INFO, EntryPackage, UploadHeader, package_ranges
from ledger.tlog.names import origin_hash
from ledger.tlog.note import Vkey, lines_of, open_checkpoint, parse_vkey, witness_vkey
from ledger.tlog.tile import Tile, parse_tile_path, tile_path, unpack_entries
from tests.support.hash_log import HashLog
from tests.support.samples import examples

NAME, SEED = "mirror.example/xv", bytes(range(2, 34))
KEY = parse_vkey(witness_vkey(NAME, public_key(SEED)))
NOON = datetime(2027, 3, 1, 12, 0, 0, tzinfo=UTC)
LOG = HashLog(size=1_400)
FORK = LOG.fork(300, 1_400)
DIGEST = origin_hash(LOG.origin)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Kept:
    """A mirror in a folder that can be closed and opened again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        folder.mkdir(exist_ok=True)
        MirrorState.create(folder / "mirror.db", KEY.text).close()
        self.open()

    def open(self, logs: dict[str, list[Vkey]] | None = None) -> None:
        self.state = MirrorState(self.folder / "mirror.db", KEY.text)
        signers = cosigners(NAME, SeedKey(SEED))
        known = logs or {LOG.origin: [LOG.key]}
        self.mirror = Mirror(self.state, signers, known, self.folder / "logs", now=self.clock)

    def close(self) -> None:
        self.mirror.close()
        self.state.close()

    def again(self) -> None:
        self.close()
        self.open()

    @property
    def files(self) -> Path:
        return self.folder / "logs" / DIGEST

    def accept(self, size: int, log: HashLog = LOG) -> WitnessReply:
        """Send a checkpoint, after the last one that was accepted."""
        seen = self.state.seen(log.origin)
        return self.mirror.add_checkpoint(log.request(min(seen.size, size) if seen else 0, size))

    def send(self, start: int, size: int, log: HashLog = LOG, most: int = 1 << 30) -> WitnessReply:
        """Send entries; return the answer as the server would."""
        begun = self.mirror.begin(UploadHeader(log.origin, start, size))
        if isinstance(begun, WitnessReply):
            return begun
        ranges = list(package_ranges(start, size))
        for first, end in ranges[:most]:
            refused = self.mirror.save(begun, log.package(first, end, size))
            if refused:
                return refused
        return self.mirror.finish(begun) if len(ranges) <= most else self.mirror.partly(begun)

    def next_entry(self) -> int:
        return self.state.next_entry(LOG.origin)

    def check(self, size: int) -> None:
        """Check that everything up to a size is stored, and that the mirror has cosigned it and nothing else."""
        note = self.mirror.checkpoint(DIGEST)
        assert note is not None
        assert note == (self.files / "checkpoint").read_bytes()
        head = open_checkpoint(note, LOG.origin, LOG.key, [KEY])
        assert (head.checkpoint.size, head.checkpoint.root) == (size, LOG.root(size))
        assert [key for key, _ in head.cosignatures] == [KEY]
        check_entries(from_folder(self.files), head.checkpoint)
        stored = [
            entry
            for n in range((size + 255) // 256)
            for entry in unpack_entries(
                self.mirror.tile(DIGEST, tile_path(Tile(-1, n, min(256, size - 256 * n))))
                or (self.files / tile_path(Tile(-1, n, 256))).read_bytes()
            )
        ]
        assert stored[:size] == LOG.entries[:size]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path / "mirror")
    yield made
    made.close()


def info(answer: WitnessReply) -> tuple[int, int, int]:
    """Return the status, the size and the next entry of an answer about what is missing."""
    assert answer.media == INFO
    size, next_entry, ticket, end = answer.body.split("\n")
    assert (ticket, end) == ("", "")
    return answer.status, int(size), int(next_entry)


def test_a_checkpoint_alone_is_not_cosigned(kept: Kept) -> None:
    assert kept.accept(700) == WitnessReply(200, "")
    assert kept.mirror.checkpoint(DIGEST) is None
    assert kept.mirror.tile(DIGEST, "tile/entries/000") is None


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 700])
def test_all_entries_are_stored_then_cosigned(kept: Kept, size: int) -> None:
    kept.accept(size)
    answer = kept.send(0, size)
    assert answer.status == 200
    note = LOG.note(size)
    assert lines_of(note + answer.body.encode(), [KEY]).keys() == {KEY}
    kept.check(size)


def test_a_mirror_grows_by_any_number_of_entries(kept: Kept) -> None:
    before = 0
    for size in (1, 2, 255, 256, 258, 600, 1_030, 1_400):
        kept.accept(size)
        assert kept.send(before, size).status == 200
        kept.check(size)
        before = size
    partial = [path for path in kept.files.rglob("*.p") if path.is_dir()]
    assert {path.name for path in partial} == {"005.p", "000.p"}  # of full bundles no partial one is left
    assert not list((kept.files / "tile" / "0").rglob("000.p"))


@pytest.mark.slow
def test_a_tree_of_three_levels_has_every_tile(tmp_path: Path) -> None:
    log = HashLog(size=65_900)
    kept = Kept(tmp_path / "mirror")
    for before, size in ((0, 65_600), (65_600, 65_900)):
        assert kept.mirror.add_checkpoint(log.request(before, size)).status == 200
        assert kept.send(before, size, log).status == 200
        written = {
            str(path.relative_to(kept.files)): path.read_bytes()
            for path in kept.files.rglob("*")
            if path.is_file() and path.name != "checkpoint" and "entries" not in path.parts
        }
        expected = log_files(log, tmp_path / f"{size}", size)
        assert {name: data for name, data in written.items() if name in expected} == expected
    kept.close()


def log_files(log: HashLog, folder: Path, size: int) -> dict[str, bytes]:
    folder.mkdir()
    log.publish(folder, size)
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "checkpoint" and "entries" not in path.parts
    }


def test_an_upload_may_end_after_any_package_and_go_on_later(kept: Kept) -> None:
    kept.accept(700)
    assert info(kept.send(0, 700, most=1)) == (202, 700, 256)
    assert kept.mirror.checkpoint(DIGEST) is None
    kept.again()
    assert info(kept.send(256, 700, most=1)) == (202, 700, 512)
    assert kept.send(512, 700).status == 200
    kept.check(700)


def test_a_repeated_upload_gives_a_newer_cosignature(kept: Kept) -> None:
    kept.accept(300)
    kept.send(0, 300)
    kept.clock.now += timedelta(hours=1)
    assert kept.send(300, 300).status == 200
    note = kept.mirror.checkpoint(DIGEST)
    assert note is not None
    (line,) = open_checkpoint(note, LOG.origin, LOG.key, [KEY]).cosignatures
    assert line == (KEY, int(kept.clock.now.timestamp()))
    kept.check(300)


def test_a_clock_that_went_back_cosigns_nothing(kept: Kept) -> None:
    kept.accept(300)
    kept.send(0, 300)
    kept.clock.now -= timedelta(hours=1)
    answer = kept.send(300, 300)
    assert (answer.status, answer.body) == (503, "the clock of this mirror is behind its last cosignature\n")
    kept.check(300)


def test_an_unknown_log_is_404_and_one_without_checkpoint_422(kept: Kept) -> None:
    assert kept.send(0, 1, HashLog("ledger.example/other", size=1)).status == 404
    assert kept.send(0, 1).status == 422


def test_an_upload_that_cannot_go_on_is_told_what_is_missing(kept: Kept) -> None:
    kept.accept(700)
    assert info(kept.send(1, 700)) == (409, 700, 0)  # entry 0 is missing
    assert info(kept.send(0, 600)) == (409, 700, 0)  # no checkpoint of 600 was accepted
    kept.send(0, 700)
    kept.accept(1_400)
    assert info(kept.send(0, 300)) == (409, 1_400, 700)
    kept.send(700, 1_400)
    assert info(kept.send(700, 700)) == (409, 1_400, 1_400)  # a mirror does not go back


def test_too_many_entries_that_are_stored_are_refused(kept: Kept) -> None:
    log = HashLog(size=MOST_EXCESS + 300)
    kept.mirror.add_checkpoint(log.request(0, MOST_EXCESS + 300))
    kept.send(0, MOST_EXCESS + 300, log, most=9)
    assert info(kept.send(0, MOST_EXCESS + 300, log)) == (409, MOST_EXCESS + 300, MOST_EXCESS + 256)
    assert kept.send(256, MOST_EXCESS + 300, log).status == 200


def test_an_upload_may_go_up_to_an_earlier_accepted_checkpoint(kept: Kept) -> None:
    for size in (300, 600, 700):
        kept.accept(size)
    assert info(kept.send(0, 300, most=1)) == (202, 300, 256)
    assert kept.send(256, 300).status == 200
    kept.check(300)
    assert kept.send(300, 700).status == 200
    kept.check(700)


def test_entries_beyond_an_earlier_checkpoint_do_not_hinder_it(kept: Kept) -> None:
    for size in (300, 600):
        kept.accept(size)
    kept.send(0, 600, most=2)  # all but the signature: 512 entries
    assert info(kept.send(300, 301)) == (409, 600, 512)
    assert kept.send(200, 300).status == 200
    kept.check(300)


def test_only_the_newest_checkpoints_are_remembered(kept: Kept) -> None:
    for size in range(1, MOST_PENDING + 3):
        kept.accept(size)
    assert info(kept.send(0, 2)) == (409, MOST_PENDING + 2, 0)
    assert kept.send(0, 3).status == 200
    kept.check(3)


@pytest.mark.parametrize("changed", ["entry", "order", "proof", "cut", "more"])
def test_entries_that_are_not_in_the_checkpoint_are_422_and_not_stored(kept: Kept, changed: str) -> None:
    kept.accept(700)
    assert kept.send(0, 700, most=1).status == 202
    begun = kept.mirror.begin(UploadHeader(LOG.origin, 256, 700))
    assert isinstance(begun, Upload)
    good = LOG.package(256, 512, 700)
    bad = {
        "entry": EntryPackage((b"another", *good.entries[1:]), good.proof),
        "order": EntryPackage(good.entries[::-1], good.proof),
        "proof": EntryPackage(good.entries, (bytes(32), *good.proof[1:])),
        "cut": EntryPackage(good.entries[:-1], good.proof),
        "more": EntryPackage(good.entries, (*good.proof, bytes(32))),
    }[changed]
    refused = kept.mirror.save(begun, bad)
    assert refused is not None
    assert refused.status == 422
    assert kept.next_entry() == 256
    assert not (kept.files / "tile/entries/001").exists()
    assert kept.send(256, 700).status == 200


def test_a_fork_of_the_log_is_refused_and_kept_as_evidence(kept: Kept) -> None:
    kept.accept(700)
    kept.send(0, 700)
    assert kept.accept(1_400, FORK).status == 422
    assert [each.refused for each in kept.state.evidence()] == [FORK.note(1_400)]
    assert kept.send(700, 1_400, FORK).status == 409
    kept.check(700)


def test_an_older_checkpoint_that_is_sent_again_changes_nothing(kept: Kept) -> None:
    kept.accept(700)
    kept.send(0, 700)
    assert kept.mirror.add_checkpoint(LOG.request(0, 300)) == WitnessReply(409, "700\n", "text/x.tlog.size")
    assert kept.mirror.add_checkpoint(LOG.request(300, 600)).status == 409
    assert info(kept.send(0, 300)) == (409, 700, 700)
    kept.check(700)


def test_two_uploads_at_once_store_each_entry_once(kept: Kept) -> None:
    kept.accept(700)
    one = kept.mirror.begin(UploadHeader(LOG.origin, 0, 700))
    two = kept.mirror.begin(UploadHeader(LOG.origin, 0, 700))
    assert isinstance(one, Upload)
    assert isinstance(two, Upload)
    for first, end in package_ranges(0, 700):
        assert kept.mirror.save(one, LOG.package(first, end, 700)) is None
        assert kept.mirror.save(two, LOG.package(first, end, 700)) is None
    assert kept.mirror.finish(two).status == 200
    assert kept.mirror.finish(one).status == 200
    kept.check(700)


def test_an_upload_that_ends_after_a_larger_checkpoint_was_cosigned_is_409(kept: Kept) -> None:
    for size in (300, 700):
        kept.accept(size)
    slow = kept.mirror.begin(UploadHeader(LOG.origin, 0, 300))
    assert isinstance(slow, Upload)
    assert kept.send(0, 700).status == 200
    for first, end in package_ranges(0, 300):
        assert kept.mirror.save(slow, LOG.package(first, end, 300)) is None
    assert info(kept.mirror.finish(slow)) == (409, 700, 700)
    kept.check(700)


def test_a_second_process_does_not_serve_the_same_mirror(kept: Kept) -> None:
    with pytest.raises(LedgerError) as refused:
        Mirror(kept.state, [], {LOG.origin: [LOG.key]}, kept.folder / "logs")
    assert refused.value.code == "BUSY"


def test_a_signature_that_was_not_shown_yet_is_shown_after_a_restart(kept: Kept) -> None:
    kept.accept(300)
    kept.send(0, 300)
    (kept.files / "checkpoint").unlink()  # as if the process had ended before it wrote the file
    kept.again()
    kept.check(300)


@pytest.mark.parametrize("name", ["tile/0/000", "tile/0/001.p/44"])
@pytest.mark.parametrize("damage", ["lost", "changed"])
def test_nothing_is_cosigned_over_tiles_that_were_lost_or_changed(kept: Kept, name: str, damage: str) -> None:
    kept.accept(300)
    begun = kept.mirror.begin(UploadHeader(LOG.origin, 0, 300))
    assert isinstance(begun, Upload)
    for first, end in package_ranges(0, 300):
        assert kept.mirror.save(begun, LOG.package(first, end, 300)) is None
    path = kept.files / name
    if damage == "lost":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert kept.mirror.finish(begun).status == 503
    assert kept.mirror.checkpoint(DIGEST) is None


def test_a_stored_bundle_that_was_damaged_is_a_fault_of_the_mirror(kept: Kept) -> None:
    kept.accept(300)
    kept.send(0, 300)
    (kept.files / "tile/entries/001.p/44").write_bytes(b"\x00\x05cut")
    kept.accept(400)
    assert kept.send(300, 400) == WitnessReply(503, "LOG-TILE: nothing was cosigned\n")
    assert kept.next_entry() == 300


def test_state_goes_only_forward(kept: Kept) -> None:
    kept.accept(300)
    kept.send(0, 300)
    c = connect(kept.folder / "mirror.db")
    for statement in (
        "UPDATE entries SET next = 1",
        "UPDATE mirrored SET size = 1",
        "UPDATE mirrored SET time = 1",
        "DELETE FROM mirrored",
        "DELETE FROM entries",
    ):
        with pytest.raises(Exception, match=r"forward|kept|keeps"):
            c.execute(statement)
    c.close()


def test_a_lost_memory_retires_the_mirror(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="this mirror has cosigned before") as lost:
        MirrorState(tmp_path / "mirror.db", KEY.text)
    assert (lost.value.code, "comity mirror new" in lost.value.hint) == ("WITNESS-LOST", True)
    MirrorState.create(tmp_path / "mirror.db", KEY.text).close()
    with pytest.raises(LedgerError, match="the memory of another mirror"):
        MirrorState(tmp_path / "mirror.db", LOG.key.text)


@pytest.mark.parametrize(
    "path",
    [
        *("checkpoint", "../mirror.db", "tile/../checkpoint", "tile/0/../../../mirror.db", "/etc/passwd", ""),
        *("tile/0/000.p/256", "tile/00/000", "tile/0/x000/000", "tile/entries/000.p/0", "tile/0/000/", "tile/0/000\0"),
    ],
)
def test_only_tiles_can_be_read(kept: Kept, path: str) -> None:
    kept.accept(300)
    kept.send(0, 300)
    assert kept.mirror.tile(DIGEST, path) is None
    assert kept.mirror.tile("..", "tile/0/000") is None
    assert kept.mirror.tile(DIGEST, "tile/0/000") is not None


@examples(15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["accept", "send", "fork", "again"]), st.integers(0, 1_400), st.integers(0, 5)))
)
def test_whatever_is_sent_the_mirror_is_one_prefix_of_the_log(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    kept, cosigned = Kept(tmp_path_factory.mktemp("mirror") / "m"), 0
    try:
        for what, size, most in steps:
            if what == "accept":
                kept.accept(size)
            elif what == "again":
                kept.again()
            else:
                seen = kept.state.seen(LOG.origin)
                end = seen.size if seen and size % 2 else size
                start = min(kept.next_entry(), end) - most if most < 3 else size
                answer = kept.send(max(min(start, end), 0), end, LOG if what == "send" else FORK, most or 1 << 30)
                assert answer.status in (200, 202, 409, 422)
                if answer.status == 200:
                    assert end >= cosigned
                    cosigned = end
                    kept.check(end)
        assert (kept.mirror.checkpoint(DIGEST) is not None) >= (cosigned > 0)
        if cosigned:
            kept.check(cosigned)
    finally:
        kept.close()


def test_the_paths_of_partial_tiles_are_those_of_the_specification() -> None:
    assert parse_tile_path("tile/entries/x001/x234/067.p/8") == Tile(-1, 1_234_067, 8)


FAULTS = (
    (LedgerError("LOG-CORRUPT", "a tile"), "LOG-CORRUPT"),
    (RecordError("LOG-TILE", "a tile"), "LOG-TILE"),
    (OSError(28, "no space"), "DISK-ERROR"),
)


@pytest.mark.parametrize(("fault", "code"), FAULTS)
@pytest.mark.parametrize("step", ["save", "complete"])
def test_a_fault_of_its_files_is_503_with_its_code_and_the_next_upload_goes_on(
    kept: Kept, step: str, fault: Exception, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise fault

    kept.accept(300)
    with monkeypatch.context() as patch:
        patch.setattr(MirroredFiles, step, fail)
        answer = kept.send(0, 300)
        assert (answer.status, answer.body) == (503, f"{code}: nothing was cosigned\n")
    assert kept.mirror.checkpoint(DIGEST) is None
    assert kept.send(0, 300).status == 200
    kept.check(300)


def test_an_upload_of_a_smaller_tree_than_was_cosigned_ends_without_work(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in (300, 600):
        kept.accept(size)
    begun = kept.mirror.begin(UploadHeader(LOG.origin, 0, 300))
    assert not isinstance(begun, WitnessReply)
    kept.send(0, 600)
    assert info(kept.send(290, 300)) == (409, 600, 600)
    monkeypatch.setattr(MirroredFiles, "complete", lambda *_: pytest.fail("no tile is written"))
    assert info(kept.mirror.finish(begun)) == (409, 600, 600)
