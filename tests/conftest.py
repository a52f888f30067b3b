"""Keep what tests write in memory, ask no speed of a property test, report the seed of the random order."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings

from tests.temporary_folder import temporary_folder

# How fast a machine draws or tries an example decides nothing: a busy one would fail a test that holds.
settings.register_profile("whole", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("sample", settings.get_profile("whole"), max_examples=25)
if settings.get_current_profile_name() == "default":  # tests/mutate/plugin.py has chosen its own
    settings.load_profile("sample")  # `make slow` asks for the other one


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
