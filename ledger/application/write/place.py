"""Find the place of a draft: its order or the companion of its order, its number there, and the head it has seen."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import msgspec

from ledger.adapters.keys.key_files import Entropy
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.application.case_reader import CaseReader
from ledger.application.write.draft import Draft
from ledger.application.write.write_position import PendingBatch
from ledger.entries.envelope import EntryPlace
from ledger.entries.payload import Seen
from ledger.facts import Fact, public_of


class EntryPlacer:
    """Finds places in one ledger; `keys` returns the store of subject keys, which knows the companion orders."""

    def __init__(
        self,
        origin: str,
        cases: CaseReader,
        keys: Callable[[], SubjectKeyStore],
        heads: CheckpointStore,
        entropy: Entropy,
    ) -> None:
        self._origin = origin
        self._cases = cases
        self._keys = keys
        self._heads = heads
        self._entropy = entropy

    def place(self, draft: Draft, batch: PendingBatch) -> EntryPlace:
        """Return the place after the newest entry of the order, stored or pending."""
        return self._place(draft, self.order_of(draft), batch, self._seen())

    def preview(self, draft: Draft, batch: PendingBatch) -> EntryPlace:
        """Return the place in the order itself; a companion is neither looked up nor made."""
        return self._place(draft, draft.order, batch, None)

    def order_of(self, draft: Draft) -> str:
        """Return the order of an entry: the companion order, if only some roles may know that the entry exists."""
        if not draft.fact.shown_to:
            return draft.order
        keys = self._keys()
        if (companion := keys.companion_of(draft.order)) is not None:
            return companion
        if keys.main_of(draft.order) is not None:
            return draft.order  # it is a companion itself
        return keys.companion_for(draft.order, str(uuid.UUID(bytes=self._entropy(16), version=4)))

    def _place(self, draft: Draft, order: str, batch: PendingBatch, seen: Seen | None) -> EntryPlace:
        head = batch.head(order)
        return EntryPlace(
            log=self._origin,
            order=order,
            seq=head.seq + 1 if head else 1,
            prev=head.leaf if head else None,
            instrument=head.instrument if head else self._instrument(draft, batch),
            seen=seen,
        )

    def _instrument(self, draft: Draft, batch: PendingBatch) -> str | None:
        """Return the instrument of an order that begins: a companion has that of its order."""
        if draft.order in self._cases.reserved:
            return None
        main = batch.head(draft.order)
        if main is not None:
            return main.instrument
        named: str | None = public_of(draft.fact).get("instrument")
        return named or draft.instrument

    def _seen(self) -> Seen | None:
        head = self._heads.newest_cosigned()
        return Seen(self._origin, head.size, head.digest) if head else None


def completed_fact(draft: Draft) -> Fact:
    """Return the fact with the order that it belongs to, where its kind names one and the draft does not."""
    fact = draft.fact
    if "main_order" in fact.fields() and getattr(fact, "main_order", None) is None:
        return msgspec.structs.replace(fact, main_order=draft.order)
    return fact
