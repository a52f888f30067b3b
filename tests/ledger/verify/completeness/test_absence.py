"""The proof that a log has no order of an id: what it shows, and what an operator who is not honest cannot show."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.adapters.keys import mldsa
from ledger.entries.absence import Absence, ProvenLine, format_absence, is_absence, parse_absence, sentence
from ledger.entries.envelope import open_
from ledger.entries.placement import Link
from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.map_of_heads import order_key
from ledger.tlog.note import b64, log_vkey
from ledger.tlog.tree import prove_inclusion
from ledger.trust.held import parse_held
from ledger.trust.trust_folder import Sizes
from ledger.verify.completeness import absence
from ledger.verify.completeness.absence import verify_absence
from ledger.verify.evidence_file import FileKind, read_evidence
from ledger.verify.exhibits import verify_exhibit
from ledger.verify.report import Report, Verdict
from tests.ledger.entries.test_log_keys import both, only_first, only_second, policies, twice
from tests.support.memory_ledger import LINKED, NOW, ORDER, Ledger, hand, resealed, small
from tests.support.samples import examples


def proven(ledger: Ledger, at: int, order: str = LINKED, note: bytes | None = None) -> bytes:
    """Return what an honest operator makes of the entry at `at`, which commits heads."""
    note = note or ledger.checkpoint()
    size = int(note.split(b"\n")[1])
    covered = json.loads(_payload(ledger.entries[at]))["public"]["size"]
    tree = ledger.map_at(covered).tree

    def line(index: int) -> ProvenLine:
        path = [b64(node) for node in prove_inclusion(index, size, ledger.read)]
        return ProvenLine(index, ledger.entries[index].decode(), path)

    register = [index for index, _ in ledger.seen_by([ledger.registry]) if index < size]
    return format_absence(
        Absence(
            says=sentence(ledger.origin, order, covered),
            log=ledger.origin,
            order=order,
            checkpoint=note.decode(),
            absent=b64(tree.prove(order_key(order))),
            registered=b64(tree.prove(order_key(ledger.registry))),
            commit=line(at),
            register=[line(index) for index in register],
        )
    )


def _payload(raw: bytes) -> bytes:
    return base64.b64decode(json.loads(raw)["payload"])


def committing() -> tuple[Ledger, int]:
    ledger, _ = small()
    return ledger, ledger.commit(ledger.enrol("ledger", "XO", "SYS"))


LEDGER, AT = committing()
PROOF = proven(LEDGER, AT)


def checked(data: bytes, ledger: Ledger = LEDGER) -> Report:
    return verify_absence(data, ledger.trust(), None, NOW)


def changed(change: Callable[[dict[str, Any]], object], data: bytes = PROOF) -> bytes:
    document = json.loads(data)
    change(document)
    return written(document)


def written(document: object) -> bytes:
    """Return the one way in which a document is written."""
    return msgspec.json.format(msgspec.json.encode(document)) + b"\n"


def code(data: bytes, ledger: Ledger = LEDGER) -> tuple[str, str]:
    report = checked(data, ledger)
    assert report.verdict is Verdict.FAILED
    assert (report.entries, report.signatures, report.head_seen, report.says) == (0, 0, None, "")
    return report.reasons[0].code, report.reasons[0].where


def test_a_log_is_shown_to_have_no_order_of_an_id() -> None:
    report = checked(PROOF)
    assert (report.verdict, report.entries, report.signatures) == (Verdict.PASSED, 7, 7)
    assert report.says == f"{LEDGER.origin} has no order {LINKED} among its first {AT} entries"
    assert [step.number for step in report.steps] == list(range(1, 18))
    assert read_evidence(PROOF).kind is FileKind.ABSENCE
    assert is_absence(PROOF)


def test_the_entries_of_the_register_may_come_in_any_order() -> None:
    report = checked(changed(lambda d: d["register"].reverse()))
    assert (report.verdict, report.says) == (Verdict.PASSED, checked(PROOF).says)


@pytest.mark.parametrize(
    ("claim", "spaces", "claims"),
    [
        ('{"format":"comity.absence/1"', 0, True),
        ('{"format":"comity.absence/1"', 200 - 27, True),
        ('{"format":"comity.absence/1"', 200 - 26, False),
        ('["comity.absence/1"', 0, False),
        ('{"format":"comity.absence', 0, False),
    ],
)
def test_a_file_claims_to_be_a_proof_of_absence_in_its_first_200_bytes(claim: str, spaces: int, claims: bool) -> None:
    assert is_absence(b" " * spaces + claim.encode()) is claims


def test_it_says_that_it_speaks_of_an_id_and_that_the_ledger_alone_says_so() -> None:
    says = checked(PROOF).not_proven
    assert any(
        each.startswith("CMP-COMMITTED: that ") and "Anyone with all entries can compute" in each for each in says
    )
    assert any("this speaks of an id" in each and "another id" in each for each in says)


def test_without_trust_from_elsewhere_nothing_is_shown() -> None:
    report = verify_absence(PROOF, None, None, NOW)
    assert (report.verdict, report.reasons[0].code, report.says) == (Verdict.INDETERMINATE, "NO_TRUST_ANCHOR", "")


def test_too_few_witnesses_leave_it_open() -> None:
    ledger, _ = small(witnesses=3)
    at = ledger.commit(ledger.enrol("ledger", "XO", "SYS"))
    report = checked(proven(ledger, at), ledger)
    assert [(r.code, report.verdict) for r in report.reasons] == [("CP-QUORUM", Verdict.INDETERMINATE)]
    seen = proven(ledger, at, note=ledger.checkpoint(None, NOW, NOW, NOW))
    assert checked(seen, ledger).verdict is Verdict.PASSED


def test_an_order_that_is_there_cannot_be_shown_to_be_absent() -> None:
    assert code(proven(LEDGER, AT, ORDER)) == ("MAP-HEAD", "absent")
    other = json.loads(PROOF)["absent"]
    assert code(changed(lambda d: d.update(absent=other), proven(LEDGER, AT, ORDER))) == ("MAP-PATH", "absent")


def test_a_register_whose_tail_is_cut_is_found() -> None:
    assert code(changed(lambda d: d["register"].pop()))[0] in ("KEY-UNKNOWN", "MAP-HEAD")
    ledger, at = committing()
    ledger.record(ledger.keeper, "key-revoked", {"actor": "ilves", "cause": "lost"})
    at = ledger.commit(hand("ledger"))
    cut = changed(lambda d: d["register"].pop(), proven(ledger, at))
    assert code(cut, ledger) == ("MAP-HEAD", "registered")


def stale() -> bytes:
    """Return a proof with an old commit: an order of the id could have come since."""
    ledger, _ = small()
    at = ledger.commit(ledger.enrol("ledger", "XO", "SYS"), size=4)
    return proven(ledger, at)


STALE = stale()


def test_what_an_old_commit_does_not_cover_is_said() -> None:
    ledger, at = committing()
    fresh = checked(proven(ledger, at), ledger).not_proven
    ledger.record(ledger.keeper, "key-compromised", {"actor": "ledger", "suspected_since": "2026-01-01T00:00:00Z"})
    stale = proven(ledger, at)
    assert checked(stale, ledger).verdict is not Verdict.PASSED
    cut = changed(lambda d: d["register"].pop(), stale)
    report = checked(cut, ledger)
    assert report.verdict is Verdict.PASSED, "nothing shows the tail of the register, so that it must be said"
    assert not any(each.startswith("CMP-REGISTER") for each in fresh)
    assert any(each.startswith("CMP-REGISTER: that no key was revoked") for each in report.not_proven)
    assert any(f"the log has {ledger.size} entries by now" in each for each in report.not_proven)


def swap(document: dict[str, Any]) -> None:
    document["register"][0]["index"], document["register"][1]["index"] = 1, 0


WRONG: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("ABSENCE-FORMAT", lambda d: d.update(order="x")),
    ("ABSENCE-FORMAT", lambda d: d.update(more=1)),
    ("ABSENCE-FORMAT", lambda d: d.pop("commit")),
    ("ABSENCE-FORMAT", lambda d: d["register"].append(d["commit"])),
    ("ABSENCE-FORMAT", lambda d: d.update(register=[])),
    ("CP-SIG", lambda d: d.update(checkpoint=d["checkpoint"].replace("\n9\n", "\n8\n"))),
    ("PRF-PATH", swap),
    ("PRF-INDEX", lambda d: d["commit"].update(index=99)),
    ("PRF-FORMAT", lambda d: d["commit"].update(path=["A" * 42 + "B="])),
    ("MAP-FORMAT", lambda d: d.update(absent="!")),
    ("MAP-FORMAT", lambda d: d.update(registered="")),
    ("MAP-HEAD", lambda d: d.update(order=ORDER, absent=d["absent"])),
]


TEXT = PROOF.decode()
INDEX = '"index": 0,'
OTHERWISE = [
    json.dumps(json.loads(PROOF)).encode(),
    PROOF + b"\n",
    b"\xef\xbb\xbf" + PROOF,
    b"\n" + PROOF,
    *(
        TEXT.replace(INDEX, f'"index": {n},').encode()
        for n in ("0.0", "0.5", "0e0", "-0", "1e400", "true", "null", 2**53)
    ),
    *(TEXT.replace(f'"index": {AT},', f'"index": {n},').encode() for n in (f"{AT}.0", f"{AT}.5", f"{AT}e0", 2**53 + 1)),
    TEXT.replace('"says": "', '"says": "\\ud800').encode(),
    TEXT.replace('"log": "', '"log": "\\ud800').encode(),
    TEXT.replace('"entry": "', '"entry": "\\udfff').encode(),
    TEXT.replace('"says"', '"says": "x", "says"').encode(),
    TEXT.replace('"order"', '"order": 5, "order"').encode(),
    TEXT.replace('"format"', '"format": "x", "format"').encode(),
    TEXT.replace('"format"', '"\\u0066ormat"').encode(),
    TEXT.replace('"says"', '"x": ' + "[" * 100_000 + "]" * 100_000 + ', "says"').encode(),
    TEXT.replace('"register"', '"register": null, "registers"').encode(),
    changed(lambda d: d.update(register=None)),
    changed(lambda d: d.pop("register")),
    changed(lambda d: d["commit"].update(path=["A" * 43 + "="] * 64)),
    changed(lambda d: d.update(absent="A" * 33_957)),
]


@pytest.mark.parametrize("data", OTHERWISE, ids=range(len(OTHERWISE)))
def test_a_document_that_two_readers_could_read_in_two_ways_is_refused(data: bytes) -> None:
    assert code(data) == ("ABSENCE-FORMAT", "")


@pytest.mark.parametrize(("expected", "change"), WRONG)
def test_what_is_wrong_has_its_code(expected: str, change: Callable[[dict[str, Any]], object]) -> None:
    found = code(changed(change))[0]
    assert found in (expected, "MAP-PATH") if expected == "MAP-HEAD" else found == expected


def test_a_proof_about_another_log_than_the_trust_is_not_judged() -> None:
    report = checked(changed(lambda d: d.update(log="ledger.example/other")))
    assert (report.verdict, [reason.code for reason in report.reasons]) == (Verdict.INDETERMINATE, ["CP-ORIGIN"])
    assert report.reasons[0].says == f"You gave the trust of {LEDGER.origin}. This record is of ledger.example/other."
    assert (report.entries, report.says) == (0, "")


def test_what_is_no_envelope_is_said_to_be_none_before_its_path_is_read() -> None:
    def cut(document: dict[str, Any]) -> None:
        document["register"][0]["entry"] = "{"

    assert code(changed(cut)) == ("ENV-NONCANON", "register 0")


def test_an_entry_that_commits_nothing_shows_nothing() -> None:
    def exchange(document: dict[str, Any]) -> None:
        document["commit"] = document["register"].pop()

    assert code(changed(exchange))[0] in ("CTX-ORDER", "KEY-UNKNOWN")


def test_a_file_has_an_end() -> None:
    assert code(PROOF + b" ")[0] == "ABSENCE-FORMAT"


@examples(150)
@given(st.data())
def test_no_changed_letter_shows_another_absence(data: st.DataObject) -> None:
    document = json.loads(PROOF)
    place = data.draw(st.sampled_from(["log", "order", "checkpoint", "absent", "registered"]))
    text = document[place]
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("0af/Z="))
    document[place] = text[:at] + letter + text[at + 1 :]
    report = checked(written(document))
    if document[place] != text and place != "order":
        assert report.verdict is not Verdict.PASSED or place == "checkpoint"
    if document[place] != text and place == "order" and report.verdict is Verdict.PASSED:
        assert document["order"] in report.says, "another id that is not there either, proven by the same leaf"


def signed_twice() -> tuple[Ledger, int]:
    """Return a ledger whose register names a second key of the log from entry 3 on, and the entry that commits."""
    ledger, _ = twice(3)
    return ledger, ledger.commit(ledger.enrol("ledger", "XO", "SYS"))


DOUBLY, ALSO = signed_twice()
LINES = {
    "both": (proven(DOUBLY, ALSO, note=both(DOUBLY, DOUBLY.checkpoint())), []),
    "the first": (proven(DOUBLY, ALSO, note=only_first(DOUBLY, DOUBLY.checkpoint())), ["CP-KEY"]),
    "the second": (proven(DOUBLY, ALSO, note=only_second(DOUBLY, DOUBLY.checkpoint())), ["CP-KEY"]),
}


@pytest.mark.parametrize("name", LINES)
def test_a_head_of_a_log_that_signs_twice_needs_both_lines(name: str) -> None:
    data, wanted = LINES[name]
    report = verify_absence(data, DOUBLY.trust(policies(DOUBLY)[0]), None, NOW, mldsa=mldsa.verify)
    assert [reason.code for reason in report.reasons] == wanted


def test_a_proof_of_absence_has_at_most_16_megabytes() -> None:
    for size, says in ((16_777_216, "malformed|truncated|trailing"), (16_777_217, "more than 16777216 bytes")):
        with pytest.raises(RecordError, match=f"ABSENCE-FORMAT: .*({says})"):
            parse_absence(b" " * size)


def test_lists_in_lists_without_end_are_no_proof_of_absence() -> None:
    for start in (b"", b'{"says":', b'{"register":'):
        with pytest.raises(RecordError, match="ABSENCE-FORMAT"):
            parse_absence(start + b"[" * 100_000)


def test_no_proof_of_absence_is_written_that_no_reader_takes() -> None:
    absence = parse_absence(PROOF)
    longest = msgspec.structs.replace(absence, absent="A" * 4 * 8_489, registered="A" * 4 * 8_489)
    assert parse_absence(format_absence(longest)) == longest
    for wrong in ({"absent": "A" * (4 * 8_489 + 1)}, {"log": ""}, {"order": "PPO-2026-123"}):
        with pytest.raises(RecordError, match="ABSENCE-FORMAT"):
            format_absence(msgspec.structs.replace(absence, **wrong))


def test_each_step_says_how_much_there_was_to_check() -> None:
    ledger, at = committing()
    trust = msgspec.structs.replace(ledger.trust(), until=NOW)
    report = verify_absence(proven(ledger, at), trust, None, NOW)
    nothing = "a proof of absence has nothing of this kind"
    assert {step.number: step.says for step in report.steps} == {
        **dict.fromkeys((3, 7, 12, 13, 14, 15, 16), nothing),
        **dict.fromkeys((1, 2), ""),
        4: f"1 note of {ledger.origin}",
        5: "the policy asks for none",
        6: "1 state of the log, 0 proofs that it only grew",
        8: "7 entries in the tree of 9",
        9: "7 signatures",
        10: "the register, whole from its first entry on",
        11: "3 keys of 3 offices",
        17: f"{ledger.origin} has no order {LINKED} among its first 8 entries",
    }
    assert (report.entries, report.signatures, report.says) == (7, 7, report.steps[-1].says)
    assert [line.partition(".")[0] for line in report.not_proven if line.startswith("POL-EXPIRED")]


@pytest.mark.parametrize("lost", range(5))
def test_a_register_with_a_gap_is_found_at_the_entry_behind_it(lost: int) -> None:
    ledger, at = committing()
    whole = parse_absence(proven(ledger, at))
    register = whole.register[:lost] + whole.register[lost + 1 :]
    report = verify_absence(
        format_absence(msgspec.structs.replace(whole, register=register)), ledger.trust(), None, NOW
    )
    (reason,) = report.reasons
    assert (reason.code, reason.where) == ("CTX-CHAIN", f"register {whole.register[lost + 1].index}")


def codes_of(
    ledger: Ledger, at: int, data: bytes | None = None, anchor: bytes | None = None, **trust: Any
) -> list[str]:
    held = msgspec.structs.replace(ledger.trust(), **trust)
    return [reason.code for reason in verify_absence(proven(ledger, at), held, parse_held(anchor), NOW).reasons]


def test_a_checkpoint_that_is_held_is_compared_and_may_stand_for_the_registrar() -> None:
    ledger, at = committing()
    assert codes_of(ledger, at, registrar=None) == ["NO_TRUST_ANCHOR"]
    assert codes_of(ledger, at, registrar=None, anchor=ledger.checkpoint()) == []
    assert codes_of(ledger, at, anchor=ledger.checkpoint(root=bytes(32))) == ["ANCHOR-MISMATCH"]
    assert codes_of(ledger, at, anchor=ledger.checkpoint(3)) == ["ANCHOR-MISMATCH"], "nothing connects the two"


def test_a_signed_checkpoint_of_another_root_is_the_exhibit_with_that_of_the_proof() -> None:
    ledger, at = committing()
    other = parse_held(ledger.checkpoint(root=bytes(32)))
    report = verify_absence(proven(ledger, at), ledger.trust(), other, NOW)
    assert report.exhibit is not None
    assert verify_exhibit(report.exhibit, ledger.trust()).reasons[0].code == "SPLIT-VIEW"


def test_a_key_of_the_log_signs_the_sizes_that_policy_and_register_give_it() -> None:
    ledger, at = committing()
    (key,) = ledger.trust().policy.logs
    for first, codes in ((ledger.size, []), (ledger.size + 1, ["CP-KEY"])):
        assert codes_of(ledger, at, sizes={key.text: Sizes(first)}) == codes
    ledger, _ = small()
    new = log_vkey(ledger.origin, public_key(b"2" * 32))
    ledger.record(ledger.keeper, "log-key-rotated", {"old_key": key.text, "new_key": new, "from_size": 6})
    assert codes_of(ledger, ledger.commit(ledger.enrol("ledger", "XO", "SYS"))) == ["CP-KEY"]


def test_a_change_of_keys_or_of_the_policy_that_the_verifier_does_not_hold_leaves_it_open() -> None:
    def later(payload: dict[str, Any]) -> None:
        payload.update(kind="key-revoked", schema=2, public={"actor": 7})

    ledger, _ = small()
    ledger.record(ledger.keeper, "key-revoked", {"actor": "ilves", "cause": "lost"})
    raw = resealed(ledger.entries[-1], later, ledger.keeper)
    ledger, _ = small()
    ledger.append(raw)
    ledger._links[ledger.registry] = Link(open_(raw).payload.seq, ledger.leaf(5), None)
    assert codes_of(ledger, ledger.commit(ledger.enrol("ledger", "XO", "SYS"))) == ["KEY-SCHEMA"]
    ledger, _ = small()
    text = {"code": "policy", "media": "text/plain", "size": 1, "sha256": "ab" * 32}
    ledger.record(ledger.keeper, "witness-changed", {"policy_text": text})
    assert codes_of(ledger, ledger.commit(ledger.enrol("ledger", "XO", "SYS"))) == ["POL-NEWER"]


def test_a_proof_of_absence_with_another_sentence_is_a_finding() -> None:
    assert checked(PROOF).procedure == ()
    report = checked(changed(lambda document: document.update(says=f"{document['says']}, nor any record on J. Doe")))
    assert (report.verdict, [remark.code for remark in report.procedure]) == (Verdict.PASSED, ["CMP-SAYS"])
    assert "J. Doe" not in report.says


def test_an_entry_of_an_order_is_none_of_the_register() -> None:
    ledger, at = committing()
    whole = parse_absence(proven(ledger, at))
    path = [b64(node) for node in prove_inclusion(3, ledger.size, ledger.read)]
    register = [*whole.register, ProvenLine(3, ledger.entries[3].decode(), path)]
    data = format_absence(msgspec.structs.replace(whole, register=register))
    (reason,) = verify_absence(data, ledger.trust(), None, NOW).reasons
    assert (reason.code, reason.where) == ("CTX-ORDER", "register 3")


def test_a_text_of_the_register_that_no_reader_sees_is_a_finding_on_its_entry() -> None:
    ledger, _ = small()
    party = {"party": "XV", "zone": "Europe/Dublin", "declarations_verified": True}
    odd = ledger.record(ledger.keeper, "party-registered", party, refs=("KA\u200b",))
    at = ledger.commit(ledger.enrol("ledger", "XO", "SYS"))
    report = checked(proven(ledger, at), ledger)
    assert report.verdict is Verdict.PASSED
    assert [(r.code, r.entries) for r in report.procedure if r.code.startswith("TEXT-")] == [
        ("TEXT-UNSEEN", (ledger.leaf(odd),))
    ]


def test_an_error_outside_of_the_steps_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RecordError("CP-HISTORY", "another history")

    monkeypatch.setattr(absence, "check_anchored", fails)
    with pytest.raises(RecordError, match="CP-HISTORY"):
        verify_absence(PROOF, None, None, NOW)
