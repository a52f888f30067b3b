"""The Merkle Patricia tree against published vectors, its definition, and proofs that were changed."""

from __future__ import annotations

import json
import random
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import RecordError
from ledger.tlog.note import EMPTY_ROOT
from ledger.tlog.patricia_tree import (
    LARGEST_PROOF,
    Inner,
    Leaf,
    Node,
    PatriciaTree,
    Stored,
    check_lookup,
    inner_node,
    parse_lookup_proof,
)
from tests.generate.map_vectors import ABSENCE, PLACE, REFUSED, files
from tests.ledger.tlog.plain_patricia import plain_proof, plain_root, random_key, random_pairs

FOLDER = Path(__file__).parents[3] / "fixtures" / "vectors" / "mpt"


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("ascii").splitlines()]


ROOTS, INCLUSION = lines(FOLDER / "mpt_root_kats.jsonl"), lines(FOLDER / "mpt_inclusion_kats.jsonl")
CHANCE = random.Random(16)
PAIRS = {sha256(b"key %d" % n).digest(): sha256(b"value %d" % n).digest() for n in range(12)}
TREE = PatriciaTree(PAIRS)
ABSENT = [sha256(b"absent %d" % n).digest() for n in range(12)]


def refused(code: str, says: str = "") -> Any:
    return pytest.raises(RecordError, match=f"^{code}: .*{says}")


def pairs_of(case: dict[str, Any]) -> dict[bytes, bytes]:
    return {b64decode(leaf["key"]): b64decode(leaf["value"]) for leaf in case["leaves"]}


def one_by_one(pairs: dict[bytes, bytes], chance: random.Random = CHANCE) -> PatriciaTree:
    """Set every key in random order, first to another value."""
    tree = PatriciaTree()
    for values in ({key: bytes(32) for key in pairs}, pairs):
        for key in chance.sample(list(values), len(values)):
            tree = tree.put(key, values[key])
    return tree


# -- published vectors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ROOTS, ids=lambda case: case["label"])
def test_pairs_have_the_published_root_however_they_were_set(case: dict[str, Any]) -> None:
    pairs = pairs_of(case)
    assert PatriciaTree(pairs).root() == b64decode(case["root"])
    assert one_by_one(pairs).root() == b64decode(case["root"])


@pytest.mark.parametrize("case", INCLUSION, ids=lambda case: case["label"])
def test_the_proof_of_a_value_is_the_published_one_and_shows_it(case: dict[str, Any]) -> None:
    pairs, leaf = pairs_of(case), case["leaves"][case["target_index"]]
    key, proof = b64decode(leaf["key"]), b64decode(case["proof"])
    assert PatriciaTree(pairs).prove(key) == proof
    assert one_by_one(pairs).prove(key) == proof
    assert check_lookup(key, proof, b64decode(case["root"])) == b64decode(leaf["value"])


def test_there_are_sixty_published_vectors() -> None:
    assert (len(ROOTS), len(INCLUSION)) == (24, 36)


def test_our_published_vectors_are_those_of_their_generator() -> None:
    assert {name: (PLACE / name).read_text("ascii") for name in (ABSENCE, REFUSED)} == files()


@pytest.mark.parametrize("case", lines(PLACE / ABSENCE), ids=lambda case: case["label"])
def test_a_published_proof_of_absence_shows_absence(case: dict[str, Any]) -> None:
    key, proof, root = (b64decode(case[name]) for name in ("key", "proof", "root"))
    assert one_by_one(pairs_of(case)).prove(key) == proof
    assert check_lookup(key, proof, root) is None


@pytest.mark.parametrize("case", lines(PLACE / REFUSED), ids=lambda case: case["label"])
def test_a_published_proof_that_shows_nothing_is_refused(case: dict[str, Any]) -> None:
    with refused("MAP-(FORMAT|PATH)"):
        check_lookup(*(b64decode(case[name]) for name in ("key", "proof", "root")))


# -- the definition ----------------------------------------------------------------------------------------------------


def agree(chance: random.Random) -> None:
    """Compare one random tree, one key that has a value and one that has none with the definition."""
    pairs = random_pairs(chance)
    tree, root = PatriciaTree(pairs), plain_root(pairs)
    assert tree.root() == one_by_one(pairs, chance).root() == root
    for key in (*chance.sample(list(pairs), min(1, len(pairs))), random_key(chance, pairs)):
        proof = plain_proof(pairs, key)
        assert tree.prove(key) == proof
        assert check_lookup(key, proof, root) == tree.get(key) == pairs.get(key)


def test_roots_and_proofs_of_random_trees_are_those_of_the_definition() -> None:
    chance = random.Random(1)
    for _ in range(300):
        agree(chance)


@pytest.mark.slow
def test_ten_thousand_random_trees_and_their_proofs_are_those_of_the_definition() -> None:
    chance = random.Random(2)
    for _ in range(10_000):
        agree(chance)


def test_a_changed_tree_leaves_the_tree_before_as_it_was() -> None:
    key = ABSENT[0]
    grown = TREE.put(key, bytes(32))
    assert (TREE.get(key), grown.get(key)) == (None, bytes(32))
    assert TREE.root() == plain_root(PAIRS)
    assert grown.put(key, b"\x01" * 32).root() == plain_root({**PAIRS, key: b"\x01" * 32})
    assert grown.root() == plain_root({**PAIRS, key: bytes(32)})


def test_a_node_that_is_kept_elsewhere_is_read_when_a_search_comes_to_it() -> None:
    kept: list[Leaf | Inner] = []
    asked: list[int] = []

    def load(node: Stored) -> Leaf | Inner:
        asked.append(node.number)
        return kept[node.number]

    def put_away(node: Node | None) -> Stored:
        assert isinstance(node, Leaf | Inner)
        if isinstance(node, Inner):
            node = inner_node(node.position, put_away(node.left), put_away(node.right))
        kept.append(node)
        return Stored(len(kept) - 1, node.hash, load)

    tree = PatriciaTree.below(put_away(TREE.top))
    assert (tree.root(), asked) == (TREE.root(), [])
    for key in (*PAIRS, *ABSENT):
        asked.clear()
        assert (tree.get(key), tree.prove(key)) == (PAIRS.get(key), TREE.prove(key))
        assert len(asked) < len(kept)
        assert tree.put(key, bytes(32)).root() == TREE.put(key, bytes(32)).root()


# -- one answer --------------------------------------------------------------------------------------------------------


def test_the_empty_tree_has_no_key() -> None:
    proof = PatriciaTree().prove(ABSENT[0])
    assert proof == b"mptproof\x00"
    assert check_lookup(ABSENT[0], proof, EMPTY_ROOT) is None
    with refused("MAP-PATH", "leads to the root e3b0c442"):
        check_lookup(ABSENT[0], proof, TREE.root())


def test_a_proof_shows_nothing_about_another_root() -> None:
    other = TREE.put(ABSENT[0], bytes(32)).root()
    for key in (*PAIRS, *ABSENT[1:]):
        with refused("MAP-PATH", "leads to the root"):
            check_lookup(key, TREE.prove(key), other)


def test_a_value_is_proven_of_its_own_key_only() -> None:
    for key in PAIRS:
        proof = TREE.prove(key)
        for other in (*PAIRS, *ABSENT):
            if other != key:
                with refused("MAP-PATH"):
                    check_lookup(other, proof, TREE.root())


def test_no_key_with_a_value_is_proven_absent_by_the_path_of_any_other() -> None:
    for found, value in PAIRS.items():
        denial = b"mptproof\x02" + found + TREE.prove(found)[9:]
        assert denial[41:73] == value
        for key in PAIRS:
            with refused("MAP-PATH", "a search for this key does not end"):
                check_lookup(key, denial, TREE.root())


def test_a_key_without_a_value_is_proven_absent_by_the_one_leaf_where_its_search_ends() -> None:
    for key in ABSENT:
        shown = 0
        for found in PAIRS:
            denial = b"mptproof\x02" + found + TREE.prove(found)[9:]
            if denial == TREE.prove(key):
                assert check_lookup(key, denial, TREE.root()) is None
                shown += 1
            else:
                with refused("MAP-PATH", "a search for this key does not end"):
                    check_lookup(key, denial, TREE.root())
        assert shown == 1


def test_no_changed_bit_of_a_proof_survives() -> None:
    near = {bytes(32): bytes(32), bytes(31) + b"\x01": b"\x01" * 32, b"\x80" + bytes(31): b"\x02" * 32}
    for pairs, keys in (
        (PAIRS, [*PAIRS][:2] + ABSENT[:2]),
        (near, [bytes(32), bytes(31) + b"\x02"]),
        ({}, [bytes(32)]),
    ):
        tree = PatriciaTree(pairs)
        for key in keys:
            proof = int.from_bytes(tree.prove(key), "big")
            size = len(tree.prove(key))
            for bit in range(8 * size):
                with refused("MAP-(FORMAT|PATH)"):
                    check_lookup(key, (proof ^ 1 << bit).to_bytes(size, "big"), tree.root())


def test_no_proof_survives_that_was_cut_lengthened_or_put_in_another_order() -> None:
    for key in (*PAIRS, *ABSENT):
        proof = TREE.prove(key)
        head = len(proof) % 33
        head += 33 * (head < 41)  # `mptproof`, tag and value have 41 bytes; with another key, 73
        steps = [proof[at : at + 33] for at in range(head, len(proof), 33)]
        changed = [steps[:n] + steps[n + 1 :] for n in range(len(steps))]
        changed += [[*steps[: n + 1], *steps[n:]] for n in range(len(steps))]
        changed += [[*steps[:n], steps[n + 1], steps[n], *steps[n + 2 :]] for n in range(len(steps) - 1)]
        changed += [[*steps, bytes(33)], [b"\xff" + bytes(32), *steps], steps[::-1]]
        for each in changed:
            with refused("MAP-(FORMAT|PATH)"):
                check_lookup(key, proof[:head] + b"".join(each), TREE.root())
        for size in range(len(proof)):
            with refused("MAP-(FORMAT|PATH)"):
                check_lookup(key, proof[:size], TREE.root())


def test_an_inner_node_is_no_leaf_and_a_leaf_no_inner_node() -> None:
    """A leaf hashes 64 bytes, an inner node 65: no key, value and position can be read as the other one."""
    left, right = ({bytes([bit << 7]) + bytes(31): bytes(32)} for bit in (0, 1))
    root = plain_root({**left, **right})
    for key in (plain_root(left), ABSENT[0]):
        with refused("MAP-(FORMAT|PATH)"):
            check_lookup(key, b"mptproof\x01" + plain_root(right), root)
        with refused("MAP-FORMAT"):
            check_lookup(key, b"mptproof\x01" + plain_root(right) + b"\x00", root)


def test_a_root_over_two_leaves_of_one_key_shows_one_of_them() -> None:
    key = bytes(32)
    first, second = (sha256(key + value).digest() for value in (b"1" * 32, b"2" * 32))
    root = sha256(first + second + b"\x07").digest()  # by an operator who wants two answers
    assert check_lookup(key, b"mptproof\x01" + b"1" * 32 + b"\x07" + second, root) == b"1" * 32
    with refused("MAP-PATH"):
        check_lookup(key, b"mptproof\x01" + b"2" * 32 + b"\x07" + first, root)


def test_a_leaf_in_a_wrong_place_denies_no_key() -> None:
    key, other = bytes(32), b"\x80" + bytes(31)
    left, right = (sha256(each + b"1" * 32).digest() for each in (other, b"\x81" + bytes(31)))
    root = sha256(left + right + b"\x00").digest()  # by an operator: `other` has 1 at bit 0 and belongs to the right
    with refused("MAP-PATH", "a search for this key does not end"):
        check_lookup(key, b"mptproof\x02" + other + b"1" * 32 + b"\x00" + right, root)


# -- the form ----------------------------------------------------------------------------------------------------------


def test_the_longest_proof_has_a_step_for_each_bit() -> None:
    chain = {(1 << bit >> 1).to_bytes(32, "big"): bytes([bit % 251]) * 32 for bit in range(257)}
    tree, zero = PatriciaTree(chain), bytes(32)
    assert tree.root() == one_by_one(chain).root()
    assert len(tree.prove(zero)) == LARGEST_PROOF == 8_489
    assert check_lookup(zero, tree.prove(zero), tree.root()) == chain[zero]
    del chain[zero]
    without = PatriciaTree(chain)
    assert len(without.prove(zero)) == 8_488
    assert check_lookup(zero, without.prove(zero), without.root()) is None


def test_positions_fall_from_the_leaf_to_the_root() -> None:
    for key in (*PAIRS, *ABSENT):
        positions = [position for position, _ in parse_lookup_proof(TREE.prove(key)).steps]
        assert len(positions) > 1
        assert all(below > above for below, above in pairwise(positions))


STEP = bytes(32)
WRONG: dict[str, bytes] = {
    "nothing": b"",
    "the word alone": b"mptproof",
    "another word": b"mptProof\x00",
    "another tag": b"mptproof\x03",
    "the empty tree and a byte": b"mptproof\x00\x00",
    "the empty tree and a value": b"mptproof\x00" + STEP,
    "the empty tree and a step": b"mptproof\x00" + b"\x00" + STEP,
    "no value": b"mptproof\x01",
    "a value of 31 bytes": b"mptproof\x01" + STEP[:-1],
    "a value of 33 bytes": b"mptproof\x01" + STEP + b"\x00",
    "another key of 31 bytes": b"mptproof\x02" + STEP[:-1],
    "another key without a value": b"mptproof\x02" + STEP,
    "half a step": b"mptproof\x01" + STEP + b"\x07" + STEP[:16],
    "a position twice": b"mptproof\x01" + STEP + 2 * (b"\x07" + STEP),
    "rising positions": b"mptproof\x01" + STEP + b"\x07" + STEP + b"\x08" + STEP,
    "257 steps": b"mptproof\x01" + STEP + b"".join(bytes([255 - n % 256]) + STEP for n in range(257)),
    "ten megabytes": b"mptproof\x01" + bytes(10_000_000),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_a_proof_in_its_one_form_is_refused(name: str) -> None:
    with refused("MAP-FORMAT"):
        parse_lookup_proof(WRONG[name])
    with refused("MAP-FORMAT"):
        check_lookup(ABSENT[0], WRONG[name], TREE.root())


def test_more_bytes_than_the_longest_proof_are_not_read() -> None:
    with refused("MAP-FORMAT", "at most 8489 bytes"):
        parse_lookup_proof(b"mptproof\x01" + bytes(LARGEST_PROOF - 8))
    with refused("MAP-FORMAT", "positions"):
        parse_lookup_proof(b"mptproof\x01" + bytes(LARGEST_PROOF - 9))


@pytest.mark.parametrize(
    "call",
    [
        lambda short: PatriciaTree({short: bytes(32)}),
        lambda short: PatriciaTree({bytes(32): short}),
        lambda short: TREE.put(short, bytes(32)),
        lambda short: TREE.put(bytes(32), short),
        lambda short: TREE.get(short),
        lambda short: TREE.prove(short),
        lambda short: PatriciaTree().prove(short),
        lambda short: check_lookup(short, TREE.prove(bytes(32)), TREE.root()),
        lambda short: check_lookup(bytes(32), TREE.prove(bytes(32)), short),
    ],
)
@pytest.mark.parametrize("size", [0, 31, 33])
def test_keys_values_and_roots_have_32_bytes(call: Callable[[bytes], object], size: int) -> None:
    with refused("MAP-FORMAT", "32 bytes"):
        call(bytes(size))
