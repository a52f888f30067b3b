"""The statistical forms as text: aligned numbers, columns left out where the screen is narrow, bars and rows."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.commands.stats import _rows, _table, form_text
from cli.exit_codes import Exit
from projections.statistics.counted_group import grouped
from projections.statistics.counting import StatisticsRow, StatisticsTable
from projections.statistics.forms import article_28, transparency
from projections.statistics.published_figures import Total
from projections.statistics.report import PublishedSeries, StatisticsReport, statistics_report
from tests.projections.statistics.test_counting import MAKING, an_order
from tests.projections.statistics.test_counting import T as BEGAN
from tests.support.cli import ledger_of, run

COLUMNS = ("received in time", "refused", "open", "all of them", "share some data")
ROWS = (
    StatisticsRow("requests", "", "orders", (9, 0, 0, 9, 1.0)),
    StatisticsRow("of Valdoria, in an emergency and otherwise", "", "orders", (5, 0, "", 5, 0.5), inner=True),
    StatisticsRow("XO", "EPOC:1", "orders", (None, 0, 0, 4, None), inner=True),
)
SHARED = StatisticsTable("By Party", COLUMNS, ROWS, share=True)
COUNTED = StatisticsTable("By Party", COLUMNS[:4], tuple(replace(row, cells=row.cells[:4]) for row in ROWS))

WIDE = """
                                                  received in                              share some
                                                         time  refused  open  all of them        data
requests                                                    9        0     0            9     100.0 %
  of Valdoria, in an emergency and otherwise                5        0     -            5      50.0 %
  XO                                                        x        0     0            4           x
"""
JUST_WIDE = """
                          received in                              share some
                                 time  refused  open  all of them        data
requests                            9        0     0            9     100.0 %
  of Valdoria, in an
    emergency and
    otherwise                       5        0     -            5      50.0 %
  XO                                x        0     0            4           x
"""
NARROW = """
                                        received in               share some
                                               time  all of them        data
requests                                          9            9     100.0 %
  of Valdoria, in an emergency and
    otherwise                                     5            5      50.0 %
  XO                                              x            4           x
  nothing under refused, open
"""
NARROWEST = """
                  received in               share some
                         time  all of them        data
requests                    9            9     100.0 %
  of Valdoria,
    in an
    emergency
    and
    otherwise               5            5      50.0 %
  XO                        x            4           x
  nothing under refused, open
"""
WITHOUT_SHARE = """
                                received in
                                       time  all of them
requests                                  9            9
  of Valdoria, in an emergency
    and otherwise                         5            5
  XO                                      x            4
  nothing under refused, open
"""


@pytest.mark.parametrize(
    ("table", "width", "expected"),
    [
        (SHARED, 200, WIDE),
        (SHARED, 77, JUST_WIDE),  # 24 characters are left for the words
        (SHARED, 76, NARROW),
        (SHARED, 30, NARROWEST),
        (COUNTED, 56, WITHOUT_SHARE),
    ],
)
def test_numbers_are_aligned_and_columns_without_orders_are_left_out_where_the_screen_is_narrow(
    table: StatisticsTable, width: int, expected: str
) -> None:
    assert _table(table, width) == expected.strip("\n").split("\n")


@pytest.mark.parametrize("share", [True, False])
def test_a_table_without_an_order_is_a_sentence(share: bool) -> None:
    cells = (9, 9, 9, 0, 9.0) if share else (9, 9, 9, 0)
    row = StatisticsRow("requests", "", "orders", cells)
    assert _table(StatisticsTable("x", COLUMNS[: len(cells)], (row,), share=share), 80) == ["  no requests"]
    some = (0, 0, 0, 9, 0.0) if share else (0, 0, 0, 9)
    row = StatisticsRow("requests", "", "orders", some)
    assert len(_table(StatisticsTable("x", COLUMNS[: len(some)], (row,), share=share), 80)) == 3


def orders() -> list[Any]:
    """Return nine orders of each instrument and outcome; the fulfilled ones are of the second half year."""
    outcomes: list[tuple[str, dict[str, Any]]] = [
        ("fulfilled", {"issued_on": BEGAN + timedelta(days=200)}),
        ("not fulfilled", {"took": None}),
    ]
    return [
        an_order(instrument=instrument, outcome=outcome, **more)
        for instrument in ("EPOC", "2AP-7")
        for outcome, more in outcomes
        for _ in range(9)
    ]


PUBLISHED = PublishedSeries(
    "Google", "the source", (Total("2016-H1", 40, 40, 40, 0.645), Total("2016-H2", 40, 52, 0, None))
)


def made(form: Any = transparency, beside: PublishedSeries | None = None) -> StatisticsReport:
    return statistics_report(form(grouped(orders())), "All orders.", MAKING, beside)


def test_a_form_is_tables_bars_and_what_they_cannot_know() -> None:
    paragraphs = form_text(made()).split("\n\n")
    assert [each.partition("\n")[0] for each in paragraphs] == [
        *("Transparency report", "By requesting Party", "By half year of issue", "By instrument", "By situation"),
        *("By provider", "Time to disclosure, by provider", "By quarter of issue: how old open requests are"),
        *("Requests by half year", "Share of requests with some data"),
        *("How it was counted", "What these tables cannot know"),
    ]
    assert paragraphs[0] == "Transparency report\nAll orders. As recorded at 2027-01-04T00:00:00Z."
    assert paragraphs[2].split("\n")[-2:] == [
        "  2027-H1                                    0       18     0     18       0.0 %",
        "  2027-H2                                   18        0     0     18     100.0 %",
    ]
    assert paragraphs[8].split("\n") == [
        "Requests by half year",
        f"2027-H1  {'#' * 68} 18",
        f"2027-H2  {'#' * 68} 18",
    ]
    assert paragraphs[9].split("\n")[1:] == ["2027-H1   0.0 %", f"2027-H2  {'#' * 63} 100.0 %"]
    assert paragraphs[10].split("\n")[-2:] == [
        "  - A median is given of at least 5 durations, and the days of a quarter and of",
        "    three quarters of at least 20, so that each has 5 durations on either side.",
    ]
    assert paragraphs[11].split("\n")[1:3] == [
        "  - Orders that are not in this record: those of other offices, those sent on",
        "    paper and never written down.",
    ]


def test_the_european_form_has_bars_of_orders_and_none_of_shares() -> None:
    paragraphs = form_text(made(article_28)).split("\n\n")
    assert [each.partition("\n")[0] for each in paragraphs[1:5]] == [
        *("European Production Orders", "European Preservation Orders"),
        *("European Production Orders by addressee", "Orders issued, by the gravest category sought"),
    ]
    assert paragraphs[2] == "European Preservation Orders\n  no preservation orders issued"
    assert paragraphs[4].split("\n")[1:3] == [f"subscriber      {'#' * 61} 18", "identification   0"]


def test_published_shares_stand_behind_ours_and_a_missing_one_is_not_published() -> None:
    shares = form_text(made(beside=PUBLISHED)).partition("Share of requests with some data\n")[2].partition("\n\n")[0]
    assert [(line[:16].strip(), line[16:].lstrip("# ")) for line in shares.split("\n")] == [
        ("2027-H1", "0.0 %"),
        ("2027-H2", "100.0 %"),
        ("2016-H1 Google", "64.5 %"),
        ("2016-H2 Google", "not published"),
    ]
    assert "Google" not in form_text(made())


def test_a_cell_is_a_row_with_its_unit_and_published_figures_follow() -> None:
    rows = list(_rows(made(beside=PUBLISHED)))
    assert rows[:5] == [
        ("By requesting Party", "requests", "some data", "orders", "18", ""),
        ("By requesting Party", "requests", "no data", "orders", "18", ""),
        ("By requesting Party", "requests", "open", "orders", "0", ""),
        ("By requesting Party", "requests", "total", "orders", "36", ""),
        ("By requesting Party", "requests", "share some data", "share", "50.0 %", ""),
    ]
    assert Counter(row[3] for row in rows if row[0].startswith("Time")) == {"days": 6}
    assert rows[-4:] == [
        ("Google", "2016-H1", "total", "orders", "40", "the source"),
        ("Google", "2016-H1", "share some data", "share", "64.5 %", "the source"),
        ("Google", "2016-H2", "total", "orders", "40 to 52", "the source"),
        ("Google", "2016-H2", "share some data", "share", "-", "the source"),
    ]
    assert [row for row in _rows(made()) if row[0] == "Google"] == []


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S1", tmp_path_factory.mktemp("stats"))


def test_each_form_is_printed_as_text_as_rows_as_json_and_as_a_page(ledger: Path, tmp_path: Path) -> None:
    text = run("stats", "--art28", ledger=ledger).stdout
    assert text.startswith(
        "Statistics under Regulation (EU) 2023/1543, article 28(2)\nAll orders. As recorded at 2027-09-02T00:00:00Z.\n"
    )
    coloured = run("stats", "--art28", "--color", "always", ledger=ledger).stdout
    assert [line for line in coloured.splitlines() if line.startswith("\x1b[1m")] == [
        "\x1b[1mStatistics under Regulation (EU) 2023/1543, article 28(2)\x1b[0m",
        *("\x1b[1mEuropean Production Orders\x1b[0m", "\x1b[1mEuropean Preservation Orders\x1b[0m"),
        *("\x1b[1mHow it was counted\x1b[0m", "\x1b[1mWhat these tables cannot know\x1b[0m"),
    ]
    rows = list(csv.reader(run("stats", "--transparency", "--format", "csv", ledger=ledger).stdout.splitlines()))
    assert rows[0] == ["table", "row", "column", "unit", "value", "cite"]
    assert rows[1] == ["By requesting Party", "requests", "some data", "orders", "x", ""]
    document = json.loads(run("stats", "--transparency", "--json", ledger=ledger).stdout)
    assert (document["format"], document["name"], document["as_of"], document["beside"]) == (
        *("comity.stats-transparency/1", "transparency", "2027-09-02T00:00:00Z", None),
    )
    assert document["withheld"] > 0
    beside = run("stats", "--transparency", "--beside", "google", "--json", ledger=ledger)
    assert json.loads(beside.stdout)["beside"]["name"] == "Google"
    done = run("stats", "--art28", "-o", str(tmp_path / "stats.html"), ledger=ledger)
    assert (done.exit_code, done.stdout) == (Exit.DONE, "")
    page = (tmp_path / "stats.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "TEST" in page, "of a ledger in which nothing is evidence"
    assert re.search(r"rules [0-9a-f]{16}[,.]", page)
    german = run("stats", "--art28", "--format", "html", "--lang", "de", ledger=ledger)
    assert '<html lang="de">' in german.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--art28", "--beside", "google"), "published figures stand beside --transparency"),
        (("--art28", "--lang", "de"), "--lang de is of a page: --format html"),
        (("--art28", "--format", "csv", "-o", "x.csv"), "-o FILE is for --format html"),
    ],
)
def test_an_option_of_another_form_is_usage(words: tuple[str, ...], says: str, ledger: Path) -> None:
    done = run("stats", *words, ledger=ledger)
    assert (done.exit_code, says in done.stderr) == (Exit.USAGE, True)
