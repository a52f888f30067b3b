"""Read the registers of other logs together with the own one: which offices they prove, and which only they know.

A registrar proves the offices of the Party that it is of (decision 59). What it states of an office of another
Party proves nothing: such an office is known to that register alone until the reader's own register has it.
"""

from __future__ import annotations

from copy import copy
from datetime import datetime
from functools import lru_cache
from itertools import chain, combinations

from msgspec.structs import replace

from ledger.entries.case import Case, Entry, ReceivedRegister
from ledger.entries.form import named_in
from ledger.law.parties.party_register import WARNINGS, Register, fold, register_at

_FEW = 3  # offices of which every combination is judged
_MANY = 16  # offices that are judged one by one


def register_of(case: Case, at: datetime, assumed: frozenset[str] = frozenset()) -> Register:
    """Return the reader's register at a moment with the offices that other registers prove.

    `assumed` are offices that only another register knows and that are taken as confirmed.
    """
    own = register_at(case.registry, at)
    if not case.others:
        return own
    others = tuple(
        replace(other, entries=tuple(e for e in other.entries if e.on <= at or e.kind in WARNINGS))
        for other in case.others
    )
    return _joined(tuple(e for e in case.registry if e.on <= at or e.kind in WARNINGS), others, assumed)


def unknown_offices(case: Case, at: datetime) -> tuple[frozenset[str], ...]:
    """Return the offices that entries of the order name and that only the register of another log knows.

    Each is alone. More than sixteen are together by the log that knows them: another registrar can invent any
    number of offices, and each would be judged twice.
    """
    if not case.others:
        return ()
    signers = {(e.known_to, e.by) for e in case.entries if e.known_to}
    offices = {by for _, by in signers} | (register_of(case, at).unknown & named_in(case.entries))
    if len(offices) <= _MANY:
        return tuple(frozenset((office,)) for office in sorted(offices))
    known = {other.origin: {str(e.get("actor")) for e in other.entries} for other in case.others}
    groups = [offices & (known[log] | {by for to, by in signers if to == log}) for log in sorted(known)]
    return tuple(frozenset(group) for group in groups if group)


def assumptions(offices: tuple[frozenset[str], ...]) -> tuple[frozenset[str], ...]:
    """Return which of these offices to take as confirmed, one set for each judgement; the first is empty.

    Up to three: every combination. More: none, each alone, all but each, all.
    """
    sizes = range(len(offices) + 1) if len(offices) <= _FEW else (0, 1, len(offices) - 1, len(offices))
    chosen = chain.from_iterable(combinations(offices, size) for size in sizes)
    return tuple(dict.fromkeys(frozenset().union(*each) for each in chosen))


@lru_cache(maxsize=32)  # the orders of one ledger are judged by few combinations of registers
def _joined(registry: tuple[Entry, ...], others: tuple[ReceivedRegister, ...], assumed: frozenset[str]) -> Register:
    register = copy(fold(registry))
    own, ended = dict(register.offices), dict(register._ended)
    unknown, misleading = set[str](), set(register.misleading)
    for proving in (True, False):  # the register of an office's own Party goes before all others
        for other in others:
            theirs = fold(other.entries)
            misleading |= theirs.misleading - own.keys()
            for actor, states in theirs.offices.items():
                if actor in own or (states[-1].party == other.party) is not proving:
                    continue
                if not proving:
                    unknown.add(actor)
                if proving or actor in assumed:
                    own[actor] = [replace(state, origin=other.origin) for state in states]
                    if actor in theirs.ends:
                        ended[actor] = register.days(states[-1].party).end_of(theirs.ends[actor])
    register.offices, register._ended = own, ended
    register.unknown, register.assumed, register.misleading = frozenset(unknown), assumed, misleading
    return register
