"""Do one job, once: take its lock, do its work, and remember what became of it."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.errors import LedgerError, RecordError
from server.jobs.copies import expire, prune
from server.jobs.holder import alone
from server.jobs.settings import Settings
from server.jobs.state import JobStore
from server.jobs.table import JOBS, SCRATCH, Place

logger = logging.getLogger(__name__)

PROGRAM: Final = (sys.executable, "-P", "-c", "from cli.app import main; main()")  # as cli.desk.background_jobs
LONGEST: Final = 4 * 3_600  # seconds

Work = Callable[[Settings, JobStore, Place], None]


def run_job(name: str, settings: Settings, place: Place, works: dict[str, Work]) -> str:
    """Do a job, and return why it failed: an exit code and a released code; empty if it succeeded.

    `works` has the jobs that are no commands. `LedgerError` BUSY if another process does this job, or if its result
    cannot be stored. The next run repeats a run that was killed: every job can be repeated.
    """
    with alone(read_folder(place.ledger), name), closing(JobStore(place.ledger)) as store:
        store.begin(name)
        try:
            says = _done(name, settings, place, store, works)
        except (LedgerError, RecordError) as wrong:
            logger.warning("the job %s failed: %s", name, wrong)
            says = wrong.code
        except Exception as fault:
            logger.exception("the job %s failed", name)
            says = type(fault).__name__
        store.end(name, says)
        return says


def _done(name: str, settings: Settings, place: Place, store: JobStore, works: dict[str, Work]) -> str:
    job, given = JOBS[name], settings.jobs[name]
    if job.words is None:
        works[name](settings, store, place)
        return ""
    folder = Path(given.folder or ".")
    if name == "keys" and given.expire is not None:
        expire(folder, given.expire, place.now)  # first: a copy that cannot be made keeps no older one
    if name == "drill":
        shutil.rmtree(folder / SCRATCH, ignore_errors=True)  # of a killed run
    words = job.words(given, place)
    # whole, by a run of this second that was killed behind it
    made = name == "keys" and Path(words[words.index("-o") + 1]).exists()
    says = "" if made else _called([*words, "--ledger", str(place.ledger)])
    if name == "drill":
        shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    if name == "backup" and not says and given.keep is not None:
        prune(folder, given.keep)
    return says


def _called(words: list[str]) -> str:
    """Run a command; return its exit code and the code of its error, empty if it succeeded."""
    try:
        done = subprocess.run(
            [*PROGRAM, *words, "--json"], stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return "took too long"
    sys.stderr.write(done.stderr.decode(errors="replace"))
    return f"exit {done.returncode} {_code_of(done.stdout)}".rstrip() if done.returncode else ""


def _code_of(answer: bytes) -> str:
    """Return the code of an error that a command has answered as JSON; empty for another answer."""
    try:
        return msgspec.json.decode(answer, type=_Error).code[:40]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


class _Error(Struct, tag_field="format", tag="comity.error/1"):
    code: str
