"""Judge orders in the background, so that requests do not."""

from __future__ import annotations

import logging
from threading import Event, Thread
from typing import Final

from server.desk.lists.lines import OrderLines

logger = logging.getLogger(__name__)

LOOK: Final = 0.5  # seconds between two looks for orders that are to be judged
PAUSE: Final = 0.002  # seconds after each order, so that requests come in between
TOGETHER: Final = 50  # orders whose lines are written together


class LineKeeper:
    """Keeps the lines of one ledger up to date."""

    def __init__(self, lines: OrderLines) -> None:
        self._lines = lines
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="lines", daemon=True)

    def start(self) -> None:
        """Begin to judge."""
        self._lines.in_background = True
        self._thread.start()

    def close(self) -> None:
        """Judge nothing more, and close the file of the lines."""
        if self._thread.is_alive():
            self._stopped.set()
            self._thread.join()
        self._lines.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._judge()
            except Exception as error:  # a list that is behind is better than a server without lists
                self._mend(error)
            self._stopped.wait(LOOK)

    def _mend(self, error: Exception) -> None:
        try:
            self._lines.mend(error)
        except Exception as left:
            logger.warning("lists are not judged in the background: %s", type(left).__name__)

    def _judge(self) -> None:
        while not self._stopped.is_set() and (found := self._lines.stale(TOGETHER)) is not None:
            caller, knows, orders = found
            self._lines.judge(caller, orders, knows=knows, pause=self._pause)
        self._lines.read_names(pause=self._pause)

    def _pause(self) -> None:
        self._stopped.wait(PAUSE)
