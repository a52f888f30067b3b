"""What can be looked up: the rules of the law, the vocabulary, and an order before it is sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from cli.exit_codes import Exit, Stop
from cli.terminal import output
from cli.terminal.table import wrapped

if TYPE_CHECKING:
    from ledger.law.deadlines.with_deadlines import Reading
    from ledger.law.terms.rule import Deadline


@output.command(
    "comity law", "comity law 2AP-7", "comity law D-7-7", "comity law '2AP:7(5)'", "comity law --html rules.html"
)
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
    columns = ("id", "kind", "instruments", "cite", "mark", "since", "says")
    rows = [
        (r.id, r.kind, ", ".join(r.instruments) or "any", ", ".join(r.cite), r.mark, r.since, r.says) for r in rules
    ]
    if html is not None:
        from projections.views.rulebook import rulebook_page

        with open(html, "w", encoding="utf-8") as page:
            page.write(rulebook_page(rules, rules_digest()))
        output.tell(f"{len(rules)} rules written to {html}")
        return
    document = {"digest": rules_digest(), "rules": [dict(zip(columns, row, strict=True)) for row in rows]}

    def text() -> str:
        out: list[str] = []
        for r in rules:
            out.append(f"{output.paint(r.id, 'bold')}  {', '.join(r.cite) or '-'}  [{r.mark}]")
            out += wrapped(r.says, " ", 80)
            if len(rules) == 1:
                out += [line for name, what in r.detail for line in wrapped(f"{name}: {what}", " ", 80)]
        return "\n".join([*out, "", f"{len(rules)} {'rule' if len(rules) == 1 else 'rules'}; digest {rules_digest()}"])

    output.emit("law", document, columns, rows, text=text)


@output.command("comity law deadline D-7-7 main", "comity law deadline E-10-2 main --json", refused=Exit.UNDECIDABLE)
@click.argument("id")
@click.argument("order")
@click.option("--as-of", "as_of", type=output.MOMENT, help="As recorded at this moment (default: now).")
def deadline(id: str, order: str, as_of: datetime | None) -> None:
    """One deadline of ORDER explained step by step: what wound it, how it is counted, what moved or met it.

    Of one that could not be computed: what is missing, and in which field.
    """
    from cli.session.ledger_reader import reading
    from ledger.law import judge
    from ledger.law.deadlines.table import REGISTER
    from ledger.law.deadlines.with_deadlines import Reading

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
        missing = unwound(Reading.known(case, moment), rule, {c.trigger for c in clocks})
    document = {
        "order": case.order,
        "as_of": moment,
        "missing": missing,
        "deadlines": [
            {
                "id": c.id,
                "policy": c.policy,
                "verdict": str(c.verdict),
                "due": c.due,
                "cite": ", ".join(c.cite),
                "mark": str(c.mark),
                "trigger": c.trigger,
                "met_by": list(c.met_by),
                "steps": list(c.steps),
            }
            for c in clocks
        ],
    }

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
    output.emit("deadline", document, ("id", "policy", "verdict", "due", "steps"), rows, text=text)


def unwound(reading: Reading, rule: Deadline, triggers: Collection[str | None]) -> list[str]:
    """Why nothing winds a clock: what each entry lacks that could have, or that is its trigger and not known."""
    entries = [e for e in reading.entries if e.kind in rule.winds or e.leaf in triggers]
    if not entries:
        return [f"nothing on record winds it: {rule.wound_by}"]
    found = []
    for e in entries:
        lacks = [f"{lack.says} (it would with {lack.column} {lack.value})" for lack in reading.unwinding(e)]
        disputed = ["it is disputed"] if reading.disputed(e.leaf) else []
        if lacks or disputed:
            found.append(f"#{e.seq} {e.kind} winds no clock: {'; '.join((*lacks, *disputed))}")
    return found


def _parties() -> None:
    from ledger.law.reading.known_parties import EXPECTED_OF_MEMBER_STATES, IN_FORCE, NEEDED, RATIFIED

    columns = ("party", "code", "says", "verified", "mark", "source")
    rows: list[Sequence[Any]] = []
    for p in RATIFIED.values():
        rows.append((p.code, "-", f"{p.name}, ratified {p.ratified}", p.complete, p.mark, p.source))
        rows += [(p.code, d.code, d.says, d.verified, d.mark, p.source) for d in p.declarations]
    rows += [
        ("EU", d.code, f"expected of Member States: {d.says}", d.verified, d.mark, "")
        for d in EXPECTED_OF_MEMBER_STATES
    ]
    document = {
        "treaty": "CETS 224",
        "in_force": IN_FORCE,
        "ratifications_read": len(RATIFIED),
        "ratifications_needed": NEEDED,
        "parties": [dict(zip(columns, (*row[:4], str(row[4]), row[5]), strict=True)) for row in rows],
    }
    output.emit("parties", document, columns, rows)


@output.command("comity vocabulary", "comity vocabulary order-issued", "comity vocabulary data-disclosed --json")
@click.argument("kind", required=False)
def vocabulary(kind: str | None) -> None:
    """The kinds of fact, or one kind with its fields; --json prints its JSON Schema and what a schema cannot say."""
    from ledger.facts import KINDS, WHY, about, json_schema, kind_of

    if kind is not None and kind not in KINDS:
        from difflib import get_close_matches

        near = get_close_matches(kind, KINDS, n=1)
        raise Stop(
            f"no kind {kind!r}", hint=f"`comity vocabulary {near[0]}`?" if near else "`comity vocabulary` lists them"
        )
    if kind is None:
        columns = ("kind", "group", "signers", "says")
        rows: list[Sequence[Any]] = [(k, f.group, ", ".join(f.signers), f.says) for k, f in sorted(KINDS.items())]
        output.emit("vocabulary", {"kinds": [dict(zip(columns, r, strict=True)) for r in rows]}, columns, rows)
        return
    fact = kind_of(kind)
    fields = ("field", "type", "required", "readers", "says")
    told = [
        (
            f.name,
            f.type + (f" of {', '.join(f.one_of)}" if f.one_of else ""),
            "required" if f.required else "",
            ", ".join(f.audience) if f.sealed else "everybody",
            f.says,
        )
        for f in fact.fields().values()
    ]

    def text() -> str:
        out = [f"{output.paint(fact.kind, 'bold')}: {fact.says}", f"signed as {', '.join(fact.signers)}"]
        if fact.basis:
            out.append(f"basis {', '.join(fact.basis)}")
        for name, type_, required, readers, says in told:
            seal = "" if readers == "everybody" else "  [sealed]"
            out += ["", f"  {output.paint(name, 'bold')}  {required}{seal}".rstrip()]
            out += wrapped(f"{says} ({type_})", " ", 80)
            if seal:
                out += wrapped(f"readers: {readers}", " ", 80)
        out += ["", f"  {output.paint(WHY.name, 'bold')}  with `--replaces`  [sealed]"]
        out += wrapped(f"{WHY.says} ({WHY.type})", " ", 80)
        out += wrapped("readers: those who may read all sealed fields of the entry that is replaced", " ", 80)
        return "\n".join(out)

    output.emit("vocabulary", {"schema": json_schema(kind), "about": about(fact)}, fields, told, text=text)


@output.command("comity lint order.json", "comity lint order.json --ledger ledger/ --json", refused=Exit.UNDECIDABLE)
@click.argument("file")
@click.option("--channel", default="provider-portal", show_default=True, help="How it is going to be sent.")
def lint(file: str, channel: str) -> Exit:
    """What would be found if this order were sent now, by citation, with what to add; exit 3 if anything is.

    FILE holds the fields of an order-issued as JSON: {"public": {...}, "sealed": {...}}, or all of them in one object.
    Good practice that no law asks for stands apart and changes no exit code.
    """
    from ledger.facts import kind_of
    from projections.views.completeness import lint as look
    from projections.views.good_practice import before_sending

    public, sealed = _order_fields(file, kind_of("order-issued"))
    registry, moment = _register()
    found = look(public, sealed, registry, moment, channel)
    columns = ("code", "level", "cite", "says", "add")
    rows = [(m.code, m.level, m.cite, m.says, m.add) for m in found]
    practice = before_sending(public, sealed, registry, channel)
    told = [{"about": a.about, "says": a.says, "add": a.add, "cite": a.cite, "mark": str(a.mark)} for a in practice]

    def text() -> str:
        from cli.commands.judge import level

        out: list[str] = []
        for m in found:
            out += wrapped(f"{m.code} {m.says} ({m.cite})", level(m.level), 80, indent=0)
            out += wrapped(f"add: {m.add}", " ", 80, indent=0)
        out = out or ["No finding: nothing that this instrument asks of an order is missing."]
        if practice:
            out += ["", output.paint("Good practice, which binds nobody", "bold")]
        for a in practice:
            out += wrapped(f"{a.about}: {a.says} [{a.mark}]", "-", 80, indent=0)
            out += wrapped(f"add: {a.add}", " ", 80, indent=0)
        return "\n".join([*out, f"  {practice[0].cite}"] if practice else out)

    missing = [dict(zip(columns, row, strict=True)) for row in rows]
    output.emit("lint", {"missing": missing, "practice": told}, columns, rows, text=text)
    return Exit.FINDINGS if found else Exit.DONE


def _order_fields(file: str, kind: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    from cli.session.field_values import parsed
    from ledger.facts import build

    told = parsed(output.read(file), file)
    if not isinstance(told, dict):
        raise Stop(f"{file}: an object of fields is expected", code=Exit.UNDECIDABLE)
    if set(told) <= {"public", "sealed"}:
        public, sealed = dict(told.get("public", {})), dict(told.get("sealed", {}))
    else:
        fields = kind.fields()
        sealed = {n: v for n, v in told.items() if n in fields and fields[n].sealed}
        public = {n: v for n, v in told.items() if n not in sealed}
    build("order-issued", public, sealed)
    return public, sealed


def _register() -> tuple[Any, datetime]:
    """The register of the ledger at hand; without one, what is known of real Parties."""
    from projections.views.completeness import known_register

    folder = output.said().ledger or "."
    if output.is_ledger(folder):
        from cli.session.ledger_reader import reading

        with reading() as reader:
            return reader.cases.register(), reader.now()
    moment = output.now()
    return known_register(moment), moment
