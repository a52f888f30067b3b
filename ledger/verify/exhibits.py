"""Verify an exhibit: whether it proves that a log contradicted itself, and whether the verifier trusts that log.

The 17 steps do not apply, because there is no record to verify. TOTAL-FAILED with SPLIT-VIEW, SPLIT-ORDER, MAP-
SPLIT, MAP-ROOT, MAP-SIZE or CTX-REPLAY means that the log is convicted. An exhibit that does not prove that is
INDETERMINATE: it says nothing about the log, and does not show that the log is honest.
"""

from __future__ import annotations

from functools import partial

from ledger.entries.exhibits import check_exhibit, claimed_logs, is_as_written
from ledger.entries.split_view import SplitOrder
from ledger.entries.wrong_map import WrongMap
from ledger.errors import RecordError
from ledger.tlog.note import Vkey, parse_vkey
from ledger.trust.trust_folder import Trust
from ledger.verify.progress import OTHER_WORDS
from ledger.verify.report import Reason, Remark, Report, Verdict

WHICH = "Which of the two the log's keeper will stand by: its key has signed both."
WHICH_ENTRY = (
    "Which of the two entries is true, and whether the keys that signed them were those of their signers: the log's "
    "key has signed trees with both, and its keeper let both in."
)
WHICH_KEY = (
    "Whether the key that signed the entry was the ledger's own: the log's key has signed a tree with it, and its "
    "keeper let it in."
)
OWN_KEY = "Whose log this is: no policy was given, so its key was taken from the exhibit itself."


def verify_exhibit(data: bytes, trust: Trust | None) -> Report:
    """Verify an exhibit of a split view, an omission, a split order or a wrong map.

    Any content ends in a report, not in an error.
    """
    try:
        logs = _claimed(data)
        contradiction = check_exhibit(data, logs)
    except RecordError as wrong:
        return _report(Verdict.INDETERMINATE, (Reason(wrong.code, wrong.where, wrong.says),))
    which = {SplitOrder: WHICH_ENTRY, WrongMap: WHICH_KEY}.get(type(contradiction), WHICH)
    signatures = 4 if isinstance(contradiction, SplitOrder) else 2
    report = partial(_report, procedure=() if is_as_written(data, contradiction) else (OTHER_WORDS,))
    proven = Reason(contradiction.code, contradiction.log.name, str(contradiction))
    if trust is None:
        lack = Reason("NO_TRUST_ANCHOR", "", "nothing from outside says that this is the log's key")
        return report(Verdict.INDETERMINATE, (lack, proven), signatures, (OWN_KEY, which))
    sides = (trust, *trust.others)
    if not {key for each in sides for key in each.policy.logs}.issuperset(logs):
        lack = Reason("CP-ORIGIN", contradiction.log.name, "the policy knows no such log, or another key of it")
        return report(Verdict.INDETERMINATE, (lack, proven), signatures, (which,))
    for key, size in zip((logs[0], logs[-1]), contradiction.sizes, strict=True):
        if not any(key in each.policy.logs and each.signs(key, size) for each in sides):
            lack = Reason("CP-KEY", contradiction.log.name, f"by your policy this key does not sign size {size}")
            return report(Verdict.INDETERMINATE, (lack, proven), signatures, (which,))
    return report(Verdict.FAILED, (proven,), signatures, (which,))


def _claimed(data: bytes) -> tuple[Vkey, ...]:
    try:
        return tuple(map(parse_vkey, claimed_logs(data) or ("",)))
    except RecordError as wrong:
        raise RecordError("SPLIT-FORMAT", f"not an exhibit: it names no log: {wrong.says}") from wrong


def _report(
    verdict: Verdict,
    reasons: tuple[Reason, ...],
    signatures: int = 0,
    not_proven: tuple[str, ...] = (),
    *,
    procedure: tuple[Remark, ...] = (),
) -> Report:
    return Report(
        verdict=verdict,
        reasons=reasons,
        steps=(),
        entries=0,
        signatures=signatures,
        not_proven=not_proven,
        brackets=(),
        procedure=procedure,
    )
