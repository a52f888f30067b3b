"""`comity law`: list the rules in force with their citations."""

from __future__ import annotations

from datetime import date

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.commands.law_editions import not_modelled, write_book, write_edition
from cli.exit_codes import Stop
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from cli.terminal.table import wrapped
from ledger.facts.vocabulary import INSTRUMENTS
from ledger.law.parties.bound_parties import AGREEMENTS, BOUND
from ledger.law.provisions import rules_digest
from ledger.law.rules.citations import Citation, citation
from ledger.law.terms.rule import Mark
from projections.views.rulebook import quoted, rulebook, words


class RuleItem(Struct, frozen=True):
    """One rule: its code, what it is, the instruments it belongs to, its citation, how sure it is, since when.

    `until` is the last day of a repealed act; `words` are the few words of the acts that it rests on; `citations` are
    the parts of `cite`, each with its act, its provision in words, and its stable identifiers.
    """

    id: str
    kind: str
    instruments: str
    cite: str
    mark: str
    since: date | None
    says: str
    until: date | None = None
    words: list[str] = []
    citations: tuple[Citation, ...] = ()


COLUMNS = ("id", "kind", "instruments", "cite", "mark", "since", "says")


class LawAnswer(CommandAnswer, tag="comity.law/1"):
    """The rules in force; `digest` identifies the whole set."""

    digest: str
    rules: list[RuleItem]


class PartyItem(Struct, frozen=True):
    """A ratification (`code` is `-`), a declaration, or another act that binds a State or not (`code` of the act).

    `party` is `-` where the row is about an act alone.

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
    un_convention: str


@command("comity law", "comity law 2AP-7", "comity law D-7-7", "comity law '2AP:7(5)'", "comity law --html rules.html")
@click.argument("about", required=False)
@click.option("--html", metavar="FILE", help="The book of rules by act and article, to print and correct.")
@click.option("--not-modelled", "gaps", is_flag=True, help="Every article of the acts, and what has no rule and why.")
@click.option("--edition", metavar="FILE", help="Write all rules with their digest as JSON, for `comity law diff`.")
@click.option("--parties", is_flag=True, help="What is known of real Parties and their declarations.")
def law(about: str | None, html: str | None, gaps: bool, edition: str | None, parties: bool) -> None:
    """The rules in force with their citations, and how sure each of them is.

    ABOUT is an instrument, the code of one rule as findings and clocks print it, or a provision that rules rest on.
    """
    if parties:
        _parties()
        return
    if gaps:
        not_modelled()
        return
    if edition is not None:
        write_edition(edition)
        return
    rules = rulebook(about)
    if not rules:
        hint = f"`comity law` lists the rules; instruments are {', '.join(INSTRUMENTS)}"
        raise Stop(f"{about!r} is no instrument, no code of a rule, and no provision that one rests on", hint=hint)
    if html is not None:
        write_book(rules, html, whole=about is None)
        return
    items = [
        RuleItem(
            id=r.id,
            kind=r.kind,
            instruments=", ".join(r.instruments) or "any",
            cite=", ".join(r.cite),
            mark=r.mark,
            since=r.since,
            says=r.says,
            until=r.until,
            words=words(r),
            citations=tuple(map(citation, r.cite)),
        )
        for r in rules
    ]

    def text() -> str:
        out: list[str] = []
        for r in rules:
            out.append(f"{output.paint(r.id, 'bold')}  {', '.join(r.cite) or '-'}  [{r.mark}]")
            out += wrapped(r.says, " ")
            if len(rules) == 1:
                out += [line for at, said in quoted(r) for line in wrapped(f'"{said}" ({at})', " ")]
                out += [line for name, what in r.detail for line in wrapped(f"{name}: {what}", " ")]
        return "\n".join([*out, "", f"{len(rules)} {'rule' if len(rules) == 1 else 'rules'}; digest {rules_digest()}"])

    output.emit(LawAnswer(rules_digest(), items), COLUMNS, items, text=text)


def _parties() -> None:
    from ledger.law.parties.known_parties import (
        AS_READ,
        EXPECTED_OF_MEMBER_STATES,
        IN_FORCE,
        NEEDED,
        RATIFIED,
        UN_CONVENTION,
    )

    items = [
        PartyItem("-", "2AP", AS_READ, False, str(Mark.LIKELY), "2AP:16(3)"),
        PartyItem("-", "UNCC", UN_CONVENTION, False, str(Mark.LIKELY), "UNCC:65(1)"),
    ]
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
        un_convention=UN_CONVENTION,
    )
    output.emit(answer, PartyItem.__struct_fields__, items)
