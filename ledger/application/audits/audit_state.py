"""Keep the runs of an auditor in a folder of the auditor, outside of the ledgers.

    lock
    runs/<run>/question       what the run asks
    runs/<run>/<place>.json   the result of each ledger that was read, written when it ends
    runs/<run>/report         the run is complete
    places/<place>/           what was seen of one place: heads, evidence, entries of a published log

<run> is <moment>-<question>-<number>. The numbers grow, and give the order of the runs: two may have one moment, and a
clock may be turned back. <place> is the first 32 hex digits of the SHA-256 of the place. A run without `report` was
interrupted: the next run that asks the same continues it, at its moment.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from ledger.adapters.folders.user_folders import lock_file, private_folder, replace_file
from ledger.adapters.storage.sqlite import sync_folder
from ledger.application.audits.results import Audited
from ledger.errors import LedgerError
from ledger.messages import plain

KEPT = 10  # complete runs
CONTINUED = timedelta(days=1)  # how old an interrupted run may be that is continued
_RUN = re.compile(r"(\d{8}T\d{6}Z)-([0-9a-f]{16})(?:-(\d{1,12}))?")  # without a number before all others
_MOMENT = "%Y%m%dT%H%M%SZ"
_REPORT = "report"


def place_name(place: str) -> str:
    """Return the name under which a place is kept: 32 hex digits."""
    return sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:32]


class AuditRun:
    """One run, new or continued: its moment (UTC), and the results of the ledgers that were read."""

    def __init__(self, folder: Path, moment: datetime, *, continued: bool) -> None:
        self.folder, self.moment, self.continued = folder, moment, continued

    def result(self, place: str) -> Audited | None:
        """Return the result of a place; None if it was not read in this run, or if its file is damaged."""
        return _read(self.folder / f"{place_name(place)}.json")

    def keep(self, place: str, result: Audited) -> None:
        """Keep the result of a place, durably."""
        replace_file(self.folder / f"{place_name(place)}.json", msgspec.json.encode(result, enc_hook=plain))
        sync_folder(self.folder)

    def complete(self) -> None:
        """Say that every ledger was read; the next run is a new one. Old runs are removed."""
        replace_file(self.folder / _REPORT, b"complete\n")
        sync_folder(self.folder)
        for old in _complete(self.folder.parent)[KEPT:]:
            shutil.rmtree(old.path, ignore_errors=True)

    def before(self, place: str) -> tuple[datetime, Audited] | None:
        """Return the newest result of a place in an earlier complete run, with its moment; None if there is none."""
        for run in _complete(self.folder.parent):
            if run.path != self.folder and (result := _read(run.path / f"{place_name(place)}.json")) is not None:
                return run.moment, result
        return None


@contextmanager
def begun(state: Path, question: bytes, now: datetime, *, anew: bool = False) -> Iterator[AuditRun]:
    """Begin a run that asks `question`, or continue the one that was interrupted; only one runs at a time in a folder.

    `LedgerError` BUSY if another process audits with this folder.
    """
    runs = private_folder(state / "runs")
    with lock_file(state / "lock", f"another audit runs with the state in {state}"):
        digest = sha256(question).hexdigest()[:16]
        found = _runs(runs)
        going = None
        for run in found:
            if (run.path / _REPORT).exists():
                continue
            if run.question == digest and abs(now - run.moment) <= CONTINUED and not anew and going is None:
                going = run
            else:
                shutil.rmtree(run.path, ignore_errors=True)
        if going is not None:
            yield AuditRun(going.path, going.moment, continued=True)
            return
        number = max((run.number for run in found), default=0) + 1
        folder = private_folder(runs / f"{now:{_MOMENT}}-{digest}-{number:06d}")
        replace_file(folder / "question", question)
        sync_folder(runs)
        yield AuditRun(folder, now, continued=False)


def folder_of(state: Path, place: str) -> Path:
    """Return the folder in which is kept what was seen of a place."""
    return state / "places" / place_name(place)


class _Run(NamedTuple):
    number: int
    moment: datetime
    question: str
    path: Path


def _runs(runs: Path) -> list[_Run]:
    """Return all runs, the newest first."""
    found = []
    for path in runs.iterdir():
        if named := _RUN.fullmatch(path.name):
            moment = datetime.strptime(named[1], _MOMENT).replace(tzinfo=UTC)
            found.append(_Run(int(named[3] or 0), moment, named[2], path))
    return sorted(found, reverse=True)


def _complete(runs: Path) -> list[_Run]:
    """Return the complete runs, the newest first."""
    return [run for run in _runs(runs) if (run.path / _REPORT).exists()]


def _read(path: Path) -> Audited | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Audited)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    except OSError as error:
        raise LedgerError("DISK-ERROR", f"{path}: {error.strerror}") from None
