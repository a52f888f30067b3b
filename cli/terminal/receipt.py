"""Print the receipt of a stored entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import UNSET, UnsetType

from cli.invocation import said
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from cli.terminal.next_commands import at_ledger, tell_next

if TYPE_CHECKING:
    from ledger.entries.case import Case, Entry
    from ledger.entries.keyring import SigningOffice


COLUMNS = ("kind", "order", "seq", "index", "entry", "leaf", "already")


class RecordReceipt(Protocol):
    """The receipt of one recorded entry, from a folder or from an office server."""

    @property
    def index(self) -> int: ...

    @property
    def leaf(self) -> str: ...

    @property
    def entry(self) -> str: ...

    @property
    def order(self) -> str: ...

    @property
    def seq(self) -> int: ...

    @property
    def already(self) -> bool: ...

    @property
    def proof(self) -> bytes: ...


class Recorded(Protocol):
    """The ledger in which an entry was recorded (`cli.session.record_target.RecordTarget`)."""

    @property
    def origin(self) -> str: ...

    @property
    def registry(self) -> str: ...

    def register(self) -> Sequence[Entry]: ...

    def case(self, order: str) -> Case: ...

    def offices_here(self) -> Mapping[str, SigningOffice]: ...


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


def tell(target: Recorded, kind: str, receipt: RecordReceipt, files: Sequence[str] = (), *, last: bool = True) -> None:
    """Print the receipt of an entry: what it says, its place in its order and in the log, and what usually follows.

    As JSON with the inclusion proof. `files` are the paths of files that the entry handed over. `last` is False if
    another entry was recorded with it, whose receipt says what follows.
    """
    says, name, following = _about(target, receipt, files)
    answer = ReceiptAnswer(
        kind=kind,
        order=receipt.order,
        seq=receipt.seq,
        index=receipt.index,
        entry=receipt.entry,
        leaf=receipt.leaf,
        already=receipt.already,
        origin=target.origin,
        proof=receipt.proof.decode(),
        says=says,
        next=(following or UNSET) if last else UNSET,
    )
    done = "already recorded" if receipt.already else "recorded"

    def text() -> str:
        return (
            f"{done} {kind}, entry #{receipt.seq} of {name}\n"
            f"  {says}\n"
            f"  leaf {receipt.leaf}\n  log index {receipt.index}, id {receipt.entry}"
        )

    output.emit(answer, COLUMNS, [answer], text=text)
    if following and last and said().format == "table":
        tell_next(following)


def _about(target: Recorded, receipt: RecordReceipt, files: Sequence[str]) -> tuple[str, str, str]:
    """Return what an entry says, the name of its order with its id, and the command that usually follows."""
    from cli.terminal.following import Following
    from ledger.entries.case import Case
    from projections.views.timeline import timeline

    if receipt.order == target.registry:
        registry = tuple(target.register())
        case, name, called = Case(receipt.order, "", registry, registry), "the register", ""
    else:
        case = target.case(receipt.order)
        reference = next((str(e.public["reference"]) for e in case.entries if e.public.get("reference")), None)
        called = reference or receipt.order[:8]
        name = f"order {receipt.order}"
    line = next((line for line in timeline(case) if line.entry.leaf == receipt.leaf), None)
    if line is None:  # of the order of accesses, which no command shows
        return "", name, ""
    if not called:
        return line.says, name, ""
    following = Following(case, called, target.offices_here(), files, _missing(case, line.entry))
    return line.says, name, at_ledger(following.after(line.entry))


def _missing(case: Case, entry: Entry) -> tuple[str, ...]:
    """Return what the service of an order still lacks after its entry: the notification first, where it is required."""
    from cli.terminal.following import NOTIFIED, SERVICE
    from ledger.law import read_order

    if entry.kind not in SERVICE:
        return ()
    r = read_order(case, max(e.at for e in case.entries))
    issued = r.order.issued
    notified = issued is None or not r.review.required or r.order.notified(issued) is not None
    sent = issued is None or r.order.sent_or_received
    return (*(() if notified else (NOTIFIED,)), *(() if sent else ("order-transmitted",)))
