"""Read a ledger behind an office server as cases of the law; every answer is verified before it is returned."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from uuid import UUID

from comity.remote.connection import Connection, Refused
from comity.remote.proofs import Placed, Verifier
from ledger.adapters.keys.key_files import Key
from ledger.entries.case import Case, Entry
from ledger.entries.envelope import entry_of
from ledger.entries.form import issuing_office
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Head as SignedHead
from server.access import Caller, caller_of
from server.described import public_case, public_entries
from server.documents import (
    ConsistencyAnswer,
    EntriesAnswer,
    HeadAnswer,
    OrderEntriesAnswer,
    OrderItem,
    OrdersAnswer,
    RegisterAnswer,
)

_PAGE = 500
_KEPT = 64  # orders of which the verified entries are kept


class VerifiedReader:
    """Reads one ledger with one key. `verifier` has the register and the head as far as they were read.

    Raises `RecordError` for what does not verify and for what the server refuses (`Refused`), and `LedgerError` for a
    server that does not answer or is busy.
    """

    def __init__(self, connection: Connection, key: Key, verifier: Verifier) -> None:
        self.verifier = verifier
        self.origin = verifier.origin
        self.registry = verifier.keyring.registry
        self._connection = connection
        self._key = key
        self._registered: tuple[Entry, ...] = ()
        self._registered_at = -1  # the size of the log when the register was read
        self._register_proven = 0  # the size of the log below which no entry of the register is left out
        self._wholes: dict[str, str] = {}  # orders that were read, each with the one that has joined it, or itself
        self._cases: OrderedDict[str, tuple[int, int, list[Placed]]] = OrderedDict()  # with size and proven size

    # -- the log ------------------------------------------------------------------------------------------------------

    def head(self) -> SignedHead:
        """Return the verified head as it is now."""
        return self.verifier.head(self._connection.get("/v1/head", HeadAnswer).head)

    def entries(self, after: int = 0, stop: int = 2**53) -> Iterator[Entry]:
        """Iterate over the entries from index `after` on and below `stop`; one that lacks is hidden from this key."""
        size = after + 1
        while after < min(size, stop):
            limit = min(_PAGE, stop - after)
            answer = self._connection.get("/v1/entries", EntriesAnswer, after=after, limit=limit)
            head = self.verifier.head(answer.head)
            size = head.checkpoint.size
            indexes = [each.index for each in answer.entries]
            if indexes != list(range(after, answer.next)) or (not indexes and after < size):
                raise RecordError("API-FALSE", f"the entries from {after} on are not shown without a gap")
            for each in answer.entries:
                if each.entry is None:
                    self.verifier.leaf(each, head)
            placed = self.verifier.entries([each for each in answer.entries if each.entry is not None], head)
            self.read_register(size)
            self.verifier.signed_by(placed)
            for index, opened in placed:
                yield entry_of(opened, index, held=self.verifier.keyring.holds(opened.payload.signer, index))
            after = answer.next

    # -- the register -------------------------------------------------------------------------------------------------

    def caller(self) -> Caller:
        """Return the office of the key under the register as it is now; KEY-UNKNOWN, KEY-ENDED."""
        size = self.head().checkpoint.size
        self.read_register(size)
        return caller_of(self.verifier.keyring, self._key.public.hex(), size)

    def register(self) -> tuple[Entry, ...]:
        """Return the register as it is now, as the law reads it."""
        self.read_register(self.head().checkpoint.size)
        return self._register(self._registered_at)

    def read_register(self, size: int) -> None:
        """Read the register as far as a log of this size has it."""
        if self._registered_at >= size:
            return
        answer = self._connection.get("/v1/register", RegisterAnswer, after=len(self.verifier.register))
        head = self.verifier.head(answer.head)
        self.verifier.extend_register(answer.entries, head)
        self._register_proven = self.verifier.committed(self.registry, answer.committed, self.verifier.register, head)
        if head.checkpoint.size < size:
            raise RecordError("API-FALSE", f"the register is shown as of {head.checkpoint.size} entries, not {size}")
        self._registered_at = head.checkpoint.size

    def _register(self, size: int) -> tuple[Entry, ...]:
        """Return the register of a log of this size as the law reads it: the same tuple until it grows."""
        register = [(index, opened) for index, opened in self.verifier.register if index < size]
        if len(register) != len(self._registered):
            self._registered = public_entries(register, self.verifier.keyring)
        return self._registered

    # -- orders -------------------------------------------------------------------------------------------------------

    def find(self, name: str) -> str:
        """Return the id of the order that the server calls so; whether it is, `is_named` tells of its entries."""
        if _is_id(name):
            return name
        found = [item.order.order for item in self._pages(name=name)]
        if len(found) > 1:
            raise LedgerError("ORDER-AMBIGUOUS", f"{name!r} may mean {len(found)} orders", "give more of the id")
        if not found or not _is_id(found[0]):
            raise Refused("API-MISSING", f"there is no order {name!r} that this key may see")
        return found[0]

    def listed(self) -> Iterator[Case]:
        """Iterate over the cases of the orders that the server lists, whose newest entries are in the log."""
        with self.verifier.memory.together():
            for item in self._pages():
                try:
                    case = self.case(item.order.order)
                except Refused as refused:
                    if refused.code != "API-MISSING":
                        raise
                    says = f"order {item.order.order} is listed, and is said to be none that this key may see"
                    raise RecordError("API-FALSE", says) from None
                if all((e.leaf, e.index) != (item.newest.leaf, item.newest.index) for e in case.entries):
                    raise RecordError("API-FALSE", f"order {item.order.order} is shown without an entry of the list")
                yield case

    def case(self, order: str) -> Case:
        """Return the verified record of an order (its id) as of now, without sealed values."""
        return self.take(order, self._connection.get(f"/v1/orders/{order}/entries", OrderEntriesAnswer))

    def linked(self, order: str) -> list[str]:
        """Return the ids of the orders of which the server says that they name this one; their entries show it."""
        return [item.order.order for item in self._pages(linked=order)]

    def take(self, order: str, answer: OrderEntriesAnswer) -> Case:
        """Verify the entries of an order, and return its case: that of the order which has joined it, if one has."""
        head = self.verifier.head(answer.head)
        self.read_register(head.checkpoint.size)
        placed = self.verifier.order(answer.order, answer.entries, head)
        if answer.order != order and not any(opened.payload.order == order for _, opened in placed):
            raise RecordError("API-FALSE", f"the server shows order {answer.order} in place of {order}")
        self._wholes |= dict.fromkeys((order, answer.order), answer.order)
        order = answer.order
        proven = self.verifier.committed(order, answer.committed, placed, head)
        if proven > self._register_proven:
            self._registered_at = -1  # the statement may be newer than the register that was read
            self.read_register(head.checkpoint.size)
        proven = min(proven, self._register_proven)  # the register says whose entries count
        self._cases.pop(order, None)
        self._cases[order] = head.checkpoint.size, proven, placed
        if len(self._cases) > _KEPT:
            self._cases.popitem(last=False)
        return self.case_at(order, head.checkpoint.size)

    def case_at(self, order: str, size: int) -> Case:
        """Return the record of an order that was read last, under the register of a log of this size."""
        whole = self._wholes[order]
        return public_case(whole, self._cases[whole][2], self._register(size), self.verifier.keyring)

    def new_case(self, order: str) -> Case:
        """Return the record of an order (its id) that has no entry yet."""
        return Case(order, "", (), self.register())

    def placed(self, order: str) -> list[Placed]:
        """Return the entries of an order that was read last, with those of its companion."""
        return self._cases[self._wholes[order]][2]

    def proven(self, order: str) -> int:
        """Return the size of the log below which no entry of an order that was read last, or of the register, lacks."""
        return self._cases[self._wholes[order]][1]

    def _pages(self, **query: str) -> Iterator[OrderItem]:
        """Iterate over a list of orders, whose newest entries are in the log."""
        after: int | None = 0
        seen: set[str] = set()
        while after is not None:
            answer = self._connection.get("/v1/orders", OrdersAnswer, after=after, limit=_PAGE, **query)
            head = self.verifier.head(answer.head)
            for item in answer.orders:
                if item.order.order in seen or item.first < after:
                    raise RecordError("API-FALSE", f"order {item.order.order} is listed twice")
                seen.add(item.order.order)
                self.verifier.leaf(item.newest, head)
                yield item
            if answer.next is not None and not after < answer.next <= head.checkpoint.size:
                raise RecordError("API-FALSE", "the list of orders does not go on")
            after = answer.next


def prove(connection: Connection, start: int, end: int) -> list[str]:
    """Ask for the consistency proof between two sizes of the log."""
    return connection.get("/v1/consistency", ConsistencyAnswer, start=start, end=end).path


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def is_named(name: str, case: Case) -> bool:
    """Return True if a name means an order: its id or the beginning of it, or a reference that its entries state."""
    if name and any(order.startswith(name) for order in (case.order, *(e.order for e in case.entries if e.prefix))):
        return True
    offices = {office.get("actor") for office in case.registry if office.kind == "authority-registered"}
    for e in case.entries:
        if e.kind == "order-issued" and (reference := e.get("reference")):
            office = issuing_office(e.speaks, e.by, offices, e.get("issuing_authority"), e.whose)
            if name in (reference, f"{office}/{reference}"):
                return True
    return False
