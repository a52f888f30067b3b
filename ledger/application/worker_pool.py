"""Start worker processes that hold nothing of a process with several threads, and check without looking for cycles."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from threading import active_count
from typing import Any


def worker_pool(workers: int, begin: Callable[..., None], *given: Any) -> ProcessPoolExecutor:
    """Return a pool of processes, each of which calls `begin` first.

    Python starts them, which forks a process with one thread on Linux. Those of a process with several threads, as a
    server is, come from a fork server: a forked one keeps the connections of clients open, and waits for ever for a
    lock that another thread held at that moment.
    """
    context: BaseContext = get_context() if active_count() == 1 else get_context("forkserver")
    return ProcessPoolExecutor(workers, context, begin, given)


@contextmanager
def without_cycles() -> Iterator[None]:
    """Switch the garbage collector off for a block: entries make no cycles, and looking costs a twentieth."""
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()
