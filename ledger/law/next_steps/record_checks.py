"""Next steps of the findings on the record itself: origin, integrity, custody, procedure, replacements."""

from __future__ import annotations

from ledger.law.next_steps.step import Remedies, nothing, record, restate, run

BUNDLE = "receive BUNDLE --order ORDER --as OFFICE"

ROWS: dict[str, Remedies] = {
    "V-AUTHORITY": (
        run(
            "that the office holds a role in which this counts, if it does",
            "record authority-changed -f actor=OFFICE -f roles=ROLE -f valid_from=DAY --as REGISTRAR",
        ),
        record("the same fact, signed by an office that may do this", "KIND --from FIELDS --on MOMENT --as AUTHORITY"),
    ),
    "V-ROLE-NOT-HELD": (
        record("the same fact, signed in a role that the key holds", "KIND --from FIELDS --on MOMENT --role ROLE"),
    ),
    "W-SELF-EXTENSION": (
        record(
            "that the issuing authority set a later end, if it did",
            "deadline-extended -f deadline=CLOCK -f new_due=WHEN --as ISSUER",
        ),
    ),
    "W-UNSIGNED-ORDER": (run("the order as its maker signed it, from the bundle of its maker", BUNDLE),),
    "V-DISCLOSED-TO-FORGER": (nothing("the data were handed over"),),
    "W-KEY-UNTRUSTED": (
        record(
            "that another office checked that the entry is authentic",
            "authenticity-confirmed -f about=ENTRY -f method=METHOD --as OFFICE",
        ),
    ),
    "G-SECOND-HAND": (run("the entry of whoever handed the data over, from its bundle", BUNDLE),),
    "G-DECISION-SECOND-HAND": (run("the entry of the office that decided, from its bundle", BUNDLE),),
    "G-NOT-CERTIFIED": (restate("the certificate", "data-disclosed", "-f certificate=FILE"),),
    "V-HASH-MISMATCH": (
        run("which of the files is the one that was handed over", "check FILE ORDER"),
        record(
            "that an expert compared them anew",
            "expert-verification-performed -f tool=TEXT -f tool_version=TEXT -f result=reproduced --as OFFICE",
        ),
    ),
    "G-NOT-COMPARED": (
        restate(
            "the names and digests of the files that arrived",
            "evidence-received data-transmitted-by-state",
            "-f manifest=FILES",
        ),
    ),
    "W-CUSTODY-GAP": (
        record(
            "the transfer to whoever held the exhibit then",
            "custody-transferred -f exhibit=EXHIBIT -f released_by=OFFICE -f received_by=OFFICE -f check=CHECK"
            " --on WHEN",
        ),
    ),
    "G-NOT-REPRODUCED": (
        record(
            "a check that gave the same result, if there is one",
            "expert-verification-performed -f tool=TEXT -f tool_version=TEXT -f result=reproduced --as OFFICE",
        ),
    ),
    "G-WITHHELD-NO-REASON": (restate("why it is withheld", "defence-bundle-issued", "-f withheld_reasons=NAME=TEXT"),),
    "V-DISCLOSED-AFTER-WITHDRAWAL": (nothing("the data were handed over after the withdrawal had arrived"),),
    "W-CROSSED": (
        record(
            "when the withdrawal arrived at the addressee",
            "withdrawal-confirmed -f about=ENTRY --on WHEN --as PROVIDER",
            "order-withdrawn",
        ),
    ),
    "W-DUPLICATE": (nothing("the first counts, and the rest stays on record"),),
    "W-OUT-OF-SEQUENCE": (
        record("the step that came before, if it is missing", "STEP --from FILE --on WHEN"),
        record("that the entry is wrong, if it is", "event-disputed -f about=ENTRY -f statement=TEXT"),
    ),
    "W-LATE-REC": (
        restate("a stamp that shows when it happened, if there is one", "", "--on MOMENT --on-source receipt-stamp"),
    ),
    "V-AFTER-SIGNATURE": (restate("the true moment of the event", "", "--on WHEN"),),
    "W-BEFORE-ORDER": (restate("the true moment of the event, if the stated one is wrong", "", "--on WHEN"),),
    "W-NOT-ITS-TYPE": (restate("the value in the form of its field", "", ""),),
    "G-DISPUTED": (
        record(
            "the ruling of a court that settles the dispute",
            "court-ruled -f ruling=dispute-settled -f settles=ENTRY --as COURT",
            "event-disputed",
        ),
    ),
    "G-UNKNOWN-KIND": (nothing("a newer version of this program may know the kind"),),
    "W-REPLACED": (nothing("both entries stay on record"),),
    "V-CONTRADICTION-WITHDRAWN": (
        record(
            "that another office checked that the replacement is right",
            "authenticity-confirmed -f about=ENTRY -f method=METHOD --as OFFICE",
        ),
    ),
}
