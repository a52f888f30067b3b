"""Write and read the Parquet files of an archive with pyarrow. The bytes that are read are not trusted.

A file has one row group, no metadata except the columns, and no dictionary. Its statistics are those of the values, and
there is no other index: programs that ask questions skip rows by them, and would count less than was verified. If its
footer has other columns or rows, the file is refused before a page is decompressed. On Linux the additional memory of
the decompression is bounded, so a page that states a false size is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from ledger.errors import LedgerError, RecordError

MEMORY = 1 << 31  # bytes of memory for one file: 8,192 entries of the largest size have 0.4 GB, and are copied
_THRIFT = 1 << 20  # bytes of a text, and number of items, in the footer of a file
_STATM = Path("/proc/self/statm")

# name, type of Arrow, length in bytes if it is fixed
ENTRY_COLUMNS = (
    ("log_index", "int64"),
    ("order_id", "string"),
    ("seq", "int64"),
    ("kind", "string"),
    ("entry_id", 16),
    ("leaf", 32),
    ("nodes", "binary"),
    ("envelope", "binary"),
)
STATE_COLUMNS = (("name", "string"), ("content", "binary"))


class Row(Struct, frozen=True, array_like=True, gc=False):
    """One entry: index in the log (from 0), order, number in the order (from 1), kind, id (16 bytes), leaf (32 bytes).

    `nodes` are the inner hashes of the tree that the entry completes (32 bytes each, joined), `raw` the signed line.
    """

    index: int
    order: str
    seq: int
    kind: str
    entry: bytes
    leaf: bytes
    nodes: bytes
    raw: bytes


def write_entries(rows: Sequence[Row]) -> bytes:
    """Return the bytes of the file of these entries. One version of pyarrow gives the same bytes for the same rows."""
    columns = zip(*[(r.index, r.order, r.seq, r.kind, r.entry, r.leaf, r.nodes, r.raw) for r in rows], strict=True)
    return _write(ENTRY_COLUMNS, list(columns))


def write_states(files: Sequence[tuple[str, bytes]]) -> bytes:
    """Return the bytes of the file of these notes and time stamps, given as (name, content)."""
    return _write(STATE_COLUMNS, [[name for name, _ in files], [content for _, content in files]])


def read_entries(data: bytes, count: int) -> list[Row]:
    """Return the entries of a file that must have `count` of them; `RecordError` ARC-FORMAT for any other file."""
    return [Row(*row) for row in zip(*_read(data, ENTRY_COLUMNS, count), strict=True)]


def read_states(data: bytes) -> list[tuple[str, bytes]]:
    """Return notes and time stamps by name; `RecordError` ARC-FORMAT for any other file."""
    names, contents = _read(data, STATE_COLUMNS, None)
    return list(zip(names, contents, strict=True))


def arrow() -> Any:
    """Return pyarrow with its Parquet module; `LedgerError` NO-PYARROW if it is not installed."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise LedgerError("NO-PYARROW", "archives need pyarrow", "pip install 'comity[archive]'") from None
    return pa, pq


def _schema(pa: Any, columns: Sequence[tuple[str, str | int]]) -> Any:
    types = {"int64": pa.int64(), "string": pa.string(), "binary": pa.binary()}
    typed = [(name, pa.binary(kind) if isinstance(kind, int) else types[kind]) for name, kind in columns]
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in typed])


def _write(columns: Sequence[tuple[str, str | int]], values: Sequence[Sequence[Any]]) -> bytes:
    pa, pq = arrow()
    schema = _schema(pa, columns)
    arrays = [pa.array(each, field.type) for each, field in zip(values or [()] * len(columns), schema, strict=True)]
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=schema),
        sink,
        row_group_size=max(len(arrays[0]), 1),
        version="2.6",
        compression="zstd",
        use_dictionary=False,
        write_statistics=["log_index", "order_id", "kind"],
        store_schema=False,
    )
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _read(data: bytes, columns: Sequence[tuple[str, str | int]], count: int | None) -> list[list[Any]]:
    pa, pq = arrow()
    try:
        with _bounded_memory():
            file = pq.ParquetFile(
                pa.BufferReader(data),
                memory_map=False,
                pre_buffer=False,
                thrift_string_size_limit=_THRIFT,
                thrift_container_size_limit=_THRIFT,
            )
            footer = file.metadata
            if count is not None and footer.num_rows != count:
                raise _wrong(f"it has {footer.num_rows} rows; the segment has {count} entries")
            if footer.num_row_groups > 1 or footer.num_columns != len(columns):
                raise _wrong("it does not have one row group with the columns of an archive")
            if any(not 0 <= g.total_byte_size <= MEMORY or g.num_rows != footer.num_rows for g in _claimed(footer)):
                raise _wrong(f"its footer states more than {MEMORY} bytes, or another number of rows")
            if footer.metadata:
                raise _wrong("it has metadata apart from its columns")
            if not file.schema_arrow.equals(_schema(pa, columns)):
                raise _wrong("its columns are not those of an archive")
            sorts = any(footer.row_group(n).sorting_columns for n in range(footer.num_row_groups))
            if sorts or any(map(_has_more, _chunks(footer))):
                raise _wrong("it has an index, a filter, a dictionary, an order or the name of another file")
            table = file.read(use_threads=False)
            table.validate(full=True)
            if table.num_rows != footer.num_rows or table.nbytes > MEMORY:
                raise _wrong("its rows do not match its footer")
            values: list[list[Any]] = [column.to_pylist() for column in table.columns]
            for chunk, those in zip(_chunks(footer), values, strict=False):
                if not _tells_of(chunk.statistics, those):
                    raise _wrong(f"the statistics of {chunk.path_in_schema} are not those of its values")
            return values
    except RecordError:
        raise
    except Exception as error:  # pyarrow on untrusted bytes raises more than its own errors
        raise _wrong(f"not a Parquet file of an archive: {type(error).__name__}: {str(error)[:200]}") from None


def _claimed(footer: Any) -> list[Any]:
    """Return the row groups that the footer of a file states."""
    return [footer.row_group(n) for n in range(footer.num_row_groups)]


def _chunks(footer: Any) -> list[Any]:
    """Return what the footer says of each column, in order; none for a file without rows."""
    groups = (footer.row_group(n) for n in range(footer.num_row_groups))
    return [group.column(n) for group in groups for n in range(group.num_columns)]


def _has_more(chunk: Any) -> bool:
    """Return True if a column has parts by which a reader may skip rows, or which lead elsewhere."""
    indexed = chunk.has_column_index or chunk.has_offset_index or chunk.has_dictionary_page
    return bool(indexed or chunk.file_path) or getattr(chunk, "bloom_filter_offset", None) is not None


def _tells_of(statistics: Any, values: Sequence[Any]) -> bool:
    """Return True if the statistics of a column are those of its values: by others a question would skip rows."""
    if statistics is None:
        return True
    if (statistics.has_null_count and statistics.null_count) or statistics.has_distinct_count:
        return False
    bounds = (statistics.min, statistics.max) if statistics.has_min_max else None
    return statistics.num_values == len(values) and (bounds is None or bounds == (min(values), max(values)))


@contextmanager
def _bounded_memory() -> Iterator[None]:
    """Limit the additional address space of this process in the block to `MEMORY` bytes, on Linux only."""
    if not sys.platform.startswith("linux"):
        yield
        return
    import resource

    import pyarrow as pa

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    held = int(_STATM.read_text().split()[0]) * resource.getpagesize()
    wanted = held + MEMORY
    before = pa.default_memory_pool()
    if (soft == resource.RLIM_INFINITY or soft > wanted) and (hard == resource.RLIM_INFINITY or hard > wanted):
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    pa.set_memory_pool(pa.system_memory_pool())  # the others reserve address space ahead
    try:
        yield
    finally:
        pa.set_memory_pool(before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _wrong(says: str) -> RecordError:
    return RecordError("ARC-FORMAT", says)
