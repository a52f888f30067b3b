"""`comity order rename` and `join`: a name that no entry states, and the entry that two orders on record are one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.ledger_reader import reading
from cli.session.options import AS, KEY, ROLE
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from ledger.adapters.folders.order_names import give
from ledger.command_line import command_line
from ledger.entries.case import JOINING, wire
from ledger.entries.envelope import Circumstances
from ledger.errors import RecordError
from ledger.facts.value_forms import FormError, check, check_before_signing
from ledger.facts.value_types import Reference as Form
from ledger.facts.value_types import form_of

if TYPE_CHECKING:
    from ledger.application.intake.same_orders import SameOrder
    from ledger.application.journal import Journal


class SameOrderItem(Struct, frozen=True):
    """An order that arrived and an imported order that may be one: reference, issuing office, dates of both."""

    order: str
    imported: str
    reference: str
    office: str
    issued_on: str
    imported_on: str


class JoinedItem(Struct, frozen=True):
    """Two orders that are one from now on, and the entry in the first one that says so: number and log index."""

    order: str
    imported: str
    seq: int
    index: int


class SameOrdersAnswer(CommandAnswer, tag="comity.same-orders/1"):
    """The orders that may be one and are not joined (`offered`), and the pairs that were joined now, with the entry."""

    offered: list[SameOrderItem]
    joined: list[JoinedItem]


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


@command(
    "comity order join",
    "comity order join 5f0c1a2b 77ab01c4 --as skylark",
    "comity order join --all --as skylark",
)
@click.argument("order", required=False)
@click.argument("imported", required=False)
@click.option("--all", "every", is_flag=True, help="Confirm each listed pair whose orders are in no other pair.")
@AS
@ROLE
@KEY
def join(
    order: str | None, imported: str | None, every: bool, actor: str | None, role: str | None, key_file: str | None
) -> Exit:
    """List orders that may be one: an imported one and one that arrived, or confirm that ORDER and IMPORTED are one.

    Listed are orders with the same reference, the same issuing office and near dates. None is joined by the program: a
    person confirms it, and the entry says who. From then on both are one order: one row, one set of deadlines, one
    custody. ORDER, which arrived, keeps its id; the first receipt counts. The receipt prints the command that ends it.
    """
    if order is not None and imported is None:
        raise Stop("which other order is the same one?", hint="comity order join ORDER IMPORTED")
    if order is None and not every:
        with reading() as reader:
            from ledger.application.intake.same_orders import SameOrders

            found = list(SameOrders(reader.cases, reader.store).offered())
        return _tell_offered(found)
    from cli.session.open_ledger import find, writing
    from ledger.application.intake.same_orders import SameOrders, alone

    left: list[SameOrder] = []
    with writing() as journal:
        pairs = [(find(journal, order), find(journal, imported))] if order and imported else []
        if every:
            offered = list(SameOrders(journal.cases, journal.store).offered())
            fitting = alone(offered)
            pairs = [(each.order, each.imported) for each in fitting]
            left = [each for each in offered if each not in fitting]
        joined = _join(journal, pairs, actor, role, key_file)
    return _tell_joined(joined, left)


def _join(
    journal: Journal, pairs: Sequence[tuple[str, str]], actor: str | None, role: str | None, key_file: str | None
) -> list[JoinedItem]:
    from cli.session.open_ledger import hand
    from ledger.application.intake.same_orders import joining_fact
    from ledger.application.write.draft import Draft

    drafts, named = [], []
    signer = hand(journal, JOINING, actor, role, key_file) if pairs else None
    for each in pairs:
        assert signer is not None  # noqa: S101 - there is a pair
        whole, part = (journal.case(order, reveal=False) for order in each)
        fact = joining_fact(whole, part, signer.actor, journal.cases)
        drafts.append(Draft(fact, whole.order, signer, Circumstances(now := journal.now(), now)))
        named.append((whole.order, part.order))
    receipts = journal.record_batch(drafts) if drafts else []
    return [
        JoinedItem(whole, part, receipt.seq, receipt.index)
        for (whole, part), receipt in zip(named, receipts, strict=True)
    ]


def _tell_joined(joined: list[JoinedItem], left: list[SameOrder]) -> Exit:
    def text() -> str:
        return "\n".join([f"{j.imported[:8]} is the order {j.order[:8]}, entry #{j.seq} there says" for j in joined])

    output.emit(SameOrdersAnswer(_items(left), joined), JoinedItem.__struct_fields__, joined, text=text)
    for reference, office in sorted({(each.reference, each.office) for each in left}):
        output.tell(f"{reference} of {office} fits more than one pair: `comity order join ORDER IMPORTED` says which")
    if not joined and not left:
        output.tell("no two orders on record may be one and are not joined")
    elif joined:
        last = joined[-1]
        ends = command_line("record", "event-disputed", last.order[:8], "-f", f"about=#{last.seq}", "--as", "OFFICE")
        output.tell(f"if two of them are not one, a later entry ends it: {ends}")
    return Exit.DONE


def _items(found: list[SameOrder]) -> list[SameOrderItem]:

    return [
        SameOrderItem(s.order, s.imported, s.reference, s.office, wire(s.issued_on), wire(s.imported_on)) for s in found
    ]


def _tell_offered(found: list[SameOrder]) -> Exit:
    items = _items(found)
    output.emit(SameOrdersAnswer(items, []), SameOrderItem.__struct_fields__, items)
    for each in items[:1]:
        output.tell(f"confirm one pair: {command_line('order', 'join', each.order[:8], each.imported[:8])} --as OFFICE")
    return Exit.DONE
