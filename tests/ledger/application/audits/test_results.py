"""Results of an audit are compared with those of the run before, and sorted by what matters most."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

from msgspec.structs import asdict, replace

from ledger.application.audits import results
from ledger.application.audits.results import (
    LISTED,
    Audited,
    AuditedLedger,
    AuditTask,
    AuditVerdict,
    DutyCount,
    FoundCode,
    WitnessCount,
    difference,
    worst_first,
)

SINCE = datetime(2027, 3, 1, tzinfo=UTC)
BASE = AuditedLedger("/led", "ledger.test/a", "XO", next(iter(AuditVerdict)), [], trusted=True)


def audited(*points: str, **more: Any) -> Audited:
    return Audited(replace(BASE, **more), list(points))


def test_a_difference_counts_what_is_new_and_gone_and_lists_the_first_of_the_new() -> None:
    before = audited("A 1", "B 2", "B 2", entries=5, not_covered=1)
    now = audited("C 4", "B 2", "C 3", entries=9, not_covered=0, verdict=AuditVerdict.NOT_READ)
    found = difference(now, before, SINCE)
    assert (found.since, found.verdict, found.entries) == (SINCE, str(BASE.verdict), 3)
    assert (found.new, found.gone, found.added) == (2, 1, ["C 3", "C 4"])
    same = difference(before, before, SINCE)
    assert (same.new, same.gone, same.added, same.entries) == (0, 0, [], 0)
    many = difference(audited(*(f"C {n:03}" for n in range(LISTED + 2))), audited(), SINCE)
    assert (many.new, len(many.added), many.added[0]) == (LISTED + 2, LISTED, "C 000")


def test_five_new_points_are_named() -> None:
    assert results.MOST_POINTS == 100_000
    assert len(difference(audited(*"ABCDE"), audited(), SINCE).added) == 5
    assert len(difference(audited(*"ABCDEF"), audited(), SINCE).added) == 5


def test_a_result_says_nothing_that_was_not_found() -> None:
    task = AuditTask("/led", (), "/state", SINCE, SINCE)
    assert (task.ask, task.expected, task.holder, task.store, task.auditor) == (True, "", "", "", None)
    assert WitnessCount(1, 2, met=False).remember == 0
    assert asdict(DutyCount()) == {"open": 0, "overdue": 0, "undetermined": 0, "first": []}
    given = ("place", "log", "holder", "verdict", "reasons", "trusted")
    assert {name: value for name, value in asdict(BASE).items() if name not in given} == {
        **dict.fromkeys(("size", "root", "head_at", "witnesses", "difference"), None),
        **dict.fromkeys(("test", "stale", "judged"), False),
        **dict.fromkeys(("entries", "signatures", "not_covered", "rests", "orders"), 0),
        "head_by": "",
        "findings": [],
        "remarks": [],
        "duties": DutyCount(),
    }
    assert (Audited(BASE).points, Audited(BASE).note) == ([], "")


def test_the_worst_ledger_comes_first() -> None:
    def found(level: str, orders: int) -> Any:
        fields = dict.fromkeys(FoundCode.__struct_fields__, "")
        return FoundCode(**{**fields, "level": level, "orders": orders})  # type: ignore[arg-type]

    verdicts = list(AuditVerdict)
    ranked = [
        replace(BASE, verdict=verdicts[0]),
        replace(BASE, verdict=verdicts[-1], findings=[found("V", 2), found("V", 3), found("R", 1)]),
        replace(BASE, verdict=verdicts[-1], findings=[found("V", 4), found("R", 99)], duties=DutyCount(overdue=9)),
        replace(BASE, verdict=verdicts[-1], duties=DutyCount(overdue=3)),
        replace(BASE, verdict=verdicts[-1], duties=DutyCount(overdue=2, undetermined=9)),
        replace(BASE, verdict=verdicts[-1], duties=DutyCount(overdue=2, undetermined=1)),
        replace(BASE, verdict=verdicts[-1], log="ledger.test/b", place="/a"),
        replace(BASE, verdict=verdicts[-1], log="ledger.test/b", place="/b"),
    ]
    for shuffled in list(permutations(ranked))[:: 40320 // 50]:
        assert worst_first(shuffled) == ranked


def test_a_ledger_that_was_not_read_has_its_reason_and_is_not_trusted() -> None:
    class Task:
        place, expected, holder = "/led", "ledger.test/x", "XO"

    task: Any = Task()
    one = results.not_read(task, "NO-LEDGER", "nothing is there", "trust", "ledger.test/a").ledger
    assert (one.place, one.log, one.holder, one.verdict) == ("/led", "ledger.test/a", "XO", AuditVerdict.NOT_READ)
    assert [(each.code, each.where, each.says) for each in one.reasons] == [("NO-LEDGER", "trust", "nothing is there")]
    assert not one.trusted
    assert results.not_read(task, "NO-LEDGER", "x").ledger.log == "ledger.test/x"
