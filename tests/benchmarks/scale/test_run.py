"""A run of `make scale` keeps each outcome, names what it leaves out, and asks for room before it makes anything."""

from __future__ import annotations

import os
import shutil
import sys
from collections import namedtuple
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

import msgspec
import pytest

from benchmarks.scale import __main__ as command
from benchmarks.scale import run, watch
from benchmarks.scale.outcome import Kept, Outcome, Part
from benchmarks.scale.report import as_json, table
from benchmarks.scale.steps import STEPS, Place, Step
from benchmarks.scale.watch import Cost, watched


def says(code: str) -> Sequence[str]:
    return [sys.executable, "-c", code]


def made(folder: Path, size: int, key: bytes = b"the key of its log") -> Path:
    trust = folder / f"ledger-{size}" / "trust"
    trust.mkdir(parents=True, exist_ok=True)
    (trust / "policy").write_bytes(key)
    return trust.parent


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run three steps of our own on a ledger that is not made; return the names of steps as they run."""
    ran: list[str] = []

    def step(name: str, code: str, **given: object) -> Step:
        def command(_: Place) -> Sequence[str]:
            ran.append(name)
            return says(code)

        return Step(name, command, **given)  # type: ignore[arg-type]

    mine = (
        step("start: --version", "print('comity')"),
        step("bad", "raise SystemExit('it cannot')"),
        step("needs bad", "pass", needs=("bad",)),
        step("absent", "raise SystemExit(\"comity: no command 'absent'\")"),
        step("bulky", "pass", bulky=True),
    )
    monkeypatch.setattr(run, "STEPS", mine)
    monkeypatch.setattr(run, "filled", made)
    monkeypatch.setattr(run, "_files", lambda ledger: {"entries": 1, "tiles": 0})
    return ran


def test_a_second_run_repeats_only_what_failed_or_was_left_out(tmp_path: Path, steps: list[str]) -> None:
    run.measure(tmp_path, 1_000, full=False)
    assert steps == ["start: --version", "bad", "absent", "bulky"]
    steps.clear()
    run.measure(tmp_path, 1_000, full=False)
    assert steps == ["bad", "absent"]
    steps.clear()
    run.measure(tmp_path, 1_000, full=False, again=["start"])
    assert "start: --version" in steps


def test_a_step_that_was_stopped_continues_and_has_the_cost_of_both_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(made(tmp_path, 1_000), tmp_path / "steps")
    place.folder.mkdir()
    made_by_step = place.ledger / "made"
    step = Step("long", lambda _: ["long"], before=("ledger/made",), continues=True)
    (place.folder / run.PART).write_bytes(msgspec.json.encode(Part("another step", 1, 99.0)))

    def stopped(command: object, env: object, output: Path, report: Callable[..., None]) -> Cost:
        assert not made_by_step.exists()
        made_by_step.write_text("half")
        report(1.0, 2.0, 300.0)
        report(2.0, 4.0, 300.0)
        raise KeyboardInterrupt

    def ended(command: object, env: object, output: Path, report: Callable[..., None]) -> Cost:
        assert made_by_step.read_text() == "half"
        made_by_step.write_text("whole")
        output.touch()
        return Cost(10.0, 20.0, 100.0, 0, "")

    made_by_step.write_text("of an earlier step")
    monkeypatch.setattr(run, "watched", stopped)
    with pytest.raises(KeyboardInterrupt):
        run._run(step, place, 1_000)
    monkeypatch.setattr(run, "watched", ended)
    outcome = run._run(step, place, 1_000)
    assert (outcome.seconds, outcome.cpu, outcome.mib) == (12.0, 24.0, 300.0)
    assert outcome.grown == len("whole") - len(msgspec.json.encode(Part("another step", 1, 99.0)))
    assert not (place.folder / run.PART).exists()


def test_the_cost_so_far_of_a_command_and_of_the_processes_it_starts_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK", 0.01)
    monkeypatch.setattr(watch, "_REPORT", 2)
    work = "import time\nend = time.process_time() + 0.1\nwhile time.process_time() < end: pass\n"
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {work!r}])\n{work}"
    seen: list[tuple[float, float, float]] = []
    cost = watched(says(code), {}, tmp_path / "output", lambda *each: seen.append(each))
    assert seen == sorted(seen, key=lambda each: each[0])
    assert 0.1 <= seen[-1][1] <= cost.cpu + 0.02
    assert seen[-1][0] <= cost.seconds
    assert 0 < seen[-1][2] <= cost.mib


def test_what_was_measured_on_another_ledger_of_this_size_is_forgotten(
    tmp_path: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run.measure(tmp_path, 1_000, full=False)
    steps.clear()
    monkeypatch.setattr(run, "filled", lambda folder, size: made(folder, size, b"another key"))
    run.measure(tmp_path, 1_000, full=False)
    assert steps == ["start: --version", "bad", "absent", "bulky"]


def test_what_fails_or_is_left_out_is_named_with_the_reason(tmp_path: Path, steps: list[str]) -> None:
    run.measure(tmp_path, 10_000_000, full=False)
    done = run.outcomes(tmp_path, 10_000_000)
    assert (done["bad"].failed, done["bad"].reason) == (True, "exit code 1: it cannot")
    assert {name: each.failed for name, each in done.items() if each.reason and name != "bad"} == {
        "needs bad": False,
        "absent": False,
        "bulky": False,
    }
    said = table({10_000_000: done})
    assert "FULL=1" in done["bulky"].reason
    assert "fill" in as_json({10_000_000: done}, {})["steps"]
    assert said.count("\n") > len(STEPS)
    run.measure(tmp_path, 10_000_000, full=True)
    assert not run.outcomes(tmp_path, 10_000_000)["bulky"].reason


def test_a_line_that_a_killed_process_left_unfinished_is_no_outcome_and_hides_none(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "outcomes")
    kept.add(Outcome(1, "a", seconds=1.0))
    with (tmp_path / "outcomes").open("ab") as file:
        file.write(b'{"size":1,"step":"b","sec')
    kept.add(Outcome(1, "c"))
    kept.add(Outcome(1, "a", seconds=2.0))
    assert {name: each.seconds for name, each in kept.read().items()} == {"a": 2.0, "c": 0.0}


def test_nothing_is_made_where_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 0, 10**9))
    monkeypatch.setattr(sys, "argv", ["scale", "1e7", "--dir", str(tmp_path)])
    assert command.main() == 2
    assert list(tmp_path.iterdir()) == []
    assert "36.3 GB; there are 1.0 GB" in capsys.readouterr().err


@pytest.mark.slow
def test_memory_is_that_of_the_command_and_of_the_processes_it_starts_and_not_of_the_one_that_measures(
    tmp_path: Path,
) -> None:
    ballast = bytearray(200 << 20)
    hold = "import time; held = b'x' * (60 << 20); time.sleep(0.6)"
    alone = watched(says(hold), {}, tmp_path / "output")
    two = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {hold!r}]); {hold}; p.wait()"
    both = watched(says(two), {}, tmp_path / "output")
    del ballast
    assert 60 <= alone.mib < 110
    assert 120 <= both.mib < 190


def test_the_reported_cost_does_not_fall_when_a_process_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK", 0.001)
    monkeypatch.setattr(watch, "_REPORT", 1)
    costs = iter((1.5, 0.0))
    monkeypatch.setattr(watch, "_family", lambda pid: [pid])
    monkeypatch.setattr(watch, "_cpu", lambda pid: next(costs, 0.0))
    seen: list[float] = []
    enough = Event()

    def report(seconds: float, cpu: float, mib: float) -> None:
        seen.append(cpu)
        if len(seen) == 3:
            enough.set()

    with watch.Memory(os.getpid(), report):
        assert enough.wait(30)
    assert set(seen) == {1.5}
