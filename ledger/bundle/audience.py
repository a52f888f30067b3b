"""Decide which role may read a value: a sealed one is for the roles of its audience and for its signer's role.

The audience is the one that the entry names for a field, else that of the vocabulary. Public fields are for
every holder of the record. A kind with `shown_to` is hidden from all other roles: not even the kind is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from ledger.entries.case import Case, Entry, Unread
from ledger.facts import KINDS
from ledger.formats.selective_disclosure import Disclosure

COUNTED_ONLY = frozenset({"SP", "REG", "CUST"})  # their bundles say how many values are withheld, not which


class Withheld(Struct, frozen=True):
    """A sealed field that stays closed in a bundle: log index of its entry, name, and why.

    `audience`: the reader is not in the audience. `erased`: the value can no longer be opened. `not-held`:
    the exporter does not have the disclosure.
    """

    index: int
    field: str
    why: Literal["audience", "erased", "not-held"]


def visible(kind: str, role: str) -> bool:
    """Return True if a holder of `role` may know that such an entry exists; every role may for an unknown kind."""
    fact = KINDS.get(kind)
    return fact is None or not fact.shown_to or role in fact.shown_to


def readable(entry: Entry, role: str) -> frozenset[str]:
    """Return the names of the fields of an entry that `role` may read: every public one, sealed ones by audience.

    Empty if the role may not even see the entry. Sealed fields are included only if they were stated.
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


def documents_named(entries: Iterable[Entry], role: str) -> frozenset[str]:
    """Return the SHA-256 (hex) of each document that an entry names in a field which `role` may read."""
    return frozenset(d for entry in entries for name in readable(entry, role) for d in _digests(entry.get(name)))


def _digests(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("sha256"), str):
            yield value["sha256"]
        for inner in value.values():
            yield from _digests(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _digests(inner)


def shown_to(case: Case, role: str, size: int | None = None) -> Case:
    """Return a case as a bundle for `role` shows it: values that this role may not read are withheld, unless erased.

    Companion orders with an entry that is hidden from the role are left out. With `size`, only the first
    `size` entries of the log are included.
    """
    covered = [e for e in case.entries if size is None or e.index < size]
    apart = {e.order for e in covered if e.order != case.order and not visible(e.kind, role)}
    entries = (_shown(e, role) for e in covered if e.order not in apart and visible(e.kind, role))
    registry = (_shown(e, role) for e in case.registry if size is None or e.index < size)
    return replace(case, entries=tuple(entries), registry=tuple(registry))


def _shown(entry: Entry, role: str) -> Entry:
    may = readable(entry, role)
    sealed = {
        name: value if name in may or value is Unread.ERASED else Unread.WITHHELD
        for name, value in entry.sealed.items()
    }
    return replace(entry, sealed=sealed)


def select(
    entries: Iterable[Entry], held: Mapping[int, Iterable[Disclosure]], role: str
) -> tuple[dict[int, tuple[str, ...]], tuple[Withheld, ...]]:
    """Return the disclosures that a bundle for `role` carries, as strings by log index, and the withheld fields.

    `held` has the disclosures at hand by log index.
    """
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
