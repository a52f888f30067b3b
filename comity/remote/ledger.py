"""A ledger behind an office server: read and record with one key, and verify before anything is returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import msgspec

from comity.ledger import Order
from comity.remote.connection import Connection
from comity.remote.memory import MemoryFile
from comity.remote.proofs import Verifier
from comity.remote.reader import VerifiedReader, is_named, prove
from comity.remote.recording import REGISTER, Permissions, RecordedEntry, RemoteRecorder, circumstances
from ledger.adapters.keys.key_files import Key
from ledger.entries.case import Case, Entry
from ledger.entries.payload import Condition
from ledger.errors import RecordError
from ledger.facts.vocabulary import OnSource, Speaks
from ledger.law import Finding, judge
from ledger.law.provisions import rules_digest
from ledger.messages import plain
from ledger.trust.trust_folder import Trust
from projections.views.due import Duty, due, soonest_first
from projections.views.state import OrderView, view
from server.described import statements
from server.documents import OrderAnswer, OrderEntriesAnswer


class RemoteLedger:
    """One ledger behind a server. `connect` makes it. Whatever a method returns was verified under the trust folder.

    Each raises `RecordError` for what does not verify (API-FALSE, PRF-*, SIG-BAD, CTX-*, KEY-*, MAP-*, SPLIT-VIEW,
    LOG-ROLLBACK, CP-*) and for what the server refuses, and `LedgerError` for a server that does not answer or is busy.
    No sealed value is read. An entry of another log counts as what its wrapper says.
    """

    def __init__(self, connection: Connection, key: Key, trust: Trust, state: Path) -> None:
        self._connection = connection
        self.key = key
        self._verifier = verifier_of(connection, trust, state)
        self.origin = self._verifier.origin
        self.reader = VerifiedReader(connection, key, self._verifier)
        self.recorder = RemoteRecorder(connection, key, self.reader)

    @property
    def connection(self) -> Connection:
        """The connection to the server."""
        return self._connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    # -- reading ------------------------------------------------------------------------------------------------------

    def size(self) -> int:
        """Return the number of entries under the verified head."""
        return self.reader.head().checkpoint.size

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Iterate over the entries in the order of the log, from index `after` on, as `Ledger.entries` does.

        An index that is left out is an entry that the server does not show to this key; that it may not be seen rests
        on the server. The leaf of each is verified, so no entry can be exchanged or moved.
        """
        if after < 0:
            raise ValueError(f"after={after}: indexes count from 0")
        return self.reader.entries(after)

    def orders(self, at: datetime | None = None) -> Iterator[OrderView]:
        """Iterate over the orders that this key may see, in the order in which they began.

        The entries of each order are read and judged here. That no order is left out rests on the server.
        """
        for case in self.reader.listed():
            moment = self._moment(at)
            known = case.known(moment)
            if known.entries:
                yield view(known, judge(case, moment))

    def due(self, at: datetime | None = None) -> list[Duty]:
        """Return the deadlines of these orders that are open, could not be computed, or ran out; soonest first."""
        moment = self._moment(at)
        return soonest_first(duty for case in self.reader.listed() for duty in due(judge(case, moment), moment))

    def order(self, name: str) -> Order:
        """Return the order of an id, its beginning, a reference, or OFFICE/REFERENCE; `RecordError` API-MISSING.

        The server's own account of the order is computed again and compared. The methods of the result read the order
        as it is at each call.
        """
        order = self.reader.find(name)
        answer = self._connection.get(f"/v1/orders/{order}", OrderAnswer)
        case = self.reader.take(
            order, OrderEntriesAnswer(answer.head, answer.says.order.order, answer.entries, answer.committed)
        )
        if not is_named(name, case):
            says = f"the server shows order {order}, and its entries do not state the name {name!r}"
            raise RecordError("API-FALSE", says, hint="give the id of the order")
        if answer.rules == rules_digest():
            own = statements(self.reader.case_at(order, answer.head.size), answer.as_of)
            if msgspec.json.encode(own, enc_hook=plain) != msgspec.json.encode(answer.says):
                raise RecordError("API-FALSE", "what the server says of the order does not follow from its entries")
        return Order(self, order)

    def proven(self, order: str) -> int:
        """Return the size of the log below which no entry of an order (its id) is left out; 0 if nothing shows it.

        Nor is an entry of the register below it, which says whose entries count. The ledger commits the heads of its
        orders from time to time (`comity log commit`). Later entries rest on the server, as far as they were not
        verified here before.
        """
        self.reader.case(order)
        return self.reader.proven(order)

    # -- recording ----------------------------------------------------------------------------------------------------

    def record(
        self,
        kind: str,
        fields: Mapping[str, Any],
        order: str | None = None,
        *,
        role: str | None = None,
        on: datetime | None = None,
        speaks: Speaks = "act",
        whose: str | None = None,
        on_source: OnSource = "own-act",
        replaces: str | None = None,
        why: str | None = None,
        unless: Condition | None = None,
        unregistered: bool = False,
        lookalike: bool = False,
        entry: str | None = None,
    ) -> RecordedEntry:
        """Seal and sign an entry here, have it recorded, and return it after its receipt was verified.

        `fields` are wire JSON, as in `comity record KIND -f`; sealed ones are sent with their disclosures, for the
        ledger to keep. `order` is the name of an order, `register`, or None for a new order. `role` is needed where the
        key holds several that sign the kind. `unless` is a condition over ids of orders: the log refuses the entry with
        `RecordError` CTX-CONDITION where it does not hold. `entry` is an id (32 hex digits) by which a call can be
        repeated: the entry on record under it is returned, with `already`; CONFLICT if that one states something else.

            receipt = ledger.record("order-received", {"proof_kind": "own-stamp"}, "PPO-2026-123")
        """
        order_id = None if order is None else self.reader.registry if order == REGISTER else self.order(order).id
        said = circumstances(
            on, speaks=speaks, on_source=on_source, whose=whose, replaces=replaces, why=why, unless=unless
        )
        return self.recorder.record(kind, fields, order_id, said, role, Permissions(unregistered, lookalike), entry)

    def preview(
        self,
        kind: str,
        fields: Mapping[str, Any],
        order: str | None = None,
        *,
        role: str | None = None,
        on: datetime | None = None,
        speaks: Speaks = "act",
        whose: str | None = None,
        on_source: OnSource = "own-act",
    ) -> tuple[Finding, ...]:
        """Return what the law would find in the order with this entry, and does not find now.

        Nothing is signed or sent.

        for finding in ledger.preview("data-disclosed", fields, "PPO-2026-123"):
            print(finding.code, finding.says)
        """
        said = circumstances(on, speaks=speaks, on_source=on_source, whose=whose)
        return self.recorder.preview(kind, fields, self._case_of(order), said, role)

    def accept_key(self) -> RecordedEntry:
        """Record that the holder accepts this key, which the registrar has enrolled; from then on it signs.

        ledger.accept_key()
        """
        return self.record("key-accepted", {"key": self.key.public.hex()}, REGISTER)

    def export(
        self,
        order: str,
        audience: str,
        *,
        purpose: str,
        person: str,
        because: str | None = None,
        role: str | None = None,
        legal_basis: Sequence[str] = (),
        linked: bool = False,
        unwitnessed: bool = False,
        documents: Mapping[str, Path] | None = None,
    ) -> bytes:
        """Return the evidence bundle of an order for an audience (a role): verified here, its manifest signed here.

        The values that the audience may read are opened if this key may see every order. An entry that says so, with
        `purpose` (a code of the vocabulary), `because` and the name of the `person` who opens them, is signed and
        recorded first. `linked` adds the orders that this one names; with `unwitnessed` no witness is asked.
        `documents` are files here by their SHA-256 (hex): each one of which the audience may read is added.

            data = ledger.export("PPO-2026-123", "CT", purpose="trial", person="Dina Ilves")
        """
        from comity.remote.bundles import BundleWanted, RemoteBundles

        wanted = BundleWanted(
            self.order(order).id, audience, purpose, lambda: person, because, tuple(legal_basis), linked, unwitnessed,
            documents or {},
        )  # fmt: skip
        bundles = RemoteBundles(self._connection, self.reader, self.recorder)
        return bundles.make(wanted, self.recorder.signer("record-accessed", role)).data

    # -- parts --------------------------------------------------------------------------------------------------------

    def _case(self, order: str, *, reveal: bool = False) -> Case:
        """Return the verified record of an order as of now, without sealed values, whatever `reveal` is."""
        return self.reader.case(order)

    def _case_of(self, name: str | None) -> Case:
        """Return the verified record of an order by its name; of a new order, a record without an entry."""
        return self.reader.new_case(str(uuid4())) if name is None else self.reader.case(self.order(name).id)

    def _moment(self, at: datetime | None) -> datetime:
        if at is None:
            return datetime.now(UTC).replace(microsecond=0)
        if at.tzinfo is None:
            raise ValueError(f"{at} has no time zone: the same words are another moment elsewhere")
        return at.astimezone(UTC)


def verifier_of(connection: Connection, trust: Trust, state: Path) -> Verifier:
    """Return what verifies the answers of a connection under a trust folder; `state` is the folder of its memory.

    `LedgerError`: TRUST, LOG-CORRUPT.
    """
    log = min((each.name for each in trust.policy.logs), default="")
    verifier = Verifier(trust, MemoryFile(state, log), lambda start, end: prove(connection, start, end))
    connection.seen = verifier.largest
    return verifier
