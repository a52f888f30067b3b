"""The whole ledger as Parquet, for questions over many orders: entries, timeline, deadlines and findings.

DuckDB writes and reads it here; Spark, Polars and R read it elsewhere. The law reads sealed values where their keys are
here, as `comity judge` does; none of them is written. The signed bytes stand beside what was read from them, so that an
archive can be counted against the log it came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from cli.exit_codes import Stop
from cli.exports.formats import Wanted
from cli.session.ledger_reader import Reader, reading
from cli.terminal import output, prompts
from ledger.entries.case import Case, wire
from ledger.entries.envelope import entry_of, open_
from ledger.law import Judgement, judge

PAGE = 1000
TIME = "TIMESTAMP WITH TIME ZONE"
TABLES: Mapping[str, Mapping[str, str]] = {
    "entries": {
        "log_index": "UBIGINT",
        "leaf": "VARCHAR",
        "order_id": "VARCHAR",
        "seq": "UINTEGER",
        "kind": "VARCHAR",
        "instrument": "VARCHAR",
        "actor": "VARCHAR",
        "signer": "VARCHAR",
        "role": "VARCHAR",
        "party": "VARCHAR",
        "key": "VARCHAR",
        "speaks": "VARCHAR",
        "happened": TIME,
        "signed_at": TIME,
        "replaces": "VARCHAR",
        "sealed": "VARCHAR[]",
        "public": "JSON",
        "envelope": "VARCHAR",
    },
    "timeline": {
        "order_id": "VARCHAR",
        "reference": "VARCHAR",
        "instrument": "VARCHAR",
        "log_index": "UBIGINT",
        "happened": TIME,
        "kind": "VARCHAR",
        "says": "VARCHAR",
        "state_before": "VARCHAR",
        "state": "VARCHAR",
        "late_seconds": "UBIGINT",
        "replaced_by": "VARCHAR",
        "replaced_at": TIME,
    },
    "deadlines": {
        "order_id": "VARCHAR",
        "reference": "VARCHAR",
        "instrument": "VARCHAR",
        "id": "VARCHAR",
        "due": TIME,
        "verdict": "VARCHAR",
        "policy": "VARCHAR",
        "cite": "VARCHAR[]",
        "wound_by": "VARCHAR",
        "met_by": "VARCHAR[]",
    },
    "findings": {
        "order_id": "VARCHAR",
        "reference": "VARCHAR",
        "instrument": "VARCHAR",
        "code": "VARCHAR",
        "level": "VARCHAR",
        "criteria": "VARCHAR[]",
        "says": "VARCHAR",
        "cite": "VARCHAR[]",
        "entries": "VARCHAR[]",
    },
}

Row = dict[str, Any]


def archive(wanted: Wanted) -> None:
    """Write the folder of Parquet files; everything as recorded at one moment."""
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


def _lines(wanted: Wanted, files: Mapping[str, Path]) -> dict[str, int]:
    """Every table as JSON lines, one row at a time, so that memory does not grow with the ledger; rows by table."""
    counts = dict.fromkeys(TABLES, 0)

    def put(name: str, rows: Iterable[Row]) -> None:
        for row in rows:
            open_files[name].write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            counts[name] += 1

    open_files: dict[str, IO[str]] = {}
    try:
        for name, path in files.items():
            open_files[name] = path.open("w", encoding="utf-8")
        with reading() as reader, prompts.progress("reading") as report:
            moment = wanted.as_of or reader.now()
            size = reader.store.size()
            for start in range(0, size, PAGE):
                put("entries", (row for row in _entries(reader, start) if row["signed_at"] <= wire(moment)))
                report(start, 2 * size)
            done = 0
            for order in reader.cases.orders():
                case = reader.cases.case(order, label=reader.label(order)).known(moment)
                if not case.entries:
                    continue
                judgement = judge(case, moment)
                reference = next((e.get("reference") for e in case.entries if e.kind == "order-issued"), None)
                head = {"order_id": order, "reference": reference, "instrument": case.instrument}
                for name, rows in _judged(case, judgement).items():
                    put(name, ({**head, **row} for row in rows))
                done += len(case.entries)
                report(size + done, 2 * size)
    finally:
        for file in open_files.values():
            file.close()
    return counts


def _entries(reader: Reader, start: int) -> Iterator[Row]:
    for index, raw in reader.store.page(start, PAGE):
        e = entry_of(open_(raw, verify=False), index)
        yield {
            "log_index": index,
            "leaf": e.leaf,
            "order_id": e.order,
            "seq": e.seq,
            "kind": e.kind,
            "instrument": e.instrument,
            "actor": e.actor,
            "signer": e.by,
            "role": e.role,
            "party": e.party,
            "key": e.key,
            "speaks": e.speaks,
            "happened": wire(e.on),
            "signed_at": wire(e.at),
            "replaces": e.replaces,
            "sealed": sorted(e.sealed),
            "public": dict(e.public),
            "envelope": raw.decode(),
        }


def _judged(case: Case, judgement: Judgement) -> dict[str, list[Row]]:
    from projections.views.timeline import timeline

    return {
        "timeline": [
            {
                "log_index": x.entry.index,
                "happened": wire(x.entry.on),
                "kind": x.entry.kind,
                "says": x.says,
                "state_before": x.moved[0] if x.moved else None,
                "state": x.moved[1] if x.moved else None,
                "late_seconds": int(x.late.total_seconds()) if x.late else None,
                "replaced_by": x.replaced_by,
                "replaced_at": None if x.replaced is None else wire(x.replaced.entry.at),
            }
            for x in timeline(case, judgement.trail, at=judgement.as_of)
        ],
        "deadlines": [
            {
                "id": c.id,
                "due": wire(c.due) if c.due else None,
                "verdict": str(c.verdict),
                "policy": c.policy,
                "cite": list(c.cite),
                "wound_by": c.trigger,
                "met_by": list(c.met_by),
            }
            for c in judgement.deadlines
        ],
        "findings": [
            {
                "code": f.code,
                "level": f.level.value,
                "criteria": list(f.criteria),
                "says": f.says,
                "cite": list(f.cite),
                "entries": list(f.entries),
            }
            for f in judgement.findings
        ],
    }


def _parquet(lines: Mapping[str, Path], folder: Path) -> None:
    try:
        import duckdb
    except ModuleNotFoundError:
        raise Stop("an archive needs duckdb", hint="pip install 'comity[archive]'") from None
    with closing(duckdb.connect()) as db:
        db.execute("SET threads = 1; SET preserve_insertion_order = true; SET TimeZone = 'UTC'")
        db.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
        for name, columns in TABLES.items():
            typed = ", ".join(f"'{column}': '{type_}'" for column, type_ in columns.items())
            source = f"read_json('{lines[name]}', format = 'newline_delimited', columns = {{{typed}}})"
            target = str(folder / f"{name}.parquet").replace("'", "''")
            db.execute(f"COPY (SELECT * FROM {source}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")  # noqa: S608
            (folder / f"{name}.parquet").chmod(0o600)
