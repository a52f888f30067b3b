"""What an import by a mapping profile says beyond that of other tables: the profile, notes, deadlines, findings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cli.terminal import output
from ledger.application.intake.expand import sentences

if TYPE_CHECKING:
    from cli.imports.intake.prepared import Prepared
    from ledger.application.intake.outlook import Outlook

MOST_LINES = 10  # of each part


class UsedProfile(Struct, frozen=True):
    """The mapping profile of a table: its SHA-256, and the entry of the register that states it (null: none does)."""

    name: str
    version: str
    sha256: str
    entry: int | None
    sheet: str
    rows: int


class TableNote(Struct, frozen=True):
    """A note about a row (0: the whole table) and a column (empty: the whole row)."""

    row: int
    column: str
    says: str


def parts_of(prepared: Prepared | None, outlook: Outlook | None) -> dict[str, Any]:
    """Return the members of an answer that say what would change, and those of a table with a mapping profile."""
    foreseen: dict[str, Any] = {}
    if outlook is not None:
        foreseen = {"clocks": outlook.clocks, "without": outlook.without, "findings": outlook.findings}
    if prepared is None:
        return foreseen
    profile, made = prepared.profile, prepared.made
    used = UsedProfile(profile.name, profile.version, prepared.profile_sha256, prepared.adopted, made.sheet, made.rows)
    return {"profile": used, "notes": [TableNote(n.row, n.column, n.says) for n in made.notes], **foreseen}


def tell_prepared(prepared: Prepared) -> None:
    """Report the profile of a table and the notes on the table."""
    profile = prepared.profile
    stated = "no entry of the register states it: comity import adopt"
    if prepared.adopted is not None:
        stated = f"entry {prepared.adopted} of the log"
    output.tell(f"profile {profile.title} ({stated}); {prepared.made.rows} rows read")
    _tell(list(sentences(prepared.made.notes, prepared.made.sheet)), "notes")


def tell_outlook(outlook: Outlook, place: Callable[[int], str], *, findings: bool = True) -> None:
    """Report how many orders have which deadline, how many have none and why, and what the law finds new."""
    if outlook.judged < outlook.orders:
        output.tell(f"judged are the first {outlook.judged} of {outlook.orders} orders")
    _tell([f"deadline {c.id}: {c.verdict} in {output.counted(c.orders, 'order')}" for c in outlook.clocks], "deadlines")
    _tell(
        [f"no deadline in {output.counted(n.orders, 'order')}, first {place(n.first_row)}: {n.says}"
         for n in outlook.without],
        "reasons",
    )  # fmt: skip
    if findings:
        _tell(
            [f"{f.code} in {output.counted(f.orders, 'order')}, first {place(f.first_row)}: {f.says}"
             for f in outlook.findings],
            "findings",
        )  # fmt: skip


def _tell(lines: list[str], what: str) -> None:
    for line in lines[:MOST_LINES]:
        output.tell(line)
    if len(lines) > MOST_LINES:
        output.tell(f"and {len(lines) - MOST_LINES} more {what}; --json lists all")
