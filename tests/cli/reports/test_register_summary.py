"""The register of a whole ledger fits one screen, and says the same as the register of each order."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import msgspec
import pytest
from msgspec.structs import replace

from cli.exit_codes import Exit
from cli.lists.docket import board, bring_up, listed
from cli.reports.register_summary import summary
from cli.session.ledger_reader import reading
from ledger.adapters.storage.orders.order_answers import answers_of
from ledger.adapters.storage.orders.order_index import OrderIndex
from ledger.adapters.storage.orders.order_row import OrderRow
from ledger.adapters.storage.views import ViewRow
from tests.support.cli import ledger_of, reply, run
from tests.support.samples import examples

AT = ("--as-of", "2027-05-02T00:00:00Z")  # in `erasure-while-retention-runs`: one request ran out
AFTER = ("--as-of", "2027-06-01T00:00:00Z")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return ledger_of("erasure-while-retention-runs", tmp_path)


def answer(ledger: Path, *words: str) -> Any:
    done = run("register", *words, "--json", ledger=ledger)
    assert done.exit_code in (Exit.DONE, Exit.FINDINGS), done.output
    return json.loads(done.stdout)


def test_the_whole_ledger_is_one_screen_with_the_open_duties_and_what_is_kept(ledger: Path) -> None:
    done = run("register", *AT, ledger=ledger)
    assert done.exit_code == Exit.FINDINGS
    lines = done.stdout.splitlines()
    assert len(lines) < 40
    assert "10. requests of persons              3       1" in lines
    assert "1 10. A request of the person was not answered. forgotten" in " ".join(done.stdout.split())
    assert any(line.split() == ["2", "2027-05"] for line in lines)  # the data of the third order were destroyed


@pytest.mark.parametrize("moment", [AT, AFTER])
@pytest.mark.parametrize("story", ["erasure-while-retention-runs", "answered-a-second-too-late", "holding-the-data"])
def test_the_summary_counts_what_the_register_of_each_order_says_is_open(
    story: str, moment: tuple[str, str], tmp_path: Path
) -> None:
    place = ledger_of(story, tmp_path)
    full = answer(place, "--full", *moment)["register"]
    for item in answer(place, *moment)["questions"]:
        number = item["number"]
        assert item["open"] == sum(one["number"] == number and one["open"] for one in full), (story, number)


def test_one_question_over_the_ledger_counts_the_answers(ledger: Path) -> None:
    (item,) = answer(ledger, "--question", "10", *AT)["questions"]
    assert item["answers"] == [
        {"says": "erasure-requested, answered", "count": 2},
        {"says": "erasure-requested, not answered", "count": 1},
    ]


def test_what_is_kept_until_a_day_is_listed_soonest_first_and_data_without_a_rule_last(tmp_path: Path) -> None:
    place = ledger_of("holding-the-data", tmp_path)
    moment = ("--as-of", "2027-05-01T00:00:00Z")
    kept = answer(place, "--kept-until", "2027-06-01", *moment)["kept"]
    assert [(one["order"], one["until"]) for one in kept] == [
        ("careful", "2027-06-01"),
        ("careless", "2027-06-01"),
        ("conditioned", None),
    ]
    assert [one["until"] for one in answer(place, "--kept-until", "2027-05-31", *moment)["kept"]] == [None]
    text = run("register", "--kept-until", "2027-06-01", *moment, ledger=place).stdout
    assert "  2027-06-01  careful" in text
    assert "  no rule     1 order" in text


def test_open_shows_open_duties_alone_of_the_ledger_and_of_an_order(ledger: Path) -> None:
    of_ledger = run("register", "--open", *AT, ledger=ledger).stdout
    assert "10. A request of the person was not answered. forgotten" in " ".join(of_ledger.split())
    assert "on record  " not in of_ledger
    items = answer(ledger, "forgotten", "--open", *AT)["register"]
    assert [item["number"] for item in items] == [10]
    done = run("register", "destroyed", "--open", *AT, ledger=ledger)
    assert (done.exit_code, done.stdout) == (Exit.DONE, "No duty is open.\n")


def test_the_exit_code_is_that_of_the_question(tmp_path: Path) -> None:
    place = ledger_of("answered-a-second-too-late", tmp_path)
    moment = ("--as-of", "2027-05-06T00:00:00Z")
    assert run("register", "--question", "6", *moment, ledger=place).exit_code == Exit.DONE
    assert run("register", "--question", "10", *moment, ledger=place).exit_code == Exit.FINDINGS


def test_accesses_are_counted_by_purpose_and_not_opened(ledger: Path) -> None:
    why = ("--because", "request of 3 May", "--purpose", "rights-request", "--as", "orn")
    reply("subject", "find", "skyl-1", *why, ledger=ledger)
    (item,) = answer(ledger, "--question", "2")["questions"]
    assert {"says": "sealed values opened for rights-request", "count": 1} in item["answers"]


@pytest.mark.parametrize("words", [("locked", "--kept-until", "2027-06-01"), ("--kept-until", "2027-06-01", "--open")])
def test_a_question_about_the_whole_ledger_is_asked_alone(words: tuple[str, ...], ledger: Path) -> None:
    assert run("register", *words, ledger=ledger).exit_code == Exit.USAGE


def put(index: OrderIndex, *rows: OrderRow) -> None:
    index.apply({row.order: ViewRow(msgspec.json.encode(row)) for row in rows})


def test_two_orders_with_one_reference_are_two_orders(tmp_path: Path) -> None:
    row = OrderRow("a", "PPO-1", None, "2AP-7", "ISSUED", [], 1, open=[(4, "Open.")])
    with closing(OrderIndex(tmp_path / "views.db", "rows")) as index:
        put(index, row, replace(row, order="b", number=2))
        made = summary(datetime(2027, 1, 1, tzinfo=UTC), *answers_of(index), {}, (), {4}, None)
    assert [(duty.orders, made.questions[0].open) for duty in made.open] == [(["PPO-1", "PPO-1"], 2)]


answers = st.dictionaries(st.sampled_from(["2", "6", "10"]), st.lists(st.sampled_from("xyz"), max_size=2), max_size=2)
duties = st.lists(st.tuples(st.sampled_from([2, 6, 10]), st.sampled_from(["Open.", "Late."])), max_size=2)
changed = st.lists(
    st.builds(
        lambda number, ref, label, **said: OrderRow(
            f"{number:08x}-0", ref, label, "EPOC", "ISSUED", [], number, **said
        ),
        st.integers(0, 5),
        st.none() | st.just("PPO-1"),
        st.none() | st.just("main"),
        answers=answers,
        open=duties,
        kept_until=st.none() | st.sampled_from(["", "2027-05-01"]),
    ),
    max_size=12,
)


@hypothesis.given(changed)
@examples(60)
def test_the_index_has_the_answers_of_the_newest_row_of_each_order(changes: list[OrderRow]) -> None:
    newest = {row.order: row for row in changes}
    rows = [newest[order] for order in sorted(newest)]
    with tempfile.TemporaryDirectory() as folder, closing(OrderIndex(Path(folder) / "views.db", "rows")) as index:
        for row in changes:
            put(index, row)
        likes, named = answers_of(index)
    counted = Counter({repr((sorted(some.answers.items()), some.open)): some.orders for some in likes})
    assert counted == Counter(repr((sorted(row.answers.items()), row.open)) for row in rows)
    assert [one.order for one in named] == [r.order for r in rows if r.open or r.kept_until is not None]
    for one in named:
        row = newest[one.order]
        assert (one.name, one.open, one.kept) == (row.ref or row.label or row.order[:8], row.open, row.kept_until)


def test_a_view_of_orders_turns_at_a_stated_day_that_no_clock_has(tmp_path: Path) -> None:
    """The moment of the delay is in doubt, so NOTICE-REVIEW has no end; the day of the review has one."""
    with reading(ledger_of("delay-written-down-late", tmp_path)) as reader, closing(board(reader)) as view:
        for moment in (datetime(2027, 4, 22, tzinfo=UTC), datetime(2027, 5, 13, tzinfo=UTC)):
            bring_up(reader, view, moment)
            with listed(reader, moment, now=False) as judged_anew:
                assert dict(view.rows()) == dict(judged_anew.rows())
