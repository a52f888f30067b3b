"""Store requests of many threads together: one transaction, one step of the guard and one checkpoint for all that wait.

There is no separate thread, and no request waits on purpose. One that finds no other under way is stored at once, by
the thread that brings it. Requests that arrive meanwhile wait; then the thread of the first of them stores all of
them. The acts of a group are in this order: the rows are durable, the guard is advanced, the receipts are given.

Each request is answered as if the requests of its group had come one after another. A refused one leaves no entry, and
the others are stored without it. A refusal is given only when the entries that it relies on are stored.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from functools import partial
from math import ceil
from threading import Event, Lock, get_ident
from time import monotonic

from ledger.adapters.log.log import Log
from ledger.adapters.storage.entry_recorder import REFERENCES, CommittedTree, EntryRow, StaleVersion
from ledger.adapters.storage.entry_store import Conflict, EntryStore, Stored
from ledger.application.write.receipt import Receipt
from ledger.application.write.write_position import PendingBatch, WritePosition
from ledger.errors import LedgerError, RecordError

REFERENCE = frozenset({REFERENCES})  # the name that requests share whose entries give orders their references
MOST = 256  # requests of a group
_ROWS = 2_500  # entries after which a group takes no other request
_TRIES = 100  # attempts to seal and store; each one lost means that another process stored an entry
GREW = "the register grew meanwhile, or an order was issued"

Make = Callable[[PendingBatch], list[EntryRow]]


class Request:
    """Entries to be stored together or not at all.

    `make` makes their rows for the place behind the given batch. It raises the refusal of the request, and is called
    again where another process stored first. `alone` are names that no other request of a group may have, `shared`
    names that another request may share: ids of entries, orders, REFERENCES. `size` is the number of entries.
    """

    __slots__ = ("alone", "error", "make", "receipts", "rows", "settled", "shared", "size", "wake")

    def __init__(self, make: Make, size: int, alone: Set[str] = frozenset(), shared: Set[str] = frozenset()) -> None:
        self.make = make
        self.size = size
        self.alone = alone
        self.shared = shared
        self.wake = Event()  # set when the request is answered, or when its thread has to store the next group
        self.settled = False
        self.rows: list[EntryRow] = []
        self.receipts: list[Receipt] = []
        self.error: Exception | None = None


class GroupCommit:
    """Stores for one open ledger.

    `stored` is True once entries were stored. `signing` is held while a checkpoint is signed.
    """

    def __init__(self, past: WritePosition, store: EntryStore, log: Log) -> None:
        self._past = past
        self._store = store
        self._log = log
        self._lock = Lock()
        self._waiting: deque[Request] = deque()
        self._leader: Request | None = None  # whose thread stores, or has been woken to do so
        self._thread = 0  # that stores now
        self.signing = Lock()
        self._unsigned = False  # the last group could not be signed
        self._seen = -1  # size of the log when `past` was read anew, and grown by what was stored here since
        self._seconds = 0.0  # that the last group took
        self.stored = False

    def commit(self, request: Request) -> list[Receipt]:
        """Store the rows of a request, and return their receipts; raises its refusal, or why nothing can be stored."""
        try:
            if self._await_turn(request):
                self._lead()
        except BaseException:  # a signal: the thread ends, and no other may wait for it
            self._withdraw(request)
            raise
        if request.error is not None:
            raise request.error
        return request.receipts

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Run a block while no group is stored by another thread; the caller may store directly."""
        if self._thread == get_ident():  # within a request, as its check
            yield
            return
        request = Request(lambda _: [], _ROWS + 1)  # shares no group
        try:
            self._await_turn(request)
            self._thread = get_ident()
            yield
        finally:
            if self._thread == get_ident():
                self._thread = 0
            self._withdraw(request)

    def stored_apart(self, index: int) -> None:
        """Sign the log up to the last of the entries that were stored during a `turn`."""
        self._forget()
        self.stored = True
        self.cover(index)

    def cover(self, index: int) -> None:
        """Sign the log up to a stored entry, unless it is signed: another thread or process may have stored it."""
        with self.signing:
            self._log.acknowledge(index)

    def seconds_to_store(self, requests: int) -> int:
        """Estimate in how many seconds so many requests are stored; at least 1."""
        return max(1, ceil(requests / MOST * self._seconds))

    def _await_turn(self, request: Request) -> bool:
        """Wait until the request is answered, or is the first of the next group: then return True."""
        with self._lock:
            self._waiting.append(request)
            self._leader = self._leader or request
            first = self._leader is request
        if not first:
            request.wake.wait()
        return not request.settled

    def _withdraw(self, request: Request) -> None:
        """Let nothing wait for a request whose thread ends; wake another thread if this one had to store."""
        with self._lock:
            if request in self._waiting:
                self._waiting.remove(request)
            leads = self._leader is request
        if leads:
            self._hand_over()

    def _hand_over(self) -> None:
        """Wake the thread of the request that waits longest; it stores the next group."""
        with self._lock:
            self._leader = self._waiting[0] if self._waiting else None
            if self._leader is not None:
                self._leader.wake.set()

    def _lead(self) -> None:
        """Store the requests that wait, wake the thread that stores the next ones, and acknowledge what was stored."""
        group: list[Request] = []
        begin = monotonic()
        try:
            try:
                self._take(group)
                self._thread = get_ident()
                stored = self._store_all(group)
                committed = self._store.recorder.committed
            finally:
                self._thread = 0
                self._hand_over()
            if stored:
                self._acknowledge(group, stored, committed)
        except (RecordError, LedgerError) as error:
            for request in group:
                request.error = error
        except BaseException:
            says = "the thread that recorded this for several others was stopped"
            hint = "what was being recorded may be there: look before you record it again"
            for request in group:
                request.error = LedgerError("STORE-AWAY", says, hint)
            raise
        finally:
            self._seconds = monotonic() - begin
            for request in group:
                request.settled = True
                request.wake.set()

    def _take(self, group: list[Request]) -> None:
        """Move the requests that wait to a group, except one that needs to know first what becomes of another one."""
        chosen: list[Request] = []
        later: deque[Request] = deque()
        alone: set[str] = set()
        shared: set[str] = set()
        size = 0
        with self._lock:
            for request in self._waiting:
                clash = not (request.alone.isdisjoint(alone | shared) and request.shared.isdisjoint(alone))
                full = len(chosen) == MOST or size + request.size > _ROWS
                if chosen and (clash or full):
                    later.append(request)
                else:
                    chosen.append(request)
                    alone |= request.alone
                    shared |= request.shared
                    size += request.size
            group += chosen
            self._waiting = later

    def _store_all(self, group: list[Request]) -> Sequence[Stored]:
        """Store what the requests bring, and return the places of their rows; refused requests bring none."""
        if self.signing.acquire(blocking=self._unsigned):  # else the group before is being signed, and checks the same
            try:
                self._log.ready()
            finally:
                self.signing.release()
        read_anew = False
        for left in reversed(range(_TRIES)):
            batch = PendingBatch(self._past)
            self._make(group, batch)
            refused = any(isinstance(request.error, RecordError) for request in group)
            if refused and not read_anew and self._seen != self._store.size():
                self._forget()  # a refused request may rely on what another process stored
                read_anew = True
                continue
            rows = [row for request in group for row in request.rows]
            if not rows:
                break
            try:
                stored = self._store.append(rows, expected=batch.still)
            except (Conflict, StaleVersion) as lost:
                self._forget()
                read_anew = True
                self._give_back(group)
                if not left:
                    raise lost if isinstance(lost, Conflict) else Conflict(GREW) from lost
            else:
                self._past.learn(batch.heads)
                self._seen += len(rows)
                self.stored = True
                return stored
        return ()

    def _give_back(self, group: list[Request]) -> None:
        """Let the second half of a group wait again: a smaller one is made sooner, and loses less often."""
        half = (len(group) + 1) // 2
        with self._lock:
            self._waiting.extendleft(reversed(group[half:]))
        del group[half:]

    def _forget(self) -> None:
        self._seen = self._store.size()
        self._past.forget()

    @staticmethod
    def _make(group: list[Request], batch: PendingBatch) -> None:
        for request in group:
            request.rows, request.error = [], None
            part = PendingBatch(batch)
            try:
                request.rows = request.make(part)
            except Exception as refused:  # of any class: it is raised where the request was brought
                request.error = refused
            else:
                batch.adopt(part)

    def _acknowledge(self, group: list[Request], stored: Sequence[Stored], committed: CommittedTree | None) -> None:
        """Sign a checkpoint over the rows of a group, while the next group is stored, and make the receipts."""
        with self.signing:
            try:
                signed = self._log.acknowledge(max(place.index for place in stored), committed)
            except BaseException:
                self._unsigned = True
                raise
            self._unsigned = False
        prove = partial(self._log.receipt_by, signed, committed)
        places = iter(stored)
        for request in group:
            request.receipts = [receipt(row, next(places), prove) for row in request.rows]


def receipt(row: EntryRow, place: Stored, prove: Callable[[int], bytes]) -> Receipt:
    """Return the receipt of a row at its place; `prove` makes its proof."""
    return Receipt(
        place.index,
        row.leaf.hex(),
        row.entry_id.hex(),
        str(row.originator_id),
        row.originator_version,
        place.already,
        prove,
    )
