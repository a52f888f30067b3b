"""Ledgers of many offices in one folder, with the trust in each: made of stories, each with a separate origin."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from cli.stories.model import read_story
from cli.stories.player import origin_of, play_story

STORIES = Path(__file__).parents[2] / "fixtures" / "stories"
TEXT = (STORIES / "S2.toml").read_text("utf-8")


def make_ledgers(folder: Path, count: int) -> list[str]:
    """Make `count` ledgers in folder/ledgers, and a trust folder for each in folder/trust; return their origins."""
    origins = []
    for number in range(count):
        name = f"office-{number:02}"
        text = TEXT.replace('story           = "S2"', f'story           = "{name}"')
        assert text != TEXT
        story = read_story(text.encode(), name)
        path = folder / "ledgers" / name
        play_story(story, path)
        shutil.copytree(path / "trust", folder / "trust" / name)
        origins.append(origin_of(story))
    return origins


def change_an_entry(ledger: Path) -> None:
    """Change one byte of a stored entry, as a person with the file can: the schema stays what it was."""
    with closing(sqlite3.connect(ledger / "entries.db")) as c:
        (guard,) = c.execute("SELECT sql FROM sqlite_schema WHERE name = 'stored_events_update'").fetchone()
        row, raw = c.execute("SELECT rowid, state FROM stored_events ORDER BY rowid DESC LIMIT 1 OFFSET 1").fetchone()
        c.execute("DROP TRIGGER stored_events_update")
        c.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (raw[:200] + b"X" + raw[201:], row))
        c.execute(guard)
        c.commit()


def trust_options(folder: Path) -> list[str]:
    """Return the options that name the trust in every ledger of the folder."""
    return [part for path in sorted((folder / "trust").iterdir()) for part in ("--trust", str(path))]
