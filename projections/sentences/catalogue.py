"""The words of a language: one gettext catalogue, by the English words of each message."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pkgutil import get_data
from typing import Final

from ledger.messages import LANGUAGES

CONTEXT: Final = "\x04"  # between a context and a message, as gettext has it

# A text of a page: English words, or a context with them where the same words are several in another language.
Text = str | Mapping[str, str]
NAME: Final[Text] = {"name of this language": "English"}


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """Return the messages of a language of `LANGUAGES` by their English words, with `CONTEXT` after a context.

    English, and a language that has no catalogue, have none.
    """
    if lang == "en" or lang not in LANGUAGES:
        return {}
    from babel.messages.pofile import read_po

    file = get_data("projections", f"locale/{lang}/LC_MESSAGES/comity.po")
    held = read_po(BytesIO(file or b""), locale=lang)
    return {
        f"{m.context}{CONTEXT}{m.id}" if m.context else m.id: m.string
        for m in held
        if m.id and m.string and not m.fuzzy and isinstance(m.id, str) and isinstance(m.string, str)
    }


def in_language(english: Mapping[str, Text], lang: str) -> dict[str, str]:
    """Return the texts of a page by their names in a language, in English where it has none."""
    return {name: _said(text, catalogue(lang)) for name, text in english.items()}


def _said(text: Text, words: Mapping[str, str]) -> str:
    if isinstance(text, str):
        return words.get(text, text)
    ((context, english),) = text.items()
    return words.get(f"{context}{CONTEXT}{english}", english)
