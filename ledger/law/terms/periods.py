"""Each period in few words, printed with its code behind them, and what became of it in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.law.terms.rule import Clock, ClockVerdict
from ledger.messages import Capitalised, Message

PERIODS: Final[Mapping[str, str]] = {
    "D-7-7": Message("answer of the provider"),
    "D-7-5d": Message("reasons for the instruction"),
    "D-6-3d": Message("answer of the provider"),
    "D-8-6-SERVICE": Message("service of the order on the provider"),
    "D-8-6-RETURN": Message("data from the provider"),
    "D-9-5": Message("formal request after the emergency"),
    "B-29-60": Message("request that follows the preservation"),
    "B-16-90": Message("request that follows the preservation"),
    "E-10-2": Message("data from the provider"),
    "E-10-3": Message("data from the provider"),
    "E-10-4": Message("data from the provider in an emergency"),
    "E-10-4-DATA": Message("deletion after a ground for refusal"),
    "E-10-5": Message("decision after a claim of immunity"),
    "E-10-6": Message("correction of the order"),
    "E-10-7": Message("decision after data were impossible to give"),
    "E-10-8": Message("decision after other reasons"),
    "E-11-1": Message("request that follows the preservation"),
    "E-11-5": Message("correction of the order"),
    "E-12-1": Message("grounds for refusal of the authority"),
    "E-12-2": Message("withdrawal after a ground for refusal"),
    "E-16-2": Message("decision on enforcement"),
    "E-16-3": Message("compliance of the provider"),
    "E-16-7": Message("answer to the enforcing authority"),
    "E-16-8": Message("notice of the decision on enforcement"),
    "E-17-2": Message("objection of the provider"),
    "E-17-10": Message("notice of the decision of the court"),
    "E-4-5": Message("request for validation afterwards"),
    "E-4-5-WITHDRAWAL": Message("withdrawal after a refused validation"),
    "E-4-5-DATA": Message("deletion after a refused validation"),
    "E-2025-3.3.3(b)": Message("receipt of the data while they can be fetched"),
    "SCA-2703-h": Message("motion of the provider against the order"),
    "SCA-2703-f": Message("order that follows the preservation"),
    "OPO-9-SERVICE": Message("service of the order"),
    "OPO-5-PRODUCE": Message("data from the provider"),
    "D-14-2b": Message("return of data that were not sought"),
    "NOTICE-REVIEW": Message("review of the delayed notice"),
    "NOTICE-DUE": Message("notice to the person"),
    "DP-72H": Message("report of the security incident"),
    "GDPR-12-3": Message("answer to the person"),
    "LED-12-3": Message("answer to the person"),
    "RETENTION-REVIEW": Message("review of the retention"),
}


def period(code: str) -> str:
    """Return a period in words with its code, as `answer of the provider (D-7-7)`; one without words by its code."""
    return Message("{0} ({1})", PERIODS[code], code) if code in PERIODS else code


OUTCOMES: Final[Mapping[ClockVerdict, str]] = {
    ClockVerdict.MET: Message("{0}: the period was kept."),
    ClockVerdict.MISSED: Message("{0}: the period was missed."),
    ClockVerdict.OPEN: Message("{0}: the period is still open."),
    ClockVerdict.UNDETERMINED: Message("{0}: whether the period was kept could not be determined."),
    ClockVerdict.NOT_RUNNING: Message("{0}: the period does not run any more."),
}


def outcome(clock: Clock) -> str:
    """Return what became of a period, as `Answer of the provider (D-7-7): the period was missed`, with a full stop."""
    return Message(OUTCOMES[clock.verdict], Capitalised(period(clock.id)))
