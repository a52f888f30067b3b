"""A kind of fact as JSON Schema, for writers and readers of facts with other tools.

It uses keywords of draft 2020-12 alone, so that validators that refuse unknown keywords and formats compile it. `about`
is a second document for what JSON Schema has no keyword for: group, basis, signers, readers.
"""

from __future__ import annotations

from typing import Any

from ledger.facts.kind import WHY, Fact, Field
from ledger.facts.value_forms import LARGEST, BooleanForm, Form, IntegerForm, ListForm, MapForm, ObjectForm, TextForm

# The days that exist: ISO 8601-1, 5.2.2, years 0001 to 9999. Few validators check `format`.
_DAY = (
    r"(?!0000)([0-9]{4}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
    r"|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)"
)
_EXACT = {"instant": rf"(?={_DAY})", "date": rf"(?={_DAY})"}


def describe(kind: type[Fact]) -> dict[str, Any]:
    """Return the schema of `{"public": {...}, "sealed": {...}}` with every sealed value opened.

    It accepts all that may be signed today, and `why`, which a replacing entry seals with its fact. An older entry may
    hold a text that is not signed any more, such as a digest in capital letters.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.kind,
        "description": kind.says,
        "type": "object",
        "properties": {side: _side(kind, sealed=side == "sealed") for side in ("public", "sealed")},
        "required": ["public", "sealed"],
        "additionalProperties": False,
    }


def about(kind: type[Fact]) -> dict[str, Any]:
    """Return version, group, provisions and signers of a kind, and the readers of each field.

    `shown_to` not empty: all other roles read nothing of the entry. `always`: every entry commits to the field, and
    its value is null where it was not stated. `readers` of a public field are null: every holder of the entry.
    """
    return {
        "kind": kind.kind,
        "version": kind.schema,
        "group": kind.group,
        "basis": list(kind.basis),
        "signers": list(kind.signers),
        "shown_to": list(kind.shown_to),
        "fields": {
            field.name: {
                "type": field.type,
                "sealed": field.sealed,
                "readers": list(field.audience) if field.sealed else None,
                "always": field.always,
            }
            for field in kind.fields().values()
        },
    }


def _side(kind: type[Fact], *, sealed: bool) -> dict[str, Any]:
    fields = [field for field in kind.fields().values() if field.sealed is sealed]
    return {
        "type": "object",
        "properties": {field.name: _property(field) for field in (*fields, *([WHY] if sealed else []))},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def _property(field: Field) -> dict[str, Any]:
    if field.always:
        return {"description": field.says, "anyOf": [_schema(field.form), {"type": "null"}]}
    return {"description": field.says, **_schema(field.form)}


def _schema(form: Form) -> dict[str, Any]:
    match form:
        case TextForm(values=values) if values:
            return {"enum": list(values)}
        case TextForm():
            return {"type": "string", "pattern": f"^{_EXACT.get(form.type, '')}{form.strict_pattern or form.pattern}$"}
        case IntegerForm():
            return {"type": "integer", "minimum": form.least, "maximum": LARGEST}
        case BooleanForm():
            return {"type": "boolean"}
        case ListForm():
            return {"type": "array", "items": _schema(form.item)}
        case ObjectForm():
            either = {"anyOf": [{"required": [name]} for name in form.either]} if form.either else {}
            return {
                "type": "object",
                "properties": {name: _schema(member) for name, member in form.members.items()},
                "required": list(form.required),
                "additionalProperties": False,
                **either,
            }
        case MapForm():
            return {
                "type": "object",
                "minProperties": 1,
                "propertyNames": _schema(form.key),
                "additionalProperties": _schema(form.item),
            }
