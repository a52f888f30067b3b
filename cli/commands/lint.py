"""`comity lint`: list what an order lacks before it is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.invocation import said
from cli.session import ledger_choice
from cli.terminal import file_io, output
from cli.terminal.answer import CommandAnswer
from cli.terminal.table import wrapped


class MissingItem(Struct, frozen=True):
    """One finding that this order would raise, and the text to add."""

    code: str
    level: str
    cite: str
    says: str
    add: str


class PracticeItem(Struct, frozen=True):
    """One advice of good practice, which is not binding."""

    about: str
    says: str
    add: str
    cite: str
    mark: str


class LintAnswer(CommandAnswer, tag="comity.lint/1"):
    """What an order lacks before it is sent, and good practice."""

    missing: list[MissingItem]
    practice: list[PracticeItem]


@command("comity lint order.json", "comity lint order.json --ledger ledger/ --json", refused=Exit.UNDECIDABLE)
@click.argument("file")
@click.option("--channel", default="provider-portal", show_default=True, help="How it is going to be sent.")
def lint(file: str, channel: str) -> Exit:
    """What would be found if this order were sent now, by citation, with what to add; exit 3 if anything is.

    FILE holds the fields of an order-issued as JSON: {"public": {...}, "sealed": {...}}, or all of them in one object.
    Good practice that no law requires is listed separately and changes no exit code.
    """
    from ledger.facts import kind_of
    from projections.views.completeness import lint as look
    from projections.views.good_practice import before_sending

    public, sealed = _order_fields(file, kind_of("order-issued"))
    registry, moment = _register()
    gaps = look(public, sealed, registry, moment, channel)
    missing = [MissingItem(m.code, m.level, m.cite, m.says, m.add) for m in gaps]
    practice = before_sending(public, sealed, registry, channel)
    advice = [PracticeItem(a.about, a.says, a.add, a.cite, str(a.mark)) for a in practice]

    def text() -> str:
        from cli.terminal.judgement_text import level

        out: list[str] = []
        for m in gaps:
            out += wrapped(f"{m.code} {m.says} ({m.cite})", level(m.level), 80, indent=0)
            out += wrapped(f"add: {m.add}", " ", 80, indent=0)
        out = out or ["No finding: nothing that this instrument asks of an order is missing."]
        if practice:
            out += ["", output.paint("Good practice, which binds nobody", "bold")]
        for a in practice:
            out += wrapped(f"{a.about}: {a.says} [{a.mark}]", "-", 80, indent=0)
            out += wrapped(f"add: {a.add}", " ", 80, indent=0)
        return "\n".join([*out, *(f"  {cite}" for cite in dict.fromkeys(a.cite for a in practice))])

    output.emit(LintAnswer(missing, advice), MissingItem.__struct_fields__, missing, text=text)
    return Exit.FINDINGS if gaps else Exit.DONE


def _order_fields(file: str, kind: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    from cli.session.field_values import parsed
    from ledger.facts import build

    document = parsed(file_io.read(file), file)
    if not isinstance(document, dict):
        raise Stop(f"{file}: an object of fields is expected", code=Exit.UNDECIDABLE)
    if set(document) <= {"public", "sealed"}:
        public, sealed = document.get("public", {}), document.get("sealed", {})
        if not (isinstance(public, dict) and isinstance(sealed, dict)):
            raise Stop(f"{file}: public and sealed are objects of fields", code=Exit.UNDECIDABLE)
    else:
        fields = kind.fields()
        sealed = {n: v for n, v in document.items() if n in fields and fields[n].sealed}
        public = {n: v for n, v in document.items() if n not in sealed}
    build("order-issued", public, sealed)
    return public, sealed


def _register() -> tuple[Any, datetime]:
    """Return the register and the time of the ledger; without a ledger, what is known of real Parties."""
    from projections.views.completeness import known_register

    folder = said().ledger or "."
    if ledger_choice.is_ledger(folder):
        from cli.session.ledger_reader import reading

        with reading() as reader:
            return reader.cases.register(), reader.now()
    moment = ledger_choice.now()
    return known_register(moment), moment
