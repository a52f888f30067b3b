"""Make evidence bundles for callers of the API, who sign the access entry and the manifest where their key is.

A bundle that opens sealed values is made for a caller who sees every order. An entry `record-accessed`, sealed and
signed by the caller, is recorded first. The server has no key of a person, so the manifest has no signature: the client
verifies the bundle, and signs its manifest.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from threading import Lock
from typing import get_args

from msgspec import UNSET, Struct

from ledger.application.export.access_entry import export_access
from ledger.application.export.bundle_contents import BundleRequest, bundle_contents
from ledger.application.export.hand_over import committed_for
from ledger.application.export.witnessed_head import Witnesses, published_head
from ledger.application.journal import Journal
from ledger.application.write.parallel_open import open_entry
from ledger.bundle.archive import pack
from ledger.bundle.contents import Contents
from ledger.entries.case import instant
from ledger.entries.envelope import OpenedEntry, Signer, open_
from ledger.entries.placement import reserved_of
from ledger.errors import LedgerError, RecordError
from ledger.facts.vocabulary import ROLES, Purpose
from ledger.formats.selective_disclosure import lift
from server.access import Caller
from server.api.reading import LedgerView
from server.documents import AccessPlace, BundleAnswer, BundleAsked, BundlePlanAnswer, Code, Head, SealedEntry

logger = logging.getLogger(__name__)

KIND, VIEW = "record-accessed", "export"
OPENED = ("justification", "person")  # the sealed fields of an access entry
CLOCKS = timedelta(minutes=10)  # by which the clock of a caller may differ
PATIENCE = 30.0  # seconds that a request waits for the bundle of another one

OpenJournal = Callable[[], AbstractContextManager[Journal]]


class BundleQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """For which audience (a role) a bundle is, and whether it has the linked orders."""

    audience: Code
    linked: bool = False


class Bundles:
    """Makes bundles of one ledger, one after the other; `opened` opens the ledger for writing, as another process."""

    def __init__(self, view: LedgerView, opened: OpenJournal) -> None:
        self._view = view
        self._opened = opened
        self._turn = Lock()

    def plan(self, caller: Caller, order: str, query: BundleQuery) -> BundlePlanAnswer:
        """Return the orders of which values would be opened, and the place of the entry that has to say so."""
        self._check(caller, order, query.audience)
        with self._journal() as journal:
            head = published_head(journal)
            request = self._request(caller, order, query, journal)
            orders = opened_orders(journal, request)
            place = None
            if orders:
                newest = journal.store.newest(journal.access)
                last = None if newest is None else open_(newest[1], verify=False)
                seq, prev = (1, None) if last is None else (last.payload.seq + 1, last.leaf)
                place = AccessPlace(journal.access, seq, prev)
            return BundlePlanAnswer(
                Head(head.checkpoint.size, head.note.decode()), order, query.audience, list(orders), place
            )

    def make(self, caller: Caller, order: str, asked: BundleAsked) -> BundleAnswer:
        """Record the access, if values are opened, and return the bundle, whose manifest is not signed.

        `RecordError`: API-MISSING, API-DENIED, API-REQUEST, what recording raises; `LedgerError` UNWITNESSED, BUSY.
        """
        self._check(caller, order, asked.audience)
        if asked.purpose not in get_args(Purpose):
            raise RecordError("API-REQUEST", f"{asked.purpose!r} is no purpose of the vocabulary", where="purpose")
        if not caller.signs_with(asked.key) or asked.role not in caller.roles:
            raise RecordError("API-DENIED", "a bundle is made with a key of the caller, in a role of the caller")
        with self._journal() as journal:
            if not journal.folder.test and abs(asked.made_at - journal.now()) > CLOCKS:
                says = f"it differs by more than ten minutes from the clock here, {journal.now():%Y-%m-%dT%H:%M:%SZ}"
                raise RecordError("API-REQUEST", says, where="made_at")
            request = replace(
                self._request(caller, order, BundleQuery(asked.audience, asked.linked), journal),
                made_at=asked.made_at,
                purpose=asked.purpose,
                legal_basis=tuple(asked.legal_basis),
            )
            witnesses = Witnesses(journal, logger.info)
            contents = _made(journal, request, asked, caller, witnesses)
            maker = Signer(caller.actor, asked.role, caller.party, bytes.fromhex(asked.key), lambda _: bytes(64))
            data = pack(contents, maker)
        size = int(contents.checkpoint.split(b"\n")[1])
        return BundleAnswer(Head(size, contents.checkpoint.decode()), order, b64encode(data).decode())

    def _check(self, caller: Caller, order: str, audience: str) -> None:
        if audience not in ROLES:
            raise RecordError("API-REQUEST", f"{audience!r} is no role", where="audience")
        hidden = order in reserved_of(self._view.origin) or self._view.is_new(order)
        if hidden or not self._view.may_see(caller, order):
            raise RecordError("API-MISSING", "there is no order that this caller may see")
        if not self._view.access.makes_bundle(caller, audience):
            says = "a bundle for another role than the caller's is made by those who see every order"
            raise RecordError("API-DENIED", says, where="audience")

    def _request(self, caller: Caller, order: str, query: BundleQuery, journal: Journal) -> BundleRequest:
        if journal.subject_keys is not None and journal.subject_keys.main_of(order) is not None:
            raise RecordError("API-MISSING", "there is no order that this caller may see")
        whole = self._view.access.keeps(caller)
        return BundleRequest(
            order, query.audience, journal.now(), _tool(), with_linked=query.linked and whole, closed=not whole
        )

    @contextmanager
    def _journal(self) -> Iterator[Journal]:
        if not self._turn.acquire(timeout=PATIENCE):
            raise LedgerError("BUSY", "other bundles are made now", "try again")
        try:
            with self._opened() as journal:
                yield journal
        finally:
            self._turn.release()


def opened_orders(journal: Journal, request: BundleRequest) -> tuple[str, ...]:
    """Return the orders that an access entry has to name: those of which a bundle opens values; none if it does not."""
    contents = bundle_contents(journal, request)
    return export_access(journal, contents, None, "").orders if contents.disclosures else ()


def _made(
    journal: Journal, request: BundleRequest, asked: BundleAsked, caller: Caller, witnesses: Witnesses
) -> Contents:
    """Do what `hand_over` does, apart from the signatures of the maker."""
    orders = opened_orders(journal, request)
    if (asked.access is None) == bool(orders):
        says = "it opens sealed values, and no access entry came" if orders else "it opens nothing: there is no access"
        raise RecordError("API-REQUEST", says, where="access", hint="GET of this address says what is opened")
    above = published_head(journal).checkpoint.size - 1
    if asked.access is not None:
        above = max(above, _recorded(journal, asked.access, asked, caller, orders, witnesses))
    committed = committed_for(journal, request, logger.info)
    above = above if committed is None else max(above, committed.index)
    covering = witnesses.witnessed_head(above, unwitnessed=asked.unwitnessed)
    return bundle_contents(journal, request, covering, committed)


def _recorded(
    journal: Journal,
    access: SealedEntry,
    asked: BundleAsked,
    caller: Caller,
    orders: Sequence[str],
    witnesses: Witnesses,
) -> int:
    """Record an access entry that says what is opened, and return its index; one that was just recorded is taken."""
    line = access.entry.encode()
    opened = open_entry(line)
    _check_access(journal, opened, access.disclosures, asked, caller, orders)
    before = journal.store.by_entry(bytes.fromhex(opened.payload.entry))
    if before is not None:  # the same request again, whose answer was lost
        same = open_(before[1], verify=False)
        if (same.payload.order, same.payload.public.get("orders"), same.payload.signer) != (
            journal.access,
            list(orders),
            opened.payload.signer,
        ) or abs(instant(same.payload.signed_at) - asked.made_at) > CLOCKS:
            raise RecordError("CONFLICT", "the id of the access entry stands for another entry", where="access")
        return before[0]
    journal.check_openable(orders)
    if not asked.unwitnessed:
        witnesses.check_reachable()
    (receipt,) = journal.receive_sealed([line], [access.disclosures], whole=True)
    return receipt.index


def _check_access(
    journal: Journal,
    opened: OpenedEntry,
    disclosures: Sequence[str],
    asked: BundleAsked,
    caller: Caller,
    orders: Sequence[str],
) -> None:
    """Raise API-REQUEST unless an access entry is of the maker, is plain, and says what this request opens and why."""
    p = opened.payload
    said = {name: value for name, value in p.public.items() if name != "_sd"}
    values = lift(disclosures, opened.sd, public=p.public)
    expected = {"view": VIEW, "purpose_code": asked.purpose, "orders": list(orders)}
    fits = (
        (p.kind, p.order, said) == (KIND, journal.access, expected)
        and (p.signer.key, p.signer.actor, p.signer.role) == (asked.key, caller.actor, asked.role)
        and p.speaks == "act"
        and p.replaces is p.unless is UNSET
        and abs(instant(p.signed_at) - asked.made_at) <= CLOCKS
        and all(isinstance(values.get(name), str) and values[name].strip() for name in OPENED)
        and len(values) == len(opened.sd) == len(OPENED)
    )
    if not fits:
        says = "it is not the entry of the maker that says of which orders values are opened, for what, why, by whom"
        raise RecordError("API-REQUEST", says, where="access", hint="GET of this address says what is opened")


def _tool() -> str:
    try:
        return f"comity {version('comity')}"
    except PackageNotFoundError:
        return "comity, from its source"
