"""The history of an order lists the changes of state that needed no entry, with the clock that ended."""

from __future__ import annotations

from typing import Any

from ledger.law import judge
from projections.reports.front_page import words
from projections.reports.history import history
from tests.support.scenarios import given, issued, moment, received

CONTENT: dict[str, Any] = {"data_categories": ["content"], "offence_threshold": "three-years-or-more"}


def test_a_change_of_state_by_time_alone_names_its_clock() -> None:
    order = issued("2027-03-01T09:00Z", "EPOC", "message-content", **CONTENT)
    case = given(order, received("2027-03-01T10:00Z")).case
    found = history(case, judge(case, moment("2027-04-01T00:00Z")), reveal=False)
    assert found.turns == ((moment("2027-03-11T23:00:00Z"), "E-10-2", words("RELEASED")),)
    assert history(case, judge(case, moment("2027-03-02T00:00Z")), reveal=False).turns == ()
