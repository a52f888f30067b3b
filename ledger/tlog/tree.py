"""Compute Merkle roots, make and check proofs, read and write proof files.

A tree over n entries is RFC 6962's: leaves are SHA-256(00 || entry), nodes SHA-256(01 || left || right). Only
complete subtrees are stored, each once, in the order in which they become complete; a *stored index* is the
place in that order:

    level 2                6
    level 1        2               5
    level 0    0       1       3       4       7
    entry      0       1       2       3       4

`read` functions take stored indexes and return their hashes in the same order. Every function calls `read`
once, for O(log n) hashes an entry. No hash from a caller is trusted: the `check` functions follow RFC 9162
exactly. Source: RFC 6962 2.1, RFC 9162 2.1, c2sp.org/tlog-proof; stored indexes as in golang.org/x/mod.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from msgspec import Struct

from ledger.errors import RecordError
from ledger.tlog.note import EMPTY_ROOT as EMPTY_ROOT
from ledger.tlog.note import b64, decimal, unb64

Read = Callable[[Sequence[int]], Sequence[bytes]]

_HEADER = b"c2sp.org/tlog-proof@v1"
_LONGEST_LINE, _LARGEST_PROOF = 4_096, 131_072  # bytes; an ML-DSA signature line has 3,300
_LONGEST_PATH = 63  # hashes


def leaf_hash(entry: bytes) -> bytes:
    """Return the leaf hash of one entry: 32 bytes."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two others."""
    return sha256(b"\x01" + left + right).digest()


def stored_index(level: int, n: int) -> int:
    """Return the stored index of the n-th complete subtree of 2^level leaves; n counts from 0 on its level."""
    last = ((n + 1) << level) - 1  # the leaf that completes it, stored before all subtrees that it completes
    return 2 * last - last.bit_count() + level


def stored_count(size: int) -> int:
    """Return how many hashes a tree of `size` entries stores: fewer than two for each entry."""
    return 2 * size - size.bit_count()


def indexes_for_root(size: int) -> list[int]:
    """Return the stored indexes of the complete subtrees of a tree of `size` entries, largest first."""
    return _complete(0, size)


def root(size: int, read: Read) -> bytes:
    """Return the root of the first `size` entries."""
    return _fold(asked(read, indexes_for_root(size)))


def prove_inclusion(index: int, size: int, read: Read) -> list[bytes]:
    """Return the path from entry `index` (from 0) to the root at `size`, the leaf's sibling first. Raises PRF-INDEX."""
    (path,) = prove_inclusions((index,), size, read)
    return path


def prove_inclusions(indexes: Sequence[int], size: int, read: Read) -> list[list[bytes]]:
    """Return the path of each entry, as `prove_inclusion` does, with one call of `read` for all shared hashes."""
    paths = [siblings(index, size) for index in indexes]
    shared = list(dict.fromkeys(subtree for path in paths for subtree in path))
    found = dict(zip(shared, roots(shared, read), strict=True))
    return [[found[subtree] for subtree in path] for path in paths]


def siblings(index: int, size: int) -> list[tuple[int, int]]:
    """Return the sibling subtrees on the way from entry `index` to the root at `size`, the leaf's sibling first."""
    if not 0 <= index < size:
        raise RecordError("PRF-INDEX", f"entry {index} is not among the first {size}")
    path, low, high = [], 0, size
    while high - low > 1:
        middle = low + split(high - low)
        if index < middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low = middle
    return path[::-1]


def prove_consistency(m: int, n: int, read: Read) -> list[bytes]:
    """Return the proof that the tree of `n` entries begins with that of `m`; CP-CONSISTENCY if m > n.

    It is empty if m is 0 or n.
    """
    if not 0 <= m <= n:
        raise RecordError("CP-CONSISTENCY", f"a tree of {n} entries does not begin with {m}")
    return roots(ranges_beside(0, m, n), read) if m else []


def ranges_beside(start: int, end: int, size: int) -> list[tuple[int, int]]:
    """Return the nodes of the tree of `size` entries that prove its subtree [start, end), the lowest first.

    Nodes are ranges of entries. The subtree itself is not among them where it is one node: a verifier has its root.
    """
    path, low, high, first = [], 0, size, start
    while (low, high) != (first, end):
        middle = low + split(high - low)
        if end <= middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            first, low = max(first, middle), middle  # the subtree begins at the boundary, or has all on its left
    if first != start:
        path.append((low, high))
    return path[::-1]


def check_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Check that `path` leads from `leaf` as entry `index` to `root` at `size`.

    Raises PRF-INDEX if there is no such entry, PRF-PATH if the path has another length or leads elsewhere.
    Source: RFC 9162 2.1.3.2.
    """
    if not 0 <= index < size < 1 << 63:
        raise RecordError("PRF-INDEX", f"entry {index} is not among the first {size}")
    check_hashes("PRF-PATH", leaf, root, *path)
    fn, sn, reached = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            raise RecordError("PRF-PATH", f"{len(path)} hashes are more than entry {index} of {size} needs")
        if fn & 1 or fn == sn:
            reached = node_hash(sibling, reached)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            reached = node_hash(reached, sibling)
        fn >>= 1
        sn >>= 1
    if sn:
        raise RecordError("PRF-PATH", f"{len(path)} hashes are fewer than entry {index} of {size} needs")
    if reached != root:
        raise RecordError(
            "PRF-PATH",
            f"path of {len(path)} hashes leads to {reached.hex()[:8]}.., root at size {size} is {root.hex()[:8]}..",
        )


def check_consistency(m: int, n: int, root_m: bytes, root_n: bytes, path: Sequence[bytes]) -> None:
    """Check that `path` shows that the tree of `n` entries with `root_n` begins with the tree of `m` with `root_m`.

    Raises CP-CONSISTENCY otherwise, and for m = 0: every tree begins with the empty one, so a proof would
    show nothing. Source: RFC 9162 2.1.4.2.
    """
    if not 0 < m <= n < 1 << 63:
        raise RecordError("CP-CONSISTENCY", f"no proof can lead from size {m} to size {n}")
    if m == n:
        if path or root_m != root_n:
            raise RecordError("CP-CONSISTENCY", f"at one size, {n}, the roots must be equal and the proof empty")
        return
    check_hashes("CP-CONSISTENCY", root_m, root_n, *path)
    if not path:
        raise RecordError("CP-CONSISTENCY", f"an empty proof from size {m} to size {n}")
    proof = path if m & (m - 1) else [root_m, *path]  # at a power of two the old tree is a node of the new one
    fn, sn = m - 1, n - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    old = new = proof[0]
    for sibling in proof[1:]:
        if sn == 0:
            raise RecordError("CP-CONSISTENCY", f"{len(path)} hashes are more than sizes {m} and {n} need")
        if fn & 1 or fn == sn:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            new = node_hash(new, sibling)
        fn >>= 1
        sn >>= 1
    if sn or old != root_m or new != root_n:
        raise RecordError(
            "CP-CONSISTENCY", f"the tree of {n} entries does not begin with the tree of {m}, by this proof"
        )


class Frontier:
    """An append-only tree: its size and the roots of its complete subtrees, largest first; at most 63 hashes.

    An audit needs no other state.
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if len(peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} entries has {size.bit_count()} peaks")
        self.size = size
        self.peaks = list(peaks)

    @classmethod
    def at(cls, size: int, read: Read) -> Frontier:
        """Return the frontier of a stored tree at `size`, to which entries can be added."""
        return cls(size, asked(read, indexes_for_root(size)))

    def add(self, leaf: bytes) -> list[bytes]:
        """Append the hash of one entry; return the hashes to store for it: the leaf, then the subtrees it completes.

        They belong at `stored_index(0, index)` and the following places.
        """
        stored = [leaf]
        left_over, peaks = self.size, self.peaks
        while left_over & 1:
            leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()
            stored.append(leaf)
            left_over >>= 1
        peaks.append(leaf)
        self.size += 1
        return stored

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append the hashes of these entries."""
        size, peaks = self.size, self.peaks
        for leaf in leaves:
            left_over, size = size, size + 1
            while left_over & 1:
                leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()
                left_over >>= 1
            peaks.append(leaf)
        self.size = size

    def root(self) -> bytes:
        """Return the root of all entries so far."""
        return _fold(self.peaks)


class Proof(Struct, frozen=True):
    """A receipt: the index of an entry, the path from there, and the checkpoint note to which it leads, verbatim.

    Nothing is verified yet, and no signature covers `extra`.
    """

    index: int
    path: tuple[bytes, ...]
    note: bytes
    extra: bytes | None = None


def format_proof(index: int, path: Sequence[bytes], checkpoint_note: bytes, extra: bytes | None = None) -> bytes:
    """Return a tlog-proof file; PRF-FORMAT if `parse_proof` would not read it."""
    extra_line = f"extra {b64(extra)}\n" if extra else ""
    hashes = "".join(f"{b64(sibling)}\n" for sibling in path)
    proof = _HEADER + f"\n{extra_line}index {index}\n{hashes}\n".encode() + checkpoint_note
    parse_proof(proof)
    return proof


def parse_proof(data: bytes) -> Proof:
    """Read a tlog-proof file without a check of the proof; PRF-FORMAT unless it has its one canonical form.

    Source: c2sp.org/tlog-proof. Stricter: no carriage return, no line over 4 KiB, at most 63 hashes, index
    below 2^63.
    """
    head, _, note = data.partition(b"\n\n")
    if len(data) > _LARGEST_PROOF or b"\r" in data or max(map(len, data.split(b"\n"))) > _LONGEST_LINE:
        raise RecordError("PRF-FORMAT", "a line or the file is too long for a proof, or has a carriage return")
    if not note:
        raise RecordError("PRF-FORMAT", "a proof is some lines, an empty line, and a checkpoint")
    try:
        header, *lines = head.split(b"\n")
        if header != _HEADER:
            raise ValueError("the first line is not c2sp.org/tlog-proof@v1")
        extra = unb64(_after(b"extra ", lines.pop(0))) if lines and lines[0].startswith(b"extra") else None
        if extra == b"":
            raise ValueError("an extra line without data")
        index = decimal(_after(b"index ", lines.pop(0) if lines else b""))
        path = tuple(unb64(line.decode("ascii")) for line in lines)
    except ValueError as error:
        raise RecordError("PRF-FORMAT", f"not a tlog-proof: {error}") from error
    if len(path) > _LONGEST_PATH or any(len(sibling) != 32 for sibling in path):
        raise RecordError("PRF-FORMAT", "a path has at most 63 hashes of 32 bytes")
    return Proof(index, path, note, extra)


def _after(word: bytes, line: bytes) -> str:
    if not line.startswith(word):
        raise ValueError(f"a line that begins with {word.decode()!r} is missing")
    return line.removeprefix(word).decode("ascii")


def split(size: int) -> int:
    """Return the largest power of two below `size`, where RFC 6962 splits a tree."""
    return 1 << (size - 1).bit_length() - 1


def _complete(low: int, high: int) -> list[int]:
    """Return stored indexes of the complete subtrees of the subtree over leaves [low, high), left to right."""
    indexes = []
    while low < high:
        level = (high - low).bit_length() - 1
        indexes.append(stored_index(level, low >> level))
        low += 1 << level
    return indexes


def roots(ranges: Sequence[tuple[int, int]], read: Read) -> list[bytes]:
    """Return the roots of several subtrees, with one call of `read`."""
    parts = [_complete(low, high) for low, high in ranges]
    hashes = iter(asked(read, [index for part in parts for index in part]))
    return [_fold([next(hashes) for _ in part]) for part in parts]


def _fold(peaks: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees, largest first."""
    folded = peaks[-1] if peaks else EMPTY_ROOT
    for peak in peaks[-2::-1]:
        folded = node_hash(peak, folded)
    return folded


def asked(read: Read, indexes: Sequence[int]) -> Sequence[bytes]:
    """Return the hashes at these stored indexes; LOG-CORRUPT if `read` returns fewer or more."""
    hashes = read(indexes) if indexes else ()
    if len(hashes) != len(indexes):
        raise RecordError("LOG-CORRUPT", f"{len(indexes)} stored hashes were asked for, {len(hashes)} are there")
    return hashes


def check_hashes(code: str, *hashes: bytes) -> None:
    """Raise `code` unless every hash has 32 bytes."""
    if any(len(each) != 32 for each in hashes):
        raise RecordError(code, "a hash has 32 bytes")
