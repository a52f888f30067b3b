"""Import a table of facts into a ledger, all rows or none.

The table is read twice. The first pass parses every row and writes nothing. Only a table without a fault is read again,
sealed, and stored in one transaction. The table must not change between the two passes; its digest shows that.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import IO, TYPE_CHECKING, Any

from cli.exit_codes import Exit, Stop
from cli.imports.import_report import CheckedTable, ImportOptions, refuse, tell, warn
from cli.records.same_orders import tell_same_orders
from cli.terminal import output, prompts
from ledger.application.intake.outlook import OutlookCount
from ledger.application.intake.unstarted_deadlines import Clocks
from ledger.application.write.draft import target_of
from ledger.application.write.seal import unsigned
from ledger.entries.case import Entry
from ledger.errors import RecordError

if TYPE_CHECKING:
    from cli.imports.row_index import Index
    from cli.imports.row_parser import ParsedRow, RowParser
    from cli.imports.tables import TableRow, Wrong
    from ledger.application.journal import Journal

_TRIES = 3  # attempts to seal again after another process wrote to one of the orders


logger = logging.getLogger(__name__)


def import_table(stream: IO[bytes], asked: ImportOptions, *, dry_run: bool) -> Exit:
    """Check a table, and record it if it has no fault and this is no dry run."""
    from cli.session.open_ledger import labels, writing

    with writing() as journal:
        names = labels(journal)
        checked = check(journal, names, stream, asked, keys=not dry_run)
        logger.info("%s: %d rows are wrong", asked.file, checked.faults)
        if checked.faults:
            return refuse(asked, checked)
        warn(asked, checked)
        indices = range(0) if dry_run else record(journal, names, stream, asked, checked)
        if indices:
            tell_same_orders(journal, checked.twice)
    logger.info("%s: %d entries stored", asked.file, len(indices))
    return tell(asked, checked, indices, dry_run=dry_run)


def check(
    journal: Journal, names: dict[str, str], stream: IO[bytes], asked: ImportOptions, *, keys: bool
) -> CheckedTable:
    """Parse every row and record nothing; with `keys` and without faults, make the keys that will seal the rows."""
    from cli.imports.tables import TableRow, Wrong

    checked, clocks, outlook = CheckedTable(), _clocks(journal), _outlook(journal)

    def fault(row: TableRow, wrongs: list[Wrong]) -> None:
        checked.add(row, wrongs, asked.most)

    def each(parsed: ParsedRow, reader: RowParser) -> None:
        checked.kinds[parsed.draft.fact.kind] += 1
        try:
            leaf = journal.recorded(parsed.draft) if parsed.order.there else None
        except RecordError as refused:
            fault(parsed.row, [Wrong("id", refused.says, "an entry is never changed; `replaces` puts one right")])
            return
        if leaf is not None:
            checked.already += 1
            reader.index.sealed(parsed.order.id, parsed.label, leaf)
        else:
            instrument, new = reader.index.instrument(parsed.order), not parsed.order.there
            entry = unsigned(parsed.draft, instrument)
            clocks.add(entry, instrument, parsed.row.number, parsed.row.line, new=new)
            foresee(outlook, journal, parsed, entry)

    with reading(journal, names, stream, asked, "checking", fault) as (source, reader, rows):
        for parsed_row in rows:
            each(parsed_row, reader)
        for name, number, line, field in reader.index.broken():
            fault(TableRow(number, line, {}), [Wrong(field, f"no order is called {name!r} here or in any row")])
        checked.twice = reader.index.twice
        checked.rows, checked.sha256, checked.strangers = reader.rows, source.sha256, reader.strangers
        checked.orders, checked.there = reader.index.count()
        checked.persons = _persons(journal, reader.index)
        checked.unwound = list(clocks.found())
        if not checked.faults:
            checked.outlook = outlook.result(journal.now())
        for page in reader.index.opened() if keys and not checked.faults else ():
            journal.prepare([(target_of(order), order) for order in page])
        for pairs in reader.index.subjects() if keys and not checked.faults else ():
            journal.prepare(pairs)
    return checked


def _clocks(journal: Journal) -> Clocks:
    return Clocks(journal.cases.register(reveal=False), journal.now())


def _outlook(journal: Journal) -> OutlookCount:
    return OutlookCount(journal.cases.register(reveal=False))


def foresee(outlook: OutlookCount, journal: Journal, parsed: ParsedRow, entry: Entry) -> None:
    """Add the entry of a parsed row to the orders that will be judged."""
    order = parsed.order
    case = None
    if order.there and not outlook.has(order.id) and not outlook.full:
        case = journal.case(order.id, reveal=False)
    outlook.add(entry, parsed.row.number, case)


def _persons(journal: Journal, index: Index) -> dict[str, int]:
    """Return the data subjects that are one person in several orders of table and ledger -> number of orders."""
    orders: dict[str, set[str]] = {}
    for pairs in index.subjects():
        for name, order in pairs:
            orders.setdefault(name, set()).add(order)
    for name, mine in orders.items():
        mine |= set(journal.subject_keys.keys_of(name).values()) if journal.subject_keys else set()
    return {name: len(mine) for name, mine in orders.items() if len(mine) > 1}


def record(
    journal: Journal, names: dict[str, str], stream: IO[bytes], asked: ImportOptions, checked: CheckedTable
) -> range:
    """Seal the rows and store them in one transaction; return their positions in the log."""
    from ledger.adapters.storage.entry_store import Conflict

    for _ in range(_TRIES - 1):
        try:
            return _recorded(journal, names, stream, asked, checked)
        except Conflict:
            output.tell("somebody else wrote to one of these orders meanwhile; sealing again")
    return _recorded(journal, names, stream, asked, checked)


def _recorded(
    journal: Journal, names: dict[str, str], stream: IO[bytes], asked: ImportOptions, checked: CheckedTable
) -> range:
    from ledger.adapters.storage.entry_store import Conflict

    def fault(row: TableRow, wrongs: list[Wrong]) -> None:
        clash = next((wrong for wrong in wrongs if wrong.code == "REFERENCE-TAKEN"), None)
        if clash is not None:  # by another process since the check
            raise RecordError(clash.code, clash.says, where=asked.row(row.number, row.line), hint=clash.hint)
        changed()

    def changed() -> None:
        raise Stop(f"{asked.file} changed while it was read; nothing was recorded", code=Exit.UNDECIDABLE)

    with (
        prompts.progress("storing") as report,
        journal.many(report) as bulk,
        reading(journal, names, stream, asked, "sealing", fault) as (source, reader, rows),
    ):
        for parsed_row in rows:
            try:
                leaf = bulk.add(parsed_row.draft, fresh=not parsed_row.order.there)
            except Conflict as conflict:  # recorded by another process since the check
                where = asked.row(parsed_row.row.number, parsed_row.row.line)
                raise RecordError("CONFLICT", conflict.says, where=where) from conflict
            except RecordError as refused:
                where = asked.row(parsed_row.row.number, parsed_row.row.line) + (
                    f", {refused.where}" if refused.where else ""
                )
                raise RecordError(refused.code, refused.says, where=where, hint=refused.hint) from refused
            reader.index.sealed(parsed_row.order.id, parsed_row.label, leaf)
        if source.sha256 != checked.sha256:
            changed()
    return bulk.indices


@contextmanager
def reading(
    journal: Journal,
    names: dict[str, str],
    stream: IO[bytes],
    asked: ImportOptions,
    label: str,
    fault: Callable[[TableRow, list[Wrong]], None],
) -> Iterator[tuple[Any, RowParser, Iterator[ParsedRow]]]:
    """Yield the rows of a table from its beginning; a wrong row is left out, and `fault` is called with its fault."""
    from cli.imports.columns import column_of
    from cli.imports.row_index import Index
    from cli.imports.row_parser import RowParser
    from cli.imports.tables import Source, rows_of

    stream.seek(0, os.SEEK_END)
    total = stream.tell()
    stream.seek(0)
    with closing(Index(journal, names)) as index, prompts.progress(label) as report:
        folder = os.path.dirname(asked.file) if asked.file != "-" else "."
        reader = RowParser(
            journal, index, folder=folder, actor=asked.actor, role=asked.role, key_file=asked.key_file, zone=asked.zone
        )
        if asked.prepared is not None:
            yield asked.prepared, reader, _understood(asked.prepared.rows(), reader, fault)
            return
        source = Source(stream, asked.file, lambda done: report(done, total), asked.encoding)
        rows = rows_of(source, asked.form, known=column_of, delimiter=asked.delimiter)
        yield source, reader, _understood(rows, reader, fault)


def _understood(
    rows: Iterator[TableRow | tuple[TableRow, list[Wrong]]],
    reader: RowParser,
    fault: Callable[[TableRow, list[Wrong]], None],
) -> Iterator[ParsedRow]:
    from cli.imports.row_parser import Wrongs
    from cli.imports.tables import TableRow

    for read in rows:
        reader.rows += 1
        row, wrongs = (read, []) if isinstance(read, TableRow) else read
        try:
            parsed_row = reader.parse(row) if row.cells else None
        except Wrongs as more:
            parsed_row, wrongs = None, [*wrongs, *row.named(more.wrongs)]
        if wrongs:
            fault(row, wrongs)
        elif parsed_row is not None:
            yield parsed_row
