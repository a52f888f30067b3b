"""Read `story.json`, which `comity play` writes into the ledger of a story: names of orders, and the story's clock."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from ledger.errors import LedgerError


def read_story(folder: str) -> dict[str, Any]:
    """Return the content of the file; empty for every other ledger. Raises `LedgerError` STORY-FILE."""
    import json

    path = os.path.join(folder, "story.json")
    try:
        with open(path, encoding="utf-8") as file:
            story: dict[str, Any] = json.load(file)
        _check(story)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise LedgerError("STORY-FILE", f"{path}: {error}", "play the story again") from None
    return story


def _check(document: Any) -> None:
    """Raise ValueError unless it is what `play` writes: names of orders and entries, and a clock."""
    from ledger.entries.case import instant

    if not isinstance(document, dict) or not all(isinstance(document.get(n, {}), dict) for n in ("orders", "entries")):
        raise ValueError("not the object that is written there")
    names = [*document.get("orders", {}).values(), document.get("clock", "")]
    if not all(isinstance(name, str) for name in names):
        raise ValueError("a name, or a clock, that is no text")
    if not all(isinstance(inner, dict) for inner in document.get("entries", {}).values()):
        raise ValueError("entries that are no object")
    if "clock" in document:
        instant(document["clock"])


def clock_of(folder: str) -> datetime | None:
    """Return the moment (UTC) that a story has reached; None if the ledger is not a test ledger."""
    clock = read_story(folder).get("clock") if os.path.exists(os.path.join(folder, "TEST")) else None
    if clock is None:
        return None
    from ledger.entries.case import instant

    return instant(clock)
