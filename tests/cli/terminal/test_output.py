"""The output in a terminal: no line is too wide, no value is cut, and colour alone carries no meaning."""

from __future__ import annotations

import json
import os
import re
import shlex
import threading
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.exit_codes import Exit
from cli.invocation import Invocation
from cli.session import ledger_choice
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer
from cli.terminal.table import ESCAPES, _shared, cells, fitted, fold, table, wrapped
from tests.support.cli import ledger_of, run

STORIES = {"S2": "main", "S6": "main", "landmark-microsoft-ireland": "first"}
WIDTHS = (80, 120)
TABLES = ("orders", "due", "custody {0}", "key list", "vocabulary", "law --parties")
PARAGRAPHS = (
    "show {0}",
    "judge {0}",
    "judge {0} --forum ECHR",
    "replay {0} --at 2027-03-16T00:00:00Z",
    "replay {0} --diff 2000-01-01T00:00:00Z..2027-03-16T00:00:00Z",
    "register {0}",
    "log --graph",
    "law SCA",
    "vocabulary order-issued",
)
OTHERS = ("timeline {0}", "timeline {0} --brackets", "log", "stats --art28", "stats --transparency --beside google")


@pytest.fixture(
    scope="module",
    params=[name if name.startswith("S") else pytest.param(name, marks=pytest.mark.slow) for name in STORIES],
)
def told_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    story = str(request.param)
    return ledger_of(story, tmp_path_factory.mktemp(story)), STORIES[story]


@pytest.fixture(autouse=True)
def at_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock stand still within a test: it compares what two runs print."""
    monkeypatch.setattr(ledger_choice, "now", cache(ledger_choice.now))


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let both streams be terminals, with a pager that prints everything."""
    monkeypatch.setattr(output, "terminal", lambda stream=None: True)
    monkeypatch.setattr(click, "echo_via_pager", lambda text, color: click.echo(text, color=color))


def seen(command: str, told_of: tuple[Path, str], width: int, **env: str) -> str:
    """Return the output of a command in a terminal of this width."""
    ledger, order = told_of
    done = run(*shlex.split(command.format(order)), ledger=ledger, COLUMNS=str(width), NO_COLOR="1", **env)
    assert done.exit_code in (0, 3), done.output
    return done.stdout


@pytest.mark.usefixtures("looked_at")
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("command", [*TABLES, *PARAGRAPHS, *OTHERS])
def test_no_line_is_wider_than_the_terminal(command: str, width: int, told_of: tuple[Path, str]) -> None:
    assert [line for line in seen(command, told_of, width).split("\n") if cells(line) > width] == []


@pytest.mark.parametrize("width", [40, *WIDTHS])
@pytest.mark.parametrize("command", TABLES)
def test_a_table_shows_every_letter_of_every_cell(
    command: str, width: int, told_of: tuple[Path, str], request: pytest.FixtureRequest
) -> None:
    rows = seen(command, told_of, width)
    headings = seen(f"{command} --format csv", told_of, width).split("\n")[0].split(",")
    request.getfixturevalue("looked_at")
    shown = letters(seen(command, told_of, width))
    assert letters(rows) <= shown
    if width >= 80 and rows:
        assert shown == letters(rows) + letters("".join(headings).replace("_", ""))


@pytest.mark.parametrize("command", PARAGRAPHS)
def test_the_words_in_a_terminal_are_those_that_are_piped(
    command: str, told_of: tuple[Path, str], request: pytest.FixtureRequest
) -> None:
    piped = seen(command, told_of, 80).replace("|", " ").split()
    request.getfixturevalue("looked_at")
    assert seen(command, told_of, 60).replace("|", " ").split() == piped


@pytest.mark.usefixtures("looked_at")
@pytest.mark.parametrize("command", [*TABLES, *PARAGRAPHS, *OTHERS[:3]])
def test_colour_says_nothing_that_words_do_not(command: str, told_of: tuple[Path, str]) -> None:
    ledger, order = told_of
    asked = (*shlex.split(command.format(order)), "--color", "always")
    painted = run(*asked, ledger=ledger, COLUMNS="80").stdout
    assert ESCAPES.sub("", painted) == seen(command, told_of, 80)


def test_a_long_answer_goes_to_a_pager_that_is_told_to_show_colours(
    monkeypatch: pytest.MonkeyPatch, told_of: tuple[Path, str]
) -> None:
    paged: list[tuple[Any, Any]] = []
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(output, "terminal", lambda stream=None: True)
    monkeypatch.setattr(click, "echo_via_pager", lambda text, color: paged.append((os.environ.get("LESS"), color)))
    ledger, _ = told_of
    run("vocabulary", ledger=ledger, COLUMNS="80", LINES="24")
    assert paged == [("-FRX", None)]
    run("orders", ledger=ledger, COLUMNS="80", LINES="24")
    assert len(paged) == 1


@pytest.mark.usefixtures("looked_at")
def test_a_list_of_nothing_says_so(told_of: tuple[Path, str]) -> None:
    done = run("counterparty", "list", ledger=told_of[0])
    assert (done.stdout, done.stderr) == ("", "nothing to list\n")


# -- folding -----------------------------------------------------------------------------------------------------------

TEXT = st.text("ab-, /_0é漢", max_size=30)


def letters(text: str) -> Counter[str]:
    """Count each character of a text, except white space."""
    return Counter("".join(text.split()))


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=5), st.integers(20, 90))
def test_a_table_of_any_width_loses_nothing_and_keeps_to_it(rows: list[list[str]], width: int) -> None:
    drawn = table(("one", "two", "three"), rows, width, str, str)
    assert letters("".join(map("".join, rows))) <= letters(drawn)
    assert all(cells(line) <= width for line in drawn.split("\n"))


@given(TEXT, st.integers(2, 20))
def test_a_folded_cell_is_the_cell(text: str, width: int) -> None:
    assert letters("".join(fold(text, width))) == letters(text)
    assert all(cells(line) <= width for line in fold(text, width))


@given(st.text("ab \n", max_size=200), st.integers(20, 60))
def test_a_fitted_text_has_the_same_words(text: str, width: int) -> None:
    assert fitted(text, width).split() == text.split()


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("    one two three four five", ["    one two three", "      four five"]),
        ("      one two three four", ["      one two three", "        four"]),
        ("one two three four  five", ["one two three four", "  five"]),
        ("one two three four     five six", ["one two three four", "  five six"]),
        ("one  " + "two " * 8, ["one  two two two two", "  two two two two"]),
        ("  a" + "b" * 30, ["  a" + "b" * 30]),
        ("a" * 10 + " " + "b" * 9 + "  " + "c" * 30, ["a" * 10 + " " + "b" * 9, "  " + "c" * 30]),
        ("one two three four five six  seven", ["one two three four", "  five six  seven"]),
        ("a" * 20, ["a" * 20]),
        ("a" * 18 + " b", ["a" * 18 + " b"]),
        ("a" * 18 + " bc", ["a" * 18, "  bc"]),
        ("", [""]),
    ],
)
def test_a_line_that_is_too_long_keeps_its_beginning_and_its_columns(line: str, lines: list[str]) -> None:
    assert fitted(line, 20).split("\n") == lines


@pytest.mark.parametrize(
    ("begins", "indent"),
    [("a  b  ", 6), ("aaaa   b      ", 14), ("a" * 14 + "  ", 16), ("a" * 15 + "  ", 2), ("a b ", 2)],
)
def test_a_long_line_goes_on_under_its_last_column_where_24_columns_are_left(begins: str, indent: int) -> None:
    first, second, *_ = fitted(begins + "two " * 12, 40).split("\n")
    assert first.startswith(begins.rstrip())
    assert second.startswith(" " * indent + "two")


def test_a_moment_breaks_before_its_hour_and_a_kind_at_its_hyphens() -> None:
    assert fold("2027-03-12T10:02:00Z", 12) == ["2027-03-12", "T10:02:00Z"]
    assert fold("additional-information-provided", 22) == ["additional-", "information-provided"]


def test_what_is_copied_is_not_broken() -> None:
    order, digest = "9ee263c9-5e8a-5f51-9bb0-33cd2ea3eee9", "a" * 64
    drawn = table(("order", "what", "which"), [(order, "a thing", digest)], 70, str, str)
    assert drawn.split("\n") == [f"order  {order}", "what   a thing", f"which  {digest[:63]}", f"       {digest[63:]}"]
    assert fitted(f"the digest is {digest}", 40).split("\n") == ["the digest is", f"  {digest}"]


@pytest.mark.parametrize(
    ("widest", "least", "room", "wide"),
    [
        pytest.param([4, 5], [1, 1], 9, [4, 5], id="all-fit"),
        pytest.param([30, 10], [5, 5], 20, [10, 10], id="the-widest-gives"),
        pytest.param([30, 20, 5], [5, 5, 5], 40, [18, 17, 5], id="two-of-a-width-give-in-turn"),
        pytest.param([30, 20], [28, 5], 40, [28, 12], id="none-gives-below-its-least"),
        pytest.param([5, 90], [5, 5], 20, [5, 15], id="one-is-wider-than-the-room"),
        pytest.param([9, 9], [4, 5], 9, [4, 5], id="each-at-its-least"),
    ],
)
def test_the_widest_column_that_can_shrink_gives_first(
    widest: list[int], least: list[int], room: int, wide: list[int]
) -> None:
    assert _shared(widest, least, room) == wide


def bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m"


def red(text: str) -> str:
    return f"\x1b[31m{text}\x1b[0m" if text in ("red", "two words") else text


def dim(text: str) -> str:
    return f"\x1b[2m{text}\x1b[0m"


def test_cells_have_the_colour_of_their_text_headings_are_bold_and_a_struck_row_keeps_the_colour_of_its_last() -> None:
    rows = [("red", "a", "red"), ("red", "b", "red")]
    assert table(("one", "two", "three"), rows, 40, red, bold, {1: dim}).split("\n") == [
        f"{bold('one')}  {bold('two')}  {bold('three')}",
        f"{red('red')}  a    {red('red')}",
        f"{dim('red')}  {dim('b')}    {red('red')}",
    ]


def test_a_row_that_is_a_block_has_a_line_for_each_value_and_none_for_an_empty_cell() -> None:
    rows = [("red", "", "a" * 30), ("red", "two words", "red")]
    assert table(("one", "second", "three"), rows, 20, red, bold, {1: dim}).split("\n") == [
        f"{bold('one')}     {red('red')}",
        f"{bold('three')}   {'a' * 12}",
        f"        {'a' * 12}",
        f"        {'a' * 6}",
        "",
        f"{bold('one')}     {dim('red')}",
        f"{bold('second')}  {dim('two words')}",
        f"{bold('three')}   {red('red')}",
    ]


def test_a_table_becomes_blocks_one_column_below_its_least_width() -> None:
    rows = [("aaaa", "bbbb bbbbb")]
    assert table(("x", "y"), rows, 11, str, str).split("\n") == ["x     y", "aaaa  bbbb", "      bbbbb"]
    assert table(("x", "y"), rows, 10, str, str).split("\n") == ["x  aaaa", "y  bbbb", "   bbbbb"]
    assert table(("x", "y"), [], 10, str, str) == "x  y"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("abc", 3),
        ("é", 1),
        ("e\u0301", 1),
        ("漢字", 4),
        ("Ａ", 2),
        (bold("漢a"), 3),
        ("\x1b[1;31mab\x1b[0m", 2),
    ],
)
def test_wide_letters_take_two_columns_and_marks_and_colours_none(text: str, columns: int) -> None:
    assert cells(text) == columns


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two", 7, ["one two"]),
        ("one two", 6, ["one", "two"]),
        ("one two ", 7, ["one two"]),
        ("abcdef", 3, ["abc", "def"]),
        ("abcdefg", 3, ["abc", "def", "g"]),
        ("漢字漢", 3, ["漢", "字", "漢"]),
        ("a,b/c_d", 2, ["a,", "b/", "c_", "d"]),
        ("well-known Well-Known", 6, ["well-", "known", "Well-K", "nown"]),
        ("", 5, [""]),
    ],
)
def test_a_cell_is_folded_where_it_may_be_broken_and_a_longer_piece_anywhere(
    text: str, width: int, lines: list[str]
) -> None:
    assert fold(text, width) == lines


def test_a_letter_that_is_wider_than_its_column_is_shown_all_the_same() -> None:
    assert [line for line in fold("漢字", 1) if line] == ["漢", "字"]


def test_a_paragraph_hangs_by_two_columns_under_its_mark_and_the_mark_keeps_its_colour() -> None:
    assert wrapped("one two-three four", bold("V"), 14) == [f"  {bold('V')} one", "    two-three", "    four"]
    assert wrapped("one two", "V1", 12, 0) == ["V1 one two"]


class _Pair(CommandAnswer, tag="comity.pair/1"):
    """An answer of two values."""

    name: str
    sizes: list[int]


ROWS = [("=a\tb", [1, 2]), ("c", None)]


@pytest.mark.parametrize(
    ("form", "columns", "printed"),
    [
        pytest.param(
            "jsonl",
            ("name", "sizes"),
            '{"name": "=a\\tb", "sizes": [1, 2]}\n{"name": "c", "sizes": null}\n',
            id="jsonl",
        ),
        pytest.param("csv", ("name", "sizes"), 'name,sizes\n\'=a\tb,"1, 2"\nc,\n', id="csv"),
        pytest.param("table", ("name", "sizes"), "=a<U+0009>b\t1, 2\nc\t\n", id="piped"),
        pytest.param("jsonl", (), '{"name": "d", "sizes": [3]}\n', id="jsonl-of-the-answer"),
        pytest.param("csv", (), "name,sizes\nd,3\n", id="csv-of-the-answer"),
        pytest.param("table", (), "d\t3\n", id="the-answer-piped"),
    ],
)
def test_rows_are_printed_in_the_format_of_the_command(
    form: str, columns: tuple[str, ...], printed: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(output, "said", lambda: Invocation(format=form))
    output.emit(_Pair("d", [3]), columns, ROWS if columns else ())
    assert capsys.readouterr().out == printed


def test_the_text_of_an_answer_takes_the_place_of_its_table_for_people_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for form, printed in (("table", "in words\n"), ("csv", "name,sizes\nd,3\n")):
        monkeypatch.setattr(output, "said", lambda form=form: Invocation(format=form))
        output.emit(_Pair("d", [3]), text=lambda: "in words")
        assert capsys.readouterr().out == printed


@pytest.mark.parametrize("colours", [True, False])
@pytest.mark.parametrize(("lines", "paged"), [(22, False), (23, False), (24, True), (25, True)])
def test_a_text_that_leaves_no_line_of_the_screen_for_the_prompt_is_paged(
    lines: int, paged: bool, colours: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages: list[Any] = []
    monkeypatch.setenv("LESS", "-X")
    monkeypatch.setattr(output, "terminal", lambda stream=None: True)
    monkeypatch.setattr(output, "colourful", lambda stream=None: colours)
    monkeypatch.setattr("shutil.get_terminal_size", os.terminal_size)  # no terminal has said its size
    monkeypatch.setattr(click, "echo_via_pager", lambda text, color: pages.append((text, color)))
    text = "a\n" * lines
    output.page(text)
    assert pages == ([(text.rstrip("\n"), None if colours else False)] if paged else [])
    assert capsys.readouterr().out == ("" if paged else text)
    assert os.environ["LESS"] == "-X"


@pytest.mark.parametrize("quiet", [True, False])
def test_with_quiet_only_errors_are_told(
    quiet: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "said", lambda: Invocation(quiet=quiet))
    output.tell("two\nin one")
    output.tell_line("a command")
    output.tell_next("7")
    output.tell("wrong", error=True)
    messages = [] if quiet else ["two<U+000A>in one", "a command", "there are more: --after 7"]
    assert capsys.readouterr().err.splitlines() == [*messages, "wrong"]


@pytest.mark.parametrize(("form", "cursor", "hinted"), [("csv", "7", True), ("json", "7", False), ("csv", None, False)])
def test_how_a_list_goes_on_is_told_where_the_answer_does_not_say_it(
    form: str, cursor: str | None, hinted: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "said", lambda: Invocation(format=form))
    output.tell_next(cursor)
    assert capsys.readouterr().err == ("there are more: --after 7\n" if hinted else "")


class _AtOnce:
    """A timer whose second is over at its start."""

    def __init__(self, _: float, then: Callable[[], None]) -> None:
        self.start = then

    def cancel(self) -> None: ...

    def join(self) -> None: ...


def test_what_takes_long_is_said_on_stderr_and_wiped_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(threading, "Timer", _AtOnce)
    with prompts.working("setting the paper"):
        pass
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(output, "terminal", lambda stream=None: True)
    with prompts.working("setting the paper"):
        assert capsys.readouterr() == ("", "\rsetting the paper")
    assert capsys.readouterr() == ("", "\r")


@pytest.mark.usefixtures("looked_at")
@pytest.mark.parametrize(
    ("env", "coloured"),
    [({"TERM": "xterm-256color"}, True), ({"TERM": "dumb"}, False), ({"TERM": "xterm", "NO_COLOR": "1"}, False)],
)
def test_a_terminal_that_is_dumb_gets_no_colour(
    env: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert output.colourful() is coloured
    assert ("\x1b[" in output.paint("MISSED")) is coloured


ODD = {
    "a\u202eb\x1b[2J.zip": "a<U+202E>b<U+001B>[2J.zip",
    "dir/a\nb\tc": "a<U+000A>b<U+0009>c",
    "b\udcff.zip": "b\\udcff.zip",
    "\x1b[0m": "<U+001B>[0m",
}


@pytest.mark.parametrize("path", list(ODD))
def test_the_name_of_a_file_on_a_paper_obeys_no_terminal_and_is_utf_8(path: str) -> None:
    assert output.file_name(path) == ODD[path]


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "{}"),
        ("check", "main", "{}"),
        ("report", "custody", "main", "-o", "{}/x.pdf"),
        ("report", "custody", "main", "--trust", "{}"),
        ("replay", "main", "--html", "{}/x.html"),
        ("record", "order-withdrawn", "main", "--as", "{}"),
        ("show", "{}"),
        ("{}",),
    ],
)
def test_a_typed_name_begins_no_line_of_a_message(words: tuple[str, ...], told_of: tuple[Path, str]) -> None:
    typed = [word.format("a\ncomity: TOTAL-PASSED\x1b[2J").replace("main", told_of[1]) for word in words]
    done = run(*typed, ledger=told_of[0])
    assert done.exit_code in (Exit.USAGE, Exit.UNDECIDABLE), done.output
    assert not re.search("^comity: TOTAL-PASSED", done.output, re.M)
    assert "\x1b" not in done.output
    assert "<U+000A>comity: TOTAL-PASSED<U+001B>[2J" in done.stderr or repr("a\ncomity")[1:-1] in done.stderr


@pytest.mark.parametrize("words", [("export", "main", "--format", "case", "-o"), ("replay", "main", "--html")])
def test_the_name_of_a_file_that_was_written_begins_no_line(
    words: tuple[str, ...], told_of: tuple[Path, str], tmp_path: Path
) -> None:
    order = [told_of[1] if word == "main" else word for word in words]
    done = run(*order, str(tmp_path / "a\nb"), ledger=told_of[0])
    assert done.exit_code == Exit.DONE, done.output
    assert "\nb" not in done.stderr


def test_json_has_the_name_of_a_file_that_is_not_utf_8() -> None:
    assert json.loads(output.dumps({"file": "b\udcff.zip"}).encode()) == {"file": "b\\udcff.zip"}


@pytest.mark.parametrize(("indent", "start", "later"), [(0, "- ", "  "), (2, "  - ", "    "), (4, "    - ", "      ")])
def test_a_paragraph_is_wrapped_at_eighty_columns(indent: int, start: str, later: str) -> None:
    room = 80 - len(start)
    assert wrapped(f"{'x' * (room - 2)} y", "-", indent=indent) == [f"{start}{'x' * (room - 2)} y"]
    assert wrapped(f"{'x' * (room - 1)} y", "-", indent=indent) == [f"{start}{'x' * (room - 1)}", f"{later}y"]


def test_without_a_word_on_it_a_paragraph_stands_two_columns_in_and_has_its_own_width() -> None:
    assert wrapped("a b", "-") == ["  - a b"]
    assert wrapped("a-b c", "-", 7) == ["  - a-b", "    c"], "a hyphen breaks no line"


def test_the_mark_of_a_paragraph_takes_its_columns_and_none_for_its_colour() -> None:
    marked = wrapped(f"{'x' * 74} y", "\x1b[1mab\x1b[0m", indent=0)
    assert marked == ["\x1b[1mab\x1b[0m " + "x" * 74 + " y"]
