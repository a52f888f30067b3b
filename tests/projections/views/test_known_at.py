"""What was known at a moment is what the log held by then; a difference names each line that reads otherwise."""

from __future__ import annotations

from ledger.law import judge
from projections.sentences.local_time import end_of
from projections.views.known_at import Change, LogMoment, as_known, changes, difference
from tests.support.judging import judged
from tests.support.scenarios import disclosed, given, issued, moment, received

STORY = given(issued("2027-03-01T09:00Z"), received("2027-03-02T08:30Z"), disclosed("2027-03-10T09:00Z"))


def test_the_record_at_a_moment_is_what_stands_below_the_size_of_its_log() -> None:
    case = STORY.case
    last = case.entries[-1].index
    assert as_known(case, LogMoment(moment("2027-04-01T09:00Z"), last + 1)) == case
    before = as_known(case, LogMoment(moment("2027-04-01T09:00Z"), last))
    assert [e.leaf for e in before.entries] == [e.leaf for e in case.entries[:-1]]
    some = as_known(case, LogMoment(moment("2027-04-01T09:00Z"), 2))
    assert (some.entries, len(some.registry)) == ((), 2)
    assert (before.order, before.instrument, before.label) == (case.order, case.instrument, case.label)


def test_a_difference_has_the_entries_that_came_and_each_line_of_the_judgement_that_changed() -> None:
    case = STORY.case
    last = case.entries[-1]
    earlier, later = LogMoment(moment("2027-03-03T09:00Z"), last.index), LogMoment(moment("2027-03-11T09:00Z"), 10**6)
    found = difference(case, earlier, later, judge)
    assert [e.leaf for e in found.entries] == [last.leaf]
    before = judge(as_known(case, earlier), earlier.at)
    after = judge(case, later.at)
    named = {change.what: (change.before, change.after) for change in found.changes}
    assert named["state"] == (before.state, after.state)
    clock = next(c for c in after.deadlines if c.id == "D-7-7")
    what = next(name for name in named if name.startswith("deadline ") and "D-7-7" in name)
    assert what.endswith(f"counted as {clock.policy}")
    assert clock.due is not None
    assert named[what][1] == f"{clock.verdict}, {end_of(clock.due, clock.zone, clock.last_day)}"
    assert all(change.before != change.after for change in found.changes)
    assert difference(case, later, later, judge).changes == ()


def test_without_an_earlier_judgement_every_line_is_a_change() -> None:
    judgement = judged(STORY)
    found = changes(None, judgement)
    assert found[0] == Change("state", None, judgement.state)
    assert all(change.before is None for change in found)
    named = {change.what: change.after for change in found}
    assert {name for name in named if name.startswith("region ")} == {f"region {name}" for name in judgement.regions}
    assert {name: named[f"finding {name}"] for name in {f.code for f in judgement.findings}} == {
        f.code: f.says for f in judgement.findings
    }
    assert {name: named[f"criterion {name}"] for name in judgement.criteria} == {
        name: str(c.state) for name, c in judgement.criteria.items()
    }
    assert changes(judgement, judgement) == ()
