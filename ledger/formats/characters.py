"""Check characters and normalisation form C of a text by Unicode 14.0, independent of the interpreter's version.

A code point that one version of Unicode leaves unassigned may be a letter or a combining mark in the next
version. A newer interpreter would then reject the same signed text. The version is therefore pinned: it is
not newer than the tables of the oldest supported interpreter, and its tables are generated into
`characters_table`. The normal form of a text of assigned code points is the same in every later version
(Unicode's stability policy), so any interpreter can compute it. An unassigned code point is its own normal
form and composes with nothing, as Unicode 14.0 says.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from itertools import accumulate
from typing import Literal
from unicodedata import normalize

from ledger.formats.characters_table import HIDDEN, UNASSIGNED

# Where invisible characters are allowed: nowhere; in words of a script that uses them; anywhere.
Unseen = Literal["none", "at-home", "shown"]

# Joiners, marks of direction and variation selectors, which some scripts require.
_USEFUL = "[\u061c\u180b-\u180d\u180f\u200c-\u200f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
# The scripts that use them: Hebrew to Mongolian, Han and beyond, pictures; not Latin, Greek, Cyrillic or Armenian.
_HOME = (
    "[\u0590-\u1cff\u20e3\u2190-\u2bff\u2e80-\ua4cf\ua800-\uab2f\uab70-\uabff\uf900-\ufaff\ufb1d-\ufdff\ufe70-\ufefc"
    "\U00010800-\U00011fff\U0001e800-\U0001faff\U00020000-\U0003ffff]"
)


def _ends(runs: str) -> list[int]:
    """Return the begin and end of each range, alternating; `runs` has their differences in base 36."""
    return list(accumulate(int(step, 36) for step in runs.split()))


@cache
def _open() -> list[int]:
    return _ends(UNASSIGNED)


@cache
def _hidden() -> re.Pattern[str]:
    ends = iter(_ends(HIDDEN))
    return re.compile(
        "[" + "".join(f"{chr(first)}-{chr(end - 1)}" for first, end in zip(ends, ends, strict=True)) + "]"
    )


def _is_unassigned(character: str) -> bool:
    return bool(bisect_right(_open(), ord(character)) & 1)


def is_nfc(text: str) -> bool:
    """Return True if a text is in normalisation form C by the tables of Unicode 14.0 (UAX 15)."""
    if text.isascii():
        return True
    between = "".join("\0" if _is_unassigned(c) else c for c in text)  # U+0000 composes with nothing either
    return normalize("NFC", between) == between


def unassigned(text: str) -> str | None:
    """Return the first code point of a text that Unicode 14.0 leaves unassigned; None if there is none."""
    return None if text.isascii() else next((c for c in text if _is_unassigned(c)), None)


def unseen(text: str, allowed: Unseen = "none") -> str | None:
    """Return the first invisible character that this text may not contain; None if there is none."""
    if text.isascii() or allowed == "shown":
        return None
    at_home = allowed == "at-home" and _at_home(text)
    return next((c for c in _hidden().findall(text) if not (at_home and re.match(_USEFUL, c))), None)


def _at_home(text: str) -> bool:
    return re.search(_HOME, _hidden().sub("", text)) is not None


def visible(text: str) -> str:
    """Return a text for display: invisible characters become `<U+200B>`, unless the script of the text uses them."""
    if unseen(text, "at-home") is None:
        return text
    at_home = _at_home(text)
    return _hidden().sub(lambda c: c[0] if at_home and re.match(_USEFUL, c[0]) else f"<{code(c[0])}>", text)


def code(character: str) -> str:
    """Return the number of a character: `U+200B`."""
    return f"U+{ord(character):04X}"
