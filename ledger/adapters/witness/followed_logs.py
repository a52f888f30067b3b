"""Follow another log: keep every head of it that was seen, and compare each new head with these.

A log may show us a head that it does not show to others. So heads are kept, sent along with our own exports,
and compared with heads that come back. Two contradicting heads make an exhibit. A larger head without a proof
from a smaller one is only unproven: a party with the tiles can decide it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.log.checkpoints import CheckpointStore, PublishedHead
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.postgres import Address
from ledger.adapters.storage.sqlite import sync_folder
from ledger.command_line import quoted_path
from ledger.entries.exhibits import form_of
from ledger.entries.split_view import prove_split
from ledger.errors import LedgerError, RecordError
from ledger.tlog.names import origin_hash
from ledger.tlog.note import Head, Vkey, note_digest, parse_checkpoint
from ledger.tlog.tree import check_consistency

# sizes m <= n -> the consistency proof and the root it starts from; None if there is none
Prove = Callable[[int, int], tuple[Sequence[bytes], bytes | None] | None]


class Held(Struct, frozen=True):
    """Hold how a head relates to those seen before: the `largest` size, and the sizes without a proof to it."""

    largest: int
    unproven: tuple[int, ...]


def followed(place: Location, origin: str) -> CheckpointStore:
    """Return the heads seen of a log, in an open store: a file of a folder that is made if it is missing, or rows."""
    if isinstance(place, Address):
        return CheckpointStore(place, log=origin_hash(origin))
    path = private_folder(place) / f"{origin_hash(origin)}.db"
    return CheckpointStore(path) if path.exists() else CheckpointStore.create(path)


def newest_seen(place: Location, origin: str) -> PublishedHead | None:
    """Return the largest head seen of a log; None if none was seen."""
    log = origin_hash(origin)
    if isinstance(place, Path) and not (place / f"{log}.db").exists():
        return None
    at: Location = place if isinstance(place, Address) else place / f"{log}.db"
    with closing(CheckpointStore(at, writable=False, log=log)) as heads:
        return heads.newest()


def hold_against(heads: CheckpointStore, log: Vkey, head: Head, prove: Prove, now: datetime, evidence: Path) -> Held:
    """Compare a head, opened with the key of its log, with every head seen before, and keep it.

    `LedgerError` SPLIT-VIEW if two contradict each other, `RecordError` CP-CONSISTENCY if a proof is wrong
    and convicts no one. Then both notes, and the exhibit if there is one, are kept in the folder `evidence`.
    The head is not added to those seen, so that the next look finds the same.
    """
    seen = [
        (old_head, parse_checkpoint(old_head.note.decode().partition("\n\n")[0] + "\n")) for old_head in heads.all()
    ]
    new = head.checkpoint
    unproven: set[int] = set()
    for old_head, old in seen:
        (m, one), (n, two) = sorted(((old.size, old.root), (new.size, new.root)))
        proof = prove(m, n) if 0 < m < n else ((), None)
        if proof is None:
            unproven.add(old.size)
            continue
        path, began = proof
        try:
            if m:  # every tree begins with the empty one, which has one root
                check_consistency(m, n, one, two, path)
        except RecordError as wrong:
            keep_split(evidence, log, old_head.note, head.note, path, began, wrong)
    times = [time for _, time in head.cosignatures]
    heads.keep(PublishedHead(new.size, head.note, now, min(times, default=None)))
    return Held(max((old.size for _, old in seen), default=0), tuple(sorted(unproven)))


def keep_split(
    evidence: Path, log: Vkey, one: bytes, two: bytes, path: Sequence[bytes], began: bytes | None, why: RecordError
) -> None:
    """Keep two contradicting heads: raise SPLIT-VIEW with the exhibit if they prove it, else raise `why`."""
    keep_evidence(evidence, {f"{note_digest(note)}.note": note for note in (one, two)})
    try:
        exhibit = prove_split(log, one, two, path, began)
    except RecordError:
        raise why from None
    raise split_view(evidence, f"{log.name} has signed two trees that contradict each other", exhibit, "split-view")


def split_view(evidence: Path, says: str, exhibit: bytes, form: str, code: str = "SPLIT-VIEW") -> LedgerError:
    """Keep an exhibit, and return the error that it proves."""
    name = f"{note_digest(exhibit)}.{form}.json"
    keep_evidence(evidence, {name: exhibit})
    return LedgerError(
        code, f"{says}; the exhibit is {evidence / name}", f"comity verify {quoted_path(evidence / name)}"
    )


def convicted(evidence: Path, code: str, says: str, exhibit: bytes) -> LedgerError:
    """Keep an exhibit of any form under the name of its form, and return the error that it proves."""
    form = (form_of(exhibit) or "exhibit").removeprefix("comity.").partition("/")[0]
    return split_view(evidence, says, exhibit, form, code)


def keep_evidence(folder: Path, files: dict[str, bytes]) -> None:
    """Keep files in the folder of evidence, durably; names are digests, so that no file is overwritten."""
    private_folder(folder)
    for name, data in files.items():
        if not (folder / name).exists():
            replace_file(folder / name, data)
    sync_folder(folder)
