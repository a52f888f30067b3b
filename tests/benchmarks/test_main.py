"""`make bench` measures every figure of the table in benchmarks/README.md, or those of the groups that are named."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks.measure import Figure

README = Path(bench.__file__).with_name("README.md").read_text(encoding="utf-8")


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Let each group take no time; return the names of the groups that were measured."""
    ran: list[str] = []

    def group(name: str) -> dict[str, Figure]:
        ran.append(name)
        return {name: Figure(1.0, {}, at_least=0.5)}

    names = list(bench._groups(tmp_path))
    monkeypatch.setattr(bench, "_groups", lambda _: {name: (lambda name=name: group(name)) for name in names})
    monkeypatch.setattr(bench, "git_figures", lambda *_: group("git"))
    monkeypatch.setenv("BENCH_DIR", str(tmp_path))
    return ran


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (["office"], ["serve", "people", "writers"]),
        (["writers", "serve"], ["serve", "writers"]),
        (["git"], ["record", "audit", "git"]),
    ],
)
def test_only_the_groups_that_are_named_are_measured_with_those_they_need(
    asked: list[str],
    expected: list[str],
    measured: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", *asked])
    bench.main()
    assert measured == expected
    assert set(expected) <= json.loads(capsys.readouterr().out).keys()


def test_without_a_name_every_group_is_measured(
    measured: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench"])
    bench.main()
    assert measured == [*bench._groups(tmp_path), "git"]


def test_each_reach_of_an_office_server_is_a_figure_with_a_row_in_the_table_of_figures() -> None:
    figures, _, rest = README.partition("## The reach of an office server")
    rows = set(re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in figures.splitlines() if "|" in line)))
    cells = [
        line.split("|")[2] for line in rest.partition("\n## ")[0].splitlines() if "make bench`" in line and "|" in line
    ]
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} - {"empty_per_second", "p99_ms_at_half"}
    assert {"serve", "people", "people_recording", "replica_memory", "postgres_writers_8"} <= named <= rows
