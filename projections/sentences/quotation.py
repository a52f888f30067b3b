"""Quotation marks around words that are not of this program, in each language."""

from __future__ import annotations

from functools import cache
from typing import Final

from ledger.formats.misleading_names import misleading
from ledger.messages import LANGUAGES, Message
from projections.sentences.catalogue import catalogue

QUOTES: Final = frozenset('"“”„‟«»')
MARKS: Final = "".join(sorted(QUOTES)) + " \u00a0"  # at the ends of a text in quotation marks
QUOTED: Final = Message("“{0}”")
NO_REASON: Final = Message("no reason stated")  # of an entry recorded before reasons were required
CLOSED: Final = ("[sealed]", "[erased]")  # what stands for a value that is not opened here, or never again


def in_quotes(text: str, lang: str = "en") -> str:
    """Return a text in the quotation marks of a language, which it cannot close itself."""
    return catalogue(lang).get(QUOTED, QUOTED).format(without_quotes(text))


def without_quotes(text: str) -> str:
    """Return a text that closes no quotation marks around it."""
    return "".join("’" if c in QUOTES else c for c in text)


def stated(text: str) -> str:
    """Return a text that somebody stated, in quotation marks if it is what stands for one that is not there."""
    return in_quotes(text) if text in _for_no_text() else text


@cache
def _for_no_text() -> frozenset[str]:
    return frozenset((*CLOSED, *(catalogue(lang).get(NO_REASON, NO_REASON) for lang in LANGUAGES)))


def set_apart(name: str, lang: str = "en") -> str:
    """Return a registered name: in quotation marks if it reads like words of this program."""
    return in_quotes(name, lang) if misleading(name) else name
