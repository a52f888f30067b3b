"""An exhibit that says a log has contradicted itself: does it prove that, to whom, and about whose log?

Not one of the 17 steps: there is no record here to be whole. TOTAL-FAILED SPLIT-VIEW says that the log is convicted;
what an exhibit does not prove is INDETERMINATE, for it says nothing about the log, least of all that it is honest.
"""

from __future__ import annotations

from ledger.exhibit import OMISSION, check_omission, check_split, claimed_log, form_of
from ledger.note import Vkey, parse_vkey
from ledger.refusal import Refused
from ledger.verify.report import Reason, Report, Verdict
from ledger.verify.trust import Trust

WHICH = "Which of the two the log's keeper will stand by: its key has signed both."
OWN_KEY = "Whose log this is: no policy was given, so its key was taken from the exhibit itself."


def verify_exhibit(data: bytes, trust: Trust | None) -> Report:
    """Check an exhibit of a split view or an omission; whatever it holds ends in a report."""
    try:
        log = _claimed(data)
        found = str((check_omission if form_of(data) == OMISSION else check_split)(data, log))
    except Refused as wrong:
        return _report(Verdict.INDETERMINATE, (Reason(wrong.code, wrong.where, wrong.says),))
    proven = Reason("SPLIT-VIEW", log.name, found)
    if trust is None:
        lack = Reason("NO_TRUST_ANCHOR", "", "nothing from outside says that this is the log's key")
        return _report(Verdict.INDETERMINATE, (lack, proven), 2, (OWN_KEY, WHICH))
    if not any(log in each.policy.logs for each in (trust, *trust.others)):
        lack = Reason("CP-ORIGIN", log.name, "the policy knows no such log, or another key of it")
        return _report(Verdict.INDETERMINATE, (lack, proven), 2, (WHICH,))
    return _report(Verdict.FAILED, (proven,), 2, (WHICH,))


def _claimed(data: bytes) -> Vkey:
    try:
        return parse_vkey(claimed_log(data) or "")
    except Refused as wrong:
        raise Refused("SPLIT-FORMAT", f"not an exhibit: it names no log: {wrong.says}") from wrong


def _report(
    verdict: Verdict, reasons: tuple[Reason, ...], signatures: int = 0, not_proven: tuple[str, ...] = ()
) -> Report:
    return Report(
        verdict=verdict,
        reasons=reasons,
        steps=(),
        entries=0,
        signatures=signatures,
        not_proven=not_proven,
        brackets=(),
        procedure=(),
    )
