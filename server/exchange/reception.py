"""Receive the bundle of a peer: prove it, record it, or keep it in quarantine. Nothing in a bundle is trusted.

The bundle is verified as `comity receive` does, under the keys that our registrar pinned for the log of the peer. The
ledger itself signs that its entries have arrived (in the role SYS): anyone can compute again whether they verify. All
entries of a bundle are recorded, or none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from hashlib import sha256
from threading import Lock

from ledger.adapters.storage.entry_store import Conflict
from ledger.application.commit_heads import ROLE, heads_signer
from ledger.application.foreign.arrivals import from_bundle
from ledger.application.foreign.receive import Arrival
from ledger.application.foreign.take_in import Taken, take_in
from ledger.application.journal import Journal
from ledger.entries.envelope import Signer, open_
from ledger.entries.form import named_in
from ledger.entries.keyring import Keyring
from ledger.entries.wrapped_entry import KIND
from ledger.errors import LedgerError, RecordError
from ledger.verify.other_records.other_logs import NotProven
from server.exchange.documents import ExchangeAnswer, ExchangeReceipt, Refusal
from server.exchange.peers import Peer
from server.exchange.store import ExchangeStore

logger = logging.getLogger(__name__)

OpenJournal = Callable[..., AbstractContextManager[Journal]]  # takes `writable` as `Journal.open` does
Watch = Callable[[Journal, bytes], AbstractContextManager[None]]  # is entered before a bundle is received, left after
# What a peer has done, or what the ledger cannot believe of it. Other errors are of this machine: the peer tries again.
_OF_THE_PEER = frozenset({"SPLIT-VIEW", "SPLIT-ORDER", "TRUST-FORMAT"})


def peer_of(journal: Journal, peers: Sequence[Peer], key: str) -> Peer | None:
    """Return the peer whose request a key (hex) may sign now; None if it is a key of no peer.

    It is the key of the ledger itself in the register of the peer, as that register was received and proven: other
    keys there may be of guests. Or it is a key of the office of our register that the configuration names.
    """
    ours, logs = journal.read_keyring(), journal.cases.other_logs()
    for peer in peers:
        try:
            if _is_ledger(logs.keyring(peer.origin), key):
                return peer
        except (NotProven, RecordError):
            pass  # nothing of its register has arrived
        known = ours.keys.get(key)
        if peer.office is not None and known is not None and known.actor == peer.office and _signs(ours, key):
            return peer
    return None


def _keys_of(journal: Journal, peers: Sequence[Peer]) -> Iterator[str]:
    """Yield the keys by which peers may sign requests now."""
    ours, logs = journal.read_keyring(), journal.cases.other_logs()
    candidates = [key.public for key in ours.keys.values()]
    for peer in peers:
        with suppress(NotProven, RecordError):
            candidates += logs.keyring(peer.origin).keys
    yield from (key for key in candidates if peer_of(journal, peers, key) is not None)


def _is_ledger(keyring: Keyring, key: str) -> bool:
    """Return True for a key that the ledger itself may sign with: in the role SYS, of an office of the same Party."""
    known = keyring.keys.get(key)
    office = keyring.offices.get(known.actor) if known else None
    return (
        known is not None
        and office is not None
        and _signs(keyring, key)
        and ROLE in known.roles
        and ROLE in office.roles
        and office.party == keyring.registrar.party
    )


def _signs(keyring: Keyring, key: str) -> bool:
    known = keyring.keys.get(key)
    return known is not None and known.accepted is not None and known.ended is None and known.reported is None


class Reception:
    """Receives bundles for one ledger, one after the other; `opened` opens its journal for one bundle.

    `watch` compares the ledger before and after a bundle that was fetched.
    """

    def __init__(
        self,
        opened: OpenJournal,
        peers: Sequence[Peer],
        store: ExchangeStore,
        watch: Watch = lambda journal, data: nullcontext(),
    ) -> None:
        self._opened = opened
        self._watch = watch
        self.peers = tuple(peers)
        self.store = store
        self._lock = Lock()
        self._accepted: set[str] = set()
        with opened(writable=False) as journal:
            self._accepted.update(_keys_of(journal, self.peers))

    def is_familiar(self, key: str) -> bool:
        """Return True for a key that is known as the key of a peer: its requests are served before others."""
        return key in self._accepted

    def caller(self, key: str) -> Peer:
        """Return the peer of a key that signed a request; `RecordError` KEY-UNKNOWN."""
        with self._lock, self._opened(writable=False) as journal:
            peer = peer_of(journal, self.peers, key)
        if peer is None:
            raise RecordError("KEY-UNKNOWN", "the request is signed by no key of a peer")
        self._accepted.add(key)
        return peer

    def receive(self, data: bytes, key: str) -> ExchangeAnswer:
        """Receive a bundle whose request a key (hex) has signed, and return the result; a repetition changes nothing.

        What is not proven is kept only if a known peer brought it. The key of a peer that is not known yet has to be in
        the register that the bundle itself proves. `RecordError` KEY-UNKNOWN; `LedgerError` for a fault of this
        machine, after which the peer tries again.
        """
        with self._lock, self._opened() as journal:
            return self._receive(journal, data, peer_of(journal, self.peers, key), key)

    def fetched(self, data: bytes, peer: Peer) -> ExchangeAnswer:
        """Receive a bundle that was fetched from a peer."""
        with self._lock, self._opened() as journal, self._watch(journal, data):
            return self._receive(journal, data, peer, "")

    def _receive(self, journal: Journal, data: bytes, peer: Peer | None, key: str) -> ExchangeAnswer:
        digest = sha256(data).hexdigest()
        if peer is not None and (before := self.store.known(peer.name, digest)) is not None:
            return before.answer
        signer = _signer(journal)
        last: RecordError | LedgerError | None = None
        for one in self.peers if peer is None else [peer]:
            try:
                arrivals, check = from_bundle(journal, data, None, logger.info, origin=one.origin)
                if peer is None and peer_of(journal, [one], key) is None:
                    continue
                peer = one
                _check_orders(journal, self.store, one, arrivals)
                taken = take_in(journal, arrivals, signer, check)
            except Conflict:  # another process wrote meanwhile: the peer tries again
                raise
            except (RecordError, LedgerError) as wrong:
                if isinstance(wrong, LedgerError) and wrong.code not in _OF_THE_PEER:
                    raise
                last = wrong
                if peer is not None:
                    break
                continue
            if key:
                self._accepted.add(key)
            answer = answer_of(journal, digest, taken)
            self.store.settle(one.name, len(data), answer)
            return answer
        if peer is None or last is None:
            raise RecordError("KEY-UNKNOWN", "the request is signed by no key of a peer, and the bundle proves none")
        logger.warning("a bundle of %s is in quarantine: %s", peer.name, last.code)
        answer = ExchangeAnswer(journal.origin, digest, "quarantined", [], _reason(last))
        self.store.hold(peer.name, data, answer)
        return answer


def _check_orders(journal: Journal, store: ExchangeStore, peer: Peer, arrivals: Sequence[Arrival]) -> None:
    """Raise `RecordError` EXCHANGE-ORDER for entries of an order of ours that does not concern the peer.

    It concerns the peer if a bundle of it was made for the peer, if it has entries of that log already, or if it names
    an office that signed one of the arrived entries. Who only knows its id would otherwise change its state.
    """
    signers: dict[str, set[str]] = {}
    for arrival in arrivals:
        p = open_(arrival.raw, verify=False).payload
        signers.setdefault(p.order, set()).add(p.signer.actor)
    for order, actors in signers.items():
        if journal.store.newest(order) is None or store.gave(peer.name, order):
            continue
        entries = journal.cases.case(order, reveal=False).entries
        known = any(e.kind == KIND and e.public.get("origin") == peer.origin for e in entries)
        if not known and actors.isdisjoint(named_in(entries)):
            raise RecordError("EXCHANGE-ORDER", "the order names no office that signed these entries", where=order)


def _signer(journal: Journal) -> Signer:
    """Return the ledger as signer; `LedgerError` KEY-MISSING also where its key may sign no more."""
    try:
        return heads_signer(journal)
    except RecordError as wrong:
        raise LedgerError("KEY-MISSING", f"this ledger cannot sign that something arrived: {wrong}") from None


def _reason(wrong: RecordError | LedgerError) -> Refusal:
    """Return why a bundle is not recorded; what a `LedgerError` says may name files of this machine."""
    says = wrong.says if isinstance(wrong, RecordError) else "the receiving ledger has what shows it"
    return Refusal(wrong.code, says[:1000])


def answer_of(journal: Journal, digest: str, taken: Sequence[Taken]) -> ExchangeAnswer:
    """Return the receipts of a recorded bundle."""
    receipts = []
    for each in taken:
        entry = journal.store.at(each.index) or b""
        receipts.append(ExchangeReceipt(entry.decode(), journal.log.receipt(each.index).decode()))
    return ExchangeAnswer(journal.origin, digest, "recorded", receipts)
