"""The reports a prosecutor files and a court reads, as values: chain of custody and evidence chain.

`face` is the first page of each; what follows are its tables. HTML, paper and JSON are made from these and from
nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.entries.case import Case, Unread
from ledger.facts.vocabulary import ROLES
from ledger.law import Judgement
from projections.reports.front_page import Command, FrontPage, Provenance, Remark, face, number, numbers, remarks, words
from projections.reports.swimlanes import Drawing, drawing
from projections.views.custody import Hand, out_of_step
from projections.views.custody import custody as hands_of
from projections.views.evidence_chain import evidence_chain
from projections.views.exhibit_digests import Digest
from projections.views.replaced import Replaced
from projections.views.timeline import Line, by_time, office_names, speaker, timeline, told

NONE_SEEN = "no digest"
UNREAD = ("[sealed]", "[erased]")


@dataclass(frozen=True, slots=True)
class Event:
    """One entry in full: its number and leaf hash, both times (UTC, claimed), who says what, the state it led to, and
    what is proven from outside about when it was signed.

    `replaces` is the entry it says it puts right. `replaced_by` is the entry that put it right, signed at `replaced_at`
    by `replaced_who`, and `why` the reason as far as this report opens it; such an entry counts for nothing.
    """

    number: str
    leaf: str
    index: int
    on: datetime
    signed_at: datetime
    late: str
    early: str
    kind: str
    says: str
    who: str
    state: str
    fields: tuple[tuple[str, str], ...]
    proven: str
    replaces: str | None = None
    replaced_by: str | None = None
    replaced_at: datetime | None = None
    replaced_who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """What happened: every entry, the moves that time alone made as (moment, clock, state), and a drawing of it.

    `roles` are those in which somebody signed here, each with what it is.
    """

    events: tuple[Event, ...]
    turns: tuple[tuple[datetime, str, str], ...]
    drawing: Drawing | None
    roles: tuple[tuple[str, str], ...] = ()


def story(
    case: Case,
    judgement: Judgement,
    *,
    reveal: bool,
    proven: Mapping[int, str] = {},
    part: slice = slice(None),
) -> Story:
    """The timeline of a case as known at the judgement's moment; sealed values only where they are revealed.

    `proven` says of entries, by log index, when they were signed as far as anything outside the ledger shows; `part` is
    the part of the timeline that is told and drawn.
    """
    lines = timeline(case, judgement.trail, reveal=reveal, part=part, at=judgement.as_of)
    known, names = numbers(case), office_names(case.registry)
    found = frozenset(leaf for f in judgement.findings for leaf in f.entries)
    turns = tuple((s.on, s.clock or "", words(s.to)) for s in by_time(judgement.trail))
    taken = {x.entry.role for x in lines}
    return Story(
        tuple(_event(x, case, known, names, proven.get(x.entry.index, "")) for x in lines),
        turns,
        drawing(lines, case, found),
        tuple((role, says) for role, says in ROLES.items() if role in taken),
    )


def _event(x: Line, case: Case, known: Mapping[str, str], names: Mapping[str, str], proven: str) -> Event:
    e = x.entry
    return Event(
        number=number(e, case),
        leaf=e.leaf,
        index=e.index,
        on=e.on,
        signed_at=e.at,
        late="" if x.late is None else _span(x.late.days, x.late.seconds),
        early="" if x.early is None else _span(x.early.days, x.early.seconds),
        kind=e.kind,
        says=x.says,
        who=x.who,
        state=words(x.moved[1]) if x.moved else "",
        fields=tuple((name.replace("_", " "), text(value, known, names)) for name, value in x.fields.items()),
        proven=proven,
        replaces=None if e.replaces is None else known.get(e.replaces, e.replaces[:8]),
        **_put_right(x.replaced, known, names),
    )


def _put_right(gone: Replaced | None, known: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    """What stands beside a replaced entry: by which one, when, by whom, why."""
    if gone is None:
        return {}
    by = gone.entry
    return {
        "replaced_by": known.get(by.leaf, by.leaf[:8]),
        "replaced_at": by.at,
        "replaced_who": speaker(by, names),
        "why": gone.why,
    }


def _span(days: int, seconds: int) -> str:
    return f"{days} d {seconds // 3600} h" if days else f"{seconds // 3600} h {seconds % 3600 // 60} min"


def text(value: Any, known: Mapping[str, str], names: Mapping[str, str]) -> str:
    """A value of an entry in one line: entries by their numbers, offices by their names, sealed ones named so."""
    match value:
        case Unread.WITHHELD:
            return "[sealed]"
        case Unread.ERASED:
            return "[erased]"
        case bool():
            return "yes" if value else "no"
        case str():
            return f"entry {known[value]}" if value in known else names.get(value, value)
        case Mapping():
            return ", ".join(f"{k.replace('_', ' ')}: {text(v, known, names)}" for k, v in value.items())
        case list() | tuple():
            return "; ".join(text(v, known, names) for v in value)
        case None:
            return "not stated"
        case _:
            return str(value)


# -- chain of custody --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class File:
    """One file as an entry states it; sizes in bytes, digests in hex, None where it says none."""

    name: str
    size: int | None
    sha256: str | None
    sha512: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """One step of custody (columns of the usual paper form). `compared` was computed here, `check` is what was said.

    `released_by` and `received_by` are None where nothing on record says it; where nothing changes hands, `held_by` is
    who has it.

    `files` is None where they are not opened: `count` says how many can be. `unread` is `[sealed]` or `[erased]` where
    others are stated that cannot be read here. `recorded` says where it stands in the record, if that
    is not where its date puts it; else it is empty. A step that was replaced counts for nothing:
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
    """Who held what was disclosed, with which digests, from hand to hand."""

    face: FrontPage
    held: tuple[Held, ...]
    story: Story


def custody_report(case: Case, judgement: Judgement, making: Provenance, commands: Sequence[Command]) -> CustodyReport:
    """The chain-of-custody report of a case as known at the judgement's moment."""
    steps = held(case, reveal=making.reveal, at=judgement.as_of)
    what = "Who held what was disclosed under this order, from hand to hand, and whether its digests stayed the same."
    page = face("Chain-of-custody report", what, _same(steps), case, judgement, making, commands)
    return CustodyReport(page, steps, story(case, judgement, reveal=making.reveal, proven=making.proven))


def held(case: Case, *, reveal: bool, part: slice = slice(None), at: datetime | None = None) -> tuple[Held, ...]:
    """The steps of custody of a case read at a moment, in the order in which they happened; files only where they are
    revealed."""
    hands = hands_of(case, at, reveal=reveal)
    moved = out_of_step(hands)
    known, names = numbers(case), office_names(case.registry)
    return tuple(
        Held(
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
            **_put_right(h.replaced, known, names),
        )
        for h in hands[part]
    )


def recorded(before: Hand | None, case: Case) -> str:
    """Where a step of custody stands in the record that is out of step with its date."""
    return "recorded first" if before is None else f"recorded after entry {number(before.entry, case)}"


def _file(d: Digest) -> File:
    return File(d.name, d.size, d.sha256, d.sha512)


def _same(held: Sequence[Held]) -> str:
    """All comparisons in one sentence."""
    if not held:
        return "Nothing that was disclosed is on record, so there is no custody to show."
    gone = [f"{h.number}" for h in held if h.replaced_by is not None]
    held = [h for h in held if h.replaced_by is None]
    bad = [f"{h.number}" for h in held if h.compared == "differs"]
    apart = [f"{h.number}" for h in held if h.compared == "not comparable"]
    silent = [f"{h.number}" for h in held if h.compared == NONE_SEEN]
    closed = {way: [f"{h.number}" for h in held if h.compared == way] for way in UNREAD}
    equal = sum(h.compared == "equal" for h in held)
    told = f"{len(held)} {'step is' if len(held) == 1 else 'steps are'} on record."
    if gone:
        told += f" Replaced by its own signer, shown and not counted: entry {', '.join(gone)}."
    if equal:
        told += f" At {equal} of them the digests equal those first stated."
    if bad:
        told += f" A digest DIFFERS from the first one at entry {', '.join(bad)}."
    if apart:
        told += f" What is stated cannot be compared with what was handed over: entry {', '.join(apart)}."
    for way, where in closed.items():
        if where:
            told += f" Digests are stated and cannot be read here, {way}, at entry {', '.join(where)}."
    if silent:
        told += f" Nothing to compare is stated at entry {', '.join(silent)}."
    return told


# -- evidence chain ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """One criterion: what the record shows on it in words and as its code, the entries it rests on, what is lacking."""

    id: str
    name: str
    asks: str
    state: str
    code: str
    rests_on: tuple[tuple[str, str], ...]
    lacks: tuple[str, ...]
    pulled_by: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """One clock: what became of it, when it ended, how it was counted step by step."""

    id: str
    verdict: str
    due: datetime | None
    policy: str
    cite: tuple[str, ...]
    entries: tuple[str, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvidenceChain:
    """For each criterion what the record shows and where; the clocks; the story."""

    face: FrontPage
    criteria: tuple[Standing, ...]
    periods: tuple[Period, ...]
    findings: tuple[Remark, ...]
    story: Story


ASKS = {
    "A1": "Is every act the word of the office that is said to have done it?",
    "A2": "Are the data the same at every hand that held them?",
    "A3": "Is it known who held them, at every moment?",
    "A4": "Did an office act that may, supervised where that is needed?",
    "A5": "Were the conditions of the instrument kept, notification and objection among them?",
    "A6": "Was everything done in its time?",
    "A7": "Were the rights of the person whose data these are kept?",
    "A8": "Did the defence get what it needs to check all this?",
}
SHOWN = {
    "DEMONSTRATED": "shown",
    "GAP": "not shown",
    "CONTRADICTED": "contradicted",
    "NOT_APPLICABLE": "does not apply",
}


def evidence_chain_report(
    case: Case, judgement: Judgement, making: Provenance, commands: Sequence[Command]
) -> EvidenceChain:
    """The evidence-chain report of a case as known at the judgement's moment."""
    what = (
        "For each of eight criteria: what the record shows, the entries it rests on, and what is lacking. "
        "Whether the evidence may be used is for the court."
    )
    found = standings(case, judgement)
    return EvidenceChain(
        face=face("Evidence-chain report", what, _shown(found), case, judgement, making, commands),
        criteria=found,
        periods=periods(case, judgement),
        findings=remarks(judgement.findings, case),
        story=story(case, judgement, reveal=making.reveal, proven=making.proven),
    )


def standings(case: Case, judgement: Judgement) -> tuple[Standing, ...]:
    """The eight criteria of a judgement."""
    return tuple(
        Standing(
            id=p.id,
            name=p.name,
            asks=ASKS[p.id],
            state=SHOWN[p.state] + (", with a remark" if p.state == "DEMONSTRATED" and p.pulled_by else ""),
            code=p.state,
            rests_on=tuple((number(e, case), told(e)) for e in p.rests_on),
            lacks=p.lacks,
            pulled_by=remarks(p.pulled_by, case),
        )
        for p in evidence_chain(case, judgement)
    )


def _shown(found: Sequence[Standing]) -> str:
    """The criteria by their state, in one sentence: those shown are counted, all others are named."""
    shown = sum(c.code == "DEMONSTRATED" for c in found)
    others = [
        f"{SHOWN[code]}: {', '.join(f'{c.id} {c.name}' for c in found if c.code == code)}"
        for code in ("CONTRADICTED", "GAP", "NOT_APPLICABLE")
        if any(c.code == code for c in found)
    ]
    return "; ".join([f"The record shows {shown} of {len(found)} criteria", *others]) + "."


def periods(case: Case, judgement: Judgement) -> tuple[Period, ...]:
    """Every clock of a judgement with how it was counted."""
    known = numbers(case)
    return tuple(
        Period(
            id=c.id,
            verdict=words(str(c.verdict)),
            due=c.due,
            policy=c.policy,
            cite=c.cite,
            entries=tuple(known[leaf] for leaf in c.entries if leaf in known),
            steps=c.steps,
        )
        for c in judgement.deadlines
    )
