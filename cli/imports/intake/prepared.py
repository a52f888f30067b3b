"""A table with one order per row, made into rows of facts by a mapping profile, as the import reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from cli.exit_codes import Exit, Stop
from cli.imports.tables import TableRow, Wrong
from ledger.application.intake.expand import CellNote, Expansion, FactRow, expand
from ledger.application.intake.profile import LARGEST as LARGEST_PROFILE
from ledger.application.intake.profile import Profile, parse_profile
from ledger.application.intake.table_file import LARGEST, read_table

if TYPE_CHECKING:
    from ledger.application.journal import Journal


@dataclass(frozen=True, slots=True)
class ProfiledRow(TableRow):
    """One fact of a row; `kind` is its kind, `columns` has the column of the table by field."""

    kind: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)

    def named(self, wrongs: Sequence[Wrong]) -> list[Wrong]:
        """Return the faults with the column of the table; the field of the kind begins their sentences."""
        renamed = []
        for wrong in wrongs:
            own = self.columns.get(wrong.column.partition("[")[0].partition(".")[0], "")
            where = f"{self.kind}.{wrong.column}: " if wrong.column else f"{self.kind}: "
            renamed.append(Wrong(own, where + wrong.says, wrong.hint, wrong.code))
        return renamed


@dataclass(frozen=True)
class Prepared:
    """A table after its profile: the facts in `made`, and the profile with its digest and where it is from."""

    made: Expansion
    profile: Profile
    profile_sha256: str
    adopted: int | None  # the entry of the register that states the profile

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the file in hex."""
        return self.made.sha256

    def rows(self) -> Iterator[TableRow | tuple[TableRow, list[Wrong]]]:
        """Yield the faults of cells, then the facts, in the order of the rows."""
        faults: dict[int, list[CellNote]] = {}
        for fault in self.made.faults:
            faults.setdefault(fault.row, []).append(fault)
        for number, notes in faults.items():
            yield TableRow(number, number, {}), [Wrong(note.column, note.says, note.hint) for note in notes]
        for fact in self.made.facts:
            yield _row(fact)

    def place(self, number: int) -> str:
        """Return the place of a row for a person."""
        return f"sheet {self.made.sheet!r}, row {number}" if self.made.sheet else f"row {number}"


def _row(fact: FactRow) -> ProfiledRow:
    return ProfiledRow(fact.number, fact.number, fact.cells, fact.kind, fact.columns)


def prepared(journal: Journal, file: str, data: bytes, profile: str, office: str | None) -> Prepared:
    """Read a table by a profile: a file of TOML (a path with a slash or `.toml`), or the name of one in force here."""
    read, digest, adopted = profile_of(journal, profile, office)
    rule = read.table
    table = read_table(data, file, sheet=rule.sheet, encoding=rule.encoding, delimiter=rule.delimiter)
    return Prepared(expand(table, read, file), read, digest, adopted)


def profile_of(journal: Journal, name: str, office: str | None) -> tuple[Profile, str, int | None]:
    """Return a profile, its SHA-256 and the entry of the register that states it (None for a file that none does)."""
    from ledger.application.intake.profile_store import find_profile, in_force, read_adopted

    register = tuple(journal.cases.register(reveal=False))
    profiles = in_force(register, journal.now().date())
    if name.endswith(".toml") or (os.sep in name and not name.replace("/", "").isalnum()):
        data = bytes_of(name, LARGEST_PROFILE)
        digest = sha256(data).hexdigest()
        adopted = next((each.index for each in profiles if each.sha256 == digest), None)
        return parse_profile(data, name), digest, adopted
    found = find_profile(profiles, name, office)
    profile, _ = read_adopted(Path(journal.folder.path), found)
    return profile, found.sha256, found.index


def bytes_of(path: str, most: int = LARGEST) -> bytes:
    """Return the bytes of a file, or of standard input for `-`; `Stop` if there are more than `most`."""
    from cli.terminal import file_io

    if path != "-" and Path(path).is_file() and Path(path).stat().st_size > most:
        raise Stop(f"{path}: more than {most >> 20 or 1} MiB", code=Exit.UNDECIDABLE)
    return file_io.read(path)
