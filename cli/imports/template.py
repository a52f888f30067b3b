"""Print a table to fill in: the columns of some kinds of fact, and one example row of each."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from cli.imports.columns import COLUMNS, IMPORTED, NEEDED
from ledger.facts import Field, kind_of
from ledger.facts.value_forms import TextForm

USUAL = ("order-issued", "order-transmitted", "order-received", "data-disclosed", "evidence-received")
FIRST = "order-issued"  # opens the order of the examples, so that the others can refer to it

_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_DOCUMENT = {"code": "letter", "media": "application/pdf", "size": 48213, "sha256": _DIGEST}
_EXAMPLES: dict[str, Any] = {
    "str": "text",
    "text": "Text.",
    "int": 1,
    "bool": True,
    "instant": "2026-03-02T08:30:00Z",
    "date": "2026-03-01",
    "duration": "P20D",
    "party": "XO",
    "actor": "skylark",
    "role": "ISS",
    "instrument": "2AP-7",
    "element": "name",
    "event": "issued",
    "order": "PPO-2026-123",
    "document": _DOCUMENT,
    "manifest": {
        "elements": ["name"],
        "files": [{"name": "return.json", "size": 1842, "sha256": _DIGEST}],
    },
    "names": {"en": "Prosecutor's Office Karsk"},
}


def template_of(form: str, kinds: Sequence[str] = ()) -> str:
    """Return the template of these kinds, by default of the usual ones; `FactError` for an unknown kind."""
    chosen = [kind_of(name).kind for name in kinds] or list(USUAL)
    rows = [_example(kind, full=form == "jsonl") for kind in dict.fromkeys((FIRST, *chosen)) if kind in IMPORTED]
    if form == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    columns = [*NEEDED, "actor", "label", *(n for n in COLUMNS if n not in (*NEEDED, "actor", "label", "instrument"))]
    fields = dict.fromkeys(field for row in rows for field in IMPORTED[row["kind"]].fields())
    columns += [field for field in fields if field not in columns]  # one kind has a field `subject`
    table = io.StringIO()
    writer = csv.DictWriter(table, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return table.getvalue()


def _example(kind: str, *, full: bool) -> dict[str, Any]:
    """Return an example row with every field, or with the required fields."""
    row: dict[str, Any] = {"order": "PPO-2026-123", "kind": kind, "occurred": "2026-03-01T09:40:00Z"}
    if kind == FIRST:
        row["label"] = "issued"
    fields = [f for f in IMPORTED[kind].fields().values() if (f.required or full) and not (kind == FIRST and _back(f))]
    return row | {field.name: _value(field) for field in fields}


def _back(field: Field) -> bool:
    """Return True for a field that refers to an earlier entry or order."""
    return field.type in ("event", "order")


def _value(field: Field) -> Any:
    if field.type.startswith("list["):
        return [_item(field, field.type[5:-1])]
    return _item(field, field.type)


def _item(field: Field, type: str) -> Any:
    word = getattr(field.form, "item", field.form)
    if type == "code" and isinstance(word, TextForm):
        return "not-checked" if "not-checked" in word.values else word.values[0]
    if type == "str" and isinstance(word, TextForm) and "SHA-256" in word.expected:
        return _DIGEST
    if type == "str" and isinstance(word, TextForm):
        return word.expected.partition("such as ")[2] or _EXAMPLES[type]
    return _EXAMPLES[type]


def _cell(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return "\n".join(_cell(each) for each in value)
        case _:
            return str(value)
