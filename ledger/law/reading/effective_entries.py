"""Which entries of an order count: effective entries, replaced entries, entries of the future.

findings.md 1, from "replaced" to "effective". All of it is [design]: the sources say what must happen, not how a record
of it is to be read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from operator import attrgetter

from ledger.entries.case import Entry, founding_act, is_of_another_state, replacements
from ledger.facts import KINDS
from ledger.law.reading.acting_offices import ActingOffices

in_order = attrgetter("on", "position")  # order of entries: by when it happened, then by place in the record


def precedes(e: Entry, other: Entry) -> bool:
    """Return True if an entry comes before another one in the order of entries; no entry comes before itself."""
    return bool(in_order(e) < in_order(other))


class EffectiveEntries:
    """The entries of an order at a moment, by kind and by leaf hash.

    Answers are computed on first use and kept; the entries must not change. Nothing here raises: an entry that makes no
    sense counts for nothing. Entries come in the order in which they happened.
    """

    def __init__(self, entries: tuple[Entry, ...], at: datetime, actors: ActingOffices) -> None:
        self._all = entries
        self._at = at
        self._actors = actors
        self._register = actors.register

    # -- replacement ---------------------------------------------------------------------------------------------------

    @cached_property
    def replacements(self) -> dict[str, tuple[Entry, ...]]:
        """Leaf of a replaced entry -> its replacements: see `ledger.entries.case.replacements`."""
        return replacements(self._all, self._at)

    @cached_property
    def _last_replacement(self) -> dict[str, Entry]:
        return {leaf: by[-1] for leaf, by in self.replacements.items()}

    def successors(self, leaf: str) -> Iterator[Entry]:
        """Yield the replacements of an entry, then their replacements, and so on."""
        ahead = deque(self.replacements.get(leaf, ()))
        while ahead:  # each entry replaces one entry, so none comes twice
            yield (e := ahead.popleft())
            ahead += self.replacements.get(e.leaf, ())

    @cached_property
    def replaced(self) -> frozenset[str]:
        """Leaves of entries that a later entry of the same signer corrects. They stay visible and do not count."""
        return frozenset(self._last_replacement)

    # -- all entries ---------------------------------------------------------------------------------------------------

    @cached_property
    def current(self) -> tuple[Entry, ...]:
        """All entries that are not replaced and whose moment has come, effective or not."""
        return tuple(e for e in self._not_replaced if e.on <= self._at)

    @cached_property
    def future(self) -> tuple[Entry, ...]:
        """Entries that are not replaced, of acts later than the moment of the reading: they do not count yet."""
        return tuple(e for e in self._not_replaced if e.on > self._at)

    @cached_property
    def _not_replaced(self) -> tuple[Entry, ...]:
        return tuple(sorted((e for e in self._all if e.leaf not in self.replaced), key=in_order))

    def all_of(self, *kinds: str) -> tuple[Entry, ...]:
        """Return the entries of these kinds, effective or not, without replaced ones."""
        return tuple(e for e in self.current if e.kind in kinds)

    @cached_property
    def by_leaf(self) -> dict[str, Entry]:
        """Every entry, replaced ones too, by leaf hash."""
        return {e.leaf: e for e in self._all}

    def named(self, leaf: str | None) -> Entry | None:
        """Return the entry that a reference names; of a replaced entry its last replacement."""
        e = None if leaf is None else self.by_leaf.get(leaf)
        while e is not None and e.leaf in self._last_replacement:
            e = self._last_replacement[e.leaf]
        return e

    # -- effective entries ---------------------------------------------------------------------------------------------

    @cached_property
    def _stated_by_itself(self) -> frozenset[tuple[str, str, str]]:
        """The kind, role and order id of each act of its signer."""
        return frozenset((e.kind, e.role, e.order) for e in self.current if e.speaks == "act" and e.held)

    def _is_reported_again(self, e: Entry) -> bool:
        """Return True for a report, in another order id, of an act that its own office has stated since.

        Two orders were joined: what the office itself says counts, and not what a table said about it [design]. The two
        registers may know the office by two ids, so its role is compared.
        """
        if e.speaks == "act" or e.whose is None or not self._stated_by_itself:
            return False
        roles = self._actors.held(e)
        return any(k == e.kind and role in roles and o != e.order for k, role, o in self._stated_by_itself)

    @cached_property
    def _effective(self) -> dict[str, tuple[Entry, ...]]:
        kinds: dict[str, list[Entry]] = {}
        for e in self.current:
            if self.would_count(e) and not self._is_reported_again(e):
                kinds.setdefault(e.kind, []).append(e)
        return {kind: tuple(entries) for kind, entries in kinds.items()}

    @cached_property
    def _effective_leaves(self) -> frozenset[str]:
        return frozenset(e.leaf for entries in self._effective.values() for e in entries)

    def would_count(self, e: Entry) -> bool:
        """Return True if an entry is effective, or would be if no other replaced it."""
        return self._is_in_role(e) and not self.is_of_another_state(e)

    @cached_property
    def _founding(self) -> Entry | None:
        return founding_act(self._all)

    def is_of_another_state(self, e: Entry) -> bool:
        """Return True for an act in a role of the issuing Party by an office of another one."""
        return is_of_another_state(e, self._founding)

    def _is_in_role(self, e: Entry) -> bool:
        kind = KINDS.get(e.kind)
        if kind is None or not e.held:
            return False
        if e.speaks == "act":
            return e.role in kind.signers and not self._register.ended(e.by, e.on)
        return not self._actors.held(e).isdisjoint(kind.signers)

    def is_effective(self, e: Entry) -> bool:
        """Return True for an act in a role among the signers of its kind, by an office that has not ended.

        Of an observation or import the office of whose act it reports must hold such a role. False for a replaced
        entry, for an unknown kind, and for a role that the key did not hold.
        """
        return e.leaf in self._effective_leaves

    def of(self, *kinds: str) -> tuple[Entry, ...]:
        """Return the effective entries of these kinds."""
        if len(kinds) == 1:
            return self._effective.get(kinds[0], ())
        groups = [self._effective[kind] for kind in kinds if kind in self._effective]
        return groups[0] if len(groups) == 1 else _merged(groups)

    def first(self, *kinds: str) -> Entry | None:
        """Return the first effective entry of these kinds, or None."""
        entries = self.of(*kinds)
        return entries[0] if entries else None

    def earlier(self, e: Entry, *kinds: str) -> tuple[Entry, ...]:
        """Return the effective entries of these kinds that come before an entry."""
        here = in_order(e)
        return tuple(o for o in self.of(*kinds) if in_order(o) < here)

    def later(self, e: Entry, *kinds: str) -> tuple[Entry, ...]:
        """Return the effective entries of these kinds that come after an entry."""
        here = in_order(e)
        return tuple(o for o in self.of(*kinds) if in_order(o) > here)

    def anywhere(self, *kinds: str) -> Iterable[Entry]:
        """Return the effective entries of these kinds in the order and in the register."""
        return (*self.of(*kinds), *self._register.of(*kinds))


def _merged(groups: Iterable[tuple[Entry, ...]]) -> tuple[Entry, ...]:
    return tuple(sorted((e for entries in groups for e in entries), key=in_order))
