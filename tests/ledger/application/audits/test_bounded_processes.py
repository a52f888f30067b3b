"""Tasks in processes of their own, with limits of time and memory."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from ledger.application.audits.bounded_processes import Limits, Unfinished, run_bounded
from tests.ledger.application.audits.bounded_work import work

LIMITS = Limits(seconds=30, mib=512, processes=2)


@pytest.fixture(scope="module")
def answers() -> dict[int, object]:
    tasks = ["one", "raise", "kill", "memory", "exit", "two"]
    return dict(run_bounded(work, tasks, LIMITS))


def test_a_task_gives_its_result_whatever_becomes_of_the_others(answers: dict[int, object]) -> None:
    assert (answers[0], answers[5]) == ("done one", "done two")
    assert sorted(answers) == [0, 1, 2, 3, 4, 5]


def test_an_error_of_a_task_is_named_in_one_line(answers: dict[int, object]) -> None:
    assert answers[1] == Unfinished("AUD-CRASH", "unforeseen: ValueError: broken in two lines")


def test_a_process_that_is_killed_or_ends_is_named(answers: dict[int, object]) -> None:
    assert answers[2] == Unfinished("AUD-CRASH", "the process that read it ended without a result: signal SIGKILL")
    assert answers[4] == Unfinished("AUD-CRASH", "the process that read it ended without a result: exit code 7")


def test_a_task_cannot_take_more_memory_than_its_limit(answers: dict[int, object]) -> None:
    assert answers[3] == Unfinished("AUD-MEMORY", "it needs more than the 512 MiB of memory that one ledger may take")


@pytest.mark.slow
def test_a_task_that_takes_too_long_is_ended_and_the_next_one_runs() -> None:
    began = time.monotonic()
    answers = dict(run_bounded(work, ["sleep", "one"], Limits(seconds=2, mib=512, processes=1)))
    assert answers[0] == Unfinished("AUD-TIME", "it took longer than the 2 seconds that one ledger may take")
    assert answers[1] == "done one"
    assert time.monotonic() - began < 20


def test_no_process_stays_when_the_caller_stops() -> None:
    running = run_bounded(work, ["pid", "sleep"], LIMITS)
    _, pid = next(running)
    running.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(int(str(pid)), signal.SIG_DFL)


def test_the_temporary_files_of_a_process_are_removed_when_it_has_ended() -> None:
    (answer,) = dict(run_bounded(work, ["where"], LIMITS)).values()
    assert Path(str(answer)).name.startswith("comity-")
    assert not Path(str(answer)).exists()
