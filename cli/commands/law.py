"""`comity law`: list the rules in force with their citations, and explain one deadline step by step."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.ledger_choice import MOMENT
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time
from cli.terminal.table import wrapped

if TYPE_CHECKING:
    from ledger.law.reading.order_reading import OrderReading
    from ledger.law.terms.rule import Deadline


class RuleItem(Struct, frozen=True):
    """One rule: its code, what it is, the instruments it belongs to, its citation, how sure it is, since when."""

    id: str
    kind: str
    instruments: str
    cite: str
    mark: str
    since: date | None
    says: str


class LawAnswer(CommandAnswer, tag="comity.law/1"):
    """The rules in force; `digest` identifies the whole set."""

    digest: str
    rules: list[RuleItem]


class PartyItem(Struct, frozen=True):
    """A ratification (`code` is `-`), a declaration, or another act that binds a State or not (`code` of the act).

    `verified`: the text of a declaration was read.
    """

    party: str
    code: str
    says: str
    verified: bool
    mark: str
    source: str


class PartiesAnswer(CommandAnswer, tag="comity.parties/1"):
    """What is known of real Parties to a treaty, and whether it is in force."""

    treaty: str
    in_force: date | None
    ratifications_read: int
    ratifications_needed: int
    parties: list[PartyItem]
    as_read: str


@command("comity law", "comity law 2AP-7", "comity law D-7-7", "comity law '2AP:7(5)'", "comity law --html rules.html")
@click.argument("about", required=False)
@click.option("--html", metavar="FILE", help="One page to print and correct.")
@click.option("--parties", is_flag=True, help="What is known of real Parties and their declarations.")
def law(about: str | None, html: str | None, parties: bool) -> None:
    """The rules in force with their citations, and how sure each of them is.

    ABOUT is an instrument, the code of one rule as findings and clocks print it, or a provision that rules rest on.
    """
    from ledger.facts.vocabulary import INSTRUMENTS
    from ledger.law.provisions import rules_digest
    from projections.views.rulebook import rulebook

    if parties:
        _parties()
        return
    rules = rulebook(about)
    if not rules:
        hint = f"`comity law` lists the rules; instruments are {', '.join(INSTRUMENTS)}"
        raise Stop(f"{about!r} is no instrument, no code of a rule, and no provision that one rests on", hint=hint)
    if html is not None:
        from projections.views.rulebook import rulebook_page

        with open(html, "w", encoding="utf-8") as page:
            page.write(rulebook_page(rules, rules_digest()))
        output.tell(f"{len(rules)} rules written to {html}")
        return
    items = [
        RuleItem(r.id, r.kind, ", ".join(r.instruments) or "any", ", ".join(r.cite), r.mark, r.since, r.says)
        for r in rules
    ]

    def text() -> str:
        out: list[str] = []
        for r in rules:
            out.append(f"{output.paint(r.id, 'bold')}  {', '.join(r.cite) or '-'}  [{r.mark}]")
            out += wrapped(r.says, " ", 80)
            if len(rules) == 1:
                out += [line for name, what in r.detail for line in wrapped(f"{name}: {what}", " ", 80)]
        return "\n".join([*out, "", f"{len(rules)} {'rule' if len(rules) == 1 else 'rules'}; digest {rules_digest()}"])

    output.emit(LawAnswer(rules_digest(), items), RuleItem.__struct_fields__, items, text=text)


class DeadlineItem(Struct, frozen=True):
    """One deadline with the steps of its computation; `trigger` and `met_by` are leaf hashes of entries."""

    id: str
    policy: str
    verdict: str
    due: Time | None
    cite: str
    mark: str
    trigger: str | None
    met_by: tuple[str, ...]
    steps: tuple[str, ...]


class DeadlineAnswer(CommandAnswer, tag="comity.deadline/1"):
    """One deadline of an order explained; `missing` says what its computation lacks."""

    order: str
    as_of: Time
    missing: list[str]
    deadlines: list[DeadlineItem]


@command("comity law deadline D-7-7 main", "comity law deadline E-10-2 main --json", refused=Exit.UNDECIDABLE)
@click.argument("id")
@click.argument("order")
@click.option("--as-of", "as_of", type=MOMENT, help="As recorded at this moment (default: now).")
def deadline(id: str, order: str, as_of: datetime | None) -> None:
    """One deadline of ORDER explained step by step: what wound it, how it is counted, what moved or met it.

    Of one that could not be computed: what is missing, and in which field.
    """
    from cli.session.ledger_reader import reading
    from ledger.law import judge, read_order
    from ledger.law.deadlines.table import REGISTER

    with reading() as reader:
        case = reader.case(order)
        moment = as_of or reader.now()
    clocks = [c for c in judge(case, moment).deadlines if c.id == id]
    if not clocks:
        raise Stop(
            f"{id} is not listed for this order at {output.plain(moment)}", hint=f"`comity judge {order}` lists them"
        )
    named = {e.leaf: f"#{e.seq} {e.kind}" for e in case.entries}
    missing: list[str] = []
    if any(c.count is None and c.due is None for c in clocks):
        rule = next(d for d in REGISTER if d.id == id)
        missing = unwound(read_order(case, moment), rule, {c.trigger for c in clocks})
    answer = DeadlineAnswer(
        order=case.order,
        as_of=moment,
        missing=missing,
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
            )
            for c in clocks
        ],
    )

    def text() -> str:
        out: list[str] = []
        for c in clocks:
            out.append(f"{output.paint(c.id, 'bold')}  {c.policy}  {', '.join(c.cite)}  [{c.mark}]")
            if c.trigger:
                out.append(f"  wound by {named.get(c.trigger, c.trigger)}")
            out += [f"  {step}" for step in c.steps]
            out += [f"  answered by {named.get(leaf, leaf)}" for leaf in c.met_by]
            out.append(f"  {output.paint(str(c.verdict))}" + (f", due {output.plain(c.due)}" if c.due else ""))
        out += [line for says in missing for line in wrapped(says, "  missing:", 80, indent=0)]
        return "\n".join(out)

    rows = [(c.id, c.policy, str(c.verdict), c.due, " | ".join(c.steps)) for c in clocks]
    output.emit(answer, ("id", "policy", "verdict", "due", "steps"), rows, text=text)


def unwound(reading: OrderReading, rule: Deadline, triggers: Collection[str | None]) -> list[str]:
    """Return why no entry starts a clock: what each possible trigger lacks, by its number and kind."""
    entries = [e for e in reading.entries.current if e.kind in rule.winds or e.leaf in triggers]
    if not entries:
        return [f"nothing on record winds it: {rule.wound_by}"]
    reasons = []
    for e in entries:
        lacks = [
            f"{lack.says} (it would with {lack.column} {lack.value})" for lack in reading.receipts.lacks_as_trigger(e)
        ]
        disputed = ["it is disputed"] if reading.reliability.disputed(e.leaf) else []
        if lacks or disputed:
            reasons.append(f"#{e.seq} {e.kind} winds no clock: {'; '.join((*lacks, *disputed))}")
    return reasons


def _parties() -> None:
    from ledger.law.reading.bound_parties import AGREEMENTS, BOUND
    from ledger.law.reading.known_parties import AS_READ, EXPECTED_OF_MEMBER_STATES, IN_FORCE, NEEDED, RATIFIED
    from ledger.law.terms.rule import Mark

    items = []
    for p in RATIFIED.values():
        items.append(PartyItem(p.code, "-", f"{p.name}, ratified {p.ratified}", p.complete, str(p.mark), p.source))
        items += [PartyItem(p.code, d.code, d.says, d.verified, str(d.mark), p.source) for d in p.declarations]
    items += [
        PartyItem("EU", d.code, f"expected of Member States: {d.says}", d.verified, str(d.mark), "")
        for d in EXPECTED_OF_MEMBER_STATES
    ]
    for bound in BOUND.values():
        says = f"bound from {bound.since}" if bound.since else "not bound"
        items.append(PartyItem(bound.party, bound.act, says, bound.mark is Mark.TEXT, str(bound.mark), bound.source))
    for a in AGREEMENTS.values():
        says = f"agreement with the United States in force from {a.since}"
        items.append(PartyItem(a.party, "COA", says, a.mark is Mark.TEXT, str(a.mark), a.source))
    answer = PartiesAnswer(
        treaty="CETS 224",
        in_force=IN_FORCE,
        ratifications_read=len(RATIFIED),
        ratifications_needed=NEEDED,
        parties=items,
        as_read=AS_READ,
    )
    output.emit(answer, PartyItem.__struct_fields__, items)
