"""The files of a case, each once: with its size and digests, the entries that state it, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ledger.entries.case import Case
from projections.reports.entry_numbers import number
from projections.reports.front_page import Exhibit
from projections.views.custody import CustodyStep
from projections.views.exhibit_digests import Digest, speaks_of


@dataclass(slots=True)
class _Found:
    """A file while the steps are read: its digests, and the steps that state them."""

    file: Digest
    differs: bool
    steps: list[CustodyStep] = field(default_factory=list)


def exhibits(steps: Iterable[CustodyStep], case: Case) -> tuple[tuple[Exhibit, ...], dict[str, tuple[int, ...]]]:
    """Return every file that steps of custody state, once, and the numbers of the files of each step, by leaf.

    A digest without a name is that of the file with the same digest. `no` counts from 1 in the order of the steps.
    """
    found: list[_Found] = []
    by_key: dict[str, list[int]] = {}
    stated: dict[str, list[int]] = {}
    for step in steps:
        for digest in step.files:
            place = _place(digest, found, by_key)
            if place is None:
                place = len(found)
                others = [f for f in step.firsts if f.leaf != step.entry.leaf]
                differs = any(f.digest.same(digest) is False for f in speaks_of(digest, others))
                found.append(_Found(digest, differs))
            elif not found[place].file.name:
                found[place].file = digest
            for key in _keys(digest):
                if place not in (places := by_key.setdefault(key, [])):
                    places.append(place)
            if step not in found[place].steps[-1:]:
                found[place].steps.append(step)
            stated.setdefault(step.entry.leaf, []).append(place + 1)
    numbers = {leaf: tuple(dict.fromkeys(places)) for leaf, places in stated.items()}
    return tuple(_exhibit(n, x, case) for n, x in enumerate(found, 1)), numbers


def _place(digest: Digest, found: Sequence[_Found], by_key: dict[str, list[int]]) -> int | None:
    """Return the place of the file that a digest is of; None if it is new."""
    for key in _keys(digest):
        for place in by_key.get(key, ()):
            file = found[place].file
            if file.same(digest) is not False and (file.name == digest.name or not file.name or not digest.name):
                return place
    return None


def _keys(digest: Digest) -> list[str]:
    """Return what a file is found by: each of its digests, else its name."""
    return [d for d in (digest.sha256, digest.sha512, digest.digest) if d] or [f"name {digest.name}"]


def _exhibit(no: int, found: _Found, case: Case) -> Exhibit:
    file, steps = found.file, found.steps
    return Exhibit(
        no=no,
        exhibits=tuple(dict.fromkeys(h.exhibit for h in steps if h.exhibit is not None)),
        name=file.name,
        size=file.size,
        sha256=file.sha256,
        sha512=file.sha512,
        digest=file.digest,
        entries=tuple(number(h.entry, case) for h in steps),
        differs=found.differs,
        replaced=all(h.replaced is not None for h in steps),
    )
