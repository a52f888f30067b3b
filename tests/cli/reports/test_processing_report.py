"""What a record of processing lacks is named, with how it is stated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Exit
from cli.reports.processing_report import NOT_VERIFIED, processing_report, tell_missing, template
from ledger.facts import kind_of
from ledger.law.provisions import rules_digest

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)


def test_each_missing_content_is_a_line_and_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell_missing(()) is Exit.DONE
    assert capsys.readouterr().err == ""
    assert tell_missing(("purposes", "recipients")) is Exit.FINDINGS
    first, second, last = capsys.readouterr().err.splitlines()
    assert (first, second) == ("MISSING: purposes", "MISSING: recipients")
    assert last.startswith("`comity report processing --template` prints the contents to state; then: comity record")


def test_the_template_has_every_field_with_null_that_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    fields = kind_of("controller-described").fields()
    values = json.loads(template())
    assert values == {name: [None] if f.type.startswith("list") else None for name, f in fields.items()}
    assert [None] in values.values()
    assert None in values.values()
    assert capsys.readouterr().err.splitlines() == [f"{name}: {f.says}" for name, f in fields.items()]


def test_the_record_is_of_the_offices_and_orders_of_its_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []

    @contextmanager
    def progress(label: str) -> Iterator[Any]:
        assert label == "counting"
        yield lambda done, of: seen.append((done, of))

    def case(order: str, *, reveal: bool) -> Any:
        assert not reveal
        return SimpleNamespace(known=lambda moment: SimpleNamespace(entries=[order] * len(order), at=moment))

    office = [SimpleNamespace(at=NOW, name="known"), SimpleNamespace(at=NOW + timedelta(seconds=1), name="later")]
    cases = SimpleNamespace(register=lambda reveal: office, orders=lambda: iter(["a", "bb"]), case=case)
    reader: Any = SimpleNamespace(
        cases=cases, store=SimpleNamespace(size=lambda: 9), head_at=lambda moment: moment,
        folder=SimpleNamespace(test=True),
    )  # fmt: skip
    monkeypatch.setattr("cli.reports.processing_report.prompts.progress", progress)
    monkeypatch.setattr("cli.reports.integrity.kept_checkpoint", lambda reader, kept, trust: (kept, trust))
    monkeypatch.setattr(
        "projections.reports.data_protection.office_record.office_record",
        lambda register, orders, making, lang: (register, list(orders), making, lang),
    )
    trust: Any = "trust"
    made: Any = processing_report(reader, NOW, trust, "de")
    register, orders, making, lang = made
    assert ([e.name for e in register], [c.entries for c in orders], lang) == (["known"], [["a"], ["bb"] * 2], "de")
    assert {c.at for c in orders} == {NOW}
    assert seen == [(1, 9), (3, 9)]
    assert (making.as_of, making.head, making.test, making.rules) == (NOW, (NOW, "trust"), True, rules_digest()[:16])
    assert (making.integrity.verdict, making.integrity.says) == ("INDETERMINATE", NOT_VERIFIED)
    assert (making.integrity.reasons, making.integrity.not_proven) == ((), ())
