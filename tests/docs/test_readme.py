"""The program still does what the README shows: every session is typed, line by line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.sessions import type_page

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "README.md"
README = PAGE.read_text(encoding="utf-8")
PICTURE = re.compile(r"!\[[^\]]+\]\(([^)]+)\)")


def test_the_sessions_go_as_they_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    assert type_page(PAGE, tmp_path, monkeypatch) == 11


def test_its_pictures_are_small() -> None:
    pictures = [ROOT / name for name in PICTURE.findall(README)]
    assert len(pictures) == 4
    assert [picture.name for picture in pictures if picture.stat().st_size > 150_000] == []


def test_the_readme_is_one_page() -> None:
    assert len(README.splitlines()) <= 120
