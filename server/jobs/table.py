"""The table of jobs: what each does, how often, and the words of the command that does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from server.jobs.copies import moment_of, newest_chain, next_copy
from server.jobs.settings import JobSettings

MINUTE, HOUR, DAY, WEEK = 60, 3_600, 86_400, 604_800


class Place(Struct, frozen=True):
    """Where a job works: the folder of the ledger, the file of the configuration, and the moment (seconds, 1970)."""

    ledger: Path
    config: Path
    now: float


class Job(Struct, frozen=True):
    """One job. `words` returns the command without its name; None: the job is done by this package."""

    name: str
    says: str
    every: int
    words: Callable[[JobSettings, Place], list[str]] | None = None


SCRATCH = ".drill"  # in the folder of the copies: the ledger that a drill has restored


def _backup(settings: JobSettings, place: Place) -> list[str]:
    path, before = next_copy(Path(settings.folder or "."), settings.later or 0, moment_of(place.now))
    return ["backup", str(place.ledger), "-o", str(path), *(["--since", str(before)] if before else [])]


def _keys(settings: JobSettings, place: Place) -> list[str]:
    path = Path(settings.folder or ".") / f"keys-{moment_of(place.now)}.db"
    return ["backup", str(place.ledger), "-o", str(path), "--keys"]


def _drill(settings: JobSettings, place: Place) -> list[str]:
    folder = Path(settings.folder or ".")
    return ["restore", *map(str, newest_chain(folder)), str(folder / SCRATCH), "--behind"]


def _lapse(settings: JobSettings, place: Place) -> list[str]:
    return ["lapse", *(["--as", settings.office] if settings.office else [])]


JOBS: Final = {
    job.name: job
    for job in (
        Job("deliver", "hands bundles over to peers", MINUTE, lambda s, p: ["exchange", "deliver", *_config(p)]),
        Job("fetch", "fetches the bundles of peers", 5 * MINUTE, lambda s, p: ["exchange", "fetch", *_config(p)]),
        Job("checkpoint", "asks the witnesses, and sends mirrors what they lack", HOUR, lambda s, p: ["checkpoint"]),
        Job("commit", "commits the heads of all orders", DAY, lambda s, p: ["log", "commit"]),
        Job("stamp", "has the checkpoint stamped by authorities outside", DAY, lambda s, p: ["stamp"]),
        Job("publish", "writes the log out for its readers", HOUR, lambda s, p: ["log", "publish", str(s.folder)]),
        Job("lapse", "records deadlines that ran out", DAY, _lapse),
        Job("backup", "copies the ledger to a folder", DAY, _backup),
        Job("keys", "copies the keys of data subjects, and deletes copies that are too old", DAY, _keys),
        Job("drill", "restores the newest copy into a scratch folder, verifies it, and deletes it", WEEK, _drill),
        Job("audit", "checks the whole ledger", DAY, lambda s, p: ["fsck"]),
        Job("digest", "mails each person what is due", HOUR),
        Job("notices", "mails each person what is new in the orders that they follow", HOUR),
        Job("calendar", "makes the calendars to which people subscribe", HOUR),
        Job("webhooks", "tells other programs of new entries", MINUTE),
    )
}


def _config(place: Place) -> list[str]:
    return ["--config", str(place.config)]
