"""Index what the orders of a view count as, so that statistics cost what they show, and not all orders.

What many orders have in common (`like`) is stored once, as a text that this module does not read. An order points to
it, with its moment of issue, its duration and its amounts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from eventsourcing.sqlite import SQLiteCursor
from msgspec import Struct

if TYPE_CHECKING:
    from ledger.adapters.storage.views import View

NAMES = ("board_like", "board_count", "board_cost")
TABLES = (
    "CREATE TABLE board_like (id INTEGER PRIMARY KEY, says TEXT NOT NULL UNIQUE)",
    # issued, took: microseconds, of Unix time and of a duration; like: id in board_like
    "CREATE TABLE board_count (number INTEGER PRIMARY KEY, alike INTEGER NOT NULL, issued INTEGER NOT NULL,"
    " took INTEGER)",
    "CREATE INDEX board_count_alike ON board_count (alike, issued, took)",
    "CREATE TABLE board_cost (number INTEGER NOT NULL, place INTEGER NOT NULL, claimed INTEGER NOT NULL,"
    " currency TEXT NOT NULL, amount TEXT NOT NULL, PRIMARY KEY (number, place)) WITHOUT ROWID",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FAR = 1 << 62  # beyond every moment
_LONGEST = 64  # digits before or behind the point of an amount


class Cost(Struct, frozen=True, array_like=True):
    """An amount claimed, or else reimbursed, as a decimal number."""

    claimed: bool
    currency: str
    amount: str


class CountedRow(Struct, frozen=True):
    """What one order counts as: what it has in common with others, and what it has not.

    `issued` is a moment and `took` a duration, in microseconds.
    """

    like: str
    issued: int
    took: int | None = None
    costs: list[Cost] = []


class LikeOrders(NamedTuple):
    """Orders with the same `like`: their number, all their durations, and all their amounts."""

    like: str
    orders: int
    took: list[timedelta]
    claimed: list[tuple[str, Decimal]]
    reimbursed: list[tuple[str, Decimal]]


def microseconds(moment: datetime) -> int:
    """Return a moment in microseconds of Unix time."""
    return (moment - _EPOCH) // _MICROSECOND


def duration(took: timedelta) -> int:
    """Return a duration in microseconds."""
    return took // _MICROSECOND


def _amount(text: str) -> Decimal:
    amount = Decimal(text)
    if not amount.is_finite() or abs(amount.adjusted()) > _LONGEST:
        raise ValueError(f"{text!r} is no amount")
    return amount


def insert_likes(c: SQLiteCursor, texts: Iterable[str]) -> None:
    """Insert texts that many orders share, each once."""
    c.executemany("INSERT INTO board_like (says) VALUES (?) ON CONFLICT DO NOTHING", [(each,) for each in {*texts}])


def insert_counts(c: SQLiteCursor, rows: Iterable[tuple[int, CountedRow | None]]) -> None:
    """Insert what orders count as, by the number of the order; None: it is not counted."""
    counted = [(number, row) for number, row in rows if row is not None]
    insert_likes(c, (row.like for _, row in counted))
    c.executemany(
        "INSERT INTO board_count SELECT ?, id, ?, ? FROM board_like WHERE says = ?",
        [(number, row.issued, row.took, row.like) for number, row in counted],
    )
    c.executemany(
        "INSERT INTO board_cost VALUES (?, ?, ?, ?, ?)",
        [
            (number, place, cost.claimed, cost.currency, cost.amount)
            for number, row in counted
            for place, cost in enumerate(row.costs)
        ],
    )


def like_orders(view: View, since: datetime | None = None, until: datetime | None = None) -> list[LikeOrders]:
    """Return the orders issued from `since` on and before `until`, by what they have in common, in one state.

    KeyError, TypeError, ValueError or ArithmeticError for rows that no program has made.
    """
    between = (-_FAR if since is None else microseconds(since), _FAR if until is None else microseconds(until))
    with view.reading() as select:
        found = {
            alike: LikeOrders(says, orders, [], [], [])
            for alike, says, orders in select(
                "SELECT f.alike, k.says, f.orders FROM (SELECT alike, count(*) AS orders FROM board_count"
                " WHERE issued >= ? AND issued < ? GROUP BY alike) f LEFT JOIN board_like k ON k.id = f.alike",
                *between,
            )
        }
        for alike, took in select(
            "SELECT alike, took FROM board_count WHERE issued >= ? AND issued < ? AND took IS NOT NULL", *between
        ):
            found[alike].took.append(timedelta(microseconds=took))
        for alike, claimed, currency, amount in select(
            "SELECT n.alike, c.claimed, c.currency, c.amount FROM board_cost c CROSS JOIN board_count n"
            " ON n.number = c.number WHERE n.issued >= ? AND n.issued < ?",
            *between,
        ):
            of = found[alike].claimed if claimed else found[alike].reimbursed
            of.append((currency, _amount(amount)))
    return list(found.values())
