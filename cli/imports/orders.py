"""`comity import orders`: import the spreadsheet of an office, one fact in each row."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import click

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.imports.tables import ENCODINGS
from cli.session.options import AS, KEY, ROLE
from cli.terminal.log_output import VERBOSE


@command(
    "comity import orders orders.csv --as archive --dry-run",
    "comity import orders orders.csv --as archive --zone Europe/Oslo",
    "comity import orders steps.jsonl --as ilves",
    "comity import orders orders.xlsx --profile karsk-orders --as ilves --dry-run",
    "comity import orders --template csv --kind order-issued --kind order-received > orders.csv",
)
@click.argument("file", required=False)
@AS
@ROLE
@KEY
@click.option("--zone", metavar="ZONE", help="Where times without an offset are meant, as Europe/Oslo.")
@click.option("--delimiter", metavar="CHAR", help="Of a CSV; else the header tells it: , ; | or a tab.")
@click.option(
    "--encoding", type=click.Choice(ENCODINGS), default="utf-8", help="Of a CSV (default utf-8); none is guessed."
)
@click.option("--profile", metavar="NAME", help="A mapping profile: one order a row, .xlsx, .ods or any CSV.")
@click.option("--errors", "most", type=click.IntRange(1), default=20, help="How many faults to tell (default 20).")
@click.option("--dry-run", is_flag=True, help="Check every row; record nothing.")
@click.option("--template", type=click.Choice(["csv", "jsonl"]), help="Print an empty table with examples.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="A kind of fact for the template; repeatable.")
@VERBOSE
def orders(
    file: str | None,
    actor: str | None,
    role: str | None,
    key_file: str | None,
    zone: str | None,
    delimiter: str | None,
    encoding: str,
    profile: str | None,
    most: int,
    dry_run: bool,
    template: str | None,
    kinds: tuple[str, ...],
) -> Exit:
    """Record many facts of many orders at once from FILE: CSV or JSON Lines, one fact a row, all or none.

    A row names its order, the kind of fact, when it occurred, whose act it was, and the fields of its kind. The first
    row of an unknown reference opens the order. A table read again records only what is new in it.

    With --profile a row is one order, in the words of the office: `comity import profile` drafts such a profile.
    """
    if template is not None:
        from cli.imports.template import template_of
        from projections.exchange.csv_file import MARK

        click.echo(MARK * (template == "csv") + template_of(template, kinds), nl=False)
        return Exit.DONE
    if file is None:
        raise click.UsageError("which FILE? `comity import --template csv` prints one to fill in")
    if file.endswith(".json"):
        from cli.imports.hi1 import import_message

        return import_message(file, actor, role, key_file, None, dry_run=dry_run)
    if profile is not None:
        return _by_profile(file, profile, actor, role, key_file, most, dry_run=dry_run)
    if delimiter is not None:
        delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
        if len(delimiter) != 1:
            raise Stop("--delimiter is one character, or `tab`")
    from cli.imports.import_report import ImportOptions
    from cli.imports.import_run import import_table

    with opened(file) as stream:
        form = _form(stream)
        if form == "jsonl" and encoding != "utf-8":
            raise Stop("JSON Lines are UTF-8", hint="leave --encoding out")
        options = ImportOptions(file, form, actor, role, key_file, zone, delimiter, most, encoding=encoding)
        return import_table(stream, options, dry_run=dry_run)


def _by_profile(
    file: str, profile: str, actor: str | None, role: str | None, key_file: str | None, most: int, *, dry_run: bool
) -> Exit:
    """Import a table with one order per row; the mapping profile states its zone, encoding and delimiter."""
    from cli.imports.import_report import ImportOptions
    from cli.imports.import_run import import_table
    from cli.imports.intake.prepared import bytes_of, prepared
    from cli.session.open_ledger import writing

    data = bytes_of(file)
    with writing() as journal:
        read = prepared(journal, file, data, profile, actor)
    options = ImportOptions(file, "table", actor, role, key_file, None, None, most, prepared=read, profile=profile)
    return import_table(io.BytesIO(data), options, dry_run=dry_run)


# -- the file ----------------------------------------------------------------------------------------------------------


@contextmanager
def opened(file: str) -> Iterator[IO[bytes]]:
    """Open a file that can be read twice; standard input is copied into a temporary file without a path."""
    if file != "-":
        with open(file, "rb") as stream:
            if not stream.seekable():
                raise Stop(f"{file} can be read only once", hint="pipe it in, and name it -", code=Exit.UNDECIDABLE)
            yield stream
        return
    with tempfile.TemporaryFile() as stream:
        while chunk := sys.stdin.buffer.read(1 << 20):
            stream.write(chunk)
        yield stream


def _form(stream: IO[bytes]) -> str:
    """Return `jsonl` if the table begins with a JSON object, else `csv`."""
    stream.seek(0)
    return "jsonl" if stream.read(1 << 16).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") else "csv"
