"""Next steps of the findings on what an order says, in the order of instruments/e_evidence_contents.py."""

from __future__ import annotations

from ledger.law.next_steps.step import Remedies, nothing, record, restate

ROWS: dict[str, Remedies] = {
    "V-5-3-SENTENCE": (
        restate(
            "the length of the sentence, how it was imposed, and that the person absconded",
            "order-issued",
            "-f sentence_months=MONTHS -f sentence_in_absentia=no -f convicted_absconded=yes",
        ),
    ),
    "V-5-7-NO-JUSTIFICATION": (
        restate(
            "the short justification in the order, and the reasons in the case file",
            "order-issued",
            "-f controller_delay_justification=TEXT -f controller_delay_reasons=TEXT",
        ),
    ),
    "W-5-7-CONTRARY": (nothing("the controller was informed"),),
    "V-5-8-OTHER-STATE": (
        restate(
            "the State of the public authority, if it is wrong", "protection-examined", "-f public_authority_in=PARTY"
        ),
    ),
    "G-5-8-NOT-EXAMINED": (
        record(
            "in which State the public authority is, or which condition for a privileged professional is met",
            "protection-examined -f public_authority_in=PARTY -f privilege_condition=CONDITION",
        ),
    ),
    "V-5-10-PROTECTED": (restate("what was found, if it is wrong", "protection-examined", "-f protected_by=nothing"),),
    "V-7-2-OTHER-ADDRESSEE": (
        restate(
            "that it is an emergency, and why the order goes to another establishment",
            "order-issued",
            "-f emergency=yes -f other_addressee_reason=REASON",
        ),
    ),
    "W-7-2-NO-EARLIER-ORDER": (
        restate("the earlier order to which nobody reacted", "order-issued", "-f prior_order=ORDER"),
    ),
    "W-9-4-ADDRESSEE": (
        restate("the languages of the order and its translation, if they are wrong", "order-issued", "-f languages=en"),
        record(
            "the languages that the addressee accepts",
            "authority-changed -f actor=OFFICE -f languages=en -f valid_from=DAY",
        ),
    ),
    "W-9-4-NOTIFIED": (
        restate("the languages of the order and its translation, if they are wrong", "order-issued", "-f languages=en"),
    ),
    "W-13-2-NOT-IN-ORDER": (
        restate("the short justification that the order gives", "order-issued", "-f notice_delay_grounds=GROUND"),
    ),
    "W-32-PARALLEL": (nothing("the data are asked for twice"),),
}
