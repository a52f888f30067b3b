"""Keep who may sign in: accounts of natural persons, each at one office of the register, and how each is known.

An account says no more than the register: its roles are those of its office, or some of them. Of a code only its
SHA-256 is kept.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable
from hashlib import sha256

from msgspec import Struct

from ledger.errors import RecordError
from ledger.messages import Message
from server.identity.database import Database, Rows
from server.identity.tickets import refused

logger = logging.getLogger(__name__)

CODE_SECONDS = 1_800
LONGEST_NAME = 100  # characters
MOST_PASSKEYS = 20  # of one account
_MOST_ACTS = 100_000
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 5 bits each, without letters that are read as digits
_CODE = 20  # letters: 100 bits
_SELECT = "SELECT id, name, office, roles, handle, locked FROM account"
_END_SESSIONS = "DELETE FROM session WHERE account = ?"
_END_CODES = "DELETE FROM enrolment WHERE account = ?"
_WORK = ("work_assigned", "work_watched", "work_note", "work_notice", "work_view", "work_mail")
_FORGET = (
    _END_SESSIONS,
    _END_CODES,
    "DELETE FROM key_request WHERE account = ?",
    "DELETE FROM invitation WHERE account = ?",
    "DELETE FROM guest WHERE account = ?",
    "DELETE FROM account_key WHERE account = ?",
    "DELETE FROM account_certificate WHERE account = ?",
    "DELETE FROM account_subject WHERE account = ?",
    "DELETE FROM passkey WHERE account = ?",
    *(f"DELETE FROM {name} WHERE account = ?" for name in _WORK),  # noqa: S608 - our names
    *(f"DELETE FROM {name} WHERE by_account = ?" for name in ("work_assigned", "work_notice")),  # noqa: S608
    "DELETE FROM account WHERE id = ?",
)
_UNLINK = (
    "DELETE FROM account_key WHERE key = ? AND account = ?",
    "DELETE FROM account_certificate WHERE sha256 = ? AND account = ?",
    "DELETE FROM account_subject WHERE subject = ? AND account = ?",
    "DELETE FROM passkey WHERE id = ? AND account = ?",
)


class Account(Struct, frozen=True):
    """A natural person at an office. `roles` is empty for those of the office; `handle` is for authenticators."""

    id: str
    name: str
    office: str
    roles: tuple[str, ...]
    handle: str
    locked: bool


class Passkey(Struct, frozen=True):
    """A passkey: its credential id and COSE key in base64url, its counter; when it was made and used, seconds."""

    id: str
    account: str
    public: str
    counter: int
    made: int
    used: int


class Ways(Struct, frozen=True):
    """How a person is known: keys (hex), certificates (SHA-256, hex), subjects of a provider, passkeys, sessions."""

    keys: list[str]
    certificates: list[str]
    subjects: list[tuple[str, str]]
    passkeys: list[Passkey]
    sessions: int


class Act(Struct, frozen=True):
    """What was done with an account (its id) at a moment, in seconds."""

    at: int
    act: str
    account: str


class Accounts:
    """The accounts of one ledger."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._db = database
        self._now = now

    # -- accounts ------------------------------------------------------------------------------------------------------

    def add(self, name: str, office: str, roles: tuple[str, ...] = (), *, handle: str = "") -> Account:
        """Make an account; `RecordError` ACCOUNT-NAME if the name is taken or has another form.

        `handle` is one that an authenticator has already; without it a new one is made.
        """
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or name != name.strip():
            says = Message("a name has 1 to {0} printable characters, and no space at its ends", LONGEST_NAME)
            raise RecordError("ACCOUNT-NAME", says)
        made = Account(secrets.token_hex(8), name, office, roles, handle or secrets.token_urlsafe(32), locked=False)
        values = (made.id, name, office, " ".join(roles), made.handle, 0)
        with self._db.transaction():
            if not self._db.change("INSERT INTO account VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", values):
                raise RecordError("ACCOUNT-NAME", f"there is an account called {name!r} already")
            self.note("account-added", made.id)
        return made

    def find(self, name: str) -> Account:
        """Return the account of a name or an id; `RecordError` ACCOUNT-UNKNOWN."""
        rows = self._db.rows(f"{_SELECT} WHERE name = ? OR id = ?", (name, name))
        if not rows:
            raise RecordError("ACCOUNT-UNKNOWN", f"no account is called {name!r}", hint="comity account list")
        return _account(rows[0])

    def get(self, id: str) -> Account | None:
        """Return the account of an id; None if there is none, or it is locked."""
        rows = self._db.rows(f"{_SELECT} WHERE id = ? AND locked = 0", (id,))
        return _account(rows[0]) if rows else None

    def all(self) -> list[Account]:
        """Return every account, by name."""
        return [_account(row) for row in self._db.rows(f"{_SELECT} ORDER BY name")]

    def lock(self, account: str) -> None:
        """Refuse each later sign-in of a person; end their sessions and their code."""
        with self._db.transaction():
            self._db.change("UPDATE account SET locked = 1 WHERE id = ?", (account,))
            self._db.change(_END_SESSIONS, (account,))
            self._db.change(_END_CODES, (account,))
            self.note("account-locked", account)

    def unlock(self, account: str) -> None:
        """Let a person sign in again."""
        with self._db.transaction():
            self._db.change("UPDATE account SET locked = 0 WHERE id = ?", (account,))
            self.note("account-unlocked", account)

    def remove(self, account: str) -> None:
        """Delete an account and all values that belong to it; its acts stay, under its id."""
        with self._db.transaction():
            for statement in _FORGET:
                self._db.change(statement, (account,))
            self.note("account-removed", account)

    def end_sessions(self, account: str) -> int:
        """End all sessions of a person; return how many there were."""
        with self._db.transaction():
            ended = self._db.change(_END_SESSIONS, (account,))
            self.note("sessions-ended", account)
        return ended

    # -- how a person is known -----------------------------------------------------------------------------------------

    def link_key(self, account: str, key: str) -> None:
        """Link a key of the register (hex); `RecordError` ACCOUNT-LINK if it is of another account."""
        self._link("INSERT INTO account_key VALUES (?, ?) ON CONFLICT DO NOTHING", (key, account), "key-linked")

    def link_certificate(self, account: str, fingerprint: str) -> None:
        """Link a certificate by its SHA-256 (hex); `RecordError` ACCOUNT-LINK."""
        statement = "INSERT INTO account_certificate VALUES (?, ?) ON CONFLICT DO NOTHING"
        self._link(statement, (fingerprint, account), "certificate-linked")

    def link_subject(self, account: str, issuer: str, subject: str) -> None:
        """Link a subject of a provider; `RecordError` ACCOUNT-LINK."""
        if not issuer or not 1 <= len(subject) <= 255:  # OpenID Connect Core, section 2
            raise RecordError("ACCOUNT-LINK", "a subject has an issuer and 1 to 255 characters")
        statement = "INSERT INTO account_subject VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self._link(statement, (issuer, subject, account), "subject-linked")

    def unlink(self, account: str, value: str) -> None:
        """Remove a key, a certificate, a subject or a passkey of an account, and end its sessions.

        `RecordError` ACCOUNT-LINK if the account has no such value.
        """
        with self._db.transaction():
            gone = sum(self._db.change(statement, (value, account)) for statement in _UNLINK)
            if not gone:
                says = "the account has no such key, certificate, subject or passkey"
                hint = "comity account list shows them in full; name a subject without its issuer"
                raise RecordError("ACCOUNT-LINK", says, hint=hint)
            self._db.change(_END_SESSIONS, (account,))
            self.note("unlinked", account)

    def ways(self, account: str) -> Ways:
        """Return how the person of an account is known."""
        one = (account,)
        return Ways(
            [key for (key,) in self._db.rows("SELECT key FROM account_key WHERE account = ? ORDER BY key", one)],
            [s for (s,) in self._db.rows("SELECT sha256 FROM account_certificate WHERE account = ? ORDER BY 1", one)],
            [(i, s) for i, s in self._db.rows("SELECT issuer, subject FROM account_subject WHERE account = ?", one)],
            [Passkey(*row) for row in self._db.rows("SELECT * FROM passkey WHERE account = ? ORDER BY made, id", one)],
            int(self._db.rows("SELECT count(*) FROM session WHERE account = ?", one)[0][0]),
        )

    def keys(self, account: str) -> frozenset[str]:
        """Return the keys (hex) of a person, with which their entries are signed."""
        return frozenset(key for (key,) in self._db.rows("SELECT key FROM account_key WHERE account = ?", (account,)))

    def of_certificate(self, fingerprint: str) -> Account | None:
        """Return the account of a certificate (SHA-256, hex); None if there is none, or it is locked."""
        return self._first(self._db.rows("SELECT account FROM account_certificate WHERE sha256 = ?", (fingerprint,)))

    def of_subject(self, issuer: str, subject: str) -> Account | None:
        """Return the account of a subject; None if there is none, or it is locked."""
        return self._first(
            self._db.rows("SELECT account FROM account_subject WHERE issuer = ? AND subject = ?", (issuer, subject))
        )

    # -- passkeys ------------------------------------------------------------------------------------------------------

    def make_code(self, account: str) -> str:
        """Return a code with which the person of an account registers one passkey; it replaces an earlier one."""
        code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE))
        with self._db.transaction():
            self._db.change("DELETE FROM enrolment WHERE account = ? OR until < ?", (account, int(self._now())))
            values = (_digest(code), account, int(self._now()) + CODE_SECONDS)
            self._db.change("INSERT INTO enrolment (digest, account, until) VALUES (?, ?, ?)", values)
            self.note("code-made", account)
        return "-".join(code[at : at + 5] for at in range(0, _CODE, 5))

    def of_code(self, code: str) -> Account:
        """Return the account of a code that is good; `RecordError` API-SIGN-IN."""
        rows = self._db.rows(
            "SELECT account FROM enrolment WHERE digest = ? AND until >= ?", (_digest(code), int(self._now()))
        )
        found = self._first(rows)
        if found is None:
            raise refused(Message("the code is not good, was used, or has expired"))
        return found

    def register(self, account: str, code: str, passkey: str, public: str, counter: int) -> None:
        """Use up a code, and add a passkey of its account; `RecordError` API-SIGN-IN."""
        with self._db.transaction():
            used = self._db.change("DELETE FROM enrolment WHERE digest = ? AND account = ?", (_digest(code), account))
            if not used:
                raise refused(Message("the code is not good, was used, or has expired"))
            self.add_passkey(account, passkey, public, counter)

    def add_passkey(self, account: str, passkey: str, public: str, counter: int) -> None:
        """Add a passkey of an account; `RecordError` API-SIGN-IN if it has too many, or this one is registered."""
        with self._db.transaction():
            if len(self.ways(account).passkeys) >= MOST_PASSKEYS:
                raise refused(Message("an account has at most {0} passkeys", MOST_PASSKEYS))
            if not self._db.change(
                "INSERT INTO passkey (id, account, public, counter, made, used) VALUES (?, ?, ?, ?, ?, 0)"
                " ON CONFLICT DO NOTHING",
                (passkey, account, public, counter, int(self._now())),
            ):
                raise refused("this passkey is registered already")
            self.note("passkey-added", account)

    def passkey(self, id: str) -> Passkey | None:
        """Return a passkey by its credential id in base64url."""
        rows = self._db.rows("SELECT id, account, public, counter, made, used FROM passkey WHERE id = ?", (id,))
        return Passkey(*rows[0]) if rows else None

    def use_passkey(self, id: str, counter: int) -> bool:
        """Note a use; False if a counter other than 0 did not grow: there may be a copy of the authenticator."""
        return bool(
            self._db.change(
                "UPDATE passkey SET counter = ?, used = ? WHERE id = ? AND (counter < ? OR (counter = 0 AND ? = 0))",
                (counter, int(self._now()), id, counter, counter),
            )
        )

    # -- what was done -------------------------------------------------------------------------------------------------

    def note(self, act: str, account: str) -> None:
        """Keep and log what was done with an account, by its id: no name, no address."""
        now = int(self._now())
        self._db.change("INSERT INTO act (at, act, account) VALUES (?, ?, ?)", (now, act, account))
        logger.info("%s", act, extra={"account": account})
        if now % 100 == 0:
            last = self._db.rows("SELECT at FROM act ORDER BY at DESC LIMIT 1 OFFSET ?", (_MOST_ACTS,))
            if last:
                self._db.change("DELETE FROM act WHERE at <= ?", last[0])

    def acts(self) -> list[Act]:
        """Return what was done with accounts, oldest first."""
        return [Act(*row) for row in self._db.rows("SELECT at, act, account FROM act ORDER BY at")]

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _link(self, statement: str, values: tuple[str, ...], act: str) -> None:
        with self._db.transaction():
            if not self._db.change(statement, values):
                raise RecordError("ACCOUNT-LINK", "it is linked already", hint="comity account list shows to whom")
            self.note(act, values[-1])

    def _first(self, rows: Rows) -> Account | None:
        return self.get(rows[0][0]) if rows else None


def _account(row: tuple[str, str, str, str, str, int]) -> Account:
    id, name, office, roles, handle, locked = row
    return Account(id, name, office, tuple(roles.split()), handle, bool(locked))


def _digest(code: str) -> str:
    """Return the SHA-256 of a code as it was made, whatever its spaces, hyphens and case."""
    return sha256(re.sub(r"[\s-]", "", code).upper().encode()).hexdigest()
