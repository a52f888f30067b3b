"""Print answers: tables, JSON, CSV, colours, the pager.

stdout carries the result, stderr the messages. Nothing heavy is imported before it is needed.
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
from cli.terminal.table import wrapped as wrapped

if TYPE_CHECKING:
    from msgspec import Struct

    from cli.terminal.answer import CommandAnswer
    from projections.views.replaced import Replacement


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
    """True if colours may be sent: --color, then NO_COLOR (no-color.org) and TERM=dumb, then whether a person looks."""
    choice = said().color
    if choice != "auto":
        return choice == "always"
    return "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb" and terminal(stream)


def terminal(stream: IO[str] | None = None) -> bool:
    """True if somebody looks at the stream (stdout) rather than a file or a pipe."""
    stream = stream or sys.stdout
    return stream is not None and stream.isatty()  # closed before the program began, it is None


def paint(text: str, style: str | None = None) -> str:
    """`text` in the colour of its meaning, or in `style`, where colours may be shown."""
    chosen = style or COLOURS.get(text)
    if not chosen or not colourful():
        return text
    words = chosen.split()
    colour = next((w for w in words if w not in ("bold", "dim", "strike")), None)
    bold, dim, strike = ("bold" in words or None), ("dim" in words or None), ("strike" in words or None)
    return click.style(text, fg=colour, bold=bold, dim=dim, strikethrough=strike)


# What a terminal obeys (C0 but for tab and line feed, DEL, C1), what turns the direction of a line, what ends one.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_STYLE = re.compile("\x1b\\[(?:[0129]|3[1-6])m")  # what `paint` writes, and nothing that hides or moves anything


def named(text: str) -> str:
    """A text as a terminal may have it: what it would obey, and what nobody sees, is named, as `<U+001B>`.

    The one place through which every text goes, wherever it comes from; only our own colours pass.
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
    """The same for a row of its own: tab and line feed are named too."""
    return named(text).replace("\n", "<U+000A>").replace("\t", "<U+0009>")


def plain(value: Any) -> str:
    """A value as people read it: sealed and erased ones say so, what nobody sees is named, lists stand in one line."""
    name = getattr(value, "name", None)
    if name in ("WITHHELD", "ERASED"):
        return "[sealed]" if name == "WITHHELD" else "[erased]"
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case str():
            return named(value)
        case Mapping():
            return ", ".join(f"{k}={plain(v)}" for k, v in value.items())
        case list() | tuple():
            return ", ".join(plain(v) for v in value)
        case _:
            return str(value)


def counted(n: int, one: str, many: str = "") -> str:
    """How many there are: `1 entry`, `3 entries`."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def csv_cell(value: Any) -> str:
    """A cell no spreadsheet takes for a formula: = + - @, tab and return at its start get an apostrophe (OWASP)."""
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
    """Print an answer as it was asked for: as JSON, or as `rows` under `columns`.

    A row is a sequence of values, or a struct with a field for each column. Without columns the answer is the only
    row, and its fields are the columns. For people, `text` is printed instead of the table where a table would be a
    poor answer. The rows with the numbers in `struck` are struck through, except for their last cell, which says why.
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
    """Print an answer as JSON, whatever format was asked for."""
    said().answered = True
    click.echo(dumps(answer))


def _cells(row: Sequence[Any] | Struct, columns: Sequence[str]) -> Sequence[Any]:
    """The values of a row under its columns."""
    if isinstance(row, Sequence):
        return row
    values = dict(zip(row.__struct_encode_fields__, row.__struct_fields__, strict=True))
    return [getattr(row, values[column]) for column in columns]


def jsonable(value: Any) -> Any:
    """A value as JSON has it: times as the wire writes them, sealed values as `[sealed]`."""
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
    """JSON text of an answer or of values, for people when `indent`."""
    import json

    if isinstance(document, Mapping):
        built = jsonable(document)
    else:
        from msgspec import to_builtins

        built = to_builtins(document, builtin_types=(datetime,), enc_hook=plain)
    text = json.dumps(built, default=plain, ensure_ascii=False)
    if indent:
        from msgspec.json import format as indented

        text = indented(text, indent=2)  # ten times faster than `json` with an indent
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    width: int | None = None,
    struck: Collection[int] = (),
) -> str:
    """A table as wide as the terminal (80 where there is none); a heading reads as words."""
    from cli.terminal import table as grid

    told = [[plain(v) for v in row] for row in rows]
    return grid.table(
        [c.replace("_", " ") for c in columns],
        told,
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
    """A text no wider than the screen, if somebody looks at the stream (stdout)."""
    if not terminal(stream):
        return text
    from cli.terminal import table as grid

    return grid.fitted(text, _columns())


def page(text: str) -> None:
    """Print; if somebody looks, no wider than the screen, and through a pager if it is longer.

    `less` is told to show colours and to leave at once where all fits, as git tells it, unless LESS says otherwise.
    """
    import shutil

    text = "\n".join(map(named, text.split("\n")))
    if not terminal():
        click.echo(text, color=colourful() or None)
        return
    shown = fitted(text.rstrip("\n"))
    if shown.count("\n") + 1 < shutil.get_terminal_size((80, 24)).lines:
        click.echo(shown, color=colourful())
        return
    os.environ.setdefault("LESS", "-FRX")
    click.echo_via_pager(shown, color=None if colourful() else False)


def tell(text: str) -> None:
    """Say something beside the result; no wider than the screen if somebody looks.

    Where nobody can be told, nothing else changes: not what is done, nor how it ends.
    """
    try:
        click.echo(fitted(named(text), sys.stderr), err=True)
    except OSError:
        forget_what_is_unwritten(sys.stderr)


def tell_next(cursor: str | None) -> None:
    """Say how the list goes on, where it does; JSON says it itself."""
    if cursor is not None and said().format != "json":
        tell(f"there are more: --after {cursor}")


def forget_what_is_unwritten(stream: IO[str]) -> None:
    """Let what a stream still holds go nowhere; else the interpreter tries it again on leaving, and ends with 120."""
    with suppress(OSError, ValueError):  # a stream that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def put_right(gone: Replacement | None) -> dict[str, Any]:
    """What a document says of an entry that was replaced: by which leaf, when it was signed, by whom, why."""
    if gone is None:
        return dict.fromkeys(("replaced", "replaced_by", "replaced_at", "replaced_who", "why"))
    e = gone.entry
    return {
        "replaced": gone.line(f"#{e.seq}"),
        "replaced_by": e.leaf,
        "replaced_at": e.at,
        "replaced_who": e.by,
        "why": gone.why,
    }
