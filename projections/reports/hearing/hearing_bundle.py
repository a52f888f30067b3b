"""The hearing bundle as values: the reports on one order as the documents of one paper, in three depths.

PDF and JSON are made from these values alone. The depths are those of a validation report of ETSI TS 119 102-2:
simple for who reads a page, detailed for who reads the reasons, diagnostic for who computes again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ledger.entries.case import Case
from ledger.law import Judgement
from ledger.messages import Message
from projections.drawings.custody_chain import ChainDrawing
from projections.reports.custody_report import CustodyRow, custody_report
from projections.reports.entry_numbers import number
from projections.reports.evidence_chain_report import CriterionRow, Period, UsedRule, evidence_chain_report
from projections.reports.front_page import CheckCommand, Exhibit, FrontPage, Provenance
from projections.reports.hearing.depths import DEPTHS, Depth
from projections.reports.history import History

# The documents in the order of the paper, each with the depth from which on it is there.
DOCUMENTS: Final[Sequence[tuple[str, str, Depth]]] = (
    ("summary", "Summary", "simple"),
    ("custody", Message("Custody and exhibits"), "detailed"),
    ("criteria", Message("The eight criteria, findings and periods"), "detailed"),
    ("timeline", "Timeline", "detailed"),
    ("entries", Message("What each entry states"), "diagnostic"),
    ("rules", Message("Which rules were verified against the text"), "diagnostic"),
    ("check", Message("How to verify without us"), "simple"),
)
PREFIX: Final = 8  # digits of a leaf hash in the foot of a page


@dataclass(frozen=True, slots=True)
class Document:
    """Hold one document of the paper: its name within the file, and its title."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Hearing:
    """Hold the documents of a hearing; `leaves` are (number of entry, first digits of its leaf hash in hex).

    A value that belongs to a document which this depth leaves out is empty.
    """

    face: FrontPage
    depth: Depth
    documents: tuple[Document, ...]
    leaves: tuple[tuple[str, str], ...]
    held: tuple[CustodyRow, ...]
    exhibits: tuple[Exhibit, ...]
    confirmed: tuple[tuple[str, tuple[str, ...]], ...]
    chain: ChainDrawing | None
    criteria: tuple[CriterionRow, ...]
    periods: tuple[Period, ...]
    rules: tuple[UsedRule, ...]
    story: History


def hearing(
    case: Case, judgement: Judgement, making: Provenance, commands: Sequence[CheckCommand], depth: Depth
) -> Hearing:
    """Return the hearing bundle of a case as known at the judgement's moment."""
    custody = custody_report(case, judgement, making, commands)
    chain = evidence_chain_report(case, judgement, making, commands)
    included = DEPTHS[: DEPTHS.index(depth) + 1]
    nothing = () if custody.held or custody.exhibits else ("custody",)
    documents = tuple(
        Document(id, Message(title)) for id, title, least in DOCUMENTS if least in included and id not in nothing
    )
    detailed = depth != "simple"
    story = custody.story
    return Hearing(
        face=replace(
            custody.face,
            title=Message("Hearing bundle"),
            what=Message(
                "The record of one order for a hearing: what was asked, what was disclosed, what the record shows."
            ),
            answer=Message("{0} {1}", custody.face.answer, chain.face.answer),
        ),
        depth=depth,
        documents=documents,
        leaves=tuple((number(e, case), e.leaf[:PREFIX]) for e in case.entries) if detailed else (),
        held=custody.held if detailed else (),
        exhibits=custody.exhibits,
        confirmed=custody.confirmed if detailed else (),
        chain=custody.chain if detailed else None,
        criteria=chain.criteria if detailed else (),
        periods=chain.periods if detailed else (),
        rules=chain.rules if depth == "diagnostic" else (),
        story=story if detailed else History((), (), None),
    )
