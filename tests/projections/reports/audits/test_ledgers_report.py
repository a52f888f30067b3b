"""The sentences at the top of the report on many ledgers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from projections.reports.audits.ledgers_report import WORDS, LedgerLine, ledgers_report

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
    ],
)
def test_nothing_is_said_of_the_orders_of_a_ledger_that_was_not_judged(lines: list[LedgerLine], says: str) -> None:
    assert ledgers_report(lines, NOW, None, "comity", "0" * 16).face.found == says


def test_no_ledger_passed_where_none_was_asked() -> None:
    report = ledgers_report([], NOW, None, "comity", "0" * 16)
    assert report.face.making.integrity.verdict == "INDETERMINATE"
    assert "passed" not in report.face.found
