"""Hold one order as a list of opened entries.

An `Entry` is what the law and the projections see of a sealed entry: its place in the record, its signer, its
times, and the field values that this reader may know. `envelope.open_` and `envelope.entry_of` make it from
verified bytes. This module reads neither disk nor clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from msgspec import Struct

from ledger.entries.payload import Condition
from ledger.errors import RecordError


class Unread(Enum):
    """The reason why a stated sealed value cannot be read here."""

    WITHHELD = "withheld"  # the reader is not in the audience
    ERASED = "erased"  # the key is destroyed; the value can no longer be opened


_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z")


def instant(text: str) -> datetime:
    """Parse an RFC 3339 instant of the wire (`2026-11-24T13:37:44Z`) into an aware UTC datetime.

    Raises ValueError if it is malformed.
    """
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"{text!r} is not an instant such as 2026-11-24T13:37:44Z")
    return datetime.fromisoformat(text)


def wire(moment: datetime) -> str:
    """Format an aware datetime for the wire: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


DRIFT = timedelta(minutes=5)  # the most that two honest clocks differ


EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # older than every supported instrument: an earlier year is a typing error


def check_dates(on: datetime, signed_at: datetime) -> None:
    """Refuse on recording, with FORM-DATE, an act dated before 1970 or over five minutes after its signature."""
    if on < EARLIEST:
        says = f"it is said to happen at {wire(on)}, before {EARLIEST.year}"
        raise RecordError("FORM-DATE", says, hint="look at the year")
    if on - signed_at > DRIFT:
        raise RecordError(
            "FORM-DATE",
            f"it is said to happen at {wire(on)}, after it is signed at {wire(signed_at)}",
            hint="look at the year; what is still to come is recorded when it has happened",
        )


class Entry(Struct, frozen=True, eq=False):
    """One opened entry of the record: its leaf hash is its name, `index` its place in the log (from 0).

    `on` is when the fact happened, `at` when the entry was signed; both are the signer's claims, aware and in
    UTC. `public` and `sealed` hold JSON values as on the wire (instants, dates and durations are strings, an
    event is a leaf hash in hex, an actor an identifier). `sealed` has a key for every stated sealed field:
    its value, or an `Unread`.
    """

    leaf: str
    index: int
    order: str
    seq: int
    kind: str
    instrument: str | None
    by: str  # signer.actor
    role: str  # signer.role
    party: str  # signer.party
    key: str  # signer.key, 64 hex digits
    speaks: str  # act | observation | import
    on: datetime
    at: datetime
    on_source: str = "own-act"
    whose: str | None = None
    replaces: str | None = None
    public: Mapping[str, Any] = {}
    sealed: Mapping[str, Any] = {}
    audience: Mapping[str, tuple[str, ...]] = {}
    digests: Mapping[str, str] = {}  # sealed field -> RFC 9901 digest, where known here
    received: datetime | None = None  # when the entry arrived, if it is wrapped in an entry of this log
    origin: str | None = None  # the log that it was sealed for, if that is another log
    place: int | None = None  # its index in the log of `origin`
    held: bool = True  # False: the signing key or its office did not hold the claimed role at this position
    proves: str | None = None  # leaf of the entry here that the wrapped entry was proven to back
    unless: Condition | None = None  # what its signer demanded of the log
    unproven: str = ""  # code of what is missing, if a wrapped entry is not proven to be its signer's act

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a field, public or sealed; `default` if it was not stated or cannot be read here."""
        if name in self.public:
            return self.public[name]
        value = self.sealed.get(name)
        return default if value is None or isinstance(value, Unread) else value

    def stated(self, name: str) -> bool:
        """Return True if the field was stated and is not empty, even if its value can no longer be read."""
        value = self.public[name] if name in self.public else self.sealed.get(name)
        return value not in (None, "", [], {})

    def erased(self, name: str) -> bool:
        """Return True if the field was stated and its key is destroyed."""
        return self.sealed.get(name) is Unread.ERASED

    @property
    def actor(self) -> str:
        """The actor whose act this entry reports: `whose` of an observation or import, else its signer."""
        return self.whose or self.by

    @property
    def ahead(self) -> timedelta:
        """The time from the entry's signature to the date of the act; negative for an act before the signature.

        An entry of another log was signed before it arrived here, whatever time it claims.
        """
        return self.on - (self.at if self.received is None else min(self.at, self.received))

    @property
    def after_signature(self) -> bool:
        """True if the act is dated more than five minutes after the signature, which is impossible."""
        return self.ahead > DRIFT


class Case(Struct, frozen=True):
    """Everything that the law may read about one order: its entries, those of its companion, and the registry.

    Both tuples are in the order of the log. `instrument` is the one that its envelopes name, `label` the name
    from a story.
    """

    order: str
    instrument: str
    entries: tuple[Entry, ...]
    registry: tuple[Entry, ...]
    label: str | None = None

    def known(self, at: datetime) -> Case:
        """Return the case with only the entries that were recorded at or before `at`."""
        return Case(self.order, self.instrument, _until(self.entries, at), _until(self.registry, at), self.label)

    def happened(self, at: datetime) -> Case:
        """Return the case without the entries of the order whose moment (`on`) is later than `at`."""
        here = tuple(e for e in self.entries if e.on <= at)
        return Case(self.order, self.instrument, here, self.registry, self.label)


def replacements(entries: Iterable[Entry], at: datetime) -> dict[str, tuple[Entry, ...]]:
    """Return the leaf of every entry that is replaced at `at` with the entries that replace it, the last one last.

    A replacement counts if it has the same signer and the same log, has a later position, claims a role that its key
    held, and does not happen later than `at`.
    """
    entries = tuple(entries)
    claims = [e for e in entries if e.replaces and e.held and e.on <= at]
    if not claims:
        return {}
    by_leaf = {e.leaf: e for e in entries}
    successors: dict[str, tuple[Entry, ...]] = {}
    for e in claims:
        old = by_leaf.get(e.replaces or "")
        if old is not None and (old.by, old.origin) == (e.by, e.origin) and _place(old) < _place(e):
            successors[old.leaf] = (*successors.get(old.leaf, ()), e)
    return successors


def _place(e: Entry) -> int:
    """Return the index of an entry in the log for which it was sealed."""
    return e.index if e.place is None else e.place


def _until(entries: Iterable[Entry], at: datetime) -> tuple[Entry, ...]:
    return tuple(e for e in entries if (e.received or e.at) <= at)


def linked(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return the ids of the orders that entries name: the prior order, and the one to which it was escalated."""
    names = (e.get(name) for e in entries for name in ("prior_order", "new_order"))
    return tuple(dict.fromkeys(order for order in names if order))
