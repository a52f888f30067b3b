"""The runbook says what to do about each code with which the office server answers 500 or 503, and each metric."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("http_message_signatures", reason="needs the extra `server`")
pytest.importorskip("prometheus_client", reason="needs the extra `server`")

from server.jobs.timer import JobCollector
from server.operations.log_state import LogState
from server.operations.metrics import Metrics
from server.problems import STATUS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "how-to" / "run-the-office-server-day-by-day.md").read_text("utf-8")
MODULES = "import server.run, sys; print(*(m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)))"


LATE = ("guard", "keys", "log", "storage", "subject_keys")  # adapters with modules that are imported when needed


def answered() -> set[str]:
    """Return the codes of answers 5xx: what modules of the server raise as `LedgerError`, and those of status 5xx."""
    ran = subprocess.run([sys.executable, "-c", MODULES], cwd=ROOT, capture_output=True, text=True, check=True)
    found = {code for code, status in STATUS.items() if status >= 500}
    late = [file for name in LATE for file in (ROOT / "ledger" / "adapters" / name).glob("*.py")]
    assert len(late) > 30
    for file in {*map(Path, ran.stdout.split()), *late}:
        if not any(file.is_relative_to(ROOT / package) for package in ("ledger", "projections", "server")):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="LedgerError"), args=[ast.Constant(value=str(code)), *_]):
                    found |= {code} if STATUS.get(code, 503) >= 500 else set()
    return found


def test_every_code_of_an_answer_5xx_has_its_row() -> None:
    rows = re.findall(r"^\| `([A-Z0-9-]+)` \| .+ \| .+ \|$", PAGE, re.MULTILINE)
    assert len(rows) == len({*rows})
    assert answered() - {*rows} == set()


def test_every_metric_that_the_runbook_names_exists(tmp_path: Path) -> None:
    state = LogState(1, 1, 0, 0.0, 0.0, {})
    registry = Metrics(lambda: state, certificate_ends=1.0).registry
    registry.register(JobCollector(tmp_path, ["audit"]))
    families = {f.name for f in registry.collect()}
    named = set(re.findall(r"`(comity_[a-z_]+)`", PAGE))
    assert len(named) > 4
    assert {name.removesuffix("_total") for name in named} <= families
