"""The types of the wording of acts: articles with the words that rules rest on, and what has no rule."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Article(Struct, frozen=True):
    """One article of an act.

    `words` holds quotations by provision within the act ("10(2)"). `without` says what of the article has no rule and
    why; empty where nothing of practical effect is left out.
    """

    number: str
    title: str
    words: Mapping[str, tuple[str, ...]]
    without: str = ""


class ActText(Struct, frozen=True):
    """The articles of an act that was read or is known; `scope` says which, `source` identifies the text.

    `read` is False where the text could not be read whole: titles are partly by memory, and what is quoted was read in
    another document.
    """

    code: str
    source: str
    scope: str
    articles: tuple[Article, ...]
    read: bool = True


def article(number: str, title: str, without: str = "") -> Article:
    """Return an article without quotations."""
    return Article(number, title, {}, without)


def quoted(number: str, title: str, words: Mapping[str, str | tuple[str, ...]], without: str = "") -> Article:
    """Return an article with quotations; a single quotation of a provision may be given as text."""
    return Article(number, title, {p: (w,) if isinstance(w, str) else tuple(w) for p, w in words.items()}, without)
