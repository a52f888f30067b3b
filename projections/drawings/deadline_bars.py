"""The deadlines of an order as bars on one scale of time, each from its beginning to its end, with what became of it.

A shape and a word say the result. Readings of one deadline that differ are next to each other, each with its policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Final

from ledger.law.terms.periods import period
from ledger.messages import Day, Message, Moment
from projections.drawings.picture import LINE, Canvas, Picture, Spoken, breadth, joined, said, span, wrapped
from projections.drawings.scale import TimeScale, time_scale
from projections.sentences.local_time import end_of

MOST: Final = 40  # bars; of more, the unmet ones, the earliest first
LABELS: Final = 600.0  # from this width on, words are left of the bars and not above them
SIGN: Final = 20.0  # the width of a break
SHAPES: Final = {
    "met": Message("A filled circle: met."),
    "missed": Message("A cross at the end: missed."),
    "open": Message("An open diamond at the end: open."),
    "undetermined": Message("A dashed bar: undetermined."),
    "not-running": Message("A dotted bar: not running."),
}


@dataclass(frozen=True, slots=True)
class DeadlineBar:
    """Hold one deadline: its id and citation, its length, what became of it, its beginning and end (UTC), its answers.

    `policy` is how it was counted, where there is another reading; else it is empty. `answers` are entries with their
    moments, `pauses` times in which it did not run (None: until now). `extended`: an entry has set its end. `last_day`
    is the last day that counts in `zone`; None for a period that ends within a day.
    """

    id: str
    cite: str
    length: str
    verdict: str
    begins: datetime | None
    due: datetime | None
    policy: str
    answers: tuple[tuple[str, datetime], ...]
    pauses: tuple[tuple[datetime, datetime | None], ...]
    extended: bool
    zone: str = "UTC"
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class DeadlineDrawing:
    """Hold the bars of an order as of a moment, and how many are left out."""

    bars: tuple[DeadlineBar, ...]
    as_of: datetime
    left_out: int


def describe_deadlines(drawn: DeadlineDrawing) -> list[str]:
    """Describe the picture, in sentences, for readers who do not see it."""
    n = len(drawn.bars)
    return [
        (
            Message("{0} deadline as of {1} UTC.", n, _iso(drawn.as_of))
            if n == 1
            else Message("{0} deadlines as of {1} UTC.", n, _iso(drawn.as_of))
        ),
        Message("The list says the same in words."),
    ]


def deadline_caption(drawn: DeadlineDrawing) -> list[str]:
    """Return the sentences below the picture: how to read its bars."""
    verdicts = {b.verdict for b in drawn.bars}
    sentences: list[str] = [Message("A bar runs from the event that starts a deadline to its end; times are UTC.")]
    sentences += [says for verdict, says in SHAPES.items() if verdict in verdicts]
    if any(b.pauses for b in drawn.bars):
        sentences.append(Message("Strokes inside a bar: the deadline did not run."))
    if any(b.policy for b in drawn.bars):
        sentences.append(Message("Of one deadline there are several readings; each names how it was counted."))
    sentences.append(Message("The dashed line is the moment of which the picture speaks."))
    if drawn.left_out:
        sentences.append(
            Message("{0} more deadline is left out.", drawn.left_out)
            if drawn.left_out == 1
            else Message("{0} more deadlines are left out.", drawn.left_out)
        )
    return sentences


def deadline_lines(drawn: DeadlineDrawing, spoken: Spoken) -> list[str]:
    """Return every deadline in words."""
    return [f"{'; '.join(_words(b, spoken))}." for b in drawn.bars]


def _iso(moment: datetime) -> Moment:
    return Moment(f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00"))


def _end(due: datetime, b: DeadlineBar) -> str:
    """Return the last day that counts, or the moment in UTC of a period that ends within a day."""
    return _iso(due) if b.last_day is None else end_of(due, b.zone, b.last_day)


def _words(b: DeadlineBar, spoken: Spoken) -> Iterator[str]:
    yield f"{spoken.words(period(b.id))}: {spoken.say(b.verdict)}"
    if about := joined((spoken.words(b.length), b.cite, b.policy)):
        yield about
    if b.due is None:
        yield spoken.words(Message("no end could be computed"))
    elif b.begins is None:
        end = spoken.words(_end(b.due, b))
        yield f"{spoken.say('ends')} {end}" if b.last_day is None else end
    else:
        yield f"{spoken.words(_iso(b.begins))} – {spoken.words(_end(b.due, b))}"
    for number, on in b.answers[:2]:
        yield f"{spoken.say('answered by entry')} {number}, {spoken.words(_iso(on))}"
    if b.extended:
        yield spoken.words(Message("an entry has set the end"))
    for begins, ends in b.pauses[:2]:
        until = spoken.words(Message("it still waits")) if ends is None else spoken.words(_iso(ends))
        yield f"{spoken.say('paused')} {spoken.words(_iso(begins))} – {until}"


def deadline_picture(drawn: DeadlineDrawing, spoken: Spoken, width: float) -> Picture:
    """Return the bars as a picture that can be cut between them; the scale is its head."""
    return _Bars(drawn, spoken, width).picture()


BELOW: Final = 2.0  # units below the last row


class _Bars:
    """The places of the bars."""

    def __init__(self, drawn: DeadlineDrawing, spoken: Spoken, width: float) -> None:
        self.drawn, self.spoken, self.width = drawn, spoken, width
        self.beside = width >= LABELS
        self.left = 0.5 * width if self.beside else 10.0
        self.room = self.left - 16 if self.beside else width - 4
        self.scale = self._scale()
        self.rows = [(b, self._lines(b)) for b in drawn.bars]

    def _lines(self, b: DeadlineBar) -> list[tuple[str, bool]]:
        """Return the lines next to a bar; those of its name are bold."""
        texts = enumerate(_words(b, self.spoken))
        return [(line, n == 0) for n, text in texts for line in wrapped(text, self.room, bold=True)]

    def _scale(self) -> TimeScale:
        moments = {self.drawn.as_of}
        for b in self.drawn.bars:
            if b.due is not None:
                moments |= {m for m in (b.begins, b.due, *(on for _, on in b.answers)) if m is not None}
            moments |= {m for pause in b.pauses for m in pause if m is not None}
        return time_scale(sorted(moments), self.left, self.width - 10, 9, SIGN, most=2)

    def picture(self) -> Picture:
        """Return the rows below the scale."""
        canvas = Canvas()
        y = top = self._axis(canvas)
        for bar, lines in self.rows:
            canvas.seams.append(y)
            self._row(canvas, bar, lines, y)
            y += LINE * len(lines) + (14 if self.beside else 38)
        now = self.scale.place(self.drawn.as_of)
        canvas.line((now, top - 6), (now, y), dash="5 3", width=1.5)
        says = said(self.spoken, describe_deadlines(self.drawn))
        return canvas.picture(
            self.width, y + BELOW, self.spoken.words(Message("The deadlines of the order")), says, head=top
        )

    def _axis(self, canvas: Canvas) -> float:
        """Write the moment of the picture, the ends of the scale and each break; return where the rows begin."""
        scale, spoken = self.scale, self.spoken
        labels = [(scale.place(self.drawn.as_of), f"{spoken.say('as of')} {spoken.words(_iso(self.drawn.as_of))}")]
        limits = (n for n in (0, -1) if scale.moments[n] != self.drawn.as_of)
        labels += [(scale.places[n], spoken.words(Day(scale.moments[n].date()))) for n in limits]
        for n, begins, ends in scale.breaks:
            long = span(scale.moments[n + 1] - scale.moments[n])
            labels.append(((begins + ends) / 2, f"… {spoken.words(long)} …"))
        taken: list[list[tuple[float, float]]] = [[], [], []]
        for place, text in labels:
            wide = breadth(text)
            left = min(max(place - wide / 2, 0), self.width - wide)
            rows = (n for n, row in enumerate(taken) if all(left > b + 6 or left + wide < a - 6 for a, b in row))
            if (row := next(rows, None)) is not None:
                taken[row].append((left, left + wide))
                canvas.write(left, 12 + LINE * row, text, wide, soft=True)
        top = 12 + LINE * sum(map(bool, taken)) + 4
        canvas.line((self.left - 4, top - 6), (self.width - 4, top - 6), ink="soft")
        for place in (scale.places[0], scale.places[-1]):
            canvas.line((place, top - 9), (place, top - 3), ink="soft")
        for _, begins, ends in scale.breaks:
            self._slashes(canvas, (begins + ends) / 2, top - 6, 5)
        return top + 6

    @staticmethod
    def _slashes(canvas: Canvas, x: float, y: float, r: float) -> None:
        for shift in (-2.5, 2.5):
            canvas.line((x + shift - 2, y + r), (x + shift + 2, y - r), width=1.5)

    def _row(self, canvas: Canvas, b: DeadlineBar, lines: Sequence[tuple[str, bool]], y: float) -> None:
        base = y + 13
        for text, bold in lines:
            canvas.write(0, base, text, self.room, bold=bold)
            base += LINE
        if b.due is None:
            return
        middle = y + 13 if self.beside else base + 2
        self._bar(canvas, b, b.due, middle)

    def _bar(self, canvas: Canvas, b: DeadlineBar, due: datetime, y: float) -> None:
        place = self.scale.place
        begins = b.begins if b.begins is not None and b.begins < due else due
        left, right = place(begins), place(due)
        dash = {"undetermined": "5 3", "not-running": "1 3"}.get(b.verdict, "")
        canvas.frame((left, y - 6, right, y + 6), "paper", 1.5, dash)
        gone = min([due, self.drawn.as_of, *(on for _, on in b.answers)])
        if b.verdict in ("met", "open", "missed") and begins < gone:
            canvas.frame((left, y - 6, place(gone), y + 6), "pale" if b.verdict == "open" else "grey", 1.5)
        for begun, ended in b.pauses:
            at, end = place(begun), place(min(ended or self.drawn.as_of, due))
            while at < end:
                canvas.line((at, y - 6), (at, y + 6), width=1.5)
                at += 4
        for _, first, last in self.scale.breaks:
            if left < (first + last) / 2 < right:
                self._slashes(canvas, (first + last) / 2, y, 9)
        late = [place(on) for _, on in b.answers if on >= due]
        if late:
            canvas.line((right, y), (late[0], y), dash="3 3")
            canvas.mark("circle", late[0], y, 5, "paper")
        match b.verdict:
            case "met":
                for at in [place(on) for _, on in b.answers if on < due][:1]:
                    canvas.mark("circle", at, y, 5)
            case "missed":
                canvas.mark("cross", right, y, 6)
            case "open" | "undetermined":
                canvas.mark("diamond", right, y, 7, "paper")


def with_other_readings(bars: Sequence[DeadlineBar], policies: Sequence[str]) -> tuple[DeadlineBar, ...]:
    """Return the bars with readings of one deadline next to each other, each of these with its policy."""
    order = sorted(range(len(bars)), key=lambda n: (min(m for m, b in enumerate(bars) if _same(b, bars[n])), n))
    several = {n for a, b in pairwise(order) if _same(bars[a], bars[b]) for n in (a, b)}
    return tuple(replace(bars[n], policy=policies[n] if n in several else "") for n in order)


def _same(a: DeadlineBar, b: DeadlineBar) -> bool:
    return (a.id, a.begins) == (b.id, b.begins)
