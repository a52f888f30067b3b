"""The report on the chain of evidence names the entries of each deadline by their numbers in the order."""

from __future__ import annotations

from dataclasses import replace

from msgspec.structs import replace as changed

from projections.reports.entry_numbers import numbers
from projections.reports.evidence_chain_report import periods
from tests.support.judging import judged
from tests.support.scenarios import disclosed, given, issued, received

STORY = given(issued("2027-03-01T09:00Z"), received("2027-03-02T08:30Z"), disclosed("2027-03-10T09:00Z"))


def test_a_deadline_names_its_entries_by_number_and_leaves_out_those_that_the_order_does_not_have() -> None:
    case, judgement = STORY.case, judged(STORY)
    by_leaf = numbers(case)
    expected = [tuple(by_leaf[leaf] for leaf in clock.entries) for clock in judgement.deadlines]
    assert any(expected)
    assert [each.entries for each in periods(case, judgement)] == expected
    more = [replace(clock, entries=("f" * 64, *clock.entries)) for clock in judgement.deadlines]
    assert [each.entries for each in periods(case, changed(judgement, deadlines=more))] == expected
