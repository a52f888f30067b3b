"""The computation of a deadline as data: one step after another, each with its citation and the sentence for people.

Nothing here is computed when an order is judged; the steps are made of a count when they are shown. The articles are
those of Regulation (EEC, Euratom) No 1182/71 where a policy counts by it; any other step is a choice of this project.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from ledger.law.terms.calendar import DAY, LAST, CountedPeriod, Duration
from ledger.messages import Day, Message, Moment, Weekday

BY_1182_71 = ("EU-1182-71", "EU-17(9)")
Operation: TypeAlias = Literal[
    "event",  # the event, in UTC -> the same moment in local time
    "stated",  # what an entry states -> the end
    "skip-hour-of-event",  # the event -> the beginning of the next full hour
    "add",  # a length -> the last day, or the end of the hours
    "end-of-month",  # a day that its month lacks -> the last day of that month
    "hours-to-days",  # hours next to days or months -> days
    "skip-day",  # a day that cannot end the period, or does not count -> the next day
    "last-day",  # the day before the skipped ones -> the last day
    "skip-midnight",  # a midnight that the clocks skip -> the moment of the change
    "end-of-calendar",  # a length that outlasts the calendar -> its end
    "due",  # the last day or hour -> the first instant after the period, in UTC
    "pause",  # a pause -> the time by which the period is longer
    "extension",  # the end as counted -> the end that an entry sets
    "note",  # what moved or stopped it, in words
]


class ComputationStep(Struct, frozen=True, kw_only=True):
    """One step: an operation, its input and output, the provisions it follows, and the entries (leaf hashes) it uses.

    Moments are RFC 3339 in UTC, local times have their offset and zone, days are ISO 8601, lengths are words.
    """

    operation: Operation
    input: str
    output: str
    says: str
    cite: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()


Note = str | ComputationStep


def note(text: Note) -> ComputationStep:
    """Return a note as a step."""
    return (
        text if isinstance(text, ComputationStep) else ComputationStep(operation="note", input="", output="", says=text)
    )


def explain(count: CountedPeriod) -> tuple[str, ...]:
    """Return how a due date came about, one sentence a step."""
    return tuple(step.says for step in computation(count))


def computation(count: CountedPeriod, trigger: str | None = None) -> tuple[ComputationStep, ...]:
    """Return the steps of a count; `trigger` is the leaf hash of the entry that started it."""
    return tuple(_steps(count, (trigger,) if trigger else ()))


def _steps(count: CountedPeriod, entries: tuple[str, ...]) -> Iterator[ComputationStep]:
    local = count.days.local(count.trigger)
    yield ComputationStep(
        operation="event",
        input=utc(count.trigger),
        output=_local(count, count.trigger),
        says=Message(
            "event: {0}, {1} on {2} in {3}",
            utc(count.trigger),
            f"{local:%H:%M:%S}",
            named(local.date()),
            count.days.zone,
        ),
        entries=entries,
    )
    if count.policy == "STATED":
        yield _step("stated", count.length, utc(count.due), Message("stated: {0}", count.length))
    elif count.begins is not None:
        yield _step(
            "skip-hour-of-event",
            utc(count.trigger),
            utc(count.begins),
            Message("the hour of the event does not count: {0} from {1}", count.length, utc(count.begins)),
            *_cite(count, "3(1)"),
        )
        ends = count.due
        yield _step(
            "add", count.length, utc(ends), Message("{0} end at {1}", count.length, utc(ends)), *_cite(count, "3(2)(a)")
        )
    elif count.last is None:
        yield _step("add", count.length, utc(count.due), Message("{0} from the event", count.length))
    else:
        yield from _days(count, count.last)
    yield from _end(count)


def _days(count: CountedPeriod, last: date) -> Iterator[ComputationStep]:
    working = "working" in count.length
    ends = count.passed[0][0] if count.passed and not working else last
    first = count.days.day(count.trigger)
    yield from _rounded(count, first)
    provision = "3(3)" if working else "3(2)(c)" if count.span and count.span.months else "3(2)(b)"
    yield _step(
        "add",
        f"{first} + {count.length}",
        str(ends),
        Message("the day of the event is the first day: {0} end with {1}", count.length, named(ends))
        if count.policy == "GB-CAL"
        else Message("the day of the event does not count: {0} end with {1}", count.length, named(ends)),
        *_cite(count, "3(1)", provision),
    )
    for day, why in count.passed:
        provision = "3(5)" if why == "fewer than two working days" else "3(3)" if working else "3(4)"
        yield _step(
            "skip-day",
            str(day),
            str(day + DAY),
            Message("{0} does not end the period: {1}", named(day), why),
            *_cite(count, provision),
        )
    if count.passed:
        yield _step("last-day", str(ends), str(last), Message("so the last day is {0}", named(last)))


def _rounded(count: CountedPeriod, first: date) -> Iterator[ComputationStep]:
    """Yield the steps at which a length is rounded: a month without the day, hours next to days."""
    span = count.span or Duration()
    if span.months and (short := span.short_month(first)) is not None:
        month = f"{short:%Y-%m}"
        yield _step(
            "end-of-month",
            f"{month}-{first.day:02}",
            str(short),
            Message("{0} has no day {1}: the months end with {2}", month, first.day, named(short)),
            *_cite(count, "3(2)(c)"),
        )
    if span.seconds:
        hours = Duration(seconds=span.seconds)
        extra = Duration(days=-(-span.seconds // 86400))
        yield _step(
            "hours-to-days",
            str(hours),
            str(extra),
            Message("{0} next to days or months count as {1}: a day ends whole", hours.in_words, extra.in_words),
        )


def _end(count: CountedPeriod) -> Iterator[ComputationStep]:
    days, last = count.days, count.last
    if count.due == LAST or last == date.max:
        yield _step(
            "end-of-calendar",
            count.length,
            utc(count.due),
            Message("the period outlasts the calendar and ends with it"),
        )
    local = days.local(count.due)
    if last is not None and last < date.max and local.time() != datetime.min.time():
        yield _step(
            "skip-midnight",
            f"{last + DAY}T00:00:00",
            _local(count, count.due),
            Message(
                "the clocks in {0} skip the midnight at the end of {1}: the day ends with the change",
                days.zone,
                Day(last),
            ),
        )
    yield _step(
        "due",
        str(last) if last is not None else utc(count.due),
        utc(count.due),
        Message(
            "due: {0}, {1} on {2} there; policy {3}",
            utc(count.due),
            f"{local:%H:%M:%S}",
            named(local.date()),
            count.policy,
        ),
        *(_cite(count, "3(2)(b)") if last is not None else ()),
    )


def paused(begins: datetime, ends: datetime, more: int, unit: str, entries: tuple[str, ...]) -> ComputationStep:
    """Return the step of a pause by which a period is `more` days or hours longer; the hours are rounded up."""
    elapsed = Duration(seconds=int((ends - begins).total_seconds()))
    longer = Duration(days=more) if unit == "days" else Duration(seconds=3600 * more)
    if unit == "days":
        says = Message("referred back and clarified in between: {0} more, by the local dates", longer.in_words)
    elif elapsed == longer:
        says = Message("referred back and clarified in between: {0} more", longer.in_words)
    else:
        says = Message(
            "referred back and clarified in between: {0}, which is rounded up to {1} more",
            elapsed.in_words,
            longer.in_words,
        )
    return ComputationStep(
        operation="pause", input=f"{utc(begins)}/{utc(ends)}", output=str(longer), says=says, entries=entries
    )


def waits(on: datetime, entry: str) -> ComputationStep:
    """Return the step of a referral back that still waits for the clarification."""
    says = Message("referred back by an entry of {0}: it waits for the clarification", utc(on))
    return ComputationStep(operation="pause", input=utc(on), output="", says=says, entries=(entry,))


def extended(counted: datetime | None, stated: str, on: datetime, entry: str) -> ComputationStep:
    """Return the step of an end that an entry sets in place of the counted one."""
    return ComputationStep(
        operation="extension",
        input=utc(counted) if counted else "",
        output=stated,
        says=Message("the end was set to {0} by an entry of {1}", Moment(stated), utc(on)),
        entries=(entry,),
    )


def _step(operation: Operation, before: str, after: str, says: str, *cite: str) -> ComputationStep:
    return ComputationStep(operation=operation, input=before, output=after, says=says, cite=cite)


def _cite(count: CountedPeriod, *provisions: str) -> tuple[str, ...]:
    return tuple(f"1182/71:{provision}" for provision in provisions) if count.policy in BY_1182_71 else ()


def _local(count: CountedPeriod, moment: datetime) -> str:
    return f"{count.days.local(moment).isoformat(timespec='seconds')}[{count.days.zone}]"


def utc(moment: datetime) -> Moment:
    """Return a moment as RFC 3339 in UTC, without fractions."""
    return Moment(moment)


def named(day: date) -> Weekday:
    """Return a day with its weekday."""
    return Weekday(day)
