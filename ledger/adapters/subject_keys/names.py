"""Check and compare the names of data subjects."""

from __future__ import annotations

import unicodedata

TARGET = "target of "  # the target of an order; followed by the id of the order
HOLDER = "person at "  # the person who holds the key of an office; followed by the office
COMPANION = "companion "  # the subject of the link from a companion order to its order; followed by the companion
LONGEST = 200  # characters


def check_name(text: str) -> str:
    """Return a name in Unicode normalisation form C with single spaces between its words.

    Raises ValueError unless it is one line of 1 to 200 printable characters that does not begin as `COMPANION` does.
    """
    name = " ".join(filter(None, unicodedata.normalize("NFC", text.strip()).split(" ")))
    if not 0 < len(name) <= LONGEST or not name.isprintable():
        raise ValueError(f"the name of a data subject is one line of 1 to {LONGEST} characters, as 'witness 3'")
    if name.startswith(COMPANION):
        raise ValueError(f"a name that begins with {COMPANION!r} is the ledger's own")
    return name


def are_similar(one: str, two: str) -> bool:
    """Return True if two names differ in case, in white space or in one letter. Names with other digits do not."""
    if one == two:
        return False
    a, b = sorted((" ".join(name.casefold().split()) for name in (one, two)), key=len)
    if [c for c in a if c.isdigit()] != [c for c in b if c.isdigit()]:
        return False
    at = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    return a[at + (len(a) == len(b)) :] == b[at + 1 :]
