"""What waits for peers and what came from them, in `exchange.db` and the folder `exchange` of the ledger.

    exchange/outgoing/<sha256>    a bundle that its peer has not acknowledged
    exchange/quarantine/<sha256>  a bundle that could not be proven; nothing of it is in the record
    exchange/arriving/            bundles that arrive now; emptied at the start

The files and the table are no part of the record. They are of the machine that speaks to the peers, also where the
entries are in a database. A file is durable before the row that names it, and deleted after the row has changed: so a
crash leaves at most a file without a row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import Literal

import msgspec
from msgspec import Struct

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.storage.sqlite import SQLiteErrors, open_or_create, sync_folder, transaction
from ledger.application.foreign.receipts import Place
from ledger.errors import LedgerError
from server.exchange.documents import ExchangeAnswer, Refusal

MOST_HELD = 100  # bundles of one peer in quarantine
MOST_BYTES = 256 << 20  # of one peer in quarantine
_FRESH = 3_600  # seconds
FIRST_WAIT, LONGEST_WAIT = 10, 6 * 3_600  # seconds between two attempts to hand a bundle over

Settled = Literal["quarantined", "acknowledged", "refused"]
Outgoing = Literal["waiting", "deleted"] | Settled
_OPEN = "state IN ('waiting', 'quarantined')"
_COLUMNS = "number, peer, digest, order_id, size, places, at, state, tries, next_at, reason, answer"
_SCHEMA = (
    """CREATE TABLE outgoing (
        number INTEGER PRIMARY KEY AUTOINCREMENT, peer TEXT NOT NULL, digest TEXT NOT NULL, order_id TEXT NOT NULL,
        size INTEGER NOT NULL, places BLOB NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL,
        next_at INTEGER NOT NULL, reason BLOB, answer BLOB, UNIQUE (peer, digest)) STRICT""",
    "CREATE INDEX outgoing_state ON outgoing (state, next_at)",
    """CREATE TABLE incoming (
        peer TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL,
        answer BLOB NOT NULL, PRIMARY KEY (peer, digest)) STRICT""",
    "CREATE INDEX incoming_state ON incoming (state, peer)",
)


class OutgoingItem(Struct, frozen=True):
    """A bundle for a peer; `at` and `next_at` are seconds since 1970, `places` what the peer has to acknowledge."""

    number: int
    peer: str
    digest: str
    order: str
    size: int
    places: list[Place]
    at: int
    state: Outgoing
    tries: int
    next_at: int
    reason: Refusal | None
    answer: ExchangeAnswer | None


class IncomingItem(Struct, frozen=True):
    """A bundle from a peer, and the answer that the peer got or gets; `at` is in seconds since 1970."""

    digest: str
    peer: str
    size: int
    at: int
    answer: ExchangeAnswer


class ExchangeStore:
    """The store of one ledger; threads of a process may share it, and processes the files."""

    def __init__(self, ledger: Path, now: Callable[[], float] = time.time) -> None:
        self.path = ledger / "exchange.db"
        folder = private_folder(ledger / "exchange")
        self.outgoing = private_folder(folder / "outgoing")
        self.quarantine = private_folder(folder / "quarantine")
        self.arriving = private_folder(folder / "arriving")
        self._now = now
        self._lock = RLock()
        self._c = open_or_create(self.path, _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._c.close()

    # -- for peers ----------------------------------------------------------------------------------------------------

    def put(self, peer: str, order: str, data: bytes, places: Sequence[Place]) -> OutgoingItem:
        """Keep a bundle durably until its peer acknowledges it; a bundle with the same digest stays as it is."""
        digest = sha256(data).hexdigest()
        _write(self.outgoing / digest, data)
        now = int(self._now())
        with self._lock, transaction(self._c, self.path):
            self._c.execute(
                """INSERT INTO outgoing (peer, digest, order_id, size, places, at, state, tries, next_at)
                VALUES (?, ?, ?, ?, ?, ?, 'waiting', 0, ?) ON CONFLICT DO NOTHING""",
                (peer, digest, order, len(data), msgspec.json.encode(places), now, now),
            )
        (item,) = self._sent("peer = ? AND digest = ?", peer, digest)
        return item

    def sent(self) -> list[OutgoingItem]:
        """Return every bundle for a peer, by number."""
        return self._sent("true")

    def due(self, *, early: bool = False) -> list[OutgoingItem]:
        """Return the bundles to hand over now: waiting ones whose next attempt is due, or all waiting ones."""
        return self._sent(f"{_OPEN} AND (? OR next_at <= ?)", early, self._now())

    def waiting(self, peer: str, after: int, limit: int) -> list[OutgoingItem]:
        """Return the bundles that a peer may fetch, from a number on."""
        return self._sent(f"{_OPEN} AND peer = ? AND number >= ?", peer, after, limit=limit)

    def of(self, peer: str, digest: str) -> OutgoingItem | None:
        """Return the bundle for a peer with a digest; None if there is none."""
        return next(iter(self._sent("peer = ? AND digest = ?", peer, digest)), None)

    def gave(self, peer: str, order: str) -> bool:
        """Return True if a bundle of an order (its id) was made for a peer."""
        return bool(self._sent("peer = ? AND order_id = ?", peer, order, limit=1))

    def _sent(self, where: str, *values: object, limit: int = -1) -> list[OutgoingItem]:
        sql = f"SELECT {_COLUMNS} FROM outgoing WHERE {where} ORDER BY number LIMIT ?"  # noqa: S608 - conditions of this module
        with self._lock, SQLiteErrors(self.path):
            rows = self._c.execute(sql, (*values, limit)).fetchall()
        return [_outgoing(row) for row in rows]

    def content(self, item: OutgoingItem) -> bytes:
        """Return the bytes of a bundle for a peer; `LedgerError` LOG-CORRUPT if the file is not what was put there."""
        return _read(self.outgoing / item.digest, "was put there")

    def answered(self, item: OutgoingItem, answer: ExchangeAnswer) -> Settled:
        """Keep the checked answer of a peer; the bundle is deleted if it is acknowledged or refused."""
        if item.state in ("acknowledged", "refused", "deleted"):
            return "acknowledged" if item.state == "acknowledged" else "refused"
        state: Settled = "acknowledged" if answer.state == "recorded" else answer.state
        reason = None if answer.reason is None else msgspec.json.encode(answer.reason)
        self._tried(item, state, reason, msgspec.json.encode(answer))
        if state != "quarantined" and not self._sent(f"{_OPEN} AND digest = ?", item.digest):
            (self.outgoing / item.digest).unlink(missing_ok=True)
        return state

    def delete(self, item: OutgoingItem, reason: Refusal) -> None:
        """Delete a bundle that its peer has not acknowledged; the row stays, and says why."""
        self._tried(item, "deleted", msgspec.json.encode(reason), None)
        if not self._sent(f"{_OPEN} AND digest = ?", item.digest):
            (self.outgoing / item.digest).unlink(missing_ok=True)
            sync_folder(self.outgoing)

    def settle_restored(self, reason: Refusal) -> list[OutgoingItem]:
        """Give up the bundles that were in no backup, and return those for peers.

        A peer sends what it has not got receipts for again, and a bundle that it has already gets the same receipts.
        """
        gone = [item for item in self._sent(_OPEN) if not (self.outgoing / item.digest).exists()]
        for item in gone:
            self.delete(item, reason)
        lost = [item for item in self._came("state = 'quarantined'") if not (self.quarantine / item.digest).exists()]
        with self._lock, transaction(self._c, self.path):
            for each in lost:
                self._c.execute("DELETE FROM incoming WHERE peer = ? AND digest = ?", (each.peer, each.digest))
        return gone

    def failed(self, item: OutgoingItem, reason: Refusal) -> None:
        """Keep why an attempt failed; the next one is after twice the wait, at most `LONGEST_WAIT`."""
        self._tried(item, item.state, msgspec.json.encode(reason), None)

    def _tried(self, item: OutgoingItem, state: str, reason: bytes | None, answer: bytes | None) -> None:
        wait = min(FIRST_WAIT * 2 ** min(item.tries, 20), LONGEST_WAIT)
        with self._lock, transaction(self._c, self.path):
            self._c.execute(
                """UPDATE outgoing SET state = ?, tries = tries + 1, next_at = ?, reason = ?,
                answer = coalesce(?, answer) WHERE number = ? AND state IN ('waiting', 'quarantined')""",
                (state, int(self._now()) + wait, reason, answer, item.number),
            )

    # -- from peers ---------------------------------------------------------------------------------------------------

    def received(self) -> list[IncomingItem]:
        """Return every bundle that came, oldest first."""
        return self._came("true")

    def known(self, peer: str, digest: str) -> IncomingItem | None:
        """Return what became of a bundle of a peer; None if it never came."""
        return next(iter(self._came("peer = ? AND digest = ?", peer, digest)), None)

    def _came(self, where: str, *values: object) -> list[IncomingItem]:
        sql = f"SELECT digest, peer, size, at, answer FROM incoming WHERE {where} ORDER BY at, digest"  # noqa: S608 - the same
        with self._lock, SQLiteErrors(self.path):
            rows = self._c.execute(sql, values).fetchall()
        return [_incoming(row) for row in rows]

    def hold(self, peer: str, data: bytes, answer: ExchangeAnswer) -> None:
        """Keep a bundle that is not proven; `LedgerError` EXCHANGE-FULL if the peer has too many of them here."""
        with self._lock:
            held = self._came("state = 'quarantined' AND peer = ?", peer)
            if len(held) >= MOST_HELD or sum(item.size for item in held) + len(data) > MOST_BYTES:
                says = f"{len(held)} bundles of {peer} wait for a decision already; this one was not kept"
                raise LedgerError("EXCHANGE-FULL", says, "comity exchange release, or comity exchange refuse")
            _write(self.quarantine / answer.digest, data)
            self.settle(peer, len(data), answer)

    def settle(self, peer: str, size: int, answer: ExchangeAnswer) -> None:
        """Keep the result of a bundle; delete the bundle unless a person has to decide about it."""
        row = (peer, answer.digest, size, int(self._now()), answer.state, msgspec.json.encode(answer))
        with self._lock, transaction(self._c, self.path):
            self._c.execute("INSERT OR REPLACE INTO incoming VALUES (?, ?, ?, ?, ?, ?)", row)
        if not self._came("state = 'quarantined' AND digest = ?", answer.digest):
            (self.quarantine / answer.digest).unlink(missing_ok=True)

    def held(self, digest: str) -> tuple[IncomingItem, bytes]:
        """Return a bundle of the quarantine by its digest or the beginning of it; `LedgerError` EXCHANGE-UNKNOWN."""
        found = [i for i in self._came("state = 'quarantined'") if i.digest.startswith(digest)]
        if len(found) != 1 or not digest:
            says = f"{len(found)} bundles of the quarantine have a digest that begins with {digest!r}"
            raise LedgerError("EXCHANGE-UNKNOWN", says, "comity exchange list shows the bundles")
        (item,) = found
        return item, _read(self.quarantine / item.digest, "arrived")

    def tidy(self) -> None:
        """Delete files without a row, which a crash left; files of the last hour stay, as their row may follow."""
        rows = {item.digest for item in self._sent(_OPEN)}
        rows |= {item.digest for item in self._came("state = 'quarantined'")}
        for path in (*self.outgoing.iterdir(), *self.quarantine.iterdir()):
            with suppress(FileNotFoundError):  # another process has just renamed or deleted it
                if path.name not in rows and path.lstat().st_mtime < self._now() - _FRESH:
                    path.unlink()

    def forget_arriving(self) -> None:
        """Delete what a crash left of bundles that were arriving; their senders send them again."""
        for path in self.arriving.iterdir():
            path.unlink(missing_ok=True)


def _outgoing(row: tuple[object, ...]) -> OutgoingItem:
    number, peer, digest, order, size, places, at, state, tries, next_at, reason, answer = row
    parts = {
        "number": number, "peer": peer, "digest": digest, "order": order, "size": size,
        "places": msgspec.json.decode(_bytes(places)), "at": at, "state": state, "tries": tries, "next_at": next_at,
        "reason": None if reason is None else msgspec.json.decode(_bytes(reason)),
        "answer": None if answer is None else msgspec.json.decode(_bytes(answer)),
    }  # fmt: skip
    return msgspec.convert(parts, OutgoingItem)


def _incoming(row: tuple[object, ...]) -> IncomingItem:
    digest, peer, size, at, answer = row
    return msgspec.convert(
        {"digest": digest, "peer": peer, "size": size, "at": at, "answer": msgspec.json.decode(_bytes(answer))},
        IncomingItem,
    )


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise LedgerError("LOG-CORRUPT", "exchange.db is damaged", "delete it: it is no part of the record")
    return value


def _write(path: Path, data: bytes) -> None:
    replace_file(path, data)
    sync_folder(path.parent)


def _read(path: Path, what: str) -> bytes:
    """Return the bundle in a file that has its digest as name; `LedgerError` LOG-CORRUPT for other bytes, or none."""
    data = path.read_bytes() if path.exists() else b""
    if sha256(data).hexdigest() != path.name:
        raise LedgerError("LOG-CORRUPT", f"{path} is not the bundle that {what}")
    return data
