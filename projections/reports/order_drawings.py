"""The drawings of a case: its custody with one chain for each exhibit, and its deadlines as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.entries.case import Case, Entry, instant
from ledger.facts.words.kind_words import in_few_words
from ledger.law import Judgement
from ledger.law.terms.rule import Clock
from projections.drawings.custody_chain import ChainDrawing, ChainStep, CustodyChain
from projections.drawings.deadline_bars import MOST as MOST_BARS
from projections.drawings.deadline_bars import DeadlineBar, DeadlineDrawing, with_other_readings
from projections.reports.entry_numbers import number, numbers
from projections.reports.front_page import words
from projections.sentences.names import names_of
from projections.views.custody import CustodyStep
from projections.views.exhibit_digests import Digest
from projections.views.papers.hand_over import GIVEN
from projections.views.timeline import signer

SHORT = 16  # digits of a digest in a picture


def custody_drawing(hands: Sequence[CustodyStep], case: Case, *, reveal: bool) -> ChainDrawing | None:
    """Return the steps of custody of a case as one chain for each exhibit; digests only where they are revealed."""
    if not hands:
        return None
    by_leaf, names = numbers(case), names_of(case).offices
    made = [h for h in hands if h.entry.kind == "working-copy-made" and h.replaced is None]
    copies = {h.entry.get("copy"): h.exhibit for h in made}
    return ChainDrawing(
        tuple(
            CustodyChain(
                exhibit,
                copies.get(exhibit) if exhibit is not None and copies.get(exhibit) != exhibit else None,
                tuple(_step(h, case, by_leaf, names, reveal=reveal) for h in steps),
            )
            for exhibit, steps in by_exhibit(hands).items()
        )
    )


def deadline_drawing(case: Case, judgement: Judgement) -> DeadlineDrawing | None:
    """Return the deadlines of a judgement as bars; of too many, the unmet ones, the earliest first."""
    clocks = judgement.deadlines
    if not clocks:
        return None
    by_leaf = {e.leaf: e for e in case.entries}
    bars = with_other_readings([_bar(c, case, by_leaf) for c in clocks], [c.policy for c in clocks])
    if len(bars) > MOST_BARS:
        unmet = sorted((b for b in bars if b.verdict != "met"), key=lambda b: (b.due is None, b.due))
        bars = tuple(unmet[:MOST_BARS] if any(b.due for b in unmet) else bars[:MOST_BARS])
    return DeadlineDrawing(bars, judgement.as_of, len(clocks) - len(bars))


def _bar(c: Clock, case: Case, by_leaf: Mapping[str, Entry]) -> DeadlineBar:
    steps = c.computation
    pauses = (step.input.partition("/") for step in steps if step.operation == "pause")
    answers = sorted((by_leaf[leaf] for leaf in c.met_by if leaf in by_leaf), key=lambda e: (e.on, e.index))
    return DeadlineBar(
        id=c.id,
        cite=", ".join(c.cite),
        length="" if c.count is None or c.policy == "STATED" else c.count.length,
        verdict=str(words(str(c.verdict))),
        begins=None if c.count is None else c.count.trigger,
        due=c.due,
        policy="",
        answers=tuple((number(e, case), e.on) for e in answers),
        pauses=tuple((instant(begins), instant(ends) if ends else None) for begins, _, ends in pauses),
        extended=any(step.operation == "extension" for step in steps),
        zone=c.zone,
        last_day=c.last_day,
    )


def by_exhibit(hands: Sequence[CustodyStep]) -> dict[str | None, list[CustodyStep]]:
    """Return the steps of each exhibit in their order.

    A disclosure names no exhibit. It belongs to the exhibits of the receipts that name it, and to those with which the
    digests of its files were compared; to the only exhibit of a record; else it is apart, as is a step without exhibit.
    """
    exhibits = list(dict.fromkeys(h.exhibit for h in hands if h.exhibit is not None))
    chains: dict[str | None, list[CustodyStep]] = {exhibit: [] for exhibit in exhibits}
    for h in hands:
        for exhibit in _exhibits(h, hands, exhibits):
            chains.setdefault(exhibit, []).append(h)
    return chains


def _exhibits(h: CustodyStep, hands: Sequence[CustodyStep], exhibits: Sequence[str]) -> Sequence[str | None]:
    if h.exhibit is not None:
        return (h.exhibit,)
    if len(exhibits) == 1:
        return exhibits
    if h.entry.kind not in GIVEN:
        return (None,)
    known = {h.entry.leaf, h.entry.proves} - {None}
    arrived = [x for x in hands if x.exhibit is not None and _came_from(x, known)]
    return list(dict.fromkeys(x.exhibit for x in arrived)) or (None,)


def _came_from(step: CustodyStep, disclosure: set[str | None]) -> bool:
    return step.entry.kind == "evidence-received" and (
        step.entry.get("about") in disclosure or any(f.leaf in disclosure for f in step.firsts)
    )


def _digest(d: Digest) -> str:
    """Return the algorithm and the beginning of a digest; of several, of the one by SHA-256."""
    if d.sha256:
        return f"SHA-256 {d.sha256[:SHORT]}"
    return f"SHA-512 {d.sha512[:SHORT]}" if d.sha512 else d.digest or ""


def _step(h: CustodyStep, case: Case, known: Mapping[str, str], names: Mapping[str, str], *, reveal: bool) -> ChainStep:
    digests = [_digest(d) for d in h.files]
    gone = h.replaced
    return ChainStep(
        number=number(h.entry, case),
        on=h.entry.on,
        what=in_few_words(h.entry.kind),
        released_by=h.released_by,
        received_by=h.received_by,
        held_by=h.held_by,
        compared=h.compared,
        check=h.check,
        digest=digests[0] if reveal and digests else "",
        more=max(0, len(set(digests)) - 1),
        replaced_by=None if gone is None else known.get(gone.entry.leaf, gone.entry.leaf[:8]),
        gave=h.gave is None or h.gave.entry is not None,
        took=h.took is None or h.took.entry is not None,
        confirms=h.confirms,
        replaced_who="" if gone is None else signer(gone.entry, names),
    )
