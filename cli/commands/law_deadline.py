"""`comity law deadline`: explain one deadline of an order step by step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.ledger_reader import LedgerReader, reading
from cli.session.local_time import MOMENT
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time
from cli.terminal.calendar_text import calendar_lines
from cli.terminal.judgement_text import next_lines, next_steps
from cli.terminal.table import wrapped
from ledger.command_line import quoted
from ledger.entries.case import Entry
from ledger.law import judge
from ledger.law.next_steps.alternatives import Alternative, alternatives
from ledger.law.next_steps.clocks import who_acts
from ledger.law.next_steps.step import NextStep
from ledger.law.rules.citations import Citation, citation
from ledger.law.terms.computation import ComputationStep
from ledger.tlog.tree import format_proof, prove_inclusions
from projections.sentences.local_time import until
from projections.views.deadline_calendar import deadline_calendar


class LeafItem(Struct, frozen=True):
    """One entry on which a deadline rests: its leaf hash, its number in the order, its place in the log (from 0).

    `proof` is a tlog-proof (c2sp.org/tlog-proof) under the newest checkpoint; null if no checkpoint covers the entry
    yet, or if it was sealed for another log. Then `comity export` proves it.
    """

    leaf: str
    entry: str
    kind: str
    index: int
    proof: str | None


class DeadlineItem(Struct, frozen=True):
    """One deadline with the steps of its computation; `trigger` and `met_by` are leaf hashes of entries.

    `steps` are the sentences, `computation` the same steps as data. `next` names what it lacks where it could not be
    computed, and the command that records it; `alternatives` are the ends that doubtful statements lead to then; else
    both are empty. `changes` names what would change it. `last_day` is the last local day that still counts, null for
    a period that ends within a day; `who` must act.
    """

    id: str
    policy: str
    verdict: str
    due: Time | None
    last_day: str | None
    who: str
    cite: str
    mark: str
    trigger: str | None
    met_by: tuple[str, ...]
    steps: tuple[str, ...]
    computation: tuple[ComputationStep, ...]
    next: tuple[NextStep, ...]
    alternatives: tuple[Alternative, ...]
    changes: tuple[NextStep, ...]


class DeadlineAnswer(CommandAnswer, tag="comity.deadline/1"):
    """One deadline of an order explained; `missing` says what its computation lacks, in words.

    `leaves` are the entries on which the deadlines rest, each with its proof. `citations` are all provisions that the
    deadlines and their steps cite, each with its act and its stable identifiers.
    """

    order: str
    as_of: Time
    missing: list[str]
    deadlines: list[DeadlineItem]
    leaves: list[LeafItem]
    citations: list[Citation]


@command(
    "comity law deadline D-7-7 main",
    "comity law deadline E-10-2 main --calendar",
    "comity law deadline E-10-2 main --json",
    refused=Exit.UNDECIDABLE,
)
@click.argument("id")
@click.argument("order")
@click.option("--as-of", "as_of", type=MOMENT, help="As recorded at this moment (default: now).")
@click.option("--calendar", is_flag=True, help="Draw the months from the event to the end.")
def deadline(id: str, order: str, as_of: datetime | None, calendar: bool) -> None:
    """One deadline of ORDER step by step: what started it, how it is counted, what moved or met it, what may change it.

    Of one that could not be computed: what is missing, the command that records it, and the dates that the statements
    on record lead to. Where two ways of counting lead to two dates, both are shown.
    """
    with reading() as reader:
        case = reader.case(order)
        moment = as_of or reader.now()
        judgement = judge(case, moment)
        clocks = [c for c in judgement.deadlines if c.id == id]
        rests = dict.fromkeys(leaf for c in clocks for leaf in (c.trigger, *c.met_by, *c.entries))
        leaves = _leaves(reader, [e for e in case.entries if e.leaf in rests])
    if not clocks:
        hint = f"`comity judge {quoted(order)}` lists them"
        raise Stop(f"{id} is not listed for this order at {output.plain(moment)}", hint=hint)
    named = {e.leaf: f"#{e.number} {e.kind}" for e in case.entries}
    steps = next_steps(case, judgement)
    following = [steps.of_clock(c) for c in clocks]
    cited = {cite for c in clocks for cite in (*c.cite, *(cite for step in c.computation for cite in step.cite))}
    answer = DeadlineAnswer(
        order=case.order,
        as_of=moment,
        missing=list(dict.fromkeys(step.lacks for of_clock in following for step in of_clock)),
        deadlines=[
            DeadlineItem(
                id=c.id,
                policy=c.policy,
                verdict=str(c.verdict),
                due=c.due,
                last_day=None if c.last_day is None else c.last_day.isoformat(),
                who=who_acts(c.id),
                cite=", ".join(c.cite),
                mark=str(c.mark),
                trigger=c.trigger,
                met_by=c.met_by,
                steps=c.steps,
                computation=c.computation,
                next=of_clock,
                alternatives=alternatives(case, moment, c),
                changes=steps.changing(c),
            )
            for c, of_clock in zip(clocks, following, strict=True)
        ],
        leaves=leaves,
        citations=[citation(cite) for cite in sorted(cited)],
    )

    def text() -> str:
        out: list[str] = []
        for c, of_clock, item in zip(clocks, following, answer.deadlines, strict=True):
            out.append(f"{output.paint(c.id, 'bold')}  {c.policy}  {', '.join(c.cite)}  [{c.mark}]")
            if c.trigger:
                out.append(f"  started by {named.get(c.trigger, c.trigger)}")
            out += [f"  {step}" for step in c.steps]
            out += [f"  answered by {named.get(leaf, leaf)}" for leaf in c.met_by]
            out.append(f"  {output.paint(str(c.verdict))}" + (f", due {output.plain(c.due)}" if c.due else ""))
            out.append(f"  {who_acts(c.id)}" + (f": {until(c.due, c.zone, c.last_day)}" if c.due else ""))
            out += [f"  due {output.plain(other.due)} {other.says}" for other in item.alternatives]
            out += next_lines(of_clock)
            if calendar:
                out += [*calendar_lines(deadline_calendar(c)), ""]
        of_all = "; ".join(step.lacks for step in answer.deadlines[0].changes)  # a rolled twin has the same
        out += wrapped(of_all, "  what would change it:", indent=0)
        return "\n".join(out)

    rows = [(c.id, c.policy, str(c.verdict), c.due, " | ".join(c.steps)) for c in clocks]
    output.emit(answer, ("id", "policy", "verdict", "due", "steps"), rows, text=text)


def _leaves(reader: LedgerReader, entries: Sequence[Entry]) -> list[LeafItem]:
    """Return entries with their proofs under the newest checkpoint, from one read of the hashes that they share."""
    head = reader.newest_head()
    size = 0 if head is None else head.size
    covered = [e.index for e in entries if e.index < size and e.origin is None]
    proofs = {}
    if head is not None:
        paths = prove_inclusions(covered, size, reader.store.hashes)
        proofs = {i: format_proof(i, path, head.note).decode() for i, path in zip(covered, paths, strict=True)}
    return [LeafItem(e.leaf, f"#{e.number}", e.kind, e.index, proofs.get(e.index)) for e in entries]
