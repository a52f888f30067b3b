"""A table is read as it was written: every cell under its column, every row with its number, every fault by name."""

from __future__ import annotations

import csv
import io
import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.exit_codes import Exit, Stop
from cli.imports import tables
from cli.imports.tables import Source, TableRow, Wrong, rows_of

COLUMNS = ("order", "kind", "on", "name")


def known(name: str) -> str:
    if name.strip() not in COLUMNS:
        raise Wrong("", f"no column {name}", "look at the template")
    return name.strip()


def read(data: bytes, form: str = "csv", encoding: str = "utf-8", delimiter: str | None = None) -> list[Any]:
    return list(rows_of(Source(io.BytesIO(data), "t", encoding=encoding), form, known=known, delimiter=delimiter))


def stopped(data: bytes, form: str = "csv", encoding: str = "utf-8") -> Stop:
    with pytest.raises(Stop) as stop:
        read(data, form, encoding)
    return stop.value


def refused(data: bytes, form: str = "csv", encoding: str = "utf-8") -> str:
    stop = stopped(data, form, encoding)
    assert stop.code == Exit.UNDECIDABLE
    return stop.message


def faults(row: Any) -> list[tuple[str, str]]:
    assert isinstance(row, tuple), row
    return [(wrong.column, wrong.says) for wrong in row[1]]


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n,;\t|\"'="), max_size=8)


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=6), st.sampled_from(tables.DELIMITERS), st.booleans())
def test_what_a_spreadsheet_writes_is_read_cell_by_cell(rows: list[list[str]], mark: str, plain: bool) -> None:
    made = io.StringIO(newline="")
    writer = csv.writer(made, delimiter=mark, lineterminator="\n" if plain else "\r\n")
    writer.writerows([["order", "kind", "name"], *rows])
    found = read(b"\xef\xbb\xbf" * plain + made.getvalue().encode())
    expected = []
    for number, cells in enumerate(rows, 2):
        kept = {column: cell.strip() for column, cell in zip(("order", "kind", "name"), cells, strict=True)}
        if any(kept.values()):
            expected.append((number, {column: cell for column, cell in kept.items() if cell}))
    assert [(row.number, dict(row.cells)) for row in found] == expected


def test_a_row_has_the_number_of_a_spreadsheet_and_the_line_in_which_it_begins() -> None:
    data = b'order,name\n1,"a\nb"\n\n  ,\n2,c\n'
    assert read(data) == [TableRow(2, 2, {"order": "1", "name": "a\nb"}), TableRow(5, 6, {"order": "2", "name": "c"})]
    named = read(b"sep=|\r\norder|name\r\n1|x,y;z\r\n")
    assert named == [TableRow(2, 3, {"order": "1", "name": "x,y;z"})]


def test_the_delimiter_is_the_one_that_was_given_or_named_or_splits_the_header_into_most_columns() -> None:
    rows = [TableRow(2, 2, {"order": "1", "name": "x"})]
    assert read(b"order;name\n1;x\n") == rows
    assert read(b"order:name\n1:x\n", delimiter=":") == rows
    assert read(b"sep=:\norder:name\n1:x\n") == [TableRow(2, 3, {"order": "1", "name": "x"})]
    assert read(b"SEP=;\norder:name\n1:x\n", delimiter=":") == [TableRow(2, 3, {"order": "1", "name": "x"})]
    assert stopped(b"sep=::\norder::name\n").code == Exit.REFUSED, "two characters are no delimiter"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "t has no header"),
        (b" ,\n1,2\n", "t has no header"),
        (b"sep=;\n", "t has no header"),
        (b"\xff\xfeo", "t is UTF-16, not CSV"),
        (b"\xfe\xffo", "t is UTF-16, not CSV"),
        (b"PK\x03\x04", "t is a spreadsheet itself, not CSV"),
        (b"order\r1\r2\n", "t: line 1 ends as on an old Macintosh"),
        (b"order\n1\r2\r\n", "t: line 2 ends as on an old Macintosh"),
        (b"order\n\0\n", "t: line 2 holds a NUL character"),
        (b"order,name\nM\xe4rz,1\n", "t: line 2 is not UTF-8 at byte 12"),
        (b"\xef\xbb\xbforder,name\nM\xe4rz,1\n", "t: line 2 is not UTF-8 at byte 15"),
        (b'order\n1\n"2\n3\n', "t: the row that begins in line 3 is not CSV"),
        (b'order,name\n1,"a"b\n', "t: the row that begins in line 2 is not CSV"),
    ],
)
def test_a_file_that_is_no_table_is_named_with_the_place_of_its_fault(data: bytes, says: str) -> None:
    assert says in refused(data)


def test_an_encoding_is_taken_as_stated_unless_the_line_is_utf8() -> None:
    assert read("order\nMärz\n".encode("cp1252"), encoding="cp1252") == [TableRow(2, 2, {"order": "März"})]
    assert read(b"order\nMai\n", encoding="latin-1") == [TableRow(2, 2, {"order": "Mai"})]
    says = refused("order\nMärz\n".encode(), encoding="cp1252")
    assert says == "t: line 2 is UTF-8, and --encoding cp1252 would change its letters"
    assert "t: line 2 is not cp1252 at byte 7" in refused(b"order\nM\x81rz\n", encoding="cp1252")


def test_a_line_may_be_as_long_as_any_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_LINE", 12)
    assert read(b"order\n12345678901\n") == [TableRow(2, 2, {"order": "12345678901"})]
    assert read(b"order\n12345678901") == [TableRow(2, 2, {"order": "12345678901"})]
    for data in (b"order\n123456789012", b"order\n123456789012\n"):
        assert "t: line 2 is longer than 12 bytes" in refused(data)


def test_what_was_read_is_counted_and_has_a_digest() -> None:
    data = "\ufefforder,name\n1,ä\n2,b\n".encode()
    seen: list[int] = []
    source = Source(io.BytesIO(data), "t", seen.append)
    rows = rows_of(source, "csv", known=known)
    next(rows)
    begun = data.index(b"2,b")
    assert (source.sha256, seen[-1]) == (sha256(data[:begun]).hexdigest(), begun)
    assert len(list(rows)) == 1
    assert (source.sha256, seen[-1], source.line) == (sha256(data).hexdigest(), len(data), 3)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"order,nothing\n", "t: column 2: no column nothing"),
        (b"order,name,order\n", "t: column 3: order stands twice in the header"),
        (b"a,b,c,d,e,f\n", "t: column 1: no column a; column 2: no column b; column 3: no column c; "
                           "column 4: no column d; column 5: no column e"),
    ],
)  # fmt: skip
def test_a_header_that_names_no_column_is_refused_with_its_place(head: bytes, says: str) -> None:
    stop = stopped(head + b"1,2\n")
    assert (stop.message, stop.code) == (says, Exit.REFUSED)
    assert stop.hint in ("look at the template", "one fact a row, one cell a field")


def test_a_cell_under_no_column_is_a_fault_of_its_row_and_an_empty_one_is_none() -> None:
    rows = read(b"order,,name\n1,,x,\n2,stray,y\n3,,z,more,,again\n4\n")
    assert rows[0] == TableRow(2, 2, {"order": "1", "name": "x"})
    assert faults(rows[1]) == [("#2", "this cell stands under no column")]
    assert [place for place, _ in faults(rows[2])] == ["#4", "#6"]
    assert rows[2][0] == TableRow(4, 4, {"order": "3", "name": "z"})
    assert rows[3] == TableRow(5, 5, {"order": "4"})


# -- JSON Lines --------------------------------------------------------------------------------------------------------


def test_members_are_read_as_they_are_also_below_public_and_sealed_and_null_is_not_stated() -> None:
    row = {"order": "1", "public": {"kind": ["a"], "on": None}, "sealed": {"name": 7}}
    assert read(b"\n" + json.dumps(row).encode() + b"\n  \n" + b'{"public": "x"}', "jsonl")[0] == TableRow(
        2, 2, {"order": "1", "kind": ["a"], "name": 7}
    )
    assert faults(read(b'{"public": "x"}', "jsonl")[0]) == [("", "no column public")], "it holds no members"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"[]", "expected a JSON object on each line"),
        (b"7", "expected a JSON object on each line"),
        (b"{", "not a JSON object on one line"),
        (b'{"order": 1, "order": 2}', "a member stands twice"),
        (b"[" * 100_000, "not a JSON object on one line"),
        (b'{"nothing": 1}', "no column nothing"),
        (b'{"order": 1, "public": {"order": 2}}', "stands twice"),
    ],
)
def test_a_line_that_is_no_row_is_a_fault_of_that_row_alone(line: bytes, says: str) -> None:
    good = b'{"order": 1}\n'
    first, wrong, last = read(good + line + b"\n" + good, "jsonl")
    assert (first, last) == (TableRow(1, 1, {"order": 1}), TableRow(3, 3, {"order": 1}))
    assert wrong[0].number == wrong[0].line == 2
    assert says in faults(wrong)[0][1]


def test_a_row_has_as_many_members_as_any_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST", 2)
    assert read(b'{"order": 1, "public": {"name": 2}}', "jsonl") == [TableRow(1, 1, {"order": 1, "name": 2})]
    (wrong,) = read(b'{"order": 1, "kind": 2, "public": {"name": 2}}', "jsonl")
    assert (wrong[0].cells, faults(wrong)) == ({}, [("", "has more than 2 members")])
