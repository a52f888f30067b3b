"""The jobs that are done by this package, by their names in the table."""

from __future__ import annotations

from typing import Final

from server.jobs.calendar import make_calendars
from server.jobs.digest import send_digests
from server.jobs.notices import send_notices
from server.jobs.run import Work
from server.jobs.webhooks import call_webhooks

WORKS: Final[dict[str, Work]] = {
    "calendar": make_calendars,
    "digest": send_digests,
    "notices": send_notices,
    "webhooks": call_webhooks,
}
