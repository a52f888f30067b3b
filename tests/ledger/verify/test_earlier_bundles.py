"""Omissions and second bundles: the maker's word, an old head, two histories of one order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from ledger.bundle.archive import pack
from ledger.bundle.layout import Arranged
from ledger.bundle.manifest import HeadOf
from ledger.entries.exhibits import claimed_logs
from ledger.entries.placement import registry_of
from ledger.entries.split_view import Shown, check_order
from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import MLDSA44, Vkey, log_vkey, parse_vkey
from ledger.tlog.tree import prove_consistency
from ledger.trust.trust_folder import Sizes
from ledger.verify import earlier_bundles
from ledger.verify.earlier_bundles import (
    EarlierEntries,
    comparable,
    hold_entry,
    known_of,
    register_after,
    shown_commit,
)
from ledger.verify.evidence_bundle import verify
from ledger.verify.exhibits import verify_exhibit
from ledger.verify.progress import Contradiction, VerificationLog
from ledger.verify.report import Report, Verdict
from tests.ledger.verify.test_timestamps import stamped, token
from tests.support.memory_ledger import (
    COMPANION,
    NOW,
    ORDER,
    Ledger,
    checked,
    hand,
    left_out,
    resealed,
    small,
    two_histories,
)

MARCH = datetime(2027, 3, 5, 12, tzinfo=UTC)


def remarks(report: Report) -> dict[str, str]:
    return {remark.code: remark.says for remark in report.procedure}


def words(report: Report) -> list[str]:
    """Return the first word of each statement that is not proven."""
    return [says.partition(":")[0] for says in report.not_proven]


# -- statements that rest on the maker's word --------------------------------------------------------------------------


def test_each_of_two_histories_passes_alone_and_says_what_its_maker_alone_signs() -> None:
    ledger, ilves, (one, two) = two_histories(witnesses=3)
    note = ledger.checkpoint(None, *[NOW - timedelta(hours=30)] * 3)
    for hidden in (one, two):
        report = checked(left_out(ledger, ilves, hidden, note=note), ledger)
        assert report.verdict is Verdict.PASSED
        assert words(report)[:3] == ["CMP-NOT-COMMITTED", "CMP-ORDER", "CMP-REGISTER"]
        says = f"no later entry of this order at size {ledger.size}, and no other entry in the place of one of its 3"
        assert says in report.not_proven[1]
        assert "ilves of XO signs that" in report.not_proven[1]


def test_a_bundle_whose_register_was_cut_says_that_revocations_behind_it_are_not_excluded() -> None:
    ledger, ilves = small()
    revoked = ledger.record(ledger.keeper, "key-revoked", {"actor": "ilves", "cause": "compromised"})
    report = checked(left_out(ledger, ilves, revoked), ledger)
    assert report.verdict is Verdict.PASSED
    assert "no key was revoked, reported or replaced behind entry 3 of the register" in report.not_proven[3]


def test_every_order_in_a_bundle_is_among_those_whose_end_is_the_makers_word() -> None:
    ledger, ilves = small()
    ledger.record(ilves, "order-supervised", {"capacity": "judge", "decision": "approved"}, order=COMPANION)
    report = checked(ledger.bundle(ilves, "CT", COMPANION), ledger)
    assert words(report)[:5] == ["NO-WITNESS", "CMP-NOT-COMMITTED", "CMP-ORDER", "CMP-ORDER", "CMP-REGISTER"]
    assert f"{COMPANION} 1." in report.not_proven[3]
    assert len([word for word in words(checked(ledger.bundle(ilves), ledger)) if word == "CMP-ORDER"]) == 1


def test_the_gravest_comes_first() -> None:
    ledger, ilves = small()
    about = msgspec.structs.replace(ledger.contents().about, test=True)
    report = checked(ledger.bundle(ilves, about=about), ledger)
    assert words(report)[:5] == ["TEST", "NO-WITNESS", "CMP-NOT-COMMITTED", "CMP-ORDER", "CMP-REGISTER"]


# -- an old head in a new bundle ---------------------------------------------------------------------------------------


def of_march(*times: datetime, made_at: datetime) -> Report:
    ledger, ilves = small(witnesses=3)
    note = ledger.checkpoint(None, *times)
    about = msgspec.structs.replace(ledger.contents(note=note).about, made_at=made_at)
    return checked(ledger.bundle(ilves, note=note, about=about), ledger)


def test_a_bundle_made_more_than_a_day_after_its_head_was_seen_is_remarked_with_both_dates() -> None:
    report = of_march(MARCH, MARCH, MARCH, made_at=NOW)
    assert (report.verdict, report.head_seen) == (Verdict.PASSED, MARCH)
    says = remarks(report)["CMP-OLD-HEAD"]
    assert "2027-06-01T00:00:00Z" in says
    assert "2027-03-05T12:00:00Z" in says


@pytest.mark.parametrize(("after", "said"), [(timedelta(days=1), False), (timedelta(days=1, seconds=1), True)])
def test_a_head_may_be_a_day_older_than_its_bundle(after: timedelta, said: bool) -> None:
    assert ("CMP-OLD-HEAD" in remarks(of_march(MARCH, MARCH, MARCH, made_at=MARCH + after))) is said


def test_one_late_cosignature_among_liars_makes_no_old_head_young() -> None:
    report = of_march(MARCH, MARCH, NOW, made_at=NOW)
    assert report.head_seen == MARCH
    assert "CMP-OLD-HEAD" in remarks(report)


def test_a_bundle_cannot_be_made_before_its_head_was_cosigned() -> None:
    drift = timedelta(minutes=5)
    assert "CMP-MADE-AT" not in remarks(of_march(MARCH, MARCH, MARCH, made_at=MARCH - drift))
    said = remarks(of_march(MARCH, MARCH, MARCH, made_at=MARCH - drift - timedelta(seconds=1)))
    assert "2027-03-05T12:00:00Z" in said["CMP-MADE-AT"]


def test_where_no_witness_counts_a_time_stamp_dates_the_head_and_without_one_nothing_does() -> None:
    ledger, ilves = small()
    report = stamped(ledger, ilves, token(ledger.checkpoint(), 0))
    assert "CMP-OLD-HEAD" in remarks(report)
    bare = checked(ledger.bundle(ilves), ledger)
    assert bare.head_seen is None
    assert "CMP-OLD-HEAD" not in remarks(bare)
    assert bare.not_proven[0].startswith("NO-WITNESS: when the log said this")


def test_a_fresh_time_stamp_makes_a_head_that_witnesses_saw_no_younger() -> None:
    ledger, ilves = small(witnesses=1)
    note = ledger.checkpoint(None, MARCH)
    fresh = int((NOW - timedelta(days=2) - datetime(2027, 3, 1, 12, tzinfo=UTC)).total_seconds() // 60)
    report = stamped(ledger, ilves, token(note, fresh), note=note)
    assert report.head_seen == MARCH
    assert "CMP-OLD-HEAD" in remarks(report)


# -- two bundles of one log --------------------------------------------------------------------------------------------


def held_against(data: bytes, other: bytes, ledger: Ledger) -> Report:
    """Verify a bundle against another one, both under the ledger's keys."""
    trust = ledger.trust()
    assert checked(other, ledger).verdict is not Verdict.FAILED
    return verify(data, trust, None, NOW, elsewhere=known_of(other, trust))


def said(report: Report) -> tuple[Verdict, list[str]]:
    return report.verdict, [reason.code for reason in report.reasons]


def convicted(report: Report, ledger: Ledger, code: str) -> str:
    """Assert that the log is convicted, also by the exhibit and the log's key alone; return the exhibit's reason."""
    assert said(report) == (Verdict.FAILED, [code])
    assert report.exhibit is not None
    shown = verify_exhibit(report.exhibit, ledger.trust())
    assert said(shown) == (Verdict.FAILED, [code])
    return shown.reasons[0].says


def test_two_histories_that_pass_alone_are_proven_together_and_the_exhibit_needs_nothing_but_the_logs_key() -> None:
    ledger, ilves, (one, two) = two_histories(witnesses=3)
    note = ledger.checkpoint(None, NOW, NOW, NOW)
    first, second = (left_out(ledger, ilves, hidden, note=note) for hidden in (one, two))
    assert checked(first, ledger).verdict is checked(second, ledger).verdict is Verdict.PASSED
    report = held_against(first, second, ledger)
    assert f"two entries 3 of order {ORDER}" in convicted(report, ledger, "SPLIT-ORDER")
    assert report.exhibit == held_against(second, first, ledger).exhibit
    assert said(verify_exhibit(report.exhibit or b"", None))[1] == ["NO_TRUST_ANCHOR", "SPLIT-ORDER"]


@pytest.mark.parametrize("turned", [False, True])
def test_two_histories_are_proven_under_two_heads_whether_or_not_anything_connects_them(turned: bool) -> None:
    ledger, ilves, (one, two) = two_histories()
    shown = [left_out(ledger, ilves, note=ledger.checkpoint(two)), left_out(ledger, ilves, one)]
    first, second = shown[::-1] if turned else shown
    report = held_against(first, second, ledger)
    convicted(report, ledger, "SPLIT-ORDER")
    log = parse_vkey(claimed_logs(report.exhibit or b"")[0])
    assert check_order(report.exhibit or b"", [log]).places == (one, two)


def test_what_both_bundles_have_may_grow_in_one_of_them() -> None:
    ledger, ilves = small()
    older = ledger.bundle(ilves)
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    newer = ledger.bundle(ilves)
    for data, other in ((older, newer), (newer, older)):
        report = held_against(data, other, ledger)
        assert said(report) == (Verdict.PASSED, [])
        assert "5 entries known from elsewhere" in report.steps[9].says
        assert any("are of one log that only grew" in says for says in report.not_proven), "no proof connects them"


def test_two_records_of_one_head_leave_nothing_open_between_them() -> None:
    ledger, ilves = small()
    report = held_against(ledger.bundle(ilves), ledger.bundle(ilves), ledger)
    assert said(report) == (Verdict.PASSED, [])
    assert not any("are of one log that only grew" in says for says in report.not_proven)


def test_an_order_cut_before_an_entry_that_its_head_covers_is_its_makers_lie() -> None:
    ledger, ilves, (one, two) = two_histories()
    cut, whole = left_out(ledger, ilves, one, two), left_out(ledger, ilves, two)
    assert said(held_against(cut, whole, ledger)) == (Verdict.FAILED, ["CMP-CUT"])
    assert said(held_against(whole, cut, ledger)) == (Verdict.PASSED, [])


def test_a_register_cut_before_a_revocation_is_found_by_who_has_the_rest() -> None:
    ledger, ilves = small()
    orn = ledger.enrol("orn", "XO", "ISS")
    revoked = ledger.record(ledger.keeper, "key-revoked", {"actor": "ilves", "cause": "compromised"})
    cut, whole = left_out(ledger, ilves, revoked), ledger.bundle(orn)
    assert checked(cut, ledger).verdict is Verdict.PASSED
    assert said(held_against(cut, whole, ledger)) == (Verdict.FAILED, ["CMP-CUT"])


def test_a_report_of_theft_behind_the_head_of_a_bundle_is_used() -> None:
    ledger, ilves = small()
    orn = ledger.enrol("orn", "XO", "ISS")
    older = ledger.bundle(ilves)
    since = {"actor": "ilves", "suspected_since": "2027-03-01T00:00:00Z"}
    ledger.record(ledger.keeper, "key-compromised", since)
    assert checked(older, ledger).verdict is Verdict.PASSED
    assert said(held_against(older, ledger.bundle(orn), ledger)) == (Verdict.INDETERMINATE, ["KEY-SUSPECT"])


def test_an_honest_end_of_the_makers_key_behind_the_head_does_no_harm() -> None:
    ledger, ilves = small()
    orn = ledger.enrol("orn", "XO", "ISS")
    older = ledger.bundle(ilves)
    ledger.record(ledger.keeper, "key-revoked", {"actor": "ilves", "cause": "left-office"})
    assert said(held_against(older, ledger.bundle(orn), ledger)) == (Verdict.PASSED, [])


def forked(ledger: Ledger, at: int) -> Ledger:
    """Make another tree of the same log, without entry `at`."""
    other = Ledger(ledger.origin, ledger.witnesses)
    for raw in ledger.entries[:at] + ledger.entries[at + 1 :]:
        other.append(raw)
    return other


def test_two_heads_of_one_size_and_two_entries_at_one_place_are_split_views() -> None:
    ledger, ilves, (one, two) = two_histories()
    second = forked(ledger, one).bundle(ilves)
    first = left_out(ledger, ilves, two, note=ledger.checkpoint(two))
    assert "two trees of" in convicted(held_against(first, second, ledger), ledger, "SPLIT-VIEW")
    ledger.enrol("orn", "XO", "ISS")
    report = held_against(left_out(ledger, ilves, two), second, ledger)
    assert "another one stands there" in convicted(report, ledger, "SPLIT-VIEW")


def test_two_trees_of_which_the_larger_begins_otherwise_are_a_split_view_by_the_proof_that_one_record_has() -> None:
    ledger, ilves, (one, two) = two_histories()
    ledger.enrol("orn", "XO", "ISS")
    fork = forked(ledger, one)
    proof = {(two, fork.size): prove_consistency(two, fork.size, fork.read)}
    first = left_out(ledger, ilves, two, note=ledger.checkpoint(two))
    second = fork.bundle(ilves, consistency=proof)
    for data, other in ((first, second), (second, first)):
        report = held_against(data, other, ledger)
        assert report.reasons[0].says == "the tree of 9 entries does not begin with the tree of 6, by this proof"
        says = convicted(report, ledger, "SPLIT-VIEW")
        assert says.endswith("signed a tree of 9 entries that does not begin with its tree of 6 entries")


def test_another_record_is_read_under_the_keys_of_the_verifier_and_under_its_own_without_any() -> None:
    ledger, ilves = small()
    bundle = ledger.bundle(ilves)
    assert known_of(bundle, None).keys() == known_of(bundle, ledger.trust()).keys()
    stranger = Ledger(log=hand("another log"))
    with pytest.raises(RecordError, match="CP-SIG"):
        known_of(bundle, stranger.trust())


def test_one_entry_id_in_two_orders_is_found_by_who_has_both() -> None:
    ledger, ilves = small()
    first, second = ledger.entries[4], "22222222-2222-4333-8444-555555555555"

    def moved(payload: dict[str, object]) -> None:
        payload.update(order=second, seq=1, prev=None)

    ledger.append(resealed(first, moved, ilves))
    one, two = left_out(ledger, ilves), pack(ledger.contents(order=second), ilves.signer("ISS"))
    assert "two entries with the id" in convicted(held_against(one, two, ledger), ledger, "CTX-REPLAY")


def test_a_record_of_another_log_or_another_key_is_not_compared_and_that_is_said() -> None:
    ledger, ilves, (one, two) = two_histories()
    data = left_out(ledger, ilves, one)
    stranger, orn = small(origin="ledger.test/xo/else")
    forger, maker, _ = two_histories(log=hand("forger"))
    for other, shown in ((stranger, stranger.bundle(orn)), (forger, left_out(forger, maker, two))):
        report = verify(data, ledger.trust(), None, NOW, elsewhere=known_of(shown, other.trust()))
        assert said(report) == (Verdict.PASSED, [])
        assert "was not compared" in report.not_proven[0]


def test_without_trust_two_bundles_convict_the_log_that_signed_both_and_a_forgers_convicts_nobody() -> None:
    ledger, ilves, (one, two) = two_histories()
    first, second = left_out(ledger, ilves, one), left_out(ledger, ilves, two)
    report = verify(first, None, None, NOW, elsewhere=known_of(second, None))
    assert said(report) == (Verdict.FAILED, ["SPLIT-ORDER"])
    forger, maker, _ = two_histories(log=hand("forger"))
    report = verify(first, None, None, NOW, elsewhere=known_of(left_out(forger, maker, two), None))
    assert said(report) == (Verdict.INDETERMINATE, ["NO_TRUST_ANCHOR"])


def test_two_keys_of_a_log_convict_it_as_one_key_does() -> None:
    ledger, ilves, (one, two) = two_histories()
    first = left_out(ledger, ilves, note=ledger.checkpoint(two))
    policy = ledger.policy()
    ledger.log = hand("log", key="second")
    trust = ledger.trust(policy.splitlines(keepends=True)[0] + ledger.policy())
    second = left_out(ledger, ilves, one)
    report = verify(first, trust, None, NOW, elsewhere=known_of(second, trust))
    assert said(report) == (Verdict.FAILED, ["SPLIT-ORDER"])
    assert said(verify_exhibit(report.exhibit or b"", trust)) == (Verdict.FAILED, ["SPLIT-ORDER"])
    assert said(verify_exhibit(report.exhibit or b"", ledger.trust())) == (
        Verdict.INDETERMINATE,
        ["CP-ORIGIN", "SPLIT-ORDER"],
    )


def test_a_register_without_the_change_of_a_log_key_that_the_heads_show_is_not_whole() -> None:
    ledger, ilves = small()
    ledger.witnessed()
    first = ledger.policy()
    old = ledger.log
    ledger.log = hand("log", key="second")
    keys = [log_vkey(ledger.origin, public_key(each.seed)) for each in (old, ledger.log)]
    said_so = {"old_key": keys[0], "new_key": keys[1], "from_size": ledger.size + 1}
    rotated = ledger.record(ledger.keeper, "log-key-rotated", said_so)
    trust = ledger.trust(first.splitlines(keepends=True)[0] + ledger.policy())
    assert said(verify(ledger.bundle(ilves), trust, None, NOW)) == (Verdict.PASSED, [])
    cut = verify(left_out(ledger, ilves, rotated), trust, None, NOW)
    assert said(cut) == (Verdict.INDETERMINATE, ["CP-KEY"])
    sizes = {keys[0]: Sizes(0, rotated + 1), keys[1]: Sizes(rotated + 1)}
    sized = msgspec.structs.replace(trust, sizes=sizes)
    assert said(verify(left_out(ledger, ilves, rotated), sized, None, NOW)) == (Verdict.PASSED, [])


def test_a_commit_without_its_entry_or_its_proof_is_not_compared() -> None:
    log = small()[0].trust().policy.logs[0]
    for half in ((None, None), (b"entry", None), (None, b"proof")):
        assert shown_commit(Arranged(commit=half), log) is None
    assert shown_commit(Arranged(commit=(b"entry", b"proof")), log) == Shown(b"entry", b"proof", log)


# -- one entry with its proof against a bundle -------------------------------------------------------------------------


def shown(ledger: Ledger, index: int) -> Shown:
    return Shown(ledger.entries[index], ledger.proof(index), ledger.trust().policy.logs[0])


def test_an_entry_of_the_tree_that_is_known_agrees_with_it() -> None:
    ledger, ilves = small()
    known = known_of(ledger.bundle(ilves), ledger.trust())
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    for index in range(ledger.size):
        hold_entry(shown(ledger, index), known)


@pytest.mark.parametrize("code", ["SPLIT-VIEW", "SPLIT-ORDER"])
def test_an_entry_that_contradicts_a_known_one_convicts_the_log(code: str) -> None:
    ledger, ilves, (one, two) = two_histories()
    known = known_of(left_out(ledger, ilves, two), ledger.trust())
    other = shown(ledger, two) if code == "SPLIT-ORDER" else shown(forked(ledger, one), one)
    with pytest.raises(Contradiction) as found:
        hold_entry(other, known)
    assert (found.value.code, found.value.exhibit is not None) == (code, True)
    assert said(verify_exhibit(found.value.exhibit or b"", ledger.trust())) == (Verdict.FAILED, [code])


def test_known_entries_are_read_in_the_order_of_the_log() -> None:
    ledger, _ = small()
    indexes = [3, 0, 4, 2, 1]
    known = EarlierEntries(ledger.origin, [shown(ledger, index) for index in indexes])
    found = list(known.opened())
    assert [index for index, _, _ in found] == sorted(indexes)
    assert all(opened.raw == each.raw == ledger.entries[index] for index, opened, each in found)


# -- each rule on its own ----------------------------------------------------------------------------------------------

MINE, OTHERS = (parse_vkey(log_vkey("ledger.test/x", public_key(letter * 32))) for letter in (b"1", b"2"))
REGISTER = registry_of("ledger.test/x")


def knowing(*entries: tuple[int, str, int, str, str | None]) -> Any:
    """Return known entries as (index in the log, order, number in it, leaf, leaf before it)."""

    def opened() -> Any:
        for index, order, seq, leaf, prev in entries:
            yield index, SimpleNamespace(leaf=leaf, payload=SimpleNamespace(order=order, seq=seq, prev=prev)), None

    return SimpleNamespace(opened=opened)


def ending(**heads: int) -> Any:
    ends = {name if name != "register" else REGISTER: HeadOf(seq, "ab" * 32) for name, seq in heads.items()}
    return SimpleNamespace(heads=ends, log="ledger.test/x")


@pytest.mark.parametrize(
    ("entry", "size", "cut"),
    [
        ((7, "a", 3, "l", None), 9, True),
        ((7, "a", 2, "l", None), 9, False),
        ((8, "a", 3, "l", None), 9, True),
        ((9, "a", 3, "l", None), 9, False),
        ((7, "b", 3, "l", None), 9, False),
    ],
)
def test_an_order_does_not_end_before_a_known_entry_that_the_head_covers(entry: Any, size: int, cut: bool) -> None:
    if not cut:
        earlier_bundles._check_ends(knowing(entry), ending(a=2), size)
        return
    with pytest.raises(RecordError, match="CMP-CUT") as refused:
        earlier_bundles._check_ends(knowing(entry), ending(a=2), size)
    assert refused.value.says.startswith(
        f"order a ends at entry 2 here, and the log of 9 entries has entry 3 of it, at place {entry[0]}:"
    )
    assert refused.value.where == "manifest.dsse.json"


def test_the_register_goes_on_with_the_known_entries_that_follow_it_without_a_gap() -> None:
    last = "ab" * 32
    known = knowing(
        (5, REGISTER, 4, "four", last), (6, "a", 9, "other", "four"), (7, REGISTER, 5, "five", "four"),
        (8, REGISTER, 7, "seven", "six"),
    )  # fmt: skip
    assert list(register_after(known, ending(register=3))) == [5, 7]
    assert list(register_after(knowing((5, REGISTER, 5, "five", "four")), ending(register=3))) == []


def test_other_evidence_is_compared_if_it_is_of_the_same_log_under_keys_of_this_policy() -> None:
    policy: Any = SimpleNamespace(logs=(MINE, OTHERS))
    manifest: Any = SimpleNamespace(log="ledger.test/x")
    shown = Shown(b"", b"", MINE)
    for known, compared in (
        (None, True),
        (EarlierEntries("ledger.test/x"), True),
        (EarlierEntries("ledger.test/x", [shown], {b"note": frozenset({OTHERS})}), True),
        (EarlierEntries("ledger.test/y"), False),
        (EarlierEntries("ledger.test/x", [shown], {b"note": frozenset({LATE})}), False),
        (EarlierEntries("ledger.test/x", [Shown(b"", b"", LATE)]), False),
    ):
        book = VerificationLog()
        assert comparable(known, manifest, policy, book) is (known if compared else None)
        assert len(book.gravest) == (not compared)
    assert EarlierEntries("ledger.test/x", [shown], {b"note": frozenset({OTHERS})}).keys() == {MINE, OTHERS}


LATE = parse_vkey(log_vkey("ledger.test/x", public_key(b"3" * 32)))


def test_an_ed25519_key_speaks_for_a_log_that_has_keys_of_two_types() -> None:
    quantum = Vkey.of("ledger.test/x", MLDSA44, bytes(1312))
    assert earlier_bundles._first(frozenset({quantum, MINE})) is MINE
    assert earlier_bundles._first(frozenset({MINE, OTHERS})) is min(MINE, OTHERS, key=lambda key: key.text)
