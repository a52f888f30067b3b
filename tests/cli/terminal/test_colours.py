"""Colours are sent where a person looks, unless somebody said otherwise."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.terminal import output
from cli.terminal.output import colourful, counted, file_name, in_one_line, jsonable, named, paint, plain, terminal


def stream(*, attended: bool) -> Any:
    return SimpleNamespace(isatty=lambda: attended)


@pytest.mark.parametrize(
    ("choice", "env", "attended", "shown"),
    [
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, False, True),
        ("never", {}, True, False),
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": ""}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"TERM": "xterm"}, True, True),
    ],
)
def test_colours_are_sent_to_a_terminal_that_takes_them(
    choice: str, env: dict[str, str], attended: bool, shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(output, "said", lambda: SimpleNamespace(color=choice))
    assert colourful(stream(attended=attended)) is shown


def test_a_stream_that_was_closed_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    assert not terminal()
    assert terminal(stream(attended=True))
    assert not terminal(stream(attended=False))


@pytest.mark.parametrize(
    ("text", "style", "painted"),
    [
        ("V", None, "\x1b[31m\x1b[1mV\x1b[0m"),
        ("[sealed]", None, "\x1b[2m[sealed]\x1b[0m"),
        ("V", "green", "\x1b[32mV\x1b[0m"),
        ("x", "strike", "\x1b[9mx\x1b[0m"),
        ("x", None, "x"),
    ],
)
def test_a_word_has_the_colour_of_its_meaning_or_the_given_one(
    text: str, style: str | None, painted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "colourful", lambda: True)
    assert paint(text, style) == painted
    assert named(painted) == painted, "our own colours are kept"
    monkeypatch.setattr(output, "colourful", lambda: False)
    assert paint(text, style) == text


def test_what_would_control_a_terminal_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "colourful", lambda: True)
    assert named("a\x1b[31mb\x1b[0mc\x07") == "a\x1b[31mb\x1b[0mc<U+0007>"
    assert named("a\x1b[8mb") == "a<U+001B>[8mb"
    monkeypatch.setattr(output, "colourful", lambda: False)
    assert named("a\x1b[31mb") == "a<U+001B>[31mb"
    assert named("a\tb\nc") == "a\tb\nc"
    assert in_one_line("a\tb\nc") == "a<U+0009>b<U+000A>c"
    assert file_name("/x/a\x1bb\nc") == "a<U+001B>b<U+000A>c"
    assert file_name("/x/\udcff") == "\\udcff"


def test_a_number_has_its_noun_in_the_right_form() -> None:
    assert [counted(n, "order") for n in (0, 1, 2)] == ["0 orders", "1 order", "2 orders"]
    assert [counted(n, "entry", "entries") for n in (0, 1, 2)] == ["0 entries", "1 entry", "2 entries"]


def test_values_are_written_for_people_and_for_programs() -> None:
    sealed: Any = SimpleNamespace(name="WITHHELD")
    erased: Any = SimpleNamespace(name="ERASED")
    assert [plain(each) for each in (sealed, erased, None, True, False, 3)] == [
        "[sealed]", "[erased]", "", "yes", "no", "3",
    ]  # fmt: skip
    assert plain({"a": [1, True], "b": None}) == "a=1, yes, b="
    assert jsonable({"a": (1, sealed), 2: {"x": None}}) == {"a": [1, "[sealed]"], "2": {"x": None}}
    assert jsonable({3}) == [3]
