"""The second pass of an import: sealing and storing."""

from __future__ import annotations

from typing import Any

import pytest

from cli.imports import import_run
from ledger.adapters.storage.entry_store import Conflict


@pytest.mark.parametrize("conflicts", [0, 1, 2, 3])
def test_a_table_is_sealed_three_times_before_another_writer_ends_the_import(
    conflicts: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed: list[object] = []

    def recorded(*given: object) -> range:
        sealed.append(given)
        if len(sealed) <= conflicts:
            raise Conflict("another process was first")
        return range(7, 9)

    monkeypatch.setattr(import_run, "_recorded", recorded)
    given: Any = (None, {}, None, None, None)
    if conflicts < 3:
        assert import_run.record(*given) == range(7, 9)
    else:
        with pytest.raises(Conflict):
            import_run.record(*given)
    assert sealed == [given] * min(conflicts + 1, 3)
    assert capsys.readouterr().err.count("sealing again") == min(conflicts, 2)
