"""Read the SQLite file of another person: nothing in it is trusted, and nothing is written next to it."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec import Struct

from ledger.adapters.storage.sqlite import SQLiteErrors, check_version, open_connection
from ledger.errors import LedgerError

LARGEST_VALUE = 1 << 20  # bytes of one value or one row: an envelope has at most 64 KiB
LARGEST_WAL = 1 << 30
_PIECE = 1 << 20  # bytes copied at a time


class ForeignFile(Struct, frozen=True):
    """An SQLite file from another person. It is read by its known schema only, and no file is written next to it.

    `schema` has the statements that may have created its tables, indexes and triggers. `path` comes from
    `without_wal`.
    """

    path: Path
    schema: tuple[str, ...]

    def __str__(self) -> str:
        return self.path.name


@contextmanager
def without_wal(path: Path) -> Iterator[Path]:
    """Return a file without a WAL: the file itself if it has none, else a temporary copy with its WAL written back.

    SQLite cannot read a WAL in its place without writing an index next to it. Raises `LedgerError`: NO-LEDGER,
    NOT-A-FILE, LOG-CORRUPT.
    """
    if not _has_wal(path):
        yield path
        return
    from tempfile import TemporaryDirectory  # this import takes 4 ms

    with TemporaryDirectory(prefix="comity-") as folder:
        copy = Path(folder) / path.name
        for ending in ("", "-wal"):
            _copy(f"{path}{ending}", f"{copy}{ending}")
        with SQLiteErrors(path), closing(sqlite3.connect(copy, isolation_level=None)) as c:
            c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield copy


def connect_foreign(file: ForeignFile) -> sqlite3.Connection:
    """Open a foreign file read-only and without locks.

    Its schema may have only objects that this program creates: a foreign view, virtual table or trigger is foreign
    code, and a table with other columns or indexes could answer one query in two ways. `file_state` tells whether the
    file changed meanwhile. Raises `LedgerError`: NO-LEDGER, NOT-A-FILE, LEDGER-VERSION, LOG-CORRUPT.
    """
    _size_of_regular(file.path)
    with SQLiteErrors(file.path):
        c = open_connection(file.path, "ro&immutable=1")
        try:
            c.row_factory = None
            c.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
            c.execute("PRAGMA trusted_schema=OFF")
            c.execute("PRAGMA cell_size_check=ON")
            check_version(c, file.path)
            known_statements = {_statement(each) for each in file.schema}
            for name, sql in c.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"):
                if _statement(sql) not in known_statements:
                    raise LedgerError("LOG-CORRUPT", f"{file} holds {str(name)[:60]!r}, which is not of a ledger")
        except BaseException:
            c.close()
            raise
    return c


def file_state(path: Path) -> tuple[object, ...]:
    """Return values that change when a file is written: inode, size, time, and the header of its WAL.

    Raises `LedgerError`: NO-LEDGER, NOT-A-FILE.
    """
    head = b""
    if _has_wal(path):
        with open(f"{path}-wal", "rb") as wal:
            head = wal.read(32)
    status = path.lstat()
    return status.st_ino, status.st_size, status.st_mtime_ns, head


def _copy(source: str, target: str) -> None:
    """Copy a file without its holes: a file of a terabyte without content takes no room."""
    opened = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(opened, "rb"), open(target, "xb") as written:
        size = os.fstat(opened).st_size
        os.truncate(target, size)
        start = end = 0
        while end < size:
            try:
                start = os.lseek(opened, end, os.SEEK_DATA)
            except OSError as error:
                if error.errno != errno.ENXIO:  # else there is no content from here on
                    raise
                return
            end = min(os.lseek(opened, start, os.SEEK_HOLE), size)
            written.seek(start)
            while start < end and (piece := os.pread(opened, min(end - start, _PIECE), start)):
                written.write(piece)
                start += len(piece)


def _has_wal(path: Path) -> bool:
    """Return True if the file has a WAL with content. Raises `LedgerError`: NO-LEDGER, NOT-A-FILE."""
    _size_of_regular(path)
    wal = path.with_name(f"{path.name}-wal")
    if not os.path.lexists(wal):
        return False
    size = _size_of_regular(wal)
    if size > LARGEST_WAL:
        raise LedgerError("NOT-A-FILE", f"{wal} has {size} bytes", "end what writes it, and copy it again")
    return size > 0


def _size_of_regular(path: Path) -> int:
    try:
        status = path.lstat()
    except FileNotFoundError:
        raise LedgerError("NO-LEDGER", f"{path} does not exist") from None
    if not stat.S_ISREG(status.st_mode):
        raise LedgerError("NOT-A-FILE", f"{path} is no regular file", "links are not followed: copy the file itself")
    return status.st_size


def _statement(sql: object) -> str:
    """Return a statement of a schema with one spelling: single spaces, no IF NOT EXISTS."""
    return " ".join(str(sql).replace("IF NOT EXISTS ", "").split())
