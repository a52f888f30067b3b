"""A text that may no longer be signed gives a finding on its entry, the same one for every verifier."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.entries.envelope import open_
from ledger.entries.text_form import check_texts
from ledger.errors import RecordError
from ledger.verify.report import Report, Verdict
from ledger.verify.single_entry import verify_entry
from tests.browser.rows.entries import payload_of
from tests.support.memory_ledger import (
    ISSUED,
    NOW,
    ORDER,
    SEALED,
    checked,
    ends,
    hand,
    resealed,
    sealed_as,
    small,
    smuggled,
)

UNASSIGNED, UNSEEN = "TEXT-UNASSIGNED", "TEXT-UNSEEN"
POISON = "a\U0001e08f\u0323"  # form C for Unicode 14.0, and not for 15.0, where the letter is a mark
TRANSMITTED = {"addressee": "skylark", "channel": "mail"}


def found(report: Report, leaf: str) -> list[str]:
    return [p.code for p in report.procedure if leaf in p.entries and p.code.startswith("TEXT-")]


TEXTS = {
    "what a later Unicode calls a mark": (POISON, UNASSIGNED),
    "a picture of a later Unicode": ("\U0001fae8", UNASSIGNED),
    "no character": ("\ufdd0", UNASSIGNED),
    **{f"U+{ord(c):04X}": (f"KA{c}-2027", UNSEEN) for c in "\u200b\u2060\ufeff\xad\U000e0041\u3164\u115f\u2028\u2029"},
    **{f"U+{ord(c):04X}": (f"KA{c}-2027", UNSEEN) for c in "\u061c\u200c\u200d\u200e\u200f\ufe0f\U000e0100"},
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_name_nobody_can_read_is_a_finding_on_its_entry_and_spoils_nothing(text: str) -> None:
    said, code = TEXTS[text]
    ledger, ilves = small()
    at = ledger.record(ilves, "order-issued", {**ISSUED, "case_ref": said}, SEALED, order=ORDER, loose=True)
    report = checked(ledger.bundle(ilves), ledger)
    assert report.verdict is Verdict.PASSED
    assert found(report, ledger.leaf(at)) == [code]
    with pytest.raises(RecordError, match="JSON-CHAR case_ref: case_ref holds U"):
        check_texts(open_(ledger.entries[at]).payload)


@pytest.mark.parametrize("text", [POISON, "KA\u200b"])
def test_members_of_the_payload_and_opened_values_are_looked_at_too(text: str) -> None:
    code = UNASSIGNED if text == POISON else UNSEEN
    ledger, ilves = small()
    cited = ledger.record(ilves, "order-transmitted", TRANSMITTED, order=ORDER, refs=(text,))
    sealed = {**SEALED, "identifiers": ["x", text], "information_sought": "\u200b", "relevance": POISON}
    valued = ledger.record(ilves, "order-issued", ISSUED, sealed, order=ORDER, loose=True)
    report = checked(ledger.bundle(ilves), ledger)
    assert report.verdict is Verdict.PASSED
    assert found(report, ledger.leaf(cited)) == [code]
    assert sorted(found(report, ledger.leaf(valued))) == sorted([code, UNASSIGNED])
    assert {p.says for p in report.procedure if p.code == UNSEEN} <= {
        "refs[0] holds U+200B, which has no shape of its own",
        "entry 6: identifiers[1] holds U+200B, which has no shape of its own",
    }


def test_a_provider_cannot_spoil_the_register_with_a_letter_of_the_next_unicode() -> None:
    """The name is in the register, where no later bundle can leave it out."""
    ledger, _ = small()
    skylark = ledger.enrol("skylark", "XV", "SP")
    text = {"code": "policy", "media": "text/plain", "size": 1, "sha256": "ab" * 32}
    said = {"policy": POISON, "document": text, "valid_from": "2027-01-01"}
    at = ledger.record(skylark, "policy-adopted", said, role="SP", loose=True)
    report = checked(ledger.bundle(hand("ilves")), ledger)
    assert report.verdict is Verdict.PASSED
    assert found(report, ledger.leaf(at)) == [UNASSIGNED]


@pytest.mark.parametrize("text", ["e\u0301", f"{POISON}e\u0301", "\u0323\u0307\u0323", "\u1100\u1161"])
def test_what_no_unicode_calls_form_c_stays_refused(text: str) -> None:
    ledger, ilves = small()
    payload = payload_of(ledger.entries[4]).replace(b"KA-2027", text.encode())
    ends(smuggled(ledger, ilves, sealed_as(payload, ilves)), ledger, "JSON-NFC", 9, "entries/5")


def test_a_kind_that_is_not_known_may_hold_what_it_needs_and_nothing_unassigned() -> None:
    for text, codes in (("\u0645\u06cc\u200c", []), ("\u200b", []), (POISON, [UNASSIGNED])):
        ledger, ilves = small()
        raw = ledger.entries[4]

        def change(payload: dict[str, Any], text: str = text, before: str = ledger.leaf(4)) -> None:
            payload["public"]["case_ref"] = text
            payload.update(kind="order-of-tomorrow", seq=3, prev=before, entry="ab" * 16)

        at = ledger.append(resealed(raw, change, ilves))
        report = checked(ledger.bundle(ilves), ledger)
        assert report.verdict is Verdict.PASSED
        assert found(report, ledger.leaf(at)) == codes


def test_one_entry_with_its_receipt_says_it_too() -> None:
    ledger, ilves = small()
    at = ledger.record(ilves, "order-transmitted", TRANSMITTED, order=ORDER, refs=("KA\u200b",))
    contents = ledger.contents()
    proof = next(proof for n, _, proof in contents.entries if n == at)
    report = verify_entry(ledger.entries[at], proof, ledger.trust(), None, NOW)
    assert found(report, ledger.leaf(at)) == [UNSEEN]
