"""Hand waiting bundles over to their peers, and fetch those of the peers, with the receipts both ways.

A bundle waits until its receipts are here and verify. An attempt that fails is repeated after a growing wait. The peer
knows a bundle by its digest, so the second attempt after a lost answer gets the same receipts and records nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256

from msgspec import Struct

from ledger.adapters.folders.user_folders import lock_file
from ledger.adapters.http_signatures import SigningKey
from ledger.application.foreign.receipts import check_receipts
from ledger.application.journal import Journal
from ledger.errors import LedgerError, RecordError
from server.exchange.client import LARGEST, PeerClient
from server.exchange.documents import ExchangeAnswer, Refusal, WaitingItem
from server.exchange.peers import Peer
from server.exchange.reception import Reception
from server.exchange.store import ExchangeStore, Outgoing, OutgoingItem

logger = logging.getLogger(__name__)

_MOST = 1_000  # bundles of one fetch
_BUSY = "another process exchanges bundles now"

Connect = Callable[[Peer, SigningKey], PeerClient]


class Delivered(Struct, frozen=True):
    """One attempt to hand a bundle over: the state of the bundle after it, and why it failed."""

    item: OutgoingItem
    state: Outgoing
    reason: Refusal | None = None


class Fetched(Struct, frozen=True):
    """One bundle that was fetched: its size in bytes, and what became of it here."""

    size: int
    answer: ExchangeAnswer


def check_answer(journal: Journal, peer: Peer, item: OutgoingItem, said: ExchangeAnswer) -> None:
    """Check what a peer says of a bundle; receipts verify. `RecordError` EXCHANGE-RECEIPT and of `check_receipts`."""
    if (said.log, said.digest) != (peer.origin, item.digest):
        raise RecordError("EXCHANGE-RECEIPT", "the answer is of another log, or of another bundle")
    if said.state == "recorded":
        receipts = [(each.entry.encode(), each.proof.encode()) for each in said.receipts]
        check_receipts(journal, peer.origin, item.places, receipts, logger.info)
    elif said.reason is None:
        raise RecordError("EXCHANGE-RECEIPT", f"the answer says {said.state}, and not why")


def deliver(
    journal: Journal,
    store: ExchangeStore,
    peers: tuple[Peer, ...],
    *,
    early: bool = False,
    connect: Connect = PeerClient,
) -> Iterator[Delivered]:
    """Hand over the bundles whose attempt is due, or with `early` all that wait; yield each attempt.

    Nothing is handed over while another process does so: `LedgerError` BUSY.
    """
    by_name = {peer.name: peer for peer in peers if peer.url is not None}
    with lock_file(store.outgoing.parent / "deliver.lock", _BUSY):
        store.tidy()
        for item in store.due(early=early):
            if item.peer in by_name:
                tried = _attempt(journal, store, by_name[item.peer], item, connect)
                if tried.reason is not None and tried.reason.code == "HTTP-SILENT":
                    del by_name[item.peer]  # its other bundles wait: one silent peer does not delay the others
                yield tried


def _attempt(journal: Journal, store: ExchangeStore, peer: Peer, item: OutgoingItem, connect: Connect) -> Delivered:
    try:
        key = journal.log.signatory.heads_key()
        content = store.content(item)
        with closing(connect(peer, key)) as client:
            answer = client.hand_in(content)
        check_answer(journal, peer, item, answer)
    except (RecordError, LedgerError) as wrong:
        reason = Refusal(wrong.code, wrong.says[:1000])
        store.failed(item, reason)
        return Delivered(item, item.state, reason)
    return Delivered(item, store.answered(item, answer), answer.reason)


def fetch(journal: Journal, reception: Reception, peer: Peer, *, connect: Connect = PeerClient) -> Iterator[Fetched]:
    """Fetch the bundles that wait at a peer, receive each, and send its receipts; yield what became of them.

    A bundle waits there until the peer has its receipts, so nothing is remembered here but what was received.
    `RecordError` API-FALSE for bytes of another digest; what the client and `Reception.fetched` raise.
    """
    store = reception.store
    key = journal.log.signatory.heads_key()
    with lock_file(store.outgoing.parent / f"fetch-{peer.name}.lock", _BUSY), closing(connect(peer, key)) as client:
        after = count = 0
        while (page := client.waiting(after)).bundles:
            for waiting in page.bundles:
                if waiting.size > LARGEST or waiting.number < after:
                    says = f"bundle {waiting.number} of {peer.name} is too large or out of turn"
                    raise RecordError("API-FALSE", says)
                count += 1
                if count > _MOST:
                    return  # the next fetch goes on
                known = store.known(peer.name, waiting.digest)
                answer, size = (known.answer, known.size) if known else _fetched(client, reception, peer, waiting)
                client.acknowledge(answer)
                after = waiting.number + 1
                yield Fetched(size, answer)


def _fetched(client: PeerClient, reception: Reception, peer: Peer, waiting: WaitingItem) -> tuple[ExchangeAnswer, int]:
    data = client.fetch(waiting.digest)
    if sha256(data).hexdigest() != waiting.digest:
        raise RecordError("API-FALSE", "the bundle has another digest", where=waiting.digest)
    return reception.fetched(data, peer), len(data)
