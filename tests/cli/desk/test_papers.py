"""Reports that the desk makes in the background: the page meanwhile, and no report of an earlier state of the log."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from cli.exit_codes import Stop
from cli.reports.order_report import making
from cli.session.ledger_reader import reading
from tests.projections.render.test_html import Page
from tests.support.cli import ledger_of, run

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")

from cli.desk.background_jobs import BackgroundReports
from tests.cli.desk.test_desk import Sat, sat, words

pytestmark = pytest.mark.slow

PATIENCE = 60.0  # seconds after which a report counts as lost
CUSTODY, CHAIN = ("report", "custody", "main"), ("report", "evidence-chain", "main")


@pytest.fixture
def s2(tmp_path: Path) -> Iterator[Sat]:
    with ExitStack() as opened:
        sitting = sat(opened, ledger_of("S2", tmp_path), "ilves")
        opened.callback(sitting.desk.background.close)
        yield sitting


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[BackgroundReports]:
    with closing(BackgroundReports(ledger_of("S2", tmp_path))) as made:
        yield made


def fetched(sitting: Sat, url: str) -> Any:
    """Poll a URL as a browser does, and return the finished report."""
    until = monotonic() + PATIENCE
    while "refresh" in (answer := sitting.visitor.get(url)).headers:
        assert answer.status_code == 200
        assert monotonic() < until
        sleep(0.1)
    return answer


@pytest.mark.parametrize(
    ("paper", "command"),
    [
        ("custody.html", ("report", "custody")),
        ("dpo.html", ("report", "dpo")),
        ("replay", ("replay", "--html", "-")),
    ],
)
def test_a_long_paper_is_said_to_be_made_and_is_the_one_that_the_command_makes(
    s2: Sat, monkeypatch: pytest.MonkeyPatch, paper: str, command: tuple[str, ...]
) -> None:
    at_once = s2.visitor.page(f"{s2.url()}/{paper}")
    monkeypatch.setattr("cli.desk.order_pages.AT_ONCE", 0)
    first = s2.visitor.get(f"{s2.url()}/{paper}")
    assert first.headers["refresh"] == "1"
    assert "It is being made." in words(first.text)
    assert s2.url() in [a["href"] for a in Page(first.text).all("a")]
    made = fetched(s2, f"{s2.url()}/{paper}")
    said = run(command[0], *command[1:], s2.reader.labels["main"], ledger=s2.ledger)
    assert made.text == said.stdout == at_once
    assert made.headers["cache-control"] == "no-store"


def test_a_long_file_comes_when_it_is_finished(s2: Sat, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = s2.visitor.get(f"{s2.url()}/custody.json")
    monkeypatch.setattr("cli.desk.order_pages.AT_ONCE", 0)
    answer = s2.visitor.get(f"{s2.url()}/custody.json")
    assert answer.json() == at_once.json()
    assert answer.headers["content-disposition"] == 'attachment; filename="KA-2027-0311.custody.json"'
    assert "refresh" not in answer.headers


def test_a_pdf_is_made_beside_the_desk_whatever_the_order(s2: Sat, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("typst", reason="needs the extra `pdf`")
    asked: list[tuple[str, ...]] = []
    wait = s2.desk.background.wait

    async def noted(command: tuple[str, ...], size: int) -> bytes:
        asked.append(command)
        return await wait(command, size)

    monkeypatch.setattr(s2.desk.background, "wait", noted)
    assert s2.visitor.get(f"{s2.url()}/custody.pdf").content.startswith(b"%PDF")
    assert asked == [("report", "custody", s2.reader.labels["main"], "--format", "pdf")]


def test_a_paper_is_handed_out_once_and_never_one_of_an_earlier_record(beside: BackgroundReports) -> None:
    assert beside.take(CUSTODY, 5) is None
    asyncio.run(beside.wait(CHAIN, 5))  # reports are made in turn: the first is finished as well
    assert beside.take(CUSTODY, 6) is None, "the log has grown"
    asyncio.run(beside.wait(CHAIN, 6))
    assert beside.take(CUSTODY, 6)
    assert beside.take(CUSTODY, 6) is None, "it was handed out"


def test_a_paper_that_nobody_fetched_in_a_minute_is_made_again(
    beside: BackgroundReports, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert beside.take(CUSTODY, 5) is None
    asyncio.run(beside.wait(CHAIN, 5))
    monkeypatch.setattr("cli.desk.background_jobs.FRESH", -1.0)
    assert beside.take(CUSTODY, 5) is None


def test_a_paper_that_cannot_be_made_says_why(beside: BackgroundReports) -> None:
    with pytest.raises(Stop, match=r"^ORDER-UNKNOWN: no order is called 'nobody'"):
        asyncio.run(beside.wait(("report", "custody", "nobody"), 5))


def test_every_entry_named_on_a_long_order_is_linked_where_it_stands(s2: Sat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.desk.order_pages.MOST", 4)
    here = Page(s2.visitor.page(s2.url()))
    links = [str(a["href"]).partition("#") for a in here.all("a") if "#entry-" in str(a["href"])]
    assert {bool(page) for page, _, _ in links} == {True, False}
    for page, _, name in links:
        there = Page(s2.visitor.page(page)) if page else here
        assert name in {attrs.get("id") for _, attrs in there.tags}, (page, name)


def test_an_order_is_read_again_once_the_key_of_its_values_is_destroyed(s2: Sat) -> None:
    url = f"{s2.url()}/entries"
    assert words(s2.visitor.page(url)).count("[erased]") == 1, "what the word means"
    done = run("erase", "main", "--cause", "retention-ended", "--as", "orn", "--yes", ledger=s2.ledger)
    assert done.exit_code == 0, done.output
    assert words(s2.visitor.page(url)).count("[erased]") > 5


def test_the_register_is_checked_again_where_a_byte_of_it_has_changed(tmp_path: Path) -> None:
    ledger = ledger_of("S2", tmp_path)
    with reading(ledger) as reader:
        order = reader.labels["main"]
        for _ in range(2):
            assert making(reader, order, reader.now(), None).integrity.verdict == "INDETERMINATE"
        with closing(sqlite3.connect(ledger / "entries.db")) as shelf, shelf:
            for (trigger,) in shelf.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                shelf.execute(f"DROP TRIGGER {trigger}")
            (raw,) = shelf.execute("SELECT state FROM stored_events WHERE rowid = 4").fetchone()
            at = raw.index(b'"sig":"') + 20
            broken = raw[:at] + (b"A" if raw[at : at + 1] != b"A" else b"B") + raw[at + 1 :]
            shelf.execute("UPDATE stored_events SET state = ? WHERE rowid = 4", (broken,))
        found = making(reader, order, reader.now(), None).integrity
        assert (found.verdict, found.reasons[0].code, found.reasons[0].where) == ("TOTAL-FAILED", "SIG-BAD", "#3")
