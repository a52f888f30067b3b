"""Tasks in processes of their own, with limits of time and memory."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.audits import bounded_processes
from ledger.application.audits.bounded_processes import (
    Limits,
    Unfinished,
    _end_with_parent,
    _process,
    run_bounded,
)
from tests.ledger.application.audits.bounded_work import work

LIMITS = Limits(seconds=30, mib=512, processes=2)


@pytest.fixture(scope="module")
def answers() -> dict[int, object]:
    tasks = ["one", "raise", "kill", "memory", "exit", "two"]
    return dict(run_bounded(work, tasks, LIMITS))


def test_a_task_gives_its_result_whatever_becomes_of_the_others(answers: dict[int, object]) -> None:
    assert (answers[0], answers[5]) == ("done one", "done two")
    assert sorted(answers) == [0, 1, 2, 3, 4, 5]


def test_an_error_of_a_task_is_named_in_one_line(answers: dict[int, object]) -> None:
    assert answers[1] == Unfinished("AUD-CRASH", "unforeseen: ValueError: broken in two lines")


def test_a_process_that_is_killed_or_ends_is_named(answers: dict[int, object]) -> None:
    assert answers[2] == Unfinished("AUD-CRASH", "the process that read it ended without a result: signal SIGKILL")
    assert answers[4] == Unfinished("AUD-CRASH", "the process that read it ended without a result: exit code 7")


def test_a_task_cannot_take_more_memory_than_its_limit(answers: dict[int, object]) -> None:
    assert answers[3] == Unfinished("AUD-MEMORY", "it needs more than the 512 MiB of memory that one ledger may take")


@pytest.mark.slow
def test_a_task_that_takes_too_long_is_ended_and_the_next_one_runs() -> None:
    began = time.monotonic()
    answers = dict(run_bounded(work, ["sleep", "one"], Limits(seconds=2, mib=512, processes=1)))
    assert answers[0] == Unfinished("AUD-TIME", "it took longer than the 2 seconds that one ledger may take")
    assert answers[1] == "done one"
    assert time.monotonic() - began < 20


def test_no_process_stays_when_the_caller_stops() -> None:
    running = run_bounded(work, ["pid", "sleep"], LIMITS)
    _, pid = next(running)
    running.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(int(str(pid)), signal.SIG_DFL)


def test_the_temporary_files_of_a_process_are_removed_when_it_has_ended() -> None:
    (answer,) = dict(run_bounded(work, ["where"], LIMITS)).values()
    assert Path(str(answer)).name.startswith("comity-")
    assert not Path(str(answer)).exists()


# -- the office that starts the processes ------------------------------------------------------------------------------


class Child:
    """A process that does nothing: the test says what it sends and how it ends."""

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...]) -> None:
        self.work, self.task, self.mib, self.temporary, self.ours = args
        assert target is _process
        self.did: list[object] = []
        self.exitcode: int | None = None

    def start(self) -> None:
        assert Path(self.temporary).is_dir()
        self.theirs = Connection(os.dup(self.ours.fileno()))
        self.did.append("started")

    def kill(self) -> None:
        self.did.append("killed")

    def join(self, timeout: float | None = None) -> None:
        self.did.append(("joined", timeout))

    def ends(self, code: int | None) -> None:
        self.exitcode = code
        self.theirs.close()


class Machine:
    """A machine whose clock and processes do as the test says; `acts` are what happens during each wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = 100.0
        self.children: list[Child] = []
        self.preloaded: list[list[str]] = []
        self.waited: list[tuple[int, float]] = []
        self.acts: list[Callable[[], object]] = []
        self.results: list[Any] = []
        monkeypatch.setattr(bounded_processes, "get_context", lambda way: self if way == "forkserver" else None)
        monkeypatch.setattr(bounded_processes, "time", SimpleNamespace(monotonic=lambda: self.clock))
        monkeypatch.setattr(bounded_processes, "wait", self.wait)

        def temporary(**how: Any) -> Any:
            assert how["ignore_cleanup_errors"], "another process may still write into it"
            return tempfile.TemporaryDirectory(**how)

        monkeypatch.setattr(bounded_processes, "TemporaryDirectory", temporary)

    def set_forkserver_preload(self, modules: list[str]) -> None:
        self.preloaded.append(modules)

    def Pipe(self, duplex: bool) -> tuple[Any, Any]:  # noqa: N802
        assert not duplex
        results, ours = multiprocessing.Pipe(duplex=False)
        self.results.append(results)
        return results, ours

    def Process(self, target: Callable[..., None], args: tuple[Any, ...]) -> Child:  # noqa: N802
        self.children.append(Child(target, args))
        return self.children[-1]

    def wait(self, connections: Sequence[Any], timeout: float) -> list[object]:
        self.waited.append((len(connections), timeout))
        self.acts.pop(0)()
        return [*wait(connections, 0)]

    def later(self, seconds: float) -> None:
        self.clock += seconds

    def ended(self) -> bool:
        """Return True if each process was killed and collected, its pipe closed and its files removed."""
        assert all(child.did[-2:] == ["killed", ("joined", None)] for child in self.children)
        assert all(child.ours.closed for child in self.children)
        assert not any(Path(child.temporary).exists() for child in self.children)
        return all(results.closed for results in self.results)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_so_many_processes_run_at_a_time_in_the_order_of_the_tasks(machine: Machine) -> None:
    machine.acts = [
        lambda: machine.children[1].theirs.send("second"),
        lambda: machine.children[2].theirs.send("third"),
        lambda: machine.children[0].theirs.send("first"),
    ]
    running = run_bounded(work, ["a", "b", "c"], Limits(30, 7, 2), ["json", "os"])
    assert next(running) == (1, "second")
    assert [child.task for child in machine.children] == ["a", "b"]
    assert machine.children[1].did[-2:] == ["killed", ("joined", None)]
    assert list(running) == [(2, "third"), (0, "first")]
    assert [(child.work, child.task, child.mib) for child in machine.children] == [(work, task, 7) for task in "abc"]
    assert [count for count, _ in machine.waited] == [2, 2, 1]
    assert all(Path(child.temporary).name.startswith("comity-") for child in machine.children)
    assert (machine.preloaded, machine.ended()) == ([["json", "os"]], True)


def test_a_process_has_its_time_and_is_late_when_it_is_over(machine: Machine) -> None:
    machine.acts = [
        lambda: machine.later(10),
        lambda: machine.later(19.5),
        lambda: machine.later(0.5),
        lambda: machine.later(30.25),
    ]
    answers = list(run_bounded(work, ["a", "b"], Limits(30, 7, 1)))
    says = "it took longer than the 30 seconds that one ledger may take"
    assert answers == [(0, Unfinished("AUD-TIME", says)), (1, Unfinished("AUD-TIME", says))]
    assert machine.waited == [(1, 30.0), (1, 20.0), (1, 0.5), (1, 30.0)]
    assert machine.ended()


def test_the_wait_is_for_the_process_whose_time_is_over_first_and_never_below_zero(machine: Machine) -> None:
    def first() -> None:
        machine.later(20)
        machine.children[1].theirs.send("second")

    def third() -> None:
        machine.later(5)
        machine.children[2].theirs.send("third")

    machine.acts = [first, third, lambda: machine.later(9), lambda: None]
    running = run_bounded(work, ["a", "b", "c"], Limits(30, 7, 2))
    assert next(running) == (1, "second")
    assert next(running) == (2, "third")
    assert next(running)[0] == 0
    assert list(running) == []
    assert [left for _, left in machine.waited] == [30.0, 10.0, 5.0]
    machine.acts = [lambda: machine.later(0.5), lambda: machine.later(29.5)]
    running = run_bounded(work, ["a", "b"], Limits(30, 7, 2))
    assert next(running)[0] == 0
    machine.later(50)
    machine.acts = [lambda: None]
    assert next(running)[0] == 1
    assert machine.ended()


@pytest.mark.parametrize(
    ("code", "by"),
    [(-9, "signal SIGKILL"), (-1, "signal SIGHUP"), (0, "exit code 0"), (1, "exit code 1"), (None, "exit code None")],
)
def test_a_process_without_a_result_is_collected_and_named(machine: Machine, code: int | None, by: str) -> None:
    machine.acts = [lambda: machine.children[0].ends(code)]
    ((number, answer),) = run_bounded(work, ["a"], Limits(30, 7, 1))
    assert (number, answer) == (0, Unfinished("AUD-CRASH", f"the process that read it ended without a result: {by}"))
    assert machine.children[0].did == ["started", ("joined", 5), "killed", ("joined", None)]
    assert machine.ended()


def test_a_result_that_was_half_sent_is_none(machine: Machine) -> None:
    def half() -> None:
        os.write(machine.children[0].theirs.fileno(), b"\x00\x00\x00\x64x")
        machine.children[0].ends(7)

    machine.acts = [half]
    says = "the process that read it ended without a result: exit code 7"
    assert list(run_bounded(work, ["a"], Limits(30, 7, 1))) == [(0, Unfinished("AUD-CRASH", says))]


def test_the_processes_that_run_when_the_caller_stops_are_ended(machine: Machine) -> None:
    machine.acts = [lambda: machine.children[0].theirs.send("first")]
    running = run_bounded(work, ["a", "b", "c"], Limits(30, 7, 3))
    assert next(running) == (0, "first")
    running.close()  # type: ignore[attr-defined]
    assert len(machine.children) == 3
    assert machine.ended()


# -- inside a process --------------------------------------------------------------------------------------------------


@pytest.fixture
def within(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Collect what a process does to itself, which is this one."""
    did = SimpleNamespace(signals=[], limits=[], threads=[], sent=[])
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(signal, "signal", lambda number, how: did.signals.append((number, how)))
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1, 2) if which == resource.RLIMIT_DATA else None)
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: did.limits.append((which, limits)))

    def thread(**how: object) -> Any:
        return SimpleNamespace(start=lambda: did.threads.append(how))

    monkeypatch.setattr(bounded_processes, "Thread", thread)
    return did


def outcome(within: SimpleNamespace, error: BaseException | None = None) -> object:
    def task(given: str) -> str:
        if error is not None:
            raise error
        return f"did {given}"

    _process(task, "it", 7, "/temporary", SimpleNamespace(send=within.sent.append))  # type: ignore[arg-type]
    return within.sent.pop()


def test_a_process_limits_itself_before_it_works(within: SimpleNamespace) -> None:
    assert outcome(within) == "did it"
    assert tempfile.tempdir == "/temporary"
    assert within.signals == [(signal.SIGINT, signal.SIG_IGN)]
    assert within.limits == [(resource.RLIMIT_DATA, (7 * 1024 * 1024, 2))]
    assert within.threads == [{"target": _end_with_parent, "daemon": True}]


@pytest.mark.parametrize("error", [OSError("no"), ValueError("above the hard limit")])
def test_a_process_works_where_the_system_has_no_limit_of_memory(
    within: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(resource, "setrlimit", fail)
    assert outcome(within) == "did it"


def test_errors_of_a_task_are_its_result_in_one_line_of_at_most_two_hundred_characters(
    within: SimpleNamespace,
) -> None:
    assert outcome(within, MemoryError()) == Unfinished(
        "AUD-MEMORY", "it needs more than the 7 MiB of memory that one ledger may take"
    )
    assert outcome(within, ValueError()) == Unfinished("AUD-CRASH", "unforeseen: ValueError")
    assert outcome(within, ValueError(" two\n  lines ")) == Unfinished("AUD-CRASH", "unforeseen: ValueError: two lines")
    long = outcome(within, ValueError("x" * 201))
    assert long == Unfinished("AUD-CRASH", f"unforeseen: ValueError: {'x' * 200}")


def test_a_result_that_is_no_longer_wanted_is_dropped(within: SimpleNamespace) -> None:
    def gone(_: object) -> None:
        raise BrokenPipeError

    _process(str, "it", 7, "/temporary", SimpleNamespace(send=gone))  # type: ignore[arg-type]


def test_a_process_ends_with_the_process_that_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    did: list[object] = []
    monkeypatch.setattr(bounded_processes, "wait", did.append)
    monkeypatch.setattr(os, "_exit", did.append)
    monkeypatch.setattr(bounded_processes, "parent_process", lambda: None)
    _end_with_parent()
    assert did == []
    monkeypatch.setattr(bounded_processes, "parent_process", lambda: SimpleNamespace(sentinel=9))
    _end_with_parent()
    assert did == [[9], 1]
