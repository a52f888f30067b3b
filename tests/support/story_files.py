"""The shipped stories. Each file is read once in a process; a test must not change what is returned."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cli.stories.model import Story, read_story
from ledger.entries.case import Case
from tests.support.scenarios import case_from_story

STORIES = Path(__file__).parents[2] / "fixtures" / "stories"
STORY_NAMES = tuple(sorted(path.stem for path in STORIES.glob("*.toml")))


@cache
def source(name: str) -> Mapping[str, Any]:
    """Return the tables of a story file as TOML has them."""
    return tomllib.loads((STORIES / f"{name}.toml").read_text("utf-8"))


@cache
def cases(name: str) -> Mapping[str, Case]:
    """Return the orders of a story by name, each with all the register."""
    return case_from_story(source(name))


@cache
def story(name: str) -> Story:
    """Return a story as the player reads it."""
    return read_story((STORIES / f"{name}.toml").read_bytes(), name)
