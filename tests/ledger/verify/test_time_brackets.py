"""Times of witnesses: quorum, brackets, and keys that were reported after they had signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ledger.tlog.note import MLDSA44, Vkey, cosign_mldsa
from ledger.verify.report import Report, Verdict
from tests.support.memory_ledger import NOW, ORDER, Hand, Ledger, checked, small


def codes(report: Report) -> list[str]:
    return [reason.code for reason in report.reasons]


def remarks(report: Report) -> set[str]:
    return {remark.code for remark in report.procedure}


# -- witnesses and times -----------------------------------------------------------------------------------------------


def t(minutes: int) -> datetime:
    return datetime(2027, 3, 1, 12, tzinfo=UTC) + timedelta(minutes=minutes)


def test_a_quorum_that_is_met_passes_and_one_that_is_not_leaves_it_open() -> None:
    ledger, ilves = small(witnesses=3)
    for seen in (0, 2):
        note = ledger.checkpoint(None, *[t(n) for n in range(seen)])
        report = checked(ledger.bundle(ilves, note=note), ledger)
        assert (report.verdict, codes(report)) == (Verdict.INDETERMINATE, ["CP-QUORUM"])
        assert f"{seen} of 3 witnesses" in report.reasons[0].says
    report = checked(ledger.bundle(ilves, note=ledger.checkpoint(None, t(0), t(1), t(2))), ledger)
    assert report.verdict is Verdict.PASSED
    assert not any("NO-WITNESS" in line for line in report.not_proven)


def test_a_cosignature_from_the_future_does_not_count() -> None:
    ledger, ilves = small(witnesses=1)
    for ahead, wanted in ((timedelta(minutes=5), []), (timedelta(hours=1), ["CP-FUTURE", "CP-QUORUM"])):
        data = ledger.bundle(ilves, note=ledger.checkpoint(None, NOW + ahead))
        assert codes(checked(data, ledger)) == wanted


def test_a_cosignature_that_nothing_at_hand_can_verify_leaves_it_open_though_the_quorum_is_met() -> None:
    ledger, ilves = small(witnesses=1)
    name, public = "witness.example/pq", bytes(1312)
    second = f"witness pq {Vkey.of(name, MLDSA44, public).text}\n"
    policy = ledger.policy("w1").replace(b"group ", f"{second}group ".encode())
    trust, note = ledger.trust(policy), ledger.checkpoint(None, t(0))
    assert checked(ledger.bundle(ilves, note=note, policy=policy), ledger, trust=trust).verdict is Verdict.PASSED
    line = cosign_mldsa(note, name, public, lambda _: bytes(2420), 1)
    data = ledger.bundle(ilves, note=note + line.encode(), policy=policy)
    for verifier, wanted in ((None, Verdict.INDETERMINATE), (lambda *_: False, Verdict.FAILED)):
        report = checked(data, ledger, trust=trust, mldsa=verifier)
        assert (report.verdict, codes(report)) == (wanted, ["CP-SIG"])


def bracketed() -> tuple[Ledger, Hand]:
    """Make three witnesses that must all sign, so two may be dishonest; two cosigned heads with an entry between."""
    ledger, ilves = small(witnesses=3)
    ledger.witnessed(t(0), t(1), t(2))
    return ledger, ilves


def test_an_entry_is_bracketed_by_the_times_that_an_honest_witness_must_have_given() -> None:
    ledger, ilves = bracketed()
    at = ledger.record(ilves, "order-transmitted", SENT, order=ORDER, on=t(5))
    report = checked(ledger.bundle(ilves, note=ledger.checkpoint(None, t(10), t(11), t(12))), ledger)
    brackets = {b.index: b for b in report.brackets}
    assert (brackets[at].not_before, brackets[at].not_after) == (t(0), t(12))
    assert (brackets[at].claimed, brackets[at].signed_at) == (t(5), t(5))
    assert (brackets[4].not_before, brackets[4].not_after) == (None, t(2)), "the head of size 5 had it already"
    assert not remarks(report) & {"TIME-SEEN", "TIME-FUTURE", "TIME-LATE", "TIME-CLAIM"}


SENT = {"addressee": "skylark", "channel": "mail"}


@pytest.mark.parametrize(
    ("on", "signed", "found"),
    [
        (t(17), t(5), set()),
        (t(18), t(5), {"TIME-FUTURE"}),
        (t(0), t(5), set()),
        (t(-1), t(5), {"TIME-LATE"}),
        (t(5), t(-5), set()),
        (t(5), t(-6), {"TIME-CLAIM"}),
        (t(5), t(17), set()),
        (t(5), t(18), {"TIME-CLAIM"}),
    ],
)
def test_a_claim_outside_the_bracket_is_a_finding_and_never_the_verdict(
    on: datetime, signed: datetime, found: set[str]
) -> None:
    ledger, ilves = bracketed()
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER, on=on, at=signed)
    report = checked(ledger.bundle(ilves, note=ledger.checkpoint(None, t(10), t(11), t(12))), ledger)
    assert report.verdict is Verdict.PASSED
    assert {code for code in remarks(report) if code.startswith("TIME-")} == found


def test_an_entry_that_no_witness_has_seen_yet_is_open_above() -> None:
    ledger, ilves = bracketed()
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
    report = checked(ledger.bundle(ilves), ledger)
    assert codes(report) == ["CP-QUORUM"]
    assert report.brackets[-1].not_after is None
    assert any(line.startswith("By when 1 entry existed") for line in report.not_proven)


def test_brackets_that_are_open_on_one_side_or_both_are_counted_once() -> None:
    ledger, ilves = bracketed()
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
    witnessed = ledger.checkpoint(None, t(10), t(11), t(12))
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
    for note, counts in ((witnessed, (6, 5, 5, 0)), (ledger.checkpoint(), (7, 7, 5, 2))):
        report = checked(ledger.bundle(ilves, note=note), ledger)
        ends = [(b.not_before is None, b.not_after is None) for b in report.brackets]
        assert (len(ends), sum(map(any, ends)), sum(e[0] for e in ends), sum(e[1] for e in ends)) == counts
        says = f"{counts[0]} brackets, {counts[1]} open on one side or both"
        assert says in [step.says for step in report.steps]


@pytest.mark.parametrize(
    "wrong",
    [{"size": 99}, {"size": 4}, {"origin": "ledger.test/other"}],
    ids=["later than itself", "another size than the note", "another log"],
)
def test_a_note_cited_wrongly_is_a_finding(wrong: dict[str, Any]) -> None:
    ledger, ilves = bracketed()
    assert ledger.seen is not None
    ledger.seen = msgspec.structs.replace(ledger.seen, **wrong)
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
    report = checked(ledger.bundle(ilves, note=ledger.checkpoint(None, t(10), t(11), t(12))), ledger)
    assert report.verdict is Verdict.PASSED
    assert "TIME-SEEN" in remarks(report)


def test_a_cited_state_that_is_not_here_is_said_not_to_be_proven() -> None:
    ledger, ilves = bracketed()
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
    note = ledger.checkpoint(None, t(10), t(11), t(12))
    lacks = "missing here: 1"
    assert not any(lacks in says for says in checked(ledger.bundle(ilves, note=note), ledger).not_proven)
    without = checked(ledger.bundle(ilves, note=note, heads={}), ledger)
    assert any(lacks in says for says in without.not_proven)


# -- keys reported later -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("since", "suspect"), [(t(3), False), (t(2), True), (t(1), True)])
def test_entries_of_a_stolen_key_stand_only_if_they_are_proven_older_than_the_suspicion(
    since: datetime, suspect: bool
) -> None:
    ledger, ilves = bracketed()
    aspen = ledger.enrol("aspen", "XO", "ISS")
    ledger.record(
        ledger.keeper,
        "key-compromised",
        {"actor": "ilves", "key": ilves.key, "suspected_since": since.strftime("%Y-%m-%dT%H:%M:%SZ")},
    )
    report = checked(ledger.bundle(aspen, note=ledger.checkpoint(None, t(20), t(21), t(22))), ledger)
    assert codes(report) == (["KEY-SUSPECT"] if suspect else [])


def test_what_a_keeper_signed_since_its_key_may_have_been_stolen_is_suspect_and_nothing_before() -> None:
    ledger, ilves = bracketed()
    deputy = ledger.enrol("deputy", "XO", "ADM")
    said = {"actor": "registrar", "suspected_since": t(3).strftime("%Y-%m-%dT%H:%M:%SZ")}
    ledger.record(deputy, "key-compromised", said, role="ADM")
    report = checked(ledger.bundle(ilves, note=ledger.checkpoint(None, t(20), t(21), t(22))), ledger)
    assert codes(report) == ["KEY-SUSPECT"]
    assert "2 entries (5, 6)" in report.reasons[0].says, "the deputy's office and key; 0 and 1 were cosigned before"


def test_under_no_quorum_nothing_is_proven_older_than_a_suspicion() -> None:
    ledger, _ = small()
    aspen = ledger.enrol("aspen", "XO", "ISS")
    ledger.record(ledger.keeper, "key-compromised", {"actor": "ilves", "suspected_since": "2027-05-01T00:00:00Z"})
    report = checked(ledger.bundle(aspen), ledger)
    assert (report.verdict, codes(report)) == (Verdict.INDETERMINATE, ["KEY-SUSPECT"])
    assert "3 entries (2, 3, 4)" in report.reasons[0].says
