"""What is printed once an entry is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.terminal import output

if TYPE_CHECKING:
    from ledger.application.journal import Journal, Receipt


def tell(journal: Journal, kind: str, receipt: Receipt) -> None:
    """Print the receipt of an entry: where it stands, and the proof that it does."""
    document = {
        "kind": kind,
        "order": receipt.order,
        "seq": receipt.seq,
        "index": receipt.index,
        "entry": receipt.entry,
        "leaf": receipt.leaf,
        "already": receipt.already,
        "origin": journal.origin,
        "proof": receipt.proof.decode(),
    }
    columns = ("kind", "order", "seq", "index", "entry", "leaf", "already")
    done = "already recorded" if receipt.already else "recorded"

    def text() -> str:
        where = "the register" if receipt.order == journal.registry else f"order {receipt.order}"
        return (
            f"{done} {kind}, entry #{receipt.seq} of {where}\n"
            f"  leaf {receipt.leaf}\n  log index {receipt.index}, id {receipt.entry}"
        )

    output.emit("receipt", document, columns, [tuple(document[c] for c in columns)], text=text)
