"""`comity register`: answer the ten questions of a data protection officer, on one order or on the whole ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

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
from ledger.entries.case import Case
from ledger.law import judge as judge_case
from projections.reports.data_protection.dpo_questions import DpoAnswer
from projections.reports.data_protection.dpo_questions import register as answers_of

ALL = range(1, 11)


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
    "comity register          (all orders, on one screen)",
    "comity register --question 10          (one question over all orders)",
    "comity register --kept-until 2027-12-31",
    "comity register main --open",
    "comity register --subject 'witness 3' --json",
    "comity register main --reveal --because 'request of 3 May' --purpose rights-request --as dpo",
    refused=Exit.UNDECIDABLE,
)
@click.argument("order", required=False)
@click.option("--subject", metavar="S", help="Only the orders in which something is sealed for this person.")
@click.option("--question", type=click.IntRange(1, 10), metavar="N", help="Only this question, 1 to 10.")
@click.option("--open", "only_open", is_flag=True, help="Only open duties.")
@click.option("--kept-until", "until", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="What is held and due.")
@click.option("--full", is_flag=True, help="Every answer of every order, with its entries.")
@AS_OF
@revealing
def register(
    order: str | None,
    subject: str | None,
    question: int | None,
    only_open: bool,
    until: datetime | None,
    full: bool,
    as_of: datetime | None,
    reveal: bool,
    stated: Stated,
    actor: str | None,
) -> Exit:
    """The ten questions of a data protection officer, and which duties are open; exit 3 if one is.

    Without ORDER, the questions over the whole ledger: how many orders say what, the open duties, and what is kept
    until when. Question 2 says who received data, and who opened sealed values, when, in which view and what for; with
    --reveal also which person and why. An issuing office that reveals says its --purpose, such as rights-request.
    """
    if order and subject:
        raise click.UsageError("an ORDER or --subject S, not both")
    each = full or reveal or order is not None or subject is not None
    if until is not None and (each or question not in (None, 6) or only_open):
        raise click.UsageError("--kept-until DAY is a question about the whole ledger, of its own")
    if not each:
        revealed((), "dpo", reveal, stated, actor)  # refuses a reason without --reveal
        numbers = {6} if until else {question} if question else set(ALL)
        return _summary(numbers, only_open, until.date() if until else None, as_of)
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
        answers = answers_of(case.known(moment), judge_case(case, moment), read, reveal=reveal)
        pairs.append((case, [a for a in answers if question in (None, a.number) and (a.open or not only_open)]))
    items = [
        QuestionItem(_called(case) or case.order[:8], a.number, a.question, a.cite, a.open, " | ".join(a.lines))
        for case, answers in pairs
        for a in answers
    ]
    output.emit(
        RegisterAnswer(moment, items), QuestionItem.__struct_fields__, items, text=lambda: _text(pairs, only_open)
    )
    return Exit.FINDINGS if any(item.open for item in items) else Exit.DONE


def _called(case: Case) -> str | None:
    """Return the name of an order: the label that a story gave it, else its reference."""
    references = (e.get("reference") for e in case.entries if e.kind == "order-issued")
    return case.label or next((str(reference) for reference in references if reference), None)


def _text(pairs: Iterable[tuple[Case, list[DpoAnswer]]], only_open: bool) -> str:
    lines = []
    for case, answers in pairs:
        if only_open and not answers:
            continue
        lines += [output.paint(f"{_called(case) or case.order}  {case.instrument}", "bold")]
        for a in answers:
            lines += ["", *wrapped(f"{a.question} ({a.cite})", f"{a.number}.", indent=0)]
            for line in a.lines:
                lines += wrapped(line, " ")
            if a.open:
                lines.append(f"    {output.paint('A duty is open.', 'yellow')}")
    return "\n".join(lines or ["No duty is open."])


def _summary(questions: set[int], only_open: bool, until: date | None, as_of: datetime | None) -> Exit:
    """Print the questions over the whole ledger, from the view of orders."""
    from cli.lists.docket import opened_docket
    from cli.reports.register_summary import as_text, summary
    from ledger.adapters.storage.orders.order_answers import answers_of

    with opened_docket(as_of) as docket:
        answers, orders = answers_of(docket.orders)
        names, moment = docket.names, docket.moment
    purposes: list[str] = []
    if 2 in questions:
        with reading() as reader:
            opened = reader.cases.opened(reader.cases.access)
            entries = reader.cases.entries(reader.cases.access, opened, reveal=False)
            purposes = [str(e.get("purpose_code")) for e in entries if e.kind == "record-accessed" and e.at <= moment]
    answer = summary(moment, answers, orders, names, purposes, questions, until)
    columns: tuple[str, ...] = ("number", "question", "cite", "orders", "open")
    cells: list[tuple[object, ...]] = [(q.number, q.question, q.cite, q.orders, q.open) for q in answer.questions]
    if until is not None:
        columns, cells = ("order", "until"), [(one.order, one.until) for one in answer.kept]
    elif only_open:
        columns = ("question", "says", "orders")
        cells = [(duty.question, duty.says, ", ".join(duty.orders)) for duty in answer.open]
    output.emit(answer, columns, cells, text=lambda: as_text(answer, only_open=only_open, until=until))
    return Exit.FINDINGS if answer.open else Exit.DONE
