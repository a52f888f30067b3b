"""Deadlines for a calendar program: one event each, that moves and is cancelled under the same UID, with warnings."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger.law import read_order
from projections.views.due import DeadlineHistory
from tests.support.scenarios import DAY, given, issued, moment, received

icalendar = pytest.importorskip("icalendar", reason="needs the extra `calendar`")

from projections.exchange.icalendar_file import calendar_file  # noqa: E402 - its library is an extra

NOW = moment("2027-03-03T09:00Z")
CASE = given(issued("2027-03-01T09:00Z"), received("2027-03-02T08:30Z")).case
CLOCK = next(c for c in read_order(CASE, NOW).deadlines.clocks if c.id == "D-7-7")
HOUR = timedelta(hours=1)
ENDS = "until the end of Thursday 1 April 2027, Stockholm"


def events(*histories: DeadlineHistory, began: datetime | None = None, name: str = "KA-1") -> list[Any]:
    wound = {} if began is None else {str(CLOCK.trigger): began}
    content = calendar_file(histories, {CASE.order: name}, "log.example", NOW, wound)
    return [] if content is None else list(icalendar.Calendar.from_ical(content).walk("VEVENT"))


def history(number: int = 0, **more: Any) -> DeadlineHistory:
    return DeadlineHistory(CASE.order, "2AP-7", CLOCK, number, **more)


def test_an_event_ends_with_its_deadline_and_names_the_order_the_article_and_the_count() -> None:
    (event,) = events(history(changes=3))
    assert CLOCK.due is not None
    assert (event["dtend"].dt, event["dtstart"].dt) == (CLOCK.due, CLOCK.due - timedelta(minutes=15))
    assert event["summary"].startswith("Answer of the provider")
    assert event["summary"].endswith("ends: KA-1")
    assert (event["sequence"], event["status"], event["class"], event["transp"]) == (
        3,
        "CONFIRMED",
        "CONFIDENTIAL",
        "TRANSPARENT",
    )
    assert event["description"] == (
        f"{', '.join(CLOCK.cite)}: the provider, {ENDS}. "
        f"Counted as {CLOCK.policy}. {CLOCK.verdict} when this was written."
    )
    assert event["dtstamp"].dt == NOW
    assert event["categories"].cats == ["2AP-7"]


def test_an_event_keeps_its_uid_when_it_moves_and_is_cancelled_without_a_warning() -> None:
    (event,) = events(history())
    moved = DeadlineHistory(CASE.order, "2AP-7", replace(CLOCK, due=NOW + DAY), 0, open=False, changes=1)
    (gone,) = events(moved)
    assert gone["uid"] == event["uid"]
    assert (gone["status"], gone["sequence"], gone.walk("VALARM")) == ("CANCELLED", 1, [])
    assert gone["description"].endswith("Nothing is due by this clock any more.")
    (twin,) = events(history(1))
    assert twin["uid"] != event["uid"]
    other = calendar_file([history()], {}, "another.example", NOW, {})
    assert other is not None
    (elsewhere,) = icalendar.Calendar.from_ical(other).walk("VEVENT")
    assert elsewhere["uid"] != event["uid"]
    assert elsewhere["summary"].endswith(f"ends: {CASE.order[:8]}")


@pytest.mark.parametrize(
    ("long", "before"),
    [
        (None, [DAY, 3 * DAY]),
        (4 * DAY, [DAY, 3 * DAY]),
        (4 * DAY - timedelta(seconds=1), [HOUR, 4 * HOUR]),
        (5 * HOUR + timedelta(seconds=1), [HOUR, 4 * HOUR]),
        (5 * HOUR, [HOUR]),
    ],
)
def test_warnings_come_in_days_or_in_hours_by_the_length_of_the_period(
    long: timedelta | None, before: list[timedelta]
) -> None:
    assert CLOCK.due is not None
    (event,) = events(history(), began=None if long is None else CLOCK.due - long)
    alarms = event.walk("VALARM")
    assert [timedelta(minutes=15) - alarm["trigger"].dt for alarm in alarms] == before
    assert {(alarm["action"], alarm["description"]) for alarm in alarms} == {("DISPLAY", event["summary"])}


def test_events_are_in_the_order_of_their_ends_and_what_has_none_is_left_out() -> None:
    late, early = replace(CLOCK, due=NOW + 9 * DAY), replace(CLOCK, due=NOW + DAY)
    made = [DeadlineHistory(CASE.order, "2AP-7", clock, n) for n, clock in enumerate((late, early))]
    nowhere = DeadlineHistory(CASE.order, "2AP-7", replace(CLOCK, due=None), 2)
    assert [e["dtend"].dt for e in events(*made, nowhere)] == [NOW + DAY, NOW + 9 * DAY]
    assert calendar_file([nowhere], {}, "log.example", NOW, {}) is None
    content = calendar_file(made, {}, "log.example", NOW, {})
    assert content is not None
    calendar = icalendar.Calendar.from_ical(content)
    assert (calendar["version"], calendar["prodid"], calendar["name"]) == (
        "2.0",
        "-//Comity//deadlines//EN",
        "Deadlines",
    )
    assert content == calendar_file(made, {}, "log.example", NOW, {})
