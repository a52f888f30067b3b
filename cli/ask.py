"""Questions about what stands in the record: orders, what is due, one order, its story, the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from cli import ui
from cli.exits import Exit
from cli.reading import Reader, reading

if TYPE_CHECKING:
    from ledger.law import Judgement
    from ledger.law.machine import Step
    from ledger.order import Case, Entry
    from projections.due import Duty
    from projections.timeline import Line

AS_OF = click.option("--as-of", "as_of", type=ui.MOMENT, help="As recorded at this moment (default: now).")
ORDER = click.argument("order")


@ui.command("comity orders", "comity orders --json", refused=Exit.UNDECIDABLE)
@AS_OF
def orders(as_of: datetime | None) -> None:
    """Every order and the state it is in."""
    found, _ = _docket(as_of)
    columns = ("ref", "order", "label", "instrument", "state")
    document = {"orders": [{c: o[c] for c in columns} for o in found]}
    rows = [(o["ref"] or o["label"] or "", o["order"], o["instrument"], o["state"]) for o in found]
    ui.emit("orders", document, ("ref", "order", "instrument", "state"), rows)


def _docket(as_of: datetime | None) -> tuple[list[dict[str, Any]], datetime]:
    """Every order as it stands now, from the view; at another moment, judged for it."""
    from cli.docket import at_moment, docket

    with reading() as reader:
        moment = as_of or reader.now()
        return (docket(reader, moment) if as_of is None else at_moment(reader, moment)), moment


@ui.command("comity due", "comity due --within P14D", "comity due --json", refused=Exit.UNDECIDABLE)
@AS_OF
@click.option("--within", metavar="DAYS", help="Only what ends within so many days, as 14 or P14D.")
def due(as_of: datetime | None, within: str | None) -> Exit:
    """Every open clock, soonest first, and the article that set it; exit 3 if one is over."""
    from ledger.order import instant

    limit = _days(within)
    found, moment = _docket(as_of)
    duties = []
    for order in found:
        for d in order["due"]:
            span = None if d["due"] is None else instant(d["due"]) - moment
            if limit is None or span is None or span <= limit:
                duties.append((span, order, d))
    duties.sort(key=lambda x: (x[0] is not None, x[0] or timedelta(0), x[1]["order"]))
    columns = ("order", "clock", "due", "left", "verdict", "policy", "cite")
    rows = [
        (o["ref"] or o["label"] or o["order"][:8], d["id"], d["due"], left(span), d["verdict"], d["policy"], d["cite"])
        for span, o, d in duties
    ]
    named = ("order", "label", "instrument", "state")
    document = {"as_of": moment, "due": [{**{n: o[n] for n in named}, **d} for _, o, d in duties]}
    ui.emit("due", document, columns, rows)
    return Exit.FINDINGS if any(span is not None and span <= timedelta(0) for span, _, _ in duties) else Exit.DONE


def _duty(d: Duty) -> dict[str, Any]:
    return {
        "order": d.order,
        "label": d.label,
        "instrument": d.instrument,
        "state": d.state,
        "id": d.clock.id,
        "due": d.clock.due,
        "policy": d.clock.policy,
        "verdict": str(d.clock.verdict),
        "cite": ", ".join(d.clock.cite),
        "entries": list(d.clock.entries),
    }


def _days(within: str | None) -> timedelta | None:
    if within is None:
        return None
    digits = within.removeprefix("P").removesuffix("D")
    if not digits.isdecimal():
        raise click.UsageError(f"--within {within!r}: a number of days, as 14 or P14D")
    return timedelta(days=int(digits))


def left(span: timedelta | None) -> str:
    """What remains of a period, in the two largest units: `17 d 4 h`; `over by 2 h` once it is over."""
    if span is None:
        return "unknown"
    seconds = int(abs(span.total_seconds()))
    days, hours, minutes = seconds // 86400, seconds % 86400 // 3600, seconds % 3600 // 60
    text = f"{days} d {hours} h" if days else f"{hours} h {minutes} min"
    return f"over by {text}" if span <= timedelta(0) else text


@ui.command("comity show PPO-2026-123", "comity show main --json", refused=Exit.UNDECIDABLE)
@ORDER
@AS_OF
def show(order: str, as_of: datetime | None) -> None:
    """One order: where it stands, what is due, what the record lacks."""
    from ledger.law import judge
    from projections.due import due as due_of
    from projections.state import view
    from projections.timeline import office_names

    with reading() as reader:
        case = reader.case(order)
        moment = as_of or reader.now()
    judgement = judge(case, moment)
    known = case.known(moment)
    v = view(known, judgement)
    names = office_names(known.registry)
    duties = due_of(judgement, moment)
    document = {
        "order": v.order,
        "ref": v.ref,
        "label": v.label,
        "instrument": v.instrument,
        "from": v.from_party,
        "to": v.to_party,
        "providers": list(v.providers),
        "as_of": moment,
        "state": v.state,
        "regions": v.regions,
        "issued_on": v.issued_on,
        "last_on": v.last_on,
        "entries": v.entries,
        "linked": list(v.linked),
        "due": [_duty(d) for d in duties],
        "findings": [f.code for f in judgement.findings],
        "criteria": {name: str(c.state) for name, c in judgement.criteria.items()},
    }
    rows = [(name, value) for name, value in document.items() if name not in ("due", "findings", "criteria")]

    def text() -> str:
        head = f"{v.ref or v.label or v.order[:8]}  {v.instrument}  {ui.paint(v.state, 'bold')}"
        lines = [head, "", *_pairs(document, names)]
        if duties:
            lines += ["", "Due"]
            for d in duties:
                when, cite = ui.plain(d.clock.due) or "unknown", ", ".join(d.clock.cite)
                lines.append(f"  {d.clock.id:<14} {when:<21} {left(d.left):<16} {cite}")
        if judgement.findings:
            lines += ["", "Findings"]
            lines += [f"  {ui.paint(f.level.value)} {f.code}: {f.says}" for f in judgement.findings]
        else:
            lines += ["", "No finding. What was checked: comity judge."]
        return "\n".join(lines)

    ui.emit("show", document, ("field", "value"), rows, text=text)


def _pairs(document: dict[str, Any], names: dict[str, str]) -> list[str]:
    providers = ", ".join(names.get(p, p) for p in document["providers"])
    regions = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in document["regions"].items())
    pairs = (
        ("order", document["order"]),
        ("from", document["from"]),
        ("to", document["to"]),
        ("provider", providers),
        ("issued", ui.plain(document["issued_on"])),
        ("last entry", ui.plain(document["last_on"])),
        ("entries", document["entries"]),
        ("beside", regions),
        ("linked", ", ".join(document["linked"])),
        ("as of", ui.plain(document["as_of"])),
    )
    return [f"  {name:<10} {value}" for name, value in pairs if value]


@ui.command("comity timeline PPO-2026-123", "comity timeline main --format csv", refused=Exit.UNDECIDABLE)
@ORDER
@AS_OF
def timeline(order: str, as_of: datetime | None) -> None:
    """The story of one order, in the order in which it happened; sealed values show as [sealed]."""
    from ledger.law import judge
    from projections.timeline import by_time

    with reading() as reader:
        case = reader.case(order)
        moment = as_of or reader.now()
    judgement = judge(case, moment)
    lines, turns = story(case, judgement, moment), by_time(judgement.trail)
    columns = ("entry", "on", "kind", "who", "says", "state", "written", "fields")
    rows = [
        (
            f"#{x.entry.seq}",
            x.entry.on,
            x.entry.kind,
            x.who,
            x.says,
            x.moved[1] if x.moved else "",
            f"{left(x.late)} later" if x.late else "",
            x.fields,
        )
        for x in lines
    ]
    document = {"order": case.order, "label": case.label, "as_of": moment, "timeline": [_line(x) for x in lines]}
    ui.emit("timeline", document, columns, rows, text=lambda: told(lines, turns) if ui.terminal() else _tabbed(rows))


def story(case: Case, judgement: Judgement, moment: datetime) -> list[Line]:
    """The timeline of a case as known at a moment, with nothing revealed."""
    from projections.timeline import timeline as lines_of

    return lines_of(case.known(moment), judgement.trail)


def _tabbed(rows: Sequence[Sequence[Any]]) -> str:
    return "\n".join("\t".join(ui.plain(v) for v in row[:7]) for row in rows)


def told(lines: Sequence[Line], turns: Sequence[Step] = (), width: int = 80) -> str:
    """The timeline for people: day by day, one step a paragraph, changes of state at the margin."""
    steps: list[tuple[datetime, int, list[str]]] = [(x.entry.on, x.entry.index, _paragraph(x, width)) for x in lines]
    steps += [(t.on, -1, [f"  {t.on:%H:%M} UTC  {t.clock} ends  -> {ui.paint(t.to, 'cyan')}"]) for t in turns]
    out: list[str] = []
    day = ""
    for on, _, paragraph in sorted(steps, key=lambda step: step[:2]):
        if (this := f"{on:%A, {on.day} %B %Y}") != day:
            out += ["", ui.paint(this, "bold")] if out else [ui.paint(this, "bold")]
            day = this
        out += paragraph
    return "\n".join(out)


def _paragraph(x: Line, width: int) -> list[str]:
    import textwrap

    moved = f"  -> {ui.paint(x.moved[1], 'cyan')}" if x.moved else ""
    out = [f"  {x.entry.on:%H:%M} UTC  {ui.paint(x.entry.kind, 'bold')}{moved}"]
    out += textwrap.wrap(f"{x.says} {x.who}.", width, initial_indent=" " * 13, subsequent_indent=" " * 13)
    if x.late:
        out.append(f"{'':13}{ui.paint('written down ' + left(x.late) + ' after the event', 'yellow')}")
    if x.replaced_by:
        out.append(f"{'':13}put right by a later entry; not counted")
    return out


def _line(x: Line) -> dict[str, Any]:
    e = x.entry
    return {
        "seq": e.seq,
        "index": e.index,
        "leaf": e.leaf,
        "kind": e.kind,
        "on": e.on,
        "signed_at": e.at,
        "by": e.by,
        "role": e.role,
        "party": e.party,
        "speaks": e.speaks,
        "whose": e.whose,
        "says": x.says,
        "who": x.who,
        "moved": list(x.moved) if x.moved else None,
        "replaced_by": x.replaced_by,
        "fields": x.fields,
    }


@ui.command("comity log", "comity log -n 5", "comity log --order main --json", refused=Exit.UNDECIDABLE)
@click.option("-n", "--number", type=click.IntRange(1), default=20, show_default=True, help="How many entries.")
@click.option("--order", help="Only the entries of this order.")
def log(number: int, order: str | None) -> None:
    """The log as git shows one, newest entry first."""
    with reading() as reader:
        entries = _newest(reader, number, order)
        label = {e.order: reader.label(e.order) for e in entries}
    columns = ("index", "leaf", "order", "seq", "kind", "by", "role", "on", "signed_at")
    rows = [(e.index, e.leaf, e.order, e.seq, e.kind, e.by, e.role, e.on, e.at) for e in entries]
    document = {"log": [dict(zip(columns, row, strict=True)) for row in rows]}

    def text() -> str:
        shown = []
        for e in entries:
            where = label[e.order] or e.order[:8]
            shown.append(
                f"{ui.paint(f'entry {e.index}', 'yellow')} {e.leaf[:16]}  {where} #{e.seq}\n"
                f"Signed: {e.by} as {e.role} of {e.party}, {ui.plain(e.at)}\n"
                f"Event:  {ui.plain(e.on)}\n\n    {ui.paint(e.kind, 'bold')}\n"
            )
        return "\n".join(shown)

    ui.emit("log", document, columns, rows, text=text if ui.terminal() else None)


def _newest(reader: Reader, number: int, order: str | None) -> list[Entry]:
    from ledger.envelope import entry_of, open_

    if order is not None:
        entries = reader.cases.case(reader.find(order), reveal=False).entries
        return list(reversed(entries))[:number]
    size = reader.store.size()
    page = reader.store.page(max(0, size - number), number)
    return [entry_of(open_(raw, verify=False), index) for index, raw in reversed(page)]
