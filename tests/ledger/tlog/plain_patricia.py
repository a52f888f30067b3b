"""A Merkle Patricia tree from its definition: split the pairs at the first bit in which the keys differ.

It shares no code and no algorithm with ledger.tlog.patricia_tree, and is slow.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache
from hashlib import sha256

Pairs = Mapping[bytes, bytes]


@cache
def bits(key: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in key)


def halves(pairs: Pairs) -> tuple[int, Pairs, Pairs]:
    """Return the first bit in which keys differ, the pairs with 0 there, and those with 1."""
    at = next(at for at in range(256) if len({bits(key)[at] for key in pairs}) == 2)
    zero, one = ({key: value for key, value in pairs.items() if bits(key)[at] == bit} for bit in "01")
    return at, zero, one


def plain_root(pairs: Pairs) -> bytes:
    if len(pairs) <= 1:
        return sha256(b"".join(key + value for key, value in pairs.items())).digest()
    at, zero, one = halves(pairs)
    return sha256(plain_root(zero) + plain_root(one) + bytes([at])).digest()


def plain_proof(pairs: Pairs, key: bytes) -> bytes:
    if not pairs:
        return b"mptproof\x00"
    steps = b""
    while len(pairs) > 1:
        at, zero, one = halves(pairs)
        pairs, rest = (zero, one) if bits(key)[at] == "0" else (one, zero)
        steps = bytes([at]) + plain_root(rest) + steps
    ((found, value),) = pairs.items()
    return (b"mptproof\x01" if found == key else b"mptproof\x02" + found) + value + steps


def random_pairs(chance: random.Random, most: int = 16) -> dict[bytes, bytes]:
    """Return up to `most` pairs; half of the keys differ from another one in few bits, so that paths are long."""
    pairs: dict[bytes, bytes] = {}
    for _ in range(chance.randrange(most + 1)):
        pairs[random_key(chance, pairs)] = chance.randbytes(32)
    return pairs


def random_key(chance: random.Random, pairs: Pairs) -> bytes:
    """Return a random key, or one that begins as a key of `pairs` does."""
    if not pairs or chance.random() < 0.5:
        return chance.randbytes(32)
    near = int.from_bytes(chance.choice(list(pairs)), "big")
    at = chance.randrange(256)
    return (near ^ (1 << at | chance.getrandbits(256) & ((1 << at) - 1))).to_bytes(32, "big")
