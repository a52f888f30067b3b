"""A ledger with two offices, in which entries are recorded over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import House


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    made = House(tmp_path).begun().with_office("ilves", "ISS").with_office("skylark", "SP")
    for name, value in made.env.items():
        monkeypatch.setenv(name, value)
    return made
