"""The pages of the desk: what they show, and that they show it once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ledger.law.deadlines.table import REGISTER
from projections.render import desk_pages
from projections.render.desk_pages import (
    ENDED,
    PLACES,
    UTC_ALONE,
    BoardRow,
    Frame,
    OrderListRow,
    _chapters,
    law,
)
from projections.render.html import digest, source
from projections.sentences.local_time import LocalTimes
from projections.views.rulebook import HEADINGS, rulebook


@pytest.mark.parametrize("instrument", [None, "2AP-7", "EPOC"])
def test_the_page_of_the_law_has_every_rule_once_under_the_heading_of_its_kind(instrument: str | None) -> None:
    chapters = re.split(r"<h2", law(instrument))[1:]
    rules = rulebook(instrument)
    assert sum(chapter.count("<tr") for chapter in chapters) == len(rules) + len(chapters)
    assert len(chapters) == len({rule.kind for rule in rules})


def test_the_page_of_the_law_quotes_the_words_of_the_provisions_and_never_says_that_a_text_was_not_at_hand() -> None:
    page = law("EPOC")
    assert "“at the latest within 10 days following receipt of the EPOC”" in page
    assert "at hand" not in page


@pytest.mark.parametrize("clock", [REGISTER[0].id, REGISTER[-1].id, "D-NOBODY"])
def test_a_line_of_the_board_says_who_must_act_and_what_meets_its_deadline_as_its_rule_says(clock: str) -> None:
    row = BoardRow("o", "PPO-1", None, "2AP-7", "sent", "skylark", clock, "2AP:7(7)", None, "1 day", over=False)
    rules = [(rule.acts, rule.met_by) for rule in REGISTER if rule.id == clock]
    assert (row.acts, row.met_by) == (rules[0] if rules else ("", ""))
    assert not rules or row.acts


@pytest.mark.parametrize(("state", "ended"), [(ENDED, True), ("sent", False), ("", False)])
def test_an_order_of_the_list_has_ended_where_it_is_closed(state: str, ended: bool) -> None:
    row = OrderListRow("o", "PPO-1", None, "2AP-7", state, "XO, XV", "skylark", None, None, None, "", over=False)
    assert row.ended is ended


def test_a_frame_counts_what_is_overdue_and_all_orders_and_says_when_a_period_ends_at_the_office() -> None:
    now = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
    frame = Frame("log.example/xo", test=False, who=None, now=now, size=9, read=8, doubtful=1, orders=7, overdue=2)
    assert frame.counts == {"/": 2, "/orders": 7}
    assert {place for place, _, _ in PLACES} >= {*frame.counts}
    assert frame.keys
    assert frame.ending(now) == UTC_ALONE.ending(now) == ""
    assert replace(frame, times=LocalTimes("Europe/Oslo")).ending(now) == LocalTimes("Europe/Oslo").ending(now) != ""


def test_the_chapters_of_the_law_are_in_the_order_of_their_headings_and_none_is_empty() -> None:
    rules = rulebook()
    chapters = _chapters(rules)
    assert [(c.id, c.title) for c in chapters] == [(k, t) for k, t in HEADINGS.items() if k in {r.kind for r in rules}]
    assert all({r.kind for r in c.rules} == {c.id} for c in chapters)
    assert _chapters([r for r in rules if r.kind == "act"])[0].id == "act"
    assert len(_chapters([r for r in rules if r.kind == "act"])) == 1


def test_the_policy_of_a_page_of_the_desk_names_its_own_style_and_script_alone() -> None:
    policy = desk_pages.policy()
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src '{digest(desk_pages.style())}'",
        f"script-src '{digest(source('desk.js'))}'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
