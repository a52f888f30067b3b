"""The reference names every provision of a letter: in the row of its content, in the column of its letter."""

from __future__ import annotations

import re
from pathlib import Path

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
