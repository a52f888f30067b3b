"""Every command prints of a story what was reviewed; `python -m tests.transcripts` after a change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transcripts import FILES, said


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_commands_say_of_a_story_what_was_read_and_kept(file: Path, tmp_path: Path) -> None:
    kept = file.read_text("utf-8")
    assert said(kept, tmp_path).split("\n$ ") == kept.split("\n$ ")
