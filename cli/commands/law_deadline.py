"""`comity law deadline`: explain one deadline of an order step by step."""

from __future__ import annotations

from datetime import datetime

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.ledger_choice import MOMENT
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time
from ledger.law.next_steps.step import NextStep


class DeadlineItem(Struct, frozen=True):
    """One deadline with the steps of its computation; `trigger` and `met_by` are leaf hashes of entries.

    `next` names what it lacks where it could not be computed, and the command that records it; else it is empty.
    """

    id: str
    policy: str
    verdict: str
    due: Time | None
    cite: str
    mark: str
    trigger: str | None
    met_by: tuple[str, ...]
    steps: tuple[str, ...]
    next: tuple[NextStep, ...]


class DeadlineAnswer(CommandAnswer, tag="comity.deadline/1"):
    """One deadline of an order explained; `missing` says what its computation lacks, in words."""

    order: str
    as_of: Time
    missing: list[str]
    deadlines: list[DeadlineItem]


@command("comity law deadline D-7-7 main", "comity law deadline E-10-2 main --json", refused=Exit.UNDECIDABLE)
@click.argument("id")
@click.argument("order")
@click.option("--as-of", "as_of", type=MOMENT, help="As recorded at this moment (default: now).")
def deadline(id: str, order: str, as_of: datetime | None) -> None:
    """One deadline of ORDER explained step by step: what started it, how it is counted, what moved or met it.

    Of one that could not be computed: what is missing, and the command that records it.
    """
    from cli.session.ledger_reader import reading
    from cli.terminal.judgement_text import next_lines, next_steps
    from ledger.law import judge

    with reading() as reader:
        case = reader.case(order)
        moment = as_of or reader.now()
    judgement = judge(case, moment)
    clocks = [c for c in judgement.deadlines if c.id == id]
    if not clocks:
        raise Stop(
            f"{id} is not listed for this order at {output.plain(moment)}", hint=f"`comity judge {order}` lists them"
        )
    named = {e.leaf: f"#{e.seq} {e.kind}" for e in case.entries}
    steps = next_steps(case, judgement)
    following = [steps.of_clock(c) for c in clocks]
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
                cite=", ".join(c.cite),
                mark=str(c.mark),
                trigger=c.trigger,
                met_by=c.met_by,
                steps=c.steps,
                next=of_clock,
            )
            for c, of_clock in zip(clocks, following, strict=True)
        ],
    )

    def text() -> str:
        out: list[str] = []
        for c, of_clock in zip(clocks, following, strict=True):
            out.append(f"{output.paint(c.id, 'bold')}  {c.policy}  {', '.join(c.cite)}  [{c.mark}]")
            if c.trigger:
                out.append(f"  started by {named.get(c.trigger, c.trigger)}")
            out += [f"  {step}" for step in c.steps]
            out += [f"  answered by {named.get(leaf, leaf)}" for leaf in c.met_by]
            out.append(f"  {output.paint(str(c.verdict))}" + (f", due {output.plain(c.due)}" if c.due else ""))
            out += next_lines(of_clock)
        return "\n".join(out)

    rows = [(c.id, c.policy, str(c.verdict), c.due, " | ".join(c.steps)) for c in clocks]
    output.emit(answer, ("id", "policy", "verdict", "due", "steps"), rows, text=text)
