"""A template of an order: every field that its instrument asks for, with an explanation and no value yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ledger.command_line import quoted
from ledger.facts import Field, kind_of
from ledger.facts.value_forms import Form, ListForm, TextForm
from ledger.facts.words.lookup import list_of
from ledger.law.rules.order_contents import CONTENTS, RequiredContent, fields_asked
from projections.reports.order_form.parts import ANNEX_I, ANNEX_II, FOR_AUTHORITY, AnnexSection

MARK = "# "  # a member with this beginning explains the field of the rest of its name
BY_ITSELF = ("from_party", "issuing_authority", "date_issued")  # `comity issue` states them
ANNEXES = {"EPOC": (*ANNEX_I, FOR_AUTHORITY), "EPOC-PR": ANNEX_II}
ALWAYS = ("instrument", "to_party", "reference", "case_ref", "providers", "data_categories", "elements_sought")
USUAL = ("identifiers", "offences", "return_timeframe")
ANY = '"..."'
EXAMPLES = {
    "bool": "true",
    "int": "1",
    "event": '"the hash of an entry, 64 hex digits"',
    "order": '"the id of an order"',
}


def template(instrument: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the template as JSON: for each field its explanation, then its value, null until somebody states it.

    `known` are values that the ledger can tell. Each field is there that a rule of the instrument asks for or reads, in
    the order of the article, and each field of its official form.
    """
    fields = kind_of("order-issued").fields()
    points = CONTENTS.get(instrument, ())
    sections = {name: s for s in ANNEXES.get(instrument, ()) for name in s.fields.split()}
    names = dict.fromkeys((*ALWAYS, *fields_asked(instrument), *sections, *USUAL))
    document: dict[str, Any] = {
        "#": (
            f"Template of an order under {instrument}. Put a value in the place of each null, or delete the line. "
            "A field that stays null is not stated. `comity lint FILE` lists what is missing, "
            "`comity issue --from FILE` records the order."
        )
    }
    values = {"instrument": instrument, **known}
    for name in names:
        if name not in BY_ITSELF:
            document[MARK + name] = " ".join(_explained(fields[name], points, sections.get(name)))
            document[name] = values.get(name)
    return document


def _explained(field: Field, points: tuple[RequiredContent, ...], section: AnnexSection | None) -> Iterator[str]:
    yield field.says
    yield f"As {example(field)}."
    if field.one_of and (codes := list_of(field.one_of)):
        yield f"Codes: {', '.join(field.one_of)} (`comity vocabulary {quoted(codes.name)}`)."
    elif field.type.endswith("element]"):
        yield "Codes: `comity vocabulary elements`."
    if field.sealed:
        yield "Sealed."
    for point in points:
        if field.name in point.fields:
            asks = "asks for it" if point.when is None else f"asks for it if {point.when.__doc__}"
            yield f"{point.cite} {asks}."
    if section is not None and section.letter:
        yield f"Section {section.letter} of the form."


def example(field: Field) -> str:
    """Return an example value of a field as JSON."""
    form: Form = field.form
    item = form.item if isinstance(form, ListForm) else form
    text = EXAMPLES.get(item.type, "")
    if field.one_of:
        text = f'"{field.one_of[0]}"'
    elif isinstance(item, TextForm) and " such as " in item.expected:
        text = f'"{item.expected.partition(" such as ")[2].split(" or ")[0]}"'
    text = text or ANY
    return f"[{text}]" if isinstance(form, ListForm) else text
