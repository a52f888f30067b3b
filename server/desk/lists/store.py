"""Keep the lines of the orders of one ledger as rows of `lines.db`, one for each order and group of roles.

The file is derived data: it has what pages show and no sealed value, it is made again for another log, other rules or
another program, and no judgement reads it. What depends on the time is kept with the moment at which it changes, so
that a reading brings the rows up to date whose moment has come, and leaves all others alone.
"""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from queue import Empty, LifoQueue
from threading import Lock
from typing import Final
from weakref import finalize

import msgspec
from msgspec import Struct

from ledger.adapters.folders.user_folders import lock_file
from ledger.adapters.storage.sqlite import open_connection, open_or_create, transaction
from ledger.errors import LedgerError
from server.desk.lists.line_rows import NEVER, counted_by, decoded, due_of, encoded, gone, micros, next_at
from server.desk.lists.order_line import OrderLine
from server.desk.lists.tables import EDITION, SCHEMA
from server.desk.turns import Waits

logger = logging.getLogger(__name__)

NAME: Final = "lines.db"
NEW, ENTRY, REGISTER, TIME = range(4)  # why an order is to be judged: never yet; an entry; one of the register; time
_IDLE: Final = 8  # connections that wait for the next reading


class Judged(Struct, frozen=True):
    """An order that was judged for a group of roles at a size of the log; `line` is None if the group sees none of it.

    `rests` are the offices and Parties on which the judgement rests.
    """

    knows: bool
    order: str
    line: OrderLine | None
    size: int
    rests: frozenset[str]


class LineStore:
    """The rows of one ledger in a file of a folder; without one, or where another process has it, in a private one."""

    def __init__(self, folder: Path | None, by: str) -> None:
        self._by = by
        self._opened = ExitStack()
        self._path = self._own(folder)
        self._write = Lock()
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue()
        self._times = 0  # that the file was made anew
        self._waits: dict[Waits, int] = {}
        self._turns = -NEVER  # before which no row changes with time
        self._now = -NEVER
        try:
            self._writer = self._begun()
        except (LedgerError, OSError, sqlite3.Error) as error:
            logger.warning("lists are not kept on disk: %s", type(error).__name__)
            self._opened.close()
            self._path = self._own(None)
            self._writer = self._begun()

    def _own(self, folder: Path | None) -> Path:
        if folder is not None:
            try:
                self._opened.enter_context(lock_file(folder / f"{NAME}.lock", "another server keeps these lists"))
                return folder / NAME
            except (LedgerError, OSError) as error:
                logger.warning("lists are not kept on disk: %s", type(error).__name__)
        made = tempfile.mkdtemp(prefix="comity-lists-")
        self._opened.callback(finalize(self, shutil.rmtree, made, ignore_errors=True))
        return Path(made) / NAME

    def _begun(self) -> sqlite3.Connection:
        """Open the file; one of another program, of other rules or of another edition is made anew."""
        if self._path.exists():
            try:
                c = self._connected()
                row = c.execute("SELECT by FROM made").fetchone()
                if row is not None and row[0] == self._by:
                    self._waits = _waits_of(c)
                    return c
                c.close()
            except (LedgerError, msgspec.MsgspecError, sqlite3.Error) as error:
                logger.warning("the file of lists is not read: %s", type(error).__name__)
        return self._anew()

    def _anew(self) -> sqlite3.Connection:
        for tail in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + tail).unlink(missing_ok=True)
        c = self._connected()
        with transaction(c, self._path):
            c.execute("INSERT INTO made VALUES (1, ?, '', 0, 0)", (self._by,))
        self._waits = {}
        self._turns = self._now = -NEVER
        return c

    def _connected(self) -> sqlite3.Connection:
        c = open_or_create(self._path, SCHEMA, version=EDITION)
        c.execute("PRAGMA synchronous = NORMAL")  # after a power cut the rows of an earlier size are there, and whole
        c.execute("PRAGMA wal_autocheckpoint = 8000")  # pages: most are written again soon
        return c

    @property
    def times(self) -> int:
        """Return how often the file was made anew."""
        return self._times

    def clear(self) -> None:
        """Forget every row: the file is damaged, or of another log."""
        with self._write:
            self._writer.close()
            self._times += 1
            self._writer = self._anew()
            self._close_idle()

    def close(self) -> None:
        """Close the file; a private one is deleted."""
        with self._write:
            self._close_idle()  # first: the last connection takes the WAL into the file
            self._writer.close()
            self._opened.close()

    def _close_idle(self) -> None:
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for questions that are all about one state of the rows."""
        times = self._times
        try:
            c = self._idle.get_nowait()
        except Empty:
            c = open_connection(self._path, "ro")
            c.row_factory = None
        try:
            c.execute("BEGIN")
            yield c
            c.execute("COMMIT")
        except BaseException:
            c.close()
            raise
        if self._idle.qsize() < _IDLE and times == self._times:
            self._idle.put(c)
        else:
            c.close()

    # -- the state of the log ------------------------------------------------------------------------------------------

    def state(self) -> tuple[int, int, str]:
        """Return the size of the log and of its register that the rows follow, and the leaf hash of the last entry."""
        with self._write:
            row = self._writer.execute("SELECT size, register, leaf FROM made").fetchone()
            return int(row[0]), int(row[1]), str(row[2])

    def follow(
        self,
        size: int,
        register: int,
        leaf: str,
        begun: Sequence[str],
        changed: Iterable[str],
        reached: frozenset[str] | None,
    ) -> None:
        """Take up a size of the log: orders that began, that changed, and names that the register changed; None: all.

        Their lines stay until the orders are judged again.
        """
        with self._write, transaction(self._writer, self._path) as c:
            c.executemany("INSERT OR IGNORE INTO orders (order_id, named) VALUES (?, 0)", ((o,) for o in begun))
            one = "SELECT k.knows, o.n, {why}, {size} FROM asked k, orders o WHERE "
            over = " ON CONFLICT DO UPDATE SET why = excluded.why, size = excluded.size"
            for order in dict.fromkeys([*begun, *changed]):
                c.execute("UPDATE orders SET named = 0 WHERE order_id = ?", (order,))
                which = one.format(why=ENTRY, size=size)
                c.execute(f"INSERT INTO stale {which} o.order_id = ? {over}", (order,))
            which = one.format(why=REGISTER, size=size)
            keep = " ON CONFLICT DO UPDATE SET why = CASE why WHEN 3 THEN 2 ELSE why END, size = excluded.size"
            if reached is None:
                c.execute(f"INSERT INTO stale {which} true {keep}")
            for name in reached or ():
                c.execute(f"INSERT INTO stale {which} o.n IN (SELECT n FROM name WHERE name = ?) {keep}", (name,))  # noqa: S608
            c.execute("UPDATE made SET size = ?, register = ?, leaf = ?", (size, register, leaf))

    def ask(self, *, knows: bool) -> None:
        """Let every order be judged for a group of roles that has not asked before."""
        with self._write:
            if self._writer.execute("SELECT 1 FROM asked WHERE knows = ?", (knows,)).fetchone():
                return
            with transaction(self._writer, self._path) as c:
                c.execute("INSERT INTO asked VALUES (?)", (knows,))
                c.execute("INSERT INTO stale SELECT ?, n, ?, 0 FROM orders", (knows, NEW))

    def unnamed(self, limit: int) -> list[str]:
        """Return orders whose names are to be read."""
        with self._write:
            rows = self._writer.execute("SELECT order_id FROM orders WHERE named = 0 LIMIT ?", (limit,)).fetchall()
            return [order for (order,) in rows]

    def put_names(self, named: Iterable[tuple[str, frozenset[str]]]) -> None:
        """Keep the offices and Parties that the entries of orders name."""
        with self._write, transaction(self._writer, self._path) as c:
            for order, names in named:
                (n,) = c.execute("SELECT n FROM orders WHERE order_id = ?", (order,)).fetchone()
                self._name(c, n, names, 1)

    @staticmethod
    def _name(c: sqlite3.Connection, n: int, names: Iterable[str], sees: int) -> None:
        c.executemany(
            "INSERT INTO name VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET sees = 1 WHERE excluded.sees > sees",
            [(name, n, sees) for name in names],
        )
        if sees:
            c.execute("UPDATE orders SET named = 1 WHERE n = ?", (n,))

    # -- lines ---------------------------------------------------------------------------------------------------------

    def put(self, judged: Sequence[Judged], now: datetime) -> None:
        """Keep the lines of orders as they were judged; an order that changed meanwhile stays to be judged."""
        with self._write:
            try:
                with transaction(self._writer, self._path) as c:
                    for each in judged:
                        row = c.execute("SELECT n FROM orders WHERE order_id = ?", (each.order,)).fetchone()
                        if row is not None:
                            self._put(c, each, row[0], micros(now))
                self._now = max(self._now, micros(now))  # a question of an earlier moment rolls these rows back
            except BaseException:
                self._waits = _waits_of(self._writer)  # without the ones that were not kept
                raise

    def _put(self, c: sqlite3.Connection, judged: Judged, n: int, now: int) -> None:
        knows, line, id = judged.knows, judged.line, 2 * n + judged.knows
        row = c.execute("SELECT size FROM line WHERE id = ?", (id,)).fetchone()
        if row is not None and row[0] > judged.size:
            return
        if row is not None:
            self._remove(c, knows, id)
        self._name(c, n, judged.rests, 0)
        c.execute("DELETE FROM stale WHERE knows = ? AND n = ? AND size <= ?", (knows, n, judged.size))
        if line is None:
            return
        worth, due, acts, turned, turns = next_at(line, now)
        self._turns = min(self._turns, turns, micros(line.until))
        made = line.issued_on or line.last_on
        c.execute(
            "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                id, knows, n, line.order, judged.size, micros(line.until), line.name.casefold(),
                line.provider.casefold(), micros(made), None if line.issued_on is None else micros(line.issued_on),
                micros(line.last_on), *line.levels, line.state, line.ended, worth, due, acts, turned, turns,
            ),
        )  # fmt: skip
        c.execute("INSERT INTO body VALUES (?, ?)", (id, encoded(line)))
        c.execute("INSERT INTO text VALUES (?, ?)", (id, line.words))
        c.execute("INSERT INTO words (rowid, said) VALUES (?, ?)", (id, line.words))
        c.executemany(
            "INSERT INTO clock VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (id, place, knows, n, line.order, self._waits_id(c, o.waits), o.side, due_of(o), gone(line, o))
                for place, o in enumerate(line.open)
            ],
        )
        values = counted_by(line)
        c.executemany("INSERT INTO value VALUES (?, ?, ?, ?)", [(knows, *value, id) for value in values if value[0]])
        self._count(c, knows, Counter([*values, *[("", "deadlines")] * len(line.open)]))

    def _remove(self, c: sqlite3.Connection, knows: bool, id: int) -> None:
        (body,) = c.execute("SELECT body FROM body WHERE id = ?", (id,)).fetchone()
        old = decoded(body)
        values = counted_by(old)
        c.executemany(
            "DELETE FROM value WHERE knows = ? AND name = ? AND value = ? AND id = ?",
            [(knows, *value, id) for value in values],
        )
        counts = Counter([*values, *[("", "deadlines")] * len(old.open)])
        self._count(c, knows, {value: -count for value, count in counts.items()})
        c.execute("INSERT INTO words (words, rowid, said) VALUES ('delete', ?, ?)", (id, old.words))
        for table in ("line", "body", "clock", "text"):
            c.execute(f"DELETE FROM {table} WHERE id = ?", (id,))  # noqa: S608 - fixed names

    @staticmethod
    def _count(c: sqlite3.Connection, knows: bool, counts: dict[tuple[str, str], int]) -> None:
        c.executemany(
            "INSERT INTO tally VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET orders = orders + excluded.orders",
            [(knows, *value, count) for value, count in counts.items()],
        )

    def _waits_id(self, c: sqlite3.Connection, waits: Waits) -> int:
        if (known := self._waits.get(waits)) is None:
            said = json.dumps({"roles": sorted(waits.roles), "party": waits.party, "offices": waits.offices})
            c.execute("INSERT OR IGNORE INTO waits (said) VALUES (?)", (said,))
            (known,) = c.execute("SELECT id FROM waits WHERE said = ?", (said,)).fetchone()
            self._waits[waits] = known
        return known

    def waits(self) -> dict[Waits, int]:
        """Return for whom deadlines wait, each with its number."""
        return self._waits

    def roll(self, now: datetime) -> None:
        """Bring the rows up to date whose moment has come: their next deadline, and whether they are to be judged."""
        here = micros(now)
        if self._now <= here < self._turns:
            return
        with self._write, transaction(self._writer, self._path) as c:
            which = "turns <= ?1 OR turned > ?1" if here < self._now else "turns <= ?1"
            ids = c.execute(f"SELECT id FROM line WHERE {which}", (here,)).fetchall()  # noqa: S608 - fixed text
            for row in ids:
                (body,) = c.execute("SELECT body FROM body WHERE id = ?", row).fetchone()
                c.execute(
                    "UPDATE line SET worth = ?, due = ?, acts = ?, turned = ?, turns = ? WHERE id = ?",
                    (*next_at(decoded(body), here), *row),
                )
            c.execute("INSERT OR IGNORE INTO stale SELECT knows, n, ?, size FROM line WHERE until <= ?", (TIME, here))
            (turns,) = c.execute("SELECT min(turns) FROM line").fetchone()
            (until,) = c.execute("SELECT min(until) FROM line WHERE until > ?", (here,)).fetchone()
            self._now, self._turns = here, min(NEVER if each is None else each for each in (turns, until))

    def stale(
        self, *, knows: bool, name: str | None, limit: int, whys: Sequence[int] = (NEW, ENTRY, REGISTER, TIME)
    ) -> list[str]:
        """Return orders to be judged for a group, first where an entry changed them; with `name`, if they name it."""
        order = [why for why in (ENTRY, NEW, REGISTER, TIME) if why in whys]
        sight = "" if name is None else " AND s.n IN (SELECT n FROM name WHERE name = ? AND sees = 1)"
        named = () if name is None else (name,)
        found: list[str] = []
        with self.reading() as c:
            for why in order:
                rows = c.execute(
                    "SELECT o.order_id FROM stale s CROSS JOIN orders o ON o.n = s.n"  # noqa: S608 - fixed text
                    f" WHERE s.knows = ? AND s.why = ?{sight} ORDER BY s.n LIMIT ?",
                    (knows, why, *named, limit - len(found)),
                )
                found += [each for (each,) in rows]
                if len(found) == limit:
                    break
        return found


def _waits_of(c: sqlite3.Connection) -> dict[Waits, int]:
    return {msgspec.json.decode(said, type=Waits): id for id, said in c.execute("SELECT id, said FROM waits")}
