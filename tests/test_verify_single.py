"""One entry with its receipt: what that proves, and what only the whole bundle can."""

from __future__ import annotations

from ledger.tlog import format_proof, prove_inclusion
from ledger.verify import (
    Report,
    Verdict,
    verify_entry,
)
from tests.in_memory import (
    NOW,
    Ledger,
    small,
)


def codes(report: Report) -> list[str]:
    return [reason.code for reason in report.reasons]


def receipt(ledger: Ledger, index: int) -> tuple[bytes, bytes]:
    proof = format_proof(index, prove_inclusion(index, ledger.size, ledger.read), ledger.checkpoint())
    return ledger.entries[index], proof


def test_one_entry_with_its_receipt_is_in_the_log_and_signed_by_a_key_nobody_vouches_for() -> None:
    ledger, _ = small()
    report = verify_entry(*receipt(ledger, 4), ledger.trust(), None, NOW)
    assert (report.verdict, codes(report)) == (Verdict.INDETERMINATE, ["KEY-UNKNOWN"])
    assert verify_entry(*receipt(ledger, 0), ledger.trust(), None, NOW).verdict is Verdict.PASSED, "the registrar's own"
    alone = verify_entry(*receipt(ledger, 0), None, None, NOW)
    assert codes(alone) == ["NO_TRUST_ANCHOR", "KEY-UNKNOWN"]
    assert codes(verify_entry(*receipt(ledger, 0), None, ledger.checkpoint(), NOW)) == ["KEY-UNKNOWN"]


def test_one_entry_that_is_changed_or_has_anothers_receipt_fails() -> None:
    ledger, _ = small()
    raw, proof = receipt(ledger, 4)
    other, other_proof = receipt(ledger, 3)
    for wrong, code in (
        ((raw, other_proof), "PRF-PATH"),
        ((raw[:-1], proof), "ENV-NONCANON"),
        ((raw, proof.replace(b"index 4", b"index 04")), "PRF-FORMAT"),
        ((raw, proof.replace(b"index 4", b"index 9")), "PRF-INDEX"),
        ((other, proof), "PRF-PATH"),
    ):
        report = verify_entry(*wrong, ledger.trust(), None, NOW)
        assert (report.verdict, codes(report)) == (Verdict.FAILED, [code])
