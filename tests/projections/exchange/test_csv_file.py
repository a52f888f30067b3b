"""The files of a step of custody in one cell: opened ones by name and digest, others counted, lost ones said."""

from __future__ import annotations

from typing import Any

import pytest

from projections.exchange.csv_file import _files
from projections.reports.custody_report import CustodyRow, File
from tests.support.scenarios import moment

ON = moment("2027-03-10T09:00Z")
ONE = File("return.json", 1, "5a" * 32, None)


def row(files: tuple[File, ...] | None, count: int, unread: str = "") -> CustodyRow:
    nothing: dict[str, Any] = dict.fromkeys(("exhibit", "released_by", "received_by", "held_by", "check"))
    return CustodyRow("3", ON, ON, "says", compared="equal", count=count, files=files, unread=unread, **nothing)


@pytest.mark.parametrize(
    ("files", "count", "unread", "says"),
    [
        (None, 2, "", "2 sealed"),
        (None, 0, "", "0 sealed"),
        (None, 2, "[erased]", "2 sealed; [erased]"),
        (None, 0, "[erased]", "[erased]"),
        (None, 0, "[sealed]", "[sealed]"),
        ((), 0, "", ""),
        ((), 0, "[erased]", "[erased]"),
        ((ONE,), 1, "", f"return.json {'5a' * 32}"),
        ((ONE, ONE), 2, "[sealed]", f"return.json {'5a' * 32}; return.json {'5a' * 32}; [sealed]"),
    ],
)
def test_files_are_named_where_they_are_opened_else_counted_and_what_cannot_be_read_is_said(
    files: tuple[File, ...] | None, count: int, unread: str, says: str
) -> None:
    assert _files(row(files, count, unread)) == says
