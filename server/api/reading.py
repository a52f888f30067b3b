"""Read one ledger for callers: every answer is made under one head, and shows only what the caller may see.

Answers are made one after the other, under one lock. No sealed value is opened.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from threading import Lock

from ledger.adapters.folders.ledger_folder import Folder
from ledger.adapters.log.head_store import HeadStore
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.orders.joined_orders import JoinedOrders
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.application.case_reader import CaseReader
from ledger.application.subject_keys_binding import open_subject_keys
from ledger.entries.case import JOINING, Case, Entry, named_as_same
from ledger.entries.envelope import OpenedEntry, entry_of, open_
from ledger.entries.form import named_in
from ledger.entries.payload import Payload
from ledger.entries.placement import committed_by, map_of
from ledger.errors import RecordError
from ledger.law import judge
from ledger.law.provisions import rules_digest
from ledger.messages import Message
from ledger.tlog.note import b64
from ledger.tlog.tree import format_proof, prove_consistency, prove_inclusions
from projections.documents.judgement import judged
from projections.views.state import view
from server.access import Access, Caller
from server.api.shown import is_companion, is_id, matches, proven, without_line
from server.current_keyring import CurrentKeyring
from server.described import public_case, public_entries, statements
from server.documents import (
    CommittedHeads,
    ConsistencyAnswer,
    EntriesAnswer,
    EntryAnswer,
    Head,
    OrderAnswer,
    OrderEntriesAnswer,
    OrderItem,
    OrdersAnswer,
    PlaceAnswer,
    ProvenEntry,
    RegisterAnswer,
)
from server.identity.key_documents import LogKey

SCANNED = 500  # orders or entries that are looked at for one page
_KEPT = 10_000  # orders of which it is remembered who is named in them
OPEN = ("OPEN", "MISSED", "UNDETERMINED")  # verdicts of the deadlines in a list

Opened = list[tuple[int, OpenedEntry]]


class LedgerView:
    """One ledger, opened for reading. `head` returns the signed state of the log."""

    def __init__(self, folder: Folder, head: Callable[[], Head], now: Callable[[], datetime]) -> None:
        self.head = head
        self._now = now
        self._lock = Lock()
        self.origin = folder.origin
        self.log_key = LogKey.of(folder.origin, folder.keys)
        self.access = Access(folder.origin, folder.registrar.party)
        with ExitStack() as opened:
            self._store = opened.enter_context(closing(EntryReader(folder.entries)))
            self._keys: SubjectKeyStore | None = None
            if (keys := open_subject_keys(folder, writable=False)) is not None:
                self._keys = opened.enter_context(closing(keys))
            self._map = opened.enter_context(HeadStore(folder.map))
            self._cases = CaseReader(folder, self._store, self._keys)
            self.keyring = CurrentKeyring(self._cases, self._store.size, self._lock)
            self._opened = opened.pop_all()
        self._joins = JoinedOrders(self._stated, self._store.naming, lambda order: JOINING in self._kinds(order))
        self._registered: tuple[Entry, ...] = ()
        self._named: OrderedDict[str, tuple[int, frozenset[str]]] = OrderedDict()

    def close(self) -> None:
        """Close the files."""
        self._opened.close()

    def size(self) -> int:
        """Return the number of stored entries."""
        with self._lock:
            return self._store.size()

    # -- who may see an order ------------------------------------------------------------------------------------------

    def named(self, order: str) -> frozenset[str]:
        """Return the offices and Parties that the entries of an order name; none if there is no such order."""
        with self._lock:
            return self._names(order)

    def is_new(self, order: str) -> bool:
        """Return True if the ledger has no entry of an order."""
        with self._lock:
            return self._store.head(order) == 0

    def may_see(self, caller: Caller, order: str) -> bool:
        """Return True if a caller may see an order."""
        with self._lock:
            return self._sees(caller, order)

    # -- the log ------------------------------------------------------------------------------------------------------

    def consistency(self, start: int, end: int) -> ConsistencyAnswer:
        """Return the proof between two sizes, of which none is above the head. `RecordError` API-REQUEST."""
        head = self.head()
        if not 0 < start <= end <= head.size:
            says = f"a proof leads from a size above 0 to a larger one, at most {head.size}"
            raise RecordError("API-REQUEST", says, where="start, end")
        path = prove_consistency(start, end, self._store.hashes)
        return ConsistencyAnswer(head, start, end, [b64(each) for each in path])

    def entries(self, caller: Caller, after: int, limit: int, kind: str | None = None) -> EntriesAnswer:
        """Return the entries from index `after` on; of a hidden entry, the leaf alone.

        With `kind`, only entries of that kind that the caller may see.
        """
        with self._lock:
            head = self.head()
            found, hidden, following = [], set(), after
            for index, raw in self._store.page(after, limit if kind is None else SCANNED, head.size):
                opened = open_(raw, verify=False)
                following = index + 1
                shown = self._shows(caller, opened)
                if kind is None or (shown and opened.payload.kind == kind):
                    found.append((index, opened))
                if not shown:
                    hidden.add(index)
                if len(found) == limit:
                    break
            proven = self._proven(found, head)
            return EntriesAnswer(head, [without_line(e) if e.index in hidden else e for e in proven], following)

    def entry(self, caller: Caller, index: int) -> EntryAnswer:
        """Return one entry with its proof; `RecordError` API-MISSING."""
        with self._lock:
            head = self.head()
            raw = self._store.at(index) if index < head.size else None
            opened = None if raw is None else open_(raw, verify=False)
            if opened is None or not self._shows(caller, opened):
                raise RecordError("API-MISSING", Message("there is no entry that this caller may see"))
            (path,) = prove_inclusions([index], head.size, self._store.hashes)
            proof = format_proof(index, path, head.note.encode()).decode()
            return EntryAnswer(head, proven(index, opened, path), proof)

    def register(self, after: int) -> RegisterAnswer:
        """Return the entries of the register behind the first `after` ones."""
        with self._lock:
            head = self.head()
            entries = [(i, o) for i, o in self._cases.opened_registry()[after:] if i < head.size]
            committed = self._committed(self._cases.registry, head)
            return RegisterAnswer(head, self._proven(entries, head), committed)

    # -- orders -------------------------------------------------------------------------------------------------------

    def orders(
        self,
        caller: Caller,
        after: int,
        limit: int,
        *,
        state: str | None = None,
        provider: str | None = None,
        party: str | None = None,
        kind: str | None = None,
        since: datetime | None = None,
        name: str | None = None,
        linked: str | None = None,
    ) -> OrdersAnswer:
        """Return orders by the index of their first entry, from `after` on, with all of these values.

        `name` is an id, the beginning of one, a reference, or OFFICE/REFERENCE. `linked` is the id of an order that an
        entry of them names.
        """
        with self._lock:
            head, now = self.head(), self.moment()
            some = [self._called(name)] if name is not None else []
            some += [set(self._store.naming(linked))] if linked is not None else []
            if some:
                begun = self._begun(set.intersection(*some), after, head)
            else:
                begun = self._store.begun(after, head.size, SCANNED)
            items: list[OrderItem] = []
            following: int | None = None if len(begun) < SCANNED or some else begun[-1][0] + 1
            for first, order, begins in begun:
                if order in self._cases.reserved or is_companion(begins) or not self._sees(caller, order):
                    continue
                if self._joins.joined_into(order) is not None:
                    continue
                item = self._item(caller, order, first, head, now, kind=kind, since=since)
                if item is None or not matches(item, state, provider, party):
                    continue
                items.append(item)
                if len(items) == limit:
                    following = first + 1
                    break
            return OrdersAnswer(head, now, items, following)

    def order(self, caller: Caller, order: str) -> OrderAnswer:
        """Return one order with what it says; `RecordError` API-MISSING."""
        with self._lock:
            head, now = self.head(), self.moment()
            entries = self._shown(caller, order, head)
            whole = self._whole(order)
            says = statements(self._case(whole, entries, head), now)
            proven = self._proven(entries, head)
            return OrderAnswer(head, now, rules_digest(), says, proven, self._committed(whole, head))

    def order_entries(self, caller: Caller, order: str) -> OrderEntriesAnswer:
        """Return the entries of one order that the caller may see; `RecordError` API-MISSING."""
        with self._lock:
            head = self.head()
            entries = self._shown(caller, order, head)
            whole = self._whole(order)
            return OrderEntriesAnswer(head, whole, self._proven(entries, head), self._committed(whole, head))

    def case(self, caller: Caller, order: str) -> Case:
        """Return the entries of one order that the caller may see, as the law reads them; `RecordError` API-MISSING."""
        with self._lock:
            head = self.head()
            return self._case(self._whole(order), self._shown(caller, order, head), head)

    def behind(self, caller: Caller, order: str, seq: int) -> Opened:
        """Return the entries behind the number `seq` of an order that the caller may see; none of no such order."""
        with self._lock:
            size = self.head().size
            entries = ((i, open_(raw, verify=False)) for i, raw in self._store.order(order, seq) if i < size)
            return [each for each in entries if self._shows(caller, each[1])]

    def signature_holds(self, caller: Caller, order: str, leaf: str) -> bool:
        """Return True if the signature of an entry (leaf hash) of an order holds, verified now."""
        with self._lock:
            raw = next((o.raw for _, o in self._shown(caller, order, self.head()) if o.leaf == leaf), b"")
        try:
            return bool(raw) and open_(raw).leaf == leaf
        except RecordError:
            return False

    def issuers(self, caller: Caller, order: str) -> frozenset[str]:
        """Return the offices that have issued an order, or signed its issue; `RecordError` API-MISSING."""
        issued = [e for e in self.case(caller, order).entries if e.kind == "order-issued"]
        return frozenset(name for e in issued for name in (e.by, e.get("issuing_authority")) if name)

    def payload(self, caller: Caller, order: str, leaf: str) -> Payload | None:
        """Return the payload of an entry (leaf hash) of an order that the caller may see; None for no such entry."""
        with self._lock:
            shown = self._shown(caller, order, self.head())
            return next((opened.payload for _, opened in shown if opened.leaf == leaf), None)

    def registered(self) -> tuple[Entry, ...]:
        """Return the register as the law reads it."""
        with self._lock:
            return self._register(self.head())

    def orders_since(self, size: int) -> tuple[int, list[str], set[str]]:
        """Return the size of the head, and the orders that began and that changed behind the first `size` entries."""
        with self._lock:
            end, main_of = self.head().size, self._keys.main_of if self._keys else lambda order: None
            begun = self._store.begun(size, end, max(end - size, 0))
            new = [order for _, order, kind in begun if not (order in self._cases.reserved or is_companion(kind))]
            grown = {main_of(order) or order for order, _ in self._store.leaves_between(size, end)}
            return end, new, {each for order in grown for each in self._joins.changed_with(order)}

    def news(self, start: int, end: int) -> list[tuple[int, str, str, str]]:
        """Return the entries from index `start` to below `end`: index, order, kind, and key (hex) of the signer."""
        with self._lock:
            main_of = self._keys.main_of if self._keys else lambda order: None
            opened = ((i, open_(raw, verify=False).payload) for i, raw in self._store.page(start, end - start, end))
            return [(i, self._whole(main_of(p.order) or p.order), p.kind, p.signer.key) for i, p in opened]

    def leaf(self, index: int) -> str:
        """Return the leaf hash (hex) of an entry by its index; empty if there is none."""
        with self._lock:
            return next((leaf.hex() for _, leaf in self._store.leaves_between(index, index + 1)), "")

    def moment(self) -> datetime:
        """Return the present minute, in UTC."""
        return self.now().replace(second=0)

    def now(self) -> datetime:
        """Return the present second, in UTC."""
        return self._now().astimezone(UTC).replace(microsecond=0)

    def place(self, caller: Caller, order: str) -> PlaceAnswer:
        """Return the place of the next entry of an order; `RecordError` API-MISSING."""
        with self._lock:
            head = self.head()
            shown = [each for each in self._shown(caller, order, head) if each[1].payload.order == order]
            opened = shown[-1][1]
            p = opened.payload
            first = next((each for each in shown if each[1].payload.kind == "order-issued"), shown[0])
            begun, newest = self._proven([first, shown[-1]], head)
            known = begun if first[1].payload.kind == "order-issued" or first[1].payload.seq == 1 else None
            return PlaceAnswer(head, order, p.seq + 1, opened.leaf, p.instrument, newest, known)

    def taken(self, reference: str) -> tuple[list[tuple[str, str, list[str]]], list[tuple[str, str, list[str]]]]:
        """Return the orders with a reference or one of its plain form, and the orders whose references look alike."""
        with self._lock:
            return self._cases.taken(reference), self._cases.alike(reference)

    def quotable(self, reference: str) -> list[str]:
        """Return the ids of the orders that begin with a text."""
        with self._lock:
            return self._cases.beginning(reference)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _shown(self, caller: Caller, order: str, head: Head) -> Opened:
        """Return the entries of an order (its id) that the caller may see; `RecordError` API-MISSING.

        Of an order that is joined with another one, the entries of both.
        """
        first = self._store.order(order)[:1] if is_id(order) else []
        if not first or first[0][0] >= head.size or not self._sees(caller, order):
            raise RecordError("API-MISSING", Message("there is no order that this caller may see"))
        return self._visible(caller, self._whole(order), head)

    def _called(self, name: str) -> set[str]:
        """Return the orders that a name may mean, without names that only this folder gave."""
        office, _, reference = name.partition("/")
        of_office = {order for order, offices in self._cases.quoted(reference) if office in offices}
        beginning = {name} if is_id(name) else self._cases.beginning(name)
        return {*map(self._whole, (*self._store.referenced(name), *of_office, *beginning))}

    def _begun(self, orders: Iterable[str], after: int, head: Head) -> list[tuple[int, str, str]]:
        """Return orders as `EntryReader.begun`, by the index of their first entry."""
        first = ((order, *entry) for order in orders for entry in self._store.order(order)[:1])
        begun = ((index, order, open_(raw, verify=False).payload.kind) for order, index, raw in first)
        return sorted(each for each in begun if after <= each[0] < head.size)

    def _visible(self, caller: Caller, order: str, head: Head) -> Opened:
        """Return the entries of an order, of orders joined with it, and of companions that the caller may see.

        They are below the head.
        """
        orders = [order]
        if parts := self._joins.parts_of(order):
            named = named_as_same(order, public_entries(self._below(order, head), self._cases.keyring()))
            orders += [each for each in parts if each in named]  # the log may have grown since the head
        orders += [each for one in orders if self._keys and (each := self._keys.companion_of(one))]
        entries = (e for each in orders for e in self._below(each, head))
        return sorted((e for e in entries if self.access.sees_kind(caller, e[1].payload.kind)), key=lambda e: e[0])

    def _below(self, order: str, head: Head) -> Iterator[tuple[int, OpenedEntry]]:
        return ((i, open_(raw, verify=False)) for i, raw in self._store.order(order) if i < head.size)

    def _stated(self, order: str) -> tuple[Entry, ...]:
        """Return the entries of one order id below the head, as the law reads them."""
        return public_entries(self._below(order, self.head()), self._cases.keyring())

    def _whole(self, order: str) -> str:
        """Return the order that has taken in an order; the order itself if none has."""
        return self._joins.joined_into(order) or order

    def _case(self, order: str, entries: Opened, head: Head) -> Case:
        return public_case(order, entries, self._register(head), self._cases.keyring())

    def _register(self, head: Head) -> tuple[Entry, ...]:
        """Return the register as the law reads it: the same tuple until it grows."""
        register = [(i, o) for i, o in self._cases.opened_registry() if i < head.size]
        if len(register) != len(self._registered):
            self._registered = public_entries(register, self._cases.keyring())
        return self._registered

    def _item(
        self,
        caller: Caller,
        order: str,
        first: int,
        head: Head,
        now: datetime,
        *,
        kind: str | None,
        since: datetime | None,
    ) -> OrderItem | None:
        entries = self._visible(caller, order, head)
        if not entries or (kind is not None and all(o.payload.kind != kind for _, o in entries)):
            return None
        case = self._case(order, entries, head)
        if since is not None and all(e.on < since for e in case.entries):
            return None
        judgement = judge(case, now)
        parts = judged(judgement)
        levels: dict[str, int] = {}
        for finding in parts["findings"]:
            levels[finding.level] = levels.get(finding.level, 0) + 1
        newest = [entry for entry in entries if entry[1].payload.order == order][-1]
        return OrderItem(
            view(case, judgement),
            [clock for clock in parts["deadlines"] if clock.verdict in OPEN],
            levels,
            first,
            without_line(self._proven([newest], head)[0]),
        )

    def _proven(self, entries: Opened, head: Head) -> list[ProvenEntry]:
        paths = prove_inclusions([index for index, _ in entries], head.size, self._store.hashes) if entries else []
        return [proven(index, o, path) for (index, o), path in zip(entries, paths, strict=True)]

    def _committed(self, order: str, head: Head) -> CommittedHeads | None:
        """Return the last committed map of heads with the proof of an order; None if its file is of another size."""
        newest = self._store.newest(map_of(self.origin))
        if newest is None or newest[0] >= head.size:
            return None
        commit = open_(newest[1], verify=False)
        stated = committed_by(commit.payload)
        parts = self._joins.parts_of(order)
        kept = self._map.kept([order, *parts])
        if stated is None or kept is None or (kept.size, kept.root) != stated:
            return None
        return CommittedHeads(
            self._proven([(newest[0], commit)], head)[0],
            b64(kept.proofs[order]),
            {each: b64(kept.proofs[each]) for each in parts},
        )

    def _shows(self, caller: Caller, opened: OpenedEntry) -> bool:
        p = opened.payload
        return self.access.sees_kind(caller, p.kind) and self._sees(caller, p.order)

    def _sees(self, caller: Caller, order: str) -> bool:
        main = self._keys.main_of(order) if self._keys else None
        if main is not None and not any(self.access.sees_kind(caller, kind) for kind in self._kinds(order)):
            return False
        named = self._whole(main or order)
        return self.access.sees_order(caller, named, lambda: self._names(named))

    def _kinds(self, order: str) -> Iterator[str]:
        return (open_(raw, verify=False).payload.kind for _, raw in self._store.order(order))

    def _names(self, order: str) -> frozenset[str]:
        return frozenset().union(*map(self._names_in, (order, *self._joins.parts_of(order))))

    def _names_in(self, order: str) -> frozenset[str]:
        version = self._store.head(order)
        if (kept := self._named.get(order)) is None or kept[0] != version:
            entries = (entry_of(open_(raw, verify=False), index) for index, raw in self._store.order(order))
            kept = self._named[order] = version, frozenset(named_in(entries))
            if len(self._named) > _KEPT:
                self._named.popitem(last=False)
        return kept[1]
