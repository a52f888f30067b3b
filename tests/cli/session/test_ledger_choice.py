"""An entry is named by its number, and else by a label or the start of its hash."""

from __future__ import annotations

import pytest

from cli.exit_codes import Stop
from cli.session.ledger_choice import choose_entry

FIRST, SECOND = "9" * 8 + "a" * 56, "b" * 64
NAMES = {"#1": FIRST, "#2": SECOND, "issued": FIRST}


@pytest.mark.parametrize(
    ("text", "leaf"),
    [("1", FIRST), ("#1", FIRST), ("2", SECOND), ("issued", FIRST), ("b", SECOND), ("BBBB", SECOND), ("9" * 8, FIRST)],
)
def test_an_entry_is_named_by_its_number_its_label_or_the_start_of_its_hash(text: str, leaf: str) -> None:
    assert choose_entry(text, NAMES, (FIRST, SECOND)) == leaf


@pytest.mark.parametrize("text", ["9", "99", "9999999", "#9", "0", "\u0669", "01", ""])
def test_a_number_that_no_entry_has_is_not_the_start_of_the_hash_of_another(text: str) -> None:
    with pytest.raises(Stop, match="no entry") as refused:
        choose_entry(text, NAMES, (FIRST, SECOND))
    assert "`comity timeline ORDER` shows the numbers" in (refused.value.hint or "")
