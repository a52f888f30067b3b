"""Say which orders an entry of the register can change: the orders that name its office or Party.

The law asks the register for the offices and Parties that an order names, for the calendars of their Parties, and for
the offices that such a Party has designated. So an order that names nothing of an entry is judged as before. Tests
compare every story with and without each entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ledger.entries.case import Case, Entry, ReceivedRegister
from ledger.entries.form import named_in
from ledger.entries.wrapped_entry import KIND
from ledger.law.parties.party_register import fold

_OFFICES = frozenset({"authority-registered", "authority-changed"})
_KEYS = frozenset({"key-registered", "key-accepted", "key-rotated", "key-revoked", "key-compromised"})
_PARTIES = frozenset({"party-registered", "declaration-recorded"})
_OF_THE_LOG = frozenset({"timestamp-anchored", "witness-changed", "log-key-rotated", "log-succeeded"})


def reach(fresh: Sequence[Entry], registry: Sequence[Entry]) -> frozenset[str] | None:
    """Return the offices and Parties of new entries of the register; None if they can change any order.

    `registry` has all entries of the register, the new ones as well.
    """
    by_leaf = {e.leaf: e for e in registry}
    names: set[str] = set()
    ahead = list(fresh)
    while ahead:
        e = ahead.pop()
        if e.replaces is not None:
            old = by_leaf.get(e.replaces)
            if old is None:
                return None
            ahead.append(old)
        if e.kind in _OFFICES:
            names.update(_of_office(e, registry))
        elif e.kind in _KEYS:
            names.add(e.get("actor") or e.by)
        elif e.kind in _PARTIES:
            names.add(e.get("party"))
        elif e.kind not in _OF_THE_LOG:
            return None
    return frozenset(names)


def reach_of_received(register: ReceivedRegister, seen: int) -> frozenset[str] | None:
    """Return the names on which orders rest that new entries of another log's register can change; None for all orders.

    `seen` is how many entries of the register were there before. Its offices and keys change the orders that name the
    offices; anything new in it may prove an entry of that log, so it changes the orders that hold one.
    """
    fresh = register.entries[seen:]
    if not fresh:
        return frozenset()
    named = reach([e for e in fresh if e.kind in _OFFICES | _KEYS], register.entries)
    return None if named is None else named | {register.origin}


def _of_office(e: Entry, registry: Iterable[Entry]) -> Iterator[str]:
    """Yield an office, and its Parties if it is or was designated: then orders ask for it by its Party."""
    actor = e.get("actor")
    yield actor
    states = [s for s in registry if s.kind in _OFFICES and s.get("actor") == actor]
    if any(s.get("designations") for s in states):
        yield from (s.get("party") or s.party for s in states)


def names_of(case: Case) -> frozenset[str]:
    """Return the offices, Parties and other logs on which an order rests.

    Its entries name the offices and Parties, or are of these offices. It has received entries of the logs.
    """
    names = named_in(case.entries) | {e.party for e in case.entries}
    names |= {str(e.get("origin")) for e in case.entries if e.kind == KIND}
    offices = fold(case.registry).offices
    return frozenset(names.union(office.party for name in names for office in offices.get(name, ())))
