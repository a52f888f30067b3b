"""Encrypt the sealed values of an entry, each under the key of its data subject, and make the row of the entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

from ledger.adapters.storage.entry_reader import Ciphertext
from ledger.adapters.storage.entry_recorder import EntryRow
from ledger.adapters.subject_keys.key_store import SubjectInOrder, SubjectKeys, SubjectKeyStore
from ledger.application.case_reader import CaseReader
from ledger.application.write.draft import holder_of, kept_subjects, target_of
from ledger.application.write.write_position import PendingBatch
from ledger.entries.case import JOINING
from ledger.entries.envelope import OpenedEntry, open_
from ledger.errors import LedgerError
from ledger.formats.selective_disclosure import Disclosure

ISSUED = "order-issued"  # the kind of entry that gives an order its reference
SAME = "first_order"
LINKS = ("new_order", "prior_order", SAME)  # fields that name the order after or before this one, or the same


class ValueEncrypter:
    """Encrypts the values of one ledger. `keys` returns its subject keys; LedgerError KEYS-MISSING without them.

    `check_bound` raises KEYS-OTHER if the ledger's values are sealed with the keys of another `keys.db`.
    """

    def __init__(
        self, cases: CaseReader, keys: Callable[[], SubjectKeyStore], check_bound: Callable[[], None] = lambda: None
    ) -> None:
        self._cases = cases
        self._keys = keys
        self._bound = check_bound
        self._checked_for: PendingBatch | None = None

    def check_bound(self, batch: PendingBatch | None) -> None:
        """Raise `LedgerError` KEYS-OTHER or KEYS-MISSING where values cannot be sealed; once for each group."""
        group = batch and batch.group
        if group is None or group is not self._checked_for:
            self._keys()
            self._bound()
            self._checked_for = group

    def keys_for(self, entries: Iterable[OpenedEntry]) -> SubjectKeys:
        """Return the keys of the default data subjects of these entries; missing keys are made."""
        self.check_bound(None)
        return self._keys().keys_for({self._subject(opened) for opened in entries})

    def row(
        self,
        opened: OpenedEntry,
        disclosures: Sequence[Disclosure],
        subjects: Mapping[str, str],
        keys: SubjectKeys | None = None,
        reference: str | None = None,
        wraps: bytes | None = None,
    ) -> EntryRow:
        """Return the row of an entry with its encrypted values; `subjects` names the data subjects of single fields.

        `wraps` is the entry of another log that it takes in. `LedgerError` KEYS-KEPT.
        """
        p = opened.payload
        closed: tuple[Ciphertext, ...] = ()
        if disclosures:
            subject, place = self._subject(opened)

            def whose(field: str) -> SubjectInOrder:
                return subjects.get(field, subject), place

            if keys is None:
                keys = self._keys().keys_for([whose(d.name) for d in disclosures])
            closed = self._keys().encrypt_values(p.entry, disclosures, whose, keys)
            self._check_kept(place, {c.key_id for c in closed})
        return row_of(opened, closed, reference, wraps)

    def subjects_of(self, replaced: str | None, fields: Sequence[str]) -> dict[str, str]:
        """Return the data subjects of the fields of an entry that replaces a stored one, by its leaf hash."""
        keys = self._cases.sealing_keys(replaced) if replaced and fields else {}
        return kept_subjects({f: self._keys().name_of(k) for f, k in keys.items() if f != "main_order"}, fields)

    def _subject(self, opened: OpenedEntry) -> SubjectInOrder:
        p = opened.payload
        if p.order in (self._cases.registry, self._cases.access):  # one key for both
            return holder_of(p.public.get("actor", p.signer.actor)), self._cases.registry
        main = self._keys().main_of(p.order) or p.order
        return target_of(main), main

    def _check_kept(self, place: str, keys: Set[str]) -> None:
        """Raise `LedgerError` KEYS-KEPT where an entry says that one of these keys was destroyed: a copy has it."""
        if not (emptied := {key_id for key_id in keys if self._cases.is_emptied(key_id)}):
            return
        companion = self._cases.access if place == self._cases.registry else self._keys().companion_of(place)
        destroyed = self._cases.destroyed_keys([place, *([companion] if companion else [])])
        if back := sorted(destroyed[key_id] for key_id in emptied & destroyed.keys()):
            says = f"entry {back[0]} says that this key was destroyed, and keys.db here still has it"
            hint = "this keys.db is an old copy: repeat the erasure with it, or go on where it was"
            raise LedgerError("KEYS-KEPT", says, hint)


def row_of(
    opened: OpenedEntry,
    ciphertexts: tuple[Ciphertext, ...] = (),
    reference: str | None = None,
    wraps: bytes | None = None,
) -> EntryRow:
    """Return the row of an entry; `reference` is that of a wrapped order, an own order names its reference itself.

    `wraps` is a wrapped entry: the order that it joins with its own is linked here too.
    """
    p = opened.payload
    inner = None if wraps is None else open_(wraps, verify=False).payload
    same = {SAME: inner.public.get(SAME)} if inner is not None and inner.kind == JOINING else {}
    return EntryRow(
        originator_id=p.order,
        originator_version=p.seq,
        topic=p.kind,
        state=opened.raw,
        entry_id=bytes.fromhex(p.entry),
        leaf=bytes.fromhex(opened.leaf),
        ciphertexts=ciphertexts,
        reference=p.public.get("reference") if p.kind == ISSUED else reference,
        links=_linked_orders({**p.public, **same}, p.order),
    )


def _linked_orders(public: Mapping[str, Any], order: str) -> tuple[str, ...]:
    return tuple(named for name in LINKS if isinstance(named := public.get(name), str) and named != order)
