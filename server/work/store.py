"""Keep assignments, watched orders, notes, notices and saved lists of an office's people, where its accounts are.

Nothing of it is signed, in the log, in an export or in a proof, and all of it can be erased. Who may see a row is
decided by `server.work.office`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final

from msgspec import Struct

from server.identity.database import Database

KEPT_NOTICES: Final = 500  # of one person
_BATCH: Final = 400  # parameters of one statement


class Note(Struct, frozen=True):
    """One note: its id, the account that wrote it, its text, and when it was written (seconds since 1970)."""

    id: str
    account: str
    text: str
    at: int


class Notice(Struct, frozen=True):
    """One message to a person about an order.

    `why` is `assigned`, `mention`, `note` or `entry`; `by_account` is the account that caused it, empty for an entry.
    `entry` is the index of an entry in the log, else -1.
    """

    id: str
    order: str
    why: str
    by_account: str
    entry: int
    at: int
    seen: bool


class SavedList(Struct, frozen=True):
    """One saved list: its id, the account that made it, its name, the query of its address, whether it is shared."""

    id: str
    account: str
    name: str
    query: str
    shared: bool


class MailChoice(Struct, frozen=True):
    """The address to which a person gets mail of notices, its language, and the last day on which one was sent."""

    address: str
    language: str
    day: str


class WorkStore:
    """The work of the people of one server."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._db = database
        self._now = now

    # -- assignments and watched orders --------------------------------------------------------------------------------

    def assign(self, order: str, account: str, office: str, by: str) -> bool:
        """Assign an order to a person of an office; False if it is assigned to this person already."""
        values = (order, account, office, by, int(self._now()))
        return bool(self._db.change("INSERT INTO work_assigned VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", values))

    def unassign(self, order: str, account: str, office: str) -> None:
        """Take an order from a person of an office."""
        self._db.change(
            "DELETE FROM work_assigned WHERE order_id = ? AND account = ? AND office = ?", (order, account, office)
        )

    def assigned(self, office: str, orders: Sequence[str]) -> dict[str, list[str]]:
        """Return the accounts of an office to which these orders are assigned, by order, the earliest first."""
        found: dict[str, list[str]] = {}
        for some in _batches(orders):
            rows = self._db.rows(
                "SELECT order_id, account FROM work_assigned WHERE office = ? AND order_id IN"  # noqa: S608 - our marks
                f" ({_marks(some)}) ORDER BY at, account",
                (office, *some),
            )
            for order, account in rows:
                found.setdefault(order, []).append(account)
        return found

    def assigned_to(self, account: str) -> frozenset[str]:
        """Return the orders that are assigned to a person."""
        return frozenset(
            o for (o,) in self._db.rows("SELECT order_id FROM work_assigned WHERE account = ?", (account,))
        )

    def taken(self, office: str) -> frozenset[str]:
        """Return the orders that are assigned to a person of an office."""
        return self._orders("work_assigned", "office", office)

    def watch(self, order: str, account: str) -> None:
        """Let a person watch an order."""
        values = (order, account, int(self._now()))
        self._db.change("INSERT INTO work_watched VALUES (?, ?, ?) ON CONFLICT DO NOTHING", values)

    def unwatch(self, order: str, account: str) -> None:
        """Let a person watch an order no more."""
        self._db.change("DELETE FROM work_watched WHERE order_id = ? AND account = ?", (order, account))

    def watched_by(self, account: str) -> frozenset[str]:
        """Return the orders that a person watches."""
        return self._orders("work_watched", "account", account)

    def _orders(self, table: str, column: str, value: str) -> frozenset[str]:
        return frozenset(o for (o,) in self._db.rows(f"SELECT order_id FROM {table} WHERE {column} = ?", (value,)))  # noqa: S608

    def followers(self) -> dict[str, set[str]]:
        """Return the accounts that an order is assigned to or that watch it, by order."""
        found: dict[str, set[str]] = {}
        for table in ("work_assigned", "work_watched"):
            for order, account in self._db.rows(f"SELECT order_id, account FROM {table}"):  # noqa: S608
                found.setdefault(order, set()).add(account)
        return found

    def guests(self) -> frozenset[str]:
        """Return the accounts of guests, who share no work."""
        return frozenset(account for (account,) in self._db.rows("SELECT account FROM guest"))

    # -- notes ---------------------------------------------------------------------------------------------------------

    def add_note(self, order: str, office: str, account: str, text: str) -> str:
        """Keep a note of a person on an order, and return its id."""
        id = secrets.token_hex(8)
        values = (id, order, office, account, text, int(self._now()))
        self._db.change("INSERT INTO work_note VALUES (?, ?, ?, ?, ?, ?)", values)
        return id

    def notes(self, order: str, office: str) -> list[Note]:
        """Return the notes of an office on an order, the newest first."""
        rows = self._db.rows(
            "SELECT id, account, text, at FROM work_note WHERE order_id = ? AND office = ? ORDER BY at DESC, id",
            (order, office),
        )
        return [Note(*row) for row in rows]

    def delete_note(self, id: str, order: str, account: str) -> bool:
        """Delete a note of a person; False if the person has no such note on the order."""
        values = (id, order, account)
        return bool(self._db.change("DELETE FROM work_note WHERE id = ? AND order_id = ? AND account = ?", values))

    # -- notices -------------------------------------------------------------------------------------------------------

    def notify(self, accounts: Iterable[str], order: str, why: str, by: str = "", entry: int = -1) -> None:
        """Make a notice for each of these persons."""
        now = int(self._now())
        with self._db.transaction():
            for account in accounts:
                values = (secrets.token_hex(8), account, order, why, by, entry, now)
                self._db.change("INSERT INTO work_notice VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)", values)

    def notices(self, account: str, limit: int = KEPT_NOTICES) -> list[Notice]:
        """Return the notices of a person, the newest first."""
        rows = self._db.rows(
            "SELECT id, order_id, why, by_account, entry, at, seen FROM work_notice WHERE account = ?"
            " ORDER BY at DESC, entry DESC, id LIMIT ?",
            (account, limit),
        )
        return [Notice(*_flagged(row)) for row in rows]

    def unseen(self, account: str) -> int:
        """Return how many notices a person has not seen."""
        rows = self._db.rows("SELECT count(*) FROM work_notice WHERE account = ? AND seen = 0", (account,))
        return int(rows[0][0])

    def see(self, account: str, *, id: str = "", order: str = "") -> None:
        """Mark notices of a person as seen: one, those on one order, or all; older ones than are kept are deleted."""
        where, values = ("id", (account, id)) if id else ("order_id", (account, order)) if order else ("", (account,))
        condition = f" AND {where} = ?" if where else ""
        self._db.change(f"UPDATE work_notice SET seen = 1 WHERE account = ?{condition} AND seen = 0", values)  # noqa: S608
        last = self._db.rows(
            "SELECT at FROM work_notice WHERE account = ? ORDER BY at DESC LIMIT 1 OFFSET ?", (account, KEPT_NOTICES)
        )
        if last:
            self._db.change("DELETE FROM work_notice WHERE account = ? AND at <= ?", (account, int(last[0][0])))

    def followed(self) -> int | None:
        """Return the size of the log up to which entries became notices; None if none did yet."""
        rows = self._db.rows("SELECT size FROM work_followed WHERE one = 1")
        return int(rows[0][0]) if rows else None

    def follow(self, before: int | None, size: int, news: Iterable[tuple[Collection[str], str, int]]) -> bool:
        """Make notices of the entries between two sizes: (accounts, order, index) for each.

        False, with nothing made, if another server has made them.
        """
        with self._db.transaction():
            if before is None:
                done = self._db.change("INSERT INTO work_followed VALUES (1, ?) ON CONFLICT DO NOTHING", (size,))
            else:
                done = self._db.change("UPDATE work_followed SET size = ? WHERE one = 1 AND size = ?", (size, before))
            if done:
                for accounts, order, index in news:
                    self.notify(accounts, order, "entry", entry=index)
            return bool(done)

    # -- mail of notices -----------------------------------------------------------------------------------------------

    def mail_choice(self, account: str) -> MailChoice | None:
        """Return where a person gets mail of notices; None for no mail."""
        rows = self._db.rows("SELECT address, language, day FROM work_mail WHERE account = ?", (account,))
        return MailChoice(*rows[0]) if rows else None

    def keep_mail_choice(self, account: str, address: str, language: str) -> None:
        """Let a person get mail of notices; an empty address: no mail."""
        with self._db.transaction():
            kept = self.mail_choice(account)
            self._db.change("DELETE FROM work_mail WHERE account = ?", (account,))
            if address:
                values = (account, address, language, kept.day if kept else "")
                self._db.change("INSERT INTO work_mail VALUES (?, ?, ?, ?)", values)

    def mail_choices(self) -> list[tuple[str, MailChoice]]:
        """Return the accounts that get mail, each with its choice."""
        rows = self._db.rows("SELECT account, address, language, day FROM work_mail ORDER BY account")
        return [(account, MailChoice(*rest)) for account, *rest in rows]

    def to_mail(self, account: str) -> list[Notice]:
        """Return the notices of a person that were neither seen nor mailed, the oldest first."""
        rows = self._db.rows(
            "SELECT id, order_id, why, by_account, entry, at FROM work_notice"
            " WHERE account = ? AND seen = 0 AND mailed = 0 ORDER BY at, entry, id",
            (account,),
        )
        return [Notice(*_flagged((*row, 0))) for row in rows]

    def mailed(self, account: str, notices: Sequence[Notice], day: str) -> None:
        """Remember that a person got a mail of these notices on a day, as 2027-03-01."""
        with self._db.transaction():
            for some in _batches([notice.id for notice in notices]):
                self._db.change(f"UPDATE work_notice SET mailed = 1 WHERE id IN ({_marks(some)})", some)  # noqa: S608
            self._db.change("UPDATE work_mail SET day = ? WHERE account = ?", (day, account))

    # -- saved lists ---------------------------------------------------------------------------------------------------

    def keep_list(self, account: str, office: str, name: str, query: str, *, shared: bool) -> None:
        """Keep a list of a person under a name; the person's earlier one of the same name is replaced."""
        with self._db.transaction():
            self._db.change("DELETE FROM work_view WHERE account = ? AND name = ?", (account, name))
            values = (secrets.token_hex(8), account, office, name, query, int(shared))
            self._db.change("INSERT INTO work_view VALUES (?, ?, ?, ?, ?, ?)", values)

    def lists(self, account: str, office: str) -> list[SavedList]:
        """Return the lists of a person and the shared ones of the office, by name."""
        rows = self._db.rows(
            "SELECT id, account, name, query, shared FROM work_view"
            " WHERE account = ? OR (office = ? AND shared = 1) ORDER BY name, id",
            (account, office),
        )
        return [SavedList(*_flagged(row)) for row in rows]

    def delete_list(self, id: str, account: str) -> None:
        """Delete a list of a person."""
        self._db.change("DELETE FROM work_view WHERE id = ? AND account = ?", (id, account))

    # -- erasure -------------------------------------------------------------------------------------------------------

    def on_orders(self, orders: Collection[str]) -> int:
        """Return how many notes there are on these orders."""
        return sum(
            int(self._db.rows(f"SELECT count(*) FROM work_note WHERE order_id IN ({_marks(some)})", some)[0][0])  # noqa: S608
            for some in _batches(list(orders))
        )

    def erase(self, orders: Collection[str]) -> None:
        """Delete the notes, assignments, watches and notices of these orders."""
        with self._db.transaction():
            for some in _batches(list(orders)):
                for table in ("work_note", "work_notice", "work_assigned", "work_watched"):
                    self._db.change(f"DELETE FROM {table} WHERE order_id IN ({_marks(some)})", some)  # noqa: S608


def _flagged(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row whose last value is True or False."""
    return (*row[:-1], bool(row[-1]))


def _batches(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[begin : begin + _BATCH] for begin in range(0, len(values), _BATCH))


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))
