"""Files of an archive are read as they were written, and every other file is refused, within bounded memory."""

from __future__ import annotations

import resource
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from ledger.application.archive import parquet_files
from ledger.application.archive.parquet_files import Row, read_entries, read_states, write_entries, write_states
from ledger.errors import RecordError

COUNT = 8
ROWS = [
    Row(n, f"order {n % 3}", n + 1, "order-issued", bytes([n] * 16), bytes([n] * 32), b"n" * 32 * (n % 2), b"{}" * n)
    for n in range(COUNT)
]
OTHER_COLUMNS = "it does not have one row group with the columns of an archive"
NAMES = [name for name, _ in parquet_files.ENTRY_COLUMNS]


def table(**other: Any) -> pa.Table:
    columns = zip(*map(astuple, ROWS), strict=True)
    return pa.table({name: other.get(name, pa.array(each)) for name, each in zip(NAMES, columns, strict=True)})


def file_of(made: pa.Table, **how: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(made, sink, **how)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def refused(data: bytes, count: int = COUNT) -> str:
    with pytest.raises(RecordError) as error:
        read_entries(data, count)
    assert error.value.code == "ARC-FORMAT"
    return error.value.says


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
row = st.builds(
    Row,
    st.integers(0, 2**60),
    texts,
    st.integers(1, 2**60),
    texts,
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=32, max_size=32),
    st.binary(max_size=96),
    st.binary(max_size=200),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(row, min_size=1, max_size=20))
def test_entries_are_read_as_they_were_written_and_give_the_same_bytes(rows: list[Row]) -> None:
    content = write_entries(rows)
    assert read_entries(content, len(rows)) == rows
    assert write_entries(rows) == content


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(texts, st.binary(max_size=300), max_size=10))
def test_states_are_read_as_they_were_written(files: dict[str, bytes]) -> None:
    assert read_states(write_states(sorted(files.items()))) == sorted(files.items())


@pytest.mark.parametrize("name", NAMES)
def test_a_column_of_another_type_is_refused(name: str) -> None:
    assert "columns" in refused(file_of(table(**{name: pa.array([1.5] * COUNT)}), store_schema=False))


@pytest.mark.parametrize("name", NAMES)
def test_a_column_with_a_missing_value_is_refused(name: str) -> None:
    made = table()
    empty = pa.array([None] * COUNT, made.schema.field(name).type)
    assert "columns" in refused(file_of(table(**{name: empty}), store_schema=False))


def test_a_column_more_is_refused() -> None:
    assert refused(file_of(table().append_column("name", pa.array(["Dina Ilves"] * COUNT)))) == OTHER_COLUMNS


def test_a_column_less_is_refused() -> None:
    assert refused(file_of(table().drop_columns(["leaf"]))) == OTHER_COLUMNS


def test_metadata_is_refused() -> None:
    columns = parquet_files._schema(pa, parquet_files.ENTRY_COLUMNS)
    cast = pa.Table.from_arrays(table().cast(pa.schema([(f.name, f.type) for f in columns])).columns, schema=columns)
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, columns, store_schema=False) as writer:
        writer.write_table(cast)
        writer.add_key_value_metadata({"subject": "Dina Ilves"})
    assert "metadata" in refused(sink.getvalue().to_pybytes())


def test_two_row_groups_are_refused() -> None:
    assert "row group" in refused(file_of(table(), row_group_size=2))


def plain_table() -> pa.Table:
    columns = parquet_files._schema(pa, parquet_files.ENTRY_COLUMNS)
    return pa.Table.from_arrays(table().cast(pa.schema([(f.name, f.type) for f in columns])).columns, schema=columns)


@pytest.mark.parametrize(
    "how",
    [
        {"use_dictionary": True},
        {"use_dictionary": ["kind"]},
        {"write_page_index": True},
        {"bloom_filter_options": {"kind": True}},
        {"sorting_columns": [pq.SortingColumn(0)]},
    ],
)
def test_parts_by_which_a_reader_skips_rows_are_refused(how: dict[str, Any]) -> None:
    plain = {"use_dictionary": False, "store_schema": False}
    assert read_entries(file_of(plain_table(), **plain), COUNT) == ROWS
    try:
        content = file_of(plain_table(), **{**plain, **how})
    except TypeError:
        pytest.skip("this pyarrow does not write it")
    assert "index, a filter" in refused(content)


@pytest.mark.parametrize("value", [b"order-issued", b"order 0", b"order 2", (7).to_bytes(8, "little")])
def test_statistics_that_are_not_those_of_the_values_are_refused(value: bytes) -> None:
    """The footer says that no value is there which is: a question for it would skip the file, and count none."""
    content = write_entries(ROWS)
    length = int.from_bytes(content[-8:-4], "little")
    pages, footer = content[: -8 - length], content[-8 - length : -8]
    assert value in footer
    forged = pages + footer.replace(value, b"\x01" * len(value) if value[-1:] == b"\0" else b"q" * len(value))
    assert "statistics of" in refused(forged + content[-8:])


@pytest.mark.parametrize("count", [0, COUNT - 1, COUNT + 1, 1 << 40])
def test_other_numbers_of_rows_are_refused(count: int) -> None:
    assert "rows" in refused(write_entries(ROWS), count)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_bytes_are_refused_or_read_as_rows_and_never_crash(data: st.DataObject) -> None:
    content = bytearray(write_entries(ROWS))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(len(content) // 2, len(content))) :]
    try:
        assert len(read_entries(bytes(content), COUNT)) == COUNT
    except RecordError as error:
        assert error.code == "ARC-FORMAT"  # noqa: PT017


@pytest.mark.slow
def test_a_file_that_unpacks_to_more_than_it_may_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = [replace(r, raw=bytes(16 << 20)) for r in ROWS]
    content = write_entries(bomb)
    assert len(content) < 1 << 20, "128 MiB of zeros"
    monkeypatch.setattr(parquet_files, "MEMORY", 64 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "more than" in refused(content)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10, "KiB: nothing was unpacked"


class Lying:
    """The metadata of a row group that claims to be small."""

    def __init__(self, group: Any) -> None:
        self.num_rows, self.total_byte_size = group.num_rows, 1


def test_a_file_whose_footer_lies_about_its_size_is_refused_within_bounded_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = write_entries([replace(r, raw=bytes(16 << 20)) for r in ROWS])

    monkeypatch.setattr(parquet_files, "MEMORY", 64 << 20)
    monkeypatch.setattr(parquet_files, "_claimed", lambda footer: [Lying(footer.row_group(0))])
    says = refused(made)
    assert "Memory" in says or "other rows" in says  # the second, where what was freed before has room for the rows
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY, "the bound has ended"
    assert read_entries(write_entries(ROWS), COUNT) == ROWS


def test_a_file_whose_footer_lies_about_its_size_is_refused_where_no_system_bounds_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = write_entries(ROWS)
    size = pq.ParquetFile(pa.BufferReader(content)).read().nbytes
    monkeypatch.setattr(parquet_files, "_bounded_memory", nullcontext)
    monkeypatch.setattr(parquet_files, "_claimed", lambda footer: [Lying(footer.row_group(0))])
    monkeypatch.setattr(parquet_files, "MEMORY", size)
    assert read_entries(content, COUNT) == ROWS
    monkeypatch.setattr(parquet_files, "MEMORY", size - 1)
    assert refused(content) == "its rows do not match its footer"


def test_a_file_may_claim_as_much_as_it_may_have_and_no_other_number_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    content = write_entries(ROWS)
    size = pq.ParquetFile(pa.BufferReader(content)).metadata.row_group(0).total_byte_size
    monkeypatch.setattr(parquet_files, "_bounded_memory", nullcontext)
    for claimed, rows, taken in (
        (1 << 20, COUNT, True),
        ((1 << 20) + 1, COUNT, False),
        (0, COUNT, True),
        (-1, COUNT, False),
        (size, COUNT - 1, False),
        (size, COUNT + 1, False),
    ):
        group = SimpleNamespace(total_byte_size=claimed, num_rows=rows)
        monkeypatch.setattr(parquet_files, "_claimed", lambda footer, group=group: [group])
        monkeypatch.setattr(parquet_files, "MEMORY", 1 << 20)
        if taken:
            assert read_entries(content, COUNT) == ROWS
        else:
            assert "its footer states more than" in refused(content)


TRUE = {"has_null_count": True, "null_count": 0, "has_distinct_count": False, "has_min_max": True, "min": 1, "max": 3}


@pytest.mark.parametrize(
    ("changes", "true"),
    [
        ({}, True),
        ({"has_null_count": False, "null_count": 7}, True),  # a number that the file does not state
        ({"null_count": 1}, False),
        ({"has_distinct_count": True}, False),
        ({"has_min_max": False, "min": None, "max": None}, True),
        ({"min": 2}, False),
        ({"max": 4}, False),
        ({"num_values": 2}, False),
        ({"num_values": 4}, False),
        ({"num_values": 2, "has_min_max": False}, False),
    ],
)
def test_statistics_are_true_of_a_column_if_each_number_that_they_state_is(changes: dict[str, Any], true: bool) -> None:
    assert parquet_files._tells_of(SimpleNamespace(**{**TRUE, "num_values": 3, **changes}), [3, 1, 2]) is true


def test_a_column_without_statistics_says_nothing_false() -> None:
    assert parquet_files._tells_of(None, [3, 1, 2])


def test_a_file_has_one_group_of_compressed_columns_with_statistics_of_three_and_nothing_more() -> None:
    for content, rows in ((write_entries(ROWS), COUNT), (write_entries([]), 0)):
        footer = pq.ParquetFile(pa.BufferReader(content)).metadata
        assert (footer.num_rows, footer.metadata, footer.format_version) == (rows, None, "2.6")
        assert footer.num_row_groups <= 1
        assert read_entries(content, rows) == ROWS[:rows]
    chunks = [pq.ParquetFile(pa.BufferReader(write_entries(ROWS))).metadata.row_group(0).column(n) for n in range(8)]
    assert {chunk.compression for chunk in chunks} == {"ZSTD"}
    counted = [chunk.path_in_schema for chunk in chunks if chunk.statistics is not None]
    assert counted == ["log_index", "order_id", "kind"]
    assert not any(parquet_files._has_more(chunk) for chunk in chunks)
    assert read_states(write_states([])) == []


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("has_column_index", True),
        ("has_offset_index", True),
        ("has_dictionary_page", True),
        ("file_path", "other.parquet"),
        ("bloom_filter_offset", 0),
    ],
)
def test_each_part_by_which_a_reader_skips_rows_or_reads_another_file_is_seen(part: str, value: object) -> None:
    plain = {"has_column_index": False, "has_offset_index": False, "has_dictionary_page": False, "file_path": ""}
    assert not parquet_files._has_more(SimpleNamespace(**plain))
    assert not parquet_files._has_more(SimpleNamespace(**plain, bloom_filter_offset=None))
    assert parquet_files._has_more(SimpleNamespace(**{**plain, part: value}))


WANTED = 3 * resource.getpagesize() + (2 << 30)
ENDLESS = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("soft", "hard", "bounded"),
    [
        (ENDLESS, ENDLESS, True),
        (WANTED + 1, ENDLESS, True),
        (WANTED, ENDLESS, False),
        (WANTED + 1, WANTED + 1, True),
        (WANTED, WANTED, False),
        (1, WANTED + 1, False),
        (WANTED + 1, WANTED, False),
    ],
)
def test_two_gib_more_than_there_are_may_be_used_unless_fewer_are_allowed_already(
    soft: int, hard: int, bounded: bool, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda which: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda which, both: limits.append((which, both)))
    (tmp_path / "statm").write_text("3 2 1 0\n")
    monkeypatch.setattr(parquet_files, "_STATM", tmp_path / "statm")
    before = pa.default_memory_pool()
    for error in (None, ValueError("in the block")):
        limits.clear()
        failing = nullcontext() if error is None else pytest.raises(ValueError, match="in the block")
        with failing, parquet_files._bounded_memory():
            assert pa.default_memory_pool().backend_name == "system"
            assert limits == [(resource.RLIMIT_AS, (WANTED, hard))][:bounded]
            if error is not None:
                raise error
        assert limits[-1] == (resource.RLIMIT_AS, (soft, hard))
        assert len(limits) == 1 + bounded
        assert pa.default_memory_pool().backend_name == before.backend_name
    monkeypatch.setattr("sys.platform", "darwin")
    limits.clear()
    with parquet_files._bounded_memory():
        assert pa.default_memory_pool().backend_name == before.backend_name
    assert limits == []


def test_a_file_is_read_by_one_thread_with_small_limits_and_has_the_rows_of_its_footer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[dict[str, Any]] = []
    fewer = 0

    class Opened(pq.ParquetFile):  # type: ignore[misc]
        def __init__(self, source: Any, **how: Any) -> None:
            given.append(how)
            super().__init__(source, **how)

        def read(self, **how: Any) -> Any:
            given.append(how)
            return super().read(**how).slice(fewer)

    monkeypatch.setattr(parquet_files, "arrow", lambda: (pa, SimpleNamespace(ParquetFile=Opened)))
    content = write_of(ROWS)
    assert read_entries(content, COUNT) == ROWS
    limits = {"thrift_string_size_limit": 1 << 20, "thrift_container_size_limit": 1 << 20}
    assert given == [{"memory_map": False, "pre_buffer": False, **limits}, {"use_threads": False}]
    fewer = 1
    assert refused(content) == "its rows do not match its footer"


def write_of(rows: list[Row]) -> bytes:
    """Return the bytes of a file, written without the functions that a test replaces."""
    with pytest.MonkeyPatch.context() as real:
        real.setattr(parquet_files, "arrow", lambda: (pa, pq))
        return write_entries(rows)
