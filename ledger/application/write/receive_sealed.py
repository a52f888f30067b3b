"""Receive entries that were sealed for this ledger elsewhere, page by page, and refuse copied commitments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import BoundedSemaphore

from ledger.adapters.storage.entry_recorder import EntryRow
from ledger.adapters.storage.entry_store import Conflict, EntryStore
from ledger.application.worker_pool import without_cycles
from ledger.application.write.encrypt import ISSUED, ValueEncrypter
from ledger.application.write.group_commit import REFERENCE, Request
from ledger.application.write.parallel_open import CORES, VerifierPool, at, open_entries
from ledger.application.write.receipt import Receipt
from ledger.application.write.write_position import PendingBatch
from ledger.entries.envelope import OpenedEntry, commitments_of
from ledger.entries.text_form import check_texts
from ledger.errors import RecordError
from ledger.formats.selective_disclosure import Disclosure, digest_of, lift
from ledger.verify.field_forms import check_sealed

_ORDERS = 64  # whose earlier entries are read at a time
_VERIFYING = BoundedSemaphore(CORES)  # more threads at once would keep the storing one from running
_KEPT = 4_096  # orders whose commitments are remembered


class SealedReceiver:
    """Receives sealed entries for one ledger.

    `commit` stores and acknowledges a request; `known` makes the receipt of a row that is stored already.
    """

    def __init__(
        self,
        store: EntryStore,
        values: ValueEncrypter,
        commit: Callable[[Request], list[Receipt]],
        known: Callable[[EntryRow, int], Receipt],
    ) -> None:
        self._store = store
        self._values = values
        self._commit = commit
        self._known = known
        self._openers = VerifierPool()
        self._committed: dict[str, set[str]] = {}

    def close(self) -> None:
        """Stop the processes."""
        self._openers.close()

    def receive(self, entries: Sequence[bytes], disclosures: Sequence[Sequence[str]] | None = None) -> list[Receipt]:
        """Store the entries in pages of some thousands, each whole or not at all; see `Journal.receive_sealed`."""
        texts = disclosures or [()] * len(entries)
        receipts: list[Receipt] = []
        with without_cycles():
            for start, page in self._openers.pages(entries):
                receipts += self._receive_page(start, page, texts[start : start + len(page)])
        return receipts

    def receive_whole(
        self, entries: Sequence[bytes], disclosures: Sequence[Sequence[str]] | None = None
    ) -> list[Receipt]:
        """Store the entries all or none; they are verified in the calling thread, and several threads may call this."""
        with _VERIFYING:
            page = open_entries(entries)
        return self._receive_page(0, page, disclosures or [()] * len(entries))

    def _receive_page(self, start: int, page: Sequence[OpenedEntry], texts: Sequence[Sequence[str]]) -> list[Receipt]:
        receipts: dict[int, Receipt] = {}
        committed: OrderCommitments | None = None
        again = False

        def take(batch: PendingBatch) -> list[EntryRow]:
            nonlocal committed, again
            rows = []
            batch.look_up({opened.payload.order for opened in page})
            with_texts = [opened for opened, disclosed in zip(page, texts, strict=True) if disclosed]
            keys = self._values.keys_for(with_texts) if with_texts else {}
            committed = OrderCommitments(self._committed, self._store, page, batch)
            for i, (opened, disclosed) in enumerate(zip(page, texts, strict=True)):
                head = batch.head(opened.payload.order)
                if (
                    head
                    and opened.payload.seq <= head.seq
                    and (stored := self._store.by_leaf(bytes.fromhex(opened.leaf)))
                ):
                    receipts[i] = self._known(self._values.row(opened, (), {}), stored[0])
                    continue
                if again and self._store.by_entry(bytes.fromhex(opened.payload.entry)):
                    raise Conflict(
                        "its entry id is that of another entry", where=f"entry {start + i} of those received"
                    )
                try:
                    values = lift(disclosed, opened.sd, public=opened.payload.public) if disclosed else {}
                    if values:  # all else was checked where the entry was opened
                        check_sealed(opened.payload, values)
                        check_texts(opened.payload, values)
                    batch.admit(opened, values)
                    committed.admit(opened)
                except RecordError as refused:
                    raise at(start + i, refused) from refused
                opened_values = [
                    Disclosure(b"", name, values[name], text, digest_of(text))
                    for name, text in zip(values, disclosed, strict=True)
                ]
                rows.append(self._values.row(opened, opened_values, {}, keys))
            again = True
            return rows

        issues = any(opened.payload.kind == ISSUED for opened in page)
        names = {name for opened in page for name in (opened.payload.order, opened.payload.entry)}
        fresh = iter(self._commit(Request(take, len(page), names, REFERENCE if issues else frozenset())))
        if committed is not None:
            committed.keep()
        return [receipts[i] if i in receipts else next(fresh) for i in range(len(page))]


class OrderCommitments:
    """The commitments of the orders of a page: one that occurs twice was copied by a signer who knew the value.

    `kept` has the commitments of orders met before, by the leaf of the newest entry, which stands for all earlier ones.
    """

    def __init__(
        self, kept: dict[str, set[str]], store: EntryStore, page: Sequence[OpenedEntry], trial: PendingBatch
    ) -> None:
        self._kept = kept
        self._orders: dict[str, set[str]] = {}
        self._newest: dict[str, str] = {}
        sealing = {o.payload.order for o in page if o.sd}
        earlier = []
        for order in {o.payload.order for o in page}:
            head = trial.head(order)
            commitments = kept.pop(head.leaf, None) if head else set()
            if commitments is None and order in sealing:
                earlier.append(order)
                commitments = set()
            if commitments is not None:
                self._orders[order], self._newest[order] = commitments, head.leaf if head else ""
        for start in range(0, len(earlier), _ORDERS):
            for order, raw in store.of_orders(earlier[start : start + _ORDERS]):
                self._orders[order].update(commitments_of(raw))

    def admit(self, opened: OpenedEntry) -> None:
        """Add an entry; `RecordError` SD-DUP if its order has one of its commitments already."""
        order, sd = opened.payload.order, opened.sd
        commitments = self._orders.get(order)
        if commitments is None:
            return
        if sd:
            if not commitments.isdisjoint(sd):
                raise RecordError("SD-DUP", "it repeats a commitment of an earlier entry of its order")
            commitments.update(sd)
        self._newest[order] = opened.leaf

    def keep(self) -> None:
        """Keep the commitments for the next page; call it when all added entries are stored."""
        if len(self._kept) > _KEPT:
            self._kept.clear()
        self._kept.update((leaf, self._orders[order]) for order, leaf in self._newest.items())
