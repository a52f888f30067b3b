"""`story.json` names the orders of a story, and sets the clock of test ledgers only."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.adapters.folders.story_file import clock_of, read_story
from ledger.errors import LedgerError
from tests.support.cli import ledger_of, run


def test_only_the_clock_of_a_test_ledger_is_read(tmp_path: Path) -> None:
    (tmp_path / "story.json").write_text('{"clock": "2040-01-01T00:00:00Z"}')
    assert clock_of(str(tmp_path)) is None
    (tmp_path / "TEST").touch()
    assert clock_of(str(tmp_path)) == datetime(2040, 1, 1, tzinfo=UTC)


def test_a_ledger_without_the_file_has_no_story(tmp_path: Path) -> None:
    assert (read_story(str(tmp_path)), clock_of(str(tmp_path))) == ({}, None)


def test_a_damaged_file_is_said_with_its_name_and_exit_code_4(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    (ledger / "story.json").write_text("{")
    with pytest.raises(LedgerError, match="STORY-FILE"):
        read_story(str(ledger))
    done = run("judge", "main", ledger=ledger)
    assert (done.exit_code, "story.json" in done.stderr) == (4, True)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '{"orders": []}',
        '{"entries": []}',
        '{"orders": {"main": 1}}',
        '{"clock": 7}',
        '{"clock": "soon"}',
        '{"entries": {"main": []}}',
        '"\\ud800',
    ],
)
def test_a_file_that_play_does_not_write_is_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "story.json").write_text(text)
    with pytest.raises(LedgerError, match="STORY-FILE"):
        read_story(str(tmp_path))


def test_what_play_writes_is_read_whole(tmp_path: Path) -> None:
    text = '{"orders": {"main": "x"}, "entries": {"main": {"a": 1}}, "clock": "2040-01-01T00:00:00Z"}'
    (tmp_path / "story.json").write_text(text)
    assert read_story(str(tmp_path)) == json.loads(text)
    (tmp_path / "story.json").write_text("{}")
    (tmp_path / "TEST").touch()
    assert (read_story(str(tmp_path)), clock_of(str(tmp_path))) == ({}, None)


def test_a_file_that_cannot_be_read_is_said_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "story.json").mkdir()
    with pytest.raises(LedgerError, match=r"story\.json"):
        read_story(str(tmp_path))
