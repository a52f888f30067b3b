"""Log as JSON, one object a line, without personal data: no address, no header, no value of an entry.

Of an exception the type and the lines of code are logged. Its text may have values of the record and is left out.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO

import msgspec

from server.identity.accounts import logger as accounts_logger
from server.operations.observed import Exchange

logger = logging.getLogger(__name__)
_FIELDS = "exchange"


def log_exchange(exchange: Exchange) -> None:
    """Log one request and its answer."""
    logger.info("request", extra={_FIELDS: exchange})


class JsonFormatter(logging.Formatter):
    """Format a record as a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        exchange = getattr(record, _FIELDS, None)
        if isinstance(exchange, Exchange):
            seen = msgspec.to_builtins(exchange)
            line |= {**seen, "seconds": round(exchange.seconds, 6)}
        if account := getattr(record, "account", None):
            line["account"] = account  # its id, which is no name
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, frames = record.exc_info
            line["exception"] = kind.__name__
            line["at"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(frames)]
        return msgspec.json.encode(line).decode()


@contextmanager
def json_logs(stream: IO[str]) -> Iterator[None]:
    """Write what the server and its libraries log to a stream, as JSON, until the block ends."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    loggers = (logger, accounts_logger, logging.getLogger("server.jobs"))
    for each in loggers:
        each.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        for each in loggers:
            each.setLevel(logging.NOTSET)
