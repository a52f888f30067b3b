"""The page for people counts what is kept closed, and belongs to an order of which entries are there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.bundle.cover_page import _withheld, read_me_first
from ledger.errors import RecordError


def manifest(count: int, *why: str) -> Any:
    return SimpleNamespace(withheld_count=count, withheld=[SimpleNamespace(why=each) for each in why], order="o")


def test_what_is_kept_closed_is_counted_in_whole_sentences() -> None:
    assert _withheld(manifest(0)) == "Nothing that was sealed is kept closed in this bundle."
    one = _withheld(manifest(1, "audience"))
    assert one.startswith("One sealed value is not opened in this bundle. In place")
    assert one.endswith("The signed list in the manifest names them.")
    assert _withheld(manifest(2)).startswith("2 sealed values are not opened in this bundle. In place")
    assert _withheld(manifest(2)).endswith("Which ones is not said here.")
    assert "Of these, 1 was erased for good." in _withheld(manifest(2, "erased", "audience"))
    assert "Of these, 2 were erased for good." in _withheld(manifest(3, "erased", "audience", "erased"))


def test_without_an_entry_of_its_order_there_is_no_page() -> None:
    with pytest.raises(RecordError, match="CTX-CHAIN") as refused:
        read_me_first(manifest(0), b"", [], [])
    assert refused.value.where == "o"
