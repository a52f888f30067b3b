"""Run tasks in processes of their own, each with a limit of time and of memory; one that fails does not stop the rest.

A process that exceeds its time is killed, and its temporary files are removed. Its memory is limited by the kernel
(RLIMIT_DATA, where it has that). A process ends when the one that started it has ended.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Generic, TypeVar

from msgspec import Struct

Task = TypeVar("Task")
Result = TypeVar("Result")

TIME, MEMORY, CRASH = "AUD-TIME", "AUD-MEMORY", "AUD-CRASH"
_MIB = 1 << 20


class Limits(Struct, frozen=True):
    """The limits of each process: `seconds` of time on the clock, and memory in MiB; `processes` run at a time."""

    seconds: float
    mib: int
    processes: int


class Unfinished(Struct, frozen=True):
    """Why a process gave no result: a code and a sentence."""

    code: str
    says: str


class _Going(Struct, Generic[Task]):
    number: int
    process: BaseProcess
    results: Connection
    until: float
    temporary: TemporaryDirectory[str]


def run_bounded(
    work: Callable[[Task], Result], tasks: Sequence[Task], limits: Limits, preload: Sequence[str] = ()
) -> Iterator[tuple[int, Result | Unfinished]]:
    """Yield the number of each task with its result, as they end. `work` is a function of a module.

    `preload` are modules that every process needs: they are imported once. Processes that run when the caller stops
    are killed.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload([*preload])
    waiting = list(enumerate(tasks))[::-1]
    going: list[_Going[Task]] = []
    try:
        while waiting or going:
            while waiting and len(going) < limits.processes:
                number, task = waiting.pop()
                results, ours = context.Pipe(duplex=False)
                temporary = TemporaryDirectory(prefix="comity-", ignore_cleanup_errors=True)
                process = context.Process(target=_process, args=(work, task, limits.mib, temporary.name, ours))
                process.start()
                ours.close()
                going.append(_Going(number, process, results, time.monotonic() + limits.seconds, temporary))
            left = max(0.0, min(one.until for one in going) - time.monotonic())
            ended = wait([one.results for one in going], left)
            for one in list(going):
                if one.results in ended or time.monotonic() >= one.until:
                    going.remove(one)
                    yield one.number, _result(one, limits, late=one.results not in ended)
    finally:
        for one in going:
            _end(one)


def _result(one: _Going[Task], limits: Limits, *, late: bool) -> Result | Unfinished:
    result: Result | Unfinished
    try:
        if late:
            return Unfinished(TIME, f"it took longer than the {limits.seconds:g} seconds that one ledger may take")
        result = one.results.recv()
    except (EOFError, OSError):
        one.process.join(5)
        code = one.process.exitcode
        by = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
        return Unfinished(CRASH, f"the process that read it ended without a result: {by}")
    finally:
        _end(one)
    return result


def _end(one: _Going[Task]) -> None:
    one.process.kill()
    one.process.join()
    one.results.close()
    one.temporary.cleanup()


def _process(work: Callable[[Task], Result], task: Task, mib: int, temporary: str, results: Connection) -> None:
    tempfile.tempdir = temporary  # what a process leaves that is killed is removed
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one ends it
    Thread(target=_end_with_parent, daemon=True).start()
    with suppress(ImportError, OSError, ValueError):  # no such limit here
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (mib * _MIB, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    answer: Result | Unfinished
    try:
        answer = work(task)
    except MemoryError:
        answer = Unfinished(MEMORY, f"it needs more than the {mib} MiB of memory that one ledger may take")
    except Exception as error:
        text = " ".join(str(error).split())[:200]
        answer = Unfinished(CRASH, f"unforeseen: {type(error).__name__}{': ' if text else ''}{text}")
    with suppress(BrokenPipeError):
        results.send(answer)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
