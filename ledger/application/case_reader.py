"""Read orders from the event store, as the law reads them, and open the sealed values whose keys still exist.

Signatures are checked when an entry is written or received, and again by audits, but not here. The reader
tells four states of a sealed value apart: readable, withheld (no key here), erased (its key is destroyed) and
never stated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from threading import RLock
from typing import Any

from ledger.adapters.folders.ledger_folder import Folder
from ledger.adapters.folders.order_names import names
from ledger.adapters.folders.received_files import FOREIGN, REGISTERS, ReceivedFiles, received_files
from ledger.adapters.keys import mldsa
from ledger.adapters.storage.entry_reader import Ciphertext, EntryReader
from ledger.adapters.storage.orders.joined_orders import JoinedOrders
from ledger.adapters.subject_keys.key_store import KeyCache, SubjectKeyStore
from ledger.application.counterparties import registers, trusted
from ledger.command_line import quoted
from ledger.entries.case import JOINING, Case, Entry, numbered
from ledger.entries.envelope import OpenedEntry, entry_of, open_
from ledger.entries.form import RegisteredNames, issuing_office, looks_alike, one_slip, plain
from ledger.entries.keyring import Keyring
from ledger.entries.payload import Payload
from ledger.entries.placement import access_of, registry_of, reserved_of
from ledger.entries.wrapped_entry import KIND, as_counted
from ledger.errors import LedgerError, RecordError
from ledger.facts import KINDS
from ledger.formats.selective_disclosure import lift
from ledger.verify.disclosures import destroyed_for, is_custodian
from ledger.verify.other_records.other_logs import OtherLogs
from ledger.verify.other_records.received_entries import ArrivedEntry, ReceivingLog, arrived, marked, of_the_case

DESTROYED = "payload-key-destroyed"
_NEAR = 4  # names that a message about an unknown order has
_SHORTEST = 2  # characters of a part of a name
_KEPT = 4  # orders: one with its companion and the access order, and the one before


class CaseReader:
    """Read the orders of one ledger. `subject_keys` is None if there are no keys, as in a copy for an auditor.

    Entries of other logs count as far as this ledger can prove them, under the trust that its registrar
    pinned.
    """

    def __init__(
        self,
        folder: Folder,
        store: EntryReader,
        subject_keys: SubjectKeyStore | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        received: ReceivedFiles | None = None,
    ) -> None:
        """Read the orders in `store`; `received` are the bytes of other logs, by default those of the ledger."""
        self.registry = registry_of(folder.origin)
        self.access = access_of(folder.origin)
        self.reserved = reserved_of(folder.origin)
        self.received = received or received_files(folder, store)
        self._folder = folder
        self._store = store
        self._subject_keys = subject_keys
        self._now = now
        self._lock = RLock()  # entries are read while another thread stores, which reads the same
        self._keyring = Keyring(self.registry, folder.registrar)
        self._folded = 0  # entries of the registry that the keyring has read
        self._logs: tuple[object, OtherLogs] | None = None
        self._opened_registry: list[tuple[int, OpenedEntry]] = []
        self._register: dict[bool, tuple[Entry, ...]] = {}  # by whether sealed values are opened
        self.joins = JoinedOrders(self._stated, lambda order: store.naming(order), self._names_orders)
        self._read: dict[str, list[tuple[int, OpenedEntry]]] = {}  # the orders read last; their entries never change

    def case(self, order: str, *, reveal: bool = True, label: str | None = None) -> Case:
        """Return one order with the entries of its companion order and the register.

        Each entry received from another log follows the entry here that wraps it. Without `reveal` no key is
        used and every sealed value is withheld. `LedgerError` ORDER-UNKNOWN.
        """
        opened = self.opened(order)
        if not opened:
            raise LedgerError("ORDER-UNKNOWN", f"no order {order} in this ledger", "comity orders lists them")
        whole = self.joins.joined_into(order)
        if whole is not None:
            order, opened = whole, self.opened(whole)
        every = (order, *self.joins.parts_of(order))
        entries = sorted((e for each in every for e in self._of_one(each, reveal)), key=lambda e: e.index)
        instrument = opened[0][1].payload.instrument or ""
        others = self.other_logs().registers() if any(e.kind == KIND for e in entries) else ()
        return Case(order, instrument, tuple(numbered(order, entries)), self.register(reveal=reveal), label, others)

    def _of_one(self, order: str, reveal: bool) -> Iterator[Entry]:
        """Yield the entries of one order id, of its companion, and the arrived entries that count."""
        opened = self.opened(order)
        companion = self._subject_keys.companion_of(order) if self._subject_keys else None
        companion_entries = self.opened(companion) if companion else []
        arrivals = self.arrivals(opened)
        by_index = {one.index: one for one in arrivals}
        yield from (marked(e, by_index) for e in self.entries(order, opened, reveal=reveal))
        yield from self.entries(companion or "", companion_entries, reveal=reveal)
        yield from self._arrived(order, opened, arrivals, reveal)

    # -- orders that are one ------------------------------------------------------------------------------------------

    def together(self, order: str) -> list[str]:
        """Return the orders whose entries are those of a case: `order`, those joined with it, and their companions."""
        keys = self._subject_keys
        every = ((each, keys.companion_of(each) if keys else None) for each in (order, *self.joins.parts_of(order)))
        return [each for pair in every for each in pair if each is not None]

    def _stated(self, order: str) -> list[Entry]:
        """Return the entries of one order id, and the arrived entries that count, without sealed values."""
        opened = self.opened(order)
        arrived = self._arrived(order, opened, self.arrivals(opened), reveal=False)
        return [*self.entries(order, opened, reveal=False), *arrived]

    def _names_orders(self, order: str) -> bool:
        payloads = (o.payload for _, o in self.opened(order))
        return any((self._kind_inside(p) if p.kind == KIND else p.kind) == JOINING for p in payloads)

    def _kind_inside(self, wrapper: Payload) -> str:
        """Return the kind of the entry that an entry wraps; empty if it is not here."""
        raw = self._file(str(wrapper.public.get("envelope")))
        with suppress(RecordError):
            return open_(raw, verify=False).payload.kind if raw is not None else ""
        return ""

    def register(self, *, reveal: bool = True) -> tuple[Entry, ...]:
        """Return the entries of the register: the same tuple until it grows, so that a caller can cache by it."""
        opened = self.opened_registry()
        entries = self._register.get(reveal, ())
        if len(entries) != len(opened):
            entries = self._register[reveal] = tuple(self.entries(self.registry, opened, reveal=reveal))
        return entries

    def forget(self) -> None:
        """Clear the cached entries of the register, because a destroyed key may have sealed their values."""
        self._register.clear()

    def opened(self, order: str) -> list[tuple[int, OpenedEntry]]:
        """Return the entries of an order as (index, opened entry); their signatures are not checked again.

        The entries of the orders read last are cached, and only newer ones are read. Values that a key opens
        are never cached.
        """
        with self._lock:
            before = self._read.pop(order, [])
            entries = self._read[order] = [*before, *self._opened(order, after=len(before))]
            if len(self._read) > _KEPT:
                del self._read[next(iter(self._read))]
            return entries

    def _opened(self, order: str, after: int) -> list[tuple[int, OpenedEntry]]:
        return [(index, open_(raw, verify=False)) for index, raw in self._store.order(order, after)]

    def opened_registry(self) -> list[tuple[int, OpenedEntry]]:
        """Return the entries of the register as (index, opened entry); read only those added since the last call."""
        with self._lock:
            self._opened_registry += self._opened(self.registry, after=len(self._opened_registry))
            return self._opened_registry

    def entries(self, order: str, opened: Iterable[tuple[int, OpenedEntry]], *, reveal: bool = True) -> Iterator[Entry]:
        """Yield opened entries of one order as the law reads them."""
        opened = list(opened)
        closed = self._store.ciphertexts(order) if any(o.payload.sealed for _, o in opened) else {}
        destroyed = self.destroyed(opened)
        keys: KeyCache = {}
        keyring = self.keyring()
        for index, o in opened:
            holds = keyring.holds(o.payload.signer, index)
            yield self._entry(index, o, closed.get(index, []), destroyed, keys if reveal else None, holds)

    def arrivals(self, opened: Iterable[tuple[int, OpenedEntry]]) -> list[ArrivedEntry]:
        """Return what is proven of the entries of other logs that these entries of one order wrap."""
        wrappers = [(index, o) for index, o in opened if o.payload.kind == KIND]
        if not wrappers:
            return []
        signed = {index: o.payload.signed_at for index, o in wrappers}
        arrived_at = {o.payload.public.get("leaf"): (index, o) for index, o in wrappers}

        def values(o: OpenedEntry) -> Mapping[str, Any]:
            wrapper = arrived_at.get(o.leaf)
            if wrapper is None:
                entry = self._store.by_leaf(bytes.fromhex(o.leaf))
                return {} if entry is None else self.values(entry[0], o)
            index, outer = wrapper
            closed = self._store.ciphertexts(outer.payload.order).get(index, [])
            texts = self._subject_keys.decrypt_values(outer.payload.entry, closed) if self._subject_keys else []
            return lift(texts, o.sd, public=o.payload.public)

        here = ReceivingLog(
            keyring=self.keyring(),
            entry=self.by_leaf,
            before=lambda index, moment: signed[index] < moment,  # an office trusts its own clock in its own ledger
            values=values,
        )
        return list(arrived(wrappers, self._file, here, self.other_logs()))

    def arrived(
        self, order: str, opened: Iterable[tuple[int, OpenedEntry]]
    ) -> Iterator[tuple[int, OpenedEntry, OpenedEntry, list[str]]]:
        """Yield the wrapped entries of an order that count: index, opened wrapper, opened entry, disclosure strings."""
        return self._values(order, (one for one in self.arrivals(opened) if one.act))

    def _values(
        self, order: str, arrivals: Iterable[ArrivedEntry]
    ) -> Iterator[tuple[int, OpenedEntry, OpenedEntry, list[str]]]:
        closed: dict[int, list[Ciphertext]] | None = None
        for one in of_the_case(arrivals):
            if one.inner is None:
                continue
            closed = self._store.ciphertexts(order) if closed is None else closed
            ciphertexts = closed.get(one.index, [])
            texts = (
                self._subject_keys.decrypt_values(one.wrapper.payload.entry, ciphertexts) if self._subject_keys else []
            )
            yield one.index, one.wrapper, one.inner, texts

    def _arrived(
        self, order: str, opened: list[tuple[int, OpenedEntry]], arrivals: list[ArrivedEntry], reveal: bool
    ) -> Iterator[Entry]:
        destroyed = self.destroyed(opened)
        known_to = {one.index: one.known_to for one in arrivals}
        for index, wrapper, inner, texts in self._values(order, arrivals):
            shown = texts if reveal else ()
            yield as_counted(inner, wrapper, index, shown, destroyed=destroyed, known_to=known_to[index])

    def keyring(self) -> Keyring:
        """Return the keys and offices after the entries of the register, up to the first wrong entry."""
        with self._lock, suppress(RecordError):  # `fsck` reports it; keys registered after this entry stay unknown
            for index, o in self.opened_registry()[self._folded :]:
                self._keyring.admit(o, index)
                self._folded += 1
        return self._keyring

    def other_logs(self) -> OtherLogs:
        """Return the logs of other parties, as our registrar pinned them and as far as their registers arrived."""
        key = (len(self.opened_registry()), self.received.mark(REGISTERS))
        if self._logs is None or self._logs[0] != key:
            trusts = trusted(self._folder.path / "trust", self.register(reveal=False))
            logs = OtherLogs(trusts, registers(self.received), self._now(), mldsa.verify)
            self._logs = (key, logs)
        return self._logs[1]

    def by_leaf(self, leaf: str) -> OpenedEntry | None:
        """Return the entry of this log with this leaf hash, None if there is none; its signature is not checked."""
        entry = self._store.by_leaf(bytes.fromhex(leaf))
        return None if entry is None else open_(entry[1], verify=False)

    def _file(self, name: str) -> bytes | None:
        return self.received.read(f"{FOREIGN}/{name}")

    def sealing_keys(self, leaf: str) -> dict[str, str]:
        """Return the keys of an entry's sealed values, as field -> key id; empty if the entry is not stored."""
        entry = self._store.by_leaf(bytes.fromhex(leaf))
        if entry is None:
            return {}
        order = open_(entry[1], verify=False).payload.order
        return {c.field: c.key_id for c in self._store.ciphertexts(order).get(entry[0], [])}

    def is_emptied(self, key_id: str) -> bool:
        """Return True if the values sealed under this key were removed."""
        return self._store.is_emptied(key_id)

    def values(self, index: int, opened: OpenedEntry) -> dict[str, Any]:
        """Return the sealed values of one entry that can still be opened."""
        closed = self._store.ciphertexts(opened.payload.order).get(index, []) if opened.payload.sealed else []
        texts = self._subject_keys.decrypt_values(opened.payload.entry, closed) if self._subject_keys else []
        return lift(texts, opened.sd, public=opened.payload.public)

    def disclosures(self, order: str) -> dict[int, list[str]]:
        """Return the disclosure strings of an order's sealed values that can still be opened, by index of the entry."""
        if self._subject_keys is None:
            return {}
        closed = self._store.ciphertexts(order)
        return {
            index: self._subject_keys.decrypt_values(o.payload.entry, closed[index])
            for index, o in self.opened(order)
            if index in closed
        }

    def _entry(
        self,
        index: int,
        o: OpenedEntry,
        closed: list[Ciphertext],
        gone: frozenset[str],
        keys: KeyCache | None,
        held: bool,
    ) -> Entry:
        if not o.payload.sealed:
            return entry_of(o, index, held=held)
        texts = (
            []
            if keys is None or self._subject_keys is None
            else self._subject_keys.decrypt_values(o.payload.entry, closed, keys)
        )
        values: Mapping[str, Any] = lift(texts, o.sd, public=o.payload.public)
        erased = {c.field for c in closed if c.ciphertext is None or gone & {c.digest, c.key_id}}
        if not closed and gone.issuperset(o.sd):
            erased = set(o.payload.sealed)
        return entry_of(o, index, values, erased=erased, digests={c.field: c.digest for c in closed}, held=held)

    def destroyed(self, opened: Iterable[tuple[int, OpenedEntry]]) -> frozenset[str]:
        """Return the digests and keys that entries of an order state as destroyed, if their signers are custodians."""
        entries = dict(opened)
        if not any(o.payload.kind == DESTROYED for o in entries.values()):
            return frozenset()
        keyring = self.keyring()
        statements = (o for n, o in entries.items() if o.payload.kind == DESTROYED and is_custodian(o, n, keyring))
        return frozenset({*destroyed_for(entries, keyring), *(o.payload.public.get("key_ref", "") for o in statements)})

    def destroyed_keys(self, orders: Iterable[str] | None = None) -> dict[str, int]:
        """Return the keys that entries of custodians state as destroyed, each with the index of the first such entry.

        Every such entry of these orders is read; without `orders`, every such entry of the log.
        """
        rows = self._store.of_kind(DESTROYED) if orders is None else self._store.of_kind_in(DESTROYED, orders)
        if not rows:
            return {}
        keyring = self.keyring()
        keys: dict[str, int] = {}
        for index, raw in rows:
            o = open_(raw, verify=False)
            if is_custodian(o, index, keyring):
                keys.setdefault(str(o.payload.public.get("key_ref")), index)
        return keys

    # -- finding orders -----------------------------------------------------------------------------------------------

    def orders(self) -> Iterator[str]:
        """Yield the ids of the orders, without the reserved ones and companion orders."""
        return (order for order, kind in self._store.orders() if self._listed(order, kind))

    def find(self, name: str) -> str:
        """Return the id of the order that `name` means: its reference, its id, or the beginning of its id, as in git.

        Of an order that is joined with another one, the id of the other one. `LedgerError`: ORDER-UNKNOWN,
        ORDER-AMBIGUOUS.
        """
        if self._store.first_kind(name) is not None:
            return self.joins.joined_into(name) or name
        if len(matches := self.named(name)) == 1:
            return matches[0]
        if matches:
            raise self.ambiguous(name, matches)
        matches = self.beginning(name) if name else []
        if len(matches) == 1:
            return matches[0]
        if not matches:
            near = self.near(name)
            says = f"no order is called {name!r}" + f"; near: {', '.join(map(quoted, near[:_NEAR]))}" * bool(near)
            hint = "`comity orders` lists them, and `comity orders WORDS` finds one by its words"
            raise LedgerError("ORDER-UNKNOWN", says, hint)
        some = ", ".join(matches[:3])
        raise LedgerError("ORDER-AMBIGUOUS", f"{name!r} may mean {len(matches)} orders: {some}", "give more of the id")

    def near(self, name: str) -> list[str]:
        """Return the references and local names that a mistyped name may mean, or of which it is a part."""
        text = plain(name)
        if len(text) < _SHORTEST:
            return []
        given = (
            given for given, order in names(self._folder.path).items() if self._store.first_kind(order) is not None
        )
        known = {*given, *(reference for reference, _ in self._store.references())}
        forms = sorted((one, plain(one)) for one in known)
        slips = [one for one, form in forms if one_slip(text, form)]
        return list(dict.fromkeys([*slips, *(one for one, form in forms if text in form)]))

    def named(self, name: str) -> list[str]:
        """Return the orders with this name: a local name, a reference, or OFFICE/REFERENCE."""
        order_id = names(self._folder.path).get(name)
        orders = [order_id] if order_id is not None and self._store.first_kind(order_id) is not None else []
        office, mark, reference = name.partition("/")
        orders += self._store.referenced(name)
        if mark:
            orders += [order for order, offices in self.quoted(reference) if office in offices]
        return list(dict.fromkeys(self.joins.joined_into(order) or order for order in orders))

    def quoted(self, reference: str) -> list[tuple[str, list[str]]]:
        """Return the orders with this reference, each with the offices that issued it under this reference."""
        orders = []
        for order in self._store.referenced(reference):
            orders.append((order, [office for quoted, office in self._issued(order) if quoted == reference]))
        return orders

    def taken(self, reference: str) -> list[tuple[str, str, list[str]]]:
        """Return the orders with this reference, or one of the same plain form: (id, reference, issuing offices)."""
        text = plain(reference)
        alike = sorted({quoted for quoted, _ in self._store.references() if plain(quoted) == text})
        return [(order, quoted, offices) for quoted in alike for order, offices in self.quoted(quoted)]

    def alike(self, reference: str) -> list[tuple[str, str, list[str]]]:
        """Return the orders whose references look like this one, in other letters: (id, reference, issuing offices)."""
        references = sorted({quoted for quoted, _ in self._store.references() if looks_alike(quoted, reference)})
        return [(order, quoted, offices) for quoted in references for order, offices in self.quoted(quoted)]

    def beginning(self, text: str) -> list[str]:
        """Return the ids of the orders that begin with a text."""
        return [order for order, kind in self._store.orders(text) if self._listed(order, kind)]

    def references(self, order: str) -> set[str]:
        """Return the references of an order, as its entries state them."""
        return {quoted for quoted, _ in self._issued(order)}

    def issuers(self, order: str) -> list[str]:
        """Return the offices that issued an order, as its entries state them."""
        return list(dict.fromkeys(office for _, office in self._issued(order)))

    def _issued(self, order: str) -> list[tuple[str, str]]:
        """Return the references under which an order was issued, each with the issuing office."""
        registered = (e.public["actor"] for e in self.register(reveal=False) if e.kind == "authority-registered")
        among = {*registered, self._folder.registrar.actor}
        issued = self.case(order, reveal=False).issued
        references = (
            (str(e.get("reference")), issuing_office(e.speaks, e.by, among, e.get("issuing_authority"), e.whose))
            for e in issued
        )
        return list(dict.fromkeys(references))

    def ambiguous(self, name: str, found: Sequence[str]) -> LedgerError:
        """Return ORDER-AMBIGUOUS for a name of several orders, with a hint on how to name one of them."""
        offices = dict(self.quoted(name))
        some = ", ".join(f"{'/'.join((*offices.get(order, ())[:1], name))} ({order[:8]})" for order in found[:4])
        hint = "say OFFICE/REFERENCE, or the beginning of the id; `comity order rename ID NAME` gives a name of its own"
        return LedgerError("ORDER-AMBIGUOUS", f"{name!r} may mean {len(found)} orders: {some}", hint)

    def known(self, keyring: Keyring) -> RegisteredNames:
        """Return the names in the register, against which `ledger.entries.form` checks a fact before it is signed."""
        registered = (e.public["party"] for e in self.register(reveal=False) if e.kind == "party-registered")
        parties = {*registered, *(office.party for office in keyring.offices.values())}
        return RegisteredNames(keyring.offices.keys(), parties, self._folder.registrar.actor)

    def _listed(self, order: str, first_kind: str) -> bool:
        kind = KINDS.get(first_kind)
        if order in self.reserved or (kind and kind.shown_to):
            return False
        return self.joins.joined_into(order) is None
