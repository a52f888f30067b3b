"""Print answers: tables, JSON, CSV, colours, the pager.

stdout carries the result, stderr the messages. Slow modules are imported only where they are needed.
"""

from __future__ import annotations

import csv
import io
import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

import click

from cli.invocation import said
from cli.terminal import table as grid
from cli.terminal.table import wrapped as wrapped

if TYPE_CHECKING:
    from msgspec import Struct

    from cli.terminal.answer import CommandAnswer


COLOURS = {
    "MET": "green",
    "MISSED": "bold red",
    "OPEN": "yellow",
    "UNDETERMINED": "magenta",
    "NOT-RUNNING": "dim",
    "DEMONSTRATED": "green",
    "CONTRADICTED": "bold red",
    "GAP": "yellow",
    "NOT_APPLICABLE": "dim",
    "V": "bold red",
    "W": "yellow",
    "F": "yellow",
    "G": "magenta",
    "TOTAL-PASSED": "green",
    "TOTAL-FAILED": "bold red",
    "CONSISTENT": "green",
    "INCONSISTENT": "bold red",
    "UNDECIDED": "yellow",
    "INDETERMINATE": "yellow",
    "[sealed]": "dim",
    "[erased]": "dim",
}


def colourful(stream: IO[str] | None = None) -> bool:
    """Return True if colours may be sent: by --color, then NO_COLOR (no-color.org) and TERM=dumb, then the stream."""
    choice = said().color
    if choice != "auto":
        return choice == "always"
    return "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb" and terminal(stream)


def terminal(stream: IO[str] | None = None) -> bool:
    """Return True if the stream (by default stdout) is a terminal, and not a file or a pipe."""
    stream = stream or sys.stdout
    return stream is not None and stream.isatty()  # it is None if it was closed before the program began


def paint(text: str, style: str | None = None) -> str:
    """Return `text` in the colour of its meaning, or in `style`, where colours may be shown."""
    chosen = style or COLOURS.get(text)
    if not chosen or not colourful():
        return text
    words = chosen.split()
    colour = next((w for w in words if w not in ("bold", "dim", "strike")), None)
    bold, dim, strike = ("bold" in words or None), ("dim" in words or None), ("strike" in words or None)
    return click.style(text, fg=colour, bold=bold, dim=dim, strikethrough=strike)


# Characters that control a terminal (C0 but for tab and line feed, DEL, C1), set the direction of text, or end a line.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")  # in the name of a file that is not UTF-8
_STYLE = re.compile("\x1b\\[(?:[0129]|3[1-6])m")  # from `paint`: none hides text or moves the cursor


def named(text: str) -> str:
    """Return a text that is safe to print: control and invisible characters are named, as `<U+001B>`.

    Every printed text passes this function, from any source. Only our own colours are kept.
    """
    if text.isprintable() and text.isascii():
        return text
    if colourful() and "\x1b" in text:
        pieces = zip(_STYLE.split(text), [*_STYLE.findall(text), ""], strict=True)
        return "".join(f"{_named(piece)}{style}" for piece, style in pieces)
    return _named(text)


def _named(text: str) -> str:
    if not text.isascii():
        from ledger.formats.characters import visible

        text = visible(text)
    return _OBEYED.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def in_one_line(text: str) -> str:
    """Return a safe text for one row: tab and line feed are named too."""
    return named(text).replace("\n", "<U+000A>").replace("\t", "<U+0009>")


def file_name(path: str) -> str:
    """Return the name of a file as a paper prints it: in one line, without what controls a terminal, in UTF-8."""
    name = os.path.basename(path).encode("utf-8", "backslashreplace").decode()
    return in_one_line(name.replace("\x1b", "<U+001B>"))


def plain(value: Any) -> str:
    """Return a value as text for people: `[sealed]` and `[erased]`, invisible characters named, lists in one line."""
    name = getattr(value, "name", None)
    if name in ("WITHHELD", "ERASED"):
        return "[sealed]" if name == "WITHHELD" else "[erased]"
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
        case str():
            return str(named(value))  # a sentence is plain text here
        case Mapping():
            return ", ".join(f"{k}={plain(v)}" for k, v in value.items())
        case list() | tuple():
            return ", ".join(plain(v) for v in value)
        case _:
            return str(value)


def counted(n: int, one: str, many: str = "") -> str:
    """Return a number with its noun: `1 entry`, `3 entries`."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def csv_cell(value: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula (OWASP).

    A value that starts with = + - @, tab or return gets an apostrophe before it.
    """
    from projections.exchange.csv_file import guarded

    return guarded(plain(value))


def emit(
    answer: CommandAnswer,
    columns: Sequence[str] = (),
    rows: Iterable[Sequence[Any] | Struct] = (),
    *,
    text: Callable[[], str] | None = None,
    struck: Collection[int] = (),
) -> None:
    """Print an answer in the format of the command: as JSON, or as `rows` under `columns`.

    A row is a sequence of values, or a struct with a field for each column. Without columns the answer
    is the only row, and its fields are the columns. `text` replaces the table for people where a table
    would be a poor answer. The rows with the numbers in `struck` (from 0) are struck through, except
    for their last cell, which gives the reason.
    """
    form = said().format
    if form == "json":
        show_json(answer)
        return
    if not columns:
        columns, rows = answer.__struct_encode_fields__, [answer]
    cells = (_cells(row, columns) for row in rows)
    if form == "jsonl":
        for row in cells:
            click.echo(dumps(dict(zip(columns, row, strict=True)), indent=False))
    elif form == "csv":
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow([csv_cell(c) for c in columns])
        writer.writerows([csv_cell(v) for v in row] for row in cells)
        click.echo(lines.getvalue(), nl=False)
    elif text is not None:
        page(text())
    elif terminal():
        if shown := list(cells):
            page(table(columns, shown, struck=struck))
        else:
            tell("nothing to list")
    else:
        for row in cells:
            click.echo("\t".join(in_one_line(plain(v)) for v in row))


def show_json(answer: CommandAnswer) -> None:
    """Print an answer as JSON, in any format of the command."""
    said().answered = True
    click.echo(dumps(answer))


def _cells(row: Sequence[Any] | Struct, columns: Sequence[str]) -> Sequence[Any]:
    """Return the values of a row under its columns."""
    if isinstance(row, Sequence):
        return row
    values = dict(zip(row.__struct_encode_fields__, row.__struct_fields__, strict=True))
    return [getattr(row, values[column]) for column in columns]


def jsonable(value: Any) -> Any:
    """Return a value as JSON has it: times as on the wire, sealed values as `[sealed]`."""
    match value:
        case bool() | int() | str() | None:
            return value
        case Mapping():
            return {str(k): jsonable(v) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [jsonable(v) for v in value]
        case _ if hasattr(value, "__struct_fields__"):
            return {name: jsonable(getattr(value, name)) for name in value.__struct_fields__}
        case _:
            return plain(value)


def dumps(document: CommandAnswer | Mapping[str, Any], *, indent: bool = True) -> str:
    """Return the JSON text of an answer or of values; indented for people by default."""
    import json

    if isinstance(document, Mapping):
        built = jsonable(document)
    else:
        from msgspec import to_builtins

        built = to_builtins(document, builtin_types=(datetime,), enc_hook=plain)
    text = _SURROGATE.sub(_spelt, json.dumps(built, default=plain, ensure_ascii=False))
    if indent:
        from msgspec.json import format as indented

        text = indented(text, indent=2)  # ten times faster than `json` with an indent
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _spelt(found: re.Match[str]) -> str:
    return f"\\\\u{ord(found[0]):04x}"


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    width: int | None = None,
    struck: Collection[int] = (),
) -> str:
    """Return a table as wide as the terminal (80 columns without one); underscores in headings become spaces."""
    cells = [[plain(v) for v in row] for row in rows]
    return grid.table(
        [c.replace("_", " ") for c in columns],
        cells,
        width or _columns(),
        paint,
        _heading,
        dict.fromkeys(struck, _struck),
    )


def _struck(text: str) -> str:
    return paint(text, "strike")


def _heading(text: str) -> str:
    return paint(text, "bold")


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size((80, 24)).columns


def fitted(text: str, stream: IO[str] | None = None) -> str:
    """Return a text wrapped to the screen, if the stream (by default stdout) is a terminal."""
    if not terminal(stream):
        return text

    return grid.fitted(text, _columns())


def page(text: str) -> None:
    """Print a text; at a terminal wrap it to the screen, and use a pager if it is longer.

    Unless LESS is set, `less` shows colours and exits at once if the text fits one screen (`-FRX`, as
    git sets it).
    """
    text = "\n".join(map(named, text.split("\n")))
    if not terminal():
        click.echo(text, color=colourful() or None)
        return
    import shutil

    shown = fitted(text.rstrip("\n"))
    if shown.count("\n") + 1 < shutil.get_terminal_size((80, 24)).lines:
        click.echo(shown, color=colourful())
        return
    os.environ.setdefault("LESS", "-FRX")
    click.echo_via_pager(shown, color=None if colourful() else False)


def tell(text: str, *, error: bool = False) -> None:
    """Print a message of one line on stderr, wrapped to the screen if it is a terminal; with --quiet only an error.

    A line feed in it is named: it is in the name of a file, and would begin a line that reads as our own. If stderr
    cannot be written, the command and its exit code stay the same.
    """
    tell_lines((text,), error=error)


def tell_lines(lines: Iterable[str], *, error: bool = False) -> None:
    """Print lines on stderr, as `tell` prints one."""
    if said().quiet and not error:
        return
    try:
        for line in lines:
            click.echo(fitted(in_one_line(line), sys.stderr), err=True)
    except OSError:
        forget_what_is_unwritten(sys.stderr)


def tell_line(text: str) -> None:
    """Print a message on stderr that is not wrapped, such as a command that can be copied; nothing with --quiet."""
    if said().quiet:
        return
    try:
        click.echo(in_one_line(text), err=True)
    except OSError:
        forget_what_is_unwritten(sys.stderr)


def tell_next(cursor: str | None) -> None:
    """Print how the list continues, if it does; a JSON answer contains the cursor itself."""
    if cursor is not None and said().format != "json":
        tell(f"there are more: --after {cursor}")


def forget_what_is_unwritten(stream: IO[str]) -> None:
    """Discard what a stream has buffered; else the interpreter retries at exit, and ends with code 120."""
    with suppress(OSError, ValueError):  # the stream has no file descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
