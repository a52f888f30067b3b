"""The moment of a head is said if it is proven, and standard input is read up to a bound."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
from cli.terminal import file_io
from cli.terminal.verdict_text import _head, procedure

AT = datetime(2027, 6, 1, 12, tzinfo=UTC)
HEAD = SimpleNamespace(checkpoint=SimpleNamespace(origin="log.example", size=9))


@pytest.mark.parametrize(
    ("head", "seen", "manifest", "says"),
    [
        (None, None, None, "."),
        (HEAD, AT, "m", ", log log.example, size 9, as of 2027-06-01T12:00:00Z."),
        (HEAD, None, "m", ", log log.example, size 9; nothing here proves of when that is."),
        (HEAD, None, None, ", log log.example, size 9."),
    ],
)
def test_the_moment_of_a_head_is_said_if_it_is_proven(head: Any, seen: Any, manifest: Any, says: str) -> None:
    report: Any = SimpleNamespace(head=head, head_seen=seen, manifest=manifest)
    assert _head(report) == says


@pytest.mark.parametrize(
    ("case", "levels", "says"),
    [(None, "", "not examined"), ("case", "", "no finding"), (None, "V", "1 violation"), ("case", "GVWV", None)],
)
def test_findings_on_the_procedure_are_counted_the_gravest_first(case: Any, levels: str, says: str | None) -> None:
    report: Any = SimpleNamespace(case=case, procedure=[SimpleNamespace(level=level) for level in levels])
    said = procedure(report)
    if says is not None:
        assert said == says
        return
    assert [part.split()[0] for part in said.split(", ")] == ["2", "1", "1"]
    assert said.startswith("2 violations, 1 ")


@pytest.mark.parametrize(("size", "fits"), [(0, True), (8, True), (9, False)])
def test_standard_input_is_read_up_to_a_bound(size: int, fits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_io, "MOST", 8)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"x" * size)))
    if fits:
        assert file_io.read("-") == b"x" * size
        return
    with pytest.raises(Stop, match="larger than the") as stopped:
        file_io.read("-")
    assert stopped.value.code is Exit.UNDECIDABLE
