"""A case in the ledger of one office: entries of others came from their ledgers, carried by entries of that office."""

from __future__ import annotations

from hashlib import sha256

from msgspec.structs import replace

from ledger.entries.case import Case, Entry
from ledger.entries.wrapped_entry import KIND


def ledger_of_office(office: str) -> str:
    """Return the origin of the ledger of an office."""
    return f"ledger.example/{office}"


def received_by(office: str, case: Case) -> Case:
    """Return a case in the ledger of an office, in which each entry of another office has arrived from its ledger."""
    ours = next(e for e in case.entries if e.by == office)
    entries = (one for e in case.entries for one in ((e,) if e.by == office else arrived(e, ours)))
    return replace(case, entries=tuple(entries))


def arrived(e: Entry, ours: Entry) -> tuple[Entry, Entry]:
    """Return an entry of the signer of `ours` that carries another entry, and that entry as received."""
    leaf = sha256(f"carrier of {e.leaf}".encode()).hexdigest()
    origin = ledger_of_office(e.by)
    public = {"origin": origin, "index": e.index, "leaf": e.leaf, "envelope": "0" * 64, "proof_check": "verifies"}
    signer = {"by": ours.by, "role": ours.role, "party": ours.party, "key": ours.key, "speaks": "act", "whose": None}
    carrier = replace(e, leaf=leaf, kind=KIND, replaces=None, public=public, sealed={}, **signer)
    return carrier, replace(e, received=e.at, origin=origin, place=e.index)
