"""The ten answers list what the record holds of one order, with who said it and when, and what is still owed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Entry, Unread
from ledger.law.terms.rule import CriterionState, Finding, Level, Mark
from projections.reports.data_protection.dpo_questions import BROKEN, QUESTIONS, DpoAnswer, open_points, register
from tests.support.judging import judged
from tests.support.scenarios import LABELS, Fact, Story, by_issuer, disclosed, fact, given, issued, leaf, received

ISSUED = issued("2027-03-01T09:00Z", dp_regime="LED", domestic_legal_grounds=["s. 88", "s. 12"])
ASKED = by_issuer("access-requested", "2027-06-01T09:00Z", label="asked")
ERASE = by_issuer("erasure-requested", "2027-06-02T09:00Z", label="erase")
ANSWERED = by_issuer("access-granted", "2027-06-10T09:00Z", answers="asked", includes=["purpose"], label="granted")


def story(*facts: Fact) -> Story:
    return given(ISSUED, received("2027-03-02T08:30Z"), disclosed("2027-03-10T09:00Z"), *facts)


def answer(number: int, of: Story, *accesses: Entry, reveal: bool = False) -> DpoAnswer:
    found = register(of.case, judged(of), accesses, reveal=reveal)
    assert [each.number for each in found] == list(QUESTIONS)
    (one,) = [each for each in found if each.number == number]
    assert (one.question, one.cite) == QUESTIONS[number]
    return one


def entries(one: DpoAnswer) -> list[str]:
    return [LABELS.get(each.leaf, each.kind) for each in one.entries]


# -- what the person asked for -----------------------------------------------------------------------------------------


def test_requests_and_answers_are_in_the_order_of_their_dates_and_each_that_waits_is_named() -> None:
    late = ANSWERED.moved("2027-06-10T09:00Z")
    both = answer(10, story(ERASE, late, ASKED).asked_at("2027-06-20T00:00Z"))
    assert entries(both) == ["asked", "erase", "granted"]
    waiting = [line for line in both.lines if str(line).startswith("Not answered: ")]
    assert len(waiting) == 1
    assert both.open
    none = answer(10, story(ASKED, ANSWERED).asked_at("2027-06-20T00:00Z"))
    assert not [line for line in none.lines if str(line).startswith("Not answered: ")]
    two = answer(10, story(ASKED, ERASE).asked_at("2027-06-20T00:00Z"))
    assert len([line for line in two.lines if str(line).startswith("Not answered: ")]) == 2


def test_nothing_is_invented_where_nothing_is_on_record() -> None:
    for number in (2, 3, 5, 7, 8, 9, 10):
        one = answer(number, given(ISSUED))
        assert (one.lines, one.entries, one.open) == (("Nothing on record.",), (), False)


def test_a_clock_of_the_question_is_told_with_its_end_where_it_has_one() -> None:
    lines = [str(line) for line in answer(10, story(ASKED).asked_at("2027-06-20T00:00Z")).lines]
    assert [line for line in lines if "Its last day: 20" in line]
    assert not [line for line in answer(9, story(ASKED)).lines if "Its last day: " in str(line)]


def test_two_openings_of_one_minute_are_told_with_their_seconds() -> None:
    one, other = (
        replace(access(f"read {second}", 70 + second, 0), on=datetime(2027, 3, 11, 9, 0, second, tzinfo=UTC))
        for second in (0, 7)
    )
    first, second = (str(line) for line in answer(2, story(), one, other).lines)
    assert (first[:22], second[:25]) == ("2027-03-11 09:00 UTC: ", "2027-03-11 09:00:07 UTC: ")


def test_what_a_period_says_is_not_said_again_as_a_duty() -> None:
    delayed = fact("customer-notification-delayed", "2027-03-12T09:00Z", "ilves", "ISS", review_on="2027-06-01")
    lines = [str(line) for line in answer(4, story(delayed)).lines]
    assert sum("NOTICE-REVIEW" in line for line in lines) == 1


# -- who read ----------------------------------------------------------------------------------------------------------


def access(label: str, index: int, minute: int, **fields: Any) -> Entry:
    """Return an entry of the access order, by orn, of a copy that was made for the court."""
    replaces = fields.pop("replaces", None)
    stated = {"view": "export", "purpose_code": "trial", "orders": ["o"]} | fields.pop("public", {})
    made = fact("record-accessed", f"2027-03-11T09:{minute:02}Z", fields.pop("by", "orn"), "RET", label=label)
    (one,) = given(ISSUED, made).case.entries[1:]
    return replace(one, index=index, replaces=replaces and leaf(replaces), public=stated, sealed=fields)


MADE = access("made", 70, 0, justification="to make a bundle for CT (court)")
FAILED = access("failed", 71, 1, replaces="made", justification="nothing was handed out after entry 70 of the log")
INSTEAD = access("instead", 72, 2, replaces="made", justification="to make a bundle for CT (court): again")


def seen(*accesses: Entry) -> list[str]:
    return [str(line).partition(" UTC: ")[2] for line in answer(2, story(), *accesses).lines]


def test_an_access_after_which_nothing_was_handed_out_is_told_as_one() -> None:
    made, failed = seen(MADE, FAILED)
    assert failed.startswith("Nothing was handed out after entry 70 of the log.")
    assert "replaced it" not in made
    assert "in place of" not in made


def test_an_access_that_replaces_another_names_it_and_is_named_by_it() -> None:
    made, instead = seen(MADE, INSTEAD)
    assert instead.startswith("Somebody reads the record, entry 72 of the log, in place of entry 70.")
    assert made.startswith("Somebody reads the record, entry 70 of the log; its signer replaced it by entry 72.")
    alone = seen(MADE)
    assert len(alone) == 1
    assert "replaced it" not in alone[0]
    stranger = replace(INSTEAD, by="pol")
    assert not [line for line in seen(MADE, stranger) if "replaced it" in line or "in place of" in line]


def test_readings_and_uses_are_in_the_order_of_their_dates_and_by_whom_is_said() -> None:
    use = fact("use-recorded", "2027-03-11T09:00:30Z", "orn", "RET", case_ref="KA-1", purpose_code="trial", label="use")
    one = answer(2, story(use), INSTEAD, MADE)
    assert entries(one)[-3:] == ["made", "use", "instead"]
    assert not one.open
    assert all("orn" in str(line) for line in one.lines[-3:])
    times = [str(line).partition(" UTC: ")[0] for line in one.lines[-2:]]
    assert times == ["2027-03-11 09:00:30", "2027-03-11 09:02"]


# -- values ------------------------------------------------------------------------------------------------------------


def test_a_line_tells_the_regime_and_the_grounds_and_sealed_values_only_where_they_are_revealed() -> None:
    (basis, *_) = answer(1, story()).lines
    assert str(basis).endswith(
        "(data protection regime: Directive (EU) 2016/680 (LED); domestic legal grounds: s. 88, s. 12)"
    )
    reasons = {"grounds": ["LED:15(1)(b)"], "redress_info": True, "reasons": "THE REASONS"}
    refused = by_issuer("access-restricted", "2027-06-10T09:00Z", answers="asked", **reasons)
    closed, opened = (
        " ".join(map(str, answer(10, story(ASKED, refused), reveal=reveal).lines)) for reveal in (False, True)
    )
    assert "THE REASONS" not in closed
    assert "THE REASONS" in opened


def test_a_value_that_was_erased_is_told_as_erased() -> None:
    of = story(ASKED)
    case = of.case
    gone = replace(case, entries=tuple(
        replace(e, sealed={**e.sealed, "reasons": Unread.ERASED}) if e.kind == "access-requested" else e
        for e in case.entries
    ))  # fmt: skip
    lines = [str(line) for each in register(gone, judged(of)) if each.number == 10 for line in each.lines]
    assert [line for line in lines if "reasons: [erased]" in line]


# -- what is owed ------------------------------------------------------------------------------------------------------


def test_what_is_owed_is_sorted_by_question_and_opens_its_question_alone() -> None:
    of = story(ASKED, ERASE).asked_at("2029-06-20T00:00Z")
    points = open_points(judged(of))
    numbers = [point.question for point in points]
    assert numbers == sorted(numbers)
    assert {each.number for each in register(of.case, judged(of)) if each.open} == {*numbers} - {2}
    for each in register(of.case, judged(of)):
        owed = [point.says for point in points if point.question == each.number]
        if owed and each.number != 2:
            assert [str(line) for line in each.lines[-len(owed) :]] == owed


@pytest.mark.parametrize("number", BROKEN)
def test_a_finding_belongs_to_one_question(number: int) -> None:
    assert number in QUESTIONS
    assert {*QUESTIONS} - {*BROKEN} == {2}, "who read is broken by nothing"
    others = {code for other, codes in BROKEN.items() if other != number for code in codes}
    assert others.isdisjoint(BROKEN[number])


@pytest.mark.parametrize(
    ("code", "criterion", "owed"),
    [("V-DP-72H", "A7", [9]), ("V-DP-72H", "A5", []), ("V-10-2-BEFORE-RELEASE", "A7", []), ("W-CLOCK-GAP", "A5", [])],
)
def test_a_finding_is_owed_where_a_question_names_it_and_it_pulls_the_criterion_of_data_protection(
    code: str, criterion: str, owed: list[int]
) -> None:
    effects = (("A1", CriterionState.GAP), (criterion, CriterionState.CONTRADICTED))
    finding = Finding(code, Level.V, effects, "It was late.", (), Mark.KNOWN, ("ab" * 32,))
    judgement = replace(judged(given(ISSUED)), findings=(finding,), duties=())
    points = open_points(judgement)
    assert [(point.question, point.says, point.entries) for point in points] == [
        (number, f"{code}: It was late.", finding.entries) for number in owed
    ]
