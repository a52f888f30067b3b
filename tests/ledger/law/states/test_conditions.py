"""The conditions on which an entry changes the state: what a field states, and what a flag that is not stated is."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.law.states.conditions import states
from tests.support.scenarios import by_issuer, disclosed, given, issued, named

ORDER = issued("2027-03-01T09:00Z")


@pytest.mark.parametrize(
    ("values", "stated", "met"),
    [
        ((True,), True, True),
        ((True,), False, False),
        ((True,), None, False),
        ((False,), False, True),
        ((False,), True, False),
        ((False,), None, True),
    ],
)
def test_a_flag_that_is_not_stated_is_false(values: tuple[bool, ...], stated: bool | None, met: bool) -> None:
    reading = given(ORDER, disclosed("2027-03-05T09:00Z", label="d").changed(partial=stated)).reading
    assert states("partial", *values)(reading, named(reading, "d")) is met


@pytest.mark.parametrize(("decision", "met"), [("upheld", True), ("lifted", True), ("denied", False), (None, False)])
def test_a_field_states_one_of_several_values_or_none(decision: str | None, met: bool) -> None:
    stated: dict[str, Any] = {"decision": decision} if decision else {}
    reading = given(ORDER, by_issuer("recognition-decided", "2027-03-05T09:00Z", label="d", **stated)).reading
    condition = states("decision", "upheld", "lifted")
    assert condition(reading, named(reading, "d")) is met
    assert condition.__doc__ == "decision upheld or lifted"
