"""Record entries that their signers have sealed, and keep the head of the log that answers are made under.

The entries go to a `Recorder`, which stores them durably, all of one request or none, and acknowledges them. Everything
that needs no turn of the log (signatures, form, who may) is checked before.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence, Set
from contextlib import AbstractContextManager, nullcontext
from threading import Event, Lock, Thread
from typing import Protocol

from msgspec import UNSET

from ledger.application.journal import Journal
from ledger.application.write.parallel_open import open_entry
from ledger.application.write.receipt import Receipt
from ledger.application.write.sequencer import Sequencer
from ledger.entries.case import instant
from ledger.entries.envelope import OpenedEntry
from ledger.entries.form import check_by_hand, check_lookalike, check_quotable, check_reference, issuing_office, slips
from ledger.entries.payload import Condition, Payload
from ledger.errors import LedgerError, RecordError
from ledger.facts import KINDS, WHY, Fact, build
from ledger.formats.selective_disclosure import lift
from ledger.messages import Message
from ledger.tlog.tree import parse_proof
from server.access import Caller
from server.api.reading import LedgerView
from server.documents import Head, ReceiptItem, ReceiptsAnswer, Submission
from server.operations.log_state import LogState

logger = logging.getLogger(__name__)

_Issued = tuple[str, str, str]  # reference, issuing office and id of an order

FOLLOW = 1.0  # seconds between two looks at what other processes stored


class Recorder(Protocol):
    """Store sealed entries durably; several threads may call it at once."""

    def receive(self, entries: Sequence[bytes], disclosures: Sequence[Sequence[str]]) -> list[tuple[Receipt, bytes]]:
        """Store the entries of one request, all or none; return their receipts with their proofs.

        Raises what `Journal.receive_sealed` raises, and `LedgerError` BUSY where too many wait.
        """

    def close(self) -> None:
        """Answer the requests that were taken, and take no more."""


class SequencerRecorder:
    """Records the requests that wait together: one transaction and one checkpoint for all of them."""

    def __init__(self, journal: Journal) -> None:
        self._sequencer = Sequencer(journal)

    def receive(self, entries: Sequence[bytes], disclosures: Sequence[Sequence[str]]) -> list[tuple[Receipt, bytes]]:
        """Store the entries; see `Recorder`."""
        return [(receipt, receipt.proof) for receipt in self._sequencer.receive(entries, disclosures)]

    def close(self) -> None:
        """Wait for the requests that were taken, and refuse later ones."""
        self._sequencer.close()


class LogHead:
    """The signed head of the log, kept up to date with what this and other processes store.

    `well` is called whenever the log was followed and could be signed.
    """

    def __init__(self, journal: Journal, well: Callable[[], None] = lambda: None) -> None:
        self._journal = journal
        self._tell_well = well
        self._every = FOLLOW
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="log-head", daemon=True)
        self._well = time.monotonic()
        self._says = ""
        self._published = -1
        self._stored = self._witnessed = 0
        self._refusals: Counter[str] = Counter()
        self._signed_at = 0.0
        self.current = self._read()

    def start(self) -> None:
        """Begin to follow the log."""
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def advance(self, size: int) -> None:
        """Take the newest signed state if the head is smaller than `size`."""
        if self.current.size < size:
            with self._journal.signing():
                self.current = self._read()

    def health(self) -> tuple[float, str]:
        """Return for how many seconds the log could not be signed, and why; nearly 0 if it can."""
        return time.monotonic() - self._well, self._says

    def state(self) -> LogState:
        """Return the state of the log when it was followed last."""
        size, unable = self.current.size, self.health()[0]
        stored, refusals = max(self._stored, size), dict(self._refusals)
        return LogState(size, stored, self._witnessed, self._signed_at, unable, refusals)

    def follow(self) -> None:
        """Acknowledge what other processes stored, publish the head, and check that the log can be signed."""
        journal = self._journal
        with journal.signing():
            size = self._stored = journal.store.size()
            journal.log.ready()
            if size > self.current.size:
                journal.log.acknowledge(size - 1)
            if self._published != size:
                journal.publish()
                self._published = size
            self.current = self._read()
            cosigned = journal.heads.newest_cosigned()
            self._witnessed = cosigned.size if cosigned else 0
        self._well, self._says = time.monotonic(), ""
        self._tell_well()

    def _read(self) -> Head:
        last = self._journal.log.signed()
        self._signed_at = last.at.timestamp()
        newest = self._journal.heads.newest()
        note = newest.note if newest is not None and newest.size == last.size else last.note
        return Head(last.size, note.decode())

    def _run(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                self.follow()
            except (LedgerError, RecordError) as fault:
                self._fails(fault.code)
                logger.warning("the log cannot be signed: %s", fault)
            except Exception as fault:  # the thread goes on: health tells how long nothing was signed
                self._fails(type(fault).__name__)
                logger.exception("the log cannot be signed")

    def _fails(self, says: str) -> None:
        self._says = says
        self._refusals[says] += 1


class Recording:
    """Checks what a caller sends, and records it.

    `appended` is called with the seconds that storing took, and the number of entries.
    """

    def __init__(
        self,
        view: LedgerView,
        recorder: Recorder,
        head: LogHead,
        appended: Callable[[float, int], None] = lambda seconds, entries: None,
    ) -> None:
        self._view = view
        self._recorder = recorder
        self._head = head
        self._appended = appended
        self._issuing = Lock()

    def record(self, caller: Caller, sent: Submission) -> ReceiptsAnswer:
        """Record the entries of one request and return their receipts.

        `RecordError`: API-DENIED, API-REQUEST, API-KIND, what the form of a fact and `Journal.receive_sealed` raise.
        """
        lines = [each.entry.encode() for each in sent.entries]
        texts = [each.disclosures for each in sent.entries]
        issued: list[_Issued] = []
        begun: set[str] = set()
        for number, (line, disclosed) in enumerate(zip(lines, texts, strict=True)):
            try:
                opened = open_entry(line)
                self._check_caller(caller, opened.payload, begun)
                issued += self._check_form(caller, opened, disclosed, sent)
            except RecordError as refused:
                raise _at(number, refused) from refused
            begun.add(opened.payload.order)
        turn: AbstractContextManager[object] = self._issuing if issued else nullcontext()
        with turn:
            for reference, office, order in issued:
                self.check_reference(reference, office, order, lookalike=sent.lookalike)
            begun_at = time.perf_counter()
            receipts = self._recorder.receive(lines, texts)
            self._appended(time.perf_counter() - begun_at, len(lines))
        items = [
            ReceiptItem(r.index, r.leaf, r.entry, r.order, r.seq, r.already, proof.decode()) for r, proof in receipts
        ]
        self._head.advance(max(_size_of(proof) for _, proof in receipts))  # no later answer has a smaller head
        return ReceiptsAnswer(items)

    def _check_caller(self, caller: Caller, p: Payload, begun: set[str]) -> None:
        if not caller.signs_with(p.signer.key) or p.signer.actor != caller.actor:
            says = Message("an entry is recorded by its signer: it has the signature of another key")
            raise RecordError("API-DENIED", says)
        self.check_place(caller, p, begun)

    def check_place(self, caller: Caller, p: Payload, begun: Set[str] = frozenset()) -> None:
        """Refuse a kind or an order in which a caller may not record; `begun` are orders that the request begins."""
        check_recordable(p.kind)
        begins = self._view.is_new(p.order)
        seen = begins or p.order in begun or self._view.may_see(caller, p.order)
        if not (seen and self._view.access.records(caller, p.order, p.kind, begins=begins)):
            raise RecordError("API-MISSING", Message("there is no order that this caller may see"))
        if p.unless is not UNSET:
            self._check_condition(caller, p.unless, {p.order, *begun})

    def _check_condition(self, caller: Caller, condition: Condition, own: Set[str]) -> None:
        """Refuse a condition over what the caller may not see: the log would answer what is recorded there.

        `own` are orders in which the caller records. An order that does not exist is refused as a hidden one.
        """
        for order in condition.orders:
            if order not in own and not self._view.may_see(caller, order):
                says = f"a condition names orders that the caller may see, and {order} is none"
                raise RecordError("API-MISSING", says, where="unless.orders")
        for kind in condition.kinds:
            if not self._view.access.sees_kind(caller, kind):
                says = f"{kind} is a kind that only some roles know of, and not the caller"
                raise RecordError("API-KIND", says, where="unless.kinds")

    def _check_form(
        self, caller: Caller, opened: OpenedEntry, disclosed: Sequence[str], sent: Submission
    ) -> list[_Issued]:
        """Check the values of an entry, and return the reference of an issued order with its office and id."""
        p = opened.payload
        if len(disclosed) != len(opened.sd):
            says = f"{len(opened.sd)} sealed values, and {len(disclosed)} disclosures of them"
            raise RecordError("API-REQUEST", says, hint="send the disclosure of each sealed value")
        values = lift(disclosed, opened.sd, public=p.public)
        stated = {name: value for name, value in values.items() if name != WHY.name}
        fact = build(p.kind, {name: value for name, value in p.public.items() if name != "_sd"}, stated)
        return self.check_fact(caller, p, fact, unregistered=sent.unregistered)

    def check_fact(self, caller: Caller, p: Payload, fact: Fact, *, unregistered: bool) -> list[_Issued]:
        """Check the values of a fact that is, or would be, in an entry with this payload.

        Return the reference of an issued order with its office and id.
        """
        known = self._view.keyring.known()
        for error in slips(
            fact,
            known,
            instant(p.signed_at),
            whose=p.whose or None,
            named=lambda: self._view.named(p.order),
            unregistered=unregistered,
        ):
            raise error
        reference = p.public.get("reference") if p.kind == "order-issued" else None
        if reference is None:
            return []
        named = p.public.get("issuing_authority")
        office = issuing_office(p.speaks, p.signer.actor, known.offices, named, p.whose or None)
        if office != caller.actor and not self._view.access.keeps(caller):
            says = Message("an order of {0} is begun by {0}, or where every order may be seen", office)
            raise RecordError("API-DENIED", says)  # the answer would say which references the other office has taken
        check_quotable(reference, (), self._view.quotable, known.offices)
        return [(reference, office, p.order)]

    def check_reference(self, reference: str, office: str, order: str, *, lookalike: bool) -> None:
        """Refuse a reference that its office has given already; `RecordError` REFERENCE-TAKEN, REFERENCE-ALIKE."""
        taken, alike = self._view.taken(reference)
        check_reference(reference, office, order, taken)
        if not lookalike:
            check_lookalike(reference, office, order, alike)


def check_recordable(kind: str) -> None:
    """Refuse a kind that is not recorded through a server; `RecordError` COMMAND-ONLY, API-KIND."""
    check_by_hand(kind)
    fact = KINDS.get(kind)
    if fact is not None and fact.shown_to:
        says = Message("{0} belongs to an order that only some roles know of: it is recorded where the ledger is", kind)
        raise RecordError("API-KIND", says)


def _size_of(proof: bytes) -> int:
    """Return the size of the log at the checkpoint of a proof of our own."""
    return int(parse_proof(proof).note.split(b"\n")[1])


def _at(number: int, refused: RecordError) -> RecordError:
    where = f"entries[{number}] {refused.where}".strip()
    return RecordError(refused.code, refused.says, where=where, hint=refused.hint)
