"""What would change a deadline, and the dates that a doubtful record leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from ledger.entries.case import Entry, wire
from ledger.law import judge, read_order
from ledger.law.deadlines.table import REGISTER
from ledger.law.next_steps.alternatives import alternatives
from ledger.law.next_steps.changes import CHANGES, EXTENDED, FIXED, changes
from ledger.law.terms.rule import ClockVerdict
from tests.support.papers.received import received_by
from tests.support.scenarios import Fact, by_issuer, given, issued, moment, received, sent
from tests.support.story_files import STORY_NAMES, cases, source

ORDER = issued("2027-03-01T09:00Z")
SENT = sent("2027-03-02T08:00Z")


def test_every_deadline_says_what_would_change_it() -> None:
    missing = [d.id for d in REGISTER if d.id not in CHANGES]
    assert not missing, (
        f"{missing}: add to CHANGES in ledger/law/next_steps/changes.py what moves, stops or starts it again (an empty "
        "tuple if only deadline-extended does), and to FIXED if deadline-extended does not move it"
    )
    assert set(CHANGES) - {d.id for d in REGISTER} == set()
    assert set(FIXED) <= set(CHANGES)


@pytest.mark.parametrize("name", STORY_NAMES)
def test_a_new_end_moves_a_clock_if_and_only_if_it_is_said_to(name: str) -> None:
    for expect in source(name).get("expect", ()):
        case = cases(name)[expect["order"]]
        at = expect["as_of"].astimezone(UTC)
        office = next(
            (e for e in case.entries if e.kind == "order-issued" and e.held and e.role in ("ISS", "CAR")), None
        )
        if office is None:
            continue
        new_due = at + timedelta(days=900)
        for id in {c.id for c in judge(case, at).deadlines}:
            extended = extension(office, id, new_due, at)
            again = read_order(replace(case, entries=(*case.entries, extended)), at)
            clock = again.deadlines.clock(id)
            if clock is not None and again.entries.is_effective(extended):
                assert (clock.due == new_due) == (EXTENDED.lacks in {row.lacks for row in changes(clock)}), id


def extension(office: Entry, id: str, new_due: datetime, at: datetime) -> Entry:
    """Return a deadline-extended of the office that issued the order, recorded last."""
    return replace(
        office,
        leaf="e" * 64,
        index=10**6,
        kind="deadline-extended",
        on=at,
        at=at,
        speaks="act",
        replaces=None,
        public={"deadline": id, "new_due": wire(new_due)},
        sealed={},
    )


def test_the_command_for_a_new_end_names_the_clock() -> None:
    clock = given(ORDER, SENT, received("2027-03-02T08:30Z")).reading.deadlines.clock("D-7-7")
    assert clock is not None
    assert changes(clock)[0].command == "record deadline-extended ORDER -f deadline=D-7-7 -f new_due=WHEN"


def ends(*facts: object) -> list[tuple[str, str]]:
    story = given(*facts).asked_at("2027-03-20T00:00Z")  # type: ignore[arg-type]
    (clock,) = [c for c in judge(story.case, story.reading.at).deadlines if c.id == "D-7-7"]
    assert clock.verdict is ClockVerdict.UNDETERMINED
    return [(a.says, wire(a.due)) for a in alternatives(story.case, story.reading.at, clock)]


def test_a_disputed_receipt_leaves_two_dates() -> None:
    dispute = by_issuer("receipt-disputed", "2027-03-05T09:00Z", about="receipt", claimed_on="2027-03-04T10:00:00Z")
    assert ends(ORDER, SENT, received("2027-03-02T08:30Z"), dispute) == [
        ("if #11 order-received is right: 2027-03-02T08:30:00Z", "2027-04-01T22:00:00Z"),
        ("if #12 receipt-disputed is right: 2027-03-04T10:00:00Z", "2027-04-03T22:00:00Z"),
    ]


def test_a_receipt_recorded_late_leaves_the_date_that_it_states() -> None:
    late = received("2027-03-02T08:30Z", at="2027-03-09T08:30Z")
    assert ends(ORDER, SENT, late) == [
        ("if #11 order-received is right: 2027-03-02T08:30:00Z", "2027-04-01T22:00:00Z"),
    ]


def test_a_receipt_recorded_late_leaves_its_date_in_the_ledger_to_which_it_came() -> None:
    case = received_by("ilves", given(ORDER, SENT, received("2027-03-02T08:30Z", at="2027-03-09T08:30Z")).case)
    at = moment("2027-03-20T00:00Z")
    (clock,) = [c for c in judge(case, at).deadlines if c.id == "D-7-7"]
    assert [wire(a.due) for a in alternatives(case, at, clock)] == ["2027-04-01T22:00:00Z"]


@pytest.mark.parametrize(
    "unproven",
    [
        pytest.param(received("2027-03-02T08:30Z", proper_addressee=False), id="at another address"),
        pytest.param(received("2027-03-02T08:30Z", by="ilves", role="ISS"), id="stated by the issuer without proof"),
    ],
)
def test_a_receipt_that_is_not_proven_leaves_the_date_that_it_would_start(unproven: Fact) -> None:
    assert ends(ORDER, SENT, unproven) == [
        ("if #11 order-received is right: 2027-03-02T08:30:00Z", "2027-04-01T22:00:00Z"),
    ]


def test_a_later_receipt_in_doubt_leaves_no_date_where_an_earlier_one_starts_the_clock_once_no_dispute_counts() -> None:
    dispute = by_issuer("receipt-disputed", "2027-03-05T09:00Z", about="receipt", claimed_on="2027-03-04T10:00:00Z")
    second = received("2027-03-03T08:30Z", label="second", at="2027-03-10T08:30Z")
    assert ends(ORDER, SENT, received("2027-03-02T08:30Z"), dispute, second) == [
        ("if #11 order-received is right: 2027-03-02T08:30:00Z", "2027-04-01T22:00:00Z"),
    ]


def test_a_clock_with_an_end_has_no_other_date_than_its_rolled_twin() -> None:
    story = given(ORDER, SENT, received("2027-03-02T08:30Z")).asked_at("2027-03-20T00:00Z")
    (clock, *_) = [c for c in judge(story.case, story.reading.at).deadlines if c.id == "D-7-7"]
    assert alternatives(story.case, story.reading.at, clock) == ()
