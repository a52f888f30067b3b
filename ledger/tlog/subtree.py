"""Compute roots of subtrees, make and check their proofs of inclusion and of consistency with a tree head.

A subtree [start, end) is a range of entries that can be a node of a tree: start is a multiple of the smallest power
of two that is not below its width. Its root is the RFC 6962 root over its own entries. `read` functions are those of
`tree`. A subtree that ends before its width is a power of two is a node of the tree of `end` entries only; the proof of
consistency then shows that a larger tree has the same entries there.

Source: draft-ietf-plants-merkle-tree-certs-03, section 4, to which c2sp.org/tlog-witness and c2sp.org/tlog-cosignature
refer. Stricter: no empty subtree, and numbers below 2^63.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import RecordError
from ledger.tlog.tree import Read, check_hashes, check_inclusion, node_hash, ranges_beside, roots, siblings


def is_subtree(start: int, end: int) -> bool:
    """Return True if the entries from `start` to before `end` are a subtree: neither empty nor across a boundary."""
    return 0 <= start < end < 1 << 63 and start % (1 << (end - start - 1).bit_length()) == 0


def check_subtree(start: int, end: int) -> None:
    """Raise SUB-FORMAT unless the entries from `start` to before `end` are a subtree."""
    if not is_subtree(start, end):
        raise RecordError("SUB-FORMAT", f"the entries from {start} to before {end} are no subtree")


def subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """Return the fewest subtrees that together are the entries from `start` to before `end`, left to right."""
    found = []
    while start < end:
        middle = end if is_subtree(start, end) else start + (start & -start)
        found.append((start, middle))
        start = middle
    return found


def subtree_root(start: int, end: int, read: Read) -> bytes:
    """Return the root of a subtree, 32 bytes; SUB-FORMAT if the range is none."""
    check_subtree(start, end)
    return roots([(start, end)], read)[0]


def prove_subtree_inclusion(index: int, start: int, end: int, read: Read) -> list[bytes]:
    """Return the path from entry `index` of the log to the root of a subtree, the leaf's sibling first.

    Raises SUB-FORMAT if the range is no subtree, PRF-INDEX if the entry is outside it.
    """
    _check_within(index, start, end)
    return roots([(start + low, start + high) for low, high in siblings(index - start, end - start)], read)


def check_subtree_inclusion(
    index: int, start: int, end: int, leaf: bytes, path: Sequence[bytes], subtree: bytes
) -> None:
    """Check that `path` leads from `leaf` as entry `index` of the log to the root `subtree` of a subtree.

    Raises SUB-FORMAT if the range is no subtree, PRF-INDEX if the entry is outside it, PRF-PATH if the path has
    another length or leads elsewhere.
    """
    _check_within(index, start, end)
    check_inclusion(index - start, end - start, leaf, path, subtree)


def prove_subtree_consistency(start: int, end: int, size: int, read: Read) -> list[bytes]:
    """Return the proof that a subtree has the entries which the tree of `size` entries has in its place.

    It is empty if the subtree is the whole tree. Raises SUB-FORMAT if the range is no subtree, SUB-PATH if it ends
    after the tree.
    """
    _check_sizes(start, end, size)
    return roots(ranges_beside(start, end, size), read)


def check_subtree_consistency(
    start: int, end: int, size: int, subtree: bytes, root: bytes, path: Sequence[bytes]
) -> None:
    """Check that the subtree with root `subtree` has the entries which the tree with `root` has in its place.

    Raises SUB-FORMAT if the range is no subtree, SUB-PATH if it ends after the tree, or if the path has another
    length or leads elsewhere.
    """
    _check_sizes(start, end, size)
    check_hashes("SUB-PATH", subtree, root, *path)
    fn, sn, tn = start, end - 1, size - 1
    while fn != sn and (sn == tn or sn & 1):
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    rest = list(path) if fn == sn else list(path[1:])
    if fn != sn and not path:
        raise RecordError("SUB-PATH", f"an empty proof from the entries {start} to {end} to size {size}")
    small = large = subtree if fn == sn else path[0]
    for sibling in rest:
        if tn == 0:
            raise RecordError("SUB-PATH", f"{len(path)} hashes are more than {start}, {end} and size {size} need")
        if sn & 1 or sn == tn:
            if fn < sn:
                small = node_hash(sibling, small)
            large = node_hash(sibling, large)
            while not sn & 1:
                fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
        else:
            large = node_hash(large, sibling)
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    if tn or small != subtree or large != root:
        raise RecordError(
            "SUB-PATH", f"the tree of {size} entries has others from {start} to before {end}, by this proof"
        )


def _check_within(index: int, start: int, end: int) -> None:
    check_subtree(start, end)
    if not start <= index < end:
        raise RecordError("PRF-INDEX", f"entry {index} is not in the subtree from {start} to before {end}")


def _check_sizes(start: int, end: int, size: int) -> None:
    check_subtree(start, end)
    if not end <= size < 1 << 63:
        raise RecordError("SUB-PATH", f"a tree of {size} entries has no subtree that ends at {end}")
