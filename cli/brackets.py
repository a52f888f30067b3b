"""When the entries of a ledger were signed, proven from both sides by what it keeps: cosigned notes and time stamps."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

from cli import ui
from ledger.bundle.layout import Arranged
from ledger.note import Head, open_checkpoint
from ledger.verify import Trust
from ledger.verify.heads import Heads
from ledger.verify.notebook import Notebook
from ledger.verify.times import Times
from ledger.verify.tokens import check_tokens
from ledger.world import mldsa, stamping
from ledger.world.heads import Heads as Kept

if TYPE_CHECKING:
    from cli.reading import Reader

Bracket = tuple[datetime | None, datetime | None]  # not before, not after; UTC


def brackets(reader: Reader, orders: Iterable[str]) -> dict[int, Bracket]:
    """The bracket of every entry of these orders, by log index; both sides None where nothing proves one."""
    times = _times(reader)
    opened = (found for order in orders for found in reader.cases.opened(order))
    if times is None:
        return {index: (None, None) for index, _ in opened}
    return {index: (times.not_before(entry), times.not_after(index)) for index, entry in opened}


def spelled(bracket: Bracket) -> str:
    """A bracket in words, its times in UTC as reports write them; empty where neither side is proven."""
    sides = zip(("after", "by"), bracket, strict=True)
    said = ", ".join(f"{word} {moment:%Y-%m-%d %H:%M:%S}" for word, moment in sides if moment)
    return said and f"proven: {said}"


def _times(reader: Reader) -> Times | None:
    """What the kept heads and time stamps say, by the ledger's own trust; None before the first head."""
    folder = reader.folder
    with closing(Kept(folder.heads, writable=False)) as kept:
        tokens = kept.tokens()
        stamped = {token.head for token in tokens}
        notes = {head.digest: head.note for head in kept.all() if head.cosigned is not None or head.digest in stamped}
    witnesses = tuple(folder.policy.witnesses.values())
    heads = {
        digest: open_checkpoint(note, folder.origin, folder.keys, witnesses, mldsa=mldsa.verify)
        for digest, note in notes.items()
    }
    return _dated(reader, heads, {f"heads/{t.head}.{n}.tsr": t.reply for n, t in enumerate(tokens)}) if heads else None


def _dated(reader: Reader, heads: dict[str, Head], tokens: dict[str, bytes]) -> Times:
    policy = reader.folder.policy
    held = Heads("heads.db", next(iter(heads.values())), heads, {})
    trusted = stamping.trusted(reader.folder.path / "trust" / "tsa")
    trust = Trust(policy, b"", reader.folder.registrar, trusted)
    parts = Arranged(tokens=tokens)
    return Times(held, policy, check_tokens(parts, Times(held, policy), trust, stamping.reader(), ui.now(), Notebook()))
