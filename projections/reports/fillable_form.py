"""A paper that a person completes: sections of lines, some filled from the record, some left for a hand to fill.

Certification sheets and order forms are made of these; what the record does not show stays blank.
"""

from __future__ import annotations

from dataclasses import dataclass

from projections.reports.front_page import Provenance, Subject
from projections.views.completeness import Missing


@dataclass(frozen=True, slots=True)
class FormLine:
    """One line: what the record says, or, for a hand, boxes to tick and rules to write on (`blank`, how many)."""

    label: str
    says: tuple[str, ...] = ()
    cite: str = ""
    ticks: tuple[str, ...] = ()
    blank: int = 0


@dataclass(frozen=True, slots=True)
class FormTable:
    """Rows from the record under their headings; `struck` says which of them a later entry replaced."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    struck: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class FormSection:
    """A part of the paper: its title and source, a sentence, lines, a table; `fresh`: on a sheet of its own; `fixed`:
    it is declared before a foreign court, and stays in the words of that court in a paper of any language."""

    title: str
    cite: str = ""
    lead: str = ""
    lines: tuple[FormLine, ...] = ()
    table: FormTable | None = None
    fresh: bool = False
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class FillableForm:
    """The paper. `note` says what it is and is not; `missing` is what a completeness check found, None without one."""

    form: str
    title: str
    what: str
    note: str
    making: Provenance
    subject: Subject | None
    sections: tuple[FormSection, ...]
    only_for: tuple[str, ...] = ()
    languages: tuple[tuple[str, str], ...] = ()
    missing: tuple[Missing, ...] | None = None
