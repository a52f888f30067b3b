"""`comity order rename`: give an order a name that only this ledger's folder has, and no entry states."""

from __future__ import annotations

import click

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.session.ledger_reader import reading
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from ledger.adapters.folders.order_names import give
from ledger.errors import RecordError
from ledger.facts.value_forms import FormError, check, check_before_signing
from ledger.facts.value_types import Reference as Form
from ledger.facts.value_types import form_of


class NameAnswer(CommandAnswer, tag="comity.name/1"):
    """The name that an order was given in this ledger's folder."""

    order: str
    name: str


@command("comity order rename PPO-2026-123 karsk-123", "comity order rename 5f0c1a2b karsk-123")
@click.argument("order")
@click.argument("name")
def rename(order: str, name: str) -> Exit:
    """Give ORDER the NAME by which every command of this ledger knows it from now on, instead of one given before.

    Nothing is recorded and no entry changes: the name is kept in the ledger's folder, in names.json. References and
    ids go on naming the order. NAME is refused where an order is called so already.
    """
    form = form_of(Form)
    try:
        check(form, name)
        check_before_signing(form, name)
    except FormError as unfit:
        raise RecordError("FACT", f"expected {unfit.expected}, got {name!r}", where="name") from None
    with reading() as reader:
        order_id = reader.find(order)
        others = {*reader.called(name)} - {order_id}
        if others:
            says = f"an order is called {name!r} already, {', '.join(sorted(o[:8] for o in others))}"
            raise RecordError("NAME-TAKEN", says, where="name", hint="a name of one's own fits one order alone")
        give(reader.folder.path, order_id, name)
    output.emit(NameAnswer(order_id, name), text=lambda: f"{name} is the order {order_id}")
    return Exit.DONE
