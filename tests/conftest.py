"""Report the seed of the random order after every run of the tests."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report the seed of the random order; `pytest -q` hides the header that names it."""
    seed = config.getoption("randomly_seed", None)
    if config.pluginmanager.hasplugin("randomly"):
        terminalreporter.write_line(f"random order: --randomly-seed={seed}")
