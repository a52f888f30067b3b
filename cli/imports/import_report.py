"""What an import is asked, what its first pass finds in a table, and what it answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, Struct, UnsetType

from cli import invocation
from cli.exit_codes import Exit, Stop
from cli.imports.intake.answers import TableNote, UsedProfile, parts_of, tell_outlook, tell_prepared
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from ledger.application.intake.outlook import ClockCount, FindingCount, NoClockCount, Outlook
from ledger.application.intake.unstarted_deadlines import Unwound, UnwoundItem
from ledger.command_line import command_line

if TYPE_CHECKING:
    from cli.imports.intake.prepared import Prepared
    from cli.imports.tables import TableRow, Wrong

_NESTED = (
    "unwound",
    "profile",
    "notes",
    "clocks",
    "without",
    "findings",
)  # members of the answer that are no column of its CSV


@dataclass(frozen=True)
class ImportOptions:
    """The options of one import: the form of the table, and who imports it."""

    file: str
    form: str
    actor: str | None
    role: str | None
    key_file: str | None
    zone: str | None
    delimiter: str | None
    most: int  # faults that are listed one by one
    names: tuple[str, ...] = ()  # names of the rows, where each row stands for a file
    encoding: str = "utf-8"
    prepared: Prepared | None = None  # the rows of a table that was read by a mapping profile
    profile: str = ""  # the file or the name of that profile

    def row(self, number: int, line: int) -> str:
        """Return the name of a row in a fault."""
        if self.prepared is not None:
            return self.prepared.place(number)
        if self.names:
            return self.names[number - 1]
        return f"row {number}" + (f" (line {line})" if line != number else "")


@dataclass
class CheckedTable:
    """The result of the first pass: counts, and the first faults."""

    sha256: str = ""
    rows: int = 0
    orders: int = 0
    there: int = 0  # orders that the ledger had before
    already: int = 0
    faults: int = 0
    faulty: list[tuple[TableRow, Wrong]] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    strangers: dict[str, int] = field(default_factory=dict)
    persons: dict[str, int] = field(default_factory=dict)  # data subjects of several orders -> number of orders
    unwound: list[tuple[Unwound, int, tuple[int, int]]] = field(default_factory=list)
    outlook: Outlook | None = None
    twice: set[str] = field(default_factory=set)  # opened orders whose reference is that of an order that arrived
    unknown: dict[str, set[int]] = field(default_factory=dict)  # unregistered office or Party -> its rows

    def add(self, row: TableRow, wrongs: Sequence[Wrong], most: int) -> None:
        """Add the faults of a row; the first `most` faults are kept. An unregistered name is one fault of all rows."""
        for wrong in wrongs:
            if (name := _unknown(wrong)) is not None:
                rows = self.unknown.setdefault(name, set())
                rows.add(row.number)
                if len(rows) > 1 or any(_unknown(each) == name for _, each in self.faulty):
                    continue
            self.faults += 1
            if len(self.faulty) < most:
                self.faulty.append((row, wrong))

    def rows_of(self, wrong: Wrong) -> int:
        """Return the number of rows that have a fault."""
        return len(self.unknown.get(_unknown(wrong) or "", "1"))


def _unknown(wrong: Wrong) -> str | None:
    """Return the sentence on an unregistered office or Party, without the field that names it; else None."""
    return wrong.says.rpartition(": ")[2] if wrong.code in ("OFFICE-UNKNOWN", "PARTY-UNKNOWN") else None


class FaultItem(Struct, frozen=True):
    """One fault of a table: its row and line (from 1), its column, and a code where it has one.

    `rows` is the number of rows that have it: an unregistered office or Party is one fault.
    """

    row: int
    line: int
    column: str
    says: str
    hint: str
    code: str
    rows: int = 1


class ImportAnswer(CommandAnswer, tag="comity.import/1", kw_only=True):
    """What was recorded of a table: log positions `first` to `last`, and rows that start no deadline (`unwound`).

    Also the deadlines that the orders then have, orders that have none (`without`), what the law finds new, and of a
    mapping profile the notes. With `faults` nothing was recorded.
    """

    file: str
    sha256: str
    rows: int
    orders: int
    new_orders: int
    recorded: int | UnsetType = UNSET
    already: int | UnsetType = UNSET
    first: int | UnsetType | None = UNSET
    last: int | UnsetType | None = UNSET
    dry_run: bool | UnsetType = UNSET
    unwound: list[UnwoundItem] | UnsetType = UNSET
    profile: UsedProfile | UnsetType = UNSET
    notes: list[TableNote] | UnsetType = UNSET
    clocks: list[ClockCount] | UnsetType = UNSET
    without: list[NoClockCount] | UnsetType = UNSET
    findings: list[FindingCount] | UnsetType = UNSET
    faults: list[FaultItem] | UnsetType = UNSET


def refuse(asked: ImportOptions, checked: CheckedTable) -> Exit:
    """Report the faults, by row and column; nothing was recorded."""
    faults = [
        FaultItem(row.number, row.line, wrong.column, wrong.says, wrong.hint, wrong.code, checked.rows_of(wrong))
        for row, wrong in checked.faulty
    ]
    if invocation.said().format == "table":
        for f in faults:
            where = asked.row(f.row, f.line) + (f", {f.column}" if f.column else "")
            marks = ", ".join(filter(None, (f.code, f"{f.rows} rows" if f.rows > 1 else "")))
            says = f"{where}: {f.says}" + (f" ({marks})" if marks else "") + (f"; {f.hint}" if f.hint else "")
            output.tell(says, error=True)
    else:
        answer = ImportAnswer(**_about(asked, checked), **parts_of(asked.prepared, None), faults=faults)
        output.emit(answer, FaultItem.__struct_fields__, faults)
    if checked.faults > len(faults):
        output.tell(f"and {checked.faults - len(faults)} more; --errors N shows more of them")
    if asked.prepared is not None and any(name.endswith("no office of the register") for name in checked.unknown):
        profile = asked.profile if asked.profile.endswith(".toml") else "PROFILE.toml"
        proposes = command_line("import", "profile", asked.file, "--check", profile, "--offices")
        output.tell(f"`{proposes}` proposes one address book for all of them, without their time zones")
    many, rows_read = _many(checked.faults, "fault", "faults"), _many(checked.rows, "row", "rows")
    raise Stop(f"{asked.file}: {many} in {rows_read}; nothing was recorded", code=Exit.REFUSED)


def warn(asked: ImportOptions, checked: CheckedTable) -> None:
    """Report unregistered actors, persons in several orders, rows that start no deadline; the most frequent first."""
    for actor, count in sorted(checked.strangers.items(), key=lambda pair: -pair[1])[:10]:
        rows = _many(count, "row reports", "rows report")
        output.tell(f"{actor}, whose acts {rows}, is not in the register, so in law they count for nothing yet")
    if len(checked.strangers) > 10:
        output.tell(f"and {len(checked.strangers) - 10} more are not in the register")
    for name, count in list(checked.persons.items())[:10]:
        output.tell(f"{name!r} is one person in {count} orders; another person needs another name")
    if len(checked.persons) > 10:
        output.tell(f"and {len(checked.persons) - 10} more data subjects are named in several orders")
    if asked.prepared is not None:
        tell_prepared(asked.prepared)
    if checked.outlook is not None:
        tell_outlook(checked.outlook, lambda row: asked.row(row, row), findings=asked.prepared is not None)
    for unwound, rows_of, first in checked.unwound[:10]:
        output.tell(unwound.sentence(rows_of, asked.row(*first)))
    if len(checked.unwound) > 10:
        output.tell(f"and {len(checked.unwound) - 10} more reasons; --json lists all")


def tell(asked: ImportOptions, checked: CheckedTable, indices: range, *, dry_run: bool) -> Exit:
    """Print what was recorded, or what would be."""
    count = checked.rows - checked.already if dry_run else len(indices)
    answer = ImportAnswer(
        **_about(asked, checked),
        recorded=0 if dry_run else count,
        already=checked.already,
        first=indices[0] if indices else None,
        last=indices[-1] if indices else None,
        dry_run=dry_run,
        unwound=[unwound.item(rows, first[0]) for unwound, rows, first in checked.unwound],
        **parts_of(asked.prepared, checked.outlook),
    )

    def text() -> str:
        done = "would be recorded" if dry_run else "recorded"
        kinds = ", ".join(f"{kind} {n}" for kind, n in checked.kinds.most_common(6))
        more = f" and {len(checked.kinds) - 6} more kinds" if len(checked.kinds) > 6 else ""
        new = checked.orders - checked.there
        lines = [
            f"{_many(count, 'entry', 'entries')} {done}, of {_many(checked.orders, 'order', 'orders')} ({new} new)"
        ]
        lines += [f"  on record from before: {_many(checked.already, 'row', 'rows')}"] if checked.already else []
        lines += [f"  {kinds}{more}"] if kinds else []
        lines += [f"  log index {indices[0]} to {indices[-1]}"] if indices else []
        return "\n".join([*lines, f"  sha256 of the table {checked.sha256}"])

    columns = [name for name in answer.__struct_fields__ if name not in (*_NESTED, "faults")]
    output.emit(answer, columns, [answer], text=text)
    return Exit.DONE


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _about(asked: ImportOptions, checked: CheckedTable) -> dict[str, Any]:
    return {
        "file": asked.file,
        "sha256": checked.sha256,
        "rows": checked.rows,
        "orders": checked.orders,
        "new_orders": checked.orders - checked.there,
    }
