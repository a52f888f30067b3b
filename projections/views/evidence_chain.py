"""The admissibility evidence chain: for each of A1-A8 the entries it rests on, and what is lacking.

It says what the record shows. Whether evidence is admitted is for the court.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.entries.case import Case, Entry
from ledger.law import Judgement
from ledger.law.terms.rule import Finding

CRITERIA = {
    "A1": "authenticity",
    "A2": "integrity",
    "A3": "custody",
    "A4": "lawful authority",
    "A5": "conditions of the instrument",
    "A6": "time",
    "A7": "data protection",
    "A8": "defence access",
}


@dataclass(frozen=True, slots=True)
class CriterionView:
    """Hold one criterion: its state, the entries it rests on, what is lacking in words, the findings that lower it."""

    id: str
    name: str
    state: str
    rests_on: tuple[Entry, ...]
    lacks: tuple[str, ...]
    pulled_by: tuple[Finding, ...]


def evidence_chain(case: Case, judgement: Judgement) -> list[CriterionView]:
    """Return all eight criteria of a judgement with the entries of the case they rest on, from A1 to A8."""
    by_leaf = {e.leaf: e for e in case.entries}
    return [
        CriterionView(
            id=id_,
            name=name,
            state=str(judgement.criteria[id_].state),
            rests_on=tuple(by_leaf[leaf] for leaf in judgement.criteria[id_].rests_on if leaf in by_leaf),
            lacks=judgement.criteria[id_].lacks,
            pulled_by=tuple(f for f in judgement.findings if id_ in f.criteria),
        )
        for id_, name in CRITERIA.items()
    ]
