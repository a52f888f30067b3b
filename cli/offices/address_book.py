"""Read an address book: a CSV table of Parties and offices, one office a row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from cli.exit_codes import Exit, Stop
from cli.imports.tables import Source, TableRow, Wrong, rows_of
from cli.terminal import output

COLUMNS = {
    "party": "the code of the Party, in capital letters",
    "party_name": "its name; party_name_de is its name in German, and so on",
    "zone": "its time zone by IANA name, in which its deadlines end",
    "declarations_verified": "yes if somebody has read its declarations; empty: no",
    "in_force": "treaties taken to be in force, as 2AP=2027-01-01; several with a semicolon",
    "actor": "the short name of the office, which signs and is typed in commands; empty: the Party alone",
    "name": "the name of the office; name_de is its name in German, and so on",
    "roles": "its roles, as codes or in words, with a semicolon between them",
    "key": "new: a key is made on this machine; a .pub file, or 64 hex digits; empty: it does not sign here",
    "holder": "the person who uses the key; sealed",
}
_NAMED = re.compile(r"(party_name|name)_([a-z]{2,3}(_[a-z0-9]{2,8})*)")
NEW = "new"
MOST = 20  # faults that are shown
TEMPLATE = (
    {
        "party": "XO",
        "party_name": "Party XO",
        "zone": "Europe/Oslo",
        "declarations_verified": "yes",
        "in_force": "2AP=2026-01-01",
        "actor": "ilves",
        "name": "Prosecutor's Office Karsk",
        "roles": "issuing authority; RET",
        "key": NEW,
        "holder": "Dina Ilves",
    },
    {
        "party": "XV",
        "party_name": "Party XV",
        "zone": "Europe/Dublin",
        "declarations_verified": "yes",
        "in_force": "2AP=2026-01-01",
        "actor": "skylark",
        "name": "Skylark Mail Ltd",
        "roles": "service provider",
    },
)


@dataclass(frozen=True, slots=True)
class BookRow:
    """One row: a Party, and an office of it where `actor` is not empty. `number` is that of a spreadsheet."""

    number: int
    party: str
    actor: str = ""
    zone: str = ""
    party_names: dict[str, str] = field(default_factory=dict)
    declarations_verified: bool = False
    in_force: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    key: str = ""
    holder: str = ""


def template() -> str:
    """Return an address book of two invented Parties, each with one office."""
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(TEMPLATE)
    return table.getvalue()


def read_book(stream: IO[bytes], name: str) -> list[BookRow]:
    """Return the rows of an address book; `Stop` after all faults were shown, by row and column."""
    rows: list[BookRow] = []
    faults: list[tuple[int, Wrong]] = []
    for found in rows_of(Source(stream, name), "csv", known=_column):
        row, wrongs = found if isinstance(found, tuple) else (found, [])
        try:
            made = _row(row)
        except Wrong as wrong:
            wrongs = [*wrongs, wrong]
        else:
            rows.append(made)
        faults += [(row.number, wrong) for wrong in wrongs]
    refuse(name, faults)
    if not rows:
        raise Stop(f"{name} has no row", hint="comity offices add --template prints an example", code=Exit.UNDECIDABLE)
    return rows


def refuse(name: str, faults: Sequence[tuple[int, Wrong]]) -> None:
    """Show the faults by row and column and raise `Stop`, if there are any."""
    for number, wrong in faults[:MOST]:
        where = f"{name} row {number}{f', {wrong.column}' if wrong.column else ''}"
        output.tell(f"{where}: {wrong.says}{f'; {wrong.hint}' if wrong.hint else ''}", error=True)
    if faults:
        raise Stop(
            f"{output.counted(len(faults), 'fault')} in {name}; nothing was recorded",
            hint="put them right and repeat the command",
            code=Exit.REFUSED,
        )


def _column(cell: str) -> str:
    name = cell.strip().lower().replace(" ", "_")
    if name not in COLUMNS and not _NAMED.fullmatch(name):
        raise Wrong("", f"no column is called {cell.strip()!r}", f"there are {', '.join(COLUMNS)}, and name_de")
    return name


def _row(row: TableRow) -> BookRow:
    cells: dict[str, Any] = dict(row.cells)
    party = cells.get("party", "")
    if not party:
        raise Wrong("party", "which Party?", "a code such as XO")
    if not cells.get("actor") and (given := [c for c in ("name", "roles", "key", "holder") if cells.get(c)]):
        raise Wrong("actor", f"{given[0]} belongs to an office, and the row names none", "a short name such as ilves")
    if cells.get("actor") and not cells.get("roles"):
        raise Wrong("roles", f"in which role does {cells['actor']} sign?", "`comity vocabulary roles` explains them")
    if cells.get("holder") and not cells.get("key"):
        raise Wrong("holder", "the person uses a key, and the row has none", f"key {NEW} makes one")
    return BookRow(
        number=row.number,
        party=party,
        actor=cells.get("actor", ""),
        zone=cells.get("zone", ""),
        party_names=dict(_names(cells, "party_name")),
        declarations_verified=_yes(cells.get("declarations_verified", "no")),
        in_force=tuple(_listed(cells.get("in_force", ""))),
        names=dict(_names(cells, "name")),
        roles=tuple(dict.fromkeys(map(role_of, _listed(cells.get("roles", ""))))),
        key=cells.get("key", ""),
        holder=cells.get("holder", ""),
    )


def role_of(text: str) -> str:
    """Return the code of a role that was given as a code or in words; raises `Wrong`."""
    from ledger.facts.vocabulary import ROLES
    from ledger.facts.words.lookup import code_of, hint_of

    code = code_of(text, ROLES)
    if code is None:
        raise Wrong("roles", f"{text!r} is no role", hint_of(text, ROLES))
    return code


def _names(cells: dict[str, Any], column: str) -> Iterator[tuple[str, str]]:
    if cells.get(column):
        yield "en", cells[column]
    for name, text in cells.items():
        if (found := _NAMED.fullmatch(name)) and found[1] == column:
            yield found[2], text


def _listed(text: str) -> list[str]:
    return [part.strip() for part in re.split("[;,]", text) if part.strip()]


def _yes(text: str) -> bool:
    if text.lower() not in ("yes", "no", "true", "false"):
        raise Wrong("declarations_verified", f"yes or no, not {text!r}")
    return text.lower() in ("yes", "true")
