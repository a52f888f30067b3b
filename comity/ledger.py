"""A ledger and its orders, opened for reading.

The law reads sealed values where their keys are on this machine, as `comity judge` does. None of them is returned:
an access entry gives the reason for each opened value, and only the commands with `--reveal` record one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from msgspec import structs

from comity.tables import arrow_table
from ledger.adapters.folders.ledger_folder import Folder, read_folder
from ledger.adapters.folders.story_file import clock_of, read_story
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.postgres import address
from ledger.application.case_reader import CaseReader
from ledger.application.subject_keys_binding import open_subject_keys
from ledger.entries.case import Case, Entry
from ledger.entries.envelope import OpenedEntry, open_
from ledger.law import Clock, Judgement, judge
from ledger.law.admissibility import forums
from ledger.law.admissibility.forums import FORUMS, ForumSheet
from ledger.law.reading.exhibit_digests import digests, unread
from projections.exchange.tables import TABLES, Row, entry_row, order_rows
from projections.views.custody import CustodyStep, custody
from projections.views.due import Duty, due, soonest_first
from projections.views.papers.hand_over import HandSignature
from projections.views.state import OrderView, view
from projections.views.timeline import TimelineEntry, timeline

if TYPE_CHECKING:
    import pyarrow


def open(path: str | PathLike[str], *, store: str | None = None) -> Ledger:
    """Open a ledger folder for reading; use the result in a `with` statement, or call its `close`.

    `store` is the address of the database with the entries (`postgresql://host/database`) where it is not the one that
    the folder names. Raises `LedgerError` (NO-LEDGER, TRUST, LEDGER-VERSION, LOG-CORRUPT, BUSY) and, for a wrong
    `store`, `RecordError` STORE-ADDRESS.

        with comity.open("ledger") as ledger:
            print(ledger.size())
    """
    folder = read_folder(Path(path))
    if store is not None:
        folder = structs.replace(folder, store=address(store, folder.origin).uri)
    return Ledger(folder)


class Ledger:
    """One ledger. `comity.open` makes it. Every method sees the entries that are in the log when it is called.

    An `at` is an aware datetime: the answer is what was on record at that moment, as `--as-of` of the commands.
    Without it, it is the present moment; of a ledger that `comity play` made, the clock of its story if that is ahead.
    """

    def __init__(self, folder: Folder) -> None:
        self._path = fspath(folder.path)
        named = read_story(self._path).get("orders")
        self._labels: dict[str, str] = dict(named) if isinstance(named, dict) else {}
        with ExitStack() as opened:
            self._store = opened.enter_context(closing(EntryReader(folder.entries)))
            if (keys := open_subject_keys(folder, writable=False)) is not None:
                opened.enter_context(closing(keys))
            self._cases = CaseReader(folder, self._store, keys)
            self._opened = opened.pop_all()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files of the ledger; what is asked afterwards is a `ValueError`. Closing twice does no harm."""
        self._closed = True
        self._opened.close()

    def size(self) -> int:
        """Return the number of entries in the log."""
        self._check_open()
        return self._store.size()

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Iterate over the entries in the order of the log, from index `after` on.

        The next call takes up where this one ended with `after=entry.index + 1`. Every order is in it, also the
        register and the record of accesses. In `sealed`, each stated field has `Unread` for its value. Signatures are
        not verified here (`comity fsck` and `comity verify` do that), and an entry does not say that a later one
        replaces it: `Order.timeline` does. Raises `ValueError` for a negative `after`, and `RecordError` or
        `LedgerError` for a damaged entry.

            for entry in ledger.entries(after=100):
                print(entry.index, entry.leaf, entry.kind, entry.by, entry.role, entry.at, entry.public)
        """
        if after < 0:
            raise ValueError(f"after={after}: indexes count from 0")
        self._check_open()
        return self._entries(after)

    def _entries(self, after: int) -> Iterator[Entry]:
        while page := self._page(after):
            orders: dict[str, list[tuple[int, OpenedEntry]]] = {}
            for index, raw in page:
                opened = open_(raw, verify=False)
                orders.setdefault(opened.payload.order, []).append((index, opened))
            entries = (e for order, group in orders.items() for e in self._cases.entries(order, group, reveal=False))
            yield from sorted(entries, key=lambda e: e.index)
            after = page[-1][0] + 1

    def _page(self, start: int) -> list[tuple[int, bytes]]:
        self._check_open()
        return self._store.page(start)

    def orders(self, at: datetime | None = None) -> Iterator[OrderView]:
        """Iterate over the orders that were on record, by id: reference, id, instrument, state, parties.

        Every order is judged anew, which costs some milliseconds for each: `comity orders` keeps a view instead.

            references = [order.ref for order in ledger.orders() if order.state == "DISCLOSED"]
        """
        moment = self._moment(at)
        return (view(case, judgement) for case, judgement in self._judged(moment))

    def due(self, at: datetime | None = None) -> list[Duty]:
        """Return the deadlines of all orders that are open, could not be computed, or ran out; soonest first.

        `left` is a timedelta, negative after the end; None, sorted first, for one that could not be computed.

            overdue = [duty.clock.id for duty in ledger.due() if duty.over]
        """
        moment = self._moment(at)
        return soonest_first(duty for _, judgement in self._judged(moment) for duty in due(judgement, moment))

    def table(self, name: str, at: datetime | None = None) -> pyarrow.Table:
        """Return one of the tables `entries`, `timeline`, `deadlines`, `findings` as a `pyarrow.Table`.

        The last three judge every order, as `orders` does. Times have the unit microsecond and the zone UTC. The public
        fields of an entry are a column of JSON. The extra `arrow` installs pyarrow; without it, ImportError. Raises
        `ValueError` for another name.

            late = ledger.table("deadlines").to_pandas().query("verdict == 'MISSED'")
        """
        if name not in TABLES:
            raise ValueError(f"no table {name!r}: there are {', '.join(TABLES)}")
        moment = self._moment(at)
        rows = self._entry_rows(moment) if name == "entries" else self._order_rows(name, moment)
        return arrow_table(name, rows)

    def _entry_rows(self, moment: datetime) -> Iterator[Row]:
        start = 0
        while page := self._page(start):
            yield from (row for index, raw in page if (row := entry_row(index, raw))["signed_at"] <= moment)
            start = page[-1][0] + 1

    def _order_rows(self, name: str, moment: datetime) -> Iterator[Row]:
        return (row for case, judgement in self._judged(moment) for row in order_rows(case, judgement)[name])

    def order(self, name: str) -> Order:
        """Return the order of a reference, an id or its beginning, a name given with `comity order rename`, or a label.

        Raises `LedgerError` ORDER-UNKNOWN or ORDER-AMBIGUOUS.
        """
        self._check_open()
        return Order(self, self._labels.get(name) or self._cases.find(name))

    def _judged(self, moment: datetime) -> Iterator[tuple[Case, Judgement]]:
        self._check_open()
        for order in list(self._cases.orders()):
            shown = self._case(order).known(moment)
            if shown.entries:
                yield shown, judge(self._case(order, reveal=True), moment)

    def _case(self, order: str, *, reveal: bool = False) -> Case:
        """Return the record of an order; with `reveal` for the law alone, never for a result."""
        self._check_open()
        label = next((label for label, other in self._labels.items() if other == order), None)
        return self._cases.case(order, reveal=reveal, label=label)

    def _check_open(self) -> None:
        if self._closed:  # a connection to a database would be made anew
            raise ValueError("the ledger is closed")

    def _moment(self, at: datetime | None) -> datetime:
        self._check_open()
        if at is not None:
            if at.tzinfo is None:
                raise ValueError(f"{at} has no time zone: the same words are another moment elsewhere")
            return at.astimezone(UTC)
        here, story = datetime.now(UTC).replace(microsecond=0), clock_of(self._path)
        return here if story is None else max(here, story)


class _Record(Protocol):
    """A ledger in which an order is read, here or behind a server."""

    def _case(self, order: str, *, reveal: bool = False) -> Case: ...

    def _moment(self, at: datetime | None) -> datetime: ...


class Order:
    """One order of an open ledger. `id` is its UUID. Each method reads it as it is on record at that call.

    `at` is as in `Ledger`. No result holds a sealed value: a field has `Unread` instead, a digest is left out.
    """

    def __init__(self, ledger: _Record, id: str) -> None:
        self._ledger = ledger
        self.id = id

    def __repr__(self) -> str:
        return f"<comity.Order {self.id}>"

    def judge(self, at: datetime | None = None) -> Judgement:
        """Return state, deadlines, findings and the criteria A1 to A8, as `comity judge`.

        A finding has a `code`, a `level` (V violation, W remark, G gap), a sentence `says`, articles `cite`, and the
        leaf hashes of the `entries` that it rests on.

            violations = [f.code for f in order.judge().findings if f.level == "V"]
        """
        return judge(self._ledger._case(self.id, reveal=True), self._ledger._moment(at))

    def sheet(self, forum: str, at: datetime | None = None) -> ForumSheet:
        """Return the questions of a forum (US, GB, DE, EU, ECHR) with what the record shows on the criteria they need.

        Raises `ValueError` for an unknown forum.
        """
        if forum.upper() not in FORUMS:
            raise ValueError(f"no sheet for {forum!r}: there are {', '.join(FORUMS)}")
        return forums.sheet(self.judge(at).criteria, forum)

    def deadlines(self, at: datetime | None = None) -> tuple[Clock, ...]:
        """Return every deadline of the order, met ones too, with its verdict.

        `due` is the first instant after the period, in UTC; None where it could not be computed.
        """
        return self.judge(at).deadlines

    def view(self, at: datetime | None = None) -> OrderView:
        """Return one line about the order: reference, instrument, state, parties, number of entries."""
        return view(self._known(at), self.judge(at))

    def timeline(self, at: datetime | None = None) -> list[TimelineEntry]:
        """Return every entry of the order by the moment when it happened, as `comity timeline --only`.

        A line has the `entry`, a sentence `says`, a speaker `who`, the change of state `moved` as (from, to), and in
        `replaced` the entry that took its place, if there is one.

            for line in order.timeline():
                print(line.entry.on, line.says, "(replaced)" if line.replaced else "")
        """
        return timeline(self._known(at), self.judge(at).trail)

    def custody(self, at: datetime | None = None) -> list[CustodyStep]:
        """Return every step of custody by the moment when it happened, as `comity custody`.

        `compared` is the comparison of the digests with those first stated, made where their keys are here. `files` has
        the digests that are not sealed; `firsts` is empty.
        """
        moment = self._ledger._moment(at)
        shown = {e.leaf: e for e in self._known(at).entries}
        return [_closed(hand, shown) for hand in custody(self._known(at, reveal=True), moment)]

    def _known(self, at: datetime | None, *, reveal: bool = False) -> Case:
        case = self._ledger._case(self.id, reveal=reveal)
        return case if at is None else case.known(self._ledger._moment(at))


def _closed(hand: CustodyStep, shown: dict[str, Entry]) -> CustodyStep:
    """Return the step with the entries as a reader without keys sees them."""
    entry, by = shown[hand.entry.leaf], hand.replaced
    return replace(
        hand,
        entry=entry,
        files=tuple(digests(entry)),
        unread=unread(entry),
        firsts=(),
        replaced=None if by is None else replace(by, entry=shown[by.entry.leaf]),
        gave=_closed_signature(hand.gave, shown),
        took=_closed_signature(hand.took, shown),
    )


def _closed_signature(signature: HandSignature | None, shown: dict[str, Entry]) -> HandSignature | None:
    """Return how a side signed without what a reader without keys may not see: the name of the person is sealed."""
    if signature is None or signature.entry is None:
        return signature
    return replace(signature, entry=shown[signature.entry.leaf], person="[sealed]" if signature.person else "")
