from __future__ import annotations

from pathlib import Path

import pytest

from ledger.application.audits.handed_orders import HandedBytes
from ledger.errors import RecordError


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
