"""One drawing of each sort with all that it can show, and the text in which its shapes and words are kept.

`python -m tests.projections.drawings.layouts` writes the texts anew. Look at the pictures before they are kept: a
text shows that something moved, and the other tests of this folder say what a picture must never do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from projections.drawings.bar_chart import bar_picture
from projections.drawings.charts import bar_chart, plot
from projections.drawings.custody_chain import ChainDrawing, ChainStep, CustodyChain, chain_picture
from projections.drawings.deadline_bars import DeadlineBar, DeadlineDrawing, deadline_picture
from projections.drawings.picture import NARROW, WIDE, Picture
from projections.drawings.timeline import DeadlineMark, EntryMark, TimelineDrawing, timeline_picture
from projections.render.pictures import SORTS, Drawing, figure
from projections.render.translation import translation

FOLDER: Final = Path(__file__).with_name("kept")
BEGIN: Final = datetime(2027, 3, 1, 9, 0, 37, tzinfo=UTC)
LONG: Final = "Central Office for Electronic Evidence of the Republic of Orsinia in Karsk and its Branches"
DIGEST: Final = "SHA-256 6a9641f5c82ee9ce"


def day(days: float) -> datetime:
    """Return a moment so many days after the first."""
    return BEGIN + timedelta(days=days)


# -- chains of custody -------------------------------------------------------------------------------------------------


def step(n: int, what: str, *hands: str | None, compared: str = "equal", **more: Any) -> ChainStep:
    """Return a step; its hands are one who held, or who released and who received."""
    gave, took, held = (None, None, hands[0]) if len(hands) == 1 else (*hands, None)
    more = {"check": None, "digest": DIGEST, "more": 0, **more}
    return ChainStep(str(n), day(n), what, gave, took, held, compared, **more)


def chains() -> ChainDrawing:
    """Return an exhibit with a step of each sort, a copy of it, and steps without an exhibit."""
    gone = {"replaced_by": "19", "replaced_who": "lab (LAB)"}
    one = (
        step(1, "data disclosed", "Skylark", "Police", compared="first stated", more=2),
        step(2, "evidence received", "Skylark", "Police"),
        step(3, "evidence sealed", "Police", compared="[sealed]", check="equal"),
        step(4, "custody transferred", "Police", LONG, compared="differs", check="differ", digest=""),
        step(5, "custody transferred", "Police", "Laboratory", compared="no digest", **gone),
        step(6, "analysis performed", LONG, compared="not comparable"),
        step(7, "analysis performed", "Court", compared="[erased]"),
        step(8, "custody transferred", None, None, compared="differs"),
        step(9, "custody transferred", "Laboratory", "Court"),
        step(10, "custody transferred", "Laboratory", "Court"),
        step(11, "custody transferred", "Court", "Court"),
        step(12, "custody received", "Court", "Archive"),
        step(13, "custody transferred", "Archive", "Court", compared="differs", **gone),
    )
    chain = CustodyChain("EX-1", None, one)
    copy = CustodyChain("EX-2", f"EX-1 of the {LONG}", (step(14, "working copy made", "Police"),))
    return ChainDrawing((chain, copy, CustodyChain(None, None, (step(15, "x", None, "Police"),))))


def long_chain() -> ChainDrawing:
    """Return a chain of more steps than are drawn one by one."""
    held = [step(n, "evidence accessed", "Police") for n in range(3, 6)]
    more = [step(n, "evidence accessed", "Laboratory", compared="first stated") for n in range(8, 80)]
    moved = (step(2, "custody transferred", "Skylark", "Police"), step(7, "sent", "Police", "Laboratory"))
    last = (replace(more[0], number="81", compared="differs"), *(step(n, "seen", "Laboratory") for n in range(82, 86)))
    return ChainDrawing((CustodyChain("EX-1", None, (moved[0], *held, moved[1], *more, *last)),))


# -- deadlines ---------------------------------------------------------------------------------------------------------


def bar(id: str, verdict: str, begins: float | None, due: float | None, *answers: float, **more: Any) -> DeadlineBar:
    """Return a bar from day to day, with the days of its answers."""
    given = {"policy": "", "pauses": (), "extended": False, **more}
    moments = tuple((str(n), day(on)) for n, on in enumerate(answers, 12))
    starts, ends = (None if on is None else day(on) for on in (begins, due))
    return DeadlineBar(id, "EPOC:10(2)", "10 days", verdict, starts, ends, answers=moments, **given)


def deadlines() -> DeadlineDrawing:
    """Return a bar of each result, with pauses, answers in time and late, a silence, and one without an end."""
    bars = (
        bar("E-10-2", "met", 0, 10, 4, 6, policy="EU-1182-71"),
        bar("D-7-7", "met", 0, 10, 10, policy="HOUSE"),
        bar("E-12-1", "missed", 1, 8, 12, pauses=((day(2), day(3)), (day(5), None)), extended=True),
        bar("NOTICE-DUE", "open", 2, 30, pauses=((day(9), None),)),
        bar("NOTICE-REVIEW", "undetermined", 3, 900),
        bar("E-4-5-WITHDRAWAL", "not-running", 850, 900),
        bar("X-1", "undetermined", None, None),
        bar("X-2", "missed", None, 9),
        bar("X-3", "open", 20, 15),
    )
    return DeadlineDrawing(bars, day(12), 0)


# -- timelines ---------------------------------------------------------------------------------------------------------


def mark(n: int, days: float, lane: int = 0, what: str = "order issued", **more: Any) -> EntryMark:
    """Return the mark of an entry."""
    given = {"speaks": "act", "found": False, "replaced_by": None, **more}
    return EntryMark(str(n), day(days), what, lane, **given)


def timeline() -> TimelineDrawing:
    """Return a timeline with a mark of each sort, deadlines, a silence and the moment of it."""
    marks = (
        mark(1, 0),
        mark(2, 0.01, 1, "order received", speaks="observation", found=True),
        mark(3, 1, 2, "customer notified contrary to confidentiality", speaks="import"),
        mark(4, 1, 1, "data disclosed", replaced_by="5"),
        mark(5, 2.5, 1, "data disclosed", found=True, replaced_by="19"),
        mark(6, 700, 0, "evidence received"),
        mark(7, 702, 0, "evidence received", speaks="unknown"),
    )
    ends = ("met", "missed", "open", "undetermined", "not-running", "another")
    due = tuple(DeadlineMark("D-7-7", day(2 + n), verdict) for n, verdict in enumerate(ends))
    return TimelineDrawing(("Prosecutor", "Skylark", LONG), marks, due, day(703))


def long_timeline(hours: float = 7) -> TimelineDrawing:
    """Return a timeline of more entries than are drawn one by one."""
    marks = tuple(mark(n, n * hours / 24, n % 3, found=n == 30) for n in range(101))
    return TimelineDrawing(("A", "B", "C"), marks, (), day(40))


def crowded_timeline() -> TimelineDrawing:
    """Return a timeline of more offices than have room next to each other, with short words next to each entry."""
    lanes = tuple(f"Office {n}" for n in range(30))
    marks = (mark(1, 0, 29, "sent", found=True), mark(2, 1, 0, "sent"))
    return TimelineDrawing(lanes, marks, (), day(1))


PLAIN: Final[dict[str, Drawing]] = {
    "one step": ChainDrawing((CustodyChain("EX-1", None, (step(1, "sent", "Police"),)),)),
    "one deadline": DeadlineDrawing((bar("D-7-7", "open", 0, 10),), day(5), 0),
    "two deadlines": DeadlineDrawing(
        (bar("D-7-7", "met", 0, 10, policy="HOUSE"), bar("D-7-7", "met", 0, 9)), day(5), 1
    ),
    "more deadlines": DeadlineDrawing((bar("D-7-7", "missed", 0, 10, pauses=((day(1), None),)),), day(5), 2),
    "one entry": TimelineDrawing(("A",), (mark(1, 0),), (), day(1)),
    "two entries": TimelineDrawing(
        ("A", "B"),
        (mark(1, 0, speaks="import"), mark(2, 1, 1, found=True)),
        (DeadlineMark("D-7-7", day(2), "met"),),
        day(1),
    ),
    "all steps": chains(),
    "all deadlines": deadlines(),
    "all entries": timeline(),
    "many entries": long_timeline(),
}


def _captions() -> str:
    """Return what is said below and instead of each of these drawings."""
    spoken = translation("en")
    made = {name: (drawn, figure(drawn, spoken)) for name, drawn in PLAIN.items()}
    return "".join(
        "\n".join(
            (
                f"-- {name}",
                one.picture.says if one.picture else "",
                one.caption,
                *SORTS[type(drawn)].lines(drawn, spoken),
                "",
            )
        )
        for name, (drawn, one) in made.items()
    )


# -- the text of a picture ---------------------------------------------------------------------------------------------


def text_of(p: Picture) -> str:
    """Return the size, the seams, the shapes and the words of a picture, one a line."""
    return "\n".join(_lines(p)) + "\n"


def _lines(p: Picture) -> Iterator[str]:
    yield f"{p.width:g} x {p.height:g}, head {p.head:g}: {p.title}"
    yield p.says
    yield "seams " + " ".join(f"{seam:g}" for seam in p.seams)
    for s in p.paths:
        box = " ".join(f"{side:.1f}" for side in s.box)
        yield f"{s.d} | {box} | {' '.join(filter(None, (s.ink, f'{s.width:g}', s.dash)))}"
    for w in p.words:
        flags = [name for name in ("bold", "soft", "theirs", "struck") if getattr(w, name)]
        yield f"{w.x:.1f} {w.y:.1f} {' '.join((w.anchor, *flags))}: {w.says}"


def _drawn(p: Picture | None) -> str:
    assert p is not None
    return text_of(p)


def _numbers(drawn: object) -> str:
    return f"{drawn}".replace("Series(", "\n  Series(").replace("DataPoint(", "\n    DataPoint(") + "\n"


def _bars() -> str:
    drawn = bar_chart("Orders by year", [("2025", 7), (LONG, 40), ("2027", None), ("none", 0)])
    assert drawn is not None
    return _numbers(drawn) + "".join(text_of(bar_picture(drawn, translation("en"), width)) for width in (WIDE, NARROW))


SHARES: Final = {
    "this record": {"2026-H1": 0.25, "2026-H2": 0.5, "2028-H1": 1.0},
    "published": {"2026-H1": 0.75, "2027-H1": 0.0},
    "a third": {"2026-H2": 0.333},
}
LAYOUTS: Final[dict[str, Callable[[], str]]] = {
    "custody-chain-wide": lambda: _drawn(chain_picture(chains(), translation("en"), WIDE)),
    "custody-chain-narrow": lambda: _drawn(chain_picture(chains(), translation("en"), NARROW)),
    "custody-chain-long": lambda: "".join(
        _drawn(chain_picture(long_chain(), translation("en"), width)) for width in (WIDE, NARROW)
    ),
    "deadlines-wide": lambda: text_of(deadline_picture(deadlines(), translation("en"), WIDE)),
    "deadlines-narrow": lambda: text_of(deadline_picture(deadlines(), translation("en"), NARROW)),
    "timeline-wide": lambda: text_of(timeline_picture(timeline(), translation("en"), WIDE)),
    "timeline-narrow": lambda: text_of(timeline_picture(timeline(), translation("en"), NARROW)),
    "timeline-long": lambda: "".join(
        text_of(timeline_picture(long_timeline(hours), translation("en"), WIDE)) for hours in (7, 150)
    ),
    "timeline-crowded": lambda: "".join(
        text_of(timeline_picture(drawn, translation("en"), width))
        for drawn in (crowded_timeline(), PLAIN["two entries"])
        if isinstance(drawn, TimelineDrawing)
        for width in (WIDE, NARROW)
    ),
    "captions": _captions,
    "bars": _bars,
    "shares": lambda: _numbers(plot(SHARES)),
}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, make in LAYOUTS.items():
        (FOLDER / f"{name}.txt").write_text(make(), "utf-8")
