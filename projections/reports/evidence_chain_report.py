"""The evidence-chain report as values: for each of eight criteria what the record shows, and every deadline.

HTML, PDF and JSON are made from these values alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.entries.case import Case
from ledger.law import Finding, Judgement
from ledger.law.terms.periods import PERIODS
from projections.drawings.timeline import in_few_words
from projections.reports.custody_report import stated_files
from projections.reports.entry_numbers import in_order, number, numbers
from projections.reports.front_page import (
    MARKS,
    CheckCommand,
    FindingLine,
    FrontPage,
    Provenance,
    front_page,
    remarks,
    words,
)
from projections.reports.history import History, history
from projections.views.custody import custody
from projections.views.evidence_chain import evidence_chain


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """Hold one criterion: its state in words and as a code, the entries it rests on in few words, what is lacking."""

    id: str
    name: str
    asks: str
    state: str
    code: str
    rests_on: tuple[tuple[str, str], ...]
    lacks: tuple[str, ...]
    pulled_by: tuple[FindingLine, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """Hold one deadline: what became of it, when it ended, how it was counted step by step, its name in few words."""

    id: str
    verdict: str
    due: datetime | None
    policy: str
    cite: tuple[str, ...]
    entries: tuple[str, ...]
    steps: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class UsedRule:
    """Hold one rule that a finding or period rests on: its code, citations, and whether its text was verified."""

    code: str
    cite: tuple[str, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class EvidenceChain:
    """Hold for each criterion what the record shows and where; the deadlines; the history."""

    face: FrontPage
    criteria: tuple[CriterionRow, ...]
    periods: tuple[Period, ...]
    findings: tuple[FindingLine, ...]
    story: History
    rules: tuple[UsedRule, ...] = ()


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
    case: Case, judgement: Judgement, making: Provenance, commands: Sequence[CheckCommand]
) -> EvidenceChain:
    """Return the evidence-chain report of a case as known at the judgement's moment."""
    what = (
        "For each of eight criteria: what the record shows, the entries it rests on, and what is lacking. "
        "Whether the evidence may be used is for the court."
    )
    rows = criterion_rows(case, judgement)
    stated, lacking = stated_files(custody(case, judgement.as_of, reveal=making.reveal), case, reveal=making.reveal)
    answer = _shown(rows)
    return EvidenceChain(
        face=front_page("Evidence-chain report", what, answer, case, judgement, making, commands, stated, lacking),
        criteria=rows,
        periods=periods(case, judgement),
        findings=remarks(judgement.findings, case),
        story=history(case, judgement, reveal=making.reveal, proven=making.proven),
        rules=used_rules(judgement),
    )


def used_rules(judgement: Judgement) -> tuple[UsedRule, ...]:
    """Return each rule of the findings and deadlines of a judgement once, by its code."""
    used = {f.code: UsedRule(f.code, f.cite, MARKS[f.mark]) for f in judgement.findings}
    used |= {c.id: UsedRule(c.id, c.cite, MARKS[c.mark]) for c in judgement.deadlines}
    return tuple(used[code] for code in sorted(used))


def criterion_rows(case: Case, judgement: Judgement) -> tuple[CriterionRow, ...]:
    """Return the eight criteria of a judgement."""
    return tuple(
        CriterionRow(
            id=p.id,
            name=p.name,
            asks=ASKS[p.id],
            state=SHOWN[p.state] + (", with a remark" if p.state == "DEMONSTRATED" and p.pulled_by else ""),
            code=p.state,
            rests_on=tuple(sorted(((number(e, case), in_few_words(e.kind)) for e in p.rests_on), key=_by_number)),
            lacks=tuple(_in_words(lack, p.pulled_by) for lack in p.lacks),
            pulled_by=remarks(p.pulled_by, case),
        )
        for p in evidence_chain(case, judgement)
    )


def _by_number(entry: tuple[str, str]) -> tuple[bool, int]:
    return in_order(entry[0])


def _in_words(lack: str, findings: Iterable[Finding]) -> str:
    """Return what is lacking without the code of its finding, which the section on findings has."""
    return next((f.says for f in findings if lack == f"{f.code}: {f.says}"), lack)


def _shown(found: Sequence[CriterionRow]) -> str:
    """Return the criteria by their state in one sentence: shown ones are counted, all others are named.

    The code of a criterion could be taken for the number of a page: those of a hearing bundle are A1 and so on.
    """
    shown = sum(c.code == "DEMONSTRATED" for c in found)
    others = [
        f"{SHOWN[code]}: {', '.join(c.name for c in found if c.code == code)}"
        for code in ("CONTRADICTED", "GAP", "NOT_APPLICABLE")
        if any(c.code == code for c in found)
    ]
    return "; ".join([f"The record shows {shown} of {len(found)} criteria", *others]) + "."


def periods(case: Case, judgement: Judgement) -> tuple[Period, ...]:
    """Return every deadline of a judgement with how it was counted."""
    by_leaf = numbers(case)
    return tuple(
        Period(
            id=c.id,
            verdict=words(str(c.verdict)),
            due=c.due,
            policy=c.policy,
            cite=c.cite,
            entries=tuple(by_leaf[leaf] for leaf in c.entries if leaf in by_leaf),
            steps=c.steps,
            name=PERIODS.get(c.id, ""),
        )
        for c in judgement.deadlines
    )
