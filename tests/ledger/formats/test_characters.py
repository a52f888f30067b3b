"""Normal form and allowed characters of a text depend on Unicode 14.0 alone, on every Python."""

from __future__ import annotations

import unicodedata
from hashlib import sha256
from random import Random

import pytest

from ledger.formats.characters import code, is_nfc, unassigned, unseen, visible
from ledger.formats.characters_table import VERSION
from tests.generate import characters

pinned = pytest.mark.skipif(unicodedata.unidata_version != VERSION, reason=f"needs the tables of Unicode {VERSION}")

# The answer of Python 3.11 for `samples()`, from its own tables, which are the pinned ones.
ANSWERS = "874aeb583c5e35fbe30518ebf29aabc9213e20c1a6273a4de3295320e276eb65"


def samples() -> list[str]:
    """Return every code point, then random texts of marks, letters, jamo and characters of later versions."""
    chance = Random(55)
    points = [chr(point) for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF]
    marks = [c for c in points if 0x300 <= ord(c) <= 0x36F or 0x0590 <= ord(c) <= 0x5C7 or 0x1DC0 <= ord(c) <= 0x1DFF]
    later = [chr(p) for p in (0x1E08F, 0x10EFD, 0x11241, 0x1E4EC, 0x0CF3, 0x105C9, 0x113C2, 0x16121, 0x1ADD, 0x11F41)]
    letters = [*"aeoAE\u0131\u1ea1\u1e0b", *map(chr, range(0x0915, 0x0920)), *map(chr, range(0x1100, 0x1113))]
    jamo = [*map(chr, range(0x1161, 0x1176)), *map(chr, range(0x11A7, 0x11C3)), "\uac00", "\uac01", "\u0344", "\u2126"]
    many = ("", *(chr(p) for p in (0x0340, 0x212B, 0x1D15E, 0x2F800, 0xFB1D, 0x0958, 0x0F43, 0x11938, 0x09C7, 0x09BE)))
    pools = (marks, marks, letters, jamo, later, many, points)
    return points + [
        "".join(chance.choice(chance.choice(pools)) for _ in range(chance.randint(2, 6))) for _ in range(60_000)
    ]


@pytest.mark.slow
@pinned
def test_the_table_is_what_the_generator_makes_of_unicode_14() -> None:
    assert characters.PLACE.read_text("utf-8") == characters.table()


@pytest.mark.slow
@pinned
def test_form_c_is_what_unicode_14_says_of_every_text() -> None:
    assert [text for text in samples() if is_nfc(text) != unicodedata.is_normalized("NFC", text)] == []


def test_form_c_is_the_same_with_the_tables_of_any_interpreter() -> None:
    answers = bytes(is_nfc(text) for text in samples())
    assert sha256(answers).hexdigest() == ANSWERS


def test_what_is_assigned_in_the_pinned_version_stays_as_it_is() -> None:
    """Unicode's stability policy, checked with the tables of this interpreter."""
    points = [chr(point) for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF]
    assert [c for c in points if unassigned(c) is None and unicodedata.category(c) == "Cn"] == []


@pytest.mark.parametrize(
    "point", [0x200B, 0x2060, 0xFEFF, 0xAD, 0xE0041, 0x3164, 0x115F, 0x2028, 0x2029, 0xFFF9, 0x2800]
)
def test_what_has_no_shape_is_named_wherever_it_stands(point: int) -> None:
    c = chr(point)
    assert unseen(f"KA{c}-1") == unseen(f"\u0645{c}", "at-home") == c
    assert unseen(c, "shown") is None
    assert visible(f"KA{c}-1") == f"KA<{code(c)}>-1"
    assert visible(f"\u0645\u200c{c}\u06cc") == f"\u0645\u200c<{code(c)}>\u06cc", "in a script that joins letters too"


@pytest.mark.parametrize("point", [0x61C, 0x200C, 0x200D, 0x200E, 0x200F, 0xFE0F, 0x180B, 0xE0100])
def test_what_a_script_needs_is_named_only_outside_it(point: int) -> None:
    c = chr(point)
    assert visible(f"KA{c}-1") == f"KA<{code(c)}>-1"
    for home in ("\u0645\u06cc", "\u05d0", "\u0dc1\u0dca", "\u845b", "\U0001f468"):
        assert visible(home + c) == home + c
        assert unseen(home + c, "at-home") is None
        assert unseen(home + c) == c


def test_plain_text_is_shown_as_it_is() -> None:
    for text in ("", "KA-2027-0311", "\u00e9t\u00e9", "a\u00a0b", "\u3042", "\U0001f600"):
        assert visible(text) == text
        assert unassigned(text) is unseen(text) is None
