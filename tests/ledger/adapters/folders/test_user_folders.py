"""The folders of a user's files follow the XDG base directory specification."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.adapters.folders.user_folders import Home


def test_a_base_directory_that_is_named_relative_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, "elsewhere")
    assert Home.user().state == tmp_path / ".local/state/comity"
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable)
    assert Home.user().state == tmp_path / ".local/state/comity"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert Home.user().state == tmp_path / "state/comity"
