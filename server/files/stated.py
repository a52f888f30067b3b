"""Find the files that entries state, as far as the values are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from ledger.entries.case import Case, Entry, Unread, replacements
from ledger.entries.replacement import ALGORITHMS, DIGESTS
from ledger.facts import KINDS
from projections.reports.entry_numbers import number

_FILES = ("document", "list[document]", "manifest", "filedigest")  # types of fields that state files


class StatedFile(Struct, frozen=True):
    """One file that an entry states: its digests by their algorithms, its name and size where they are stated.

    `number` is that of the entry in the order, `field` the part of the entry. A later entry has `replaced` the entry.
    """

    number: str
    entry: Entry
    field: str
    name: str
    size: int | None
    digests: Mapping[str, str]
    replaced: bool


def stated_files(case: Case, at: datetime) -> Iterable[StatedFile]:
    """Yield the files that the entries of an order state, as far as they can be read here, in the order of the log."""
    replaced = replacements(case.entries, at)
    for entry in case.entries:
        for field, file in files_of(entry):
            digests = {name: file[name] for name in ALGORITHMS if file.get(name)}
            name, size = file.get("name", ""), file.get("size")
            yield StatedFile(number(entry, case), entry, field, name, size, digests, entry.leaf in replaced)


def files_of(entry: Entry) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Yield the files that one entry states, each with the name of its field."""
    for field, of in _fields(entry).items():
        for file in _files_in(of, entry.get(field)):
            yield field, file


def sealed_fields(entry: Entry) -> list[str]:
    """Return the fields of an entry that state files and are sealed."""
    return [name for name in _fields(entry) if isinstance(entry.sealed.get(name), Unread)]


def _fields(entry: Entry) -> dict[str, str]:
    """Return the fields of an entry's kind that state files, with their types."""
    kind = KINDS.get(entry.kind)
    fields = {} if kind is None else kind.fields()
    return {name: field.type for name, field in fields.items() if field.type in _FILES or name in DIGESTS}


def _files_in(of: str, value: Any) -> list[Mapping[str, Any]]:
    if value is None or isinstance(value, Unread):
        return []
    if of == "manifest":
        return list(value["files"])
    if of.startswith("list["):
        return list(value)
    return [value] if isinstance(value, Mapping) else [{"sha256": value}]
