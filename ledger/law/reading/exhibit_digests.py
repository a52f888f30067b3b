"""Compare the digests of steps of custody: each with its exhibit, and with the disclosure by which that arrived.

Findings and reports use the same comparison, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ledger.entries.case import Entry, Unread
from ledger.entries.replacement import ALGORITHMS, DIGESTS, Stated, contradicts, dropped, is_broken, stated
from ledger.law.reading.effective_entries import in_order
from ledger.law.reading.order_reading import OrderReading

ARRIVALS = ("evidence-received", "data-transmitted-by-state")
COMPARED = ("evidence-received", "custody-transferred", "working-copy-made", "analysis-performed")
HANDED = ("data-disclosed", "data-transmitted-by-state")

# -- arrivals and their sources ----------------------------------------------------------------------------------------


def files(e: Entry) -> list[dict[str, Any]]:
    """Return the files of the manifest of an entry, as far as it can be read here."""
    return list((e.get("manifest") or {}).get("files") or ())


def still_stated(r: OrderReading) -> list[Entry]:
    """Return replaced entries with the digests that no replacement states again or states anew.

    Only a digest replaces a digest: one that a replacement leaves out still counts, with its stated result.
    """
    entries = []
    for leaf in r.entries.replacements:
        old = r.entries.by_leaf[leaf]
        if not r.entries.would_count(old):
            continue
        lost = set(stated(_digest_fields(old)))
        for e in r.entries.successors(leaf):
            if not lost:
                break
            closed = {field for field in DIGESTS if isinstance(e.sealed.get(field), Unread)}
            lost &= {one for one in dropped(_digest_fields(old), _digest_fields(e)) if one[0] not in closed}
        if lost:
            entries.append(_only(old, lost, r.entries.successors(leaf)))
    return entries


def _digest_fields(e: Entry) -> dict[str, Any]:
    return {field: e.get(field) for field in DIGESTS}


def _only(old: Entry, lost: set[Stated], after: Iterable[Entry]) -> Entry:
    """Return an entry with these digests alone; where one of two was lost, the other is the one stated since."""
    after = list(after)
    names = {(name, algorithm) for field, name, algorithm, _ in lost if field == "manifest"}
    listed = [{k: v for k, v in f.items() if k not in ALGORITHMS or (f["name"], k) in names} for f in files(old)]
    sealed = dict(old.sealed)
    if "manifest" in sealed:
        sealed["manifest"] = {"elements": [], "files": [f for f in listed if any(d in f for d in ALGORITHMS)]}
    for field in DIGESTS[1:]:
        if field in sealed and field not in {one[0] for one in lost}:
            sealed[field] = next((value for e in after if (value := e.get(field)) is not None), sealed[field])
    return replace(old, sealed=sealed)


def changed(e: Entry) -> bool:
    """Return True if the digests of one exhibit that an entry states, before and after, differ."""
    before, after = e.get("digest_before"), e.get("digest_after")
    return before is not None and after is not None and before != after


def differing(r: OrderReading, arrival: Entry, kept: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the sources from which a receipt or a transmission differs.

    A file that one of several answers holds may differ in the others.
    `kept` is the result of `still_stated`. Other kinds are not compared.
    """
    if arrival.kind not in ARRIVALS:
        return
    before = handed(r, arrival, kept)
    agreeing = [o for o in before if _excuses(r, arrival, o)] if _answer(r, arrival) is None else []
    excused = {f.get("name") for o in agreeing for f in files(o)}
    yield from (s for s in before if _differ(arrival, s, excused))


def handed(r: OrderReading, arrival: Entry, kept: Iterable[Entry]) -> list[Entry]:
    """Return the sources of a receipt or a transmission: the answer it names; else all that was handed over before.

    Before it are entries dated before it, and entries recorded before it.
    """
    if (named := _answer(r, arrival)) is not None:
        about = arrival.get("about")
        given = (k for k in kept if k.kind in HANDED)
        same = (k for k in given if about == k.leaf or about in {e.leaf for e in r.entries.successors(k.leaf)})
        return [named, *same]
    kinds = HANDED[:1] if arrival.kind == "data-transmitted-by-state" else HANDED
    every = (*r.entries.of(*kinds), *(k for k in kept if k.kind in kinds))
    return [s for s in every if in_order(s) < in_order(arrival) or s.position < arrival.position]


def _answer(r: OrderReading, arrival: Entry) -> Entry | None:
    """Return the answer that a receipt or a transmission names; None without one."""
    named = r.entries.named(arrival.get("about"))
    # an entry that hands nothing over, or an observation of the recipient itself, is no source
    if named is None or named.kind not in HANDED or (named.by == arrival.by and not r.reliability.first_hand(named)):
        return None
    return named


def _excuses(r: OrderReading, arrival: Entry, o: Entry) -> bool:
    """Return True if an arrival agrees with one of several answers that hold files of one name.

    An observation of the recipient itself agrees with itself, and excuses nothing.
    """
    return (
        (o.by != arrival.by or r.reliability.first_hand(o)) and _shares_a_name(arrival, o) and not _differ(arrival, o)
    )


def _shares_a_name(a: Entry, b: Entry) -> bool:
    return not {f.get("name") for f in files(a)}.isdisjoint(f.get("name") for f in files(b))


def _differ(a: Entry, b: Entry, excused: Collection[Any] = ()) -> bool:
    """Return True if a file of the same name, which is not excused, has another digest of the same kind."""
    others = {f.get("name"): f for f in files(b) if f.get("name") not in excused}
    pairs = ((f, others[f.get("name")]) for f in files(a) if f.get("name") in others)
    return any(f.get(d) and o.get(d) and contradicts(f[d], o[d]) for f, o in pairs for d in ALGORITHMS)


# -- chains of custody -------------------------------------------------------------------------------------------------


class Digest(Struct, frozen=True):
    """One file in one entry: name (empty where only a digest was stated), size in bytes, digests in hex."""

    name: str
    size: int | None
    sha256: str | None
    sha512: str | None
    digest: str | None = None  # by another algorithm, with its name

    def same(self, other: Digest) -> bool | None:
        """Return True if all shared algorithms give the same digest, False if one differs, None if none is shared.

        Equal digests of a broken algorithm show nothing; different ones show a difference.
        """
        same: bool | None = None
        pairs = ((self.sha256, other.sha256), (self.sha512, other.sha512), (self.digest, other.digest))
        for a, b in pairs:
            if a and b:
                if contradicts(a, b):
                    return False
                same = True if a == b and not is_broken(a) else same
        return same


class First(Struct, frozen=True):
    """The first statement of a file: the leaf of the entry that states it, and the digests in that entry."""

    leaf: str
    digest: Digest


def digests(e: Entry) -> Iterator[Digest]:
    """Yield the files and digests that an entry states, as far as they can be read here."""
    manifest: Mapping[str, Any] = e.get("manifest") or {}
    for f in manifest.get("files", ()):
        yield Digest(f["name"], f.get("size"), f.get("sha256"), f.get("sha512"), f.get("digest"))
    for name in ("digest_before", "digest_after"):
        if value := e.get(name):
            yield Digest("", None, value, None)


def unread(e: Entry) -> str:
    """Return `[erased]` or `[sealed]` if an entry states digests that cannot be read here; else an empty string."""
    closed = [value for name in DIGESTS if isinstance(value := e.sealed.get(name), Unread)]
    return "[erased]" if Unread.ERASED in closed else "[sealed]" if closed else ""


def speaks_of(digest: Digest, firsts: Iterable[First]) -> list[First]:
    """Return the files that a digest may belong to: the files equal to it, else the files of its name.

    A digest without a name that is equal to none belongs to the whole exhibit: to a digest without a name, else to the
    only file. Of several files it cannot be said which one.
    """
    firsts = list(firsts)
    if equal := [f for f in firsts if f.digest.same(digest)]:
        return equal
    if of_name := [f for f in firsts if f.digest.name in (digest.name, "")]:
        return of_name
    return firsts if not digest.name and _is_one(firsts) else []


def _is_one(firsts: Sequence[First]) -> bool:
    """Return True if all are one file, under one name or with one digest."""
    return len({f.digest.name for f in firsts}) == 1 or all(f.digest.same(firsts[0].digest) for f in firsts)


class Exhibits:
    """The steps of custody of a case in the order in which they happened, and the files of each.

    `steps` may contain replaced steps. They are compared with others; others are compared with them only as far as no
    replacement states a digest again.
    """

    def __init__(self, reading: OrderReading, steps: Iterable[Entry]) -> None:
        self._reading = reading
        self._kept = still_stated(reading)
        self.steps = sorted(steps, key=in_order)
        self._standing = [e for e in self.steps if e.leaf not in self._reading.entries.replaced]
        self._copies = {e.get("copy"): e.get("exhibit") for e in self._standing if e.kind == "working-copy-made"}
        self._stated: dict[int, tuple[Digest, ...]] = {}
        self._known: dict[str, tuple[First, ...]] = {}
        self._sources: dict[int, list[Entry]] = {}
        self._arrivals: dict[int, tuple[First, ...]] = {}
        self._by_exhibit: dict[str | None, list[Entry]] = {}
        self._here: dict[str, list[Entry]] = {}
        for e in self._standing:
            exhibit = e.get("exhibit")
            if e.kind == "evidence-received":
                self._by_exhibit.setdefault(exhibit and self._whole(exhibit), []).append(e)
            if exhibit:
                self._here.setdefault(self._whole(exhibit), []).append(e)
        arrivals = [e for e in (*reading.entries.by_leaf.values(), *self._kept) if e.kind in ARRIVALS]
        for e in sorted(arrivals, key=lambda e: e.position):
            self.firsts(e)  # in the order of the log: the sources of an arrival are computed before it

    def stated(self, e: Entry) -> tuple[Digest, ...]:
        """Return the files and digests that a step or its source states, as far as they can be read here."""
        known = self._stated.get(id(e))
        if known is None:
            known = self._stated[id(e)] = tuple(digests(e))
        return known

    def firsts(self, e: Entry) -> tuple[First, ...]:
        """Return the first statements of the files that a step may be about."""
        if e.kind in ARRIVALS:
            if id(e) not in self._arrivals:
                self._arrivals[id(e)] = self._arrived(e)
            return self._arrivals[id(e)]
        if e.kind in HANDED:
            return tuple(First(e.leaf, d) for d in self.stated(e))
        if (exhibit := e.get("exhibit")) is None:
            return _once(f for s in self._before(e) for f in self.firsts(s))
        exhibit = self._whole(exhibit)
        if exhibit not in self._known:
            self._known[exhibit] = self._of_exhibit(exhibit)
        return self._known[exhibit]

    def compared(self, e: Entry) -> str:
        """Return the result of the comparison of a step with the first statements, whatever the entry itself says."""
        stated = self.stated(e)
        if changed(e) or any(differing(self._reading, e, self._kept)):
            return "differs"
        if not stated:
            return unread(e) or "no digest"
        others = [f for f in self.firsts(e) if f.leaf != e.leaf]
        if not others:
            before = () if e.kind in HANDED[:1] else self._before(e)
            is_first = not any(unread(s) or self.stated(s) for s in before if s.leaf != e.leaf)
            return "first stated" if is_first else "not comparable"
        verdicts = [_verdict(d, speaks_of(d, others)) for d in stated]
        return "differs" if False in verdicts else "not comparable" if None in verdicts else "equal"

    def _before(self, e: Entry) -> list[Entry]:
        """Return the entries to compare a step with: of an exhibit its receipts, and the sources of each receipt."""
        exhibit = e.get("exhibit")
        if e.kind not in ARRIVALS and exhibit is not None:
            receipts = self._receipts(self._whole(exhibit))
            return [*receipts, *(s for r in receipts for s in self._before(r))]
        if id(e) not in self._sources:
            before = handed(self._reading, e, self._kept)
            # an observation of the recipient itself agrees with itself
            self._sources[id(e)] = [
                s for s in before if s.by != e.by or self._reading.reliability.first_hand(s)
            ] or before
        return self._sources[id(e)]

    def _arrived(self, e: Entry) -> tuple[First, ...]:
        """Return the first statements of the files of a receipt or a transmission: of its list, else of its source."""
        earlier = _once(f for s in self._before(e) for f in self._of_source(s, e))
        own = [First(e.leaf, d) for d in self.stated(e)]
        return _once(f for mine in own for f in speaks_of(mine.digest, earlier) or (mine,)) if own else earlier

    def _of_source(self, source: Entry, e: Entry) -> Iterable[First]:
        """Return the first statements of a source; of one recorded later, which may lead back here, its own digests."""
        return (
            self.firsts(source)
            if source.position < e.position
            else (First(source.leaf, d) for d in self.stated(source))
        )

    def _of_exhibit(self, exhibit: str) -> tuple[First, ...]:
        """Return the files of an exhibit; of several, or none, also its first digest that belongs to no single file."""
        firsts = _once(f for e in self._receipts(exhibit) for f in self.firsts(e))
        if firsts and _is_one(firsts):
            return firsts
        stated = (First(e.leaf, d) for e in self._here.get(exhibit, ()) for d in self.stated(e))
        whole = next((f for f in stated if not f.digest.name and not speaks_of(f.digest, firsts)), None)
        return firsts if whole is None else (*firsts, whole)

    def _receipts(self, exhibit: str) -> list[Entry]:
        """Return the receipts of an exhibit, else the receipts that name no exhibit.

        Without any receipt on record, the exhibit may come from any answer.
        """
        if not self._by_exhibit:
            return [e for e in self._standing if e.kind in HANDED]
        return self._by_exhibit.get(exhibit) or self._by_exhibit.get(None, [])

    def _whole(self, exhibit: str) -> str:
        """Return the exhibit of which this is a copy, or a copy of a copy; else itself."""
        seen: set[str] = set()
        while exhibit in self._copies and exhibit not in seen:
            seen.add(exhibit)
            exhibit = self._copies[exhibit]
        return exhibit


def _verdict(digest: Digest, firsts: Iterable[First]) -> bool | None:
    """Compare a digest with the files of several answers: one equal file is enough."""
    results = {digest.same(f.digest) for f in firsts}
    return True if True in results else False if False in results else None


def _once(firsts: Iterable[First]) -> tuple[First, ...]:
    return tuple(dict.fromkeys(firsts))
