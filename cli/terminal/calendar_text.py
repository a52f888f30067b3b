"""Draw the calendar of a deadline for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from cli.terminal import output
from projections.views.deadline_calendar import MARKS, WEEKDAYS, CalendarDay, CalendarMonth

SIGNS = {"event": "E", "counted": ".", "skipped": "x", "last": "L", "ends": "L", "due": "D"}
STYLES = {"event": "bold", "skipped": "dim", "last": "bold green", "ends": "bold green", "due": "bold red"}


def calendar_lines(months: Sequence[CalendarMonth]) -> list[str]:
    """Return months as weeks, a sign after each day, and below them what the signs mean; no line without months."""
    out: list[str] = []
    for month in months:
        if month.gap:
            out.append("  ...")
        out += [
            "",
            f"  {output.paint(month.name, 'bold')}",
            "  " + " ".join(f"{name:<3}" for name in WEEKDAYS).rstrip(),
        ]
        out += ["  " + " ".join(map(_cell, week)).rstrip() for week in month.weeks]
    used = {day.mark for month in months for week in month.weeks for day in week if day is not None}
    if out:
        out += ["", *(f"  {SIGNS[mark]}  {says}" for mark, says in MARKS.items() if mark in used)]
    return out


def _cell(day: CalendarDay | None) -> str:
    if day is None:
        return "   "
    text = f"{day.day.day:>2}{SIGNS.get(day.mark, ' ')}"
    return output.paint(text, STYLES[day.mark]) if day.mark in STYLES else text
