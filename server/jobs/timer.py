"""The timer of the server: start each job that is due as a separate process, one at a time of each job.

Of all servers that share a ledger, one has the timer. When its process ends, another one takes the timer.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from threading import Event, Thread

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ledger.adapters.folders.ledger_folder import Folder
from ledger.errors import LedgerError
from server.jobs.holder import alone
from server.jobs.run import LONGEST, PROGRAM
from server.jobs.settings import JobSettings
from server.jobs.state import JobRun, JobStore
from server.jobs.table import JOBS

logger = logging.getLogger(__name__)

TICK = 1.0  # seconds
_ASIDE = 30.0  # seconds between two attempts to have the timer
_GRACE = 10.0  # seconds that a running job has after the end of the server
_FIRST_WAIT = 60  # seconds after a first failure
_AGAIN = 10  # seconds between two starts, whatever the file of the jobs says


def next_at(run: JobRun | None, every: int) -> float:
    """Return when a job is due: seconds since 1970. After failures it is tried again earlier than usual."""
    if run is None:
        return 0.0
    if run.ended is None:  # it runs, or was killed
        return run.started + min(every, _FIRST_WAIT)
    if run.in_a_row:
        return run.ended + min(every, _FIRST_WAIT << min(run.in_a_row - 1, 10))
    return run.started + every


class JobTimer:
    """Starts the jobs of one ledger; `config` is the file that names them."""

    def __init__(self, folder: Folder, config: Path, jobs: Mapping[str, JobSettings], tick: float = TICK) -> None:
        self._folder = folder
        self._config = config
        self._every = {name: each.every or JOBS[name].every for name, each in jobs.items() if each.on}
        self._tick = tick
        self._stopped = Event()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._tried: dict[str, float] = {}
        self._thread = Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to start jobs."""
        self._thread.start()

    def close(self) -> None:
        """Start no further job, and end the running ones."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with ExitStack() as opened:
                    check = opened.enter_context(alone(self._folder, "timer"))
                    store = opened.enter_context(closing(JobStore(self._folder.path)))
                    opened.callback(self._end_all)
                    while not self._stopped.wait(self._tick):
                        check()
                        self._look(store)
            except LedgerError as fault:
                if fault.code != "BUSY":
                    logger.warning("the timer of the jobs waits: %s", fault)
            except Exception:
                logger.exception("the timer of the jobs failed")
            self._stopped.wait(min(_ASIDE, 30 * self._tick))

    def _look(self, store: JobStore) -> None:
        now, runs = store.now(), store.runs()
        for name, process in list(self._running.items()):
            run = runs.get(name)
            if process.poll() is not None:
                del self._running[name]
                took = f"{run.seconds:.1f} s" if run is not None and run.seconds is not None else "an unknown time"
                level = logging.INFO if process.returncode == 0 else logging.WARNING
                says = f": {run.says}" if run is not None and run.says and process.returncode else ""
                logger.log(level, "job %s ended with %d after %s%s", name, process.returncode, took, says)
            elif run is not None and now - run.started > LONGEST + _GRACE:
                _kill(process, signal.SIGKILL)
        for name, every in self._every.items():
            if name in self._running or now - self._tried.get(name, 0.0) < _AGAIN:
                continue
            if next_at(runs.get(name), every) <= now:
                words = ["jobs", "run", name, "--config", str(self._config), "--ledger", str(self._folder.path)]
                self._tried[name] = now
                self._running[name] = subprocess.Popen(
                    [*PROGRAM, *words],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,  # it may name values of the record, and logs may not
                    start_new_session=True,  # it ends with all that it has started
                )

    def _end_all(self) -> None:
        for process in self._running.values():
            _kill(process, signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                _kill(process, signal.SIGKILL)
                process.wait()
        self._running.clear()


def _kill(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


class JobCollector(Collector):
    """The metrics of jobs, read from their file whenever they are asked for."""

    def __init__(self, ledger: Path, names: Iterable[str]) -> None:
        self._ledger = ledger
        self._names = tuple(names)

    def describe(self) -> list[Metric]:
        """Return nothing: the file is not read when the collector is registered."""
        return []

    def collect(self) -> list[Metric]:
        with closing(JobStore(self._ledger)) as store:
            runs = store.runs()
        succeeded = GaugeMetricFamily(
            "comity_job_success_timestamp_seconds", "When a job succeeded last; 0: never.", labels=("job",)
        )
        seconds = GaugeMetricFamily("comity_job_seconds", "How long the last run of a job took.", labels=("job",))
        failures = CounterMetricFamily("comity_job_failures", "Failed runs of a job.", labels=("job",))
        for name in self._names:
            run = runs.get(name)
            succeeded.add_metric((name,), (run and run.succeeded) or 0.0)
            seconds.add_metric((name,), (run and run.seconds) or 0.0)
            failures.add_metric((name,), run.failures if run else 0)
        return [succeeded, seconds, failures]
