"""What commands print about whole stories, kept as sessions: `python -m tests.transcripts` writes them anew.

A file here is a session in a folder with every story: each line that begins with `$ comity` is a command. Its
output is below it, and `[3]` is its exit code unless that is 0. `| text` shows the words of a page alone, `|
drawings` its drawings, `| no root` the output without the root of a log in which an id was drawn. Keys and clock of a
story are simulated, so the same code prints the same. The clock that `play` leaves behind is set far ahead, so what is
as of now is the same on every day.
"""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

from tests.support.cli import STORIES, run

PLACE = Path(__file__).parent
FILES = sorted(PLACE.glob("*.txt"))
COMMAND = re.compile(r"^\$ comity (.+)$", re.MULTILINE)
ROOT = re.compile(r'[0-9A-Za-z+/]{43}=|(?<="root": ")[0-9a-f]{64}')
NOW = "2040-01-01T00:00:00Z"
UNSEEN = re.compile(r"<(style|script)\b.*?</\1>|<[^>]*>", re.DOTALL)


def said(session: str, folder: Path) -> str:
    """Return the session as it goes today, in an empty folder."""
    for story in STORIES.glob("*.toml"):
        (folder / story.name).symlink_to(story)
    with chdir(folder):
        return "\n".join(_typed(line, folder / "ledger") for line in COMMAND.findall(session))


def _typed(line: str, ledger: Path) -> str:
    command, _, shown = line.partition(" | ")
    result = run(*shlex.split(command), ledger=None if command.startswith("play") else Path(ledger.name))
    if command.startswith("play"):
        story = ledger / "story.json"
        story.write_text(json.dumps(json.loads(story.read_text("utf-8")) | {"clock": NOW}), "utf-8")
    words = FILTERS[shown](result.output)
    ended = f"[{result.exit_code}]\n" if result.exit_code else ""
    return f"$ comity {line}\n{words.rstrip()}\n{ended}"


def _drawings(page: str) -> str:
    return "\n".join(re.findall(r"<svg\b.*?</svg>", page, re.DOTALL))


def _words(page: str) -> str:
    """Return the words of a page as its reader sees them, one line for each line that has any."""
    seen = html.unescape(UNSEEN.sub(" ", page))
    return "\n".join(line for line in (" ".join(line.split()) for line in seen.splitlines()) if line)


def _no_root(page: str) -> str:
    return ROOT.sub("ROOT", _words(page) if "<html" in page else page)


FILTERS: dict[str, Callable[[str], str]] = {"": str, "text": _words, "drawings": _drawings, "no root": _no_root}
