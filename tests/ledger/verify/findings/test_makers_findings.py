"""What the maker of a bundle says it found is compared only with what the same rules find at the same moment."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.bundle.findings import CODE
from ledger.errors import RecordError
from ledger.verify import makers_findings
from ledger.verify.makers_findings import FINDINGS, compare
from ledger.verify.progress import VerificationLog

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


class Stated(SimpleNamespace):
    """What a maker states."""


def stated(**more: Any) -> Stated:
    base = {"rules": "R", "as_of": "2027-03-01T12:00:00Z", "log": "l", "audience": "CT", "size": 9, "found": "x"}
    return Stated(**{**base, **more})


def compared(monkeypatch: pytest.MonkeyPatch, found: Any, here: Any = None, *, file: bool = True) -> tuple[Any, Any]:
    places: list[Any] = []

    def parse(raw: bytes) -> Any:
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(makers_findings, "parse_findings", parse)
    monkeypatch.setattr(makers_findings, "check_findings", lambda f, m, size, known: places.append((size, known)))
    monkeypatch.setattr(makers_findings, "rules_digest", lambda: "R")
    monkeypatch.setattr(makers_findings, "stated", lambda *_, **said: here or stated(**said))
    book = VerificationLog()
    opened: Any = {3: SimpleNamespace(leaf="own")}
    arrivals: Any = [SimpleNamespace(index=5, inner=SimpleNamespace(leaf="in")), SimpleNamespace(index=6, inner=None)]
    judgement: Any = SimpleNamespace(as_of=NOON)
    none: Any = None
    files = {FINDINGS: b"{}"} if file else {}
    result = compare(files, none, 9, opened, arrivals, none, judgement, book)
    read = file and not isinstance(found, Exception)
    assert places == [(9, {(3, "own"), (5, "in")})] * read
    return result, book.remarks


def test_a_bundle_without_them_states_none(monkeypatch: pytest.MonkeyPatch) -> None:
    result, remarks = compared(monkeypatch, stated(), file=False)
    assert fields(result)[0] == "none"
    assert remarks == []


def test_what_cannot_be_read_is_a_remark_and_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    result, remarks = compared(monkeypatch, RecordError("CMP-FINDINGS", "no list"))
    assert fields(result)[0] == "unreadable"
    assert [(each.code, "cannot be read, and is not shown: no list" in each.says) for each in remarks] == [(CODE, True)]


def fields(result: Any) -> list[Any]:
    return [getattr(result, name) for name in result.__struct_fields__]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "same"),
        ({"found": "y"}, "differs"),
        ({"rules": "other"}, "not-compared"),
        ({"as_of": "2027-03-01T12:00:01Z"}, "not-compared"),
        ({"rules": "other", "as_of": "2027-03-01T12:00:01Z"}, "not-compared"),
    ],
)
def test_the_same_rules_of_the_same_moment_find_the_same_or_differ(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], said: str
) -> None:
    found = stated(**more)
    result, remarks = compared(monkeypatch, found)
    assert fields(result)[:3] == ["stated", said, found]
    assert remarks == []
