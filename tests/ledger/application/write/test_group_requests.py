"""Which requests are stored together, how often they are tried, and what is signed in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Event, Thread
from time import monotonic, sleep
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.storage.entry_recorder import StaleVersion
from ledger.adapters.storage.entry_store import Conflict
from ledger.application.write import group_commit
from ledger.application.write.group_commit import GREW, GroupCommit, Request
from ledger.errors import LedgerError, RecordError

LONGEST = 10.0  # seconds that a test waits for a thread


class Past:
    """A place in a log that says nothing; `anew` counts how often it is read anew."""

    origin, registry, keyring, next_index = "ledger.test/x", "", None, 0

    def __init__(self) -> None:
        self.anew = 0
        self.still: dict[str, int] = {}
        self.heads: dict[str, Any] = {}

    def forget(self) -> None:
        self.anew += 1

    def learn(self, heads: dict[str, Any]) -> None:
        self.heads |= heads


class World:
    """A store and a log in memory; `acts` says what was done, in order, and `lost` what the next attempts raise."""

    def __init__(self) -> None:
        self.acts: list[str] = []
        self.groups: list[list[str]] = []
        self.lost: list[BaseException] = []
        self.unsigned: list[Exception] = []
        self.others = 0  # entries of other processes
        self.recorder = SimpleNamespace(committed=None)
        self.past = Past()
        self.group = GroupCommit(self.past, self, self)  # type: ignore[arg-type]

    def size(self) -> int:
        return self.others + sum(map(len, self.groups))

    def append(self, rows: Sequence[Any], *, expected: object) -> list[SimpleNamespace]:
        self.acts.append("append")
        if self.lost:
            raise self.lost.pop(0)
        first = self.size()
        self.groups.append([row.name for row in rows])
        return [SimpleNamespace(index=first + n, already=False) for n in range(len(rows))]

    def ready(self) -> None:
        self.acts.append("ready")

    def acknowledge(self, index: int, committed: object = None) -> None:
        self.acts.append(f"sign {index}")
        if self.unsigned:
            raise self.unsigned.pop(0)

    def receipt_by(self, *_: object) -> bytes:
        return b""


def row(name: str) -> Any:
    return SimpleNamespace(name=name, leaf=b"", entry_id=b"", originator_id=name, originator_version=1)


def bringing(name: str, size: int = 1, alone: set[str] | None = None, shared: set[str] | None = None) -> Request:
    return Request(lambda _: [row(name)], size, frozenset(alone or ()), frozenset(shared or ()))


@pytest.fixture
def world() -> World:
    return World()


def in_thread(call: Callable[[], object]) -> Thread:
    thread = Thread(target=call, daemon=True)
    thread.start()
    return thread


def ended(*threads: Thread) -> bool:
    for thread in threads:
        thread.join(LONGEST)
    return not any(thread.is_alive() for thread in threads)


def wait_for(condition: Callable[[], bool]) -> None:
    end = monotonic() + LONGEST
    while not condition():
        assert monotonic() < end
        sleep(0.0005)


def groups_of(world: World, requests: Sequence[Request]) -> list[list[str]]:
    """Bring requests while no group is stored; return the groups in which they were stored."""
    threads = []
    with world.group.turn():
        for number, request in enumerate(requests, 1):
            threads.append(in_thread(lambda request=request: world.group.commit(request)))  # type: ignore[misc]
            wait_for(lambda number=number: len(world.group._waiting) == number + 1)  # type: ignore[misc]
    assert ended(*threads)
    return world.groups


@pytest.mark.parametrize(
    ("requests", "groups"),
    [
        ([bringing("a", alone={"x"}), bringing("b", alone={"y"})], [["a", "b"]]),
        ([bringing("a", alone={"x"}), bringing("b", alone={"x"})], [["a"], ["b"]]),
        ([bringing("a", shared={"x"}), bringing("b", shared={"x"})], [["a", "b"]]),
        ([bringing("a", shared={"x"}), bringing("b", alone={"x"})], [["a"], ["b"]]),
        ([bringing("a", alone={"x"}), bringing("b", shared={"x"})], [["a"], ["b"]]),
        ([bringing("a", alone={"x"}), bringing("b", alone={"x"}), bringing("c")], [["a", "c"], ["b"]]),
        ([bringing("a", 2_499), bringing("b", 1)], [["a", "b"]]),
        ([bringing("a", 2_499), bringing("b", 2), bringing("c", 1)], [["a", "c"], ["b"]]),
        ([bringing("a", 9_999), bringing("b", 1)], [["a"], ["b"]]),
        ([bringing("a", 1), bringing("b", 9_999)], [["a"], ["b"]]),
    ],
)
def test_requests_are_stored_together_unless_one_needs_to_know_what_becomes_of_another_or_all_are_too_many(
    requests: list[Request], groups: list[list[str]], world: World
) -> None:
    fresh = [Request(each.make, each.size, each.alone, each.shared) for each in requests]
    assert groups_of(world, fresh) == groups


def test_entries_are_stored_before_they_are_signed_and_a_request_without_any_stores_nothing(world: World) -> None:
    assert world.group.stored is False
    assert world.group.commit(Request(lambda _: [], 0)) == []
    assert (world.acts, world.group.stored) == (["ready"], False)
    receipts = world.group.commit(Request(lambda _: [row("a"), row("b")], 2))
    assert world.acts[1:] == ["ready", "append", "sign 1"]
    assert ([each.index for each in receipts], world.group.stored) == ([0, 1], True)


def test_what_was_stored_apart_is_signed_and_read_anew(world: World) -> None:
    with world.group.turn():
        world.group.stored_apart(7)
    assert (world.acts, world.past.anew, world.group.stored) == (["sign 7"], 1, True)


@pytest.mark.parametrize("lost", [StaleVersion("x"), Conflict("taken")])
def test_a_request_that_another_process_overtook_is_made_again(lost: Exception, world: World) -> None:
    world.lost = [lost, lost]
    assert len(world.group.commit(bringing("a"))) == 1
    assert world.acts == ["ready", "append", "append", "append", "sign 0"]
    assert world.past.anew == 2


@pytest.mark.parametrize(("lost", "says"), [(StaleVersion("x"), GREW), (Conflict("taken"), "taken")])
def test_a_request_that_is_always_overtaken_is_refused_in_the_end_and_leaves_no_entry(
    lost: Exception, says: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "_TRIES", 3)
    world.lost = [lost] * 4
    with pytest.raises(Conflict, match=says):
        world.group.commit(bringing("a"))
    assert world.acts == ["ready", "append", "append", "append"]
    assert world.group.stored is False


@pytest.mark.parametrize(
    ("names", "groups"),
    [("a", [["a"]]), ("ab", [["a"], ["b"]]), ("abc", [["a", "b"], ["c"]]), ("abcd", [["a", "b"], ["c", "d"]])],
)
def test_of_a_group_that_was_overtaken_the_second_half_waits_again_in_its_order(
    names: str, groups: list[list[str]], world: World
) -> None:
    world.lost = [StaleVersion("x")]
    assert groups_of(world, [bringing(name) for name in names]) == groups


def test_a_thread_that_is_stopped_leaves_the_others_of_its_group_without_a_receipt(world: World) -> None:
    world.lost = [KeyboardInterrupt()]
    ends: dict[str, BaseException] = {}

    def brought(request: Request, name: str) -> None:
        try:
            world.group.commit(request)
        except BaseException as end:
            ends[name] = end

    threads = []
    with world.group.turn():
        for number, name in enumerate("ab", 1):
            threads.append(in_thread(lambda name=name: brought(bringing(name), name)))  # type: ignore[misc]
            wait_for(lambda number=number: len(world.group._waiting) == number + 1)  # type: ignore[misc]
    assert ended(*threads)
    assert isinstance(ends["a"], KeyboardInterrupt)
    assert isinstance(ends["b"], LedgerError)
    assert ends["b"].code == "STORE-AWAY"
    assert len(world.group.commit(bringing("c"))) == 1, "another thread goes on"


def test_the_newest_entries_of_a_group_are_remembered_once_they_are_stored(world: World) -> None:
    def make(part: Any) -> list[Any]:
        assert world.past.heads == {}
        part.heads["order"] = "head"
        return [row("a")]

    world.lost = [StaleVersion("x")]
    world.group.commit(Request(make, 1))
    assert world.past.heads == {"order": "head"}


def test_a_request_that_is_not_refused_is_made_once_although_another_process_has_stored(world: World) -> None:
    made: list[str] = []

    def make(_: object) -> list[Any]:
        made.append("a")
        return [row("a")]

    world.group.commit(bringing("first"))
    world.others += 1
    world.group.commit(Request(make, 1))
    assert made == ["a"]


def test_a_refusal_is_looked_at_again_only_if_another_process_has_stored_since(world: World) -> None:
    made: list[int] = []

    def refuse(_: object) -> list[Any]:
        made.append(world.size())
        raise RecordError("CONFLICT", "taken")

    for grown, tries in ((0, 2), (0, 1), (1, 2), (0, 1)):
        world.others += grown
        made.clear()
        with pytest.raises(RecordError, match="taken"):
            world.group.commit(Request(refuse, 1))
        assert len(made) == tries
    world.group.commit(bringing("a"))
    made.clear()
    with pytest.raises(RecordError, match="taken"):
        world.group.commit(Request(refuse, 1))
    assert len(made) == 1, "what was stored here is known here"


def test_while_a_checkpoint_is_signed_the_next_group_is_stored(world: World) -> None:
    with world.group.signing:
        thread = in_thread(lambda: world.group.commit(bringing("a")))
        wait_for(lambda: "append" in world.acts)
        assert world.acts == ["append"]
    assert ended(thread)
    assert world.acts == ["append", "sign 0"]


def test_after_a_checkpoint_that_failed_nothing_is_stored_before_signing_is_seen_to_work(world: World) -> None:
    world.unsigned = [LedgerError("LOG-UNREACHABLE", "away")]
    with pytest.raises(LedgerError, match="away"):
        world.group.commit(bringing("a"))
    world.acts.clear()
    with world.group.signing:
        thread = in_thread(lambda: world.group.commit(bringing("b")))
        sleep(0.02)
        assert world.acts == []
    assert ended(thread)
    assert world.acts == ["ready", "append", "sign 1"]
    world.acts.clear()
    with world.group.signing:  # now it works again
        thread = in_thread(lambda: world.group.commit(bringing("c")))
        wait_for(lambda: "append" in world.acts)
    assert ended(thread)


def test_the_time_to_store_is_estimated_by_the_last_group_and_is_at_least_a_second(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [world.group.seconds_to_store(requests) for requests in (0, 100_000)] == [1, 1]
    times: Iterator[float] = iter((10.0, 12.5))
    monkeypatch.setattr(group_commit, "monotonic", lambda: next(times))
    world.group.commit(bringing("a"))
    assert [world.group.seconds_to_store(requests) for requests in (0, 256, 512, 513)] == [1, 3, 5, 6]


def test_a_thread_that_has_the_turn_may_take_it_again(world: World) -> None:
    taken = Event()

    def twice() -> None:
        with world.group.turn():
            with world.group.turn():
                pass
            taken.set()

    in_thread(twice)
    assert taken.wait(LONGEST)
    assert len(world.group.commit(bringing("a"))) == 1, "and then others have it"
