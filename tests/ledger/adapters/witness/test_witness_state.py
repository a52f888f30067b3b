"""What a witness or a mirror has seen is kept for each log, goes only forward, and is made once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger.adapters.mirror.mirror_state import MOST_PENDING, MirrorState
from ledger.adapters.storage.sqlite import create
from ledger.adapters.witness.witness_state import MOST_EVIDENCE, ConflictEvidence, CosignedHead, Memory
from ledger.errors import LedgerError
from tests.support.files.system_calls import open_below

ONE, OTHER = "log.example/one", "log.example/other"


def head(size: int, mark: int = 1, time: int = 7) -> CosignedHead:
    return CosignedHead(size, bytes([mark] * 32), time, b"note %d %d" % (size, mark))


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with closing(Memory.create(tmp_path / "state" / "witness.db", "w+1+a")) as made:
        yield made


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[MirrorState]:
    with closing(MirrorState.create(tmp_path / "state" / "mirror.db", "m+1+a")) as made:
        yield made


def stored(memory: Memory, origin: str, seen: CosignedHead) -> str:
    """Store a head; return the refusal, empty if there is none."""
    try:
        with memory.turn():
            memory.store(origin, seen)
    except LedgerError as refused:
        return f"{refused.code}: {refused.says.partition(':')[0]}"
    return ""


def test_a_memory_is_made_once_and_only_that_of_its_witness_is_opened(memory: Memory, tmp_path: Path) -> None:
    assert memory.path.parent.stat().st_mode & 0o777 == 0o700
    with pytest.raises(FileExistsError):
        Memory.create(memory.path, "w+1+a")
    Memory(memory.path, "w+1+a").close()
    memory.close()
    for make, path, says in (
        (Memory, memory.path, "is the memory of another witness, not of w"),
        (Memory, tmp_path / "none.db", "what this witness has cosigned before"),
        (MirrorState, tmp_path / "none.db", "what this mirror has cosigned before"),
    ):
        with pytest.raises(LedgerError, match=f"WITNESS-LOST.*{says}"):
            make(path, "w+1+b")
    create(tmp_path / "bare.db", ())
    with pytest.raises(LedgerError, match="LOG-CORRUPT"):
        Memory(tmp_path / "bare.db", "w+1+a")
    create(tmp_path / "empty.db", ("CREATE TABLE witness (vkey TEXT)",))
    with pytest.raises(LedgerError, match="WITNESS-LOST"):
        Memory(tmp_path / "empty.db", "w+1+a")
    assert open_below(tmp_path) == []


def test_the_head_of_each_log_goes_only_forward(memory: Memory) -> None:
    assert memory.seen(ONE) is None
    assert stored(memory, ONE, head(3)) == stored(memory, OTHER, head(9, time=1)) == ""
    for seen, code in (
        (head(2), "WITNESS-BACK"),
        (head(3, 2), "WITNESS-BACK"),
        (head(3, time=6), "WITNESS-BACK"),
        (head(4, time=6), "WITNESS-BACK"),
        (head(5, time=0), "WITNESS-BACK"),
        (head(3, time=8), ""),
        (head(4, 2, time=8), ""),
    ):
        before = memory.seen(ONE)
        says = f"WITNESS-BACK: size {seen.size} of {ONE} would be a step back"
        assert stored(memory, ONE, seen) == (says if code else "")
        assert memory.seen(ONE) == (before if code else seen)
    assert memory.seen(OTHER) == head(9, time=1)


def test_what_is_stored_in_a_turn_that_fails_is_not_there(memory: Memory) -> None:
    def failing() -> None:
        with memory.turn():
            memory.store(ONE, head(3))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert memory.seen(ONE) is None


def test_a_hundred_refused_heads_of_each_log_are_kept_once_each(memory: Memory) -> None:
    first = ConflictEvidence(ONE, 7, 409, "it forks", 3, b"cosigned", b"refused\n", (bytes(32), bytes([1] * 32)))
    more = [ConflictEvidence(ONE, n, 422, "x", n, b"c", b"refused %d\n" % n, ()) for n in range(MOST_EVIDENCE)]
    other = ConflictEvidence(OTHER, 7, 409, "it forks", 3, b"cosigned", b"refused\n", (bytes(32),))
    with memory.turn():
        for evidence in (first, first, *more, other):
            memory.keep(evidence)
    kept = memory.evidence()
    assert MOST_EVIDENCE == 100
    assert kept == [first, *more[:99], other]


# -- mirrors -----------------------------------------------------------------------------------------------------------


def test_a_mirror_accepts_entries_up_to_its_sixteen_newest_checkpoints_and_the_cosigned_one(
    mirror: MirrorState,
) -> None:
    assert MOST_PENDING == 16
    for size in range(1, 19):
        assert stored(mirror, ONE, head(size)) == ""
    assert stored(mirror, OTHER, head(1)) == ""
    assert [size for size in range(20) if mirror.accepted(ONE, size)] == list(range(3, 19))
    found = mirror.accepted(ONE, 18)
    assert found == CosignedHead(18, head(18).root, 0, head(18).note)
    assert (mirror.seen(ONE), mirror.mirrored(ONE)) == (head(18), None)
    assert mirror.accepted(OTHER, 18) is None
    with mirror.turn():
        mirror.cosigned(ONE, head(2))
    assert (mirror.mirrored(ONE), mirror.mirrored(OTHER)) == (head(2), None)
    assert mirror.accepted(ONE, 2) == CosignedHead(2, head(2).root, 0, head(2).note)
    with pytest.raises(LedgerError, match="WITNESS-BACK"), mirror.turn():
        mirror.cosigned(ONE, head(1))


def test_the_number_of_entries_of_a_mirror_never_falls(mirror: MirrorState) -> None:
    assert mirror.next_entry(ONE) == 0
    for counted, there in ((5, 5), (3, 5), (5, 5), (6, 6)):
        mirror.count_entries(ONE, counted)
        assert (mirror.next_entry(ONE), mirror.next_entry(OTHER)) == (there, 0)
