"""Build the fields of a step from the options of its command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cli.session.recording import RecordOptions


def stated_fields(**values: Any) -> dict[str, Any]:
    """Return the values that were given, without None and empty lists."""
    return {name: value for name, value in values.items() if value is not None and value != []}


def listed(said: Sequence[str]) -> list[str]:
    return [part.strip() for each in said for part in each.split(",") if part.strip()]


def document_digests(**paths: str | None) -> dict[str, Any]:
    from cli.session.field_values import document

    return {name: document(path, name.replace("_", "-")) for name, path in paths.items() if path is not None}


def with_fields(asked: RecordOptions, **said: str | None) -> RecordOptions:
    """Return the request with fields that name entries added; the entries are looked up with all other fields."""
    more = tuple(f"{name}={value}" for name, value in said.items() if value is not None)
    return replace(asked, fields=(*asked.fields, *more))
