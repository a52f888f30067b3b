"""Every command that the program prints can be pasted into a shell: it means the values that were filled in.

The messages are read from the source: each text with `comity COMMAND` in it. Each value is replaced by a nasty one,
quoted where the source calls a function of `ledger.command_line`, and raw where it does not.
"""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from cli.app import comity
from cli.click_extensions import Group
from ledger.command_line import command_line, quoted, quoted_order, quoted_path

ROOT = Path(__file__).parents[2]
NASTY = ("530 Js 1187/26", 'O\'Neil "x"', "$HOME `id`; *", "Müller–Łukasiewicz §", "a\\b #7", "")
WORD = "530 Js 'x' \"$HOME\" ü"  # one value with all of it
QUOTING = {"quoted", "quoted_path", "quoted_order", "command_line"}
WORDS = {
    "anchor",
    "answers",
    "changed",
    "roles",
    "where",
    "ACCESS_PARTS",
    "PARTS",
}  # several words, quoted where they are made
NO_COMMAND = ("comity story", "made by comity", "comity play\n")
START = re.compile(r"\bcomity (?=[a-z])")
END = re.compile(r"`|;|, |: |\n|\)$|\. |\|| > | \.\.\.|\.$")


class Printed(NamedTuple):
    """One command of a message: its place in the source, its text for a shell, and the values that it must mean."""

    place: str
    text: str
    values: tuple[str, ...]


@cache
def printed() -> tuple[Printed, ...]:
    """Return every command in the texts of the program."""
    return tuple(sorted({*_read()}))


def _read() -> Iterator[Printed]:
    for top in ("cli", "comity", "ledger", "projections", "server"):
        for path in sorted((ROOT / top).rglob("*.py")):
            source = path.read_text("utf-8")
            if "comity " in source:
                yield from _in_module(ast.parse(source), str(path.relative_to(ROOT)))


def _in_module(tree: ast.Module, place: str) -> Iterator[Printed]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    skipped: set[ast.AST] = set()
    ready = {*WORDS, *_assigned(tree)}
    for node in ast.walk(tree):
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr):
            skipped.add(node.body[0].value)  # a docstring
        if isinstance(node, ast.JoinedStr):
            skipped.update(node.values)
        if node in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            yield from _commands(_filled(node, ready), f"{place}:{node.lineno}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _commands([(node.value, None)], f"{place}:{node.lineno}")


def _quotes(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in QUOTING


def _assigned(tree: ast.Module) -> Iterator[str]:
    """Yield the names of a module that are assigned a quoted word."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            targets = target.elts if isinstance(target, ast.Tuple) else [target]
            values = value.elts if isinstance(value, ast.Tuple) else [value]
            named = zip(targets, values, strict=False)  # a call may return a tuple
            yield from (name.id for name, made in named if isinstance(name, ast.Name) and _quotes(made))


def _filled(text: ast.JoinedStr, ready: set[str]) -> list[tuple[str, str | None]]:
    """Return the parts of a message: text with None, or a filled-in text with the value that it must mean."""
    parts: list[tuple[str, str | None]] = []
    for part in text.values:
        if isinstance(part, ast.Constant):
            parts.append((str(part.value), None))
        elif isinstance(part, ast.FormattedValue):
            if _quotes(part.value):
                parts.append((quoted(WORD), WORD))
            elif isinstance(part.value, ast.Name) and part.value.id in ready:
                parts.append(("READY", None))
            else:
                parts.append((WORD, WORD))
    return parts


def _commands(parts: list[tuple[str, str | None]], place: str) -> Iterator[Printed]:
    whole = "".join(text for text, _ in parts)
    if any(each in whole for each in NO_COMMAND):
        return
    constant = "".join(text if value is None else "\0" * len(text) for text, value in parts)  # its ends are no ends
    starts = []
    at = 0
    for text, value in parts:
        starts.append((at, at + len(text), value))
        at += len(text)
    for found in START.finditer(constant):
        end = END.search(constant, found.end())
        stop = end.start() if end else len(constant)
        values = tuple(v for a, b, v in starts if v is not None and found.end() <= a and b <= stop)
        yield Printed(place, whole[found.start() : stop], values)


def test_the_messages_of_the_program_are_read() -> None:
    assert len(printed()) > 300
    assert sum(bool(each.values) for each in printed()) > 35


def test_a_printed_command_means_the_values_that_were_filled_in() -> None:
    """One shell gets every command, and prints the words that it would have started the program with."""
    filled = [each for each in printed() if each.values]
    lines = ["comity() { for word in \"$@\"; do printf '%s\\0' \"$word\"; done; printf '\\0\\n\\0'; }"]
    for each in filled:
        words = _split(each.text)
        assert words is not None, f"{each.place}: {each.text}"
        assert {*each.values} <= {*words, *(word.partition("=")[2] for word in words)}, f"{each.place}: {each.text}"
        lines.append(each.text)
    done = subprocess.run(["sh", "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    said = [block.split("\0")[:-1] for block in done.stdout.split("\0\n\0")][:-1]
    assert len(said) == len(filled)
    for each, said_words in zip(filled, said, strict=True):
        assert said_words == (_split(each.text) or [])[1:], each.place


def _split(text: str) -> list[str] | None:
    try:
        return shlex.split(text)
    except ValueError:
        return None


def test_a_printed_command_exists_and_has_the_options_that_it_is_printed_with() -> None:
    wrong = [f"{each.place}: {each.text}" for each in printed() if not _known(each.text)]
    assert wrong == []


def _known(text: str) -> bool:
    words = (_split(text) or text.split())[1:]
    command: click.Command = comity
    context = click.Context(comity, info_name="comity")
    while isinstance(command, Group) and words and words[0] in command.table:
        found = command.get_command(context, words.pop(0))
        assert found is not None
        command = found
    if command is comity:
        return False
    if isinstance(command, Group):
        default = command.get_command(context, "") if command.otherwise else None
        command = default or command
    options = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    return {word.partition("=")[0] for word in words if re.match("--[a-z]|-[a-z]$", word)} <= {
        *options,
        "--help",
        "--json",
    }


# -- the functions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", NASTY)
def test_a_word_is_read_back_by_a_shell_as_it_was(value: str) -> None:
    line = command_line("judge", value)
    assert shlex.split(line) == ["comity", "judge", value]
    assert subprocess.run(["sh", "-c", f"printf %s {quoted(value)}"], capture_output=True, check=True).stdout == (
        value.encode()
    )


def test_a_path_or_a_name_that_begins_with_a_dash_is_read_as_no_option() -> None:
    assert quoted_path("-x.zip") == "./-x.zip"
    assert quoted_path(Path("a b")) == "'a b'"
    assert quoted_order("0123456789", None, "-x", "530 Js") == "'530 Js'"
    assert quoted_order("0123456789", "-x", None) == "01234567"
