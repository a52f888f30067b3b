"""A first ledger: what docs/tutorial/first-ledger.md shows is what happens."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.app import comity

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial" / "first-ledger.md").read_text("utf-8")
FILE = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
SESSION = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"^office \$ ([^\n#]+?)(?:  # exit (\d+))?\n(.*?)(?=^office \$ |\Z)", re.MULTILINE | re.DOTALL)


def test_the_tutorial_is_typed_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in FILE.findall(PAGE):
        Path(name).write_text(content, "utf-8")
    env = {"HOME": str(tmp_path), "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": "", "NO_COLOR": "1", "COLUMNS": "80"}
    lines = [line for session in SESSION.findall(PAGE) for line in TYPED.findall(session)]
    assert len(lines) > 17
    for command, code, shown in lines:
        words = shlex.split(command)
        if words[0] == "export":
            env |= dict([words[1].split("=", 1)])
            continue
        ended = CliRunner().invoke(comity, words[1:], env=env)
        assert ended.exit_code == int(code or 0), f"{command}: {ended.output}"
        assert doctest.OutputChecker().check_output(shown, ended.output, doctest.ELLIPSIS), f"{command}\n{ended.output}"
