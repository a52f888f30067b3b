"""Fields of the steps that have a command of their own, from the options of that command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cli.session.recording import Asked


def stated_fields(**values: Any) -> dict[str, Any]:
    """The values that were given; what was not said is not stated."""
    return {name: value for name, value in values.items() if value is not None and value != []}


def listed(said: Sequence[str]) -> list[str]:
    return [part.strip() for each in said for part in each.split(",") if part.strip()]


def document_digests(**paths: str | None) -> dict[str, Any]:
    from cli.session.field_values import document

    return {name: document(path, name.replace("_", "-")) for name, path in paths.items() if path is not None}


def with_fields(asked: Asked, **said: str | None) -> Asked:
    """The same, with fields that name entries, which are looked up where all fields are."""
    from dataclasses import replace

    more = tuple(f"{name}={value}" for name, value in said.items() if value is not None)
    return replace(asked, fields=(*asked.fields, *more))
