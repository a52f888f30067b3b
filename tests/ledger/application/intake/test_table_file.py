"""A table in its file: CSV in any stated encoding, .xlsx and .ods, and files that are none or too large."""

from __future__ import annotations

import sys
from datetime import date, datetime

import pytest

from ledger.application.intake import table_file, workbook_check
from ledger.application.intake.table_file import read_table
from ledger.errors import LedgerError, RecordError
from tests.support.intake.workbooks import Cell, Raw, ods, packed, xlsx

AFTERNOON = datetime(2026, 3, 12, 13, 30)  # noqa: DTZ001 - as a spreadsheet has it
ROWS: list[list[Cell]] = [
    ["Nr", "Datum", "Zahl"],
    ["00123", date(2026, 3, 12), 7],
    [],
    ["Jänner", AFTERNOON, 1.5],
]


def refused(data: bytes, **more: str) -> str:
    with pytest.raises(RecordError) as error:
        read_table(data, "t", **more)
    assert error.value.code == "TABLE-FORM"
    return error.value.says


@pytest.mark.parametrize("make", [xlsx, ods])
def test_a_workbook_gives_texts_dates_and_numbers_with_the_rows_as_it_counts_them(make: object) -> None:
    table = read_table(make({"Orders": ROWS}), "t")  # type: ignore[operator]
    assert [row.number for row in table.rows] == [1, 2, 4]
    assert list(table.rows[1].cells) == ["00123", date(2026, 3, 12), 7.0]
    assert table.rows[2].cells[1] == AFTERNOON
    assert table.place(4, 2) == "sheet 'Orders', cell B4"


def test_a_workbook_that_counts_days_from_1904_gives_the_same_dates() -> None:
    assert read_table(xlsx({"A": ROWS}, epoch_1904=True), "t").rows[1].cells[1] == date(2026, 3, 12)


@pytest.mark.parametrize("make", [xlsx, ods])
def test_a_hidden_sheet_is_left_out_and_named(make: object) -> None:
    data = make({"Alt": ROWS, "Neu": ROWS}, hidden=["Alt"])  # type: ignore[operator]
    table = read_table(data, "t")
    assert (table.sheet, list(table.hidden)) == ("Neu", ["Alt"])
    assert read_table(data, "t", sheet="Alt").facts.hidden


def test_only_hidden_sheets_are_named_and_not_the_one_that_is_read() -> None:
    data = xlsx({"A": ROWS, "B": ROWS, "C": ROWS, "D": ROWS}, hidden=["A", "B"])
    assert list(read_table(data, "t", sheet="A").hidden) == ["B"]
    assert list(read_table(data, "t", sheet="C").hidden) == ["A", "B"]


@pytest.mark.parametrize("make", [xlsx, ods])
def test_empty_rows_and_columns_at_the_beginning_are_counted(make: object) -> None:
    table = read_table(make({"A": [[], ["", "x"], ["", "y"]]}), "t")  # type: ignore[operator]
    assert [(row.number, list(row.cells)) for row in table.rows] == [(2, ["", "x"]), (3, ["", "y"])]


def test_a_row_that_looks_blank_is_read_if_it_has_a_formula_without_a_result() -> None:
    formula, blank = Raw('<c r="{r}"><f>A1+1</f></c>'), Raw('<c r="{r}"/>')
    table = read_table(xlsx({"A": [["x"], [blank], [formula], [blank], ["y"]]}), "t")
    assert [row.number for row in table.rows] == [1, 3, 5]


def test_of_several_sheets_the_wanted_one_is_named() -> None:
    data = xlsx({"A": ROWS, "B": ROWS})
    assert "which sheet? it shows 'A', 'B'" in refused(data)
    assert "it has no sheet 'C'" in refused(data, sheet="C")
    assert read_table(data, "t", sheet="B").sheet == "B"


@pytest.mark.parametrize(
    ("make", "cell"),
    [
        (xlsx, '<c r="{r}"><f>A1+1</f></c>'),
        (xlsx, '<c r="{r}"><f>A1+1</f><v></v></c>'),
        (ods, '<table:table-cell table:formula="of:=1+1"/>'),
    ],
)
def test_a_formula_without_a_stored_result_is_known_by_its_place(make: object, cell: str) -> None:
    table = read_table(make({"A": [["x", "y"], ["a", Raw(cell)]]}), "t")  # type: ignore[operator]
    assert table.facts.unstored == {(2, 2)}


def test_a_formula_with_a_stored_result_is_its_result() -> None:
    cells = [Raw('<c r="{r}"><f>1+1</f><v>2</v></c>'), Raw('<c r="{r}" t="str"><f>""</f><v></v></c>')]
    table = read_table(xlsx({"A": [["x", "y"], cells]}), "t")
    assert table.rows[1].cells[0] == 2.0
    assert table.facts.unstored == set()


def test_errors_merged_cells_and_hidden_rows_are_known_by_their_places() -> None:
    error = Raw('<c r="{r}" t="e"><v>#REF!</v></c>')
    data = xlsx({"A": [["x"], [error], ["a"]]}, more='<mergeCells><mergeCell ref="A2:A3"/></mergeCells>')
    facts = read_table(data, "t").facts
    assert (facts.errors, facts.merged) == ({(2, 1)}, {(3, 1): (2, 1)})
    hidden = read_table(xlsx({"A": ROWS}, before='<cols><col min="2" max="3" hidden="1"/></cols>'), "t").facts
    assert hidden.hidden_columns == {2, 3}


def test_a_cell_far_away_is_refused_before_a_rectangle_is_made_of_it() -> None:
    far = Raw('<c r="XFD1048576"><v>1</v></c>')
    assert "reaches to row 1048576, column 16384: too large" in refused(xlsx({"A": [["x"], [far]]}))
    wide = '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/>'
    rows = f'<table:table-row table:number-rows-repeated="1048576">{wide}</table:table-row>'
    assert "too large" in refused(ods({"A": [["x"], [Raw("</table:table-row>" + rows + "<table:table-row>")]]}))


def test_a_bomb_is_refused_before_it_is_unpacked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_check, "UNPACKED", 1 << 16)
    assert "it unpacks to more than" in refused(xlsx({"A": [["x" * (1 << 17)]]}))


def test_parts_that_no_table_needs_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_check, "UNPACKED", 1 << 16)
    data = xlsx({"A": [["x"]]}, parts={"xl/media/image1.png": "0" * (1 << 20), "xl/vbaProject.bin": "0" * (1 << 20)})
    assert read_table(data, "t").rows[0].cells[0] == "x"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04", "no workbook that can be read"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "a workbook of the old form"),
        (packed({"word/document.xml": "<a/>"}), "neither an .xlsx nor an .ods"),
        (xlsx({"A": [[Raw("<c><unclosed></c>")]]}), "no XML in UTF-8"),
        (xlsx({"A": [["x"]]}, parts={"xl/theme/t.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}), "document type"),
        (xlsx({"A": [["x"]]}, parts={"xl/deep.xml": "<a>" * 100 + "</a>" * 100}), "too deep"),
    ],
)
def test_a_file_that_is_no_workbook_is_refused_with_what_it_is(data: bytes, says: str) -> None:
    assert says in refused(data)


def test_a_file_of_more_bytes_than_a_table_may_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_file, "LARGEST", 10)
    assert "are more than" in refused(b"a,b,c,d,e,f\n")


def test_a_table_has_at_most_32_mib_and_100000_rows_of_cells_of_65536_characters() -> None:
    assert refused(b"\n" * (1 << 25)) == "more than 100000 rows or 1000000 cells"
    assert refused(b"\n" * ((1 << 25) + 1)) == "33554433 bytes are more than 32 MiB"
    assert read_table(b"\n" * 100_000, "t").rows == []
    assert "more than 100000 rows" in refused(b"\n" * 100_001)
    assert len(str(read_table(b"a" * 65_536, "t").rows[0].cells[0])) == 65_536
    assert "row 1 is not CSV: field larger than field limit (65536)" in refused(b"a" * 65_537)


def test_a_csv_in_utf_8_may_begin_with_its_mark_and_ascii_is_read_in_any_encoding() -> None:
    for mark in (b"", b"\xef\xbb\xbf"):
        table = read_table(mark + "Žižka;b\n".encode(), "t")
        assert list(table.rows[0].cells) == ["Žižka", "b"]
        assert table.place(1, 2) == "row 1, column 2"
    assert list(read_table(b"a;b\n", "t", encoding="cp1250").rows[0].cells) == ["a", "b"]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("cp1250", "Žižka"), ("iso-8859-2", "Žižka"), ("cp1257", "Žõšäü"), ("iso-8859-13", "Žõšäü"), ("utf-16", "Žižka")],
)
def test_a_csv_is_read_in_the_encoding_that_the_profile_states(encoding: str, name: str) -> None:
    table = read_table(f"Nr;Jméno\r\n1;{name}\r\n".encode(encoding, "replace"), "t", encoding=encoding)
    assert table.rows[1].cells[1] == name
    assert table.sheet == ""


def test_a_csv_in_another_encoding_than_stated_is_refused() -> None:
    assert "line 2 is not utf-8" in refused("Nr;J\n1;Žižka\n".encode("cp1250"))
    assert refused(b"\nNr\n\xe9") == "line 3 is not utf-8 at byte 4"
    assert "it is UTF-8, and cp1250 would change its letters" in refused("Nr;J\n1;Žižka\n".encode(), encoding="cp1250")
    assert "it is UTF-16" in refused("Nr;J\n".encode("utf-16"))


def test_a_csv_with_quoted_lines_keeps_the_numbers_of_its_rows_as_a_spreadsheet_counts() -> None:
    table = read_table(b'sep=;\na;b\n\n"x\ny";2\n', "t")
    assert [(row.number, list(row.cells)) for row in table.rows] == [(2, ["a", "b"]), (4, ["x\ny", "2"])]


def test_a_csv_with_an_open_quotation_mark_is_refused() -> None:
    assert "is not CSV" in refused(b'a;b\n"x;2\n')


@pytest.mark.parametrize("many", ["16385", "999999999", "2000000000", "9" * 30, "+9", "1e9", "-1", " 20000 ", ""])
def test_no_number_of_repetitions_hides_cells_or_makes_more_than_were_counted(many: str) -> None:
    cell = f'<table:table-cell table:number-columns-repeated="{many}" office:value-type="float" office:value="1"/>'
    assert refused(ods({"A": [[Raw(cell), "behind it"]]}))
    rows = f'</table:table-row><table:table-row table:number-rows-repeated="{many}">{cell}'
    assert refused(ods({"A": [["x"], [Raw(rows)]]}))


@pytest.mark.parametrize("place", ["xfd1048576", "A00000001048576", "$XFD$1048576", "R1C16384", "AAAA1", "", " A1"])
def test_a_cell_is_where_both_readers_find_it_or_the_workbook_is_refused(place: str) -> None:
    assert "is no place of a cell" in refused(xlsx({"A": [["x", Raw(f'<c r="{place}"><v>1</v></c>')]]}))
    merged = f'<mergeCells count="1"><mergeCell ref="A1:{place}"/></mergeCells>'
    assert "is no place of a cell" in refused(xlsx({"A": [["x"]]}, more=merged))


def test_a_stated_dimension_makes_no_rectangle() -> None:
    data = xlsx({"A": [["x"]]}, before='<dimension ref="A1:XFD1048576"/>')
    assert [row.cells for row in read_table(data, "t").rows] == [["x"]]


def test_a_csv_is_read_with_the_mark_that_its_first_line_states_or_has_most() -> None:
    for text, rows in (
        ("sep=;\na;b,c\n", [(2, ["a", "b,c"])]),
        ("SEP=|\r\na|b;c\r\n", [(2, ["a", "b;c"])]),
        ("sep=\na,b\n", [(1, ["sep="]), (2, ["a", "b"])]),
        ("a;b;c,d\n1;2;3\n", [(1, ["a", "b", "c,d"]), (2, ["1", "2", "3"])]),
        ("a,b,c;d\n\n1,2,3\n", [(1, ["a", "b", "c;d"]), (3, ["1", "2", "3"])]),
        ("a\tb\n", [(1, ["a", "b"])]),
    ):
        table = read_table(text.encode(), "t")
        assert [(row.number, list(row.cells)) for row in table.rows] == rows, text
    assert list(read_table(b"a;b,c\n", "t", delimiter=",").rows[0].cells) == ["a;b", "c"]
    assert list(read_table(b"sep=;\na;b,c\n", "t", delimiter=",").rows[0].cells) == ["a;b", "c"]


def test_a_csv_has_no_sheets_and_no_nul_and_not_more_than_a_table_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "a CSV has no sheets" in refused(b"a;b\n", sheet="A")
    assert "NUL character" in refused(b"a;\0b\n")
    monkeypatch.setattr(table_file, "ROWS", 2)
    assert len(read_table(b"a\nb\n", "t").rows) == 2
    assert "more than 2 rows" in refused(b"a\nb\nc\n")
    monkeypatch.setattr(table_file, "CELLS", 4)
    assert len(read_table(b"a;b\nc;d\n", "t").rows) == 2
    assert "or 4 cells" in refused(b"a;b\nc;d;e\n")


def test_a_workbook_has_not_more_rows_than_a_table_and_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    data = xlsx({"A": [["a"], ["b"], ["c"]]})
    monkeypatch.setattr(table_file, "ROWS", 3)
    assert len(read_table(data, "t").rows) == 3
    monkeypatch.setattr(table_file, "ROWS", 2)
    assert "more than 2 rows" in refused(data)
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(LedgerError, match="NO-SHEETS"):
        read_table(data, "t")


def test_what_stops_the_library_is_no_workbook_and_what_stops_the_program_stops_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import python_calamine

    data = xlsx({"A": [["a"]]})

    class Broken:
        def __init__(self, error: BaseException) -> None:
            self.from_filelike = self._fail
            self._error = error

        def _fail(self, data: object) -> None:
            raise self._error

    class Panic(BaseException):
        """A panic of the library."""

    for error, stops in (
        (ValueError("x"), False),
        (Panic("x"), False),
        (KeyboardInterrupt(), True),
        (MemoryError(), True),
    ):
        monkeypatch.setattr(python_calamine, "CalamineWorkbook", Broken(error))
        if stops:
            with pytest.raises(type(error)):
                read_table(data, "t")
        else:
            assert "no workbook that can be read: x" in refused(data)
