"""What became of jobs, in `jobs.db` of the ledger: last runs, mails of a day, calendars, places of webhooks.

The file is no part of the record, and each machine has a separate one. Without it every job is due again, which does
no harm, and no calendar has an address.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from ledger.adapters.storage.sqlite import SQLiteErrors, open_or_create, transaction

_SCHEMA = (
    """CREATE TABLE run (
        name TEXT PRIMARY KEY, started REAL NOT NULL, ended REAL, succeeded REAL, seconds REAL,
        failures INTEGER NOT NULL, in_a_row INTEGER NOT NULL, says TEXT NOT NULL) STRICT""",
    "CREATE TABLE mailed (person TEXT PRIMARY KEY, day TEXT NOT NULL) STRICT",
    """CREATE TABLE feed (
        secret TEXT PRIMARY KEY, office TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (office, name)) STRICT""",
    "CREATE TABLE calendar (office TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT",
    """CREATE TABLE webhook (
        name TEXT PRIMARY KEY, position INTEGER NOT NULL, tries INTEGER NOT NULL, next_at REAL NOT NULL) STRICT""",
)


class JobRun(Struct, frozen=True):
    """The last run of a job. Moments are seconds since 1970, None where there was none.

    `ended` is None while it runs, or after it was killed. `seconds` is how long the last whole run took, `failures` how
    many failed since the file was made, `in_a_row` how many since the last success. `says` has the exit code and the
    released code of the last failure, and no value of the record.
    """

    name: str
    started: float
    ended: float | None
    succeeded: float | None
    seconds: float | None
    failures: int
    in_a_row: int
    says: str


class WebhookPlace(Struct, frozen=True):
    """The index of the next entry for a webhook, how often it failed in a row, and when it is tried again."""

    position: int
    tries: int
    next_at: float


class JobStore:
    """The file of one ledger."""

    def __init__(self, ledger: Path, now: Callable[[], float] = time.time) -> None:
        self.path = ledger / "jobs.db"
        self.now = now
        self._c = open_or_create(self.path, _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._c.close()

    def runs(self) -> dict[str, JobRun]:
        """Return the last run of each job, by name."""
        with SQLiteErrors(self.path):
            rows = self._c.execute(
                "SELECT name, started, ended, succeeded, seconds, failures, in_a_row, says FROM run"
            ).fetchall()
        return {row[0]: JobRun(*row) for row in rows}

    def begin(self, name: str) -> None:
        """Remember that a job runs. A run before it that never ended was killed: it counts as a failure."""
        with transaction(self._c, self.path):
            self._c.execute(
                """INSERT INTO run VALUES (?, ?, NULL, NULL, NULL, 0, 0, '')
                ON CONFLICT (name) DO UPDATE SET
                    failures = failures + (ended IS NULL), in_a_row = in_a_row + (ended IS NULL),
                    says = CASE WHEN ended IS NULL THEN 'killed' ELSE says END,
                    started = excluded.started, ended = NULL""",
                (name, self.now()),
            )

    def end(self, name: str, says: str = "") -> None:
        """Remember that a job has ended; `says` is why it failed, empty if it succeeded."""
        now, failed = self.now(), bool(says)
        with transaction(self._c, self.path):
            self._c.execute(
                """UPDATE run SET ended = ?, seconds = ? - started, says = ?, failures = failures + ?,
                in_a_row = CASE WHEN ? THEN in_a_row + 1 ELSE 0 END,
                succeeded = CASE WHEN ? THEN succeeded ELSE ? END WHERE name = ?""",
                (now, now, says, failed, failed, failed, now, name),
            )

    def mailed(self, person: str) -> str:
        """Return the last day for which a person got mail, as 2027-03-01; empty if there was none."""
        with SQLiteErrors(self.path):
            row = self._c.execute("SELECT day FROM mailed WHERE person = ?", (person,)).fetchone()
        return str(row[0]) if row else ""

    def keep_mailed(self, person: str, day: str) -> None:
        """Remember that a person got the mail of a day."""
        with transaction(self._c, self.path):
            self._c.execute("INSERT OR REPLACE INTO mailed VALUES (?, ?)", (person, day))

    def keep_feed(self, secret: str, office: str, name: str) -> None:
        """Give a person of an office the calendar at an address, by the SHA-256 of its secret; an earlier one ends."""
        with transaction(self._c, self.path):
            self._c.execute("INSERT OR REPLACE INTO feed VALUES (?, ?, ?)", (secret, office, name))

    def end_feed(self, office: str, name: str) -> bool:
        """End the address of a person; return whether there was one."""
        with transaction(self._c, self.path):
            done = self._c.execute("DELETE FROM feed WHERE office = ? AND name = ?", (office, name))
            return done.rowcount > 0

    def feed_offices(self) -> list[str]:
        """Return the offices of which a person has an address."""
        with SQLiteErrors(self.path):
            return [str(office) for (office,) in self._c.execute("SELECT DISTINCT office FROM feed ORDER BY office")]

    def feed(self, secret: str) -> bytes | None:
        """Return the calendar at an address, empty if it was not made yet; None if there is no such address."""
        sql = "SELECT coalesce(content, x'') FROM feed LEFT JOIN calendar USING (office) WHERE secret = ?"
        with SQLiteErrors(self.path):
            row = self._c.execute(sql, (secret,)).fetchone()
        return None if row is None else bytes(row[0])

    def settle_restored(self, day: str) -> None:
        """Mark the mails of a day (as 2027-03-01) as sent, and end all calendars: an address may have ended since."""
        with transaction(self._c, self.path):
            self._c.execute("UPDATE mailed SET day = max(day, ?)", (day,))
            self._c.execute("DELETE FROM feed")
            self._c.execute("DELETE FROM calendar")

    def keep_calendar(self, office: str, content: bytes) -> None:
        """Keep the calendar of an office."""
        with transaction(self._c, self.path):
            self._c.execute("INSERT OR REPLACE INTO calendar VALUES (?, ?)", (office, content))

    def webhook(self, name: str, begins: int) -> WebhookPlace:
        """Return the place of a webhook; a new one begins at an index of the log."""
        with transaction(self._c, self.path):
            self._c.execute("INSERT OR IGNORE INTO webhook VALUES (?, ?, 0, 0)", (name, begins))
            row = self._c.execute("SELECT position, tries, next_at FROM webhook WHERE name = ?", (name,)).fetchone()
        return WebhookPlace(*row)

    def keep_webhook(self, name: str, place: WebhookPlace) -> None:
        """Remember the place of a webhook."""
        row = (place.position, place.tries, place.next_at, name)
        with transaction(self._c, self.path):
            self._c.execute("UPDATE webhook SET position = ?, tries = ?, next_at = ? WHERE name = ?", row)
