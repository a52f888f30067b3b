"""Tables of a ledger for Apache Arrow: what pandas, Polars, DuckDB and Spark read without a copy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import orjson

from projections.exchange.tables import TABLES, Row

if TYPE_CHECKING:
    import pyarrow

ROWS = 1000  # rows that are turned into columns at a time


def arrow_table(name: str, rows: Iterable[Row]) -> pyarrow.Table:
    """Return rows of the table `name` as a `pyarrow.Table`, in their order. ImportError without pyarrow."""
    try:
        import pyarrow
    except ModuleNotFoundError:
        raise ImportError("a table needs pyarrow: pip install 'comity[arrow]'") from None
    types = {
        "text": pyarrow.string(),
        "texts": pyarrow.list_(pyarrow.string()),
        "count": pyarrow.uint64(),
        "count32": pyarrow.uint32(),
        "time": pyarrow.timestamp("us", tz="UTC"),
        "json": pyarrow.string(),
    }
    columns = TABLES[name]
    schema = pyarrow.schema([(column, types[kind]) for column, kind in columns.items()])
    texts = [column for column, kind in columns.items() if kind == "json"]
    batches, waiting = [], []
    for row in rows:
        waiting.append({**row, **{column: orjson.dumps(row[column]).decode() for column in texts}})
        if len(waiting) == ROWS:
            batches.append(pyarrow.RecordBatch.from_pylist(waiting, schema=schema))
            waiting = []
    batches.append(pyarrow.RecordBatch.from_pylist(waiting, schema=schema))
    return pyarrow.Table.from_batches(batches, schema=schema)
