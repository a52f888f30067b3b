"""Each head of another log is compared with every head seen before, and two that contradict each other are kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.log.checkpoints import CheckpointStore, PublishedHead
from ledger.adapters.storage.postgres import Address
from ledger.adapters.witness import followed_logs
from ledger.adapters.witness.followed_logs import (
    Held,
    convicted,
    followed,
    hold_against,
    keep_evidence,
    newest_seen,
)
from ledger.errors import LedgerError, RecordError
from ledger.tlog.names import origin_hash
from ledger.tlog.note import Checkpoint, Head, format_checkpoint, note_digest, open_checkpoint, sign_note
from tests.support.files.system_calls import synced
from tests.support.hash_log import HashLog

NOW = datetime(2027, 3, 1, tzinfo=UTC)


class Follower:
    """What a party has seen of a log, and the folder of its evidence."""

    def __init__(self, folder: Path, seen: CheckpointStore) -> None:
        self.log, self.seen, self.evidence = HashLog(size=12), seen, folder / "evidence"
        self.fork = self.log.fork(4, 12)
        self.asked: list[tuple[int, int]] = []

    def head(self, size: int, log: HashLog | None = None) -> Head:
        note = (log or self.log).note(size)
        return open_checkpoint(note, self.log.origin, self.log.key, ())

    def hold(self, size: int, prove: Callable[[int, int], Any] | None = None, log: HashLog | None = None) -> Held:
        def noted(m: int, n: int) -> Any:
            self.asked.append((m, n))
            return (self.log.prove(m, n), None) if prove is None else prove(m, n)

        return hold_against(self.seen, self.log.key, self.head(size, log), noted, NOW, self.evidence)

    def refused(self, size: int, prove: Callable[[int, int], Any] | None = None) -> str:
        """Hold a head of the fork, which is refused; return the code."""
        with pytest.raises((LedgerError, RecordError)) as wrong:
            self.hold(size, prove, self.fork)
        return str(wrong.value.code)  # type: ignore[attr-defined]

    def kept(self) -> list[int]:
        return sorted(head.size for head in self.seen.all())

    def exhibits(self) -> list[str]:
        return [json.loads(path.read_bytes())["format"] for path in self.evidence.glob("*.json")]


@pytest.fixture
def follower(tmp_path: Path) -> Iterator[Follower]:
    with closing(followed(tmp_path / "others", "o")) as seen:
        yield Follower(tmp_path, seen)


def test_a_head_that_continues_those_seen_before_is_kept(follower: Follower) -> None:
    assert follower.hold(5) == Held(0, ())
    assert follower.hold(9) == Held(5, ())
    assert follower.hold(7) == Held(9, ())
    assert follower.kept() == [5, 7, 9]
    assert follower.asked == [(5, 9), (5, 7), (7, 9)]
    assert not follower.evidence.exists()


def test_the_same_tree_and_an_empty_one_need_no_proof(follower: Follower) -> None:
    follower.hold(5)
    assert follower.hold(5) == Held(5, ())
    assert follower.hold(0) == Held(5, ())
    assert follower.hold(6) == Held(5, ())
    assert follower.asked == [(5, 6)]
    assert follower.hold(1, lambda m, n: None) == Held(6, (5, 6))  # a tree of one entry needs one


def test_heads_without_a_proof_between_them_are_unproven_by_their_sizes(follower: Follower) -> None:
    follower.hold(8)
    follower.hold(3)
    assert follower.hold(9, lambda m, n: None) == Held(8, (3, 8))
    assert follower.hold(5, lambda m, n: None if m == 3 else (follower.log.prove(m, n), None)) == Held(9, (3,))
    assert follower.kept() == [3, 5, 8, 9]


def test_two_trees_of_one_size_are_a_contradiction_and_the_second_is_not_kept(follower: Follower) -> None:
    follower.hold(6)
    assert follower.refused(6) == "SPLIT-VIEW"
    assert follower.kept() == [6]
    assert len(follower.exhibits()) == 1
    notes = {f"{note_digest(log.note(6))}.note": log.note(6) for log in (follower.log, follower.fork)}
    assert {path.name: path.read_bytes() for path in follower.evidence.glob("*.note")} == notes
    assert follower.refused(6) == "SPLIT-VIEW"  # the next look finds the same
    assert follower.asked == []


def test_one_root_for_two_sizes_is_a_contradiction(follower: Follower) -> None:
    follower.hold(6)
    same = Checkpoint(follower.log.origin, 9, follower.log.root(6))
    note = sign_note(format_checkpoint(same), follower.log.origin, follower.log.seed).encode()
    head = open_checkpoint(note, follower.log.origin, follower.log.key, ())
    proof = follower.log.prove(6, 9), None
    with pytest.raises(RecordError, match="CP-CONSISTENCY"):
        hold_against(follower.seen, follower.log.key, head, lambda m, n: proof, NOW, follower.evidence)
    assert follower.kept() == [6]


def test_a_proof_from_another_root_convicts_the_log_and_a_wrong_proof_convicts_no_one(follower: Follower) -> None:
    follower.hold(6)
    fork = follower.fork
    assert follower.refused(9, lambda m, n: ([bytes(32)], None)) == "CP-CONSISTENCY"
    assert follower.exhibits() == []
    assert len(list(follower.evidence.glob("*.note"))) == 2
    assert follower.refused(9, lambda m, n: (fork.prove(m, n), fork.root(m))) == "SPLIT-VIEW"
    assert len(follower.exhibits()) == 1
    assert follower.kept() == [6]


def test_a_head_is_dated_by_its_earliest_cosignature(follower: Follower) -> None:
    key = follower.log.key
    for size, times in ((5, (9, 7, 8)), (6, ())):
        bare = follower.head(size)
        head = Head(bare.checkpoint, bare.note, tuple((key, time) for time in times))
        hold_against(follower.seen, key, head, lambda m, n: None, NOW, follower.evidence)
    assert {head.size: head.cosigned for head in follower.seen.all()} == {5: 7, 6: None}


def test_the_newest_head_seen_is_the_largest_and_none_makes_no_file(tmp_path: Path) -> None:
    place = tmp_path / "others"
    assert newest_seen(place, "o") is None
    assert not place.exists()
    for sizes in ((5,), (9, 7)):
        with closing(followed(place, "o")) as seen:
            follower = Follower(tmp_path, seen)
            for size in sizes:
                follower.hold(size)
    newest = newest_seen(place, "o")
    assert newest is not None
    assert newest.size == 9
    assert newest_seen(place, "another log") is None
    assert len(list(place.glob("*.db"))) == 1


def test_the_newest_head_is_read_without_writing_from_the_file_or_the_database_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[object, dict[str, object]]] = []
    newest = PublishedHead(1, b"note", NOW, None)

    def store(at: object, **how: object) -> Any:
        opened.append((at, how))
        return SimpleNamespace(newest=lambda: newest, close=lambda: None)

    monkeypatch.setattr(followed_logs, "CheckpointStore", store)
    log = origin_hash("o")
    (tmp_path / f"{log}.db").touch()
    shared = Address("postgresql://office.example/ledger", "ledger.example/own")
    for place, at in ((tmp_path, tmp_path / f"{log}.db"), (shared, shared)):
        assert newest_seen(place, "o") is newest
        assert opened.pop() == (at, {"writable": False, "log": log})


def test_evidence_is_durable_and_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    with synced() as names:
        keep_evidence(folder, {"a": b"first"})
    assert names[-1] == "evidence"
    keep_evidence(folder, {"a": b"second", "b": b"b"})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a": b"first", "b": b"b"}


@pytest.mark.parametrize(
    ("form", "name"), [("comity.split-view/1", "split-view"), ("", "exhibit"), ("other/2", "other")]
)
def test_an_exhibit_has_the_name_of_its_form(
    form: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_logs, "form_of", lambda exhibit: form)
    fault = convicted(tmp_path, "SPLIT-VIEW", "it says two things", b"exhibit")
    path = tmp_path / f"{note_digest(b'exhibit')}.{name}.json"
    assert (fault.code, fault.says) == ("SPLIT-VIEW", f"it says two things; the exhibit is {path}")
    assert (path.read_bytes(), fault.hint) == (b"exhibit", f"comity verify {path}")
