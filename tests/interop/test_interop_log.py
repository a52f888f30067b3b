"""The Go project's own log library, transparency-dev's and pymerkle check our tiles, checkpoints and proofs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.adapters.keys import mldsa
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import Checkpoint, cosign, cosign_mldsa, format_checkpoint, log_vkey, sign_note, witness_vkey
from ledger.tlog.tile import bundles_for, pack_entries, tile_bytes, tile_path, tiles_for
from ledger.tlog.tree import Frontier, format_proof, leaf_hash, prove_inclusion, root
from tests.interop.conftest import Ask

pytestmark = pytest.mark.interop

ORIGIN = "ledger.example/xo/karsk"
LOG_SEED = bytes(range(32))
VKEY = log_vkey(ORIGIN, public_key(LOG_SEED))
WITNESSES = {"witness.example/a": bytes([1]) * 32, "witness.example/b": bytes([2]) * 32}
SIZES = (0, 1, 2, 255, 256, 257, 65_536, 70_000)  # empty, single, the edges of a tile and of a tile of tiles


@dataclass(frozen=True)
class Log:
    """A log in memory: entries, and the stored hashes of their tree."""

    entries: list[bytes]
    stored: list[bytes]

    def read(self, indexes: Sequence[int]) -> list[bytes]:
        return [self.stored[i] for i in indexes]

    def checkpoint(self, size: int) -> bytes:
        return sign_note(format_checkpoint(Checkpoint(ORIGIN, size, root(size, self.read))), ORIGIN, LOG_SEED).encode()

    def publish(self, folder: Path, size: int) -> Path:
        """Write `size` entries as c2sp.org/tlog-tiles, with entry bundles."""
        files = {tile_path(t): tile_bytes(t, self.read) for t in tiles_for(0, size)}
        for bundle in bundles_for(0, size):
            first = bundle.n * 256
            files[tile_path(bundle)] = pack_entries(self.entries[first : first + bundle.width])
        for name, data in (files | {"checkpoint": self.checkpoint(size)}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return folder


@cache
def log() -> Log:
    frontier, stored = Frontier(), []
    entries = [b'{"payload":"%d"}' % n for n in range(max(SIZES))]
    for entry in entries:
        stored += frontier.add(leaf_hash(entry))
    return Log(entries, stored)


@pytest.mark.parametrize("size", SIZES)
def test_sumdb_finds_our_log_whole_and_consistent_with_every_smaller_one(ask: Ask, tmp_path: Path, size: int) -> None:
    folder = log().publish(tmp_path / "log", size)
    for old in (s for s in SIZES if s <= size):
        (tmp_path / "old").write_bytes(log().checkpoint(old))
        said = ask("x/mod", folder, VKEY, tmp_path / "old")
        assert said.agrees, said.text
        assert said.text.startswith(f"agrees: size {size} ")
        assert f"consistent with size {old}" in said.text


@pytest.mark.parametrize("file", ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000", "checkpoint"])
def test_sumdb_objects_to_a_log_in_which_one_bit_is_another(ask: Ask, tmp_path: Path, file: str) -> None:
    folder = log().publish(tmp_path, 257)
    data = bytearray((folder / file).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / file).write_bytes(data)
    assert not ask("x/mod", folder, VKEY).agrees


@pytest.mark.parametrize("size", [3, 257, 70_000])
def test_pymerkle_builds_the_same_tree(ask: Ask, tmp_path: Path, size: int) -> None:
    said = ask("pymerkle", log().publish(tmp_path, size))
    assert said.agrees, said.text


@pytest.mark.parametrize(("index", "size"), [(0, 1), (1, 2), (255, 256), (256, 257), (0, 70_000), (69_999, 70_000)])
def test_transparency_dev_takes_our_receipts_with_a_quorum_of_witnesses(
    ask: Ask, tmp_path: Path, index: int, size: int
) -> None:
    note = log().checkpoint(size)
    note += "".join(cosign(note, name, seed, 1_800_000_000) for name, seed in WITNESSES.items()).encode()
    leaf, receipt = tmp_path / "leaf", tmp_path / "leaf.tlog-proof"
    leaf.write_bytes(log().entries[index])
    receipt.write_bytes(format_proof(index, prove_inclusion(index, size, log().read), note))
    keys = [witness_vkey(name, public_key(seed)) for name, seed in WITNESSES.items()]
    said = ask("transparency-dev", leaf, receipt, VKEY, 2, *keys)
    assert said.agrees, said.text
    assert f"leaf {index} of {size} in {ORIGIN}" in said.text
    assert "witness.example/b@2027-01-15T08:00:00Z" in said.text

    assert not ask("transparency-dev", leaf, receipt, VKEY, 3, *keys).agrees
    leaf.write_bytes(b"another entry")
    assert not ask("transparency-dev", leaf, receipt, VKEY, 2, *keys).agrees


# -- a log that signs twice --------------------------------------------------------------------------------------------


def twice(size: int) -> bytes:
    """Return a checkpoint with a second line, of type 0x06, that these libraries do not know."""
    key = mldsa.MlDsaKey(MLDSA44PrivateKey.from_seed_bytes(bytes(32)))
    note = log().checkpoint(size)
    return note + cosign_mldsa(note, ORIGIN, key.public, key.sign, 1_800_000_000).encode()


def test_sumdb_takes_a_checkpoint_with_a_second_line_by_the_first_key(ask: Ask, tmp_path: Path) -> None:
    folder = log().publish(tmp_path / "log", 257)
    (folder / "checkpoint").write_bytes(twice(257))
    (tmp_path / "old").write_bytes(twice(256))
    said = ask("x/mod", folder, VKEY, tmp_path / "old")
    assert said.agrees, said.text
    assert said.text.startswith("agrees: size 257 ")
    (folder / "checkpoint").write_bytes(twice(257).replace(b"\n257\n", b"\n258\n"))
    assert not ask("x/mod", folder, VKEY).agrees


def test_transparency_dev_takes_a_receipt_with_a_second_line(ask: Ask, tmp_path: Path) -> None:
    note = twice(257)
    note += "".join(cosign(note, name, seed, 1_800_000_000) for name, seed in WITNESSES.items()).encode()
    leaf, receipt = tmp_path / "leaf", tmp_path / "leaf.tlog-proof"
    leaf.write_bytes(log().entries[256])
    receipt.write_bytes(format_proof(256, prove_inclusion(256, 257, log().read), note))
    keys = [witness_vkey(name, public_key(seed)) for name, seed in WITNESSES.items()]
    said = ask("transparency-dev", leaf, receipt, VKEY, 2, *keys)
    assert said.agrees, said.text
