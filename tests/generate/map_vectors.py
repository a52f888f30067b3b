"""Write the vectors of proofs of absence in a Merkle Patricia tree: `python -m tests.generate.map_vectors`.

The form is that of the vectors of WAICT: one JSON object a line, bytes in base64. Every key and value is a SHA-256 of
its name, so that anyone can make the same files.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from ledger.tlog.patricia_tree import PatriciaTree

PLACE = Path(__file__).parents[2] / "docs" / "reference" / "formats" / "vectors"
ABSENCE, REFUSED = "mpt_non_inclusion_kats.jsonl", "mpt_refused_kats.jsonl"
WORD = b"mptproof"
SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 16, 33)

Pairs = Mapping[bytes, bytes]


def files() -> dict[str, str]:
    """Return the content of both files by their names."""
    rows = {ABSENCE: absent(), REFUSED: refused()}
    return {name: "".join(json.dumps(row) + "\n" for row in some) for name, some in rows.items()}


def absent() -> Iterator[dict[str, object]]:
    """Yield keys that have no value, each with the one proof of this."""
    yield row("empty", {}, named("key 0"))
    for size in SIZES:
        pairs = random_pairs(size)
        for n in range(3):
            yield row(f"random_size_{size}_absent{n}", pairs, named(f"absent {n}"))
    near = {key: named(f"near {n}") for n, key in enumerate(keys_near(bytes(32), (0, 1, 7, 8, 127, 128, 254, 255)))}
    yield row("zero_key_among_single_bits", near, bytes(32))
    for bit in (0, 7, 8, 255):
        yield row(f"single_leaf_differs_in_bit_{bit}", {bytes(32): named("value")}, *keys_near(bytes(32), (bit,)))
    for key in (b"\xff" * 32, b"\xc0" + bytes(31), bytes(31) + b"\x03"):
        yield row(f"{key.hex()[:2]}..{key.hex()[-2:]}_among_single_bits", near, key)
    every = {key: named(f"bit {bit}") for bit, key in enumerate(keys_near(bytes(32), range(1, 256)))}
    yield row("longest_255_steps", {**every, b"\x80" + bytes(31): named("bit 0")}, bytes(32))


def refused() -> Iterator[dict[str, object]]:
    """Yield proofs that show nothing, with the reason: of absence, and of inclusion."""
    pairs = random_pairs(5)
    tree = PatriciaTree(pairs)
    here, other = named("key 0"), named("key 1")
    away = named("absent 0")
    denied = tree.prove(away)
    steps = [denied[at : at + 33] for at in range(73, len(denied), 33)]
    value = tree.prove(here)[9:41]
    path = tree.prove(here)[41:]
    wrong = {
        "present_key_denied_by_another_leaf": (here, WORD + b"\x02" + other + tree.prove(other)[9:]),
        "present_key_denied_by_itself": (here, WORD + b"\x02" + here + value + path),
        "absent_key_denied_by_a_leaf_off_its_path": (away, WORD + b"\x02" + off_path(tree, pairs, away)),
        "present_key_denied_as_in_an_empty_tree": (here, WORD + b"\x00"),
        "absent_key_claimed_with_the_path_of_another": (away, WORD + b"\x01" + value + path),
        "present_key_claimed_with_another_value": (here, WORD + b"\x01" + named("value 1") + path),
        "present_key_claimed_with_the_path_of_another": (here, tree.prove(other)),
        "steps_from_the_root_to_the_leaf": (away, denied[:73] + b"".join(steps[::-1])),
        "a_step_left_out": (away, denied[:73] + b"".join(steps[1:])),
        "a_step_twice": (away, denied[:73] + steps[0] + b"".join(steps)),
        "a_byte_behind_the_last_step": (away, denied + b"\x00"),
        "half_a_step": (away, denied[:-16]),
        "no_value": (away, denied[:41]),
        "another_key_of_31_bytes": (away, denied[:40]),
        "an_unknown_tag": (away, WORD + b"\x03" + denied[9:]),
        "no_word": (away, denied[8:]),
        "nothing": (away, b""),
    }
    for reason, (key, proof) in wrong.items():
        yield {**row(reason, pairs, key), "proof": text(proof)}
    empty = {
        "empty_tree_denied_by_a_leaf": b"\x02" + here + value,
        "the_empty_tree_and_a_byte": b"\x00\x00",
        "the_empty_tree_and_a_step": b"\x00\x00" + value,
    }
    for reason, proof in empty.items():
        yield {**row(reason, {}, away), "proof": text(WORD + proof)}
    last = {bytes(32): named("value 0"), bytes(31) + b"\x01": named("value 1")}
    key, found = bytes(31) + b"\x01", bytes(32)
    proof = WORD + b"\x02" + found + PatriciaTree(last).prove(found)[9:]
    yield {**row("present_key_denied_by_a_leaf_that_differs_in_bit_255", last, key), "proof": text(proof)}


def off_path(tree: PatriciaTree, pairs: Pairs, key: bytes) -> bytes:
    """Return key, value and steps of the first leaf at which a search for `key` does not end."""
    found = next(each for each in sorted(pairs) if each != tree.prove(key)[9:41])
    return found + tree.prove(found)[9:]


def random_pairs(size: int) -> Pairs:
    return {named(f"key {n}"): named(f"value {n}") for n in range(size)}


def named(name: str) -> bytes:
    return sha256(name.encode()).digest()


def keys_near(key: bytes, bits: Iterable[int]) -> list[bytes]:
    """Return keys that differ from `key` in one bit each."""
    return [(int.from_bytes(key, "big") ^ 1 << (255 - bit)).to_bytes(32, "big") for bit in bits]


def row(label: str, pairs: Pairs, key: bytes) -> dict[str, object]:
    tree = PatriciaTree(pairs)
    leaves = [{"key": text(each), "value": text(value)} for each, value in pairs.items()]
    return {
        "label": label,
        "root": text(tree.root()),
        "leaves": leaves,
        "key": text(key),
        "proof": text(tree.prove(key)),
    }


def text(data: bytes) -> str:
    return b64encode(data).decode()


if __name__ == "__main__":
    for name, content in files().items():
        (PLACE / name).write_text(content, "ascii")
