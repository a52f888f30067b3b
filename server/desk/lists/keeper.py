"""Judge orders in the background, and keep their lines in `lines.db` between two runs of the server.

The file is next to the guard of the log, in the folder of this user's state: a ledger that was handed over brings none.
It has what the pages show, and no sealed value. It can be deleted: then every order is judged once more.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from inspect import get_annotations
from pathlib import Path
from threading import Event, Thread
from typing import Final

import msgspec

from ledger.adapters.storage.sqlite import SQLiteErrors, open_or_create, transaction
from ledger.errors import LedgerError
from ledger.law import Clock
from ledger.law.provisions import rules_digest
from server.api.reading import LedgerView
from server.desk.lists.lines import OpenClock, OrderLine, OrderLines
from server.desk.steps import FormLink
from server.desk.turns import Waits

logger = logging.getLogger(__name__)

NAME: Final = "lines.db"
LOOK: Final = 0.5  # seconds between two looks for orders that are to be judged
PAUSE: Final = 0.002  # seconds after each order, for the requests
WRITTEN: Final = 2_000  # orders after which their lines are written
_SCHEMA: Final = (
    "CREATE TABLE made (one INTEGER PRIMARY KEY, by TEXT NOT NULL, leaf TEXT NOT NULL, size INTEGER NOT NULL,"
    " register INTEGER NOT NULL) STRICT",
    "CREATE TABLE line (knows INTEGER NOT NULL, order_id TEXT NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY (knows, order_id)) STRICT, WITHOUT ROWID",
)


class LineKeeper:
    """Keeps the lines of one ledger up to date; `place` is the folder of the file, None to keep nothing on disk."""

    def __init__(self, lines: OrderLines, view: LedgerView, place: Path | None) -> None:
        self._lines = lines
        self._view = view
        self._path = None if place is None else place / NAME
        self._anew = True  # the file has lines that were not taken
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="lines", daemon=True)

    def start(self) -> None:
        """Take the lines of the file, and begin to judge."""
        if self._path is not None:
            try:
                self._anew = not self._taken(self._path)
            except (LedgerError, msgspec.MsgspecError, sqlite3.Error) as error:
                logger.warning("the file of lists is not read: %s", type(error).__name__)
        self._lines.in_background = True
        self._thread.start()

    def close(self) -> None:
        """Judge nothing more, and write what was judged."""
        if not self._thread.is_alive():
            return
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._judge()
                self._write()
            except Exception as error:  # a list that is behind is better than a server without lists
                logger.warning("lists are not judged in the background: %s", type(error).__name__)
            self._stopped.wait(LOOK)
        self._write()

    def _judge(self) -> None:
        now = self._view.now()
        for done, (caller, knows, order) in enumerate(self._lines.stale(now), 1):
            self._lines.judge(caller, order, now, knows=knows)
            if done % WRITTEN == 0:
                self._write()
            if self._stopped.wait(PAUSE):
                return

    # -- the file ------------------------------------------------------------------------------------------------------

    def _taken(self, path: Path) -> bool:
        """Take the lines of the file; return False if they are of another log, of other rules or of another program."""
        if not path.exists():
            return False
        with closing(open_or_create(path, _SCHEMA)) as c, SQLiteErrors(path):
            row = c.execute("SELECT by, leaf, size, register FROM made").fetchone()
            if row is None or row[0] != _made_by() or row[1] != self._leaf(row[2]):
                return False
            decode = msgspec.msgpack.Decoder(OrderLine).decode
            lines = {(bool(knows), order): decode(body) for knows, order, body in c.execute("SELECT * FROM line")}
        return self._lines.take(row[2], row[3], lines)

    def _write(self) -> None:
        size, register, changed = self._lines.changes()
        if self._path is None or not changed:
            return
        try:
            self._put(self._path, size, register, changed)
        except (LedgerError, OSError, sqlite3.Error) as error:
            logger.warning("lists are no longer kept on disk: %s", type(error).__name__)
            self._path = None

    def _put(self, path: Path, size: int, register: int, changed: Mapping[tuple[bool, str], OrderLine | None]) -> None:
        encode = msgspec.msgpack.Encoder().encode
        with closing(open_or_create(path, _SCHEMA)) as c, transaction(c, path):
            if self._anew:
                c.execute("DELETE FROM line")
            for (knows, order), line in changed.items():
                if line is None:
                    c.execute("DELETE FROM line WHERE knows = ? AND order_id = ?", (knows, order))
                else:
                    c.execute("INSERT OR REPLACE INTO line VALUES (?, ?, ?)", (knows, order, encode(line)))
            made = (_made_by(), self._leaf(size), size, register)
            c.execute("INSERT OR REPLACE INTO made VALUES (1, ?, ?, ?, ?)", made)
        self._anew = False

    def _leaf(self, size: int) -> str:
        """Return the leaf hash of the last entry of a size of the log; empty for a size that it does not have."""
        return self._view.leaf(size - 1)


@cache
def _made_by() -> str:
    """Return by which rules, by which program and in which form lines are made."""
    parts = (OrderLine, OpenClock, Waits, FormLink, Clock)
    form = " ".join(f"{part.__name__}: {' '.join(get_annotations(part))}" for part in parts)
    return sha256(f"{version('comity')}\n{rules_digest()}\n{form}".encode()).hexdigest()
