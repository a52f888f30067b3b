"""The evidence-chain report as values: for each of eight criteria what the record shows, and every deadline.

HTML, PDF and JSON are made from these values alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.entries.case import Case
from ledger.facts.words.kind_words import in_few_words
from ledger.law import Finding, Judgement
from ledger.law.admissibility.criteria import repeated
from ledger.law.terms.periods import PERIODS
from ledger.messages import Message, joined
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
from projections.sentences.local_time import end_of
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
    """Hold one deadline: what became of it, `due` is the first moment after it (UTC), `end` its end in words."""

    id: str
    verdict: str
    due: datetime | None
    end: str | None
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
    "A1": Message("Is every act the word of the office that is said to have done it?"),
    "A2": Message("Are the data the same at every hand that held them?"),
    "A3": Message("Is it known who held them, at every moment?"),
    "A4": Message("Did an office act that may, supervised where that is needed?"),
    "A5": Message("Were the conditions of the instrument kept, notification and objection among them?"),
    "A6": Message("Was everything done in its time?"),
    "A7": Message("Were the rights of the person whose data these are kept?"),
    "A8": Message("Did the defence get what it needs to check all this?"),
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
    what = Message(
        "For each of eight criteria: what the record shows, the entries it rests on, and what is "
        "lacking. Whether the evidence may be used is for the court."
    )
    rows = criterion_rows(case, judgement)
    stated, lacking = stated_files(custody(case, judgement.as_of, reveal=making.reveal), case, reveal=making.reveal)
    answer = _shown(rows)
    return EvidenceChain(
        face=front_page(
            Message("Evidence-chain report"), what, answer, case, judgement, making, commands, stated, lacking
        ),
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
            name=Message(p.name),
            asks=ASKS[p.id],
            state=Message("{0}, with a remark", Message(SHOWN[p.state]))
            if p.state == "DEMONSTRATED" and p.pulled_by
            else Message(SHOWN[p.state]),
            code=p.state,
            rests_on=tuple(sorted(((number(e, case), in_few_words(e.kind)) for e in p.rests_on), key=_by_number)),
            lacks=tuple(_in_words(lack, p.pulled_by) for lack in p.lacks),
            pulled_by=remarks(p.pulled_by, case),
        )
        for p in evidence_chain(case, judgement)
    )


def _by_number(entry: tuple[str, str]) -> tuple[str, int]:
    return in_order(entry[0])


def _in_words(lack: str, findings: Iterable[Finding]) -> str:
    """Return what is lacking without the code of its finding, which the section on findings has."""
    return next((f.says for f in findings if lack == repeated(f)), lack)


def _shown(found: Sequence[CriterionRow]) -> str:
    """Return the criteria by their state in one sentence: shown ones are counted, all others are named.

    The code of a criterion could be taken for the number of a page: those of a hearing bundle are A1 and so on.
    """
    shown = sum(c.code == "DEMONSTRATED" for c in found)
    others = [
        Message("{0}: {1}", Message(SHOWN[code]), joined(", ", (c.name for c in found if c.code == code)))
        for code in ("CONTRADICTED", "GAP", "NOT_APPLICABLE")
        if any(c.code == code for c in found)
    ]
    return Message("{0}.", joined("; ", [Message("The record shows {0} of {1} criteria", shown, len(found)), *others]))


def periods(case: Case, judgement: Judgement) -> tuple[Period, ...]:
    """Return every deadline of a judgement with how it was counted."""
    by_leaf = numbers(case)
    return tuple(
        Period(
            id=c.id,
            verdict=words(str(c.verdict)),
            due=c.due,
            end=None if c.due is None else end_of(c.due, c.zone, c.last_day),
            policy=c.policy,
            cite=c.cite,
            entries=tuple(by_leaf[leaf] for leaf in c.entries if leaf in by_leaf),
            steps=c.steps,
            name=PERIODS.get(c.id, ""),
        )
        for c in judgement.deadlines
    )
