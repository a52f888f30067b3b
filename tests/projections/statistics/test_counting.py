"""Statistical forms: whole orders counted once, numbers that add up, small ones withheld everywhere at once."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from projections.drawings.charts import FOOT, HEIGHT, LEFT, RIGHT, TOP, WIDTH, bar, bar_chart, bars, plot
from projections.render.html import statistics_page
from projections.reports.front_page import IntegrityResult, Provenance
from projections.statistics.counted_group import grouped
from projections.statistics.counted_order import CountedOrder, OrderFilter
from projections.statistics.counting import Form, counted
from projections.statistics.forms import article_28, between, both, european, half_year, requested, transparency
from projections.statistics.published_figures import by_period, read
from projections.statistics.report import PublishedSeries, printed, shares, statistics_report
from projections.statistics.suppression import FEW, withheld
from tests.projections.statistics.test_suppression import bounds
from tests.support.cli import ledger_of, run
from tests.support.samples import examples

FIXTURES = Path(__file__).parents[3] / "fixtures" / "statistics"
T = datetime(2027, 1, 4, tzinfo=UTC)


def an_order(**said: Any) -> CountedOrder:
    """Return an order that was answered in five days; `said` is what is different."""
    plain: dict[str, Any] = {
        "instrument": "EPOC",
        "issued_on": T,
        "from_party": "XO",
        "to_party": "XV",
        "addressee": "Skylark Mail AS",
        "category": "subscriber",
        "emergency": False,
        "outcome": "fulfilled",
        "took": timedelta(days=5),
        "notified": False,
        "grounds": (),
        "enforced": False,
        "remedy": False,
        "sought_after": False,
        "refused_after": False,
        "informed": "informed",
    }
    return CountedOrder(**{**plain, **said})


def number(form: Form, table: str, row: str, column: str) -> str:
    found = next(t for t in form.tables if t.title == table)
    line = next(r for r in found.rows if r.says == row)
    return printed(line, found)[found.columns.index(column)]


ORDERS = "European Production Orders"


# -- forms -------------------------------------------------------------------------------------------------------------


def test_an_order_is_counted_once_and_every_row_adds_up() -> None:
    several = [an_order(category=c) for c in ("subscriber", "traffic", "content") for _ in range(7)]
    form = article_28(grouped(several))
    assert form.withheld == 0
    assert [
        number(form, ORDERS, "production orders issued", c) for c in ("subscriber", "traffic", "content", "total")
    ] == [
        "7",
        "7",
        "7",
        "21",
    ]


def test_orders_under_other_instruments_are_no_european_orders() -> None:
    form = article_28(grouped([an_order(instrument="2AP-7")] * 9))
    assert number(form, ORDERS, "production orders issued", "total") == "0"
    assert number(transparency(grouped([an_order(instrument="2AP-7")] * 9)), "By instrument", "2AP-7", "total") == "9"


def test_durations_are_medians_and_a_mean_stands_only_where_nothing_in_its_row_is_withheld() -> None:
    days = [1, 1, 2, 3, 100]
    open_book = article_28(grouped([an_order(took=timedelta(days=d)) for d in days]))
    assert number(open_book, ORDERS, "median days from issue to the data obtained", "total") == "2.0"
    assert number(open_book, ORDERS, "mean days from issue to the data obtained", "total") == "21.4"
    one_more = article_28(grouped([*(an_order(took=timedelta(days=d)) for d in days), an_order(category="content")]))
    assert number(one_more, ORDERS, "median days from issue to the data obtained", "content") == "x"
    rows = [r.says for t in one_more.tables for r in t.rows]
    assert not [r for r in rows if r.startswith("mean")]


def test_a_median_of_fewer_than_five_durations_is_withheld_whatever_the_number_of_orders() -> None:
    form = article_28(grouped([an_order(took=None)] * 9 + [an_order()] * 3))
    assert number(form, ORDERS, "fulfilled", "total") == "12"
    assert number(form, ORDERS, "median days from issue to the data obtained", "total") == "x"


def test_a_number_that_stands_in_two_tables_is_withheld_in_both_or_in_none() -> None:
    several = [an_order(addressee=a) for a in ("one", "two") for _ in range(20)]
    several += [an_order(outcome="open", took=None)] * 3 + [an_order(outcome="not fulfilled", took=None)] * 3
    form = article_28(grouped(several))
    for outcome in ("fulfilled", "not fulfilled", "open"):
        here = number(form, ORDERS, outcome, "total")
        there = number(form, f"{ORDERS} by addressee", "production orders issued", outcome)
        assert here == there


def test_what_one_form_would_tell_of_the_other_is_withheld_where_both_stand_in_one_document() -> None:
    several = [an_order()] * 12 + [an_order(instrument="EPOC-PR", took=None)] * 3 + [an_order(instrument="2AP-7")] * 20
    assert number(article_28(grouped(several)), ORDERS, "production orders issued", "total") == "12"
    by_instrument = transparency(grouped(several))
    assert number(by_instrument, "By instrument", "EPOC", "total") == "x"  # 35 - 20 - 12 would be the three
    of_states, of_providers = both(grouped(several))
    assert number(of_states, ORDERS, "production orders issued", "total") == "12"
    instruments = {row: number(of_providers, "By instrument", row, "total") for row in ("requests", "EPOC", "2AP-7")}
    assert instruments["EPOC"] == "12"  # both have the same number
    assert "x" in instruments.values()
    assert number(of_providers, "By instrument", "EPOC-PR", "total") == "x"


def test_a_provider_that_is_called_like_a_row_is_another_row() -> None:
    form = article_28(grouped([an_order(addressee="fulfilled", outcome="open", took=None)] * 6))
    by = f"{ORDERS} by addressee"
    assert number(form, by, "fulfilled", "open") == "6"
    assert number(form, by, "production orders issued", "fulfilled") == "0"


several = st.lists(
    st.builds(
        an_order,
        instrument=st.sampled_from(["EPOC", "EPOC", "EPOC-PR", "2AP-7"]),
        category=st.sampled_from(["subscriber", "subscriber", "traffic", "content", "not stated"]),
        addressee=st.sampled_from(["one", "one", "two", "several"]),
        emergency=st.sampled_from([False, False, True]),
        outcome=st.sampled_from(["fulfilled", "fulfilled", "in part", "not fulfilled", "open"]),
        grounds=st.sampled_from([(), (), ("EPOC:12(1)(a)",), ("EPOC:12(1)(a)", "EPOC:12(1)(b)")]),
        notified=st.booleans(),
    ),
    max_size=60,
)


@hypothesis.given(several)
@examples(10)
def test_no_number_from_one_to_four_is_shown_and_none_can_be_computed_from_all_tables_together(
    found: list[CountedOrder],
) -> None:
    european_orders = [x for x in found if x.instrument.startswith("EPOC")]
    together = [*european(found), *requested(found, apart=True)]
    forms = ((european_orders, european(european_orders), None), (found, requested(found), None))
    for orders, plans, links in (*forms, (found, together, between)):
        n = counted(grouped(orders), plans, links)
        hidden = withheld(n.cells, n.sums, never=n.rests)
        known = bounds(n.cells, n.sums, hidden, n.rests)
        small = {cell for cell, many in n.cells.items() if 0 < many < FEW} - n.rests
        assert small <= hidden
        assert all(known[cell][0] < known[cell][1] for cell in small)


@hypothesis.given(several)
@examples(5)
def test_what_is_withheld_is_printed_in_no_table(found: list[CountedOrder]) -> None:
    for form in (article_28(grouped(found)), transparency(grouped(found))):
        rows = [(row, row.cells[: -1 if table.share else None]) for table in form.tables for row in table.rows]
        shown = [n for row, cells in rows if row.unit == "orders" for n in cells if isinstance(n, int)]
        assert not [n for n in shown if 0 < n < FEW]


def test_what_is_counted_can_be_chosen() -> None:
    early, late = an_order(), an_order(issued_on=T + timedelta(days=400), from_party="XQ", addressee="Fjordlink")
    assert [OrderFilter(until=T).takes(x) for x in (early, late)] == [False, False]  # without its end
    assert [OrderFilter(since=T, until=T + timedelta(days=1)).takes(x) for x in (early, late)] == [True, False]
    assert [OrderFilter(party="XV").takes(x) for x in (early, late)] == [True, True]
    assert [OrderFilter(party="XQ").takes(x) for x in (early, late)] == [False, True]
    assert [OrderFilter(provider="Fjordlink").takes(x) for x in (early, late)] == [False, True]


@pytest.mark.parametrize(
    ("moment", "half"),
    [("2027-06-30T23:59:59", "2027-H1"), ("2027-07-01T00:00:00", "2027-H2"), ("2027-12-31T23:59:59", "2027-H2")],
)
def test_half_years_turn_with_july_and_january(moment: str, half: str) -> None:
    assert half_year(datetime.fromisoformat(f"{moment}+00:00")) == half


# -- published figures -------------------------------------------------------------------------------------------------


def test_google_adds_up_to_what_google_published() -> None:
    totals = {t.period: t for t in by_period(read("google", (FIXTURES / "google.csv").read_bytes()))}
    assert len(totals) == 16
    assert totals["2016-H1"].requests == 44_943  # Google's own figure, without preservation requests
    assert totals["2009-H2"].share is None
    assert round(totals["2017-H1"].share or 0, 3) == 0.645


def test_google_rows_keep_namibia_and_a_country_stored_in_the_wrong_alphabet() -> None:
    figures = read("google", (FIXTURES / "google.csv").read_bytes())
    assert "NA" in {f.code for f in figures}
    assert "Côte d’Ivoire" in {f.country for f in figures}


def test_facebook_keeps_a_range_a_range() -> None:
    figures = read("facebook", (FIXTURES / "facebook-2013-h1.csv").read_bytes())
    (total,) = by_period(figures)
    assert (len(figures), total.requests, total.most) == (71, 25_607, 26_607)
    known = {f.country: f for f in figures}
    assert (known["Argentina"].requests, known["Argentina"].accounts, known["Argentina"].share) == (152, 218, 27)
    assert known["United States"].accounts == 20_000, "the least of a range"


def test_twitter_adds_up_to_its_own_total_and_a_dash_is_no_share() -> None:
    figures = read("twitter", (FIXTURES / "twitter-2017-h1.csv").read_bytes())
    (total,) = by_period(figures)
    assert total.requests == 6_448
    assert sum(f.share is None for f in figures) == 28


# -- as people get it --------------------------------------------------------------------------------------------------


MAKING = Provenance(T, "comity 0", "0" * 16, None, IntegrityResult("INDETERMINATE", "", (), ()))


def report_of(found: Sequence[CountedOrder], beside: str | None = None) -> str:
    published = None
    if beside:
        figures = by_period(read(beside, (FIXTURES / f"{beside}.csv").read_bytes()))
        published = PublishedSeries("Google", "published", tuple(figures))
    return statistics_page(statistics_report(transparency(grouped(found)), "All orders.", MAKING, published))


def test_a_page_is_one_file_without_network_or_script_and_the_same_twice() -> None:
    found = [an_order()] * 9
    page = report_of(found, "google")
    assert page == report_of(found, "google")
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!#)', page)


def test_our_half_years_and_the_published_ones_are_drawn_on_one_axis() -> None:
    page = report_of([an_order(), an_order(issued_on=T + timedelta(days=400))] * 9, "google")
    assert "this record, 2027-H1: 100.0%" in page
    assert "Google, 2017-H1: 64.5%" in page
    assert "between 2017-H1 and 2027-H1" in page  # years without figures are named, not drawn


def test_what_is_withheld_is_not_in_the_page_anywhere() -> None:
    found = [an_order()] * 40 + [an_order(from_party="XQ", outcome="not fulfilled", took=None)] * 3
    form = transparency(grouped(found))
    assert shares(form.tables) == {}
    assert number(form, "By requesting Party", "XQ", "total") == "x"
    assert "93.0" not in report_of(found)  # 40 of 43


def test_a_name_in_a_table_is_escaped() -> None:
    page = report_of([an_order(from_party="<b>XO</b>")] * 9)
    assert "<b>XO" not in page
    assert "&lt;b&gt;XO" in page


def test_bars_are_of_eighths_on_a_terminal_and_of_hashes_elsewhere() -> None:
    assert bar(1.0, 1.0, 4, plain=False) == "████"
    assert bar(0.5625, 1.0, 4, plain=False) == "██▎"
    assert bar(0.5, 1.0, 4, plain=True) == "##"
    assert bars([("a", None, "x"), ("bb", 3.0, "3")], 16, plain=True) == ["a   x", "bb  ########## 3"]
    assert bars([("a", 0.5, "50 %")], 18, plain=True, most=1) == ["a  ##### 50 %"]


def test_a_number_that_is_withheld_is_a_word_and_no_bar() -> None:
    drawn = bar_chart("orders", [("one", 40), ("two", None), ("three", 0)])
    assert drawn is not None
    assert [(b.says, b.length > 0) for b in drawn.bars] == [("40", True), ("withheld (x)", False), ("0", False)]
    assert bar_chart("orders", [("one", None), ("two", 0)]) is None


def test_points_lie_inside_the_drawing_above_the_names_of_their_half_years() -> None:
    drawn = plot({"one": {"2026-H1": 0.0, "2027-H1": 1.0}, "two": {"2026-H2": 0.5}})
    assert drawn is not None
    places = [x for x, _ in drawn.periods]
    room = (WIDTH - LEFT - RIGHT) / 3
    assert places == [round(LEFT + room * n, 1) for n in (0.5, 1.5, 2.5)]
    assert [name for _, name in drawn.periods] == ["2026 H1", "2026 H2", "2027 H1"]
    assert [[point.x for point in line.points] for line in drawn.lines] == [[places[0], places[2]], [places[1]]]
    low, high, middle = (point.y for line in drawn.lines for point in line.points)
    assert (low, high, middle) == (HEIGHT - FOOT, TOP, (HEIGHT - FOOT + TOP) / 2)


def test_a_plot_without_values_is_none() -> None:
    assert plot({"this record": {}}) is None


def test_one_half_year_is_no_line_and_one_bar_is_no_chart() -> None:
    report = statistics_report(transparency(grouped([an_order()] * 9)), "All orders.", MAKING)
    assert report.chart is None
    assert report.bars == ()


def test_open_requests_have_an_age_by_quarter_and_providers_a_time_to_disclosure() -> None:
    found = [
        an_order(addressee=a, took=timedelta(days=d), outcome="fulfilled")
        for a, base in (("one", 5), ("two", 20))
        for d in range(base, base + 30)
    ]
    found += [an_order(outcome="open", took=None, issued_on=T + timedelta(days=d)) for d in (0, 100) for _ in range(8)]
    form = transparency(grouped(found))
    times = "Time to disclosure, by provider"
    assert number(form, times, "one", "median days") == "19.5"
    assert number(form, times, "one", "a quarter within days") == "12.2"
    assert number(form, times, "two", "three quarters within days") == "41.8"
    report = statistics_report(form, "All orders.", MAKING)
    drawn = {b.title: [(x.name, x.value) for x in b.bars] for b in report.bars}
    assert drawn["Median days to disclosure, by provider"] == [("one", 20), ("two", 34)]
    assert [n for _, n in drawn["Open requests by quarter of issue"]] == [8, 8]


def test_a_quartile_needs_five_orders_on_each_side_and_a_median_five_orders() -> None:
    times = "Time to disclosure, by provider"
    for n, median, quartile in ((4, "x", "x"), (6, "2.5", "x"), (19, "9.0", "x"), (20, "9.5", "4.8")):
        form = transparency(grouped([an_order(took=timedelta(days=d)) for d in range(n)]))
        assert number(form, times, "requests", "median days") == median
        assert number(form, times, "requests", "a quarter within days") == quartile


def test_a_table_without_orders_is_a_sentence_and_rows_of_zeros_are_named_in_one() -> None:
    report = statistics_report(article_28(grouped([an_order()] * 9)), "All orders.", MAKING)
    page = statistics_page(report)
    assert "Nothing was counted." in page  # preservation orders
    assert "Nothing was counted under: in an emergency; validated only afterwards;" in page
    assert not re.search(r"<th[^>]*>(?:<[^>]+>)*in an emergency", page)


# -- typed -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S1", tmp_path_factory.mktemp("stats"))


def test_a_ledger_with_one_order_shows_no_number_and_says_what_it_cannot_know(ledger: Path) -> None:
    done = run("stats", "--transparency", ledger=ledger)
    assert done.exit_code == 0, done.output
    assert re.search(r"^  XO +x +0 +0 +x +x$", done.stdout, re.MULTILINE)
    assert "What these tables cannot know" in done.stdout
    assert "█" not in done.stdout


def test_json_says_null_where_a_number_is_withheld(ledger: Path) -> None:
    document = json.loads(run("stats", "--art28", "--json", ledger=ledger).stdout)
    assert document["format"] == "comity.stats-art28/1"
    assert document["tables"][0]["rows"][0]["cells"][-1] == 0  # S1 is an order under the Second Protocol
    other = json.loads(run("stats", "--transparency", "--json", ledger=ledger).stdout)
    assert other["tables"][0]["rows"][0]["cells"][0] is None


def test_csv_puts_published_figures_into_the_same_columns(ledger: Path) -> None:
    done = run("stats", "--transparency", "--beside", "google", "--format", "csv", ledger=ledger)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {"table": "Google", "row": "2016-H1", "column": "total", "unit": "orders", "value": "44943"}.items() <= next(
        r for r in rows if r["row"] == "2016-H1"
    ).items()
    assert {r["table"] for r in rows} >= {"By requesting Party", "Google"}


def test_a_period_is_named_by_days_in_utc(ledger: Path) -> None:
    inside = run("stats", "--transparency", "--from", "2027-03-01", "--to", "2027-03-02", ledger=ledger)
    assert re.search(r"^  XO ", inside.stdout, re.MULTILINE)
    outside = run("stats", "--transparency", "--from", "2027-03-02", ledger=ledger)
    assert "no requests" in outside.stdout


@pytest.mark.parametrize("said", ["skylark", "Skylark Mail AS"])
def test_a_provider_is_chosen_by_its_identifier_or_its_name(ledger: Path, said: str) -> None:
    chosen = run("stats", "--transparency", "--provider", said, ledger=ledger)
    assert "to Skylark Mail AS alone" in chosen.stdout
    other = run("stats", "--transparency", "--provider", "ilves", ledger=ledger)
    assert "no requests" in other.stdout


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "which form"),
        (("--art28", "--beside", "google"), "stand beside --transparency"),
        (("--transparency", "--provider", "nobody"), "no office 'nobody'"),
        (("--transparency", "-o", "x.txt"), "nothing here is written as .txt"),
        (("--transparency", "-o", "x"), "--format html"),
        (("--transparency", "--from", "yesterday"), "is not a moment"),
    ],
)
def test_what_makes_no_sense_is_usage(ledger: Path, args: tuple[str, ...], says: str) -> None:
    done = run("stats", *args, ledger=ledger)
    assert done.exit_code == 2
    assert says in done.stderr
