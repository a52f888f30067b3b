"""In which role an entry was done: of a report the roles of the office it is of, else also the role signed in."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.scenarios import OFFICES, Fact, fact, given, issued, named, received

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


def test_a_report_is_done_in_the_roles_that_may_do_such_a_thing_if_the_office_holds_one() -> None:
    def roles(seen: Fact) -> set[str]:
        reading = given(ORDER, seen).reading
        return {*reading.actors.roles(named(reading, "seen"))}

    def seen(kind: str, speaks: str = "observation") -> Fact:
        return fact(kind, "2027-03-05T09:00Z", "orn", "RET", label="seen", speaks=speaks, whose="ilves")

    assert roles(seen("order-transmitted")) == {"ISS"}
    assert roles(seen("data-disclosed")) == {"ISS", "VAL"}
    assert roles(seen("order-forgotten")) == {"ISS", "VAL"}
    assert roles(seen("order-transmitted", "act")) == {"RET"}


@pytest.mark.parametrize(("whose", "party"), [("skylark", "XV"), ("nobody", "XO"), (None, "XO")])
def test_an_entry_is_of_the_party_of_the_office_that_it_reports_if_the_register_knows_that(
    whose: str | None, party: str
) -> None:
    reading = given(
        ORDER, received("2027-03-05T09:00Z", by="orn", role="RET", speaks="observation", whose=whose)
    ).reading
    assert reading.actors.party(named(reading, "receipt")) == party
