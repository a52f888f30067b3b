"""The chain-of-custody report as values: who held the disclosed data, with which digests, from hand to hand.

HTML, PDF and JSON are made from these values alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.entries.case import Case, Unread
from ledger.law import Judgement
from ledger.messages import Message, joined
from projections.drawings.custody_chain import ChainDrawing
from projections.reports.entry_numbers import in_order, number, numbers, runs
from projections.reports.exhibits import exhibits
from projections.reports.front_page import CheckCommand, Exhibit, FrontPage, Provenance, front_page
from projections.reports.history import History, history, replacement_fields
from projections.reports.order_drawings import custody_drawing
from projections.sentences.names import names_of
from projections.sentences.quotation import stated
from projections.views.custody import CustodyStep, custody, out_of_step
from projections.views.exhibit_digests import Digest
from projections.views.papers.hand_over import HandSignature
from projections.views.timeline import speaker

STEPS = {
    "data-disclosed": "disclosure",
    "data-transmitted-by-state": "transmission",
    "evidence-received": "receipt",
    "custody-transferred": "transfer",
    "evidence-accessed": "access",
    "working-copy-made": "working copy",
    "evidence-sealed": "sealing",
    "analysis-performed": "analysis",
    "use-restricted": "restriction of use",
    "data-returned": "return",
    "data-destroyed": "destruction",
}
NONE_SEEN = "no digest"
UNREAD = ("[sealed]", "[erased]")


@dataclass(frozen=True, slots=True)
class File:
    """Hold one file as an entry states it; size in bytes, digests in hex, None where the entry states none."""

    name: str
    size: int | None
    sha256: str | None
    sha512: str | None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class SideRow:
    """Hold how one side signed for a step: the number of its entry (None: it has not), its person, its key (hex).

    `person` is empty where the record has no name for the key. `office` is the office that signed.
    """

    entry: str | None
    person: str
    key: str
    office: str = ""


@dataclass(frozen=True, slots=True)
class CustodyRow:
    """Hold one step of custody. `compared` was computed here, `check` is what the entry states.

    `released_by` and `received_by` are None where no entry says it. Where nothing changes hands, `held_by` is
    the holder. `files` is None where they are not opened; `count` is then how many can be. `unread` is
    `[sealed]` or `[erased]` where others are stated that cannot be read here. `recorded` says where the step is
    recorded, if its date gives another place; else it is empty. A replaced step counts for nothing:
    `replaced_by` is the entry that took its place, signed at `replaced_at` by `replaced_who`, `why` its reason.
    `step` is its kind in a word or two, `purpose` as stated or `[sealed]`, `place` as stated. `listed` are the
    numbers of its files in the list of exhibits. `gave` and `took` are the signatures of both sides of a hand-over; of
    a step in which nothing changes hands `took` is that of the holder.
    """

    number: str
    on: datetime
    signed_at: datetime
    says: str
    exhibit: str | None
    released_by: str | None
    received_by: str | None
    held_by: str | None
    check: str | None
    compared: str
    count: int
    files: tuple[File, ...] | None
    unread: str = ""
    recorded: str = ""
    replaced_by: str | None = None
    replaced_at: datetime | None = None
    replaced_who: str = ""
    why: str = ""
    step: str = ""
    purpose: str = ""
    place: str = ""
    listed: tuple[int, ...] = ()
    local: str = ""
    gave: SideRow | None = None
    took: SideRow | None = None


@dataclass(frozen=True, slots=True)
class CustodyReport:
    """Hold who held the disclosed data, with which digests, from hand to hand.

    `confirmed` says who signed which steps, as (who, numbers of entries).
    """

    face: FrontPage
    held: tuple[CustodyRow, ...]
    story: History
    exhibits: tuple[Exhibit, ...] = ()
    confirmed: tuple[tuple[str, tuple[str, ...]], ...] = ()
    chain: ChainDrawing | None = None


def custody_report(
    case: Case, judgement: Judgement, making: Provenance, commands: Sequence[CheckCommand]
) -> CustodyReport:
    """Return the chain-of-custody report of a case as known at the judgement's moment."""
    hands = custody(case, judgement.as_of, reveal=making.reveal)
    steps = custody_rows(hands, case, reveal=making.reveal)
    stated, lacking = stated_files(hands, case, reveal=making.reveal)
    what = Message(
        "Who held what was disclosed under this order, from hand to hand, and whether its digests stayed the same."
    )
    page = front_page(
        Message("Chain-of-custody report"), what, result(steps), case, judgement, making, commands, stated, lacking
    )
    events = history(case, judgement, reveal=making.reveal, proven=making.proven)
    chain = custody_drawing(hands, case, reveal=making.reveal)
    return CustodyReport(page, steps, events, stated, _confirmed(hands, case), chain)


def stated_files(
    hands: Sequence[CustodyStep], case: Case, *, reveal: bool
) -> tuple[tuple[Exhibit, ...], tuple[str, ...]]:
    """Return the files that steps of custody state, and sentences on the files that this paper does not open."""
    stated, _ = exhibits(hands, case)
    if reveal or not stated:
        return stated, ()
    sentence = Message(
        f"The names, sizes and digests of {{0}} {'file' if len(stated) == 1 else 'files'} are sealed and not opened in "
        "this paper. The office that keeps the record can make a copy that opens them.",
        len(stated),
    )
    return (), (sentence,)


def _confirmed(hands: Sequence[CustodyStep], case: Case) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return who signed which of the steps that count, in the order of the steps."""
    names = names_of(case).offices
    by: dict[str, list[str]] = {}
    for h in hands:
        if h.replaced is None:
            by.setdefault(speaker(h.entry, names), []).append(number(h.entry, case))
    return tuple((who, tuple(entries)) for who, entries in by.items())


def custody_rows(
    hands: Sequence[CustodyStep], case: Case, *, reveal: bool, part: slice = slice(None)
) -> tuple[CustodyRow, ...]:
    """Return a part of the steps of custody of a case as rows; they list files only where they are revealed."""
    moved = out_of_step(hands)
    by_leaf, names = numbers(case), names_of(case).offices
    places = exhibits(hands, case)[1] if reveal else {}
    return tuple(
        CustodyRow(
            number=number(h.entry, case),
            on=h.entry.on,
            signed_at=h.entry.at,
            says=h.says,
            local=h.local,
            exhibit=h.exhibit,
            released_by=h.released_by,
            received_by=h.received_by,
            held_by=h.held_by,
            check=None if h.check is None else Message(h.check),
            compared=Message(h.compared),
            count=len(h.files),
            files=tuple(map(_file, h.files)) if reveal else None,
            unread=h.unread,
            recorded=recorded(moved[h.entry.leaf], case) if h.entry.leaf in moved else "",
            **replacement_fields(h.replaced, by_leaf, names),
            step=Message(STEPS[h.entry.kind]),
            purpose=_opened(h.entry.sealed.get("purpose"), reveal=reveal),
            place=stated(str(h.entry.get("place") or "")),
            listed=places.get(h.entry.leaf, ()),
            gave=_side(h.gave, case),
            took=_side(h.took, case),
        )
        for h in hands[part]
    )


def _side(signature: HandSignature | None, case: Case) -> SideRow | None:
    if signature is None:
        return None
    e = signature.entry
    if e is None:
        return SideRow(None, "", "")
    return SideRow(number(e, case), signature.person, e.key, names_of(case).named(e.actor))


def _opened(value: object, *, reveal: bool) -> str:
    """Return a sealed text as this report shows it; empty where it was not stated."""
    if value is None:
        return ""
    if value is Unread.ERASED:
        return "[erased]"
    return stated(value) if reveal and isinstance(value, str) else "[sealed]"


def recorded(before: CustodyStep | None, case: Case) -> str:
    """Say where a step of custody is recorded whose place does not agree with its date."""
    return (
        Message("recorded first") if before is None else Message("recorded after entry {0}", number(before.entry, case))
    )


def _file(d: Digest) -> File:
    return File(d.name, d.size, d.sha256, d.sha512, d.digest)


def result(held: Sequence[CustodyRow]) -> str:
    """Return all comparisons in one or two sentences, what differs first."""
    if not held:
        return Message("Nothing that was disclosed is on record, so there is no custody to show.")
    replaced = _at(h.number for h in held if h.replaced_by is not None)
    held = [h for h in held if h.replaced_by is None]
    first, equal, differs, apart, silent = (
        _at(h.number for h in held if h.compared == way)
        for way in ("first stated", "equal", "differs", "not comparable", NONE_SEEN)
    )
    text = []
    if differs:
        text.append(Message("A digest DIFFERS from the first one at {0}.", differs))
    if first and equal:
        text.append(
            Message(
                "The digests were first stated at {0}; those stated at {1} are equal to them."
                if differs
                else "The digests were first stated at {0}; those stated at {1} are equal to them, and none differs.",
                *(first, equal),
            )
        )
    elif first:
        text.append(Message("The digests were first stated at {0}; no other step repeats them.", first))
    elif equal:
        text.append(Message("The digests stated at {0} are equal to those first stated.", equal))
    if apart:
        text.append(Message("What is stated cannot be compared with what was handed over: {0}.", apart))
    for way in UNREAD:
        if closed := _at(h.number for h in held if h.compared == way):
            text.append(Message("Digests are stated and cannot be read here, {0}, at {1}.", way, closed))
    if silent:
        text.append(Message("Nothing to compare is stated at {0}.", silent))
    for lacks, says in (
        ("took", Message("The receiver has not confirmed the hand-over at {0}.")),
        ("gave", Message("The giver has not signed for the hand-over at {0}.")),
    ):
        if unsigned := _at(h.number for h in held if (side := getattr(h, lacks)) is not None and side.entry is None):
            text.append(Message(says, unsigned))
    if replaced:
        text.append(Message("Replaced by its own signer, shown and not counted: {0}.", replaced))
    return joined(" ", text)


def _at(entries: Iterable[str]) -> str:
    """Name entries by their numbers, in order: `entry 10`, `entries 11, 12`, `entries 3-7`; empty without any."""
    entries = sorted(entries, key=in_order)
    parts = [p for run in runs(entries) for p in (run if len(run) < 3 else [f"{run[0]}–{run[-1]}"])]
    return (
        (Message("entry {0}", ", ".join(parts)) if len(entries) == 1 else Message("entries {0}", ", ".join(parts)))
        if entries
        else ""
    )
