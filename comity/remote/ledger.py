"""A ledger behind an office server: read and record with one key, and verify before anything is returned."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import UUID, uuid4

import msgspec

from comity.ledger import Order
from comity.remote.connection import Connection
from comity.remote.memory import MemoryFile
from comity.remote.proofs import Placed, Verifier
from comity.remote.recording import REGISTER, Permissions, RecordedEntry, RemoteRecorder, circumstances
from ledger.adapters.keys.key_files import Key
from ledger.entries.case import Case, Entry
from ledger.entries.envelope import entry_of
from ledger.entries.form import issuing_office
from ledger.errors import LedgerError, RecordError
from ledger.facts.vocabulary import OnSource, Speaks
from ledger.law import Finding, Judgement, judge
from ledger.law.provisions import rules_digest
from ledger.tlog.note import Head as SignedHead
from ledger.trust.trust_folder import Trust
from projections.views.due import Duty, due, soonest_first
from projections.views.state import OrderView, view
from server.access import Caller, caller_of
from server.described import public_case, public_entries, statements
from server.documents import (
    ConsistencyAnswer,
    EntriesAnswer,
    HeadAnswer,
    OrderAnswer,
    OrderEntriesAnswer,
    OrderItem,
    OrdersAnswer,
    RegisterAnswer,
)

_PAGE = 500
_KEPT = 64  # orders of which the verified entries are kept


class RemoteLedger:
    """One ledger behind a server. `connect` makes it. Whatever a method returns was verified under the trust folder.

    Each raises `RecordError` for what does not verify (API-FALSE, PRF-*, SIG-BAD, CTX-*, KEY-*, MAP-*, SPLIT-VIEW,
    LOG-ROLLBACK, CP-*) and for what the server refuses, and `LedgerError` for a server that does not answer or is busy.
    No sealed value is read. An entry of another log counts as what its wrapper says.
    """

    def __init__(self, connection: Connection, key: Key, trust: Trust, state: Path) -> None:
        self._connection = connection
        self._key = key
        names = sorted(each.name for each in trust.policy.logs)
        self._verifier = Verifier(trust, MemoryFile(state, names[0]), self._consistency)
        self.origin = self._verifier.origin
        self._registry = self._verifier.keyring.registry
        self._recorder = RemoteRecorder(connection, key, self._verifier, self._caller, self._case)
        self._registered: tuple[Entry, ...] = ()
        self._registered_at = -1  # the size of the log when the register was read
        self._register_proven = 0  # the size of the log below which no entry of the register is left out
        self._cases: OrderedDict[str, tuple[int, int, list[Placed]]] = OrderedDict()  # with size and proven size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    # -- reading ------------------------------------------------------------------------------------------------------

    def size(self) -> int:
        """Return the number of entries under the verified head."""
        return self._head().checkpoint.size

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Iterate over the entries in the order of the log, from index `after` on, as `Ledger.entries` does.

        An index that is left out is an entry that the server does not show to this key; that it may not be seen rests
        on the server. The leaf of each is verified, so no entry can be exchanged or moved.
        """
        if after < 0:
            raise ValueError(f"after={after}: indexes count from 0")
        size = after + 1
        while after < size:
            answer = self._connection.get("/v1/entries", EntriesAnswer, after=after, limit=_PAGE)
            head = self._verifier.head(answer.head)
            size = head.checkpoint.size
            indexes = [each.index for each in answer.entries]
            if indexes != list(range(after, answer.next)) or (not indexes and after < size):
                raise RecordError("API-FALSE", f"the entries from {after} on are not shown without a gap")
            for each in answer.entries:
                if each.entry is None:
                    self._verifier.leaf(each, head)
            placed = self._verifier.entries([each for each in answer.entries if each.entry is not None], head)
            self._read_register(size)
            self._verifier.signed_by(placed)
            for index, opened in placed:
                yield entry_of(opened, index, held=self._verifier.keyring.holds(opened.payload.signer, index))
            after = answer.next

    def orders(self, at: datetime | None = None) -> Iterator[OrderView]:
        """Iterate over the orders that this key may see, in the order in which they began.

        The entries of each order are read and judged here. That no order is left out rests on the server.
        """
        for order in self._listed():
            case = self._case(order)
            moment = self._moment(at)
            known = case.known(moment)
            if known.entries:
                yield view(known, judge(case, moment))

    def due(self, at: datetime | None = None) -> list[Duty]:
        """Return the deadlines of these orders that are open, could not be computed, or ran out; soonest first."""
        moment = self._moment(at)
        return soonest_first(duty for order in self._listed() for duty in due(self._judged(order, moment), moment))

    def order(self, name: str) -> Order:
        """Return the order of an id, its beginning, a reference, or OFFICE/REFERENCE; `RecordError` API-MISSING.

        The server's own account of the order is computed again and compared. The methods of the result read the order
        as it is at each call.
        """
        order = self._find(name)
        answer = self._connection.get(f"/v1/orders/{order}", OrderAnswer)
        case = self._take(order, OrderEntriesAnswer(answer.head, order, answer.entries, answer.committed))
        if not _means(name, case):
            says = f"the server shows order {order}, and its entries do not state the name {name!r}"
            raise RecordError("API-FALSE", says, hint="give the id of the order")
        if answer.rules == rules_digest():
            own = statements(self._case_at(order, answer.head.size), answer.as_of)
            if msgspec.json.encode(own) != msgspec.json.encode(answer.says):
                raise RecordError("API-FALSE", "what the server says of the order does not follow from its entries")
        return Order(self, order)

    def proven(self, order: str) -> int:
        """Return the size of the log below which no entry of an order (its id) is left out; 0 if nothing shows it.

        Nor is an entry of the register below it, which says whose entries count. The ledger commits the heads of its
        orders from time to time (`comity log commit`). Later entries rest on the server, as far as they were not
        verified here before.
        """
        self._case(order)
        return self._cases[order][1]

    # -- recording ----------------------------------------------------------------------------------------------------

    def record(
        self,
        kind: str,
        fields: Mapping[str, Any],
        order: str | None = None,
        *,
        role: str | None = None,
        on: datetime | None = None,
        speaks: Speaks = "act",
        whose: str | None = None,
        on_source: OnSource = "own-act",
        replaces: str | None = None,
        why: str | None = None,
        unregistered: bool = False,
        lookalike: bool = False,
        entry: str | None = None,
    ) -> RecordedEntry:
        """Seal and sign an entry here, have it recorded, and return it after its receipt was verified.

        `fields` are wire JSON, as in `comity record KIND -f`; sealed ones are sent with their disclosures, for the
        ledger to keep. `order` is the name of an order, `register`, or None for a new order. `role` is needed where the
        key holds several that sign the kind. `entry` is an id (32 hex digits) by which a call can be repeated.

            receipt = ledger.record("order-received", {"proof_kind": "own-stamp"}, "PPO-2026-123")
        """
        order_id = None if order is None else self._registry if order == REGISTER else self.order(order).id
        said = circumstances(on, speaks=speaks, on_source=on_source, whose=whose, replaces=replaces, why=why)
        return self._recorder.record(kind, fields, order_id, said, role, Permissions(unregistered, lookalike), entry)

    def preview(
        self,
        kind: str,
        fields: Mapping[str, Any],
        order: str | None = None,
        *,
        role: str | None = None,
        on: datetime | None = None,
        speaks: Speaks = "act",
        whose: str | None = None,
        on_source: OnSource = "own-act",
    ) -> tuple[Finding, ...]:
        """Return what the law would find in the order with this entry, and does not find now.

        Nothing is signed or sent.

        for finding in ledger.preview("data-disclosed", fields, "PPO-2026-123"):
            print(finding.code, finding.says)
        """
        said = circumstances(on, speaks=speaks, on_source=on_source, whose=whose)
        return self._recorder.preview(kind, fields, self._case_of(order), said, role)

    def accept_key(self) -> RecordedEntry:
        """Record that the holder accepts this key, which the registrar has enrolled; from then on it signs.

        ledger.accept_key()
        """
        return self.record("key-accepted", {"key": self._key.public.hex()}, REGISTER)

    def _caller(self) -> Caller:
        size = self.size()
        self._read_register(size)
        return caller_of(self._verifier.keyring, self._key.public.hex(), size)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _head(self) -> SignedHead:
        return self._verifier.head(self._connection.get("/v1/head", HeadAnswer).head)

    def _consistency(self, start: int, end: int) -> list[str]:
        return self._connection.get("/v1/consistency", ConsistencyAnswer, start=start, end=end).path

    def _read_register(self, size: int) -> None:
        """Read the register as far as a log of this size has it."""
        if self._registered_at >= size:
            return
        answer = self._connection.get("/v1/register", RegisterAnswer, after=len(self._verifier.register))
        head = self._verifier.head(answer.head)
        self._verifier.extend_register(answer.entries, head)
        self._register_proven = self._verifier.committed(
            self._registry, answer.committed, self._verifier.register, head
        )
        if head.checkpoint.size < size:
            raise RecordError("API-FALSE", f"the register is shown as of {head.checkpoint.size} entries, not {size}")
        self._registered_at = head.checkpoint.size

    def _find(self, name: str) -> str:
        """Return the id of the order that the server calls so; whether it is, is checked with its entries."""
        if _is_id(name):
            return name
        found = [item.order.order for item in self._pages(name)]
        if len(found) > 1:
            raise LedgerError("ORDER-AMBIGUOUS", f"{name!r} may mean {len(found)} orders", "give more of the id")
        if not found or not _is_id(found[0]):
            raise RecordError("API-MISSING", f"there is no order {name!r} that this key may see")
        return found[0]

    def _listed(self) -> Iterator[str]:
        for item in self._pages():
            case = self._case(item.order.order)
            if all((e.leaf, e.index) != (item.newest.leaf, item.newest.index) for e in case.entries):
                raise RecordError("API-FALSE", f"order {item.order.order} is shown without an entry of the list")
            yield item.order.order

    def _pages(self, name: str | None = None) -> Iterator[OrderItem]:
        """Iterate over the list of orders, whose newest entries are in the log."""
        after: int | None = 0
        seen: set[str] = set()
        while after is not None:
            answer = self._connection.get("/v1/orders", OrdersAnswer, after=after, limit=_PAGE, name=name)
            head = self._verifier.head(answer.head)
            for item in answer.orders:
                if item.order.order in seen or item.first < after:
                    raise RecordError("API-FALSE", f"order {item.order.order} is listed twice")
                seen.add(item.order.order)
                self._verifier.leaf(item.newest, head)
                yield item
            if answer.next is not None and not after < answer.next <= head.checkpoint.size:
                raise RecordError("API-FALSE", "the list of orders does not go on")
            after = answer.next

    def _case(self, order: str, *, reveal: bool = False) -> Case:
        """Return the verified record of an order as of now, without sealed values, whatever `reveal` is."""
        return self._take(order, self._connection.get(f"/v1/orders/{order}/entries", OrderEntriesAnswer))

    def _take(self, order: str, answer: OrderEntriesAnswer) -> Case:
        """Verify the entries of an order, and return its case."""
        if answer.order != order:
            raise RecordError("API-FALSE", f"the server shows order {answer.order} in place of {order}")
        head = self._verifier.head(answer.head)
        self._read_register(head.checkpoint.size)
        placed = self._verifier.order(order, answer.entries, head)
        proven = self._verifier.committed(order, answer.committed, placed, head)
        if proven > self._register_proven:
            self._registered_at = -1  # the statement may be newer than the register that was read
            self._read_register(head.checkpoint.size)
        proven = min(proven, self._register_proven)  # the register says whose entries count
        self._cases.pop(order, None)
        self._cases[order] = head.checkpoint.size, proven, placed
        if len(self._cases) > _KEPT:
            self._cases.popitem(last=False)
        return self._case_at(order, head.checkpoint.size)

    def _case_at(self, order: str, size: int) -> Case:
        return public_case(order, self._cases[order][2], self._register(size), self._verifier.keyring)

    def _register(self, size: int) -> tuple[Entry, ...]:
        """Return the register of a log of this size as the law reads it: the same tuple until it grows."""
        register = [(index, opened) for index, opened in self._verifier.register if index < size]
        if len(register) != len(self._registered):
            self._registered = public_entries(register, self._verifier.keyring)
        return self._registered

    def _case_of(self, name: str | None) -> Case:
        """Return the verified record of an order by its name; of a new order, a record without an entry."""
        if name is not None:
            return self._case(self.order(name).id)
        self._read_register(self.size())
        return public_case(str(uuid4()), [], self._register(self._registered_at), self._verifier.keyring)

    def _judged(self, order: str, moment: datetime) -> Judgement:
        return judge(self._case(order), moment)

    def _moment(self, at: datetime | None) -> datetime:
        if at is None:
            return datetime.now(UTC).replace(microsecond=0)
        if at.tzinfo is None:
            raise ValueError(f"{at} has no time zone: the same words are another moment elsewhere")
        return at.astimezone(UTC)


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def _means(name: str, case: Case) -> bool:
    """Return True if a name means an order: its id or the beginning of it, or a reference that its entries state."""
    if name and case.order.startswith(name):
        return True
    offices = {office.get("actor") for office in case.registry if office.kind == "authority-registered"}
    for e in case.entries:
        if e.kind == "order-issued" and (reference := e.get("reference")):
            office = issuing_office(e.speaks, e.by, offices, e.get("issuing_authority"), e.whose)
            if name in (reference, f"{office}/{reference}"):
                return True
    return False
