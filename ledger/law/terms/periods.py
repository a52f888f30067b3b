"""Each period in few words, printed with its code behind them, and what became of it in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ledger.law.terms.rule import Clock, ClockVerdict

PERIODS: Final[Mapping[str, str]] = {
    "D-7-7": "answer of the provider",
    "D-7-5d": "reasons for the instruction",
    "D-6-3d": "answer of the provider",
    "D-8-6-SERVICE": "service of the order on the provider",
    "D-8-6-RETURN": "data from the provider",
    "D-9-5": "formal request after the emergency",
    "B-29-60": "request that follows the preservation",
    "B-16-90": "request that follows the preservation",
    "E-10-2": "data from the provider",
    "E-10-3": "data from the provider",
    "E-10-4": "data from the provider in an emergency",
    "E-10-4-DATA": "deletion after a ground for refusal",
    "E-10-5": "decision after a claim of immunity",
    "E-10-6": "correction of the order",
    "E-10-7": "decision after data were impossible to give",
    "E-10-8": "decision after other reasons",
    "E-11-1": "request that follows the preservation",
    "E-11-5": "correction of the order",
    "E-12-1": "grounds for refusal of the authority",
    "E-12-2": "withdrawal after a ground for refusal",
    "E-16-2": "decision on enforcement",
    "E-16-3": "compliance of the provider",
    "E-16-7": "answer to the enforcing authority",
    "E-16-8": "notice of the decision on enforcement",
    "E-17-2": "objection of the provider",
    "E-17-10": "notice of the decision of the court",
    "E-4-5": "request for validation afterwards",
    "E-4-5-WITHDRAWAL": "withdrawal after a refused validation",
    "E-4-5-DATA": "deletion after a refused validation",
    "E-2025-3.3.3(b)": "receipt of the data while they can be fetched",
    "SCA-2703-h": "motion of the provider against the order",
    "SCA-2703-f": "order that follows the preservation",
    "OPO-9-SERVICE": "service of the order",
    "OPO-5-PRODUCE": "data from the provider",
    "D-14-2b": "return of data that were not sought",
    "NOTICE-REVIEW": "review of the delayed notice",
    "NOTICE-DUE": "notice to the person",
    "DP-72H": "report of the security incident",
    "GDPR-12-3": "answer to the person",
    "LED-12-3": "answer to the person",
    "RETENTION-REVIEW": "review of the retention",
}


def period(code: str, say: Callable[[str], str] = str) -> str:
    """Return a period in words with its code, as `answer of the provider (D-7-7)`; one without words by its code."""
    return f"{say(PERIODS[code])} ({code})" if code in PERIODS else code


OUTCOMES: Final[Mapping[ClockVerdict, str]] = {
    ClockVerdict.MET: "{0}: the period was kept.",
    ClockVerdict.MISSED: "{0}: the period was missed.",
    ClockVerdict.OPEN: "{0}: the period is still open.",
    ClockVerdict.UNDETERMINED: "{0}: whether the period was kept could not be determined.",
    ClockVerdict.NOT_RUNNING: "{0}: the period does not run any more.",
}


def outcome(clock: Clock) -> str:
    """Return what became of a period, as `Answer of the provider (D-7-7): the period was missed`, with a full stop."""
    named = period(clock.id)
    return OUTCOMES[clock.verdict].format(named[:1].upper() + named[1:])
