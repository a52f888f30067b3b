"""Monitor the logs of other parties: check that each one grows, and only grows.

Each head that was seen is kept, and the newest is compared with it by proofs made from the log's own tiles.
On request, every new entry is compared with its leaf and opened (`followed_entries`). Contradictions are kept
as evidence. A monitor that loses its state starts again with what it sees: only the witnesses of a log can
then prove an earlier rollback.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from pathlib import Path

from msgspec import Struct

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.keys import mldsa
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.adapters.log.published_log import LARGEST_NOTE, Fetch, entries_of, reader, source
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.sqlite import sync_folder
from ledger.adapters.witness.followed_entries import Inspection
from ledger.adapters.witness.followed_logs import Prove, followed, hold_against, keep_evidence
from ledger.entries.keyring import Registrar
from ledger.entries.log_keys import ALGORITHMS
from ledger.errors import LedgerError, RecordError
from ledger.tlog.names import origin_hash
from ledger.tlog.note import Checkpoint, Head, Vkey, decimal, lines_of, note_digest, open_checkpoint
from ledger.tlog.policy import Policy
from ledger.tlog.tile import FULL, bundles_for
from ledger.tlog.tree import Frontier, leaf_hash, prove_consistency, root, stored_index

logger = logging.getLogger(__name__)


class Alarm(Struct, frozen=True):
    """Hold something about a log that people should look at: a released code and a sentence."""

    code: str
    says: str


class Look(Struct, frozen=True):
    """Hold the result of a look at one log: its size now and at the last look, entries checked, alarms.

    A size is None if no head was seen.
    """

    log: str
    where: str
    size: int | None
    before: int | None
    entries: int
    alarms: tuple[Alarm, ...]


class Patience(Struct, frozen=True):
    """Hold how long a log may show nothing new, and how old its newest cosignature may be; None for any time."""

    silence: timedelta | None = None
    stale: timedelta | None = None


def look(
    where: str,
    policy: Policy,
    origin: str,
    state: Path,
    now: datetime,
    patience: Patience,
    *,
    entries: bool = False,
    registrar: Registrar | None = None,
    evidence: Path | None = None,
    fetch: Fetch | None = None,
    heads_in: Location | None = None,
) -> Look:
    """Look at the log published at `where`, a folder or a URL, and keep the seen heads in the folder `state`.

    With `entries`, new entries are compared with their leaves; with the `registrar` of the log they are
    opened as well, and each fault ever found is an alarm at each look. Contradictions of the log are kept in
    `evidence`, by default a folder of that name in the state. Faults of the log are alarms and are not
    raised. `fetch` reads the log if `where` is not a published one. `heads_in` has the seen heads if the state has
    not. `LedgerError` for the state folder only.
    """
    alarms: list[Alarm] = []
    head: Head | None = None
    checked = 0
    proofs = state / "evidence" if evidence is None else evidence
    logger.info("%s: looking at %s", origin, where)
    with closing(followed(heads_in or private_folder(state), origin)) as heads:
        newest = heads.newest()
        before = newest.size if newest else None
        try:
            fetch = fetch or source(where)
            head, key = _opened(fetch("checkpoint", LARGEST_NOTE), policy, origin)
            hold_against(heads, key, head, _prover(fetch, heads, head.checkpoint.size), now, proofs)
            if newest is not None and head.checkpoint.size < newest.size:
                notes = {f"{note_digest(note)}.note": note for note in (newest.note, head.note)}
                keep_evidence(proofs, notes)
                says = f"it shows {head.checkpoint.size} entries, and had shown {newest.size}; both heads are kept"
                raise LedgerError("LOG-ROLLBACK", says)
            if entries and registrar is not None:
                with closing(Inspection(state / f"{origin_hash(origin)}.entries.db", origin, registrar)) as inspection:
                    try:
                        checked = inspection.read(fetch, key, head, proofs)
                    finally:
                        alarms += [Alarm(alarm.code, alarm.says) for alarm in inspection.found()]
            elif entries:
                checked = _new_entries(fetch, head.checkpoint, state / f"{origin_hash(origin)}.checked")
        except (RecordError, LedgerError) as wrong:
            alarms.append(Alarm(wrong.code, wrong.says))
        alarms += _late(heads, head, now, patience)
    shown = head.checkpoint.size if head else None
    logger.info("%s: shows %s entries, %s before; %d alarms", origin, shown, before, len(alarms))
    return Look(origin, where, shown, before, checked, tuple(alarms))


def _opened(note: bytes, policy: Policy, origin: str) -> tuple[Head, Vkey]:
    """Return the published head and the oldest key that signed it, by Ed25519 if one did.

    `RecordError` CP-KEY if no key of an algorithm signed it, of which the policy has one for this log.
    """
    keys = tuple(sorted((key for key in policy.logs if key.name == origin), key=attrgetter("type")))
    head = open_checkpoint(note, origin, keys, tuple(policy.witnesses.values()), mldsa=mldsa.verify)
    signed = lines_of(note, keys)
    for kind in {key.type for key in keys} - {key.type for key in signed}:
        raise RecordError("CP-KEY", f"the policy has an {ALGORITHMS[kind]} key of the log, and its line is missing")
    return head, next(key for key in keys if key in signed)


def _prover(fetch: Fetch, heads: CheckpointStore, size: int) -> Prove:
    """Return proofs from the log's own tiles, starting at the largest head seen, which was compared before."""
    sizes = [head.size for head in heads.all() if head.size <= size]
    nearest = max(sizes, default=0)

    def prove(m: int, n: int) -> tuple[Sequence[bytes], bytes | None] | None:
        if (m, n) != (nearest, size):
            return None
        read = reader(fetch, n)
        return prove_consistency(m, n, read), root(m, read)

    return prove


def _late(heads: CheckpointStore, head: Head | None, now: datetime, patience: Patience) -> Iterator[Alarm]:
    """Yield LOG-SILENT if nothing new was seen for too long, CP-STALE if no witness has cosigned the head lately."""
    seen = heads.all()
    if patience.silence is not None and seen and now - seen[-1].at > patience.silence:
        yield Alarm("LOG-SILENT", f"it has shown nothing new since {seen[-1].at:%Y-%m-%dT%H:%M:%SZ}")
    if patience.stale is not None and head is not None:
        newest = max((time for _, time in head.cosignatures), default=None)
        if newest is None:
            yield Alarm("CP-STALE", "no witness of the policy has cosigned its head")
        elif now - (moment := datetime.fromtimestamp(newest, UTC)) > patience.stale:
            yield Alarm("CP-STALE", f"no witness has cosigned its head since {moment:%Y-%m-%dT%H:%M:%SZ}")


# -- entries -----------------------------------------------------------------------------------------------------------


def _new_entries(fetch: Fetch, checkpoint: Checkpoint, noted: Path) -> int:
    """Compare the entries after those checked before with the tree; return their number, and store the new size."""
    try:
        before = decimal(noted.read_text("ascii")) if noted.exists() else 0
    except ValueError:
        before = 0  # the file is damaged: every entry is checked again
    if before >= checkpoint.size:
        return 0
    check_entries(fetch, checkpoint, before)
    replace_file(noted, str(checkpoint.size).encode())
    sync_folder(noted.parent)
    return checkpoint.size - before


def check_entries(fetch: Fetch, checkpoint: Checkpoint, start: int = 0) -> None:
    """Compare every published entry from `start` on with the signed tree.

    `LedgerError` LOG-CORRUPT at the first entry that differs from its leaf, or if the leaves do not make the
    tree.
    """
    read = reader(fetch, checkpoint.size)
    tree = Frontier.at(start, read)
    for bundle in bundles_for(start, checkpoint.size):
        first = bundle.n * FULL
        for index, entry in enumerate(entries_of(fetch, bundle.n, bundle.width), first):
            if index < tree.size:
                continue
            leaf = leaf_hash(entry)
            if read([stored_index(0, index)]) != [leaf]:
                raise LedgerError("LOG-CORRUPT", f"the entry published at {index} is not the leaf of its tree")
            tree.add(leaf)
    if tree.size != checkpoint.size or tree.root() != checkpoint.root:
        raise LedgerError("LOG-CORRUPT", f"the entries published do not make the signed tree of {checkpoint.size}")
