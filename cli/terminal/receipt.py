"""Print the receipt of a stored entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.terminal import output
from cli.terminal.answer import CommandAnswer

if TYPE_CHECKING:
    from ledger.application.journal import Journal
    from ledger.application.write.receipt import Receipt


COLUMNS = ("kind", "order", "seq", "index", "entry", "leaf", "already")


class ReceiptAnswer(CommandAnswer, tag="comity.receipt/1"):
    """One recorded entry: its place in its order (`seq`) and in the log (`index`, from 0), and the inclusion proof.

    `already` is true if the entry was recorded before.
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


def tell(journal: Journal, kind: str, receipt: Receipt) -> None:
    """Print the receipt of an entry: its place in its order and in the log, and as JSON the inclusion proof."""
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
    )
    done = "already recorded" if receipt.already else "recorded"

    def text() -> str:
        where = "the register" if receipt.order == journal.registry else f"order {receipt.order}"
        return (
            f"{done} {kind}, entry #{receipt.seq} of {where}\n"
            f"  leaf {receipt.leaf}\n  log index {receipt.index}, id {receipt.entry}"
        )

    output.emit(answer, COLUMNS, [answer], text=text)
