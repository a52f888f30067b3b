"""The register is asked from when a treaty binds a Party only where that is not known."""

from __future__ import annotations

import pytest

from ledger.law.next_steps.other_instruments import binding_steps
from tests.support.scenarios import Story, given, issued

ORDER = given(issued("2027-03-01T09:00Z"))


@pytest.mark.parametrize(
    ("story", "instrument", "asked"),
    [
        pytest.param(ORDER, "2AP-7", [], id="the register names a day for both"),
        pytest.param(ORDER.where("XV", in_force=()), "2AP-7", ["XV"], id="of one the register names none"),
        pytest.param(ORDER.where("XV", in_force=(), not_bound_by=("2AP",)), "2AP-7", [], id="one is not bound"),
        pytest.param(ORDER.where("XV", in_force=()), "EPOC", [], id="the day of the act decides"),
        pytest.param(ORDER.where("XV", in_force=()), "VOL", [], id="no act"),
    ],
)
def test_from_when_a_treaty_binds_is_asked_of_a_party_of_which_it_is_not_known(
    story: Story, instrument: str, asked: list[str]
) -> None:
    steps = binding_steps(story.reading.register, instrument, ("XO", "XV", "XV"))
    assert [step.lacks for step in steps] == [f"from when 2AP binds {party}, if it does" for party in asked]


def test_the_command_states_again_what_the_register_has_of_the_party() -> None:
    (step,) = binding_steps(ORDER.where("XV", in_force=()).reading.register, "2AP-7", ("XV",))
    assert step.command is not None
    assert step.command.startswith("comity record party-registered -f party=XV -f zone=Europe/")
    assert step.command.endswith(" -f declarations_verified=yes -f in_force=2AP=DAY --as registrar")
    (unknown,) = binding_steps(ORDER.reading.register, "2AP-7", ("XZ",))
    assert unknown.command == (
        "comity record party-registered -f party=XZ -f zone=ZONE -f declarations_verified=no -f in_force=2AP=DAY "
        "--as registrar"
    )
