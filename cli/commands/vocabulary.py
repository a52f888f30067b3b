"""`comity vocabulary`: list the kinds of fact with their fields, and the codes that fields take."""

from __future__ import annotations

from typing import Any

import click
from msgspec import UNSET, Struct, UnsetType

from cli.click_extensions import command
from cli.exit_codes import Stop
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from cli.terminal.table import wrapped
from ledger.command_line import quoted
from ledger.facts import KINDS, WHY, about, json_schema, kind_of, meant
from ledger.facts.vocabulary import ELEMENTS, GROUNDS
from ledger.facts.words import CODE_LISTS


class KindItem(Struct, frozen=True):
    """One kind of fact, and the roles that may sign it."""

    kind: str
    group: str
    signers: str
    says: str


class ListItem(Struct, frozen=True):
    """One code list: its name, what its codes say, and the codes."""

    name: str
    says: str
    codes: list[str]


class CodeItem(Struct, frozen=True):
    """One code of a list: its words, its category or provision (`about`, may be empty), and who uses it.

    `used` has the kinds that a role signs; of another code the fields that take it, as KIND.FIELD.
    """

    list: str
    code: str
    says: str
    about: str
    used: tuple[str, ...]


class VocabularyAnswer(CommandAnswer, tag="comity.vocabulary/1"):
    """All kinds of fact (`kinds`); of one kind its JSON Schema, and what a schema cannot say (`about`).

    All code lists (`lists`); the codes of one list, or one code in every list that has it (`codes`).
    """

    kinds: list[KindItem] | UnsetType = UNSET
    schema: dict[str, Any] | UnsetType = UNSET
    about: dict[str, Any] | UnsetType = UNSET
    lists: list[ListItem] | UnsetType = UNSET
    codes: list[CodeItem] | UnsetType = UNSET


@command(
    "comity vocabulary",
    "comity vocabulary order-issued",
    "comity vocabulary lists                                          (the lists of codes: roles, elements, ...)",
    "comity vocabulary roles",
    "comity vocabulary ISS",
    "comity vocabulary data-disclosed --json",
)
@click.argument("term", required=False, metavar="[KIND|LIST|CODE]")
def vocabulary(term: str | None) -> None:
    """The kinds of fact and the codes: all kinds, one KIND with its fields, one LIST of codes, or one CODE.

    Of a kind, --json prints its JSON Schema and what a schema cannot say.
    """
    if term is None:
        kinds = [KindItem(k, f.group, ", ".join(f.signers), f.says) for k, f in sorted(KINDS.items())]
        output.emit(VocabularyAnswer(kinds=kinds), KindItem.__struct_fields__, kinds)
        output.tell("the lists of codes, such as roles and elements: comity vocabulary lists")
    elif term in KINDS:
        _show_kind(term)
    elif term == LISTS:
        lists = [ListItem(each.name, each.says, list(each.words)) for each in CODE_LISTS.values()]
        rows = [(each.name, each.says, len(each.codes)) for each in lists]
        output.emit(VocabularyAnswer(lists=lists), ListItem.__struct_fields__, rows)
    elif term in CODE_LISTS:
        codes = [_code(term, code) for code in CODE_LISTS[term].words]
        columns = [name for name in ("code", "says", "about") if name != "about" or any(each.about for each in codes)]
        output.emit(VocabularyAnswer(codes=codes), columns, codes)
    else:
        _show_code(term)


LISTS = "lists"


def _show_code(text: str) -> None:
    """Explain a code in every list that has it; `Stop` with what may be meant."""
    from ledger.facts.words.lookup import code_of, near_codes

    every = {code: says for each in CODE_LISTS.values() for code, says in each.words.items()}
    code = text if text in every else code_of(text, every)
    if code is None:
        known = [*KINDS, *CODE_LISTS, LISTS]
        near = meant(text, known).removeprefix("did you mean ").rstrip("?")
        names = [near] if near else near_codes(text, every)
        hint = " or ".join(f"`comity vocabulary {quoted(name)}`" for name in names)
        lists = "`comity vocabulary` lists the kinds, `comity vocabulary lists` the lists of codes"
        raise Stop(f"no kind, list or code {text!r}", hint=f"{hint}?" if hint else lists)
    codes = [_code(name, code) for name, each in CODE_LISTS.items() if code in each.words]

    def words() -> str:
        out: list[str] = []
        for each in codes:
            out += wrapped(each.says, f"{output.paint(each.code, 'bold')} ({each.list}):", indent=0)
            for label, value in (("about", each.about), ("signs" if each.list == "roles" else "in", each.used)):
                if value:
                    out += wrapped(value if isinstance(value, str) else ", ".join(value), f"  {label}:")
        return "\n".join(out)

    output.emit(VocabularyAnswer(codes=codes), CodeItem.__struct_fields__, codes, text=words)


def _code(list_name: str, code: str) -> CodeItem:
    found = CODE_LISTS[list_name]
    about, used = "", []
    if list_name == "roles":
        used = [name for name, kind in sorted(KINDS.items()) if code in kind.signers]
    elif list_name == "elements":
        element = ELEMENTS[code]
        eu = "" if element.eu == element.category else f", {element.eu} in EU law"
        about = f"{element.category}{eu}; {element.cite}"
    elif list_name == "grounds":
        about = GROUNDS[code].cite
    else:
        fields = ((name, f) for name, kind in sorted(KINDS.items()) for f in kind.fields().values())
        used = [f"{name}.{f.name}" for name, f in fields if frozenset(f.one_of) == frozenset(found.words)]
    return CodeItem(list_name, code, found.words[code], about, tuple(used))


def _show_kind(kind: str) -> None:
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
            out += wrapped(f"{says} ({type_})", " ")
            if seal:
                out += wrapped(f"readers: {readers}", " ")
        out += ["", f"  {output.paint(WHY.name, 'bold')}  with `--replaces`  [sealed]"]
        out += wrapped(f"{WHY.says} ({WHY.type})", " ")
        out += wrapped("readers: those who may read all sealed fields of the entry that is replaced", " ")
        return "\n".join(out)

    output.emit(VocabularyAnswer(schema=json_schema(kind), about=about(fact)), fields, rows, text=text)
