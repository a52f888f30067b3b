"""`comity law diff`, and the files of `comity law`: the book of rules, what has no rule, an edition of all rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.terminal import file_io, output, prompts
from cli.terminal.answer import CommandAnswer
from cli.terminal.file_format import check_ending
from cli.terminal.table import wrapped
from ledger.law import judge
from ledger.law.editions import AlteredEdition, Difference, RuleChange, RuleName, difference, parsed, running, touched
from ledger.law.provisions import Provision, rules_digest


class ArticleItem(Struct, frozen=True):
    """One article: the codes of its rules, the kinds of entries that record it, what has no rule and why."""

    act: str
    article: str
    title: str
    rules: list[str]
    kinds: list[str]
    without: str


class ArticlesAnswer(CommandAnswer, tag="comity.law-articles/1"):
    """Every article of the acts that are modelled; one with no `rules` is not."""

    digest: str
    articles: list[ArticleItem]


class EditionRule(Struct, frozen=True):
    """One rule of an edition; `detail` holds pairs of a name and a value."""

    kind: str
    id: str
    cite: list[str]
    says: str
    mark: str
    instruments: list[str]
    since: str | None
    detail: list[tuple[str, str]]
    until: str | None = None


class EditionAnswer(CommandAnswer, tag="comity.edition/1"):
    """All rules of one edition; `digest` is the SHA-256 of `edition` and `rules` as JSON with sorted keys."""

    edition: int
    digest: str
    rules: list[EditionRule]


class TouchedItem(Struct, frozen=True):
    """One order of this ledger, and the added and changed rules that bear on it."""

    order: str
    name: str
    rules: list[str]


class LawDiffAnswer(CommandAnswer, tag="comity.law-diff/1"):
    """What differs between two editions of the rules, by their digests.

    `unseen` is true if the rules find something else while their words stay. `orders` is null outside a ledger, and
    where the newer edition is not the one of this program.
    """

    old: str
    new: str
    added: list[RuleName]
    removed: list[RuleName]
    changed: list[RuleChange]
    unseen: bool
    orders: list[TouchedItem] | None


def write_book(rules: Sequence[Provision], file: str, *, whole: bool) -> None:
    """Write the book of rules to a new file; of all rules also the page of what has no rule, in the same folder."""
    from projections.render.rulebook_pages import coverage_page, rulebook_page
    from projections.views.rulebook import coverage

    check_ending(file, (".html", ".htm"))
    page = Path(file)
    gaps = page.with_name(f"{page.stem}-not-modelled{page.suffix}")
    for made in (page, gaps) if whole else (page,):
        file_io.check_new(str(made), "a book of rules")
    file_io.write_new(file, rulebook_page(rules, rules_digest(), gaps.name if whole else "").encode())
    output.tell(f"{len(rules)} rules written to {page}")
    if whole:
        articles = coverage()
        file_io.write_new(str(gaps), coverage_page(articles, rules_digest(), page.name).encode())
        output.tell(f"{len(articles)} articles, and why some have no rule, written to {gaps}")


def write_edition(file: str) -> None:
    """Write the edition of the rules in force to a file that is not there yet; `-` is standard output."""
    document = running()
    check_ending(file, (".json",))
    file_io.check_new(file, "an edition")
    file_io.write_new(file, output.dumps(document).encode() + b"\n")
    output.tell(f"{len(document['rules'])} rules written to {file}, digest {document['digest']}")


def not_modelled() -> None:
    """Print every article of the acts with its rules, and what of it has no rule."""
    from projections.views.rulebook import coverage

    items = [ArticleItem(a.act, a.article, a.title, list(a.rules), list(a.kinds), a.without) for a in coverage()]

    def text() -> str:
        out: list[str] = []
        act = ""
        for a in items:
            if a.act != act:
                out += ["", output.paint(a.act, "bold")]
                act = a.act
            out += wrapped(a.title, a.article)
            if a.rules:
                out += wrapped(f"rules: {', '.join(a.rules)}", " ", indent=4)
            if a.without:
                out += wrapped(f"{'also without a rule' if a.rules else 'no rule'}: {a.without}", " ", indent=4)
        bare = sum(not a.rules for a in items)
        return "\n".join([*out[1:], "", f"{len(items)} articles, {bare} of them without a rule"])

    output.emit(ArticlesAnswer(rules_digest(), items), ArticleItem.__struct_fields__, items, text=text)


@command("comity law diff rules-2026.json", "comity law diff old.json new.json --json", refused=Exit.UNDECIDABLE)
@click.argument("old")
@click.argument("new", required=False)
def diff(old: str, new: str | None) -> Exit:
    """What differs between two editions of the rules: added, removed and changed rules, field by field.

    OLD and NEW are files of `comity law --edition`; without NEW, OLD is compared with the rules in force. In a ledger,
    the orders on which an added or changed rule bears are named then. Exit 3 if the editions differ.
    """
    before, after = _edition(old), running() if new is None else _edition(new)
    found = difference(before, after)
    orders = _touched(found) if after["digest"] == running()["digest"] else None
    answer = LawDiffAnswer(
        old=before["digest"],
        new=after["digest"],
        added=list(found.added),
        removed=list(found.removed),
        changed=list(found.changed),
        unseen=found.unseen,
        orders=orders,
    )
    rows = [
        *(("added", r.kind, r.id, "", "", r.says) for r in found.added),
        *(("removed", r.kind, r.id, "", r.says, "") for r in found.removed),
        *(("changed", r.kind, r.id, f.field, f.before, f.after) for r in found.changed for f in r.fields),
    ]
    output.emit(answer, ("what", "kind", "id", "field", "before", "after"), rows, text=lambda: _text(found, orders))
    return Exit.FINDINGS if found.any else Exit.DONE


def _edition(file: str) -> dict[str, Any]:
    try:
        return parsed(file_io.read(file))
    except AlteredEdition as error:
        raise Stop(f"{file}: {error}", code=Exit.PROVED_BAD) from None
    except ValueError as error:
        hint = "`comity law --edition FILE` writes an edition"
        raise Stop(f"{file}: no edition of the rules: {error}", hint=hint, code=Exit.UNDECIDABLE) from None


def _touched(found: Difference) -> list[TouchedItem] | None:
    """Return the orders of this ledger on which a changed rule bears; None outside a ledger."""
    if not ledger_choice.has_ledger():
        return None
    ledger_choice.ledger_folder()  # refuses an office server
    if not (found.added or found.changed):
        return []
    from cli.session.ledger_reader import reading
    from projections.views.state import view

    items = []
    with reading() as reader, prompts.progress("judging") as report:
        moment, total = reader.now(), sum(1 for _ in reader.cases.orders())
        for done, case in enumerate(reader.all(), 1):
            judgement = judge(case, moment)
            if rules := touched(case, judgement, found):
                v = view(case, judgement)
                items.append(TouchedItem(v.order, v.ref or v.label or v.order[:8], list(rules)))
            report(done, total)
    return items


def _text(found: Difference, orders: Sequence[TouchedItem] | None) -> str:
    out: list[str] = []
    for head, names in (("Added", found.added), ("Removed", found.removed)):
        out += [output.paint(f"{head}: {len(names)}", "bold")]
        out += [line for r in names for line in wrapped(f"{r.id} ({r.kind}) {r.says}", " ")]
    out.append(output.paint(f"Changed: {len(found.changed)}", "bold"))
    for r in found.changed:
        out.append(f"  {r.id} ({r.kind})")
        for f in r.fields:
            out += wrapped(f"{f.field}: {f.before or 'nothing'} -> {f.after or 'nothing'}", "   ")
    if found.unseen:
        out.append("The rules find something else while their words stay: the number of the edition differs.")
    if orders is not None:
        out.append(output.paint(f"Orders on which they bear: {len(orders)}", "bold"))
        out += [line for o in orders for line in wrapped(f"{o.name}: {', '.join(o.rules)}", " ")]
    return "\n".join(out) if found.any else "The two editions are the same."
