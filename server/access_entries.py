"""Check the access entry of a caller: what is opened, for what, why and by whom; signed by the caller, just now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import get_args

from msgspec import UNSET, Struct

from ledger.application.journal import Journal
from ledger.application.write.parallel_open import open_entry
from ledger.entries.case import instant
from ledger.entries.envelope import OpenedEntry, open_
from ledger.errors import RecordError
from ledger.facts.vocabulary import Purpose
from ledger.formats.selective_disclosure import lift
from ledger.messages import Message
from server.access import Caller
from server.documents import AccessPlace, SealedEntry

KIND, VIEW = "record-accessed", "export"
OPENED = ("justification", "person")  # the sealed fields of an access entry
CLOCKS = timedelta(minutes=10)  # by which the clock of a caller may differ


class AccessClaim(Struct, frozen=True):
    """What an access entry has to say: the orders, the purpose, and who opens them when, with a key (hex) in a role.

    Its reason begins with `about`.
    """

    orders: Sequence[str]
    purpose: str
    key: str
    role: str
    made_at: datetime
    about: str = ""


def check_claim(journal: Journal, claim: AccessClaim, caller: Caller) -> None:
    """Raise unless a caller may claim this: `RecordError` API-REQUEST, API-DENIED."""
    if claim.purpose not in get_args(Purpose):
        raise RecordError("API-REQUEST", f"{claim.purpose!r} is no purpose of the vocabulary", where="purpose")
    if not caller.signs_with(claim.key) or claim.role not in caller.roles:
        raise RecordError("API-DENIED", "values are opened with a key of the caller, in a role of the caller")
    if not journal.folder.test and abs(claim.made_at - journal.now()) > CLOCKS:
        says = Message(
            "it differs by more than ten minutes from the clock here, {0}", format(journal.now(), "%Y-%m-%dT%H:%M:%SZ")
        )
        raise RecordError("API-REQUEST", says, where="made_at")


def access_place(journal: Journal) -> AccessPlace:
    """Return where the next access entry belongs."""
    newest = journal.store.newest(journal.access)
    last = None if newest is None else open_(newest[1], verify=False)
    seq, prev = (1, None) if last is None else (last.payload.seq + 1, last.leaf)
    return AccessPlace(journal.access, seq, prev)


def recorded_before(journal: Journal, access: SealedEntry, claim: AccessClaim, caller: Caller) -> int | None:
    """Check an access entry; return its index if it is on record already, None if it has to be recorded.

    `RecordError` API-REQUEST for an entry that does not say what is claimed; CONFLICT for the id of another entry.
    """
    opened = open_entry(access.entry.encode())
    _check(journal, opened, access.disclosures, claim, caller)
    before = journal.store.by_entry(bytes.fromhex(opened.payload.entry))
    if before is None:
        return None
    same = open_(before[1], verify=False)  # the same request again, whose answer was lost
    if (same.payload.order, same.payload.public.get("orders"), same.payload.signer) != (
        journal.access,
        list(claim.orders),
        opened.payload.signer,
    ) or abs(instant(same.payload.signed_at) - claim.made_at) > CLOCKS:
        raise RecordError("CONFLICT", "the id of the access entry stands for another entry", where="access")
    return before[0]


def _check(
    journal: Journal, opened: OpenedEntry, disclosures: Sequence[str], claim: AccessClaim, caller: Caller
) -> None:
    """Raise API-REQUEST unless an access entry is of the caller, is plain, and says what is opened and why."""
    p = opened.payload
    said = {name: value for name, value in p.public.items() if name != "_sd"}
    values = lift(disclosures, opened.sd, public=p.public)
    expected = {"view": VIEW, "purpose_code": claim.purpose, "orders": list(claim.orders)}
    fits = (
        (p.kind, p.order, said) == (KIND, journal.access, expected)
        and (p.signer.key, p.signer.actor, p.signer.role) == (claim.key, caller.actor, claim.role)
        and p.speaks == "act"
        and p.replaces is p.unless is UNSET
        and abs(instant(p.signed_at) - claim.made_at) <= CLOCKS
        and all(isinstance(values.get(name), str) and values[name].strip() for name in OPENED)
        and len(values) == len(opened.sd) == len(OPENED)
        and values[OPENED[0]].startswith(claim.about)
        and bool(values[OPENED[0]].removeprefix(claim.about).strip())
    )
    if not fits:
        says = "it is not the entry of the maker that says of which orders values are opened, for what, why, by whom"
        raise RecordError("API-REQUEST", says, where="access", hint="GET of this address says what is opened")
