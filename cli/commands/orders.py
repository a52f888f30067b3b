"""Questions about what stands in the record: orders, what is due, one order, its story, the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from cli.exit_codes import Exit
from cli.session.ledger_reader import reading
from cli.session.recorded_access import Stated, revealed, revealing
from cli.terminal import output

if TYPE_CHECKING:
    from cli.session.proven_times import Bracket
    from ledger.entries.case import Case
    from ledger.law import Judgement
    from ledger.law.states.machine import Step
    from projections.views.linked_orders import Share
    from projections.views.timeline import Line

LANG = click.option("--lang", type=click.Choice(("en", "de")), default="en", help="The language it is read in.")
AS_OF = click.option("--as-of", "as_of", type=output.MOMENT, help="As recorded at this moment (default: now).")
BRACKET = ("not_before", "not_after")
ORDER = click.argument("order")
ONLY = click.option("--only", is_flag=True, help="This order alone, without those that are one matter with it.")


@output.command("comity orders", "comity orders --json", refused=Exit.UNDECIDABLE)
@AS_OF
def orders(as_of: datetime | None) -> None:
    """Every order and the state it is in."""
    found, _ = _docket(as_of)
    columns = ("ref", "order", "label", "name", "instrument", "state")
    document = {"orders": [{c: o[c] for c in columns} for o in found]}
    rows = [(o["name"] or o["ref"] or o["label"] or "", o["order"], o["instrument"], o["state"]) for o in found]
    output.emit("orders", document, ("ref", "order", "instrument", "state"), rows)


def _docket(as_of: datetime | None) -> tuple[list[dict[str, Any]], datetime]:
    """Every order as it stands now, from the view; at another moment, judged for it."""
    from cli.session.docket import at_moment, docket

    with reading() as reader:
        moment = as_of or reader.now()
        found = docket(reader, moment) if as_of is None else at_moment(reader, moment)
        names = reader.names()
        return [{**order, "name": names.get(order["order"])} for order in found], moment


@output.command("comity due", "comity due --within P14D", "comity due --json", refused=Exit.UNDECIDABLE)
@AS_OF
@click.option("--within", metavar="DAYS", help="Only what ends within so many days, as 14 or P14D.")
def due(as_of: datetime | None, within: str | None) -> Exit:
    """Every open clock, soonest first, and the article that set it; exit 3 if one is over or could not be computed."""
    from ledger.entries.case import instant

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
        (
            o["name"] or o["ref"] or o["label"] or o["order"][:8],
            d["id"],
            d["due"],
            left(span),
            d["verdict"],
            d["policy"],
            d["cite"],
        )
        for span, o, d in duties
    ]
    named = ("order", "label", "instrument", "state")
    document = {"as_of": moment, "due": [{**{n: o[n] for n in named}, **d} for _, o, d in duties]}
    output.emit("due", document, columns, rows)
    if unknown := [(o["ref"] or o["label"] or o["order"][:8], d["id"]) for span, o, d in duties if span is None]:
        order, id = unknown[0]
        says = f"{output.counted(len(unknown), 'clock')} could not be computed"
        output.tell(f"{says}: `comity law deadline {id} {order}` says what is missing")
    return Exit.FINDINGS if any(span is None or span <= timedelta(0) for span, _, _ in duties) else Exit.DONE


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


@output.command(
    "comity timeline PPO-2026-123",
    "comity timeline main --only --format csv",
    "comity timeline main --reveal --because 'hearing on Monday' --as ilves",
    refused=Exit.UNDECIDABLE,
)
@ORDER
@AS_OF
@ONLY
@revealing
@click.option("--brackets", "bracketed", is_flag=True, help="When each entry was signed, as proven from outside.")
def timeline(
    order: str,
    as_of: datetime | None,
    only: bool,
    reveal: bool,
    stated: Stated,
    actor: str | None,
    bracketed: bool,
) -> None:
    """The story of an order and of those that are one matter with it, in the order in which it happened.

    Sealed values show as [sealed] unless they are revealed. Times are claims; with --brackets what witnesses and
    time-stamp authorities prove stands beside them.
    """
    from cli.session.linked_orders import began, matter, member
    from cli.session.proven_times import brackets
    from projections.views.linked_orders import merged

    with reading() as reader:
        moment = as_of or reader.now()
        shares, elsewhere = matter(reader, order, moment, only=only)
        revealed([s.case.order for s in shares], "timeline", reveal, stated, actor)
        proven = brackets(reader, _stood_in(shares)) if bracketed else {}
    asked = shares[0].case
    lines = merged(shares, reveal=reveal)
    columns: tuple[str, ...] = ("entry", "on", "kind", "who", "says", "state", "written", "replaced", "fields", "order")
    columns += BRACKET if bracketed else ()
    rows = [
        (
            f"#{x.entry.seq}",
            x.entry.on,
            x.entry.kind,
            x.who,
            x.says,
            x.moved[1] if x.moved else "",
            f"{left(x.late)} later" if x.late else f"{left(x.early)} before" if x.early else "",
            "" if x.replaced is None else x.replaced.told(f"#{x.replaced.entry.seq}"),
            x.fields,
            share.name,
            *proven.get(x.entry.index, ()),
        )
        for share, x in lines
    ]
    document = {
        "order": asked.order,
        "label": asked.label,
        "as_of": moment,
        "orders": [member(s) for s in sorted(shares, key=began)],
        "elsewhere": elsewhere,
        "timeline": [
            {**_line(x), "order": share.case.order, **dict(zip(BRACKET, proven.get(x.entry.index, ()), strict=False))}
            for share, x in lines
        ],
    }
    output.emit(
        "timeline",
        document,
        columns,
        rows,
        text=lambda: (
            matter_told(shares, reveal=reveal, proven=proven)
            if output.terminal()
            else _tabbed(rows, reveal=reveal, named=len(shares) > 1)
        ),
    )


def story(case: Case, judgement: Judgement, moment: datetime) -> list[Line]:
    """The timeline of a case as known at a moment, with nothing revealed."""
    from projections.views.timeline import timeline as lines_of

    return lines_of(case.known(moment), judgement.trail)


def _tabbed(rows: Sequence[Sequence[Any]], *, reveal: bool, named: bool) -> str:
    shown = [
        row[:8] + (row[8:9] if reveal else ()) + (row[9:10] if named else ()) + row[10:] for row in map(tuple, rows)
    ]
    return "\n".join("\t".join(output.plain(v) for v in row) for row in shown)


Told = tuple[datetime, int, list[str]]  # when, place in the log, and the paragraph that tells of it


def told(lines: Sequence[Line], turns: Sequence[Step] = (), width: int = 80) -> str:
    """The timeline for people: day by day, one step a paragraph, changes of state at the margin."""
    return _by_day(_steps(lines, turns, width))


def _stood_in(shares: Sequence[Share]) -> set[str]:
    """The orders in which the entries of a matter stand, companions among them."""
    return {entry.order for share in shares for entry in share.case.entries}


def matter_told(
    shares: Sequence[Share], width: int = 80, *, reveal: bool = False, proven: Mapping[int, Bracket] = {}
) -> str:
    """The story of a matter for people; each step says of which order it is, where there are several."""
    from projections.views.timeline import by_time
    from projections.views.timeline import timeline as lines_of

    several = len(shares) > 1
    return _by_day(
        step
        for s in shares
        for step in _steps(
            lines_of(s.case, s.judgement.trail, reveal=reveal),
            by_time(s.judgement.trail),
            width,
            tag=f"  {output.paint(f'[{s.name}, {s.case.instrument}]', 'dim')}" if several else "",
            reveal=reveal,
            proven=proven,
        )
    )


def _steps(
    lines: Sequence[Line],
    turns: Sequence[Step],
    width: int,
    tag: str = "",
    *,
    reveal: bool = False,
    proven: Mapping[int, Bracket] = {},
) -> Iterator[Told]:
    for x in lines:
        yield x.entry.on, x.entry.index, [*_paragraph(x, width, tag, reveal), *_proven(x, proven)]
    yield from (
        (t.on, -1, [f"  {t.on:%H:%M} UTC  {t.clock} ends{tag}  -> {output.paint(t.to, 'cyan')}"]) for t in turns
    )


def _by_day(steps: Iterable[Told]) -> str:
    out: list[str] = []
    day = ""
    for on, _, paragraph in sorted(steps, key=lambda step: step[:2]):
        if (this := f"{on:%A, {on.day} %B %Y}") != day:
            out += ["", output.paint(this, "bold")] if out else [output.paint(this, "bold")]
            day = this
        out += paragraph
    return "\n".join(out)


def _proven(x: Line, proven: Mapping[int, Bracket]) -> list[str]:
    from cli.session.proven_times import spelled

    if x.entry.index not in proven:
        return []
    return [
        f"{'':13}{output.paint(spelled(proven[x.entry.index]) or 'nothing outside proves when it was signed', 'dim')}"
    ]


def _paragraph(x: Line, width: int, tag: str = "", reveal: bool = False) -> list[str]:
    import textwrap

    moved = f"  -> {output.paint(x.moved[1], 'cyan')}" if x.moved else ""
    style = "bold" if x.replaced is None else "bold strike"
    out = [f"  {x.entry.on:%H:%M} UTC  {output.paint(x.entry.kind, style)}{tag}{moved}"]
    out += textwrap.wrap(f"{x.says} {x.who}.", width, initial_indent=" " * 13, subsequent_indent=" " * 13)
    if x.late:
        out.append(f"{'':13}{output.paint('written down ' + left(x.late) + ' after the event', 'yellow')}")
    if x.early:
        out.append(f"{'':13}{output.paint('signed ' + left(x.early) + ' before the event', 'bold red')}")
    if x.replaced is not None:
        gone = f"{x.replaced.told(f'#{x.replaced.entry.seq}')}; not counted"
        out += textwrap.wrap(gone, width, initial_indent=" " * 13, subsequent_indent=" " * 13)
    if reveal:
        opened = (f"{name}: {output.plain(x.fields[name])}" for name in x.entry.sealed if name in x.fields)
        for value in opened:
            out += textwrap.wrap(value, width, initial_indent=" " * 13, subsequent_indent=" " * 15)
    return out


def _line(x: Line) -> dict[str, Any]:
    from cli.commands.judge import put_right

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
        "replaces": e.replaces,
        **put_right(x.replaced),
        "fields": x.fields,
    }
