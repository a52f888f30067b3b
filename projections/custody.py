"""Hand to hand: who held what was disclosed, with which digests, and where a file stopped being the same."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.order import Case, Entry
from projections.replaced import Replaced, replaced
from projections.timeline import office_names, says

HANDS = (
    "data-disclosed",
    "data-transmitted-by-state",
    "evidence-received",
    "custody-transferred",
    "evidence-accessed",
    "working-copy-made",
    "evidence-sealed",
    "analysis-performed",
    "use-restricted",
    "data-returned",
    "data-destroyed",
)


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


GIVEN = ("data-disclosed", "data-transmitted-by-state")


@dataclass(frozen=True, slots=True)
class Hand:
    """One step of custody: the entry, who gave and who took, what was checked, and the digests it states.

    Names of offices; None where nothing on record says it. A step in which nothing changes hands has only `held_by`.
    `parties` are the actors behind these names. `replaced` is what took its place; such a step is shown and counts for
    nothing.
    """

    entry: Entry
    says: str
    exhibit: str | None
    released_by: str | None
    received_by: str | None
    held_by: str | None
    parties: tuple[str, ...]
    check: str | None
    files: tuple[Digest, ...]
    replaced: Replaced | None = None

    @property
    def holder(self) -> str | None:
        """Who has the data after this step."""
        return self.received_by or self.held_by


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a file stands in the record: the hands whose digest it equals, and those that speak of another content."""

    equal: tuple[Hand, ...]
    differs: tuple[Hand, ...]


def custody(case: Case, at: datetime | None = None, *, reveal: bool = False) -> list[Hand]:
    """Every step of custody of an order in the order in which it happened, replaced ones too, each marked as such.

    `at` is the moment at which the case is read; `reveal` opens why a step was replaced.
    """
    names, gone = office_names(case.registry), replaced(case, at, reveal=reveal)
    steps = sorted((e for e in case.entries if e.kind in HANDS), key=lambda e: (e.on, e.index))
    given = [e for e in steps if e.kind in GIVEN]
    standing = [e for e in given if e.leaf not in gone]
    return [_hand(e, _parties(e, given, standing), names, gone.get(e.leaf)) for e in steps]


def standing(hands: Iterable[Hand]) -> list[Hand]:
    """The steps that nothing replaced."""
    return [hand for hand in hands if hand.replaced is None]


def _hand(
    e: Entry, parties: tuple[str | None, str | None, str | None], names: Mapping[str, str], gone: Replaced | None
) -> Hand:
    released, received, held = (None if actor is None else names.get(actor, actor) for actor in parties)
    return Hand(
        entry=e,
        says=says(e.kind),
        exhibit=e.get("exhibit"),
        released_by=released,
        received_by=received,
        held_by=held,
        parties=tuple(actor for actor in parties if actor is not None),
        check=e.get("check"),
        files=tuple(_digests(e)),
        replaced=gone,
    )


def _parties(e: Entry, given: Sequence[Entry], standing: Sequence[Entry]) -> tuple[str | None, str | None, str | None]:
    """Who gave, who took, or who held the data all along, as actors; `given` are disclosures and transmissions."""
    match e.kind:
        case "data-disclosed" | "data-transmitted-by-state":
            return e.actor, e.get("recipient"), None
        case "evidence-received":
            return _giver(e, given, standing), e.actor, None
        case "custody-transferred":
            return e.get("released_by"), e.get("received_by"), None
        case "data-returned":
            return e.actor, None, None
    return None, None, e.actor


def _giver(receipt: Entry, given: Sequence[Entry], standing: Sequence[Entry]) -> str | None:
    """Who handed over what a receipt says has arrived; None where the record leaves it open.

    The entry that the receipt names. Where it names none, the last one before it whose recipient signs the receipt;
    else the only office that by then has handed over anything to a recipient that is not stated, or to anybody.
    """
    named = receipt.get("about")
    if named and (found := next((e for e in given if named in (e.leaf, e.proves)), None)):
        return found.actor
    before = [e for e in standing if e.on <= receipt.on]
    if to_signer := [e for e in before if e.get("recipient") == receipt.actor]:
        return to_signer[-1].actor
    offices = {e.actor for e in before if e.get("recipient") is None} or {e.actor for e in before}
    return offices.pop() if len(offices) == 1 else None


def _digests(e: Entry) -> Iterable[Digest]:
    manifest: Mapping[str, Any] = e.get("manifest") or {}
    for f in manifest.get("files", ()):
        yield Digest(f["name"], f.get("size"), f.get("sha256"), f.get("sha512"))
    for name in ("digest_before", "digest_after"):
        if value := e.get(name):
            yield Digest("", None, value, None)


def out_of_step(hands: Sequence[Hand]) -> dict[str, Hand | None]:
    """The steps whose place by date is not their place in the record, by leaf: each with the step recorded before it.

    Of `hands`, which are in the order of their dates, as few as will do: without them, both orders are the same. None
    stands for no step before.
    """
    kept = _rising([h.entry.index for h in hands])
    recorded = sorted(hands, key=lambda h: h.entry.index)
    before: dict[str, Hand | None] = {
        h.entry.leaf: earlier for h, earlier in zip(recorded, [None, *recorded], strict=False)
    }
    return {h.entry.leaf: before[h.entry.leaf] for n, h in enumerate(hands) if n not in kept}


def _rising(numbers: Sequence[int]) -> set[int]:
    """The places of a longest rising subsequence of distinct numbers (patience sorting)."""
    tops: list[int] = []
    places: list[int] = []
    below: list[int | None] = []
    for place, number in enumerate(numbers):
        pile = bisect_left(tops, number)
        tops[pile : pile + 1] = [number]
        places[pile : pile + 1] = [place]
        below.append(places[pile - 1] if pile else None)
    found: set[int] = set()
    at = places[-1] if places else None
    while at is not None:
        found.add(at)
        at = below[at]
    return found


def against_first(hand: Hand, hands: Sequence[Hand]) -> str:
    """Compared with the digests first stated, computed here whatever the entry itself says."""
    first = next((h for h in standing(hands) if h.files), None)
    if first is None or not hand.files:
        return "no digest"
    if hand is first:
        return "first stated"
    verdicts = [a.same(b) for a in hand.files for b in first.files if a.name in ("", b.name) or not b.name]
    if not verdicts or None in verdicts:
        return "not comparable"
    return "equal" if all(verdicts) else "differs"


def trace(hands: Sequence[Hand], file: Digest) -> Trace:
    """Compare one file with every step of custody, by digest first and by name where no digest is shared.

    A hand that speaks of a file of that name, or of the exhibit, with another digest is listed under `differs`.
    """
    equal, differs = [], []
    for hand in hands:
        verdicts = [(d, d.same(file)) for d in hand.files]
        if any(v for _, v in verdicts):
            equal.append(hand)
        elif any(v is False and d.name in ("", file.name) for d, v in verdicts):
            differs.append(hand)
    return Trace(tuple(equal), tuple(differs))
