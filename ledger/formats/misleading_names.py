"""Say why a name reads like words of this program: a code, a verdict, a digest, or letters that look alike.

No new office is registered under such a name. It stays a name wherever it is recorded already.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final, Literal

from ledger.formats.confusables_table import ALIKE, ASCII
from ledger.formats.reserved_names_table import CODES, WORDS

Misleading = Literal["words", "digest", "scripts"]

_LETTERS: Final = str.maketrans({c: made for made, those in ALIKE.items() for c in those})
LOOKS_LIKE: Final = {**_LETTERS, **str.maketrans(ASCII)}  # for str.translate: what looks like ASCII, and l for 1
_SCRIPTS: Final = frozenset(("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "COPTIC", "CHEROKEE", "LISU"))
_ALGORITHM: Final = re.compile(r"(sha|md|blake)[0-9a-z]{0,3}(?=[0-9a-f]{8})")
_HEX: Final = re.compile("[0-9a-f]{16,}|(?=.*[0-9])[0-9a-f]{8,}")  # 8 and more: the shortest that a paper shows


@lru_cache(maxsize=1 << 16)  # each order asks for the names of its offices
def misleading(name: str) -> Misleading | None:
    """Return why a name can be read as words of this program; None for every other name.

    `words`: the whole name is a code, a verdict or a result in a language of this program, without regard to case,
    accents, marks, blanks and letters that look alike (UTS 39). `digest`: the whole name is eight or more hex digits,
    with one of 0 to 9, or sixteen. `scripts`: a word has letters of two scripts that look alike, such as Latin and
    Cyrillic.
    """
    if not shapes(name).isdisjoint(reserved_shapes()):
        return "words"
    digits = _letters(name.casefold()).translate(_LETTERS).casefold()
    if _HEX.fullmatch(_ALGORITHM.sub("", digits, count=1)) or _HEX.fullmatch(digits):
        return "digest"
    if not name.isascii() and any(_mixed(word) for word in re.split(r"[\W\d_]+", unicodedata.normalize("NFKC", name))):
        return "scripts"
    return None


def shapes(text: str) -> frozenset[str]:
    """Return how the letters and digits of a text look, in upper and lower case; look-alikes become ASCII (UTS 39)."""
    return frozenset(_letters(each).translate(LOOKS_LIKE).casefold() for each in (text.upper(), text.casefold()))


def _letters(text: str) -> str:
    """Return the letters and digits of a text, without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if c.isalnum())


@cache
def reserved_shapes() -> frozenset[str]:
    """Return how the codes and words of this program look (`shapes`)."""
    return frozenset(shape for text in (*CODES.split(), *WORDS) for shape in shapes(text))


def _mixed(word: str) -> bool:
    scripts = {unicodedata.name(c, "").partition(" ")[0] for c in word if c.isalpha()}
    return len(scripts & _SCRIPTS) > 1
