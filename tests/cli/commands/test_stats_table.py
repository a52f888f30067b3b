"""A table of statistics has a row for each count, and leaves out what has no order where it is too wide."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands.stats import _table


def test_a_table_without_an_order_says_so_and_one_with_orders_has_a_row_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cli.commands.stats.printed", lambda row, table: row.cells)

    def row(says: str, *cells: str, inner: bool = False) -> Any:
        return SimpleNamespace(says=says, cells=cells, inner=inner)

    def shown(
        *rows: Any, share: bool = False, width: int = 80, columns: tuple[str, ...] = ("EPOC", "VOL", "all")
    ) -> list[str]:
        table: Any = SimpleNamespace(rows=rows, columns=columns, share=share)
        return _table(table, width)

    assert shown(row("requests", "0", "0", "0")) == ["  no requests"]
    full = shown(row("requests", "2", "0", "2"), row("answered", "1", "0", "1", inner=True))
    assert [line.split() for line in full] == [
        ["EPOC", "VOL", "all"],
        ["requests", "2", "0", "2"],
        ["answered", "1", "0", "1"],
    ]
    assert full[2].startswith("  answered")
    narrow = shown(row("requests", "2", "0", "2"), width=30)
    assert narrow[-1] == "  nothing under VOL"
    assert narrow[0].split() == ["EPOC", "all"]
    columns = ("EPOC", "all", "share")
    assert shown(row("requests", "0", "0", "-"), share=True, columns=columns) == ["  no requests"]
    assert len(shown(row("requests", "1", "1", "50 %"), share=True, columns=columns)) == 2
