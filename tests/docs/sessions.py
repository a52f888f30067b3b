"""Type the console sessions of a Markdown page, as its reader would.

The word before `$` is the person, who types in a folder of that name, which is the person's home; no other setting is
made that the page does not type. `$(cat FILE)` and `> FILE` work as in a shell; a shell runs every command other than
`comity`. In the shown output `...` stands for
any text, `# exit N` after a command states its exit code, and a block ```` ```json title="FILE" ```` is a file of
the folder `office`, or of the folder with which its name begins.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.app import comity

FILE = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
SESSION = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"^(?:(\w+) )?\$ ([^\n]+?)(?: +# exit (\d+))?\n(.*?)(?=^(?:\w+ )?\$ |\Z)", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r" +# .*$")


def typed_lines(page: Path) -> list[tuple[str, str, int, str]]:
    """Return the typed lines of a page, as (person, command, exit code, shown output)."""
    sessions = SESSION.findall(page.read_text("utf-8"))
    return [
        (who, COMMENT.sub("", command), int(code or 0), shown)
        for session in sessions
        for who, command, code, shown in TYPED.findall(session)
    ]


def type_page(
    page: Path,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    instead: tuple[str, str] = ("", ""),
    before: Callable[[str, dict[str, dict[str, str]]], None] = lambda command, env: None,
) -> int:
    """Type the sessions of a page in folders below `root`, compare, and return the number of lines typed.

    The second text of `instead` is typed and expected in the place of the first. `before` is called with each command
    before it is typed, and with the environment of each person.
    """
    files = FILE.findall(page.read_text("utf-8"))
    env: dict[str, dict[str, str]] = {}
    lines = typed_lines(page)
    for who, command, code, shown in lines:
        home = root / who
        home.mkdir(exist_ok=True)
        files = [file for file in files if not _written(root, *file)]
        mine = env.setdefault(
            who, {"HOME": str(home), "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": "", "NO_COLOR": "1", "COLUMNS": "80"}
        )
        monkeypatch.chdir(home)
        command, shown = (text.replace(*instead) if instead[0] else text for text in (command, shown))
        before(command, env)
        ended, said = run(command, mine)
        assert ended == code, f"{page.name}: {command}: {said}"
        match = doctest.OutputChecker().check_output(shown, said, doctest.ELLIPSIS)
        assert match, f"{page.name}: {command}\n{said}"
    assert files == []
    return len(lines)


def _written(root: Path, name: str, content: str) -> bool:
    """Write a file that a page shows, and return True; False while the folder with which its name begins is missing."""
    file = root / name if "/" in name else root / "office" / name
    if file.parent.is_dir():
        file.write_text(content, "utf-8")
    return file.parent.is_dir()


def run(command: str, env: dict[str, str]) -> tuple[int, str]:
    """Run one command in the current folder and return its exit code and its output; `export` changes `env`."""
    command = re.sub(r"\$\(cat ([^)]+)\)", lambda found: Path(found[1]).read_text("utf-8").strip(), command)
    if command.startswith("export "):
        name, _, value = command.removeprefix("export ").partition("=")
        env[name] = value.replace("$PWD", os.getcwd())
        return 0, ""
    if not command.startswith("comity "):
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602 - our page
        return done.returncode, done.stdout + done.stderr
    command, _, into = command.partition(" > ")
    ended = CliRunner().invoke(
        comity, [word.replace("~/", env["HOME"] + "/") for word in shlex.split(command)[1:]], env=env
    )
    if into:
        Path(into.strip()).write_text(ended.stdout, "utf-8")
        return ended.exit_code, ended.stderr
    return ended.exit_code, ended.output
