"""The timeline of an order: time runs downwards, one line for each office, one mark for each entry, with words.

Deadlines are marks as well, and so is the moment of which the picture speaks. A picture of more than `MOST` entries has
one row for each day, week, month or year instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate, chain, groupby, pairwise
from typing import Final

from ledger.law.terms.periods import period
from ledger.messages import Day, Message, Moment
from projections.drawings.picture import LINE, Canvas, Picture, Spoken, breadth, counted, said, span, wrapped
from projections.drawings.scale import Spacing, breaks_of, spaced

MOST: Final = 100  # entries that are drawn one by one
ROWS: Final = 45  # periods that stand for more entries than that
ENTRIES: Final = Message("The timeline of the order")
SIGN: Final = 26.0  # the height of a break
ABOVE: Final = 8.0  # the room above the middle of a row
PITCH: Final = 22.0  # from one line of an office to the next, at most
SHAPES: Final = {"act": ("circle", "full"), "observation": ("circle", "paper"), "import": ("square", "paper")}
VERDICTS: Final = {
    "met": ("diamond", "full"),
    "missed": ("cross", "line"),
    "open": ("diamond", "paper"),
    "undetermined": ("diamond", "paper"),
    "not-running": ("diamond", "grey"),
}


@dataclass(frozen=True, slots=True)
class EntryMark:
    """Hold one entry: number, moment (UTC), its kind in few words, the place of its office among the lanes.

    `speaks` is act, observation or import; `found`: a finding points at it; `replaced_by` is the entry that replaced
    it.
    """

    number: str
    on: datetime
    what: str
    lane: int
    speaks: str
    found: bool
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class DeadlineMark:
    """Hold the end of one deadline: its id, its moment (UTC), what became of it, the last day of one in days.

    `policy` is how it was counted; empty where the deadline has no other end in the drawing.
    """

    id: str
    on: datetime
    verdict: str
    last_day: date | None = None
    policy: str = ""


@dataclass(frozen=True, slots=True)
class TimelineDrawing:
    """Hold what is drawn: the offices by name, their entries in the order of time, deadlines, and the moment of it."""

    lanes: tuple[str, ...]
    marks: tuple[EntryMark, ...]
    deadlines: tuple[DeadlineMark, ...]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """Hold one row: its moment, its label, the marks on it as (lane, shape, ink)."""

    on: datetime
    number: str
    when: str
    what: str
    marks: tuple[tuple[int, str, str], ...] = ()
    found: bool = False
    struck: bool = False
    after: str = ""
    who: str = ""
    across: bool = False


def describe_timeline(drawn: TimelineDrawing) -> list[str]:
    """Describe the picture, in sentences, for readers who do not see it."""
    entries, offices, ends = len(drawn.marks), len(drawn.lanes), len(drawn.deadlines)
    first, last = _iso(drawn.marks[0].on), _iso(drawn.marks[-1].on)
    sentences = [
        Message(
            f"{{0}} {'entry' if entries == 1 else 'entries'} of {{1}} {'office' if offices == 1 else 'offices'}, "
            "from {2} to {3} UTC.",
            *(entries, offices, first, last),
        )
    ]
    if ends:
        sentences.append(
            Message("{0} deadline ends in this time or later.", ends)
            if ends == 1
            else Message("{0} deadlines end in this time or later.", ends)
        )
    return [*sentences, Message("The table of entries says the same in words.")]


def timeline_caption(drawn: TimelineDrawing) -> list[str]:
    """Return the sentences below the picture: how to read its lines and marks."""
    sentences: list[str] = [Message("Time runs downwards, in UTC.")]
    if len(drawn.marks) > MOST:
        sentences.append(
            Message("{0} entries are too many for one mark each: a mark stands for a time.", len(drawn.marks))
        )
    else:
        says = {
            "act": Message("A filled circle: signed by the office that did it."),
            "observation": Message("An open circle: signed by an office that saw it."),
            "import": Message("A square: taken over from paper or mail."),
        }
        sentences += [text for speaks, text in says.items() if any(m.speaks == speaks for m in drawn.marks)]
    if any(m.found for m in drawn.marks):
        sentences.append(Message("A triangle: a finding points at the entry."))
    if drawn.deadlines:
        sentences.append(Message("A diamond or a cross: the end of a deadline."))
    sentences.append(Message("Distances are to scale where they are longer than a line of words."))
    sentences.append(Message("A zigzag line stands for a long time without entries and is not to scale."))
    return sentences


def timeline_picture(drawn: TimelineDrawing, spoken: Spoken, width: float) -> Picture:
    """Return the timeline as a picture that can be cut between its rows; the names of the offices are its head."""
    return _Layout(drawn, list(_rows(drawn, spoken)), spoken, width).picture()


def _iso(moment: datetime) -> Moment:
    return Moment(f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00"))


# -- rows --------------------------------------------------------------------------------------------------------------


def _rows(drawn: TimelineDrawing, spoken: Spoken) -> Iterable[Row]:
    """Return the rows of a timeline in the order of time; a deadline comes before what happened at its end."""
    entries = (
        [_entry(m, drawn.lanes[m.lane], spoken) for m in drawn.marks]
        if len(drawn.marks) <= MOST
        else _periods(drawn, spoken)
    )
    lane = len(drawn.lanes)
    deadlines = [
        Row(
            on=d.on,
            number="",
            when=spoken.words(_iso(d.on) if d.last_day is None else Message("end of {0}", Day(d.last_day))),
            what=f"{spoken.words(period(d.id))}: {spoken.say('deadline')}, {spoken.say(d.verdict)}"
            + (f", {d.policy}" if d.policy else ""),
            marks=((lane, *VERDICTS.get(d.verdict, ("diamond", "paper"))),),
        )
        for d in drawn.deadlines
    ]
    now = Row(drawn.as_of, "", spoken.words(_iso(drawn.as_of)), spoken.words(Message("as of this moment")), across=True)
    return sorted([*deadlines, *entries, now], key=lambda r: r.on)


def _entry(m: EntryMark, who: str, spoken: Spoken) -> Row:
    return Row(
        on=m.on,
        number=m.number,
        when=spoken.words(_iso(m.on)),
        what=spoken.words(m.what),
        marks=((m.lane, *SHAPES.get(m.speaks, SHAPES["act"])),),
        found=m.found,
        struck=m.replaced_by is not None,
        after="" if m.replaced_by is None else spoken.words(Message("REPLACED by entry {0}", m.replaced_by)),
        who=who,
    )


UNITS: Final[tuple[Callable[[datetime], str], ...]] = (
    lambda t: f"{t:%Y-%m-%d}",
    lambda t: f"{t:%G-%V}",
    lambda t: f"{t:%Y-%m}",
    lambda t: f"{t:%Y}-{(t.month - 1) // 3}",
    lambda t: f"{t:%Y}",
)


def _periods(drawn: TimelineDrawing, spoken: Spoken) -> list[Row]:
    """Return one row for each period that has entries, of the shortest unit with few enough of them."""
    for unit in UNITS:
        groups = [list(group) for _, group in groupby(drawn.marks, key=lambda m: unit(m.on))]
        if len(groups) <= ROWS:
            break
    size = -(-len(groups) // ROWS)
    groups = [list(chain.from_iterable(groups[n : n + size])) for n in range(0, len(groups), size)]
    return [_period(group, spoken) for group in groups]


def _period(group: Sequence[EntryMark], spoken: Spoken) -> Row:
    first, last = group[0], group[-1]
    days = [spoken.words(Day(m.on.date())) for m in (first, last)]
    entries = counted(len(group), "entry", "entries")
    return Row(
        on=first.on,
        number="",
        when=days[0],
        what=spoken.words(entries if days[0] == days[1] else Message("{0} until {1}", entries, days[1])),
        marks=tuple((lane, "square", "full") for lane in sorted({m.lane for m in group})),
        found=any(m.found for m in group),
    )


# -- places ------------------------------------------------------------------------------------------------------------


class _Layout:
    """The places of one timeline."""

    def __init__(self, drawn: TimelineDrawing, rows: Sequence[Row], spoken: Spoken, width: float) -> None:
        self.drawn, self.rows, self.spoken, self.width = drawn, rows, spoken, width
        self.names = [(name, True) for name in drawn.lanes]
        if drawn.deadlines:
            self.names.append((spoken.say("Deadlines"), False))
        pitch = min(PITCH, 0.33 * width / len(self.names))
        self.reach = min(5.0, pitch / 2 - 0.5)
        self.lanes = [8 + pitch * n for n in range(len(self.names))]
        self.left = self.lanes[-1] + 24
        self.number = max((breadth(r.number, bold=True) for r in rows), default=0) + 8
        self.when = max((breadth(r.when) for r in rows), default=0) + 10
        self.room = width - self.left - self.number - self.when
        self.two = self.room < 150  # no room for the label next to the date: it is below
        self.says = width - self.left - self.number if self.two else self.room
        what = max((breadth(text) for r in rows for text, _ in self._label(r)), default=0) + 14
        self.who = self.left + self.number + self.when + what  # where the offices are named next to their entries
        self.named = not self.two and all(self.who + breadth(r.who) <= width for r in rows)  # all of them, or none
        self.heights = [self._height(r) for r in rows]
        self.spacing = self._spacing()

    def _label(self, row: Row) -> list[tuple[str, bool]]:
        lines = [(text, row.struck) for text in wrapped(row.what, self.says)]
        return lines + [(text, False) for text in (wrapped(row.after, self.says) if row.after else ())]

    def _height(self, row: Row) -> float:
        return LINE * (len(self._label(row)) + self.two) + 4

    def _spacing(self) -> Spacing:
        gaps = [(b.on - a.on).total_seconds() for a, b in pairwise(self.rows)]
        needs = self.heights[:-1]
        lines = max((len(wrapped(self._silent(n), self.width - self.left)) for n in breaks_of(gaps)), default=1)
        self.sign = SIGN + LINE * (lines - 1)
        return spaced(gaps, needs, 1.5 * sum(needs) + 60, self.sign)

    def _silent(self, n: int) -> str:
        return self.spoken.words(Message("{0} with nothing on record", span(self.rows[n + 1].on - self.rows[n].on)))

    def _head(self, canvas: Canvas) -> float:
        """Write the names of the offices, each next to the beginning of its line; return where the rows begin."""
        y = 12.0
        self.heads = []
        for (name, theirs), x in zip(self.names, self.lanes, strict=True):
            self.heads.append(y - 4)
            y = canvas.write(x + 9, y, name, self.width - x - 9, theirs=theirs, bold=not theirs)
        return y + 6

    def picture(self) -> Picture:
        """Return the rows below the names of the offices."""
        canvas = Canvas()
        places = list(accumulate(self.spacing.lengths, initial=self._head(canvas) + 4))
        bottom = places[-1] + self.heights[-1]
        breaks = [(places[n] + self.heights[n] - 10, n) for n in sorted(self.spacing.breaks)]
        self._lines(canvas, [(top, top + self.sign) for top, _ in breaks], bottom - 8)
        for top, n in breaks:
            self._break(canvas, top, self._silent(n))
        for row, place in zip(self.rows, places, strict=True):
            canvas.seams.append(place - ABOVE)
            self._row(canvas, row, place)
        says = said(self.spoken, describe_timeline(self.drawn))
        return canvas.picture(self.width, bottom, self.spoken.say(ENTRIES), says, head=canvas.seams[0])

    def _lines(self, canvas: Canvas, breaks: Sequence[tuple[float, float]], bottom: float) -> None:
        for n, (x, head) in enumerate(zip(self.lanes, self.heads, strict=True)):
            top = head
            for begins, ends in (*breaks, (bottom, bottom)):
                canvas.line((x, top), (x, begins), ink="soft", dash="" if n < len(self.drawn.lanes) else "2 3")
                top = ends

    def _break(self, canvas: Canvas, top: float, says: str) -> None:
        left, right, middle = self.lanes[0] - 6, self.lanes[-1] + 6, top + SIGN / 2
        steps = max(2, round((right - left) / 6))
        zigzag = [(left + (right - left) * n / steps, middle + (3 if n % 2 else -3)) for n in range(steps + 1)]
        canvas.line(*zigzag, width=1.5)
        canvas.write(self.left, middle + 4, says, self.width - self.left, soft=True)

    def _row(self, canvas: Canvas, row: Row, y: float) -> None:
        if row.across:
            canvas.line((self.lanes[0] - 6, y), (self.left - 6, y), dash="5 3", width=1.5)
        elif row.marks:
            canvas.line((self.lanes[row.marks[0][0]], y), (self.left - 14, y), ink="faint")
        for lane, shape, ink in row.marks:
            canvas.mark(shape, self.lanes[lane], y, self.reach, ink)
        if row.found:
            canvas.mark("triangle", self.left - 8, y, 4)
        base = y + 4
        if row.number:
            canvas.write(self.left, base, row.number, self.number, bold=True)
        x = self.left + self.number
        canvas.write(x, base, row.when, self.when)
        if self.two:
            base += LINE
        else:
            x += self.when
        if row.who and self.named:
            canvas.write(self.who, base, row.who, self.width - self.who, soft=True, theirs=True)
        for text, struck in self._label(row):
            canvas.write(x, base, text, self.says, struck=struck)
            base += LINE
