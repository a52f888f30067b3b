"""Merkle arithmetic against published roots and proofs, mutated proofs, and the plain recursion of RFC 6962."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RecordError
from ledger.tlog.note import b64, open_checkpoint, parse_vkey
from ledger.tlog.tile import (
    ENTRIES,
    Tile,
    bundles_for,
    entry_bundle_path,
    pack_entries,
    parse_tile_path,
    partial_tiles,
    tile_bytes,
    tile_path,
    tiles_for,
    unpack_entries,
)
from ledger.tlog.tree import (
    EMPTY_ROOT,
    Frontier,
    Proof,
    asked,
    check_consistency,
    check_inclusion,
    format_proof,
    indexes_for_root,
    leaf_hash,
    node_hash,
    parse_proof,
    prove_consistency,
    prove_inclusion,
    prove_inclusions,
    root,
    stored_count,
    stored_index,
)

VECTORS = Path(__file__).parents[3] / "fixtures" / "vectors"
SHARED = Path(__file__).parents[4] / "shared" / "vectors" / "merkle-proofs"
ROOTS = json.loads((VECTORS / "merkle-roots" / "rfc6962.json").read_text("utf-8"))
PATHS = json.loads((VECTORS / "tlog-tiles" / "paths.json").read_text("utf-8"))
PROOFS = json.loads((VECTORS / "tlog-proof" / "cases.json").read_text("utf-8"))

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared, which stands beside the project")

SIZE = 300
LEAVES = [leaf_hash(b"entry %d" % n) for n in range(SIZE)]


class EntryReader:
    """Stored hashes in memory; `readings` counts the requested hashes."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        frontier = Frontier()
        self.hashes = [stored for leaf in leaves for stored in frontier.add(leaf)]
        self.readings: list[int] = []

    def read(self, indexes: Sequence[int]) -> Sequence[bytes]:
        self.readings.append(len(indexes))
        return [self.hashes[index] for index in indexes]


ENTRIES_DB = EntryReader(LEAVES)
ROOT_AT = [root(size, ENTRIES_DB.read) for size in range(SIZE + 1)]


@cache
def mth(low: int, high: int) -> bytes:
    """Compute MTH(D[low:high]) literally as in RFC 6962 2.1."""
    if high - low < 2:
        return LEAVES[low] if low < high else sha256(b"").digest()
    k = 1
    while 2 * k < high - low:
        k *= 2
    return node_hash(mth(low, low + k), mth(low + k, high))


def refused(code: str, says: str = "") -> Any:
    return pytest.raises(RecordError, match=rf"^{code}\b.*{says}")


def hexes(hashes: Sequence[bytes]) -> list[str]:
    return [each.hex() for each in hashes]


# roots and stored hashes


@pytest.mark.parametrize("case", ROOTS["hasher"], ids=lambda case: case["op"])
def test_leaves_and_nodes_hash_as_published(case: dict[str, Any]) -> None:
    data = {name: bytes.fromhex(value) for name, value in case.items() if name.endswith("_hex")}
    made = {
        "empty_root": lambda: EMPTY_ROOT,
        "leaf": lambda: leaf_hash(data["data_hex"]),
        "node": lambda: node_hash(data["left_hex"], data["right_hex"]),
    }
    assert made[case["op"]]().hex() == case["want"]


def test_the_published_trees_have_the_published_roots_nodes_and_proofs() -> None:
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in ROOTS["leaf_inputs_hex"]]
    assert hexes(leaves) == ROOTS["leaf_hashes_hex"]
    shelf = EntryReader(leaves)
    for level, hashes in enumerate(ROOTS["complete_subtree_hashes_hex_by_level"]):
        assert hexes(shelf.read([stored_index(level, n) for n in range(len(hashes))])) == hashes
    roots = [root(size, shelf.read) for size in range(9)]
    assert hexes(roots) == ROOTS["roots_hex_by_size"]
    for case in ROOTS["derived_proofs"]["inclusion"]:
        path = prove_inclusion(case["index"], case["size"], shelf.read)
        assert hexes(path) == case["path"]
        check_inclusion(case["index"], case["size"], leaves[case["index"]], path, roots[case["size"]])
    for case in ROOTS["derived_proofs"]["consistency"]:
        assert hexes(prove_consistency(case["size1"], case["size2"], shelf.read)) == case["path"]


def test_every_root_is_the_one_of_the_recursion_from_few_stored_hashes() -> None:
    for size in range(SIZE + 1):
        ENTRIES_DB.readings.clear()
        assert root(size, ENTRIES_DB.read) == mth(0, size)
        assert sum(ENTRIES_DB.readings) == size.bit_count()


def test_stored_hashes_stand_in_the_order_in_which_subtrees_become_complete() -> None:
    expected = [
        (level, ((leaf + 1) >> level) - 1)
        for leaf in range(SIZE)
        for level in range(SIZE.bit_length())
        if (leaf + 1) % (1 << level) == 0
    ]
    assert [stored_index(level, n) for level, n in expected] == list(range(len(expected)))
    assert len(ENTRIES_DB.hashes) == stored_count(SIZE) == len(expected)
    assert [stored_index(0, size) for size in range(SIZE)] == [stored_count(size) for size in range(SIZE)]
    assert stored_index(0, 1 << 62) == (1 << 63) - 1  # no loop, no float


def test_appending_to_the_shelf_and_to_a_frontier_store_the_same() -> None:
    frontier = Frontier()
    for index, leaf in enumerate(LEAVES):
        assert frontier.root() == ROOT_AT[index]
        stored = frontier.add(leaf)
        assert stored == ENTRIES_DB.hashes[stored_index(0, index) : stored_index(0, index + 1)]
        assert frontier.size == index + 1
    assert frontier.root() == ROOT_AT[SIZE]


def test_a_frontier_is_picked_up_where_it_was_left() -> None:
    for size in range(SIZE):
        resumed = Frontier.at(size, ENTRIES_DB.read)
        assert resumed.root() == ROOT_AT[size]
        resumed.add(LEAVES[size])
        assert resumed.root() == ROOT_AT[size + 1]
        assert resumed.peaks == ENTRIES_DB.read(indexes_for_root(size + 1))
    with pytest.raises(ValueError):
        Frontier(3, [LEAVES[0]])


def test_a_shelf_that_gives_fewer_hashes_than_asked_for_is_corrupt() -> None:
    with refused("LOG-CORRUPT"):
        root(7, lambda indexes: ENTRIES_DB.read(indexes[1:]))


# proofs


@pytest.mark.slow
def test_every_entry_is_proven_at_every_size_from_one_reading() -> None:
    for size in range(1, SIZE + 1):
        for index in range(size):
            ENTRIES_DB.readings.clear()
            path = prove_inclusion(index, size, ENTRIES_DB.read)
            check_inclusion(index, size, LEAVES[index], path, ROOT_AT[size])
            assert len(ENTRIES_DB.readings) <= 1
            assert sum(ENTRIES_DB.readings) <= 2 * size.bit_length()


def test_the_paths_of_many_entries_are_those_of_each_from_one_reading() -> None:
    for size in (1, 2, 7, 64, SIZE):
        some = range(size - 1, -1, -3)
        ENTRIES_DB.readings.clear()
        paths = prove_inclusions(some, size, ENTRIES_DB.read)
        assert len(ENTRIES_DB.readings) <= 1
        assert sum(ENTRIES_DB.readings) <= 2 * size, "what two paths share is read once"
        assert paths == [prove_inclusion(index, size, ENTRIES_DB.read) for index in some]
    with refused("PRF-INDEX"):
        prove_inclusions((0, SIZE), SIZE, ENTRIES_DB.read)


@pytest.mark.slow
def test_every_size_is_consistent_with_every_later_one() -> None:
    for n in range(1, SIZE + 1):
        for m in range(1, n + 1):
            check_consistency(m, n, ROOT_AT[m], ROOT_AT[n], prove_consistency(m, n, ENTRIES_DB.read))
    assert prove_consistency(0, SIZE, ENTRIES_DB.read) == []
    assert prove_consistency(SIZE, SIZE, ENTRIES_DB.read) == []


@given(st.data())
def test_no_flipped_bit_of_an_inclusion_proof_survives(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, SIZE))
    index = data.draw(st.integers(0, size - 1))
    hashes = [LEAVES[index], ROOT_AT[size], *prove_inclusion(index, size, ENTRIES_DB.read)]
    flip(hashes, data.draw(st.integers(0, 256 * len(hashes) - 1)))
    with refused("PRF-PATH", "leads to"):
        check_inclusion(index, size, hashes[0], hashes[2:], hashes[1])


@given(st.data())
def test_no_flipped_bit_of_a_consistency_proof_survives(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, SIZE))
    m = data.draw(st.integers(1, n))
    hashes = [ROOT_AT[m], ROOT_AT[n], *prove_consistency(m, n, ENTRIES_DB.read)]
    flip(hashes, data.draw(st.integers(0, 256 * len(hashes) - 1)))
    with refused("CP-CONSISTENCY"):
        check_consistency(m, n, hashes[0], hashes[1], hashes[2:])


def flip(hashes: list[bytes], bit: int) -> None:
    at, bit = divmod(bit, 256)
    hashes[at] = (int.from_bytes(hashes[at], "big") ^ 1 << bit).to_bytes(32, "big")


@given(st.data())
def test_a_path_proves_one_index_at_one_size(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, SIZE))
    index = data.draw(st.integers(0, size - 1))
    path = prove_inclusion(index, size, ENTRIES_DB.read)
    other = data.draw(st.integers(0, size + 10).filter(lambda n: n != index))
    with refused("PRF-(INDEX|PATH)"):
        check_inclusion(other, size, LEAVES[index], path, ROOT_AT[size])
    later = data.draw(st.integers(1, SIZE).filter(lambda n: n != size))
    with refused("PRF-(INDEX|PATH)"):
        check_inclusion(index, later, LEAVES[index], path, ROOT_AT[later])
    with refused("PRF-PATH", "more than"):
        check_inclusion(index, size, LEAVES[index], [*path, LEAVES[0]], ROOT_AT[size])
    if path:
        with refused("PRF-PATH", "fewer than"):
            check_inclusion(index, size, LEAVES[index], path[:-1], ROOT_AT[size])


def test_what_is_not_in_a_tree_is_not_proven() -> None:
    for index, size in ((0, 0), (5, 5), (6, 5), (-1, 5), (0, -1)):
        with refused("PRF-INDEX"):
            prove_inclusion(index, size, ENTRIES_DB.read)
        with refused("PRF-INDEX"):
            check_inclusion(index, size, LEAVES[0], [], ROOT_AT[5])
    for m, n in ((6, 5), (-1, 5)):
        with refused("CP-CONSISTENCY"):
            prove_consistency(m, n, ENTRIES_DB.read)
        with refused("CP-CONSISTENCY"):
            check_consistency(m, n, ROOT_AT[5], ROOT_AT[5], [])


@pytest.mark.parametrize("n", [0, 1, 5])
def test_nothing_shows_that_a_tree_begins_with_the_empty_one(n: int) -> None:
    for path in ([], [ROOT_AT[5]]):
        with refused("CP-CONSISTENCY", f"no proof can lead from size 0 to size {n}"):
            check_consistency(0, n, EMPTY_ROOT, ROOT_AT[n] if n else EMPTY_ROOT, path)


def test_a_proof_to_a_smaller_tree_shows_nothing_of_a_larger_size() -> None:
    for m, n, larger in ((2, 4, 8), (1, 2, 3), (3, 4, 8), (3, 5, 16), (4, 8, 9)):
        path = prove_consistency(m, n, ENTRIES_DB.read)
        check_consistency(m, n, ROOT_AT[m], ROOT_AT[n], path)
        with refused("CP-CONSISTENCY"):
            check_consistency(m, larger, ROOT_AT[m], ROOT_AT[n], path)


def test_where_nothing_is_asked_for_nothing_is_read() -> None:
    def read(indexes: Sequence[int]) -> Sequence[bytes]:
        raise AssertionError(indexes)

    assert asked(read, []) == ()


def test_a_node_is_no_leaf() -> None:
    forged = LEAVES[0] + LEAVES[1]  # an entry of 64 bytes that would hash to the node without the prefixes 00 and 01
    with refused("PRF-PATH", "leads to"):
        check_inclusion(0, 2, leaf_hash(forged), [mth(2, 4)], ROOT_AT[4])


def test_a_byte_does_not_move_from_one_hash_into_its_neighbour() -> None:
    moved, rest = LEAVES[0] + LEAVES[1][:1], LEAVES[1][1:]
    assert node_hash(moved, rest) == ROOT_AT[2]
    with refused("PRF-PATH", "32 bytes"):
        check_inclusion(0, 2, moved, [rest], ROOT_AT[2])
    with refused("CP-CONSISTENCY", "32 bytes"):
        check_consistency(1, 2, moved, ROOT_AT[2], [rest])


def test_a_path_does_not_lead_on_beyond_the_root_of_its_size() -> None:
    above = LEAVES[9]
    path = prove_inclusion(3, 7, ENTRIES_DB.read)
    with refused("PRF-PATH", "more than"):
        check_inclusion(3, 7, LEAVES[3], [*path, above], node_hash(above, ROOT_AT[7]))
    for m in (3, 4):
        old, new = node_hash(above, ROOT_AT[m]), node_hash(above, ROOT_AT[7])
        with refused("CP-CONSISTENCY", "more than"):
            check_consistency(m, 7, old, new, [*prove_consistency(m, 7, ENTRIES_DB.read), above])


def test_trees_end_below_two_to_the_sixty_third() -> None:
    def left_edge(height: int) -> tuple[list[bytes], bytes]:
        """Return path and root of entry 0 in a full tree of this height; the other half is arbitrary at every level."""
        top, path = LEAVES[0], [LEAVES[1]] * height
        for sibling in path:
            top = node_hash(top, sibling)
        return path, top

    check_inclusion(0, 1 << 62, LEAVES[0], *left_edge(62))
    check_consistency(1, 1 << 62, LEAVES[0], left_edge(62)[1], left_edge(62)[0])
    with refused("PRF-INDEX"):
        check_inclusion(0, 1 << 63, LEAVES[0], *left_edge(63))
    with refused("CP-CONSISTENCY", "from size 1"):
        check_consistency(1, 1 << 63, LEAVES[0], left_edge(63)[1], left_edge(63)[0])


MUTATED = sorted(path.relative_to(SHARED).as_posix() for path in SHARED.rglob("*.json"))


@needs_shared
@pytest.mark.parametrize("name", MUTATED)
def test_good_and_mutated_proofs_are_told_apart(name: str) -> None:
    case = json.loads((SHARED / name).read_text("utf-8"))
    proof = [b64decode(each) for each in case["proof"] or []]

    def check() -> None:
        if name.startswith("inclusion/"):
            leaf, top = b64decode(case["leafHash"] or ""), b64decode(case["root"] or "")
            check_inclusion(case["leafIdx"], case["treeSize"], leaf, proof, top)
        else:
            old, new = b64decode(case["root1"] or ""), b64decode(case["root2"] or "")
            check_consistency(case["size1"], case["size2"], old, new, proof)

    if case["wantErr"]:
        with refused("PRF-(INDEX|PATH)" if name.startswith("inclusion/") else "CP-CONSISTENCY"):
            check()
    else:
        check()


@needs_shared
def test_the_collection_of_mutated_proofs_is_whole() -> None:
    assert len(MUTATED) == 98 + 98


# tiles


@pytest.mark.parametrize("case", PATHS["valid"], ids=lambda case: case["path"])
def test_a_tile_path_reads_and_writes_as_the_vector_says(case: dict[str, Any]) -> None:
    tile = Tile(ENTRIES if case["level"] == "entries" else case["level"], case["index"], case["width"])
    assert parse_tile_path(case["path"]) == tile
    assert tile_path(tile) == case["path"]
    if tile.level == ENTRIES:
        assert entry_bundle_path(tile.n, tile.width) == case["path"]


OLDER_FORM = [case["path"] for case in PATHS["x_mod_form"]["cases"]]  # with the tile height in it, and `data`


@pytest.mark.parametrize("path", [*PATHS["invalid"], *OLDER_FORM])
def test_what_no_tile_is_called_is_refused(path: str) -> None:
    with refused("LOG-TILE"):
        parse_tile_path(path)


@given(
    st.one_of(st.just(ENTRIES), st.integers(0, 63)),
    st.integers(0, (1 << 63) - 1).map(lambda n: n >> 8),
    st.integers(1, 256),
)
def test_a_tile_path_has_one_spelling(level: int, n: int, width: int) -> None:
    assert parse_tile_path(tile_path(Tile(level, n, width))) == Tile(level, n, width)


@pytest.mark.parametrize("case", PATHS["layout"], ids=lambda case: case["size"])
def test_a_log_has_the_tiles_of_its_size(case: dict[str, Any]) -> None:
    def expected(level: int, full: int, partial_width: int) -> list[Tile]:
        partial = [Tile(level, full, partial_width)] if partial_width else []
        return [Tile(level, n, 256) for n in range(full)] + partial

    tiles = [tile for row in case["hash_tiles"] for tile in expected(row["level"], row["full"], row["partial_width"])]
    bundles = expected(ENTRIES, case["entry_bundles"]["full"], case["entry_bundles"]["partial_width"])
    assert tiles_for(0, case["size"]) == tiles
    assert bundles_for(0, case["size"]) == bundles


@pytest.mark.parametrize(
    ("size", "tiles"),
    [
        (0, []),
        (1, [Tile(0, 0, 1)]),
        (256, [Tile(1, 0, 1)]),
        (257, [Tile(0, 1, 1), Tile(1, 0, 1)]),
        (65_536 + 255, [Tile(0, 256, 255), Tile(2, 0, 1)]),
    ],
)
def test_the_last_tile_of_a_level_is_partial_unless_it_is_full(size: int, tiles: list[Tile]) -> None:
    assert partial_tiles(size) == tiles


@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=6).map(sorted))
def test_growing_in_steps_publishes_every_full_tile_and_the_last_partial_ones(sizes: list[int]) -> None:
    steps = [tile for old, new in zip([0, *sizes], sizes, strict=False) for tile in tiles_for(old, new)]
    assert set(tiles_for(0, sizes[-1])) <= set(steps)
    full = [tile for tile in steps if tile.width == 256]
    assert len(full) == len(set(full))
    assert tiles_for(sizes[-1], sizes[-1]) == []


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537])
def test_the_tree_can_be_told_from_its_tiles_alone(size: int) -> None:
    shelf = EntryReader([n.to_bytes(32, "big") for n in range(size)])
    tiles = {(tile.level, tile.n): tile_bytes(tile, shelf.read) for tile in tiles_for(0, size)}

    def read(indexes: Sequence[int]) -> Sequence[bytes]:
        place = {stored_index(level, n): (level, n) for level in range(18) for n in range(size >> level)}
        return [from_tiles(*place[index]) for index in indexes]

    def from_tiles(level: int, n: int) -> bytes:
        if level % 8:
            return node_hash(from_tiles(level - 1, 2 * n), from_tiles(level - 1, 2 * n + 1))
        return tiles[level // 8, n // 256][32 * (n % 256) :][:32]

    assert root(size, read) == root(size, shelf.read)
    assert {len(content) for content in tiles.values()} <= {32 * width for width in range(1, 257)}
    assert all(len(tiles[tile.level, tile.n]) == 32 * tile.width for tile in tiles_for(0, size))


def test_a_bundle_is_no_hash_tile() -> None:
    with pytest.raises(ValueError, match="packed from entries"):
        tile_bytes(Tile(ENTRIES, 0, 1), ENTRIES_DB.read)


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=256))
def test_entries_come_out_of_a_bundle_as_they_went_in(entries: list[bytes]) -> None:
    bundle = pack_entries(entries)
    assert unpack_entries(bundle) == entries
    assert len(bundle) == sum(2 + len(entry) for entry in entries)


def test_a_bundle_takes_an_entry_of_65535_bytes_and_none_larger() -> None:
    assert unpack_entries(pack_entries([b"x" * 65_535])) == [b"x" * 65_535]
    assert unpack_entries(pack_entries([b"x"] * 256)) == [b"x"] * 256
    for entries in ([b"x" * 65_536], [b""], [], [b"x"] * 257, [b"x", b""], [b"x" * 65_536, b"x"]):
        with pytest.raises(ValueError, match="a bundle holds"):
            pack_entries(entries)


@pytest.mark.parametrize(
    "bundle",
    [b"", b"\0", b"\0\0", b"\0\2x", b"\0\1x\0", b"\0\1x\0\0", b"\0\1x\0\2y", b"\0\1x" * 257],
)
def test_a_bundle_that_is_cut_short_or_runs_on_is_refused(bundle: bytes) -> None:
    with refused("LOG-TILE"):
        unpack_entries(bundle)


# proof files


@pytest.mark.parametrize("case", PROOFS["frame"], ids=lambda case: case["id"])
def test_a_proof_file_reads_as_the_vector_says(case: dict[str, Any]) -> None:
    if template := case.get("proof_template"):
        text = (template["before"] + template["repeat"] * template["times"] + template["after"]).encode()
    else:
        text = case["proof"].encode()
    if not case["frame_valid"]:
        with refused("PRF-FORMAT"):
            parse_proof(text)
        return
    extra = None if case["extra_hex"] is None else bytes.fromhex(case["extra_hex"])
    path = tuple(b64decode(each) for each in case["path_base64"])
    assert parse_proof(text) == Proof(case["index"], path, case["checkpoint"].encode(), extra)
    assert format_proof(case["index"], path, case["checkpoint"].encode(), extra) == text


OUTCOMES = {
    "malformed": ("CP-FORMAT", "three lines"),
    "log-signature": ("CP-SIG", "no line of the log's key"),
    "signature": ("CP-SIG", "does not verify"),
    "quorum": ("CP-QUORUM", ""),
    "origin": ("CP-ORIGIN", ""),
    "path": ("PRF-(INDEX|PATH)", ""),
}


def verify_complete(case: dict[str, Any]) -> None:
    """Verify a proof file as far as the vectors go; the quorum is a number here."""
    log, *witnesses = map(parse_vkey, case["keys"])
    proof = parse_proof(case["proof"].encode())
    named = log if log.name == case["expected_origin"] else parse_vkey(log.text)
    head = open_checkpoint(proof.note, case["expected_origin"], named, witnesses)
    if len(head.cosignatures) < case["witness_quorum"]:
        raise RecordError("CP-QUORUM", f"{len(head.cosignatures)} of {case['witness_quorum']}")
    leaf = leaf_hash(b64decode(case["leaf_base64"]))
    check_inclusion(proof.index, head.checkpoint.size, leaf, proof.path, head.checkpoint.root)


@pytest.mark.parametrize("case", PROOFS["complete"]["cases"], ids=lambda case: case["id"])
def test_a_complete_proof_holds_or_fails_as_the_vector_says(case: dict[str, Any]) -> None:
    if case["expect"] == "valid":
        verify_complete(case)
    else:
        with refused(*OUTCOMES[case["expect"]]):
            verify_complete(case)


@given(
    st.integers(0, SIZE - 1), st.binary(max_size=200), st.binary(max_size=200).filter(lambda note: b"\r" not in note)
)
def test_a_proof_file_says_what_it_was_made_of(index: int, extra: bytes, note: bytes) -> None:
    path = tuple(prove_inclusion(index, SIZE, ENTRIES_DB.read))
    made = format_proof(index, path, note + b"\n", extra)
    assert parse_proof(made) == Proof(index, path, note + b"\n", extra or None)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("extra \nindex 1\n", "without data"),
        ("extra AAAB\nindex 1\nextra AAAB\n", ""),
        (f"index 1\n{b64(bytes(32))[:-2]}1=\n", "canonical"),
        (f"index 1\n{b64(bytes(32))} \n", ""),
        ("index 1\nindex 1\n", ""),
        ("1\n", "is missing"),
        ("Index 1\n", "is missing"),
        ("extraAAAB\nindex 1\n", "is missing"),
        ("extra AAAB\n1\n", "is missing"),
        ("index \uff11\n", ""),
        (f"extra {'A' * 4_092}\nindex 1\n", "too long"),
        ("index 1\n\na carriage\r\n", "carriage return"),
    ],
)
def test_a_proof_file_has_one_form(head: str, says: str) -> None:
    with refused("PRF-FORMAT", says):
        parse_proof(f"c2sp.org/tlog-proof@v1\n{head}\na note\n".encode())


def test_no_proof_file_is_written_that_could_not_be_read() -> None:
    for index, path, note in ((-1, [], b"note\n"), (1 << 63, [], b"note\n"), (0, [b"short"], b"note\n"), (0, [], b"")):
        with refused("PRF-FORMAT"):
            format_proof(index, path, note)
    with refused("PRF-FORMAT", "63 hashes"):
        format_proof(0, LEAVES[:64], b"note\n")
    with refused("PRF-FORMAT", "too long"):
        format_proof(0, [], b"line\n" * 30_000)
