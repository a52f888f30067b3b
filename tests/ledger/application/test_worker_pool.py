"""Worker processes of a process with several threads hold none of its connections."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from threading import Event, Thread
from typing import Any

import pytest

from ledger.application import worker_pool as pools
from ledger.application.worker_pool import without_cycles, worker_pool

_begun: list[str] = []  # of a worker process


def begin(*given: str) -> None:
    _begun.extend(given)


def begun() -> tuple[int, list[str]]:
    return os.getpid(), _begun


@contextmanager
def another_thread() -> Iterator[None]:
    ends = Event()
    thread = Thread(target=ends.wait)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()


def test_each_worker_begins_with_what_is_given_in_another_process() -> None:
    with worker_pool(1, begin, "a", "b") as pool:
        process, given = pool.submit(begun).result()
    assert (process != os.getpid(), given) == (True, ["a", "b"])


@pytest.mark.parametrize("threads", [1, 2, 9])
def test_only_a_process_with_one_thread_starts_its_workers_as_python_does(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "active_count", lambda: threads)
    monkeypatch.setattr(pools, "ProcessPoolExecutor", lambda *given: given)
    made: Any = worker_pool(3, begin, "a")
    way = get_context().get_start_method() if threads == 1 else "forkserver"
    assert (made[0], made[1].get_start_method(), *made[2:]) == (3, way, begin, ("a",))


def test_the_workers_of_a_process_with_threads_keep_none_of_its_connections_open() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening, another_thread():
        place = listening.getsockname()
        with worker_pool(1, begin, "a") as pool:
            assert pool.submit(begun).result()[1] == ["a"]
            listening.close()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(place, timeout=5)


@pytest.mark.parametrize("looking", [True, False])
def test_no_cycle_is_looked_for_in_a_block_and_afterwards_as_before(looking: bool) -> None:
    def refused() -> None:
        with without_cycles():
            assert not gc.isenabled()
            raise KeyError

    before = gc.isenabled()
    (gc.enable if looking else gc.disable)()
    try:
        with pytest.raises(KeyError):
            refused()
        assert gc.isenabled() is looking
    finally:
        (gc.enable if before else gc.disable)()
