"""Times of witnesses: quorum, brackets, and keys that were reported after they had signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from ledger.entries.payload import Seen
from ledger.tlog.note import MLDSA44, Checkpoint, Head, Vkey, cosign_mldsa, note_digest
from ledger.verify.heads import Heads
from ledger.verify.progress import VerificationLog
from ledger.verify.report import Bracket, Report, Verdict
from ledger.verify.time_brackets import Times, absent_of, check_time, check_times, say_absent, say_times
from tests.support.memory_ledger import NOW, ORDER, ORIGIN, Hand, Ledger, checked, small


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


# -- the arithmetic of brackets ----------------------------------------------------------------------------------------

THREE = Ledger(witnesses=3)
POLICY = {quorum: THREE.trust(THREE.policy(quorum)).policy for quorum in ("every", "w2", "none")}
WITNESSES = list(POLICY["every"].witnesses.values())


def seen(size: int, *minutes: int | None) -> Head:
    """Make a head of a size that the witnesses saw at these minutes; None for a witness that did not."""
    times = [(key, int(t(each).timestamp())) for key, each in zip(WITNESSES, minutes, strict=False) if each is not None]
    return Head(Checkpoint(ORIGIN, size, bytes(32)), f"{size} {minutes}".encode(), tuple(times))


def times_of(*heads: Head, quorum: str = "every", stamped: dict[Head, int] | None = None) -> Times:
    every = {note_digest(head.note): head for head in heads}
    stamps = {note_digest(head.note): t(minute) for head, minute in (stamped or {}).items()}
    return Times(Heads("log", heads[-1], every, {}), POLICY[quorum], stamps)


def entry(cites: Head | None = None, on: int = 0, at: int | None = None, **wrong: Any) -> Any:
    said = None
    if cites is not None:
        said = Seen(ORIGIN, cites.checkpoint.size, note_digest(cites.note))
        said = msgspec.structs.replace(said, **wrong)
    claims = {name: f"{t(on if m is None else m):%Y-%m-%dT%H:%M:%SZ}" for name, m in (("on", on), ("signed_at", at))}
    return SimpleNamespace(leaf="ab" * 32, payload=SimpleNamespace(seen=said, **claims))


def test_an_entry_existed_by_the_earliest_bound_of_all_heads_that_contain_it() -> None:
    times = times_of(seen(3, 0, 1, 9), seen(5, 2, 4, 3), seen(8, 0, 7, 6))
    assert times.faults == 2
    assert [times.not_after(index) for index in (0, 2, 3, 4, 5, 7, 8)] == [t(4), t(4), t(4), t(4), t(7), t(7), None]
    assert [times.existed(digest) for digest in times.heads.all] == [t(9), t(4), t(7)]
    assert [times.seen_at(digest) for digest in times.heads.all] == [t(0), t(2), t(0)]
    assert times.head_seen() == t(0)
    assert times.seen_at("absent") is None


def test_bounds_do_not_depend_on_the_sequence_in_which_heads_are_known() -> None:
    heads = [seen(3, 0, 1, 9), seen(5, 2, 4, 3), seen(8, 0, 7, 6)]
    stamp = seen(6)
    expected = [times_of(*heads, stamp, stamped={stamp: 5}).not_after(index) for index in range(9)]
    assert expected == [*[t(4)] * 5, t(5), t(7), t(7), None]
    for turned in permutations([*heads, stamp]):
        assert [times_of(*turned, stamped={stamp: 5}).not_after(index) for index in range(9)] == expected


def test_a_head_that_too_few_witnesses_saw_bounds_nothing() -> None:
    head = seen(3, 0, 1)
    times = times_of(head)
    (digest,) = times.heads.all
    assert (times.not_after(0), times.existed(digest), times.seen_at(digest), times.head_seen()) == (None,) * 4
    assert times.not_before(entry(head)) is None


def test_a_single_witness_that_is_asked_bounds_both_sides_and_the_others_nothing() -> None:
    head = seen(3, 0, 7, 1)
    times = times_of(head, quorum="w2")
    assert times.faults == 0
    assert (times.not_after(2), times.head_seen(), times.not_before(entry(head))) == (t(7), t(7), t(7))
    assert times.not_before(entry()) is None
    assert times_of(seen(3, 0, None, 1), quorum="w2").not_after(2) is None


def test_without_a_quorum_only_time_stamps_bound_and_only_from_above() -> None:
    early, late = seen(3, 0, 0, 0), seen(5, 0, 0, 0)
    times = times_of(early, late, quorum="none", stamped={early: 8, late: 6})
    assert times.faults is None
    assert [times.not_after(index) for index in (2, 4, 5)] == [t(6), t(6), None]
    assert [times.existed(note_digest(each.note)) for each in (early, late)] == [t(8), t(6)]
    assert times.head_seen() == t(6)
    assert times.not_before(entry(late)) is None
    assert times_of(early, late, quorum="none", stamped={early: 8}).head_seen() is None


def test_of_witnesses_and_a_time_stamp_the_earlier_says_by_when_a_note_existed() -> None:
    head = seen(3, 0, 1, 5)
    (digest,) = times_of(head).heads.all
    for minute, by in ((4, 4), (6, 5)):
        times = times_of(head, stamped={head: minute})
        assert (times.existed(digest), times.not_after(0)) == (t(by), t(by))
        assert times.head_seen() == t(0)


def test_a_time_stamp_with_a_part_of_a_second_bounds_at_the_next_whole_one() -> None:
    head = seen(3)
    digest = note_digest(head.note)
    late = t(4) + timedelta(microseconds=1)
    times = Times(Heads("log", head, {digest: head}, {}), POLICY["none"], {digest: late})
    assert times.not_after(0) == t(4) + timedelta(seconds=1)


def test_before_is_strictly_before() -> None:
    times = times_of(seen(3, 5, 5, 5))
    assert [times.before(2, f"2027-03-01T12:{m:02}:00Z") for m in (4, 5, 6)] == [False, False, True]
    assert not times.before(3, "2027-03-01T12:06:00Z")


def test_a_witness_may_give_a_time_behind_the_last_year_that_a_date_has() -> None:
    late = Head(Checkpoint(ORIGIN, 3, bytes(32)), b"late", tuple((key, (1 << 63) - 1) for key in WITNESSES))
    assert times_of(late).not_after(0) == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


BEFORE, AFTER = seen(3, 0, 0, 0), seen(9, 10, 10, 10)


@pytest.mark.parametrize(
    ("on", "at", "found"),
    [
        (15, 5, []),
        (16, 5, ["TIME-FUTURE"]),
        (0, 5, []),
        (-1, 5, ["TIME-LATE"]),
        (5, -5, []),
        (5, -6, ["TIME-CLAIM"]),
        (5, 15, []),
        (5, 16, ["TIME-CLAIM"]),
        (16, 16, ["TIME-FUTURE", "TIME-CLAIM"]),
        (-6, -6, ["TIME-LATE", "TIME-CLAIM"]),
    ],
)
def test_a_claim_may_leave_its_bracket_by_the_drift_of_clocks(on: int, at: int, found: list[str]) -> None:
    book = VerificationLog()
    bracket = check_time(4, entry(BEFORE, on, at), times_of(BEFORE, AFTER), book)
    assert bracket == Bracket(4, t(0), t(10), t(on), t(at))
    assert [remark.code for remark in book.remarks] == found
    assert all(remark.entries == ("ab" * 32,) for remark in book.remarks)


def test_a_claim_is_compared_with_the_side_of_its_bracket_that_is_known() -> None:
    for cites, heads, on, found in (
        (None, (AFTER,), -9_000, []),
        (None, (AFTER,), 16, ["TIME-FUTURE", "TIME-CLAIM"]),
        (BEFORE, (BEFORE,), 9_000, []),
        (BEFORE, (BEFORE,), -6, ["TIME-LATE", "TIME-CLAIM"]),
        (None, (BEFORE,), 9_000, []),
    ):
        book = VerificationLog()
        check_time(4, entry(cites, on), times_of(*heads), book)
        assert [remark.code for remark in book.remarks] == found


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, None),
        ({"origin": "ledger.test/y"}, "entry 3 cites a note of another log, ledger.test/y"),
        ({"size": 4}, "entry 3 cites a state with 4 entries, later than itself"),
        ({"size": 2}, "entry 3 says size 2 of a note of size 3"),
        ({"size": 2, "note": "cd" * 32}, None),
    ],
)
def test_an_entry_cites_a_state_of_its_log_before_itself(wrong: dict[str, Any], says: str | None) -> None:
    book = VerificationLog()
    check_time(3, entry(BEFORE, 5, **wrong), times_of(BEFORE, AFTER), book)
    assert [(r.code, r.says) for r in book.remarks] == ([] if says is None else [("TIME-SEEN", says)])


def test_brackets_are_counted_with_their_open_sides() -> None:
    times, book = times_of(BEFORE, AFTER), VerificationLog()
    entries = {2: entry(on=0), 4: entry(BEFORE, 5), 9: entry(BEFORE, 5), 10: entry(AFTER, 12, note="cd" * 32)}
    brackets = check_times(entries, times, book)
    assert [b.index for b in brackets] == [2, 4, 9, 10]
    assert book.detail == "4 brackets, 3 open on one side or both"
    assert book.not_proven == [
        "By when 2 entries existed: no witness saw a head with them.",
        "That the log had every state that entries cite; missing here: 1.",
    ]


def test_a_state_that_several_entries_cite_is_missing_once_and_none_if_no_entry_cites_one() -> None:
    times = times_of(BEFORE, AFTER)
    assert [absent_of(each, times) for each in (entry(), entry(BEFORE), entry(BEFORE, note="cd" * 32))] == [
        None,
        None,
        "cd" * 32,
    ]
    book = VerificationLog()
    check_times({4: entry(BEFORE, 5), 5: entry(BEFORE, 5)}, times, book)
    say_absent(0, book)
    assert (book.not_proven, book.detail) == ([], "2 brackets, 0 open on one side or both")
    lost = {n: entry(BEFORE, 5, note="cd" * 32) for n in (4, 5)}
    check_times(lost, times, book)
    assert book.not_proven == ["That the log had every state that entries cite; missing here: 1."]


def test_a_policy_without_brackets_says_so_unless_a_time_stamp_gives_one() -> None:
    for late, says, unproven in (
        (2, "no brackets under this policy", []),
        (1, "2 brackets, 2 open on one side or both", ["By when 1 entry existed: no witness saw a head with them."]),
    ):
        book = VerificationLog()
        say_times(2, 2, late, times_of(BEFORE, quorum="none"), book)
        assert (book.detail, book.not_proven) == (says, unproven)
    book = VerificationLog()
    say_times(2, 2, 2, times_of(BEFORE), book)
    assert book.detail == "2 brackets, 2 open on one side or both"
