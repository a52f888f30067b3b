"""The rows of docs/reference/hostile-inputs.md that concern bundles, each with its inputs to the page."""

from __future__ import annotations

from tests.browser.rows import entries, files, notes, records, stamps
from tests.browser.rows.case import CaseReader

ROWS: dict[str, CaseReader] = {
    **entries.ROWS,
    **notes.ROWS,
    **records.ROWS,
    **files.ROWS,
    **stamps.ROWS,
}
