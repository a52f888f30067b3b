"""What a check of the own ledger read, and what rests on an earlier one, is said in sentences that name numbers."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import fsck
from cli.commands.fsck import ContinuedItem, FsckAnswer, ReadAgainItem, _sentences
from cli.exit_codes import Exit
from cli.session import ledger_choice
from ledger.application.integrity.own_check import Consistency
from ledger.verify.report import Reason
from tests.support.cli import run

COMPARED = "compared with the guard, every kept head and time stamp, the published files, the witnesses."


def said(entries: int = 9, signatures: int = 7, **continued: Any) -> list[str]:
    kept: dict[str, Any] = {
        "auditor": "audit.example", "program": "p", "rules": "r", "rests": 0, "read": entries, "again": [],
        "signed": 0, "seed": None, "not_asked": [], "refused": "",
    }  # fmt: skip
    more = ContinuedItem(**(kept | continued)) if continued else None
    answer = FsckAnswer("CONSISTENT", [], entries, signatures, 0, entries, more)
    return list(_sentences(answer))


def test_a_check_of_everything_counts_entries_and_signatures() -> None:
    assert said() == [f"9 entries and 7 signatures checked under the ledger's own trust; {COMPARED}"]
    assert said(1, 1) == [f"1 entry and 1 signature checked under the ledger's own trust; {COMPARED}"]


def test_the_first_check_of_an_auditor_rests_on_nothing() -> None:
    assert said(signed=2) == [
        f"9 entries and 7 signatures checked under the ledger's own trust; {COMPARED}",
        "2 segments have a verdict of audit.example since this run.",
    ]
    assert said(signed=1)[1:] == ["1 segment has a verdict of audit.example since this run."]
    assert said(refused="KEY-OTHER another key")[1:] == [
        "The kept verdicts counted for nothing, and every entry was read: KEY-OTHER another key"
    ]
    assert said(rests=0, seed=None, read=9)[1:] == []


@pytest.mark.parametrize("segments", [0, 1, 2])
def test_a_continued_check_says_what_it_did_not_read(segments: int) -> None:
    again = [ReadAgainItem(n * 8192, (n + 1) * 8192, "it was chosen") for n in range(segments)]
    first, older, compared, *rest = said(20_000, rests=16_384, read=3_616, again=again, not_asked=["tiles"], seed=5)
    assert first == f"3616 of 20000 entries read, and 7 signatures checked under the ledger's own trust; {COMPARED}"
    but = ("", ", but for 1 segment read again", ", but for 2 segments read again")[segments]
    assert older == (
        f"Not read in this run: entries 0 to 16383{but}. They rest on earlier verdicts of audit.example by this "
        "program."
    )
    assert compared.startswith("Compared was only")
    assert rest == [
        "Not asked in this run, of entries 0 to 16383: tiles.",
        *(f"Read again: entries {n * 8192} to {(n + 1) * 8192 - 1}, it was chosen." for n in range(segments)),
        "The spot check has seed 5; --seed 5 chooses from these segments in the same way.",
    ]


def test_each_sentence_and_each_reason_is_a_row_of_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = [Reason("CP-SIZE", "#3", "it is smaller"), Reason("SIG-BAD", "", "it is wrong")]
    report = SimpleNamespace(entries=9, signatures=7, not_covered=0, head=None)
    found = SimpleNamespace(verdict=Consistency.INCONSISTENT, reasons=reasons, notes=[], report=report)
    monkeypatch.setattr(fsck, "check_ledger", lambda *said: found)
    monkeypatch.setattr(fsck, "_sentences", lambda answer: iter(("all was read", "a note", "another note")))
    monkeypatch.setattr(ledger_choice, "ledger_folder", lambda: str(tmp_path))
    done = run("fsck", "--format", "csv")
    assert done.exit_code == Exit.PROVED_BAD
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows[0] == ["code", "level", "where", "says"]
    assert rows[1:] == [
        ["INCONSISTENT", "verdict", "", "all was read"],
        ["", "note", "", "a note"],
        ["", "note", "", "another note"],
        ["CP-SIZE", "reason", "#3", "it is smaller"],
        ["SIG-BAD", "reason", "", "it is wrong"],
    ]


def test_a_spot_check_may_have_the_seed_zero() -> None:
    assert any("has seed 0" in line for line in said(rests=1, seed=0))
