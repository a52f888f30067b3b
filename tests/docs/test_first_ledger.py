"""The program still does what docs/tutorial/first-ledger.md shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.sessions import type_page

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "first-ledger.md"


def test_the_tutorial_is_typed_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert type_page(PAGE, tmp_path, monkeypatch) > 14
