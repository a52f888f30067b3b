"""The law: what the record of an order means under its instrument. It comments; it refuses nothing and decides nothing.

`judge` puts one question to one case at one moment. `RULES` are all rules with their citations; `rules_digest` names
them. The rule behind every file here is findings.md.
"""

from ledger.law.admissibility import QUESTIONS, Criterion
from ledger.law.judgement import CHECKS, Judgement, judge
from ledger.law.machine import Step
from ledger.law.provisions import RULES, Provision, rules_digest
from ledger.law.rules import Clock, Finding, Level, Mark, Standing, Verdict

__all__ = [
    "CHECKS",
    "QUESTIONS",
    "RULES",
    "Clock",
    "Criterion",
    "Finding",
    "Judgement",
    "Level",
    "Mark",
    "Provision",
    "Standing",
    "Step",
    "Verdict",
    "judge",
    "rules_digest",
]
