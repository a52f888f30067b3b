"""Prove when the entries of a ledger were signed, by its cosigned notes and time stamps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime

from cli.session import ledger_choice
from cli.session.ledger_reader import LedgerReader
from cli.session.record_reader import RecordReader
from ledger.adapters.folders.ledger_folder import Folder
from ledger.adapters.keys import mldsa
from ledger.adapters.log.checkpoints import CheckpointStore as Kept
from ledger.adapters.log.checkpoints import TimeStampToken
from ledger.bundle.layout import Arranged
from ledger.entries.envelope import OpenedEntry
from ledger.errors import RecordError
from ledger.messages import Message, Moment, joined
from ledger.tlog.note import Head, open_checkpoint
from ledger.tlog.policy import Policy
from ledger.trust.trust_folder import Trust
from ledger.verify.heads import Heads
from ledger.verify.progress import VerificationLog
from ledger.verify.time_brackets import Times
from ledger.verify.timestamps import check_tokens

Bracket = tuple[datetime | None, datetime | None]  # not before, not after; UTC


def brackets(reader: RecordReader, orders: Iterable[str], trust: Trust | None = None) -> dict[int, Bracket]:
    """Return the time bracket of every entry of these orders, by log index; None for a side without proof.

    Of a bundle they are those of its verification.
    """
    if not isinstance(reader, LedgerReader):
        proven = reader.bundle.report.brackets if reader.bundle else ()
        return {bracket.index: (bracket.not_before, bracket.not_after) for bracket in proven}
    opened = {index: entry for order in orders for index, entry in reader.cases.opened(order)}
    times = times_of(reader, opened, trust)
    if times is None:
        return dict.fromkeys(opened, (None, None))
    return {index: (times.not_before(entry), times.not_after(index)) for index, entry in opened.items()}


def times_of(reader: LedgerReader, opened: Mapping[int, OpenedEntry], trust: Trust | None) -> Times | None:
    """Return the times that kept heads and time stamps prove for these entries; None if they prove none.

    They are checked under `trust`, by default the ledger's own policy.
    """
    folder = reader.folder
    with closing(Kept(folder.heads, writable=False)) as store:
        cited = {entry.payload.seen.note for entry in opened.values() if entry.payload.seen is not None}
        notes = {head.digest: head.note for head in store.dating(opened.keys(), cited, reader.store.size())}
        tokens = store.tokens()
    if not notes:
        return None
    policy = folder.policy if trust is None else trust.policy
    keys = tuple(key for key in policy.logs if key.name == folder.origin)
    heads = {}
    for digest, note in notes.items():
        try:
            heads[digest] = open_checkpoint(
                note, folder.origin, keys, tuple(policy.witnesses.values()), mldsa=mldsa.verify
            )
        except RecordError:  # under this trust the note proves nothing
            continue
    return _times(folder, policy, trust, heads, [token for token in tokens if token.head in heads]) if heads else None


def spelled(bracket: Bracket) -> str:
    """Return a bracket as words, with its times in UTC as reports write them; empty without proof of either side."""
    sides = zip(("after", "by"), bracket, strict=True)
    parts = [Message(f"{word} {{0}}", Moment(f"{moment:%Y-%m-%d %H:%M:%S}")) for word, moment in sides if moment]
    return Message("proven: {0}", joined(", ", parts)) if parts else ""


def _times(
    folder: Folder, policy: Policy, trust: Trust | None, heads: dict[str, Head], tokens: Sequence[TimeStampToken]
) -> Times:
    """Return the times that heads and time stamps prove under a policy.

    The time-stamp authorities are those of `trust`, by default those of the ledger.
    """
    from ledger.adapters.timestamps import rfc3161

    log_heads = Heads("heads.db", next(iter(heads.values())), heads, {})
    own = Trust(policy, b"", folder.registrar, rfc3161.trusted(folder.path / "trust" / "tsa"))
    parts = Arranged(tokens={f"heads/{token.head}.{n}.tsr": token.reply for n, token in enumerate(tokens)})
    seen = Times(log_heads, policy)
    stamped = check_tokens(parts, seen, trust or own, rfc3161.reader(), ledger_choice.now(), VerificationLog())
    return Times(log_heads, policy, stamped)
