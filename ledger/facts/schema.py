"""A kind of fact as JSON Schema, for those who write facts with other tools.

Draft 2020-12. What JSON Schema has no word for stands under `x-`: group, basis, signers, readers.
"""

from __future__ import annotations

from typing import Any

from ledger.facts.kind import WHY, Fact, Field
from ledger.facts.wire import LARGEST, Form, Glossary, Many, Record, Truth, Whole, Word

_FORMATS = {"instant": "date-time", "date": "date", "duration": "duration", "order": "uuid"}


def describe(kind: type[Fact]) -> dict[str, Any]:
    """The schema of `{"public": {...}, "sealed": {...}}`, sealed values in the clear, as `build` takes them."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.kind,
        "description": kind.says,
        "type": "object",
        "properties": {side: _side(kind, sealed=side == "sealed") for side in ("public", "sealed")},
        "required": ["public", "sealed"],
        "additionalProperties": False,
        "x-schema": kind.schema,
        "x-group": kind.group,
        "x-basis": list(kind.basis),
        "x-signers": list(kind.signers),
        "x-replacement": {WHY.name: _property(WHY)},  # sealed by the envelope of an entry that replaces another
    }
    if kind.shown_to:
        schema["x-shown-to"] = list(kind.shown_to)
    return schema


def _side(kind: type[Fact], *, sealed: bool) -> dict[str, Any]:
    fields = [field for field in kind.fields().values() if field.sealed is sealed]
    return {
        "type": "object",
        "properties": {field.name: _property(field) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def _property(field: Field) -> dict[str, Any]:
    schema = {"description": field.says, "x-type": field.type, **_schema(field.form)}
    if field.sealed:
        schema["x-audience"] = list(field.audience)
    if field.always:
        schema["x-always"] = True
    return schema


def _schema(form: Form) -> dict[str, Any]:
    match form:
        case Word(known=known) if known:
            return {"enum": list(known)}
        case Word():
            format_ = {"format": _FORMATS[form.type]} if form.type in _FORMATS else {}
            return {"type": "string", "pattern": f"^{form.door or form.pattern}$", **format_}
        case Whole():
            return {"type": "integer", "minimum": form.least, "maximum": LARGEST}
        case Truth():
            return {"type": "boolean"}
        case Many():
            return {"type": "array", "items": _schema(form.item)}
        case Record():
            either = {"anyOf": [{"required": [name]} for name in form.either]} if form.either else {}
            return {
                "type": "object",
                "properties": {name: _schema(member) for name, member in form.members.items()},
                "required": list(form.required),
                "additionalProperties": False,
                **either,
            }
        case Glossary():
            return {
                "type": "object",
                "minProperties": 1,
                "propertyNames": _schema(form.key),
                "additionalProperties": _schema(form.item),
            }
