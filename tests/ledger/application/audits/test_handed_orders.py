from __future__ import annotations

import os
from pathlib import Path

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.application.audits.handed_orders import HandedBytes, handed_orders
from ledger.errors import LedgerError, RecordError
from tests.support.cli import ledger_of
from tests.support.memory_ledger import NOW


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
