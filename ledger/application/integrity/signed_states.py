"""Check the states that a log has signed, and compare them with the tree of its entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ledger.application.integrity.audit import Audit
from ledger.application.integrity.check_run import Problem
from ledger.application.integrity.log_files import LogFiles, StoredEntries
from ledger.bundle.layout import Arranged
from ledger.errors import RecordError
from ledger.messages import Message
from ledger.tlog.note import Checkpoint, Head, MlDsa, parse_checkpoint
from ledger.tlog.policy import Policy
from ledger.tlog.tree import EMPTY_ROOT, root
from ledger.trust.held import HeldCheckpoint
from ledger.trust.trust_folder import Trust
from ledger.verify import heads
from ledger.verify.heads import Heads
from ledger.verify.history.anchors import ANCHOR, COMPARE_ALL, NOT_SIGNED, TYPED
from ledger.verify.progress import VerificationLog


def arranged_states(files: LogFiles) -> Arranged:
    """Return the notes and time stamps as in a bundle; the newest kept note replaces a missing checkpoint."""
    parts = Arranged(checkpoint=files.checkpoint or _newest(files.heads.values()), heads=dict(files.heads))
    parts.tokens = dict(files.tokens)
    return parts


def open_states(
    parts: Arranged, files: LogFiles, policy: Policy, trust: Trust | None, mldsa: MlDsa | None, book: VerificationLog
) -> Heads:
    """Open the states that the log has signed, under the keys of the policy; without any note the empty log."""
    heads.check_known(policy, files.origin, book, own=trust is None, where=f"{files.log_at}/checkpoint")
    if files.checkpoint is None:
        says = "it is missing: nothing that the log has signed and published says which entries it has"
        book.doubt("CP-SIG", says, f"{files.log_at}/checkpoint")
    if not parts.checkpoint:
        return Heads(files.log_at, Head(Checkpoint(files.origin, 0, EMPTY_ROOT), b"", ()), {}, {})
    here, heads_at = files.log_at, files.heads_at
    return heads.open_heads(parts, files.origin, policy, book, mldsa, own=trust is None, here=here, kept=heads_at)


def _newest(notes: Iterable[bytes]) -> bytes:
    """Return the kept note that claims the largest size; empty if there is none."""
    sized = []
    for note in notes:
        try:
            sized.append((parse_checkpoint(note.decode("utf-8", "replace").partition("\n\n")[0] + "\n").size, note))
        except RecordError:
            sized.append((0, note))  # opening it raises the error
    return max(sized, default=(0, b""))[1]


def compare_states(
    walked: Audit, reader: StoredEntries, states: Heads, anchor: HeldCheckpoint | None
) -> Iterator[Problem]:
    """Compare each signed state, and the checkpoint held independently, with the tree of the entries.

    Yields LOG-ROLLBACK for a state of more entries than are stored; for a state of other entries LOG-CORRUPT, or
    ANCHOR-MISMATCH if it is the checkpoint held independently; ANCHOR-TYPED for both if that was typed and is of this
    log, ANCHOR-MISMATCH if no key of the log is shown to have signed it.
    """
    states_by_tree = {
        (head.checkpoint.size, head.checkpoint.root): states.where(digest) for digest, head in states.all.items()
    }
    signed = [(*state, where, "LOG-CORRUPT") for state, where in states_by_tree.items()]
    if anchor is not None and anchor.checkpoint.origin == states.head.checkpoint.origin:
        code = TYPED if anchor.typed else "ANCHOR-MISMATCH"
        signed.append((anchor.checkpoint.size, anchor.checkpoint.root, ANCHOR, code))
    for size, promised, where, code in signed:
        weak = where == ANCHOR and anchor is not None and anchor.weak
        if size > walked.size and code == TYPED:
            says = "compare what you typed with your paper: you typed {0} entries, and there are {1}"
            yield Problem(code, where, Message(says, size, walked.size))
        elif size > walked.size and not weak:
            yield Problem("LOG-ROLLBACK", where, f"it covers {size} entries, and there are {walked.size}")
        elif size > walked.size:
            yield Problem(code, where, NOT_SIGNED)
        elif walked.frontier.size == walked.size and _root(walked, reader, size) != promised:
            typed = COMPARE_ALL if code == TYPED else NOT_SIGNED if weak else None
            yield Problem(code, where, typed or f"the first {size} entries are not those it was signed for")


def _root(walked: Audit, reader: StoredEntries, size: int) -> bytes:
    if size == walked.size:
        return walked.frontier.root()
    if size in walked.roots:
        return walked.roots[size]
    return root(size, reader.hashes) if size else EMPTY_ROOT
