"""Lists, sizes and periods are written as a reader of the language writes them, and no item is lost or merged."""

from __future__ import annotations

import pytest

from projections.render.translation import translation

LANGUAGES = {lang: translation(lang).values for lang in ("en", "de")}


@pytest.mark.parametrize(
    ("items", "english"),
    [
        (["name"], "name"),
        (["name", "email address"], "name and email address"),
        (["a", "b", "c"], "a, b and c"),
        (["a, or b", "c", "d"], "a, or b; c and d"),
        (["a; b", "c", "d"], "a; b; c and d"),
        (["a", "b", "c", "d, e"], "a; b; c and d, e"),
        (list("abcde"), "a, b, c, d and e"),
        (list("abcdef"), "a, b, c, d and 2 more"),
        (["a,", *"bcdefg"], "a,; b; c; d and 3 more"),
    ],
)
def test_items_are_separated_by_semicolons_if_one_has_a_comma_or_semicolon(items: list[str], english: str) -> None:
    assert LANGUAGES["en"].listed(items) == english


@pytest.mark.parametrize(
    ("size", "english", "german"),
    [
        (1, "1 byte", "1 Byte"),
        (999, "999 bytes", "999 Bytes"),
        (1_000, "1 kB", "1 kB"),
        (1_234_000, "1.2 MB", "1,2 MB"),
        (50_000_000, "50 MB", "50 MB"),
    ],
)
def test_a_size_is_in_the_largest_unit_that_it_reaches(size: int, english: str, german: str) -> None:
    assert [LANGUAGES[lang].size(size) for lang in ("en", "de")] == [english, german]


@pytest.mark.parametrize(
    ("size", "english", "german"),
    [(1, "1 byte", "1 Byte"), (0, "0 bytes", "0 Bytes"), (1842, "1842 bytes", "1.842 Bytes")],
)
def test_an_exact_number_of_bytes_keeps_every_digit(size: int, english: str, german: str) -> None:
    assert [LANGUAGES[lang].bytes(size) for lang in ("en", "de")] == [english, german]


@pytest.mark.parametrize(
    ("period", "english", "german"),
    [
        ("P1Y6M", "1 year, 6 months", "1 Jahr, 6 Monate"),
        ("P2W", "2 weeks", "2 Wochen"),
        ("P1DT2H1M30S", "1 day, 2 hours, 1 minute, 30 seconds", "1 Tag, 2 Stunden, 1 Minute, 30 Sekunden"),
        ("PT1M", "1 minute", "1 Minute"),
        ("P1M", "1 month", "1 Monat"),
    ],
)
def test_a_period_names_each_of_its_units_in_words(period: str, english: str, german: str) -> None:
    assert [LANGUAGES[lang].period(period) for lang in ("en", "de")] == [english, german]
