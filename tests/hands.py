"""The command line as tests use it: one call, what it printed, its exit code; and a story's ledger to use it on."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from click.testing import CliRunner, Result

from cli.main import comity
from cli.stage import Played, perform
from cli.story import read_story

STORIES = Path(__file__).parents[1] / "fixtures" / "stories"


def run(*args: str, ledger: Path | None = None, stdin: str | None = None, **env: str) -> Result:
    """Run a command; stdin is never a terminal."""
    told = {"COMITY_LEDGER": str(ledger) if ledger else "", **env}
    result = CliRunner().invoke(comity, list(args), env=told, input=stdin)
    assert "Traceback" not in result.output
    return result


def told(*args: str, ledger: Path | None = None, **env: str) -> dict[str, Any]:
    """What a command answers as JSON; it must have ended well."""
    result = run(*args, "--json", ledger=ledger, **env)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


@cache
def _original(story: str) -> Played:
    path = Path(mkdtemp(prefix="comity-test-")) / story
    return perform(read_story((STORIES / f"{story}.toml").read_bytes(), story), path)


def ledger_of(story: str, folder: Path) -> Path:
    """A fresh copy of a story's ledger; each test may do with it what it likes."""
    return Path(shutil.copytree(_original(story).path, folder / "ledger"))


def size(ledger: Path) -> int:
    """The number of entries in a ledger."""
    return int(told("checkpoint", ledger=ledger)["size"])
