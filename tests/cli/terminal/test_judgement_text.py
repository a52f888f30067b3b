"""A judgement in words: entries as runs of numbers, what would settle a point once, the gravest finding first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Stop
from cli.terminal.judgement_text import gravest_first, next_lines, next_steps, numbered, opinion, period, sheet
from ledger.law import judge
from ledger.law.next_steps.lookup import OF_CLOCKS
from ledger.law.terms.rule import Level
from tests.support.story_files import cases


@pytest.mark.parametrize(
    ("places", "text"),
    [
        ([], ""),
        ([3], "#3"),
        ([3, 4], "#3 #4"),
        ([3, 4, 5], "#3 to #5"),
        ([8, 3, 4, 5, 6, 9, 10], "#8 #3 to #6 #9 #10"),
        ([5, 4, 3], "#5 #4 #3"),
        ([1, 1, 2], "#1 #1 #2"),
    ],
)
def test_three_entries_in_turn_are_a_run(places: list[int], text: str) -> None:
    assert numbered(map(str, places)) == text


def test_a_step_has_what_lacks_and_a_command_that_is_not_wrapped() -> None:
    command = "comity record order-received PPO-1 " + "-f proof_kind=own-stamp " * 5
    steps: list[Any] = [
        SimpleNamespace(lacks="a receipt", command=command),
        SimpleNamespace(lacks="a word", command=None),
    ]
    assert next_lines(steps) == ["       -> a receipt:", f"{'':10}{command}", "       -> a word"]


def test_findings_are_sorted_by_gravity_and_stay_in_turn() -> None:
    findings: list[Any] = [SimpleNamespace(level=SimpleNamespace(value=v), n=n) for n, v in enumerate("GWVGWV")]
    sorted_: list[Any] = gravest_first(findings)
    assert [f.n for f in sorted_] == [2, 5, 1, 4, 0, 3]


@pytest.fixture(scope="module")
def late() -> Any:
    """Return a case with a deadline that could not be computed, and its judgement."""
    case = cases("answers-written-down-late")["own-word"]
    return case, judge(case, max(entry.at for entry in case.entries) + timedelta(days=200))


def test_the_step_of_a_deadline_is_printed_with_the_deadline_alone(late: Any) -> None:
    case, judged = late
    steps = next_steps(case, judged)
    assert any(finding.code == OF_CLOCKS for finding in judged.findings)
    clock = next(c for c in judged.deadlines if steps.of_clock(c))
    line = next_lines(steps.of_clock(clock))[0]
    text = opinion(case, judged, steps=steps)
    deadlines, rest = text.split("\nFindings\n")
    findings, criteria = rest.split("\nCriteria\n")
    assert line in deadlines
    assert line not in findings
    bare = opinion(case, judged)
    assert "->" not in bare
    assert [row for row in text.split("\n") if row in bare.split("\n")] == bare.split("\n")
    assert criteria.rstrip().endswith("Whether it is admitted is for the court.")


def test_an_order_without_a_deadline_or_a_finding_says_so(late: Any) -> None:
    case, judged = late
    empty: Any = SimpleNamespace(
        **{name: getattr(judged, name) for name in judged.__struct_fields__} | {"deadlines": (), "findings": ()}
    )
    text = opinion(case, empty)
    assert "  None is listed for this order." in text
    assert "  No finding." in text
    full = opinion(case, judged)
    assert "None is listed" not in full
    assert "No finding." not in full


def test_a_period_has_its_end_in_local_time_if_it_is_known(late: Any) -> None:
    _, judged = late
    known = [c for c in judged.deadlines if c.due is not None and c.count is not None]
    for clock in judged.deadlines:
        assert ("; until " in period(clock)) is (clock in known)
        assert "_" not in period(clock).split(";")[0]


def test_a_forum_is_known_in_any_letters(late: Any) -> None:
    _, judged = late
    assert sheet(judged, "echr").questions == sheet(judged, "ECHR").questions
    with pytest.raises(Stop, match="no sheet for 'XX'"):
        sheet(judged, "XX")


def judged_with(judged: Any, **said: Any) -> Any:
    return SimpleNamespace(**{name: getattr(judged, name) for name in judged.__struct_fields__} | said)


def test_a_finding_names_its_articles_and_those_of_its_entries_that_are_in_the_order(late: Any) -> None:
    case, judged = late
    first, last = case.entries[0], case.entries[-1]
    found: list[Any] = [
        SimpleNamespace(code="G-1", level=Level.G, mark="text", says="a gap", cite=(), entries=(first.leaf,)),
        SimpleNamespace(code="W-1", level=Level.W, mark="known", says="a remark", cite=("Art. 1",), entries=("ab",)),
        SimpleNamespace(
            code="V-1", level=Level.V, mark="text", says="it is", cite=("Art. 1", "2"),
            entries=(last.leaf, "ab", first.leaf),
        ),
    ]  # fmt: skip
    for finding in found:
        finding.criteria = ()
    text = opinion(case, judged_with(judged, findings=tuple(found)))
    lines = text.split("\nFindings\n")[1].split("\n\nCriteria\n")[0].split("\n")
    assert lines == [
        f"  violation V-1 [text] it is (Art. 1, 2; #{last.seq} #{first.seq})",
        "  remark W-1 [known] a remark (Art. 1)",
        f"  gap G-1 [text] a gap (#{first.seq})",
    ]


def test_a_judgement_begins_with_the_order_its_state_and_its_regions(late: Any) -> None:
    case, judged = late
    two = judged_with(judged, regions={"in_force": "yes", "copies": "none"})
    head, regions, empty, deadlines = opinion(case, two).split("\n")[:4]
    assert f"  {judged.instrument}  {judged.state}  as of " in head
    assert (regions, empty, deadlines) == ("  in force yes, copies none", "", "Deadlines")
    assert opinion(case, judged_with(judged, regions={})).split("\n")[1:3] == ["", "Deadlines"]


def test_a_deadline_is_a_row_with_its_verdict_end_method_and_articles(late: Any) -> None:
    case, judged = late
    first, *more = judged.deadlines
    clocks = (first, *more, replace(first, due=None, count=None))
    lines = opinion(case, judged_with(judged, deadlines=clocks), width=400).split("\n")
    for clock in clocks:
        due = "not known" if clock.due is None else f"{clock.due:%Y-%m-%dT%H:%M:%SZ}"
        row = f"  {clock.id:<15} {clock.verdict:<14}{due:<21} {clock.policy:<13} {', '.join(clock.cite)}"
        assert lines[lines.index(row) + 1] == f"      {period(clock)}"


def test_a_criterion_has_its_state_what_it_rests_on_and_what_it_lacks(late: Any) -> None:
    from projections.views.evidence_chain import evidence_chain

    case, judged = late
    places = {e.leaf: e.seq for e in case.entries}
    lines = opinion(case, judged, width=400).split("\nCriteria\n")[1].split("\n")
    pillars = evidence_chain(case, judged)
    assert {bool(p.rests_on) for p in pillars} | {bool(p.lacks) for p in pillars} == {True, False}
    for pillar in pillars:
        rests = numbered(str(places[e.leaf]) for e in pillar.rests_on)
        row = f"  {pillar.id} {pillar.name:<29} {pillar.state}" + (f"  rests on {rests}" if rests else "")
        at = lines.index(row) + 1
        assert lines[at : at + len(pillar.lacks)] == [f"       {lack}" for lack in pillar.lacks]


def test_the_questions_of_a_forum_have_the_state_of_their_criteria_and_what_they_leave_open(late: Any) -> None:
    case, judged = late
    text = opinion(case, judged, "US", width=400)
    assert "Questions of the forum" not in opinion(case, judged)
    lines = text.split("\nQuestions of the forum: US\n")[1].split("\n\n")[0].split("\n")
    expected = []
    for q in sheet(judged, "US").questions:
        states = ", ".join(f"{name} {state}" for name, state in q.criteria.items())
        expected += [f"  - {q.cite}: {q.asks} [{states}]", *([f"    left open: {q.leaves}"] if q.leaves else [])]
    assert lines == expected
    assert any(line.startswith("    left open: ") for line in lines)


def test_a_period_without_an_end_or_a_count_is_its_length_alone(late: Any) -> None:
    _, judged = late
    clock = next(c for c in judged.deadlines if c.due is not None and c.count is not None)
    length, _, end = period(clock).partition("; until ")
    assert end
    for lacks in ({"due": None}, {"count": None}, {"due": None, "count": None}):
        assert period(replace(clock, **lacks)) == length
