"""Keep which items the office of a guest asks of a requester before it discloses: its policy at this ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Final

from server.guests.requester import CHECKS, CheckId
from server.identity.accounts import Accounts
from server.identity.database import Database

_KEEP: Final = (
    "INSERT INTO requester_policy (office, asked, changed, account) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (office) DO UPDATE SET asked = excluded.asked, changed = excluded.changed, account = excluded.account"
)


class RequesterPolicies:
    """The policies of one ledger, each of an office. An office without one asks every item."""

    def __init__(self, database: Database, accounts: Accounts, now: Callable[[], float] = time.time) -> None:
        self._db = database
        self._accounts = accounts
        self._now = now

    def asked(self, office: str) -> tuple[CheckId, ...]:
        """Return the items that an office asks."""
        rows = self._db.rows("SELECT asked FROM requester_policy WHERE office = ?", (office,))
        if not rows:
            return CHECKS
        stated = str(rows[0][0]).split()
        return tuple(id for id in CHECKS if id in stated)

    def state(self, office: str, asked: Collection[CheckId], account: str) -> None:
        """Keep the items that an office asks from now on, as a person of the office (an account) has chosen."""
        stated = " ".join(id for id in CHECKS if id in asked)
        with self._db.transaction():
            self._db.change(_KEEP, (office, stated, int(self._now()), account))
            self._accounts.note("requester-policy-changed", account)
