"""`comity receive`: verify entries of another office under the keys pinned for it, and wrap them into this record."""

from __future__ import annotations

import logging
from hashlib import sha256

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.handover.entry_proof import proof_beside
from cli.handover.reception import (
    Before,
    Received,
    ReceivedOrderItem,
    RegisterItem,
    before_reception,
    changed_by,
    orders_in,
)
from cli.invocation import said
from cli.records.same_orders import tell_same_orders
from cli.session.open_ledger import find, hand, writing
from cli.session.options import AS, KEY, ROLE
from cli.terminal import file_io, output
from cli.terminal.answer import CommandAnswer
from cli.terminal.log_output import VERBOSE
from cli.terminal.next_commands import tell_next
from ledger.application.foreign.arrivals import from_bundle, from_entry
from ledger.application.foreign.receive import Arrival, keep_alone
from ledger.application.foreign.take_in import Taken, take_in
from ledger.application.journal import Journal
from ledger.application.write.draft import Draft
from ledger.entries.envelope import Circumstances, OpenedEntry, Signer, open_
from ledger.entries.wrapped_entry import wrapping_crossed
from ledger.errors import RecordError
from ledger.tlog.tree import parse_proof


class ReceivedItem(Struct, frozen=True):
    """One entry of another log: its position there, whether it was recorded before, and its position here."""

    log: str
    their_index: int
    kind: str
    done: str
    index: int


class ReceivedAnswer(CommandAnswer, tag="comity.received/1"):
    """What became of each entry that arrived, and what that changed in each order and in the registers of others."""

    entries: list[ReceivedItem]
    recorded: int
    already: int
    orders: list[ReceivedOrderItem]
    registers: list[RegisterItem]


logger = logging.getLogger(__name__)

KIND = "counterparty-record-received"


@command(
    "comity receive order.evidence.zip --as skylark",
    "comity receive answer.evidence.zip --as ilves --order PPO-2026-123",
    "comity receive 12.dsse.json --backs '#7' --as ilves          (its proof, 12.tlog-proof, beside it)",
)
@click.argument("file", metavar="FILE")
@click.option("--order", "name", metavar="ORDER", help="Our order it belongs to (default: the one of the same id).")
@click.option("--backs", metavar="ENTRY", help="The entry of ours that the one received supports.")
@click.option("--anyway", is_flag=True, help="Keep what cannot be verified fully; it then counts for nothing.")
@AS
@ROLE
@KEY
@VERBOSE
def receive(
    file: str,
    name: str | None,
    backs: str | None,
    anyway: bool,
    actor: str | None,
    role: str | None,
    key_file: str | None,
) -> Exit:
    """Take in FILE: the evidence bundle of another record, or one sealed entry.

    It is verified under the keys that our registrar pinned for that log, and wrapped: bytes and proof are kept, and the
    law counts it as its signer's own act. What is here already stays where it is. An entry sealed for this very ledger
    is stored as it is, or wrapped if others wrote first.
    """
    data = file_io.read(file)
    with writing() as journal:
        opened = open_(data) if data.startswith(b'{"payload":') else None
        if opened is not None and opened.payload.log == journal.origin:
            return _sealed_for_us(journal, opened, actor, role, key_file)
        if opened is None and not data.startswith(b"PK"):
            raise Stop(f"{file} is neither a bundle nor a sealed entry", code=Exit.UNDECIDABLE)
        order = find(journal, name) if name else None
        about = orders_in(data) if opened is None else (opened.payload.order,)
        about = about if order is None else (order,)
        signer = hand(journal, KIND, actor, role, key_file, *about[:1])  # before anything received is stored
        before = before_reception(journal, about)
        if opened is None:
            arrivals, check = from_bundle(journal, data, order, output.tell, anyway=anyway)
            theirs = {open_(arrival.raw).payload.order for arrival in arrivals}
            if name and len(theirs) > 1:
                if order not in theirs:
                    raise Stop("--order is for a bundle of one order, and this brings more")
                name = None  # as without it: each entry goes to the order of its id
        else:
            arrivals, check = from_entry(journal, opened, proof_beside(file), output.tell, anyway=anyway)
        if backs and len(arrivals) != 1:
            raise Stop("--backs is for one entry, and this brings more", hint="receive that entry by itself")
        return _take_in(journal, arrivals, signer, check, before, name, backs, anyway=anyway)


# -- into the record ---------------------------------------------------------------------------------------------------


def _take_in(
    journal: Journal,
    arrivals: list[Arrival],
    signer: Signer,
    check: str,
    before: Before,
    name: str | None,
    backs: str | None,
    *,
    anyway: bool,
) -> Exit:
    from cli.session.record_target import FolderTarget, Place

    target = FolderTarget(journal)
    backed = (lambda place: Place.of(target, KIND, place, None).event(backs)) if backs else None
    order = find(journal, name) if name else ""
    taken = take_in(journal, arrivals, signer, check, order=order, backs=backed, anyway=anyway)
    fresh = sum(not each.already for each in taken)
    logger.info("%d entries stored, %d were here already", fresh, len(taken) - fresh)
    orders = [order or each.opened.payload.order for each in taken]
    _tell([_row(each) for each in taken], fresh, changed_by(target, before, orders))
    tell_same_orders(journal, {order or each.opened.payload.order for each in taken if not each.already})
    return Exit.DONE


def _sealed_for_us(
    journal: Journal, opened: OpenedEntry, actor: str | None, role: str | None, key_file: str | None
) -> Exit:
    """Record an entry sealed elsewhere for this ledger: unchanged, or wrapped if other entries came first."""
    from cli.session.record_target import FolderTarget
    from cli.terminal.receipt import tell

    try:
        (receipt,) = journal.receive_sealed([opened.raw])
    except RecordError as refused:
        if refused.code != "CTX-CHAIN" or journal.store.newest(opened.payload.order) is None:
            raise
    else:
        tell(FolderTarget(journal), opened.payload.kind, receipt)
        return Exit.DONE
    size = journal.store.size()
    journal.read_keyring().check(opened, size)
    journal.read_keyring().check_role(opened.payload.signer, size)
    if opened.payload.order in journal.cases.reserved:
        raise RecordError("CTX-CHAIN", "others wrote to the register first", hint="read it again, and seal it again")
    signer = hand(journal, KIND, actor, role, key_file, opened.payload.order)
    entry, before = _crossed(journal, opened)
    if before is None:
        output.tell("others wrote first: it is wrapped, and counts as its signer's act")
        keep_alone(opened.raw, journal.received)
    else:
        size = before
    now = journal.now()
    draft = Draft(
        wrapping_crossed(opened.raw, size),
        opened.payload.order,
        signer,
        Circumstances(now, now),
        entry=entry,
        wraps=opened.raw,
    )
    tell(FolderTarget(journal), KIND, journal.record_batch([draft])[0])
    return Exit.DONE


def _crossed(journal: Journal, opened: OpenedEntry) -> tuple[str, int | None]:
    """Return the id under which a crossed entry is wrapped, and its recorded position if it was wrapped before."""
    for attempt in range(1_000):
        entry = opened.leaf[:32] if not attempt else sha256(f"{opened.leaf}\n{attempt}".encode()).hexdigest()[:32]
        before = journal.store.by_entry(bytes.fromhex(entry))
        if before is None:
            return entry, None
        p = open_(before[1]).payload
        if (p.kind, p.order, p.public.get("leaf")) == (KIND, opened.payload.order, opened.leaf):
            return entry, p.public["index"]
    raise AssertionError("ids of 128 bits are not all taken")


def _row(taken: Taken) -> ReceivedItem:
    p, done = taken.opened.payload, "already recorded" if taken.already else "recorded"
    return ReceivedItem(p.log, parse_proof(taken.arrival.proof).index, p.kind, done, taken.index)


def _tell(items: list[ReceivedItem], fresh: int, changed: Received) -> None:
    already = len(items) - fresh

    def text() -> str:
        if not items:
            return "nothing in it is for us"
        new = f"recorded {output.counted(fresh, 'entry', 'entries')}" if fresh else "recorded nothing"
        return "\n".join([f"{new}; {already} already on record" if already else new, *changed.lines])

    rows: list[ReceivedItem | tuple[str | None, ...]] = [*items]
    rows = rows or [(None, None, None, "nothing for us", None)]
    answer = ReceivedAnswer(items, fresh, already, changed.orders, changed.registers)
    output.emit(answer, ReceivedItem.__struct_fields__, rows, text=text)
    if said().format == "table":
        tell_next(*changed.next)
