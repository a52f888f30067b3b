"""Show the timeline of an order, or of linked orders, as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cli.terminal import output

if TYPE_CHECKING:
    from cli.session.proven_times import Bracket
    from ledger.entries.case import Case
    from ledger.law import Judgement, StateChange
    from projections.views.linked_orders import LinkedOrder
    from projections.views.timeline import TimelineEntry

BRACKET = ("not_before", "not_after")


def left(span: timedelta | None) -> str:
    """Return the rest of a period in its two largest units: `17 d 4 h`; `over by 2 h 0 min` after its end."""
    if span is None:
        return "unknown"
    seconds = int(abs(span.total_seconds()))
    days, hours, minutes = seconds // 86400, seconds % 86400 // 3600, seconds % 3600 // 60
    text = f"{days} d {hours} h" if days else f"{hours} h {minutes} min"
    return f"over by {text}" if span <= timedelta(0) else text


def story(case: Case, judgement: Judgement, moment: datetime) -> list[TimelineEntry]:
    """Return the timeline of a case as recorded at a moment, with nothing revealed."""
    from projections.views.timeline import timeline as lines_of

    return lines_of(case.known(moment), judgement.trail)


def _tabbed(rows: Sequence[Sequence[Any]], *, reveal: bool, named: bool) -> str:
    shown = [
        row[:8] + (row[8:9] if reveal else ()) + (row[9:10] if named else ()) + row[10:] for row in map(tuple, rows)
    ]
    return "\n".join("\t".join(output.in_one_line(output.plain(v)) for v in row) for row in shown)


Step = tuple[datetime, int, list[str]]  # the time of a step, its log index (-1 for a deadline), its paragraph


def timeline_paragraphs(lines: Sequence[TimelineEntry], turns: Sequence[StateChange] = (), width: int = 80) -> str:
    """Return the timeline for people: one step a paragraph, under the day on which it happened."""
    return _by_day(_steps(lines, turns, width))


def _stood_in(shares: Sequence[LinkedOrder]) -> set[str]:
    """Return the ids of all orders that have entries in these linked orders, companions included."""
    return {entry.order for share in shares for entry in share.case.entries}


def linked_paragraphs(
    shares: Sequence[LinkedOrder], width: int = 80, *, reveal: bool = False, proven: Mapping[int, Bracket] = {}
) -> str:
    """Return the timeline of linked orders for people; with several orders, each step names its order."""
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
    lines: Sequence[TimelineEntry],
    turns: Sequence[StateChange],
    width: int,
    tag: str = "",
    *,
    reveal: bool = False,
    proven: Mapping[int, Bracket] = {},
) -> Iterator[Step]:
    for x in lines:
        yield x.entry.on, x.entry.index, [*_paragraph(x, width, tag, reveal), *_proven(x, proven)]
    yield from (
        (t.on, -1, [f"  {t.on:%H:%M} UTC  {t.clock} ends{tag}  -> {output.paint(t.to, 'cyan')}"]) for t in turns
    )


def _by_day(steps: Iterable[Step]) -> str:
    out: list[str] = []
    day = ""
    for on, _, paragraph in sorted(steps, key=lambda step: step[:2]):
        if (this := f"{on:%A, {on.day} %B %Y}") != day:
            out += ["", output.paint(this, "bold")] if out else [output.paint(this, "bold")]
            day = this
        out += paragraph
    return "\n".join(out)


def _proven(x: TimelineEntry, proven: Mapping[int, Bracket]) -> list[str]:
    from cli.session.proven_times import spelled

    if x.entry.index not in proven:
        return []
    return [
        f"{'':13}{output.paint(spelled(proven[x.entry.index]) or 'nothing outside proves when it was signed', 'dim')}"
    ]


def _paragraph(x: TimelineEntry, width: int, tag: str = "", reveal: bool = False) -> list[str]:
    moved = f"  -> {output.paint(x.moved[1], 'cyan')}" if x.moved else ""
    style = "bold" if x.replaced is None else "bold strike"
    local = f" ({x.local})" if x.local else ""
    out = [f"  {x.entry.on:%H:%M} UTC{local}  #{x.entry.number} {output.paint(x.entry.kind, style)}{tag}{moved}"]
    says = str(x.says) if x.names_signer else f"{x.says} {x.who}."
    out += textwrap.wrap(says, width, initial_indent=" " * 13, subsequent_indent=" " * 13)
    if x.late:
        out.append(f"{'':13}{output.paint('written down ' + left(x.late) + ' after the event', 'yellow')}")
    if x.early:
        out.append(f"{'':13}{output.paint('signed ' + left(x.early) + ' before the event', 'bold red')}")
    if (asked := x.entry.unless) is not None:
        orders = ("this order" if order == x.entry.order else order for order in asked.orders)
        log = f"the log {x.entry.origin}" if x.entry.origin else "the log"
        sentence = f"only if no {' or '.join(asked.kinds)} in {', '.join(orders)} from entry {asked.after} of {log} on"
        out += textwrap.wrap(sentence, width, initial_indent=" " * 13, subsequent_indent=" " * 13)
    if x.replaced is not None:
        sentence = f"{x.replaced.line(f'#{x.replaced.entry.number}')}; not counted"
        out += textwrap.wrap(sentence, width, initial_indent=" " * 13, subsequent_indent=" " * 13)
    if reveal:
        opened = (f"{name}: {output.plain(x.fields[name])}" for name in x.entry.sealed if name in x.fields)
        for value in opened:
            out += textwrap.wrap(value, width, initial_indent=" " * 13, subsequent_indent=" " * 15)
    return out
