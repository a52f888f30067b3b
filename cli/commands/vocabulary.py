"""`comity vocabulary`: list the kinds of fact and their fields."""

from __future__ import annotations

from typing import Any

import click
from msgspec import UNSET, Struct, UnsetType

from cli.click_extensions import command
from cli.exit_codes import Stop
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from cli.terminal.table import wrapped


class KindItem(Struct, frozen=True):
    """One kind of fact, and the roles that may sign it."""

    kind: str
    group: str
    signers: str
    says: str


class VocabularyAnswer(CommandAnswer, tag="comity.vocabulary/1"):
    """All kinds of fact (`kinds`); of one kind its JSON Schema, and what a schema cannot say (`about`)."""

    kinds: list[KindItem] | UnsetType = UNSET
    schema: dict[str, Any] | UnsetType = UNSET
    about: dict[str, Any] | UnsetType = UNSET


@command("comity vocabulary", "comity vocabulary order-issued", "comity vocabulary data-disclosed --json")
@click.argument("kind", required=False)
def vocabulary(kind: str | None) -> None:
    """The kinds of fact, or one kind with its fields; --json prints its JSON Schema and what a schema cannot say."""
    from ledger.facts import KINDS, WHY, about, json_schema, kind_of

    if kind is not None and kind not in KINDS:
        from difflib import get_close_matches

        near = get_close_matches(kind, KINDS, n=1)
        raise Stop(
            f"no kind {kind!r}", hint=f"`comity vocabulary {near[0]}`?" if near else "`comity vocabulary` lists them"
        )
    if kind is None:
        kinds = [KindItem(k, f.group, ", ".join(f.signers), f.says) for k, f in sorted(KINDS.items())]
        output.emit(VocabularyAnswer(kinds=kinds), KindItem.__struct_fields__, kinds)
        return
    fact = kind_of(kind)
    fields = ("field", "type", "required", "readers", "says")
    rows = [
        (
            f.name,
            f.type + (f" of {', '.join(f.one_of)}" if f.one_of else ""),
            "required" if f.required else "",
            ", ".join(f.audience) if f.sealed else "everybody",
            f.says,
        )
        for f in fact.fields().values()
    ]

    def text() -> str:
        out = [f"{output.paint(fact.kind, 'bold')}: {fact.says}", f"signed as {', '.join(fact.signers)}"]
        if fact.basis:
            out.append(f"basis {', '.join(fact.basis)}")
        for name, type_, required, readers, says in rows:
            seal = "" if readers == "everybody" else "  [sealed]"
            out += ["", f"  {output.paint(name, 'bold')}  {required}{seal}".rstrip()]
            out += wrapped(f"{says} ({type_})", " ", 80)
            if seal:
                out += wrapped(f"readers: {readers}", " ", 80)
        out += ["", f"  {output.paint(WHY.name, 'bold')}  with `--replaces`  [sealed]"]
        out += wrapped(f"{WHY.says} ({WHY.type})", " ", 80)
        out += wrapped("readers: those who may read all sealed fields of the entry that is replaced", " ", 80)
        return "\n".join(out)

    output.emit(VocabularyAnswer(schema=json_schema(kind), about=about(fact)), fields, rows, text=text)
