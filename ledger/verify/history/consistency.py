"""Run step 6: check that the signed states of a log, and a checkpoint from another source, are of one log."""

from __future__ import annotations

from ledger.bundle.layout import Arranged
from ledger.errors import RecordError
from ledger.tlog.tree import check_consistency
from ledger.trust.held import HeldCheckpoint
from ledger.verify.heads import Heads, hashes
from ledger.verify.history.anchors import ANCHOR, COMPARE_ALL, NOT_SIGNED, TYPED, compare
from ledger.verify.progress import VerificationLog, counted


def check_history(heads: Heads, parts: Arranged | None, held: HeldCheckpoint | None, book: VerificationLog) -> None:
    """Check that every state of the log is a prefix of the head, as is `held`, a checkpoint from another source.

    Two roots of one size are SPLIT-VIEW, or ANCHOR-MISMATCH against `held`. A missing proof is a doubt, a wrong one a
    failure, both CP-CONSISTENCY, or ANCHOR-MISMATCH if it concerns `held`. If `held` was typed and not compared yet, a
    contradiction is a doubt, ANCHOR-TYPED. A proof from a size that neither a note nor `held` has proves nothing, but
    its form is checked. `parts` is None if no proof is needed, because every entry is present and each state is
    compared with the tree of the entries.
    """
    roots: dict[int, tuple[bytes, str]] = {}
    for digest, each in heads.all.items():
        c, where = each.checkpoint, heads.where(digest)
        root, first = roots.setdefault(c.size, (c.root, where))
        if root != c.root:
            raise RecordError(
                "SPLIT-VIEW", f"two trees of size {c.size}: keep both notes", where=f"{first} and {where}"
            )
    if held is not None:
        compare(held, heads, roots, book)
    if parts is None:
        book.says(f"{counted(len(roots), 'state')} of the log, each to be held against the entries")
        return
    size = heads.head.checkpoint.size
    proven = 0
    for other, (_, where) in roots.items():
        if other in (size, 0):
            continue
        m, n = sorted((other, size))
        code = "ANCHOR-MISMATCH" if where == ANCHOR else "CP-CONSISTENCY"
        proof = parts.consistency.get((m, n))
        if proof is None:
            book.doubt(code, f"nothing proves that the trees of {m} and {n} entries are one log", where)
            continue
        try:
            check_consistency(m, n, roots[m][0], roots[n][0], hashes(proof))
        except RecordError as wrong:
            place = f"{heads.folder}/consistency/{m}-{n}"
            if where == ANCHOR and held is not None and held.weak:
                book.doubt(*((TYPED, COMPARE_ALL) if held.typed else (code, NOT_SIGNED)), place)
                continue
            raise RecordError(code, wrong.says, where=place) from wrong
        proven += 1
    for (m, n), proof in parts.consistency.items():
        try:
            hashes(proof)
        except RecordError as wrong:
            raise RecordError("CP-CONSISTENCY", wrong.says, where=f"{heads.folder}/consistency/{m}-{n}") from wrong
    book.says(f"{counted(len(roots), 'state')} of the log, {counted(proven, 'proof')} that it only grew")
