"""Read the lists of orders and of open deadlines by filter, sort order and cursor: one query for each page.

A page costs what it shows. A number of matches is counted by the database, which reads the index and no row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from msgspec import Struct

from ledger.adapters.storage.orders.order_index import OrderIndex
from ledger.adapters.storage.orders.order_query import word_terms
from ledger.adapters.storage.orders.order_row import Due, OrderRow, filter_word, read_row, unix_second
from ledger.entries.case import instant, wire

Key = tuple[str, ...]  # the sort value of an item, then the values that make it unique

_NO_END = -1 << 62  # in place of the end of a deadline without one
_PLACE = "c.place"
_DUE = f"ifnull(c.due, {_NO_END})"
_ORDERS = {
    "order": ("b.key",),
    "ref": ("b.ref", "b.key"),
    "state": ("b.state", "b.key"),
    "issued": ("b.issued_on", "b.key"),
    "last": ("b.last_on", "b.key"),
}
_FOUND = " AND b.key IN (SELECT value FROM json_each(?))"
_FOUND_OR_WORDS = (
    " AND (b.key IN (SELECT value FROM json_each(?))"
    " OR b.number IN (SELECT rowid FROM board_words WHERE board_words MATCH ?))"
)
_CLOCKS = " CROSS JOIN board_clock c ON c.number = b.number"
_CLOCKS_BY_END = "board_clock c CROSS JOIN board b ON b.number = c.number"
_RUNNING = "NOT c.unknown AND (c.due IS NULL OR c.due > ?)"
_DEADLINES = {"due": (_DUE, "b.key", _PLACE), "order": ("b.key", _DUE, _PLACE)}


class OrderFilter(Struct, frozen=True):
    """The values that an order has to have; None stands for any. `since`: it has an entry dated then or later.

    With `words` it has all of them, each as the beginning of a word of the order, or its id is one of `found`.
    """

    state: str | None = None
    provider: str | None = None
    party: str | None = None
    by: str | None = None
    kind: str | None = None
    since: datetime | None = None
    words: str | None = None
    found: tuple[str, ...] = ()

    def match(self) -> str:
        """Return the full-text query for these values; empty for any order."""
        names = ("state", "provider", "party", "by", "kind")
        words = (filter_word(name, value) for name in names if (value := getattr(self, name)) is not None)
        return " AND ".join(f'picked : "{word}"' for word in words)


class DeadlineFilter(Struct, frozen=True):
    """What an open deadline has to be at the moment `now`, besides its order.

    `id` is its name, `within` the longest time that is left, `since` its earliest end; a deadline without an end is
    `within` any time, and has no end `since`. `only` is one of `overdue`, `undetermined` and `running`.
    """

    now: datetime
    id: str | None = None
    within: timedelta | None = None
    since: datetime | None = None
    only: str | None = None


class Duty(NamedTuple):
    """One open deadline of an order; `place` is its position in the row."""

    row: OrderRow
    clock: Due
    place: int


class OrderPage(NamedTuple):
    """A page of orders, the number of all that match, and the key of the last one; None if nothing follows."""

    orders: list[OrderRow]
    of: int
    last: Key | None


class DutyPage(NamedTuple):
    """A page of open deadlines, as `OrderPage`.

    `unknown` and `over` are the numbers of all that match and could not be computed, or have ended. `first_unknown` is
    the first of these by order.
    """

    duties: list[Duty]
    of: int
    last: Key | None
    unknown: int
    over: int
    first_unknown: Duty | None


def order_page(
    index: OrderIndex, wanted: OrderFilter, sort: str, after: Key | None = None, limit: int | None = None
) -> OrderPage:
    """Return a page of the orders that match, behind the key `after`; a - before the name of `sort` reverses it."""
    source, params = _matching(wanted, "")
    columns = _ORDERS[sort.removeprefix("-")]
    found = _page(index, source, params, columns, sort.startswith("-"), after, limit)
    return OrderPage(
        [read_row(body) for *_, body in found[:limit]],
        index.select(f"SELECT count(*) FROM {source}", *params)[0][0],  # noqa: S608 - fixed texts
        _last(found, columns, limit),
    )


def order_ids(index: OrderIndex, wanted: OrderFilter) -> set[str]:
    """Return the ids of the orders that match."""
    source, params = _matching(wanted, "")
    return {key for (key,) in index.select(f"SELECT b.key FROM {source}", *params)}  # noqa: S608 - fixed texts


def duty_page(
    index: OrderIndex,
    wanted: OrderFilter,
    which: DeadlineFilter,
    sort: str,
    after: Key | None = None,
    limit: int | None = None,
) -> DutyPage:
    """Return a page of the open deadlines that match, as `order_page` does. ValueError if `after` is no key of one."""
    columns = _DEADLINES[sort.removeprefix("-")]
    start = None if after is None else _values(after, columns)
    source, params = _matching(wanted, _CLOCKS, _CLOCKS_BY_END if columns[0] == _DUE else None)
    conditions, values = _conditions(which)
    source, params = source + conditions, [*params, *values]
    found = _page(index, source, params, columns, sort.startswith("-"), start, limit)
    of, unknown, over = index.select(
        "SELECT count(*), ifnull(sum(c.unknown), 0), ifnull(sum(NOT c.unknown AND c.due <= ?), 0)"  # noqa: S608 - fixed texts
        f" FROM {source}",
        unix_second(which.now),
        *params,
    )[0]
    first: list[tuple[Any, ...]] = []
    if unknown:
        first = _page(index, f"{source} AND c.unknown", params, ("b.key", _PLACE), False, None, 1)
    return DutyPage(
        list(_duties(found[:limit], columns)),
        of,
        _last(found, columns, limit),
        unknown,
        over,
        next(_duties(first, ("b.key", _PLACE)), None),
    )


def _matching(wanted: OrderFilter, more: str, instead: str | None = None) -> tuple[str, list[Any]]:
    """Return the FROM and WHERE of a query for orders; `more` are further tables, `instead` all for any order."""
    match = wanted.match()
    if match:
        source = f"board_words w CROSS JOIN board b ON b.number = w.rowid{more} WHERE board_words MATCH ?"
    else:
        source = f"{instead or f'board b{more}'} WHERE 1"
    params: list[Any] = [match] if match else []
    if wanted.words is not None:
        terms = word_terms(wanted.words)
        source += _FOUND_OR_WORDS if terms else _FOUND
        params += [json.dumps(wanted.found), *([" AND ".join(terms)] if terms else [])]
    if wanted.since is not None:
        return f"{source} AND b.last >= ?", [*params, unix_second(wanted.since)]
    return source, params


def _conditions(which: DeadlineFilter) -> tuple[str, list[Any]]:
    now = unix_second(which.now)
    conditions: list[tuple[str, list[Any]]] = []
    if which.id is not None:
        conditions.append(("c.id = ?", [which.id]))
    if which.within is not None:
        conditions.append(("(c.due IS NULL OR c.due <= ?)", [unix_second(which.now + which.within)]))
    if which.since is not None:
        conditions.append(("c.due >= ?", [unix_second(which.since)]))
    if which.only == "undetermined":
        conditions.append(("c.unknown", []))
    elif which.only is not None:
        conditions.append(("NOT c.unknown AND c.due <= ?" if which.only == "overdue" else _RUNNING, [now]))
    return "".join(f" AND {text}" for text, _ in conditions), [value for _, some in conditions for value in some]


def _page(
    index: OrderIndex,
    source: str,
    params: Sequence[Any],
    columns: Sequence[str],
    turned: bool,
    after: Sequence[Any] | None,
    limit: int | None,
) -> list[tuple[Any, ...]]:
    """Return the sort values and the body of each row of a page, and of one row more if there is one."""
    way, sign = ("DESC", "<") if turned else ("ASC", ">")
    behind = f" AND ({', '.join(columns)}) {sign} ({', '.join('?' * len(columns))})" if after is not None else ""
    named = ", ".join(f"{column} AS s{n}" for n, column in enumerate(columns))
    order = ", ".join(f"{column} {way}" for column in columns)
    shown = [f"f.s{n}" for n in range(len(columns))]
    return index.select(
        f"SELECT {', '.join(shown)}, s.body FROM (SELECT b.key AS key, {named} FROM {source}{behind}"  # noqa: S608 - fixed texts
        f" ORDER BY {order} LIMIT ?) f CROSS JOIN shown s ON s.view = ? AND s.key = f.key"
        f" ORDER BY {', '.join(f'{each} {way}' for each in shown)}",
        *params,
        *(after or ()),
        -1 if limit is None else limit + 1,
        index.name,
    )


def _duties(found: Iterable[tuple[Any, ...]], columns: Sequence[str]) -> Iterator[Duty]:
    at = columns.index(_PLACE)
    for item in found:
        row = read_row(item[-1])
        yield Duty(row, row.due[item[at]], item[at])


def _last(found: Sequence[tuple[Any, ...]], columns: Sequence[str], limit: int | None) -> Key | None:
    """Return the key of the last row of a page as texts; None if nothing follows the page."""
    if limit is None or len(found) <= limit:
        return None
    return tuple(_text(column, value) for column, value in zip(columns, found[limit - 1], strict=False))


def _text(column: str, value: Any) -> str:
    if column == _DUE:
        return "" if value == _NO_END else wire(datetime.fromtimestamp(value, UTC))
    return f"{value:03}" if column == _PLACE else str(value)


def _values(key: Key, columns: Sequence[str]) -> list[Any]:
    """Return the sort values of a key; ValueError if it is none."""
    return [_value(column, text) for column, text in zip(columns, key, strict=True)]


def _value(column: str, text: str) -> Any:
    if column == _DUE:
        return unix_second(instant(text)) if text else _NO_END
    return int(text) if column == _PLACE else text
