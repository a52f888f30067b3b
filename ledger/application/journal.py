"""The one door for writing: a fact goes in, a receipt comes out, and everything between happens or nothing does.

Read the order, veil what is personal, seal, open again and check, store, acknowledge. Sealing is outside the lock and
the transaction short: where somebody else wrote first, our seal is stale and is made again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from ledger.adapters.folders.ledger_folder import Folder, read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import Entropy, Key
from ledger.adapters.log.checkpoints import Heads
from ledger.adapters.log.log import Log
from ledger.adapters.storage.entry_recorder import REFERENCES, EntryRow, StaleVersion
from ledger.adapters.storage.entry_store import Conflict, EntryStore, Stored
from ledger.adapters.storage.subject_keys import COMPANION, Destroyed, SubjectKeyStore, Whose
from ledger.application.bulk_record import Ahead, Bulk, staged
from ledger.application.case_reader import DESTROYED, CaseReader
from ledger.application.create_ledger import found
from ledger.application.erasure import Covered, covered, logged, stated, stays, tell, unstated
from ledger.application.parallel_open import VerifierPool, at, without_cycles
from ledger.application.sealing import Draft, Sealer, check_entry_id, target_of
from ledger.application.subject_keys_binding import HINT, check_bound, elsewhere, where
from ledger.application.write_position import PendingBatch, WritePosition
from ledger.entries.case import Case, Entry
from ledger.entries.envelope import Circumstances, Opened, SignedBy, Signer, commitments_of, open_
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.text_form import check_texts
from ledger.errors import LedgerError, RecordError
from ledger.facts import Fact, build
from ledger.formats.selective_disclosure import Disclosure, digest_of, lift
from ledger.verify.disclosures import is_custodian
from ledger.verify.field_forms import check_sealed

_ORDERS = 64  # whose earlier entries are read at a time
_KEPT = 4_096  # orders whose commitments are remembered
_GREW = "the register grew meanwhile, or an order was issued"
_TRIES = 100  # of sealing again; each one lost is an entry somebody else got in


class Receipt(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Where an entry stands, and whether it stood there before this call; ids and hashes are hex."""

    index: int
    leaf: str
    entry: str
    order: str
    seq: int
    already: bool
    _prove: Callable[[int], bytes]

    @property
    def proof(self) -> bytes:
        """The c2sp.org/tlog-proof file, under the checkpoint this log has signed last."""
        return self._prove(self.index)


class Journal:
    """One ledger, open. `now` and `entropy` may be handed in, so that a story can be played with both simulated."""

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
        with ExitStack() as opened:  # closed again if one of the files cannot be opened
            self.store = opened.enter_context(closing(EntryStore(folder.entries, writable=writable)))
            self.heads = opened.enter_context(closing(Heads(folder.heads, writable=writable)))
            self.drawer: SubjectKeyStore | None = None
            if folder.drawer.exists():
                self.drawer = opened.enter_context(
                    closing(SubjectKeyStore(folder.drawer, writable=writable, entropy=entropy))
                )
            self.log = opened.enter_context(closing(self._log(say)))
            self.cases = CaseReader(folder, self.store, self.drawer, now)
            self.registry, self.access = self.cases.registry, self.cases.access
            self._past = WritePosition(folder.origin, folder.registrar, self.cases, self.store)
            self._sealer = Sealer(folder.origin, self.cases, self.drawer, self.heads, entropy, self._check_bound)
            self._openers = VerifierPool()
            self._committed: dict[str, set[str]] = {}
            self._unpublished = False
            self.caught_up = self._catch_up(say) if writable else range(0)  # entries the guard did not know of
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
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        entropy: Entropy = secrets.token_bytes,
    ) -> Journal:
        """Make a new ledger with its log key and guard, and open it; raises what `found` raises."""
        home = home or Home.user()
        found(path, origin, registrar, home, now(), test=test, store=store, entropy=entropy)
        return cls(read_folder(path), home, now=now, entropy=entropy)

    @classmethod
    def open(cls, path: Path, home: Home | None = None, **given: Any) -> Journal:
        """Open an existing ledger, its guard in `home`; by default where the ledger carries it, else the user's.

        Takes `writable`, `now`, `entropy` and `say` as `Journal` does. What a crash left unfinished is finished now, or
        `say` is told why not. `LedgerError`: NO-LEDGER, TRUST, LOG-CORRUPT.
        """
        return cls(read_folder(path), home or Home.of(path), **given)

    def close(self) -> None:
        """Publish what was recorded, and close every file."""
        self._openers.close()  # first: they hold copies of what the others close
        try:
            if self._unpublished:
                self.publish()
        finally:
            self.log.close()
            self.heads.close()
            self.store.close()
            if self.drawer:
                self.drawer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def publish(self) -> None:
        """Write tiles and checkpoint for what was acknowledged."""
        self.log.publish()
        self._unpublished = False

    def _catch_up(self, say: Callable[[str], None]) -> range:
        try:
            self._finish_erasures(say)
        except LedgerError as fault:  # this writer may not drop ciphertexts
            say(str(fault))
        try:
            return range(self.log.signed().size, self.log.catch_up().size)
        except LedgerError as fault:  # reading goes on; whoever wants to write meets it again
            say(str(fault))
            return range(0)

    def _finish_erasures(self, say: Callable[[str], None]) -> None:
        """Drop what is encrypted under keys whose destruction is on record; say so of those it is not yet."""
        for each in self.drawer.untold() if self.drawer else ():
            if not unstated(self.store, self.cases, each.key_id):
                self.store.remove_ciphertexts(each.key_id)
                self._keys().told(each.key_id)
            else:
                say("a key was destroyed and the record does not say so yet: repeat the erasure")

    def _check_bound(self) -> None:
        check_bound(self.store, self.cases, self._keys())

    # -- reading ------------------------------------------------------------------------------------------------------

    @property
    def keyring(self) -> Keyring:
        """The keys and offices as registered now."""
        self._past.forget()
        return self._past.keyring

    def case(self, order: str, *, reveal: bool = True, label: str | None = None) -> Case:
        """All that may be asked about an order; see `CaseReader.case`."""
        return self.cases.case(order, reveal=reveal, label=label)

    def find(self, name: str) -> str:
        """The id of the order that people call `name`; see `CaseReader.find`."""
        return self.cases.find(name)

    def orders(self) -> Iterator[str]:
        """The ids of the orders people ask about."""
        return self.cases.orders()

    def signer(self, actor: str, role: str, key: Key, *, accepts: bool = True) -> Signer:
        """Return an actor of the register about to sign with `key`; `accepts`: what it signs may accept that very key.

        `RecordError` as recording would: KEY-UNKNOWN for no such office or key, KEY-ENDED, KEY-ROLE for a role that
        they do not hold. A command asks before it does what costs something or cannot be taken back.
        """
        keyring, size = self.keyring, self.store.size()
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

        `said` is, where nothing else is given, that it happens now; `more` are the other fields of a `Draft`. Raises
        `RecordError` if it cannot stand there (FACT, ENV-SIZE, KEY-*, CTX-*; nothing is written), `Conflict` if its
        entry id stands for another fact, and `LedgerError` (BUSY, GUARD-MISSING, LOG-ROLLBACK, CLOCK-BACK, ...).
        """
        moment = self.now()
        return self.record_batch([Draft(fact, order, signer, said or Circumstances(moment, moment), **more)])[0]

    def record_batch(self, drafts: Sequence[Draft], check: Callable[[], None] | None = None) -> list[Receipt]:
        """Record several facts in their order, all or none, in one transaction. Raises what `record` raises.

        `check` refuses drafts because of the references of other orders. It is called before each sealing, and nothing
        is stored if there is another reference by then.
        """
        known: dict[int, Receipt] = {}

        def seal(trial: PendingBatch) -> list[EntryRow]:
            known.update({i: r for i, d in enumerate(drafts) if d.entry and (r := self._recorded(d, d.entry))})
            if check is not None and len(known) < len(drafts):
                trial.still = {**trial.still, REFERENCES: self.store.reference_count()}
                check()
            return [self._sealer.seal(d, trial) for i, d in enumerate(drafts) if i not in known]

        fresh = iter(self._store(seal))
        return [known[i] if i in known else next(fresh) for i in range(len(drafts))]

    @contextmanager
    def many(self, report: Callable[[int, int], None] = lambda done, total: None) -> Iterator[Bulk]:
        """Record any number of facts, all or none, in flat memory: those added to the `Bulk`, when the block ends well.

        `report(done, total)` hears of the storing. Raises what `record` raises, and `Conflict` where somebody else
        wrote to the register or to one of the orders meanwhile, or issued an order where one is among the facts:
        nothing was stored, and all has to be checked and sealed again.
        """
        self.log.ready()
        with staged() as staging:
            past = Ahead(self.origin, self.folder.registrar, self.cases, self.store, staging)
            bulk = Bulk(staging, past, self._sealer, self.recorded, self.store.reference_count())
            yield bulk
            try:
                indices = bulk.store(self.store, report)
            except StaleVersion as moved:
                raise Conflict(_GREW) from moved
        self._past.forget()
        if indices:
            self._unpublished = True
            self.log.acknowledge(indices[-1])

    def prepare(self, whose: Sequence[Whose]) -> None:
        """Make the keys of these subjects and orders in one durable transaction instead of one for each order.

        `LedgerError` KEYS-OTHER.
        """
        if self.drawer is not None:
            self._check_bound()
            self.drawer.keys_for(whose)

    def recorded(self, draft: Draft) -> str | None:
        """The leaf hash of the entry that stands under a draft's own id; `Conflict` if it says something else."""
        receipt = self._recorded(draft, draft.entry) if draft.entry else None
        return receipt.leaf if receipt else None

    def receive_sealed(
        self, entries: Sequence[bytes], disclosures: Sequence[Sequence[str]] | None = None
    ) -> list[Receipt]:
        """Take in entries that were sealed for this ledger elsewhere, with the disclosure strings that came along.

        Every signature, chain, key and form is checked; a page of some thousands is stored whole or not at all. An
        entry that is here already keeps its place. Raises `RecordError` as `record` does, with the number of the entry.
        """
        texts = disclosures or [()] * len(entries)
        receipts: list[Receipt] = []
        with without_cycles():
            for start, page in self._openers.pages(entries):
                receipts += self._receive(start, page, texts[start : start + len(page)])
        return receipts

    def covered(self, subject: str, order: str | None = None) -> Covered:
        """What the erasure of a data subject covers: its values in `order` and its companion, or in all orders.

        `LedgerError` KEYS-MISSING.
        """
        return covered(self.store, self._keys(), subject, order and self._place(order))

    def stays(self, order: str, keys: Collection[str]) -> dict[str, list[str]]:
        """What of an order and its companion can be read here without these keys: fields by name of the subject."""
        return stays(self.store, self._keys(), keys, self._around(order))

    def logged(self, covered: Covered) -> list[str]:
        """The offices of whose persons, in the register and in the log of accesses, these keys seal what is said."""
        return logged(self.store, self.cases, self._keys(), covered)

    def elsewhere(self, order: str | None = None) -> list[str]:
        """The keys, of values in one order and its companion or in all, neither here nor destroyed by an entry."""
        return elsewhere(self.store, self.cases, self._keys(), order and self._around(order))

    def erase(
        self,
        subject: str,
        signer: Signer,
        said: Circumstances | None = None,
        *,
        order: str | None = None,
        cause: str,
        method: str = "crypto-erased",
        custodians: Sequence[str] = (),
        only_here: bool = False,
    ) -> list[Receipt]:
        """Destroy the keys of a data subject (`target_of(order)` for an order's target), and record that they were.

        In one order with its companion, or in all. First it is made sure that the entries can be recorded, then the
        keys are destroyed, so that what the entries say is true when it is signed. After a crash in between, the same
        call finishes; what was erased before is not recorded again, and its receipts are `already`.

        `LedgerError`: KEYS-OTHER if there are values under keys that are not here, unless `only_here` leaves them out;
        SUBJECT-UNKNOWN if nothing is sealed under that name, KEYS-MISSING; `RecordError` as `record`. Then nothing was
        destroyed.
        """
        drawer, place = self._keys(), order and self._place(order)
        self.check_whole(order, only_here=only_here)
        keys = self.covered(subject, order).keys
        if not keys and not self._cut_short(subject, place, drawer.untold()):
            return self._erased_before(subject, order)
        return self._destroy(keys, signer, said, cause, method, custodians)

    def erase_lost(
        self, signer: Signer, said: Circumstances | None = None, *, cause: str, custodians: Sequence[str] = ()
    ) -> list[Receipt]:
        """Drop the values under keys that are in no `keys.db` any more, and record that nobody can open them.

        Raises what `erase` raises; an empty list if there are none.
        """
        return self._destroy(self.lost().keys, signer, said, cause, "crypto-erased", custodians)

    def lost(self) -> Covered:
        """The values under keys that are neither here nor destroyed by an entry. `LedgerError` KEYS-MISSING."""
        keys = tuple(self.elsewhere())
        return Covered(keys, tuple(sorted(value for key_id in keys for value in self.store.encrypted_with(key_id))))

    def _destroy(
        self,
        keys: Sequence[str],
        signer: Signer,
        said: Circumstances | None,
        cause: str,
        method: str,
        custodians: Sequence[str],
    ) -> list[Receipt]:
        """Destroy keys and those of erasures that were cut short, and record all that is not on record yet."""
        drawer, moment = self._keys(), self.now()
        said = said or Circumstances(moment, moment)
        cut = {each.key_id: each for each in drawer.untold()}
        drafts: list[Draft] = []
        for key_id in (*cut, *keys):
            why, who = cause, custodians
            if key_id in cut and cut[key_id].cause is not None:
                why, who = str(cut[key_id].cause), cut[key_id].custodians
            drafts += tell(self.store, self.cases, key_id, signer, said, cause=why, method=method, custodians=who)
        self.log.ready()
        trial = PendingBatch(self._past)
        for draft in drafts:
            self._sealer.seal(draft, trial)
        drawer.destroy(keys, cause, custodians)
        self.cases.forget()
        before = {index for key_id in keys for index in stated(self.store, self.cases, key_id)}
        receipts = [*self._already(before), *self.record_batch(drafts)]
        for key_id in (*cut, *keys):
            self.store.remove_ciphertexts(key_id)
            drawer.told(key_id)
        return receipts

    def check_whole(self, order: str | None, *, only_here: bool = False) -> None:
        """`LedgerError` KEYS-OTHER if an erasure here would leave values that another `keys.db` opens."""
        if only_here:
            return
        check_bound(self.store, self.cases, self._keys())
        if others := self.elsewhere(order):
            says = f"{where(self.store, others)} are under keys that are not in this keys.db, and may be this person's"
            raise LedgerError(
                "KEYS-OTHER", says, "erase where those keys are; --only-here erases what this keys.db opens"
            )

    def _cut_short(self, subject: str, place: str | None, cut: Sequence[Destroyed]) -> bool:
        """True if this subject's erasure was cut short; version 1 of `keys.db` does not say whose it was."""
        there = {self._place(order) for each in cut for _, order, *_ in self.store.encrypted_with(each.key_id)}
        mine = self._keys().erased(subject, [place] if place else sorted(there))
        return any(each.cause is None or each.key_id in mine for each in cut)

    def _erased_before(self, subject: str, order: str | None) -> list[Receipt]:
        """The receipts of the entries that state the erasure of a subject; SUBJECT-UNKNOWN if there was none."""
        drawer = self._keys()
        orders = [self._place(order)] if order else self._orders_erased()
        said = {index for key_id in drawer.erased(subject, orders) for index in stated(self.store, self.cases, key_id)}
        if not said and order and subject == target_of(order):  # of one erased before keys.db remembered it
            link = drawer.keys_of(f"{COMPANION}{drawer.companion_of(order)}", order)
            if set(self.store.sealing_keys(self._around(order))) <= link.keys():
                keyring = self.cases.keyring()
                told = ((index, o) for index, o in self.cases.opened(order) if o.payload.kind == DESTROYED)
                said = {index for index, o in told if is_custodian(o, index, keyring)}
        if not said:
            if others := self.elsewhere(order):
                says = f"{where(self.store, others)} are under keys that are not in this keys.db"
                raise LedgerError("KEYS-OTHER", f"no key of {subject!r} is here; {says}", HINT)
            which = "in this order" if order else "in this ledger"
            says = f"no data subject is called {subject!r} {which}: nothing is sealed under that name"
            raise LedgerError("SUBJECT-UNKNOWN", says, "by default the target of an order is meant: comity erase ORDER")
        return self._already(said)

    def _already(self, entries: Iterable[int]) -> list[Receipt]:
        """The receipts of entries of this log, by their indices."""
        rows = [(index, open_(self.store.at(index) or b"", verify=False)) for index in sorted(entries)]
        return [self._receipt(self._sealer.row(o, (), {}), Stored(index, already=True)) for index, o in rows]

    def _orders_erased(self) -> list[str]:
        """The orders of which an entry says that a key was destroyed, as `keys.db` names them."""
        return [self._place(order) for order in self.store.orders_with(DESTROYED)]

    def _place(self, order: str) -> str:
        """The order under which `keys.db` has the keys of an order: a companion's own, one for register and access."""
        return self.registry if order == self.access else self._keys().main_of(order) or order

    def _around(self, order: str) -> list[str]:
        """An order with its companion; the register with the access order."""
        place = self._place(order)
        beside = self.access if place == self.registry else self._keys().companion_of(place)
        return [place, *([beside] if beside else [])]

    def _keys(self) -> SubjectKeyStore:
        if self.drawer is None:
            says = "keys.db is missing: there is no key to open or to destroy"
            raise LedgerError("KEYS-MISSING", says, "put its own backup back")
        return self.drawer

    def preview(self, fact: Fact, order: str, signer: Signer, said: Circumstances | None = None, **more: Any) -> Entry:
        """The entry a fact would become, for the law to comment on before anybody signs; its leaf is all zeros."""
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

        `entry` is an id by which the call can be repeated. One that `replaces` an access (its leaf) says that nothing
        was handed out after it. `LedgerError` KEYS-OTHER if none of the values in these orders can be opened here.
        """
        if replaces is None:
            self._check_openable(orders)
        moment = self.now()
        public = {"view": view, "purpose_code": purpose, "orders": list(orders)}
        fact = build("record-accessed", public, {"justification": because, "person": person})
        said = Circumstances(moment, moment, replaces=replaces, why=None if replaces is None else because)
        return self.record(fact, self.access, signer, said, entry=entry)

    def _check_openable(self, orders: Sequence[str]) -> None:
        around = [each for order in orders for each in self._around(order)] if self.drawer else []
        keys = self.store.sealing_keys(around)
        if keys and not self._keys().held(keys) and (others := elsewhere(self.store, self.cases, self._keys(), around)):
            says = f"{where(self.store, others)} are under keys that are not in this keys.db: nothing would be opened"
            raise LedgerError("KEYS-OTHER", says, HINT)

    def new_id(self) -> str:
        """An entry id that nothing stands under yet: 32 hex digits."""
        return self._entropy(16).hex()

    def has(self, entry: str) -> bool:
        """True if an entry stands under this id."""
        return self.store.by_entry(check_entry_id(entry)) is not None

    def _receive(self, start: int, page: Sequence[Opened], texts: Sequence[Sequence[str]]) -> list[Receipt]:
        known: dict[int, Receipt] = {}
        committed: _Committed | None = None

        def take(trial: PendingBatch) -> list[EntryRow]:
            nonlocal committed
            rows = []
            trial.look_up({opened.payload.order for opened in page})
            with_texts = [opened for opened, told in zip(page, texts, strict=True) if told]
            keys = self._sealer.keys_for(with_texts) if with_texts else {}
            committed = _Committed(self._committed, self.store, page, trial)
            for i, (opened, told) in enumerate(zip(page, texts, strict=True)):
                head = trial.head(opened.payload.order)
                if (
                    head
                    and opened.payload.seq <= head.seq
                    and (found := self.store.by_leaf(bytes.fromhex(opened.leaf)))
                ):
                    known[i] = self._receipt(self._sealer.row(opened, (), {}), Stored(found[0], already=True))
                    continue
                try:
                    values = lift(told, opened.sd, public=opened.payload.public) if told else {}
                    if values:  # all else was checked where the entry was opened
                        check_sealed(opened.payload, values)
                        check_texts(opened.payload, values)
                    trial.admit(opened, values)
                    committed.admit(opened)
                except RecordError as refused:
                    raise at(start + i, refused) from refused
                lifted = [
                    Disclosure(b"", name, values[name], text, digest_of(text))
                    for name, text in zip(values, told, strict=True)
                ]
                rows.append(self._sealer.row(opened, lifted, {}, keys))
            return rows

        fresh = iter(self._store(take))
        if committed is not None:
            committed.keep()
        return [known[i] if i in known else next(fresh) for i in range(len(page))]

    def _store(self, make: Callable[[PendingBatch], list[EntryRow]]) -> list[Receipt]:
        """Store and acknowledge the rows that `make` gives; asked again for each time somebody else was quicker."""
        self.log.ready()
        for left in reversed(range(_TRIES)):
            trial = PendingBatch(self._past)
            rows = make(trial)
            if not rows:
                return []
            try:
                stored = self.store.append(rows, expected=trial.still)
            except (Conflict, StaleVersion) as lost:
                self._past.forget()
                if not left:
                    raise lost if isinstance(lost, Conflict) else Conflict(_GREW) from lost
            else:
                self._past.learn(trial.heads)
                self._unpublished = True
                self.log.acknowledge(max(place.index for place in stored))
                return [self._receipt(row, place) for row, place in zip(rows, stored, strict=True)]
        raise AssertionError("unreachable")

    def _recorded(self, draft: Draft, entry: str) -> Receipt | None:
        """The receipt of a draft that was recorded before under its own id; `Conflict` if another fact has that id."""
        found = self.store.by_entry(check_entry_id(entry))
        if found is None:
            return None
        index, raw = found
        opened = open_(raw, verify=False)
        if not self._sealer.same(draft, index, opened) or not self._same_subjects(draft.subjects, index, opened):
            raise Conflict("this entry id stands for another fact", where=f"entry {index}")
        return self._receipt(self._sealer.row(opened, (), {}), Stored(index, already=True))

    def _same_subjects(self, subjects: Mapping[str, str], index: int, opened: Opened) -> bool:
        """True if no value of a recorded entry is sealed for another subject than the one named for its field."""
        closed = self.store.ciphertexts(opened.payload.order).get(index, []) if subjects and self.drawer else []
        here = self._keys().held(c.key_id for c in closed) if closed else set()
        named = [(c.key_id, subjects[c.field]) for c in closed if c.field in subjects and c.key_id in here]
        return all(key_id in self._keys().keys_of(name) for key_id, name in named)

    def _receipt(self, row: EntryRow, place: Stored) -> Receipt:
        return Receipt(
            place.index,
            row.leaf.hex(),
            row.entry_id.hex(),
            str(row.originator_id),
            row.originator_version,
            place.already,
            self.log.receipt,
        )


class _Committed:
    """The commitments of orders that entries are received for: one that is made twice was copied from whoever knew.

    `kept` has those of orders met before, by the leaf of the newest entry, which stands for all entries before it.
    """

    def __init__(
        self, kept: dict[str, set[str]], store: EntryStore, page: Sequence[Opened], trial: PendingBatch
    ) -> None:
        self._kept = kept
        self._orders: dict[str, set[str]] = {}
        self._newest: dict[str, str] = {}
        sealing = {o.payload.order for o in page if o.sd}
        earlier = []
        for order in {o.payload.order for o in page}:
            head = trial.head(order)
            made = kept.pop(head.leaf, None) if head else set()
            if made is None and order in sealing:
                earlier.append(order)
                made = set()
            if made is not None:
                self._orders[order], self._newest[order] = made, head.leaf if head else ""
        for start in range(0, len(earlier), _ORDERS):
            for order, raw in store.of_orders(earlier[start : start + _ORDERS]):
                self._orders[order].update(commitments_of(raw))

    def admit(self, opened: Opened) -> None:
        """Take one more entry; `RecordError` SD-DUP if its order has one of its commitments already."""
        order, sd = opened.payload.order, opened.sd
        made = self._orders.get(order)
        if made is None:
            return
        if sd:
            if not made.isdisjoint(sd):
                raise RecordError("SD-DUP", "it repeats a commitment of an earlier entry of its order")
            made.update(sd)
        self._newest[order] = opened.leaf

    def keep(self) -> None:
        """Remember the commitments for the next page: all entries that were taken are stored."""
        if len(self._kept) > _KEPT:
            self._kept.clear()
        self._kept.update((leaf, self._orders[order]) for order, leaf in self._newest.items())
