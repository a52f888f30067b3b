"""Create and open SQLite files, and translate the errors of SQLite.

Every connection uses WAL with `synchronous=FULL`. With NORMAL a power cut loses the last commits, after the receipts
were given. A file is completed under a temporary name and then linked: the switch to WAL has no busy timeout, so it has
to happen before another process can open the file.

Every file has the version of its schema in PRAGMA user_version; 0 in files from before there was one. A file of a newer
version is not read: this program cannot check tables that it does not know.
"""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, TypeVar

from ledger.adapters.storage.statements import Statement
from ledger.entries.case import instant
from ledger.errors import Busy, LedgerError

BUSY_SECONDS = 30
VERSION = 1  # of the schema of a file, unless the caller gives another
CLOSED = 1000  # added to the version of a file whose content has moved: no version of a schema comes near it
_FULL = 2  # PRAGMA synchronous
_FREE_BYTES = 1 << 18  # SQLite extends a WAL and its index by less at a time
_creation = Lock()  # the threads of a process would have the same temporary file

_T = TypeVar("_T")
Statements = Iterable[str | tuple[str, Sequence[object]]]  # a statement, or one with its parameters


def create(path: Path, schema: Statements, *, version: int = VERSION) -> None:
    """Create an SQLite file of mode 0600 in WAL mode with its schema, completely or not at all.

    Raises FileExistsError if the file exists.
    """
    new = temporary_path(path)
    if path.exists():
        raise FileExistsError(path)
    new.touch(0o600, exist_ok=False)
    try:
        with _creating(path), closing(sqlite3.connect(new, isolation_level=None)) as c:
            c.execute("PRAGMA synchronous=FULL")
            c.execute("BEGIN")
            for statement in schema:
                c.execute(*((statement,) if isinstance(statement, str) else statement))
            c.execute(f"PRAGMA user_version = {version}")
            c.execute("COMMIT")
            # last: pages written in WAL mode reach the file when it is closed, and an error there is not reported
            if c.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":  # SQLite raises nothing
                refused = sqlite3.OperationalError("the disk does not take the switch to WAL")
                refused.sqlite_errorname = "SQLITE_IOERR"
                raise ledger_error(refused, path)
        os.link(new, path)  # unlike a rename, a link never replaces another file
    finally:
        new.unlink(missing_ok=True)
    sync_folder(path.parent)


def temporary_path(path: Path) -> Path:
    """Return the path of a file until it is complete. Removes such files of processes that have ended."""
    name = f".{path.name}."
    for left in path.parent.glob(f"{glob.escape(name)}*"):
        process = left.name.removeprefix(name).partition("-")[0]  # SQLite appends -wal and -shm
        if process.isdecimal() and not (int(process) != os.getpid() and _is_running(int(process))):
            left.unlink(missing_ok=True)
    return path.with_name(f"{name}{os.getpid()}")


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it belongs to another user
    return True


@contextmanager
def _creating(path: Path) -> Iterator[None]:
    """Translate every error into one of the disk: a new file has no content that could be damaged."""
    try:
        with SQLiteErrors(path):
            yield
    except LedgerError as fault:
        if fault.code != "LOG-CORRUPT":
            raise
        failed = sqlite3.OperationalError(fault.says)
        failed.sqlite_errorname = "SQLITE_IOERR"
        raise ledger_error(failed, path) from fault


def connect(
    path: Path, *, writable: bool = True, secure_delete: bool = False, newest: int = VERSION
) -> sqlite3.Connection:
    """Open an existing SQLite file: autocommit, rows by name, a busy timeout of thirty seconds.

    A file on a read-only medium is read without a WAL index. Raises `LedgerError`: NO-LEDGER, LEDGER-VERSION,
    LOG-CORRUPT.
    """
    if not path.exists():
        raise LedgerError("NO-LEDGER", f"{path} does not exist", "comity init makes a ledger")
    with SQLiteErrors(path):
        c = open_connection(path, "rw" if writable else "ro")
        try:
            mode = c.execute("PRAGMA journal_mode").fetchone()[0]
        except sqlite3.DatabaseError as error:
            c.close()
            wal = path.with_name(path.name + "-wal")
            if writable or wal.exists() or not isinstance(error, sqlite3.OperationalError):
                raise
            c = open_connection(path, "ro&immutable=1")  # WAL writes an index next to the file, even for readers
            mode = "wal"
        try:
            if place := moved_place(c, newest):
                raise moved_error(path, place)
            check_version(c, path, newest=newest)
            if mode.lower() != "wal" and writable:
                raise LedgerError("LOG-CORRUPT", f"{path} is not in WAL mode: it was not made by comity init")
            c.execute("PRAGMA synchronous=FULL")
            if secure_delete:
                c.execute("PRAGMA secure_delete=ON")
            if c.execute("PRAGMA synchronous").fetchone()[0] != _FULL:
                raise LedgerError("LOG-CORRUPT", f"{path} does not take synchronous=FULL; commits would not be durable")
        except BaseException:
            c.close()
            raise
    return c


def open_or_create(
    path: Path, schema: Statements, *, secure_delete: bool = False, version: int = VERSION
) -> sqlite3.Connection:
    """Open an SQLite file with rows as tuples, and create it if there is none; raises what `connect` raises."""
    if not path.exists():
        with _creation, suppress(FileExistsError):  # another process has just made it
            create(path, schema, version=version)
    c = connect(path, secure_delete=secure_delete, newest=version)
    c.row_factory = None
    return c


def keep_wal(path: Path, newest: int = VERSION) -> sqlite3.Connection:
    """Open a connection that keeps the WAL of a file when it is closed last: closing then costs no sync.

    The last connection that can write copies the WAL into the file and deletes it, which takes two syncs; the next
    writer needs two more for a new one. A connection that only reads does neither, and the next one reads the WAL.
    """
    return connect(path, writable=False, newest=newest)


def delete_stale_wal(path: Path) -> None:
    """Delete the kept WAL of a file that was deleted: SQLite would read it as a part of the next file of that name."""
    if not path.exists():
        for tail in ("-wal", "-shm"):
            path.with_name(f"{path.name}{tail}").unlink(missing_ok=True)


def check_version(c: sqlite3.Connection, path: Path, hint: str = "update comity", newest: int = VERSION) -> int:
    """Return the version of an open file. Raises `LedgerError` LEDGER-VERSION if it is newer than `newest`."""
    version = int(c.execute("PRAGMA user_version").fetchone()[0])
    if version > newest:
        says = f"{path} is of version {version}, and this program reads versions up to {newest}; nothing was written"
        raise LedgerError("LEDGER-VERSION", says, hint)
    return version


def moved_place(c: sqlite3.Connection, newest: int = 0) -> str:
    """Return where the content of a file of a version after `newest` has moved; empty if it has not."""
    if c.execute("PRAGMA user_version").fetchone()[0] <= newest:
        return ""
    if c.execute("SELECT 1 FROM sqlite_schema WHERE name = 'moved'").fetchone() is None:
        return ""
    row = c.execute("SELECT place FROM moved").fetchone()
    return str(row[0]) if row else ""


def moved_error(location: object, place: str) -> LedgerError:
    """Return the error for a store whose content has moved to another place."""
    says = f"what was in {location} has moved to {place}: nothing is read or written here"
    return LedgerError("STORE-MOVED", says, "comity migrate, with the place that it moved to, goes on there")


class SQLiteReadConnection:
    """A connection that executes the statements of `statements.py` in SQLite."""

    def __init__(self, c: sqlite3.Connection) -> None:
        c.row_factory = None
        self._c = c

    def execute(self, statement: Statement, params: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Execute one statement; rows are tuples."""
        return self._c.execute(statement.sqlite, params)

    def close(self) -> None:
        """Close the connection."""
        self._c.close()


def open_connection(path: Path, mode: str) -> sqlite3.Connection:
    """Open a file in a mode of SQLite's URIs: `rw`, `ro`, or `ro&immutable=1`. Raises `sqlite3.Error`."""
    c = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=128,
    )
    c.row_factory = sqlite3.Row
    return c


@contextmanager
def transaction(c: sqlite3.Connection, path: Path) -> Iterator[sqlite3.Connection]:
    """Run a transaction that has the write lock from its start, so that reads inside it are valid at its commit."""
    with SQLiteErrors(path):
        c.execute("BEGIN IMMEDIATE")
        try:
            yield c
            c.execute("COMMIT")
        except BaseException:
            if c.in_transaction:
                c.execute("ROLLBACK")
            raise


class SQLiteErrors:
    """Translate errors of SQLite, raised directly or by `eventsourcing`, into a `LedgerError` about one file.

    Violated constraints pass through: the caller knows what they mean. Text that is not UTF-8 is damage too. This is a
    class because a generator-based context manager costs a microsecond more for each query.
    """

    __slots__ = ("path",)

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None or isinstance(error, LedgerError):
            return
        if isinstance(error, UnicodeDecodeError):
            says = f"{self.path} is damaged: a text that is no UTF-8"
            raise LedgerError("LOG-CORRUPT", says, "comity fsck says how far it can be read") from error
        cause = error if isinstance(error, sqlite3.Error) else error.__cause__
        if isinstance(cause, sqlite3.Error) and not isinstance(cause, sqlite3.IntegrityError):
            raise ledger_error(cause, self.path) from error


def typed(value: object, kind: type[_T]) -> _T:
    """Return a stored value. Raises `sqlite3.DataError`, for `SQLiteErrors`, if it is not of the type of its column."""
    if not isinstance(value, kind):
        raise sqlite3.DataError(f"{type(value).__name__} where {kind.__name__} is stored")
    return value


def stored_instant(value: object) -> datetime:
    """Return a stored instant. Raises `sqlite3.DataError` if the text is not an instant."""
    try:
        return instant(typed(value, str))
    except ValueError as error:
        raise sqlite3.DataError(str(error)) from None


def ledger_error(error: sqlite3.Error, path: Path) -> LedgerError:
    """Return the `LedgerError` for an error of SQLite, by its result code (sqlite.org/rescode.html)."""
    match getattr(error, "sqlite_errorname", "").split("_")[1:2]:
        case ["BUSY" | "LOCKED"]:
            return Busy(str(path))
        case ["CANTOPEN" | "PERM" | "AUTH"]:
            return LedgerError("NO-LEDGER", f"{path} cannot be opened: {error}", "check that it exists and is yours")
        case ["READONLY"]:
            return LedgerError("READ-ONLY", f"{path} cannot be written")
        case ["FULL"]:
            return LedgerError("DISK-FULL", f"no room left to write {path}; nothing was recorded")
        case ["IOERR" | "NOMEM"] if _is_full(path.parent):  # for readers too: WAL needs space for its index
            return LedgerError("DISK-FULL", f"no room left beside {path}: {error}", "free some, and repeat this")
        case ["IOERR" | "NOMEM"]:
            says = f"{path} could not be read or written: {error}; that says nothing about what is in it"
            return LedgerError("DISK-ERROR", says, "look after the disk, and repeat this")
        case ["CORRUPT" | "NOTADB" | "FORMAT" | "SCHEMA" | "ERROR"]:
            return LedgerError("LOG-CORRUPT", f"{path} is damaged: {error}", "comity fsck says how far it can be read")
        case _:
            return LedgerError("LOG-CORRUPT", f"{path}: {error}", "comity fsck says how far it can be read")


def _is_full(folder: Path) -> bool:
    try:
        status = os.statvfs(folder)
    except OSError:
        return False
    return status.f_bavail * status.f_frsize < _FREE_BYTES


def sync_folder(folder: Path) -> None:
    """Make the names of the files in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
