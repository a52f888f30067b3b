"""Make evidence bundles for callers of the API, who sign the access entry and the manifest where their key is.

A bundle that opens sealed values is made for a caller who sees every order. An entry `record-accessed`, sealed and
signed by the caller, is recorded first. The server has no key of a person, so the manifest has no signature: the client
verifies the bundle, and signs its manifest.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

from msgspec import Struct

from ledger.application.export.access_entry import export_access
from ledger.application.export.bundle_contents import BundleRequest, bundle_contents
from ledger.application.export.hand_over import committed_for
from ledger.application.export.witnessed_head import Witnesses, published_head
from ledger.application.journal import Journal
from ledger.bundle.archive import pack
from ledger.bundle.contents import Contents
from ledger.entries.envelope import Signer
from ledger.entries.placement import reserved_of
from ledger.errors import RecordError
from ledger.facts.vocabulary import ROLES
from ledger.messages import Message
from server.access import Caller
from server.access_entries import AccessClaim, access_place, check_claim, recorded_before
from server.api.reading import LedgerView
from server.documents import BundleAnswer, BundleAsked, BundlePlanAnswer, Code, Head, SealedEntry
from server.journal_turn import JournalTurn, OpenJournal

logger = logging.getLogger(__name__)


class BundleQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """For which audience (a role) a bundle is, and whether it has the linked orders."""

    audience: Code
    linked: bool = False


class Bundles:
    """Makes bundles of one ledger, one after the other; `opened` opens the ledger for writing, as another process."""

    def __init__(self, view: LedgerView, opened: OpenJournal) -> None:
        self._view = view
        self._turn = JournalTurn(opened, "other bundles are made now")

    def plan(self, caller: Caller, order: str, query: BundleQuery) -> BundlePlanAnswer:
        """Return the orders of which values would be opened, and the place of the entry that has to say so."""
        self._check(caller, order, query.audience)
        with self._turn.journal() as journal:
            head = published_head(journal)
            request = self._request(caller, order, query, journal)
            orders = opened_orders(journal, request)
            place = access_place(journal) if orders else None
            return BundlePlanAnswer(
                Head(head.checkpoint.size, head.note.decode()), order, query.audience, list(orders), place
            )

    def make(self, caller: Caller, order: str, asked: BundleAsked) -> BundleAnswer:
        """Record the access, if values are opened, and return the bundle, whose manifest is not signed.

        `RecordError`: API-MISSING, API-DENIED, API-REQUEST, what recording raises; `LedgerError` UNWITNESSED, BUSY.
        """
        self._check(caller, order, asked.audience)
        with self._turn.journal() as journal:
            check_claim(journal, _claim(asked, ()), caller)
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
            raise RecordError("API-MISSING", Message("there is no order that this caller may see"))
        if not self._view.access.makes_bundle(caller, audience):
            says = "a bundle for another role than the caller's is made by those who see every order"
            raise RecordError("API-DENIED", says, where="audience")

    def _request(self, caller: Caller, order: str, query: BundleQuery, journal: Journal) -> BundleRequest:
        if journal.subject_keys is not None and journal.subject_keys.main_of(order) is not None:
            raise RecordError("API-MISSING", Message("there is no order that this caller may see"))
        whole = self._view.access.keeps(caller)
        return BundleRequest(
            order, query.audience, journal.now(), _tool(), with_linked=query.linked and whole, closed=not whole
        )


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
    before = recorded_before(journal, access, _claim(asked, orders), caller)
    if before is not None:
        return before
    journal.check_openable(orders)
    if not asked.unwitnessed:
        witnesses.check_reachable()
    (receipt,) = journal.receive_sealed([access.entry.encode()], [access.disclosures], whole=True)
    return receipt.index


def _claim(asked: BundleAsked, orders: Sequence[str]) -> AccessClaim:
    return AccessClaim(orders, asked.purpose, asked.key, asked.role, asked.made_at)


def _tool() -> str:
    try:
        return f"comity {version('comity')}"
    except PackageNotFoundError:
        return "comity, from its source"
