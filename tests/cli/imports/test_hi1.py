"""A message whose entries are on record is not recorded again, and one that tells no order is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.access.recorded_access import Stated
from cli.exit_codes import Exit, Stop
from cli.exports.formats import ExportRequest
from cli.imports import hi1
from cli.imports.hi1 import _new, _on_record, import_message, write
from ledger.errors import LedgerError, RecordError
from projections.exchange.hi1_reader import NoMessage

LEAF = "ab" * 32
ROW = {"order": "PPO-1", "kind": "order-issued", "occurred": "2027-03-01T09:00:00Z", "label": LEAF, "providers": ["x"]}
STATED = {"providers": ["x"], "reference": "PPO-1"}


def payload(**changed: Any) -> Any:
    said = {"order": "order-1", "on": "2027-03-01T09:00:00Z", "kind": "order-issued", "public": STATED, "seq": 3}
    return SimpleNamespace(payload=SimpleNamespace(**{**said, **changed}))


def found(monkeypatch: pytest.MonkeyPatch, row: dict[str, Any], opened: Any = None, named: Any = "order-1") -> bool:
    def find(journal: Any, name: str) -> str:
        assert name == "PPO-1"
        if isinstance(named, Exception):
            raise named
        return str(named)

    monkeypatch.setattr("cli.session.open_ledger.find", find)
    monkeypatch.setattr("ledger.entries.envelope.open_", lambda raw, verify: opened or payload())
    store = SimpleNamespace(by_leaf=lambda leaf: (0, b"raw") if leaf.hex() == LEAF else None)
    journal: Any = SimpleNamespace(store=store)
    return _on_record(journal, row) is not None


def test_a_row_that_says_what_its_entry_says_is_on_record(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, ROW)
    assert found(monkeypatch, ROW | {"occurred": "2027-03-01T09:00:00Z", "sealed_field": "x"})


@pytest.mark.parametrize(
    "changed",
    [
        {"label": None}, {"label": 3}, {"label": LEAF[:63]}, {"label": LEAF.upper()}, {"label": "cd" * 32},
        {"occurred": "2027-03-01T09:00:01Z"}, {"occurred": "soon"}, {"kind": "order-received"}, {"providers": ["y"]},
    ],
)  # fmt: skip
def test_a_row_that_says_something_else_is_new(changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert not found(monkeypatch, ROW | changed)


@pytest.mark.parametrize(
    "named", ["order-2", LedgerError("ORDER-UNKNOWN", "x"), RecordError("ORDER-UNKNOWN", "x"), Stop("two")]
)
def test_a_row_of_another_order_is_new(named: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not found(monkeypatch, ROW, named=named)


def test_the_entries_on_record_are_named_and_the_others_are_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def writing() -> Iterator[str]:
        yield "journal"

    monkeypatch.setattr("cli.session.open_ledger.writing", writing)
    monkeypatch.setattr(hi1, "_on_record", lambda journal, row: payload() if row["order"] == "PPO-1" else None)
    other = ROW | {"order": "PPO-2"}
    assert _new([ROW, other]) == [other]
    assert capsys.readouterr().err == "on record already: order-issued, entry #3 of PPO-1\n"


@pytest.mark.parametrize(
    ("rows", "says", "code"),
    [
        (NoMessage("it is none"), "m.json: it is none", Exit.UNDECIDABLE),
        ([], "the message tells no fact", Exit.UNDECIDABLE),
        ([ROW | {"instrument": "EPOC"}, ROW | {"instrument": ""}], "under what instrument", Exit.USAGE),
    ],
)
def test_a_message_that_tells_no_order_is_refused(
    rows: Any, says: str, code: Exit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows_of(data: bytes, instrument: str | None) -> Any:
        if isinstance(rows, Exception):
            raise rows
        return rows, []

    monkeypatch.setattr("projections.exchange.hi1_reader.rows_of", rows_of)
    (tmp_path / "m.json").write_bytes(b"{}")
    with pytest.raises(Stop, match=says) as stopped:
        import_message(str(tmp_path / "m.json"), None, None, None, None, dry_run=True)
    assert stopped.value.code is code


@pytest.mark.parametrize("unregistered", [False, True])
def test_the_facts_of_a_message_are_imported_as_a_table(
    unregistered: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []

    def import_table(table: Any, options: Any, *, dry_run: bool) -> Exit:
        asked.append(([json.loads(line) for line in table.read().splitlines()], options.names, dry_run))
        return Exit.FINDINGS

    row = ROW | {"instrument": "EPOC"}
    monkeypatch.setattr("projections.exchange.hi1_reader.rows_of", lambda data, given: ([row], ["a", "b", "a"]))
    monkeypatch.setattr("cli.imports.import_run.import_table", import_table)
    monkeypatch.setattr(hi1, "_new", lambda rows: rows)
    (tmp_path / "m.json").write_bytes(b"{}")
    args = (str(tmp_path / "m.json"), "skylark", "SP", None, "EPOC")
    assert import_message(*args, unregistered=unregistered, dry_run=True) is Exit.FINDINGS
    expected = row | ({"unregistered": "yes"} if unregistered else {})
    assert asked == [([expected], ("order-issued",), True)]
    assert capsys.readouterr().err.splitlines() == [f"not understood, and left out: {each}" for each in "ab"]


# -- writing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_of", [None, datetime(2027, 6, 1, tzinfo=UTC)])
@pytest.mark.parametrize("lost", [0, 2])
def test_a_message_of_an_order_says_what_it_leaves_out(
    as_of: datetime | None, lost: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[Any] = []
    lossy = [SimpleNamespace(kind="order-issued", field="note", why="no place"),
             SimpleNamespace(kind="order-closed", field="", why="no message")][:lost]  # fmt: skip
    case = SimpleNamespace(order="order-1", known=lambda moment: f"known at {moment:%Y}")
    reader = SimpleNamespace(case=lambda name: case if name == "PPO-1" else None)

    def message(shown: Any, *, reveal: bool) -> Any:
        said.append((shown, reveal))
        return b"message", lossy

    monkeypatch.setattr("cli.session.ledger_reader.reading_anywhere", lambda: nullcontext(reader))
    monkeypatch.setattr("cli.access.recorded_access.revealed", lambda *given: said.append(given))
    monkeypatch.setattr("projections.exchange.hi1_writer.hi1", message)
    handed: Any = SimpleNamespace(stated="stated", actor="orn")
    wanted = ExportRequest("PPO-1", "-", handed, as_of=as_of, reveal=True)
    assert write(wanted) == b"message"
    assert said == [
        (["order-1"], "export", True, "stated", "orn", "SP"),
        (case if as_of is None else "known at 2027", True),
    ]
    lines = ["  order-issued.note: no place", "  order-closed: no message"][:lost]
    assert capsys.readouterr().err.splitlines() == [
        f"what HI-1 does not carry ({lost}; in the message under comity:lossy):", *lines,
    ]  # fmt: skip


def test_an_order_that_was_never_issued_is_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = SimpleNamespace(case=lambda name: SimpleNamespace(order="order-1"))
    monkeypatch.setattr("cli.session.ledger_reader.reading_anywhere", lambda: nullcontext(reader))
    monkeypatch.setattr("projections.exchange.hi1_writer.hi1", lambda case, *, reveal: (b"", []))
    handed: Any = SimpleNamespace(stated=Stated(), actor=None)
    with pytest.raises(Stop) as stopped:
        write(ExportRequest("PPO-1", "-", handed))
    assert stopped.value.message == "PPO-1 was never issued, so there is nothing to send"
    assert stopped.value.code is Exit.REFUSED


@pytest.mark.parametrize(("data", "seen"), [(b"<a/>", b"json of <a/>"), (b"{}", b"{}")])
def test_a_message_in_xml_is_read_as_its_json(
    data: bytes, seen: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bytes] = []

    def rows_of(content: bytes, instrument: str | None) -> Any:
        read.append(content)
        return [], []

    monkeypatch.setattr("projections.exchange.hi1_reader.rows_of", rows_of)
    monkeypatch.setattr("cli.imports.hi1_xml.as_json", lambda content, name: b"json of " + content)
    (tmp_path / "m").write_bytes(data)
    with pytest.raises(Stop, match="tells no fact"):
        import_message(str(tmp_path / "m"), None, None, None, None, dry_run=True)
    assert read == [seen]
