"""What the README shows is what happens: every session in it is typed here, line by line."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SESSION = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (comity [^#\n]*?)\s*(?:# exit (\d+))?\n(.*?)(?=^\$ |\Z)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)\)")


def typed(command: str, folder: Path) -> tuple[int, str]:
    """Exit code, and all that is said on both streams, of a `comity` command."""
    program = [sys.executable, "-c", "from cli.app import main; main()", *shlex.split(command)[1:]]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("COMITY_")}
    env = alone | {"PYTHONPATH": str(ROOT), "HOME": str(folder), "NO_COLOR": "1"}
    done = subprocess.run(
        program, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.returncode, done.stdout


def test_there_is_a_session() -> None:
    assert sum(len(COMMAND.findall(session)) for session in SESSION.findall(README)) >= 5


@pytest.mark.parametrize("session", SESSION.findall(README))
def test_a_session_goes_as_it_is_shown(tmp_path: Path, session: str) -> None:
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    for command, code, shown in COMMAND.findall(session):
        ended, said = typed(command, tmp_path)
        assert ended == int(code or 0), f"{command}: {said}"
        assert doctest.OutputChecker().check_output(shown, said, doctest.ELLIPSIS), f"{command}\n{said}"


def test_every_file_the_readme_points_to_is_there() -> None:
    assert [name for name in LINK.findall(README) if not (ROOT / name).exists()] == []


def test_the_readme_is_one_page() -> None:
    assert len(README.splitlines()) <= 120
