"""From when an act binds a State: by the register first, then by the lists of real States."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.law.parties.bound_parties import NEVER, agreement_from, bound_from, is_real
from ledger.law.parties.party_register import Register
from tests.support.scenarios import given, issued

NOTHING = Register()
REGULATION = date(2026, 8, 18)


def register(**fields: tuple[str, ...]) -> Register:
    """Return a register in which the Party XV has these fields."""
    return given(issued("2027-03-01T09:00Z")).where("XV", **fields).reading.register


@pytest.mark.parametrize(
    ("act", "party", "since"),
    [
        ("EPOC", "SE", REGULATION),
        ("EPOC", "GR", REGULATION),
        ("EPOC", "EL", REGULATION),
        ("EPOC", "DK", NEVER),
        ("EPOC", "NO", NEVER),
        ("EPOC", "UK", NEVER),
        ("EPOC", "XO", None),
        ("EPOC", None, None),
        ("BC", "FR", date(2006, 5, 1)),
        ("BC", "SE", None),
        ("2AP", "SE", None),
    ],
)
def test_without_the_register_the_lists_say_from_when_an_act_binds_a_state(
    act: str, party: str | None, since: date | None
) -> None:
    assert bound_from(NOTHING, act, party) == since


@pytest.mark.parametrize(
    ("fields", "since"),
    [
        ({"in_force": ("EPOC=2030-01-01",)}, date(2030, 1, 1)),
        ({"in_force": ("BC=2030-01-01",)}, None),
        ({"not_bound_by": ("EPOC",)}, NEVER),
        ({"not_bound_by": ("BC",)}, None),
        ({"in_force": ("EPOC=2030-01-01",), "not_bound_by": ("EPOC",)}, NEVER),
    ],
)
def test_the_register_says_so_for_its_own_party_and_for_this_act_alone(
    fields: dict[str, tuple[str, ...]], since: date | None
) -> None:
    assert bound_from(register(**fields), "EPOC", "XV") == since
    assert bound_from(register(**fields), "EPOC", "SE") == REGULATION


@pytest.mark.parametrize(
    ("parties", "since"),
    [
        (("US", "GB"), date(2022, 10, 3)),
        (("UK", "US"), date(2022, 10, 3)),
        (("US", "AU"), date(2024, 1, 31)),
        (("US", "CA"), NEVER),
        (("US", "US"), NEVER),
        (("GB", "AU"), NEVER),
        (("US", "XV"), None),
        (("XO", "XV"), None),
        (("US", None), None),
    ],
)
def test_an_executive_agreement_is_one_of_the_united_states_with_a_state_of_the_list(
    parties: tuple[str | None, ...], since: date | None
) -> None:
    assert agreement_from(NOTHING, parties) == since


def test_the_register_says_from_when_an_agreement_is_in_force_and_the_later_day_of_two_counts() -> None:
    one = register(in_force=("COA=2030-01-01",))
    assert agreement_from(one, ("US", "XV")) == date(2030, 1, 1)
    assert agreement_from(one, ("US", "GB")) == date(2022, 10, 3)
    two = given(issued("2027-03-01T09:00Z")).where("XV", in_force=("COA=2030-01-01",))
    both = two.where("XO", in_force=("COA=2031-01-01",)).reading.register
    assert agreement_from(both, ("XO", "XV")) == date(2031, 1, 1)
    assert agreement_from(register(not_bound_by=("COA",)), ("US", "XV")) == NEVER


@pytest.mark.parametrize(
    ("code", "real"),
    [("SE", True), ("US", True), ("AA", False), ("QM", False), ("QZ", False), ("QL", True), ("XA", False), ("XK", True),
     ("ZZ", False), ("SE2", False), ("se", False), ("", False), (None, False)],
)  # fmt: skip
def test_a_code_that_iso_3166_leaves_to_its_users_is_of_no_state(code: str | None, real: bool) -> None:
    assert is_real(code) is real
