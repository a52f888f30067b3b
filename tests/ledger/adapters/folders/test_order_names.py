"""An order has one local name; a damaged file of names is said and read as nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.adapters.folders.order_names import NAMES, give, names
from ledger.errors import LedgerError


def test_an_order_has_its_last_name_and_a_name_its_last_order(tmp_path: Path) -> None:
    assert names(tmp_path) == {}
    give(tmp_path, "order-1", "Übersee")
    give(tmp_path, "order-2", "second")
    assert names(tmp_path) == {"Übersee": "order-1", "second": "order-2"}
    give(tmp_path, "order-1", "first")
    assert names(tmp_path) == {"first": "order-1", "second": "order-2"}
    give(tmp_path, "order-2", "first")
    assert names(tmp_path) == {"first": "order-2"}
    text = (tmp_path / NAMES).read_text("utf-8")
    assert json.loads(text) == {"format": "comity.names/1", "orders": {"first": "order-2"}}
    give(tmp_path, "order-3", "Ärger")
    give(tmp_path, "order-4", "a")
    text = (tmp_path / NAMES).read_text("utf-8")
    assert text.index('"a": "order-4"') < text.index('"first"') < text.index('"Ärger": "order-3"')  # people read it


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b"{}", b'{"orders": []}', b'{"orders": {"\xff": "x"}}', b"[" * 100_000, b'"orders"', b"1"],
    ids=lambda content: content[:12].decode("ascii", "replace"),
)
def test_a_damaged_file_is_an_error_with_its_path(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAMES).write_bytes(content)
    with pytest.raises(LedgerError, match=NAMES) as raised:
        names(tmp_path)
    assert raised.value.code == "NAMES"


def test_a_file_that_cannot_be_read_is_an_error_with_its_path(tmp_path: Path) -> None:
    (tmp_path / NAMES).mkdir()
    with pytest.raises(LedgerError, match=NAMES):
        names(tmp_path)
