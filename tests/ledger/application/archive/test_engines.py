"""An engine that is missing, away or without workers is said by its name, and a running one is ended."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.archive import engines
from ledger.application.archive.check_segment import check_segment
from ledger.application.archive.engines import started
from ledger.errors import LedgerError

CHECK: Any = object()
SEGMENT: Any = object()


def code(call: Callable[..., object], *given: Any) -> tuple[str, str, str]:
    with pytest.raises(LedgerError) as raised:
        call(*given)
    return raised.value.code, raised.value.says, raised.value.hint


def start(engine: Any, workers: int | None = 2, address: str = "") -> Any:
    with started(engine, CHECK, workers, address) as (submit, count):
        return submit, count


def engine(monkeypatch: pytest.MonkeyPatch, begin: Callable[..., Any]) -> None:
    monkeypatch.setitem(engines._START, "local", begin)


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: object) -> Any:
        raise error

    return fail


def test_a_package_that_is_missing_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, package in (("dask", "distributed"), ("ray", "ray")):
        monkeypatch.setitem(sys.modules, package, None)
        assert code(start, name) == (
            "NO-ENGINE",
            f"the engine {name} needs the package {package}",
            f"pip install 'comity[{name}]'",
        )


def test_every_error_of_an_engine_is_its_and_keeps_what_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    engine(monkeypatch, failing(LedgerError("NO-ENGINE", "x")))
    assert code(start, "local")[0] == "NO-ENGINE"
    engine(monkeypatch, failing(OSError("lost " + "x" * 300)))
    away, says, _ = code(start, "local")
    assert (away, says) == ("ENGINE-AWAY", f"the engine local gave no result: OSError: lost {'x' * 195}")
    engine(monkeypatch, lambda *_: (failing(ValueError("no room")), 1))
    with started("local", CHECK) as (submit, _):
        assert code(submit, b"", SEGMENT, ())[:2] == (
            "ENGINE-AWAY",
            "the engine local gave no result: ValueError: no room",
        )
    engine(monkeypatch, lambda *_: (lambda *_: failing(ValueError("killed")), 1))
    with started("local", CHECK) as (submit, _):
        wait = submit(b"", SEGMENT, ())
        assert code(wait)[:2] == ("ENGINE-AWAY", "the engine local gave no result: ValueError: killed")


def test_the_local_engine_has_a_worker_for_each_core_unless_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []

    def begin(check: Any, workers: int, address: str, until: Any) -> Any:
        counts.append(workers)
        return (lambda *_: lambda: "result"), workers

    engine(monkeypatch, begin)
    for workers, cores in ((3, 8), (None, 8), (None, None)):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        submit, count = start("local", workers)
        assert (count, submit(b"", SEGMENT, ())()) == (counts[-1], "result")
    assert counts == [3, 8, 1]


def test_the_local_engine_takes_no_address_and_its_processes_end(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[dict[str, bool]] = []

    class Pool:
        def __init__(self, workers: int, *_: Any) -> None:
            self.workers = workers

        def submit(self, call: Any, *given: Any) -> Any:
            return SimpleNamespace(result=lambda: (call, *given))

        def shutdown(self, **how: bool) -> None:
            ended.append(how)

    monkeypatch.setattr(engines, "worker_pool", Pool)
    assert code(start, "local", 2, "tcp://x")[0] == "NO-ENGINE"
    with started("local", CHECK, 2) as (submit, count):
        result: Any = submit(b"data", SEGMENT, (1,))()
        assert (count, result) == (2, (engines._go, b"data", SEGMENT, (1,)))
        assert ended == []
    assert ended == [{"wait": True, "cancel_futures": True}]


def test_a_process_checks_segments_with_the_check_that_it_was_given_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_checks", [])
    monkeypatch.setattr(engines, "check_segment", lambda *given: given)
    for check in ("first", "second"):
        engines._begin(check)  # type: ignore[arg-type]
        assert engines._go(b"data", SEGMENT, (1,)) == (check, b"data", SEGMENT, (1,))  # type: ignore[comparison-overlap]


def test_a_cluster_of_dask_is_asked_at_its_address_or_made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    lost: list[Any] = []
    threads: dict[str, int] = {"a": 1, "b": 2}

    class Client:
        def __init__(self, at: Any, **how: Any) -> None:
            said.append((at, how))

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            said.append("client left")

        def nthreads(self) -> dict[str, int]:
            return threads

        def scatter(self, what: Any, **how: Any) -> Any:
            assert how == {"hash": False, **({} if isinstance(what, bytes) else {"broadcast": True})}
            return "sent", what

        def submit(self, *given: Any, **how: Any) -> Any:
            assert how == {"pure": False, "retries": 1}
            return SimpleNamespace(result=lambda: lost.pop()() if lost else given)

    @contextmanager
    def cluster(**how: Any) -> Iterator[str]:
        said.append(how)
        assert watched["distributed.worker.profile.enabled"] is False
        yield "here"
        said.append("cluster left")

    watched: dict[str, Any] = {}

    @contextmanager
    def changed(settings: dict[str, Any]) -> Iterator[None]:
        watched.update(settings)
        yield
        watched.clear()

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=Client, LocalCluster=cluster))
    monkeypatch.setitem(sys.modules, "dask", SimpleNamespace(config=SimpleNamespace(set=changed)))
    with started("dask", CHECK, 2, "tcp://there") as (submit, count):
        assert count == 3
        result: Any = submit(b"d", SEGMENT, (1,))()
        assert result == (check_segment, ("sent", CHECK), ("sent", b"d"), SEGMENT, (1,))
        lost = [failing(OSError("the worker was killed"))]
        assert submit(b"d", SEGMENT, (1,))() == result
        lost = [failing(OSError("the worker was killed"))] * 2
        assert code(submit(b"d", SEGMENT, (1,)))[0] == "ENGINE-AWAY"
    assert said == [("tcp://there", {"set_as_default": False, "timeout": 10}), "client left"]
    said.clear()
    start("dask", 2)
    made = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    here = {"set_as_default": False, "direct_to_workers": True}
    assert said == [made, ("here", here), "client left", "cluster left"]
    threads.clear()
    assert code(start, "dask", 2, "tcp://there")[0] == "ENGINE-AWAY"


def test_a_cluster_of_ray_is_asked_at_its_address_or_made_here_and_left_if_it_ran(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[Any] = []
    running: list[bool] = [False]
    processors: dict[str, float] = {"CPU": 4.0}
    ray = SimpleNamespace(
        is_initialized=lambda: running[-1],
        init=lambda **how: said.append(how),
        shutdown=lambda: said.append("ended"),
        cluster_resources=lambda: processors,
        put=lambda check: ("common", check),
        remote=lambda call: SimpleNamespace(remote=lambda *given: (call, *given)),
        get=lambda reference: reference,
    )
    monkeypatch.setitem(sys.modules, "ray", ray)
    quiet = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": False}
    with started("ray", CHECK, 2) as (submit, count):
        assert count == 4
        result: Any = submit(b"d", SEGMENT, (1,))()
        assert result == (check_segment, ("common", CHECK), b"d", SEGMENT, (1,))
    assert said == [{**quiet, "num_cpus": 2, "include_dashboard": False}, "ended"]
    said.clear()
    start("ray", 2, "ray://there")
    assert said == [{**quiet, "address": "ray://there"}, "ended"]
    said.clear()
    running.append(True)
    start("ray", 2)
    assert said == []
    processors.clear()
    assert code(start, "ray", 2)[0] == "ENGINE-AWAY"
