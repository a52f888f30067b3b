"""An archive is the whole ledger as of a moment, row by row; a calendar says how many deadlines it lacks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Stop
from cli.exports import parquet, writers
from cli.exports.formats import ExportRequest
from projections.exchange.tables import TABLES

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)


def request(file: str = "out", order: str | None = None, **more: Any) -> ExportRequest:
    handed: Any = SimpleNamespace(stated="stated", actor="orn")
    return ExportRequest(order, file, handed, **more)


# -- the archive -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "says", "hint"),
    [
        (
            request(order="PPO-1"),
            "an archive is a folder with the whole ledger in it",
            "comity export --format parquet",
        ),
        (request("-"), "an archive is a folder with the whole ledger in it", "comity export --format parquet -o DIR"),
        (request(reveal=True), "no sealed value goes into an archive", "leave out --reveal"),
    ],
)
def test_what_an_archive_cannot_be_is_refused(wanted: ExportRequest, says: str, hint: str) -> None:
    with pytest.raises(Stop) as stopped:
        parquet.archive(wanted)
    assert (stopped.value.message, stopped.value.hint[: len(hint)]) == (says, hint)


def test_an_archive_is_a_folder_for_the_office_and_says_how_many_rows_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[Any] = []

    def lines(wanted: ExportRequest, files: Any) -> dict[str, int]:
        made.append({name: path.name for name, path in files.items()})
        return {"entries": 3, "findings": 0}

    monkeypatch.setattr(parquet, "_lines", lines)
    monkeypatch.setattr(parquet, "_parquet", lambda files, folder: made.append((folder, folder.stat().st_mode & 0o777)))
    file = tmp_path / "out"
    parquet.archive(request(str(file)))
    assert made == [{name: f"{name}.jsonl" for name in TABLES}, (file, 0o700)]
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"{file}: 3 entries, 0 findings"
    assert second.startswith("it holds entries whose very existence is closed to some readers")


class Case:
    """An order with one entry from a moment on."""

    def __init__(self, name: str, begins: datetime = NOW) -> None:
        self.name, self.begins = name, begins

    def known(self, moment: datetime) -> Any:
        return SimpleNamespace(name=self.name, entries=["e", "f"] if moment >= self.begins else [], at=moment)


@pytest.fixture
def progress(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Let a ledger of five entries and three orders be read, two entries a page; return the progress."""
    seen: list[tuple[int, int]] = []
    cases = {"a": Case("a"), "late": Case("late", NOW + timedelta(days=1)), "b": Case("b")}

    @contextmanager
    def reading() -> Iterator[Any]:
        store = SimpleNamespace(
            size=lambda: 5, page=lambda start, most: [(n, b"") for n in range(start, min(start + most, 5))]
        )
        orders = SimpleNamespace(orders=lambda: iter(cases), case=lambda order, label: cases[order])
        yield SimpleNamespace(store=store, now=lambda: NOW, cases=orders, label=lambda order: f"label {order}")

    @contextmanager
    def shown(label: str) -> Iterator[Any]:
        yield lambda done, of: seen.append((done, of))

    monkeypatch.setattr(parquet, "reading", reading)
    monkeypatch.setattr(parquet, "PAGE", 2)
    monkeypatch.setattr("cli.exports.parquet.prompts.progress", shown)
    monkeypatch.setattr(
        parquet, "entry_row", lambda index, raw: {"log_index": index, "signed_at": NOW + timedelta(hours=index - 3)}
    )
    monkeypatch.setattr(parquet, "judge", lambda case, moment: (case.name, moment))
    monkeypatch.setattr(
        parquet,
        "order_rows",
        lambda case, judged: {"timeline": [{"ä": case.name}], "deadlines": [{"due": judged[1]}] * 2},
    )
    return seen


@pytest.mark.parametrize(
    ("as_of", "entries", "orders"),
    [(None, [0, 1, 2, 3], ["a", "b"]), (NOW - timedelta(hours=2), [0, 1], []),
     (NOW + timedelta(days=1), [0, 1, 2, 3, 4], ["a", "late", "b"])],
)  # fmt: skip
def test_rows_are_those_of_a_moment_one_a_line(
    as_of: datetime | None, entries: list[int], orders: list[str], progress: list[tuple[int, int]], tmp_path: Path
) -> None:
    files = {name: tmp_path / f"{name}.jsonl" for name in TABLES}
    counts = parquet._lines(request(as_of=as_of), files)
    read = {name: [json.loads(line) for line in path.read_text("utf-8").splitlines()] for name, path in files.items()}
    assert [row["log_index"] for row in read["entries"]] == entries
    assert [row["ä"] for row in read["timeline"]] == orders
    due = f"{as_of or NOW:%Y-%m-%dT%H:%M:%SZ}"
    assert [row["due"] for row in read["deadlines"]] == [due] * 2 * len(orders)
    assert counts == {
        "entries": len(entries), "timeline": len(orders), "deadlines": 2 * len(orders), "findings": 0,
    }  # fmt: skip
    assert "ä" in files["timeline"].read_text("utf-8") or not orders
    assert progress == [(0, 10), (2, 10), (4, 10), *[(5 + 2 * n, 10) for n in range(1, len(orders) + 1)]]


def test_a_row_has_no_value_that_json_has_not() -> None:
    assert parquet._text(NOW) == "2027-06-01T12:00:00Z"
    with pytest.raises(TypeError, match="object"):
        parquet._text(object())


def test_without_the_engine_of_the_archive_its_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(Stop) as stopped:
        parquet._parquet({}, tmp_path)
    assert (stopped.value.message, stopped.value.hint) == (
        "an archive needs duckdb", "pip install 'comity[archive]'",
    )  # fmt: skip


# -- the calendar ------------------------------------------------------------------------------------------------------


class Reader:
    """A record with two orders."""

    origin = "log.example"

    def __init__(self) -> None:
        self.cases = [self.made("a"), self.made("b")]

    def made(self, name: str) -> Any:
        entry = SimpleNamespace(leaf=f"leaf {name}", on=NOW)
        known = SimpleNamespace(order=name, entries=[entry])
        return SimpleNamespace(order=name, known=lambda moment: SimpleNamespace(**vars(known), at=moment))

    def now(self) -> datetime:
        return NOW

    def all(self) -> list[Any]:
        return self.cases

    def case(self, name: str) -> Any:
        return next(case for case in self.cases if case.order == name)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    pytest.importorskip("icalendar", reason="needs the extra `calendar`")
    given: list[Any] = []

    @contextmanager
    def reading() -> Iterator[Reader]:
        yield Reader()

    def calendar(*said: Any) -> bytes | None:
        given.append(said)
        return b"calendar" if said[0] else None

    monkeypatch.setattr(writers, "reading_anywhere", reading)
    monkeypatch.setattr(writers, "judge", lambda case, moment: case)
    monkeypatch.setattr(writers, "_known_by", lambda case: f"called {case.order}")
    monkeypatch.setattr("projections.exchange.icalendar_file.calendar_file", calendar)
    monkeypatch.setattr("projections.views.due.followed", lambda case, moment: [f"clock {case.order}"])
    duties = [SimpleNamespace(clock=SimpleNamespace(due=due)) for due in (None, NOW)]
    monkeypatch.setattr("projections.views.due.due", lambda judged, moment: duties if judged.order == "a" else [])
    return given


def test_a_calendar_is_of_all_orders_or_of_one(made: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    later = NOW + timedelta(days=1)
    assert writers.ics(request()) == b"calendar"
    assert writers.ics(request(order="b", as_of=later)) == b"calendar"
    names = {"a": "called a", "b": "called b"}
    assert made == [
        (["clock a", "clock b"], names, "log.example", NOW, {"leaf a": NOW, "leaf b": NOW}),
        (["clock b"], {"b": "called b"}, "log.example", later, {"leaf b": NOW}),
    ]
    assert capsys.readouterr().err == (
        "1 of 2 clocks could not be computed and have no day; `comity due` lists them first\n"
    )


def test_without_a_deadline_no_calendar_is_written(
    made: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("projections.views.due.followed", lambda case, moment: [])
    assert writers.ics(request("a.ics", "b")) is None
    assert capsys.readouterr().err == "no clock was open at 2027-06-01T12:00:00Z: a.ics was not written\n"


def test_without_its_library_a_calendar_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "projections.exchange.icalendar_file", None)
    with pytest.raises(Stop) as stopped:
        writers.ics(request())
    assert (stopped.value.message, stopped.value.hint) == (
        "a calendar needs icalendar", "pip install 'comity[calendar]'",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("called", "label", "name"),
    [("PPO-1", "main", "PPO-1, Skylark, Harbor"), ("", "main", "main, Skylark, Harbor"),
     (None, None, "12345678, Skylark, Harbor")],
)  # fmt: skip
def test_an_order_is_known_by_its_number_and_its_addressees(
    called: str | None, label: str | None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = SimpleNamespace(called=called, addressees=("Skylark", "Harbor"))
    monkeypatch.setattr("projections.reports.request.request", lambda case, names: asked)
    case: Any = SimpleNamespace(label=label, order="123456789", registry=(), entries=(), others=())
    assert writers._known_by(case) == name


@pytest.mark.parametrize("as_of", [None, NOW])
def test_an_export_opens_values_after_the_order_was_found(
    as_of: datetime | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    monkeypatch.setattr("cli.access.recorded_access.revealed", lambda *given: said.append(given))
    monkeypatch.setattr(writers, "judge", lambda case, moment: moment)
    reader: Any = SimpleNamespace(case=lambda name: Case(name), now=lambda: NOW)
    reader.case = lambda name: SimpleNamespace(order=f"id of {name}", known=Case(name).known)
    snapshot: Any
    judged: Any
    snapshot, judged = writers._known(reader, request(order="a", as_of=as_of, reveal=True))
    assert (snapshot.at, judged) == (NOW, NOW)
    assert said == [(["id of a"], "export", True, "stated", "orn")]
    with pytest.raises(Stop) as stopped:
        writers._known(reader, request(order="a", as_of=NOW - timedelta(seconds=1)))
    assert stopped.value.message == "nothing of this order was on record at 2027-06-01T11:59:59Z"
    assert (stopped.value.hint, len(said)) == ("a later --as-of", 1)
