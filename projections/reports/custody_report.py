"""The chain-of-custody report as values: who held the disclosed data, with which digests, from hand to hand.

HTML, PDF and JSON are made from these values alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.entries.case import Case
from ledger.law import Judgement
from projections.reports.front_page import CheckCommand, FrontPage, Provenance, front_page, number, numbers
from projections.reports.history import History, history, replacement_fields
from projections.views.custody import CustodyStep, custody, out_of_step
from projections.views.exhibit_digests import Digest
from projections.views.timeline import office_names

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
class CustodyRow:
    """Hold one step of custody. `compared` was computed here, `check` is what the entry states.

    `released_by` and `received_by` are None where no entry says it. Where nothing changes hands, `held_by` is
    the holder. `files` is None where they are not opened; `count` is then how many can be. `unread` is
    `[sealed]` or `[erased]` where others are stated that cannot be read here. `recorded` says where the step is
    recorded, if its date gives another place; else it is empty. A replaced step counts for nothing:
    `replaced_by` is the entry that took its place, signed at `replaced_at` by `replaced_who`, `why` its reason.
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


@dataclass(frozen=True, slots=True)
class CustodyReport:
    """Hold who held the disclosed data, with which digests, from hand to hand."""

    face: FrontPage
    held: tuple[CustodyRow, ...]
    story: History


def custody_report(
    case: Case, judgement: Judgement, making: Provenance, commands: Sequence[CheckCommand]
) -> CustodyReport:
    """Return the chain-of-custody report of a case as known at the judgement's moment."""
    steps = custody_rows(case, reveal=making.reveal, at=judgement.as_of)
    what = "Who held what was disclosed under this order, from hand to hand, and whether its digests stayed the same."
    page = front_page("Chain-of-custody report", what, _same(steps), case, judgement, making, commands)
    return CustodyReport(page, steps, history(case, judgement, reveal=making.reveal, proven=making.proven))


def custody_rows(
    case: Case, *, reveal: bool, part: slice = slice(None), at: datetime | None = None
) -> tuple[CustodyRow, ...]:
    """Return the steps of custody of a case, read at a moment, in the order in which they happened.

    The rows list files only where they are revealed.
    """
    hands = custody(case, at, reveal=reveal)
    moved = out_of_step(hands)
    by_leaf, names = numbers(case), office_names(case.registry)
    return tuple(
        CustodyRow(
            number=number(h.entry, case),
            on=h.entry.on,
            signed_at=h.entry.at,
            says=h.says,
            exhibit=h.exhibit,
            released_by=h.released_by,
            received_by=h.received_by,
            held_by=h.held_by,
            check=h.check,
            compared=h.compared,
            count=len(h.files),
            files=tuple(map(_file, h.files)) if reveal else None,
            unread=h.unread,
            recorded=recorded(moved[h.entry.leaf], case) if h.entry.leaf in moved else "",
            **replacement_fields(h.replaced, by_leaf, names),
        )
        for h in hands[part]
    )


def recorded(before: CustodyStep | None, case: Case) -> str:
    """Say where a step of custody is recorded whose place does not agree with its date."""
    return "recorded first" if before is None else f"recorded after entry {number(before.entry, case)}"


def _file(d: Digest) -> File:
    return File(d.name, d.size, d.sha256, d.sha512, d.digest)


def _same(held: Sequence[CustodyRow]) -> str:
    """Return all comparisons in one sentence."""
    if not held:
        return "Nothing that was disclosed is on record, so there is no custody to show."
    replaced = [f"{h.number}" for h in held if h.replaced_by is not None]
    held = [h for h in held if h.replaced_by is None]
    bad = [f"{h.number}" for h in held if h.compared == "differs"]
    apart = [f"{h.number}" for h in held if h.compared == "not comparable"]
    silent = [f"{h.number}" for h in held if h.compared == NONE_SEEN]
    closed = {way: [f"{h.number}" for h in held if h.compared == way] for way in UNREAD}
    equal = sum(h.compared == "equal" for h in held)
    text = f"{len(held)} {'step is' if len(held) == 1 else 'steps are'} on record."
    if replaced:
        text += f" Replaced by its own signer, shown and not counted: entry {', '.join(replaced)}."
    if equal:
        text += f" At {equal} of them the digests equal those first stated."
    if bad:
        text += f" A digest DIFFERS from the first one at entry {', '.join(bad)}."
    if apart:
        text += f" What is stated cannot be compared with what was handed over: entry {', '.join(apart)}."
    for way, where in closed.items():
        if where:
            text += f" Digests are stated and cannot be read here, {way}, at entry {', '.join(where)}."
    if silent:
        text += f" Nothing to compare is stated at entry {', '.join(silent)}."
    return text
