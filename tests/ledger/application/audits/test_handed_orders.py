from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.storage.postgres import Address
from ledger.application.audits import handed_orders as module
from ledger.application.audits.handed_orders import HandedBytes, handed_orders
from ledger.errors import LedgerError, RecordError
from tests.ledger.application.integrity.test_audit import shelf_of
from tests.support.cli import ledger_of
from tests.support.memory_ledger import NOW, small


def test_files_of_other_logs_are_named_and_hidden_ones_are_not(tmp_path: Path) -> None:
    files = {
        "foreign/b.dsse.json": b"b",
        "foreign/a.dsse.json": b"a",
        "foreign/.lock": b"",
        "registers/second/0.dsse.json": b"0",
        "registers/first/1.dsse.json": b"1",
        "registers/first-of-all/0.dsse.json": b"all",
        "registers/first/0.dsse.json": b"00",
        "registers/.lock": b"",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    handed = HandedBytes(tmp_path)
    assert handed.names("foreign") == ["a.dsse.json", "b.dsse.json"]
    assert handed.names("registers") == [
        "first-of-all/0.dsse.json", "first/0.dsse.json", "first/1.dsse.json", "second/0.dsse.json",
    ]  # fmt: skip
    assert handed.under("foreign") == {"a.dsse.json": b"a", "b.dsse.json": b"b"}
    assert handed.under("registers") == {
        "first/0.dsse.json": b"00", "first/1.dsse.json": b"1", "second/0.dsse.json": b"0",
        "first-of-all/0.dsse.json": b"all",
    }  # fmt: skip
    assert handed.names("nowhere") == []
    assert handed.mark("foreign") == handed.mark("foreign") != handed.mark("registers")
    with pytest.raises(AssertionError):
        handed.keep({"foreign/c": b"c"})
    assert handed.read("foreign/c") is None
    (tmp_path / "registers" / "without").mkdir()
    assert handed.names("registers")[-1] == "without"
    with pytest.raises(RecordError, match="no regular file"):
        handed.under("registers")


@pytest.mark.parametrize("written", [False, True])
def test_a_folder_that_is_written_to_while_it_is_read_is_not_believed(tmp_path: Path, written: bool) -> None:
    ledger = ledger_of("S1", tmp_path)
    folder = read_folder(ledger)

    def read() -> int:
        with handed_orders(ledger, folder.policy, folder.registrar, NOW) as cases:
            found = len(list(cases.orders()))
            if written:
                os.utime(ledger / "entries.db", ns=(1, 1))
            return found

    if written:
        with pytest.raises(LedgerError, match="BUSY"):
            read()
    else:
        assert read() > 0


def test_a_file_that_is_gone_when_it_is_read_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handed = HandedBytes(tmp_path)
    monkeypatch.setattr(HandedBytes, "names", lambda self, folder: ["a", "b"])
    monkeypatch.setattr(HandedBytes, "read", lambda self, path: b"a" if path == "foreign/a" else None)
    assert handed.under("foreign") == {"a": b"a"}


@pytest.mark.parametrize("where", ["here", "elsewhere", "database"])
def test_orders_are_read_from_the_folder_another_file_or_a_database_under_the_trust_of_the_caller(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, _ = small()
    trust = ledger.trust()
    assert trust.registrar is not None
    given: list[Any] = []
    closed: list[Any] = []

    def reader(place: Any) -> Any:
        given.append(place)
        return SimpleNamespace(close=lambda: closed.append(place))

    def cases(folder: Any, *more: Any) -> str:
        given.append((folder.path, folder.policy, folder.registrar, folder.test, more[1], more[2](), type(more[3])))
        return "cases"

    monkeypatch.setattr(module, "EntryReader", reader)
    monkeypatch.setattr(module, "CaseReader", cases)
    monkeypatch.setattr(module, "address", Address)
    folder, file = tmp_path / "ledger", tmp_path / ("other.db" if where == "elsewhere" else "ledger/entries.db")
    folder.mkdir()
    ways: dict[str, dict[str, Any]] = {
        "here": {},
        "elsewhere": {"entries": file},
        "database": {"store": "postgresql://x/y"},
    }
    if where != "database":
        shelf_of(ledger, file)
    with handed_orders(folder, trust.policy, trust.registrar, NOW, **ways[where]) as opened:
        place, made = given
        assert [str(opened), closed] == ["cases", []]
    if where == "database":
        assert place == Address("postgresql://x/y", ledger.origin)
    else:
        assert place.path == file
    assert made == (folder, trust.policy, trust.registrar, False, None, NOW, HandedBytes)
    assert closed == [place]
