"""Keep who is signed in: random session ids, of which only the SHA-256 is kept, and what was used once."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Literal

from msgspec import Struct

from server.identity.accounts import Account, Accounts
from server.identity.database import Database

IDLE = 1_800  # seconds without a request
LONGEST = 43_200  # seconds since signing in
MOST = 20  # sessions of one account; the oldest is ended for the next
_TOUCHED = 60  # seconds between two notes of a use
_PRUNED = 1_000  # uses between two deletions of old ones

Way = Literal["passkey", "oidc"]


class Session(Struct, frozen=True):
    """A person who is signed in: the account, how, and since when, in seconds."""

    account: Account
    way: str
    began: int


class Sessions:
    """The sessions of one ledger."""

    def __init__(self, database: Database, accounts: Accounts, now: Callable[[], float] = time.time) -> None:
        self._db = database
        self._accounts = accounts
        self._now = now

    def begin(self, account: str, way: Way, before: str = "") -> str:
        """Return the id of a new session, and end the session `before` of the same browser."""
        token, now = secrets.token_urlsafe(32), int(self._now())
        with self._db.transaction():
            self._db.change(
                "DELETE FROM session WHERE digest = ? OR seen < ? OR began < ?",
                (_digest(before), now - IDLE, now - LONGEST),
            )
            own = self._db.rows("SELECT digest FROM session WHERE account = ? ORDER BY began DESC, digest", (account,))
            for (digest,) in own[MOST - 1 :]:
                self._db.change("DELETE FROM session WHERE digest = ?", (digest,))
            self._db.change(
                "INSERT INTO session (digest, account, way, began, seen) VALUES (?, ?, ?, ?, ?)",
                (_digest(token), account, way, now, now),
            )
            self._accounts.note("signed-in", account)
        return token

    def find(self, token: str, *, used: bool = True) -> Session | None:
        """Return a session that is valid, and note its use; None for any other id."""
        now, digest = int(self._now()), _digest(token)
        rows = self._db.rows("SELECT account, way, began, seen FROM session WHERE digest = ?", (digest,))
        if not rows:
            return None
        account, way, began, seen = rows[0]
        if now - seen > IDLE or now - began > LONGEST:
            self._db.change("DELETE FROM session WHERE digest = ?", (digest,))
            return None
        found = self._accounts.get(account)
        if found is None:
            return None
        if used and now - seen >= _TOUCHED:
            self._db.change("UPDATE session SET seen = ? WHERE digest = ?", (now, digest), quick=True)
        return Session(found, way, began)

    def end(self, token: str) -> None:
        """End one session."""
        session = self.find(token, used=False)
        if session is not None:
            with self._db.transaction():
                self._db.change("DELETE FROM session WHERE digest = ?", (_digest(token),))
                self._accounts.note("signed-out", session.account.id)


class Spent:
    """Nonces of signatures and used challenges, each kept until it expires: each is accepted once."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._db = database
        self._now = now
        self._uses = 0

    def spend(self, sender: str, nonce: str, until: int) -> bool:
        """Keep a nonce of a sender until a moment, in seconds; False if it was kept already."""
        self._uses += 1
        if self._uses % _PRUNED == 0:
            self._db.change("DELETE FROM spent WHERE until < ?", (int(self._now()),), quick=True)
        return bool(
            self._db.change(
                "INSERT INTO spent (sender, nonce, until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (sender, nonce, until),
                quick=True,
            )
        )


def server_secret(database: Database) -> bytes:
    """Return the secret that all servers of a ledger share, 32 bytes; the first call makes it."""
    database.change(
        "INSERT INTO server_secret (one, secret) VALUES (1, ?) ON CONFLICT DO NOTHING", (secrets.token_hex(32),)
    )
    ((kept,),) = database.rows("SELECT secret FROM server_secret")
    return bytes.fromhex(kept)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
