"""The law: what the record of an order means under its instrument. It comments; it refuses nothing and decides nothing.

`judge` puts one question to one case at one moment. `provisions.RULES` are all rules with their citations, and
`provisions.rules_digest` names them. The rule behind every file here is findings.md.
"""

from ledger.law.admissibility.criteria import QUESTIONS, Criterion
from ledger.law.judge import CHECKS, Judgement, judge, read_all, read_order, state_at
from ledger.law.terms.rule import Clock, Finding, Level, Mark, Standing, StateChange, Verdict

__all__ = [
    "CHECKS",
    "QUESTIONS",
    "Clock",
    "Criterion",
    "Finding",
    "Judgement",
    "Level",
    "Mark",
    "Standing",
    "StateChange",
    "Verdict",
    "judge",
    "read_all",
    "read_order",
    "state_at",
]
