"""Write to a ledger: record a fact and return a receipt, or write nothing.

The steps: read the order, replace personal values by digests, seal, open again and check, store, acknowledge.
Sealing happens outside the lock, so that the transaction is short. If another process wrote first, the sealed
entry is stale and is made again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ledger.adapters.folders.ledger_folder import Folder, read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import Entropy, Key
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.adapters.log.log import Log
from ledger.adapters.storage.entry_recorder import REFERENCES, EntryRow, StaleVersion
from ledger.adapters.storage.entry_store import Conflict, EntryStore, Stored
from ledger.adapters.subject_keys.key_store import SubjectInOrder, SubjectKeyStore
from ledger.application.case_reader import CaseReader
from ledger.application.create_ledger import found
from ledger.application.erase_subject import Erasure
from ledger.application.erasure_scope import unstated
from ledger.application.find_subject import index_values
from ledger.application.subject_keys_binding import HINT, check_bound, elsewhere, open_subject_keys, where
from ledger.application.write.bulk_record import Ahead, Bulk, staged
from ledger.application.write.draft import Draft, check_entry_id
from ledger.application.write.encrypt import ISSUED
from ledger.application.write.group_commit import GREW, REFERENCE, GroupCommit, Request, receipt
from ledger.application.write.receipt import Receipt
from ledger.application.write.receive_sealed import SealedReceiver
from ledger.application.write.seal import Sealer
from ledger.application.write.write_position import PendingBatch, WritePosition
from ledger.entries.case import Case, Entry
from ledger.entries.envelope import Circumstances, OpenedEntry, Signer, open_
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.payload import SignedBy
from ledger.errors import LedgerError, RecordError
from ledger.facts import Fact, build


class Journal:
    """Hold one open ledger. `now` and `entropy` are parameters, so that a story can be played with both simulated."""

    def __init__(
        self,
        folder: Folder,
        home: Home,
        *,
        writable: bool = True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        entropy: Entropy = secrets.token_bytes,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.folder = folder
        self.home = home
        self.now = now
        self._entropy = entropy
        self.origin = folder.origin
        with ExitStack() as opened:  # close the opened files if one cannot be opened
            self.store = opened.enter_context(closing(EntryStore(folder.entries, writable=writable)))
            self.heads = opened.enter_context(closing(CheckpointStore(folder.heads, writable=writable)))
            self.subject_keys: SubjectKeyStore | None = None
            if (keys := open_subject_keys(folder, writable=writable, entropy=entropy)) is not None:
                self.subject_keys = opened.enter_context(closing(keys))
            self.log = opened.enter_context(closing(self._log(say)))
            self.cases = CaseReader(folder, self.store, self.subject_keys, now)
            self.received = self.cases.received
            self.registry, self.access = self.cases.registry, self.cases.access
            self._past = WritePosition(folder.origin, folder.registrar, self.cases, self.store)
            self._sealer = Sealer(folder.origin, self.cases, self.subject_keys, self.heads, entropy, self._check_bound)
            self._group = GroupCommit(self._past, self.store, self.log)
            self._receiver = SealedReceiver(self.store, self._sealer.values, self._group.commit, self._already)
            self.erasure = Erasure(
                self.store,
                self.cases,
                self._keys,
                self.now,
                self._check_sealable,
                lambda drafts: self.record_batch(drafts),
                self._receipts_of,
            )
            self.caught_up = self._catch_up(say) if writable else range(0)  # stored, not signed before
            opened.pop_all()

    def _log(self, say: Callable[[str], None]) -> Log:
        return Log(
            self.folder.keys,
            self.store,
            self.heads,
            self.folder.log,
            self.home.log(self.origin),
            witnesses=tuple(self.folder.policy.witnesses.values()),
            now=self.now,
            say=say,
        )

    @classmethod
    def create(
        cls,
        path: Path,
        origin: str,
        registrar: Registrar,
        *,
        home: Home | None = None,
        test: bool = False,
        store: str = "",
        guard: str = "",
        keys_store: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        entropy: Entropy = secrets.token_bytes,
    ) -> Journal:
        """Make a new ledger with its log key and guard, and open it; raises what `found` raises."""
        home = home or Home.user()
        found(
            path,
            origin,
            registrar,
            home,
            now(),
            test=test,
            store=store,
            guard=guard,
            keys_store=keys_store,
            entropy=entropy,
        )
        return cls(read_folder(path), home, now=now, entropy=entropy)

    @classmethod
    def open(cls, path: Path, home: Home | None = None, **given: Any) -> Journal:
        """Open an existing ledger; without `home`, the guard is in the ledger folder if it has one, else the user's.

        Takes `writable`, `now`, `entropy` and `say` as `Journal` does. Work that a crash left unfinished is
        finished now, or `say` gets the reason why not. `LedgerError`: NO-LEDGER, TRUST, LOG-CORRUPT.
        """
        return cls(read_folder(path), home or Home.of(path), **given)

    def close(self) -> None:
        """Publish the recorded entries, and close every file."""
        self._receiver.close()  # first: its processes hold copies of the files closed below
        try:
            if self._group.stored:
                self.publish()
                self._index()
        finally:
            self.log.close()
            self.heads.close()
            self.store.close()
            if self.subject_keys:
                self.subject_keys.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def publish(self) -> None:
        """Write tiles and checkpoint for the acknowledged entries."""
        self._group.stored = False  # before: entries may be stored meanwhile
        self.log.publish()

    def _index(self) -> None:
        """Read new sealed values into the index by which persons are found; what fails here is read later."""
        if self.subject_keys is not None:
            with suppress(LedgerError):
                index_values(self.store, self.subject_keys, self.cases.reserved)

    def _catch_up(self, say: Callable[[str], None]) -> range:
        try:
            self._finish_erasures(say)
        except LedgerError as fault:  # this writer may lack the permission to remove ciphertexts
            say(str(fault))
        try:
            return range(self.log.signed().size, self.log.catch_up().size)
        except LedgerError as fault:  # reading still works; the next write raises it again
            say(str(fault))
            return range(0)

    def _finish_erasures(self, say: Callable[[str], None]) -> None:
        """Remove ciphertexts under keys whose destruction is on record; report the destroyed keys that are not yet."""
        for each in self.subject_keys.unrecorded() if self.subject_keys else ():
            if not unstated(self.store, self.cases, each.key_id):
                self.store.remove_ciphertexts(each.key_id)
                self._keys().mark_recorded(each.key_id)
            else:
                say("a key was destroyed and the record does not say so yet: repeat the erasure")

    def _check_bound(self) -> None:
        check_bound(self.store, self.cases, self._keys())

    # -- reading ------------------------------------------------------------------------------------------------------

    def read_keyring(self) -> Keyring:
        """Return the keys and offices as registered now; the register is read again."""
        with self._group.turn():
            self._past.forget()
            return self._past.keyring

    def case(self, order: str, *, reveal: bool = True, label: str | None = None) -> Case:
        """Return one order with its companion and the register; see `CaseReader.case`."""
        return self.cases.case(order, reveal=reveal, label=label)

    def find(self, name: str) -> str:
        """Return the id of the order that `name` means; see `CaseReader.find`."""
        return self.cases.find(name)

    def orders(self) -> Iterator[str]:
        """Yield the ids of the orders; see `CaseReader.orders`."""
        return self.cases.orders()

    def signer(self, actor: str, role: str, key: Key, *, accepts: bool = True) -> Signer:
        """Return an office of the register as signer with `key`; `accepts`: its entries may accept that very key.

        `RecordError` as recording would raise: KEY-UNKNOWN for an unknown office or key, KEY-ENDED, KEY-ROLE
        for a role that the office does not hold. A command calls this before a step that is costly or cannot
        be undone.
        """
        keyring, size = self.read_keyring(), self.store.size()
        office = keyring.offices.get(actor)
        if office is None:
            raise RecordError("KEY-UNKNOWN", f"{actor} is not in the register", hint="comity key list shows who is")
        signer = SignedBy(key.public.hex(), actor, role, office.party)
        keyring.check_key(signer, size, accepts=accepts)
        keyring.check_role(signer, size)
        return Signer(actor, role, office.party, key.public, key.sign)

    # -- writing ------------------------------------------------------------------------------------------------------

    def record(self, fact: Fact, order: str, signer: Signer, said: Circumstances | None = None, **more: Any) -> Receipt:
        """Record one fact; durable and covered by a signed checkpoint on return.

        Without `said`, the fact happens now. `more` are the other fields of a `Draft`. Raises `RecordError`
        if the fact is refused (FACT, ENV-SIZE, KEY-*, CTX-*; nothing is written), `Conflict` if its entry id
        belongs to another fact, and `LedgerError` (BUSY, GUARD-MISSING, LOG-ROLLBACK, CLOCK-BACK, ...).
        """
        moment = self.now()
        return self.record_batch([Draft(fact, order, signer, said or Circumstances(moment, moment), **more)])[0]

    def record_batch(self, drafts: Sequence[Draft], check: Callable[[], None] | None = None) -> list[Receipt]:
        """Record several facts in their order, all or none, in one transaction. Raises what `record` raises.

        `check` refuses drafts because of the references of other orders. It is called before each sealing, and nothing
        is stored if there is another reference by then.
        """
        receipts: dict[int, Receipt] = {}

        def seal(batch: PendingBatch) -> list[EntryRow]:
            receipts.update({i: r for i, d in enumerate(drafts) if d.entry and (r := self._recorded(d, d.entry))})
            if check is not None and len(receipts) < len(drafts):
                batch.still = {**batch.still, REFERENCES: self.store.reference_count()}
                check()
            return [self._sealer.seal(d, batch) for i, d in enumerate(drafts) if i not in receipts]

        ids = {d.entry for d in drafts if d.entry}
        issues = any(d.fact.kind == ISSUED or d.reference is not None for d in drafts)
        shared = REFERENCE if issues else frozenset()
        alone = ids if check is None else ids | REFERENCE  # a check does not see the references of its group
        fresh = iter(self._group.commit(Request(seal, len(drafts), alone, shared)))
        return [receipts[i] if i in receipts else next(fresh) for i in range(len(drafts))]

    @contextmanager
    def many(self, report: Callable[[int, int], None] = lambda done, total: None) -> Iterator[Bulk]:
        """Record the facts added to the `Bulk`, all or none, in constant memory, when the block ends without an error.

        `report(done, total)` is called while they are stored. Raises what `record` raises. Raises `Conflict`
        if another process wrote to the register or to one of the orders meanwhile, or issued an order while
        the facts issue one: nothing was stored, and all facts have to be checked and sealed again.
        """
        self.log.ready()
        with staged() as staging:
            past = Ahead(self.origin, self.folder.registrar, self.cases, self.store, staging)
            bulk = Bulk(staging, past, self._sealer, self.recorded, self.store.reference_count())
            yield bulk
            with self._group.turn():
                try:
                    indices = bulk.store(self.store, report)
                except StaleVersion as moved:
                    raise Conflict(GREW) from moved
                if indices:
                    self._group.stored_apart(indices[-1])

    def prepare(self, whose: Sequence[SubjectInOrder]) -> None:
        """Make the keys of these subjects and orders in one durable transaction instead of one for each order.

        `LedgerError` KEYS-OTHER.
        """
        if self.subject_keys is not None:
            self._check_bound()
            self.subject_keys.keys_for(whose)

    def recorded(self, draft: Draft) -> str | None:
        """Return the leaf hash of the entry with the id of a draft; `Conflict` if the entry holds another fact."""
        receipt = self._recorded(draft, draft.entry) if draft.entry else None
        return receipt.leaf if receipt else None

    def receive_sealed(
        self, entries: Sequence[bytes], disclosures: Sequence[Sequence[str]] | None = None, *, whole: bool = False
    ) -> list[Receipt]:
        """Store entries that were sealed for this ledger elsewhere, with the disclosure strings that came with them.

        Every signature, chain, key and form is checked. A page of some thousands is stored whole or not at
        all; with `whole`, all entries are, and the calling thread verifies them. An entry that is already stored
        keeps its place. Raises `RecordError` as `record` does, with the number of the entry.
        """
        receive = self._receiver.receive_whole if whole else self._receiver.receive
        return receive(entries, disclosures)

    def signing(self) -> AbstractContextManager[object]:
        """Return a lock under which a thread may sign, publish and read the log while others record."""
        return self._group.signing

    def seconds_to_store(self, requests: int) -> int:
        """Estimate in how many seconds so many requests are stored, by the last one or group; at least 1."""
        return self._group.seconds_to_store(requests)

    def _check_sealable(self, drafts: Sequence[Draft]) -> None:
        """Seal drafts on trial: raise what recording them would raise, and store nothing."""
        self.log.ready()
        batch = PendingBatch(self._past)
        for draft in drafts:
            self._sealer.seal(draft, batch)

    def _receipts_of(self, indices: Iterable[int]) -> list[Receipt]:
        """Return the receipts of stored entries."""
        rows = [(index, open_(self.store.at(index) or b"", verify=False)) for index in sorted(indices)]
        return [self._already(self._sealer.values.row(o, (), {}), index) for index, o in rows]

    def _keys(self) -> SubjectKeyStore:
        if self.subject_keys is None:
            says = "keys.db is missing: there is no key to open or to destroy"
            raise LedgerError("KEYS-MISSING", says, "put its own backup back")
        return self.subject_keys

    def preview(self, fact: Fact, order: str, signer: Signer, said: Circumstances | None = None, **more: Any) -> Entry:
        """Return the entry that a fact would become, for the law to judge before signing; its leaf is all zeros."""
        moment = self.now()
        draft = Draft(fact, order, signer, said or Circumstances(moment, moment), **more)
        return self._sealer.preview(draft, PendingBatch(self._past), self.store.size())

    def note_access(
        self,
        orders: Sequence[str],
        signer: Signer,
        *,
        view: str,
        purpose: str,
        because: str,
        person: str,
        entry: str | None = None,
        replaces: str | None = None,
    ) -> Receipt:
        """Record in the access order that sealed values of these orders were opened, by which person, and why.

        `entry` is an id by which the call can be repeated. An entry that `replaces` an access (its leaf)
        states that nothing was handed out after that access. `LedgerError` KEYS-OTHER if none of the values
        in these orders can be opened here.
        """
        if replaces is None:
            self.check_openable(orders)
        moment = self.now()
        public = {"view": view, "purpose_code": purpose, "orders": list(orders)}
        fact = build("record-accessed", public, {"justification": because, "person": person})
        circumstances = Circumstances(moment, moment, replaces=replaces, why=None if replaces is None else because)
        return self.record(fact, self.access, signer, circumstances, entry=entry)

    def check_openable(self, orders: Sequence[str]) -> None:
        """Raise `LedgerError` KEYS-OTHER if nothing of these orders would be opened: its keys are elsewhere."""
        around = [each for order in orders for each in self.erasure.around(order)] if self.subject_keys else []
        keys = self.store.sealing_keys(around)
        if not keys or self._keys().existing(keys):
            return
        if others := elsewhere(self.store, self.cases, self._keys(), around):
            says = f"{where(self.store, others)} are under keys that are not in this keys.db: nothing would be opened"
            raise LedgerError("KEYS-OTHER", says, HINT)

    def new_id(self) -> str:
        """Return a new random entry id: 32 hex digits."""
        return self._entropy(16).hex()

    def has(self, entry: str) -> bool:
        """Return True if an entry with this id is stored."""
        return self.store.by_entry(check_entry_id(entry)) is not None

    def _recorded(self, draft: Draft, entry: str) -> Receipt | None:
        """Return the receipt of a draft that is recorded under its id; `Conflict` if another fact has that id."""
        row = self.store.by_entry(check_entry_id(entry))
        if row is None:
            return None
        index, raw = row
        opened = open_(raw, verify=False)
        if not self._sealer.same(draft, index, opened) or not self._same_subjects(draft.subjects, index, opened):
            raise Conflict("this entry id stands for another fact", where=f"entry {index}")
        return self._already(self._sealer.values.row(opened, (), {}), index)

    def _same_subjects(self, subjects: Mapping[str, str], index: int, opened: OpenedEntry) -> bool:
        """Return True if each value of a recorded entry is sealed for the subject that is named for its field."""
        closed = self.store.ciphertexts(opened.payload.order).get(index, []) if subjects and self.subject_keys else []
        here = self._keys().existing(c.key_id for c in closed) if closed else set()
        named = [(c.key_id, subjects[c.field]) for c in closed if c.field in subjects and c.key_id in here]
        return all(key_id in self._keys().keys_of(name) for key_id, name in named)

    def _already(self, row: EntryRow, index: int) -> Receipt:
        self._group.cover(index)
        return receipt(row, Stored(index, already=True), self.log.receipt)
