"""The numbers by which reports name the entries of an order: 3, C1 in its companion, I1 in an order joined with it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from string import ascii_uppercase

from ledger.entries.case import Case, Entry


def numbers(case: Case) -> dict[str, str]:
    """Return the number of each entry by leaf hash: its place in the order, with a C in front in a companion order."""
    return {e.leaf: number(e, case) for e in case.entries}


def number(entry: Entry, case: Case) -> str:
    """Return the number of an entry as reports show it."""
    return entry.number if entry.prefix or entry.order == case.order else f"C{entry.seq}"


def in_order(number: str) -> tuple[str, int]:
    """Return the key by which numbers of entries are sorted: those of the order, then those of other orders."""
    place = number.lstrip(ascii_uppercase)
    return number[: -len(place)], int(place)


def runs(numbers: Iterable[str]) -> list[list[str]]:
    """Split numbers of entries, in the order given, into consecutive runs: 1, 2, 3 and C1 make two."""
    groups: list[list[str]] = []
    for n in numbers:
        if groups and n == _next(groups[-1][-1]):
            groups[-1].append(n)
        else:
            groups.append([n])
    return groups


def _next(number: str) -> str:
    prefix, place = in_order(number)
    return f"{prefix}{place + 1}"


def together(lines: Iterable[tuple[str, str]]) -> list[tuple[list[str], str]]:
    """Group neighbouring (number, sentence) pairs with the same sentence into (numbers, sentence)."""
    return [([n for n, _ in same], says) for says, same in groupby(lines, key=lambda one: one[1])]
