"""Verify the answers of an office server: the head, each entry under it, the register, the end of an order.

Trust comes from the trust folder of the caller alone. A head that contradicts an earlier one ends in an error, and what
shows it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise

import msgspec

from comity.remote.memory import MemoryFile, Seen, size_of
from ledger.adapters.keys import mldsa
from ledger.adapters.storage.orders.joined_orders import EVER
from ledger.entries.case import joined, joins, named_as_same
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.placement import Link, check_place, registry_of
from ledger.entries.split_view import prove_split
from ledger.errors import LedgerError, RecordError
from ledger.facts import KINDS
from ledger.messages import plain
from ledger.tlog.note import Checkpoint, lines_of, open_checkpoint, unb64
from ledger.tlog.note import Head as SignedHead
from ledger.tlog.tree import check_consistency, check_inclusion, parse_proof
from ledger.trust.trust_folder import Trust
from ledger.verify.completeness.committed_heads import check_commit, check_head
from ledger.verify.field_forms import check_public
from server.described import public_entries
from server.documents import CommittedHeads, Head, ProvenEntry, ReceiptItem

Placed = tuple[int, OpenedEntry]  # with the index in the log
Prove = Callable[[int, int], list[str]]  # two sizes -> the consistency proof between them, in base64


class Verifier:
    """Verifies the answers on one log; `prove` asks the server for a consistency proof."""

    def __init__(self, trust: Trust, memory: MemoryFile, prove: Prove) -> None:
        if trust.registrar is None:
            raise LedgerError("TRUST", "the trust folder names no registrar, so nobody's key can be proven")
        names = {key.name for key in trust.policy.logs}
        if len(names) != 1:
            raise LedgerError("TRUST", f"the trust policy names {len(names)} logs, a server has one")
        self.origin = names.pop()
        self.registrar: Registrar = trust.registrar
        self.keyring = Keyring(registry_of(self.origin), self.registrar)
        self.register: list[Placed] = []
        self._trust = trust
        self.memory = memory
        self._prove = prove
        self._companions: dict[str, str] = {}  # companion -> its order, as the server said first
        self.size = 0  # of the log, at the head verified last
        self._checked: str | None = None  # the note that was compared with the memory last

    @property
    def trust(self) -> Trust:
        """The trust folder under which answers are verified."""
        return self._trust

    # -- the head -----------------------------------------------------------------------------------------------------

    def largest(self) -> int:
        """Return the size of the largest head that was verified; 0 before the first."""
        return max(0, size_of(self.memory.memory.note))

    def head(self, stated: Head) -> SignedHead:
        """Return the head of an answer, if the log signed it and it continues the largest one verified before.

        Raises CP-*, SPLIT-VIEW, LOG-ROLLBACK, CP-CONSISTENCY; what contradicts itself is kept.
        """
        keys, witnesses = self._trust.policy.logs, list(self._trust.policy.witnesses.values())
        head = open_checkpoint(stated.note.encode(), self.origin, keys, witnesses, mldsa=mldsa.verify)
        if head.checkpoint.size != stated.size:
            raise RecordError("API-FALSE", f"the head has {head.checkpoint.size} entries, not {stated.size}")
        if self._trust.sizes and not any(self._trust.signs(key, stated.size) for key in lines_of(head.note, keys)):
            raise RecordError("CP-KEY", f"by your policy this key does not sign size {stated.size}")
        if stated.note != self._checked:
            self._continue(head)
            self._checked = stated.note
        self.size = stated.size
        return head

    def _continue(self, head: SignedHead) -> None:
        keys, known = self._trust.policy.logs, None
        before, others = self.memory.memory.note, self.memory.newest()
        if before is not None:
            known = open_checkpoint(before.encode(), self.origin, keys, (), mldsa=mldsa.verify).checkpoint
            self._follows(known, before.encode(), head)
        if others is not None and others != before:
            ahead = open_checkpoint(others.encode(), self.origin, keys, (), mldsa=mldsa.verify)
            if ahead.checkpoint.size > head.checkpoint.size:  # another process has asked later
                self._follows(head.checkpoint, head.note, ahead)
            else:
                self._follows(ahead.checkpoint, ahead.note, head)
        if known is None or known.size < head.checkpoint.size:
            self.memory.head(head.note.decode())

    def _follows(self, known: Checkpoint, before: bytes, head: SignedHead) -> None:
        now = head.checkpoint
        if now.size < known.size:
            says = f"the server shows {now.size} entries, and {known.size} were verified before"
            raise self._contradiction("LOG-ROLLBACK", says, before, head.note)
        if now.size == known.size:
            if now.root != known.root:
                exhibit = prove_split(self._trust.policy.logs[0], before, head.note)
                where = self.memory.keep(exhibit, "split-view.json")
                raise RecordError(
                    "SPLIT-VIEW", f"{self.origin} signed two trees of {now.size} entries", where=str(where)
                )
            return
        if known.size == 0:
            return
        path = self._prove(known.size, now.size)
        try:
            check_consistency(known.size, now.size, known.root, now.root, hashes(path))
        except RecordError as wrong:
            raise self._contradiction("CP-CONSISTENCY", wrong.says, before, head.note, path) from wrong

    def _contradiction(
        self, code: str, says: str, before: bytes, after: bytes, path: Sequence[str] = ()
    ) -> RecordError:
        document = {
            "says": says,
            "at": datetime.now(UTC),
            "verified": before.decode(),
            "shown": after.decode(),
            "path": list(path),
        }
        where = self.memory.keep(msgspec.json.encode(document, enc_hook=plain), "contradiction.json")
        return RecordError(code, says, where=str(where), hint="keep the file; ask the office by another way")

    # -- entries ------------------------------------------------------------------------------------------------------

    def entry(self, proven: ProvenEntry, head: SignedHead) -> OpenedEntry:
        """Return an entry that is in the log and that its signer signed; PRF-*, ENV-*, SIG-BAD, API-FALSE.

        Whether the key may sign there is `signed_by`, since the register may not be read yet.
        """
        if proven.entry is None:
            raise RecordError("API-FALSE", f"entry {proven.index} is shown without its line")
        opened = open_(proven.entry.encode())
        if opened.leaf != proven.leaf:
            raise RecordError("API-FALSE", f"the line of entry {proven.index} has another leaf than it says")
        self.leaf(proven, head)
        if opened.payload.log != self.origin:
            raise RecordError("CTX-LOG", f"entry {proven.index} was sealed for the log {opened.payload.log}")
        check_public(opened.payload)
        return opened

    def leaf(self, proven: ProvenEntry, head: SignedHead) -> None:
        """Check that the log has a leaf at its index; PRF-*."""
        c = head.checkpoint
        check_inclusion(proven.index, c.size, _hash(proven.leaf), hashes(proven.path), c.root)

    def entries(self, proven: Iterable[ProvenEntry], head: SignedHead) -> list[Placed]:
        """Return entries that are in the log, by their indexes, which rise."""
        placed = [(each.index, self.entry(each, head)) for each in proven]
        if any(two <= one for (one, _), (two, _) in pairwise(placed)):
            raise RecordError("API-FALSE", "the entries are not in the order of the log")
        return placed

    def signed_by(self, placed: Iterable[Placed]) -> None:
        """Check that the key of each entry could sign it at its index; KEY-UNKNOWN, KEY-ENDED, CTX-ORDER."""
        for index, opened in placed:
            if opened.payload.order != self.keyring.registry:
                self.keyring.check(opened, index)

    def extend_register(self, proven: Iterable[ProvenEntry], head: SignedHead) -> None:
        """Take the next entries of the register; CTX-CHAIN, KEY-*."""
        link = _link(self.register[-1][1]) if self.register else None
        for index, opened in self.entries(proven, head):
            if opened.payload.order != self.keyring.registry:
                raise RecordError("API-FALSE", f"entry {index} is not in the register")
            check_place(opened, self.origin, link)
            self.keyring.admit(opened, index)
            self.register.append((index, opened))
            link = _link(opened)
        self._remember(self.keyring.registry, [opened for _, opened in self.register])

    def order(self, order: str, proven: Iterable[ProvenEntry], head: SignedHead) -> list[Placed]:
        """Return the entries of an order, of orders that they join with it, and of companions: each without a gap.

        Which order a companion belongs to is a sealed value, and rests on the server; it belongs to one order alone.
        The register is read as far as the head. Raises KEY-*, CTX-*, API-FALSE for entries of another order, or fewer
        than were verified before.
        """
        placed = self.entries(proven, head)
        confidential = {name for name, kind in KINDS.items() if kind.shown_to}
        companions = {o.payload.order for _, o in placed if o.payload.kind in confidential} - {order}
        parts = self._parts(order, placed)
        if len(companions) > 1 + len(parts) or any(
            self._companions.setdefault(each, order) != order for each in companions
        ):
            raise RecordError("API-FALSE", f"order {order} is shown with a companion of another order")
        links: dict[str, Link] = {}
        for index, opened in placed:
            p = opened.payload
            if p.order != order and p.order not in companions and p.order not in parts:
                raise RecordError("API-FALSE", f"entry {index} is of another order, {p.order}")
            check_place(opened, self.origin, links.get(p.order))
            links[p.order] = _link(opened)
        own = [opened for _, opened in placed if opened.payload.order == order]
        if not own:
            raise RecordError("API-FALSE", f"order {order} is shown without an entry")
        self.signed_by(placed)
        self._remember(order, own)
        for part in parts:
            self._remember(part, [opened for _, opened in placed if opened.payload.order == part])
        return placed

    def _parts(self, order: str, placed: Sequence[Placed]) -> tuple[str, ...]:
        """Return the orders that the entries of an order join with it, as far as they are among these entries."""
        return joined(order, public_entries(placed, self.keyring), EVER)

    def main_of(self, order: str) -> str | None:
        """Return the order of a companion that was read; None for every other order."""
        return self._companions.get(order)

    def is_newest(self, opened: OpenedEntry) -> bool:
        """Return True if an entry is the newest of its order that was verified, False if none so new was verified.

        CTX-CHAIN if a newer one was verified, API-FALSE if another one in its place.
        """
        p = opened.payload
        known = self.memory.memory.orders.get(p.order)
        if known is None or p.seq > known.seq:
            return False
        if p.seq < known.seq:
            says = f"entry {p.seq} is shown as the newest of its order, and entry {known.seq} was verified before"
            raise RecordError("CTX-CHAIN", says, where=p.order)
        if opened.leaf != known.leaf:
            raise RecordError("API-FALSE", f"another entry {p.seq} of its order was verified before", where=p.order)
        return True

    def committed(self, order: str, stated: CommittedHeads | None, own: Iterable[Placed], head: SignedHead) -> int:
        """Return the size of the log below which no entry of an order, or of one joined with it, is left out.

        0 without a committed map, and where an order lacks that the entries name as the same one. Raises MAP-*, KEY-*.
        """
        own = list(own)
        same = named_as_same(order, joins(order, public_entries(own, self.keyring), EVER))
        if stated is None or not stated.joined.keys() >= {*same}:
            return 0
        commit = self.entry(stated.commit, head)
        size, root = check_commit(commit, stated.commit.index, self.origin, self.keyring)
        for each, proof in (order, stated.proof), *((part, stated.joined[part]) for part in same):
            check_head(each, unb64_of(proof), dict(own), size, root)
        return size

    def receipt(self, item: ReceiptItem) -> bytes:
        """Return the proof of a receipt, which leads from its leaf to a head; PRF-*, and what `head` raises."""
        proof = item.proof.encode()
        parsed = parse_proof(proof)
        keys = self._trust.policy.logs
        size = open_checkpoint(parsed.note, self.origin, keys, (), mldsa=mldsa.verify).checkpoint.size
        head = self.head(Head(size, parsed.note.decode()))
        c = head.checkpoint
        if parsed.index != item.index:
            raise RecordError("API-FALSE", f"the proof is of entry {parsed.index}, the receipt of {item.index}")
        check_inclusion(item.index, c.size, _hash(item.leaf), parsed.path, c.root)
        return proof

    def _remember(self, order: str, own: Sequence[OpenedEntry]) -> None:
        before = self.memory.memory.orders.get(order)
        if before is not None and (len(own) < before.seq or own[before.seq - 1].leaf != before.leaf):
            says = f"order {order} had {before.seq} entries when it was verified before, and they are not all shown"
            raise RecordError("API-FALSE", says, where=order)
        if own:
            self.memory.order(order, Seen(len(own), own[-1].leaf))


def hashes(path: Iterable[str]) -> list[bytes]:
    """Return the hashes of a path; API-FALSE for another spelling than base64."""
    return [unb64_of(each) for each in path]


def unb64_of(text: str) -> bytes:
    """Return the bytes of a text in base64; API-FALSE for another spelling."""
    try:
        return unb64(text)
    except ValueError:
        raise RecordError("API-FALSE", "a hash or proof is not in base64") from None


def _hash(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise RecordError("API-FALSE", "a leaf hash is not in hex") from None


def _link(opened: OpenedEntry) -> Link:
    return Link(opened.payload.seq, opened.leaf, opened.payload.instrument)
