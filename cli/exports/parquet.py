"""Write the whole ledger as Parquet, for queries over many orders: entries, timeline, deadlines and findings.

DuckDB writes and reads the files here; Spark, Polars and R read them elsewhere. The law reads sealed values if their
keys are on this machine, as `comity judge` does; no sealed value is written. Each row has the signed bytes of its
entry, so that an archive can be compared with the log it came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from cli.exit_codes import Stop
from cli.exports.formats import ExportRequest
from cli.session.ledger_reader import reading
from cli.terminal import output, prompts
from ledger.entries.case import wire
from ledger.law import judge
from projections.exchange.tables import TABLES, Row, entry_row, order_rows

PAGE = 1000
TYPES = {
    "text": "VARCHAR",
    "texts": "VARCHAR[]",
    "count": "UBIGINT",
    "count32": "UINTEGER",
    "time": "TIMESTAMP WITH TIME ZONE",
    "json": "JSON",
}


def archive(wanted: ExportRequest) -> None:
    """Write the folder of Parquet files, all as recorded at one moment."""
    if wanted.order is not None or wanted.file == "-":
        raise Stop("an archive is a folder with the whole ledger in it", hint="comity export --format parquet -o DIR")
    if wanted.reveal:
        raise Stop("no sealed value goes into an archive", hint="leave out --reveal")
    folder = Path(wanted.file)
    with TemporaryDirectory(prefix="comity-") as scratch:
        lines = {name: Path(scratch) / f"{name}.jsonl" for name in TABLES}
        counts = _lines(wanted, lines)
        folder.mkdir(mode=0o700)
        _parquet(lines, folder)
    output.tell(f"{wanted.file}: " + ", ".join(f"{n} {name}" for name, n in counts.items()))
    output.tell(
        "it holds entries whose very existence is closed to some readers: it is for the office, not for handing out"
    )


def _lines(wanted: ExportRequest, files: Mapping[str, Path]) -> dict[str, int]:
    """Write each table as JSON lines, row by row, so that memory stays bounded; return rows by table."""
    counts = dict.fromkeys(TABLES, 0)

    def put(name: str, rows: Iterable[Row]) -> None:
        for row in rows:
            open_files[name].write(json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=_text) + "\n")
            counts[name] += 1

    open_files: dict[str, IO[str]] = {}
    try:
        for name, path in files.items():
            open_files[name] = path.open("w", encoding="utf-8")
        with reading() as reader, prompts.progress("reading") as report:
            moment = wanted.as_of or reader.now()
            size = reader.store.size()
            for start in range(0, size, PAGE):
                page = reader.store.page(start, PAGE)
                put("entries", (row for i, raw in page if (row := entry_row(i, raw))["signed_at"] <= moment))
                report(start, 2 * size)
            done = 0
            for order in reader.cases.orders():
                case = reader.cases.case(order, label=reader.label(order)).known(moment)
                if not case.entries:
                    continue
                judgement = judge(case, moment)
                for name, rows in order_rows(case, judgement).items():
                    put(name, rows)
                done += len(case.entries)
                report(size + done, 2 * size)
    finally:
        for file in open_files.values():
            file.close()
    return counts


def _text(value: Any) -> str:
    """Return a moment as text, for the one type of a row that JSON does not have."""
    if isinstance(value, datetime):
        return wire(value)
    raise TypeError(type(value).__name__)


def _parquet(lines: Mapping[str, Path], folder: Path) -> None:
    try:
        import duckdb
    except ModuleNotFoundError:
        raise Stop("an archive needs duckdb", hint="pip install 'comity[archive]'") from None
    with closing(duckdb.connect()) as db:
        db.execute("SET threads = 1; SET preserve_insertion_order = true; SET TimeZone = 'UTC'")
        db.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
        for name, columns in TABLES.items():
            typed = ", ".join(f"'{column}': '{TYPES[kind]}'" for column, kind in columns.items())
            source = f"read_json('{lines[name]}', format = 'newline_delimited', columns = {{{typed}}})"
            target = str(folder / f"{name}.parquet").replace("'", "''")
            db.execute(f"COPY (SELECT * FROM {source}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")  # noqa: S608
            (folder / f"{name}.parquet").chmod(0o600)
