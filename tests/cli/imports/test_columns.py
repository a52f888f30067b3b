"""A table has the columns that every kind has and the fields of kinds; a cell of them that is wrong is named."""

from __future__ import annotations

import pytest

from cli.imports.columns import COLUMNS, FIELDS, column_of, kind_named, one_of, text_of, yes_or_no
from cli.imports.tables import Wrong
from ledger.errors import RecordError


@pytest.mark.parametrize("name", [*COLUMNS, *sorted(FIELDS)])
def test_a_column_may_be_written_with_blanks_hyphens_and_capitals(name: str) -> None:
    for typed in (name, f" {name.upper()} ", name.replace("_", " "), name.replace("_", "-")):
        assert column_of(typed) == name


def test_a_column_that_no_kind_has_is_refused_with_the_name_that_may_be_meant() -> None:
    with pytest.raises(Wrong, match="no kind of fact has a field 'recieved_by'") as wrong:
        column_of("recieved_by")
    assert "received_by" in wrong.value.hint


def test_a_kind_of_the_register_stands_in_no_table() -> None:
    assert kind_named("order-issued") == "order-issued"
    with pytest.raises(Wrong, match="stands in the register"):
        kind_named("party-registered")
    for name in ("order-isued", "record-accessed"):
        with pytest.raises(RecordError):
            kind_named(name)


def test_yes_and_no_are_taken_in_any_letters_and_nothing_else() -> None:
    assert [yes_or_no(word) for word in ("yes", "True", "NO", "false")] == [True, True, False, False]
    with pytest.raises(Wrong, match="expected yes or no, got '1'"):
        yes_or_no("1")


def test_a_word_outside_a_list_is_refused_with_the_list() -> None:
    with pytest.raises(Wrong, match="expected one of act, import, got 'acts'"):
        one_of("speaks", "acts", ("act", "import"))


def test_a_cell_that_is_no_text_is_a_fault_of_its_column() -> None:
    wrongs: list[Wrong] = []
    assert text_of("why", "a reason\non two lines", wrongs) == "a reason\non two lines"
    assert wrongs == []
    assert [text_of(name, cell, wrongs) for name, cell in (("why", 7), ("actor", "two words"))] == ["", ""]
    assert [wrong.column for wrong in wrongs] == ["why", "actor"]
