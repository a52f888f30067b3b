"""The program still does what docs/tutorial/two-ledgers.md shows: two Parties, two ledgers, one order, files alone."""

from __future__ import annotations

import doctest
import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from cli.app import comity
from ledger.entries.case import Case
from ledger.law import Judgement, judge
from tests.support.memory_ledger import played

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial" / "two-ledgers.md").read_text("utf-8")
FILE = re.compile(r'^```\w+ title="post/([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
SESSION = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TYPED = re.compile(
    r"^(karsk|skylark) \$ ([^\n#]+?)(?:  # exit (\d+))?\n(.*?)(?=^(?:karsk|skylark) \$ |\Z)", re.MULTILINE | re.DOTALL
)


@pytest.fixture
def offices(tmp_path: Path) -> Path:
    for name in ("karsk", "skylark", "post"):
        (tmp_path / name).mkdir()
    for name, content in FILE.findall(PAGE):
        (tmp_path / "post" / name).write_text(content, "utf-8")
    return tmp_path


def typed(folder: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Run a command in an office's folder; return exit code and output."""
    monkeypatch.chdir(folder)
    env = {"HOME": str(folder), "COMITY_LEDGER": "ledger", "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": "", "NO_COLOR": "1"}
    words = shlex.split(command)
    if words[0] != "comity":
        done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S602 - the page is ours
        return done.returncode, done.stdout + done.stderr
    ended = CliRunner().invoke(comity, words[1:], env=env)
    return ended.exit_code, ended.output


@pytest.mark.slow
def test_the_page_is_typed_as_it_stands(offices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = SESSION.findall(PAGE)
    assert sum(len(TYPED.findall(session)) for session in sessions) > 35
    for who, command, code, shown in (line for session in sessions for line in TYPED.findall(session)):
        if command.startswith("sed "):  # by this line both offices have read all entries
            ours, theirs = (judged(offices / office, monkeypatch) for office in ("karsk", "skylark"))
            assert ours == theirs
            assert ours["state"] == "DISCLOSED"
        ended, said = typed(offices / who, command, monkeypatch)
        assert ended == int(code or 0), f"{command}: {said}"
        assert doctest.OutputChecker().check_output(shown, said, doctest.ELLIPSIS), f"{command}\n{said}"
    exhibits = sorted(path.name for path in (offices / "karsk" / "ledger" / "evidence").iterdir())
    assert [name.partition(".")[2] for name in exhibits].count("split-view.json") == 1


def judged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    code, said = typed(folder, "comity judge E-7 --as-of 2100-01-01T00:00:00Z --json", monkeypatch)
    assert code == 0, said
    outcome: dict[str, object] = json.loads(said)
    return {name: outcome[name] for name in ("instrument", "state", "regions", "deadlines", "findings", "criteria")}


@pytest.mark.parametrize("name", ["S1", "S2", "S3", "S4", "S6", "S9", "holding-the-data", "instructions"])
def test_what_others_did_counts_the_same_wherever_in_our_record_it_arrived(name: str) -> None:
    ledger, orders, _ = played(name)
    registry = tuple(e for _, e in ledger.seen_by([ledger.registry]))
    for order in orders.values():
        entries = tuple(e for _, e in ledger.seen_by([order]))
        ours = next(e.party for e in entries if e.kind == "order-issued")
        last = max(e.at for e in (*entries, *registry))
        late = (e if e.party == ours else replace(e, index=e.index + 1000, received=last) for e in entries)
        arrived = tuple(sorted(late, key=lambda e: e.index))
        here, there = (judge(Case(order, entries[0].instrument or "", es, registry), last) for es in (entries, arrived))
        assert outcome(here) == outcome(there)


def outcome(judgement: Judgement) -> tuple[object, ...]:
    clocks = {(clock.id, clock.due, clock.verdict) for clock in judgement.deadlines}
    findings = {(finding.code, frozenset(finding.entries)) for finding in judgement.findings}
    criteria = {name: (c.state, frozenset(c.rests_on)) for name, c in judgement.criteria.items()}
    return judgement.state, judgement.regions, clocks, findings, criteria
