"""Extensions and referrals back: which entry moves a clock, and which one clarifies."""

from __future__ import annotations

import pytest

from tests.support.scenarios import (
    Fact,
    by_issuer,
    by_provider,
    corrected,
    given,
    issued,
    labels,
    leaf,
    moment,
)

ISSUED = issued("2027-03-01T09:00Z")
BACK = by_provider("order-referred-back", "2027-03-05T09:00Z", label="back", reason_codes=["other"])


def extended(on: str, label: str, deadline: str = "D-7-7") -> Fact:
    """Make a fact: a clock is extended."""
    return by_issuer("deadline-extended", on, label=label, deadline=deadline, new_due="2027-05-01T00:00:00Z")


@pytest.mark.parametrize(
    ("since", "counted"),
    [
        (None, ["second"]),
        ("2027-03-06T09:00Z", ["second"]),
        ("2027-03-06T09:00:01Z", []),
    ],
)
def test_the_last_extension_of_this_clock_counts_unless_it_was_made_before_the_clock_began(
    since: str | None, counted: list[str]
) -> None:
    made = extended("2027-03-05T09:00Z", "first"), extended("2027-03-06T09:00Z", "second")
    changes = given(ISSUED, *made, extended("2027-03-07T09:00Z", "other", "D-14-2b")).reading.changes
    assert labels(changes.extension("D-7-7", moment(since) if since else None)) == counted
    assert labels(changes.extension("D-14-2b")) == ["other"]
    assert changes.extension("D-8-6") is None


def answer(on: str, label: str, kind: str = "additional-information-provided", answers: str = "back") -> Fact:
    """Make a fact: the issuing side answers a referral back."""
    return by_issuer(kind, on, label=label, answers=answers)


@pytest.mark.parametrize(
    ("facts", "clarified"),
    [
        ([], []),
        ([corrected("2027-03-05T09:00Z", "c")], ["c"]),  # of the same moment, and recorded later
        ([answer("2027-03-06T09:00Z", "a"), corrected("2027-03-07T09:00Z", "c")], ["a"]),
        ([answer("2027-03-06T09:00Z", "m", "order-maintained")], ["m"]),
        ([answer("2027-03-06T09:00Z", "a", answers="issued"), corrected("2027-03-07T09:00Z", "c")], ["c"]),
        ([answer("2027-03-05T08:59Z", "a")], []),
    ],
    ids=["nothing", "correction", "answer", "maintained", "another question", "before it"],
)
def test_a_referral_back_is_clarified_by_the_first_correction_or_answer_to_it_after_it(
    facts: list[Fact], clarified: list[str]
) -> None:
    earlier = corrected("2027-03-05T09:00Z", "earlier")  # of the same moment, and recorded before
    ((referral, found),) = given(ISSUED, earlier, BACK, *facts).reading.changes.referrals
    assert referral.leaf == leaf("back")
    assert labels(found) == clarified
