"""Every output format contains the verdict: a script that reads CSV or JSON Lines sees it too."""

from __future__ import annotations

import csv
import io
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.terminal.verdict_text import _audit, _item_of, answer, text
from cli.terminal.verdict_text import rows as report_rows
from ledger.bundle.findings import CitedEntry, StatedFinding
from ledger.messages import Message
from ledger.verify.progress import Unproven
from ledger.verify.report import Bracket, MakersFindings, Reason, Remark, Report, StatedAudit, Verdict
from tests.support.cli import ledger_of, run

FORMS = ("csv", "jsonl")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verdicts")
    made = ledger_of("S6", folder)
    done = run("export", "main", "--audience", "COURT", "-o", str(folder / "court.zip"), ledger=made)
    assert done.exit_code == 0, done.output
    return made


def rows(form: str, *args: str, ledger: Path | None = None) -> list[dict[str, Any]]:
    text = run(*args, "--format", form, ledger=ledger).stdout
    if form == "csv":
        return list(csv.DictReader(io.StringIO(text)))
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("form", FORMS)
def test_a_verdict_that_passed_is_the_first_row_of_every_format(form: str, ledger: Path) -> None:
    bundle = ledger.parent / "court.zip"
    first, *rest = rows(form, "verify", str(bundle), "--trust", str(ledger / "trust"))
    assert (first["code"], first["level"]) == ("TOTAL-PASSED", "verdict")
    assert "signatures checked" in first["says"]
    assert "procedure: " in first["says"]
    assert ("TEST", "not-proven") in [(row["code"], row["level"]) for row in rest]


@pytest.mark.parametrize("form", FORMS)
def test_a_verdict_that_did_not_pass_is_followed_by_its_reasons(form: str, ledger: Path, tmp_path: Path) -> None:
    bundle = ledger.parent / "court.zip"
    first, second, *_ = rows(form, "verify", str(bundle))
    assert (first["code"], first["level"]) == ("INDETERMINATE", "verdict")
    assert (second["code"], second["level"]) == ("NO_TRUST_ANCHOR", "reason")
    spoiled = bytearray(bundle.read_bytes())
    spoiled[len(spoiled) // 2] ^= 1
    (tmp_path / "spoiled.zip").write_bytes(spoiled)
    first, second, *_ = rows(form, "verify", str(tmp_path / "spoiled.zip"), "--trust", str(ledger / "trust"))
    assert (first["code"], second["level"]) == ("TOTAL-FAILED", "reason")


@pytest.mark.parametrize("form", FORMS)
def test_the_verdict_of_a_folder_is_in_every_format(form: str, ledger: Path) -> None:
    first, *_ = rows(form, "verify", str(ledger), "--trust", str(ledger / "trust"))
    assert (first["code"], first["level"]) == ("TOTAL-PASSED", "verdict")


@pytest.mark.parametrize("form", FORMS)
def test_fsck_says_in_every_format_whether_the_ledger_is_whole(form: str, ledger: Path, tmp_path: Path) -> None:
    (only,) = rows(form, "fsck", ledger=ledger)
    assert (only["code"], only["level"]) == ("CONSISTENT", "verdict")
    spoiled = Path(shutil.copytree(ledger, tmp_path / "ledger"))
    (spoiled / "heads.db").unlink()
    first, second, *_ = rows(form, "fsck", ledger=spoiled)
    assert (first["code"], first["level"]) == ("INCONSISTENT", "verdict")
    assert (second["code"], second["level"]) == ("LOG-CORRUPT", "reason")


@pytest.mark.parametrize("form", FORMS)
def test_judge_check_and_monitor_answer_in_every_format(form: str, ledger: Path, tmp_path: Path) -> None:
    said = rows(form, "judge", "main", ledger=ledger)
    assert [row["name"] for row in said if row["what"] == "criterion"] == [f"A{n}" for n in range(1, 9)]
    assert said[0]["what"] == "state"
    (tmp_path / "other.bin").write_bytes(b"not what was disclosed")
    (one,) = rows(form, "check", str(tmp_path / "other.bin"), "main", ledger=ledger)
    assert one["verdict"] == "unknown"
    shutil.copytree(ledger / "trust", tmp_path / "trust")
    state = ("--trust", str(tmp_path / "trust"), "--state", str(tmp_path / "state"))
    (look,) = rows(form, "monitor", str(ledger / "log"), *state)
    assert look["says"] == "nothing to look at"


def test_an_auditor_that_states_nothing_is_not_said_to_have_checked_anything() -> None:
    report: Any = SimpleNamespace(head=SimpleNamespace(checkpoint=SimpleNamespace(size=7)))
    assert _audit(StatedAudit("north", "auditor.example/north", None, ()), report) == []


# -- a report in words, line by line -----------------------------------------------------------------------------------

AT = datetime(2027, 6, 1, 12, tzinfo=UTC)


def report(**said: Any) -> Report:
    """Return a report on two entries; without `said`, all was proven and nothing else was found."""
    plain: dict[str, Any] = {
        "verdict": Verdict.PASSED, "reasons": (), "steps": (), "entries": 2, "signatures": 1, "not_proven": (),
        "brackets": (), "procedure": (),
    }  # fmt: skip
    return Report(**{**plain, **said})


def stated(code: str, level: Any, cite: list[str], index: int, more: int = 0) -> StatedFinding:
    return StatedFinding(code, level, f"{code} was found", cite, "text", [CitedEntry(index, "ab" * 32)], more)


HEAD = ["Integrity: TOTAL-PASSED", "Procedure: not examined", "", "2 entries and 1 signature checked."]
FOUND: Any = SimpleNamespace(findings=[stated("B-2", "G", [], 4), stated("A-1", "V", ["Art. 1", "Art. 2"], 3, 7)])
FOUND.rules = "12345678abcdef"
NONE: Any = SimpleNamespace(findings=[], rules="12345678abcdef")


def test_a_report_without_anything_else_is_four_lines() -> None:
    assert text(report()).splitlines() == HEAD


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        pytest.param({"not_covered": 1}, ["1 entry more behind that size: not covered."], id="one-not-covered"),
        pytest.param({"not_covered": 2}, ["2 entries more behind that size: not covered."], id="not-covered"),
        pytest.param({"as_of": AT}, ["Findings are as of 2027-06-01T12:00:00Z, when this was made."], id="as-of"),
        pytest.param(
            {"not_proven": (Unproven("TEST", "a ledger of a test"), "nothing else")},
            ["", "What this cannot show", "  A ledger of a test [TEST]", "  nothing else"],
            id="not-proven",
        ),
        pytest.param({"brackets": (Bracket(7, None, None, AT, AT),)}, [], id="a-time-that-nothing-proves"),
        pytest.param(
            {"brackets": (Bracket(3, AT, None, AT, AT), Bracket(40, None, AT, AT, AT))},
            [
                "",
                "When each entry was signed, as far as it is proven (UTC, by place in the log)",
                "  #3    after 2027-06-01T12:00:00Z by unknown              claimed 2027-06-01T12:00:00Z",
                "  #40   after unknown              by 2027-06-01T12:00:00Z claimed 2027-06-01T12:00:00Z",
            ],
            id="times",
        ),
        pytest.param(
            {"makers": MakersFindings("none")},
            [
                "",
                "What the maker says it found (not checked here)",
                "  The maker states no findings: this bundle has no list of them.",
            ],
            id="the-maker-states-nothing",
        ),
        pytest.param(
            {"makers": MakersFindings("unreadable")},
            [
                "",
                "What the maker says it found (not checked here)",
                "  The list of the maker cannot be read (CMP-FINDINGS), so nothing of it is shown.",
            ],
            id="the-maker-is-not-readable",
        ),
        pytest.param(
            {"makers": MakersFindings("stated", "same", FOUND)},
            [
                "",
                "What the maker says it found",
                "  2 findings; computed again here, from what this audience may read: the same.",
            ],
            id="the-maker-found-the-same",
        ),
        pytest.param(
            {"makers": MakersFindings("stated", "differs", FOUND)},
            [
                "",
                "What the maker says it found (not checked here)",
                "  2 findings; computed again here: the findings on the procedure above DIFFER.",
                "  violation A-1: A-1 was found [Art. 1, Art. 2]",
                "  gap B-2: B-2 was found",
            ],
            id="the-maker-found-something-else",
        ),
        pytest.param(
            {"makers": MakersFindings("stated", "not-compared", NONE)},
            [
                "",
                "What the maker says it found (not checked here)",
                "  no finding; by other rules than this program has (12345678), so it was not compared.",
            ],
            id="the-maker-has-other-rules",
        ),
    ],
)
def test_what_a_report_has_is_said_below_its_head(said: dict[str, Any], lines: list[str]) -> None:
    assert text(report(**said), 100).splitlines() == [*HEAD, *lines]


def test_reasons_and_findings_follow_the_verdict_the_gravest_finding_first() -> None:
    made = report(
        verdict=Verdict.INDETERMINATE, says="it is a test", signatures=2,
        reasons=(Reason("NO-WITNESS", "heads/1", "no witness"), Reason("TEST", "", "a test")),
        procedure=(Remark("B-2", "G", "a gap"), Remark("A-1", "V", "a violation", ("Art. 1", "Art. 2"))),
    )  # fmt: skip
    assert text(made).splitlines() == [
        "Integrity: INDETERMINATE NO-WITNESS",
        "Procedure: 1 violation, 1 gap",
        "",
        "Nothing was proved wrong. Something that would prove it right is missing: the",
        "reasons are below.",
        "",
        "  It says it is a test",
        "",
        "2 entries and 2 signatures checked.",
        "",
        "Why the verdict is not better",
        "  NO-WITNESS heads/1: no witness",
        "  TEST: a test",
        "",
        "Findings on the procedure (the court decides what they mean)",
        "  violation A-1: a violation [Art. 1, Art. 2]",
        "  gap B-2: a gap",
    ]


def test_the_rows_of_a_report_are_the_verdict_the_reasons_the_findings_and_what_others_state() -> None:
    made = report(
        reasons=(Reason("NO-WITNESS", "heads/1", "no witness"),), procedure=(Remark("A-1", "V", "a violation"),),
        not_proven=(Unproven("TEST", "of a test"), "TEST: is no code here"),
        makers=MakersFindings("stated", "same", FOUND),
    )  # fmt: skip
    compared = "2 findings; computed again here, from what this audience may read: the same."
    assert report_rows(made) == [
        ("TOTAL-PASSED", "verdict", "", "2 entries and 1 signature checked; procedure: 1 violation"),
        ("NO-WITNESS", "reason", "heads/1", "no witness"),
        ("A-1", "V", "", "a violation"),
        ("TEST", "not-proven", "", "of a test"),
        ("", "not-proven", "", "TEST: is no code here"),
        ("", "maker", "", compared),
        ("A-1", "maker", "", "A-1 was found"),
        ("B-2", "maker", "", "B-2 was found"),
    ]


def test_what_a_maker_states_is_an_item_with_the_gravest_first() -> None:
    made = _item_of(MakersFindings("stated", "differs", FOUND))
    assert (made.state, made.again, made.rules) == ("stated", "differs", FOUND.rules)
    assert [(f.code, f.level, f.says, f.cite, f.mark, f.entries, f.more) for f in made.findings] == [
        ("A-1", "V", "A-1 was found", ["Art. 1", "Art. 2"], "text", [3], 7),
        ("B-2", "G", "B-2 was found", [], "text", [4], 0),
    ]
    nothing = _item_of(MakersFindings("none"))
    assert (nothing.state, nothing.again, nothing.rules, nothing.findings) == ("none", "not-compared", None, [])


@pytest.mark.parametrize("headed", [True, False])
def test_what_an_auditor_states_is_said_of_a_log_with_a_head_alone(headed: bool) -> None:
    found: Any = SimpleNamespace(head=SimpleNamespace(checkpoint=SimpleNamespace(size=7)) if headed else None)
    statement: Any = SimpleNamespace(checks=["chain", "signatures"], program="comity 1", rules="ab12")
    audit = StatedAudit("north", "auditor.example/north", statement, ((0, 4), (6, 7)))
    lines = [
        "north (auditor.example/north) checked the entries 0-3, 6 of the 7 in this log. Of each: it follows the entry"
        " before it in its order; it is signed by a key that the register had accepted for its signer.",
        "north used the program comity 1 and the rules ab12.",
    ]
    assert _audit(audit, found) == (lines if headed else [])


def test_a_row_of_an_auditor_has_its_name() -> None:
    statement: Any = SimpleNamespace(checks=["chain"], program="comity 1", rules="ab12")
    audit = StatedAudit("north", "auditor.example/north", statement, ((0, 4),))
    head: Any = SimpleNamespace(checkpoint=SimpleNamespace(size=7))
    found = [row for row in report_rows(report(audits=(audit,), head=head)) if row[1] == "auditor"]
    assert [(code, where) for code, _, where, _ in found] == [("", "north")] * 2
    assert [says for *_, says in found] == _audit(audit, report(audits=(audit,), head=head))


def test_a_finding_and_a_reason_have_their_pattern_and_values_in_json() -> None:
    said = Message("{0} of {1} entries", 2, "ilves")
    reasons = (Reason("X", "", said), Reason("Y", "", "no message"))
    made = answer(report(reasons=reasons, procedure=(Remark("A-1", "V", said),)))
    assert [(r.message_id, r.values) for r in made.reasons] == [(said.id, [2, "ilves"]), ("", [])]
    assert [(r.says, r.message_id, r.values) for r in made.procedure] == [(said, said.id, [2, "ilves"])]
