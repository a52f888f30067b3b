"""Which role may read what: a sealed value is for the roles of its audience and for whoever signed it.

The audience is the one the entry itself names for a field, else the vocabulary's. Public fields are for every holder of
the record. A kind with `shown_to` is, for all other roles, an entry of which not even the kind is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ledger.entries.case import Case, Entry, Unread
from ledger.facts import KINDS
from ledger.formats.selective_disclosure import Disclosure

COUNTED_ONLY = frozenset({"SP", "REG", "CUST"})  # told how many values are withheld from them, not which


class Withheld(Struct, frozen=True):
    """A sealed field that stays closed in a bundle: log index of its entry, name, and why.

    `audience`: this reader is not among its readers; `erased`: nobody can open it any more; `not-held`: the exporter
    does not have what opens it.
    """

    index: int
    field: str
    why: Literal["audience", "erased", "not-held"]


def visible(kind: str, role: str) -> bool:
    """True if a holder of `role` may know that an entry of this kind exists; so may everybody for an unknown kind."""
    fact = KINDS.get(kind)
    return fact is None or not fact.shown_to or role in fact.shown_to


def readable(entry: Entry, role: str) -> frozenset[str]:
    """The names of the fields of an entry that a holder of `role` may read: every public one, sealed ones by audience.

    Empty where the role may not even see the entry. Names of sealed fields only where they were stated.
    """
    if not visible(entry.kind, role):
        return frozenset()
    fact = KINDS.get(entry.kind)
    fields = fact.fields() if fact else {}
    own = role == entry.role
    sealed = {
        name
        for name in entry.sealed
        if own or role in entry.audience.get(name, fields[name].audience if name in fields else ())
    }
    return frozenset(sealed.union(entry.public) - {"_sd"})


def shown_to(case: Case, role: str, size: int | None = None) -> Case:
    """A case as a bundle for `role` shows it: what this reader may not read is withheld, as far as it is not erased.

    Without a companion order of which not every entry may be known; with `size`, of the first `size` entries of the
    log.
    """
    covered = [e for e in case.entries if size is None or e.index < size]
    apart = {e.order for e in covered if e.order != case.order and not visible(e.kind, role)}
    entries = (_shown(e, role) for e in covered if e.order not in apart and visible(e.kind, role))
    registry = (_shown(e, role) for e in case.registry if size is None or e.index < size)
    return replace(case, entries=tuple(entries), registry=tuple(registry))


def _shown(entry: Entry, role: str) -> Entry:
    may = readable(entry, role)
    if all(name in may for name in entry.sealed):
        return entry
    sealed = {
        name: value if name in may or value is None or value is Unread.ERASED else Unread.WITHHELD
        for name, value in entry.sealed.items()
    }
    return replace(entry, sealed=sealed)


def select(
    entries: Iterable[Entry], held: Mapping[int, Iterable[Disclosure]], role: str
) -> tuple[dict[int, tuple[str, ...]], tuple[Withheld, ...]]:
    """Which of the disclosures `held` (by log index) a bundle for `role` carries, as strings, and what it withholds."""
    carried: dict[int, tuple[str, ...]] = {}
    withheld: list[Withheld] = []
    for entry in entries:
        may = readable(entry, role)
        texts = {d.name: d.text for d in held.get(entry.index, ()) if d.name in entry.sealed}
        for name in sorted(entry.sealed):
            if name not in may:
                withheld.append(Withheld(entry.index, name, "audience"))
            elif name not in texts:
                withheld.append(Withheld(entry.index, name, "erased" if entry.erased(name) else "not-held"))
        if opened := tuple(texts[name] for name in sorted(texts) if name in may):
            carried[entry.index] = opened
    return carried, tuple(withheld)
