"""The format of a file is the named one, else that of its ending; the two never disagree silently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import click
import pytest

from cli.terminal import file_format
from cli.terminal.file_format import KNOWN, UNNAMED, check_ending, check_folder_name, format_of

ENDINGS: Mapping[str, Sequence[str]] = {
    ".html": ("html",),
    ".json": ("json", "case"),
    ".txt": ("plain", "txt"),
    ".x": ("a", "b"),
}


def chosen(monkeypatch: pytest.MonkeyPatch, named: str, file: str, default: str = "html") -> str:
    monkeypatch.setattr(file_format, "said", lambda: SimpleNamespace(format=named))
    try:
        return format_of(file, ENDINGS, default)
    except click.UsageError as refused:
        return f"refused: {refused.message}"


@pytest.mark.parametrize(
    ("named", "file", "default", "found"),
    [
        (UNNAMED, "a", "html", "html"),  # no ending
        (UNNAMED, "a.own", "html", "html"),  # an ending of no program
        ("json", "a.own", "html", "json"),
        ("json", "-", "html", "json"),
        (UNNAMED, "a.html", "json", "html"),
        (UNNAMED, "A.HTML", "json", "html"),
        (UNNAMED, ".html", "json", "html"),
        (UNNAMED, "a.json", "html", "json"),  # the format with the name of the ending
        (UNNAMED, "a.json", "case", "case"),  # the default is one of the two
        ("case", "a.json", "html", "case"),
        (UNNAMED, "a.txt", "html", "txt"),
        (UNNAMED, "a.x", "html", "refused: a file that ends in .x may be --format a or b: name one"),
        (UNNAMED, "a.x", "b", "b"),
        ("nothing", "a.html", "html", "nothing"),  # the command refuses it
        (
            "case",
            "a.html",
            "html",
            "refused: --format case writes no .html file: leave --format out, or choose a name that ends in .json",
        ),
        (UNNAMED, "a.docx", "html", "refused: nothing here is written as .docx; these are: .html, .json, .txt, .x"),
        ("json", "a.docx", "html", "json"),
        (UNNAMED, "b.docx/a", "html", "html"),
    ],
)
def test_a_format_is_the_named_one_or_that_of_the_ending(
    named: str, file: str, default: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chosen(monkeypatch, named, file, default) == found


@pytest.mark.parametrize("ending", sorted(KNOWN))
def test_an_ending_of_other_programs_names_neither_a_file_of_ours_nor_a_folder(ending: str) -> None:
    check_ending(f"a{ending}", [ending])
    with pytest.raises(click.UsageError, match=f"nothing here is written as {ending}"):
        check_ending(f"a{ending}", [".own"])
    for folder in (f"a{ending}", f"a{ending.upper()}/"):
        with pytest.raises(click.UsageError, match=f"the filing is a folder: a name without {ending}"):
            check_folder_name(folder, "the filing")
    check_folder_name(f"a{ending}/b", "the filing")
    check_folder_name("a.own", "the filing")
