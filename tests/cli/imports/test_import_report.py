"""An import says in few lines what it recorded of a table."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from cli.imports.import_report import CheckedTable, warn
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


class Unstarted(NamedTuple):
    """What starts no deadline, for `warn`: a sentence of its number, its rows and the first of them."""

    number: int

    def sentence(self, rows: int, first: str) -> str:
        return f"{self.number}: {rows} from {first}"


@pytest.mark.parametrize("many", [0, 1, 9, 10, 11, 13])
def test_the_ten_most_frequent_remarks_of_each_kind_are_shown_and_the_others_counted(
    many: int, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = range(1, many + 1)
    checked: Any = CheckedTable(
        strangers={f"actor-{n}": n for n in numbers},
        persons={f"person {n}": n + 1 for n in numbers},
        unwound=[(Unstarted(n), n, (n, 0)) for n in numbers],  # type: ignore[misc]
    )
    asked: Any = SimpleNamespace(prepared=None, row=lambda row, column: f"row {row}.{column}")
    warn(asked, checked)
    frequent, first = sorted(numbers, reverse=True)[:10], numbers[:10]
    expected = [
        f"actor-{n}, whose acts {n} {'row reports' if n == 1 else 'rows report'}, is not in the register,"
        " so in law they count for nothing yet"
        for n in frequent
    ]
    expected += [f"and {many - 10} more are not in the register"] if many > 10 else []
    expected += [f"'person {n}' is one person in {n + 1} orders; another person needs another name" for n in first]
    expected += [f"and {many - 10} more data subjects are named in several orders"] if many > 10 else []
    expected += [f"{n}: {n} from row {n}.0" for n in first]
    expected += [f"and {many - 10} more reasons; --json lists all"] if many > 10 else []
    assert capsys.readouterr().err.splitlines() == expected
