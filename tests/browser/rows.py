"""The rows of docs/reference/hostile-inputs.md that concern bundles, each with its inputs to the page."""

from __future__ import annotations

from tests.browser import rows_entries, rows_files, rows_notes, rows_records, rows_stamps
from tests.browser.case import CaseReader

ROWS: dict[str, CaseReader] = {
    **rows_entries.ROWS,
    **rows_notes.ROWS,
    **rows_records.ROWS,
    **rows_files.ROWS,
    **rows_stamps.ROWS,
}
