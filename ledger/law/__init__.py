"""The law: what the entries of an order mean under its instrument. It comments, refuses nothing and decides nothing.

`judge` judges one case at one moment; `read_order` reads it for the rules. `provisions.RULES` are all rules with their
citations, and `provisions.rules_digest` identifies them. findings.md states every rule of this package in words.
"""

from ledger.law.admissibility.criteria import QUESTIONS, Criterion
from ledger.law.judge import FINDING_RULES, judge, new_findings, read_all, read_order, state_at, with_entry
from ledger.law.judgement import Judgement
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
    "new_findings",
    "read_all",
    "read_order",
    "state_at",
    "with_entry",
]
