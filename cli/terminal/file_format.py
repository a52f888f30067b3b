"""Choose the format of a file that a command writes: by --format, else by the ending of its name."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence

import click

from cli.invocation import said

UNNAMED = "table"  # the common --format where none was named
KNOWN = frozenset(  # endings that say what kind of file it is
    ".asice .csv .doc .docx .htm .html .ics .jpg .json .jsonl .jsonld .odt .parquet .pdf .png .rtf .sce .tar .tsv .txt "
    ".xls .xlsx .xml .zip".split()
)


def format_of(file: str, endings: Mapping[str, Sequence[str]], default: str) -> str:
    """Return the format of a file: that of --format, else the one that files of this ending have, else `default`.

    `endings` are the formats by ending: `{".pdf": ("pdf",)}`. A file with another ending, or none, may have any format.
    An ending of other programs' files, as .docx, is refused unless --format says what the file is to be.
    Raises click.UsageError if --format and the ending disagree, or if an ending has several formats and none is named.
    """
    named, ending = said().format, _ending(file)
    formats = endings.get(ending, ())
    if named == UNNAMED:
        check_ending(file, endings)
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


def check_ending(file: str, endings: Collection[str]) -> None:
    """Raise click.UsageError for a file with an ending of another kind of file than these, such as .docx."""
    ending = _ending(file)
    if ending in KNOWN and ending not in endings:
        raise click.UsageError(f"nothing here is written as {ending}; these are: {', '.join(endings)}")


def check_folder_name(folder: str, what: str) -> None:
    """Raise click.UsageError for a folder with an ending of a file, such as .zip."""
    ending = _ending(folder)
    if ending in KNOWN:
        raise click.UsageError(f"{what} is a folder: a name without {ending}")


def _ending(file: str) -> str:
    """Return the ending of the name of a file in small letters, of `.pdf` too."""
    return os.path.splitext(f"x{os.path.basename(os.path.normpath(file))}")[1].lower()
