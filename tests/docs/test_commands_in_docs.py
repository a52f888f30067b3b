"""Every command that a help page or a document shows can be typed: the command and its options exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.app import comity
from cli.click_extensions import Group
from cli.commands.man import walk

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *(
        page
        for folder in ("tutorial", "how-to", "explanation")
        for page in sorted((ROOT / "docs" / folder).glob("*.md"))
    ),
]
BLOCK = re.compile(r"^```(?:console|sh|bash|)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^(?:\w+ )?(?:\$ )?(comity .*)$", re.MULTILINE)
NOTE = re.compile(r"  +[(#].*$")  # an explanation after an example, and the exit code of a session


def shown() -> Iterator[tuple[str, str]]:
    """Yield every example of a help page, and every command in a block of a document, with its place."""
    for path, cmd in walk((), comity):
        for example in getattr(cmd, "examples", ()):
            yield f"comity {' '.join(path)} --help", example
    for page in PAGES:
        for block in BLOCK.findall(page.read_text("utf-8").replace("\\\n", " ")):
            for line in LINE.findall(block):
                if "..." not in line and "[" not in line:
                    yield str(page.relative_to(ROOT)), line


SHOWN = sorted({*shown()})


def words_of(line: str) -> list[str]:
    """Return the words of a command: without notes, redirections, pipes, and what a shell puts in."""
    line = re.sub(r"\$\([^)]*\)", "VALUE", NOTE.sub("", line))
    words = shlex.split(line, comments=False)
    ends = [n for n, word in enumerate(words) if word in (">", "|", "<", "&&", ";") or re.match(r"[0-9]?[<>]", word)]
    return words[1 : ends[0] if ends else None]


@pytest.mark.parametrize(("place", "line"), SHOWN, ids=[f"{place}: {line[:60]}" for place, line in SHOWN])
def test_a_command_that_is_shown_can_be_typed(place: str, line: str) -> None:
    if not line.startswith("comity "):
        return  # a line for a shell, such as eval "$(comity completion bash)"
    command: click.Command = comity
    context = click.Context(comity, info_name="comity")
    words = words_of(line)
    while isinstance(command, Group) and words and words[0] in command.table:
        found = command.get_command(context, words.pop(0))
        assert found is not None
        command = found
    if isinstance(command, Group):
        default = command.get_command(context, "") if command.otherwise else None
        if default is None:
            assert not words or words[0].startswith("-"), f"{place}: {line}"
            return
        command = default
    options = {name: option for option in command.params if isinstance(option, click.Option) for name in option.opts}
    options |= {"--help": click.Option(["--help"], is_flag=True), "-h": click.Option(["-h"], is_flag=True)}
    parser = iter(words)
    for word in parser:
        name = word.partition("=")[0] if word.startswith("--") else word
        if not name.startswith("-") or name in ("-", "--"):
            continue
        assert name in options, f"{place}: {line}: no option {name}"
        option = options[name]
        if not option.is_flag and "=" not in word:
            value = next(parser, None)
            assert value is not None, f"{place}: {line}: {name} has no value"
            if isinstance(option.type, click.Choice) and value.islower():
                assert value in option.type.choices, f"{place}: {line}: {name} {value}"
