"""A scanned letter states a day that there is at its place."""

from __future__ import annotations

import pytest

from ledger.application.intake.letter import letter_cells
from ledger.errors import RecordError


@pytest.mark.parametrize(
    ("day", "zone"), [("0001-01-01", "America/Juneau"), ("9999-12-31", "Etc/GMT+12"), ("2027-02-30", "")]
)
def test_a_day_whose_noon_is_no_moment_of_the_calendar_is_refused(day: str, zone: str) -> None:
    with pytest.raises(RecordError, match="on which day") as refused:
        letter_cells(b"scan", "scan.pdf", "o", "order-received", day=day, zone=zone, whose="")
    assert refused.value.code == "FORM-DATE"
