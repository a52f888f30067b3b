"""Erase a data subject: destroy the keys of its sealed values, and record the destruction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from ledger.adapters.storage.entry_store import EntryStore
from ledger.adapters.subject_keys.key_store import DestroyedKey, SubjectKeyStore
from ledger.adapters.subject_keys.names import COMPANION
from ledger.application.case_reader import DESTROYED, CaseReader
from ledger.application.erasure_scope import ErasureScope, covered, destruction_drafts, logged, stated, stays
from ledger.application.subject_keys_binding import HINT, check_bound, elsewhere, where
from ledger.application.write.draft import Draft, target_of
from ledger.application.write.receipt import Receipt
from ledger.entries.envelope import Circumstances, Signer
from ledger.errors import LedgerError
from ledger.verify.disclosures import is_custodian


class Erasure:
    """Erase data subjects in one ledger. `keys` returns the subject keys; `LedgerError` KEYS-MISSING without them.

    `check_sealable` seals drafts on trial and raises what recording them would raise; `record` records them;
    `receipts` makes receipts of stored entries by their indices.
    """

    def __init__(
        self,
        store: EntryStore,
        cases: CaseReader,
        keys: Callable[[], SubjectKeyStore],
        now: Callable[[], datetime],
        check_sealable: Callable[[Sequence[Draft]], None],
        record: Callable[[Sequence[Draft]], list[Receipt]],
        receipts: Callable[[Iterable[int]], list[Receipt]],
    ) -> None:
        self._store = store
        self._cases = cases
        self._keys = keys
        self._now = now
        self._check_sealable = check_sealable
        self._record = record
        self._receipts = receipts

    def covered(self, subject: str, order: str | None = None) -> ErasureScope:
        """Return what the erasure of a data subject covers: its values in `order` and its companion, or in all orders.

        `LedgerError` KEYS-MISSING.
        """
        return covered(self._store, self._keys(), subject, order and self._place(order))

    def stays(self, order: str, keys: Collection[str]) -> dict[str, list[str]]:
        """Return the fields of an order, its companion and orders joined with it that other keys here open.

        They are by name of the data subject.
        """
        whole = (order, *self._cases.joins.parts_of(order))
        return stays(self._store, self._keys(), keys, [each for part in whole for each in self.around(part)])

    def logged(self, covered: ErasureScope) -> list[str]:
        """Return the offices whose persons or reasons, in the register and the access order, these keys seal."""
        return logged(self._store, self._cases, self._keys(), covered)

    def elsewhere(self, order: str | None = None) -> list[str]:
        """Return the keys of sealed values, of one order or all, that are neither here nor destroyed by an entry."""
        return elsewhere(self._store, self._cases, self._keys(), order and self.around(order))

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
        """Destroy the keys of a data subject (`target_of(order)` for an order's target), and record the destruction.

        In one order with its companion, or in all. First the entries are sealed on trial, then the keys are destroyed,
        so that the entries are true when they are signed. After a crash in between, the same call finishes the erasure;
        an erasure that is on record is not recorded again, and its receipts are `already`.

        `LedgerError`: KEYS-OTHER if there are values under keys that are not here, unless `only_here` leaves them out;
        SUBJECT-UNKNOWN if nothing is sealed under that name, KEYS-MISSING; `RecordError` as `record`. Then nothing was
        destroyed.
        """
        subject_keys, place = self._keys(), order and self._place(order)
        self.check_whole(order, only_here=only_here)
        keys = self.covered(subject, order).keys
        if not keys and not self._was_interrupted(subject, place, subject_keys.unrecorded()):
            return self._erased_before(subject, order)
        return self._destroy(keys, signer, said, cause, method, custodians)

    def erase_lost(
        self, signer: Signer, said: Circumstances | None = None, *, cause: str, custodians: Sequence[str] = ()
    ) -> list[Receipt]:
        """Remove the values under keys that no `keys.db` has any more, and record that they cannot be opened.

        Raises what `erase` raises; an empty list if there are none.
        """
        return self._destroy(self.lost().keys, signer, said, cause, "crypto-erased", custodians)

    def lost(self) -> ErasureScope:
        """Return the values under keys that are neither here nor destroyed by an entry. `LedgerError` KEYS-MISSING."""
        keys = tuple(self.elsewhere())
        return ErasureScope(
            keys, tuple(sorted(value for key_id in keys for value in self._store.encrypted_with(key_id)))
        )

    def _destroy(
        self,
        keys: Sequence[str],
        signer: Signer,
        said: Circumstances | None,
        cause: str,
        method: str,
        custodians: Sequence[str],
    ) -> list[Receipt]:
        """Destroy keys and those of interrupted erasures, and record what is not on record yet."""
        subject_keys, moment = self._keys(), self._now()
        said = said or Circumstances(moment, moment)
        cut = {each.key_id: each for each in subject_keys.unrecorded()}
        drafts: list[Draft] = []
        for key_id in (*cut, *keys):
            why, who = cause, custodians
            if key_id in cut and cut[key_id].cause is not None:
                why, who = str(cut[key_id].cause), cut[key_id].custodians
            drafts += destruction_drafts(
                self._store, self._cases, key_id, signer, said, cause=why, method=method, custodians=who
            )
        self._check_sealable(drafts)
        subject_keys.destroy(keys, cause, custodians)
        self._cases.forget()
        before = {index for key_id in keys for index in stated(self._store, self._cases, key_id)}
        receipts = [*self._receipts(before), *self._record(drafts)]
        for key_id in (*cut, *keys):
            self._store.remove_ciphertexts(key_id)
            subject_keys.mark_recorded(key_id)
        return receipts

    def check_whole(self, order: str | None, *, only_here: bool = False) -> None:
        """Raise `LedgerError` KEYS-OTHER if an erasure here would leave values that another `keys.db` opens."""
        if only_here:
            return
        check_bound(self._store, self._cases, self._keys())
        if others := self.elsewhere(order):
            says = f"{where(self._store, others)} are under keys that are not in this keys.db, and may be this person's"
            raise LedgerError(
                "KEYS-OTHER", says, "erase where those keys are; --only-here erases what this keys.db opens"
            )

    def _was_interrupted(self, subject: str, place: str | None, cut: Sequence[DestroyedKey]) -> bool:
        """Return True if the erasure of this subject was interrupted; `keys.db` version 1 names no subject."""
        places = {self._place(order) for each in cut for _, order, *_ in self._store.encrypted_with(each.key_id)}
        mine = self._keys().erased_keys(subject, [place] if place else sorted(places))
        return any(each.cause is None or each.key_id in mine for each in cut)

    def _erased_before(self, subject: str, order: str | None) -> list[Receipt]:
        """Return the receipts of the entries that state an erasure; SUBJECT-UNKNOWN if there is none."""
        subject_keys = self._keys()
        orders = [self._place(order)] if order else self._orders_erased()
        keys = subject_keys.erased_keys(subject, orders)
        stating = {index for key_id in keys for index in stated(self._store, self._cases, key_id)}
        if not stating and order and subject == target_of(order):  # erased before keys.db recorded erasures
            link = subject_keys.keys_of(f"{COMPANION}{subject_keys.companion_of(order)}", order)
            if set(self._store.sealing_keys(self.around(order))) <= link.keys():
                keyring = self._cases.keyring()
                entries = ((index, o) for index, o in self._cases.opened(order) if o.payload.kind == DESTROYED)
                stating = {index for index, o in entries if is_custodian(o, index, keyring)}
        if not stating:
            if others := self.elsewhere(order):
                says = f"{where(self._store, others)} are under keys that are not in this keys.db"
                raise LedgerError("KEYS-OTHER", f"no key of {subject!r} is here; {says}", HINT)
            which = "in this order" if order else "in this ledger"
            says = f"no data subject is called {subject!r} {which}: nothing is sealed under that name"
            raise LedgerError("SUBJECT-UNKNOWN", says, "by default the target of an order is meant: comity erase ORDER")
        return self._receipts(stating)

    def _orders_erased(self) -> list[str]:
        """Return the orders for which an entry says that a key was destroyed, as `keys.db` names them."""
        return [self._place(order) for order in self._store.orders_with(DESTROYED)]

    def _place(self, order: str) -> str:
        """Return the order under which `keys.db` has the keys of an order: one for register and access order."""
        return self._cases.registry if order == self._cases.access else self._keys().main_of(order) or order

    def around(self, order: str) -> list[str]:
        """Return an order with its companion, or the register with the access order."""
        place = self._place(order)
        companion = self._cases.access if place == self._cases.registry else self._keys().companion_of(place)
        return [place, *([companion] if companion else [])]
