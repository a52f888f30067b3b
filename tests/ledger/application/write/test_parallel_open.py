"""Entries opened in other processes equal entries opened in this one; an invalid entry is named."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.write import parallel_open
from ledger.application.write.parallel_open import VerifierPool, at, end_with_parent, open_entries, open_entry
from ledger.errors import RecordError
from tests.support.cli import ledger_of

CHUNK = 3


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    ledger = ledger_of("S1", tmp_path_factory.mktemp("entries"))
    with closing(EntryReader(read_folder(ledger).entries)) as store:
        return [raw for _, raw in store.page(0)] * 2


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[VerifierPool]:
    for name, value in {"_MANY": 10, "_CHUNK": CHUNK, "CORES": 2}.items():
        monkeypatch.setattr(parallel_open, name, value)
    with closing(VerifierPool()) as made:
        yield made


def test_pages_from_several_processes_hold_every_entry_in_its_order(entries: list[bytes], pool: VerifierPool) -> None:
    for _ in range(2):  # the second time the processes are running already
        pages = list(pool.pages(entries))
        assert [start for start, _ in pages] == [sum(len(page) for _, page in pages[:n]) for n in range(len(pages))]
        assert [opened for _, page in pages for opened in page] == [open_entry(raw) for raw in entries]
    assert len(pages) > 1


@pytest.mark.parametrize("place", [0, CHUNK, 3 * CHUNK + 1, -1])
def test_the_first_wrong_entry_is_named_and_the_pages_before_it_were_handed_on(
    entries: list[bytes], pool: VerifierPool, place: int
) -> None:
    place %= len(entries)
    wrong = [*entries]
    wrong[place] = wrong[place].replace(b'"sig":"', b'"sig":"A', 1)
    seen: list[int] = []
    with pytest.raises(RecordError) as refused:
        seen += [start + len(page) for start, page in pool.pages(wrong)]
    with pytest.raises(RecordError) as alone:
        open_entry(wrong[place])
    assert refused.value.code == alone.value.code
    assert str(place) in refused.value.where


class Pool:
    """Processes that are this one; `waiting` has how many chunks wait when one more is handed out."""

    def __init__(self) -> None:
        self.given: list[int] = []
        self.waiting: list[int] = []
        self.open = 0
        self.cancelled = 0
        self.ended = False

    def submit(self, call: Callable[[Sequence[int]], bytes], entries: Sequence[int]) -> Any:
        self.given.append(len(entries))
        self.waiting.append(self.open)
        self.open += 1
        return SimpleNamespace(result=lambda: self.taken(call(entries)), cancel=self.cancel)

    def taken(self, opened: bytes) -> bytes:
        self.open -= 1
        return opened

    def cancel(self) -> None:
        self.cancelled += 1

    def shutdown(self) -> None:
        self.ended = True


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[Pool]]:
    """Return a verifier that opens numbers as themselves, and the pools that it starts."""
    pools: list[Pool] = []

    def started(cores: int, begin: object) -> Pool:
        assert (cores, begin) == (parallel_open.CORES, parallel_open._begin)
        pools.append(Pool())
        return pools[-1]

    def opened(entries: Sequence[int], start: int, chunk: Sequence[int]) -> list[int]:
        assert list(entries[start : start + len(chunk)]) == list(chunk)
        return list(chunk)

    for name, value in {"CORES": 3, "worker_pool": started, "_opened": opened, "_open_chunk": list}.items():
        monkeypatch.setattr(parallel_open, name, value)
    return VerifierPool(), pools


@pytest.mark.parametrize(("count", "cores", "pooled"), [(999, 3, 0), (1_000, 3, 875), (1_000, 1, 0), (1_000, 2, 875)])
def test_a_thousand_entries_are_opened_on_every_core_of_several(
    counted: tuple[Any, list[Pool]], count: int, cores: int, pooled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier, pools = counted
    monkeypatch.setattr(parallel_open, "CORES", cores)
    assert [n for _, page in verifier.pages(range(count)) for n in page] == list(range(count))
    assert sum(number for pool in pools for number in pool.given) == pooled


def test_the_first_chunk_is_opened_here_and_processes_are_started_once_and_ended(
    counted: tuple[Any, list[Pool]],
) -> None:
    verifier, pools = counted
    for given in ([125] * 8, [125] * 9):
        assert [n for _, page in verifier.pages(range(1_125)) for n in page] == list(range(1_125))
        (pool,) = pools
        assert (pool.given, pool.ended, pool.cancelled) == (given, False, 0)
        pool.given.clear()
    verifier.close()
    verifier.close()
    assert pool.ended
    assert [n for _, page in verifier.pages(range(1_000)) for n in page] == list(range(1_000))
    assert len(pools) == 2


def test_twenty_four_chunks_for_each_core_may_be_ready_and_the_rest_is_not_opened_after_a_refusal(
    counted: tuple[Any, list[Pool]],
) -> None:
    verifier, pools = counted
    chunks = verifier._chunks(range(125 * 100 + 1))
    for _ in range(3):
        next(chunks)
    (pool,) = pools
    assert (max(pool.waiting), len(pool.given)) == (71, 73)
    chunks.close()
    assert pool.cancelled == 71


@pytest.mark.parametrize(
    ("count", "pages"),
    [
        (0, []),
        (1, [1]),
        (125, [125]),
        (126, [125, 1]),
        (250, [125, 125]),
        (500, [250, 125, 125]),
        (5_000, [2_500, 1_250, 625, 375, 125, 125]),
        (7_500, [2_500, 2_500, 1_250, 625, 375, 125, 125]),
    ],
)
def test_a_page_has_up_to_2500_entries_and_towards_the_end_half_of_what_is_left(
    counted: tuple[Any, list[Pool]], count: int, pages: list[int]
) -> None:
    verifier, _ = counted
    found = list(verifier.pages(range(count)))
    assert [len(page) for _, page in found] == pages
    assert [start for start, _ in found] == [sum(pages[:n]) for n in range(len(pages))]


def test_entries_opened_in_one_thread_are_those_opened_one_by_one(entries: list[bytes]) -> None:
    assert open_entries(entries) == [open_entry(raw) for raw in entries]
    with pytest.raises(RecordError, match="entry 2 of those received") as refused:
        open_entries([*entries[:2], b"{}"])
    with pytest.raises(RecordError) as alone:
        open_entry(b"{}")
    assert (refused.value.code, refused.value.says) == (alone.value.code, alone.value.says)
    assert (refused.value.hint, refused.value.where) == (
        alone.value.hint,
        "entry 2 of those received" + f", {alone.value.where}" * bool(alone.value.where),
    )


@pytest.mark.parametrize(("where", "place"), [("", "entry 7 of those received"), ("x", "entry 7 of those received, x")])
def test_an_error_of_one_of_many_entries_says_which(where: str, place: str) -> None:
    said = at(7, RecordError("FACT", "it is wrong", where=where, hint="do it again"))
    assert (said.code, said.says, said.where, said.hint) == ("FACT", "it is wrong", place, "do it again")


def test_a_process_that_opens_gives_way_and_ends_with_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    monkeypatch.setattr(os, "nice", done.append)
    monkeypatch.setattr(os, "_exit", done.append)
    monkeypatch.setattr(gc, "disable", lambda: done.append("no collector"))
    monkeypatch.setattr(parallel_open, "parent_process", lambda: None)
    end_with_parent()
    assert done == []
    monkeypatch.setattr(parallel_open, "parent_process", lambda: SimpleNamespace(join=lambda: done.append("it ended")))
    end_with_parent()
    assert done == ["it ended", 1]
    done.clear()

    def thread(target: object, daemon: bool) -> Any:
        return SimpleNamespace(start=lambda: done.append((target, daemon)))

    monkeypatch.setattr(parallel_open, "Thread", thread)
    parallel_open._begin()
    assert done == ["no collector", 5, (end_with_parent, True)]


@pytest.mark.parametrize(
    ("on", "signed_at", "good"),
    [
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", True),
        ("1970-01-01T00:00:00Z", "2027-03-01T12:00:00Z", True),
        ("2027-03-01T12:00:00Z", "2027-03-01T12:00:00Z", True),
        ("1969-12-31T23:59:59Z", "2027-03-01T12:00:00Z", False),
        ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z", False),
        ("2027-03-01T13:00:00Z", "2027-03-01T12:00:00Z", False),
    ],
)
def test_an_act_is_after_1969_and_not_an_hour_after_its_signature(
    entries: list[bytes], on: str, signed_at: str, good: bool
) -> None:
    opened = open_entry(entries[0])
    dated = replace(opened, payload=replace(opened.payload, on=on, signed_at=signed_at))
    if good:
        assert parallel_open._formed(dated) is dated
    else:
        with pytest.raises(RecordError, match="FORM-DATE"):
            parallel_open._formed(dated)
