"""One way to open an SQLite file: durable, never made by accident, with faults that say what to do.

Every connection runs WAL with `synchronous=FULL` and says so when asked: with NORMAL the last commits are gone after a
power cut, and a receipt would be a lie. A file is made whole under another name and renamed, so that the switch to WAL,
which no busy timeout covers, happens before anybody else can open it.

Every file carries the version of its schema (PRAGMA user_version); 0 in files that were made before they had one. A
file of a newer version is not read: this program could neither check nor keep what it does not know there.
"""

from __future__ import annotations

import glob
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TypeVar

from msgspec import Struct

from ledger.entries.case import instant
from ledger.errors import Busy, LedgerError

BUSY_SECONDS = 30
VERSION = 1  # of the schema of a file, unless who opens it says another
_FULL = 2  # PRAGMA synchronous
_ROOM = 1 << 18  # bytes: SQLite grows a WAL and its index by less at a time

_T = TypeVar("_T")


def create(
    path: Path,
    schema: Iterable[str | tuple[str, Sequence[object]]],
    *,
    secure_delete: bool = False,
    version: int = VERSION,
) -> None:
    """Make an SQLite file of mode 0600 in WAL mode with its schema, all at once; FileExistsError if it is there.

    A statement with parameters is a pair.
    """
    new = part_of(path)
    if path.exists():
        raise FileExistsError(path)
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with _making(path), closing(sqlite3.connect(new, isolation_level=None)) as c:
            if secure_delete:
                c.execute("PRAGMA secure_delete=ON")
            c.execute("PRAGMA synchronous=FULL")
            c.execute("BEGIN")
            for statement in schema:
                c.execute(*((statement,) if isinstance(statement, str) else statement))
            c.execute(f"PRAGMA user_version = {version}")
            c.execute("COMMIT")
            # last: what is written in WAL mode gets into the file when it is closed, and nobody hears if it does not
            if c.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":  # it says so, and raises nothing
                refused = sqlite3.OperationalError("the disk does not take the switch to WAL")
                refused.sqlite_errorname = "SQLITE_IOERR"
                raise fault_of(refused, path)
        os.link(new, path)  # unlike a rename, refuses to take another file's place
    finally:
        new.unlink(missing_ok=True)
    sync_folder(path.parent)


def part_of(path: Path) -> Path:
    """The name of a file until it is whole, free; what processes that have ended left under such a name is removed."""
    name = f".{path.name}."
    for left in path.parent.glob(f"{glob.escape(name)}*"):
        maker = left.name.removeprefix(name).partition("-")[0]  # SQLite has files of its own beside one
        if maker.isdecimal() and not (int(maker) != os.getpid() and _lives(int(maker))):
            left.unlink(missing_ok=True)
    return path.with_name(f"{name}{os.getpid()}")


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it is somebody else's
    return True


@contextmanager
def _making(path: Path) -> Iterator[None]:
    """Turn every fault met in making a file into one of the disk: nothing is in it yet that could be damaged."""
    try:
        with faults(path):
            yield
    except LedgerError as fault:
        if fault.code != "LOG-CORRUPT":
            raise
        failed = sqlite3.OperationalError(fault.says)
        failed.sqlite_errorname = "SQLITE_IOERR"
        raise fault_of(failed, path) from fault


def connect(
    path: Path, *, writable: bool = True, secure_delete: bool = False, newest: int = VERSION
) -> sqlite3.Connection:
    """Open an SQLite file that exists: autocommit, rows by name, thirty seconds of patience.

    A file on a medium that cannot be written is read as it lies there. Raises `LedgerError` (NO-LEDGER, LEDGER-VERSION,
    LOG-CORRUPT).
    """
    if not path.exists():
        raise LedgerError("NO-LEDGER", f"{path} does not exist", "comity init makes a ledger")
    with faults(path):
        c = _open(path, "rw" if writable else "ro")
        try:
            mode = c.execute("PRAGMA journal_mode").fetchone()[0]
        except sqlite3.DatabaseError as error:
            c.close()
            wal = path.with_name(path.name + "-wal")
            if writable or wal.exists() or not isinstance(error, sqlite3.OperationalError):
                raise
            c = _open(path, "ro&immutable=1")  # WAL wants to write its index beside the file, even for readers
            mode = "wal"
        try:
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


def check_version(c: sqlite3.Connection, path: Path, hint: str = "update comity", newest: int = VERSION) -> int:
    """Return the version of an open file; `LedgerError` LEDGER-VERSION if it is newer than this program reads."""
    version = int(c.execute("PRAGMA user_version").fetchone()[0])
    if version > newest:
        says = f"{path} is of version {version}, and this program reads versions up to {newest}; nothing was written"
        raise LedgerError("LEDGER-VERSION", says, hint)
    return version


# -- files of somebody else -------------------------------------------------------------------------------------------

LARGEST_VALUE = 1 << 20  # bytes of one value or one row: an envelope has at most 64 KiB
LARGEST_WAL = 1 << 30


class HandedFile(Struct, frozen=True):
    """An SQLite file that somebody else made: read by its known schema alone, and nothing is written beside it.

    `schema` are the statements that may have made its tables, indexes and triggers. `path` is one that `settled` gave.
    """

    path: Path
    schema: tuple[str, ...]

    def __str__(self) -> str:
        return self.path.name


@contextmanager
def settled(path: Path) -> Iterator[Path]:
    """Give a file whose WAL is written back: the file itself where it has none, else a copy of both, gone afterwards.

    Even to read a WAL in its place SQLite would write an index beside it, or empty it. `LedgerError`: NO-LEDGER,
    NOT-A-FILE, LOG-CORRUPT.
    """
    if not _has_wal(path):
        yield path
        return
    with TemporaryDirectory(prefix="comity-") as folder:
        copy = Path(folder) / path.name
        for ending in ("", "-wal"):
            copyfile(f"{path}{ending}", f"{copy}{ending}", follow_symlinks=False)
        with faults(path), closing(sqlite3.connect(copy, isolation_level=None)) as c:
            c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield copy


def connect_handed(place: HandedFile) -> sqlite3.Connection:
    """Open a file of somebody else's as it is, read-only and without locks.

    Views, virtual tables and triggers of theirs would be code of theirs, and a table of another form could answer one
    question in two ways; so every object of the schema is one that we make. `LedgerError`: NO-LEDGER if it is missing,
    NOT-A-FILE, LEDGER-VERSION, LOG-CORRUPT. Whether the file changed meanwhile says `state_of`.
    """
    _size_of_regular(place.path)
    with faults(place.path):
        c = _open(place.path, "ro&immutable=1")
        try:
            c.row_factory = None
            c.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
            c.execute("PRAGMA trusted_schema=OFF")
            c.execute("PRAGMA cell_size_check=ON")
            check_version(c, place.path)
            known = {_statement(each) for each in place.schema}
            for name, sql in c.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"):
                if _statement(sql) not in known:
                    raise LedgerError("LOG-CORRUPT", f"{place} holds {str(name)[:60]!r}, which is not of a ledger")
        except BaseException:
            c.close()
            raise
    return c


def state_of(path: Path) -> tuple[object, ...]:
    """What changes when a file is written: inode, size and time, and the header of its WAL, which a reset changes.

    `LedgerError` NO-LEDGER, NOT-A-FILE.
    """
    head = b""
    if _has_wal(path):
        with open(f"{path}-wal", "rb") as wal:
            head = wal.read(32)
    found = path.lstat()
    return found.st_ino, found.st_size, found.st_mtime_ns, head


def _has_wal(path: Path) -> bool:
    """True if a WAL holds something. `LedgerError` NO-LEDGER, NOT-A-FILE where one of the two is no regular file."""
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
        found = path.lstat()
    except FileNotFoundError:
        raise LedgerError("NO-LEDGER", f"{path} does not exist") from None
    if not stat.S_ISREG(found.st_mode):
        raise LedgerError("NOT-A-FILE", f"{path} is no regular file", "links are not followed: copy the file itself")
    return found.st_size


def _statement(sql: object) -> str:
    """A statement of a schema without what its spelling leaves open."""
    return " ".join(str(sql).replace("IF NOT EXISTS ", "").split())


def _open(path: Path, mode: str) -> sqlite3.Connection:
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
    """All or nothing, under the write lock from the first moment on: what is read inside still holds at commit."""
    with faults(path):
        c.execute("BEGIN IMMEDIATE")
        try:
            yield c
            c.execute("COMMIT")
        except BaseException:
            if c.in_transaction:
                c.execute("ROLLBACK")
            raise


class faults:  # noqa: N801 -- reads as a word after `with`
    """Turns what SQLite says, directly or through `eventsourcing`, into a `LedgerError` about `path`.

    Broken constraints pass through: what they mean is for whoever wrote the statement. Text that is none, in a schema
    or a value, is damage too.
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
            raise fault_of(cause, self.path) from error


def typed(value: object, kind: type[_T]) -> _T:
    """A stored value; `sqlite3.DataError`, which `faults` knows, if it is not of the kind that its column holds."""
    if not isinstance(value, kind):
        raise sqlite3.DataError(f"{type(value).__name__} where {kind.__name__} is stored")
    return value


def stored_instant(value: object) -> datetime:
    """A stored instant; `sqlite3.DataError` if it is none."""
    try:
        return instant(typed(value, str))
    except ValueError as error:
        raise sqlite3.DataError(str(error)) from None


def fault_of(error: sqlite3.Error, path: Path) -> LedgerError:
    """The fault behind an error of SQLite, by its result code (sqlite.org/rescode.html)."""
    match getattr(error, "sqlite_errorname", "").split("_")[1:2]:
        case ["BUSY" | "LOCKED"]:
            return Busy(str(path))
        case ["CANTOPEN" | "PERM" | "AUTH"]:
            return LedgerError("NO-LEDGER", f"{path} cannot be opened: {error}", "check that it exists and is yours")
        case ["READONLY"]:
            return LedgerError("READ-ONLY", f"{path} cannot be written")
        case ["FULL"]:
            return LedgerError("DISK-FULL", f"no room left to write {path}; nothing was recorded")
        case ["IOERR" | "NOMEM"] if _is_full(path.parent):  # to readers too: WAL wants room for its index
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
        found = os.statvfs(folder)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < _ROOM


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
