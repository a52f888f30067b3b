"""Choose the format of a file that a command writes: by --format, else by the ending of its name."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import click

from cli.invocation import said

UNNAMED = "table"  # the common --format where none was named
FOREIGN = frozenset(".csv .doc .docx .ics .jpg .json .jsonl .odt .pdf .png .rtf .tsv .txt .xls .xlsx .xml .zip".split())


def format_of(file: str, endings: Mapping[str, Sequence[str]], default: str) -> str:
    """Return the format of a file: that of --format, else the one that files of this ending have, else `default`.

    `endings` are the formats by ending: `{".pdf": ("pdf",)}`. A file with another ending, or none, may have any format.
    An ending of other programs' files, as .docx, is refused unless --format says what the file is to be.
    Raises click.UsageError if --format and the ending disagree, or if an ending has several formats and none is named.
    """
    named = said().format
    ending = os.path.splitext(f"x{os.path.basename(file)}")[1].lower()  # of `.pdf` too
    formats = endings.get(ending, ())
    if not formats and named == UNNAMED and ending in FOREIGN:
        raise click.UsageError(f"nothing here is written as {ending}; these are: {', '.join(endings)}")
    if not formats:
        return default if named == UNNAMED else named
    if named in formats or (named == UNNAMED and default in formats):
        return default if named == UNNAMED else named
    if named != UNNAMED:
        if not (ours := [known for known, those in endings.items() if named in those]):
            return named  # no format of this command, which says so
        raise click.UsageError(
            f"--format {named} writes no {ending} file: leave --format out, or choose a name that ends in "
            + " or ".join(ours)
        )
    if ending[1:] in formats:
        return ending[1:]
    if len(formats) > 1:
        raise click.UsageError(f"a file that ends in {ending} may be --format {' or '.join(formats)}: name one")
    return formats[0]
