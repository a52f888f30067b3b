"""What a sheet hides and merges is noted within one bound for all sheets of a workbook."""

from __future__ import annotations

import pytest

from ledger.application.intake import sheet_facts
from ledger.application.intake.sheet_facts import Room, SheetFacts
from ledger.errors import RecordError


def test_hidden_rows_and_columns_of_all_sheets_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_facts, "CELLS", 9)
    room = Room("t")
    first, second = SheetFacts("A", last=(9, 9)), SheetFacts("B", last=(9, 9))
    room.hide(first, [(1, 2), (2, 3)], [(4, 6)])
    assert (first.hidden_rows, first.hidden_columns, room.taken) == ({1, 2, 3}, {4, 5, 6}, 6)
    room.hide(second, [(5, 6)], [(1, 1)])
    assert room.taken == 9
    with pytest.raises(RecordError, match="sheet 'B' hides too many rows and columns"):
        room.hide(second, [], [(1, 1)])


def test_what_is_hidden_behind_the_last_value_is_not_noted() -> None:
    facts = SheetFacts("A", last=(3, 2))
    Room("t").hide(facts, [(2, 1_000_000), (1_000_000, 1_000_001)], [(1, 16_384), (2, 2)])
    assert (facts.hidden_rows, facts.hidden_columns) == ({2, 3}, {1, 2})
