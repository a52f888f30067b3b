"""`comity lint`: list what an order lacks before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.terminal import file_io, output
from cli.terminal.answer import CommandAnswer
from cli.terminal.following import usual_channel
from cli.terminal.table import wrapped
from ledger.command_line import quoted
from ledger.entries.case import Entry
from ledger.facts import FactError, build, kind_of
from ledger.law.next_steps.lookup import CONTENT
from projections.views.completeness import known_register
from projections.views.completeness import lint as look
from projections.views.good_practice import before_sending


class MissingItem(Struct, frozen=True):
    """One finding that this order would raise, the text to add, and commands that state it in the register.

    `level` is `form` for a field that is not of its form, or that every order needs.
    """

    code: str
    level: str
    cite: str
    says: str
    add: str
    commands: list[str]


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


@command(
    "comity lint order.json",
    "comity lint order.json --order 5f0c2a91 --ledger ledger/ --json",
    refused=Exit.UNDECIDABLE,
)
@click.argument("file")
@click.option("--channel", metavar="CODE", help="By which channel it is going to be sent (default: the usual one).")
@click.option("--order", metavar="ORDER", help="An order that has begun already, as by its validation: judged with it.")
def lint(file: str, channel: str | None, order: str | None) -> Exit:
    """What would be found if this order were sent now, by citation, with what to add; exit 3 if anything is.

    FILE holds the fields of an order-issued as JSON: {"public": {...}, "sealed": {...}}, or all of them in one object,
    as `comity issue --template` prints them. What `comity issue` states need not be in it.
    Exit 4 if a value has not the form of its field. Good practice that no law requires is listed separately and
    changes no exit code.
    """

    earlier = _on_record(order)
    public, sealed, unfit = _order_fields(file, earlier)
    missing = list(unfit)
    registry, moment, implied = _register()
    public = {**implied, "date_issued": moment.date().isoformat(), **public}
    for name in PLACEHOLDERS:
        if name not in public:
            hint = f"{name}: {kind_of('order-issued').fields()[name].says}"
            missing.append(MissingItem("FACT", FORM, "", "Every order states it.", hint, []))
    channel = channel or usual_channel(public.get("instrument"))
    gaps = look(public, sealed, registry, moment, channel, earlier) if "instrument" in public else []
    if any(item.level == FORM for item in missing):
        gaps = [m for m in gaps if m.code in CONTENT]  # who is bound by what cannot be asked of half an order
    missing += [MissingItem(m.code, m.level, m.cite, m.says, m.add, list(m.commands)) for m in gaps]
    practice = before_sending(public, sealed, registry, channel) if "instrument" in public else []
    advice = [PracticeItem(a.about, a.says, a.add, a.cite, str(a.mark)) for a in practice]

    def text() -> str:
        from cli.terminal.judgement_text import level

        out: list[str] = []
        for m in missing:
            cite = f" ({m.cite})" if m.cite else ""
            out += wrapped(f"{m.code} {m.says}{cite}", level(m.level), indent=0)
            out += wrapped(f"add: {m.add}", " ", indent=0) if m.add else []
            out += [f"  {command}" for command in m.commands]
        out = out or ["No finding: nothing that this instrument asks of an order is missing."]
        if practice:
            out += ["", output.paint("Good practice, which binds nobody", "bold")]
        for a in practice:
            out += wrapped(f"{a.about}: {a.says} [{a.mark}]", "-", indent=0)
            out += wrapped(f"add: {a.add}", " ", indent=0)
        return "\n".join([*out, *(f"  {cite}" for cite in dict.fromkeys(a.cite for a in practice))])

    output.emit(LintAnswer(missing, advice), MissingItem.__struct_fields__, missing, text=text)
    if unfit:
        return Exit.UNDECIDABLE
    return Exit.FINDINGS if missing else Exit.DONE


def _order_fields(file: str, earlier: Sequence[Entry] = ()) -> tuple[dict[str, Any], dict[str, Any], list[MissingItem]]:
    """Return the fields of an order that have their form, and a row for each field that has not or must be there."""
    from cli.session.field_values import from_json, resolved

    leaves = {f"#{e.seq}": e.leaf for e in earlier}
    raw = [
        resolved("order-issued", given, event=lambda text: leaves.get(text, text), order=lambda text: text)
        for given in from_json(file_io.read(file), file, "order-issued")
    ]
    fields = kind_of("order-issued").fields()
    unfit: list[MissingItem] = []
    kept: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    required = {name: PLACEHOLDERS[name] for name, field in fields.items() if field.required}
    for given, good, sealed in ((raw[0], kept[0], False), (raw[1], kept[1], True)):
        for name, value in given.items():
            try:
                public = {**required, **({} if sealed else {name: value})}
                build("order-issued", public, {name: value} if sealed else {})
            except FactError as error:
                unfit.append(MissingItem(error.code, FORM, "", f"{error.where}: {error.says}", error.hint, []))
            else:
                good[name] = value
    return (*kept, unfit)


PLACEHOLDERS = {"instrument": "2AP-7", "from_party": "XX", "to_party": "XX"}  # to check one field alone
FORM = "form"


def _on_record(order: str | None) -> tuple[Entry, ...]:
    """Return the entries of an order that has begun; `Stop` if it is issued already."""
    if order is None:
        return ()
    from cli.session.ledger_reader import reading_anywhere

    with reading_anywhere(describe=False) as reader:
        entries = reader.case(order).entries
    if any(e.kind == "order-issued" for e in entries):
        hint = f"`comity judge {quoted(order)}` says what it lacks"
        raise Stop(f"{order} is issued already, and lint is for an order before it is issued", hint=hint)
    return entries


def _register() -> tuple[Any, datetime, dict[str, Any]]:
    """Return the register and the time of the ledger, and the fields that `comity issue` states alone there.

    Without a ledger, return what is known of real Parties.
    """
    if ledger_choice.has_ledger():
        from cli.session.ledger_reader import reading_anywhere

        with reading_anywhere(describe=False) as reader:
            own = reader.party()
            offices = reader.keyring().offices.values()
            issuers = [o.actor for o in offices if o.party == own and "ISS" in o.roles]
            implied = {"from_party": own, "issuing_authority": issuers[0] if len(issuers) == 1 else "issuer"}
            return tuple(reader.register()), reader.now(), implied
    moment = ledger_choice.now()
    return known_register(moment), moment, {"issuing_authority": "issuer"}
