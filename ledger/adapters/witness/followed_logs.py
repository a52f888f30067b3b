"""Following another log: every head of it that was seen is kept, and each new one is held against them.

What a log showed us it may not show to others; so heads are kept, handed on with our own records, and compared with
those that come back. Two that cannot both be true make an exhibit. A larger head that nothing connects with a smaller
one is only unproven: whoever holds the tiles can settle it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.log.checkpoints import CheckpointStore, PublishedHead
from ledger.adapters.storage.sqlite import sync_folder
from ledger.entries.split_view import form_of, prove_split
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Head, Vkey, note_digest, origin_hash, parse_checkpoint
from ledger.tlog.tree import check_consistency

# sizes m <= n -> the consistency proof and the root it starts from; None where nobody has one
Prove = Callable[[int, int], tuple[Sequence[bytes], bytes | None] | None]


class Held(Struct, frozen=True):
    """How a head stands to those seen before: `largest` of them, how many of other sizes nothing connects it with."""

    largest: int
    unproven: tuple[int, ...]


def followed(folder: Path, origin: str) -> CheckpointStore:
    """The heads seen of a log, open; made if there are none yet."""
    path = private_folder(folder) / f"{origin_hash(origin)}.db"
    return CheckpointStore(path) if path.exists() else CheckpointStore.create(path)


def newest_seen(folder: Path, origin: str) -> PublishedHead | None:
    """The largest head seen of a log; None if none was."""
    path = folder / f"{origin_hash(origin)}.db"
    if not path.exists():
        return None
    heads = CheckpointStore(path, writable=False)
    try:
        return heads.newest()
    finally:
        heads.close()


def hold_against(heads: CheckpointStore, log: Vkey, head: Head, prove: Prove, now: datetime, evidence: Path) -> Held:
    """Hold a head, opened with the key of its log, against every one that was seen, and keep it.

    `LedgerError` SPLIT-VIEW if two contradict each other, `RecordError` CP-CONSISTENCY if a proof is wrong and convicts
    nobody; then both notes, and the exhibit if there is one, are kept in the folder `evidence`, and the head is not
    among those seen: whoever looks again meets the same.
    """
    seen = [(kept, parse_checkpoint(kept.note.decode().partition("\n\n")[0] + "\n")) for kept in heads.all()]
    new = head.checkpoint
    unproven: set[int] = set()
    for kept, old in seen:
        if old.size == new.size and old.root == new.root:
            continue
        (m, one), (n, two) = sorted(((old.size, old.root), (new.size, new.root)))
        proof = prove(m, n) if 0 < m < n else ((), None)
        if proof is None:
            unproven.add(old.size)
            continue
        path, began = proof
        try:
            if m == n:
                raise RecordError("CP-CONSISTENCY", f"two trees of {m} entries")
            if m:
                check_consistency(m, n, one, two, path)
        except RecordError as wrong:
            keep_split(evidence, log, kept.note, head.note, path, began, wrong)
    times = [time for _, time in head.cosignatures]
    heads.keep(PublishedHead(new.size, head.note, now, min(times, default=None)))
    return Held(max((old.size for _, old in seen), default=0), tuple(sorted(unproven)))


def keep_split(
    evidence: Path, log: Vkey, one: bytes, two: bytes, path: Sequence[bytes], began: bytes | None, why: RecordError
) -> None:
    """Keep two heads that do not go together: SPLIT-VIEW with the exhibit if they prove it, else `why` again."""
    keep_evidence(evidence, {f"{note_digest(note)}.note": note for note in (one, two)})
    try:
        exhibit = prove_split(log, one, two, path, began)
    except RecordError:
        raise why from None
    raise split_view(evidence, f"{log.name} has signed two trees that contradict each other", exhibit, "split-view")


def split_view(evidence: Path, says: str, exhibit: bytes, form: str, code: str = "SPLIT-VIEW") -> LedgerError:
    """The fault that an exhibit proves, the exhibit kept."""
    name = f"{note_digest(exhibit)}.{form}.json"
    keep_evidence(evidence, {name: exhibit})
    return LedgerError(code, f"{says}; the exhibit is {evidence / name}", f"comity verify {evidence / name}")


def convicted(evidence: Path, code: str, says: str, exhibit: bytes) -> LedgerError:
    """Return the fault that an exhibit of any form proves, the exhibit kept under the name of its form."""
    form = (form_of(exhibit) or "exhibit").removeprefix("comity.").partition("/")[0]
    return split_view(evidence, says, exhibit, form, code)


def keep_evidence(folder: Path, files: dict[str, bytes]) -> None:
    """Keep files in the folder of evidence, durably; names are digests, so that nothing is written over."""
    private_folder(folder)
    for name, data in files.items():
        if not (folder / name).exists():
            replace_file(folder / name, data)
    sync_folder(folder)
