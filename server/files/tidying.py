"""Delete in the background what no longer belongs to a link, and say it where that fails."""

from __future__ import annotations

import logging
from threading import Event, Thread

from ledger.errors import LedgerError
from server.files.keeping import Keeping

logger = logging.getLogger(__name__)

EVERY = 60.0  # seconds


class Tidying:
    """A thread that tidies the files of one ledger, first at its start."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="files-tidy", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._keeping.tidy()
            except LedgerError as fault:
                logger.warning("kept files cannot be tidied: %s", fault)
            except Exception:  # the next time may do
                logger.exception("kept files cannot be tidied")
            if self._stopped.wait(EVERY):
                return
