"""Keep the log: a checkpoint that this log has signed covers every acknowledged entry, and each size is signed once.

The row commits an entry, and the checkpoint acknowledges it. One record takes two syncs: the transaction in
the event store, and the guard, which holds size, root and the signed note. What a crash leaves:

    after the row        an entry beyond the guard: acknowledged at the next opening
    after the guard      files that are behind: written again, with the same bytes
    between two tiles    the same; the checkpoint is written last
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ledger.adapters.guard.signed_state import Signed
from ledger.adapters.keys import mldsa
from ledger.adapters.log.checkpoints import CheckpointStore, PublishedHead
from ledger.adapters.log.remote_signer import signatory
from ledger.adapters.log.static_files import StaticLog
from ledger.adapters.storage.entry_recorder import CommittedTree
from ledger.adapters.storage.entry_store import EntryStore
from ledger.entries.case import wire
from ledger.errors import LedgerError
from ledger.tlog.cose_receipt import SignedRoot
from ledger.tlog.note import (
    Checkpoint,
    Head,
    LogKey,
    Vkey,
    format_checkpoint,
    in_turn,
    lines_of,
    open_checkpoint,
    sign_note,
)
from ledger.tlog.tree import (
    EMPTY_ROOT,
    Frontier,
    format_proof,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    root,
    stored_count,
)


class Log:
    """Sign and publish the log of one ledger.

    `key` are the keys it has had; `state` is the folder of its guard and keys, outside the ledger;
    `witnesses` are the keys whose cosignatures count.
    """

    def __init__(
        self,
        key: LogKey,
        store: EntryStore,
        heads: CheckpointStore,
        folder: Path,
        state: Path,
        *,
        witnesses: Sequence[Vkey] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.origin = in_turn(key)[0].name
        self.key = key
        self.store = store
        self.heads = heads
        self.files = StaticLog(folder, key)
        self.witnesses = tuple(witnesses)
        self.signatory = signatory(in_turn(key), state)
        self._now = now
        self._say = say
        self._checked: Signed | None = None  # the last state that this process compared with the event store

    def close(self) -> None:
        """Close the guard, or the connection to the signer process."""
        self.signatory.close()

    # -- signing ------------------------------------------------------------------------------------------------------

    def signed(self) -> Signed:
        """Return the state that this log signed last, compared with the event store.

        `LedgerError`: GUARD-MISSING; LOG-ROLLBACK if the store is smaller, LOG-CORRUPT if its tree differs.
        """
        # before the guard: another process may sign and publish meanwhile
        published = self.files.head() if self._checked is None else None
        last = self.signatory.last()
        if last != self._checked:
            _check_published(published, last)  # entries and a shared guard may both have been put back from a copy
            size = self.store.size()
            if size < last.size:
                raise LedgerError(
                    "LOG-ROLLBACK",
                    f"{last.size} entries were signed on {wire(last.at)}, and there are only {size}",
                    "an older copy was put in place; restore the newest one, or comity succeed",
                )
            if root(last.size, self.store.hashes) != last.root:
                raise LedgerError(
                    "LOG-CORRUPT",
                    f"the first {last.size} entries are not those signed on {wire(last.at)}",
                    "comity fsck says where they differ",
                )
            self._agrees(last)
        return last

    def _agrees(self, signed: Signed) -> None:
        self._checked = signed
        self.store.require_signed_tree(signed.size, signed.root)

    def acknowledge(self, index: int, committed: CommittedTree | None = None) -> Signed:
        """Return a signed state that covers entry `index` (from 0), and sign one if needed; durable on return.

        `committed` is the tree to be signed, if it has the entry; else the newest one is. Several processes may do
        this at once: each ends with its entry covered. Raises `LedgerError` as `signed` does, CLOCK-BACK, and KEY-*
        for the log's key.
        """
        last = self._checked or self.signed()
        while last.size <= index:
            tree = committed.frontier if committed is not None and committed.frontier.size > index else None
            size, tree_root = (tree.size, tree.root()) if tree else self.store.tree_covering(index)
            if size <= index:
                raise ValueError(f"entry {index} is not stored")
            prove = partial(prove_consistency, last.size, size, self.store.hashes)
            after = self.signatory.step(last, size, tree_root, prove, self._now(), self._say)
            if after is not None:
                self._agrees(after)
                return after
            last = self.signed()  # another process has signed meanwhile
        return last

    def ready(self) -> None:
        """Raise the errors that `acknowledge` would raise after an entry is stored: guard, store, clock, key."""
        self.signatory.ready(self.signed(), self._now())

    def sign_root(self) -> SignedRoot:
        """Sign the root of the last signed state for receipts; `LedgerError` as `signed` does, KEY-*, NO-CBOR.

        One signature serves every entry below that size; `ledger.tlog.cose_receipt` makes the receipts.
        """
        self.signed()
        signed = self.signatory.sign_root()
        if signed.size > self.store.size() or root(signed.size, self.store.hashes) != signed.root:
            raise LedgerError("LOG-CORRUPT", f"the first {signed.size} entries are not those signed for receipts")
        return signed

    # -- proving ------------------------------------------------------------------------------------------------------

    def receipt(self, index: int, note: bytes | None = None) -> bytes:
        """Return a c2sp.org/tlog-proof that entry `index` is in a checkpoint: `note`, or the last signed one."""
        if note is None:
            last = self.acknowledge(index)
            size, note = last.size, last.note
        else:
            size = open_checkpoint(note, self.origin, self.key, self.witnesses, mldsa=mldsa.verify).checkpoint.size
        path = self.store.known_inclusion_path(index, size) or prove_inclusion(index, size, self.store.hashes)
        return format_proof(index, path, note)

    def receipt_by(self, signed: Signed, committed: CommittedTree | None, index: int) -> bytes:
        """Return a c2sp.org/tlog-proof of entry `index`; without a query where `committed` is the signed tree."""
        if committed is None or not committed.start <= index < committed.frontier.size == signed.size:
            return self.receipt(index)
        return format_proof(index, committed.inclusion_path(index), signed.note)

    def consistency(self, m: int, n: int) -> list[bytes]:
        """Return the proof that the tree of size `n` begins with the tree of size `m`."""
        return prove_consistency(m, n, self.store.hashes)

    # -- publishing ---------------------------------------------------------------------------------------------------

    def publish(self, note: bytes | None = None) -> PublishedHead:
        """Publish the signed head, or a cosigned `note` of it: store the head, write tiles, then `checkpoint`.

        Cosigned heads are durable on return. What a power cut takes of others, `catch_up` derives again.

        Called once for each command or batch; a repeated call changes nothing. A cosigned checkpoint is not
        replaced by one of the same size without cosignatures.
        """
        previous = self.files.head(self.witnesses)  # before the guard: another process may sign and publish meanwhile
        last = self.signed()
        _check_published(previous, last)
        if note is None:
            note, keys = last.note, in_turn(self.key)
            # the published head of this tree may have cosignatures; one that has lost a line of the log is replaced
            if previous is not None and lines_of(previous.note, keys) == lines_of(last.note, keys):
                note = previous.note
        head = open_checkpoint(note, self.origin, self.key, self.witnesses, mldsa=mldsa.verify)
        if head.checkpoint.size > last.size or head.checkpoint.root != root(head.checkpoint.size, self.store.hashes):
            raise LedgerError("LOG-CORRUPT", "a head this log has not signed cannot be published")
        published = PublishedHead(
            head.checkpoint.size, note, last.at, min((t for _, t in head.cosignatures), default=None)
        )
        durable = bool(head.cosignatures)
        self.heads.keep(published, durable=durable)
        self.files.publish(head.checkpoint, note, self.store.hashes, durable=durable)
        return published

    def catch_up(self) -> Signed:
        """Finish the work that a crash left unfinished; a repeated call changes nothing."""
        self._checked = None
        size = self.store.size()
        last = self.acknowledge(size - 1) if size else self.signed()
        self.publish()
        self.files.mend(self.store.hashes)
        return last

    def publish_entries(self, folder: Path) -> PublishedHead:
        """Write the whole log with its entry bundles to a folder, for readers who may read the entries."""
        published = self.publish()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        head = open_checkpoint(published.note, self.origin, self.key, self.witnesses, mldsa=mldsa.verify)
        StaticLog(folder, self.key).publish(head.checkpoint, published.note, self.store.hashes, self._entries)
        return published

    def _entries(self, first: int, count: int) -> list[bytes]:
        return [raw for _, raw in self.store.page(first, count)]

    # -- deriving again -----------------------------------------------------------------------------------------------

    def derive(self) -> Frontier:
        """Return the tree, computed from the stored bytes; LOG-CORRUPT at the first hash that differs."""
        tree = Frontier()
        for page in self.store.pages():
            start = stored_count(tree.size)
            fresh = [(index, value) for index, raw in page for value in tree.add(leaf_hash(raw))]
            stored = self.store.hashes(range(start, start + len(fresh)))
            for (index, value), stored_value in zip(fresh, stored, strict=True):
                if value != stored_value:
                    raise LedgerError("LOG-CORRUPT", f"the bytes of entry {index} are not those its leaf stands for")
        return tree

    def rebuild_tiles(self) -> None:
        """Compute the tree again and write every missing tile; LOG-CORRUPT if an existing tile differs."""
        self.derive()
        head = self.files.head()
        self.files.rebuild(head.checkpoint.size if head else 0, self.store.hashes)


def _check_published(head: Head | None, signed: Signed) -> None:
    """Raise LOG-ROLLBACK if more is published than the guard knows."""
    if head and head.checkpoint.size > signed.size:
        says = f"size {head.checkpoint.size} is published, the guard knows {signed.size}"
        raise LedgerError(
            "LOG-ROLLBACK", says, "a copy was put in place of the guard: comity fsck, and ask the witnesses"
        )


def first_note(key: Vkey, seed: bytes, at: datetime) -> Signed:
    """Return the first state of a new log's guard: the empty tree, signed."""
    note = sign_note(format_checkpoint(Checkpoint(key.name, 0, EMPTY_ROOT)), key.name, seed)
    return Signed(0, EMPTY_ROOT, note.encode(), at.replace(microsecond=0))
