"""Custody: who held the disclosed data, with which digests, and where a file stopped being the same."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ledger.entries.case import Case, Entry
from ledger.law import read_all
from ledger.law.record_checks.integrity import is_same_transfer
from projections.sentences.names import Names, names_of
from projections.sentences.sentence import sentence
from projections.views.exhibit_digests import Digest, Exhibits, First, exhibits_of, speaks_of, unread
from projections.views.papers.hand_over import GIVEN, TRANSFER, HandOvers, HandSignature
from projections.views.replaced import EVER, Replacement, replaced

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


GONE = ("data-returned", "data-destroyed")


@dataclass(frozen=True, slots=True)
class CustodyStep:
    """Hold one step of custody: the entry, who gave and who received, what was checked, the digests it states.

    Names of offices; None where no entry says it. A step in which nothing changes hands has only `held_by`.
    `files` are the digests that can be read here; `unread` is `[sealed]` or `[erased]` where others are stated.
    `compared` was computed here: the digests against `firsts`, the same files as they were first stated.
    `parties` are the actors behind these names. `replaced` is the entry that took its place; such a step is
    shown and counts for nothing. `local` is the local time of the office whose act it is. `gave` and `took` say how
    each side signed for a hand-over; of a step in which nothing changes hands, `took` is the signature of the holder.
    `confirms`: it states the transfer of the step before once more, from the other side.
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
    unread: str
    compared: str
    firsts: tuple[First, ...]
    replaced: Replacement | None = None
    local: str = ""
    gave: HandSignature | None = None
    took: HandSignature | None = None
    confirms: bool = False

    @property
    def holder(self) -> str | None:
        """Return the holder of the data after this step."""
        return self.received_by or self.held_by


@dataclass(frozen=True, slots=True)
class Trace:
    """Hold where a file occurs in the record: the steps with an equal digest, and the steps about another content.

    `as_first_stated`: it is the file as it was first stated, and not one that it became later; `stated` are the leaves
    of the entries that state its digest, replaced ones too where their digest still counts.
    """

    equal: tuple[CustodyStep, ...]
    differs: tuple[CustodyStep, ...]
    as_first_stated: bool
    stated: frozenset[str] = frozenset()

    @property
    def verdict(self) -> str:
        """Return `equal` to what was first stated; else `differs`; `unknown` where no step is about the file."""
        return "equal" if self.as_first_stated else "differs" if self.equal or self.differs else "unknown"


def custody(
    case: Case, at: datetime | None = None, *, reveal: bool = False, said: slice = slice(None)
) -> list[CustodyStep]:
    """Return every step of custody of an order in the order in which it happened, replaced steps too, marked as such.

    `at` is the moment at which the case is read; `reveal` opens why a step was replaced. Only the steps of the part
    `said` have their sentences and digests, and are compared.
    """
    names, replacements = names_of(case), replaced(case, at, reveal=reveal)
    exhibits = exhibits_of(case, at, HANDS)
    handovers = [e for e in exhibits.steps if e.kind in GIVEN]
    effective = [e for e in handovers if e.leaf not in replacements]
    sentences = {e.leaf: sentence(e, names, reveal=reveal) for e in exhibits.steps[said]}
    hand_overs = HandOvers(case, at, reveal=reveal)
    moved: dict[object, Entry] = {}  # the last transfer of each exhibit
    steps = []
    for e in exhibits.steps:
        parties, gone = _parties(e, handovers, effective), replacements.get(e.leaf)
        step = _hand(e, parties, names, exhibits, gone, says=sentences.get(e.leaf))
        if gone is None:
            step = _signed(step, hand_overs, parties, moved.get(e.get("exhibit")))
            if e.kind == TRANSFER:
                moved[e.get("exhibit")] = e
        steps.append(step)
    return steps


def _signed(
    step: CustodyStep, hand_overs: HandOvers, parties: tuple[str | None, str | None, str | None], before: Entry | None
) -> CustodyStep:
    """Return a step with the signatures of its sides; `before` is the transfer of the exhibit before it."""
    e, (giver, taker, holder) = step.entry, parties
    if holder is not None:
        return replace(step, took=hand_overs.signature(e) if e.by == holder else None)
    gave, took = hand_overs.sides(e, giver, taker)
    confirms = before is not None and e.kind == TRANSFER and is_same_transfer(before, e)
    return replace(step, gave=gave, took=None if e.kind == "data-returned" else took, confirms=confirms)


def standing(hands: Iterable[CustodyStep]) -> list[CustodyStep]:
    """Return the steps that no entry replaced."""
    return [hand for hand in hands if hand.replaced is None]


def _hand(
    e: Entry,
    parties: tuple[str | None, str | None, str | None],
    names: Names,
    exhibits: Exhibits,
    gone: Replacement | None,
    *,
    says: str | None,
) -> CustodyStep:
    released, received, holder = (None if actor is None else names.named(actor) for actor in parties)
    return CustodyStep(
        entry=e,
        says=says or "",
        exhibit=e.get("exhibit"),
        released_by=released,
        received_by=received,
        held_by=holder,
        parties=tuple(actor for actor in parties if actor is not None),
        check=e.get("check"),
        files=() if says is None else exhibits.stated(e),
        unread="" if says is None else unread(e),
        compared="" if says is None else exhibits.compared(e),
        firsts=() if says is None else exhibits.firsts(e),
        replaced=gone,
        local=names.times(e.actor).beside(e.on),
    )


def _parties(e: Entry, given: Sequence[Entry], standing: Sequence[Entry]) -> tuple[str | None, str | None, str | None]:
    """Return who gave, who received, or who held the data throughout, as actors.

    `given` are disclosures and transmissions.
    """
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
    """Return who handed over what a receipt says has arrived; None where the record leaves it open.

    The giver is the signer of the entry that the receipt names. Where it names none, it is the signer of the
    last earlier entry whose recipient signs the receipt; else the only office that by then has handed over
    anything to an unstated recipient, or to anybody.
    """
    named = receipt.get("about")
    if named and (entry := next((e for e in given if named in (e.leaf, e.proves)), None)):
        return entry.actor
    before = [e for e in standing if e.on <= receipt.on]
    if to_signer := [e for e in before if e.get("recipient") == receipt.actor]:
        return to_signer[-1].actor
    offices = {e.actor for e in before if e.get("recipient") is None} or {e.actor for e in before}
    return offices.pop() if len(offices) == 1 else None


def out_of_step(hands: Sequence[CustodyStep]) -> dict[str, CustodyStep | None]:
    """Return the steps whose place by date is not their place in the record, by leaf, with the step recorded before.

    Of `hands`, which are in the order of their dates, it is the smallest such set: without them, both orders
    agree. None means that there is no step before.
    """
    places = _rising([h.entry.position for h in hands])
    recorded = sorted(hands, key=lambda h: h.entry.position)
    before: dict[str, CustodyStep | None] = {
        h.entry.leaf: earlier for h, earlier in zip(recorded, [None, *recorded], strict=False)
    }
    return {h.entry.leaf: before[h.entry.leaf] for n, h in enumerate(hands) if n not in places}


def _rising(numbers: Sequence[int]) -> set[int]:
    """Return the places of a longest rising subsequence of distinct numbers (patience sorting)."""
    tops: list[int] = []
    places: list[int] = []
    below: list[int | None] = []
    for place, number in enumerate(numbers):
        pile = bisect_left(tops, number)
        tops[pile : pile + 1] = [number]
        places[pile : pile + 1] = [place]
        below.append(places[pile - 1] if pile else None)
    subsequence: set[int] = set()
    at = places[-1] if places else None
    while at is not None:
        subsequence.add(at)
        at = below[at]
    return subsequence


def trace(hands: Sequence[CustodyStep], file: Digest) -> Trace:
    """Compare one file with the steps of custody about it: about its exhibit, and the disclosure it came by.

    It is the file with this digest; only where no step states its digest, the file of this name.
    """
    equal = [h for h in hands if any(d.same(file) for d in h.files)]
    firsts = {f for h in hands for f in h.firsts if f.digest.same(file)}
    as_first_stated = bool(firsts)
    stated = frozenset((*(h.entry.leaf for h in equal), *(f.leaf for f in firsts)))
    firsts |= {f for h in equal for d in h.files if d.same(file) for f in speaks_of(d, h.firsts)}
    if not equal and not firsts:
        firsts = {f for h in hands for f in h.firsts if f.digest.name == file.name}
    others = (h for h in hands if not any(d.same(file) for d in h.files))
    differs = [h for h in others if any(_is_another(d, file, firsts, h) for d in h.files)]
    return Trace(tuple(equal), tuple(differs), as_first_stated, stated)


def disclosures(case: Case, at: datetime | None, found: Trace) -> tuple[Entry | None, Entry | None]:
    """Return the disclosure or transmission that states the digest of a file: one proven to be its signer's own act.

    Without one, the second is the first that another office reports. An act without legal effect is neither.
    """
    r = read_all(case, at or EVER)
    given = [e for e in r.case.acting if e.leaf in found.stated and e.kind in GIVEN and e.on <= (at or EVER)]
    given.sort(key=lambda e: (e.on, e.position))
    act = next((e for e in given if r.entries.would_count(e) and r.reliability.first_hand(e)), None)
    reports = (e for e in given if e.speaks != "act" and e.held)
    return act, None if act is not None else next(reports, None)


def _is_another(digest: Digest, file: Digest, found: Collection[First], hand: CustodyStep) -> bool:
    """Return True for a digest that is not the file's, of the same item."""
    return digest.same(file) is False and any(f in found for f in speaks_of(digest, hand.firsts))


@dataclass(frozen=True, slots=True)
class HeldPeriod:
    """Hold a period in which a holder had an exhibit (None: data without such a number).

    It runs from the entry `since` to the entry `until`, or goes on.
    """

    holder: str
    exhibit: str | None
    since: Entry
    until: Entry | None

    def at(self, moment: datetime) -> bool:
        """Return True if the holder had the exhibit at a moment."""
        return self.since.on <= moment and (self.until is None or moment < self.until.on)


def held_periods(hands: Iterable[CustodyStep]) -> list[HeldPeriod]:
    """Return the periods in which each holder had an exhibit, a copy, or data that have no such number.

    A period begins with a step of custody. It ends where the holder releases that exhibit, or returns or
    destroys all data. A holder that gets the exhibit back has a further period.
    """
    steps = standing(hands)
    arrived = {h.exhibit for h in steps if h.entry.kind == "evidence-received"}
    periods: list[HeldPeriod] = []
    for place, h in enumerate(steps):
        if h.holder is None or h.entry.kind in (*GIVEN, *GONE):
            continue
        copy = h.entry.get("copy") if h.entry.kind == "working-copy-made" else None
        for exhibit in (h.exhibit, copy)[: 1 if copy is None else 2]:
            if any(_has(a, h, exhibit) for a in periods):
                continue
            end = next((e for e in steps[place:] if e is not h and _gives(e, h.holder, exhibit, arrived)), None)
            periods.append(HeldPeriod(h.holder, exhibit, h.entry, None if end is None else end.entry))
    return periods


def _has(held: HeldPeriod, hand: CustodyStep, exhibit: str | None) -> bool:
    """Return True if a step falls into a listed period; a step without an exhibit concerns whatever the holder has."""
    same = exhibit is None or exhibit == held.exhibit
    return same and held.holder == hand.holder and (held.until is None or hand.entry.on <= held.until.on)


def _gives(hand: CustodyStep, holder: str, exhibit: str | None, arrived: Collection[str | None]) -> bool:
    """Return True if the holder gives up the exhibit in this step.

    An exhibit that arrived without a number is part of the rest.
    """
    if hand.entry.kind in GONE:
        return holder in (hand.released_by, hand.held_by) and hand.entry.get("scope") == "all"
    same = hand.exhibit in (exhibit, None) or (exhibit is None and hand.exhibit not in arrived)
    return hand.released_by == holder and same
