"""The summary of a register counts orders by answer and duty, and prints each of its forms line by line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from cli.reports.register_summary import (
    ABOUT,
    FEW,
    MOST,
    CountedItem,
    KeptItem,
    OpenItem,
    RegisterSummary,
    SummaryItem,
    as_text,
    summary,
)
from ledger.adapters.storage.orders.order_answers import AnsweredOrder, LikeAnswers
from projections.reports.data_protection.dpo_questions import QUESTIONS

AT = datetime(2027, 6, 1, 12, 30, tzinfo=UTC)
DAY = date(2027, 5, 2)
HEADLINE = "2 orders, as of 2027-06-01 12:30Z"
LIKES = [
    LikeAnswers(3, {"2": ["shown", "sent"], "6": ["kept"]}, [(6, "Review it.")]),
    LikeAnswers(2, {"2": ["shown"]}, [(6, "Delete it."), (4, "Tell the person.")]),
    LikeAnswers(1, {"10": []}, []),
]
ORDERS = [
    AnsweredOrder("b", "PPO-2", [(6, "Review it."), (4, "Tell the person.")], "2027-05-02"),
    AnsweredOrder("a", "PPO-1", [(6, "Review it."), (10, "Answer.")], ""),
    AnsweredOrder("c", "PPO-0", [(6, "Delete it.")], "2027-05-02"),
    AnsweredOrder("d", "PPO-3", [], None),
    AnsweredOrder("e", "PPO-4", [], "2027-05-03"),
]


def summed(*questions: int, until: date | None = None, accesses: tuple[str, ...] = ()) -> RegisterSummary:
    return summary(AT, LIKES, ORDERS, {"a": "called so", "b": ""}, accesses, questions, until)


def test_answers_are_counted_by_orders_the_most_frequent_first() -> None:
    made = summed(10, 2, 6, accesses=("trial", "trial"))
    assert (made.as_of, made.orders) == (AT, 6)
    assert made.questions == [
        SummaryItem(2, *QUESTIONS[2], 5, 0, [
            CountedItem("shown", 5), CountedItem("sent", 3), CountedItem("sealed values opened for trial", 2),
        ]),
        SummaryItem(6, *QUESTIONS[6], 3, 5, [CountedItem("kept", 3)]),
        SummaryItem(10, *QUESTIONS[10], 1, 0, []),
    ]  # fmt: skip


def test_only_the_question_about_readers_counts_accesses() -> None:
    assert all(not item.answers for item in summed(4, 10, accesses=("trial",)).questions)
    assert summed(2, accesses=()).questions[0].answers == [CountedItem("shown", 5), CountedItem("sent", 3)]


def test_words_of_one_count_are_in_the_order_of_the_alphabet() -> None:
    likes = [LikeAnswers(1, {"1": ["b", "a"]}, [])]
    (item,) = summary(AT, likes, [], {}, (), [1], None).questions
    assert [one.says for one in item.answers] == ["a", "b"]


def test_duties_name_their_orders_by_question_and_number_of_orders() -> None:
    assert summed(4, 6).open == [
        OpenItem(4, "Tell the person.", ["PPO-2"]),
        OpenItem(6, "Review it.", ["PPO-2", "called so"]),
        OpenItem(6, "Delete it.", ["PPO-0"]),
    ]
    assert [(item.question, item.orders) for item in summed(10).open] == [(10, ["called so"])]


def test_held_data_are_sorted_by_day_and_name_and_those_without_a_rule_are_last() -> None:
    first, second, last = KeptItem("PPO-0", "2027-05-02"), KeptItem("PPO-2", "2027-05-02"), KeptItem("called so", None)
    assert summed(6).kept == [first, second, KeptItem("PPO-4", "2027-05-03"), last]
    assert summed(6, until=DAY).kept == [first, second, last]
    assert summed(6, until=date(2027, 5, 1)).kept == [last]
    assert summed(4).kept == [], "only the question about retention shows them"


# -- the text ----------------------------------------------------------------------------------------------------------


def text(*, only_open: bool = False, until: date | None = None, **changed: Any) -> list[str]:
    parts: dict[str, Any] = {"questions": [], "open": [], "kept": [], **changed}
    return as_text(RegisterSummary(AT, 2, **parts), only_open=only_open, until=until).split("\n")


def asked(number: int, *answers: CountedItem) -> SummaryItem:
    return SummaryItem(number, "Who was shown it?", "LED art. 24", 3, 1, list(answers))


def test_all_questions_are_one_table_with_duties_and_months() -> None:
    kept = [KeptItem("a", "2027-05-02"), KeptItem("b", "2027-05-30"), KeptItem("c", "2026-12-01"), KeptItem("d", None)]
    assert text(questions=[asked(2), asked(10)], kept=kept) == [
        HEADLINE,
        "",
        "    question                 on record    open",
        f" 2. {ABOUT[2]:<24}         3       1",
        f"10. {ABOUT[10]:<24}         3       1",
        "",
        "No duty is open.",
        "",
        "Held data, by the month of the review of retention",
        "       1  2026-12",
        "       2  2027-05",
        "       1  no rule",
    ]
    assert text(questions=[asked(2), asked(10)])[-1] == "No duty is open.", "without held data there are no months"


def test_one_question_has_its_answers_and_its_duties() -> None:
    assert text(questions=[asked(2, CountedItem("shown", 12))]) == [
        HEADLINE,
        "",
        "2. Who was shown it? (LED art. 24)",
        "      12  shown",
        "",
        "No duty is open.",
    ]
    assert text(questions=[asked(2)])[3] == "    Nothing on record."


@pytest.mark.parametrize("many", [1, FEW, FEW + 1, FEW + 2])
def test_a_duty_names_its_first_orders_and_counts_the_others(many: int) -> None:
    names = [f"o{n}" for n in range(many)]
    more = f" and {many - FEW} more" if many > FEW else ""
    assert text(only_open=True, questions=[asked(2), asked(3)], open=[OpenItem(10, "Answer.", names)]) == [
        HEADLINE,
        "",
        "Open duties",
        f"{many:>8}  10. Answer. {', '.join(names[:FEW])}{more}",
    ]


def test_a_long_duty_is_wrapped_below_its_words() -> None:
    lines = text(only_open=True, open=[OpenItem(6, "A duty of many words " * 6, ["PPO-2027-123"])])[3:]
    assert len(lines) > 1
    assert all(len(line) <= 80 for line in lines)
    assert all(line.startswith(" " * 13) and line[13] != " " for line in lines[1:])


def test_held_data_until_a_day_are_listed_and_those_without_a_rule_counted() -> None:
    title = f"Held data that are reviewed by {DAY}, and data without a rule"
    kept = [KeptItem("a", "2027-05-02"), KeptItem("b", None), KeptItem("c", None)]
    both = text(until=DAY, only_open=True, open=[OpenItem(6, "Delete it.", ["a"])], kept=kept)
    assert both == [HEADLINE, "", title, "  2027-05-02  a", "  no rule     2 orders"]
    assert text(until=DAY, kept=kept[:1]) == [HEADLINE, "", title, "  2027-05-02  a"]
    assert text(until=DAY, kept=kept[1:2]) == [HEADLINE, "", title, "  None by that day.", "  no rule     1 order"]


@pytest.mark.parametrize("many", [MOST, MOST + 1, MOST + 2])
def test_twelve_lines_of_a_part_are_shown_and_the_others_counted(many: int) -> None:
    lines = text(until=DAY, kept=[KeptItem(f"o{n}", "2027-05-02") for n in range(many)])[3:]
    assert lines[:MOST] == [f"  2027-05-02  o{n}" for n in range(MOST)]
    assert lines[MOST:] == ([f"          and {many - MOST} more lines: --json has all"] if many > MOST else [])
