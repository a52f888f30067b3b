"""Keep the runs of an auditor in a folder of the auditor, outside of the ledgers.

    lock
    runs/<moment>-<question>/question       what the run asks: its moment is in the name
    runs/<moment>-<question>/<place>.json   the result of each ledger that was read, written when it ends
    runs/<moment>-<question>/report         the run is complete
    places/<place>/                         what was seen of one place: heads, evidence, entries of a published log

<place> is the first 32 hex digits of the SHA-256 of the place. A run without `report` was interrupted: the next run
that asks the same continues it, at its moment.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec

from ledger.adapters.folders.user_folders import lock_file, private_folder, replace_file
from ledger.adapters.storage.sqlite import sync_folder
from ledger.application.audits.results import Audited
from ledger.errors import LedgerError

KEPT = 10  # complete runs
CONTINUED = timedelta(days=1)  # how old an interrupted run may be that is continued
_RUN = re.compile(r"(\d{8}T\d{6}Z)-([0-9a-f]{16})")
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
        replace_file(self.folder / f"{place_name(place)}.json", msgspec.json.encode(result))
        sync_folder(self.folder)

    def complete(self) -> None:
        """Say that every ledger was read; the next run is a new one. Old runs are removed."""
        replace_file(self.folder / _REPORT, b"complete\n")
        sync_folder(self.folder)
        for _, old in _complete(self.folder.parent)[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)

    def before(self, place: str) -> tuple[datetime, Audited] | None:
        """Return the newest result of a place in an earlier complete run, with its moment; None if there is none."""
        for moment, folder in _complete(self.folder.parent):
            if folder != self.folder and (result := _read(folder / f"{place_name(place)}.json")) is not None:
                return moment, result
        return None


@contextmanager
def begun(state: Path, question: bytes, now: datetime, *, anew: bool = False) -> Iterator[AuditRun]:
    """Begin a run that asks `question`, or continue the one that was interrupted; only one runs at a time in a folder.

    `LedgerError` BUSY if another process audits with this folder.
    """
    runs = private_folder(state / "runs")
    with lock_file(state / "lock", f"another audit runs with the state in {state}"):
        digest = sha256(question).hexdigest()[:16]
        open_runs = [(moment, path) for moment, name, path in _runs(runs) if not (path / _REPORT).exists()]
        same = [(m, p) for m, p in open_runs if p.name.endswith(f"-{digest}") and now - m <= CONTINUED and not anew]
        going = max(same, default=None)
        for _, path in open_runs:
            if going is None or path != going[1]:
                shutil.rmtree(path, ignore_errors=True)
        if going is not None:
            yield AuditRun(going[1], going[0], continued=True)
            return
        folder = runs / f"{now:{_MOMENT}}-{digest}"
        if folder.exists():  # a complete run of the same second
            shutil.rmtree(folder)
        private_folder(folder)
        replace_file(folder / "question", question)
        sync_folder(runs)
        yield AuditRun(folder, now, continued=False)


def folder_of(state: Path, place: str) -> Path:
    """Return the folder in which is kept what was seen of a place."""
    return state / "places" / place_name(place)


def _runs(runs: Path) -> Iterator[tuple[datetime, str, Path]]:
    for path in runs.iterdir():
        if found := _RUN.fullmatch(path.name):
            yield datetime.strptime(found[1], _MOMENT).replace(tzinfo=UTC), found[2], path


def _complete(runs: Path) -> list[tuple[datetime, Path]]:
    """Return the complete runs, the newest first."""
    return sorted(((moment, path) for moment, _, path in _runs(runs) if (path / _REPORT).exists()), reverse=True)


def _read(path: Path) -> Audited | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Audited)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    except OSError as error:
        raise LedgerError("DISK-ERROR", f"{path}: {error.strerror}") from None
