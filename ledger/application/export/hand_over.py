"""Hand a bundle over: one sequence for the command, the desk, and every other caller.

    1  contents             which sealed values does this reader get?
    2  ask the witnesses    can a quorum of them cosign now? Where it cannot, nothing is recorded
    3  access entry         values are opened in order to make this bundle for this reader
    4  committed heads      the ledger commits to all its entries, the access entry among them
    5  checkpoint           of a size that covers both entries, cosigned by a quorum
    6  bundle               under exactly that head

Without a key that commits heads the bundle is made all the same, and says so. If a step after the third fails, a
second entry says that nothing was handed out. The access entry stays open if even that entry cannot be recorded, if
the process is killed, or if a witness has to come first that cannot be called from here. The same command, repeated,
then uses the open entry instead of adding another (ledger/adapters/folders/pending_exports.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ledger.adapters.folders.pending_exports import Pending, begin
from ledger.application.commit_heads import CommittedHeads, commit_heads
from ledger.application.export.access_entry import ExportAccess, export_access
from ledger.application.export.bundle_contents import BundleRequest, bundle_contents, orders_of
from ledger.application.export.witnessed_head import WaitingForWitness, Witnesses, published_head
from ledger.application.journal import Journal
from ledger.application.subject_keys_binding import HINT, where
from ledger.application.write.receipt import Receipt
from ledger.bundle.archive import pack
from ledger.bundle.contents import Contents
from ledger.entries.envelope import Signer
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Head


@dataclass(frozen=True, slots=True)
class Export:
    """A bundle that is to be handed over.

    `opener` returns who signs the access entry, and `person` the name of the person who opens; both are called only
    where values are opened. `because` is the reason. With `unwitnessed` no witness is called. With `whole` nothing is
    handed out whose values cannot be opened because their keys are elsewhere. `say` gets messages for people, and
    `describe` makes a line of the error for which nothing was handed out.
    """

    bundle: BundleRequest
    signer: Signer
    opener: Callable[[], Signer]
    person: Callable[[Signer], str]
    because: str | None = None
    unwitnessed: bool = False
    whole: bool = False
    say: Callable[[str], None] = lambda _: None
    describe: Callable[[BaseException], str] = lambda error: str(error) or type(error).__name__


@dataclass(frozen=True, slots=True)
class ExportedBundle:
    """A bundle that is ready: its bytes and its contents."""

    data: bytes
    contents: Contents
    _pending: Pending | None = None

    @property
    def recorded(self) -> bool:
        """True if the bundle opens sealed values and an access entry says so."""
        return self._pending is not None

    def close_access(self) -> None:
        """Mark the access entry as used; call it right before the bundle is handed out."""
        if self._pending is not None:
            self._pending.end()


@contextmanager
def hand_over(journal: Journal, export: Export, witnesses: Witnesses) -> Iterator[ExportedBundle]:
    """Make a bundle for the block to hand out; an error in the block means that nothing was handed out.

    Raises `LedgerError` UNWITNESSED where no quorum can be had, before anything is recorded if that can be known;
    KEYS-OTHER; and what `Journal.record` and `pack` raise.
    """
    _check_keys(journal, export)
    head = published_head(journal)
    contents = bundle_contents(journal, export.bundle, head)
    frozen = _is_frozen(journal)
    if frozen and contents.disclosures:
        export.say("this copy can record nothing any more, so who was given these values has to be noted elsewhere")
    if frozen or not contents.disclosures:
        committed = None if frozen else committed_for(journal, export.bundle, export.say)
        above = max(head.checkpoint.size - 1, -1 if committed is None else committed.index)
        covering = witnesses.witnessed_head(above, unwitnessed=export.unwitnessed, frozen=frozen)
        yield _bundle(journal, export, covering, committed)
        return
    opener = export.opener()
    access = export_access(journal, contents, export.because, export.person(opener))
    pending = begin(journal.home.log(journal.origin) / "pending", access.digest(opener), journal.new_id)
    try:
        if not export.unwitnessed and not journal.has(pending.entry):
            _check_reachable(witnesses, pending)
        receipt = access.record(journal, opener, pending.entry)
        if receipt.already:
            export.say(
                f"entry {receipt.index} of the log says already why values are opened, and nothing came of it yet"
            )
        try:
            committed = committed_for(journal, export.bundle, export.say)
            above = receipt.index if committed is None else max(receipt.index, committed.index)
            covering = witnesses.witnessed_head(above, unwitnessed=export.unwitnessed)
            yield _bundle(journal, export, covering, committed, pending)
        except WaitingForWitness:
            raise
        except BaseException as error:  # of whatever kind: the entry says why the values were opened
            _record_failure(journal, export, access, opener, receipt, pending, error)
            raise
        pending.end()
    finally:
        pending.release()


def committed_for(journal: Journal, request: BundleRequest, say: Callable[[str], None]) -> CommittedHeads | None:
    """Commit the heads of all orders, with proofs of those in the bundle; None, and a message, without a key for it."""
    orders = [*orders_of(journal, request.order, request.audience, request.with_linked), journal.registry]
    try:
        return commit_heads(journal, orders)
    except (LedgerError, RecordError) as lacks:
        if not lacks.code.startswith("KEY-"):
            raise
        hint = f" ({lacks.hint})" if lacks.hint else ""
        say(f"CMP-NOT-COMMITTED: the bundle cannot show that nothing was left out, for {lacks.says}{hint}")
        return None


def _bundle(
    journal: Journal,
    export: Export,
    head: Head,
    committed: CommittedHeads | None,
    pending: Pending | None = None,
) -> ExportedBundle:
    contents = bundle_contents(journal, replace(export.bundle, made_at=journal.now()), head, committed)
    return ExportedBundle(pack(contents, export.signer), contents, pending)


def _check_keys(journal: Journal, export: Export) -> None:
    """Say which values stay closed for every reader because `keys.db` lacks their keys; with `whole` refuse them."""
    order = export.bundle.order
    here = journal.subject_keys is not None
    missing = journal.erasure.elsewhere(order) if here else list(journal.store.sealing_keys([order]))
    if missing:
        says = f"{where(journal.store, missing)} stay closed for every reader: their keys are not in this keys.db"
        if export.whole:
            raise LedgerError("KEYS-OTHER", f"{says}; nothing was handed out", HINT)
        export.say(f"KEYS-OTHER: {says}")


def _check_reachable(witnesses: Witnesses, pending: Pending) -> None:
    """Refuse now, with nothing recorded, what no quorum would cosign."""
    try:
        witnesses.check_reachable()
    except BaseException:
        pending.end()
        raise


def _is_frozen(journal: Journal) -> bool:
    """Return True for a copy without its guard, which can record nothing and sign no head."""
    try:
        journal.log.signed()
    except LedgerError as fault:
        if fault.code != "GUARD-MISSING":
            raise
        return True
    return False


def _record_failure(
    journal: Journal,
    export: Export,
    access: ExportAccess,
    opener: Signer,
    receipt: Receipt,
    pending: Pending,
    error: BaseException,
) -> None:
    """Record that nothing was handed out; where that fails too, the access entry stays open."""
    try:
        entry = access.record_failure(journal, opener, receipt, export.describe(error))
        pending.end()
        export.say(f"nothing was handed out; entry {entry.index} of the log says so")
    except Exception as second:
        says = export.describe(second)
        export.say(f"nothing was handed out; entry {receipt.index} of the log stays open: {says}")
