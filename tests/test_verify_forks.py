"""What a bundle leaves out and what a second one shows: the maker's word, an old head, two histories of one order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ledger.verify import Report, Verdict
from tests.in_memory import COMPANION, NOW, checked, left_out, small, two_histories
from tests.test_verify_tokens import stamped, token

MARCH = datetime(2027, 3, 5, 12, tzinfo=UTC)


def remarks(report: Report) -> dict[str, str]:
    return {remark.code: remark.says for remark in report.procedure}


def words(report: Report) -> list[str]:
    """The first words of what is not proven."""
    return [says.partition(":")[0] for says in report.not_proven]


# -- what rests on the maker's word ------------------------------------------------------------------------------------


def test_each_of_two_histories_passes_alone_and_says_what_its_maker_alone_signs() -> None:
    ledger, ilves, (one, two) = two_histories(witnesses=3)
    note = ledger.checkpoint(None, *[NOW - timedelta(hours=30)] * 3)
    for hidden in (one, two):
        report = checked(left_out(ledger, ilves, hidden, note=note), ledger)
        assert report.verdict is Verdict.PASSED
        assert words(report)[:2] == ["CMP-ORDER", "CMP-REGISTER"]
        says = f"no later entry of this order at size {ledger.size}, and no other entry in the place of one of its 3"
        assert says in report.not_proven[0]
        assert "ilves of XO signs that" in report.not_proven[0]


def test_a_bundle_whose_register_was_cut_says_that_revocations_behind_it_are_not_excluded() -> None:
    ledger, ilves = small()
    revoked = ledger.record(ledger.keeper, "key-revoked", {"actor": "ilves", "cause": "compromised"})
    report = checked(left_out(ledger, ilves, revoked), ledger)
    assert report.verdict is Verdict.PASSED
    assert "no key was revoked, reported or replaced behind entry 3 of the register" in report.not_proven[2]


def test_every_order_in_a_bundle_is_among_those_whose_end_is_the_makers_word() -> None:
    ledger, ilves = small()
    ledger.record(ilves, "order-supervised", {"capacity": "judge", "decision": "approved"}, order=COMPANION)
    report = checked(ledger.bundle(ilves, "CT", COMPANION), ledger)
    assert words(report)[:4] == ["NO-WITNESS", "CMP-ORDER", "CMP-ORDER", "CMP-REGISTER"]
    assert f"{COMPANION} 1." in report.not_proven[2]
    assert len([word for word in words(checked(ledger.bundle(ilves), ledger)) if word == "CMP-ORDER"]) == 1


def test_the_gravest_comes_first() -> None:
    ledger, ilves = small()
    about = msgspec.structs.replace(ledger.contents().about, test=True)
    report = checked(ledger.bundle(ilves, about=about), ledger)
    assert words(report)[:4] == ["TEST", "NO-WITNESS", "CMP-ORDER", "CMP-REGISTER"]


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
