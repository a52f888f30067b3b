"""A report of a bundle names the bundle that is handed over with it, and needs no ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import click
import pytest

from cli.records import bundle_report as module
from cli.records.bundle_report import KINDS, BundleReport, bundle_report
from cli.reports.order_report import ReportRequest

MADE, BEFORE = datetime(2027, 6, 1, tzinfo=UTC), datetime(2027, 5, 1, tzinfo=UTC)
WANTED = BundleReport("custody", None, None, "pdf", "dir/paper.pdf", "en", "fonts/")


class Source:
    """The record of a bundle that holds the order `order-1`; `file` is its own name."""

    file: str | None = "dir/court.zip"
    trust = "trust"

    def order(self, named: str | None, reader: Any) -> str:
        return named or "order-1"

    @contextmanager
    def reading(self) -> Iterator[Any]:
        case = SimpleNamespace(order="order-1", entries=("e",), registry=("r",))
        yield SimpleNamespace(case=lambda name: case if name == "order-1" else None, now=lambda: MADE)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    said: list[Any] = []

    def order_report(reader: Any, request: ReportRequest, case: Any, moment: datetime, trust: Any) -> str:
        said.append((request, case.order, moment, trust))
        return "report"

    monkeypatch.setattr(module, "order_report", order_report)
    monkeypatch.setattr(module, "opened_in", lambda reader, orders, view, reveal, *more: (orders, view, reveal, *more))
    monkeypatch.setattr(module, "written", lambda *said: said)
    return said


def made(wanted: BundleReport, source: Any = None) -> Any:
    stated: Any = "stated"
    record: Any = source or Source()
    return bundle_report(record, wanted, True, stated, "orn")


def test_a_report_names_the_bundle_that_goes_with_it(asked: list[Any]) -> None:
    data, report = made(WANTED)
    ((request, order, moment, trust),) = asked
    assert (report, order, moment, trust) == ("report", "order-1", MADE, "trust")
    shown: Any = (["order-1"], "custody", True, "stated", "orn")
    assert request == ReportRequest(
        "custody", "pdf", reveal=shown, lang="en", beside="court.zip",
        file="paper.pdf", depth="detailed",
    )  # fmt: skip
    assert data == ("custody", "report", "pdf", None, "fonts/", "en")


def test_a_report_is_made_in_the_language_that_is_asked_for(asked: list[Any]) -> None:
    data, _ = made(replace(WANTED, lang="de", as_of=BEFORE, file="-", depth="simple"))
    request, _, moment, _ = asked[0]
    assert data[-1] == "de"
    assert (request.file, request.lang, request.depth, moment) == ("", "de", "simple", BEFORE)
    unnamed = Source()
    unnamed.file = None
    made(WANTED, unnamed)
    assert asked[1][0].beside == ""


def test_a_report_that_needs_the_ledger_is_refused_and_opens_nothing(asked: list[Any]) -> None:
    with pytest.raises(click.UsageError) as refused:
        made(replace(WANTED, kind="dpo"))
    assert refused.value.message == "with --bundle a report is custody, evidence-chain or hearing: dpo needs the ledger"
    with pytest.raises(click.UsageError) as refused:
        made(replace(WANTED, medium="case"))
    assert refused.value.message == "CASE needs the ledger: a report of a bundle is html, pdf or json"
    assert asked == []
    for kind in KINDS:
        made(replace(WANTED, kind=kind))
    assert [each[0].kind for each in asked] == list(KINDS)
