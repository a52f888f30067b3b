"""What a workbook holds besides its values is known by its place, and what its reader may read otherwise is refused."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest

from ledger.application.intake import sheet_facts, workbook_check
from ledger.application.intake.sheet_facts import SheetFacts
from ledger.application.intake.table_file import read_table
from ledger.application.intake.workbook_check import ODS, checked
from ledger.errors import RecordError
from tests.support.intake.workbooks import Raw, ods, packed, xlsx


def refused(data: bytes) -> str:
    with pytest.raises(RecordError) as error:
        checked(data, "t")
    assert error.value.code == "TABLE-FORM"
    return f"{error.value.where}: {error.value.says}"


def one(data: bytes) -> SheetFacts:
    (facts,) = checked(data, "t").sheets
    return facts


def parts_of(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


# -- .ods --------------------------------------------------------------------------------------------------------------

VALUE = '<table:table-cell{} office:value-type="float" office:value="1"/>'
EMPTY = '<table:table-cell table:number-columns-repeated="9"/>'


def cell(**attributes: object) -> str:
    return VALUE.format("".join(f' table:{name.replace("_", "-")}="{value}"' for name, value in attributes.items()))


def row(cells: str, times: int = 1, **attributes: str) -> str:
    more = "".join(f' table:{name}="{value}"' for name, value in attributes.items())
    return f'<table:table-row table:number-rows-repeated="{times}"{more}>{cells}</table:table-row>'


def sheet(*rows: str, columns: str = "") -> bytes:
    """Return an .ods of one sheet with these columns and rows."""
    parts = parts_of(ods({"A": [["x"]]}))
    begin, end = parts["content.xml"].index("<table:table-row>"), parts["content.xml"].index("</table:table>")
    parts["content.xml"] = f"{parts['content.xml'][:begin]}{columns}{''.join(rows)}{parts['content.xml'][end:]}"
    return packed(parts)


def test_a_repeated_row_or_cell_of_an_ods_reaches_as_far_as_it_is_repeated() -> None:
    wide = cell(number_columns_repeated=4)
    assert one(sheet(row(wide, 3))).last == (3, 4)
    assert one(sheet(row(wide + cell() + EMPTY, 3), row(EMPTY, 7))).last == (3, 5)
    assert one(sheet(row(EMPTY, 7), row(EMPTY + cell()))).last == (8, 10)
    assert one(sheet("<table:table-row>" + cell() + "</table:table-row>", row(cell() + cell()))).last == (2, 2)
    assert one(sheet(row(EMPTY, 7))).last == (0, 0)


@pytest.mark.parametrize(("rows", "columns", "taken"), [(6, 2, True), (7, 2, False), (12, 1, True), (1, 12, True),
                                                        (13, 1, False), (1, 13, False)])  # fmt: skip
def test_the_rectangle_of_an_ods_counts_repeated_rows_up_to_the_largest_that_is_taken(
    rows: int, columns: int, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet_facts, "CELLS", 12)
    data = sheet(row(cell(number_columns_repeated=columns), rows))
    if taken:
        assert one(data).last == (rows, columns)
    else:
        assert f"reaches to row {rows}, column {columns}: too large" in refused(data)


@pytest.mark.parametrize("make", [
    lambda column: sheet(row(f'<table:table-cell table:number-columns-repeated="{column - 1}"/>{cell()}')),
    lambda column: xlsx({"A": [[Raw(f'<c r="{sheet_facts.letters(column)}1"><v>1</v></c>')]]}),
])  # fmt: skip
def test_a_sheet_has_no_more_columns_than_its_reader_reads(make: Callable[[int], bytes]) -> None:
    assert one(make(sheet_facts.COLUMNS)).last == (1, sheet_facts.COLUMNS)
    assert "too large" in refused(make(sheet_facts.COLUMNS + 1))


def test_a_table_inside_a_cell_of_an_ods_is_no_part_of_its_sheet() -> None:
    column = '<table:table-column table:number-columns-repeated="5" table:visibility="collapse"/>'
    inner = f'<table:table table:name="in">{column}{row(cell() * 9, 50, visibility="filter")}</table:table>'
    outer = f'<table:table-cell office:value-type="string">{inner}</table:table-cell>'
    facts = one(sheet(row(outer + cell(), 2)))
    assert (facts.name, facts.last, facts.hidden_rows, facts.hidden_columns) == ("A", (2, 2), set(), set())


def test_each_sheet_of_an_ods_begins_anew() -> None:
    rows: list[list[Raw | str]] = [["x"], [Raw(cell(number_columns_repeated=3))]]
    first, second, third = checked(ods({"A": rows, "B": [["x"]], "C": rows}, hidden=["B"]), "t").sheets
    assert [(each.name, each.last, each.hidden) for each in (first, second, third)] == [
        ("A", (2, 3), False), ("B", (1, 1), True), ("C", (2, 3), False),
    ]  # fmt: skip


def test_the_columns_of_a_sheet_are_no_cells_of_it_nor_are_those_of_the_sheet_before() -> None:
    parts = parts_of(ods({"A": [[Raw(cell(number_columns_repeated=9))]], "B": [["x"]]}))
    before, mark, after = parts["content.xml"].rpartition("<table:table-row>")
    parts["content.xml"] = f"{before}<table:table-column table:number-columns-repeated='4'/>{mark}{after}"
    assert [each.last for each in checked(packed(parts), "t").sheets] == [(1, 9), (1, 1)]


@pytest.mark.parametrize(
    ("how", "hidden"), [("collapse", True), ("filter", True), ("visible", False), ("collapse-not", False)]
)
def test_hidden_rows_and_columns_of_an_ods_are_known_by_their_places(how: str, hidden: bool) -> None:
    columns = '<table:table-column/><table:table-column table:number-columns-repeated="2"/>'
    columns += f'<table:table-column table:number-columns-repeated="2" table:visibility="{how}"/><table:table-column/>'
    columns += f'<table:table-column table:visibility="{how}"/>'
    facts = one(sheet(row(cell()), row(cell(), 3, visibility=how), row(cell() * 8), columns=columns))
    assert facts.hidden_rows == ({2, 3, 4} if hidden else set())
    assert facts.hidden_columns == ({4, 5, 7} if hidden else set())
    assert facts.last == (5, 8)


def test_formulas_and_errors_of_an_ods_are_known_by_their_places() -> None:
    formula = 'table:formula="of:=1/0"'
    facts = one(sheet(
        row(f"<table:table-cell {formula}/>" + cell()),
        row(cell() + f'<table:table-cell {formula} office:value-type="error"/>'),
        row(f'<table:table-cell {formula} office:value-type="float" office:value="2"/>'),
        row('<table:table-cell office:value-type="error"/>', 2),
        row(f"<table:table-cell/><table:table-cell {formula}/>"),
    ))  # fmt: skip
    assert facts.unstored == {(1, 1), (2, 2), (6, 2)}
    assert facts.errors == {(2, 2), (4, 1)}
    assert facts.last == (6, 2)


def test_cells_that_another_one_covers_are_known_with_it() -> None:
    covered = "<table:covered-table-cell/>"
    facts = one(sheet(
        row(cell() + cell(number_columns_spanned=2, number_rows_spanned=2) + covered),
        row(cell() + covered * 2),
        row(cell(number_columns_spanned=2) + covered),
        row(cell(number_rows_spanned=2)),
        row(covered + cell(number_columns_spanned=1, number_rows_spanned=1)),
        row('<table:covered-table-cell table:number-columns-spanned="4"/>'),
    ))  # fmt: skip
    corner = dict.fromkeys(((1, 3), (2, 2), (2, 3)), (1, 2))
    assert facts.merged == {**corner, (3, 2): (3, 1), (5, 1): (4, 1)}


def test_no_workbook_merges_more_cells_than_a_sheet_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_facts, "CELLS", 12)
    for rows, taken in ((4, True), (5, False)):
        merged = cell(number_columns_spanned=3, number_rows_spanned=rows)
        made = xlsx({"A": [["x"]]}, more=f'<mergeCells><mergeCell ref="A1:C{rows}"/></mergeCells>')
        for data in (sheet(row(merged)), made):
            if taken:
                assert len(one(data).merged) == 11
            else:
                assert "merges too many cells" in refused(data)
    several = "".join(f'<mergeCell ref="A{n}:C{n}"/>' for n in range(1, 6))
    assert "merges too many cells" in refused(xlsx({"A": [["x"]]}, more=f"<mergeCells>{several}</mergeCells>"))
    assert "merges too many cells" in refused(sheet(*(row(cell(number_columns_spanned=6)) for _ in range(4))))


def test_merged_cells_between_reversed_corners_are_counted_and_give_no_room_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def merging(*refs: str) -> bytes:
        merges = "".join(f'<mergeCell ref="{ref}"/>' for ref in refs)
        return xlsx({"A": [["x"]]}, more=f"<mergeCells>{merges}</mergeCells>")

    assert one(merging("B2:A1")).merged == one(merging("A1:B2")).merged
    monkeypatch.setattr(sheet_facts, "CELLS", 12)
    assert "merges too many cells" in refused(merging("A6:C1", "A1:C6"))
    assert "merges too many cells" in refused(merging("C1:A6", "A1:C6"))


# -- .xlsx -------------------------------------------------------------------------------------------------------------


def book(rows: str, before: str = "", more: str = "") -> bytes:
    """Return an .xlsx of one sheet with these rows."""
    parts = parts_of(xlsx({"A": []}, before=before, more=more))
    part = "xl/worksheets/sheet1.xml"
    parts[part] = parts[part].replace("<sheetData></sheetData>", f"<sheetData>{rows}</sheetData>")
    return packed(parts)


def test_a_row_or_cell_of_an_xlsx_that_states_no_place_follows_the_one_before_it() -> None:
    facts = one(book(
        '<row><c t="e"><v>#N/A</v></c><c/><c t="e"><v>#N/A</v></c></row><row r="4"><c r="C4" t="e"><v>1</v></c>'
        '<c t="e"><v>1</v></c></row><row><c t="e"><v>1</v></c></row>'
    ))  # fmt: skip
    assert facts.errors == {(1, 1), (1, 3), (4, 3), (4, 4), (5, 1)}
    assert facts.last == (5, 4)
    assert one(book('<c t="e"><v>1</v></c>')).errors == {(1, 1)}, "even without a row"


def test_a_formula_of_an_xlsx_is_known_by_what_is_stored_with_it_and_not_by_its_neighbours() -> None:
    facts = one(book(
        '<row r="2"><c r="A2"><f>1</f></c><c r="B2"><v>1</v></c><c r="C2"><f>1</f><v>7</v></c><c r="D2"/>'
        '<c r="E2" t="inlineStr"><is><t>x</t></is></c><c r="F2"><f>B2</f>  </c><c r="G2" t="str"><f>1</f></c></row>'
    ))  # fmt: skip
    assert facts.unstored == {(2, 1), (2, 6)}
    assert facts.last == (2, 7)
    assert one(book('<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c><c r="C1">behind</c></row>')).last == (
        1,
        1,
    )


@pytest.mark.parametrize(("how", "hidden"), [("1", True), ("true", True), ("0", False), ("false", False)])
def test_hidden_rows_and_columns_of_an_xlsx_are_known_by_their_places(how: str, hidden: bool) -> None:
    columns = f'<cols><col min="2" max="3" hidden="{how}"/><col hidden="{how}"/><col min="5" max="6"/></cols>'
    rows = f'<row r="2" hidden="{how}"/><row hidden="{how}"/><row/><row r="7" hidden="{how}"/>'
    rows += '<row r="8"><c r="D8"><v>1</v></c></row>'
    facts = one(book(rows, before=columns))
    assert facts.hidden_rows == ({2, 3, 7} if hidden else set())
    assert facts.hidden_columns == ({1, 2, 3} if hidden else set())


@pytest.mark.parametrize(("state", "hidden"), [("hidden", True), ("veryHidden", True), ("visible", False)])
@pytest.mark.parametrize("target", ["worksheets/sheet1.xml", "/xl/worksheets/sheet1.xml"])
def test_a_sheet_of_an_xlsx_is_found_by_its_relation_and_is_hidden_where_its_state_says_so(
    state: str, hidden: bool, target: str
) -> None:
    parts = parts_of(xlsx({"A": [["x", "y"]], "B": [["x"]]}, hidden=["A"]))
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace('state="hidden"', f'state="{state}"')
    relations = "xl/_rels/workbook.xml.rels"
    parts[relations] = parts[relations].replace("worksheets/sheet1.xml", target)
    sheets = checked(packed(parts), "t").sheets
    assert [(each.name, each.hidden, each.last) for each in sheets] == [("A", hidden, (1, 2)), ("B", False, (1, 1))]


@pytest.mark.parametrize("part", ["sharedStrings.xml", "worksheets/my-sharedStrings.xml", "calcChain.xml", "tab.xml"])
def test_a_sheet_is_counted_whatever_its_part_is_called(part: str) -> None:
    parts = parts_of(xlsx({"A": [[Raw('<c r="XFD1048576"><v>1</v></c>')]]}))
    parts[f"xl/{part}"] = parts.pop("xl/worksheets/sheet1.xml")
    relations = "xl/_rels/workbook.xml.rels"
    parts[relations] = parts[relations].replace("worksheets/sheet1.xml", part)
    assert "reaches to row 1048576, column 16384: too large" in refused(packed(parts))


@pytest.mark.parametrize(("target", "part"), [
    ("worksheets/sheet1.xml", "xl/WORKSHEETS/sheet1.xml"),
    ("WORKSHEETS/sheet1.xml", "xl/worksheets/sheet1.xml"),
    ("./worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
    ("workbook.xml", "xl/worksheets/sheet1.xml"),
    ("worksheets/sheet1.xml", "XL/worksheets/sheet1.xml"),
])  # fmt: skip
def test_a_sheet_whose_cells_a_reader_may_look_for_elsewhere_is_refused(target: str, part: str) -> None:
    parts = parts_of(xlsx({"A": [[Raw('<c r="XFD1048576"><v>1</v></c>')]]}))
    parts[part] = parts.pop("xl/worksheets/sheet1.xml")
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
        "</workbook>", '<c r="XFD1048576"><v>1</v></c></workbook>'
    )
    relations = "xl/_rels/workbook.xml.rels"
    parts[relations] = parts[relations].replace("worksheets/sheet1.xml", target)
    assert re.search("has no part|too large", refused(packed(parts)))


def test_two_sheets_have_two_parts_and_each_relation_one_target() -> None:
    relations = "xl/_rels/workbook.xml.rels"
    parts = parts_of(xlsx({"A": [["x"]], "B": [["x"]]}))
    both = packed({**parts, relations: parts[relations].replace("sheet2.xml", "sheet1.xml")})
    assert "sheet 'B' has no part, or that of another sheet" in refused(both)
    twice = packed({**parts, relations: parts[relations].replace('Id="rId2"', 'Id="rId1"')})
    assert "two relations of the workbook are called 'rId1'" in refused(twice)


@pytest.mark.parametrize("data", [
    book('<row r="1"><c r="XFD1048576" x:r="A1" xmlns:x="x"><v>1</v></c></row>'),
    book('<row r="1048576" x:r="1" xmlns:x="x"><c><v>1</v></c></row>'),
    sheet(row('<table:table-cell table:number-columns-repeated="16384" x:number-columns-repeated="1" xmlns:x="x"/>')),
    sheet('<table:table-row table:visibility="collapse" x:visibility="visible" xmlns:x="x"/>'),
])  # fmt: skip
def test_what_is_stated_in_two_namespaces_is_refused_since_a_reader_may_take_the_other_one(data: bytes) -> None:
    assert "states one attribute in two namespaces" in refused(data)


def test_the_type_of_a_value_may_be_stated_in_two_namespaces_as_libreoffice_does() -> None:
    error = '<table:table-cell office:value-type="string" calcext:value-type="error" xmlns:calcext="calc"/>'
    facts = one(sheet(row(cell() + error)))
    assert (facts.errors, facts.last) == ({(1, 2)}, (1, 2))
    formula = error.replace("/>", ' table:formula="of:=1"/>')
    assert one(sheet(row(cell() + formula))).errors == {(1, 2)}


def test_a_covered_cell_with_a_value_is_a_cell_of_its_sheet() -> None:
    value = '<table:covered-table-cell office:value-type="float" office:value="1"/>'
    assert one(sheet(row(cell(number_columns_spanned=2) + value))).last == (1, 2)


def test_a_text_of_an_xlsx_ends_with_its_element_and_a_place_has_letters_and_a_number() -> None:
    blank = '<row r="1"><c r="C1" t="inlineStr"><is><t></t> </is> </c></row>'
    assert one(book(blank)).last == (0, 0)
    for place in ("1A", "A", "7", "", "ABCD1", "A12345678", "a1"):
        assert f"{place!r} is no place of a cell" in refused(book(f'<row r="1"><c r="{place}"><v>1</v></c></row>'))


def test_a_value_of_an_xlsx_ends_with_its_element_and_numbers_have_at_most_nine_digits() -> None:
    assert one(book('<row r="1"><c r="C1"><v></v> </c></row>')).last == (0, 0)
    assert one(book('<row r="1"><c r="C1"><v>1</v> </c></row>')).last == (1, 3)
    for number in ("x", "", "-1", "1234567890"):
        assert f"r is {number!r}, no number of at most nine digits" in refused(book(f'<row r="{number}"/>'))


def test_a_sheet_of_an_ods_is_hidden_by_a_style_that_does_not_display_it() -> None:
    parts = parts_of(ods({"A": [["x"]], "B": [["x"]]}, hidden=["B"]))
    assert 'display="false"' in parts["content.xml"]
    for how, hidden in (("false", True), ("true", False)):
        parts["content.xml"] = re.sub('display="[a-z]+"', f'display="{how}"', parts["content.xml"])
        assert [each.hidden for each in checked(packed(parts), "t").sheets] == [False, hidden]


def test_what_is_not_read_may_state_an_attribute_in_two_namespaces_and_name_a_password() -> None:
    twice = '<a b="1" x:b="2" xmlns:x="x"/>'
    assert one(xlsx({"A": [["x"]]}, parts={"xl/extra.xml": twice})).last == (1, 1)
    words = {**parts_of(ods({"A": [["x"]]})), "settings.xml": "<a>encryption-data</a>"}
    assert one(packed(words)).last == (1, 1)


def test_a_file_of_the_old_form_and_an_archive_of_something_else_are_named() -> None:
    assert "of the old form (.xls), or one with a password" in refused(b"\xd0\xcf\x11\xe0" + bytes(600))
    assert "a ZIP, and neither an .xlsx nor an .ods workbook" in refused(packed({"word/document.xml": "<a/>"}))
    assert "a ZIP, and neither" in refused(packed({"mimetype": f"{ODS}-template", "content.xml": "<a/>"}))


def test_an_xlsx_may_have_a_part_that_states_its_type_and_relations_may_hold_other_elements() -> None:
    parts = parts_of(xlsx({"A": [["x"]]}))
    relations = "xl/_rels/workbook.xml.rels"
    more = {
        "mimetype": "application/zip",
        relations: parts[relations].replace("</Relationships>", "<a/><b/></Relationships>"),
    }
    assert one(packed({**parts, **more})).last == (1, 1)


def test_parts_whose_names_differ_in_case_alone_are_refused() -> None:
    parts = parts_of(xlsx({"A": [["x"]]}))
    data = packed({**parts, "xl/worksheets/SHEET1.xml": parts["xl/worksheets/sheet1.xml"]})
    assert "two parts are called 'xl/worksheets/SHEET1.xml'" in refused(data)


def test_shared_texts_are_no_cells() -> None:
    shared = "<sst>" + "<si><t>x</t></si>" * 5 + '<c r="ZZZ9"/></sst>'
    facts = one(xlsx({"A": [["x"]]}, parts={"xl/sharedStrings.xml": shared}))
    assert facts.last == (1, 1)


# -- archive and XML ---------------------------------------------------------------------------------------------------


def test_what_is_read_are_the_parts_that_were_checked_and_no_other() -> None:
    more = {"docProps/app.xml": "<no xml", "customXml/item1.xml": "<no xml", "xl/media/a.png": "\x89", "note.txt": "<a"}
    for data in (xlsx({"A": [["x"]]}, parts=more), packed({**parts_of(ods({"A": [["x"]]})), **more})):
        again = parts_of(checked(data, "t").data)
        assert again.keys() == parts_of(data).keys() - more.keys()
        assert all(again[name] == part for name, part in parts_of(data).items() if name in again)
        assert read_table(data, "t").rows[0].cells[0] == "x"


def test_the_type_of_an_ods_is_its_first_part_wherever_it_was() -> None:
    parts = parts_of(ods({"A": [["x"]]}))
    moved = {name: parts[name] for name in sorted(parts, key=lambda name: name == "mimetype")}
    with zipfile.ZipFile(io.BytesIO(checked(packed(moved), "t").data)) as archive:
        assert archive.namelist()[0] == "mimetype"


def test_every_part_of_a_workbook_is_scanned() -> None:
    for part in ("styles.xml", "xl/styles.xml", "xl/theme/theme1.xml", "_rels/.rels", "[Content_Types].xml"):
        assert f"t/{part}: no XML in UTF-8" in refused(xlsx({"A": [["x"]]}, parts={part: "<open>"}))
    for part in ("styles.xml", "META-INF/manifest.xml", "settings.xml"):
        data = packed({**parts_of(ods({"A": [["x"]]})), part: "<open>"})
        if part != "META-INF/manifest.xml":
            assert f"t/{part}: no XML in UTF-8" in refused(data)


def test_a_workbook_with_a_password_is_named_as_one() -> None:
    secret = '<manifest:encryption-data xmlns:manifest="m"/>'
    data = packed({**parts_of(ods({"A": [["x"]]})), "META-INF/manifest.xml": secret})
    assert "the workbook has a password" in refused(data)
    assert one(packed({**parts_of(ods({"A": [["encryption-data"]]}))})).last == (1, 1)
    locked = bytearray(xlsx({"A": [["x"]]}))
    for header, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = locked.find(header)
        while at >= 0:
            locked[at + flags] |= 1
            at = locked.find(header, at + 4)
    assert "the workbook has a password" in refused(bytes(locked))


def test_an_ods_without_content_and_a_part_that_is_there_twice_are_refused() -> None:
    assert "an .ods without content" in refused(packed({"mimetype": ODS, "styles.xml": "<a/>"}))
    made = io.BytesIO(xlsx({"A": [["x"]]}))
    with zipfile.ZipFile(made, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert "two parts are called 'xl/workbook.xml'" in refused(made.getvalue())


@pytest.mark.parametrize("bound", ["PARTS", "ELEMENTS", "DEEPEST", "UNPACKED"])
def test_each_bound_takes_what_is_as_large_as_it_and_nothing_larger(
    bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    depth = 9  # deeper than the rest
    data = xlsx({"A": [["x"]]}, parts={"xl/extra.xml": "<a>" * depth + "</a><a>" + "</a>" * depth})
    parts = parts_of(data)
    sizes = {
        "PARTS": len(parts),
        "ELEMENTS": sum(part.count("<") - part.count("</") for part in parts.values()),
        "DEEPEST": depth,
        "UNPACKED": sum(len(part.encode()) for part in parts.values()),
    }
    monkeypatch.setattr(workbook_check, bound, sizes[bound])
    assert one(data).last == (1, 1)
    monkeypatch.setattr(workbook_check, bound, sizes[bound] - 1)
    refused(data)


def test_a_name_has_no_more_characters_than_any_reader_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_check, "LONGEST", 300)
    name = "n" * 300
    assert one(xlsx({"A": [["x"]]}, parts={"xl/extra.xml": f'<{name} {name}="1"/>'})).last == (1, 1)
    for xml in (f"<n{name}/>", f'<a n{name}="1"/>'):
        assert "too many elements" in refused(xlsx({"A": [["x"]]}, parts={"xl/extra.xml": xml}))


@pytest.mark.parametrize("xml", ["<a/>".encode("utf-16"), b"\0<a/>", b'<a xmlns="' + b"n" * 1001 + b'"/>', b""])
def test_a_part_in_another_encoding_or_with_a_long_namespace_is_refused(xml: bytes) -> None:
    parts = {name: part.encode() for name, part in parts_of(xlsx({"A": [["x"]]})).items()}
    assert "t/xl/extra.xml: no XML in UTF-8" in refused(packed({**parts, "xl/extra.xml": xml}))


# -- what a workbook hides and merges ----------------------------------------------------------------------------------


def hiding(times: int) -> str:
    return row("", times, visibility="collapse")


def test_hidden_rows_and_columns_are_noted_as_far_as_the_values_reach() -> None:
    columns = '<table:table-column table:number-columns-repeated="999999999" table:visibility="collapse"/>'
    facts = one(sheet(hiding(2), row(cell() + cell()), hiding(1), row(cell()), hiding(1_048_570), columns=columns))
    assert (facts.last, facts.hidden_rows, facts.hidden_columns) == ((5, 2), {1, 2, 4}, {1, 2})
    wide = '<cols><col min="1" max="16384" hidden="1"/></cols>'
    facts = one(book('<row r="1" hidden="1"/><row r="2"><c r="B2"><v>1</v></c></row><row r="3" hidden="1"/>', wide))
    assert (facts.last, facts.hidden_rows, facts.hidden_columns) == ((2, 2), {1}, {1, 2})


@pytest.mark.parametrize(("sheets", "taken"), [(6, True), (7, False)])
def test_all_sheets_together_merge_no_more_cells_than_one_may_have(
    sheets: int, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet_facts, "CELLS", 12)
    names = [f"s{n}" for n in range(sheets)]
    of_ods = ods({name: [[Raw(cell(number_columns_spanned=2))]] for name in names})
    merge = '<mergeCells><mergeCell ref="A1:B1"/></mergeCells>'
    for data in (of_ods, xlsx({name: [["x"]] for name in names}, more=merge)):
        if taken:
            assert [len(each.merged) for each in checked(data, "t").sheets] == [1] * sheets
        else:
            assert "merges too many cells" in refused(data)


def test_a_small_file_that_hides_endless_rows_and_columns_of_many_sheets_takes_no_memory() -> None:
    column = '<table:table-column table:number-columns-repeated="16384" table:visibility="collapse"/>'
    assert one(sheet(row(cell()), *(hiding(1_000_000) for _ in range(50)), columns=column * 50)).last == (1, 1)
    columns = "".join(f'<col min="{n * 16_384 + 1}" max="{(n + 1) * 16_384}" hidden="1"/>' for n in range(50))
    facts = one(book('<row r="1"><c r="A1"><v>1</v></c></row>', before=f"<cols>{columns}</cols>"))
    assert facts.hidden_columns == {1}


def test_all_sheets_together_hide_no_more_rows_with_values_than_one_sheet_may_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sheet_facts, "CELLS", 12)
    for rows, taken in ((12, True), (13, False)):
        data = sheet(*(row(cell(), 1, visibility="collapse") for _ in range(min(rows, 12))))
        parts = parts_of(data)
        if rows > 12:
            table = parts["content.xml"].partition("<table:table ")[2].partition("</table:table>")[0]
            again = f"<table:table {table}</table:table>"
            parts["content.xml"] = parts["content.xml"].replace("</table:table>", f"</table:table>{again}", 1)
        if taken:
            assert len(one(packed(parts)).hidden_rows) == 12
        else:
            assert "hides too many rows and columns" in refused(packed(parts))
