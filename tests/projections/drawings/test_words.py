"""The words of pictures are in the catalogue of messages, so that no picture is half English in another language."""

from __future__ import annotations

import re
from pathlib import Path

from tests.generate.messages import messages

DRAWINGS = Path(__file__).parents[3] / "projections" / "drawings"


def test_every_word_that_a_picture_says_is_a_message() -> None:
    sources = [file.read_text(encoding="utf-8") for file in DRAWINGS.glob("*.py")]
    said = {words for source in sources for _, words in re.findall(r"""\bsay\((["'])([^"'{]+)\1\)""", source)}
    assert len(said) > 10
    assert said - set(messages()) == set()
