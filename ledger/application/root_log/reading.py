"""Read a root log as an outsider: every leaf in the signed tree, every entry signed by the directory's registrar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from ledger.adapters.keys import mldsa
from ledger.adapters.log.published_log import Fetch, entries_of, source
from ledger.application.audits.seen_heads import compare_heads
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Head, open_checkpoint, parse_checkpoint, split_note
from ledger.tlog.tile import bundles_for
from ledger.tlog.tree import Frontier, leaf_hash
from ledger.trust.ledger_directory import DirectoryEntry, is_entry, open_entry, registrar_key
from ledger.trust.trust_folder import Trust


class Directory(Struct, frozen=True):
    """A directory of ledgers: its entries in order, and the checkpoints of each ledger, each with its index."""

    entries: list[tuple[int, DirectoryEntry]]
    checkpoints: dict[str, list[tuple[int, Head]]]

    def current(self) -> list[DirectoryEntry]:
        """Return the newest entry on each ledger, in the order in which they were listed first."""
        newest = {entry.log: entry for _, entry in self.entries}
        return list(newest.values())

    def newest(self, log: str) -> tuple[int, Head] | None:
        """Return the newest checkpoint that was taken of a ledger, with its index; None if none was."""
        return next(reversed(self.checkpoints.get(log, [])), None)


def read_directory(where: str, trust: Trust, state: Path, now: datetime) -> Directory:
    """Read the root log at `where`, a folder or a URL, under the trust of the caller.

    Its head is compared with every head seen before, which `state` keeps. `RecordError` CP-*, DIR-FORMAT, LOG-TILE, or
    `LedgerError` LOG-*, SPLIT-VIEW: nothing of it is believed.
    """
    origin = trust.policy.logs[0].name
    fetch = source(where)
    seen = compare_heads(where, fetch, trust, origin, state, now, ask=True)
    for reason in (*seen.wrong, *seen.unreachable, *seen.doubts):
        raise LedgerError(reason.code, f"the directory {origin}: {reason.says}")
    if seen.head is None:
        raise LedgerError("LOG-UNREACHABLE", f"{where} shows no head")
    if not trust.policy.met(trust.policy.names(key for key, _ in seen.head.cosignatures)):
        raise RecordError("CP-QUORUM", "too few witnesses of your policy saw the head of the directory", where=where)
    return read_leaves(_leaves(fetch, seen.head), trust)


def _leaves(fetch: Fetch, head: Head) -> Iterator[bytes]:
    tree = Frontier()
    leaves = []
    for bundle in bundles_for(0, head.checkpoint.size):
        for leaf in entries_of(fetch, bundle.n, bundle.width):
            tree.add(leaf_hash(leaf))
            leaves.append(leaf)
    if (tree.size, tree.root()) != (head.checkpoint.size, head.checkpoint.root):
        raise LedgerError("LOG-CORRUPT", f"the leaves do not make the signed tree of {head.checkpoint.size}")
    yield from leaves


def read_leaves(leaves: Iterable[bytes], trust: Trust) -> Directory:
    """Return the directory in the leaves of a root log.

    Raises DIR-FORMAT and CP-SIG for an entry that the registrar did not sign for this leaf, and for a checkpoint of a
    log that was not listed, or that its keys did not sign, or that is smaller than the one before.
    """
    if trust.registrar is None:
        raise RecordError("NO_TRUST_ANCHOR", "no registrar of the directory is trusted", hint="--trust DIR")
    key, origin = registrar_key(trust.registrar), trust.policy.logs[0].name
    directory = Directory([], {})
    listed: dict[str, Trust] = {}
    for index, leaf in enumerate(leaves):
        try:
            if is_entry(leaf):
                entry = open_entry(leaf, key, origin, index)
                directory.entries.append((index, entry))
                listed[entry.log] = entry.trust()
                continue
            head = _checkpoint(leaf, listed)
            taken = directory.checkpoints.setdefault(head.checkpoint.origin, [])
            if taken and head.checkpoint.size < taken[-1][1].checkpoint.size:
                raise RecordError("DIR-FORMAT", "a checkpoint that is smaller than the one taken before")
            taken.append((index, head))
        except RecordError as wrong:
            raise RecordError(wrong.code, wrong.says, where=f"leaf {index} of the directory") from wrong
    return directory


def _checkpoint(leaf: bytes, listed: dict[str, Trust]) -> Head:
    text, _ = split_note(leaf)
    origin = parse_checkpoint(text).origin
    trust = listed.get(origin)
    if trust is None:
        raise RecordError("DIR-FORMAT", f"a checkpoint of {origin}, which was not listed before")
    witnesses = tuple(trust.policy.witnesses.values())
    return open_checkpoint(leaf, origin, trust.policy.logs, witnesses, mldsa=mldsa.verify)
