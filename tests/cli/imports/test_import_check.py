"""The first pass of an import finds every fault and records nothing; the second stores what the first has seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Stop
from cli.imports import import_run
from cli.imports.import_run import _persons, _recorded, _understood, check, foresee
from cli.imports.row_parser import Wrongs
from cli.imports.tables import TableRow, Wrong
from ledger.adapters.storage.entry_store import Conflict
from ledger.errors import RecordError


def parsed(order: str, number: int = 2, *, there: bool = False, kind: str = "order-issued") -> Any:
    return SimpleNamespace(
        row=TableRow(number, number + 1, {}),
        order=SimpleNamespace(id=order, there=there),
        draft=SimpleNamespace(fact=SimpleNamespace(kind=kind), order=order),
        label=f"label of {order}",
    )


class Index:
    """An index of rows: what is recorded in it of sealed entries, and what it answers."""

    def __init__(self, broken: tuple[Any, ...] = ()) -> None:
        self.lost = broken
        self.twice: set[str] = set()
        self.leaves: list[Any] = []

    def sealed(self, *said: Any) -> None:
        self.leaves.append(said)

    def broken(self) -> tuple[Any, ...]:
        return self.lost

    def instrument(self, order: Any) -> str:
        return "EPOC"

    def count(self) -> tuple[int, int]:
        return 5, 2

    def opened(self) -> list[list[str]]:
        return [["a", "b"], ["c"]]

    def subjects(self) -> list[list[tuple[str, str]]]:
        return [[("witness 3", "a"), ("witness 3", "b")], [("witness 4", "a")]]


class Journal:
    """A ledger with an entry of the order `known`; it notes the keys that it makes."""

    subject_keys: Any = None

    def __init__(self, refused: str = "") -> None:
        self.prepared: list[Any] = []
        self.refused = refused

    def recorded(self, draft: Any) -> str | None:
        if draft.order == self.refused:
            raise RecordError("CONFLICT", "another entry has this id")
        return "leaf" if draft.order == "known" else None

    def prepare(self, pairs: Any) -> None:
        self.prepared.append(pairs)

    def now(self) -> str:
        return "now"


class Pass:
    """One pass over rows: `rows` are parsed, and the faults are of rows that were not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *rows: Any, faults: int = 0, sha256: str = "digest") -> None:
        self.rows, self.faults, self.sha256 = rows, faults, sha256
        self.index: Any = Index()
        self.added: list[Any] = []
        self.given: Any = SimpleNamespace(
            most=2, file="a.csv", prepared=None, row=lambda number, line: f"row {number} (line {line})"
        )
        monkeypatch.setattr(import_run, "reading", self.reading)
        monkeypatch.setattr(
            import_run, "_clocks", lambda journal: SimpleNamespace(add=self.add, found=lambda: iter("u"))
        )
        monkeypatch.setattr(import_run, "unsigned", lambda draft, instrument: f"{draft.order} under {instrument}")
        monkeypatch.setattr(import_run, "_outlook", lambda journal: SimpleNamespace(result=lambda now: "outlook now"))
        monkeypatch.setattr(import_run, "foresee", lambda *said: None)

    def add(self, *said: Any, new: bool) -> None:
        self.added.append((*said, new))

    @contextmanager
    def reading(self, journal: Any, names: Any, stream: Any, asked: Any, label: str, fault: Any) -> Iterator[Any]:
        reader = SimpleNamespace(index=self.index, rows=9, strangers={"harbor": 1})

        def every() -> Iterator[Any]:
            for number in range(self.faults):
                fault(TableRow(number, number, {}), [Wrong("kind", f"fault {number}")])
            yield from self.rows

        yield SimpleNamespace(sha256=self.sha256), reader, every()

    def check(self, journal: Any, *, keys: bool = True) -> Any:
        stream: Any = None
        return check(journal, {}, stream, self.given, keys=keys)


def test_what_is_on_record_is_counted_and_what_is_new_may_start_a_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Pass(monkeypatch, parsed("new", 2), parsed("known", 3, there=True), parsed("other", 4, there=True))
    checked = run.check(Journal())
    assert (checked.faults, checked.already, dict(checked.kinds)) == (0, 1, {"order-issued": 3})
    assert (checked.rows, checked.sha256, checked.orders, checked.there) == (9, "digest", 5, 2)
    assert (checked.strangers, checked.unwound, checked.outlook) == ({"harbor": 1}, ["u"], "outlook now")
    assert run.index.leaves == [("known", "label of known", "leaf")]
    assert run.added == [("new under EPOC", "EPOC", 2, 3, True), ("other under EPOC", "EPOC", 4, 5, False)]


@pytest.mark.parametrize(("faults", "keys", "made"), [(0, True, True), (0, False, False), (1, True, False)])
def test_keys_are_made_for_a_table_without_a_fault_that_will_be_recorded(
    faults: int, keys: bool, made: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal()
    Pass(monkeypatch, faults=faults).check(journal, keys=keys)
    targets = [[("target of a", "a"), ("target of b", "b")], [("target of c", "c")]]
    assert journal.prepared == ([*targets, *Index().subjects()] if made else [])


@pytest.mark.parametrize("faults", [0, 1, 2, 3])
def test_every_fault_is_counted_and_the_first_ones_are_kept(faults: int, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = Pass(monkeypatch, faults=faults).check(Journal())
    assert checked.faults == faults
    assert [wrong.says for _, wrong in checked.faulty] == [f"fault {n}" for n in range(min(faults, 2))]


def test_an_id_that_another_entry_has_and_an_order_that_no_row_opens_are_faults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Pass(monkeypatch, parsed("taken", 6, there=True))
    run.index.lost = (("PPO-9", 7, 8, "linked_order"),)
    checked = run.check(Journal(refused="taken"))
    assert [(row.number, row.line, wrong.column) for row, wrong in checked.faulty] == [
        (6, 7, "id"), (7, 8, "linked_order"),
    ]  # fmt: skip
    assert "no order is called 'PPO-9' here or in any row" in checked.faulty[1][1].says
    assert run.added == []


@pytest.mark.parametrize("faults", [0, 1])
def test_a_table_without_a_fault_says_what_it_would_change(faults: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    run = Pass(monkeypatch, parsed("new"), faults=faults)
    outlook = SimpleNamespace(result=lambda now: f"outlook {now}")
    monkeypatch.setattr(import_run, "_outlook", lambda journal: outlook)
    monkeypatch.setattr(import_run, "foresee", lambda *said: seen.append(said[3]))
    assert run.check(Journal()).outlook == (None if faults else "outlook now")
    assert seen == ["new under EPOC"]


@pytest.mark.parametrize(
    ("there", "has", "full", "read"),
    [(False, False, False, False), (True, False, False, True), (True, True, False, False), (True, False, True, False)],
)
def test_an_order_on_record_is_read_once_for_the_outlook(there: bool, has: bool, full: bool, read: bool) -> None:
    added: list[Any] = []
    outlook: Any = SimpleNamespace(has=lambda order: has, full=full, add=lambda *said: added.append(said))
    journal: Any = SimpleNamespace(case=lambda order, reveal: f"case {order} {reveal}")
    entry: Any = "entry"
    foresee(outlook, journal, parsed("a", 4, there=there), entry)
    assert added == [("entry", 4, "case a False" if read else None)]


def test_a_person_of_several_orders_is_counted_with_those_on_record() -> None:
    index: Any = Index()
    keys = {"witness 4": {"k": "z"}, "witness 3": {"k": "a"}}
    journal: Any = SimpleNamespace(subject_keys=SimpleNamespace(keys_of=lambda name: keys[name]))
    assert _persons(journal, index) == {"witness 3": 2, "witness 4": 2}
    assert _persons(SimpleNamespace(subject_keys=None), index) == {"witness 3": 2}  # type: ignore[arg-type]


# -- the second pass ---------------------------------------------------------------------------------------------------


def sealed(run: Pass, fails: Exception | None = None, sha256: str = "digest") -> tuple[Any, list[Any]]:
    added: list[Any] = []

    def add(draft: Any, *, fresh: bool) -> str:
        if fails:
            raise fails
        added.append((draft.order, fresh))
        return f"leaf {draft.order}"

    @contextmanager
    def many(report: Any) -> Iterator[Any]:
        yield SimpleNamespace(add=add, indices=range(3, 5))

    journal: Any = SimpleNamespace(many=many)
    checked: Any = SimpleNamespace(sha256=sha256)
    stream: Any = None
    return _recorded(journal, {}, stream, run.given, checked), added


def test_the_rows_are_stored_and_a_later_row_may_name_them(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Pass(monkeypatch, parsed("new"), parsed("known", there=True))
    assert sealed(run) == (range(3, 5), [("new", True), ("known", False)])
    assert run.index.leaves == [(o, f"label of {o}", f"leaf {o}") for o in ("new", "known")]


@pytest.mark.parametrize(("faults", "sha256"), [(1, "digest"), (0, "another")])
def test_a_table_that_changed_since_is_not_stored(faults: int, sha256: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Pass(monkeypatch, parsed("new"), faults=faults)
    with pytest.raises(Stop, match=r"a\.csv changed while it was read; nothing was recorded"):
        sealed(run, sha256=sha256)


@pytest.mark.parametrize(
    ("fails", "code", "where"),
    [
        (Conflict("it is there"), "CONFLICT", "row 2 (line 3)"),
        (RecordError("CTX-CHAIN", "no"), "CTX-CHAIN", "row 2 (line 3)"),
        (RecordError("CTX-CHAIN", "no", where="seq"), "CTX-CHAIN", "row 2 (line 3), seq"),
    ],
)
def test_what_another_process_wrote_meanwhile_is_said_with_its_row(
    fails: Exception, code: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Pass(monkeypatch, parsed("new"))
    with pytest.raises(RecordError, match=code) as found:
        sealed(run, fails)
    assert found.value.where == where


def test_a_row_that_is_wrong_is_left_out_with_its_faults() -> None:
    class Reader:
        rows = 0

        def parse(self, row: TableRow) -> Any:
            if row.cells["order"] == "wrong":
                raise Wrongs([Wrong("kind", "no such kind")])
            return row.cells["order"]

    def row(number: int, **cells: Any) -> Any:
        return TableRow(number, number, cells)

    said: list[Any] = []
    reader: Any = Reader()
    rows: Any = iter(
        [row(1, order="a"), row(2), row(3, order="wrong"), (row(4), [Wrong("", "too long")]), row(5, order="b")]
    )
    found: list[Any] = list(
        _understood(rows, reader, lambda of, wrongs: said.append((of.number, [w.says for w in wrongs])))
    )
    assert found == ["a", "b"]
    assert said == [(3, ["no such kind"]), (4, ["too long"])]
    assert reader.rows == 5
