"""`comity register`: answer the ten questions of a data protection officer."""

from __future__ import annotations

from datetime import datetime

import click
from msgspec import Struct

from cli.access.recorded_access import Stated, revealed, revealing
from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.session.ledger_reader import reading
from cli.session.options import AS_OF
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time
from cli.terminal.table import wrapped as wrapped


class QuestionItem(Struct, frozen=True):
    """One question of a data protection officer on one order, its answer, and whether a duty is open."""

    order: str
    number: int
    question: str
    cite: str
    open: bool
    answer: str


class RegisterAnswer(CommandAnswer, tag="comity.register/1"):
    """The ten questions on each order."""

    as_of: Time
    register: list[QuestionItem]


@command(
    "comity register main",
    "comity register --subject 'witness 3' --json",
    "comity register main --reveal --because 'request of 3 May' --purpose rights-request --as dpo",
    refused=Exit.UNDECIDABLE,
)
@click.argument("order", required=False)
@click.option("--subject", metavar="S", help="Only the orders in which something is sealed for this person.")
@AS_OF
@revealing
def register(
    order: str | None,
    subject: str | None,
    as_of: datetime | None,
    reveal: bool,
    stated: Stated,
    actor: str | None,
) -> Exit:
    """The ten questions of a data protection officer, and which duties are open; exit 3 if one is.

    Question 2 says who received data, and who opened sealed values, when, in which view and what for; with --reveal
    also which person and why. An issuing office that reveals says its --purpose, such as rights-request.
    """
    from ledger.law import judge as judge_case
    from projections.reports.dpo_questions import register as answers_of

    if order and subject:
        raise click.UsageError("an ORDER or --subject S, not both")
    with reading() as reader:
        if subject is not None:
            mine = reader.of_subject(subject)
            cases = [case for case in reader.all() if case.order in mine]
        else:
            cases = [reader.case(order)] if order else list(reader.all())
        revealed([case.order for case in cases], "dpo", reveal, stated, actor)
        moment = as_of or reader.now()  # after its own access entry, which the answer includes
        accesses = [e for e in reader.accesses() if e.at <= moment]
    pairs = []
    for case in cases:
        read = [e for e in accesses if case.order in e.get("orders", ())]
        pairs.append((case, answers_of(case.known(moment), judge_case(case, moment), read, reveal=reveal)))
    items = [
        QuestionItem(case.label or case.order[:8], a.number, a.question, a.cite, a.open, " | ".join(a.lines))
        for case, answers in pairs
        for a in answers
    ]

    def text() -> str:
        out = []
        for case, answers in pairs:
            out += [output.paint(f"{case.label or case.order}  {case.instrument}", "bold")]
            for a in answers:
                out += ["", *wrapped(f"{a.question} ({a.cite})", f"{a.number}.", 80, indent=0)]
                for line in a.lines:
                    out += wrapped(line, " ", 80)
                if a.open:
                    out.append(f"    {output.paint('A duty is open.', 'yellow')}")
        return "\n".join(out)

    output.emit(RegisterAnswer(moment, items), QuestionItem.__struct_fields__, items, text=text)
    return Exit.FINDINGS if any(a.open for _, answers in pairs for a in answers) else Exit.DONE
