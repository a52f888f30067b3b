"""Hold one order as a list of opened entries.

An `Entry` is what the law and the projections see of a sealed entry: its place in the record, its signer, its
times, and the field values that this reader may know. `envelope.open_` and `envelope.entry_of` make it from
verified bytes. This module reads neither disk nor clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from string import ascii_uppercase
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ledger.entries.payload import Condition
from ledger.errors import RecordError
from ledger.facts import KINDS
from ledger.messages import Message


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
WRONG_CLOCK = timedelta(hours=1)  # the most by which an honest clock is wrong: minutes, or the hour of summer time


EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # older than every supported instrument: an earlier year is a typing error


def check_dates(on: datetime, signed_at: datetime) -> None:
    """Refuse on recording, with FORM-DATE, an act dated before 1970 or over five minutes after its signature."""
    if on < EARLIEST:
        says = Message("it is said to happen at {0}, before {1}", wire(on), EARLIEST.year)
        raise RecordError("FORM-DATE", says, hint=Message("look at the year"))
    if on - signed_at > DRIFT:
        raise RecordError(
            "FORM-DATE",
            Message("it is said to happen at {0}, after it is signed at {1}", wire(on), wire(signed_at)),
            hint=Message("look at the year; what is still to come is recorded when it has happened"),
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
    rank: int | None = None  # in the order of recording that all ledgers share, where entries of several logs meet
    known_to: str | None = None  # the log whose register alone knows the signer; the entry has no effect
    prefix: str = ""  # of its number: I, J, ... in an order that was joined with the one of the case

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
    def number(self) -> str:
        """The number by which an entry is named within its case: its place in its order, and before it the prefix."""
        return f"{self.prefix}{self.seq}"

    @property
    def position(self) -> int:
        """The place in the order of recording: the rank among entries of several logs, else the log index."""
        return self.index if self.rank is None else self.rank

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
        """True if the act is dated more than five minutes after the signature, which is impossible.

        An entry of another log that arrived at most an hour before its own time shows that one of two clocks is wrong,
        and no more: see `clocks_differ`.
        """
        return self.on - self.at > DRIFT or self.ahead > WRONG_CLOCK

    @property
    def clocks_differ(self) -> bool:
        """True if an entry of another log arrived over five minutes before its time, and is not `after_signature`."""
        return self.received is not None and self.on - self.received > DRIFT and not self.after_signature


class ReceivedRegister(Struct, frozen=True):
    """The register of another log as it arrived and was proven: its origin, the Party of its registrar, its entries."""

    origin: str
    party: str
    entries: tuple[Entry, ...]


class Case(Struct, frozen=True):
    """Everything that the law may read about one order: its entries, those of its companion, and the registry.

    Both tuples are in the order of the log. `instrument` is the one that its envelopes name, `label` the name
    from a story. `others` are the registers of other logs, by origin.
    """

    order: str
    instrument: str
    entries: tuple[Entry, ...]
    registry: tuple[Entry, ...]
    label: str | None = None
    others: tuple[ReceivedRegister, ...] = ()

    def known(self, at: datetime) -> Case:
        """Return the case with only the entries that were recorded at or before `at`.

        Without an entry of another order that was joined with this one later.
        """
        entries = _until(self.entries, at)
        if apart := {*named_as_same(self.order, self.entries)} - {*joined(self.order, entries, at)}:
            entries = tuple(e for e in entries if e.order not in apart)
        others = tuple(replace(other, entries=_until(other.entries, at)) for other in self.others)
        return replace(self, entries=entries, registry=_until(self.registry, at), others=others)

    def happened(self, at: datetime) -> Case:
        """Return the case without the entries of the order whose moment (`on`) is later than `at`."""
        return replace(self, entries=tuple(e for e in self.entries if e.on <= at))

    @property
    def acting(self) -> tuple[Entry, ...]:
        """The entries without those of offices that are not known here, or that have no part in this order.

        Such entries are shown where the record is listed; they are not what was ordered, handed over or counted.
        """
        founding = founding_act(self.entries)
        return tuple(e for e in self.entries if not e.known_to and not is_of_another_state(e, founding))

    @property
    def issued(self) -> tuple[Entry, ...]:
        """The entries that say what was ordered, as recorded, in a role that the key held."""
        return tuple(e for e in self.acting if e.kind == "order-issued" and e.held)


_ISSUING = frozenset(("ISS", "VAL", "CAR"))  # roles that only offices of the issuing Party have in an order


def founding_act(entries: Iterable[Entry]) -> Entry | None:
    """Return the act that issued an order: of this record, else the one that arrived first, whatever date it states."""
    may = KINDS["order-issued"].signers
    acts = (e for e in entries if e.kind == "order-issued" and e.speaks == "act" and e.held and e.role in may)
    return min((e for e in acts if not e.known_to), key=lambda e: (e.received is not None, e.index), default=None)


def is_of_another_state(e: Entry, founding: Entry | None) -> bool:
    """Return True for an act in a role of the issuing Party by an office of another one; it has no effect [design].

    The registrar of another log proves the offices of its Party, and only what they do for it.
    """
    return e.speaks == "act" and e.role in _ISSUING and founding is not None and e.party != founding.party


JOINING = "duplicate-service-recorded"  # with `first_order`: another order of this record is the same one as this
CARRIER = "counterparty-record-received"  # the kind of an entry that wraps an entry of another log
_OTHER = "first_order"
_DISPUTING = "event-disputed"


def named_as_same(order: str, entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return the orders that entries of `order` have named as the same one, also where a later entry ended that."""
    named = (e.get(_OTHER) for e in entries if e.kind == JOINING and e.speaks == "act" and _is_said(e, order))
    return tuple(dict.fromkeys(other for other in named if other and other != order))


def joined(order: str, entries: Iterable[Entry], at: datetime) -> tuple[str, ...]:
    """Return the orders that are one with `order` at `at`, by its own entries; the one that was joined first is first.

    `entries` are those of `order` and of the orders that it names. An office takes in what it has imported itself, in
    the same log and under the same instrument, and another log only what that log alone has stated.
    """
    entries = tuple(entries)
    found = (e for e in joins(order, entries, at) if _takes_in(e, [n for n in entries if n.order == e.get(_OTHER)]))
    return named_as_same(order, found)


def joins(order: str, entries: Iterable[Entry], at: datetime) -> tuple[Entry, ...]:
    """Return the entries of `order` by which it is one with another order at `at`, if that order was imported.

    A join ends when its signer replaces the entry, or when an office disputes it and no court has settled the dispute.
    Entries of another log than that of the join do not end it; a side of the dispute does not say what a court did.
    """
    entries = tuple(entries)
    if not any(e.kind == JOINING for e in entries):
        return ()
    here = [e for e in entries if _is_said(e, order)]
    joins = {e.leaf: e for e in here if e.kind == JOINING}
    disputes = {e.leaf: e for e in here if e.kind == _DISPUTING and _is_of_one_log(e, joins.get(e.get("about")))}
    rulings = ((disputes.get(e.get("settles")), e) for e in here if e.kind == "court-ruled")
    settled = {
        dispute.leaf
        for dispute, ruling in rulings
        if dispute
        and _is_of_one_log(ruling, dispute)
        and (ruling.speaks == "act" or ruling.by not in (dispute.actor, joins[dispute.get("about")].by))
    }
    ended = {e.get("about") for leaf, e in disputes.items() if leaf not in settled}
    ended |= replacements(here, at).keys()
    return tuple(e for leaf, e in joins.items() if leaf not in ended)


def _is_of_one_log(e: Entry, other: Entry | None) -> bool:
    """Return True if an entry is of the same log as another one."""
    return other is not None and e.origin == other.origin


def _takes_in(join: Entry, named: Sequence[Entry]) -> bool:
    """Return True if the signer of a join has imported the order that it names, by the entries of that order."""
    stated = [e for e in named if e.origin == join.origin and (e.received is None or join.received is not None)]
    first = min(stated, key=place_in_log, default=None)
    if first is None or not is_import_of(first, join.by, join.instrument):
        return False
    return join.origin is None or all(e in stated or (e.kind == CARRIER and e.received is None) for e in named)


def is_import_of(first: Entry, by: str, instrument: str | None) -> bool:
    """Return True if the `first` entry of an order is an import by the office `by` under an instrument."""
    return (first.speaks, first.by, first.instrument) == ("import", by, instrument)


def numbered(order: str, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the entries of a case, those of an order that was joined with `order` with the prefix of their numbers."""
    entries = tuple(entries)
    prefixes = dict(zip(named_as_same(order, entries), ascii_uppercase[ascii_uppercase.index("I") :], strict=False))
    yield from (replace(e, prefix=prefixes[e.order]) if e.order in prefixes else e for e in entries)


def _is_said(e: Entry, order: str) -> bool:
    """Return True for an entry of `order` by an office that the reader knows; of an act, in a role that may state it.

    An entry that was sealed for this log, and came too late for its place, states nothing here.
    """
    if e.order != order or not e.held or e.known_to is not None or (e.origin is None and e.received is not None):
        return False
    return e.speaks != "act" or (e.kind in KINDS and e.role in KINDS[e.kind].signers)


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
        if old is not None and (old.by, old.origin) == (e.by, e.origin) and place_in_log(old) < place_in_log(e):
            successors[old.leaf] = (*successors.get(old.leaf, ()), e)
    return successors


def place_in_log(e: Entry) -> int:
    """Return the index of an entry in the log for which it was sealed."""
    return e.index if e.place is None else e.place


def _until(entries: Iterable[Entry], at: datetime) -> tuple[Entry, ...]:
    return tuple(e for e in entries if (e.received or e.at) <= at)


def linked(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return the ids of the orders that entries name: the prior order, and the one to which it was escalated."""
    names = (e.get(name) for e in entries for name in ("prior_order", "new_order"))
    return tuple(dict.fromkeys(order for order in names if order))
