"""The law: what the record of an order means under its instrument. It comments; it refuses nothing and decides nothing.

`judge` puts one question to one case at one moment. `provisions.RULES` are all rules with their citations, and
`provisions.rules_digest` names them. The rule behind every file here is findings.md.
"""

from ledger.law.admissibility.criteria import QUESTIONS, Criterion
from ledger.law.judge import FINDING_RULES, Judgement, judge, read_all, read_order, state_at
from ledger.law.terms.rule import Clock, ClockVerdict, CriterionState, Finding, Level, Mark, StateChange

__all__ = [
    "FINDING_RULES",
    "QUESTIONS",
    "Clock",
    "ClockVerdict",
    "Criterion",
    "CriterionState",
    "Finding",
    "Judgement",
    "Level",
    "Mark",
    "StateChange",
    "judge",
    "read_all",
    "read_order",
    "state_at",
]
