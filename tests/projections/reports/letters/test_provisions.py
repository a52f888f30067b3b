"""The reference names every provision of a letter: in the row of its content, in the column of its letter."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from projections.render.translation import translation
from projections.reports import letters
from projections.reports.letters.provisions import PROVISIONS

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "letters.md"
LETTERS = ("notice", "access", "erasure")


def test_the_reference_names_the_provisions_of_each_content_and_letter() -> None:
    rows = re.findall(r"^\| ([a-z ]+) \| (.*?) \| (.*?) \| (.*?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    stated = {content: cells for content, *cells in rows if content in PROVISIONS}
    known = {
        content: [", ".join(letters.get(letter, {}).values()) for letter in LETTERS]
        for content, letters in PROVISIONS.items()
    }
    assert stated == known


def test_every_heading_of_a_letter_has_a_german_translation() -> None:
    german = translation("de")
    folder = Path(letters.__file__).parent
    titles = {
        node.args[0].args[0].value
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "LetterSection"
        if isinstance(node.args[0], ast.Call) and isinstance(node.args[0].args[0], ast.Constant)
    }
    assert len(titles) > 12
    assert [title for title in titles if german.say(str(title)) == title] == []
