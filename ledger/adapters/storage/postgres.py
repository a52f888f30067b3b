"""Create and open an event store in PostgreSQL, and translate the errors of the server.

An administrator sets the durability of the server. A server that acknowledges a commit before it is on disk is refused;
every write transaction checks this again (`comity.turn` in postgres.sql). `psycopg` is an optional dependency, so it is
imported where it is needed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.adapters.storage.sqlite import moved_error
from ledger.adapters.storage.statements import Statement
from ledger.errors import Busy, LedgerError, RecordError

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

PATIENCE = 30  # seconds that a writer waits for the lock, as in SQLite
VERSION = 1
_IDLE = 60  # seconds after which the server ends an idle transaction that has the lock
# libpq alone waits minutes for a connection, and hours for an answer of a server that has gone
_TIMEOUTS = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
_SECRETS = ("password", "sslpassword")
SHARED = Path(__file__).with_name("shared") / "postgres_shared.sql"
PARTS = {"comity": "entries", "comity_keys": "keys of data subjects", "comity_guard": "guards"}  # by their schema


class Address(Struct, frozen=True):
    """The database of one log: a URI of libpq, with one or several hosts, and the origin of the log."""

    uri: str
    origin: str

    def __str__(self) -> str:
        return self.uri


def address(uri: str, origin: str) -> Address:
    """Return the address of a database. Raises `RecordError` STORE-ADDRESS if it is malformed or has a password."""
    _parts(uri)
    return Address(uri, origin)


def _parts(uri: str) -> dict[str, Any]:
    psycopg = _driver()
    hint = "one line: postgresql://host/database"
    try:
        if not (uri.startswith(("postgresql://", "postgres://")) and uri.isascii() and uri.isprintable()):
            raise ValueError(uri)
        parts: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(uri)
    except (psycopg.Error, ValueError):  # their text is left out: it may have a mistyped password
        raise RecordError("STORE-ADDRESS", "this is no address of a database", hint=hint) from None
    if any(parts.get(name) for name in _SECRETS):
        says = "a password has no place in an address: it would be kept in the ledger's folder, and told"
        raise RecordError("STORE-ADDRESS", says, hint="libpq reads it from its own file, ~/.pgpass")
    return parts


def connect(location: Address, *, writable: bool = True) -> Connection:
    """Open the database of a ledger: autocommit, rows as tuples, lock timeout of thirty seconds.

    Raises `LedgerError`: STORE-AWAY, NO-LEDGER, LEDGER-VERSION, READ-ONLY, NO-POSTGRES; STORE-UNSAFE where the server
    acknowledges commits before they are durable, or the environment makes the library insert without the lock.
    """
    _check_environment()
    c = _open(location)
    try:
        with PostgresErrors(location):
            _check_ledger(c, location, writable=writable)
    except BaseException:
        c.close()
        raise
    return c


def connect_schema(location: Address, schema: str, *, writable: bool = True) -> Connection:
    """Open a database that has no entries but another part of a ledger, in a schema; as `connect`.

    Raises `LedgerError`: STORE-AWAY, READ-ONLY, NO-POSTGRES, STORE-UNSAFE; STORE-SHARED if the database has another
    part as well.
    """
    c = _open(location)
    try:
        with PostgresErrors(location):
            _check_server(c, schema, writable=writable)
            check_alone(c, location, schema)
    except BaseException:
        c.close()
        raise
    return c


def check_moved(c: Connection, location: Address, schema: str) -> None:
    """Raise `LedgerError` STORE-MOVED if what a schema had has moved to another place (`ledger.adapters.migration`)."""
    if place := moved_place(c, schema):
        raise moved_error(location, place)


def moved_place(c: Connection, schema: str) -> str:
    """Return where what a schema had has moved; empty if it has not."""
    if c.execute("SELECT to_regclass(%s)", (f"{schema}.moved",)).fetchone() == (None,):
        return ""
    row = c.execute("SELECT place FROM moved").fetchone()
    return str(row[0]) if row else ""


def check_alone(c: Connection, location: Address, schema: str) -> None:
    """Raise `LedgerError` STORE-SHARED if a database has a part of a ledger in a schema other than this one."""
    others = [name for name in PARTS if name != schema]
    found = c.execute("SELECT nspname::text FROM pg_namespace WHERE nspname::text = ANY(%s)", (others,)).fetchone()
    if found is not None:
        says = f"{location} has {PARTS[found[0]]} in it: {PARTS[schema]} would be backed up and put back with them"
        raise LedgerError("STORE-SHARED", says, "createdb makes another database, best on another server")


def create(location: Address, founder: bytes = b"") -> None:
    """Create an empty event store in a database. `founder` is the public key of the log.

    An empty store of the same origin and key is accepted: a crash left it. Raises `LedgerError` LEDGER-EXISTS for any
    other store, and what `connect` raises.
    """
    _check_environment()
    c = _open(location)
    with c, PostgresErrors(location):
        _check_server(c, "comity", writable=True)
        check_alone(c, location, "comity")
        if c.execute("SELECT to_regnamespace('comity')").fetchone() != (None,):
            origin, whose = c.execute("SELECT origin, founder FROM comity.ledger").fetchone() or ("", b"")
            if (origin, whose) != (location.origin, founder) or c.execute(
                "SELECT 1 FROM log_leaf LIMIT 1"
            ).fetchone() is not None:
                says = f"the ledger of {origin} is in {location} already"
                raise LedgerError("LEDGER-EXISTS", says, "a ledger has a database of its own: createdb makes one")
            return
        errors = _driver().errors
        try:
            _create_schema(c, location, founder)
        except (errors.UniqueViolation, errors.DuplicateSchema):
            raise LedgerError("LEDGER-EXISTS", f"somebody else has just made a ledger in {location}") from None


def _create_schema(c: Connection, location: Address, founder: bytes) -> None:
    with c.transaction():
        for file in (Path(__file__).with_suffix(".sql"), SHARED):
            c.execute(file.read_bytes())
        c.execute("INSERT INTO comity.ledger VALUES (true, %s, %s, %s)", (VERSION, location.origin, founder))
        c.execute("REVOKE INSERT ON comity.ledger FROM CURRENT_USER")


def _driver() -> Any:
    try:
        import psycopg
        import psycopg.conninfo
    except ImportError:
        raise LedgerError("NO-POSTGRES", "a store in PostgreSQL needs comity[postgres]", "install that extra") from None
    return psycopg


def _open(location: Address) -> Connection:
    psycopg = _driver()
    parts = _parts(location.uri)
    timeouts = {name: value for name, value in _TIMEOUTS.items() if name not in parts}
    try:
        c: Connection = psycopg.connect(
            location.uri, autocommit=True, application_name="comity", client_encoding="utf8", **timeouts
        )
    except (psycopg.Error, UnicodeError) as error:  # UnicodeError: of an invalid host name
        hint = "is the server running, and is the database there?"
        raise LedgerError("STORE-AWAY", f"{location}: {_line(error)}", hint) from error
    return c


def _check_ledger(c: Connection, location: Address, *, writable: bool) -> None:
    _check_server(c, "comity", writable=writable)
    check_moved(c, location, "comity")
    if c.execute("SELECT to_regclass('comity.ledger')").fetchone() == (None,):
        raise LedgerError("NO-LEDGER", f"there is no ledger in {location}", "comity init --store makes one")
    version, origin = c.execute("SELECT version, origin FROM comity.ledger").fetchone() or (0, "")
    if version != VERSION:
        says = f"{location} is of version {version}, and this program reads version {VERSION}; nothing was written"
        raise LedgerError("LEDGER-VERSION", says, "update comity")
    if origin != location.origin:
        says = f"{location} is the store of {origin}, not of {location.origin}"
        raise LedgerError("NO-LEDGER", says, "see the file store")


def _check_server(c: Connection, schema: str, *, writable: bool) -> None:
    settings = c.execute(
        "SELECT set_config('search_path', %s, false), set_config('lock_timeout', %s, false),"
        " set_config('statement_timeout', '0', false),"  # an audit may take long
        " set_config('default_transaction_isolation', 'read committed', false),"  # sees commits during a wait
        " set_config('idle_in_transaction_session_timeout', %s, false),"
        " set_config('default_transaction_read_only', %s, false), pg_is_in_recovery(),"
        " current_setting('fsync'), current_setting('synchronous_commit'),"
        " current_setting('synchronous_standby_names'), current_setting('server_encoding')",
        (schema, f"{PATIENCE}s", f"{_IDLE}s", "off" if writable else "on"),
    ).fetchone()
    if settings is None or not writable:
        return
    standby, fsync, commit, names, encoding = settings[6:]
    if standby:
        raise LedgerError(
            "READ-ONLY", "this server is a standby", "name the primary, or target_session_attrs=read-write"
        )
    if encoding != "UTF8":
        says = f"the database is in {encoding}, which does not have every letter of a name"
        raise LedgerError("STORE-UNSAFE", says, "createdb --encoding UTF8 --template template0 makes one that does")
    for name, value in (("fsync", fsync), ("synchronous_commit", commit)):
        if value == "off" or (value == "local" and names):
            raise unsafe(f"{name} is {value}")


def _check_environment() -> None:
    """Refuse the database functions of the library: they insert without a lock, and readers skip late commits."""
    for name, value in os.environ.items():
        if name.endswith("POSTGRES_ENABLE_DB_FUNCTIONS") and value.lower() in ("y", "yes", "t", "true", "on", "1"):
            says = f"{name} is set: what is inserted that way can be passed over by a reader of the log"
            raise LedgerError("STORE-UNSAFE", says, f"unset {name}")


def unsafe(says: str, hint: str = "synchronous_commit and fsync have to be on, wherever they are set") -> LedgerError:
    """Return the error for a server that acknowledges commits which can be lost."""
    return LedgerError("STORE-UNSAFE", f"{says}: the server says that something is recorded before it is safe", hint)


# -- reading -----------------------------------------------------------------------------------------------------------


class Reconnecting:
    """A connection that is opened again where it was lost, as after a failover. One thread uses it at a time."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self.within = False  # True in a transaction
        self.connection = connect()

    def execute(self, query: str, params: Sequence[Any] = ()) -> psycopg.Cursor[tuple[Any, ...]]:
        """Execute one statement; outside a transaction, again for `PATIENCE` seconds where the connection is lost."""
        # PostgreSQL has no NUL in texts, and no stored text has one: \1 finds nothing either, without an error
        params = [p.replace("\0", "\1") if isinstance(p, str) else p for p in params]
        for wait in retries():
            try:
                if self.connection.closed and not self.within:
                    self.connection = self._connect()
                return self.connection.execute(query.encode(), params)
            except Exception as error:
                if self.within or not is_connection_lost(error) or not wait():
                    raise
        raise AssertionError("unreachable")

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Run a transaction, on a connection that was there at its start; STORE-UNSAFE as `durable`."""
        self.execute("SELECT 1")
        with durable(self.connection), self.connection.transaction():
            self.within = True
            try:
                yield self.connection
            finally:
                self.within = False

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


class PostgresReadConnection:
    """A connection that executes the statements of `statements.py`, and reconnects after a failover."""

    def __init__(self, location: Address, *, writable: bool = False) -> None:
        self._c = Reconnecting(lambda: connect(location, writable=writable))

    def execute(self, statement: Statement, params: Sequence[Any] = ()) -> psycopg.Cursor[tuple[Any, ...]]:
        """Execute one statement; rows are tuples. Retries for `PATIENCE` seconds where the connection is lost."""
        return self._c.execute(statement.postgres, params)

    def close(self) -> None:
        """Close the connection."""
        self._c.close()


@contextmanager
def durable(c: Connection) -> Iterator[None]:
    """Run statements that commit. STORE-UNSAFE if an administrator ended the wait of a commit for a standby."""
    warnings: list[str] = []

    def add_warning(notice: psycopg.errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            warnings.append(str(notice.message_primary))

    c.add_notice_handler(add_warning)
    try:
        yield
    finally:
        c.remove_notice_handler(add_warning)
    if warnings:
        raise unsafe(warnings[0], "repeat the command once the standby is there again")


def retries(seconds: float = PATIENCE) -> Iterator[Callable[[], bool]]:
    """Iterate over attempts for `seconds`, by default those for which a writer waits.

    Each item waits for the next attempt when it is called, and returns False when no time is left.
    """
    end = time.monotonic() + seconds

    def wait() -> bool:
        time.sleep(0.2)
        return time.monotonic() < end

    while True:
        yield wait


# -- errors ------------------------------------------------------------------------------------------------------------


class PostgresErrors:
    """Translate errors of PostgreSQL, raised directly or by `eventsourcing`, into a `LedgerError` about one database.

    Violated constraints pass through: the caller knows what they mean.
    """

    __slots__ = ("location",)

    def __init__(self, location: Address) -> None:
        self.location = location

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None or isinstance(error, LedgerError):
            return
        psycopg = _driver()
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        if isinstance(cause, psycopg.Error) and not isinstance(cause, psycopg.IntegrityError):
            raise ledger_error(cause, self.location) from error


def ledger_error(error: psycopg.Error, location: Address) -> LedgerError:
    """Return the `LedgerError` for an error of PostgreSQL, by its SQLSTATE (postgresql.org/docs, appendix A)."""
    state = error.sqlstate or ""
    match state:
        case "CM001":
            return unsafe(_line(error))
        case "CM002":
            return moved_error(location, "another place")
        case "55P03" | "40P01":
            return Busy(str(location))
        case "53100":
            return LedgerError("DISK-FULL", f"no room left in {location}; nothing was recorded")
        case "25006":
            return LedgerError("READ-ONLY", f"{location} takes nothing in: {_line(error)}")
        case "42501":
            hint = "docs/how-to/postgresql.md says which rights are needed"
            return LedgerError("READ-ONLY", f"{location}: {_line(error)}", hint)
        case "XX001" | "XX002" | "42P01" | "42703" | "42883":
            return LedgerError("LOG-CORRUPT", f"{location} is damaged: {_line(error)}", "comity fsck says how far")
        case _:
            return LedgerError(
                "STORE-AWAY",
                f"{location}: {_line(error)}",
                "what was being recorded may be there: look before you record it again",
            )


def is_connection_lost(error: Exception) -> bool:
    """Return True if the connection was lost, so that the outcome of the last statement is not known."""
    if isinstance(error, LedgerError):
        return error.code == "STORE-AWAY"
    psycopg = _driver()
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    return cause.sqlstate is None or cause.sqlstate.startswith(("08", "57P"))


def _line(error: Exception) -> str:
    """Return the message of the server in one line."""
    return " ".join(str(error).split("\n")[0].split()) or type(error).__name__
