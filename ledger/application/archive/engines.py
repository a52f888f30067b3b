"""Distribute the checks of segments over workers: processes of this machine, a Dask cluster, or a Ray cluster.

A worker gets the bytes of a file, so it needs no access to the archive. It has to run the same program: each result
names the program that made it. Workers are trusted as the auditor's own machine is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any, Final, Literal

from ledger.application.archive.check_segment import SegmentCheck, SegmentRun, check_segment
from ledger.application.archive.manifest import Segment
from ledger.application.worker_pool import worker_pool
from ledger.errors import LedgerError

EngineName = Literal["local", "dask", "ray"]
ENGINES: Final[tuple[EngineName, ...]] = ("local", "dask", "ray")
Submit = Callable[[bytes, Segment, Sequence[int]], Callable[[], SegmentRun]]
Started = tuple[Submit, int]  # submits a segment and returns a function that waits for the result; number of workers


@contextmanager
def started(
    engine: EngineName, check: SegmentCheck, workers: int | None = None, address: str = ""
) -> Iterator[Started]:
    """Yield a function that submits a segment to the workers of an engine, and their number.

    `workers` is the number to start on this machine, by default one for each core. `address` is that of a running
    cluster. `LedgerError` NO-ENGINE if the engine is not installed, or for the engine `local` with an address;
    ENGINE-AWAY if the engine does not answer or lost a worker.
    """
    with ExitStack() as until:
        try:
            submit, count = _START[engine](check, workers or os.cpu_count() or 1, address, until)
        except ModuleNotFoundError as missing:
            says = f"the engine {engine} needs the package {missing.name}"
            raise LedgerError("NO-ENGINE", says, f"pip install 'comity[{engine}]'") from None
        except LedgerError:
            raise
        except Exception as error:  # engines raise errors of different kinds
            raise _away(engine, error) from error

        def given(data: bytes, segment: Segment, sizes: Sequence[int]) -> Callable[[], SegmentRun]:
            try:
                wait = submit(data, segment, sizes)
            except Exception as error:
                raise _away(engine, error) from error

            def result() -> SegmentRun:
                try:
                    return wait()
                except Exception as error:
                    raise _away(engine, error) from error

            return result

        yield given, count


def _away(engine: str, error: Exception) -> LedgerError:
    says = f"the engine {engine} gave no result: {type(error).__name__}: {str(error)[:200]}"
    hint = "look at its workers and repeat the command: checked segments are kept"
    return LedgerError("ENGINE-AWAY", says, hint)


def _local(check: SegmentCheck, workers: int, address: str, until: ExitStack) -> Started:
    if address:
        raise LedgerError("NO-ENGINE", "the engine local takes no address", "leave out --address")
    pool = worker_pool(workers, _begin, check)
    until.callback(_stop, pool)
    return lambda data, segment, sizes: pool.submit(_go, data, segment, sizes).result, workers


def _stop(pool: Executor) -> None:
    pool.shutdown(wait=True, cancel_futures=True)


_UNWATCHED: Final = {  # a worker here looks at its own stack a hundred times a second, and at its clock fifty times
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
}
_checks: list[SegmentCheck] = []  # the check of a worker process, sent once


def _begin(check: SegmentCheck) -> None:
    _checks.append(check)


def _go(data: bytes, segment: Segment, sizes: Sequence[int]) -> SegmentRun:
    return check_segment(_checks[-1], data, segment, sizes)


def _dask(check: SegmentCheck, workers: int, address: str, until: ExitStack) -> Started:
    distributed: Any = import_module("distributed")  # only a part of it is annotated
    if address:
        client = until.enter_context(distributed.Client(address, set_as_default=False, timeout=10))
    else:
        with import_module("dask").config.set(_UNWATCHED):
            cluster = until.enter_context(
                distributed.LocalCluster(
                    n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
                )
            )
        client = until.enter_context(distributed.Client(cluster, set_as_default=False, direct_to_workers=True))
    count = sum(client.nthreads().values())
    if not count:
        raise LedgerError("ENGINE-AWAY", f"the Dask scheduler {address} has no workers", "start a `dask worker` there")
    common = client.scatter(check, broadcast=True, hash=False)

    def submit(data: bytes, segment: Segment, sizes: Sequence[int]) -> Callable[[], SegmentRun]:
        def begun() -> Any:
            sent = client.scatter(data, hash=False)
            return client.submit(check_segment, common, sent, segment, sizes, pure=False, retries=1)

        going = begun()

        def result() -> SegmentRun:
            try:
                run: SegmentRun = going.result()
            except Exception:  # a worker that is lost takes with it what was sent to it
                run = begun().result()
            return run

        return result

    return submit, count


def _ray(check: SegmentCheck, workers: int, address: str, until: ExitStack) -> Started:
    ray: Any = import_module("ray")
    here: dict[str, Any] = {"address": address} if address else {"num_cpus": workers, "include_dashboard": False}
    if not ray.is_initialized():
        ray.init(log_to_driver=False, logging_level="ERROR", configure_logging=False, **here)
        until.callback(ray.shutdown)
    count = int(ray.cluster_resources().get("CPU", 0))
    if not count:
        raise LedgerError("ENGINE-AWAY", f"the Ray cluster {address} has no processors", "start a `ray` node there")
    common, remote = ray.put(check), ray.remote(check_segment)

    def submit(data: bytes, segment: Segment, sizes: Sequence[int]) -> Callable[[], SegmentRun]:
        reference = remote.remote(common, data, segment, sizes)
        return lambda: ray.get(reference)

    return submit, count


_START: Final[dict[str, Callable[[SegmentCheck, int, str, ExitStack], Started]]] = {
    "local": _local,
    "dask": _dask,
    "ray": _ray,
}
