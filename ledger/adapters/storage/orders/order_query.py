"""A query for orders in the index of the view, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ledger.adapters.storage.orders.order_row import Due, OrderRow, end_second, filter_word, place, unix_second
from ledger.entries.case import instant

PICKED = ("instrument", "state", "party", "provider")
SORTS = ("made", "last", "due")  # the newest order first; the newest last entry first; the next deadline first
RUNS = "runs"  # the word of an order with a deadline that has an end: no other order can be overdue
FAR = 1 << 62  # beyond every second and every place


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """A query for orders that have all of these words and values, and an open deadline in the past if `overdue`.

    A word of two letters or more may be the beginning of a word of the order.
    """

    words: str = ""
    picked: Mapping[str, str] = field(default_factory=dict)
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class OpenDeadline:
    """One open deadline; `at` is its position in the list, from which the next page continues."""

    row: OrderRow
    clock: Due
    at: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class DeadlineCounts:
    """Numbers of deadlines that are over, end soon, end later or are unknown, and of orders and overdue orders.

    `over` counts the deadlines that ran out after the moment `old`, and `old` the earlier ones.
    """

    over: int
    soon: int
    later: int
    unknown: int
    old: int
    orders: int
    overdue: int


def position(row: OrderRow, sort: str) -> tuple[int, int]:
    """Return the position of an order in a list sorted by one of `SORTS`, from which the next page continues."""
    if sort == "due":
        return min((end for end in map(end_second, row.due) if end is not None), default=FAR), place(row)
    if sort == "last":
        return 0 if row.last_on is None else unix_second(instant(row.last_on)), place(row)
    return place(row), place(row)


def word_terms(words: str) -> list[str]:
    """Return the terms of a full-text query for orders that have all of these words."""
    typed = words.replace('"', " ").replace("\0", " ").split()
    return [f'words : "{word}"' + " *" * (len(word) > 1) for word in typed]  # too many words begin with one letter


def condition(asked: OrderQuery, now: datetime) -> tuple[str, str, list[Any]]:
    """Return the FROM and WHERE of a query for orders, the column of their numbers, and its parameters."""
    terms = [filter_word(name, value) for name, value in asked.picked.items() if name in PICKED]
    terms += [RUNS] * asked.overdue
    query = [f'picked : "{term}"' for term in terms]
    query += word_terms(asked.words)
    over = " AND b.first_due <= ?" if asked.overdue else ""
    params: list[Any] = [" AND ".join(query)] if query else []
    if asked.overdue:
        params.append(unix_second(now))
    if query:
        source = f"board_words w CROSS JOIN board b ON b.number = w.rowid WHERE board_words MATCH ?{over}"
        return source, "w.rowid", params
    return f"board b WHERE 1{over}", "b.number", params
