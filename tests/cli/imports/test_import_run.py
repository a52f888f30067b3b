"""An import says in few lines what it recorded of a table."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.support.cli import ledger_of, run, size
from tests.support.import_tables import HEAD, opening, sending, written


def test_an_import_says_how_much_it_recorded_of_which_kinds_and_where(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    rows = [opening("A-1"), opening("A-2"), sending("A-1")]
    table = written(tmp_path / "t.csv", rows, HEAD)
    digest, first = hashlib.sha256(table.read_bytes()).hexdigest(), size(ledger)
    words = ("import", str(table), "--as", "ilves")
    planned, done = (run(*words, *more, ledger=ledger).stdout.splitlines() for more in (("--dry-run",), ()))
    assert planned == [
        "3 entries would be recorded, of 2 orders (2 new)",
        "  order-issued 2, order-transmitted 1",
        f"  sha256 of the table {digest}",
    ]
    assert done == [
        "3 entries recorded, of 2 orders (2 new)",
        "  order-issued 2, order-transmitted 1",
        f"  log index {first} to {first + 2}",
        f"  sha256 of the table {digest}",
    ]


def test_an_import_of_a_table_without_rows_records_nothing_and_names_no_kind(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    table = written(tmp_path / "t.csv", [], HEAD)
    done = run("import", str(table), "--as", "ilves", ledger=ledger)
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    assert done.stdout.splitlines() == ["0 entries recorded, of 0 orders (0 new)", f"  sha256 of the table {digest}"]
