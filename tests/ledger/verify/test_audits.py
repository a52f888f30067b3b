"""A verdict says what the auditors of the verifier's policy checked, and what they did not; it never rests on them."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest

from ledger.adapters.keys.mldsa import verify as mldsa
from ledger.errors import RecordError
from ledger.tlog.audit_statement import AuditStatement, format_statement
from ledger.tlog.note import b64, parse_checkpoint, split_note
from ledger.tlog.quorum import with_auditor
from ledger.tlog.subtree import prove_subtree_consistency, subtree_root
from ledger.tlog.subtree_cosignature import Subtree, subtree_note
from ledger.trust.trust_folder import Trust
from ledger.verify.audits import statements
from ledger.verify.audits.statements import MOST, check_audits, recomputed_by
from ledger.verify.progress import VerificationLog
from ledger.verify.report import Report, StatedAudit, Verdict
from ledger.verify.single_entry import verify_entry
from tests.ledger.tlog.auditors import STATEMENT, TEXT, Auditor, auditor
from tests.support.memory_ledger import NOW, ORDER, Ledger, changed, checked, small

KARSK, LORN = auditor("karsk"), auditor("lorn")
SIZE = 6
FIRST = f"map/audits/{sha256(TEXT).hexdigest()}.statement"


def ledger() -> tuple[Ledger, Any]:
    made, ilves = small()
    made.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "post"}, order=ORDER)
    assert made.size == SIZE
    return made, ilves


def trusting(ledger: Ledger, **auditors: Auditor) -> Trust:
    """Return the trust of a verifier whose policy names these auditors."""
    policy = ledger.policy()
    for name, each in auditors.items():
        policy = with_auditor(policy, name, each.key)
    return ledger.trust(policy)


def subtree(ledger: Ledger, start: int, end: int) -> Subtree:
    return Subtree(ledger.origin, start, end, subtree_root(start, end, ledger.read))


def stated(ledger: Ledger, note: bytes, start: int, end: int, text: bytes = TEXT) -> dict[str, bytes]:
    """Return the files of one statement, as a bundle holds them."""
    path = prove_subtree_consistency(start, end, ledger.size, ledger.read)
    name = f"map/audits/{sha256(note).hexdigest()}"
    return {
        f"map/audits/{sha256(text).hexdigest()}.statement": text,
        f"{name}.note": note,
        f"{name}.proof": "".join(f"{b64(node)}\n" for node in path).encode(),
    }


def by(ledger: Ledger, start: int, end: int, *auditors: Auditor) -> dict[str, bytes]:
    part = subtree(ledger, start, end)
    return stated(ledger, subtree_note(part, [each.line(part) for each in auditors or (KARSK,)]), start, end)


def report(files: Mapping[str, bytes], ledger: Ledger, ilves: Any, **auditors: Auditor) -> Report:
    """Return the report on a bundle with these files, by a verifier whose policy names `auditors`."""
    data = changed(ledger.bundle(ilves), lambda inner: inner.update(files), ilves.signer("ISS"))
    return checked(data, ledger, trust=trusting(ledger, **auditors), mldsa=mldsa)


def lacking(report: Report) -> list[str]:
    return [says for says in report.not_proven if "audit" in says.casefold()]


def codes(report: Report) -> list[tuple[str, str]]:
    return [(r.code, r.says) for r in report.procedure if r.code.startswith("CMP-AUDIT-")]


def test_a_statement_by_an_auditor_of_the_policy_is_shown_with_its_checks_program_and_rules() -> None:
    log, ilves = ledger()
    found = report(by(log, 0, SIZE), log, ilves, karsk=KARSK)
    assert found.audits == (StatedAudit("karsk", "auditor.example/karsk", STATEMENT, ((0, SIZE),)),)
    assert (found.verdict, codes(found), lacking(found)) == (Verdict.PASSED, [], [])


def test_statements_about_neighbouring_entries_add_up_and_gaps_are_said() -> None:
    log, ilves = ledger()
    parts = {**by(log, 0, 2), **by(log, 2, 4), **by(log, 5, 6)}
    found = report(parts, log, ilves, karsk=KARSK)
    assert found.audits[0].ranges == ((0, 4), (5, 6))
    assert lacking(found) == [
        "CMP-NOT-AUDITED: that the auditor karsk checked the entry 4: none of its statements here covers it."
    ]
    whole = report({**parts, **by(log, 4, 5)}, log, ilves, karsk=KARSK)
    assert (whole.audits[0].ranges, lacking(whole)) == (((0, 6),), [])


def test_statements_of_two_auditors_do_not_add_up() -> None:
    log, ilves = ledger()
    found = report({**by(log, 0, 4), **by(log, 4, 6, LORN)}, log, ilves, karsk=KARSK, lorn=LORN)
    assert [each.ranges for each in found.audits] == [((0, 4),), ((4, 6),)]
    assert [says.partition(" checked ")[2][:15] for says in lacking(found)] == ["the entries 4-5", "the entries 0-3"]


def test_two_auditors_may_sign_one_note() -> None:
    log, ilves = ledger()
    found = report(by(log, 0, SIZE, KARSK, LORN), log, ilves, karsk=KARSK, lorn=LORN)
    assert [each.ranges for each in found.audits] == [((0, SIZE),)] * 2


def test_a_policy_that_names_an_auditor_without_a_statement_says_so_and_the_verdict_stays() -> None:
    log, ilves = ledger()
    found = report({}, log, ilves, karsk=KARSK)
    assert (found.verdict, found.reasons) == (Verdict.PASSED, ())
    assert lacking(found) == [
        "CMP-NOT-AUDITED: that the auditor karsk checked the entries 0-5: none of its statements here covers them."
    ]
    assert found.audits == (StatedAudit("karsk", "auditor.example/karsk", None, ()),)


@pytest.mark.parametrize("named", [{}, {"lorn": LORN}])
def test_a_statement_by_a_key_that_the_policy_does_not_name_is_left_aside_and_said(named: dict[str, Auditor]) -> None:
    log, ilves = ledger()
    found = report(by(log, 0, SIZE), log, ilves, **named)
    assert "What 1 note of auditors say: your policy names none who signed." in found.not_proven
    assert [each.ranges for each in found.audits] == [()] * len(named)
    assert codes(found) == []


def test_without_a_policy_of_the_verifier_the_copy_in_the_bundle_names_no_auditor() -> None:
    log, ilves = ledger()
    policy = with_auditor(log.policy(), "karsk", KARSK.key)
    data = changed(log.bundle(ilves, policy=policy), lambda inner: inner.update(by(log, 0, SIZE)), ilves.signer("ISS"))
    from ledger.verify.evidence_bundle import verify

    found = verify(data, None, None, NOW, mldsa=mldsa)
    assert found.audits == ()
    assert "What 1 note of auditors say: your policy names none who signed." in found.not_proven


def elsewhere(log: Ledger) -> dict[str, bytes]:
    part = Subtree("ledger.test/other", 0, SIZE, subtree_root(0, SIZE, log.read))
    return stated(log, subtree_note(part, [KARSK.line(part)]), 0, SIZE)


def other_tree(log: Ledger) -> dict[str, bytes]:
    part = Subtree(log.origin, 0, SIZE, sha256(b"another tree").digest())
    return stated(log, subtree_note(part, [KARSK.line(part)]), 0, SIZE)


def later(log: Ledger) -> dict[str, bytes]:
    part = Subtree(log.origin, 0, SIZE + 1, sha256(b"later").digest())
    return stated(log, subtree_note(part, [KARSK.line(part)]), 0, SIZE)


def spoilt(log: Ledger) -> dict[str, bytes]:
    part, false = subtree(log, 0, SIZE), subtree(log, 0, 4)
    return stated(log, subtree_note(part, [KARSK.line(false)]), 0, SIZE)


def without_text(log: Ledger) -> dict[str, bytes]:
    return {name: data for name, data in by(log, 0, SIZE).items() if not name.endswith(".statement")}


def other_text(log: Ledger) -> dict[str, bytes]:
    other = format_statement(AuditStatement(("signatures",), "ab" * 32, "cd" * 32))
    return {**by(log, 0, SIZE), FIRST: other}


def proof_cut(log: Ledger) -> dict[str, bytes]:
    return {name: data[:-1] if name.endswith(".proof") else data for name, data in by(log, 0, 4).items()}


def proof_missing(log: Ledger) -> dict[str, bytes]:
    return {name: data for name, data in by(log, 0, 4).items() if not name.endswith(".proof")}


WRONG = {
    elsewhere: "CP-ORIGIN",
    other_tree: "SUB-PATH",
    later: "SUB-PATH",
    spoilt: "CP-SIG",
    without_text: "AUD-FORMAT",
    other_text: "AUD-KEY",
    proof_cut: "CP-CONSISTENCY",
    proof_missing: "SUB-PATH",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_statement_in_the_name_of_an_auditor_is_a_finding_and_covers_nothing(wrong: Any) -> None:
    log, ilves = ledger()
    found = report(wrong(log), log, ilves, karsk=KARSK)
    assert found.verdict is Verdict.PASSED
    ((code, says),) = codes(found)
    assert code == "CMP-AUDIT-WRONG"
    assert says.startswith(f"a statement in the name of the auditor karsk does not hold: {WRONG[wrong]} ")
    assert found.audits[0].ranges == ()
    assert len(lacking(found)) == 1


def test_of_two_statements_that_contradict_each_other_the_one_about_this_tree_counts() -> None:
    log, ilves = ledger()
    found = report({**by(log, 0, SIZE), **other_tree(log)}, log, ilves, karsk=KARSK)
    assert found.audits[0].ranges == ((0, SIZE),)
    assert [code for code, _ in codes(found)] == ["CMP-AUDIT-WRONG"]


def test_a_statement_of_another_program_is_that_of_another_key() -> None:
    log, ilves = ledger()
    other = format_statement(AuditStatement(STATEMENT.checks, "ab" * 32, STATEMENT.rules))
    changed_program = Auditor("karsk", other)
    part = subtree(log, 0, SIZE)
    files = stated(log, subtree_note(part, [changed_program.line(part)]), 0, SIZE, other)
    assert report(files, log, ilves, karsk=KARSK).audits[0].ranges == ()
    assert report(files, log, ilves, karsk=changed_program).audits[0].ranges == ((0, SIZE),)


def test_a_note_that_is_none_is_left_aside() -> None:
    log, ilves = ledger()
    found = report({f"map/audits/{'ab' * 32}.note": b"\xff"}, log, ilves, karsk=KARSK)
    assert "What 1 note of auditors say: your policy names none who signed." in found.not_proven


def test_other_names_below_map_are_not_read() -> None:
    log, ilves = ledger()
    files = {f"map/audits/{'ab' * 32}.other": b"?", "map/audits/index": b"?", "map/other": b"?"}
    assert report(files, log, ilves, karsk=KARSK).verdict is Verdict.PASSED


def test_of_many_notes_the_first_are_read_and_the_others_are_said() -> None:
    log, ilves = ledger()
    files = {f"map/audits/{n:064x}.note": b"?" for n in range(MOST + 2)}
    found = report(files, log, ilves, karsk=KARSK)
    assert [says for says in found.not_proven if "of auditors say" in says] == [
        f"What {MOST} notes of auditors say: your policy names none who signed.",
        f"What 2 notes of auditors say: the first {MOST} were read.",
    ]


def test_without_ml_dsa_nothing_is_counted_and_nothing_is_a_finding() -> None:
    log, ilves = ledger()
    data = changed(log.bundle(ilves), lambda inner: inner.update(by(log, 0, SIZE)), ilves.signer("ISS"))
    trust = trusting(log, karsk=KARSK)

    def missing(public: bytes, message: bytes, signature: bytes) -> bool:
        raise RecordError("CP-KEY", "nothing here can verify it")

    for each in (None, missing):
        found = checked(data, log, trust=trust, mldsa=each)
        assert found.audits[0].ranges == ()
        assert codes(found) == []
        assert "What 1 note of auditors say: nothing here verifies ML-DSA-44." in found.not_proven


def test_no_statement_travels_with_a_single_entry() -> None:
    log, _ = ledger()
    found = verify_entry(log.entries[0], log.proof(0), trusting(log, karsk=KARSK), None, NOW, mldsa=mldsa)
    assert len(lacking(found)) == 1


def found_in(log: Ledger, files: Mapping[str, bytes], prove: Any = None, **auditors: Auditor) -> tuple[Any, list[str]]:
    """Return what `check_audits` makes of these files, and the codes of its findings."""
    book, policy = VerificationLog(), trusting(log, **auditors).policy
    named = {name.removeprefix("map/audits/"): data for name, data in files.items()}
    checkpoint = parse_checkpoint(split_note(log.checkpoint())[0])
    return check_audits(named, policy, checkpoint, book, mldsa, prove), [remark.code for remark in book.remarks]


def test_an_auditor_states_nothing_although_another_one_does() -> None:
    log, _ = ledger()
    (karsk, lorn), _ = found_in(log, by(log, 0, SIZE), karsk=KARSK, lorn=LORN)
    assert (karsk.statement, lorn.statement) == (STATEMENT, None)


def test_a_proof_is_computed_where_all_entries_are_and_a_file_of_one_is_not_read_there() -> None:
    log, _ = ledger()

    def prove(part: Subtree) -> Any:
        return prove_subtree_consistency(part.start, part.end, SIZE, log.read)

    for files in (proof_missing(log), proof_cut(log)):
        (stated,), codes = found_in(log, files, prove, karsk=KARSK)
        assert (stated.ranges, codes) == (((0, 4),), [])
    assert found_in(log, by(log, 0, 4), lambda part: [], karsk=KARSK)[1] == ["CMP-AUDIT-WRONG"]


def test_notes_are_read_in_the_order_of_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "MOST", 1)
    log, _ = ledger()
    files = {**by(log, 0, 2), **by(log, 2, 4)}
    (one,), (other,) = (found_in(log, dict(each), karsk=KARSK)[0] for each in (files.items(), [*files.items()][::-1]))
    assert one.ranges == other.ranges
    assert len(one.ranges) == 1


def test_the_map_of_heads_was_computed_by_those_who_checked_every_entry_up_to_the_commit() -> None:
    def stated(*ranges: tuple[int, int], checks: tuple[str, ...] = STATEMENT.checks) -> StatedAudit:
        statement = AuditStatement(checks, STATEMENT.program, STATEMENT.rules)
        return StatedAudit("karsk", "auditor.example/karsk", statement if ranges else None, ranges)

    for each, named in (
        (stated((0, 9)), True),
        (stated((0, 8)), False),
        (stated((1, 9)), False),
        (stated((0, 5), (6, 9)), False),
        (stated((0, 9), checks=STATEMENT.checks[:1]), False),
        (stated(), False),
    ):
        assert recomputed_by([each], 8) == (("karsk",) if named else ())


@pytest.mark.parametrize(
    ("ranges", "text"),
    [
        ([(4, 5)], "the entry 4"),
        ([(0, 2)], "the entries 0-1"),
        ([(0, 4), (7, 8)], "the entries 0-3, 7"),
        ([(3, 4), (7, 8)], "the entries 3, 7"),
    ],
)
def test_ranges_of_entries_are_named_with_their_last_entry(ranges: list[tuple[int, int]], text: str) -> None:
    assert statements.name_entries(ranges) == text


# -- committed heads ---------------------------------------------------------------------------------------------------


def committing() -> tuple[Ledger, Any, int]:
    """Return a ledger of ten entries, an office of it, and the index of the entry that commits the heads: 8."""
    log, ilves = small()
    at = log.commit(log.enrol("ledger", "XO", "SYS"))
    log.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "post"}, order=ORDER)
    assert (log.size, at) == (10, 8)
    return log, ilves, at


def completeness(report: Report) -> list[str]:
    return [says for says in report.not_proven if says.startswith(("CMP-COMMITTED", "CMP-AUDITED"))]


def test_an_auditor_who_computed_the_committed_root_is_named_in_its_sentence() -> None:
    log, ilves, at = committing()
    plain = report({}, log, ilves)
    found = report(by(log, 0, at + 1), log, ilves, karsk=KARSK)
    assert (found.verdict, plain.verdict) == (Verdict.PASSED, Verdict.PASSED)
    assert found.committed is not None
    assert found.committed.auditors == ("karsk",)
    before, after = completeness(plain)[0], completeness(found)[0]
    assert before.endswith(
        "orders. Anyone with all entries can compute this root again. Other orders may hold more on it."
    )
    assert after == before.replace("CMP-COMMITTED", "CMP-AUDITED").replace(
        ". Anyone with all entries can compute this root again.",
        ", and of your auditors karsk computed this root from the entries.",
    )


def test_every_auditor_who_computed_the_root_is_named() -> None:
    log, ilves, _ = committing()
    found = report(by(log, 0, 10, KARSK, LORN), log, ilves, karsk=KARSK, lorn=LORN)
    assert "of your auditors karsk, lorn computed" in completeness(found)[0]


PARTS = {
    "not the entry that commits": [(0, 8)],
    "not the first entries": [(8, 10)],
    "a gap before it": [(0, 4), (8, 10)],
    "nothing": [],
}


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS)
def test_an_auditor_who_lacks_entries_before_the_commit_or_itself_computed_nothing(
    parts: list[tuple[int, int]],
) -> None:
    log, ilves, _ = committing()
    files = {name: data for part in parts for name, data in by(log, *part).items()}
    found = report(files, log, ilves, karsk=KARSK)
    assert completeness(found)[0].startswith("CMP-COMMITTED")
    assert found.committed is not None
    assert found.committed.auditors == ()


def test_several_statements_add_up_to_the_entry_that_commits() -> None:
    log, ilves, _ = committing()
    found = report({**by(log, 0, 8), **by(log, 8, 10)}, log, ilves, karsk=KARSK)
    assert completeness(found)[0].startswith("CMP-AUDITED")


def test_a_statement_without_map_roots_says_nothing_of_the_root() -> None:
    log, ilves, _ = committing()
    text = format_statement(AuditStatement(STATEMENT.checks[:3], STATEMENT.program, STATEMENT.rules))
    plain, part = Auditor("karsk", text), subtree(log, 0, 10)
    found = report(stated(log, subtree_note(part, [plain.line(part)]), 0, 10, text), log, ilves, karsk=plain)
    assert found.audits[0].ranges == ((0, 10),)
    assert completeness(found)[0].startswith("CMP-COMMITTED")
