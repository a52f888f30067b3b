"""Show a judgement as text and as a document: deadlines, findings, criteria."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cli.exit_codes import Stop
from cli.terminal import output
from cli.terminal.answer import RecordAnswer, Time
from cli.terminal.table import wrapped as wrapped
from ledger.entries.case import Case
from ledger.law import Judgement
from ledger.law.deadlines.table import REGISTER
from ledger.law.next_steps.step import NextStep
from ledger.law.terms.rule import LEVELS, Clock, Finding
from projections.documents.judgement import ClockItem, CriterionItem, DutyItem, FindingItem
from projections.sentences.local_time import until

if TYPE_CHECKING:
    from ledger.law.admissibility.forums import ForumSheet
    from ledger.law.next_steps.lookup import NextSteps

FIELD = re.compile(r"[a-z]+_[a-z_]+")


class JudgementFields(RecordAnswer):
    """The judgement of one order at a moment; `next` names what would settle a point, where the command says it."""

    order: str
    label: str | None
    instrument: str
    as_of: Time
    state: str
    regions: dict[str, str]
    deadlines: list[ClockItem]
    findings: list[FindingItem]
    criteria: dict[str, CriterionItem]
    duties: list[DutyItem]


def opinion(case: Case, j: Judgement, forum: str | None = None, width: int = 80, steps: NextSteps | None = None) -> str:
    """Return a judgement as text: what the record shows and what it lacks, never whether it is admitted.

    Paragraphs wrap at `width`; the rows of deadlines and criteria need 80 columns. Commands are not wrapped.
    """
    from ledger.law.next_steps.lookup import OF_CLOCKS
    from projections.views.evidence_chain import evidence_chain

    seq = {e.leaf: e.number for e in case.entries}
    out = [f"{_called(case, j)}  {j.instrument}  {output.paint(j.state, 'bold')}  as of {output.plain(j.as_of)}"]
    if j.regions:
        out.append("  " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in j.regions.items()))
    out += ["", output.paint("Deadlines", "bold")]
    for c in j.deadlines:
        out.append(
            f"  {c.id:<15} {output.paint(str(c.verdict))}{'':<{14 - len(c.verdict)}}"
            f"{output.plain(c.due) or 'not known':<21} {c.policy:<13} {', '.join(c.cite)}"
        )
        out += wrapped(period(c), " ", width, indent=4)
        out += next_lines(steps.of_clock(c) if steps else (), width)
    if not j.deadlines:
        out.append("  None is listed for this order.")
    out += ["", output.paint("Findings", "bold")]
    for f in gravest_first(j.findings):
        at = numbered(seq[leaf] for leaf in f.entries if leaf in seq)
        ground = "; ".join(part for part in (", ".join(f.cite), at) if part)
        out += wrapped(f"{f.code} [{f.mark}] {f.says} ({ground})", level(f.level), width)
        if steps and f.code != OF_CLOCKS:  # its steps are printed with the clocks
            out += next_lines(steps.of_finding(f), width)
    if not j.findings:
        out.append("  No finding.")
    out += ["", output.paint("Criteria", "bold")]
    for pillar in evidence_chain(case, j):
        rests = numbered(seq[e.leaf] for e in pillar.rests_on)
        state = output.paint(pillar.state)
        out.append(f"  {pillar.id} {pillar.name:<29} {state}{'  rests on ' + rests if rests else ''}")
        for lack in pillar.lacks:
            out += wrapped(lack, " ", width, indent=5)
            out += next_lines(steps.of_lack(lack) if steps else (), width)
    if forum is not None:
        out += ["", output.paint(f"Questions of the forum: {forum}", "bold")]
        for q in sheet(j, forum).questions:
            shown = ", ".join(f"{name} {state}" for name, state in q.criteria.items())
            out += wrapped(f"{q.cite}: {q.asks} [{shown}]", "-", width)
            if q.leaves:
                out += wrapped(f"left open: {q.leaves}", " ", width)
    out += ["", "What the record shows under the rules as modelled. Whether it is admitted is for the court."]
    return "\n".join(out)


def next_lines(steps: Iterable[NextStep], width: int = 80) -> list[str]:
    """Return next steps as lines: what is missing, then the command, which is not wrapped so that it can be copied."""
    out: list[str] = []
    for step in steps:
        out += wrapped(f"{step.lacks}:" if step.command else step.lacks, "->", width, indent=7)
        if step.command is not None:
            out.append(f"{'':10}{output.paint(step.command, 'bold')}")
    return out


def level(of: str) -> str:
    """Return the word for the level of a finding, in its colour."""
    return output.paint(LEVELS.get(of, of), output.COLOURS.get(of))


def next_steps(case: Case, j: Judgement) -> NextSteps:
    """Return the next steps of a judgement, with commands that name the order as people do."""
    from ledger.law.next_steps.lookup import NextSteps

    return NextSteps(case, j, _called(case, j))


def _called(case: Case, j: Judgement) -> str:
    """Return the name of an order for people: its reference, its label, else the beginning of its id."""
    from projections.views.state import view

    return view(case, j).ref or case.label or j.order[:8]


def numbered(places: Iterable[str]) -> str:
    """Return entries by their numbers, in the given order; runs of three and more as `#8 to #1000`."""
    from projections.reports.entry_numbers import runs as runs_of

    runs = runs_of(places)
    return " ".join(f"#{run[0]} to #{run[-1]}" if len(run) > 2 else " ".join(f"#{n}" for n in run) for run in runs)


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings sorted by level: violations, remarks, gaps."""
    return sorted(findings, key=lambda f: "VWG".index(f.level.value))


def period(clock: Clock) -> str:
    """Return a deadline as words: whose it is, its length, and its end in the local time of the count."""
    rule = next(d for d in REGISTER if d.id == clock.id)
    says = f"{rule.acts}: {FIELD.sub(_stated, rule.length)}"
    if clock.due is None or clock.count is None:
        return says
    return f"{says}; {until(clock.due, clock.zone, clock.last_day)}"


def _stated(field: re.Match[str]) -> str:
    return f'the stated "{field[0].replace("_", " ")}"'


def sheet(j: Judgement, code: str) -> ForumSheet:
    """Return the questions of a forum, with the state of the criteria that answer them; `Stop` for an unknown forum."""
    from ledger.law.admissibility import forums

    if code.upper() not in forums.FORUMS:
        raise Stop(f"no sheet for {code!r}", hint=f"there are {', '.join(forums.FORUMS)}")
    return forums.sheet(j.criteria, code)
