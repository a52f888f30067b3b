"""Entries in PostgreSQL: where the database is, one way to open it, with faults that say what to do.

The server's durability is a setting of somebody else, so it is looked at: one that would acknowledge what is not on
disk is not used, and every transaction looks again (`comity.turn` in postgres.sql). `psycopg` is imported where needed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.errors import Busy, LedgerError, RecordError

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

PATIENCE = 30  # seconds that a writer waits for its turn, as in SQLite
VERSION = 1
_IDLE = 60  # seconds after which the server ends a writer that took its turn and hangs
# a server that is silent is away: libpq would wait for minutes to be let in, and for hours for an answer
_LIVELY = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
_SECRETS = ("password", "sslpassword")


class Address(Struct, frozen=True):
    """A database with the entries of one log: its URI (libpq's, several hosts allowed) and the log's origin."""

    uri: str
    origin: str

    def __str__(self) -> str:
        return self.uri


def address(uri: str, origin: str) -> Address:
    """An address as people give it; `RecordError` STORE-ADDRESS if it is none, or carries a secret."""
    _parts(uri)
    return Address(uri, origin)


def _parts(uri: str) -> dict[str, Any]:
    psycopg = _driver()
    hint = "one line: postgresql://host/database"
    try:
        if not (uri.startswith(("postgresql://", "postgres://")) and uri.isascii() and uri.isprintable()):
            raise ValueError(uri)
        given: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(uri)
    except (psycopg.Error, ValueError):  # which tell more of it than may be told: a password, mistyped
        raise RecordError("STORE-ADDRESS", "this is no address of a database", hint=hint) from None
    if any(given.get(name) for name in _SECRETS):
        says = "a password has no place in an address: it would be kept in the ledger's folder, and told"
        raise RecordError("STORE-ADDRESS", says, hint="libpq reads it from its own file, ~/.pgpass")
    return given


def connect(place: Address, *, writable: bool = True) -> Connection:
    """Open the database of a ledger: autocommit, rows as tuples, thirty seconds of patience.

    `LedgerError`: STORE-AWAY, NO-LEDGER, LEDGER-VERSION, READ-ONLY; STORE-UNSAFE where the server would say that
    something is recorded before it is, or something else writes past the order of the log; NO-POSTGRES.
    """
    _check_environment()
    c = _open(place)
    try:
        with faults(place):
            _look(c, place, writable=writable)
    except BaseException:
        c.close()
        raise
    return c


def create(place: Address, founder: bytes = b"") -> None:
    """Make the empty shelf of a ledger in a database; what a crash left of an attempt with the same key is taken up.

    `LedgerError`: LEDGER-EXISTS if there is a ledger already; and what `connect` raises.
    """
    _check_environment()
    c = _open(place)
    with c, faults(place):
        _check_server(c, writable=True)
        if c.execute("SELECT to_regnamespace('comity')").fetchone() != (None,):
            origin, whose = c.execute("SELECT origin, founder FROM comity.ledger").fetchone() or ("", b"")
            if (origin, whose) != (place.origin, founder) or c.execute(
                "SELECT 1 FROM log_leaf LIMIT 1"
            ).fetchone() is not None:
                says = f"the ledger of {origin} is in {place} already"
                raise LedgerError("LEDGER-EXISTS", says, "a ledger has a database of its own: createdb makes one")
            return
        errors = _driver().errors
        try:
            _make(c, place, founder)
        except (errors.UniqueViolation, errors.DuplicateSchema):
            raise LedgerError("LEDGER-EXISTS", f"somebody else has just made a ledger in {place}") from None


def _make(c: Connection, place: Address, founder: bytes) -> None:
    with c.transaction():
        c.execute(Path(__file__).with_suffix(".sql").read_bytes())
        c.execute("INSERT INTO comity.ledger VALUES (true, %s, %s, %s)", (VERSION, place.origin, founder))
        c.execute("REVOKE INSERT ON comity.ledger FROM CURRENT_USER")


def _driver() -> Any:
    try:
        import psycopg
        import psycopg.conninfo
    except ImportError:
        raise LedgerError("NO-POSTGRES", "a store in PostgreSQL needs comity[postgres]", "install that extra") from None
    return psycopg


def _open(place: Address) -> Connection:
    psycopg = _driver()
    given = _parts(place.uri)
    lively = {name: value for name, value in _LIVELY.items() if name not in given}
    try:
        c: Connection = psycopg.connect(
            place.uri, autocommit=True, application_name="comity", client_encoding="utf8", **lively
        )
    except (psycopg.Error, UnicodeError) as error:  # UnicodeError: of a host's name that is none
        hint = "is the server running, and is the database there?"
        raise LedgerError("STORE-AWAY", f"{place}: {_line(error)}", hint) from error
    return c


def _look(c: Connection, place: Address, *, writable: bool) -> None:
    _check_server(c, writable=writable)
    if c.execute("SELECT to_regclass('comity.ledger')").fetchone() == (None,):
        raise LedgerError("NO-LEDGER", f"there is no ledger in {place}", "comity init --store makes one")
    version, origin = c.execute("SELECT version, origin FROM comity.ledger").fetchone() or (0, "")
    if version != VERSION:
        says = f"{place} is of version {version}, and this program reads version {VERSION}; nothing was written"
        raise LedgerError("LEDGER-VERSION", says, "update comity")
    if origin != place.origin:
        raise LedgerError("NO-LEDGER", f"{place} is the store of {origin}, not of {place.origin}", "see the file store")


def _check_server(c: Connection, *, writable: bool) -> None:
    settings = c.execute(
        "SELECT set_config('search_path', 'comity', false), set_config('lock_timeout', %s, false),"
        " set_config('statement_timeout', '0', false),"  # the patience is ours, and an audit takes as long as it takes
        " set_config('default_transaction_isolation', 'read committed', false),"  # who waited sees what came meanwhile
        " set_config('idle_in_transaction_session_timeout', %s, false),"
        " set_config('default_transaction_read_only', %s, false), pg_is_in_recovery(),"
        " current_setting('fsync'), current_setting('synchronous_commit'),"
        " current_setting('synchronous_standby_names'), current_setting('server_encoding')",
        (f"{PATIENCE}s", f"{_IDLE}s", "off" if writable else "on"),
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
    """The library's own functions insert without a lock, so that a reader passes over what commits late."""
    for name, value in os.environ.items():
        if name.endswith("POSTGRES_ENABLE_DB_FUNCTIONS") and value.lower() in ("y", "yes", "t", "true", "on", "1"):
            says = f"{name} is set: what is inserted that way can be passed over by whoever reads the log"
            raise LedgerError("STORE-UNSAFE", says, f"unset {name}")


def unsafe(says: str, hint: str = "synchronous_commit and fsync have to be on, wherever they are set") -> LedgerError:
    """The fault of a server that acknowledges what may yet be lost."""
    return LedgerError("STORE-UNSAFE", f"{says}: the server says that something is recorded before it is safe", hint)


# -- speaking ----------------------------------------------------------------------------------------------------------


@cache
def spoken(statement: str) -> str:
    """A statement of the shelf as PostgreSQL takes it: some things have other names there."""
    for ours, theirs in (
        ("json_each(?)", "json_array_elements_text(?::json)"),
        ("user_version FROM pragma_user_version", "version FROM ledger"),
        ("rowid", "notification_id"),
        ("ifnull", "coalesce"),
        ("?", "%s"),
    ):
        statement = statement.replace(ours, theirs)
    return statement


class Line:
    """A connection for questions, in SQLite's words; where the server goes away, one to whoever comes in its place."""

    def __init__(self, place: Address, *, writable: bool = False) -> None:
        self._place, self._writable = place, writable
        self._c = connect(place, writable=writable)

    def execute(self, statement: str, params: Sequence[Any] = ()) -> psycopg.Cursor[tuple[Any, ...]]:
        """Ask one question; its rows are in the cursor."""
        query = spoken(statement).encode()
        # NUL is in no text of PostgreSQL, nor in any entry: what is asked for by such a name is not there
        params = [p.replace("\0", "\1") if isinstance(p, str) else p for p in params]
        for wait in patiently():
            try:
                if self._c.closed:
                    self._c = connect(self._place, writable=self._writable)
                return self._c.execute(query, params)
            except Exception as error:
                if not is_lost(error) or not wait():
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Hang up."""
        self._c.close()


def patiently() -> Iterator[Callable[[], bool]]:
    """Tries of something that a server's absence may spoil; each comes with what waits for the next, if one is left."""
    end = time.monotonic() + PATIENCE

    def wait() -> bool:
        time.sleep(0.2)
        return time.monotonic() < end

    while True:
        yield wait


# -- faults ------------------------------------------------------------------------------------------------------------


class faults:  # noqa: N801 -- reads as a word after `with`
    """Turns what PostgreSQL says, directly or through `eventsourcing`, into a `LedgerError` about a database.

    Broken constraints pass through: what they mean is for whoever wrote the statement.
    """

    __slots__ = ("place",)

    def __init__(self, place: Address) -> None:
        self.place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None or isinstance(error, LedgerError):
            return
        psycopg = _driver()
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        if isinstance(cause, psycopg.Error) and not isinstance(cause, psycopg.IntegrityError):
            raise fault_of(cause, self.place) from error


def fault_of(error: psycopg.Error, place: Address) -> LedgerError:
    """The fault behind an error of PostgreSQL, by its SQLSTATE (postgresql.org/docs, appendix A)."""
    state = error.sqlstate or ""
    match state:
        case "CM001":
            return unsafe(_line(error))
        case "55P03" | "40P01":
            return Busy(str(place))
        case "53100":
            return LedgerError("DISK-FULL", f"no room left in {place}; nothing was recorded")
        case "25006":
            return LedgerError("READ-ONLY", f"{place} takes nothing in: {_line(error)}")
        case "42501":
            return LedgerError(
                "READ-ONLY", f"{place}: {_line(error)}", "docs/how-to/postgresql.md says which rights are needed"
            )
        case "XX001" | "XX002" | "42P01" | "42703" | "42883":
            return LedgerError("LOG-CORRUPT", f"{place} is damaged: {_line(error)}", "comity fsck says how far")
        case _:
            return LedgerError(
                "STORE-AWAY",
                f"{place}: {_line(error)}",
                "what was being recorded may be there: look before you record it again",
            )


def is_lost(error: Exception) -> bool:
    """True where the server is away, so that nobody here knows whether it took what it was given."""
    if isinstance(error, LedgerError):
        return error.code == "STORE-AWAY"
    psycopg = _driver()
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    return cause.sqlstate is None or cause.sqlstate.startswith(("08", "57P"))


def _line(error: Exception) -> str:
    """What the server said, in one line."""
    return " ".join(str(error).split("\n")[0].split()) or type(error).__name__
