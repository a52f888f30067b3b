"""The table of jobs: what each does, how often, and the words of the command that does it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from server.jobs.settings import JobSettings

MINUTE, HOUR, DAY = 60, 3_600, 86_400


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


def _backup(settings: JobSettings, place: Place) -> list[str]:
    moment = datetime.fromtimestamp(place.now, UTC).strftime("%Y%m%dT%H%M%SZ")
    return ["backup", str(place.ledger), "-o", str(Path(settings.folder or ".") / f"ledger-{moment}.tar")]


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
        Job("audit", "checks the whole ledger", DAY, lambda s, p: ["fsck"]),
        Job("digest", "mails each person what is due", HOUR),
        Job("notices", "mails each person what is new in the orders that they follow", HOUR),
        Job("calendar", "makes the calendars to which people subscribe", HOUR),
        Job("webhooks", "tells other programs of new entries", MINUTE),
    )
}


def _config(place: Place) -> list[str]:
    return ["--config", str(place.config)]
