"""An import says in few lines what it recorded of a table."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from cli.exit_codes import Exit, Stop
from cli.imports import import_report
from cli.imports.import_report import CheckedTable, FaultItem, ImportAnswer, ImportOptions, refuse, tell, warn
from cli.imports.tables import TableRow, Wrong
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


# -- what was found in a table -----------------------------------------------------------------------------------------


def options(**more: Any) -> ImportOptions:
    return ImportOptions("t.csv", "csv", None, None, None, None, None, 20, **more)


def test_a_row_is_named_by_its_number_and_its_line_or_by_its_file() -> None:
    assert [options().row(3, line) for line in (3, 5)] == ["row 3", "row 3 (line 5)"]
    assert options(names=("a.pdf", "b.pdf")).row(2, 2) == "b.pdf"
    placed: Any = SimpleNamespace(place=lambda number: f"sheet 'x', row {number}")
    assert options(names=("a.pdf",), prepared=placed).row(7, 9) == "sheet 'x', row 7"


FAULTS = [
    (TableRow(2, 2, {}), Wrong("kind", "no such kind", "there are two", "FACT-KIND")),
    (TableRow(3, 5, {}), Wrong("", "no fact")),
]


def refused(faults: int, rows: int, form: str, monkeypatch: pytest.MonkeyPatch) -> Stop:
    monkeypatch.setattr(import_report.invocation, "said", lambda: SimpleNamespace(format=form))  # type: ignore[attr-defined]
    checked = CheckedTable("ab" * 32, rows, orders=4, there=1, faults=faults, faulty=FAULTS[:faults])
    with pytest.raises(Stop) as stopped:
        refuse(options(), checked)
    return stopped.value


@pytest.mark.parametrize("faults", [1, 2, 3, 4])
def test_each_fault_is_a_line_and_those_that_are_not_listed_are_counted(
    faults: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = refused(faults, 2 if faults > 1 else 1, "table", monkeypatch)
    lines = ["row 2, kind: no such kind (FACT-KIND); there are two", "row 3 (line 5): no fact"][:faults]
    more = [f"and {faults - 2} more; --errors N shows more of them"] if faults > 2 else []
    assert capsys.readouterr().err.splitlines() == [*lines, *more]
    many = "1 fault in 1 row" if faults == 1 else f"{faults} faults in 2 rows"
    assert (stop.message, stop.code) == (f"t.csv: {many}; nothing was recorded", Exit.REFUSED)


def test_faults_are_an_answer_for_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[Any] = []
    monkeypatch.setattr(import_report.output, "emit", lambda *said: printed.append(said))  # type: ignore[attr-defined]
    refused(2, 3, "json", monkeypatch)
    ((answer, columns, faults),) = printed
    assert columns == ("row", "line", "column", "says", "hint", "code", "rows")
    assert faults == [
        FaultItem(2, 2, "kind", "no such kind", "there are two", "FACT-KIND"),
        FaultItem(3, 5, "", "no fact", "", ""),
    ]
    assert answer == ImportAnswer(
        file="t.csv", sha256="ab" * 32, rows=3, orders=4, new_orders=3, faults=faults
    )  # fmt: skip


KINDS_READ = Counter({f"kind-{n}": 10 - n for n in range(6)})


@pytest.mark.parametrize(
    ("kinds", "already", "indices", "dry", "lines"),
    [
        (Counter(), 0, range(0), False, ["0 entries recorded, of 4 orders (3 new)"]),
        (Counter(a=1), 0, range(7, 8), False, ["1 entry recorded, of 4 orders (3 new)", "  a 1", "  log index 7 to 7"]),
        (
            Counter(a=1), 1, range(0), True,
            ["4 entries would be recorded, of 4 orders (3 new)", "  on record from before: 1 row", "  a 1"],
        ),
        (
            KINDS_READ, 2, range(7, 9), False,
            [
                "2 entries recorded, of 4 orders (3 new)", "  on record from before: 2 rows",
                "  kind-0 10, kind-1 9, kind-2 8, kind-3 7, kind-4 6, kind-5 5", "  log index 7 to 8",
            ],
        ),
        (
            KINDS_READ + Counter(last=1, other=1), 0, range(0), True,
            [
                "5 entries would be recorded, of 4 orders (3 new)",
                "  kind-0 10, kind-1 9, kind-2 8, kind-3 7, kind-4 6, kind-5 5 and 2 more kinds",
            ],
        ),
    ],
)  # fmt: skip
def test_what_was_recorded_is_said_with_its_kinds_and_its_place(
    kinds: Counter[str], already: int, indices: range, dry: bool, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[Any] = []
    monkeypatch.setattr(import_report.output, "emit", lambda *said, text: printed.append((*said, text())))  # type: ignore[attr-defined]
    started: Any = SimpleNamespace(item=lambda rows, first: (rows, first))
    checked = CheckedTable("ab" * 32, 5, 4, 1, already, kinds=kinds, unwound=[(started, 2, (3, 4))])
    assert tell(options(), checked, indices, dry_run=dry) is Exit.DONE
    ((answer, columns, (row,), text),) = printed
    assert row is answer
    assert text.split("\n") == [*lines, f"  sha256 of the table {'ab' * 32}"]
    assert (answer.recorded, answer.already, answer.dry_run) == (0 if dry else len(indices), already, dry)
    ends = (indices[0], indices[-1]) if indices else (None, None)
    assert ((answer.first, answer.last), answer.unwound) == (ends, [(2, 3)])
    assert columns == [
        "file", "sha256", "rows", "orders", "new_orders", "recorded", "already", "first", "last", "dry_run",
    ]  # fmt: skip
