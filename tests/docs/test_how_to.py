"""The program still does what the how-to guides show: each is typed in a copy of the first tutorial's ledger."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.sessions import type_page, typed_lines

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [page for page in sorted((DOCS / "how-to").glob("*.md")) if any(w == "office" for w, *_ in typed_lines(page))]


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folders that result from typing the first tutorial."""
    root = tmp_path_factory.mktemp("tutorial")
    with pytest.MonkeyPatch.context() as patch:
        assert type_page(DOCS / "tutorial" / "first-ledger.md", root, patch) > 14
    return root


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_how_to_is_typed_as_it_stands(
    page: Path, tutorial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "typed"
    shutil.copytree(tutorial, root)
    assert type_page(page, root, monkeypatch) > 0
