"""One order in the list of orders, and what finds it there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from ledger.adapters.storage.orders.order_counts import CountedRow
from ledger.entries.case import instant
from ledger.errors import LedgerError

_LEAF_BITS = 28  # of a leaf index in the place of an order
_LAST_SECOND = (1 << 34) - 1  # the year 2514


class Due(msgspec.Struct, frozen=True):
    """One open deadline of an order: `due` in the text form of entries, None if it could not be computed.

    `last_day` is the last local day that still counts, None for a period that ends within a day; `zone` is that of the
    count.
    """

    id: str
    due: str | None
    policy: str
    verdict: str
    cite: str
    entries: list[str]
    last_day: str | None = None
    zone: str = "UTC"


class OrderRow(msgspec.Struct, frozen=True):
    """One order in the list, without sealed values. `number` is the leaf index of its first entry."""

    order: str
    ref: str | None
    label: str | None
    instrument: str
    state: str
    due: list[Due]
    number: int
    case_ref: str | None = None
    from_party: str | None = None
    to_party: str | None = None
    authority: str | None = None
    providers: list[str] = []
    names: list[str] = []  # of the authority and the providers
    issued_on: str | None = None
    last_on: str | None = None
    entries: int = 0
    kinds: list[str] = []  # of its entries, each once
    findings: dict[str, int] = {}  # how many of each level: V, W, G
    answers: dict[str, list[str]] = {}  # on the ten questions of a data protection officer, in short, by number
    open: list[tuple[int, str]] = []  # open duties of data protection, each with its question
    rests_on: list[str] = []  # the offices, Parties and other logs that it rests on
    counted: CountedRow | None = None  # in statistics; None: not issued yet
    kept_until: str | None = None  # the day on which the retention of held data is reviewed; empty without a rule


_decode = msgspec.json.Decoder(OrderRow).decode


def read_row(body: bytes) -> OrderRow:
    """Return a row of the view; `LedgerError` LOG-CORRUPT if it is none."""
    try:
        return _decode(body)
    except msgspec.DecodeError as error:
        raise damaged(error) from None


def damaged(error: Exception) -> LedgerError:
    """Return the error of a view with rows that no program has made."""
    says = f"views.db has a row that is none: {error}"
    return LedgerError("LOG-CORRUPT", says, "comity views --rebuild makes the view again from the entries")


def place(row: OrderRow) -> int:
    """Return the place of an order in the list: the later it was made, the higher; of two, the later recorded.

    It is made of the second of `issued_on` and of the leaf index. An order without that moment comes last.
    """
    made = 0 if row.issued_on is None else min(max(unix_second(instant(row.issued_on)), 0), _LAST_SECOND)
    return made << _LEAF_BITS | row.number


def filter_word(name: str, value: str) -> str:
    """Return a value to filter by as one word of the index."""
    return f"{name}{value.encode().hex()}"


def filter_words(row: OrderRow) -> Iterator[str]:
    """Iterate over the words of the index for every value to filter by, offices and kinds of entries included."""
    yield from (filter_word(*value) for value in filter_values(row))
    if row.authority is not None:
        yield filter_word("by", row.authority)
    yield from (filter_word("kind", kind) for kind in row.kinds)


def filter_values(row: OrderRow) -> list[tuple[str, str]]:
    """Return the values to filter a row by, each once."""
    parties = dict.fromkeys(p for p in (row.from_party, row.to_party) if p)
    return [
        ("instrument", row.instrument),
        ("state", row.state),
        *(("party", p) for p in parties),
        *(("provider", p) for p in dict.fromkeys(row.providers)),
    ]


def search_words(row: OrderRow) -> Iterator[str]:
    """Iterate over the words that find a row."""
    texts = (row.ref, row.label, row.case_ref, row.order, row.authority, row.from_party, row.to_party, row.instrument)
    yield from (word for word in (*texts, *row.providers, *row.names) if word)


def end_second(clock: Due) -> int | None:
    """Return the end of a deadline in whole seconds of Unix time; None if it has none."""
    return None if clock.due is None else unix_second(instant(clock.due))


def unix_second(moment: datetime) -> int:
    """Return a moment in whole seconds of Unix time."""
    return int(moment.astimezone(UTC).timestamp())
