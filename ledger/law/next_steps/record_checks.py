"""Next steps of the findings on the record itself: origin, integrity, custody, procedure, replacements."""

from __future__ import annotations

from ledger.law.next_steps.step import Remedies, nothing, record, restate, run

BUNDLE = "receive BUNDLE --order ORDER --as OFFICE"

ROWS: dict[str, Remedies] = {
    "V-AUTHORITY": (
        restate("the same fact, signed in a role that may do this", "", "--on MOMENT --role ROLE"),
        run(
            "until when the office acts, if the register ends it too early",
            "record authority-changed -f actor=OFFICE -f valid_from=DAY -f valid_until=DAY --as REGISTRAR",
        ),
    ),
    "V-ROLE-NOT-HELD": (
        record(
            "the same fact, signed in a role that the key holds, so that it counts; the finding stays",
            "KIND --from FIELDS --on MOMENT --role ROLE",
        ),
    ),
    "W-SELF-EXTENSION": (
        record(
            "a later end that the issuing authority sets, if it does; it moves the clock, and the remark stays",
            "deadline-extended -f deadline=CLOCK -f new_due=WHEN --as ISSUER",
        ),
    ),
    "W-UNSIGNED-ORDER": (run("the order as its maker signed it, from the bundle of its maker", BUNDLE),),
    "G-OFFICE-UNCONFIRMED": (
        run("the acts of the office as it signed them, from a bundle of its own ledger", BUNDLE),
        run(
            "the office, if the registrar knows it from elsewhere; an act that it signed needs its key too",
            "record authority-registered -f actor=WHOSE -f party=PARTY -f roles=ROLE -f valid_from=DAY --as REGISTRAR",
        ),
    ),
    "W-RECEIVED-NOT-PROVEN": (run("the entry as an office signed it that may, from a newer bundle", BUNDLE),),
    "V-DISCLOSED-TO-FORGER": (nothing("the data were handed over"),),
    "W-KEY-UNTRUSTED": (
        record(
            "that another office checked that the entry is authentic",
            "authenticity-confirmed -f about=ENTRY -f method=METHOD --as OFFICE",
        ),
    ),
    "G-SECOND-HAND": (run("the entry of the office that handed the data over, from its bundle", BUNDLE),),
    "G-DECISION-SECOND-HAND": (run("the entry of the office that decided, from its bundle", BUNDLE),),
    "G-NOT-CERTIFIED": (restate("the certificate", "data-disclosed", "-f certificate=FILE"),),
    "V-HASH-MISMATCH": (
        run("at which step the file changed", "check ORDER FILE"),
        restate(
            "the digest of the file, if an entry states a wrong one",
            "evidence-received custody-transferred working-copy-made analysis-performed data-transmitted-by-state",
            "--on MOMENT",
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
            "the transfer to the office that held the exhibit then",
            "custody-transferred -f exhibit=EXHIBIT -f released_by=OFFICE -f received_by=OFFICE -f check=CHECK"
            " --on WHEN",
        ),
    ),
    "G-NOT-REPRODUCED": (
        restate(
            "another result of the same check, if it has one", "expert-verification-performed", "-f result=reproduced"
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
    "W-OUT-OF-SEQUENCE": (record("the step that came before, if it is missing", "STEP --from FILE --on WHEN"),),
    "W-LATE-REC": (nothing("what is recorded now is later still"),),
    "V-AFTER-SIGNATURE": (restate("the true moment of the event", "", "--on WHEN"),),
    "W-CLOCKS-DIFFER": (restate("the true moment of the event, if its signer's clock was wrong", "", "--on WHEN"),),
    "W-BEFORE-ORDER": (restate("the true moment of the event, if the stated one is wrong", "", "--on WHEN"),),
    "W-NAME-MISLEADING": (nothing("an office keeps its name, and the report sets it in quotation marks"),),
    "W-NOT-ITS-TYPE": (restate("the value in the form of its field", "", ""),),
    "G-DISPUTED": (
        record(
            "the ruling of a court that settles the dispute",
            "court-ruled -f ruling=dispute-settled -f settles=ENTRY --as COURT",
            "event-disputed",
        ),
    ),
    "G-IMPORTED": (
        run("the order as its maker signed it, from the bundle of its maker", BUNDLE),
        restate("what the order states, from the order itself", "order-issued", ""),
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
