"""In which role an entry was done: of a report the roles of the office it is of, else also the role signed in."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.scenarios import OFFICES, Fact, given, issued, named, received

ORDER = issued("2027-03-01T09:00Z")
ENDED = replace(OFFICES["orn"], valid_until="2027-03-01")


def held(seen: Fact) -> set[str]:
    """Return the roles behind a fact."""
    reading = given(ORDER, seen).among(orn=ENDED).reading
    return {*reading.actors.held(named(reading, "receipt"))}


@pytest.mark.parametrize(
    ("by", "role", "whose", "roles"),
    [
        ("ilves", "ISS", None, {"ISS", "VAL"}),
        ("ilves", "CT", None, {"ISS", "VAL", "CT"}),
        ("ilves", "ISS", "skylark", {"SP"}),
        ("ilves", "ISS", "nobody", set()),
        ("orn", "RET", None, set()),
        ("ilves", "ISS", "orn", set()),
        ("orn", "RET", "skylark", {"SP"}),
    ],
)
def test_the_role_that_is_signed_counts_only_of_an_office_that_reports_for_itself_and_has_not_ended(
    by: str, role: str, whose: str | None, roles: set[str]
) -> None:
    assert held(received("2027-03-05T09:00Z", by=by, role=role, speaks="observation", whose=whose)) == roles
