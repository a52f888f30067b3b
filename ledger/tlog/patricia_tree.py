"""Map keys of 32 bytes to values of 32 bytes under one root; prove the value of a key, or that it has none.

This is Russ Cox's Merkle Patricia tree, in the form that WAICT has taken over:

    leaf   SHA-256(key || value)
    inner  SHA-256(left || right || position)
    empty  SHA-256("")

`position` (one byte) is the first bit in which the keys below differ, counted from 0 at the most significant bit.
Keys below `left` have 0 there, keys below `right` have 1. So the pairs alone decide the tree, in whatever order
they were set.

A proof is `mptproof`, a tag of one byte, and:

    00     nothing: the tree is empty
    01     value, steps: the key has this value
    02     other key, its value, steps: a search for the key ends at this other key

A step is the position of an inner node (one byte) and the hash of the child that is not searched (32 bytes). Steps
lead from the leaf to the root, so positions fall strictly. For one root and one key, two proofs with two answers
contain a collision of SHA-256: the bits of the key alone decide which leaf is reached below a root.

Sources: merkle-patricia-tree.md of waict-wg/waict-transparency-spec at f6c398d for roots and tag 01; mpt/DESIGN.md
of rsc/tmp at b6bdb3d, which that text names, for tags 00 and 02 (docs/adr/0091).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from itertools import pairwise

from msgspec import Struct

from ledger.errors import RecordError
from ledger.tlog.note import EMPTY_ROOT

_MAGIC = b"mptproof"
_EMPTY, _PRESENT, _ABSENT = 0, 1, 2  # the tags
_HASH, _STEP = 32, 33  # bytes
_BITS = 8 * _HASH  # of a key
LARGEST_PROOF = len(_MAGIC) + 1 + _HASH + _STEP * _BITS  # bytes; random keys need some 20 steps for a million keys


class Leaf(Struct, frozen=True, eq=False, gc=False):
    """A key with its value."""

    key: bytes
    value: bytes
    hash: bytes


class Inner(Struct, frozen=True, eq=False, gc=False):  # no cycles: a node is made after its children
    """Two nodes whose keys first differ in the bit `position`."""

    position: int
    left: Node
    right: Node
    hash: bytes


class Stored(Struct, frozen=True, eq=False):
    """A node that is kept elsewhere under a number, and read when a search comes to it."""

    number: int
    hash: bytes
    load: Callable[[Stored], Leaf | Inner]


Node = Leaf | Inner | Stored


class PatriciaTree:
    """An immutable map of 32-byte keys to 32-byte values; trees that differ in one key share all other nodes."""

    __slots__ = ("top",)

    def __init__(self, pairs: Mapping[bytes, bytes] | None = None) -> None:
        """Build the tree of all pairs: one hash for each leaf and each inner node. Raises MAP-FORMAT."""
        self.top = _built(pairs or {})

    @classmethod
    def below(cls, top: Node | None) -> PatriciaTree:
        """Return the tree with this top node; None is the empty tree."""
        tree = cls()
        tree.top = top
        return tree

    def put(self, key: bytes, value: bytes) -> PatriciaTree:
        """Return the tree in which `key` has `value`; it costs one hash for each node above the leaf. MAP-FORMAT."""
        leaf = leaf_node(key, value)
        path = _search(self.top, key)
        if path is None:
            return PatriciaTree.below(leaf)
        found, inner = path
        position = _first_difference(key, found.key)
        node: Node = leaf
        beside: Node = found
        while inner and inner[-1].position > position:
            beside = inner.pop()
        if position < _BITS:
            node = _parent(position, key, leaf, beside)
        for parent in reversed(inner):
            node = _parent(parent.position, key, node, _sibling(parent, key))
        return PatriciaTree.below(node)

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, None if it has none. Raises MAP-FORMAT."""
        path = _search(self.top, key)
        return path[0].value if path and path[0].key == key else None

    def root(self) -> bytes:
        """Return the root: 32 bytes."""
        return self.top.hash if self.top else EMPTY_ROOT

    def prove(self, key: bytes) -> bytes:
        """Return the proof of the value of a key, or of its absence. Raises MAP-FORMAT."""
        path = _search(self.top, key)
        if path is None:
            return _MAGIC + bytes([_EMPTY])
        found, inner = path
        if found.key == key:
            parts = [_MAGIC, bytes([_PRESENT]), found.value]
        else:
            parts = [_MAGIC, bytes([_ABSENT]), found.key, found.value]
        for parent in reversed(inner):
            parts += bytes([parent.position]), _sibling(parent, key).hash
        return b"".join(parts)


class LookupProof(Struct, frozen=True):
    """A parsed proof, not checked yet.

    `key` is None unless another key was found; `value` is None for the empty tree. `steps` are positions and sibling
    hashes from the leaf to the root.
    """

    key: bytes | None
    value: bytes | None
    steps: tuple[tuple[int, bytes], ...]


def parse_lookup_proof(data: bytes) -> LookupProof:
    """Read a proof without checking it; MAP-FORMAT unless it has its one form."""
    if len(data) > LARGEST_PROOF:
        raise RecordError("MAP-FORMAT", f"a proof of a map has at most {LARGEST_PROOF} bytes")
    magic, tag, rest = data[: len(_MAGIC)], data[len(_MAGIC) : len(_MAGIC) + 1], data[len(_MAGIC) + 1 :]
    if magic != _MAGIC or tag not in (b"\x00", b"\x01", b"\x02"):
        raise RecordError("MAP-FORMAT", "not a proof of a map: its first bytes are other ones")
    leaf = _HASH * tag[0]
    if len(rest) < leaf or (len(rest) - leaf) % _STEP or (tag[0] == _EMPTY and rest):
        raise RecordError("MAP-FORMAT", "a proof of a map was cut or goes on after its end")
    steps = tuple((rest[at], rest[at + 1 : at + _STEP]) for at in range(leaf, len(rest), _STEP))
    if any(below <= above for (below, _), (above, _) in pairwise(steps)):
        raise RecordError("MAP-FORMAT", "the positions in a proof of a map do not fall")
    key = rest[:_HASH] if tag[0] == _ABSENT else None
    return LookupProof(key, rest[leaf - _HASH : leaf] if leaf else None, steps)


def check_lookup(key: bytes, proof: bytes, root: bytes) -> bytes | None:
    """Return the value that `key` has under `root`, None if it has none; the proof shows either.

    Raises MAP-FORMAT for a proof that has not its one form, or a key or root that has not 32 bytes; MAP-PATH for a
    proof that leads to another root, or to a key that a search for `key` does not find.
    """
    _check_size(key, root)
    read = parse_lookup_proof(proof)
    if read.value is None:
        _check_root(EMPTY_ROOT, root)
        return None
    found = key if read.key is None else read.key
    if read.key is not None and (read.key == key or any(_bit(key, at) != _bit(found, at) for at, _ in read.steps)):
        raise RecordError("MAP-PATH", "a search for this key does not end at the other key that the proof names")
    reached = sha256(found + read.value).digest()
    for position, sibling in read.steps:
        pair = sibling + reached if _bit(key, position) else reached + sibling
        reached = sha256(pair + bytes([position])).digest()
    _check_root(reached, root)
    return read.value if read.key is None else None


def _check_root(reached: bytes, root: bytes) -> None:
    if reached != root:
        says = f"the proof leads to the root {reached.hex()[:8]}.., the root of the map is {root.hex()[:8]}.."
        raise RecordError("MAP-PATH", says)


def _built(pairs: Mapping[bytes, bytes]) -> Node | None:
    """Return the top node over all pairs, made from the left: a subtree is complete when a smaller position follows."""
    nodes: list[Node] = []
    positions: list[int] = []  # between neighbours in `nodes`, rising
    before = b""
    for key in sorted(pairs):
        leaf = leaf_node(key, pairs[key])
        if nodes:
            position = _first_difference(before, key)
            while positions and positions[-1] > position:
                right, left = nodes.pop(), nodes.pop()
                nodes.append(inner_node(positions.pop(), left, right))
            positions.append(position)
        nodes.append(leaf)
        before = key
    while positions:
        right, left = nodes.pop(), nodes.pop()
        nodes.append(inner_node(positions.pop(), left, right))
    return nodes[0] if nodes else None


def _search(top: Node | None, key: bytes) -> tuple[Leaf, list[Inner]] | None:
    """Return the leaf that a search for `key` ends at, and the inner nodes from the top; None in an empty tree."""
    _check_size(key)
    inner = []
    while top is not None and not isinstance(top, Leaf):
        if isinstance(top, Stored):
            top = top.load(top)
        else:
            inner.append(top)
            top = top.right if _bit(key, top.position) else top.left
    return None if top is None else (top, inner)


def _sibling(parent: Inner, key: bytes) -> Node:
    """Return the child that a search for `key` leaves aside."""
    return parent.left if _bit(key, parent.position) else parent.right


def _parent(position: int, key: bytes, node: Node, sibling: Node) -> Inner:
    """Return the inner node over `node`, which is on the way to `key`, and its sibling."""
    return inner_node(position, sibling, node) if _bit(key, position) else inner_node(position, node, sibling)


def leaf_node(key: bytes, value: bytes) -> Leaf:
    """Return a leaf with its hash. Raises MAP-FORMAT."""
    _check_size(key, value)
    return Leaf(key, value, sha256(key + value).digest())


def inner_node(position: int, left: Node, right: Node) -> Inner:
    """Return an inner node with its hash."""
    return Inner(position, left, right, sha256(left.hash + right.hash + bytes([position])).digest())


def _bit(key: bytes, position: int) -> int:
    return key[position >> 3] >> (7 - (position & 7)) & 1


def _first_difference(a: bytes, b: bytes) -> int:
    """Return the position of the first bit in which two keys differ, 256 if they are equal."""
    return _BITS - (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_length()


def _check_size(*values: bytes) -> None:
    if any(len(each) != _HASH for each in values):
        raise RecordError("MAP-FORMAT", "keys, values and roots of a map have 32 bytes")
