"""Names of data subjects are one line, and two are similar if one letter, case or white space differs, and no digit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.adapters.subject_keys.names import COMPANION, LONGEST, are_similar, check_name
from tests.support.samples import examples


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("witness 3", "witness 3"),
        ("  witness   3 ", "witness 3"),
        ("e\u0301va", "\u00e9va"),
        ("x" * LONGEST, "x" * LONGEST),
        ("x", "x"),
        (COMPANION.strip(), COMPANION.strip()),
        (f"the {COMPANION}", f"the {COMPANION.strip()}"),
    ],
)
def test_a_name_is_one_line_in_one_form(text: str, name: str) -> None:
    assert check_name(text) == name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "one line of 1 to 200"),
        ("   ", "one line of 1 to 200"),
        ("x" * (LONGEST + 1), "one line of 1 to 200"),
        ("two\nlines", "one line of 1 to 200"),
        ("\u202ereversed", "one line of 1 to 200"),
        (f"{COMPANION}abc", "the ledger's own"),
    ],
)
def test_what_is_no_name_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_name(text)


@pytest.mark.parametrize(
    ("one", "two", "similar"),
    [
        ("witness 3", "witness 3", False),  # the same name
        ("witness 3", "Witness  3", True),
        ("witness 3", "witness 4", False),
        ("witness 3", "witness 33", False),
        ("witness 3", "witness", False),
        ("lena voss", "lena moss", True),
        ("lena voss", "lena vosss", True),
        ("lena voss", "elena voss", True),
        ("lena voss", "lena vos", True),
        ("lena voss", "lean voss", False),
        ("lena voss", "lena voxxs", False),
        ("lena voss", "lenavoss", True),
        ("a", "", True),
        ("ab", "", False),
    ],
)
def test_two_names_are_similar_in_both_directions(one: str, two: str, similar: bool) -> None:
    assert are_similar(one, two) is are_similar(two, one) is similar


def distance(a: str, b: str) -> int:
    """Return the number of letters that are put in, left out or replaced between two names (Levenshtein)."""
    row = list(range(len(b) + 1))
    for n, x in enumerate(a, 1):
        before, row = row, [n]
        for m, y in enumerate(b, 1):
            row.append(min(before[m] + 1, row[-1] + 1, before[m - 1] + (x != y)))
    return row[-1]


@given(st.text("abC1 ", max_size=5), st.text("abC1 ", max_size=5))
@examples(300)
def test_similar_names_are_one_letter_apart_and_have_the_same_digits(one: str, two: str) -> None:
    a, b = (" ".join(name.casefold().split()) for name in (one, two))
    same = [[c for c in name if c.isdigit()] for name in (a, b)]
    assert are_similar(one, two) is (one != two and same[0] == same[1] and distance(a, b) <= 1)
