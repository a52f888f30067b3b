"""What the digests of one step of custody are compared with: its own exhibit, and the disclosure that this arrived by.

What arrived by which disclosure is read as the law reads it (`ledger.law.record_checks.integrity.handed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.entries.case import Case, Entry, Unread
from ledger.entries.replacement import DIGESTS
from ledger.law.reading.effective_entries import Record, in_order
from ledger.law.record_checks.integrity import ARRIVALS, HANDED, changed, differing, handed, still_stated
from projections.views.replaced import EVER


@dataclass(frozen=True, slots=True)
class Digest:
    """What one entry says of one file: name (empty where only a digest was stated), size in bytes, digests in hex."""

    name: str
    size: int | None
    sha256: str | None
    sha512: str | None

    def same(self, other: Digest) -> bool | None:
        """True if an algorithm that both state gives the same digest, False if one differs, None if none is shared."""
        pairs = [(self.sha256, other.sha256), (self.sha512, other.sha512)]
        shared = [(a, b) for a, b in pairs if a and b]
        return all(a == b for a, b in shared) if shared else None


@dataclass(frozen=True, slots=True)
class First:
    """A file as it was first stated: the leaf of the entry that states it, and the digests in that entry."""

    leaf: str
    digest: Digest


def digests(e: Entry) -> Iterator[Digest]:
    """The files and digests that an entry states, as far as they can be read here."""
    manifest: Mapping[str, Any] = e.get("manifest") or {}
    for f in manifest.get("files", ()):
        yield Digest(f["name"], f.get("size"), f.get("sha256"), f.get("sha512"))
    for name in ("digest_before", "digest_after"):
        if value := e.get(name):
            yield Digest("", None, value, None)


def unread(e: Entry) -> str:
    """`[erased]` or `[sealed]` if an entry states digests that cannot be read here; else empty."""
    closed = [value for name in DIGESTS if isinstance(value := e.sealed.get(name), Unread)]
    return "[erased]" if Unread.ERASED in closed else "[sealed]" if closed else ""


def speaks_of(digest: Digest, firsts: Iterable[First]) -> list[First]:
    """The files that a digest is one of: those it is equal to, else those of its name.

    A digest without a name that is equal to none is of the whole exhibit: of a digest without a name, else of the only
    file there is. Of several files it cannot be said which one it is of.
    """
    firsts = list(firsts)
    if equal := [f for f in firsts if f.digest.same(digest)]:
        return equal
    if of_name := [f for f in firsts if f.digest.name in (digest.name, "")]:
        return of_name
    return firsts if not digest.name and _is_one(firsts) else []


def _is_one(firsts: Sequence[First]) -> bool:
    """These are one file, under one name or with one digest."""
    return len({f.digest.name for f in firsts}) == 1 or all(f.digest.same(firsts[0].digest) for f in firsts)


class Exhibits:
    """The steps of custody of a case in the order in which they happened, and the files of each.

    `at` is the moment at which the case is read. Replaced steps are included. They are compared with others; others are
    compared with them only as far as no replacement states a digest again.
    """

    def __init__(self, case: Case, at: datetime | None, kinds: Iterable[str]) -> None:
        self._record = Record(case, at or EVER)
        self._kept = still_stated(self._record)
        self.steps = sorted((e for e in case.entries if e.kind in kinds), key=in_order)
        self._standing = [e for e in self.steps if e.leaf not in self._record.replaced]
        self._copies = {e.get("copy"): e.get("exhibit") for e in self._standing if e.kind == "working-copy-made"}
        self._known: dict[str, tuple[First, ...]] = {}
        self._sources: dict[int, list[Entry]] = {}
        self._arrivals: dict[int, tuple[First, ...]] = {}
        self._by_exhibit: dict[str | None, list[Entry]] = {}
        for e in self._standing:
            if e.kind == "evidence-received":
                exhibit = e.get("exhibit")
                self._by_exhibit.setdefault(exhibit and self._whole(exhibit), []).append(e)

    def firsts(self, e: Entry) -> tuple[First, ...]:
        """The files that a step may speak of, each as it was first stated."""
        if e.kind in ARRIVALS:
            if id(e) not in self._arrivals:
                self._arrivals[id(e)] = self._arrived(e)
            return self._arrivals[id(e)]
        own = tuple(First(e.leaf, d) for d in digests(e))
        if e.kind in HANDED:
            return own
        if (exhibit := e.get("exhibit")) is None:
            return _once(f for s in self._before(e) for f in self.firsts(s))
        exhibit = self._whole(exhibit)
        if exhibit not in self._known:
            self._known[exhibit] = self._of_exhibit(exhibit)
        return self._known[exhibit]

    def compared(self, e: Entry) -> str:
        """The digests of a step compared with those first stated, computed here whatever the entry itself says."""
        stated = list(digests(e))
        if changed(e) or any(differing(self._record, e, self._kept)):
            return "differs"
        if not stated:
            return unread(e) or "no digest"
        others = [f for f in self.firsts(e) if f.leaf != e.leaf]
        if not others:
            before = () if e.kind in HANDED[:1] else self._before(e)
            is_first = not any(unread(s) or any(digests(s)) for s in before if s.leaf != e.leaf)
            return "first stated" if is_first else "not comparable"
        verdicts = [_verdict(d, speaks_of(d, others)) for d in stated]
        return "differs" if False in verdicts else "not comparable" if None in verdicts else "equal"

    def _before(self, e: Entry) -> list[Entry]:
        """What a step is compared with: of an exhibit the receipts it arrived by, and what each of them is of."""
        exhibit = e.get("exhibit")
        if e.kind not in ARRIVALS and exhibit is not None:
            receipts = self._receipts(self._whole(exhibit))
            return [*receipts, *(s for r in receipts for s in self._before(r))]
        if id(e) not in self._sources:
            before = handed(self._record, e, self._kept)
            # what the recipient itself has observed of an answer agrees with itself
            self._sources[id(e)] = [s for s in before if s.by != e.by or self._record.first_hand(s)] or before
        return self._sources[id(e)]

    def _arrived(self, e: Entry) -> tuple[First, ...]:
        """The files of a receipt or a transmission as first stated: those it lists, else all of its source."""
        known = _once(f for s in self._before(e) for f in self.firsts(s))
        own = [First(e.leaf, d) for d in digests(e)]
        return _once(f for mine in own for f in speaks_of(mine.digest, known) or (mine,)) if own else known

    def _of_exhibit(self, exhibit: str) -> tuple[First, ...]:
        """The files of an exhibit; of several, or none, also the first digest of it that is of no single file."""
        found = _once(f for e in self._receipts(exhibit) for f in self.firsts(e))
        if found and _is_one(found):
            return found
        here = (e for e in self._standing if e.get("exhibit") and self._whole(e.get("exhibit")) == exhibit)
        stated = (First(e.leaf, d) for e in here for d in digests(e))
        whole = next((f for f in stated if not f.digest.name and not speaks_of(f.digest, found)), None)
        return found if whole is None else (*found, whole)

    def _receipts(self, exhibit: str) -> list[Entry]:
        """The entries by which an exhibit arrived: receipts of it, else those that name no exhibit.

        Where no receipt is on record, it may be of anything that was handed over.
        """
        if not self._by_exhibit:
            return [e for e in self._standing if e.kind in HANDED]
        return self._by_exhibit.get(exhibit) or self._by_exhibit.get(None, [])

    def _whole(self, exhibit: str) -> str:
        """The exhibit of which this is a copy, or a copy of a copy; else itself."""
        met: set[str] = set()
        while exhibit in self._copies and exhibit not in met:
            met.add(exhibit)
            exhibit = self._copies[exhibit]
        return exhibit


def _verdict(digest: Digest, firsts: Iterable[First]) -> bool | None:
    """Several answers may hold files of one name: a digest need be equal to one of them only."""
    found = {digest.same(f.digest) for f in firsts}
    return True if True in found else False if False in found else None


def _once(firsts: Iterable[First]) -> tuple[First, ...]:
    return tuple(dict.fromkeys(firsts))
