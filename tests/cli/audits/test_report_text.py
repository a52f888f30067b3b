"""The audit of many ledgers in words: what is wrong is said first, and a count is a count of something."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from cli.audits.report_text import (
    AuditAnswer,
    age,
    exit_of,
    headline,
    period,
    rows,
    since,
    text_of,
    violations,
    witnesses,
)
from cli.exit_codes import Exit
from ledger.application.audits.results import (
    AuditedLedger,
    AuditVerdict,
    Difference,
    DutyCount,
    FoundCode,
    OverdueDuty,
    WitnessCount,
)
from ledger.verify.report import Reason

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
ORDER = "11111111-2222-4333-8444-555555555555"
WHOLE = AuditedLedger(
    place="/srv/karsk", log="ledger.example/xo/karsk", holder="Karsk", verdict=AuditVerdict.PASSED, reasons=[],
    trusted=True, size=9, entries=9, orders=2, judged=True, head_at=NOW - timedelta(hours=5), head_by="witness",
)  # fmt: skip
VIOLATION, WARNING = (FoundCode(f"{level}-CODE", level, 3, [ORDER]) for level in ("V", "W"))
OVERDUE = DutyCount(4, 2, 0, [OverdueDuty(ORDER, None, "D-7-7", NOW)])


def answer(*ledgers: AuditedLedger) -> AuditAnswer:
    verdicts = {str(verdict): sum(one.verdict is verdict for one in ledgers) for verdict in AuditVerdict}
    return AuditAnswer(NOW, NOW, verdicts, 0, list(ledgers), "/var/auditor")


def details(**changed: Any) -> list[str]:
    return text_of(answer(replace(WHOLE, **changed))).splitlines()[3:]


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(-5, "0 s"), (0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86_399, "23 h"),
     (86_400, "1 d"), (200_000, "2 d")],
)  # fmt: skip
def test_a_period_is_told_in_its_largest_unit(seconds: int, says: str) -> None:
    assert period(timedelta(seconds=seconds)) == says


def test_the_age_of_a_head_names_who_saw_it() -> None:
    assert age(WHOLE, NOW) == "5 h"
    assert age(replace(WHOLE, head_by="auditor"), NOW) == "5 h (seen here)"
    assert age(replace(WHOLE, head_at=None), NOW) == "undated"
    assert age(replace(WHOLE, size=None), NOW) == "none"


def test_witnesses_are_counted_of_those_that_count() -> None:
    assert [witnesses(replace(WHOLE, witnesses=count)) for count in (
        None, WitnessCount(0, 0, met=True), WitnessCount(1, 3, met=False)
    )] == ["", "none asked for", "1 of 3"]  # fmt: skip


@pytest.mark.parametrize(
    ("difference", "says"),
    [
        (None, ""),
        (("TOTAL-PASSED", 0, 0, 0), "unchanged"),
        (("INDETERMINATE", 0, 0, 0), "was INDETERMINATE"),
        (("TOTAL-PASSED", 3, 0, 0), "+3 entries"),
        (("TOTAL-PASSED", -3, 1, 2), "-3 entries, 1 new, 2 gone"),
        (("NOT-READ", 3, 1, 0), "was NOT-READ, +3 entries, 1 new"),
    ],
)
def test_what_changed_since_the_last_audit_is_told_or_that_nothing_did(difference: Any, says: str) -> None:
    verdict, entries, new, gone = difference or ("", 0, 0, 0)
    one = None if difference is None else Difference(NOW, verdict, entries, new, gone, [])
    assert since(replace(WHOLE, difference=one)) == says


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ([{}], Exit.DONE),
        ([{"findings": [WARNING]}], Exit.DONE),
        ([{"findings": [VIOLATION]}], Exit.FINDINGS),
        ([{"duties": OVERDUE}], Exit.FINDINGS),
        ([{"duties": DutyCount(1, 0, 1)}], Exit.FINDINGS),
        ([{"stale": True}], Exit.FINDINGS),
        ([{"verdict": AuditVerdict.INDETERMINATE}], Exit.FINDINGS),
        ([{"verdict": AuditVerdict.CONTINUED}], Exit.DONE),
        ([{"findings": [VIOLATION]}, {"verdict": AuditVerdict.NOT_READ}], Exit.UNDECIDABLE),
        ([{"verdict": AuditVerdict.NOT_READ}, {"verdict": AuditVerdict.FAILED}], Exit.PROVED_BAD),
        ([], Exit.DONE),
    ],
)
def test_the_exit_code_is_that_of_the_worst_ledger(changed: list[dict[str, Any]], code: Exit) -> None:
    assert exit_of(answer(*(replace(WHOLE, **each) for each in changed))) is code


def test_violations_are_counted_and_remarks_are_not() -> None:
    assert violations(replace(WHOLE, findings=[VIOLATION, WARNING, VIOLATION])) == 6


def test_a_ledger_that_was_not_judged_has_no_counts_of_orders() -> None:
    judged, unjudged = rows(answer(replace(WHOLE, duties=OVERDUE, not_covered=2), replace(WHOLE, judged=False)))
    assert judged == (*("TOTAL-PASSED", "ledger.example/xo/karsk", "Karsk", 11, "5 h", "", 2, 0, 2, "", "/srv/karsk"),)
    assert unjudged[6:9] == ("", "", "")


def test_the_headline_counts_the_ledgers_of_each_verdict_that_there_is() -> None:
    failed = replace(WHOLE, verdict=AuditVerdict.FAILED)
    assert headline(answer(failed, WHOLE, WHOLE)) == "3 ledgers: 1 TOTAL-FAILED, 2 TOTAL-PASSED"


def test_a_line_tells_of_a_ledger_what_was_found_in_it() -> None:
    changed = Difference(NOW, "TOTAL-PASSED", 1, 0, 0, [])
    count = WitnessCount(1, 3, met=False)
    one = replace(WHOLE, test=True, duties=OVERDUE, witnesses=count, difference=changed)
    assert (
        text_of(answer(one))
        .splitlines()[2]
        .endswith(
            "TEST ledger.example/xo/karsk (Karsk): 9 entries; checkpoint 5 h; witnesses 1 of 3; 0 V in 2 orders; "
            "2 overdue; since the last audit: +1 entry"
        )
    )
    bare = text_of(answer(replace(WHOLE, holder="", judged=False))).splitlines()[2]
    assert bare.endswith("ledger.example/xo/karsk: 9 entries; checkpoint 5 h")
    unread = text_of(answer(replace(WHOLE, size=None, verdict=AuditVerdict.NOT_READ))).splitlines()[2]
    assert unread.endswith("ledger.example/xo/karsk /srv/karsk")


def test_under_a_ledger_is_why_it_is_no_better_and_nothing_where_it_is_whole() -> None:
    assert details() == []
    reasons = [Reason(f"CODE-{n}", "", "says") for n in range(5)]
    many = details(reasons=reasons, verdict=AuditVerdict.FAILED)
    assert [line.split()[0] for line in many[:3]] == ["CODE-0", "CODE-1", "CODE-2"]
    assert many[3:] == ["    and 2 more reasons (--json)", "    at /srv/karsk"]
    assert len(details(reasons=reasons[:3])) == 3
    assert details(stale=True, rests=1) == [
        "    CP-STALE its newest checkpoint is older than was asked",
        "    1 entry rests on earlier verdicts of this auditor",
    ]
    found = details(findings=[WARNING, VIOLATION], duties=DutyCount(4, 2, 1, OVERDUE.first))
    assert found[0] == "    V-CODE in 3 orders: 11111111"
    assert found[1].startswith("    overdue D-7-7 since ")
    assert found[1].endswith(": 11111111")
    assert found[2:] == ["    and 1 more overdue", "    1 deadline could not be computed"]
    new = details(difference=Difference(NOW, "TOTAL-PASSED", 0, 1, 0, ["V-CODE x"]), remarks=["A remark."])
    assert new[0].endswith(": V-CODE x")
    assert new[1:] == ["    A remark."]
