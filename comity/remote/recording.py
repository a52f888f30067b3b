"""Seal and sign an entry here, send it, and verify its receipt."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import UNSET, Struct

from comity.remote.connection import Connection, Refused
from comity.remote.proofs import Placed
from comity.remote.reader import VerifiedReader
from ledger.adapters.keys.key_files import Key
from ledger.adapters.storage.entry_store import Conflict
from ledger.application.write.draft import check_entry_id
from ledger.entries.case import Case, Entry, wire
from ledger.entries.envelope import Circumstances, EntryPlace, Sealed, Signer, seal, unsigned_entry
from ledger.entries.form import RegisteredNames, check_by_hand, named_in, slips
from ledger.entries.payload import Condition, Payload, Seen
from ledger.entries.placement import order_begun_by
from ledger.errors import RecordError
from ledger.facts import WHY, Fact, build, kind_of, public_of, sealed_of
from ledger.law import Finding, new_findings
from ledger.tlog.note import note_digest
from server.documents import EntryAnswer, PlaceAnswer, ReceiptItem, ReceiptsAnswer, SealedEntry, Submission

REGISTER = "register"  # what a caller calls the register
_LAST = 2**53 - 1  # the index of an entry that is not recorded: behind every other one
_TRIES = 20  # times that an entry is sealed again because another one came first
_PAUSE = 50  # milliseconds at most before the next time, so that writers do not meet again


class RecordedEntry(Struct, frozen=True):
    """A recorded entry: its index in the log, leaf hash, id, order and number, and its proof (c2sp.org/tlog-proof).

    `already` says that the entry was on record before the call.
    """

    index: int
    leaf: str
    entry: str
    order: str
    seq: int
    already: bool
    proof: bytes


class Permissions(Struct, frozen=True):
    """What the form of an entry is checked without: names of the register, and letters that look the same."""

    unregistered: bool = False
    lookalike: bool = False


class RemoteRecorder:
    """Records entries over one connection with one key; `reader` reads with the same key."""

    def __init__(self, connection: Connection, key: Key, reader: VerifiedReader) -> None:
        self._connection = connection
        self._key = key
        self._reader = reader
        self._verifier = reader.verifier

    def record(
        self,
        kind: str,
        fields: Mapping[str, Any],
        order: str | None,
        said: Circumstances,
        role: str | None,
        without: Permissions,
        entry: str | None,
    ) -> RecordedEntry:
        """Record one entry in an order (its id), or in a new one; see `RemoteLedger.record`."""
        fact = _fact(kind, fields)
        signer = self.signer(kind, role)
        self.check_form(fact, said, order, without)
        if entry is not None:
            check_entry_id(entry)
            place = order or order_begun_by(self._verifier.origin, entry)
            if (placed := self.recorded(fact, place, signer, said, entry)) is not None:
                return self.again(placed)
        else:
            entry, place = secrets.token_hex(16), order or str(uuid4())
        if order is None:
            return self.begin(fact, place, _instrument(fields), signer, said, without, entry)
        return self.add(fact, place, signer, said, without, entry)

    def recorded(self, fact: Fact, order: str, signer: Signer, said: Circumstances, entry: str) -> Placed | None:
        """Return the entry of an order (its id) that has an id; None if there is none.

        CONFLICT if it states something else. What it seals cannot be compared, only which fields it seals.
        """
        if order == self._verifier.keyring.registry:
            self._reader.register()
            entries = self._verifier.register
        else:
            try:
                self._reader.case(order)
            except Refused as refused:
                if refused.code != "API-MISSING":
                    raise
                return None
            entries = self._reader.placed(order)
        found = next((each for each in entries if each[1].payload.entry == entry), None)
        if found is not None and not _states(found[1].payload, fact, signer, said):
            raise Conflict("this entry id stands for another fact", where=f"entry {found[0]}")
        return found

    def begin(
        self,
        fact: Fact,
        order: str,
        instrument: str | None,
        signer: Signer,
        said: Circumstances,
        without: Permissions,
        entry: str,
    ) -> RecordedEntry:
        """Record a fact, whose form was checked, as the first entry of an order; CTX-CHAIN if the order has one."""
        place = EntryPlace(self._verifier.origin, order, 1, None, instrument)
        sealed = seal(fact, place, signer, said, entry, secrets.token_bytes)
        return self._send(sealed, place, entry, without)

    def add(
        self, fact: Fact, order: str, signer: Signer, said: Circumstances, without: Permissions, entry: str
    ) -> RecordedEntry:
        """Record a fact, whose form was checked, behind the newest entry of an order.

        It is sealed again, up to twenty times, if another entry came first.
        """
        for left in reversed(range(_TRIES)):
            try:
                place = self._next(order)
                sealed = seal(fact, place, signer, said, entry, secrets.token_bytes)
                return self._send(sealed, place, entry, without)
            except RecordError as refused:
                if refused.code not in ("CTX-CHAIN", "CONFLICT") or not left:
                    raise
                time.sleep(secrets.randbelow(_PAUSE) / 1000)
        raise AssertionError("unreachable")

    def preview(
        self, kind: str, fields: Mapping[str, Any], case: Case, said: Circumstances, role: str | None
    ) -> tuple[Finding, ...]:
        """Return the findings of the law with this entry in an order that are not there without it."""
        return self.findings(_fact(kind, fields), case, self.signer(kind, role), said, _instrument(fields))

    def draft(
        self, fact: Fact, case: Case, signer: Signer, said: Circumstances, instrument: str | None = None
    ) -> Entry:
        """Return the entry that a fact would become in an order; `instrument` is that of an order without an entry."""
        place = EntryPlace(self._verifier.origin, case.order, 0, None, case.instrument or instrument)
        return unsigned_entry(fact, place, signer, said, _LAST)

    def findings(
        self, fact: Fact, case: Case, signer: Signer, said: Circumstances, instrument: str | None
    ) -> tuple[Finding, ...]:
        """Return the findings of the law with a fact in an order that are not there without it."""
        entry = self.draft(fact, case, signer, said, instrument)
        return new_findings(case, entry, said.signed_at)

    def again(self, placed: Placed) -> RecordedEntry:
        """Return the receipt of an entry that is on record and was verified."""
        index, opened = placed
        answer = self._connection.get(f"/v1/entries/{index}", EntryAnswer)
        p = opened.payload
        item = ReceiptItem(index, opened.leaf, p.entry, p.order, p.seq, already=True, proof=answer.proof)
        return RecordedEntry(index, opened.leaf, p.entry, p.order, p.seq, True, self._verifier.receipt(item))

    def _send(self, sealed: Sealed, place: EntryPlace, entry: str, without: Permissions) -> RecordedEntry:
        texts = [each.text for each in sealed.disclosures]
        sent = Submission([SealedEntry(sealed.raw.decode(), texts)], without.unregistered, without.lookalike)
        once = f"{entry}-{sealed.leaf[:16]}"
        answer = self._connection.post("/v1/entries", ReceiptsAnswer, msgspec.json.encode(sent), once)
        if len(answer.receipts) != 1:
            raise RecordError("API-FALSE", f"{len(answer.receipts)} receipts for one entry")
        (item,) = answer.receipts
        expected = ReceiptItem(item.index, sealed.leaf, entry, place.order, place.seq, item.already, item.proof)
        if item != expected:
            raise RecordError("API-FALSE", "the receipt is of another entry than the one that was sent")
        proof = self._verifier.receipt(item)
        return RecordedEntry(item.index, item.leaf, entry, place.order, place.seq, item.already, proof)

    def signer(self, kind: str, role: str | None) -> Signer:
        """Return the holder of the key as the signer of a kind; ValueError without `role` where several fit."""
        caller = self._reader.caller()
        roles = caller.roles if caller.accepted else self._verifier.keyring.keys[caller.key].roles
        fitting = [each for each in kind_of(kind).signers if each in roles]
        if role is None and not caller.accepted:
            fitting = fitting[:1]  # it accepts itself, in whichever role
        if role is None and len(fitting) != 1:
            raise ValueError(f"{caller.actor} could sign {kind} as {' or '.join(fitting) or 'no role'}: role=...")
        return Signer(caller.actor, role or fitting[0], caller.party, self._key.public, self._key.sign)

    def _next(self, order: str) -> EntryPlace:
        """Return the place behind the newest entry of an order, which is verified."""
        answer = self._connection.get(f"/v1/orders/{order}/place", PlaceAnswer)
        head = self._verifier.head(answer.head)
        newest = self._verifier.entry(answer.newest, head)
        p = newest.payload
        if (p.order, p.seq + 1, newest.leaf, p.instrument) != (order, answer.seq, answer.prev, answer.instrument):
            raise RecordError("API-FALSE", "the place of the next entry is not behind the newest one that is shown")
        if not self._verifier.is_newest(newest):
            self._read(order)
            if not self._verifier.is_newest(newest):
                raise RecordError("API-FALSE", f"order {order} is shown without its newest entry", where=order)
        seen = Seen(p.log, head.checkpoint.size, note_digest(head.note)) if head.cosignatures else None
        return EntryPlace(p.log, order, answer.seq, answer.prev, answer.instrument, seen)

    def _read(self, order: str) -> None:
        """Read and verify an order, or the register, as it is now."""
        if order == self._verifier.keyring.registry:
            self._reader.caller()
        else:
            self._reader.case(order)

    def check_form(self, fact: Fact, said: Circumstances, order: str | None, without: Permissions) -> None:
        """Raise the first error in the form of a fact before it is signed: `ledger.entries.form`."""
        registered = [o.payload for _, o in self._verifier.register]
        offices = self._verifier.keyring.offices
        parties = {p.public["party"] for p in registered if p.kind == "party-registered"}
        known = RegisteredNames(
            offices.keys(), parties | {office.party for office in offices.values()}, self._verifier.registrar.actor
        )
        for error in slips(
            fact,
            known,
            said.signed_at,
            whose=said.whose,
            named=lambda: named_in(() if order is None else self._reader.case(order).entries),
            unregistered=without.unregistered,
        ):
            raise error


def _states(p: Payload, fact: Fact, signer: Signer, said: Circumstances) -> bool:
    """Return True if a payload states a fact as its signer would state it now; the moment of signing may differ."""
    sealed = set(sealed_of(fact)) | ({WHY.name} if said.why is not None else set())
    return (
        p.kind == fact.kind
        and {name: value for name, value in p.public.items() if name != "_sd"} == public_of(fact)
        and sealed <= set(p.sealed)
        and (p.signer.actor, p.signer.role) == (signer.actor, signer.role)
        and (p.speaks, p.whose or None, p.replaces or None) == (said.speaks, said.whose, said.replaces)
        and _asked(None if p.unless is UNSET else p.unless) == _asked(said.unless)
        and (p.on == wire(said.on) or (said.on == said.signed_at and p.on == p.signed_at))
    )


def _asked(condition: Condition | None) -> tuple[list[str], list[str]] | None:
    """Return the orders and kinds of a condition; the position may have moved since it was signed."""
    return None if condition is None else (condition.orders, condition.kinds)


def circumstances(on: datetime | None, **said: Any) -> Circumstances:
    """Return the circumstances of an act that is signed now; `on` is the moment of the act, by default now."""
    now = datetime.now(UTC).replace(microsecond=0)
    return Circumstances(on or now, now, **said)


def check_kind(kind: str) -> None:
    """Raise `RecordError` API-KIND or another code for a kind that is not recorded through a server."""
    check_by_hand(kind)
    if kind_of(kind).shown_to:
        raise RecordError("API-KIND", f"{kind} is recorded where the ledger is", where=kind)


def _fact(kind: str, fields: Mapping[str, Any]) -> Fact:
    """Return the fact that these fields state, sealed ones where the kind seals them."""
    check_kind(kind)
    cls = kind_of(kind)
    known = cls.fields()
    sealed = {name for name in fields if name in known and known[name].sealed}
    return build(
        kind,
        {name: value for name, value in fields.items() if name not in sealed},
        {name: value for name, value in fields.items() if name in sealed},
    )


def _instrument(fields: Mapping[str, Any]) -> str | None:
    named = fields.get("instrument")
    return named if isinstance(named, str) else None
