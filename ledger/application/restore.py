"""Ask witnesses before a restored ledger signs, and make a lost guard again.

A backup holds nothing that was signed after it, and a guard restored with it does not either. But every
witness shows the last head it cosigned. So a restored ledger asks its witnesses before its first signature. A
guard is made again only if a quorum of witnesses, or a head from elsewhere, shows how far the log had come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from ledger.adapters.folders.ledger_folder import RESTORED, Folder
from ledger.adapters.folders.user_folders import Home, replace_file
from ledger.adapters.guard.guard_place import is_there, place_in
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.guard.signed_state import Signed
from ledger.adapters.keys import mldsa
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.adapters.log.remote_signer import signatory
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.sqlite import sync_folder
from ledger.adapters.witness.client import by_url, remembered
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Checkpoint, Head, lines_of, open_checkpoint
from ledger.tlog.policy import Policy
from ledger.tlog.tree import root
from ledger.trust.trust_folder import parse_anchor

RETIRED = "guard.retired"  # the name of a guard whose log has a successor

Hashes = Callable[[Sequence[int]], list[bytes]]


def mark_restored(folder: Path) -> None:
    """Mark a ledger as restored from a backup; `check_restored` removes the mark."""
    replace_file(folder / RESTORED, b"Put back from a copy: before it signs, its witnesses are asked.\n")
    sync_folder(folder)


def check_restored(folder: Folder, home: Home) -> None:
    """Check, before a restored ledger signs first, that no witness has cosigned more than its guard has signed.

    `LedgerError`: LOG-ROLLBACK; LOG-FORKED if a witness has cosigned another tree; LOG-UNREACHABLE if none
    answers.
    """
    mark = folder.path / RESTORED
    if not mark.exists():
        return
    with (
        closing(signatory(folder.keys, home.log(folder.origin))) as hand,
        closing(EntryReader(folder.entries)) as store,
    ):
        check_witnesses(folder, lambda: hand.last().size, store.hashes)
    mark.unlink()
    sync_folder(folder.path)


def check_witnesses(folder: Folder, size: Callable[[], int], hashes: Hashes) -> None:
    """Compare `size()` entries of a log with the last head that each of its witnesses and mirrors has cosigned.

    The witnesses are asked first: another process may record meanwhile.
    `LedgerError` LOG-ROLLBACK if one has cosigned more entries, LOG-FORKED if another tree, LOG-UNREACHABLE
    if there are witnesses to ask and neither they nor the mirrors answer. A silent mirror alone stops nothing.
    """
    mirrors = [address.monitoring for address in folder.mirrors.values()]
    urls = [url for url, _ in by_url(folder.policy)]
    heads = remembered(folder.policy, folder.keys, mirrors)
    for url, head in heads.items():
        _compare(head.checkpoint, url, size(), hashes)
    if urls and not heads:
        raise LedgerError(
            "LOG-UNREACHABLE",
            f"none of {', '.join(urls)} says what it remembers of {folder.origin}",
            "nothing is signed before one has; try again, or comity restore --behind to read only",
        )


def remake_guard(folder: Folder, home: Home, now: datetime, anchor: bytes | None = None) -> Signed:
    """Make the lost guard of a log again at its newest known head; return what the guard now holds.

    A quorum of the policy's witnesses must answer, or `anchor` must be given: a checkpoint from elsewhere, as
    a signed note or its three lines. Heads that the ledger has kept and published count as well.
    `LedgerError`: GUARD-EXISTS; NO-QUORUM; LOG-ROLLBACK or LOG-FORKED if the entries here differ from those
    shown to others.
    """
    state = home.log(folder.origin)
    place = place_in(state)
    if is_there(place):
        raise LedgerError("GUARD-EXISTS", f"{place} is there", "a guard is made again only where it is lost")
    if (state / RETIRED).exists():
        raise LedgerError("GUARD-EXISTS", f"{folder.origin} has a successor, and signs nothing more")
    heads = remembered(folder.policy, folder.keys)
    shown = {url: head.checkpoint for url, head in heads.items()}
    if anchor is not None:
        shown["the checkpoint given"] = _anchor(anchor, folder.origin)
    elif not _quorum(folder.policy, heads):
        raise LedgerError(
            "NO-QUORUM",
            f"{len(heads)} of {len(by_url(folder.policy))} witnesses answer, which is no quorum of the policy",
            "--anchor FILE: a checkpoint somebody holds, at least as new as anything this log has signed",
        )
    with closing(EntryReader(folder.entries)) as store:
        size = store.size()
        for where, checkpoint in shown.items():
            _compare(checkpoint, where, size, store.hashes)
        candidates = [*heads.values(), *_kept(folder, anchor)]
        keys = folder.keys  # a witness that knows one key of two has kept one line of two
        newest = max(candidates, key=lambda h: (h.checkpoint.size, len(lines_of(h.note, keys))), default=None)
        least = max((checkpoint.size for checkpoint in shown.values()), default=0)
        if newest is None or newest.checkpoint.size < least:
            says = f"no signed head of {least} entries or more is here: three lines are no signature"
            raise LedgerError("NO-QUORUM", says, "give the whole note, with its signature")
        _compare(newest.checkpoint, "this ledger itself", size, store.hashes)
    signed = Signed(newest.checkpoint.size, newest.checkpoint.root, newest.note, now.replace(microsecond=0))
    Guard.create(place, signed).close()
    return signed


def _quorum(policy: Policy, told: dict[str, Head]) -> bool:
    keys = dict(by_url(policy))
    return policy.quorum != "none" and policy.met(policy.names(key for url in told for key in keys[url]))


def _anchor(anchor: bytes, origin: str) -> Checkpoint:
    checkpoint = parse_anchor(anchor)
    if checkpoint.origin != origin:
        raise RecordError("CP-ORIGIN", f"it is of {checkpoint.origin}, not of {origin}", where="anchor")
    return checkpoint


def _kept(folder: Folder, anchor: bytes | None) -> Iterator[Head]:
    """Yield every valid signed head of this log that is known here: given, published, kept."""
    notes = [anchor] if anchor is not None else []
    if (published := folder.log / "checkpoint").exists():
        notes.append(published.read_bytes())
    if folder.has_heads:
        with closing(CheckpointStore(folder.heads, writable=False)) as heads:
            newest = heads.newest()
            notes += [newest.note] if newest else []
    for note in notes:
        with suppress(RecordError):
            yield open_checkpoint(note, folder.origin, folder.keys, (), mldsa=mldsa.verify)


def _compare(shown: Checkpoint, where: str, size: int, hashes: Hashes) -> None:
    if shown.size > size:
        raise LedgerError(
            "LOG-ROLLBACK",
            f"{where} has seen {shown.size} entries of {shown.origin}, and there are {size} here",
            "an older copy was put in place; restore the newest one, or comity succeed",
        )
    if shown.root != root(shown.size, hashes):
        says = f"{where} has seen another tree of {shown.size} entries of {shown.origin}"
        raise LedgerError("LOG-FORKED", says, "keep both, and comity succeed")
