"""One word for one thing in each language: no catalogue and no text of a page has a word that the list rejects."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.messages import LANGUAGES
from projections.render.translation import translation

ROOT = Path(__file__).parents[3]
LIST = ROOT / "projections" / "locale" / "terms.toml"
TERMS: list[dict[str, Any]] = tomllib.loads(LIST.read_text("utf-8"))["term"]


def texts(lang: str) -> Iterator[tuple[str, str]]:
    """Yield every text in a language, each with where it is."""
    yield from translation(lang).messages.items()


@pytest.mark.parametrize("lang", [lang for lang in LANGUAGES if lang != "en"])
def test_no_text_has_a_word_that_the_list_of_terms_rejects(lang: str) -> None:
    rejected = [
        (term["word"], re.compile(word)) for term in TERMS if term["language"] == lang for word in term["rejected"]
    ]
    assert rejected
    found = [(place, say, text) for place, text in texts(lang) for say, word in rejected if word.search(text)]
    assert found == []


@pytest.mark.parametrize("term", TERMS, ids=lambda term: f"{term['language']} {term['thing'][:30]}")
def test_each_term_says_where_it_comes_from_and_is_in_use(term: dict[str, Any]) -> None:
    assert set(term) == {"language", "thing", "word", "source", "rejected"}
    assert term["language"] in LANGUAGES
    assert term["source"]
    words = [word.split(": ")[-1] for word in re.split("[,;] ", term["word"])]
    for word in words:
        used = any(word.casefold() in text.casefold() for _, text in texts(term["language"]))
        assert used, f"no text says {word}"
