"""Reports of the desk are made one after the other, fetched once, and made again when the log has grown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from cli.desk import background_jobs
from cli.desk.background_jobs import BackgroundReports
from cli.exit_codes import Exit, Stop


class Program:
    """The program that makes reports: it waits for `go`, and answers with its words."""

    def __init__(self) -> None:
        self.go, self.begun = Event(), Event()
        self.calls: list[list[str]] = []
        self.returncode, self.stdout, self.stderr = int(Exit.DONE), b"", b""

    def run(self, words: list[str], **_: Any) -> Any:
        self.calls.append(words)
        self.begun.set()
        assert self.go.wait(20)
        said = self.stdout or f"{len(self.calls)} {words[-3]}".encode()
        return SimpleNamespace(returncode=self.returncode, stdout=said if said != b"-" else b"", stderr=self.stderr)

    def finish(self, reports: BackgroundReports, *command: str, size: int = 1) -> bytes:
        self.go.set()
        return asyncio.run(reports.wait(command, size))


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Program:
    made = Program()
    monkeypatch.setattr(background_jobs, "subprocess", SimpleNamespace(run=made.run, DEVNULL=None))
    return made


@pytest.fixture
def reports(program: Program) -> Iterator[BackgroundReports]:
    made = BackgroundReports(Path("ledger"))
    yield made
    program.go.set()
    made.close()


def test_a_report_is_made_once_for_a_log_of_one_size_and_fetched_once(
    reports: BackgroundReports, program: Program
) -> None:
    assert reports.take(("custody",), 1) is None
    assert program.begun.wait(20)
    assert reports.take(("custody",), 1) is None
    assert program.finish(reports, "custody") == b"1 custody"
    assert program.calls == [[*background_jobs.PROGRAM, "custody", "--ledger", "ledger"]]
    program.go.clear()
    assert reports.take(("custody",), 1) is None, "it was fetched"
    assert program.finish(reports, "custody") == b"2 custody"


def test_a_report_of_a_log_that_has_grown_is_made_again(reports: BackgroundReports, program: Program) -> None:
    assert reports.take(("custody",), 1) is None
    assert program.finish(reports, "custody", size=2) == b"2 custody"
    assert len(program.calls) == 2


def test_a_finished_report_is_handed_out_for_a_minute(
    reports: BackgroundReports, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(background_jobs, "monotonic", lambda: now[0])
    program.go.set()
    reports._job(("custody",), 1).report.result(20)
    now[0] += background_jobs.FRESH
    assert reports.take(("custody",), 1) == b"1 custody"
    reports._job(("custody",), 1).report.result(20)
    now[0] += background_jobs.FRESH + 0.1
    assert program.finish(reports, "custody") == b"3 custody"


def test_the_oldest_report_that_waits_makes_room(reports: BackgroundReports, program: Program) -> None:
    jobs = [reports._job((f"report {n}",), 1).report for n in range(background_jobs.MOST + 1)]
    assert program.begun.wait(20)
    assert len(reports._jobs) == background_jobs.MOST
    assert (f"report {0}",) not in reports._jobs
    jobs += [reports._job(("one more",), 1).report]
    assert [job.cancelled() for job in jobs[:3]] == [False, True, False], "the first was running"


@pytest.mark.parametrize("code", [Exit.DONE, Exit.FINDINGS, Exit.PROVED_BAD])
def test_a_report_with_findings_is_a_report(reports: BackgroundReports, program: Program, code: Exit) -> None:
    program.returncode = int(code)
    assert program.finish(reports, "custody") == b"1 custody"


@pytest.mark.parametrize(
    ("code", "stdout", "stderr", "says"),
    [
        (Exit.USAGE, b"", b"comity: no such order\n", "no such order"),
        (Exit.DONE, b"-", b"", "the paper could not be made"),
        (Exit.BUSY, b"", b"comity: b\xffusy\n", "b\ufffdusy"),
    ],
)
def test_a_report_that_could_not_be_made_says_why_and_is_made_again(
    reports: BackgroundReports, program: Program, code: Exit, stdout: bytes, stderr: bytes, says: str
) -> None:
    program.returncode, program.stdout, program.stderr = int(code), stdout, stderr
    for times in (1, 2):
        with pytest.raises(Stop) as stopped:
            program.finish(reports, "custody")
        assert (str(stopped.value), stopped.value.code) == (says, Exit.BUSY)
        assert len(program.calls) == times
