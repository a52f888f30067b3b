"""Every output format contains the verdict: a script that reads CSV or JSON Lines sees it too."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.terminal.verdict_text import _audit
from ledger.verify.report import StatedAudit
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
