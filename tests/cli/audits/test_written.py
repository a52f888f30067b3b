"""The report of an audit says of each ledger what the answer says, and nothing is written into what is audited."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from msgspec.structs import replace

from cli.audits.report_text import AuditAnswer
from cli.audits.written import _attention, _format, _line, check_files, check_state, report_of, write_reports
from cli.exit_codes import Exit, Stop
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
from projections.reports.audits.ledgers_report import AttentionLine

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
ORDER = "11111111-2222-4333-8444-555555555555"
WHOLE = AuditedLedger(
    place="/srv/karsk", log="ledger.example/xo/karsk", holder="Karsk", verdict=AuditVerdict.PASSED, reasons=[],
    trusted=True, size=9, entries=7, not_covered=2, orders=2, judged=True, head_at=NOW - timedelta(hours=5),
    head_by="witness",
)  # fmt: skip
FOUND = [FoundCode("V-CODE", "V", 3, [ORDER]), FoundCode("W-CODE", "W", 2, [ORDER]), FoundCode("V-2", "V", 1, [ORDER])]
DUTIES = DutyCount(9, 4, 1, [OverdueDuty(ORDER, None, "D-7-7", NOW), OverdueDuty(ORDER, "PPO-1", "E-10-3", NOW)])
CHANGED = Difference(NOW - timedelta(days=2), "TOTAL-FAILED", 6, 3, 1, [f"V-CODE {ORDER}"])


def line(**changed: Any) -> Any:
    return _line(replace(WHOLE, **changed), NOW)


def test_a_ledger_that_was_read_and_judged_has_every_number() -> None:
    found = line(findings=FOUND, duties=DUTIES, witnesses=WitnessCount(1, 3, met=False))
    assert (found.log, found.holder, found.place) == (WHOLE.log, WHOLE.holder, WHOLE.place)
    assert (found.verdict, found.words) == ("TOTAL-PASSED", "integrity passed")
    assert (found.entries, found.age, found.seen_here, found.stale, found.test) == (9, 5, False, False, False)
    assert (found.witnesses, found.orders, found.violations) == ((1, 3), 2, 4)
    assert (found.overdue, found.uncomputed) == (4, 1)
    assert (found.before, found.added, found.new, found.gone) == (None, None, None, None)


def test_what_was_not_read_or_judged_has_no_number() -> None:
    found = line(judged=False, size=None, head_at=None, findings=FOUND, duties=DUTIES)
    assert (found.entries, found.age, found.witnesses) == (None, None, None)
    assert (found.orders, found.violations, found.overdue, found.uncomputed) == (None, None, None, None)


@pytest.mark.parametrize(("ago", "hours"), [(-3, 0), (0, 0), (1, 0), (59, 0), (60, 1), (61, 1), (125, 2)])
def test_the_age_of_a_head_is_in_whole_hours_and_never_negative(ago: int, hours: int) -> None:
    assert line(head_at=NOW - timedelta(minutes=ago)).age == hours


def test_who_saw_the_head_and_what_changed_are_said() -> None:
    assert line(head_by="auditor").seen_here
    assert (line(stale=True).stale, line(test=True).test) == (True, True)
    found = line(difference=CHANGED, reasons=[Reason("SIG-BAD", "#3", "it does not verify")])
    assert (found.before, found.added, found.new, found.gone) == ("integrity failed", 6, 3, 1)
    assert [(r.code, r.where, r.says) for r in found.reasons] == [("SIG-BAD", "#3", "it does not verify")]
    assert line(difference=replace(CHANGED, verdict="ODD")).before == "ODD"


def test_what_needs_attention_is_named_with_its_orders_and_remarks_are_not() -> None:
    one = replace(WHOLE, findings=FOUND, duties=DUTIES, difference=CHANGED, rests=5, stale=True)
    assert list(_attention(one)) == [
        AttentionLine("The newest checkpoint is older than was asked.", "CP-STALE"),
        AttentionLine("A violation in 3 orders", "V-CODE", ("11111111",)),
        AttentionLine("A violation in one order", "V-2", ("11111111",)),
        AttentionLine("A deadline is overdue since 2027-06-01", "D-7-7", ("11111111",)),
        AttentionLine("A deadline is overdue since 2027-06-01", "E-10-3", ("PPO-1",)),
        AttentionLine("More overdue deadlines: 2.", ""),
        AttentionLine("Deadlines that could not be computed: 1.", ""),
        AttentionLine("New since the last audit", "", ("V-CODE 11111111",)),
        AttentionLine("Entries that rest on an earlier audit and were not read: 5.", ""),
    ]
    assert list(_attention(WHOLE)) == []
    listed = replace(DUTIES, overdue=2)
    assert not any(a.says.startswith("More") for a in _attention(replace(WHOLE, duties=listed)))


def answer(*ledgers: AuditedLedger) -> AuditAnswer:
    verdicts = {str(verdict): sum(one.verdict is verdict for one in ledgers) for verdict in AuditVerdict}
    return AuditAnswer(NOW, NOW - timedelta(days=1), verdicts, 0, list(ledgers), "/var/auditor")


def test_a_report_compares_with_the_newest_audit_before() -> None:
    older = replace(CHANGED, since=NOW - timedelta(days=9))
    made = report_of(answer(*(replace(WHOLE, difference=each) for each in (older, CHANGED, None))))
    assert (made.since, len(made.ledgers), made.face.making.as_of) == (CHANGED.since, 3, NOW - timedelta(days=1))
    assert len(made.face.making.rules) == 16
    assert report_of(answer(WHOLE)).since is None


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.html", "html"), ("a.htm", "html"), ("a.PDF", "pdf"), ("a.json", "json"), ("a.txt", "html"), ("a", "html")],
)
def test_the_ending_of_a_file_says_its_format(name: str, form: str) -> None:
    assert _format(name) == form


def test_a_report_is_written_to_each_file_in_its_format(tmp_path: Path) -> None:
    files = [str(tmp_path / name) for name in ("a.json", "b.html")]
    write_reports(answer(WHOLE), files, "en")
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["ledgers"][0]["log"] == WHOLE.log
    assert (tmp_path / "a.json").read_bytes().endswith(b"}\n")
    page = (tmp_path / "b.html").read_text("utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert WHOLE.log in page
    with pytest.raises(Stop):
        check_files([files[1]])
    with pytest.raises(click.UsageError, match=r"nothing here is written as \.doc"):
        check_files([str(tmp_path / "c.pdf"), str(tmp_path / "c.doc")])
    check_files([str(tmp_path / "c.pdf")])


def test_the_state_of_an_auditor_is_in_no_folder_that_is_audited(tmp_path: Path) -> None:
    audited = tmp_path / "karsk"
    audited.mkdir()
    for inside in (audited, audited / "state", tmp_path / "x" / ".." / "karsk" / "state"):
        with pytest.raises(Stop, match="which is audited") as stopped:
            check_state(inside, ["https://ledger.example/karsk", str(audited)])
        assert stopped.value.code is Exit.REFUSED
    check_state(tmp_path / "karsk-state", [str(audited), "https://ledger.example/karsk", "http://ledger.example"])
    check_state(Path("https:/x/state"), ["https://x", "http://x"])
