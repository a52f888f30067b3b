"""Say what shows that no entry was left out of a bundle, a paper or a folder, and what does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from ledger.bundle.manifest import Manifest
from ledger.entries.case import wire
from ledger.entries.placement import registry_of
from ledger.verify.progress import ENDS, Unproven, counted
from ledger.verify.report import CommittedHeads

COMMITTED = "CMP-COMMITTED"  # the ledger has stated how many entries an order has


class ShownOrders(Struct, frozen=True):
    """Some orders of a log, as a bundle or a paper (`of`) shows them.

    `last` has the number of the newest entry of each, the register among them. `size` is that of the head that they are
    under, None without one. `committed` are the heads with which they agree. `maker` signs that this is all, if anyone.
    """

    order: str
    registry: str
    last: Mapping[str, int]
    size: int | None
    committed: CommittedHeads | None
    maker: str = ""
    of: str = "bundle"


class ShownLog(Struct, frozen=True):
    """A whole log that was read: its size, how many entries its head covers, and how many an earlier audit has read."""

    size: int
    covered: int
    rests: int = 0


def left_out(shown: ShownOrders | ShownLog) -> Iterator[tuple[str, str]]:
    """Yield what is not proven of the ends of the orders, or of the log, the gravest first: its code and a sentence.

    What is said of a log has no code.
    """
    yield from _of_log(shown) if isinstance(shown, ShownLog) else _of_orders(shown)


def bundle_ends(manifest: Manifest, size: int, committed: CommittedHeads | None) -> Iterator[str]:
    """Yield the sentences on a bundle under a head of this size, with their codes; its maker signs where orders end."""
    last = {order: head.seq for order, head in manifest.heads.items()}
    maker = f"{manifest.signer.actor} of {manifest.signer.party}"
    shown = ShownOrders(manifest.order, registry_of(manifest.log), last, size, committed, maker)
    yield from (Unproven(code, says, ENDS) for code, says in left_out(shown))


def _of_log(log: ShownLog) -> Iterator[tuple[str, str]]:
    """Yield what is not proven of a log of which every entry was read: its tree leaves none out."""
    if log.rests:
        says = "That the first {} entries are whole: an earlier audit checked the ones this run did not read."
        yield "", says.format(log.rests)
    if loose := log.size - log.covered:
        which = f"entry {log.covered}" if loose == 1 else f"entries {log.covered} to {log.size - 1}"
        them = "it" if loose == 1 else "them"
        yield "", f"That {which} will stay: no checkpoint that the log has signed covers {them}."


def _of_orders(shown: ShownOrders) -> Iterator[tuple[str, str]]:
    """Yield who says where each order ends and that it has no other entries: the ledger, and the maker.

    Behind the entries whose heads the ledger committed there is the signature of the maker alone, or none.
    """
    committed, maker = shown.committed, shown.maker
    others = [order for order in sorted(shown.last) if order not in (shown.order, shown.registry)]
    if committed is not None:
        counts = committed.counts
        rest = "".join(f", {order} {counts[order]}" for order in others)
        code, computed = COMMITTED, ". Anyone with all entries can compute this root again."
        if committed.auditors:
            names = ", ".join(committed.auditors)
            code, computed = "CMP-AUDITED", f", and of your auditors {names} computed this root from the entries."
        yield (
            code,
            f"that among the first {committed.size} entries of the log this order has exactly "
            f"{counted(counts[shown.order], 'entry', 'entries')}, and the register {counts[shown.registry]}{rest}: "
            f"entry {committed.index} of {wire(committed.signed_at)} commits the ledger to that, under one root for "
            f"all orders{computed} Other orders may hold more on it.",
        )
        if committed.whole:
            return
        yield COMMITTED, f"the next sentences are about what came behind the first {committed.size} entries of the log."
    else:
        alone = f"the next sentences rest on {maker} alone" if maker else "nobody signs what the next sentences say"
        yield (
            "CMP-NOT-COMMITTED",
            f"that nothing was left out: the {shown.of} carries no heads that the ledger committed, so {alone}.",
        )
    signs = f"{maker or 'nobody'} signs that"
    at = "" if shown.size is None else f" at size {shown.size}"
    yield (
        "CMP-ORDER",
        f"that the log holds no later entry of this order{at}, and no other entry in the place of one of its "
        f"{shown.last[shown.order]}: {signs}. Other orders may hold more on it.",
    )
    if others:
        listed = ", ".join(f"{order} {shown.last[order]}" for order in others)
        yield "CMP-ORDER", f"the same of the other orders in the {shown.of}, by id and number of entries: {listed}."
    yield (
        "CMP-REGISTER",
        f"that no key was revoked, reported or replaced behind entry {shown.last[shown.registry]} of the register, "
        f"and no other entry stands in the place of one of these: {signs}.",
    )
