"""What a change of the log's keys says, asks and refuses, and how a judgement ends."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import judge, log_key
from cli.exit_codes import Exit
from ledger.entries.log_keys import KIND
from ledger.tlog.note import ED25519
from tests.support.cli import House, documents_in, ledger_of, run


@pytest.fixture(scope="module")
def s1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S1", tmp_path_factory.mktemp("s1"))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


def test_a_new_key_of_the_log_is_answered_and_has_to_be_handed_on(house: House) -> None:
    size = house.reply("checkpoint")["size"]
    done = house.run("key", "rotate-log", "--yes", "--json")
    *_, answer = documents_in(done.stdout)
    assert (answer["origin"], answer["from_size"]) == ("ledger.example/xo/karsk", size + 1)
    assert answer["new_key"] in (house.ledger / "trust" / "policy").read_text("utf-8")
    last = done.stderr.splitlines()[-1]
    assert last == "hand the new trust/policy to everyone who verifies, and to every witness"


def test_a_second_line_is_added_once_and_replaced_only_if_it_is_there(house: House) -> None:
    without_key = house.run("key", "rotate-log", "--algorithm", "ml-dsa-44", "--yes")
    assert without_key.exit_code != Exit.DONE
    assert "this log has no ML-DSA-44 key" in without_key.stderr
    assert "comity key add-log" in without_key.stderr
    asked = house.run("key", "add-log")
    assert asked.exit_code == Exit.USAGE
    assert "signs as well" in asked.stderr
    assert house.run("key", "add-log", "--yes").exit_code == Exit.DONE
    again = house.run("key", "add-log", "--yes")
    assert again.exit_code != Exit.DONE
    assert "signs already" in again.stderr
    assert "comity key rotate-log --algorithm ml-dsa-44" in " ".join(again.stderr.split())
    asked = house.run("key", "rotate-log", "--algorithm", "ml-dsa-44")
    assert "takes the place of" in asked.stderr


def test_a_key_that_signs_and_is_not_in_the_register_is_recorded_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def entry(kind: str, key: str) -> Any:
        return 0, SimpleNamespace(payload=SimpleNamespace(kind=kind, schema=1, public={"new_key": key}))

    entries = [entry(KIND, "a"), entry("key-registered", "b")]
    journal: Any = SimpleNamespace(cases=SimpleNamespace(opened_registry=lambda: entries))
    assert log_key._unrecorded(journal, {"a": 3, "b": 5, "c": 7}) == ("b", 5)
    assert log_key._unrecorded(journal, {"a": 3}) is None
    assert log_key._unrecorded(journal, {}) is None
    assert log_key._KINDS["ed25519"] == ED25519


# -- judgements --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("levels", "code"), [("VI", Exit.FINDINGS), ("IV", Exit.FINDINGS), ("I", Exit.DONE), ("", 0)])
def test_a_violation_among_other_findings_is_exit_3(
    levels: str, code: int, s1: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ledger.law import judge as real

    def judged(case: Any, moment: datetime) -> Any:
        from dataclasses import is_dataclass, replace

        from msgspec.structs import replace as changed

        made = real(case, moment)
        findings = tuple(
            SimpleNamespace(code="F", level=SimpleNamespace(value=each), says="s", cite=(), entries=(), mark="text")
            for each in levels
        )
        return (replace if is_dataclass(made) else changed)(made, findings=findings)

    monkeypatch.setattr(judge, "judge_case", judged)
    monkeypatch.setattr(judge, "judged", lambda *_: {})
    monkeypatch.setattr(judge, "JudgeAnswer", lambda **_: None)
    rows: list[Any] = []
    monkeypatch.setattr("cli.terminal.output.emit", lambda answer, columns, table, text: rows.extend(table))
    assert run("judge", "main", ledger=s1).exit_code == code
    assert [row[:3] for row in rows if row[0] == "finding"] == [("finding", "F", each) for each in levels]
    assert rows[0][0] == "state"
    assert {row[0] for row in rows} >= {"state", "region", "deadline", "criterion"}
