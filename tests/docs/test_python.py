"""The program still does what docs/reference/python.md shows: one interpreter types its session, block by block."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

import comity
from tests.support.cli import ledger_of, run

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "python.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_goes_as_it_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    ledger_of("S2", tmp_path).rename(tmp_path / "karsk")
    monkeypatch.chdir(tmp_path)
    exported = run("export", "main", "--audience", "COURT", "-o", "court.evidence.zip", ledger=Path("karsk"))
    assert exported.exit_code == 0, exported.output
    typed = "\n".join(BLOCK.findall(PAGE.read_text("utf-8")))
    session = doctest.DocTestParser().get_doctest(typed, {}, PAGE.name, str(PAGE), 0)
    said: list[str] = []
    results = doctest.DocTestRunner().run(session, out=said.append)
    assert results.attempted > 25
    assert results.failed == 0, "".join(said)


def test_the_page_names_every_function_of_the_interface() -> None:
    page = PAGE.read_text("utf-8")
    methods = {name for kind in (comity.Ledger, comity.Order) for name in vars(kind) if not name.startswith("_")}
    assert [name for name in sorted(methods - {"view"}) if f"{name}(" not in page] == []
