"""A statistic says which orders it counts, in a sentence and in the command that counts them again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import click
import pytest

from cli.exit_codes import Stop
from cli.reports import statistics_report
from cli.reports.statistics_report import (
    FILES,
    Day,
    _commands,
    _words,
    counted_groups,
    counted_orders,
    office,
    published,
    selection,
    statistics_of,
)
from projections.statistics.counted_order import OrderFilter
from projections.statistics.published_figures import SOURCES

MARCH, JUNE = datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 6, 1, 12, 30, tzinfo=UTC)
NOW = datetime(2027, 9, 1, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["2027-03-01", "01.03.2027", "2027-03-01T00:00:00Z", MARCH])
def test_a_day_begins_at_midnight_utc(typed: Any) -> None:
    assert Day().convert(typed, None, None) == MARCH


@pytest.mark.parametrize("typed", ["2026-12-31", "31.12.2026", "2027-01-01T00:00:00Z"])
def test_the_last_day_of_a_range_is_counted_and_a_moment_is_not(typed: str) -> None:
    assert Day(last=True).convert(typed, None, None) == datetime(2027, 1, 1, tzinfo=UTC)
    with pytest.raises(click.UsageError, match="leave the option out"):
        Day(last=True).convert("9999-12-31", None, None)


@pytest.mark.parametrize("typed", ["2027-03-1x", "2027/03/01", "+027-03-01", "2027-3-01T"])
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises((Stop, click.UsageError)):
        Day().convert(typed, None, None)


@pytest.mark.parametrize(
    ("wish", "sentence", "options"),
    [
        (OrderFilter(), "All orders.", ""),
        (OrderFilter(since=MARCH), "Orders issued from 2027-03-01T00:00:00Z.", " --from 2027-03-01T00:00:00Z"),
        (
            OrderFilter(until=JUNE), "Orders issued until before 2027-06-01T12:30:00Z.",
            " --to 2027-06-01T12:30:00Z",
        ),
        (
            OrderFilter(MARCH, JUNE),
            "Orders issued from 2027-03-01T00:00:00Z until before 2027-06-01T12:30:00Z.",
            " --from 2027-03-01T00:00:00Z --to 2027-06-01T12:30:00Z",
        ),
        (
            OrderFilter(party="XV", provider="the provider"), "All orders, from or to XV, to the provider alone.",
            " --party XV --provider 'the provider'",
        ),
    ],
)  # fmt: skip
def test_which_orders_are_counted_is_a_sentence_and_a_command(wish: OrderFilter, sentence: str, options: str) -> None:
    assert selection(wish) == sentence
    begins = "comity report statistics --as-of 2027-09-01T00:00:00Z"
    assert _words(wish, "google", NOW) == f"{begins}{options}"
    assert _words(wish, "none", NOW) == f"{begins}{options} --beside none"


def test_the_commands_of_a_statistic_verify_count_and_make_it_again() -> None:
    assert [(each.says[-1], each.type) for each in _commands("comity report statistics", " --lang de")] == [
        (":", "comity verify LEDGER --trust TRUST"),
        (":", "comity report statistics --json"),
        (".", "comity report statistics --lang de | sha256sum"),
    ]


def named(monkeypatch: pytest.MonkeyPatch, **names: str) -> Any:
    monkeypatch.setattr("projections.views.timeline.office_names", lambda register: dict(names))
    return SimpleNamespace(cases=SimpleNamespace(register=lambda reveal: ()))


def test_a_provider_is_counted_under_its_name_in_the_register(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = named(monkeypatch, **{f"p{n}": f"Provider {n}" for n in reversed(range(10))})
    assert office(reader, "p3") == "Provider 3"
    assert office(reader, "Provider 3") == "Provider 3"
    with pytest.raises(Stop, match="no office 'p' in the register") as stopped:
        office(reader, "p")
    assert stopped.value.hint == "there are p0, p1, p2, p3, p4, p5, p6, p7"


@pytest.mark.parametrize("series", FILES)
def test_the_published_figures_of_a_company_are_added_up_by_half_year(series: str) -> None:
    found = published(series)
    assert (found.name, found.source) == (series.capitalize(), SOURCES[series])
    assert found.totals


# -- counting ----------------------------------------------------------------------------------------------------------


def case(*entries: str, on: str = "") -> Any:
    made = SimpleNamespace(entries=entries, on=on)
    made.known = lambda moment: SimpleNamespace(entries=entries if moment >= NOW else (), on=on)
    return made


@pytest.fixture
def progress(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    seen: list[tuple[int, int]] = []

    @contextmanager
    def shown(label: str) -> Iterator[Any]:
        assert label == "counting"
        yield lambda done, size: seen.append((done, size))

    monkeypatch.setattr("cli.reports.statistics_report.prompts.progress", shown)
    monkeypatch.setattr(statistics_report, "judge", lambda case, moment: moment)
    monkeypatch.setattr("projections.statistics.counted_order.counted_order", lambda case, moment: case.on or None)
    return seen


def test_an_order_is_counted_if_it_was_issued_by_then(progress: list[tuple[int, int]]) -> None:
    cases = [case("a", "b", on="first"), case("c"), case("d", on="last")]
    reader: Any = SimpleNamespace(all=lambda: iter(cases), store=SimpleNamespace(size=lambda: 9))
    assert [*map(str, counted_orders(reader, NOW))] == ["first", "last"]
    assert progress == [(2, 9), (3, 9), (4, 9)]
    assert list(counted_orders(reader, JUNE)) == []


@pytest.mark.parametrize(("as_of", "keeps", "of_view"), [(None, True, True), (None, False, False), (JUNE, True, False)])
def test_the_view_is_counted_where_there_is_one_of_now(
    as_of: datetime | None, keeps: bool, of_view: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    @contextmanager
    def listed(reader: Any, moment: datetime) -> Iterator[str]:
        asked.append(moment)
        yield "index"

    def groups_of(index: str, since: Any, until: Any) -> list[Any]:
        asked.append((index, since, until))
        return [SimpleNamespace(like=like) for like in ("mine", "theirs")]

    monkeypatch.setattr("cli.lists.docket.keeps_view", lambda reader: keeps)
    monkeypatch.setattr("cli.lists.docket.listed", listed)
    monkeypatch.setattr("cli.lists.counted_rows.groups_of", groups_of)
    monkeypatch.setattr("projections.statistics.counted_group.grouped", list)
    monkeypatch.setattr(statistics_report, "counted_orders", lambda reader, moment: iter(["mine", moment]))
    wish: Any = SimpleNamespace(
        since=MARCH, until=JUNE, takes_offices=lambda like: like == "mine", takes=lambda order: order == "mine"
    )
    reader: Any = SimpleNamespace(now=lambda: NOW)
    groups: Any
    groups, moment = counted_groups(reader, wish, as_of)
    assert moment == (as_of or NOW)
    if of_view:
        assert [each.like for each in groups] == ["mine"]
        assert asked == [NOW, ("index", MARCH, JUNE)]
    else:
        assert (groups, asked) == (["mine"], [])


def test_a_paper_on_all_providers_looks_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics_report, "counted_orders", lambda reader, moment: iter(["a"]))
    monkeypatch.setattr(statistics_report, "_making", lambda *said: said[1:])
    monkeypatch.setattr(OrderFilter, "takes", lambda self, order: self == OrderFilter())
    monkeypatch.setattr("projections.statistics.counted_group.grouped", list)
    monkeypatch.setattr("projections.statistics.report.statistics", lambda *said: said)
    made: Any = statistics_of(named(monkeypatch), OrderFilter(), "none", NOW, None, "")
    assert made[:3] == (["a"], "All orders.", (NOW, None))


@pytest.mark.parametrize("series", ["none", "twitter"])
@pytest.mark.parametrize("trust", [None, object()])
def test_a_paper_counts_a_provider_under_its_name_and_is_made_again_with_what_was_typed(
    series: str, trust: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = named(monkeypatch, p="Provider")
    monkeypatch.setattr(statistics_report, "counted_orders", lambda reader, moment: iter(["a", "b"]))
    monkeypatch.setattr(statistics_report, "_making", lambda *said: said[1:])
    monkeypatch.setattr(OrderFilter, "takes", lambda self, order: (order, self.provider) == ("b", "Provider"))
    monkeypatch.setattr("projections.statistics.counted_group.grouped", list)
    monkeypatch.setattr("projections.statistics.report.statistics", lambda *said: said)
    made: Any = statistics_of(reader, OrderFilter(provider="p"), series, NOW, trust, " --lang de")
    groups, sentence, making, todo, comparison = made
    assert (groups, sentence, making) == (["b"], "All orders, to Provider alone.", (NOW, trust))
    typed = f"comity report statistics --as-of 2027-09-01T00:00:00Z --provider p --beside {series} --lang de"
    assert todo[2].type == f"{typed}{' --trust TRUST' if trust else ''} | sha256sum"
    assert (None if comparison is None else comparison.name) == (None if series == "none" else "Twitter")
