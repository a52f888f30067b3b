"""Each row of docs/hostile-inputs.md that concerns bundles, and what of it is handed to the page."""

from __future__ import annotations

from tests.browser import rows_entries, rows_files, rows_notes, rows_records
from tests.browser.case import Cases

ROWS: dict[str, Cases] = {**rows_entries.ROWS, **rows_notes.ROWS, **rows_records.ROWS, **rows_files.ROWS}

AWAITED = {"X1"}  # the page does not read time stamps yet; a row leaves this set when it has cases
