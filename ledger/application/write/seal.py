"""From a fact to the row of an entry: find its place, seal it, open it again, encrypt its values."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import UNSET

from ledger.adapters.keys.key_files import Entropy
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.adapters.storage.entry_recorder import EntryRow
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.adapters.subject_keys.names import COMPANION
from ledger.application.case_reader import CaseReader
from ledger.application.write.draft import Draft, check_wrapped
from ledger.application.write.encrypt import ValueEncrypter
from ledger.application.write.parallel_open import open_entry
from ledger.application.write.place import EntryPlacer, completed_fact
from ledger.application.write.write_position import PendingBatch
from ledger.entries.case import Entry, check_dates, wire
from ledger.entries.envelope import Circumstances, EntryPlace, OpenedEntry, seal, unsigned_entry
from ledger.entries.payload import Condition
from ledger.entries.replacement import readers
from ledger.entries.text_form import check_texts
from ledger.entries.wrapped_entry import KIND
from ledger.errors import LedgerError
from ledger.facts import WHY, check_audience, public_of, sealed_of


class Sealer:
    """Seals for one ledger. Without `subject_keys` it seals only facts without sealed values.

    `check_bound` raises if the ledger's values are sealed with other subject keys.
    """

    def __init__(
        self,
        origin: str,
        cases: CaseReader,
        subject_keys: SubjectKeyStore | None,
        heads: CheckpointStore,
        entropy: Entropy,
        check_bound: Callable[[], None] = lambda: None,
    ) -> None:
        self._cases = cases
        self._subject_keys = subject_keys
        self._entropy = entropy
        self.values = ValueEncrypter(cases, self._keys, check_bound)
        self._placer = EntryPlacer(origin, cases, self._keys, heads, entropy)

    def seal(self, draft: Draft, batch: PendingBatch) -> EntryRow:
        """Seal a draft after the stored and the pending entries; `RecordError` if it cannot have that place."""
        if draft.said.audience:
            check_audience(draft.fact.kind, draft.said.audience)
        if draft.fact.kind == KIND:
            check_wrapped(draft)
        if draft.fact.shown_to or draft.carried or draft.said.why is not None or sealed_of(draft.fact):
            self.values.check_bound(batch)
        place = self._placer.place(draft, batch)
        entry = draft.entry or self._entropy(16).hex()
        circumstances = _with_readers(draft.said, batch)
        sealed = seal(completed_fact(draft), place, draft.signer, circumstances, entry, self._entropy)
        opened = open_entry(sealed.raw)
        values = {d.name: d.value for d in sealed.disclosures}
        check_texts(opened.payload, values)
        batch.admit(opened, values)
        # the link from a companion to its order outlives the erasure of the target's data: it names no person
        link = {"main_order": f"{COMPANION}{place.order}"}
        subjects = {**self.values.subjects_of(draft.said.replaces, list(values)), **link, **draft.subjects}
        disclosures = (*sealed.disclosures, *draft.carried)
        return self.values.row(opened, disclosures, subjects, reference=draft.reference, wraps=draft.wraps)

    def preview(self, draft: Draft, batch: PendingBatch, index: int) -> Entry:
        """Return the entry that a draft would become at `index`, unsigned and in the order itself.

        `RecordError` FORM-DATE.
        """
        check_dates(draft.said.on, draft.said.signed_at)
        return unsigned_entry(
            completed_fact(draft), self._placer.preview(draft, batch), draft.signer, draft.said, index
        )

    def same(self, draft: Draft, index: int, opened: OpenedEntry) -> bool:
        """Return True if a recorded entry says what the draft says; the moment of signing does not matter.

        The moment of the act does not matter either, if it is the moment of signing. A sealed value that can no longer
        be opened counts as the same.
        """
        p, fact, circumstances = opened.payload, completed_fact(draft), draft.said
        values = self._cases.values(index, opened)
        stated = sealed_of(fact) | ({} if circumstances.why is None else {WHY.name: circumstances.why})
        return (
            (p.kind, p.order) == (fact.kind, self._placer.order_of(draft))
            and {k: v for k, v in p.public.items() if k != "_sd"} == public_of(fact)
            and all(value == stated.get(name) for name, value in values.items())
            and set(stated) <= set(p.sealed)
            and (p.signer.actor, p.signer.role) == (draft.signer.actor, draft.signer.role)
            and (p.speaks, p.whose or None, p.replaces or None)
            == (circumstances.speaks, circumstances.whose, circumstances.replaces)
            and _asked(None if p.unless is UNSET else p.unless) == _asked(circumstances.unless)
            and (
                p.on == wire(circumstances.on) or (circumstances.on == circumstances.signed_at and p.on == p.signed_at)
            )
        )

    def _keys(self) -> SubjectKeyStore:
        if self._subject_keys is None:
            raise LedgerError(
                "KEYS-MISSING", "keys.db is missing, so sealed values could not be kept", "put its own backup back"
            )
        return self._subject_keys


def unsigned(draft: Draft, instrument: str | None) -> Entry:
    """Return the entry that a draft would become as the first of its order, without a place in a log."""
    place = EntryPlace("", draft.order, 0, None, instrument)
    return unsigned_entry(draft.fact, place, draft.signer, draft.said)


def _asked(condition: Condition | None) -> tuple[list[str], list[str]] | None:
    """Return the orders and kinds of a condition; the position may have moved since it was signed."""
    return None if condition is None else (condition.orders, condition.kinds)


def _with_readers(said: Circumstances, batch: PendingBatch) -> Circumstances:
    """Add the roles that may read why an entry is replaced, unless the circumstances name them."""
    old = batch.entry(said.replaces) if said.replaces and said.why is not None else None
    if old is None or WHY.name in (said.audience or {}):
        return said
    return msgspec.structs.replace(said, audience={**(said.audience or {}), WHY.name: readers(old[0].payload)})
