"""Keep whom an issuing office has invited to an order, and which accounts are guests.

An invitation has a secret that is shown once, in a link. It is good for some days, and for one passkey. It gives no
role: it lets a person make an account, and ask the registrar for a key. Of the secret only its SHA-256 is kept.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final, Literal

from msgspec import Struct

from ledger.errors import RecordError
from ledger.messages import Message
from server.identity.accounts import LONGEST_NAME, Account, Accounts
from server.identity.database import Database
from server.identity.passkeys import Registered
from server.identity.tickets import refused

DAY: Final = 86_400  # seconds
DAYS, MOST_DAYS = 7, 30  # for which an invitation is good: without a choice, and at most
KEPT: Final = 30 * DAY  # for which a name is kept after an invitation has ended
MOST_OPEN: Final = 20  # invitations to one order that may be open
BROKEN: Final = "the link is not good, was used, or has expired"
_FIELDS = "id, order_id, office, name, by_office, by_name, made, until, state, account"
_GUESTS = (
    "SELECT g.account, a.name, a.office, g.order_id, g.by_office, g.since, a.locked FROM guest g"
    " JOIN account a ON a.id = g.account"
)
_SELECT = f"SELECT {_FIELDS} FROM invitation"  # noqa: S608 - a constant


class Invitation(Struct, frozen=True):
    """An invitation of a person (`name`) of an office to an order; times are seconds since 1970.

    `by_office` and `by_name` are the office that invites, and the name of its caller. `account` is the guest of a used
    one.
    """

    id: str
    order: str
    office: str
    name: str
    by_office: str
    by_name: str
    made: int
    until: int
    state: Literal["open", "used", "revoked"]
    account: str


class Guest(Struct, frozen=True):
    """A person who has used an invitation: the account, and whether it is locked."""

    account: str
    name: str
    office: str
    order: str
    by_office: str
    since: int
    locked: bool


class Invitations:
    """The invitations and guests of one ledger."""

    def __init__(self, database: Database, accounts: Accounts, now: Callable[[], float] = time.time) -> None:
        self._db = database
        self._accounts = accounts
        self._now = now

    def invite(
        self, order: str, office: str, name: str, by_office: str, by_name: str, days: int = DAYS
    ) -> tuple[Invitation, str]:
        """Return a new invitation with its secret, which nothing else has.

        `RecordError`: ACCOUNT-NAME, GUEST-INVITED if too many are open.
        """
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or name != name.strip():
            says = Message("a name has 1 to {0} printable characters, and no space at its ends", LONGEST_NAME)
            raise RecordError("ACCOUNT-NAME", says, where="name")
        secret, now = secrets.token_urlsafe(32), int(self._now())
        made = Invitation(
            secrets.token_hex(8), order, office, name, by_office, by_name, now, now + days * DAY, "open", ""
        )
        values = (made.id, _digest(secret), order, office, name, secrets.token_urlsafe(32), by_office, by_name)
        with self._db.transaction():
            self._db.change("DELETE FROM invitation WHERE until < ?", (now - KEPT,))
            if len(self._rows("order_id = ? AND state = 'open' AND until >= ?", order, now)) >= MOST_OPEN:
                says = Message("{0} invitations to this order are open", MOST_OPEN)
                raise RecordError("GUEST-INVITED", says, hint=Message("revoke one that is not needed"))
            self._check_name(name, now)
            statement = (
                "INSERT INTO invitation (id, digest, order_id, office, name, handle, by_office, by_name, made, until,"
                " state, account) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', '')"
            )
            self._db.change(statement, (*values, made.made, made.until))
            self._accounts.note("guest-invited", made.id)
        return made, secret

    def of_order(self, order: str) -> list[Invitation]:
        """Return the invitations to an order, oldest first."""
        return self._rows("order_id = ?", order)

    def get(self, id: str) -> Invitation:
        """Return an invitation by its id; `RecordError` API-MISSING."""
        rows = self._rows("id = ?", id)
        if not rows:
            raise RecordError("API-MISSING", Message("there is no such invitation"))
        return rows[0]

    def revoke(self, id: str) -> None:
        """End an invitation that is open; `RecordError` API-MISSING."""
        with self._db.transaction():
            if not self._db.change("UPDATE invitation SET state = 'revoked' WHERE id = ? AND state = 'open'", (id,)):
                raise RecordError("API-MISSING", Message("there is no such invitation that is open"))
            self._accounts.note("guest-invitation-revoked", id)

    # -- with the secret of a link ----------------------------------------------------------------------------------

    def of_secret(self, secret: str) -> tuple[Invitation, str]:
        """Return the open invitation of a secret, and the handle of its future account; `RecordError` API-SIGN-IN."""
        where = "digest = ? AND state = 'open' AND until >= ?"
        values = (_digest(secret), int(self._now()))
        rows = self._db.rows(f"SELECT handle FROM invitation WHERE {where}", values)  # noqa: S608 - a constant
        if not rows:
            raise refused(BROKEN)
        return self._rows(where, *values)[0], str(rows[0][0])

    def use(self, secret: str, passkey: Registered) -> Account:
        """Use an invitation up: make the account of its person, a guest, with a passkey.

        `RecordError`: API-SIGN-IN; ACCOUNT-NAME if the name was taken meanwhile.
        """
        now = int(self._now())
        with self._db.transaction():
            invitation, handle = self.of_secret(secret)
            if not self._db.change(
                "UPDATE invitation SET state = 'used' WHERE id = ? AND state = 'open'", (invitation.id,)
            ):
                raise refused(BROKEN)
            account = self._accounts.add(invitation.name, invitation.office, handle=handle)
            self._accounts.add_passkey(account.id, passkey.id, passkey.public, passkey.counter)
            self._db.change("UPDATE invitation SET account = ? WHERE id = ?", (account.id, invitation.id))
            self._db.change(
                "INSERT INTO guest (account, order_id, by_office, since) VALUES (?, ?, ?, ?)",
                (account.id, invitation.order, invitation.by_office, now),
            )
            self._accounts.note("guest-enrolled", account.id)
        return account

    # -- guests --------------------------------------------------------------------------------------------------------

    def is_guest(self, account: str) -> bool:
        """Return True if an account is that of a guest."""
        return bool(self._db.rows("SELECT 1 FROM guest WHERE account = ?", (account,)))

    def of_account(self, account: str) -> Guest | None:
        """Return the guest of an account; None for another account."""
        return next(iter(self._guests("g.account = ?", account)), None)

    def of_key(self, key: str) -> Guest | None:
        """Return the guest to whom a key (hex) is linked; None for a key of anybody else."""
        return next(iter(self._guests("g.account IN (SELECT account FROM account_key WHERE key = ?)", key)), None)

    def guests_of(self, order: str) -> list[Guest]:
        """Return the guests who were invited to an order, by name."""
        return self._guests("g.order_id = ?", order)

    def account_of(self, name: str) -> Account:
        """Return the account of a guest by their name or its id; `RecordError` ACCOUNT-UNKNOWN, API-MISSING."""
        account = self._accounts.find(name)
        if not self.is_guest(account.id):
            raise RecordError("API-MISSING", f"{account.name} is no guest", hint="comity account lock")
        return account

    def keys_of(self, account: str) -> frozenset[str]:
        """Return the keys (hex) that are linked to the account of a guest."""
        return self._accounts.keys(account)

    def end(self, account: str) -> None:
        """End the access of a guest at once; `RecordError` API-MISSING."""
        with self._db.transaction():
            if not self.is_guest(account):
                raise RecordError("API-MISSING", Message("there is no such guest"))
            self._accounts.lock(account)
            self._accounts.note("guest-ended", account)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _check_name(self, name: str, now: int) -> None:
        taken = self._db.rows("SELECT 1 FROM account WHERE name = ?", (name,))
        if taken or self._rows("name = ? AND state = 'open' AND until >= ?", name, now):
            says = Message("a person of this name has an account or an invitation already")
            hint = Message(
                "add what tells the two apart; a guest who has an account sees each order that names their office"
            )
            raise RecordError("ACCOUNT-NAME", says, where="name", hint=hint)

    def _rows(self, where: str, *values: str | int) -> list[Invitation]:
        return [Invitation(*row) for row in self._db.rows(f"{_SELECT} WHERE {where} ORDER BY made, id", values)]

    def _guests(self, where: str, *values: str) -> list[Guest]:
        rows = self._db.rows(f"{_GUESTS} WHERE {where} ORDER BY a.name", values)
        return [
            Guest(account, name, office, order, by_office, since, bool(locked))
            for account, name, office, order, by_office, since, locked in rows
        ]


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
