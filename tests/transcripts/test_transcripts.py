"""Every command prints of a story what was reviewed; `python -m tests.transcripts` after a change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transcripts import FILES, said

CASES = [
    pytest.param(file, id=file.stem, marks=() if file.stem.startswith("S") else pytest.mark.slow) for file in FILES
]


@pytest.mark.slow
@pytest.mark.parametrize("file", CASES)
def test_commands_say_of_a_story_what_was_read_and_kept(file: Path, tmp_path: Path) -> None:
    kept = file.read_text("utf-8")
    assert said(kept, tmp_path).split("\n$ ") == kept.split("\n$ ")
