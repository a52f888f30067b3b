"""Subtrees against published proofs, the plain recursion of the definition, and mutated proofs."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RecordError
from ledger.tlog.subtree import (
    check_subtree_consistency,
    check_subtree_inclusion,
    is_subtree,
    prove_subtree_consistency,
    prove_subtree_inclusion,
    subtree_root,
    subtrees,
)
from ledger.tlog.tile import Tile, tile_bytes
from ledger.tlog.tree import (
    Frontier,
    check_consistency,
    check_inclusion,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    stored_index,
)

FOLDER = Path(__file__).parents[3] / "fixtures" / "vectors" / "merkle-subtrees"
SIZE = 300
LEAVES = [leaf_hash(b"entry %d" % n) for n in range(SIZE)]
FRONTIER = Frontier()
HASHES = [stored for leaf in LEAVES for stored in FRONTIER.add(leaf)]


def read(indexes: Sequence[int]) -> Sequence[bytes]:
    return [HASHES[index] for index in indexes]


def refused(code: str, says: str = "") -> Any:
    return pytest.raises(RecordError, match=rf"^{code}\b.*{says}")


def published(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text("ascii").splitlines()]


# the definition, literally


def bit_ceil(n: int) -> int:
    power = 1
    while power < n:
        power *= 2
    return power


def halves(n: int) -> int:
    return bit_ceil(n) // 2


@cache
def mth(low: int, high: int) -> bytes:
    """Compute the root over leaves [low, high), as RFC 6962 2.1."""
    if high - low == 1:
        return LEAVES[low]
    middle = low + halves(high - low)
    return node_hash(mth(low, middle), mth(middle, high))


def subproof(start: int, end: int, low: int, high: int, whole: bool) -> list[bytes]:
    """Return SUBTREE_SUBPROOF of the draft for the tree over leaves [low, high); `start` and `end` count from `low`."""
    n = high - low
    if start == 0 and end == n:
        return [] if whole else [mth(low, high)]
    k = halves(n)
    if end <= k:
        return [*subproof(start, end, low, low + k, whole), mth(low + k, high)]
    if k <= start:
        return [*subproof(start - k, end - k, low + k, high, whole), mth(low, low + k)]
    assert start == 0
    return [*subproof(0, end - k, low + k, high, False), mth(low, low + k)]


ranges = st.integers(0, SIZE - 1).flatmap(
    lambda start: st.tuples(st.just(start), st.integers(start + 1, min(SIZE, start + (start & -start or SIZE))))
)
placed = ranges.flatmap(lambda pair: st.tuples(st.just(pair), st.integers(pair[1], SIZE)))


def changed(path: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Yield paths near this one: a hash left out, twice, added, in another place, or changed in one bit."""
    for n, each in enumerate(path):
        yield [*path[:n], *path[n + 1 :]]
        yield [*path[:n], each, *path[n:]]
        yield [*path[:n], bytes([each[0] ^ 1]) + each[1:], *path[n + 1 :]]
        yield [*path[:n], each[:-1], *path[n + 1 :]]
    for n in range(len(path) - 1):
        yield [*path[:n], path[n + 1], path[n], *path[n + 2 :]]
    yield [*path, bytes(32)]
    yield [bytes(32), *path]


# ranges and roots


def test_a_subtree_begins_at_a_multiple_of_the_power_of_two_that_holds_it() -> None:
    for start in range(70):
        for end in range(70):
            assert is_subtree(start, end) == (start < end and start % bit_ceil(end - start) == 0)
    assert [is_subtree(*pair) for pair in ((8, 13), (-8, -3), (0, 1 << 63), (1 << 62, (1 << 63) - 1))] == [
        True,
        False,
        False,
        True,
    ]


@given(ranges)
def test_the_root_of_a_subtree_is_that_of_its_entries(pair: tuple[int, int]) -> None:
    assert is_subtree(*pair)
    assert subtree_root(*pair, read) == mth(*pair)


def test_the_root_of_a_subtree_follows_from_the_published_tiles() -> None:
    tile = tile_bytes(Tile(0, 1, SIZE - 256), read)
    hashes = {stored_index(0, 256 + n): tile[32 * n : 32 * n + 32] for n in range(SIZE - 256)}
    for start in range(256, SIZE):
        assert subtree_root(start, start + 1, lambda indexes: [hashes[each] for each in indexes]) == LEAVES[start]


@pytest.mark.parametrize("pair", [(0, 0), (3, 3), (1, 3), (2, 5), (4, 3), (-1, 0), (6, 9), (0, 1 << 63)])
def test_a_range_across_a_boundary_is_no_subtree(pair: tuple[int, int]) -> None:
    with refused("SUB-FORMAT", "are no subtree"):
        subtree_root(*pair, read)
    with refused("SUB-FORMAT", "are no subtree"):
        prove_subtree_inclusion(pair[0], *pair, read)
    with refused("SUB-FORMAT", "are no subtree"):
        check_subtree_inclusion(pair[0], *pair, LEAVES[0], [], LEAVES[0])
    with refused("SUB-FORMAT", "are no subtree"):
        prove_subtree_consistency(*pair, SIZE, read)
    with refused("SUB-FORMAT", "are no subtree"):
        check_subtree_consistency(*pair, SIZE, LEAVES[0], LEAVES[0], [])


@cache
def fewest(start: int, end: int) -> int:
    if start == end:
        return 0
    return 1 + min(fewest(middle, end) for middle in range(start + 1, end + 1) if is_subtree(start, middle))


def test_a_range_is_divided_into_the_fewest_subtrees() -> None:
    for start in range(34):
        for end in range(start, 34):
            found = subtrees(start, end)
            assert len(found) == fewest(start, end)
            assert all(is_subtree(*each) for each in found)
            assert [start, *(high for _, high in found)] == [*(low for low, _ in found), end]


# inclusion


@given(ranges.flatmap(lambda pair: st.tuples(st.just(pair), st.integers(pair[0], pair[1] - 1))))
def test_an_entry_is_proven_to_be_in_its_subtree_and_no_changed_path_proves_it(
    case: tuple[tuple[int, int], int],
) -> None:
    (start, end), index = case
    path = prove_subtree_inclusion(index, start, end, read)
    check_subtree_inclusion(index, start, end, LEAVES[index], path, mth(start, end))
    for wrong in changed(path):
        with refused("PRF-PATH"):
            check_subtree_inclusion(index, start, end, LEAVES[index], wrong, mth(start, end))
    for other in {start, index - 1, index + 1, end - 1} - {index}:
        with refused("PRF-(PATH|INDEX)"):
            check_subtree_inclusion(other, start, end, LEAVES[index], path, mth(start, end))


@given(st.integers(1, SIZE).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size))))
def test_a_whole_tree_is_its_own_subtree(case: tuple[int, int]) -> None:
    index, size = case
    path = prove_subtree_inclusion(index, 0, size, read)
    assert path == prove_inclusion(index, size, read)
    check_inclusion(index, size, LEAVES[index], path, mth(0, size))


@pytest.mark.parametrize("index", [7, 13, -1])
def test_an_entry_outside_the_subtree_has_no_path(index: int) -> None:
    with refused("PRF-INDEX", "is not in the subtree from 8 to before 13"):
        prove_subtree_inclusion(index, 8, 13, read)
    with refused("PRF-INDEX", "is not in the subtree from 8 to before 13"):
        check_subtree_inclusion(index, 8, 13, LEAVES[8], [], mth(8, 13))


@pytest.mark.parametrize("case", published("inclusion.jsonl"), ids=lambda case: case["name"])
def test_a_published_inclusion_proof_gets_its_published_answer(case: dict[str, Any]) -> None:
    leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
    path = [b64decode(each) for each in case["proof"] or ()]

    def check() -> None:
        check_subtree_inclusion(case["leafIdx"], case["start"], case["end"], leaf, path, root)

    if case["wantErr"]:
        with refused("(SUB-FORMAT|PRF-PATH|PRF-INDEX)"):
            check()
    else:
        check()


# consistency


@given(placed)
def test_the_proof_of_consistency_is_that_of_the_definition(case: tuple[tuple[int, int], int]) -> None:
    (start, end), size = case
    path = prove_subtree_consistency(start, end, size, read)
    assert path == subproof(start, end, 0, size, True)
    check_subtree_consistency(start, end, size, mth(start, end), mth(0, size), path)


def test_every_subtree_of_every_small_tree_is_proven() -> None:
    for size in range(1, 34):
        for start in range(size):
            for end in range(start + 1, size + 1):
                if is_subtree(start, end):
                    path = subproof(start, end, 0, size, True)
                    assert path == prove_subtree_consistency(start, end, size, read)
                    check_subtree_consistency(start, end, size, mth(start, end), mth(0, size), path)


@given(placed)
def test_no_changed_proof_of_consistency_holds(case: tuple[tuple[int, int], int]) -> None:
    (start, end), size = case
    path = prove_subtree_consistency(start, end, size, read)
    for wrong in changed(path):
        with refused("SUB-PATH"):
            check_subtree_consistency(start, end, size, mth(start, end), mth(0, size), wrong)
    for small, large in ((bytes(32), mth(0, size)), (mth(start, end), bytes(32))):
        with refused("SUB-PATH"):
            check_subtree_consistency(start, end, size, small, large, path)


@given(placed, ranges)
def test_a_proof_of_consistency_shows_one_subtree_in_one_place(
    case: tuple[tuple[int, int], int], other: tuple[int, int]
) -> None:
    (start, end), size = case
    path = prove_subtree_consistency(start, end, size, read)
    if other != (start, end):
        with refused("SUB-PATH"):
            check_subtree_consistency(*other, size, mth(start, end), mth(0, size), path)
        with refused("SUB-PATH"):
            check_subtree_consistency(start, end, size, mth(*other), mth(0, size), path)


@given(st.integers(1, SIZE).flatmap(lambda size: st.tuples(st.integers(1, size), st.just(size))))
def test_a_subtree_from_the_first_entry_has_the_consistency_proof_of_two_trees(case: tuple[int, int]) -> None:
    m, n = case
    path = prove_subtree_consistency(0, m, n, read)
    assert path == prove_consistency(m, n, read)
    check_consistency(m, n, mth(0, m), mth(0, n), path)


def test_a_tree_has_no_subtree_that_ends_after_it() -> None:
    with refused("SUB-PATH", "no subtree that ends at 13"):
        prove_subtree_consistency(8, 13, 12, read)
    with refused("SUB-PATH", "no subtree that ends at 13"):
        check_subtree_consistency(8, 13, 12, mth(8, 13), mth(0, 12), [])
    with refused("SUB-PATH", "no subtree that ends at 13"):
        check_subtree_consistency(8, 13, 1 << 63, mth(8, 13), mth(0, 12), [])


@pytest.mark.parametrize("case", published("consistency.jsonl"), ids=lambda case: case["name"])
def test_a_published_consistency_proof_gets_its_published_answer(case: dict[str, Any]) -> None:
    """Compare the answers; the source accepts empty subtrees, whatever the tree, and roots of any length."""
    start, end, size = case["start"], case["end"], case["size"]
    short = any(len(b64decode(case[name])) != 32 for name in ("root1", "root2"))
    path = [b64decode(each) for each in case["proof"] or ()]

    def check() -> None:
        check_subtree_consistency(start, end, size, b64decode(case["root1"]), b64decode(case["root2"]), path)

    if case["wantErr"] or start == end or short:
        with refused("SUB-(FORMAT|PATH)"):
            check()
    else:
        check()


def test_the_published_cases_are_whole() -> None:
    both = [published(name) for name in ("consistency.jsonl", "inclusion.jsonl")]
    assert [(len(cases), sum(not case["wantErr"] for case in cases)) for cases in both] == [(118, 12), (204, 12)]
