"""Keep what tests write in memory; report the seed of the random order after every run of the tests."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from tests.temporary_folder import temporary_folder


def pytest_configure(config: pytest.Config) -> None:
    """Give the run and its workers one folder, deleted after it; with `TMPDIR` set, what tests leave stays there."""
    if "TMPDIR" not in os.environ:
        folder = ExitStack()
        folder.enter_context(temporary_folder())
        config.add_cleanup(folder.close)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect no garbage among half a million objects of tests that live until the end: a fifth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report the seed of the random order; `pytest -q` hides the header that names it."""
    seed = config.getoption("randomly_seed", None)
    if config.pluginmanager.hasplugin("randomly"):
        terminalreporter.write_line(f"random order: --randomly-seed={seed}")
