"""Questions and progress are for a person at a terminal: a script and a file get neither."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace

import click
import pytest

from cli.terminal import output, prompts

Reported = Callable[..., tuple[list[str], str]]


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Reported:
    """Return a function that reports progress at some moments, and returns what is written each time and at the end.

    Moments are seconds since the beginning of the step.
    """

    def report(*moments: float, total: int = 8, terminal: bool = True) -> tuple[list[str], str]:
        clock = iter((100.0, *(100 + moment for moment in moments)))
        monkeypatch.setattr(prompts, "time", SimpleNamespace(monotonic=lambda: next(clock)))
        monkeypatch.setattr(output, "terminal", lambda stream=None: terminal)
        written = []
        with prompts.progress("reading") as tick:
            for number, _ in enumerate(moments, 1):
                tick(number, total)
                written.append(capsys.readouterr().err)
        left = capsys.readouterr()
        assert left.out == ""
        return written, left.err

    return report


def test_progress_is_shown_after_a_second_ten_times_a_second_and_wiped_away(reported: Reported) -> None:
    written, left = reported(0.5, 1.0, 1.05, 1.125)
    assert written == ["", "\rreading 25 %", "", "\rreading 50 %"]
    assert left == "\r"


def test_progress_of_a_step_without_a_known_end_is_a_number(reported: Reported) -> None:
    assert reported(1.0, 2.0, total=0)[0] == ["\rreading 1", "\rreading 2"]


@pytest.mark.parametrize(("moment", "terminal"), [(0.5, True), (9.0, False)], ids=["short", "not at a terminal"])
def test_no_progress_of_a_short_step_or_into_a_file_is_shown(reported: Reported, moment: float, terminal: bool) -> None:
    assert reported(moment, terminal=terminal) == ([""], "")


def test_a_step_shows_its_label_only_after_a_second(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    acts: list[str] = []

    def timer(seconds: float, then: Callable[[], None]) -> SimpleNamespace:
        acts.append(f"{then.__name__} after {seconds} s")
        return SimpleNamespace(**{name: lambda name=name: acts.append(name) for name in ("start", "cancel", "join")})

    monkeypatch.setattr(threading, "Timer", timer)
    monkeypatch.setattr(output, "terminal", lambda stream=None: True)
    with prompts.working("reading"):
        assert acts == ["show after 1 s", "start"]
    assert acts[2:] == ["cancel", "join"]
    assert capsys.readouterr() == ("", "")


class _Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stdin", "asked"), [(_Keyboard(), True), (io.StringIO(), False), (None, False)], ids=["terminal", "file", "closed"]
)
def test_a_person_can_be_asked_at_a_terminal_alone(
    stdin: io.StringIO | None, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    assert prompts.attended() is asked


def test_a_step_that_cannot_be_undone_is_asked_for_on_stderr_and_given_up_on_no(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", _Keyboard("y\nn\n"))
    prompts.confirm("the key is destroyed", yes=False)
    with pytest.raises(click.Abort):
        prompts.confirm("the key is destroyed", yes=False)
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.count("the key is destroyed. Go on? [y/N]") == 2
