"""One entry with its receipt: what the receipt proves, and what only the whole bundle can prove."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest

from ledger.adapters.keys import mldsa
from ledger.errors import RecordError
from ledger.formats.dsse import EVENT_TYPE, seal_bytes
from ledger.tlog.tree import format_proof, prove_inclusion
from ledger.trust.held import parse_held
from ledger.trust.trust_folder import Sizes, Trust
from ledger.verify import single_entry
from ledger.verify.exhibits import verify_exhibit
from ledger.verify.report import Report, Verdict
from ledger.verify.single_entry import verify_entry
from tests.ledger.entries.test_log_keys import both, first, only_first, only_second, policy, second
from tests.support.memory_ledger import FAILED, NOW, OPEN, ORDER, Ledger, hand, resealed, small

VERIFIED = {"declarations_verified": True}


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
    assert codes(verify_entry(*receipt(ledger, 0), None, parse_held(ledger.checkpoint()), NOW)) == ["KEY-UNKNOWN"]


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


def test_a_text_that_no_reader_sees_is_a_finding_on_the_entry() -> None:
    ledger, ilves = small()
    sent = {"addressee": "skylark", "channel": "mail"}
    index = ledger.record(ilves, "order-transmitted", sent, order=ORDER, refs=("KA\u200b",))
    report = verify_entry(*receipt(ledger, index), ledger.trust(), None, NOW)
    assert [(r.code, r.entries) for r in report.procedure] == [("TEXT-UNSEEN", (ledger.leaf(index),))]


def test_an_error_outside_of_the_steps_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RecordError("AUD-KEY", "this is not the key of an auditor")

    ledger, _ = small()
    monkeypatch.setattr(single_entry, "check_audits", fails)
    with pytest.raises(RecordError, match="AUD-KEY"):
        verify_entry(*receipt(ledger, 0), ledger.trust(), None, NOW)


class Case(NamedTuple):
    """A receipt with one fault: the step that finds it, its code and verdict."""

    step: int
    code: str
    verdict: Verdict
    make: Callable[[], tuple[bytes, bytes, Trust | None, bytes | None]]


Wrong = tuple[bytes, bytes, Trust | None, bytes | None]
SAW = NOW - timedelta(hours=1)  # the time at which the witnesses saw a head


def honest(witnesses: int = 0, *times: datetime) -> tuple[Ledger, bytes, bytes]:
    """Make a ledger; return its newest entry by the registrar, with a receipt under a head cosigned at these times."""
    ledger, _ = small(witnesses=witnesses)
    ledger.record(ledger.keeper, "party-registered", {"party": "XV", "zone": "Europe/Dublin", **VERIFIED})
    last = ledger.size - 1
    return ledger, ledger.entries[last], ledger.proof(last, ledger.checkpoint(None, *times))


def by_a_stranger() -> Wrong:
    ledger, raw, _ = honest()
    ledger.log = hand("stranger")
    return raw, ledger.proof(ledger.size - 1), honest()[0].trust(), None


def beside_a_false_line() -> Wrong:
    ledger, raw, proof = honest()
    line = next(line for line in proof.decode().splitlines() if line.startswith("—"))
    spoilt = line[:-6] + ("AAAA" if line[-6:-2] != "AAAA" else "BBBB") + line[-2:]
    return raw, proof.replace(line.encode(), spoilt.encode()), ledger.trust(), None


def of_another_log() -> Wrong:
    _, raw, proof = honest()
    return raw, proof, small(origin="ledger.example/xv/other")[0].trust(), None


def sees(*times: datetime, witnesses: int = 2) -> Callable[[], Wrong]:
    def made() -> Wrong:
        ledger, raw, proof = honest(witnesses, *times)
        return raw, proof, ledger.trust(), None

    return made


def by_the_key_of_other_sizes(first: int, end: int | None) -> Callable[[], Wrong]:
    def made() -> Wrong:
        ledger, raw, proof = honest()
        trust = ledger.trust()
        sizes = {key.text: Sizes(first, end) for key in trust.policy.logs}
        return raw, proof, msgspec.structs.replace(trust, sizes=sizes), None

    return made


def against(anchor: Callable[[Ledger], bytes]) -> Callable[[], Wrong]:
    def made() -> Wrong:
        ledger, raw, proof = honest()
        return raw, proof, ledger.trust(), anchor(ledger)

    return made


def sealed_wrong(change: Callable[[dict[str, Any]], object]) -> Callable[[], Wrong]:
    """Make an entry that the registrar signed with this change, and that the log recorded."""

    def made() -> Wrong:
        ledger, raw, _ = honest()
        index = ledger.append(resealed(raw, change, ledger.keeper))
        return ledger.entries[index], ledger.proof(index), ledger.trust(), None

    return made


def signed_by_nobody() -> Wrong:
    ledger, raw, _ = honest()
    payload = base64.b64decode(json.loads(raw)["payload"])
    false = seal_bytes(payload, EVENT_TYPE, bytes.fromhex(ledger.keeper.key), lambda message: bytes(64))
    index = ledger.append(false)
    return false, ledger.proof(index), ledger.trust(), None


WRONG = {
    "a receipt that is none": Case(1, "PRF-FORMAT", FAILED, lambda: (*honest()[1:2], b"none", None, None)),
    "a head that a stranger signed": Case(4, "CP-SIG", FAILED, by_a_stranger),
    "a signature of the log that does not hold": Case(4, "CP-SIG", FAILED, beside_a_false_line),
    "a head of a log that the policy does not name": Case(4, "CP-ORIGIN", OPEN, of_another_log),
    "a size before those of the log's key": Case(4, "CP-KEY", FAILED, by_the_key_of_other_sizes(7, None)),
    "the size at which the log's key ends": Case(4, "CP-KEY", FAILED, by_the_key_of_other_sizes(0, 6)),
    "no witness": Case(5, "CP-QUORUM", OPEN, sees()),
    "one witness of two": Case(5, "CP-QUORUM", OPEN, sees(SAW)),
    "an anchor with another root": Case(
        6, "ANCHOR-MISMATCH", FAILED, against(lambda ledger: ledger.checkpoint(root=b"\1" * 32))
    ),
    "an anchor of another size, without a proof": Case(
        6, "ANCHOR-MISMATCH", OPEN, against(lambda ledger: ledger.checkpoint(3))
    ),
    "an anchor of another log": Case(
        6, "CP-ORIGIN", OPEN, against(lambda _: small(origin="ledger.example/xv/other")[0].checkpoint())
    ),
    "a signature of the entry that does not hold": Case(9, "SIG-BAD", FAILED, signed_by_nobody),
    "a public value that no kind allows": Case(
        9, "FACT", FAILED, sealed_wrong(lambda p: p["public"].update(party=["XV"]))
    ),
    "an entry sealed for another log": Case(
        10, "CTX-LOG", FAILED, sealed_wrong(lambda p: p.update(log="ledger.example/xv/other"))
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_receipt_with_one_thing_wrong_ends_in_the_step_that_says_so(wrong: Case) -> None:
    raw, proof, trust, anchor = wrong.make()
    report = verify_entry(raw, proof, trust, parse_held(anchor), NOW)
    assert (report.verdict, codes(report)) == (wrong.verdict, [wrong.code])
    ended = [step.number for step in report.steps if step.result in ("failed", "indeterminate")]
    assert ended == [wrong.step]
    if wrong.verdict is FAILED:
        behind = [step for step in report.steps if step.number > wrong.step]
        assert {step.result for step in behind} == {"not run"}, "nothing runs on what is not verified"
        assert report.signatures == (1 if wrong.step > 9 else 0)


def test_a_cosignature_from_the_future_is_none() -> None:
    raw, proof, trust, _ = sees(SAW, NOW + timedelta(hours=1))()
    report = verify_entry(raw, proof, trust, None, NOW)
    assert (report.verdict, codes(report)) == (OPEN, ["CP-FUTURE", "CP-QUORUM"])


def test_of_a_receipt_that_holds_every_step_head_and_bracket_is_told() -> None:
    raw, proof, trust, _ = sees(SAW, SAW + timedelta(minutes=1))()
    report = verify_entry(raw, proof, trust, None, NOW)
    assert (report.verdict, codes(report)) == (Verdict.PASSED, [])
    assert [step.number for step in report.steps] == [1, 4, 5, 6, 8, 9, 10, 11, 12], "those that apply"
    assert {str(step.result) for step in report.steps} == {"passed"}
    assert (report.entries, report.signatures) == (1, 1)
    assert report.head is not None
    assert report.head.checkpoint.size == 6
    assert report.head_seen == SAW, "one of two may lie"
    (bracket,) = report.brackets
    assert (bracket.index, bracket.not_before, bracket.not_after) == (5, None, SAW + timedelta(minutes=1))
    assert [line.partition(":")[0] for line in report.not_proven] == [
        "That the registrar's key had not been replaced before this entry.",
        "CMP-ORDER",
    ]


def test_a_receipt_under_a_policy_that_ran_out_is_judged_and_says_so() -> None:
    ledger, raw, proof = honest()
    report = verify_entry(raw, proof, msgspec.structs.replace(ledger.trust(), until=NOW), None, NOW)
    assert report.verdict is Verdict.PASSED
    assert [line.partition(":")[0] for line in report.not_proven].count("POL-EXPIRED") == 1
    later = verify_entry(
        raw, proof, msgspec.structs.replace(ledger.trust(), until=NOW + timedelta(seconds=1)), None, NOW
    )
    assert "POL-EXPIRED" not in str(later.not_proven)


def test_without_a_policy_a_receipt_says_that_nobody_checked_who_signed_the_log() -> None:
    _, raw, proof = honest()
    report = verify_entry(raw, proof, None, None, NOW)
    assert (report.verdict, codes(report)) == (OPEN, ["NO_TRUST_ANCHOR", "KEY-UNKNOWN"])
    assert "signed this state of its log: no policy was given" in report.not_proven[0]
    assert report.brackets == ()


def test_the_registrars_name_under_another_key_or_office_is_not_the_registrar() -> None:
    ledger, raw, _ = honest()
    other = replace(ledger.keeper, actor="chancery")
    for by, change in ((hand("stranger"), lambda p: None), (other, lambda p: p["signer"].update(actor="chancery"))):
        index = ledger.append(resealed(raw, change, by))
        report = verify_entry(ledger.entries[index], ledger.proof(index), ledger.trust(), None, NOW)
        assert codes(report) == ["KEY-UNKNOWN"]


def test_an_entry_under_a_head_without_a_line_of_a_key_in_the_policy_is_doubted() -> None:
    ledger, _ = small()
    known = ledger.trust(policy(first(ledger), second(ledger)))
    for change, wanted in ((both, []), (only_first, ["CP-KEY"]), (only_second, ["CP-KEY"])):
        proof = ledger.proof(0, change(ledger, ledger.checkpoint()))
        assert codes(verify_entry(ledger.entries[0], proof, known, None, NOW, mldsa=mldsa.verify)) == wanted


def test_each_step_of_a_single_entry_says_how_much_there_was_to_check() -> None:
    ledger, _, proof = honest(2, SAW, SAW)
    report = verify_entry(ledger.entries[-1], proof, ledger.trust(), None, NOW)
    assert [(step.number, step.result.value, step.says) for step in report.steps] == [
        (1, "passed", ""),
        (4, "passed", f"1 note of {ledger.origin}"),
        (5, "passed", "2 of 2 saw the head"),
        (6, "passed", "1 state of the log, 0 proofs that it only grew"),
        (8, "passed", ""),
        (9, "passed", ""),
        (10, "passed", ""),
        (11, "passed", ""),
        (12, "passed", "1 bracket, 1 open on one side or both"),
    ]
    assert (report.entries, report.signatures, report.head_seen) == (1, 1, SAW)
    assert [(b.index, b.not_after) for b in report.brackets] == [(ledger.size - 1, SAW)]
    assert "That the registrar's key had not been replaced before this entry." in report.not_proven
    alone = verify_entry(ledger.entries[-1], proof, None, None, NOW)
    assert [step.number for step in alone.steps] == [1, 4, 6, 8, 9, 10, 11]
    assert (alone.brackets, alone.head_seen, alone.signatures) == ((), None, 1)
    assert f"That {ledger.origin} signed this state of its log: no policy was given." in alone.not_proven


@pytest.mark.parametrize("other", [{"key": "ab" * 32}, {"actor": "another"}])
def test_only_the_key_and_the_name_of_the_registrar_together_need_no_register(other: dict[str, str]) -> None:
    ledger, raw, proof = honest()
    trust = ledger.trust()
    assert trust.registrar is not None
    changed = msgspec.structs.replace(trust, registrar=msgspec.structs.replace(trust.registrar, **other))
    assert codes(verify_entry(raw, proof, changed, None, NOW)) == ["KEY-UNKNOWN"]
    bare = msgspec.structs.replace(trust, registrar=None)
    assert codes(verify_entry(raw, proof, bare, None, NOW)) == ["NO_TRUST_ANCHOR", "KEY-UNKNOWN"]


def test_a_signed_checkpoint_of_another_root_is_the_exhibit_with_that_of_the_proof() -> None:
    ledger, raw, proof = honest()
    report = verify_entry(raw, proof, ledger.trust(), parse_held(ledger.checkpoint(root=bytes(32))), NOW)
    assert report.exhibit is not None
    assert verify_exhibit(report.exhibit, ledger.trust()).reasons[0].code == "SPLIT-VIEW"
    alone = verify_entry(raw, proof, None, parse_held(ledger.checkpoint(root=bytes(32))), NOW)
    assert alone.exhibit is None, "no key is known"
