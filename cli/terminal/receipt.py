"""Print the receipt of a stored entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from cli.invocation import said
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from cli.terminal.next_commands import at_ledger, tell_next

if TYPE_CHECKING:
    from ledger.application.journal import Journal
    from ledger.application.write.receipt import Receipt


COLUMNS = ("kind", "order", "seq", "index", "entry", "leaf", "already")


class ReceiptAnswer(CommandAnswer, tag="comity.receipt/1"):
    """One recorded entry: its place in its order (`seq`) and in the log (`index`, from 0), and the inclusion proof.

    `already` is true if the entry was recorded before. `says` is the entry in a sentence, with sealed values closed.
    `next` is the command that usually follows; it is left out for an entry of the register.
    """

    kind: str
    order: str
    seq: int
    index: int
    entry: str
    leaf: str
    already: bool
    origin: str
    proof: str
    says: str
    next: str | UnsetType = UNSET


def tell(journal: Journal, kind: str, receipt: Receipt, files: Sequence[str] = ()) -> None:
    """Print the receipt of an entry: what it says, its place in its order and in the log, and what usually follows.

    As JSON with the inclusion proof. `files` are the paths of files that the entry handed over.
    """
    says, name, following = _about(journal, receipt, files)
    answer = ReceiptAnswer(
        kind=kind,
        order=receipt.order,
        seq=receipt.seq,
        index=receipt.index,
        entry=receipt.entry,
        leaf=receipt.leaf,
        already=receipt.already,
        origin=journal.origin,
        proof=receipt.proof.decode(),
        says=says,
        next=following or UNSET,
    )
    done = "already recorded" if receipt.already else "recorded"

    def text() -> str:
        return (
            f"{done} {kind}, entry #{receipt.seq} of {name}\n"
            f"  {says}\n"
            f"  leaf {receipt.leaf}\n  log index {receipt.index}, id {receipt.entry}"
        )

    output.emit(answer, COLUMNS, [answer], text=text)
    if following and said().format == "table":
        tell_next(following)


def _about(journal: Journal, receipt: Receipt, files: Sequence[str]) -> tuple[str, str, str]:
    """Return what an entry says, the name of its order with its id, and the command that usually follows."""
    from cli.terminal.following import Following
    from ledger.adapters.keys.key_files import listed
    from ledger.entries.case import Case
    from projections.views.timeline import timeline

    if receipt.order == journal.registry:
        registry = tuple(journal.cases.register(reveal=False))
        case, name, called = Case(receipt.order, "", registry, registry), "the register", ""
    else:
        case = journal.case(receipt.order)
        reference = next((str(e.public["reference"]) for e in case.entries if e.public.get("reference")), None)
        called = reference or receipt.order[:8]
        name = f"order {receipt.order}"
    line = next((line for line in timeline(case) if line.entry.leaf == receipt.leaf), None)
    if line is None:  # of the order of accesses, which no command shows
        return "", name, ""
    if not called:
        return line.says, name, ""
    keyring = journal.read_keyring()
    mine = {public.hex() for public in listed(journal.home.keys).values()}
    here = {k.actor: keyring.offices[k.actor] for k in keyring.keys.values() if k.public in mine and k.ended is None}
    here.pop(journal.folder.registrar.actor, None)
    return line.says, name, at_ledger(Following(case, called, here, files).after(line.entry))
