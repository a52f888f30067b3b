"""The program still does what the page on the regular work of a ledger shows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")

from server.jobs.settings import TABLES, settings_of
from server.jobs.table import JOBS
from tests.docs.sessions import type_page

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "run-jobs.md"


def test_the_page_goes_as_it_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert type_page(PAGE, tmp_path, monkeypatch) == 12


def test_the_page_lists_every_job_as_often_as_it_runs() -> None:
    words = {60: "minute", 300: "5 minutes", 3_600: "hour", 86_400: "day", 604_800: "week"}
    listed = dict(re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", PAGE.read_text("utf-8"), re.MULTILINE))
    assert listed == {name: words[job.every] for name, job in JOBS.items()}


def test_the_settings_that_the_page_shows_are_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "webhook"
    key.write_bytes(b"")
    for block in re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        tables = tomllib.loads(block.replace("/etc/comity/webhook", str(key)))
        assert settings_of({name: tables.get(name) for name in TABLES}, tuple(JOBS)).jobs
