"""The console script: Ctrl-C ends it silently while it is imported, and what the caller ignores stays ignored."""

from __future__ import annotations

import importlib.metadata
import signal
from collections.abc import Callable
from typing import Any

import pytest

from cli import app, start
from cli.version import tool


def begin() -> None:
    """Run the console script, whose program returns here."""
    run: Callable[[], None] = start.main
    run()


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the handlers that are set while the program starts; the program itself does nothing."""
    found: list[Any] = []
    monkeypatch.setattr(app.comity, "main", lambda: found.append("runs"))
    monkeypatch.setattr(signal, "signal", lambda number, handler: found.append((number, handler)))
    return found


def test_ctrl_c_has_its_default_during_the_imports_and_is_an_exception_afterwards(
    handlers: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.default_int_handler)
    begin()
    assert handlers == [(signal.SIGINT, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler), "runs"]


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL, None])
def test_a_signal_that_the_caller_handles_is_left_alone(
    handlers: list[Any], handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "getsignal", lambda number: handler)
    begin()
    assert handlers == ["runs"]


def test_the_program_names_its_version_or_says_that_it_runs_from_source(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tool() == f"comity {importlib.metadata.version('comity')}"

    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    assert tool() == "comity, from its source"
