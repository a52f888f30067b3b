"""Make the examples in docs/examples by the commands that its table names: `make examples`.

Keys and clock of a story are simulated, so the same code writes the same pages. HTML files have the plain style: the
built one is other people's code, which is not committed.
"""

from __future__ import annotations

import re
import shlex
import shutil
from contextlib import chdir, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from projections.render import html
from tests.support.cli import STORIES, run

PLACE = Path(__file__).parents[2] / "docs" / "examples"
ROW = re.compile(r"^\| \[(\S+)\]\(\S+\) \| (.+) \|$", re.MULTILINE)
COMMAND = re.compile(r"`(comity [^`]+)`")


def rows() -> dict[str, list[str]]:
    """Return each example with its commands, in the order of the table; later ones use the files of earlier ones."""
    return {name: COMMAND.findall(how) for name, how in ROW.findall((PLACE / "README.md").read_text("utf-8"))}


def made(folder: Path, *, plain: bool = True) -> dict[str, Path]:
    """Make every example in an empty folder, and return the files by name; `plain` is the style of HTML files."""
    with patch.object(html, "built", lambda page: "") if plain else nullcontext():
        return _made(folder)


def _made(folder: Path) -> dict[str, Path]:
    for story in STORIES.glob("*.toml"):
        (folder / story.name).symlink_to(story)
    with chdir(folder):
        for commands in rows().values():
            for command in commands:
                done = run(*shlex.split(command)[1:])
                assert done.exit_code in (0, 3), f"{command}\n{done.output}"
    return {name: folder / name for name in rows()}


if __name__ == "__main__":
    with TemporaryDirectory() as scratch:
        for name, file in made(Path(scratch)).items():
            shutil.copyfile(file, PLACE / name)
