"""Next steps of what a criterion or an open duty lacks, by the sentence that says it.

What a finding pulls is in the tables of findings, and what a clock lacks in clocks.py.
"""

from __future__ import annotations

from ledger.law.next_steps.persons import DELAYED, NOTIFIED
from ledger.law.next_steps.record_checks import BUNDLE
from ledger.law.next_steps.step import Remedies, nothing, record, restate, run

NO_CLOCK_MET = "No clock has been met."
RECEIPT = record(
    "that the data arrived, and were compared",
    "evidence-received -f check=CHECK -f about=ENTRY -f manifest=FILES",
    "data-disclosed data-transmitted-by-state",
)

HANDED_OVER = run("the entry of the office that handed the data over, from its bundle", BUNDLE)

LACKS: dict[str, Remedies] = {
    "No order is on record in its maker's own hand.": (
        run("the order as its maker signed it, from the bundle of its maker", BUNDLE),
    ),
    "That data were handed over is not on record in the hand of the office that did it.": (HANDED_OVER,),
    "A disclosure lists no files, a file without a strong digest, or files that cannot be read any more.": (
        restate("the files with their digests", "data-disclosed data-transmitted-by-state", "-f manifest=FILES"),
    ),
    "The files of a disclosure are sealed for this reader.": (
        run("the files, from a bundle for a reader who may open them", BUNDLE),
    ),
    "No receipt of the data is on record.": (RECEIPT,),
    "The record does not show what was handed over; what arrived can be compared with nothing.": (HANDED_OVER,),
    "The record does not show by whom the data were handed over.": (HANDED_OVER,),
    "Not everything that arrived was compared and found equal.": (
        restate("that it was compared, with the result", "evidence-received", "-f check=CHECK"),
    ),
    "Supervision or validation was refused.": (nothing("the refusal stays on record"),),
    "No effective order is on record.": (
        run("the order as its maker signed it, from the bundle of its maker", BUNDLE),
        record("the order, signed by an office that may make it", "order-issued --from FILE --as ISSUER"),
    ),
    "The order was issued without validation, and none has been granted since.": (
        record(
            "the validation, if it was granted",
            "ex-post-validation-granted -f about=ENTRY -f capacity=CAPACITY --as AUTHORITY",
            "ex-post-validation-sought order-issued",
        ),
    ),
    NO_CLOCK_MET: (run("an answer in time; the clocks show which", "judge ORDER"),),
    "The record shows nothing that was issued to the defence.": (
        record(
            "what the defence was given",
            "defence-bundle-issued -f bundle=FILE -f includes=raw-return,manifest,entries,proofs,verifier",
        ),
    ),
}

DESTROYED = record("that the data were destroyed", "data-destroyed -f scope=all -f method=METHOD")
RETURNED = record("that the data were returned", "data-returned -f scope=all")

DUTIES: dict[str, Remedies] = {
    "Data are held, and no retention rule is on record.": (
        record("until when the data are kept before they are looked at again", "retention-rule-set -f review_on=DAY"),
    ),
    "The retention of the data ended, and they are still held.": (DESTROYED, RETURNED),
    "It was decided to erase the data, and they are still held.": (DESTROYED, RETURNED),
    "It was decided to restrict the data, and they are not restricted.": (
        record("that the data are restricted", "use-restricted -f scope=all"),
    ),
    "A condition on the use was set, and neither accepted nor declined.": (
        record("that the condition is accepted", "condition-accepted -f about=ENTRY", "condition-imposed"),
        record("that it is declined", "condition-declined -f about=ENTRY -f reasons=TEXT", "condition-imposed"),
    ),
    "A security incident was neither notified nor found to be without risk.": (
        record(
            "that the supervisory authority was told",
            "incident-notified-to-authority -f about=ENTRY -f notified_authority=OFFICE",
            "security-incident-detected",
        ),
        record(
            "that it is without risk", "incident-assessed -f about=ENTRY -f risk=none", "security-incident-detected"
        ),
    ),
    "A request of the person was not answered.": (
        record("what the person was given", "access-granted -f answers=ENTRY", "access-requested"),
        record("the decision on erasure", "erasure-decided -f answers=ENTRY -f decision=DECISION", "erasure-requested"),
        record("what was corrected", "rectification-made -f about=ENTRY -f mode=MODE", "rectification-requested"),
    ),
}

# The answers to a clock of data protection that is open or over (record_checks/open_duties.py).
NOTICE = (NOTIFIED, DELAYED)
