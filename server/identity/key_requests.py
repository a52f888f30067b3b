"""Keep what persons ask the registrar for: that a key of theirs enters the register, takes the place of one, or ends.

A request changes nothing. The registrar's entry does: a request is granted as soon as the register says what was asked
for, whichever way the entry came there. Then the key is linked to the account.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, Literal

from msgspec import Struct

from ledger.entries.keyring import RegisteredKey
from ledger.errors import RecordError
from ledger.formats.ed25519 import enrolable, verify_signature
from ledger.messages import Message
from server.identity.accounts import Account, Accounts
from server.identity.database import Database
from server.identity.unpadded import decode

LONGEST_DEVICE = 60  # characters
LONGEST_REASON = 200  # characters
MOST_WAITING = 10  # requests of one account
PROOF: Final = "comity.key-request/1\n{log}\n{account}\n{key}\n"

Act = Literal["enrol", "replace", "end"]
_FIELDS = "id, account, act, key, old_key, device, cause, made, state, reason, decided"
_SELECT = f"SELECT {_FIELDS} FROM key_request"  # noqa: S608 - a constant


class KeyRequest(Struct, frozen=True):
    """What a person asks for; times are seconds since 1970, `decided` is 0 as long as `state` is `waiting`.

    `enrol` asks for `key` (hex), `replace` for `key` in place of `old_key`, `end` that `key` ends for a `cause`.
    `reason` says why a request was refused.
    """

    id: str
    account: str
    act: Act
    key: str
    old_key: str
    device: str
    cause: str
    made: int
    state: Literal["waiting", "granted", "refused"]
    reason: str
    decided: int


class KeyRequests:
    """The requests of one ledger, whose origin is `log`."""

    def __init__(self, database: Database, accounts: Accounts, log: str, now: Callable[[], float] = time.time) -> None:
        self._db = database
        self._accounts = accounts
        self._log = log
        self._now = now

    def ask_key(self, account: Account, key: str, device: str, proof: str, old_key: str = "") -> KeyRequest:
        """Ask for a key, with the signature (base64url) by which the device shows that it holds the key.

        The same request again is the first one. `RecordError`: KEY-POINT, KEY-PROOF, ACCOUNT-LINK for a key of another
        account, API-REQUEST.
        """
        if not re.fullmatch("[0-9a-f]{64}", key) or not enrolable(bytes.fromhex(key)):
            raise RecordError("KEY-POINT", Message("not 64 hex digits of a point of prime order"), where="key")
        signed = PROOF.format(log=self._log, account=account.id, key=key).encode()
        if not verify_signature(bytes.fromhex(key), signed, _decoded(proof)):
            says = Message("the proof is no signature of this key over the log, the account and the key")
            raise RecordError("KEY-PROOF", says, where="proof", hint=Message("make the key in the signing page again"))
        device = _line(device, LONGEST_DEVICE, "device")
        with self._db.transaction():
            if old_key and old_key not in self._accounts.keys(account.id):
                raise RecordError(
                    "ACCOUNT-LINK", Message("the key to be replaced is no key of this person"), where="old_key"
                )
            linked = self._db.rows("SELECT account FROM account_key WHERE key = ?", (key,))
            asked = self._rows("key = ? AND act <> 'end' AND state = 'waiting'", key)
            if linked not in ([], [(account.id,)]) or any(each.account != account.id for each in asked):
                raise RecordError("ACCOUNT-LINK", Message("this key is that of another person"), where="key")
            return asked[0] if asked else self._add(account, "replace" if old_key else "enrol", key, old_key, device)

    def ask_end(self, account: Account, key: str, cause: str) -> KeyRequest:
        """Ask that a key of the account ends, for a cause of `key-revoked`; `RecordError` ACCOUNT-LINK, API-REQUEST."""
        with self._db.transaction():
            if key not in self._accounts.keys(account.id):
                raise RecordError("ACCOUNT-LINK", Message("this is no key of this person"), where="key")
            asked = self._rows("key = ? AND act = 'end' AND state = 'waiting'", key)
            return asked[0] if asked else self._add(account, "end", key, "", self.device_of(key), cause)

    def withdraw(self, account: str, id: str) -> None:
        """Delete a request of an account that waits; `RecordError` API-MISSING."""
        with self._db.transaction():
            statement = "DELETE FROM key_request WHERE id = ? AND account = ? AND state = 'waiting'"
            if not self._db.change(statement, (id, account)):
                raise _missing()
            self._accounts.note("key-request-withdrawn", account)

    def refuse(self, id: str, reason: str) -> None:
        """Refuse a request that waits, with a reason that its person reads; `RecordError` API-MISSING, API-REQUEST."""
        self._decide(id, "refused", _line(reason, LONGEST_REASON, "reason"))

    def waiting(self) -> list[KeyRequest]:
        """Return the requests that wait, oldest first."""
        return self._rows("state = 'waiting'")

    def of_account(self, account: str) -> list[KeyRequest]:
        """Return the requests of an account, oldest first."""
        return self._rows("account = ?", account)

    def device_of(self, key: str) -> str:
        """Return the name that a person gave to the device of a key; empty if the key was not asked for here."""
        asked = self._rows("key = ? AND act <> 'end'", key)
        return asked[-1].device if asked else ""

    def settle(self, keys_of: Callable[[str], Iterable[RegisteredKey]]) -> None:
        """Grant each request that the register fulfils; `keys_of` returns the registered keys of an office.

        A key that is linked to another account meanwhile is not linked again: its request waits for the registrar.
        """
        for request in self.waiting():
            account = self._accounts.find(request.account)
            known = {each.public: each for each in keys_of(account.office)}.get(request.key)
            if known is None or (request.act == "end" and known.ended is None):
                continue
            with suppress(RecordError), self._db.transaction():  # another server may link the key at this moment
                if request.key not in self._accounts.keys(request.account):
                    self._accounts.link_key(request.account, request.key)
                self._decide(request.id, "granted", "", lost=False)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _add(self, account: Account, act: Act, key: str, old_key: str, device: str, cause: str = "") -> KeyRequest:
        if len(self._rows("account = ? AND state = 'waiting'", account.id)) >= MOST_WAITING:
            says = Message("{0} requests of this person wait already", MOST_WAITING)
            raise RecordError("API-REQUEST", says, hint=Message("withdraw one, or ask the registrar"))
        now = int(self._now())
        id = f"{int(self._now() * 1_000_000):014x}{secrets.token_hex(4)}"  # sorted, requests of one second too
        made = KeyRequest(id, account.id, act, key, old_key, device, cause, now, "waiting", "", 0)
        values = (id, account.id, act, key, old_key, device, cause, now, "waiting", "", 0)
        statement = f"INSERT INTO key_request ({_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
        self._db.change(statement, values)
        self._accounts.note("key-requested", account.id)
        return made

    def _decide(self, id: str, state: str, reason: str, *, lost: bool = True) -> None:
        statement = "UPDATE key_request SET state = ?, reason = ?, decided = ? WHERE id = ? AND state = 'waiting'"
        with self._db.transaction():
            rows = self._rows("id = ?", id)
            if self._db.change(statement, (state, reason, int(self._now()), id)):
                self._accounts.note(f"key-request-{state}", rows[0].account)
            elif lost:
                raise _missing()

    def _rows(self, where: str, *values: str) -> list[KeyRequest]:
        return [KeyRequest(*row) for row in self._db.rows(f"{_SELECT} WHERE {where} ORDER BY made, id", values)]


def _missing() -> RecordError:
    return RecordError("API-MISSING", Message("there is no such request that waits"))


def _line(text: str, most: int, where: str) -> str:
    """Return a text on one line without blanks at its ends; `RecordError` API-REQUEST."""
    line = text.strip()
    if not 1 <= len(line) <= most or not line.isprintable():
        raise RecordError("API-REQUEST", Message("expected 1 to {0} printable characters", most), where=where)
    return line


def _decoded(text: str) -> bytes:
    try:
        return decode(text)
    except ValueError:
        return b""
