"""A table has the columns that every kind has and the fields of kinds; a cell of them that is wrong is named."""

from __future__ import annotations

import csv
import io
import json

import pytest

from cli.imports.columns import COLUMNS, FIELDS, IMPORTED, column_of, kind_named, one_of, text_of, yes_or_no
from cli.imports.tables import Wrong
from cli.imports.template import FIRST, USUAL, _cell, template_of
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


# -- the template ------------------------------------------------------------------------------------------------------


def test_a_template_as_csv_has_the_needed_columns_first_and_each_column_once() -> None:
    head, *rows = csv.reader(io.StringIO(template_of("csv")))
    assert head[:5] == ["order", "kind", "occurred", "actor", "label"]
    assert len(set(head)) == len(head)
    assert set(COLUMNS) - {"instrument"} <= set(head)
    fields = {name for kind in USUAL for name in IMPORTED[kind].fields()}
    assert set(head) == (set(COLUMNS) - {"instrument"}) | fields
    by_kind = {row[1]: dict(zip(head, row, strict=True)) for row in rows}
    assert list(by_kind) == list(USUAL)
    for kind, row in by_kind.items():
        required = {f.name for f in IMPORTED[kind].fields().values() if f.required}
        stated = {name for name, cell in row.items() if cell}
        assert stated == {"order", "kind", "occurred", *required, *(["label"] if kind == FIRST else [])}, kind


def test_a_template_as_json_lines_has_every_field_but_references_of_the_first_row() -> None:
    rows = [json.loads(line) for line in template_of("jsonl", ["order-received", "order-received"]).splitlines()]
    assert [row["kind"] for row in rows] == [FIRST, "order-received"]
    first, received = rows
    back = {f.name for f in IMPORTED[FIRST].fields().values() if f.type in ("event", "order")}
    assert back
    assert set(first) == {"order", "kind", "occurred", "label", *IMPORTED[FIRST].fields()} - back
    assert set(received) == {"order", "kind", "occurred", *IMPORTED["order-received"].fields()}
    assert first["label"] == "issued"


def test_a_kind_that_no_row_may_state_has_no_example_and_an_unknown_one_is_refused() -> None:
    assert [json.loads(line)["kind"] for line in template_of("jsonl", ["party-registered"]).splitlines()] == [FIRST]
    with pytest.raises(RecordError):
        template_of("csv", ["order-isued"])


def test_a_cell_of_an_example_is_written_as_a_spreadsheet_has_it() -> None:
    cells = [_cell(value) for value in (True, False, {"ä": 1}, ["a", True], 3, "x")]
    assert cells == ["yes", "no", '{"ä": 1}', "a\nyes", "3", "x"]
