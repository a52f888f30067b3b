"""Show on standard error what a long-running command does (`--verbose`), with the standard library's logging."""

from __future__ import annotations

import logging
import time
from functools import partial

import click

from cli.terminal import output

LOGGERS = ("cli", "ledger")  # not those of libraries: they log addresses with query strings


class _StandardError(logging.Handler):
    """A handler that writes each record as one line: time in UTC, logger, message; control characters are named."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        formatter = logging.Formatter("%(asctime)sZ %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        output.tell(" ".join(self.format(record).splitlines()))


def _show(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """Show the records of Comity's own loggers until the command ends."""
    if not asked:
        return
    handler = _StandardError()
    for logger in map(logging.getLogger, LOGGERS):
        context.call_on_close(partial(logger.removeHandler, handler))
        context.call_on_close(partial(logger.setLevel, logger.level))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)


VERBOSE = click.option(
    "--verbose", is_flag=True, expose_value=False, callback=_show, help="Say on standard error what is being done."
)
