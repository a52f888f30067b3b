"""One line about an order states what its issue states, and nothing before it is issued."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from ledger.entries.case import wire
from ledger.law import judge
from projections.views.state import OrderView, name_of, view
from tests.support.scenarios import Fact, case, issued, moment, sent

ISSUED = issued("2027-03-01T09:00Z", reference="PPO-1")
SENT = sent("2027-03-02T08:00Z")


def of(*facts: Fact, as_of: str = "2027-03-03T00:00Z") -> OrderView:
    made = case(facts, "2AP-7")
    return view(made, judge(made, moment(as_of)))


def test_the_line_of_an_order_states_its_reference_parties_and_days() -> None:
    line = of(ISSUED, SENT)
    assert (line.ref, line.from_party, line.to_party, line.providers) == ("PPO-1", "XO", "XV", ("skylark",))
    assert (line.issued_on, line.last_on) == (moment("2027-03-01T09:00Z"), moment("2027-03-02T08:00Z"))
    assert (line.label, line.instrument, line.entries) == ("main", "2AP-7", 2)


def test_an_order_that_is_not_issued_has_neither_reference_nor_parties() -> None:
    line = of(SENT)
    assert (line.ref, line.from_party, line.to_party, line.providers, line.issued_on) == (None, None, None, (), None)


def test_days_after_the_moment_of_the_line_are_not_stated() -> None:
    as_of = wire(moment("2027-03-01T09:00Z") - timedelta(seconds=1))
    assert (of(ISSUED, as_of=as_of).issued_on, of(ISSUED, as_of=as_of).last_on) == (None, None)
    assert of(ISSUED, SENT, as_of="2027-03-02T07:59:59Z").last_on == moment("2027-03-01T09:00Z")


def test_an_order_is_called_by_its_label_its_reference_or_the_beginning_of_its_id() -> None:
    labelled = case((ISSUED,), "2AP-7")
    unlabelled, not_issued = replace(labelled, label=None), replace(case((SENT,), "2AP-7"), label=None)
    assert [name_of(each) for each in (labelled, unlabelled, not_issued)] == ["main", "PPO-1", not_issued.order[:8]]
