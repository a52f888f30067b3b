"""The sentences at the top of the report on many ledgers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from projections.reports.audits.ledgers_report import WORDS, LedgerLine, attention_lines, hours, ledgers_report

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def _line(verdict: str, orders: int | None, violations: int = 0, overdue: int = 0) -> LedgerLine:
    judged = orders is not None
    return LedgerLine(
        log="ledger.example/xo/karsk",
        holder="",
        place="/srv/karsk",
        verdict=verdict,
        words=WORDS[verdict],
        entries=9,
        head_at=None,
        seen_here=False,
        age=None,
        stale=False,
        witnesses=None,
        orders=orders,
        violations=violations if judged else None,
        overdue=overdue if judged else None,
        uncomputed=0 if judged else None,
        before=None,
        added=None,
        new=None,
        gone=None,
        reasons=(),
        attention=(),
    )


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "The orders of no ledger were judged."),
        ([_line("TOTAL-FAILED", None), _line("NOT-READ", None)], "The orders of no ledger were judged."),
        (
            [_line("NOT-READ", None), _line("TOTAL-PASSED", 4)],
            "In the 1 of 2 ledgers that were judged, the rules found no violation and no overdue deadline.",
        ),
        (
            [_line("NOT-READ", None), _line("TOTAL-PASSED", 4, 2), _line("TOTAL-PASSED", 0, 0, 3)],
            "In the 2 of 3 ledgers that were judged: violations of the rules as modelled 2, overdue deadlines 3.",
        ),
        (
            [_line("TOTAL-PASSED", 4, 2), _line("CONTINUED", 1, 1)],
            "In the 2 of 2 ledgers that were judged: violations of the rules as modelled 3, overdue deadlines 0.",
        ),
        (
            [_line("TOTAL-PASSED", 4, 0, 1)],
            "In the 1 of 1 ledgers that were judged: violations of the rules as modelled 0, overdue deadlines 1.",
        ),
    ],
)
def test_nothing_is_said_of_the_orders_of_a_ledger_that_was_not_judged(lines: list[LedgerLine], says: str) -> None:
    assert ledgers_report(lines, NOW, None, "comity", "0" * 16).face.found == says


def test_no_ledger_passed_where_none_was_asked() -> None:
    report = ledgers_report([], NOW, None, "comity", "0" * 16)
    assert report.face.making.integrity.verdict == "INDETERMINATE"
    assert "passed" not in report.face.found


def test_the_report_says_that_it_has_no_signature_and_is_sorted_as_it_was_given() -> None:
    lines = [_line("TOTAL-FAILED", None), _line("TOTAL-PASSED", 4)]
    report = ledgers_report(lines, NOW, NOW - timedelta(days=1), "comity", "0" * 16)
    assert not report.face.signed
    assert (report.ledgers, report.since) == (tuple(lines), NOW - timedelta(days=1))
    assert report.face.making.integrity.verdict == "TOTAL-FAILED"
    assert [one.worst for one in lines] == [0, 4]


@pytest.mark.parametrize(
    ("verdicts", "says"),
    [
        ([], "0 of 0 ledgers passed the integrity check."),
        (["TOTAL-PASSED", "CONTINUED"], "2 of 2 ledgers passed the integrity check."),
        (
            ["TOTAL-FAILED", "TOTAL-FAILED", "NOT-READ", "INDETERMINATE", "CONTINUED"],
            "2 of 5 ledgers FAILED the integrity check. 1 of 5 ledgers could not be read. "
            "Of 1 of 5 ledgers not everything could be proven. 1 of 5 ledgers passed the integrity check.",
        ),
    ],
)
def test_the_answer_counts_the_ledgers_of_each_verdict_and_names_none_that_there_is_not(
    verdicts: list[str], says: str
) -> None:
    lines = [_line(verdict, None) for verdict in verdicts]
    assert ledgers_report(lines, NOW, None, "comity", "0" * 16).face.answer == says


@pytest.mark.parametrize(
    ("tests", "says"),
    [([], False), ([True], True), ([True, True], True), ([True, False], False), ([False], False)],
)
def test_a_report_is_of_a_test_where_every_ledger_that_was_read_is_one(tests: list[bool], says: bool) -> None:
    unread = replace(_line("NOT-READ", None), entries=None)
    lines = [*(replace(_line("TOTAL-PASSED", 4), test=test) for test in tests), unread]
    assert ledgers_report(lines, NOW, None, "comity", "0" * 16).face.making.test is says


def test_what_needs_attention_is_named_once_and_a_count_of_none_is_left_out() -> None:
    assert attention_lines([], [], 0, 0, [], 0, stale=False) == []
    lines = attention_lines(
        [("V-LATE", 1, ("a",)), ("V-NONE", 3, ("b", "c"))], [("D-7-7", "2027-03-01", "d")], 1, 1,
        ["V-LATE 11111111-2222-4333-8444-555555555555"], 1, stale=True,
    )  # fmt: skip
    assert [(line.says, line.code, line.orders) for line in lines] == [
        ("The newest checkpoint is older than was asked.", "CP-STALE", ()),
        ("A violation in one order", "V-LATE", ("a",)),
        ("A violation in 3 orders", "V-NONE", ("b", "c")),
        ("A deadline is overdue since 2027-03-01", "D-7-7", ("d",)),
        ("More overdue deadlines: 1.", "", ()),
        ("Deadlines that could not be computed: 1.", "", ()),
        ("New since the last audit", "", ("V-LATE 11111111",)),
        ("Entries that rest on an earlier audit and were not read: 1.", "", ()),
    ]


def test_a_period_counts_its_whole_hours() -> None:
    assert [hours(timedelta(minutes=n)) for n in (0, 59, 60, 119, 1440, 600_000)] == [0, 0, 1, 1, 24, 10_000]
