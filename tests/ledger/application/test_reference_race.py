"""Two processes issue one reference at the same moment: one of them gets it, for every pair of commands."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.adapters.storage.entry_store import EntryStore
from ledger.application.journal import Journal
from tests.ledger.entries.test_form import OPENS, imported, issue
from tests.support.cli import House


@cache
def _one() -> Path:
    return House(Path(mkdtemp(prefix="comity-test-"))).furnished().folder


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Make an office, ilves, with the order PPO-1."""
    return House(Path(shutil.copytree(_one(), tmp_path / "house")))


def meanwhile(monkeypatch: pytest.MonkeyPatch, method: str, act: Callable[[], None]) -> None:
    """Run `act` once, between the last check of a command and its write."""
    original = getattr(EntryStore, method)
    acted: list[bool] = []

    def slow(self: EntryStore, *args: Any, **more: Any) -> Any:
        if not acted:
            acted.append(True)
            act()
        return original(self, *args, **more)

    monkeypatch.setattr(EntryStore, method, slow)


def orders(house: House, reference: str) -> int:
    with Journal.open(house.ledger, writable=False) as journal:
        return len(journal.store.referenced(reference))


def test_a_reference_that_somebody_else_takes_before_it_is_stored_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, "append", lambda: taken(house, "PPO-2"))
    done = issue(house, "ilves", "PPO-2")
    assert (done.exit_code, "REFERENCE-TAKEN" in done.stderr) == (Exit.REFUSED, True)
    assert orders(house, "PPO-2") == 1


def test_one_that_looks_like_it_is_refused_as_well(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    meanwhile(monkeypatch, "append", lambda: taken(house, "ppo-2"))
    assert issue(house, "ilves", "PPO-2").exit_code == Exit.REFUSED


def test_another_reference_that_is_taken_meanwhile_hinders_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, "append", lambda: taken(house, "PPO-3"))
    assert issue(house, "ilves", "PPO-2").exit_code == 0
    assert (orders(house, "PPO-2"), orders(house, "PPO-3")) == (1, 1)


def test_a_table_is_refused_where_somebody_else_takes_a_reference_before_it_is_stored(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, "append_pages", lambda: taken(house, "ppo-2"))
    done = imported(house, tmp_path, {**OPENS, "order": "PPO-2"})
    assert done.exit_code == Exit.REFUSED
    assert "row 2: ilves has an order of the reference 'ppo-2' here already" in done.stderr
    assert orders(house, "PPO-2") == 0


def test_a_table_is_sealed_again_where_somebody_else_takes_another_reference(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, "append_pages", lambda: taken(house, "PPO-3"))
    assert imported(house, tmp_path, {**OPENS, "order": "PPO-2"}).exit_code == 0
    assert (orders(house, "PPO-2"), orders(house, "PPO-3")) == (1, 1)


def taken(house: House, reference: str) -> None:
    assert issue(house, "ilves", reference).exit_code == 0


WORKER = """
import json, sys
from pathlib import Path
from tests.support.cli import House
from tests.ledger.entries.test_form import OPENS, imported, issue
house, folder = House(Path(sys.argv[1])), Path(sys.argv[2])
folder.mkdir()
for line in sys.stdin:
    way, reference = line.split()
    if way == "issue":
        done = issue(house, "ilves", reference)
    else:
        done = imported(house, folder, {**OPENS, "order": reference})
    print(json.dumps([done.exit_code, done.stderr]), flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("ways", [("issue", "issue"), ("issue", "import")])
def test_of_two_processes_one_gets_the_reference_twenty_times(
    house: House, tmp_path: Path, ways: tuple[str, str]
) -> None:
    with ExitStack() as stack:
        both = [stack.enter_context(worker(house, tmp_path / f"table {n}")) for n in range(2)]
        for n in range(20):
            for process, way in zip(both, ways, strict=True):
                assert process.stdin
                process.stdin.write(f"{way} RACE-{n}\n")
                process.stdin.flush()
            answers = [json.loads(process.stdout.readline()) for process in both if process.stdout]
            assert sorted(code for code, _ in answers) == [0, Exit.REFUSED], answers
            assert orders(house, f"RACE-{n}") == 1


def worker(house: House, folder: Path) -> subprocess.Popen[str]:
    """Start a process that issues the references it reads, until its input ends."""
    command = [sys.executable, "-c", WORKER, str(house.folder), str(folder)]
    root = Path(__file__).parents[3]
    return subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
