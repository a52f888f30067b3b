"""The address of calendars: who has the secret reads the calendar, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ledger.errors import LedgerError, RecordError
from ledger.messages import Message
from server.documents import CALENDAR, CALENDAR_MEDIA
from server.jobs.calendar import calendar_at
from server.operations.observed import note

logger = logging.getLogger(__name__)

_HEADERS: Final = {
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def calendar_route(ledger: Path, spend: Callable[[Request], None], refuse: Callable[[Exception], Response]) -> Route:
    """Return the route of the calendars of a ledger.

    `spend` counts a request by its address (`RecordError` API-RATE); `refuse` makes the response to an error.
    """

    async def endpoint(request: Request) -> Response:
        note(request.scope, route=CALENDAR)
        try:
            spend(request)
            content = await run_in_threadpool(calendar_at, ledger, request.path_params["secret"])
            if content is None:
                raise RecordError("API-MISSING", Message("there is no such address"))
        except (RecordError, LedgerError) as error:
            return refuse(error)
        except Exception as error:
            logger.exception("%s: %s", CALENDAR, type(error).__name__)
            return refuse(error)
        return Response(content, 200 if content else 204, _HEADERS, CALENDAR_MEDIA if content else None)

    return Route(CALENDAR, endpoint, methods=["GET"])
