"""A verdict rests on the verifier's trust: keys of the log and of the registrar, or a checkpoint."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.bundle import zip_profile
from ledger.bundle.archive import pack, unpack
from ledger.bundle.audience import Withheld
from ledger.bundle.layout import MANIFEST, MEDIA_TYPES, MIMETYPE, SUMS
from ledger.entries.case import Case, Unread, wire
from ledger.entries.keyring import Registrar
from ledger.errors import RecordError
from ledger.law import judge
from ledger.tlog.note import Checkpoint, format_checkpoint
from ledger.trust.held import Came
from ledger.trust.trust_folder import format_registrar, parse_registrar, parse_trust
from ledger.verify import evidence_bundle
from ledger.verify.evidence_bundle import verify
from ledger.verify.exhibits import verify_exhibit
from ledger.verify.progress import VerificationLog
from ledger.verify.report import Report, Result, Verdict, VerificationStep
from ledger.verify.single_entry import verify_entry
from tests.support.memory_ledger import (
    BEGINS,
    COMPANION,
    ISSUED,
    LINKED,
    NOW,
    ORDER,
    SEALED,
    Hand,
    Ledger,
    changed,
    checked,
    hand,
    played,
    resealed,
    small,
)


def codes(report: Report) -> list[str]:
    return [reason.code for reason in report.reasons]


def remarks(report: Report) -> set[str]:
    return {remark.code for remark in report.procedure}


# -- the verifier's trust ----------------------------------------------------------------------------------------------


def test_a_whole_bundle_passes_under_trusted_keys() -> None:
    ledger, ilves = small()
    report = checked(ledger.bundle(ilves), ledger)
    assert (report.verdict, report.reasons) == (Verdict.PASSED, ())
    assert (report.entries, report.signatures) == (5, 5)
    asked = [
        step for step in VerificationStep if step not in (VerificationStep.WITNESSES, VerificationStep.TIME_STAMPS)
    ]
    assert [(s.number, s.what) for s in report.steps] == [(step.value, step.title) for step in VerificationStep]
    assert [s.number for s in report.steps if s.result == Result.PASSED] == asked
    assert report.integrity == "TOTAL-PASSED"


def test_a_step_of_which_nothing_was_asked_is_not_run_and_has_not_passed() -> None:
    ledger, ilves = small()
    steps = {step.number: step for step in checked(ledger.bundle(ilves), ledger).steps}
    assert (steps[5].result, steps[5].says) == (Result.NOT_RUN, "the policy asks for none")
    assert (steps[7].result, steps[7].says) == (Result.NOT_RUN, "")


def test_a_step_repeats_neither_the_sentence_nor_the_doubt_of_the_one_before() -> None:
    book = VerificationLog()
    with book.step(VerificationStep.CONTAINER):
        book.says("2 files")
        book.doubt("CP-SIG", "it is missing")
    with book.step(VerificationStep.POLICY):
        pass
    assert [(s.says, s.result) for s in book.steps] == [("2 files", Result.OPEN), ("", Result.PASSED)]


def test_a_step_says_how_much_it_read() -> None:
    ledger, ilves = small()
    data = ledger.bundle(ilves)
    says = {step.number: step.says for step in checked(data, ledger).steps}
    files = unpack(data)
    assert says[1] == f"{len(files)} files, {len(data)} bytes"
    assert says[3] == f"{len(files) - 2} files, by ilves"
    assert says[4] == f"1 note of {ledger.origin}"


def test_a_bundle_has_a_manifest_of_its_version_and_the_digests_of_its_files() -> None:
    ledger, ilves = small()
    files = unpack(ledger.bundle(ilves))
    less = {name: content for name, content in files.items() if name != MANIFEST}
    for data, where, says in (
        (less, MANIFEST, "a bundle without it is none"),
        ({**files, SUMS: files[SUMS] + b"\n"}, SUMS, "its lines are not the digests of the files"),
        ({**files, SUMS: b""}, SUMS, "its lines are not the digests of the files"),
        ({**files, MIMETYPE: MEDIA_TYPES[1]}, MANIFEST, "it is of version 2, the first file says another"),
    ):
        report = checked(zip_profile.write(data), ledger)
        assert (report.verdict, report.entries, report.signatures) == (Verdict.FAILED, 0, 0)
        assert [(r.code, r.where, r.says) for r in report.reasons] == [("BND-MANIFEST", where, says)]


@pytest.mark.parametrize("anchor", [None, "an anchor"])
def test_a_bundle_of_a_later_layout_gets_no_verdict(anchor: str | None) -> None:
    ledger, ilves = small()
    files = unpack(ledger.bundle(ilves))
    later = MEDIA_TYPES[2].replace(b"v2", b"v9")
    held = ledger.checkpoint() if anchor else None
    with pytest.raises(RecordError, match="newer version") as refused:
        verify(zip_profile.write({**files, MIMETYPE: later}), ledger.trust(), held, NOW)
    assert refused.value.code == "BND-VERSION"


def test_an_error_outside_of_the_steps_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RecordError("CTX-CHAIN", "none of its entries are here")

    ledger, ilves = small()
    bundle = ledger.bundle(ilves)
    monkeypatch.setattr(evidence_bundle._Verification, "run", fails)
    with pytest.raises(RecordError, match="CTX-CHAIN"):
        checked(bundle, ledger)


def test_a_verdict_on_the_record_says_nothing_on_the_procedure_and_lists_both() -> None:
    ledger, ilves = small()
    report = checked(ledger.bundle(ilves), ledger)
    assert report.judgement is not None
    assert report.verdict is Verdict.PASSED
    assert {f.code for f in report.judgement.findings} <= remarks(report)
    assert any(remark.level == "V" for remark in report.procedure), "an order that lacks almost everything"
    assert report.case is not None
    assert [e.index for e in report.case.entries] == [3, 4]
    assert report.as_of == NOW - timedelta(days=1)


def test_without_anything_from_outside_nothing_can_pass() -> None:
    ledger, ilves = small()
    report = verify(ledger.bundle(ilves), None, None, NOW)
    assert report.verdict is Verdict.INDETERMINATE
    assert codes(report) == ["NO_TRUST_ANCHOR"]
    assert report.judgement is not None, "it is checked all the same, for information"
    assert len(report.steps) == 17
    assert any("registrar keeps the register" in line for line in report.not_proven)


def test_what_is_wrong_is_wrong_without_any_trust() -> None:
    ledger, ilves = small()
    data = bytearray(ledger.bundle(ilves))
    data[len(data) // 2] ^= 1
    report = verify(bytes(data), None, None, NOW)
    assert report.verdict is Verdict.FAILED
    assert [(s.number, s.what) for s in report.steps] == [(step.value, step.title) for step in VerificationStep]
    assert [s.number for s in report.steps if s.result == Result.FAILED] == [1]
    assert {s.result for s in report.steps[1:]} == {Result.NOT_RUN}


def test_under_no_quorum_that_nobody_witnessed_it_is_said_first() -> None:
    ledger, ilves = small()
    for trust in (ledger.trust(), None):
        report = verify(ledger.bundle(ilves), trust, None, NOW)
        assert report.not_proven[0].startswith("NO-WITNESS")
    assert all(b.not_before is None and b.not_after is None for b in report.brackets)
    assert len(report.brackets) == 5


def test_a_policy_alone_names_the_log_and_not_the_people() -> None:
    ledger, ilves = small()
    report = verify(ledger.bundle(ilves), parse_trust({"policy": ledger.policy()}), None, NOW)
    assert codes(report) == ["NO_TRUST_ANCHOR"]
    assert "registrar" in report.reasons[0].says


def test_a_forger_with_keys_of_his_own_does_not_get_past_a_verifier_who_has_the_true_ones() -> None:
    true, _ = small()
    forged, false_ilves = small(keeper=hand("registrar", key="forged"), log=hand("log", key="forged"))
    data = forged.bundle(false_ilves)
    assert codes(verify(data, None, None, NOW)) == ["NO_TRUST_ANCHOR"]
    assert codes(checked(data, true)) == ["CP-SIG"]
    same_log, hand_of_it = small(keeper=hand("registrar", key="forged"))
    report = checked(same_log.bundle(hand_of_it), true)
    assert (report.verdict, codes(report)) == (Verdict.FAILED, ["KEY-UNKNOWN"])


def test_a_bundle_of_another_log_is_told_by_its_origin() -> None:
    ledger, ilves = small()
    other, _ = small(origin="ledger.test/xo/other")
    report = checked(ledger.bundle(ilves), other)
    assert (report.verdict, codes(report)) == (Verdict.INDETERMINATE, ["CP-ORIGIN"])
    assert report.reasons[0].says == f"You gave the trust of ledger.test/xo/other. This bundle is of {ledger.origin}."
    assert {step.result for step in report.steps if step.number > 4} == {"not run"}, "no verdict on the bundle"
    assert report.case is None


@pytest.mark.parametrize(
    "typed",
    [
        lambda note: note,
        lambda note: note.partition(b"\n\n")[0],
        lambda note: note.partition(b"\n\n")[0] + b"\n",
        lambda note: b"\n" + note.partition(b"\n\n")[0].replace(b"\n", b" \r\n") + b"\r\n",
        lambda note: b"\xef\xbb\xbf" + note.partition(b"\n\n")[0],
    ],
    ids=["note", "three lines", "with newline", "typed on Windows", "with byte order mark"],
)
def test_a_checkpoint_from_the_court_file_that_equals_the_head_is_anchor_enough(typed: object) -> None:
    ledger, ilves = small()
    anchor = typed(ledger.checkpoint())  # type: ignore[operator]
    report = verify(ledger.bundle(ilves), None, anchor, NOW)
    assert report.verdict is Verdict.PASSED
    assert any("no policy was given" in line for line in report.not_proven)
    assert checked(ledger.bundle(ilves), ledger, anchor).verdict is Verdict.PASSED


@pytest.mark.parametrize("typed", [b"", b"ledger.test/xo/karsk\n5\n", b"a\nb\nc\nd\n", b"\xff\n1\nx\n", b"x" * 70_000])
def test_an_anchor_that_is_no_checkpoint_is_refused_before_anything_is_read(typed: bytes) -> None:
    with pytest.raises(RecordError) as caught:
        verify(b"", None, typed, NOW)
    assert caught.value.where == "anchor"


def test_a_typed_anchor_with_another_root_proves_the_bundle_wrong_after_it_was_compared() -> None:
    ledger, ilves = small()
    data = ledger.bundle(ilves)
    other_root = format_checkpoint(Checkpoint(ledger.origin, ledger.size, bytes(32))).encode()
    other_log = format_checkpoint(Checkpoint("ledger.test/xv", ledger.size, bytes(32))).encode()
    for trust in (None, ledger.trust()):
        lack = [] if trust else ["NO_TRUST_ANCHOR"]
        report = verify(data, trust, other_root, NOW)
        assert (report.verdict, codes(report)) == (Verdict.INDETERMINATE, ["ANCHOR-TYPED", *lack])
        assert report.compared is not None
        report = verify(data, trust, other_root, NOW, typed_as_printed=True)
        assert (report.verdict, codes(report)) == (Verdict.FAILED, ["ANCHOR-MISMATCH"])
        for confirmed in (False, True):
            report = verify(data, trust, other_log, NOW, typed_as_printed=confirmed)
            assert (report.verdict, codes(report)) == (Verdict.INDETERMINATE, ["CP-ORIGIN", *lack])


def test_a_signed_anchor_with_another_root_proves_the_bundle_wrong_at_once_and_both_are_the_exhibit() -> None:
    ledger, ilves = small()
    note = ledger.checkpoint(root=bytes(32))
    report = verify(ledger.bundle(ilves), ledger.trust(), note, NOW)
    assert (report.verdict, codes(report)) == (Verdict.FAILED, ["ANCHOR-MISMATCH"])
    assert report.exhibit is not None
    assert verify_exhibit(report.exhibit, ledger.trust()).verdict is Verdict.FAILED


@pytest.mark.parametrize("came", [Came.WITH, Came.BESIDE, Came.UNSAID])
def test_a_bundle_under_trust_that_came_with_it_is_consistent_and_not_shown_to_be_anybodys(came: Came) -> None:
    ledger, ilves = small()
    report = verify(ledger.bundle(ilves), ledger.trust(), ledger.checkpoint(), NOW, came=came)
    assert (report.verdict, codes(report)) == (Verdict.INDETERMINATE, ["NO_TRUST_ANCHOR"])
    assert report.reasons[0].says.startswith("it is consistent in itself; whose it is was not shown")
    assert verify(ledger.bundle(ilves), ledger.trust(), None, NOW, came=Came.APART).verdict is Verdict.PASSED


def grown() -> tuple[Ledger, Hand, bytes]:
    """Make a ledger that has grown since a checkpoint that the verifier holds and the ledger has stored."""
    ledger, ilves = small()
    held = ledger.witnessed()
    ledger.seen = None
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    return ledger, ilves, held


def test_a_head_that_only_extends_the_anchor_needs_a_policy_for_the_rest() -> None:
    ledger, ilves, held = grown()
    data = ledger.bundle(ilves)
    assert codes(verify(data, None, held, NOW)) == ["NO_TRUST_ANCHOR"]
    assert checked(data, ledger, held).verdict is Verdict.PASSED


def test_a_proof_to_the_anchors_size_connects_it_even_where_its_note_does_not_travel() -> None:
    ledger, ilves, held = grown()
    data = pack(replace(ledger.contents(), heads={}), ilves.signer("ISS"))
    assert checked(data, ledger, held).verdict is Verdict.PASSED
    assert checked(data, ledger).verdict is Verdict.PASSED, "without the anchor the proof shows nothing"
    wrong = format_checkpoint(Checkpoint(ledger.origin, 5, bytes(32))).encode()
    report = checked(data, ledger, wrong)
    assert (report.verdict, codes(report)) == (Verdict.INDETERMINATE, ["ANCHOR-TYPED"])
    report = verify(data, ledger.trust(), wrong, NOW, typed_as_printed=True)
    assert (report.verdict, codes(report)) == (Verdict.FAILED, ["ANCHOR-MISMATCH"])


def test_an_anchor_that_nothing_connects_leaves_the_verdict_open() -> None:
    ledger, ilves, held = grown()
    data = pack(replace(ledger.contents(), heads={}, consistency={}), ilves.signer("ISS"))
    report = checked(data, ledger, held)
    assert (report.verdict, codes(report)) == (Verdict.INDETERMINATE, ["ANCHOR-MISMATCH"])
    assert codes(verify(data, None, held, NOW)) == ["NO_TRUST_ANCHOR", "ANCHOR-MISMATCH"]
    before, by = small()
    report = checked(before.bundle(by), before, ledger.checkpoint())
    assert (report.verdict, codes(report)) == (Verdict.INDETERMINATE, ["ANCHOR-MISMATCH"])


def test_the_copy_of_the_policy_is_compared_and_never_used() -> None:
    ledger, ilves = small()
    easy = ledger.policy() + b"# easier\n"
    report = checked(ledger.bundle(ilves, policy=easy), ledger)
    assert report.verdict is Verdict.PASSED
    assert any("policy in the bundle differs from yours" in line for line in report.not_proven)
    rubbish = checked(ledger.bundle(ilves, policy=b"rubbish\n"), ledger)
    assert rubbish.verdict is Verdict.PASSED
    assert codes(verify(ledger.bundle(ilves, policy=b"rubbish\n"), None, None, NOW)) == ["POL-FORMAT"]


def test_a_policy_that_the_log_has_left_behind_is_said_to_be_old() -> None:
    ledger, ilves = small()
    newer = ledger.policy() + b"# newer\n"
    text = {"code": "policy", "media": "text/plain", "size": len(newer), "sha256": sha256(newer).hexdigest()}
    ledger.record(ledger.keeper, "witness-changed", {"policy_text": text})
    foreign = b"# of another log\n"
    for copy in (newer, ledger.policy(), foreign):
        data = ledger.bundle(ilves, policy=copy)
        assert codes(checked(data, ledger)) == ["POL-NEWER"], "whatever is enclosed"
        assert checked(data, ledger, trust=ledger.trust(newer)).verdict is Verdict.PASSED, "another copy is no matter"


def test_the_registrars_line_reads_as_it_was_written() -> None:
    registrar = Registrar("registrar", "XO", hand("registrar").key)
    assert parse_registrar(format_registrar(registrar)) == registrar
    for line in (b"", b"registrar XO\n", b"registrar XO " + b"AB" * 32, b"a b c d\n", format_registrar(registrar) * 2):
        with pytest.raises(RecordError, match="TRUST-FORMAT"):
            parse_registrar(line)
    with pytest.raises(RecordError, match="TRUST-FORMAT"):
        parse_trust({})
    with pytest.raises(RecordError, match="POL-FORMAT"):
        parse_trust({"policy": b"x"})


# -- other content of a bundle -----------------------------------------------------------------------------------------


def test_a_view_with_hidden_values_still_passes_and_says_how_many_are_hidden() -> None:
    ledger, ilves = small()
    for audience in ("SP", "NOT", "DEF", "CUST", "SA"):
        report = checked(ledger.bundle(ilves, audience), ledger)
        assert report.verdict is Verdict.PASSED
        assert "CMP-WITHHELD" not in remarks(report)
        assert "CMP-AUDIENCE" not in remarks(report)
        assert any("not opened here" in line for line in report.not_proven)
        assert report.case is not None
        hidden = {name for e in report.case.entries for name in e.sealed if e.get(name) is None}
        assert hidden


def test_values_that_are_erased_are_told_from_those_withheld() -> None:
    ledger, ilves = small()
    gone = next(d.digest for d in ledger.held[4] if d.name == "identifiers")
    ledger.record(
        ilves,
        "payload-key-destroyed",
        {"key_ref": "k1", "method": "crypto-erased", "cause": "erasure-granted", "digests": [gone]},
        order=ORDER,
    )
    stale = checked(ledger.bundle(ilves), ledger)
    assert stale.verdict is Verdict.PASSED
    assert any(r.code == "SD-ERASED" and "erased by entry 5" in r.says for r in stale.procedure)
    ledger.held[4] = tuple(d for d in ledger.held[4] if d.digest != gone)
    report = checked(ledger.bundle(ilves), ledger)
    assert report.case is not None
    assert report.case.entries[1].erased("identifiers")
    seen_by_sa = checked(ledger.bundle(ilves, "SP"), ledger).case
    assert seen_by_sa is not None
    assert seen_by_sa.entries[1].sealed["summary_of_facts"] is Unread.WITHHELD


def test_what_records_a_destroyed_key_in_a_schema_of_next_year_erases_nothing() -> None:
    ledger, ilves = small()
    gone = next(d.digest for d in ledger.held[4] if d.name == "identifiers")
    fact = {"key_ref": "k1", "method": "crypto-erased", "cause": "erasure-granted", "digests": [gone]}
    ledger.record(ilves, "payload-key-destroyed", fact, order=ORDER)
    raw = resealed(ledger.entries[-1], lambda payload: payload.update(schema=2), ilves)
    ledger, ilves = small()
    ledger.append(raw)
    assert "SD-ERASED" not in remarks(checked(ledger.bundle(ilves), ledger))
    ledger.held[4] = tuple(d for d in ledger.held[4] if d.digest != gone)
    report = checked(ledger.bundle(ilves), ledger)
    assert report.case is not None
    assert not report.case.entries[1].erased("identifiers")
    assert "SD-CUSTODIAN" not in remarks(report)


@pytest.mark.parametrize(
    ("stated", "erased"),
    [
        ({(4, "identifiers"): "erased", (4, "summary_of_facts"): "not-held"}, {"identifiers"}),
        ({(4, "identifiers"): "not-held", (4, "summary_of_facts"): "erased"}, {"summary_of_facts"}),
        ({(4, "identifiers"): "erased", (3, "summary_of_facts"): "erased"}, {"identifiers"}),
        ({(4, "identifiers"): "erased", (4, "summary_of_facts"): "erased"}, set()),
        ({(4, "identifiers"): "not-held", (4, "summary_of_facts"): "not-held"}, set()),
        ({(4, "identifiers"): "audience", (4, "summary_of_facts"): "audience"}, set()),
    ],
)
def test_of_several_closed_values_those_are_erased_that_the_maker_lists_if_as_many_were_destroyed(
    stated: dict[tuple[int, str], Any], erased: set[str]
) -> None:
    ledger, ilves = small()
    gone = next(d.digest for d in ledger.held[4] if d.name == "identifiers")
    fact = {"key_ref": "k1", "method": "crypto-erased", "cause": "erasure-granted", "digests": [gone]}
    ledger.record(ilves, "payload-key-destroyed", fact, order=ORDER)
    ledger.held[4] = ()
    withheld = tuple(Withheld(index, name, why) for (index, name), why in stated.items())
    about = replace(ledger.contents().about, withheld=withheld)
    case = checked(ledger.bundle(ilves, about=about), ledger).case
    assert case is not None
    assert {name for name in case.entries[1].sealed if case.entries[1].erased(name)} == erased


def test_whoever_does_not_keep_the_keys_says_nothing_of_the_values_of_others() -> None:
    said = {"key_ref": "k1", "method": "crypto-erased", "cause": "erasure-granted"}
    for by_the_provider in (True, False):
        ledger, ilves = small()
        digests = sorted(d.digest for d in ledger.held[4])
        signer = ledger.enrol("skylark", "XV", "SP") if by_the_provider else ilves
        role = "SP" if by_the_provider else "ISS"
        ledger.record(signer, "payload-key-destroyed", {**said, "digests": digests}, role=role, order=ORDER)
        found = [r for r in checked(ledger.bundle(ilves), ledger).procedure if r.code == "SD-CUSTODIAN"]
        assert len(found) == by_the_provider
        assert all(f"{len(digests)} values of others" in r.says for r in found)


def test_the_companion_order_is_part_of_the_case_for_those_who_may_see_it() -> None:
    ledger, ilves = small()
    at = ledger.record(
        ilves, "ex-post-validation-sought", {"asked_of": "judge"}, {"main_order": ORDER}, order=COMPANION
    )
    report = checked(ledger.bundle(ilves, "CT", COMPANION), ledger)
    assert report.verdict is Verdict.PASSED
    assert report.case is not None
    assert at in [e.index for e in report.case.entries]
    leaked = checked(ledger.bundle(ilves, "SP", COMPANION), ledger)
    assert "CMP-AUDIENCE" in remarks(leaked)
    assert "CMP-AUDIENCE" not in remarks(report)


def test_one_more_entry_in_a_companion_does_not_make_the_rest_of_it_disappear() -> None:
    ledger, ilves = small()
    at = ledger.record(
        ilves, "ex-post-validation-sought", {"asked_of": "judge"}, {"main_order": ORDER}, order=COMPANION
    )
    more = ledger.record(ilves, "order-transmitted", SENT, order=COMPANION)
    report = checked(ledger.bundle(ilves, "CT", COMPANION), ledger)
    assert report.case is not None
    indexes = [e.index for e in report.case.entries]
    assert (at in indexes, more in indexes) == (True, False)


SENT = {"addressee": "skylark", "channel": "mail"}


def test_a_linked_order_travels_whole_and_is_not_part_of_the_case() -> None:
    ledger, ilves = small()
    at = ledger.record(ilves, "order-issued", {**ISSUED, "prior_order": ORDER}, SEALED, order=LINKED)
    report = checked(ledger.bundle(ilves, "CT", LINKED), ledger)
    assert (report.verdict, report.entries) == (Verdict.PASSED, 6)
    assert report.case is not None
    assert at not in [e.index for e in report.case.entries]


@pytest.mark.parametrize(
    "future",
    [
        {"kind": "order-sung", "public": {"key": "c-sharp"}},
        {"kind": "order-issued", "schema": 2, "public": {"sung": True}},
    ],
    ids=["kind", "schema"],
)
def test_a_kind_or_schema_of_next_year_counts_for_integrity_and_is_shown_raw(future: dict[str, Any]) -> None:
    ledger, ilves = small()
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
    raw = resealed(ledger.entries[-1], lambda payload: payload.update(future), ilves)
    ledger, ilves = small()
    ledger.append(raw)
    report = checked(ledger.bundle(ilves), ledger)
    assert (report.verdict, report.signatures) == (Verdict.PASSED, 6)
    assert [r.entries for r in report.procedure if r.code == "G-UNKNOWN-KIND"] == [(ledger.leaf(5),)]


@pytest.mark.parametrize("name", ["S1", "S2", "S3", "S4", "S6", "S9"])
def test_the_law_says_the_same_on_a_bundle_with_every_value_as_on_the_ledger(name: str) -> None:
    ledger, orders, hands = played(name)
    own, registry = (tuple(e for _, e in ledger.seen_by([order])) for order in (orders["main"], ledger.registry))
    signer = hands[own[0].by]
    held = replace(ledger.contents("CT", order=orders["main"]), disclosures=ledger.texts(orders["main"]))
    report = checked(pack(held, signer.signer(own[0].role)), ledger, now=NOW.replace(year=2040))
    assert report.verdict is Verdict.PASSED
    assert report.as_of is not None
    assert report.judgement == judge(Case(orders["main"], own[0].instrument or "", own, registry), report.as_of)


def test_the_work_of_a_bundle_does_not_grow_with_what_else_is_in_the_log() -> None:
    """Only the registry and the order are exported; a proof grows by one hash when the log doubles."""
    small_log, ilves = small()
    large_log, by = small()
    for n in range(60):
        large_log.record(by, "order-issued", ISSUED, order=f"{n:08x}-2222-4333-8444-555555555555")
    few, many = unpack(small_log.bundle(ilves)), unpack(large_log.bundle(by))
    assert len(few) == len(many)
    assert sum(map(len, many.values())) < sum(map(len, few.values())) * 1.2


def test_a_bundle_dated_before_its_entries_hides_them_from_the_law_and_not_from_the_reader() -> None:
    ledger, ilves = small()
    early = changed(ledger.bundle(ilves), lambda files: None, ilves.signer("ISS"), made_at="2027-03-01T09:04:00Z")
    report = checked(early, ledger)
    assert [r.entries for r in report.procedure if r.code == "CMP-MADE-AT"] == [(ledger.leaf(4),)]
    assert "CMP-MADE-AT" not in remarks(checked(ledger.bundle(ilves), ledger))


def test_a_bundle_that_says_it_is_made_later_than_now_is_judged_as_of_now() -> None:
    ledger, ilves = small()
    signer = ilves.signer("ISS")
    to_come = changed(ledger.bundle(ilves), lambda files: None, signer, made_at="2031-01-01T00:00:00Z")
    report = checked(to_come, ledger)
    assert (report.verdict, report.as_of) == (Verdict.PASSED, NOW)
    assert [r.says for r in report.procedure if r.code == "CMP-MADE-AT"] == [
        "made, it says, at 2031-01-01T00:00:00Z, which is still to come"
    ]
    near = changed(ledger.bundle(ilves), lambda files: None, signer, made_at=wire(NOW + timedelta(minutes=5)))
    assert "CMP-MADE-AT" not in remarks(checked(near, ledger))
    simulated = changed(to_come, lambda files: None, signer, test=True)
    assert wire(checked(simulated, ledger).as_of or NOW) == "2031-01-01T00:00:00Z"


@pytest.mark.parametrize("made_at", ["2027-02-30T09:04:00Z", "2027-13-01T09:04:00Z", "2027-03-01T25:04:00Z"])
def test_a_bundle_is_made_on_a_day_that_there_is(made_at: str) -> None:
    ledger, ilves = small()
    data = changed(ledger.bundle(ilves), lambda files: None, ilves.signer("ISS"), made_at=made_at)
    report = checked(data, ledger)
    assert (report.verdict, [(r.code, r.where) for r in report.reasons]) == (
        Verdict.FAILED,
        [("BND-MANIFEST", "manifest.dsse.json")],
    )


def test_a_test_ledger_says_test() -> None:
    ledger, ilves = small()
    contents = ledger.contents()
    report = checked(pack(replace(contents, about=replace(contents.about, test=True)), ilves.signer("ISS")), ledger)
    assert any(line.startswith("TEST") for line in report.not_proven)
    assert not any(line.startswith("TEST") for line in checked(ledger.bundle(ilves), ledger).not_proven)


def test_what_the_maker_signs_and_what_is_there_are_compared() -> None:
    ledger, ilves = small()
    signer = ilves.signer("ISS")
    fewer = changed(ledger.bundle(ilves), lambda files: files.pop(f"{ledger.folder}/disclosures/4.txt"), signer)
    report = checked(fewer, ledger)
    assert report.verdict is Verdict.PASSED
    assert "CMP-WITHHELD" in remarks(report)
    opened = changed(ledger.bundle(ilves), lambda files: None, signer, audience="SP")
    assert "CMP-AUDIENCE" in remarks(checked(opened, ledger))


def test_each_step_says_how_much_there_was_to_check() -> None:
    ledger, ilves = small(witnesses=2)
    ledger.witnessed(BEGINS, BEGINS)
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    data = ledger.bundle(ilves, note=ledger.checkpoint(None, BEGINS, BEGINS))
    report = checked(data, ledger)
    says = {step.number: step.says for step in report.steps}
    assert says.pop(16) == f"{len(report.judgement.findings if report.judgement else ())} findings"
    assert says == {
        1: f"21 files, {len(data)} bytes",
        2: "yours; the copy in the bundle is the same",
        3: "19 files, by ilves",
        4: f"2 notes of {ledger.origin}",
        5: "2 of 2 saw the head",
        6: "2 states of the log, 1 proof that it only grew",
        7: "",
        8: "6 entries in the tree of 6",
        9: "6 signatures",
        10: "2 orders, each whole from its first entry on",
        11: "2 keys of 2 offices",
        12: "6 brackets, 5 open on one side or both",
        13: "4 values opened",
        14: "0 files",
        15: "0 entries of other records",
        17: "",
    }
    assert {step.result for step in report.steps if step.number != 7} == {Result.PASSED}
    assert (report.log_key, report.head_seen) == (ledger.trust().policy.logs[0].text, BEGINS)
    assert [(head.size, head.at) for head in report.dated] == [(5, BEGINS), (6, BEGINS)]
    assert (report.entries, report.signatures, report.exhibit) == (6, 6, None)
    unwitnessed = checked(ledger.bundle(ilves), ledger)
    assert [head.size for head in unwitnessed.dated] == [5]


def test_a_policy_that_has_expired_is_said_to_have() -> None:
    ledger, ilves = small()
    trust = replace(ledger.trust(), until=NOW)
    for report in (
        verify(ledger.bundle(ilves), trust, None, NOW),
        verify_entry(ledger.entries[4], ledger.proof(4), trust, None, NOW),
    ):
        assert [line for line in report.not_proven if line.startswith("POL-EXPIRED")]
