"""The manual pages: one for every command, in man(7), with no text that troff would read as a request."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cli.app import comity
from cli.click_extensions import Command, Group
from cli.commands.man import SHARED, escaped, page, walk

REQUESTS = {".TH", ".SH", ".TP", ".PP", ".B", ".nf", ".fi"}


@given(st.text())
def test_no_text_is_taken_for_a_request_or_an_escape(text: str) -> None:
    line = escaped(text)
    assert "\n" not in line
    assert not line.startswith((".", "'"))
    assert re.fullmatch(r"(?:[^\\]|\\e|\\-|\\&|\\\(aq)*", line)


def test_every_command_has_a_page_with_its_examples_and_its_exit_codes(tmp_path: Path) -> None:
    folder = tmp_path / "share" / "man1"
    done = CliRunner().invoke(comity, ["man", "--all", str(folder)])
    assert done.exit_code == 0, done.output
    commands = {"-".join(("comity", *path)): cmd for path, cmd in walk((), comity)}
    assert {file.stem for file in folder.iterdir()} == set(commands)
    assert len(commands) > 50
    for name, cmd in commands.items():
        text = (folder / f"{name}.1").read_text()
        assert text.startswith(f".TH {name.upper()} 1 ")
        assert ".SH EXIT STATUS\n.TP\n.B 0\n" in text
        assert isinstance(cmd, Command | Group)
        assert all(escaped(example) in text.splitlines() for example in cmd.examples)
        assert all(escaped(paragraph) in text.splitlines() for paragraph in (cmd.help or "").split("\n\n"))
        assert {line.split()[0] for line in text.splitlines() if line.startswith(".")} <= REQUESTS


def test_a_page_is_printed_for_the_words_that_name_a_command_and_for_no_others() -> None:
    done = CliRunner().invoke(comity, ["man", "key", "new"])
    assert done.exit_code == 0
    assert done.output.startswith(".TH COMITY-KEY-NEW 1 ")
    wrong = CliRunner().invoke(comity, ["man", "key", "nothing"])
    assert wrong.exit_code == 2
    assert "no command 'key nothing'" in wrong.output


def test_a_page_lists_the_options_of_the_command_that_runs_and_the_commands_of_a_group() -> None:
    pages = {path: page(path, cmd).splitlines() for path, cmd in walk((), comity)}
    once, group, audit = (pages[words] for words in (("audit", "sign"), ("key",), ("audit",)))
    anew, whole = escaped("--anew"), next(line for line in once if line.startswith(f".B {escaped('--whole')}"))
    assert once.index(".SH OPTIONS") < once.index(whole) < once.index(".SH EXIT STATUS")
    assert f".B {anew}" in audit, "the group runs a command of its own"
    assert audit.index(".SH COMMANDS") < audit.index(".B take") < audit.index(".SH OPTIONS")
    assert ".SH COMMANDS" not in once
    assert f".B {anew}" not in group
    shared = [f".B {escaped(term)}" for term, _ in SHARED]
    assert [all(line in lines for line in shared) for lines in (once, group, audit)] == [True] * 3


def test_the_same_program_writes_the_same_page() -> None:
    assert page((), comity) == page((), comity)
