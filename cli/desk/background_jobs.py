"""Make reports in the background, each by a separate `comity` process, while the desk answers other requests.

No report opens a sealed value. Each report can be fetched once, and only while the log has not grown since it was made.
The next request makes it again.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from cli.exit_codes import Exit, Stop

PROGRAM = (sys.executable, "-P", "-c", "from cli.app import main; main()")  # -P: import nothing from the current folder
FINISHED = (Exit.DONE, Exit.FINDINGS, Exit.PROVED_BAD)  # the report itself states the verdict on integrity
FRESH = 60.0  # seconds in which a report must be fetched
MOST = 16  # reports that wait to be made or fetched


@dataclass(frozen=True, slots=True)
class _Job:
    size: int  # of the log at the first request
    report: Future[tuple[bytes, float]]  # the report and the monotonic second at which it was finished


class BackgroundReports:
    """The reports of one ledger that are made in the background, one after the other, by the words of the command."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="report")
        self._jobs: dict[tuple[str, ...], _Job] = {}

    def take(self, command: tuple[str, ...], size: int) -> bytes | None:
        """Return the finished report of a log of this size; None while it is made. The first call starts it."""
        job = self._job(command, size)
        return self._result(command, job) if job.report.done() else None

    async def wait(self, command: tuple[str, ...], size: int) -> bytes:
        """Wait for the report of a log of this size and return it."""
        job = self._job(command, size)
        await asyncio.wait([asyncio.wrap_future(job.report)])
        return self._result(command, job)

    def close(self) -> None:
        """Start no further report, and wait for the running one."""
        self._pool.shutdown(cancel_futures=True)

    def _job(self, command: tuple[str, ...], size: int) -> _Job:
        job = self._jobs.get(command)
        if job is None or job.size != size or _old(job.report):
            while len(self._jobs) >= MOST:
                self._jobs.pop(next(iter(self._jobs))).report.cancel()
            job = _Job(size, self._pool.submit(self._make, command))
            self._jobs[command] = job
        return job

    def _result(self, command: tuple[str, ...], job: _Job) -> bytes:
        if self._jobs.get(command) is job:
            del self._jobs[command]
        return job.report.result()[0]

    def _make(self, command: tuple[str, ...]) -> tuple[bytes, float]:
        words = [*PROGRAM, *command, "--ledger", str(self._ledger)]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode not in FINISHED or not done.stdout:
            says = done.stderr.decode(errors="replace").strip().removeprefix("comity: ")
            raise Stop(says or "the paper could not be made", code=Exit.BUSY)
        return done.stdout, monotonic()


def _old(report: Future[tuple[bytes, float]]) -> bool:
    return report.done() and report.exception() is None and monotonic() - report.result()[1] > FRESH
