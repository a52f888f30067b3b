"""A paper that a person completes: sections of lines, some filled from the record, some left to fill by hand.

Certification sheets and order forms are made of these. What the record does not show stays blank.
"""

from __future__ import annotations

from dataclasses import dataclass

from projections.reports.front_page import Provenance, Subject
from projections.views.completeness import Missing


@dataclass(frozen=True, slots=True)
class FormLine:
    """Hold one line: what the record says, or boxes to tick and ruled lines to write on (`blank`, how many)."""

    label: str
    says: tuple[str, ...] = ()
    cite: str = ""
    ticks: tuple[str, ...] = ()
    blank: int = 0


@dataclass(frozen=True, slots=True)
class FormTable:
    """Hold rows from the record under their headings; `struck` says which of them a later entry replaced."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    struck: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class FormSection:
    """Hold a part of the paper: its title and source, a sentence, lines, a table.

    `fresh`: it begins a new sheet. `fixed`: it is declared before a foreign court and stays in that court's
    language in a paper of any language.
    """

    title: str
    cite: str = ""
    lead: str = ""
    lines: tuple[FormLine, ...] = ()
    table: FormTable | None = None
    fresh: bool = False
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class FillableForm:
    """Hold the paper; `note` says what it is and is not.

    `missing` is the result of a completeness check, None without one.
    """

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
    named: tuple[tuple[str, str, str], ...] = ()
